/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trials: when they are due, and what puts them back at the next boot. */
#include <errno.h>

#include "disk.h"
#include "dw_guard.h"
#include "dw_state.h"
#include "dw_str.h"
#include "dw_test.h"

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

	disk_begin(&s);
	run = trial(&s, "systemd");
	DW_CHECK_INT(disk_reloads, 1);
	DW_CHECK(strstr(disk_content("/etc/systemd/system/doorward-trial.service"),
			"\nExecStart=\"/opt/it's 100%%/doorward\" \"undo\" \"--expired\"\n") !=
		 NULL);
	DW_CHECK_STR(
		disk_entry("/etc/systemd/system/multi-user.target.wants/doorward-trial.service")
			->state.text,
		"link /etc/systemd/system/doorward-trial.service");
	DW_CHECK_INT(disk_count(), 4);
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), 0);
	DW_CHECK_INT(disk_count(), 0);
	DW_CHECK_INT(disk_reloads, 2);
	disk_end(&s);
}

DW_TEST(confirm_takes_the_guard_alone)
{
	static const char *const all[] = { "systemd", "sysvinit", "runit", "openrc" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		struct stage s;
		struct dw_run run, other = { .kind = "close", .confirm_by = 9 }, kept;

		disk_begin(&s);
		run = trial(&s, all[i]);
		DW_CHECK(disk_count() > 2);
		DW_CHECK_INT(dw_apply_run(&s.apply, &other, &s.e), -EBUSY);
		DW_CHECK(strstr(s.e.message, "run 1 is on trial: `doorward confirm 1`") != NULL);
		DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), 0);
		DW_CHECK_INT(disk_count(), 1);
		DW_CHECK_STR(disk_entry("/etc/door")->state.text, "link shut");
		DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), -EALREADY);
		DW_CHECK_INT(dw_apply_settle(&s.apply, &s.e), 0);
		DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &kept, &s.e), 0);
		DW_CHECK_INT(disk_count(), 0);
		DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), -EALREADY);
		disk_end(&s);
	}
}

/* A trial that was put back cannot be kept any more; one that is none cannot either. */
DW_TEST(confirm_says_why_not)
{
	struct stage s;
	struct dw_run run, kept, plain = { .kind = "close" };

	disk_begin(&s);
	run = trial(&s, "openrc");
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &kept, &s.e), 0);
	DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), -ETIME);
	DW_CHECK_INT(dw_apply_run(&s.apply, &plain, &s.e), 0);
	DW_CHECK_INT(dw_apply_finish(&s.apply, &plain, true, NULL, &s.e), 0);
	DW_CHECK_INT(dw_apply_confirm(&s.apply, plain.id, &kept, &s.e), -EALREADY);
	DW_CHECK_STR(s.e.message, "run 2 is no trial");
	disk_end(&s);
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

		disk_begin(&s);
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
		DW_CHECK_INT(disk_count(), kept.confirmed ? 1 : 4);
		DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &kept, &s.e), 0);
		DW_CHECK_INT(disk_count(), 0);
		disk_end(&s);
	}
	DW_CHECK(good && settled > 5);
}

/* startpar(8) looks at this file, not at the links alone. */
DW_TEST(startpar_is_told_too)
{
	static char depend[] =
		"TARGETS = rsyslog ssh cron\nINTERACTIVE =\nssh: rsyslog\ncron: rsyslog\n";
	struct stage s;
	struct dw_run run, kept;

	disk_begin(&s);
	disk_put(&s, "/etc/init.d/.depend.start", depend);
	run = trial(&s, "sysvinit");
	DW_CHECK_STR(disk_content("/etc/init.d/.depend.start"),
		     "TARGETS = rsyslog ssh cron doorward-trial\nINTERACTIVE =\nssh: rsyslog\n"
		     "cron: rsyslog\ndoorward-trial: rsyslog ssh cron\n");
	DW_CHECK(strstr(disk_content("/etc/init.d/doorward-trial"),
			"start) '/opt/it'\\''s 100%/doorward' 'undo' '--expired' ;;") != NULL);
	DW_CHECK_STR(disk_entry("/etc/rc3.d/S99doorward-trial")->state.text,
		     "link ../init.d/doorward-trial");
	DW_CHECK_INT(dw_apply_confirm(&s.apply, run.id, &kept, &s.e), 0);
	DW_CHECK_STR(disk_content("/etc/init.d/.depend.start"), depend);
	DW_CHECK_INT(disk_count(), 2);
	disk_end(&s);
}

DW_TEST(what_cannot_be_guarded_is_said)
{
	static const char *const relative[] = { "doorward", NULL };
	static char theirs[] = "theirs\n";
	struct stage s;
	struct dw_step *steps = NULL;
	size_t n;

	disk_begin(&s);
	DW_CHECK_INT(dw_guard_steps(&s.apply, NULL, argv, &steps, &n, &s.e), -ENOTSUP);
	DW_CHECK_INT(dw_guard_steps(&s.apply, "tini", argv, &steps, &n, &s.e), -ENOTSUP);
	DW_CHECK_INT(dw_guard_steps(&s.apply, "systemd", relative, &steps, &n, &s.e), -EINVAL);
	disk_put(&s, "/etc/init.d/doorward-trial", theirs);
	DW_CHECK_INT(dw_guard_steps(&s.apply, "openrc", argv, &steps, &n, &s.e), -EEXIST);
	DW_CHECK(!steps);
	disk_end(&s);
}

DW_TEST_MAIN
