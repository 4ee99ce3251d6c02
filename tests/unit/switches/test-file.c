/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/xattr.h>

#include "dw_state.h"
#include "dw_write.h"
#include "rig.h"

static struct rig open_root(const char *object)
{
	struct rig r = { .object = object };

	rig_put(rig_directory(&r), "/etc/inetd.conf", 0644, "telnet stream tcp\n");
	rig_open(&r, "file", r.dir);
	return r;
}

static const char *path_in(struct rig *r, const char *path)
{
	return dw_arena_printf(r->sw.arena, "%s%s", r->dir, path);
}

static struct dw_state word(const char *text)
{
	return (struct dw_state){ .text = text };
}

/* The state of a file with that content, owned by us. */
static struct dw_state content(struct rig *r, mode_t mode, const char *text)
{
	struct dw_bytes b = { .data = dw_arena_strdup(r->sw.arena, text), .n = strlen(text) };

	return (struct dw_state){ .text = dw_state_file_text(r->sw.arena, mode, geteuid(),
							     getegid(), &b, NULL),
				  .data = b };
}

DW_TEST(a_text_names_all_that_counts)
{
	struct rig r = open_root("/etc/inetd.conf");
	struct dw_state now = rig_state(&r);
	const char *want =
		dw_arena_printf(r.sw.arena, "file 0644 %u:%u 18 sha256:", geteuid(), getegid());

	DW_CHECK(now.text && dw_starts_with(now.text, want));
	DW_CHECK_INT(now.text ? strlen(now.text) : 0, strlen(want) + 64);
	DW_CHECK_STR(now.data.data, "telnet stream tcp\n");
	DW_CHECK(now.hint && dw_starts_with(now.hint, "mtime="));
	rig_close(&r);
}

/* FIPS 180-4, Appendix: the digest of "abc", and the known one of nothing */
DW_TEST(the_digest_is_sha256)
{
	struct rig r = open_root("/etc/x");
	struct dw_bytes abc = { .data = (char[]){ "abc" }, .n = 3 }, none = { 0 };

	DW_CHECK_STR(dw_state_file_text(r.sw.arena, 0600, 1, 2, &abc, "xattr:user.a=00"),
		     "file 0600 1:2 3 sha256:"
		     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
		     " xattr:user.a=00");
	DW_CHECK_STR(dw_state_file_text(r.sw.arena, 04755, 0, 0, &none, NULL),
		     "file 4755 0:0 0 sha256:"
		     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	rig_close(&r);
}

DW_TEST(a_file_goes_there_and_back_with_its_time)
{
	static const struct timespec long_ago[2] = { { 86400, 5 }, { 123456789, 987654321 } };
	static const struct timespec before_1970[2] = { { 0, 0 }, { -5, 250000000 } };
	struct rig r = open_root("/etc/inetd.conf");
	struct dw_state off = content(&r, 0644, "#<off># telnet stream tcp\n");

	DW_CHECK_INT(utimensat(AT_FDCWD, path_in(&r, "/etc/inetd.conf"), long_ago, 0), 0);
	DW_CHECK_STR(rig_state(&r).hint, "mtime=123456789.987654321");
	rig_contract(&r, &off);
	DW_CHECK_STR(rig_state(&r).hint, "mtime=123456789.987654321");
	DW_CHECK_INT(utimensat(AT_FDCWD, path_in(&r, "/etc/inetd.conf"), before_1970, 0), 0);
	DW_CHECK_STR(rig_state(&r).hint, "mtime=-5.250000000");
	rig_contract(&r, &off);
	DW_CHECK_STR(rig_state(&r).hint, "mtime=-5.250000000");
	rig_close(&r);
}

DW_TEST(links_masks_modes_and_nothing_at_all)
{
	struct rig r = open_root("/etc/inetd.conf");
	struct dw_state mask = word("link /dev/null"), absent = word("absent");
	struct dw_state deaf = content(&r, 0000, "telnet stream tcp\n");
	struct dw_state setuid = content(&r, 04755, "telnet stream tcp\n");
	struct dw_state dir =
		word(dw_arena_printf(r.sw.arena, "directory 0750 %u:%u", geteuid(), getegid()));
	char target[64] = { 0 };

	rig_contract(&r, &mask);
	rig_contract(&r, &absent);
	rig_contract(&r, &setuid);
	if (geteuid() == 0) /* others may not read what nobody may read */
		rig_contract(&r, &deaf);
	r.object = "/etc/new";
	DW_CHECK_STR(rig_state(&r).text, "absent");
	rig_contract(&r, &mask);
	DW_CHECK(rig_go(&r, &mask));
	DW_CHECK(readlink(path_in(&r, "/etc/new"), target, sizeof(target) - 1) == 9);
	DW_CHECK_STR(target, "/dev/null");
	r.object = "/etc/d";
	rig_contract(&r, &dir);
	rig_close(&r);
}

DW_TEST(hostile_names_come_back_byte_for_byte)
{
	static const char evil[] = "a b\\x41\n\xff\x01~";
	struct rig r = open_root("/etc/link");
	struct dw_state absent = word("absent");
	char target[64] = { 0 };

	DW_CHECK_INT(symlink(evil, path_in(&r, "/etc/link")), 0);
	DW_CHECK_STR(rig_state(&r).text, "link a b\\x5cx41\\x0a\\xff\\x01~");
	rig_contract(&r, &absent);
	DW_CHECK_INT(readlink(path_in(&r, "/etc/link"), target, sizeof(target) - 1),
		     sizeof(evil) - 1);
	DW_CHECK_STR(target, evil);
	rig_close(&r);
}

DW_TEST(extended_attributes_come_back)
{
	struct rig r = open_root("/etc/inetd.conf");
	struct dw_state absent = word("absent");
	const char *file = path_in(&r, "/etc/inetd.conf");
	char value[8] = { 0 };

	if (setxattr(file, "user.a b=c", "\x00\xfe", 2, 0) < 0) {
		printf("no user.* attributes here: not looked at\n");
		rig_close(&r);
		return;
	}
	DW_CHECK(strstr(rig_state(&r).text, " xattr:user.a\\x20b\\x3dc=00fe") != NULL);
	rig_contract(&r, &absent);
	DW_CHECK_INT(getxattr(file, "user.a b=c", value, sizeof(value)), 2);
	DW_CHECK_INT(memcmp(value, "\x00\xfe", 2), 0);
	rig_close(&r);
}

DW_TEST(what_is_no_state_is_refused_and_nothing_done)
{
	struct rig r = open_root("/etc/inetd.conf");
	struct dw_state first = rig_state(&r), good = content(&r, 0644, "x");
	const struct dw_state bad[] = {
		word(NULL),
		word(""),
		word("absent "),
		word("present"),
		word("link "),
		word("link a\\x0"),
		word("link a\\x00"),
		word("link a\\"),
		word("link \xff"),
		word("directory 644 0:0"),
		word("directory 0750 0"),
		word("directory 0750 0:0 "),
		word("directory 0758 0:0"),
		word("directory 0750 -1:0"),
		word("directory 0750 4294967295:0"),
		word(good.text), /* without its content */
		{ .text = good.text, .data = first.data },
		{ .text = dw_arena_printf(r.sw.arena, "%s xattr:a", good.text), .data = good.data },
		{ .text = dw_arena_printf(r.sw.arena, "%s xattr:=00", good.text),
		  .data = good.data },
		{ .text = dw_arena_printf(r.sw.arena, "%s xattr:a=0", good.text),
		  .data = good.data },
		{ .text = dw_arena_printf(r.sw.arena, "%s xattr:a=0G", good.text),
		  .data = good.data },
		{ .text = dw_arena_printf(r.sw.arena, "%s more", good.text), .data = good.data },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++) {
		DW_CHECK_INT(rig_set(&r, &first, &bad[i]), -EINVAL);
		DW_CHECK_STR(rig_state(&r).text, first.text);
	}
	rig_close(&r);
}

DW_TEST(what_somebody_wrote_meanwhile_is_not_overwritten)
{
	struct rig r = open_root("/etc/inetd.conf");
	struct dw_state first = rig_state(&r), off = content(&r, 0644, "off\n");

	rig_put(r.dir, "/etc/inetd.conf", 0644, "somebody else\n");
	DW_CHECK_INT(rig_set(&r, &first, &off), -ESTALE);
	DW_CHECK_STR(rig_state(&r).data.data, "somebody else\n");
	DW_CHECK_INT(rig_set(&r, NULL, &off), 0);
	DW_CHECK_STR(rig_state(&r).text, off.text);
	rig_close(&r);
}

DW_TEST(a_pipe_has_no_state)
{
	struct rig r = open_root("/etc/pipe");
	struct dw_state now = { 0 };

	DW_CHECK_INT(mkfifo(path_in(&r, "/etc/pipe"), 0600), 0);
	DW_CHECK_INT(r.ops->state(&r.sw, r.object, &now, &r.e), -ENOTSUP);
	DW_CHECK(now.text == NULL && strstr(r.e.message, "/etc/pipe") != NULL);
	rig_close(&r);
}

DW_TEST(each_failure_leaves_one_of_the_two)
{
	static const int codes[] = { EIO, ENOSPC, EROFS, EPERM };
	struct rig r = open_root("/etc/inetd.conf");
	struct dw_state first = rig_state(&r), off = content(&r, 0600, "off\n");
	struct dw_state mask = word("link /dev/null"), absent = word("absent");
	const struct dw_state *const all[] = { &first, &off, &mask, &absent };

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		for (size_t k = 0; k < DW_ARRAY_SIZE(all); k++)
			if (i != k)
				DW_CHECK(rig_faults(&r, all[i], all[k],
						    codes[(i + k) % DW_ARRAY_SIZE(codes)],
						    NULL) >= 4);
	rig_close(&r);
}

DW_TEST_MAIN
