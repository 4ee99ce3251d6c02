/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The comments at a script's head that say it is an init script: LSB's block, openrc-run(8)'s "#!" line. */
#include <string.h>

#include "dw_str.h"
#include "initscript.h"

/* "# Required-Start: $network dbus" */
static void take_required(struct dw_arena *a, const char *line, size_t n, struct dw_script *s)
{
	static const char key[] = "# Required-Start:";
	char *p, *word;

	if (n < sizeof(key) || strncasecmp(line, key, sizeof(key) - 1) != 0)
		return;
	p = dw_arena_strndup(a, line + sizeof(key) - 1, n - sizeof(key) + 1);
	while ((word = dw_word_next(&p)) != NULL && s->needs.n < DW_SCRIPT_NEEDS_MAX)
		if (word[0] != '$' && word[0] != '+')
			dw_vec_push(a, &s->needs, word);
}

void dw_script_scan_header(struct dw_arena *a, const struct dw_bytes *text, struct dw_script *s)
{
	struct dw_lines it = dw_lines_of(text);
	const char *line;
	size_t n;
	bool inside = false;

	while (it.number < 200 && dw_lines_next(&it, &line, &n)) {
		if (it.number == 1 && n > 2 && memcmp(line, "#!", 2) == 0)
			s->openrc = memmem(line, n, "openrc-run", 10) ||
				    memmem(line, n, "/runscript", 10);
		if (n >= 19 && memcmp(line, "### BEGIN INIT INFO", 19) == 0)
			inside = s->starts_here = true;
		else if (n >= 17 && memcmp(line, "### END INIT INFO", 17) == 0)
			inside = false;
		else if (inside)
			take_required(a, line, n, s);
	}
	s->starts_here = s->starts_here || s->openrc;
}
