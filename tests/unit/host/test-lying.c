/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is lying about, on made-up hosts. */
#include <sys/stat.h>

#include "faults.h"

#define STATUS(name)                                                                               \
	"Package: " name "\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"

static void packaged(struct host *h)
{
	host_file(h, "/usr/bin/su", 04755, "su\n");
	host_file(h, "/var/lib/dpkg/status", 0644, STATUS("util-linux"));
	host_file(h, "/var/lib/dpkg/info/util-linux.list", 0644,
		  "/.\n/usr\n/usr/bin\n/usr/bin/su\n/usr/bin/wall\n");
	host_file(h, "/var/lib/dpkg/info/util-linux.md5sums", 0644,
		  "00000000000000000000000000000000  usr/bin/wall\n");
}

/* Whatever the umask is. */
static void writable(struct host *h, const char *path)
{
	char full[512];

	host_file(h, path, 04755, "shell\n");
	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	DW_CHECK_INT(chmod(full, 04757), 0);
}

static void says(struct host *h, enum dw_host_outcome o, const char *evidence)
{
	LOOK(h, "set-uid-files", o, evidence);
	survive_faults(h, "set-uid-files", o);
}

DW_TEST(set_uid_files)
{
	struct host *h = host_new();
	struct checked c;

	host_file(h, "/usr/bin/su", 04755, "su\n");
	LOOK(h, "set-uid-files", DW_HOST_UNKNOWN, "");
	packaged(h);
	says(h, DW_HOST_OK, "");
	/* nobody can execute it */
	host_file(h, "/srv/locked", 02644, "data\n");
	says(h, DW_HOST_OK, "");
	host_file(h, "/usr/bin/wall", 02755, "changed\n");
	host_file(h, "/opt/old/tool", 06755, "tool\n");
	writable(h, "/var/tmp/.x");
	says(h, DW_HOST_FAILS,
	     "/opt/old/tool:0 /opt/old/tool: set-UID of user 0, set-GID of group 0, and of no "
	     "package | /usr/bin/wall:0 "
	     "/usr/bin/wall: set-GID of group 0, and not the file that util-linux brought | "
	     "/var/tmp/.x:0 /var/tmp/.x: "
	     "set-UID of user 0, and everybody may write it");
	c = checked(h, "set-uid-files");
	DW_CHECK_STR(c.r->text, "3 files give rights of another, and no package answers for them.");
	checked_free(&c);
	host_free(h);
}

DW_TEST_MAIN
