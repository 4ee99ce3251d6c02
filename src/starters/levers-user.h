/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another user for a service; the pure part. Private to src/starters. */
#ifndef DW_LEVERS_USER_H
#define DW_LEVERS_USER_H

#include "levers.h"

/*
 * The fifth word of a line of inetd.conf, "root", becomes the user. False: it is something else, or goes with a
 * group.
 */
bool dw_user_inetd_edit(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
			const char *user, struct dw_edits *ret);
/*
 * `user = root` of the xinetd block whose word "service" stands in that line. False: it is not said in exactly one
 * line, says something else, or a group goes with it.
 */
bool dw_user_xinetd_edit(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
			 const char *user, struct dw_edits *ret);
/* Is one of the options among the words behind the program? "-s" is in "-ls" too. */
bool dw_user_has_option(struct dw_arena *a, const char *words, const char *const *options);
/* All that the block says of a key, as one text; "": nothing. */
const char *dw_user_xinetd_value(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
				 const char *key);

#endif
