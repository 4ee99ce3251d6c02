/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory for a journal, and a run that has something in every field. */
#ifndef DW_TEST_JOURNAL_H
#define DW_TEST_JOURNAL_H

#include <ftw.h>

#include "dw_store.h"

static char where[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	return remove(path);
}

static const char *directory(void)
{
	(void)snprintf(where, sizeof(where), "/tmp/dw-store-XXXXXX");
	if (!mkdtemp(where))
		exit(1);
	return where;
}

static void clean(void)
{
	(void)nftw(where, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char before[] = "telnet stream tcp nowait root /usr/sbin/in.telnetd\n",
	    after[] = "#telnet stream tcp nowait root /usr/sbin/in.telnetd\n";

static const struct dw_run_step two_steps[] = {
	{ .step = { .phase = DW_PHASE_STOP,
		    .manager = "systemd",
		    .object = "cups.socket cups.service",
		    .expect = { .text = "active active" },
		    .want = { .text = "inactive inactive" },
		    .label = "cups",
		    .why = "it has an escape \033[31m and bytes \xff\xfe",
		    .door = "0.0.0.0:631/tcp",
		    .n_doors = 2,
		    .command = "systemctl stop cups",
		    .undo_command = "systemctl start cups" } },
	{ .step = { .phase = DW_PHASE_BOOT,
		    .manager = "file",
		    .object = "/etc/inetd.conf",
		    .expect = { .text = "file 0644 0:0 51 sha256:a",
				.data = { before, sizeof(before) - 1 },
				.hint = "mtime=1.5" },
		    .want = { .text = "file 0644 0:0 52 sha256:b",
			      .data = { after, sizeof(after) - 1 } },
		    .notify = "inetd /usr/sbin/inetd",
		    .source = "/etc/inetd.conf:1",
		    .diff = "-telnet\n+#telnet\n",
		    .no_undo = true,
		    .if_left = true } },
};

static const struct dw_run_door one_door[] = {
	{ .role = DW_RUN_DOOR_CLOSED,
	  .at = { .netns = 4026531840,
		  .protocol = DW_PROTOCOL_TCP,
		  .family = DW_FAMILY_IPV4,
		  .address = { 127, 0, 0, 1 },
		  .has_port = true,
		  .port = 631,
		  .ifname = "lo" },
	  .netns = "host",
	  .kind = DW_KIND_LISTENER,
	  .starter = DW_STARTER_SYSTEMD_SOCKET,
	  .starter_id = "cups.socket",
	  .lasting = true },
	{ .role = DW_RUN_DOOR_KEPT, .kind = DW_KIND_SNIFFER },
};

static dw_unused struct dw_run make_run(struct dw_arena *a)
{
	struct dw_run run = { .kind = "close",
			      .command = "doorward close cups",
			      .user = "ann",
			      .host = "here",
			      .version = "0.1.0",
			      .boot_id = "b",
			      .started = 1000,
			      .confirm_by = 1600 };

	run.n_steps = DW_ARRAY_SIZE(two_steps);
	run.steps = dw_arena_memdup(a, two_steps, sizeof(two_steps));
	run.n_doors = DW_ARRAY_SIZE(one_door);
	run.doors = dw_arena_memdup(a, one_door, sizeof(one_door));
	dw_vec_push(a, &run.units, "ssh.service");
	dw_vec_push(a, &run.units, "cron.service");
	return run;
}

#endif
