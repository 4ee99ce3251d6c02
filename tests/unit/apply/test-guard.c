/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trials: when they are due, and what puts them back at the next boot. */
#include <errno.h>

#include "dw_guard.h"
#include "dw_state.h"
#include "dw_str.h"
#include "dw_test.h"
#include "stage.h"

/* Names and what stands there; everything else is absent. */
struct entry {
	const char *name;
	struct dw_state state;
};
static struct entry entries[512];
static size_t n_entries;
static unsigned reloads;

static struct entry *entry_of(const char *name)
{
	for (size_t i = 0; i < n_entries; i++)
		if (dw_streq(entries[i].name, name))
			return &entries[i];
	if (n_entries == DW_ARRAY_SIZE(entries))
		abort();
	entries[n_entries] = (struct entry){ .name = name, .state = { .text = "absent" } };
	return &entries[n_entries++];
}

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	*ret = entry_of(object)->state;
	return 0;
}

static int set(struct dw_switch *s, const char *object, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	entry_of(object)->state = *want;
	return 0;
}

static const struct dw_switch_ops *find(const char *name)
{
	static const struct dw_switch_ops file = { .name = "file", .state = state, .set = set };

	return dw_streq(name, "file") ? &file : NULL;
}

static int notify(struct dw_switch *s, const char *who, struct dw_error *e)
{
	DW_CHECK_STR(who, "systemd");
	reloads++;
	return 0;
}

static void begin(struct stage *s)
{
	n_entries = 0;
	reloads = 0;
	stage_directory_new();
	stage_open(s, stage_directory);
	s->apply.find = find;
	s->apply.notify = notify;
}

static void end(struct stage *s)
{
	stage_close(s);
	stage_directory_remove(stage_directory);
}

static size_t there(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_entries; i++)
		n += !dw_streq(entries[i].state.text, "absent");
	return n;
}

static const char *content_of(const char *name)
{
	const char *text = entry_of(name)->state.data.data;

	return text ? text : "";
}

static const char *const argv[] = { "/opt/it's 100%/doorward", "undo", "--expired", NULL };

static struct dw_run trial(struct stage *s, const char *manager)
{
	struct dw_run run = { .kind = "close", .confirm_by = 500, .boot_id = "one", .started = 1 };
	struct dw_step *steps = NULL;

	DW_CHECK_INT(dw_guard_steps(&s->apply, manager, argv, &steps, &run.n_steps, &s->e), 0);
	run.steps = dw_arena_array(s->arena, run.n_steps + 1, sizeof(*run.steps));
	for (size_t i = 0; i < run.n_steps; i++)
		run.steps[i].step = steps[i];
	run.steps[run.n_steps++].step = (struct dw_step){ .phase = DW_PHASE_BOOT,
							  .manager = "file",
							  .object = "/etc/door",
							  .expect = { .text = "absent" },
							  .want = { .text = "link shut" } };
	DW_CHECK_INT(dw_apply_run(&s->apply, &run, &s->e), 0);
	DW_CHECK_INT(dw_apply_finish(&s->apply, &run, true, NULL, &s->e), 0);
	return run;
}

DW_TEST(a_trial_is_due_by_the_clock_or_in_another_boot)
{
	struct dw_run run = { .state = DW_RUN_DONE, .confirm_by = 500, .boot_id = "one" };

	DW_CHECK(!dw_guard_is_due(&run, 499, "one"));
	DW_CHECK(dw_guard_is_due(&run, 500, "one"));
	DW_CHECK(dw_guard_is_due(&run, 0, "two")); /* the clock was set back: the boot tells */
	DW_CHECK(!dw_guard_is_due(&run, 0, NULL));
	DW_CHECK(!dw_guard_is_due(&run, 0, ""));
	run.confirm_by = 1;
	DW_CHECK(!dw_guard_is_due(&run, UINT64_MAX, "one"));
	DW_CHECK(dw_guard_is_due(&run, 0, "two"));
	run.confirmed = 7;
	DW_CHECK(!dw_guard_is_due(&run, UINT64_MAX, "two"));
	run = (struct dw_run){ .state = DW_RUN_UNDONE, .confirm_by = 500, .boot_id = "one" };
	DW_CHECK(!dw_guard_is_due(&run, 600, "two"));
	run = (struct dw_run){ .state = DW_RUN_DONE, .boot_id = "one" };
	DW_CHECK(!dw_guard_is_due(&run, 600, "two"));
}

DW_TEST(systemd_gets_a_unit_and_a_link)
{
	struct stage s;
	struct dw_run run, back;

	begin(&s);
	run = trial(&s, "systemd");
	DW_CHECK_INT(reloads, 1);
	DW_CHECK(strstr(content_of("/etc/systemd/system/doorward-trial.service"),
			"\nExecStart=\"/opt/it's 100%%/doorward\" \"undo\" \"--expired\"\n") !=
		 NULL);
	DW_CHECK_STR(entry_of("/etc/systemd/system/multi-user.target.wants/doorward-trial.service")
			     ->state.text,
		     "link /etc/systemd/system/doorward-trial.service");
	DW_CHECK_INT(there(), 4);
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), 0);
	DW_CHECK_INT(there(), 0);
	DW_CHECK_INT(reloads, 2);
	end(&s);
}

DW_TEST(confirm_takes_the_guard_alone)
{
	static const char *const all[] = { "systemd", "sysvinit", "runit", "openrc" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		struct stage s;
		struct dw_run run, other = { .kind = "close", .confirm_by = 9 }, kept;

		begin(&s);
		run = trial(&s, all[i]);
		DW_CHECK(there() > 2);
		DW_CHECK_INT(dw_apply_run(&s.apply, &other, &s.e), -EBUSY);
		DW_CHECK(strstr(s.e.message, "run 1 is on trial: `doorward confirm 1`") != NULL);
		DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), 0);
		DW_CHECK_INT(there(), 1);
		DW_CHECK_STR(entry_of("/etc/door")->state.text, "link shut");
		DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), -EALREADY);
		DW_CHECK_INT(dw_apply_settle(&s.apply, &s.e), 0);
		DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &kept, &s.e), 0);
		DW_CHECK_INT(there(), 0);
		DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), -EALREADY);
		end(&s);
	}
}

/* A trial that was put back cannot be kept any more; one that is none cannot either. */
DW_TEST(confirm_says_why_not)
{
	struct stage s;
	struct dw_run run, kept, plain = { .kind = "close" };

	begin(&s);
	run = trial(&s, "openrc");
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &kept, &s.e), 0);
	DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), -ETIME);
	DW_CHECK_INT(dw_apply_run(&s.apply, &plain, &s.e), 0);
	DW_CHECK_INT(dw_apply_finish(&s.apply, &plain, true, NULL, &s.e), 0);
	DW_CHECK_INT(dw_apply_confirm(&s.apply, plain.id, &kept, &s.e), -EALREADY);
	DW_CHECK_STR(s.e.message, "run 2 is no trial");
	end(&s);
}

/* The journal fails at each call of a confirm: it is confirmed or not, and a settle takes what is left of the guard. */
DW_TEST(an_interrupted_confirm_is_ended)
{
	bool good = false;
	unsigned settled = 0;

	for (unsigned n = 1; !good && n < 200; n++) {
		struct stage s;
		struct dw_run run, kept = { 0 };
		unsigned before;
		int r;

		begin(&s);
		run = trial(&s, "systemd");
		before = dw_store_calls(s.store);
		dw_store_fail_at(s.store, n, EIO);
		good = dw_apply_confirm(&s.apply, run.id, &kept, &s.e) == 0 &&
		       dw_store_calls(s.store) - before < n;
		dw_store_fail_at(s.store, 0, 0);
		r = dw_apply_settle(&s.apply, &s.e);
		DW_CHECK(r == 0 || r == 1);
		settled += r > 0;
		DW_CHECK_INT(dw_store_load(s.store, run.id, s.arena, &kept, &s.e), 0);
		DW_CHECK_INT(there(), kept.confirmed ? 1 : 4);
		DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &kept, &s.e), 0);
		DW_CHECK_INT(there(), 0);
		end(&s);
	}
	DW_CHECK(good && settled > 5);
}

static void put(struct stage *s, const char *name, char *text)
{
	struct entry *p = entry_of(name);

	p->state.data = (struct dw_bytes){ text, strlen(text) };
	p->state.text = dw_state_file_text(s->arena, 0644, 0, 0, &p->state.data, NULL);
}

/* startpar(8) looks at this file, not at the links alone. */
DW_TEST(startpar_is_told_too)
{
	static char depend[] =
		"TARGETS = rsyslog ssh cron\nINTERACTIVE =\nssh: rsyslog\ncron: rsyslog\n";
	struct stage s;
	struct dw_run run, kept;

	begin(&s);
	put(&s, "/etc/init.d/.depend.start", depend);
	run = trial(&s, "sysvinit");
	DW_CHECK_STR(content_of("/etc/init.d/.depend.start"),
		     "TARGETS = rsyslog ssh cron doorward-trial\nINTERACTIVE =\nssh: rsyslog\n"
		     "cron: rsyslog\ndoorward-trial: rsyslog ssh cron\n");
	DW_CHECK(strstr(content_of("/etc/init.d/doorward-trial"),
			"start) '/opt/it'\\''s 100%/doorward' 'undo' '--expired' ;;") != NULL);
	DW_CHECK_STR(entry_of("/etc/rc3.d/S99doorward-trial")->state.text,
		     "link ../init.d/doorward-trial");
	DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), 0);
	DW_CHECK_STR(content_of("/etc/init.d/.depend.start"), depend);
	DW_CHECK_INT(there(), 2);
	end(&s);
}

DW_TEST(what_cannot_be_guarded_is_said)
{
	static const char *const relative[] = { "doorward", NULL };
	static char theirs[] = "theirs\n";
	struct stage s;
	struct dw_step *steps = NULL;
	size_t n;

	begin(&s);
	DW_CHECK_INT(dw_guard_steps(&s.apply, NULL, argv, &steps, &n, &s.e), -ENOTSUP);
	DW_CHECK_INT(dw_guard_steps(&s.apply, "tini", argv, &steps, &n, &s.e), -ENOTSUP);
	DW_CHECK_INT(dw_guard_steps(&s.apply, "systemd", relative, &steps, &n, &s.e), -EINVAL);
	put(&s, "/etc/init.d/doorward-trial", theirs);
	DW_CHECK_INT(dw_guard_steps(&s.apply, "openrc", argv, &steps, &n, &s.e), -EEXIST);
	DW_CHECK(!steps);
	end(&s);
}

/* --- before the network -------------------------------------------------------------------------------- */

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
	size_t n = 0, before = there();

	DW_CHECK_INT(dw_boot_steps(&s->apply, &fence, manager, nft, &steps, &n, &s->e), 0);
	DW_CHECK(n >= 2);
	run = steps_of(s, steps, n, 500);
	DW_CHECK_INT(dw_apply_run(&s->apply, &run, &s->e), 0);
	DW_CHECK_INT(dw_apply_finish(&s->apply, &run, true, NULL, &s->e), 0);
	DW_CHECK_INT(there(), before);
	DW_CHECK_INT(dw_apply_confirm(&s->apply, run.id, &other, &s->e), 0);
	DW_CHECK(strstr(content_of(object), "/usr/sbin/nft") != NULL);
	DW_CHECK_INT(dw_boot_steps(&s->apply, &fence, manager, nft, &steps, &n, &s->e), 0);
	DW_CHECK_INT(n, 0);
	DW_CHECK_INT(dw_early_off_steps(&s->apply, &fence, &steps, &n, &s->e), 0);
	DW_CHECK(n >= 2);
	other = steps_of(s, steps, n, 0);
	DW_CHECK_INT(dw_apply_run(&s->apply, &other, &s->e), 0);
	DW_CHECK_INT(dw_apply_finish(&s->apply, &other, true, NULL, &s->e), 0);
	DW_CHECK_STR(entry_of(object)->state.text, "absent");
	DW_CHECK_INT(dw_apply_undo(&s->apply, other.id, false, &other, &s->e), 0);
	DW_CHECK(strstr(content_of(object), "/usr/sbin/nft") != NULL);
	DW_CHECK_INT(dw_apply_undo(&s->apply, run.id, false, &other, &s->e), 0);
	DW_CHECK_INT(there(), before);
}

DW_TEST(before_the_network_by_systemd)
{
	struct stage s;

	begin(&s);
	kept(&s, "systemd", "/etc/systemd/system/doorward-fence.service");
	end(&s);
}

static char listens[] = "# Required-Start: $network $local_fs\n";

/* The steps for sysvinit where its list of the boot is that, and becomes what is wanted; kept, and taken away again. */
static struct dw_step *by_scripts(struct stage *s, char *depend, const char *want, size_t *ret_n)
{
	struct dw_step *steps = NULL;

	put(s, "/etc/init.d/.depend.boot", depend);
	DW_CHECK_INT(dw_boot_steps(&s->apply, &fence, "sysvinit", nft, &steps, ret_n, &s->e), 0);
	DW_CHECK_STR(*ret_n ? steps[*ret_n - 1].want.data.data : NULL, want);
	kept(s, "sysvinit", "/etc/init.d/doorward-fence");
	DW_CHECK_STR(content_of("/etc/init.d/.depend.boot"), depend);
	return steps;
}

DW_TEST(before_the_network_by_scripts)
{
	static char depend[] = "TARGETS = mountkernfs.sh urandom networking\n"
			       "INTERACTIVE =\n"
			       "networking: mountkernfs.sh urandom\n";
	struct stage s;
	size_t n = 0;

	begin(&s);
	(void)by_scripts(&s, depend,
			 "TARGETS = mountkernfs.sh urandom networking doorward-fence\n"
			 "INTERACTIVE =\n"
			 "networking: mountkernfs.sh urandom doorward-fence\n"
			 "doorward-fence: mountkernfs.sh urandom\n",
			 &n);
	kept(&s, "openrc", "/etc/init.d/doorward-fence");
	end(&s);
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

	begin(&s);
	put(&s, "/etc/init.d/rpcbind", listens);
	put(&s, "/etc/init.d/urandom", local);
	(void)by_scripts(&s, depend,
			 "TARGETS = mountkernfs.sh mountall.sh rpcbind urandom doorward-fence\n"
			 "INTERACTIVE =\n"
			 "mountall.sh: mountkernfs.sh\n"
			 "rpcbind: mountall.sh doorward-fence\n"
			 "doorward-fence: mountkernfs.sh mountall.sh\n",
			 &n);
	end(&s);
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

	begin(&s);
	put(&s, "/etc/init.d/rpcbind", listens);
	put(&s, "/etc/init.d/nftables", listens);
	put(&s, "/etc/rcS.d/S11nftables", listens);
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
	end(&s);
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

	begin(&s);
	if (flushes)
		put(&s, "/etc/init.d/nftables", listens);
	if (ifupdown)
		entry_of("/etc/network/if-pre-up.d")->state.text = "directory 0755 0:0";
	DW_CHECK_INT(dw_boot_steps(&s.apply, &fence, manager, nft, &steps, &n, &s.e), 0);
	for (size_t i = 0; i < n; i++)
		if (strcmp(steps[i].object, hook) == 0)
			found = &steps[i];
	DW_CHECK_INT(found != NULL, flushes && ifupdown);
	if (found) {
		DW_CHECK_STR(found->want.data.data,
			     "#!/bin/sh\n"
			     "# doorward: loads the packet filter, until the script of nftables has run\n"
			     "'/usr/sbin/nft' list table inet doorward >/dev/null 2>&1 || "
			     "'/usr/sbin/nft' '-f' '/etc/doorward/fence.nft'\n"
			     "exit 0\n");
		kept(&s, manager, hook);
	}
	end(&s);
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

	begin(&s);
	put(&s, "/etc/rcS.d/S07doorward-fence", nothing);
	DW_CHECK_INT(dw_early_off_steps(&s.apply, &fence, &steps, &n, &s.e), 0);
	DW_CHECK_INT(n, 1);
	DW_CHECK_STR(n ? steps[0].object : NULL, "/etc/rcS.d/S07doorward-fence");
	DW_CHECK_STR(n ? steps[0].want.text : NULL, "absent");
	end(&s);
}

/* A step that fails is put back with the others, and it is a trial as before. */
DW_TEST(what_cannot_be_kept_stays_a_trial)
{
	struct stage s;
	struct dw_step *steps = NULL;
	struct dw_run run, now;
	size_t n = 0, before;

	begin(&s);
	before = there();
	DW_CHECK_INT(dw_boot_steps(&s.apply, &fence, "openrc", nft, &steps, &n, &s.e), 0);
	run = steps_of(&s, steps, n, 500);
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), 0);
	DW_CHECK_INT(dw_apply_finish(&s.apply, &run, true, NULL, &s.e), 0);
	entry_of(steps[n - 1].object)->state.text = "link elsewhere";
	DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &now, &s.e), -ECANCELED);
	DW_CHECK(!now.confirmed);
	DW_CHECK_INT(there(), before + 1);
	entry_of(steps[n - 1].object)->state.text = "absent";
	DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &now, &s.e), 0);
	DW_CHECK(now.confirmed != 0);
	end(&s);
}

DW_TEST_MAIN
