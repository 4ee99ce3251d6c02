/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "root.h"

DW_TEST(what_is_not_there_is_absent_and_no_failure)
{
	struct root t = root_new();
	struct dw_entry absent = { 0 };

	DW_CHECK_INT(root_get(&t, "/etc/none").type, DW_ENTRY_ABSENT);
	DW_CHECK_INT(root_get(&t, "/none/none").type, DW_ENTRY_ABSENT);
	root_put(&t, "/etc/file", "x", 0644);
	DW_CHECK_INT(root_get(&t, "/etc/file/none").type, DW_ENTRY_ABSENT);
	DW_CHECK_INT(root_set(&t, "/etc/none", &absent), 0);
	DW_CHECK_INT(root_set(&t, "/none/none", &absent), 0);
	DW_CHECK_INT(root_count(&t, "/etc"), 1);
	root_free(&t);
}

DW_TEST(each_kind_of_thing_is_read_as_what_it_is)
{
	struct root t = root_new();
	struct dw_entry entry;

	root_put(&t, "/etc/file", "text\n", 04750);
	DW_CHECK_INT(symlink("../x y", root_path(&t, "/etc/link")), 0);
	DW_CHECK_INT(mkfifo(root_path(&t, "/etc/fifo"), 0644), 0);
	entry = root_get(&t, "/etc/file");
	DW_CHECK_INT(entry.type, DW_ENTRY_FILE);
	DW_CHECK_INT(entry.mode, 04750);
	DW_CHECK_INT(entry.uid, geteuid());
	DW_CHECK_STR(entry.content.data, "text\n");
	DW_CHECK(entry.mtime_s > 0);
	entry = root_get(&t, "/etc/link");
	DW_CHECK_INT(entry.type, DW_ENTRY_LINK);
	DW_CHECK_STR(entry.target, "../x y");
	DW_CHECK_INT(root_get(&t, "/etc").type, DW_ENTRY_DIRECTORY);
	DW_CHECK_INT(root_get(&t, "/etc").mode, 0755);
	DW_CHECK_INT(root_get(&t, "/etc/fifo").type, DW_ENTRY_OTHER);
	DW_CHECK_INT(dw_sys_entry_read(t.sys, "/etc/file", 4, t.arena, &entry, NULL), -EFBIG);
	root_free(&t);
}

DW_TEST(a_file_is_made_replaced_and_taken_away)
{
	struct root t = root_new();
	struct dw_entry first = root_file(&t, "one\n", 0640), second = root_file(&t, "two\n", 0600);
	struct dw_entry absent = { 0 }, now;

	first.mtime_s = 1234567890;
	first.mtime_ns = 123456789;
	DW_CHECK_INT(root_set(&t, "/etc/conf", &first), 0);
	now = root_get(&t, "/etc/conf");
	DW_CHECK_STR(now.content.data, "one\n");
	DW_CHECK_INT(now.mode, 0640);
	DW_CHECK_INT(now.mtime_s, 1234567890);
	DW_CHECK_INT(now.mtime_ns, 123456789);
	DW_CHECK_INT(root_set(&t, "/etc/conf", &second), 0);
	DW_CHECK_STR(root_get(&t, "/etc/conf").content.data, "two\n");
	DW_CHECK_INT(root_get(&t, "/etc/conf").mode, 0600);
	DW_CHECK(root_get(&t, "/etc/conf").mtime_s != 1234567890);
	/* back to what was read: exactly that */
	DW_CHECK_INT(root_set(&t, "/etc/conf", &now), 0);
	DW_CHECK_INT(root_get(&t, "/etc/conf").mtime_s, 1234567890);
	DW_CHECK_INT(root_set(&t, "/etc/conf", &absent), 0);
	DW_CHECK_INT(root_get(&t, "/etc/conf").type, DW_ENTRY_ABSENT);
	DW_CHECK_INT(root_count(&t, "/etc"), 0);
	root_free(&t);
}

DW_TEST(what_is_so_already_is_left_alone)
{
	struct root t = root_new();
	struct dw_entry want = root_file(&t, "one\n", 0640);
	uint64_t inode;

	DW_CHECK_INT(root_set(&t, "/etc/conf", &want), 0);
	inode = root_inode(&t, "/etc/conf");
	DW_CHECK_INT(root_set(&t, "/etc/conf", &want), 0);
	DW_CHECK_INT(root_inode(&t, "/etc/conf"), inode);
	root_free(&t);
}

DW_TEST(where_only_the_mode_differs_the_inode_and_its_other_names_stay)
{
	struct root t = root_new();
	struct dw_entry want = root_file(&t, "prog", 04755);
	uint64_t inode;

	root_put(&t, "/etc/prog", "prog", 0644);
	DW_CHECK_INT(link(root_path(&t, "/etc/prog"), root_path(&t, "/etc/other")), 0);
	inode = root_inode(&t, "/etc/prog");
	want.mtime_s = 1000000000;
	DW_CHECK_INT(root_set(&t, "/etc/prog", &want), 0);
	DW_CHECK_INT(root_inode(&t, "/etc/prog"), inode);
	DW_CHECK_INT(root_get(&t, "/etc/other").mode, 04755);
	DW_CHECK_INT(root_get(&t, "/etc/other").mtime_s, 1000000000);
	root_free(&t);
}

DW_TEST(another_hard_link_of_a_replaced_file_keeps_the_old_content)
{
	struct root t = root_new();
	struct dw_entry want = root_file(&t, "new", 0644);

	root_put(&t, "/etc/conf", "old", 0644);
	DW_CHECK_INT(link(root_path(&t, "/etc/conf"), root_path(&t, "/etc/other")), 0);
	DW_CHECK_INT(root_set(&t, "/etc/conf", &want), 0);
	DW_CHECK_STR(root_get(&t, "/etc/conf").content.data, "new");
	DW_CHECK_STR(root_get(&t, "/etc/other").content.data, "old");
	root_free(&t);
}

DW_TEST(links_are_made_and_replaced_and_never_followed)
{
	struct root t = root_new();
	struct dw_entry link = root_link("/dev/null"), other = root_link("victim"), absent = { 0 };
	struct dw_entry file = root_file(&t, "mine", 0644);

	root_put(&t, "/etc/victim", "victim", 0644);
	DW_CHECK_INT(root_set(&t, "/etc/unit", &link), 0);
	DW_CHECK_STR(root_get(&t, "/etc/unit").target, "/dev/null");
	DW_CHECK_INT(root_set(&t, "/etc/unit", &other), 0);
	DW_CHECK_STR(root_get(&t, "/etc/unit").target, "victim");
	DW_CHECK_INT(root_set(&t, "/etc/unit", &file), 0);
	DW_CHECK_STR(root_get(&t, "/etc/victim").content.data, "victim");
	DW_CHECK_STR(root_get(&t, "/etc/unit").content.data, "mine");
	DW_CHECK_INT(root_set(&t, "/etc/unit", &other), 0);
	DW_CHECK_INT(root_set(&t, "/etc/unit", &absent), 0);
	DW_CHECK_INT(root_get(&t, "/etc/victim").type, DW_ENTRY_FILE);
	DW_CHECK_INT(root_count(&t, "/etc"), 1);
	root_free(&t);
}

DW_TEST(links_on_the_way_are_those_of_the_root)
{
	struct root t = root_new();
	struct dw_entry file = root_file(&t, "x", 0644);

	DW_CHECK_INT(symlink("/etc", root_path(&t, "/conf")), 0);
	DW_CHECK_INT(symlink("../../../../../../etc", root_path(&t, "/dots")), 0);
	DW_CHECK_INT(root_set(&t, "/conf/one", &file), 0);
	DW_CHECK_INT(root_set(&t, "/dots/two", &file), 0);
	DW_CHECK_INT(root_get(&t, "/etc/one").type, DW_ENTRY_FILE);
	DW_CHECK_INT(root_get(&t, "/etc/two").type, DW_ENTRY_FILE);
	root_free(&t);
}

DW_TEST(directories_are_made_and_taken_away_when_they_are_empty)
{
	struct root t = root_new();
	struct dw_entry dir = { .type = DW_ENTRY_DIRECTORY, .mode = 0750 }, absent = { 0 };
	struct dw_entry file = root_file(&t, "x", 0644);
	struct dw_error e = { 0 };

	dir.uid = geteuid();
	dir.gid = getegid();
	DW_CHECK_INT(root_set(&t, "/etc/x.d", &dir), 0);
	DW_CHECK_INT(root_get(&t, "/etc/x.d").mode, 0750);
	dir.mode = 0700;
	DW_CHECK_INT(root_set(&t, "/etc/x.d", &dir), 0);
	DW_CHECK_INT(root_get(&t, "/etc/x.d").mode, 0700);
	DW_CHECK_INT(root_set(&t, "/etc/x.d/file", &file), 0);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/x.d", &absent, &e), -ENOTEMPTY);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/x.d", &file, &e), -EISDIR);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/x.d/file", &dir, &e), -ENOTDIR);
	DW_CHECK_INT(root_set(&t, "/etc/x.d/file", &absent), 0);
	DW_CHECK_INT(root_set(&t, "/etc/x.d", &absent), 0);
	DW_CHECK_INT(root_count(&t, "/etc"), 0);
	root_free(&t);
}

DW_TEST(what_could_not_be_put_back_is_not_touched)
{
	struct root t = root_new();
	struct dw_entry file = root_file(&t, "x", 0644), absent = { 0 }, bad = { 0 };
	struct dw_error e = { 0 };

	DW_CHECK_INT(mkfifo(root_path(&t, "/etc/fifo"), 0644), 0);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/fifo", &absent, &e), -EINVAL);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/fifo", &file, &e), -EINVAL);
	DW_CHECK(strstr(e.message, "/etc/fifo") != NULL);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/none/file", &file, &e), -ENOENT);
	bad.type = DW_ENTRY_OTHER;
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/dev", &bad, &e), -EINVAL);
	bad.type = DW_ENTRY_LINK;
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/link", &bad, &e), -EINVAL);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "etc", &file, &e), -EINVAL);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/..", &file, &e), -EINVAL);
	root_free(&t);
}

DW_TEST(what_a_killed_process_left_is_cleaned_and_nothing_else)
{
	struct root t = root_new();
	struct dw_entry file = root_file(&t, "x", 0644);

	root_put(&t, "/etc/.doorward.0123456789abcdef.tmp", "half", 0600);
	DW_CHECK_INT(mkdir(root_path(&t, "/etc/.doorward.12.tmp"), 0700), 0);
	DW_CHECK_INT(symlink("x", root_path(&t, "/etc/.doorward.ab.tmp")), 0);
	root_put(&t, "/etc/.doorward.tmp", "theirs", 0600);
	root_put(&t, "/etc/.doorward.xyz.tmp", "theirs", 0600);
	DW_CHECK_INT(root_set(&t, "/etc/conf", &file), 0);
	DW_CHECK_INT(root_count(&t, "/etc"), 3);
	DW_CHECK_INT(root_get(&t, "/etc/.doorward.tmp").type, DW_ENTRY_FILE);
	DW_CHECK_INT(root_get(&t, "/etc/.doorward.xyz.tmp").type, DW_ENTRY_FILE);
	/* the same for files that are only ever new */
	root_put(&t, "/etc/.doorward.0.tmp", "half", 0600);
	DW_CHECK_INT(dw_sys_file_create(t.sys, "/etc/new", 0644, "y", 1, NULL), 0);
	DW_CHECK_INT(dw_sys_file_create(t.sys, "/etc/new", 0644, "z", 1, NULL), -EEXIST);
	DW_CHECK_STR(root_get(&t, "/etc/new").content.data, "y");
	DW_CHECK_INT(root_count(&t, "/etc"), 4);
	root_free(&t);
}

DW_TEST(a_live_and_a_recorded_host_are_written_alike)
{
	struct root t = root_new();
	struct dw_entry file = root_file(&t, "x", 0644);
	struct dw_sys *live = NULL, *fake = NULL;

	DW_CHECK_INT(mkdir(root_path(&t, "/root"), 0755), 0);
	DW_CHECK_INT(mkdir(root_path(&t, "/root/etc"), 0755), 0);
	DW_CHECK_INT(dw_sys_open(NULL, &live, NULL), 0);
	DW_CHECK_INT(dw_sys_open_fake(t.dir, &fake, NULL), 0);
	DW_CHECK_INT(dw_sys_entry_write(live, root_path(&t, "/etc/live"), &file, NULL), 0);
	DW_CHECK_INT(dw_sys_entry_write(fake, "/etc/fake", &file, NULL), 0);
	DW_CHECK_STR(root_get(&t, "/etc/live").content.data, "x");
	DW_CHECK_STR(root_get(&t, "/root/etc/fake").content.data, "x");
	dw_sys_free(live);
	dw_sys_free(fake);
	root_free(&t);
}

/* --- extended attributes, owners, flags ----------------------------------------------------------- */

/* user::rw- user:7:rw- group::r-- mask::rw- other::r--, as struct posix_acl_xattr_entry lays it out */
static const unsigned char acl[] = {
	2, 0, 0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,   6,
	0, 7, 0,   0,   0,   4,   0,  4, 0,   255, 255, 255, 255, 16,  0,
	6, 0, 255, 255, 255, 255, 32, 0, 4,   0,   255, 255, 255, 255,
};

static const struct dw_xattr *xattr_of(const struct dw_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->n_xattrs; i++)
		if (dw_streq(entry->xattrs[i].name, name))
			return &entry->xattrs[i];
	return NULL;
}

DW_TEST(extended_attributes_and_access_lists_move_with_the_content)
{
	struct root t = root_new();
	struct dw_entry old, now, plain = root_file(&t, "old", 0644);
	const struct dw_xattr *x;

	root_put(&t, "/etc/conf", "old", 0644);
	if (!root_set_xattr(&t, "/etc/conf", "system.posix_acl_access", acl, sizeof(acl)) ||
	    !root_set_xattr(&t, "/etc/conf", "user.empty", "", 0) ||
	    !root_set_xattr(&t, "/etc/conf", "user.bytes", "a\0b", 3)) {
		printf("no extended attributes here: not checked\n");
		root_free(&t);
		return;
	}
	old = root_get(&t, "/etc/conf");
	DW_CHECK_INT(old.mode, 0664); /* the mask */
	now = old;
	now.content = root_bytes(&t, "new");
	DW_CHECK_INT(root_set(&t, "/etc/conf", &now), 0);
	now = root_get(&t, "/etc/conf");
	DW_CHECK_STR(now.content.data, "new");
	DW_CHECK_INT(now.mode, 0664);
	x = xattr_of(&now, "system.posix_acl_access");
	DW_CHECK(x && x->value.n == sizeof(acl) && memcmp(x->value.data, acl, sizeof(acl)) == 0);
	x = xattr_of(&now, "user.bytes");
	DW_CHECK(x && x->value.n == 3 && memcmp(x->value.data, "a\0b", 3) == 0);
	x = xattr_of(&now, "user.empty");
	DW_CHECK(x && x->value.n == 0);
	/* in place: what want does not name goes */
	plain.content = root_bytes(&t, "new");
	DW_CHECK_INT(root_set(&t, "/etc/conf", &plain), 0);
	now = root_get(&t, "/etc/conf");
	DW_CHECK(!xattr_of(&now, "user.bytes") && !xattr_of(&now, "system.posix_acl_access"));
	DW_CHECK_INT(now.mode, 0644);
	DW_CHECK_INT(root_set(&t, "/etc/conf", &old), 0);
	now = root_get(&t, "/etc/conf");
	DW_CHECK(xattr_of(&now, "system.posix_acl_access") && xattr_of(&now, "user.bytes"));
	DW_CHECK_STR(now.content.data, "old");
	root_free(&t);
}

DW_TEST(a_directorys_default_list_does_not_leak_into_a_file)
{
	struct root t = root_new();
	struct dw_entry want = root_file(&t, "x", 0640), now;

	if (root_set_xattr(&t, "/etc", "system.posix_acl_default", acl, sizeof(acl))) {
		DW_CHECK_INT(root_set(&t, "/etc/conf", &want), 0);
		now = root_get(&t, "/etc/conf");
		DW_CHECK(!xattr_of(&now, "system.posix_acl_access"));
		DW_CHECK_INT(now.mode, 0640);
	}
	root_free(&t);
}

DW_TEST(owner_capabilities_and_set_uid_bits_are_kept_as_root)
{
	/* struct vfs_cap_data, revision 2, effective: cap_net_bind_service */
	static const unsigned char capability[20] = { 1, 0, 0, 2, 0, 4 };
	struct root t = root_new();
	struct dw_entry want = root_file(&t, "prog", 04711), now;
	struct dw_xattr x = {
		.name = "security.capability",
		.value = { .data = dw_arena_memdup(t.arena, capability, sizeof(capability)),
			   .n = sizeof(capability) },
	};

	want.uid = 12345;
	want.gid = 23456;
	want.xattrs = &x;
	want.n_xattrs = 1;
	if (geteuid() != 0) {
		DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/prog", &want, NULL), -EPERM);
		DW_CHECK_INT(root_count(&t, "/etc"), 0);
		root_free(&t);
		return;
	}
	DW_CHECK_INT(root_set(&t, "/etc/prog", &want), 0);
	now = root_get(&t, "/etc/prog");
	DW_CHECK_INT(now.mode, 04711);
	DW_CHECK_INT(now.uid, 12345);
	DW_CHECK_INT(now.gid, 23456);
	DW_CHECK(xattr_of(&now, "security.capability") != NULL);
	/* in place: chown(2) alone would take bits and capability away */
	want.uid = 0;
	DW_CHECK_INT(root_set(&t, "/etc/prog", &want), 0);
	now = root_get(&t, "/etc/prog");
	DW_CHECK_INT(now.mode, 04711);
	DW_CHECK_INT(now.uid, 0);
	DW_CHECK(xattr_of(&now, "security.capability") != NULL);
	root_free(&t);
}

static bool set_flags(const struct root *t, const char *path, int flags)
{
	int fd = open(root_path(t, path), O_RDONLY | O_CLOEXEC);
	bool done = fd >= 0 && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;

	if (fd >= 0)
		close(fd);
	return done;
}

DW_TEST(the_immutable_flag_is_told_and_never_lifted)
{
	struct root t = root_new();
	struct dw_entry want = root_file(&t, "new", 0644), same = root_file(&t, "old", 0644);
	struct dw_entry absent = { 0 };
	struct dw_error e = { 0 };

	root_put(&t, "/etc/conf", "old", 0644);
	if (!set_flags(&t, "/etc/conf", FS_IMMUTABLE_FL)) {
		printf("no immutable files here: not checked\n");
		root_free(&t);
		return;
	}
	DW_CHECK_INT(root_get(&t, "/etc/conf").flags, FS_IMMUTABLE_FL);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/conf", &want, &e), -EPERM);
	DW_CHECK(strstr(e.message, "chattr -i /etc/conf") != NULL);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/conf", &absent, &e), -EPERM);
	DW_CHECK_INT(root_set(&t, "/etc/conf", &same), 0);
	DW_CHECK_STR(root_get(&t, "/etc/conf").content.data, "old");
	DW_CHECK(set_flags(&t, "/etc/conf", FS_APPEND_FL));
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/conf", &want, &e), -EPERM);
	DW_CHECK(strstr(e.message, "chattr -a /etc/conf") != NULL);
	DW_CHECK(set_flags(&t, "/etc/conf", 0) && set_flags(&t, "/etc", FS_IMMUTABLE_FL));
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/conf", &want, &e), -EPERM);
	DW_CHECK(strstr(e.message, "chattr -i /etc`") != NULL);
	DW_CHECK_INT(root_count(&t, "/etc"), 1);
	DW_CHECK(set_flags(&t, "/etc", 0));
	root_free(&t);
}

DW_TEST(a_read_only_or_full_file_system_leaves_the_old_content)
{
	struct root t = root_new();
	const char *etc = root_path(&t, "/etc");
	struct dw_entry want = root_file(&t, "new", 0644);
	struct dw_error e = { 0 };

	if (mount("none", etc, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") < 0) {
		printf("no file system may be mounted here: not checked\n");
		root_free(&t);
		return;
	}
	root_put(&t, "/etc/conf", "old", 0644);
	want.content.n = 100000;
	want.content.data = dw_arena_alloc(t.arena, want.content.n + 1);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/conf", &want, &e), -ENOSPC);
	DW_CHECK_STR(e.message, "/etc/conf: nothing changed, the disk is full");
	DW_CHECK_STR(root_get(&t, "/etc/conf").content.data, "old");
	DW_CHECK_INT(root_count(&t, "/etc"), 1);
	want.content.n = 10;
	DW_CHECK_INT(mount("none", etc, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	DW_CHECK_INT(dw_sys_entry_write(t.sys, "/etc/conf", &want, &e), -EROFS);
	DW_CHECK_STR(e.message, "/etc/conf: nothing changed, its file system is read-only");
	DW_CHECK_STR(root_get(&t, "/etc/conf").content.data, "old");
	DW_CHECK_INT(umount(etc), 0);
	root_free(&t);
}

DW_TEST_MAIN
