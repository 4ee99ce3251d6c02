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
/* `user NAME [GROUP];` of nginx.conf, outside of blocks; NULL: none. */
const char *dw_confine_nginx_user(struct dw_arena *a, const struct dw_bytes *text,
				  unsigned *ret_line);
/* The last `User NAME` of apache2.conf, httpd.conf; as it stands there, perhaps "${APACHE_RUN_USER}". NULL: none. */
const char *dw_confine_apache_user(struct dw_arena *a, const struct dw_bytes *text,
				   unsigned *ret_line);
/* `export NAME=VALUE` of Apache's envvars; the last one. NULL: none. */
const char *dw_confine_envvar(struct dw_arena *a, const struct dw_bytes *text, const char *name);

#endif
