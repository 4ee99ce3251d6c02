/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rights of the files that decide who logs in. As root alone: files of others have to be made. */
#include <fcntl.h>
#include <unistd.h>

#include "checks.h"

static void own(const struct host *h, const char *path, unsigned uid, int mode)
{
	char full[256];

	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	if (chmod(full, (mode_t)mode) < 0 || (uid != geteuid() && chown(full, uid, (gid_t)-1) < 0))
		perror(full);
}

/* Files of a made-up host belong to whoever tests. */
static struct host *rooted(void)
{
	struct host *h = host_new();

	host_file(h, "/etc/passwd", 0644,
		  "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n");
	host_file(h, "/etc/shadow", 0640, "root:*:1:0:99999:7:::\n");
	host_file(h, "/etc/group", 0644, "root:x:0:\n");
	host_file(h, "/home/ann/.ssh/authorized_keys", 0600, "");
	host_file(h, "/root/x", 0600, "");
	return h;
}

DW_TEST(files_that_are_as_they_should_be)
{
	struct host *h = rooted();

	host_file(h, "/etc/sudoers", 0440, "");
	host_file(h, "/etc/sudoers.d/x", 0440, "");
	host_file(h, "/etc/ssh/sshd_config", 0644, "");
	host_file(h, "/etc/ssh/ssh_host_rsa_key", 0600, "");
	host_file(h, "/etc/ssh/ssh_host_rsa_key.pub", 0644, "");
	LOOK(h, "account-files", DW_HOST_OK, "");
	LOOK(h, "sudo-files", DW_HOST_OK, "");
	LOOK(h, "homes", DW_HOST_OK, "");
	LOOK(h, "authorized-keys", DW_HOST_OK, "");
	LOOK(h, "sshd-files", DW_HOST_OK, "");
	host_free(h);
}

DW_TEST(what_others_may_read_or_write_loses_those_bits)
{
	struct host *h = rooted();
	struct checked c;

	own(h, "/etc/shadow", 0, 0646);
	own(h, "/etc/group", 0, 0664);
	c = checked(h, "account-files");
	DW_CHECK_STR(
		seen(&c),
		"/etc/group:0 /etc/group: its mode is 0664: others than its owner may write it | "
		"/etc/shadow:0 /etc/shadow: its mode is 0646: others than its owner may write it");
	DW_CHECK_STR(changes(&c), "mode:/etc/group=0644 0:0 | mode:/etc/shadow=0640 0:0");
	checked_free(&c);
	own(h, "/etc/shadow", 0, 0644);
	own(h, "/etc/group", 0, 0644);
	LOOK(h, "account-files", DW_HOST_FAILS,
	     "/etc/shadow:0 /etc/shadow: its mode is 0644: others may read it");
	host_file(h, "/etc/sudoers", 0440, "");
	host_file(h, "/etc/sudoers.d/x", 0440, "");
	own(h, "/etc/sudoers.d/x", 0, 0466);
	LOOK(h, "sudo-files", DW_HOST_FAILS,
	     "/etc/sudoers.d/x:0 /etc/sudoers.d/x: its mode is 0466: others than its owner may "
	     "write it");
	host_file(h, "/etc/ssh/ssh_host_rsa_key", 0600, "");
	own(h, "/etc/ssh/ssh_host_rsa_key", 0, 0644);
	LOOK(h, "sshd-files", DW_HOST_FAILS,
	     "/etc/ssh/ssh_host_rsa_key:0 /etc/ssh/ssh_host_rsa_key: its mode is 0644: others may "
	     "read it");
	host_free(h);
}

DW_TEST(what_belongs_to_another_is_given_back)
{
	struct host *h = rooted();
	struct checked c;

	own(h, "/home/ann", 1001, 0755);
	c = checked(h, "homes");
	DW_CHECK_STR(seen(&c), "/home/ann:0 /home/ann: it belongs to user 1001, who is nobody");
	DW_CHECK_STR(changes(&c), "mode:/home/ann=0755 1000:0");
	checked_free(&c);
	own(h, "/home/ann", 1000, 0777);
	own(h, "/home/ann/.ssh/authorized_keys", 1000, 0620);
	LOOK(h, "homes", DW_HOST_FAILS,
	     "/home/ann:0 /home/ann: its mode is 0777: others than its owner may write it");
	LOOK(h, "authorized-keys", DW_HOST_FAILS,
	     "/home/ann/.ssh/authorized_keys:0 /home/ann/.ssh/authorized_keys: its mode is 0620: "
	     "others than its owner may "
	     "write it");
	host_free(h);
}

int main(void)
{
	if (geteuid() != 0)
		return 77; /* meson: skipped */
	return dw_test_run();
}
