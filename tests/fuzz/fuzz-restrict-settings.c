/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file of settings: the first byte says of which style, the rest is the file. What is edited is what stands there, no
 * line twice, and a file that was narrowed is not edited again.
 */
#include <stdint.h>
#include <string.h>

#include "levers-restrict.h"

#define ALL(...)                                                                                   \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static const char *const none[1], *const files[] = { "/x", NULL },
					 *const clash[] = { "clash", NULL },
					 *const sections[] = { "server", "options", NULL };
static const struct dw_service_port no_ports[1];

/* What stands in the line of that number; NULL: there is none. */
static const struct dw_set_text *line_at(const struct dw_set_scan *lines, unsigned number)
{
	return number >= 1 && number <= lines->lines.n ? &lines->lines.v[number - 1] : NULL;
}

static struct dw_bytes made(struct dw_arena *a, const struct dw_set_file *f,
			    const struct dw_set_scan *lines)
{
	struct dw_str out = { .arena = a };
	size_t k = 0;

	dw_str_add(&out, "");
	for (unsigned l = 1; l <= lines->lines.n + 1; l++) {
		const struct dw_set_text *text = line_at(lines, l);

		for (; k < f->edits.n && f->edits.v[k].line == l && !f->edits.v[k].old; k++)
			dw_str_addf(&out, "%s\n", f->edits.v[k].fresh);
		if (k < f->edits.n && f->edits.v[k].line == l) {
			if (!text || strcmp(text->s, f->edits.v[k].old) != 0)
				__builtin_trap();
			if (f->edits.v[k].fresh)
				dw_str_addf(&out, "%s\n", f->edits.v[k].fresh);
			k++;
		} else if (text) {
			dw_str_addf(&out, "%s\n", text->s);
		}
	}
	if (k != f->edits.n)
		__builtin_trap();
	return (struct dw_bytes){ .data = out.s, .n = out.n };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_service_setting settings[] = {
		{ .key = "bind",
		  .number = (enum dw_bind_number)(size ? data[0] / DW_BIND_COUNT % 3 : 0),
		  .option = size && data[0] % DW_BIND_COUNT == DW_BIND_OPTION ? "-l" : NULL },
		{ 0 },
	};
	struct dw_service_bind b = { .files = files,
				     .programs = none,
				     .style = (enum dw_bind_style)(size ? data[0] % DW_BIND_COUNT
									: 0),
				     .sections = none,
				     .ports = no_ports,
				     .clash = clash,
				     .settings = settings };
	const struct dw_narrow to = { "127.0.0.1", "::1", true, 80 };
	struct dw_set_file f = { .path = "/x" };
	struct dw_set_scan lines = { 0 };

	if (!size || b.style == DW_BIND_UNKNOWN ||
	    (settings[0].option && settings[0].number != DW_BIND_ONE) ||
	    (b.style == DW_BIND_BLOCK && settings[0].number == DW_BIND_LINES))
		return 0;
	if (b.style == DW_BIND_YAML || b.style == DW_BIND_CLAUSE || b.style == DW_BIND_BLOCK ||
	    b.style == DW_BIND_INI)
		b.sections = sections;
	f.text = (struct dw_bytes){ dw_arena_strndup(a, (const char *)data + 1, size - 1),
				    size - 1 };
	if (memchr(data + 1, 0, size - 1))
		f.text.n = strlen(f.text.data);
	if (dw_set_files(a, &b, &to, &f, 1))
		return 0;
	if (!dw_set_lines(a, &f.text, &lines))
		__builtin_trap();
	f = (struct dw_set_file){ .path = "/x", .text = made(a, &f, &lines) };
	if (!dw_set_files(a, &b, &to, &f, 1))
		__builtin_trap();
	return 0;
}
