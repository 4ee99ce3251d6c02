/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of a service that runsv(8) (or daemontools' supervise) keeps running; the object is its directory.
 *
 * supervise/status, as sv.c of runit reads it: 0-11 a TAI64N label, 12-15 the pid (least byte first), 16 paused, 17
 * what is wanted ('u' or 'd'), and of runit alone 18 whether TERM was sent, 19 what runs. supervise/ok is a named pipe
 * that the supervisor reads as long as it lives; supervise/control takes one letter a command.
 */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "dw_wait.h"
#include "switch.h"

#define STATUS_RUNIT       20
#define STATUS_DAEMONTOOLS 18
#define KILL_MS            5000

struct status {
	uint32_t pid;
	char wanted;
	bool supervised; /* by somebody who is there now */
};

static const char *path_of(struct dw_switch *s, const char *dir, const char *name)
{
	return dw_arena_printf(s->arena, "%s/supervise/%s", dir, name);
}

static bool is_supervised(struct dw_switch *s, const char *dir, int *ret_code, struct dw_error *e)
{
	struct dw_error why = { 0 };
	int r = dw_sys_fifo_write(s->sys, path_of(s, dir, "ok"), "", 0, &why);

	*ret_code = 0;
	if (r < 0 && r != -ENXIO && r != -ENOENT && r != -ENOTDIR && r != -ENODEV)
		*ret_code = dw_error_set(e, r, "%s", why.message);
	return r == 0;
}

/* Not there, or nobody supervises it: all zero. */
static int read_status(struct dw_switch *s, const char *dir, struct status *ret, struct dw_error *e)
{
	struct dw_bytes text = { 0 };
	int r;

	*ret = (struct status){ 0 };
	if (dir[0] != '/')
		return dw_error_set(e, -EINVAL, "%.200s is no service directory", dir);
	if (!dw_sys_is_running(s->sys) || !is_supervised(s, dir, &r, e))
		return dw_sys_is_running(s->sys) ? r : 0;
	r = dw_sys_file_read(s->sys, path_of(s, dir, "status"), 256, s->arena, &text, e);
	if (r < 0)
		return r;
	/* s6 has files of the same names with another inside */
	if (text.n != STATUS_RUNIT && text.n != STATUS_DAEMONTOOLS)
		return dw_error_set(e, -ENOTSUP, "%s/supervise/status: not runit's (%zu bytes)",
				    dir, text.n);
	for (unsigned i = 0; i < 4; i++)
		ret->pid |= (uint32_t)(uint8_t)text.data[12 + i] << (8 * i);
	ret->wanted = text.data[17];
	ret->supervised = true;
	return 0;
}

/* One that is down for the moment, but wanted up, comes back within a second: it is running. */
static int state(struct dw_switch *s, const char *dir, struct dw_state *ret, struct dw_error *e)
{
	struct status now;
	int r = read_status(s, dir, &now, e);

	if (r < 0)
		return r;
	*ret = dw_switch_word(now.pid || now.wanted == 'u' ? "running" : "stopped");
	return 0;
}

static int tell(struct dw_switch *s, const char *dir, const char *letter, struct dw_error *e)
{
	return dw_sys_fifo_write(s->sys, path_of(s, dir, "control"), letter, 1, e);
}

struct wait {
	struct dw_switch *s;
	const char *dir;
	bool up;
};

static int is_there(void *arg, struct dw_error *e)
{
	const struct wait *w = arg;
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_arena *before = w->s->arena;
	struct status now;
	int r;

	w->s->arena = scratch;
	r = read_status(w->s, w->dir, &now, e);
	w->s->arena = before;
	if (r < 0)
		return r;
	if (w->up)
		return now.pid != 0 && now.wanted == 'u';
	return now.pid == 0 && now.wanted != 'u';
}

static int bring_down(struct wait *w, struct dw_error *e)
{
	int r = tell(w->s, w->dir, "d", e);

	if (r == 0)
		r = dw_sys_wait(w->s->sys, is_there, w, dw_switch_grace(w->s), e);
	if (r != 0)
		return r;
	r = tell(w->s, w->dir, "k", e);
	return r < 0 ? r : dw_sys_wait(w->s->sys, is_there, w, KILL_MS, e);
}

static int bring_up(struct wait *w, struct dw_error *e)
{
	int r = tell(w->s, w->dir, "u", e);

	return r < 0 ? r : dw_sys_wait(w->s->sys, is_there, w, dw_switch_grace(w->s), e);
}

static int set(struct dw_switch *s, const char *dir, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	struct wait w = { .s = s, .dir = dir, .up = dw_switch_is(want, "running") };
	struct status now;
	int r;

	if (!w.up && !dw_switch_is(want, "stopped"))
		return dw_switch_unknown(dir, want, e);
	r = read_status(s, dir, &now, e);
	if (r < 0)
		return r;
	if (!now.supervised)
		return w.up ? dw_error_set(e, -ENOTSUP, "%s: no runsv looks after it", dir) : 0;
	r = is_there(&w, e);
	if (r == 0)
		r = w.up ? bring_up(&w, e) : bring_down(&w, e);
	if (r == 0)
		return dw_error_set(e, -ETIMEDOUT, "%s: runsv was told, but it %s", dir,
				    w.up ? "does not stay up" : "still runs");
	return r < 0 ? r : 0;
}

const struct dw_switch_ops dw_switch_runit = { .name = "runit", .state = state, .set = set };
