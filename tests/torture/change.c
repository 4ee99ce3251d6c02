/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every fallible call of the host, of the journal and of the looks afterwards failed once, in a close and in an undo from the
 * public API down, over a made-up host. Afterwards, after at most one undo without faults, files and units are exactly
 * as before, or, when the close said that it was done, as it leaves them; and it never says so with a door open.
 */
#include <errno.h>

#include "dw_test.h"
#include "world.h"

static const char *const doors[] = { "2323/tcp", "7070/tcp", NULL };

struct scene {
	struct world *w;
	char *before, *after;
	const char *comes_back; /* a unit, before the last look */
	unsigned sys_close, store_close, look_close[2], sys_undo, store_undo;
};

static bool is(struct world *w, const char *want)
{
	char *now = world_text(w);
	bool same = strcmp(now, want) == 0;

	free(now);
	return same;
}

static int close_doors(struct world *w, struct world_plan *p, long long *run)
{
	return doorward_close(w->d, p->plan, NULL, run);
}

static int undo_doors(struct world *w)
{
	long long run = 0;

	return doorward_undo(w->d, 0, 0, NULL, &run);
}

/* Once without faults: what it looks like, and how many calls there are. */
static struct scene begin(void)
{
	struct scene s = { .w = world_new() };
	struct world_plan p = world_plan(s.w, doors);
	long long run = 0;

	s.before = world_text(s.w);
	for (unsigned i = 0; i < 2; i++) {
		s.w->look_at = i + 1;
		DW_CHECK_INT(close_doors(s.w, &p, &run), 0);
		s.look_close[i] = s.w->look.calls;
		s.sys_close = s.w->sys.calls;
		s.store_close = s.w->store.calls;
		free(s.after);
		s.after = world_text(s.w);
		DW_CHECK(!world_sees(s.w, 2323) && !world_sees(s.w, 7070));
		DW_CHECK_INT(undo_doors(s.w), 0);
		s.sys_undo = s.w->sys.calls;
		s.store_undo = s.w->store.calls;
		DW_CHECK(is(s.w, s.before));
		world_forget(s.w);
	}
	world_plan_free(&p);
	return s;
}

static void end(struct scene *s)
{
	free(s->before);
	free(s->after);
	world_free(s->w);
}

/* Anew: what one fault broke must not be counted for the next. */
static void renew(struct scene *s)
{
	world_free(s->w);
	s->w = world_new();
	free(s->before);
	s->before = world_text(s->w);
}

static bool wrong(struct scene *s, const char *what, unsigned n, int code, int r, const char *text)
{
	printf("%s call %u failing with %d: the change returned %d, %s (%s)\n", what, n, code, r,
	       text, doorward_last_error(s->w->d));
	return false;
}

/* The run's last word in the journal is none of one that goes on. */
static bool is_at_rest(struct world *w, long long run)
{
	const char *state = world_run(w, run);

	return strcmp(state, "started") != 0 && strcmp(state, "undoing") != 0;
}

static bool close_once(struct scene *s, const char *what, unsigned n, int code)
{
	struct world_plan p = world_plan(s->w, doors);
	long long run = 0;
	bool good = true;
	int r, r2;

	s->w->moves = s->comes_back;
	s->w->moves_to = true;
	s->w->moves_at = 2;
	r = close_doors(s->w, &p, &run);
	world_no_faults(s->w);
	if (r == 0 && (world_sees(s->w, 2323) || world_sees(s->w, 7070)))
		good = wrong(s, what, n, code, r, "with a door open");
	/* the journal has the times of files; the links that were taken away are the same ones */
	if (r == 0 && world_unit(s->w, "toy.service")->active)
		good = wrong(s, what, n, code, r, "with a unit active");
	if (r == 0 && !is_at_rest(s->w, run))
		good = wrong(s, what, n, code, r, "and the journal says it goes on");
	r2 = undo_doors(s->w);
	if (r2 != 0 && r2 != -EALREADY)
		good = wrong(s, what, n, code, r2, "the undo");
	if (r == 0 && r2 != 0)
		good = wrong(s, what, n, code, r2, "the undo of what was done");
	if (!is(s->w, s->before))
		good = wrong(s, what, n, code, r, "and the host is not as it was");
	if (run && !is_at_rest(s->w, run))
		good = wrong(s, what, n, code, r, "and the journal says it still goes on");
	world_plan_free(&p);
	return good;
}

static bool undo_once(struct scene *s, const char *what, unsigned n, int code,
		      struct world_fault sys, struct world_fault store)
{
	struct world_plan p = world_plan(s->w, doors);
	long long run = 0;
	bool good = true;
	int r, r2;

	DW_CHECK_INT(close_doors(s->w, &p, &run), 0);
	s->w->sys = sys;
	s->w->store = store;
	r = undo_doors(s->w);
	world_no_faults(s->w);
	if (r == 0 && !is(s->w, s->before))
		good = wrong(s, what, n, code, r, "and the host is not as it was");
	r2 = r == 0 ? 0 : undo_doors(s->w);
	if (r2 != 0 && r2 != -EALREADY)
		good = wrong(s, what, n, code, r2, "the second undo");
	if (!is(s->w, s->before))
		good = wrong(s, what, n, code, r, "and a second one did not help");
	if (!is_at_rest(s->w, run))
		good = wrong(s, what, n, code, r, "and the journal says it goes on");
	world_plan_free(&p);
	return good;
}

static void after_one(struct scene *s, bool good, unsigned *bad)
{
	if (good) {
		world_forget(s->w);
		return;
	}
	(*bad)++;
	renew(s);
}

static void fail_close(struct scene *s, const char *what, unsigned calls, unsigned look, int code)
{
	unsigned bad = 0;

	DW_CHECK(calls > 10);
	for (unsigned n = 1; n <= calls; n++) {
		struct world_fault f = { .at = n, .code = (unsigned)code };

		if (look) {
			s->w->look = f;
			s->w->look_at = look;
		} else if (strcmp(what, "journal") == 0) {
			s->w->store = f;
		} else {
			s->w->sys = f;
		}
		after_one(s, close_once(s, what, n, code), &bad);
	}
	printf("close: %s: %u calls failed with %d, %u of them wrong\n", what, calls, code, bad);
	DW_CHECK_INT(bad, 0);
}

static void fail_undo(struct scene *s, const char *what, unsigned calls, int code)
{
	unsigned bad = 0;

	DW_CHECK(calls > 10);
	for (unsigned n = 1; n <= calls; n++) {
		struct world_fault f = { .at = n, .code = (unsigned)code }, none = { 0 };
		bool journal = strcmp(what, "journal") == 0;

		after_one(s, undo_once(s, what, n, code, journal ? none : f, journal ? f : none),
			  &bad);
	}
	printf("undo: %s: %u calls failed with %d, %u of them wrong\n", what, calls, code, bad);
	DW_CHECK_INT(bad, 0);
}

DW_TEST(each_call_of_a_close_fails)
{
	struct scene s = begin();

	fail_close(&s, "host", s.sys_close, 0, EIO);
	fail_close(&s, "journal", s.store_close, 0, ENOSPC);
	end(&s);
}

DW_TEST(each_call_of_the_looks_behind_a_close_fails)
{
	struct scene s = begin();

	fail_close(&s, "first look", s.look_close[0], 1, EIO);
	fail_close(&s, "last look", s.look_close[1], 2, EIO);
	end(&s);
}

/* What the blind look does not show is there. */
DW_TEST(a_door_comes_back_while_each_call_of_the_look_fails)
{
	struct scene s = begin();

	s.comes_back = "toy.service";
	fail_close(&s, "last look", s.look_close[1], 2, EIO);
	end(&s);
}

DW_TEST(each_call_of_an_undo_fails)
{
	struct scene s = begin();

	fail_undo(&s, "host", s.sys_undo, EIO);
	fail_undo(&s, "journal", s.store_undo, EIO);
	end(&s);
}

DW_TEST_MAIN
