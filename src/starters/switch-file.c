/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The switch of one name in the file system; what stands there as a text: switch-file-text.c. */
#include <errno.h>

#include "switch-file.h"

#define CONTENT_MAX DW_FILE_MAX

static int state(struct dw_switch *s, const char *path, struct dw_state *ret, struct dw_error *e)
{
	struct dw_entry entry = { 0 };
	int r = dw_sys_entry_read(s->sys, path, CONTENT_MAX, s->arena, &entry, e);

	if (r < 0)
		return r;
	if (!dw_switch_file_state(s->arena, &entry, ret))
		return dw_error_set(e, -ENOTSUP, "%s is no file, link or directory", path);
	return 0;
}

/*
 * The whole content is written from `want`, so what somebody wrote since it was made would be lost: when neither
 * `from` nor `want` is there, nothing is done.
 */
static int set(struct dw_switch *s, const char *path, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	struct dw_entry entry = { 0 };
	struct dw_state now = { 0 };
	int r;

	if (!dw_switch_file_entry(s->arena, want, &entry))
		return dw_switch_unknown(path, want, e);
	r = state(s, path, &now, e);
	if (r < 0)
		return r;
	if (dw_streq(now.text, want->text) && (!want->hint || dw_streq0(now.hint, want->hint)))
		return 0;
	if (from && from->text && !dw_streq(now.text, from->text) &&
	    !dw_streq(now.text, want->text))
		return dw_error_set(e, -ESTALE, "%s was changed by somebody else meanwhile", path);
	return dw_sys_entry_write(s->sys, path, &entry, e);
}

const struct dw_switch_ops dw_switch_file = { .name = "file", .state = state, .set = set };
