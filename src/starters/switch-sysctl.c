/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of a setting below /proc/sys, as it is now; the object is its name as sysctl(8) writes it. What it is at
 * the next boot a file says (sysctl.d(5)), which is another step.
 */
#include <errno.h>

#include "dw_sysctl.h"
#include "switch.h"

/* Dots are slashes, and a dot of an interface's name (eth0.7) stands as a slash. NULL: it is no such name. */
static const char *path_of(struct dw_switch *s, const char *object)
{
	struct dw_str path = { .arena = s->arena };

	dw_str_add(&path, "/proc/sys/");
	if (!*object || *object == '.' || *object == '/' || strstr(object, "..") ||
	    strstr(object, "//"))
		return NULL;
	for (; *object; object++)
		dw_str_addc(&path, *object == '.' ? '/' : *object == '/' ? '.' : *object);
	return path.s;
}

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	const char *path = path_of(s, object), *value = NULL;
	int r;

	if (!path)
		return dw_error_set(e, -EINVAL, "%.100s is no setting of the kernel", object);
	r = dw_sysctl_read(s->sys, path, s->arena, &value, e);
	if (r == -ENOENT || r == -ENOTDIR) {
		*ret = dw_switch_word("absent");
		if (e)
			*e = (struct dw_error){ 0 };
		return 0;
	}
	if (r == 0)
		*ret = dw_switch_word(value);
	return r < 0 ? r : 0;
}

/* Numbers, and words of a list: nothing else is ever written. */
static bool is_value(const char *text)
{
	return text && *text &&
	       strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz_- \t") == strlen(text) &&
	       !dw_streq(text, "absent");
}

static int set(struct dw_switch *s, const char *object, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	const char *path = path_of(s, object);

	(void)from;
	if (!path)
		return dw_error_set(e, -EINVAL, "%.100s is no setting of the kernel", object);
	/* an interface that is gone: there is nothing to set */
	if (dw_switch_is(want, "absent"))
		return dw_error_set(e, -ENOTSUP, "%s: a setting cannot be taken away", object);
	if (!is_value(want->text))
		return dw_switch_unknown(object, want, e);
	return dw_sysctl_write(s->sys, path, want->text, e);
}

const struct dw_switch_ops dw_switch_sysctl = { .name = "sysctl", .state = state, .set = set };
