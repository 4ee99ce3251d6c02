/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The switch of a file's rights: what is in it, and when it was written, stay as they are. */
#include <errno.h>

#include "dw_account.h"
#include "switch.h"

static int state(struct dw_switch *s, const char *path, struct dw_state *ret, struct dw_error *e)
{
	struct stat st;
	int r = dw_sys_file_stat(s->sys, path, false, &st, e);

	if (r == -ENOENT || r == -ENOTDIR) {
		*ret = dw_switch_word("absent");
		if (e)
			*e = (struct dw_error){ 0 };
		return 0;
	}
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return dw_error_set(e, -ENOTSUP, "%s is no file or directory", path);
	*ret = dw_switch_word(dw_arena_printf(s->arena, "%04o %u:%u", (unsigned)st.st_mode & 07777,
					      st.st_uid, st.st_gid));
	return 0;
}

bool dw_switch_mode_parse(const char *text, mode_t *ret_mode, uint32_t *ret_uid, uint32_t *ret_gid)
{
	const char *owner = text ? strchr(text, ' ') : NULL,
		   *colon = owner ? strchr(owner, ':') : NULL;
	uint64_t mode = 0, uid, gid;

	if (!colon || owner - text != 4 || strspn(text, "01234567") != 4 ||
	    !dw_parse_u64n(owner + 1, (size_t)(colon - owner - 1), 10, UINT32_MAX - 1, &uid) ||
	    !dw_parse_u64(colon + 1, 10, UINT32_MAX - 1, &gid))
		return false;
	for (size_t i = 0; i < 4; i++)
		mode = mode << 3 | (uint64_t)(text[i] - '0');
	*ret_mode = (mode_t)mode;
	*ret_uid = (uint32_t)uid;
	*ret_gid = (uint32_t)gid;
	return true;
}

static int set(struct dw_switch *s, const char *path, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	uint32_t uid, gid;
	mode_t mode;

	if (!dw_switch_mode_parse(want->text, &mode, &uid, &gid))
		return dw_switch_unknown(path, want, e);
	return dw_sys_rights_set(s->sys, path, mode, uid, gid, e);
}

const struct dw_switch_ops dw_switch_mode = { .name = "mode", .state = state, .set = set };
