/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One field of one account, and the rights of a file. */
#include <fcntl.h>

#include "dw_account.h"
#include "dw_write.h"
#include "rig.h"

#define PASSWD "root:x:0:0:root:/root:/bin/bash\nftp:x:101:101::/srv:/bin/sh\nftpd:x:102:102::/:\n"
#define SHADOW "root:$y$secret:1:0:99999:7:::\nftp::1:0:99999:7:::\n"

static struct rig account(const char *object)
{
	struct rig r = { .object = object };

	rig_put(rig_directory(&r), "/etc/passwd", 0644, PASSWD);
	rig_put(r.dir, "/etc/shadow", 0640, SHADOW);
	rig_open(&r, "account", r.dir);
	return r;
}

static const char *content(struct rig *r, const char *path)
{
	struct dw_bytes text = { 0 };

	DW_CHECK(dw_sys_file_read(r->sw.sys, path, 4096, r->sw.arena, &text, NULL) >= 0);
	return text.data ? text.data : "";
}

static int to(struct rig *r, const char *from, const char *want)
{
	const struct dw_state a = { .text = from }, b = { .text = want };

	r->e = (struct dw_error){ 0 };
	return r->ops->set(&r->sw, r->object, from ? &a : NULL, &b, &r->e);
}

static bool is_locked(struct rig *r)
{
	return dw_sys_file_exists(r->sw.sys, "/etc/passwd.lock") ||
	       dw_sys_file_exists(r->sw.sys, "/etc/shadow.lock");
}

DW_TEST(a_shell_goes_there_and_back)
{
	struct rig r = account("ftp/shell");

	DW_CHECK_STR(rig_state(&r).text, "/bin/sh");
	DW_CHECK_INT(to(&r, "/bin/sh", "/usr/sbin/nologin"), 0);
	DW_CHECK_STR(content(&r, "/etc/passwd"),
		     "root:x:0:0:root:/root:/bin/bash\n"
		     "ftp:x:101:101::/srv:/usr/sbin/nologin\nftpd:x:102:102::/:\n");
	DW_CHECK_STR(rig_state(&r).text, "/usr/sbin/nologin");
	DW_CHECK_INT(to(&r, "/usr/sbin/nologin", "/usr/sbin/nologin"), 0);
	DW_CHECK_INT(to(&r, "/usr/sbin/nologin", "/bin/sh"), 0);
	DW_CHECK_STR(content(&r, "/etc/passwd"), PASSWD);
	DW_CHECK(!is_locked(&r));
	r.object = "ftpd/shell";
	DW_CHECK_STR(rig_state(&r).text, "none");
	DW_CHECK_INT(to(&r, "none", "/bin/false"), 0);
	DW_CHECK_INT(to(&r, "/bin/false", "none"), 0);
	DW_CHECK_STR(content(&r, "/etc/passwd"), PASSWD);
	rig_close(&r);
}

/* Undone byte for byte, its time with it; not when somebody wrote meanwhile. */
DW_TEST(the_time_comes_back_with_the_content)
{
	struct rig r = account("ftp/shell");
	const struct dw_state off = { .text = "/bin/false" };
	struct stat before, after;
	struct dw_state was = rig_state(&r);

	DW_CHECK_INT(dw_sys_file_stat(r.sw.sys, "/etc/passwd", true, &before, NULL), 0);
	DW_CHECK_INT(r.ops->set(&r.sw, r.object, &was, &off, &r.e), 0);
	DW_CHECK_INT(r.ops->set(&r.sw, r.object, &off, &was, &r.e), 0);
	DW_CHECK_INT(dw_sys_file_stat(r.sw.sys, "/etc/passwd", true, &after, NULL), 0);
	DW_CHECK(before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
		 before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	DW_CHECK_INT(r.ops->set(&r.sw, r.object, &was, &off, &r.e), 0);
	rig_put(r.dir, "/etc/passwd", 0644, "ftp:x:101:101::/srv:/bin/false\n");
	DW_CHECK_INT(r.ops->set(&r.sw, r.object, &off, &was, &r.e), 0);
	DW_CHECK_STR(content(&r, "/etc/passwd"), "ftp:x:101:101::/srv:/bin/sh\n");
	DW_CHECK_INT(dw_sys_file_stat(r.sw.sys, "/etc/passwd", true, &after, NULL), 0);
	DW_CHECK(before.st_mtim.tv_nsec != after.st_mtim.tv_nsec);
	rig_close(&r);
}

DW_TEST(an_empty_password_is_locked_and_a_set_one_left)
{
	struct rig r = account("ftp/password");

	DW_CHECK_STR(rig_state(&r).text, "empty");
	DW_CHECK_INT(to(&r, "empty", "locked"), 0);
	DW_CHECK_STR(content(&r, "/etc/shadow"),
		     "root:$y$secret:1:0:99999:7:::\nftp:!:1:0:99999:7:::\n");
	DW_CHECK_INT(to(&r, "locked", "empty"), 0);
	DW_CHECK_STR(content(&r, "/etc/shadow"), SHADOW);
	r.object = "root/password";
	DW_CHECK_STR(rig_state(&r).text, "set"); /* and nothing of what it is */
	DW_CHECK_INT(to(&r, "locked", "empty"), -ESTALE);
	DW_CHECK_INT(to(&r, "locked", "set"), 0); /* it is so already */
	r.object = "ftp/password";
	DW_CHECK_INT(to(&r, "empty", "set"), -EINVAL);
	DW_CHECK_STR(content(&r, "/etc/shadow"), SHADOW);
	DW_CHECK(!is_locked(&r));
	rig_close(&r);
}

DW_TEST(what_is_no_field_or_no_account)
{
	struct rig r = account("nobody/shell");

	DW_CHECK_STR(rig_state(&r).text, "absent");
	DW_CHECK_INT(to(&r, NULL, "/bin/sh"), -ENOTSUP);
	r.object = "ftp/shell";
	DW_CHECK_INT(to(&r, NULL, "/bin/sh:x"), -EINVAL);
	DW_CHECK_INT(to(&r, "/bin/zsh", "/bin/false"), -ESTALE);
	r.object = "ftp/home";
	DW_CHECK_INT(to(&r, NULL, "/bin/sh"), -EINVAL);
	DW_CHECK(!is_locked(&r));
	rig_close(&r);
}

DW_TEST(every_failure_leaves_one_of_the_two_and_no_lock)
{
	struct rig r = account("ftp/shell");
	bool done = false;

	for (unsigned n = 1; n < 200 && !done; n++) {
		const char *now;
		int code;

		dw_sys_fail_at(r.sw.sys, n, EIO);
		code = to(&r, "/bin/sh", "/usr/sbin/nologin");
		dw_sys_fail_at(r.sw.sys, 0, 0);
		now = rig_state(&r).text;
		done = code == 0;
		DW_CHECK_STR(now, done || dw_streq(now, "/usr/sbin/nologin") ? "/usr/sbin/nologin"
									     : "/bin/sh");
		DW_CHECK(!is_locked(&r));
		if (!done && dw_streq(now, "/usr/sbin/nologin"))
			DW_CHECK_INT(to(&r, now, "/bin/sh"), 0);
	}
	DW_CHECK(done);
	rig_close(&r);
}

/* A lock of somebody who is gone is taken over; one of somebody who lives is waited for. */
DW_TEST(locks_of_the_dead_do_not_count)
{
	struct rig r = account("ftp/shell");
	struct dw_account_lock lock;
	char text[16];

	rig_put(r.dir, "/etc/passwd.lock", 0600, "2147483000");
	DW_CHECK_INT(dw_sys_account_lock(r.sw.sys, "passwd", &lock, &r.e), 0);
	DW_CHECK(dw_sys_file_exists(r.sw.sys, "/etc/passwd.lock"));
	(void)snprintf(text, sizeof(text), "%d", (int)getpid());
	DW_CHECK_STR(content(&r, "/etc/passwd.lock"), text);
	dw_sys_account_unlock(&lock);
	DW_CHECK(!is_locked(&r));
	rig_close(&r);
}

DW_TEST(rights_go_there_and_back_and_nothing_else_changes)
{
	struct rig r = { .object = "/etc/shadow" };
	struct dw_state was, now;
	struct stat before, after;

	rig_put(rig_directory(&r), "/etc/shadow", 0644, SHADOW);
	rig_open(&r, "mode", r.dir);
	DW_CHECK_INT(symlink("shadow", dw_arena_printf(r.sw.arena, "%s/etc/link", r.dir)), 0);
	DW_CHECK_INT(dw_sys_file_stat(r.sw.sys, r.object, true, &before, NULL), 0);
	was = rig_state(&r);
	DW_CHECK_STR(was.text, dw_arena_printf(r.sw.arena, "0644 %u:%u", geteuid(), getegid()));
	DW_CHECK_INT(
		to(&r, was.text, dw_arena_printf(r.sw.arena, "0640 %u:%u", geteuid(), getegid())),
		0);
	now = rig_state(&r);
	DW_CHECK(dw_starts_with(now.text, "0640 "));
	DW_CHECK_INT(to(&r, now.text, was.text), 0);
	DW_CHECK_INT(dw_sys_file_stat(r.sw.sys, r.object, true, &after, NULL), 0);
	DW_CHECK(before.st_ino == after.st_ino && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec &&
		 before.st_mode == after.st_mode);
	DW_CHECK_INT(to(&r, NULL, "644 0:0"), -EINVAL);
	DW_CHECK_INT(to(&r, NULL, "absent"), -EINVAL);
	r.object = "/etc/none";
	DW_CHECK_STR(rig_state(&r).text, "absent");
	r.object = "/etc/link";
	DW_CHECK(to(&r, NULL, "0644 0:0") < 0);
	rig_close(&r);
}

DW_TEST_MAIN
