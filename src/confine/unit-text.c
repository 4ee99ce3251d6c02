/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd.syntax(7): a line that ends in a backslash goes on in the next one, and comments between its parts are left
 * out. systemd.service(5): signs before the program, ";" between several commands of Type=oneshot.
 */
#include "unit-text.h"

#include "dw_str.h"

bool dw_confine_command_is_mighty(const char *word)
{
	/* "!!" is "!" only where the kernel has no ambient capabilities: rare, and in doubt it keeps more */
	return strcspn(word, "+!") < strspn(word, "@-:+!|");
}

/* The next line with those that it goes on in; NULL at the end. */
static const char *next_whole(struct dw_lines *it, struct dw_arena *a)
{
	struct dw_str whole = { .arena = a };
	bool begun = false;
	char *line;

	while ((line = dw_lines_next_trimmed(it, a)) != NULL) {
		size_t n = strlen(line), slashes = 0;

		if (*line == '#' || *line == ';')
			continue;
		while (slashes < n && line[n - 1 - slashes] == '\\')
			slashes++;
		begun = true;
		dw_str_addn(&whole, line, slashes % 2 ? n - 1 : n);
		if (slashes % 2 == 0)
			break;
		dw_str_addc(&whole, ' ');
	}
	return begun ? whole.s ? whole.s : "" : NULL;
}

/* What follows "ExecStart="; NULL: the line sets something else (ExecStartPre= and the like are other processes). */
static const char *commands_of(const char *line)
{
	static const char key[] = "ExecStart";

	if (!dw_starts_with(line, key))
		return NULL;
	line += strlen(key);
	line += strspn(line, " \t");
	if (*line != '=')
		return NULL;
	line++;
	return line + strspn(line, " \t");
}

static bool has_mighty(const char *commands, struct dw_arena *a)
{
	struct dw_strings words = { 0 };
	bool first = true;

	/* an open quote: systemd ignores such a line; what it might have meant counts, for then more is kept */
	(void)dw_split_quoted(a, commands, &words);
	for (size_t i = 0; i < words.n; i++) {
		if (first && dw_confine_command_is_mighty(words.v[i]))
			return true;
		first = dw_streq(words.v[i], ";");
	}
	return false;
}

void dw_confine_starts_mighty(struct dw_arena *a, const struct dw_bytes *text, bool *mighty)
{
	struct dw_lines it = dw_lines_of(text);
	bool service = false;
	const char *line;

	while ((line = next_whole(&it, a)) != NULL) {
		const char *commands;

		if (*line == '[')
			service = dw_streq(line, "[Service]");
		commands = service ? commands_of(line) : NULL;
		if (commands)
			*mighty = *commands && (*mighty || has_mighty(commands, a));
	}
}
