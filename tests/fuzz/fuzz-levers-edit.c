/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits of configuration files: the first two bytes say which line. What is made must fit, and take back exactly. */
#include <stdint.h>
#include <string.h>

#include "dw_state.h"
#include "levers.h"

static void check(struct dw_arena *a, const struct dw_bytes *text, const struct dw_edits *edits)
{
	struct dw_bytes out = { 0 };

	if (!edits->n || !dw_edits_apply(a, text, edits->v, edits->n, &out, NULL))
		__builtin_trap();
	for (size_t i = 0; i < edits->n; i++)
		if (!edits->v[i].line || !edits->v[i].fresh ||
		    (i && edits->v[i].line <= edits->v[i - 1].line))
			__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_arena *a;
	struct dw_edits edits = { 0 };
	struct dw_edit one;
	struct dw_bytes text;
	unsigned line;

	if (size < 2)
		return 0;
	a = dw_arena_new();
	line = data[0] | (unsigned)data[1] << 8;
	text = (struct dw_bytes){ .data = dw_arena_alloc(a, size - 1), .n = size - 2 };
	memcpy(text.data, data + 2, size - 2);
	if (dw_levers_comment(a, &text, line, "#", &one))
		check(a, &text, &(struct dw_edits){ .v = &one, .n = 1 });
	if (dw_levers_comment_shell(a, &text, line, &edits))
		check(a, &text, &edits);
	if (dw_levers_disable_block(a, &text, line, &edits))
		check(a, &text, &edits);
	dw_arena_free(a);
	return 0;
}
