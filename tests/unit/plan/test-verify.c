/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a host looks like after a run, and what is said of it. */
#include "dw_str.h"
#include "dw_test.h"
#include "dw_verify.h"

enum { DOORS = 8 };

struct scene {
	struct dw_arena *a;
	struct dw_run run;
	struct dw_run_door before[DOORS];
	struct dw_door now[DOORS];
	struct dw_snapshot after;
	struct dw_strings units;
	struct dw_verify_step steps[2];
	struct dw_run_step run_steps[2];
	size_t n_steps;
	bool at_once, no_units;
	struct dw_differences found;
};

static struct scene *scene_new(bool at_once)
{
	struct dw_arena *a = dw_arena_new();
	struct scene *s = dw_new(a, struct scene);

	s->a = a;
	s->at_once = at_once;
	s->run.id = 7;
	s->run.doors = s->before;
	s->run.steps = s->run_steps;
	s->after.doors = s->now;
	return s;
}

static void scene_free(struct scene **s)
{
	dw_arena_free((*s)->a);
}
#define _cleanup_scene_ _cleanup_(scene_free)

static struct dw_endpoint at(enum dw_protocol protocol, unsigned port)
{
	return (struct dw_endpoint){
		.protocol = protocol, .family = DW_FAMILY_IPV4, .has_port = true, .port = port
	};
}

static struct dw_run_door *had(struct scene *s, int role, unsigned port, const char *unit)
{
	struct dw_run_door *d = &s->before[s->run.n_doors++];

	*d = (struct dw_run_door){ .role = role,
				   .at = at(DW_PROTOCOL_TCP, port),
				   .netns = "host",
				   .kind = DW_KIND_LISTENER,
				   .starter = DW_STARTER_SYSTEMD_SERVICE,
				   .starter_id = unit,
				   .program = unit };
	return d;
}

static struct dw_door *has(struct scene *s, unsigned port, const char *unit)
{
	struct dw_door *d = &s->now[s->after.n_doors++];

	*d = (struct dw_door){ .at = at(DW_PROTOCOL_TCP, port),
			       .netns = "host",
			       .kind = DW_KIND_LISTENER,
			       .starter = { .kind = DW_STARTER_SYSTEMD_SERVICE, .id = unit },
			       .program = unit };
	return d;
}

static void look(struct scene *s)
{
	const struct dw_verify_input in = { .run = &s->run,
					    .after = &s->after,
					    .units = s->no_units ? NULL : &s->units,
					    .steps = s->steps,
					    .n_steps = s->n_steps,
					    .at_once = s->at_once };

	s->found = (struct dw_differences){ 0 };
	dw_verify(&in, s->a, &s->found);
}

#define NOTHING DW_DIFFERENCE_UNKNOWN

/* There is one difference, of that kind; NOTHING: there is none. */
static const struct dw_difference *check(struct scene *s, enum dw_difference_kind kind, bool grave)
{
	static const struct dw_difference none = { 0 };

	look(s);
	DW_CHECK_INT(s->found.n, kind == NOTHING ? 0 : 1);
	for (size_t i = 0; s->found.n != (kind != NOTHING) && i < s->found.n; i++)
		printf("%s: %s\n", dw_difference_kind_name(s->found.v[i].kind), s->found.v[i].text);
	if (s->found.n != 1)
		return &none;
	DW_CHECK_STR(dw_difference_kind_name(s->found.v[0].kind), dw_difference_kind_name(kind));
	DW_CHECK_INT(s->found.v[0].grave, grave);
	DW_CHECK_INT(s->found.v[0].run, 7);
	return &s->found.v[0];
}

DW_TEST(closed_is_closed_and_open_again_is_grave)
{
	_cleanup_scene_ struct scene *s = scene_new(true);
	const struct dw_difference *d;

	had(s, DW_RUN_DOOR_CLOSED, 23, "telnet.service");
	check(s, NOTHING, false);
	has(s, 23, "telnet")->starter = (struct dw_starter){ .kind = DW_STARTER_INETD,
							     .id = "telnet",
							     .source = "/etc/inetd.conf:12" };
	d = check(s, DW_DIFFERENCE_OPEN, true);
	DW_CHECK_STR(d->object, "0.0.0.0:23/tcp");
	DW_CHECK_STR(d->who, "inetd telnet (/etc/inetd.conf:12)");
	DW_CHECK(d->door == &s->before[0]);
	s->now[0].kind = DW_KIND_SLEEPING;
	check(s, DW_DIFFERENCE_SLEEPING, true);
	s->before[0].role = DW_RUN_DOOR_ALSO;
	check(s, DW_DIFFERENCE_SLEEPING, true);
	s->now[0].netns = "net:[1]";
	check(s, NOTHING, false);
}

/* An init script that was stopped: where it listens is told by the boot that starts it. */
DW_TEST(what_slept_without_a_port_may_have_woken_up)
{
	_cleanup_scene_ struct scene *s = scene_new(false);
	struct dw_run_door *d = had(s, DW_RUN_DOOR_KEPT, 0, "vsftpd");

	d->kind = DW_KIND_SLEEPING;
	d->at = (struct dw_endpoint){ 0 };
	d->starter = DW_STARTER_SYSV;
	d->lasting = true;
	has(s, 21, "vsftpd")->starter =
		(struct dw_starter){ .kind = DW_STARTER_SYSV, .id = "other" };
	check(s, DW_DIFFERENCE_LOST, true);
	s->now[0].starter.id = "vsftpd";
	check(s, NOTHING, false);
	s->now[0].kind = DW_KIND_SLEEPING;
	check(s, DW_DIFFERENCE_LOST, true);
}

/* A container is in a namespace of another name each time it is started. */
DW_TEST(a_container_that_was_started_again_is_the_same)
{
	_cleanup_scene_ struct scene *s = scene_new(false);
	struct dw_run_door *d = had(s, DW_RUN_DOOR_KEPT, 80, "podman:web");
	struct dw_door *now = has(s, 80, "podman:web");

	d->starter = now->starter.kind = DW_STARTER_CONTAINER;
	d->lasting = true;
	d->netns = "netns-0aeed6f1-12eb-1a34-4a06-68156130e01e";
	now->netns = "netns-9b2c6c1e-7a53-0d1f-88aa-0123456789ab";
	check(s, NOTHING, false);
	now->starter.id = "podman:other";
	check(s, DW_DIFFERENCE_LOST, true);
	now->starter.id = "podman:web";
	now->netns = "netns-by-hand";
	check(s, DW_DIFFERENCE_LOST, true);
	d->role = DW_RUN_DOOR_CLOSED;
	check(s, NOTHING, false);
	now->netns = "netns-9b2c6c1e-7a53-0d1f-88aa-0123456789ab";
	check(s, DW_DIFFERENCE_OPEN, true);
}

/* 0.0.0.0:23 closed: what leads to it now? */
DW_TEST(closed_and_open_at_another_address)
{
	_cleanup_scene_ struct scene *s = scene_new(false);
	struct dw_door *d;

	had(s, DW_RUN_DOOR_CLOSED, 23, "telnet.service");
	d = has(s, 23, "telnet.service");
	d->at.family = DW_FAMILY_DUAL;
	check(s, DW_DIFFERENCE_OPEN, true);
	d->at.family = DW_FAMILY_IPV6;
	check(s, NOTHING, false);
	d->at.family = DW_FAMILY_IPV4;
	memcpy(d->at.address, (uint8_t[]){ 192, 0, 2, 1 }, 4);
	check(s, DW_DIFFERENCE_OPEN, true);
	memcpy(d->at.address, (uint8_t[]){ 127, 0, 0, 1 }, 4);
	check(s, NOTHING, false);
	/* it was there before, beside it */
	memcpy(d->at.address, (uint8_t[]){ 192, 0, 2, 1 }, 4);
	had(s, DW_RUN_DOOR_OTHER, 23, "telnet.service")->at = d->at;
	check(s, NOTHING, false);
}

DW_TEST(narrowed_is_elsewhere_and_as_wide_as_before_is_grave)
{
	_cleanup_scene_ struct scene *s = scene_new(true);
	const struct dw_difference *x;
	struct dw_door *d;

	had(s, DW_RUN_DOOR_NARROWED, 5432, "postgresql.service")->lasting = true;
	check(s, DW_DIFFERENCE_LOST, true);
	d = has(s, 5432, "postgresql.service");
	x = check(s, DW_DIFFERENCE_OPEN, true);
	DW_CHECK(strstr(x->text, "as wide as before") != NULL);
	DW_CHECK_STR(x->who, "systemd-service postgresql.service");
	memcpy(d->at.address, (uint8_t[]){ 127, 0, 0, 1 }, 4);
	check(s, NOTHING, false);
	/* another program's, at the place that it left */
	d = has(s, 5432, "other.service");
	check(s, NOTHING, false);
	/* what sleeps has no address yet */
	d->program = d->starter.id = "postgresql.service";
	d->kind = DW_KIND_SLEEPING;
	s->before[0].kind = DW_KIND_SLEEPING;
	check(s, NOTHING, false);
}

DW_TEST(two_programs_at_one_port_are_told_apart)
{
	_cleanup_scene_ struct scene *s = scene_new(true);

	had(s, DW_RUN_DOOR_CLOSED, 69, "tftpd.service");
	had(s, DW_RUN_DOOR_KEPT, 69, "other.service");
	has(s, 69, "other.service");
	check(s, NOTHING, false);
	has(s, 69, "tftpd.service");
	check(s, DW_DIFFERENCE_OPEN, true);
}

DW_TEST(a_door_that_is_gone)
{
	static const struct {
		bool at_once;
		int role;
		bool lasting, stopped;
		enum dw_difference_kind kind;
		bool grave;
	} all[] = {
		{ true, DW_RUN_DOOR_KEPT, true, false, DW_DIFFERENCE_LOST, true },
		{ true, DW_RUN_DOOR_KEPT, false, false, DW_DIFFERENCE_LOST, true },
		{ true, DW_RUN_DOOR_OTHER, true, false, DW_DIFFERENCE_LOST, true },
		{ true, DW_RUN_DOOR_OTHER, false, false, DW_DIFFERENCE_LOST, false },
		{ true, DW_RUN_DOOR_OTHER, false, true, DW_DIFFERENCE_LOST, true },
		{ false, DW_RUN_DOOR_KEPT, true, false, DW_DIFFERENCE_LOST, true },
		{ false, DW_RUN_DOOR_KEPT, false, false, DW_DIFFERENCE_LOST, false },
		{ false, DW_RUN_DOOR_OTHER, true, false, DW_DIFFERENCE_LOST, true },
		{ false, DW_RUN_DOOR_OTHER, false, false, NOTHING, false },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		_cleanup_scene_ struct scene *s = scene_new(all[i].at_once);

		had(s, all[i].role, 22, "ssh.service")->lasting = all[i].lasting;
		if (all[i].stopped) {
			dw_vec_push(s->a, &s->run.units, "ssh.service");
			look(s);
			DW_CHECK_INT(s->found.n, 2);
			DW_CHECK(s->found.v[0].grave);
			DW_CHECK_INT(s->found.v[1].kind, DW_DIFFERENCE_UNIT_LOST);
			continue;
		}
		check(s, all[i].kind, all[i].grave);
		has(s, 22, "ssh.service");
		check(s, NOTHING, false);
	}
}

DW_TEST(what_comes_and_goes_is_no_loss)
{
	_cleanup_scene_ struct scene *s = scene_new(true);
	struct dw_run_door *d = had(s, DW_RUN_DOOR_KEPT, 40000, "resolver");

	d->kind = DW_KIND_DATAGRAM;
	d->at.protocol = DW_PROTOCOL_UDP;
	d->lasting = true;
	check(s, NOTHING, false);
	d->starter = DW_STARTER_KERNEL; /* a tunnel's port is its own */
	check(s, DW_DIFFERENCE_LOST, true);
	*d = (struct dw_run_door){ 0 };
	s->run.n_doors = 0;
	/* mountd is there with another port */
	d = had(s, DW_RUN_DOOR_KEPT, 841, "mountd.service");
	d->service = "mountd";
	check(s, DW_DIFFERENCE_LOST, true);
	has(s, 797, "mountd.service");
	check(s, NOTHING, false);
	s->now[0].at.protocol = DW_PROTOCOL_UDP;
	check(s, DW_DIFFERENCE_LOST, true);
	/* another one was there before */
	s->now[0].at.protocol = DW_PROTOCOL_TCP;
	had(s, DW_RUN_DOOR_KEPT, 797, "mountd.service");
	check(s, DW_DIFFERENCE_LOST, true);
}

DW_TEST(a_kept_door_that_nothing_starts_any_more)
{
	_cleanup_scene_ struct scene *s = scene_new(false);
	struct dw_door *d;

	had(s, DW_RUN_DOOR_KEPT, 22, "ssh.service")->lasting = true;
	d = has(s, 22, "ssh.service");
	d->starter.enabled = DW_YES;
	check(s, NOTHING, false);
	d->starter.enabled = DW_NO;
	check(s, DW_DIFFERENCE_LOST, true);
	d->starter.enabled = DW_YES;
	d->starter.id = "mine.service";
	check(s, DW_DIFFERENCE_STATE, false);
	d->kind = DW_KIND_SLEEPING;
	check(s, DW_DIFFERENCE_LOST, true);
}

/* `systemctl enable` of a service that does not run: no door is seen, and the next boot opens it. */
DW_TEST(what_starts_it_at_boot_is_back)
{
	_cleanup_scene_ struct scene *s = scene_new(false);
	struct dw_run_step *step = &s->run_steps[0];

	*step = (struct dw_run_step){ .step = { .manager = "file",
						.object = "/etc/x",
						.phase = DW_PHASE_BOOT,
						.expect.text = "link a",
						.want.text = "absent" },
				      .state = DW_RUN_STEP_DONE };
	s->steps[0] = (struct dw_verify_step){ .step = step, .now.text = "link b" };
	s->n_steps = 1;
	check(s, DW_DIFFERENCE_STATE, true);
	step->step.expect.text = "file 1";
	step->step.want.text = "file 2";
	s->steps[0].now.text = "file 1";
	check(s, DW_DIFFERENCE_STATE, true);
	/* somebody edited it: which lines, nobody knows */
	s->steps[0].now.text = "file 3";
	check(s, DW_DIFFERENCE_STATE, false);
}

/* The same where the run took no link away: only the service's name tells. */
DW_TEST(a_service_sleeps_again)
{
	_cleanup_scene_ struct scene *s = scene_new(false);
	struct dw_door *d;

	had(s, DW_RUN_DOOR_CLOSED, 80, "a.service");
	d = has(s, 0, "b.service");
	d->kind = DW_KIND_SLEEPING;
	d->at = (struct dw_endpoint){ 0 };
	check(s, NOTHING, false);
	d->starter.id = "a.service";
	check(s, DW_DIFFERENCE_SLEEPING, true);
}

/* The number of a namespace without a name is another after each start of what made it. */
DW_TEST(nameless_namespaces)
{
	_cleanup_scene_ struct scene *s = scene_new(false);

	had(s, DW_RUN_DOOR_CLOSED, 80, "a.service")->netns = "net:[1]";
	had(s, DW_RUN_DOOR_KEPT, 81, "b.service")->netns = "net:[2]";
	s->before[1].lasting = true;
	has(s, 81, "b.service")->netns = "net:[3]";
	s->now[0].starter.enabled = DW_YES;
	check(s, NOTHING, false);
	has(s, 80, "c.service")->netns = "net:[4]";
	check(s, NOTHING, false);
	has(s, 80, "a.service")->netns = "net:[5]";
	check(s, DW_DIFFERENCE_OPEN, true);
}

DW_TEST(units_that_are_gone)
{
	static const char *const fleeting[] = { "session-3.scope",
						"user@0.service",
						"dev-sda.device",
						"run-u5.service",
						"ssh@1-10.0.0.1:22-10.0.0.2:999.service",
						"cups.service" };
	_cleanup_scene_ struct scene *s = scene_new(true);

	for (size_t i = 0; i < DW_ARRAY_SIZE(fleeting); i++)
		dw_vec_push(s->a, &s->run.units, fleeting[i]);
	s->run_steps[0].step =
		(struct dw_step){ .manager = "systemd", .object = "cups.socket cups.service" };
	s->run.n_steps = 1;
	check(s, NOTHING, false);
	dw_vec_push(s->a, &s->run.units, "ups.service");
	DW_CHECK_STR(check(s, DW_DIFFERENCE_UNIT_LOST, true)->object, "ups.service");
	dw_vec_push(s->a, &s->units, "ups.service");
	check(s, NOTHING, false);
	s->no_units = true;
	check(s, DW_DIFFERENCE_BLIND, false);
}

DW_TEST(states_that_are_not_as_they_were_left)
{
	_cleanup_scene_ struct scene *s = scene_new(false);
	struct dw_verify_step *v = &s->steps[0];

	s->run_steps[0] = (struct dw_run_step){
		.step = { .manager = "file",
			  .object = "/etc/inetd.conf",
			  .door = "0.0.0.0:23/tcp",
			  .want.text = "absent" },
		.state = DW_RUN_STEP_DONE,
	};
	*v = (struct dw_verify_step){ .step = &s->run_steps[0], .now.text = "absent" };
	s->n_steps = 1;
	check(s, NOTHING, false);
	v->now.text = "link /x";
	v->changed_by = "dpkg installed telnetd";
	DW_CHECK_STR(check(s, DW_DIFFERENCE_STATE, false)->who, "dpkg installed telnetd");
	had(s, DW_RUN_DOOR_CLOSED, 23, "telnet");
	has(s, 23, "telnet")->starter.kind = DW_STARTER_UNKNOWN;
	s->now[0].starter.id = NULL;
	look(s);
	DW_CHECK_INT(s->found.n, 2);
	DW_CHECK_STR(s->found.v[0].who, "telnet; dpkg installed telnetd");
	DW_CHECK(s->found.v[1].grave);
	v->now.text = NULL;
	s->after.n_doors = 0;
	check(s, DW_DIFFERENCE_BLIND, false);
	s->run_steps[0].state = DW_RUN_STEP_LEFT;
	check(s, NOTHING, false);
}

DW_TEST(rules_that_are_not_in_force_are_grave)
{
	_cleanup_scene_ struct scene *s = scene_new(false);
	struct dw_verify_step *v = &s->steps[0];

	s->run_steps[0] = (struct dw_run_step){
		.step = { .phase = DW_PHASE_STOP,
			  .manager = "fence",
			  .object = "inet doorward",
			  .want.text = "table sha256:aa" },
		.state = DW_RUN_STEP_DONE,
	};
	*v = (struct dw_verify_step){ .step = &s->run_steps[0], .now.text = "table sha256:aa" };
	s->n_steps = 1;
	check(s, NOTHING, false);
	v->now.text = "absent";
	v->differs = "100% gone: %s.";
	v->changed_by = "somebody";
	DW_CHECK_STR(check(s, DW_DIFFERENCE_STATE, true)->text, "100% gone: %s.");
	DW_CHECK_STR(s->found.v[0].who, "somebody");
	/* what loads them at every boot */
	v->differs = NULL;
	s->run_steps[0].step.manager = "file";
	s->run_steps[0].step.phase = DW_PHASE_KEEP;
	s->run_steps[0].step.object = "/etc/systemd/system/doorward-fence.service";
	check(s, DW_DIFFERENCE_STATE, true);
	s->run_steps[0].step.object = "/etc/init.d/.depend.boot"; /* insserv's own */
	v->now.text = "file 0644 0:0 sha256:bb";
	check(s, DW_DIFFERENCE_STATE, false);
}

DW_TEST(what_was_not_seen_is_not_called_closed)
{
	struct dw_incomplete incomplete = { .what = "not-root",
					    .text = "Not root.",
					    .blind = true };
	_cleanup_scene_ struct scene *s = scene_new(false);

	had(s, DW_RUN_DOOR_CLOSED, 23, "telnet.service");
	s->after.incomplete = &incomplete;
	s->after.n_incomplete = 1;
	DW_CHECK_STR(check(s, DW_DIFFERENCE_BLIND, false)->object, "not-root");
	incomplete.blind = false;
	check(s, NOTHING, false);
	/* nor lost; but right behind a run what was seen would be seen */
	incomplete.blind = true;
	had(s, DW_RUN_DOOR_KEPT, 22, "ssh.service")->lasting = true;
	look(s);
	DW_CHECK_INT(s->found.n, 2);
	DW_CHECK_INT(s->found.v[0].kind, DW_DIFFERENCE_BLIND);
	s->at_once = true;
	look(s);
	DW_CHECK_INT(s->found.v[0].kind, DW_DIFFERENCE_LOST);
	DW_CHECK(s->found.v[0].grave);
}

DW_TEST(differences_have_names)
{
	for (int k = 0; k < DW_DIFFERENCE_COUNT; k++)
		for (int other = 0; other < k; other++)
			DW_CHECK(!dw_streq(dw_difference_kind_name(k),
					   dw_difference_kind_name(other)));
	DW_CHECK_STR(dw_difference_kind_name(DW_DIFFERENCE_COUNT), "unknown");
}

DW_TEST_MAIN
