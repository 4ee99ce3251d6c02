/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unit files, the values of Listen*=, names, control groups: all that systemd.h's parsers take from files. */
#include <stddef.h>
#include <stdint.h>

#include "systemd.h"

struct fuzz {
	struct dw_sd_sink sink; /* first: the callbacks get its address */
	struct dw_arena *arena;
};

static void setting(struct dw_sd_sink *sink, const char *section, const char *key,
		    const char *value, unsigned line)
{
	struct dw_arena *a = ((struct fuzz *)sink)->arena;
	struct dw_sd_manager m = { .s = &(struct dw_starters){ .arena = a }, .home = "/root" };
	struct dw_sd_unit u = { .name = "a-b@c.service" };
	struct dw_sd_listen l = { 0 };
	struct dw_sd_where w;
	struct dw_sd_name n;
	bool bad;

	/* %H and the like ask the system; what is left needs none */
	if (!strchr(value, 'H'))
		(void)dw_sd_expand(&m, &u, value);
	if (dw_sd_listen_parse(a, value, &l, &bad) && bad)
		__builtin_trap();
	if (dw_sd_name_split(a, key, &n) && (!*n.prefix || !*n.suffix))
		__builtin_trap();
	(void)dw_sd_name_template(a, value);
	(void)dw_sd_unescape(a, value);
	dw_sd_where(a, "", value, &w);
	(void)dw_sd_is_container(&w);
	if (!line || !section)
		__builtin_trap();
}

static void bad_line(struct dw_sd_sink *sink, unsigned line, const char *why)
{
	if (!line || !why)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int continued = 0; continued < 2; continued++) {
		struct fuzz f = { .sink = { .setting = setting, .bad = bad_line },
				  .arena = dw_arena_new() };
		struct dw_bytes text = { .data = dw_arena_alloc(f.arena, size + 1), .n = size };

		if (size)
			memcpy(text.data, data, size);
		dw_sd_parse(&text, continued, &f.sink);
		dw_arena_free(f.arena);
	}
	return 0;
}
