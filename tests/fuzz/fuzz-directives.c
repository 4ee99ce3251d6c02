/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users that configuration names: whatever the text, a name is one word of it, at a line of it. */
#include <stdint.h>
#include <string.h>

#include "directives.h"

static size_t first_line(const struct dw_bytes *text)
{
	const char *end = text->n ? memchr(text->data, '\n', text->n) : NULL;

	return end ? (size_t)(end - text->data) : text->n;
}

static void check(const char *name, unsigned line)
{
	if (name && (!*name || strpbrk(name, " \t\n") || line == 0))
		__builtin_trap();
}

static void told(void *data, const struct dw_confine_directive *d)
{
	if (!d->line || !*d->name || !*d->value || !d->more || strchr(d->value, '\n'))
		__builtin_trap();
}

/* A value in quotes of nginx's may go over lines. */
static void told_nginx(void *data, const struct dw_confine_directive *d)
{
	if (!d->line || !*d->value ||
	    (strcmp(d->name, "user") != 0 && strcmp(d->name, "include") != 0))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_bytes text = {
		.data = dw_arena_memdup(a, size ? (const char *)data : "", size), .n = size
	};
	unsigned line = 0;
	const char *name;

	dw_confine_nginx(a, &text, told_nginx, NULL);
	dw_confine_apache(a, &text, told, NULL);
	dw_confine_fpm(a, &text, told, NULL);
	name = dw_confine_xinetd_user(a, &text, 1, &line);
	check(name, name ? line : 1);
	line = 0;
	name = dw_confine_envvar(a, &text, "APACHE_RUN_USER", &line);
	check(name, line);
	for (int openrc = 0; openrc < 2; openrc++) {
		line = 0;
		name = dw_confine_script_user(a, (const struct dw_bytes[]){ text, text }, 2, openrc,
					      &line);
		check(name, name ? line : 1);
	}
	(void)dw_confine_shell(a, &text, "root");
	check(dw_confine_inetd_user(a, dw_arena_strndup(a, text.data, first_line(&text))), 1);
	return 0;
}
