/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of "doorward fence". */
#include "dw_macros.h"
#include "dw_str.h"
#include "fence.h"

static const struct {
	const char *word;
	enum dw_exit (*run)(const struct dw_arguments *args);
} words[] = {
	{ "show", dw_fence_show },
	{ "preview", dw_fence_preview },
	{ "rehearse", dw_fence_rehearse_command },
	{ "apply", dw_fence_apply },
	{ "confirm", dw_fence_confirm },
	{ "revert", dw_fence_revert },
	{ "off", dw_fence_off },
};

static const char *all_words(struct dw_arena *a)
{
	struct dw_str all = { .arena = a };

	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		dw_str_addf(&all, "%s%s", i ? ", " : "", words[i].word);
	return all.s;
}

static const char *nearest(const char *given)
{
	struct dw_nearest near = { 0 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		dw_nearest_try(&near, given, words[i].word);
	return near.name;
}

enum dw_exit dw_cmd_fence(const struct dw_arguments *args)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *given = args->n_operands ? args->operands[0] : NULL, *near;

	for (size_t i = 0; given && i < DW_ARRAY_SIZE(words); i++)
		if (dw_streq(given, words[i].word))
			return words[i].run(args);
	near = given ? nearest(given) : NULL;
	if (!given)
		(void)fprintf(stderr, "doorward: fence needs a word behind it: %s\n", all_words(a));
	else if (near)
		(void)fprintf(stderr, "doorward: fence %s: did you mean \"%s\"?\n",
			      dw_escape_terminal(a, given, strlen(given)), near);
	else
		(void)fprintf(stderr, "doorward: fence %s: expected one of: %s\n",
			      dw_escape_terminal(a, given, strlen(given)), all_words(a));
	(void)fputs("Try: doorward help fence\n", stderr);
	return DW_EXIT_USAGE;
}
