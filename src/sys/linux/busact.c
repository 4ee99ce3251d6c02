/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing a manager's units. Each call makes a job; its end is told by the signal JobRemoved, which may be there
 * before the answer to the call is read. So the signal is asked for first, and sd-bus keeps what comes in while it
 * waits for answers; nothing is handed out before all jobs are known. See org.freedesktop.systemd1(5).
 */
#include <errno.h>
#include <time.h>

#include "bus_private.h"
#include "dw_str.h"

#define CALL_USEC                                                                                  \
	((uint64_t)25 * 1000000) /* until a job is queued: a manager may just be reloading */
#define RELOAD_USEC ((uint64_t)120 * 1000000)
#define TIMER_MS    10000U

struct bus_job {
	const char *unit;
	const char *path;   /* NULL: none was made */
	const char *result; /* NULL: not ended */
};

struct waiting {
	struct dw_bus *bus;
	struct dw_arena *arena;
	struct bus_job *jobs;
	size_t n;
};

static uint64_t now_usec(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

int dw_bus_say_result(enum dw_bus_act act, const char *unit, const char *result, struct dw_error *e)
{
	static const char *const acts[] = {
		[DW_BUS_STOP] = "stop",
		[DW_BUS_START] = "start",
		[DW_BUS_RESTART] = "restart",
		[DW_BUS_START_ALONE] = "start",
	};
	static const struct {
		const char *result, *text;
	} texts[] = {
		{ "failed", "it failed" },
		{ "timeout", "it took longer than the unit allows" },
		{ "canceled", "another job came in between" },
		{ "dependency", "a unit that it needs did not start" },
		{ "skipped", "it does not apply to the unit's state" },
	};
	const char *text = "systemd gave it up";

	for (size_t i = 0; i < DW_ARRAY_SIZE(texts); i++)
		if (dw_streq(result, texts[i].result))
			text = texts[i].text;
	return dw_error_set(e, dw_streq(result, "canceled") ? -EAGAIN : -EIO, "%s: no %s: %s (%s)",
			    unit, acts[act], text, result);
}

/* --- the signal ---------------------------------------------------------------------------------- */

static int job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct waiting *w = data;
	const char *path, *unit, *result;
	uint32_t id;

	if (w->bus->lib.read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	/* two calls may have been answered with one job */
	for (size_t i = 0; i < w->n; i++)
		if (w->jobs[i].path && !w->jobs[i].result && dw_streq(w->jobs[i].path, path))
			w->jobs[i].result = dw_arena_strdup(w->arena, result);
	return 0;
}

/*
 * The system bus sends signals only to who asked the manager for them, and there anybody may send one that looks like
 * the manager's: its sender must be the manager. On a direct connection there is nobody else, and no sender.
 */
static int listen_for_jobs(struct waiting *w, sd_bus_slot **ret)
{
	struct dw_bus *b = w->bus;
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	int r = l->match_signal(b->bus, ret, b->direct ? NULL : DW_BUS_NAME, DW_BUS_PATH,
				DW_BUS_MANAGER, "JobRemoved", job_removed, w);

	if (r >= 0)
		r = l->new_call(b->bus, &call, DW_BUS_NAME, DW_BUS_PATH, DW_BUS_MANAGER,
				"Subscribe");
	if (r >= 0)
		r = l->call(b->bus, call, CALL_USEC, &error, &reply);
	if (r < 0 && l->error_has_name(&error, DW_BUS_NAME ".AlreadySubscribed"))
		r = 0;
	l->message_unref(reply);
	l->message_unref(call);
	l->error_free(&error);
	return r < 0 ? r : 0;
}

static const struct bus_job *open_job(const struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->jobs[i].path && !w->jobs[i].result)
			return &w->jobs[i];
	return NULL;
}

/* -ETIMEDOUT: some did not end. */
static int wait_for_jobs(struct waiting *w, uint64_t end)
{
	struct dw_bus_library *l = &w->bus->lib;

	while (open_job(w)) {
		int r = l->process(w->bus->bus, NULL);
		uint64_t now = now_usec();

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (now >= end)
			return -ETIMEDOUT;
		r = l->wait(w->bus->bus, end - now);
		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

/* --- stop, start, restart ------------------------------------------------------------------------ */

static int say_refusal(struct dw_bus *b, enum dw_bus_act act, const char *unit, int r,
		       const sd_bus_error *error, struct dw_error *e)
{
	if (b->lib.error_has_name(error, DW_BUS_NAME ".NoSuchUnit"))
		return act == DW_BUS_STOP
			       ? 0
			       : dw_error_set(e, -ENOENT, "systemd has no unit %s", unit);
	if (!error->message)
		return dw_error_errno(e, r, "%s", unit);
	/* systemd's own sentence says more than the errno value that sd-bus makes of its name (ELOOP, ESHUTDOWN) */
	return dw_error_set(e, r == -EACCES || r == -ETIMEDOUT ? r : -EIO, "%s: %s", unit,
			    error->message);
}

/*
 * The count of starts in the last seconds (StartLimitBurst=) begins anew, as with systemctl reset-failed: what was
 * running before must be running after an undo, however often it was tried just now. That the manager refuses says
 * nothing: the start itself tells.
 */
static void forget_starts(struct dw_bus *b, const char *unit)
{
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	int r = l->new_call(b->bus, &call, DW_BUS_NAME, DW_BUS_PATH, DW_BUS_MANAGER,
			    "ResetFailedUnit");

	if (r >= 0)
		r = l->append(call, "s", unit);
	if (r >= 0)
		(void)l->call(b->bus, call, CALL_USEC, &error, &reply);
	l->message_unref(reply);
	l->message_unref(call);
	l->error_free(&error);
}

static int queue(struct waiting *w, enum dw_bus_act act, struct bus_job *job, struct dw_error *e)
{
	static const char *const methods[] = { [DW_BUS_STOP] = "StopUnit",
					       [DW_BUS_START] = "StartUnit",
					       [DW_BUS_RESTART] = "RestartUnit",
					       [DW_BUS_START_ALONE] = "StartUnit" };
	const char *mode = act == DW_BUS_START_ALONE ? "ignore-dependencies" : "replace";
	struct dw_bus *b = w->bus;
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	const char *path = NULL;
	int r = dw_sys_fault(b->sys);

	if (r >= 0)
		r = l->new_call(b->bus, &call, DW_BUS_NAME, DW_BUS_PATH, DW_BUS_MANAGER,
				methods[act]);
	if (r >= 0)
		r = l->append(call, "ss", job->unit, mode);
	if (r >= 0)
		r = l->call(b->bus, call, CALL_USEC, &error, &reply);
	if (r >= 0)
		r = l->read(reply, "o", &path);
	if (r >= 0)
		job->path = dw_arena_strdup(w->arena, path);
	else
		r = say_refusal(b, act, job->unit, r, &error, e);
	l->message_unref(reply);
	l->message_unref(call);
	l->error_free(&error);
	return r < 0 ? r : 0;
}

static int judge(const struct waiting *w, enum dw_bus_act act, struct dw_error *e)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->jobs[i].result && !dw_streq(w->jobs[i].result, "done"))
			return dw_bus_say_result(act, w->jobs[i].unit, w->jobs[i].result, e);
	return 0;
}

/* A unit that is refused does not keep the others from being waited for; the first failure is told. */
static int act_and_wait(struct waiting *w, enum dw_bus_act act, uint64_t end, struct dw_error *e)
{
	struct dw_error *first = e;
	int refused = 0, r;

	for (size_t i = 0; i < w->n; i++) {
		if (act != DW_BUS_STOP)
			forget_starts(w->bus, w->jobs[i].unit);
		r = queue(w, act, &w->jobs[i], first);
		if (r < 0 && refused == 0) {
			refused = r;
			first = NULL;
		}
	}
	r = wait_for_jobs(w, end);
	if (refused < 0)
		return refused;
	if (r == -ETIMEDOUT)
		return dw_error_set(e, r, "%s: not done in time; systemd goes on with it",
				    open_job(w)->unit);
	return r < 0 ? dw_error_errno(e, r, "systemd's manager") : judge(w, act, e);
}

static int live_act(struct dw_bus *b, enum dw_bus_act act, const char *const *units, size_t n,
		    uint64_t end, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct waiting w = {
		.bus = b, .arena = a, .jobs = dw_arena_array(a, n, sizeof(struct bus_job)), .n = n
	};
	sd_bus_slot *slot = NULL;
	int r;

	for (size_t i = 0; i < n; i++)
		w.jobs[i].unit = units[i];
	r = listen_for_jobs(&w, &slot);
	r = r < 0 ? dw_error_errno(e, r, "systemd's manager") : act_and_wait(&w, act, end, e);
	b->lib.slot_unref(slot);
	return r;
}

int dw_bus_units_act(struct dw_bus *b, enum dw_bus_act act, const char *const *units, size_t n,
		     unsigned timeout_ms, struct dw_error *e)
{
	uint64_t end = now_usec() + (uint64_t)timeout_ms * 1000;
	int r = 0;

	if (n == 0)
		return 0;
	if (!b->fake)
		return live_act(b, act, units, n, end, e);
	for (size_t i = 0; i < n; i++) {
		int failed = dw_sys_fault(b->sys);

		if (failed < 0)
			(void)dw_error_errno(r < 0 ? NULL : e, failed, "%s", units[i]);
		else
			failed = dw_bus_fake_act(b, act, units[i], r < 0 ? NULL : e);

		r = r < 0 ? r : failed;
	}
	return r;
}

/* --- the manager itself -------------------------------------------------------------------------- */

int dw_bus_reload(struct dw_bus *b, struct dw_error *e)
{
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	int r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "systemd's reload of its units");
	if (b->fake)
		return 0;
	r = l->new_call(b->bus, &call, DW_BUS_NAME, DW_BUS_PATH, DW_BUS_MANAGER, "Reload");
	if (r >= 0)
		r = l->call(b->bus, call, RELOAD_USEC, &error, &reply);
	if (r < 0)
		(void)dw_error_errno(e, r, "systemd's reload of its units");
	l->message_unref(reply);
	l->message_unref(call);
	l->error_free(&error);
	return r < 0 ? r : 0;
}

int dw_bus_system_state(struct dw_bus *b, struct dw_arena *a, const char **ret, struct dw_error *e)
{
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *value = NULL;
	int r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "systemd's state");
	if (b->fake) {
		const char *state = dw_json_text(dw_json_get(b->fake, "system_state", NULL));

		*ret = dw_arena_strdup(a, state ? state : "running");
		return 0;
	}
	r = l->get_string(b->bus, DW_BUS_NAME, DW_BUS_PATH, DW_BUS_MANAGER, "SystemState", &error,
			  &value);
	if (r < 0)
		(void)dw_error_errno(e, r, "systemd's state");
	else
		*ret = dw_arena_strdup(a, value);
	l->error_free(&error);
	return r < 0 ? r : 0;
}

/* --- later --------------------------------------------------------------------------------------- */

/* ExecStart is a(sasb): program, its arguments from the 0th on, whether a failure is none. */
static int append_command(struct dw_bus_library *l, sd_bus_message *m, const char *const *argv)
{
	int r = l->open(m, 'r', "sv");

	if (r >= 0)
		r = l->append(m, "s", "ExecStart");
	if (r >= 0)
		r = l->open(m, 'v', "a(sasb)");
	if (r >= 0)
		r = l->open(m, 'a', "(sasb)");
	if (r >= 0)
		r = l->open(m, 'r', "sasb");
	if (r >= 0)
		r = l->append(m, "s", argv[0]);
	if (r >= 0)
		r = l->append_strv(m, dw_bus_strv(argv));
	if (r >= 0)
		r = l->append(m, "b", 0);
	for (int i = 0; i < 4 && r >= 0; i++)
		r = l->close(m);
	return r;
}

/* What is done is forgotten, even when it failed: else its name could not be used again. */
static int append_service(struct dw_bus_library *l, sd_bus_message *m, const char *service,
			  const char *description, const char *const *argv)
{
	int r = l->open(m, 'a', "(sa(sv))");

	if (r >= 0)
		r = l->open(m, 'r', "sa(sv)");
	if (r >= 0)
		r = l->append(m, "s", service);
	if (r >= 0)
		r = l->open(m, 'a', "(sv)");
	if (r >= 0)
		r = l->append(m, "(sv)(sv)(sv)", "Description", "s", description, "Type", "s",
			      "oneshot", "CollectMode", "s", "inactive-or-failed");
	if (r >= 0)
		r = append_command(l, m, argv);
	for (int i = 0; i < 3 && r >= 0; i++)
		r = l->close(m);
	return r;
}

static int append_timer(struct dw_bus_library *l, sd_bus_message *m, const char *timer,
			const char *description, uint64_t after)
{
	int r = l->append(m, "ss", timer, "fail");

	return r < 0 ? r
		     : l->append(m, "a(sv)", 5, "Description", "s", description, "CollectMode", "s",
				 "inactive-or-failed", "RemainAfterElapse", "b", 0, "AccuracyUSec",
				 "t", (uint64_t)1000000, "TimersMonotonic", "a(st)", 1,
				 "OnActiveSec", after * 1000000);
}

static int start_later(struct waiting *w, const char *name, const char *description,
		       const char *const *argv, uint64_t after, struct dw_error *e)
{
	struct dw_bus *b = w->bus;
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	const char *service = dw_arena_printf(w->arena, "%s.service", name), *path = NULL;
	int r = l->new_call(b->bus, &call, DW_BUS_NAME, DW_BUS_PATH, DW_BUS_MANAGER,
			    "StartTransientUnit");

	if (r >= 0)
		r = append_timer(l, call, w->jobs[0].unit, description, after);
	if (r >= 0)
		r = append_service(l, call, service, description, argv);
	if (r >= 0)
		r = l->call(b->bus, call, CALL_USEC, &error, &reply);
	if (r >= 0)
		r = l->read(reply, "o", &path);
	if (r >= 0)
		w->jobs[0].path = dw_arena_strdup(w->arena, path);
	else if (l->error_has_name(&error, DW_BUS_NAME ".UnitExists"))
		r = dw_error_set(e, -EEXIST, "%s: there is a unit of that name", w->jobs[0].unit);
	else
		r = dw_error_set(e, r, "%s: %s", w->jobs[0].unit,
				 error.message ? error.message : "systemd did not take it");
	l->message_unref(reply);
	l->message_unref(call);
	l->error_free(&error);
	return r < 0 ? r : 0;
}

static int live_run_later(struct dw_bus *b, const char *name, const char *description,
			  const char *const *argv, uint64_t after, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct bus_job job = { .unit = dw_arena_printf(a, "%s.timer", name) };
	struct waiting w = { .bus = b, .arena = a, .jobs = &job, .n = 1 };
	sd_bus_slot *slot = NULL;
	uint64_t end = now_usec() + (uint64_t)TIMER_MS * 1000;
	int r = listen_for_jobs(&w, &slot);

	if (r < 0)
		(void)dw_error_errno(e, r, "systemd's manager");
	else
		r = start_later(&w, name, description, argv, after, e);
	if (r == 0) {
		r = wait_for_jobs(&w, end);
		r = r < 0 ? dw_error_errno(e, r, "%s", job.unit) : judge(&w, DW_BUS_START, e);
	}
	b->lib.slot_unref(slot);
	return r;
}

int dw_bus_run_later(struct dw_bus *b, const char *name, const char *description,
		     const char *const *argv, uint64_t after, struct dw_error *e)
{
	int r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "%s.timer", name);
	if (argv[0][0] != '/')
		return dw_error_set(e, -EINVAL, "%s: an absolute path is needed", argv[0]);
	return b->fake ? dw_bus_fake_run_later(b, name, e)
		       : live_run_later(b, name, description, argv, after, e);
}
