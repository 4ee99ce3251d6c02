/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lines of configuration say of the user that a service runs as. Pure; private to src/confine. */
#ifndef DW_CONFINE_DIRECTIVES_H
#define DW_CONFINE_DIRECTIVES_H

#include "dw_arena.h"
#include "dw_parse.h"

/* The user column of a line of inetd.conf(5), without its group; NULL: it is none. */
const char *dw_confine_inetd_user(struct dw_arena *a, const char *line);
/* `user = NAME` of the service whose block begins at that line of xinetd.conf(5); NULL: none. */
const char *dw_confine_xinetd_user(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
				   unsigned *ret_line);
/*
 * Directives of a web server's file that count, in their order: `user` and `include` of nginx outside of blocks; User,
 * Include, IncludeOptional, Define and ServerRoot of Apache; user and include of php-fpm, with the pool ("" of none).
 * Values without quotes, never empty.
 */
struct dw_confine_directive {
	unsigned line;
	const char *name; /* in small letters */
	const char *value;
	const char *more; /* the word behind it (Define), the pool (php-fpm); "" */
};
typedef void dw_confine_tell(void *data, const struct dw_confine_directive *d);
typedef void dw_confine_server(struct dw_arena *a, const struct dw_bytes *text,
			       dw_confine_tell *tell, void *data);
dw_confine_server dw_confine_nginx, dw_confine_apache, dw_confine_fpm;

/*
 * What Apache's envvars sets the variable to: `export NAME=VALUE`, `NAME=VALUE`, `: ${NAME:=VALUE}`; the last one.
 * NULL: nothing.
 */
const char *dw_confine_envvar(struct dw_arena *a, const struct dw_bytes *text, const char *name,
			      unsigned *ret_line);
/*
 * As whom an init script (texts[0]) starts its daemon; the other texts are files that it reads, whose variables go
 * before its own. A group behind the name is left out. openrc: its start-stop-daemon is OpenRC's. NULL: it does not
 * say.
 */
const char *dw_confine_script_user(struct dw_arena *a, const struct dw_bytes *texts, size_t n, bool openrc,
				   unsigned *ret_line);
/* A word of the script, when it is a variable its value; NULL: that is not known. */
const char *dw_confine_script_value(struct dw_arena *a, const struct dw_bytes *texts, size_t n, const char *value);
/* The shell of passwd(5) of that user; "" where it is empty. NULL: there is no such user. */
const char *dw_confine_shell(struct dw_arena *a, const struct dw_bytes *text, const char *user);

#endif
