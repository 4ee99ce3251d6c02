/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What plan and history say. */
#include <locale.h>

#include "dw_change.h"
#include "dw_json.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"
#include "harmless.h"
#include "mock.h"

#define MAX 16

struct scene {
	struct dw_audit *audit;
	struct dw_arena *a;
	const struct dw_removed_package *packages[2];
	struct dw_plan_door doors[MAX];
	const struct dw_plan_door *closes[MAX], *also[MAX];
	struct dw_refusal refused[MAX];
	struct dw_step steps[MAX];
	const char *remarks[MAX];
	struct dw_plan plan;
	struct dw_report_plan told;
};

static struct dw_plan_door *door_of(struct scene *s, size_t i, const char *text,
				    enum dw_intent intent, const char *service)
{
	for (size_t k = 0; k < s->audit->snapshot->n_doors; k++) {
		const struct dw_door *d = &s->audit->snapshot->doors[k];

		if (!dw_streq(dw_endpoint_text(s->a, &d->at), text))
			continue;
		s->doors[i] = (struct dw_plan_door){
			.door = d, .verdict = "close", .intent = intent, .service = service
		};
		return &s->doors[i];
	}
	printf("no door %s\n", text);
	abort();
}

static void add_step(struct scene *s, struct dw_step step)
{
	if (!step.door)
		step.door = "0.0.0.0:23/tcp";
	step.n_doors = 1;
	s->steps[s->plan.steps.n++] = step;
	s->plan.steps.v = s->steps;
}

static struct dw_step link_step(struct scene *s, const char *where)
{
	return (struct dw_step){
		.phase = DW_PHASE_BOOT,
		.manager = "file",
		.object = dw_arena_printf(s->a, "/etc/systemd/system/%s", where),
		.expect.text =
			dw_arena_printf(s->a, "link /lib/systemd/system/%s", dw_basename(where)),
		.want.text = "absent",
		.notify = "systemd",
		.label = dw_basename(where),
		.why = "The link starts it at boot.",
		.command = "systemctl disable cups.socket cups.service",
		.undo_command = "systemctl enable cups.socket cups.service",
	};
}

static void make_steps(struct scene *s)
{
	add_step(s, (struct dw_step){
			    .phase = DW_PHASE_STOP,
			    .manager = "systemd",
			    .object = "cups.socket cups.path cups.service",
			    .expect.text = "active active active",
			    .want.text = "inactive inactive inactive",
			    .label = "cups.service",
			    .why = "They open 127.0.0.1:631/tcp.",
			    .source = "/lib/systemd/system/cups.socket:6",
			    .door = "127.0.0.1:631/tcp",
			    .command = "systemctl stop cups.socket cups.path cups.service",
			    .undo_command = "systemctl start cups.socket cups.path cups.service" });
	add_step(s, link_step(s, "sockets.target.wants/cups.socket"));
	add_step(s, link_step(s, "multi-user.target.wants/cups.service"));
	add_step(s, (struct dw_step){ .phase = DW_PHASE_BOOT,
				      .manager = "file",
				      .object = "/etc/inetd.conf",
				      .expect.text = "file 0644 0:0 100 sha256:00",
				      .want.text = "file 0644 0:0 101 sha256:01",
				      .notify = "inetd /etc/inetd.conf",
				      .label = "the line of telnet",
				      .why = "inetd opens the door for this line.",
				      .source = "/etc/inetd.conf:7",
				      .diff = "@@ -7 +7 @@\n"
					      "-telnet stream tcp nowait telnetd /usr/sbin/tcpd "
					      "/usr/sbin/in.telnetd with more\n"
					      "+#telnet stream tcp nowait telnetd /usr/sbin/tcpd "
					      "/usr/sbin/in.telnetd with more\n" });
	add_step(s, (struct dw_step){ .phase = DW_PHASE_LEFT,
				      .manager = "process",
				      .object = "612/61200",
				      .expect.text = "running",
				      .want.text = "gone",
				      .label = "in.telnetd (612)",
				      .no_undo = true,
				      .if_left = true });
	add_step(s, (struct dw_step){ .phase = DW_PHASE_LEFT,
				      .manager = "process",
				      .object = "4242/424200",
				      .expect.text = "running",
				      .want.text = "gone",
				      .label = "kworker (4242)",
				      .why = "Nobody starts it: it was started by hand.",
				      .command = "kill 4242",
				      .no_undo = true });
}

static void make(struct scene *s)
{
	static const char *needers[] = { "cups", "cups-client" };
	static const struct dw_strings needs = { .v = needers, .n = 2 };
	static const struct dw_removed_package goes[] = {
		{ .name = "xinetd-tools", .version = "1:2.3~rc1-1", .needs = "telnetd" },
		{ .name = "telnetd" },
	};

	*s = (struct scene){ .audit = dw_mock_audit("host") };
	s->a = s->audit->snapshot->arena;
	s->told = (struct dw_report_plan){ .snapshot = s->audit->snapshot,
					   .version = "0.1.0",
					   .plan = &s->plan };
	s->closes[0] = door_of(s, 0, "0.0.0.0:23/tcp", DW_INTENT_CLOSE, "telnet");
	s->closes[1] = door_of(s, 1, "127.0.0.1:631/tcp", DW_INTENT_CLOSE, "cups");
	s->closes[2] = door_of(s, 2, "[::1]:631/tcp", DW_INTENT_CLOSE, "cups");
	s->closes[3] = door_of(s, 3, "0.0.0.0:69/udp", DW_INTENT_RESTRICT, "tftp");
	s->closes[4] = door_of(s, 4, "[::]:31337/tcp", DW_INTENT_CLOSE, NULL);
	s->also[0] = door_of(s, 5, "192.168.1.10:5432/tcp", DW_INTENT_NONE, "postgresql");
	s->doors[1].dependants = s->doors[2].dependants = &needs;
	s->plan.closes = s->closes;
	s->plan.n_closes = 5;
	s->plan.also = s->also;
	s->plan.n_also = 1;
	s->refused[0] = (struct dw_refusal){
		door_of(s, 6, "0.0.0.0:22/tcp", DW_INTENT_CLOSE, "ssh")->door, "own-session",
		"You came in through it: closing it would lock you out. If you mean it: "
		"--even-my-session."
	};
	s->refused[1] =
		(struct dw_refusal){ door_of(s, 7, "[::]:22/tcp", DW_INTENT_CLOSE, "ssh")->door,
				     s->refused[0].id, s->refused[0].text };
	s->plan.refused = s->refused;
	s->plan.n_refused = 2;
	s->plan.packages = s->packages;
	s->packages[s->plan.n_packages++] = &goes[0];
	s->packages[s->plan.n_packages++] = &goes[1];
	dw_vec_push(s->a, &s->plan.needed_by, "cups-browsed.service (requires cups.service)");
	s->remarks[0] = "A print job that runs is cut off.";
	s->plan.steps.remarks = s->remarks;
	s->plan.steps.n_remarks = 1;
	make_steps(s);
}

static char *plan_text(const struct dw_report_plan *p, struct dw_report_style style, bool json)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(json ? dw_report_plan_json(p, out, true, NULL)
			  : dw_report_plan_text(p, out, &style, NULL),
		     0);
	(void)fclose(out);
	return text;
}

DW_TEST(a_plan_is_as_it_was)
{
	static const char *const words[] = { "telnet", "it's" };
	static const struct {
		const char *file;
		struct dw_report_style style;
		bool json;
	} cases[] = {
		{ DW_TEST_PATH("golden/change-plan-80.txt"), { .columns = 80 }, false },
		{ DW_TEST_PATH("golden/change-plan-wide.txt"),
		  { .columns = 80, .wide = true, .colour = true },
		  false },
		{ DW_TEST_PATH("golden/change-plan-40.txt"),
		  { .columns = 40, .quiet = true },
		  false },
		{ DW_TEST_PATH("golden/change-plan.json"), { 0 }, true },
	};
	struct scene s;

	make(&s);
	s.told.words = words;
	s.told.n_words = 2;
	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		char *text = plan_text(&s.told, cases[i].style, cases[i].json);

		dw_golden_check(cases[i].file, text);
		free(text);
	}
	dw_mock_free(s.audit);
}

/* Who names a door means it; that it was judged otherwise is said. */
DW_TEST(what_was_named_and_judged_otherwise_is_told)
{
	struct scene s;
	char *text;

	make(&s);
	s.doors[0].named = s.doors[1].named = s.doors[4].named = true;
	s.doors[0].verdict = "close";
	s.doors[1].verdict = "keep";
	s.doors[4].verdict = "restrict";
	text = plan_text(&s.told, (struct dw_report_style){ .columns = 200 }, false);
	DW_CHECK(strstr(text, "to be kept open: 127.0.0.1:631/tcp\n") != NULL);
	DW_CHECK(strstr(text, "not closed: doorward close --restrict '*:31337/tcp'\n") != NULL);
	free(text);
	s.doors[1].verdict = "close";
	s.doors[4].intent = DW_INTENT_RESTRICT;
	text = plan_text(&s.told, (struct dw_report_style){ .columns = 200 }, false);
	DW_CHECK(strstr(text, "judged") == NULL);
	free(text);
	dw_mock_free(s.audit);
}

DW_TEST(a_plan_without_steps)
{
	struct scene s;
	char *text;

	make(&s);
	s.plan.steps.n = s.plan.n_closes = s.plan.n_also = 0;
	text = plan_text(&s.told, (struct dw_report_style){ .columns = 80 }, false);
	DW_CHECK(dw_starts_with(text, "Nothing will be done.\n"));
	DW_CHECK(strstr(text, "own-session") != NULL);
	DW_CHECK(strstr(text, "doorward close") == NULL);
	free(text);
	s.plan.n_refused = s.plan.steps.n_remarks = 0;
	text = plan_text(&s.told, (struct dw_report_style){ .columns = 80 }, false);
	DW_CHECK_STR(text, "Nothing to do: no door of this host is to be closed or narrowed.\n");
	free(text);
	dw_mock_free(s.audit);
}

/* Many alike share a paragraph; none of their names is lost, and --wide has each with its command. */
DW_TEST(alike_steps_share_a_paragraph)
{
	struct scene s;
	char *text;

	make(&s);
	s.plan.steps.n = 0;
	for (int i = 0; i < 5; i++) {
		const char *unit = dw_arena_printf(s.a, "a%d.service", i);

		add_step(&s, (struct dw_step){
				     .phase = DW_PHASE_STOP,
				     .manager = "systemd",
				     .object = unit,
				     .expect.text = "active",
				     .want.text = "inactive",
				     .label = unit,
				     .why = "It opens the door.",
				     .source = dw_arena_printf(s.a, "/etc/systemd/system/%s", unit),
				     .command = dw_arena_printf(s.a, "systemctl stop %s", unit),
				     .no_undo = i == 4 });
	}
	text = plan_text(&s.told, (struct dw_report_style){ .columns = 80 }, false);
	DW_CHECK(strstr(text, "  1. Stop these 4 units: a0.service, a1.service, a2.service, "
			      "a3.service\n     It opens the door.\n  2. Stop a4.service (nothing "
			      "brings that back)\n     $ systemctl stop a4.service\n") != NULL);
	DW_CHECK(strstr(text, "systemctl stop a0") == NULL);
	DW_CHECK(strstr(text, "Written in") == NULL);
	free(text);
	text = plan_text(&s.told, (struct dw_report_style){ .columns = 80, .wide = true }, false);
	DW_CHECK(strstr(text, "systemctl stop a0.service") != NULL);
	DW_CHECK(strstr(text, "Written in /etc/systemd/system/a0.service") != NULL);
	free(text);
	dw_mock_free(s.audit);
}

/* A user's own unit is told with the user; of many changed lines every one up to twelve. */
DW_TEST(edits_and_units_of_users)
{
	struct scene s;
	struct dw_str diff;
	char *text;

	make(&s);
	diff = (struct dw_str){ .arena = s.a };
	dw_str_add(&diff, "@@ -1,20 +1,20 @@\n");
	for (int i = 0; i < 12; i++)
		dw_str_addf(&diff, " kept%d\n-line%d\n+#line%d\n", i, i, i);
	s.plan.steps.n = 0;
	add_step(&s, (struct dw_step){ .phase = DW_PHASE_STOP,
				       .manager = "systemd",
				       .object = "1000/patd.service",
				       .expect.text = "active",
				       .want.text = "inactive",
				       .label = "patd.service of pat" });
	add_step(&s, (struct dw_step){ .phase = DW_PHASE_BOOT,
				       .manager = "file",
				       .object = "/etc/inetd.conf",
				       .expect.text = "file 0644 0:0 100 sha256:00",
				       .want.text = "file 0644 0:0 101 sha256:01",
				       .label = "the line of echo, the line of time, the line of x",
				       .diff = diff.s });
	text = plan_text(&s.told, (struct dw_report_style){ .columns = 80 }, false);
	DW_CHECK(strstr(text, "Stop patd.service of pat\n") != NULL);
	DW_CHECK(strstr(text, "Edit /etc/inetd.conf: the lines of echo, time and x\n") != NULL);
	DW_CHECK(strstr(text, "-line11\n") != NULL && strstr(text, "+#line11\n") != NULL);
	DW_CHECK(strstr(text, "kept") == NULL && strstr(text, "more line") == NULL);
	free(text);
	dw_mock_free(s.audit);
}

DW_TEST(closed_already_is_told)
{
	struct dw_strings already = { 0 };
	struct scene s;
	char *text;

	make(&s);
	dw_vec_push(s.a, &already, "telnet is closed already: run 1 did it.");
	s.told.already = &already;
	s.plan.steps.n = s.plan.n_closes = s.plan.n_also = s.plan.n_refused = 0;
	s.plan.steps.n_remarks = 0;
	text = plan_text(&s.told, (struct dw_report_style){ .columns = 80 }, false);
	DW_CHECK_STR(text, "telnet is closed already: run 1 did it.\nNothing to do.\n");
	free(text);
	dw_mock_free(s.audit);
}

#define EVIL                                                                                       \
	"\x1b[31m\xe2\x80\xae\xc2\x9b\x08"                                                         \
	"1m"

DW_TEST(hostile_plans_are_harmless)
{
	static const char *const managers[] = { "file",    "systemd",   "process",
						"package", "container", "sysv" };
	static const char *const words[] = { EVIL };
	struct scene s;
	char *text;

	make(&s);
	for (size_t i = 0; i < DW_ARRAY_SIZE(managers); i++) {
		struct dw_step *v = &s.steps[i];

		*v = (struct dw_step){ .manager = managers[i],
				       .object = EVIL,
				       .label = EVIL,
				       .why = EVIL,
				       .source = EVIL,
				       .diff = "-" EVIL "\n+" EVIL "\n",
				       .command = EVIL,
				       .door = EVIL,
				       .notify = EVIL,
				       .expect.text = "link " EVIL,
				       .want.text = "link " EVIL };
	}
	s.remarks[0] = s.refused[0].text = s.plan.needed_by.v[0] = s.doors[0].service = EVIL;
	s.told.words = words;
	s.told.n_words = 1;
	text = plan_text(&s.told, (struct dw_report_style){ .columns = 80, .wide = true }, false);
	check_harmless(text);
	free(text);
	text = plan_text(&s.told, (struct dw_report_style){ 0 }, true);
	DW_CHECK(strchr(text, '\x1b') == NULL);
	free(text);
	dw_mock_free(s.audit);
}

/* --- runs ----------------------------------------------------------------------------------------- */

static const enum dw_run_step_state step_states[] = { DW_RUN_STEP_DONE,    DW_RUN_STEP_DONE,
						      DW_RUN_STEP_ALREADY, DW_RUN_STEP_UNDONE,
						      DW_RUN_STEP_PLANNED, DW_RUN_STEP_LEFT };

static void make_run(struct scene *s, struct dw_run *r)
{
	*r = (struct dw_run){ .id = 3,
			      .kind = "close",
			      .command = "doorward close telnet cups",
			      .user = "alice",
			      .host = "web1",
			      .version = "0.1.0",
			      .boot_id = "8a1f5b64-8d3f-4a0e-9d0c-3f9a1b9d0c11",
			      .started = 1796464800,
			      .ended = 1796464809,
			      .state = DW_RUN_DONE };
	r->n_steps = s->plan.steps.n;
	r->steps = dw_arena_array(s->a, r->n_steps, sizeof(*r->steps));
	for (size_t i = 0; i < r->n_steps; i++)
		r->steps[i] =
			(struct dw_run_step){ .step = s->steps[i],
					      .state = step_states[i % DW_ARRAY_SIZE(step_states)],
					      .time = 1796464801 + i };
	r->steps[5].message = "nothing brings a process back";
	r->doors = dw_arena_array(s->a, 3, sizeof(*r->doors));
	for (size_t i = 0; i < 3; i++) {
		const struct dw_door *d = s->doors[i].door;

		r->doors[r->n_doors++] = (struct dw_run_door){ .role = i == 2 ? DW_RUN_DOOR_ALSO
									      : DW_RUN_DOOR_CLOSED,
							       .at = d->at,
							       .netns = d->netns,
							       .kind = d->kind,
							       .starter = d->starter.kind,
							       .starter_id = d->starter.id,
							       .program = d->program,
							       .service = s->doors[i].service,
							       .lasting = true };
	}
	dw_vec_push(s->a, &r->units, "ssh.service");
}

static char *history(const struct dw_report_history *h, struct dw_report_style style, bool json)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(json ? dw_report_history_json(h, out, true, NULL)
			  : dw_report_history_text(h, out, &style, NULL),
		     0);
	(void)fclose(out);
	return text;
}

DW_TEST(history_is_as_it_was)
{
	static const struct dw_report_style narrow = { .columns = 80 };
	struct scene s;
	struct dw_run runs[DW_RUN_COUNT + 3];
	struct dw_report_history h = { .runs = runs, .now = 1796464900 };
	char *text;

	make(&s);
	for (size_t i = 0; i < DW_ARRAY_SIZE(runs); i++) {
		make_run(&s, &runs[i]);
		runs[i].id = (int64_t)(DW_ARRAY_SIZE(runs) - i);
		runs[i].state = i < DW_RUN_COUNT ? (enum dw_run_state)i : DW_RUN_DONE;
	}
	runs[DW_RUN_COUNT].confirm_by = 1;
	runs[DW_RUN_COUNT + 1].confirm_by = 1796465400;
	runs[DW_RUN_COUNT + 2].confirm_by = 1796465400;
	runs[DW_RUN_COUNT + 2].confirmed = 1796465000;
	h.n_runs = DW_ARRAY_SIZE(runs);
	text = history(&h, narrow, false);
	dw_golden_check(DW_TEST_PATH("golden/change-history.txt"), text);
	free(text);
	h = (struct dw_report_history){ .runs = &runs[DW_RUN_COUNT + 1],
					.n_runs = 1,
					.whole = true };
	text = history(&h, narrow, false);
	dw_golden_check(DW_TEST_PATH("golden/change-run.txt"), text);
	free(text);
	text = history(&h, narrow, true);
	dw_golden_check(DW_TEST_PATH("golden/change-run.json"), text);
	free(text);
	h = (struct dw_report_history){ 0 };
	text = history(&h, narrow, false);
	DW_CHECK_STR(text, "doorward has changed nothing on this host so far.\n");
	free(text);
	dw_mock_free(s.audit);
}

__attribute__((constructor)) static void set_locale(void)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
}

DW_TEST_MAIN
