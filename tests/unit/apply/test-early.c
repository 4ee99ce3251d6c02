/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What runs at every boot before the network, and what ends that. */
#include <errno.h>

#include "disk.h"
#include "dw_guard.h"
#include "dw_state.h"
#include "dw_str.h"
#include "dw_test.h"

static const struct dw_boot_job fence = {
	.early = true,
	.phase = DW_PHASE_KEEP,
	.name = "doorward-fence",
	.stands = "list table inet doorward",
	.summary = "loads the packet filter",
	.why = "it loads the rules",
};
static const char *const nft[] = { "/usr/sbin/nft", "-f", "/etc/doorward/fence.nft", NULL };

static struct dw_run steps_of(struct stage *s, struct dw_step *steps, size_t n, uint64_t confirm_by)
{
	struct dw_run run = {
		.kind = "fence", .confirm_by = confirm_by, .boot_id = "one", .started = 1
	};

	run.n_steps = n;
	run.steps = dw_arena_array(s->arena, n + 1, sizeof(*run.steps));
	for (size_t i = 0; i < n; i++)
		run.steps[i].step = steps[i];
	return run;
}

/* What makes it last waits for the confirm, and goes with an undo; said twice it is said once. */
static void kept(struct stage *s, const char *manager, const char *object)
{
	struct dw_step *steps = NULL;
	struct dw_run run, other;
	size_t n = 0, before = disk_count();

	DW_CHECK_INT(dw_boot_steps(&s->apply, &fence, manager, nft, &steps, &n, &s->e), 0);
	DW_CHECK(n >= 2);
	run = steps_of(s, steps, n, 500);
	DW_CHECK_INT(dw_apply_run(&s->apply, &run, &s->e), 0);
	DW_CHECK_INT(dw_apply_finish(&s->apply, &run, true, NULL, &s->e), 0);
	DW_CHECK_INT(disk_count(), before);
	DW_CHECK_INT(dw_apply_confirm(&s->apply, run.id, &other, &s->e), 0);
	DW_CHECK(strstr(disk_content(object), "/usr/sbin/nft") != NULL);
	DW_CHECK_INT(dw_boot_steps(&s->apply, &fence, manager, nft, &steps, &n, &s->e), 0);
	DW_CHECK_INT(n, 0);
	DW_CHECK_INT(dw_early_off_steps(&s->apply, &fence, &steps, &n, &s->e), 0);
	DW_CHECK(n >= 2);
	other = steps_of(s, steps, n, 0);
	DW_CHECK_INT(dw_apply_run(&s->apply, &other, &s->e), 0);
	DW_CHECK_INT(dw_apply_finish(&s->apply, &other, true, NULL, &s->e), 0);
	DW_CHECK_STR(disk_entry(object)->state.text, "absent");
	DW_CHECK_INT(dw_apply_undo(&s->apply, other.id, false, &other, &s->e), 0);
	DW_CHECK(strstr(disk_content(object), "/usr/sbin/nft") != NULL);
	DW_CHECK_INT(dw_apply_undo(&s->apply, run.id, false, &other, &s->e), 0);
	DW_CHECK_INT(disk_count(), before);
}

DW_TEST(before_the_network_by_systemd)
{
	struct stage s;

	disk_begin(&s);
	kept(&s, "systemd", "/etc/systemd/system/doorward-fence.service");
	disk_end(&s);
}

static char listens[] = "# Required-Start: $network $local_fs\n";

/* The steps for sysvinit where its list of the boot is that, and becomes what is wanted; kept, and taken away again. */
static struct dw_step *by_scripts(struct stage *s, char *depend, const char *want, size_t *ret_n)
{
	struct dw_step *steps = NULL;

	disk_put(s, "/etc/init.d/.depend.boot", depend);
	DW_CHECK_INT(dw_boot_steps(&s->apply, &fence, "sysvinit", nft, &steps, ret_n, &s->e), 0);
	DW_CHECK_STR(*ret_n ? steps[*ret_n - 1].want.data.data : NULL, want);
	kept(s, "sysvinit", "/etc/init.d/doorward-fence");
	DW_CHECK_STR(disk_content("/etc/init.d/.depend.boot"), depend);
	return steps;
}

DW_TEST(before_the_network_by_scripts)
{
	static char depend[] = "TARGETS = mountkernfs.sh urandom networking\n"
			       "INTERACTIVE =\n"
			       "networking: mountkernfs.sh urandom\n";
	struct stage s;
	size_t n = 0;

	disk_begin(&s);
	(void)by_scripts(&s, depend,
			 "TARGETS = mountkernfs.sh urandom networking doorward-fence\n"
			 "INTERACTIVE =\n"
			 "networking: mountkernfs.sh urandom doorward-fence\n"
			 "doorward-fence: mountkernfs.sh urandom\n",
			 &n);
	kept(&s, "openrc", "/etc/init.d/doorward-fence");
	disk_end(&s);
}

/* No `networking` here, but something that listens before the runlevel. */
DW_TEST(before_the_first_listener_by_scripts)
{
	static char depend[] = "TARGETS = mountkernfs.sh mountall.sh rpcbind urandom\n"
			       "INTERACTIVE =\n"
			       "mountall.sh: mountkernfs.sh\n"
			       "rpcbind: mountall.sh\n";
	static char local[] = "# Required-Start: $local_fs\n";
	struct stage s;
	size_t n = 0;

	disk_begin(&s);
	disk_put(&s, "/etc/init.d/rpcbind", listens);
	disk_put(&s, "/etc/init.d/urandom", local);
	(void)by_scripts(&s, depend,
			 "TARGETS = mountkernfs.sh mountall.sh rpcbind urandom doorward-fence\n"
			 "INTERACTIVE =\n"
			 "mountall.sh: mountkernfs.sh\n"
			 "rpcbind: mountall.sh doorward-fence\n"
			 "doorward-fence: mountkernfs.sh mountall.sh\n",
			 &n);
	disk_end(&s);
}

/* Debian's script of nftables needs the network and drops all rules: ours comes behind it, what it needs before it. */
DW_TEST(behind_the_script_that_drops_all_rules)
{
	static char depend[] = "TARGETS = mountkernfs.sh mountall.sh networking nftables rpcbind\n"
			       "INTERACTIVE =\n"
			       "mountall.sh: mountkernfs.sh\n"
			       "networking: mountall.sh\n"
			       "nftables: networking\n"
			       "rpcbind: mountall.sh networking\n";
	struct stage s;
	struct dw_step *steps = NULL;
	size_t n = 0;

	disk_begin(&s);
	disk_put(&s, "/etc/init.d/rpcbind", listens);
	disk_put(&s, "/etc/init.d/nftables", listens);
	disk_put(&s, "/etc/rcS.d/S11nftables", listens);
	steps = by_scripts(
		&s, depend,
		"TARGETS = mountkernfs.sh mountall.sh networking nftables rpcbind doorward-fence\n"
		"INTERACTIVE =\n"
		"mountall.sh: mountkernfs.sh\n"
		"networking: mountall.sh\n"
		"nftables: networking\n"
		"rpcbind: mountall.sh networking doorward-fence\n"
		"doorward-fence: nftables mountkernfs.sh mountall.sh\n",
		&n);
	DW_CHECK(n > 2 && strstr(steps[0].want.data.data, "X-Start-Before:    rpcbind portmap\n"));
	DW_CHECK_STR(n > 2 ? steps[n - 2].object : NULL, "/etc/rcS.d/S12doorward-fence");
	disk_end(&s);
}

/*
 * Then a hook of ifupdown has it done before the network is up, where there is ifupdown. Whatever becomes of it the
 * interface comes up.
 */
static void hooked(const char *manager, bool flushes, bool ifupdown)
{
	static const char hook[] = "/etc/network/if-pre-up.d/doorward-fence";
	struct stage s;
	struct dw_step *steps = NULL;
	const struct dw_step *found = NULL;
	size_t n = 0;

	disk_begin(&s);
	if (flushes)
		disk_put(&s, "/etc/init.d/nftables", listens);
	if (ifupdown)
		disk_entry("/etc/network/if-pre-up.d")->state.text = "directory 0755 0:0";
	DW_CHECK_INT(dw_boot_steps(&s.apply, &fence, manager, nft, &steps, &n, &s.e), 0);
	for (size_t i = 0; i < n; i++)
		if (strcmp(steps[i].object, hook) == 0)
			found = &steps[i];
	DW_CHECK_INT(found != NULL, flushes && ifupdown);
	if (found) {
		DW_CHECK_STR(found->want.data.data,
			     "#!/bin/sh\n"
			     "# doorward: loads the packet filter, until the script of nftables "
			     "has run\n"
			     "'/usr/sbin/nft' list table inet doorward >/dev/null 2>&1 || "
			     "'/usr/sbin/nft' '-f' '/etc/doorward/fence.nft'\n"
			     "exit 0\n");
		kept(&s, manager, hook);
	}
	disk_end(&s);
}

DW_TEST(a_hook_of_ifupdown)
{
	static const char *const managers[] = { "sysvinit", "runit", "openrc" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(managers); i++) {
		hooked(managers[i], true, true);
		hooked(managers[i], true, false);
		hooked(managers[i], false, true);
	}
}

/* insserv gives the links new numbers: an end takes the link that is there. */
DW_TEST(a_link_with_a_new_number_goes_too)
{
	struct stage s;
	struct dw_step *steps = NULL;
	static char nothing[] = "";
	size_t n = 0;

	disk_begin(&s);
	disk_put(&s, "/etc/rcS.d/S07doorward-fence", nothing);
	DW_CHECK_INT(dw_early_off_steps(&s.apply, &fence, &steps, &n, &s.e), 0);
	DW_CHECK_INT(n, 1);
	DW_CHECK_STR(n ? steps[0].object : NULL, "/etc/rcS.d/S07doorward-fence");
	DW_CHECK_STR(n ? steps[0].want.text : NULL, "absent");
	disk_end(&s);
}

/* A step that fails is put back with the others, and it is a trial as before. */
DW_TEST(what_cannot_be_kept_stays_a_trial)
{
	struct stage s;
	struct dw_step *steps = NULL;
	struct dw_run run, now;
	size_t n = 0, before;

	disk_begin(&s);
	before = disk_count();
	DW_CHECK_INT(dw_boot_steps(&s.apply, &fence, "openrc", nft, &steps, &n, &s.e), 0);
	run = steps_of(&s, steps, n, 500);
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), 0);
	DW_CHECK_INT(dw_apply_finish(&s.apply, &run, true, NULL, &s.e), 0);
	disk_entry(steps[n - 1].object)->state.text = "link elsewhere";
	DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &now, &s.e), -ECANCELED);
	DW_CHECK(!now.confirmed);
	DW_CHECK_INT(disk_count(), before + 1);
	disk_entry(steps[n - 1].object)->state.text = "absent";
	DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &now, &s.e), 0);
	DW_CHECK(now.confirmed != 0);
	disk_end(&s);
}

DW_TEST_MAIN
