/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing an entry while each call fails once: the old state is there, or the new one. */
#include "root.h"

static bool same_entry(const struct dw_entry *x, const struct dw_entry *y)
{
	return x->type == y->type && x->mode == y->mode && x->uid == y->uid && x->gid == y->gid &&
	       dw_streq0(x->target, y->target) && x->content.n == y->content.n &&
	       (x->content.n == 0 || memcmp(x->content.data, y->content.data, x->content.n) == 0) &&
	       x->n_xattrs == y->n_xattrs;
}

/* Goes from one state to the other, with the n-th call failing for each n; never a third state, nothing left. */
static void survive(const struct dw_entry *from, const struct dw_entry *to)
{
	struct root t = root_new();
	size_t names = from->type == DW_ENTRY_ABSENT ? 0 : 1;
	struct dw_entry old, new, now;
	unsigned n = 0;
	int r;

	DW_CHECK_INT(root_set(&t, "/etc/x", to), 0);
	new = root_get(&t, "/etc/x");
	DW_CHECK_INT(root_set(&t, "/etc/x", from), 0);
	old = root_get(&t, "/etc/x");
	do {
		struct dw_error e = { 0 };

		DW_CHECK_INT(root_set(&t, "/etc/x", from), 0);
		dw_sys_fail_at(t.sys, ++n, EIO);
		r = dw_sys_entry_write(t.sys, "/etc/x", to, &e);
		dw_sys_fail_at(t.sys, 0, 0);
		now = root_get(&t, "/etc/x");
		if (r < 0) {
			DW_CHECK_INT(r, -EIO);
			DW_CHECK(strstr(e.message, "/etc") != NULL);
			DW_CHECK(same_entry(&now, &old) || same_entry(&now, &new));
			DW_CHECK(root_count(&t, "/etc") <= 1);
			if (same_entry(&now, &old))
				DW_CHECK_INT(root_count(&t, "/etc"), names);
		}
	} while (r < 0 && n < 100);
	DW_CHECK(n > 4);
	DW_CHECK_INT(r, 0);
	DW_CHECK(same_entry(&now, &new));
	root_free(&t);
}

DW_TEST(whatever_call_fails_the_old_or_the_new_state_is_there)
{
	struct root t = root_new();
	struct dw_xattr x = { .name = "user.a", .value = root_bytes(&t, "1") };
	struct dw_entry absent = { 0 }, one = root_file(&t, "one", 0644),
			two = root_file(&t, "two", 0600), mode = root_file(&t, "one", 04700),
			link = root_link("/dev/null"), other = root_link("one"),
			dir = { .type = DW_ENTRY_DIRECTORY, .mode = 0700 };

	dir.uid = geteuid();
	dir.gid = getegid();
	root_put(&t, "/etc/probe", "", 0644);
	if (root_set_xattr(&t, "/etc/probe", "user.a", "1", 1)) {
		two.xattrs = mode.xattrs = &x;
		two.n_xattrs = mode.n_xattrs = 1;
	}
	survive(&absent, &two);
	survive(&two, &absent);
	survive(&one, &two);
	survive(&two, &one);
	survive(&one, &mode);
	survive(&mode, &one);
	survive(&absent, &link);
	survive(&link, &absent);
	survive(&link, &other);
	survive(&one, &link);
	survive(&link, &two);
	survive(&absent, &dir);
	survive(&dir, &absent);
	root_free(&t);
}

DW_TEST(a_reading_that_fails_says_so)
{
	struct root t = root_new();
	struct dw_entry entry;
	unsigned n = 0;
	int r;

	root_put(&t, "/etc/x", "text", 0644);
	do {
		struct dw_error e = { 0 };

		dw_sys_fail_at(t.sys, ++n, EIO);
		r = dw_sys_entry_read(t.sys, "/etc/x", 100, t.arena, &entry, &e);
		if (r < 0)
			DW_CHECK(r == -EIO && strstr(e.message, "/etc") != NULL);
	} while (r < 0 && n < 100);
	DW_CHECK(n > 4);
	DW_CHECK_INT(entry.type, DW_ENTRY_FILE);
	root_free(&t);
}

DW_TEST_MAIN
