/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every fallible call of the host, of the journal and of the looks afterwards failed once, in `confine apply`, `confine
 * try` and their undo, over a made-up host. Afterwards, after at most one undo without faults, files and units are
 * exactly as before, no timer is left, and the journal is at rest; and it never says that it is done while the drop-in
 * is not there. The look at services, too: what it could not see never makes one look better.
 */
#include <errno.h>

#include "confine-private.h"
#include "dw_confine_gather.h"
#include "dw_knowledge_read.h"
#include "dw_str.h"
#include "dw_test.h"
#include "world.h"

#define DROPIN "/etc/systemd/system/toy.service.d/zzz-doorward-confine.conf"

/* A printer's: nothing is ever said to it, and a recorded host has nobody who would answer. */
#define PORT 9100

static struct world *new_world(void)
{
	struct world *w = world_new();

	world_unit(w, "toy.service")->port = PORT;
	world_set(w, "toy.service", true);
	return w;
}

struct scene {
	struct world *w;
	unsigned long long trial; /* seconds; 0: for good */
	char *before;
	unsigned sys, store, look[2], sys_undo, store_undo;
};

/* As `suggest` leaves it: BPF alone could observe, and a recorded host has none. */
static struct doorward_confining *confining_of(struct world *w, struct doorward_audit *audit)
{
	struct dw_arena *a = dw_arena_new();
	struct doorward_confining *x = dw_new(a, struct doorward_confining);
	struct dw_confine_service *v = NULL;
	size_t n = 0;

	x->arena = a;
	x->audit = audit;
	x->seen.seconds = 60;
	x->seen.capabilities_known = true;
	if (dw_confine_services(w->d, audit, a, &v, &n, NULL) < 0)
		abort();
	for (size_t i = 0; i < n; i++)
		if (dw_confine_is_named(&v[i], "toy"))
			x->service = &v[i];
	if (!x->service)
		abort();
	dw_confine_make(x->service, &x->seen, a, &x->dropin);
	return x;
}

static int confine(struct scene *s, long long *run)
{
	const struct world_fault sys = s->w->sys, store = s->w->store;
	struct doorward_close_options o = { .size = sizeof(o), .trial = s->trial };
	struct doorward_confining *x;
	struct doorward_audit *audit = NULL;
	int r;

	s->w->sys = s->w->store = (struct world_fault){ 0 };
	s->w->looks = 1000; /* no audit of a change */
	if (doorward_audit_run(s->w->d, &audit) < 0)
		abort();
	x = confining_of(s->w, audit);
	s->w->sys = sys;
	s->w->store = store;
	r = doorward_confining_apply(s->w->d, x, &o, run);
	doorward_confining_free(x);
	doorward_audit_free(audit);
	return r;
}

static int take_back(struct world *w)
{
	long long run = 0;

	return doorward_undo(w->d, 0, 0, NULL, &run);
}

static bool is_there(struct world *w)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/root" DROPIN, w->dir);
	return access(path, F_OK) == 0;
}

static bool is_as_before(struct scene *s)
{
	char *now = world_text(s->w);
	bool same = strcmp(now, s->before) == 0;

	free(now);
	return same;
}

/* Once without faults: how many calls there are. */
static struct scene begin(unsigned long long trial)
{
	struct scene s = { .w = new_world(), .trial = trial };
	long long run = 0;

	s.before = world_text(s.w);
	for (unsigned i = 0; i < 2; i++) {
		s.w->look_at = i + 1;
		DW_CHECK_INT(confine(&s, &run), 0);
		DW_CHECK(is_there(s.w) && world_sees(s.w, PORT));
		s.look[i] = s.w->look.calls;
		s.sys = s.w->sys.calls;
		s.store = s.w->store.calls;
		DW_CHECK_INT(take_back(s.w), 0);
		s.sys_undo = s.w->sys.calls;
		s.store_undo = s.w->store.calls;
		DW_CHECK(is_as_before(&s));
		world_forget(s.w);
	}
	return s;
}

static void end(struct scene *s)
{
	free(s->before);
	world_free(s->w);
}

static bool wrong(struct scene *s, const char *what, unsigned n, int r, const char *text)
{
	printf("%s call %u failing: it returned %d, %s (%s)\n", what, n, r, text,
	       doorward_last_error(s->w->d));
	return false;
}

static bool is_at_rest(struct world *w, long long run)
{
	const char *state = world_run(w, run);

	return !dw_streq(state, "started") && !dw_streq(state, "undoing");
}

static bool apply_once(struct scene *s, const char *what, unsigned n)
{
	long long run = 0;
	bool good = true;
	int r = confine(s, &run), r2;

	world_no_faults(s->w);
	if (r == 0 && !is_there(s->w))
		good = wrong(s, what, n, r, "without the drop-in");
	if (r == 0 && !is_at_rest(s->w, run))
		good = wrong(s, what, n, r, "and the journal says it goes on");
	r2 = take_back(s->w);
	if (r2 != 0 && r2 != -EALREADY)
		good = wrong(s, what, n, r2, "the undo");
	if (r == 0 && r2 != 0)
		good = wrong(s, what, n, r2, "the undo of what was done");
	if (!is_as_before(s))
		good = wrong(s, what, n, r, "and the host is not as it was");
	if (run && !is_at_rest(s->w, run))
		good = wrong(s, what, n, r, "and the journal says it still goes on");
	return good;
}

static bool undo_once(struct scene *s, const char *what, unsigned n, struct world_fault sys,
		      struct world_fault store)
{
	long long run = 0;
	bool good = true;
	int r, r2;

	DW_CHECK_INT(confine(s, &run), 0);
	s->w->sys = sys;
	s->w->store = store;
	r = take_back(s->w);
	world_no_faults(s->w);
	if (r == 0 && !is_as_before(s))
		good = wrong(s, what, n, r, "and the host is not as it was");
	r2 = r == 0 ? 0 : take_back(s->w);
	if (r2 != 0 && r2 != -EALREADY)
		good = wrong(s, what, n, r2, "the second undo");
	if (!is_as_before(s))
		good = wrong(s, what, n, r, "and a second one did not help");
	if (!is_at_rest(s->w, run))
		good = wrong(s, what, n, r, "and the journal says it goes on");
	return good;
}

/* Anew after a failure: what one fault broke must not be counted for the next. */
static void after_one(struct scene *s, bool good, unsigned *bad)
{
	if (good) {
		world_forget(s->w);
		return;
	}
	(*bad)++;
	world_free(s->w);
	s->w = new_world();
	free(s->before);
	s->before = world_text(s->w);
}

enum place { HOST, JOURNAL, FIRST_LOOK, LAST_LOOK, UNDO_HOST, UNDO_JOURNAL };

static void fail_each(struct scene *s, enum place place, unsigned calls)
{
	static const char *const names[] = { "host",      "journal",   "first look",
					     "last look", "undo host", "undo journal" };
	unsigned bad = 0;

	DW_CHECK(calls > 10);
	for (unsigned n = 1; n <= calls; n++) {
		const struct world_fault f = { .at = n, .code = place == JOURNAL ? ENOSPC : EIO };
		const struct world_fault none = { 0 };
		bool good;

		s->w->look_at = place == LAST_LOOK ? 2 : 1;
		s->w->look = place == FIRST_LOOK || place == LAST_LOOK ? f : none;
		s->w->sys = place == HOST ? f : none;
		s->w->store = place == JOURNAL ? f : none;
		if (place == UNDO_HOST || place == UNDO_JOURNAL)
			good = undo_once(s, names[place], n, place == UNDO_HOST ? f : none,
					 place == UNDO_JOURNAL ? f : none);
		else
			good = apply_once(s, names[place], n);
		after_one(s, good, &bad);
	}
	printf("%s: %u calls failed, %u of them wrong\n", names[place], calls, bad);
	DW_CHECK_INT(bad, 0);
}

DW_TEST(each_call_of_an_apply_fails)
{
	struct scene s = begin(0);

	fail_each(&s, HOST, s.sys);
	fail_each(&s, JOURNAL, s.store);
	fail_each(&s, FIRST_LOOK, s.look[0]);
	fail_each(&s, LAST_LOOK, s.look[1]);
	end(&s);
}

DW_TEST(each_call_of_a_trial_fails)
{
	struct scene s = begin(600);

	fail_each(&s, HOST, s.sys);
	fail_each(&s, JOURNAL, s.store);
	end(&s);
}

DW_TEST(each_call_of_the_undo_fails)
{
	struct scene s = begin(0);

	fail_each(&s, UNDO_HOST, s.sys_undo);
	fail_each(&s, UNDO_JOURNAL, s.store_undo);
	end(&s);
}

/* --- the look at services ---------------------------------------------------------------------------------- */

static void judge_with_faults(struct world *w, const struct dw_snapshot *snapshot, unsigned at,
			      unsigned *ret_calls, const struct dw_confine_service *truth,
			      size_t n_truth, struct dw_arena *a, struct dw_confine_service **ret,
			      size_t *ret_n)
{
	struct dw_sys *sys = NULL;

	if (dw_sys_open_fake(w->dir, &sys, NULL) < 0)
		abort();
	dw_sys_fail_at(sys, at, EIO);
	dw_confine_gather(sys, snapshot, dw_knowledge_builtin(), a, ret, ret_n);
	*ret_calls = dw_sys_calls(sys);
	dw_sys_free(sys);
	for (size_t i = 0; i < n_truth; i++)
		for (size_t k = 0; k < *ret_n; k++) {
			const struct dw_confine_service *s = &(*ret)[k];

			if (!dw_streq(s->name, truth[i].name))
				continue;
			if (s->score < truth[i].score && !s->partly)
				printf("call %u: %s looks better\n", at, s->name);
			DW_CHECK(s->score >= truth[i].score || s->partly);
		}
	DW_CHECK(!n_truth || *ret_n == n_truth);
}

DW_TEST(what_a_look_could_not_see_never_looks_good)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct world *w = world_new();
	struct dw_confine_service *truth = NULL, *seen = NULL;
	struct doorward_audit *audit = NULL;
	size_t n_truth = 0, n = 0;
	unsigned calls = 0, again;

	if (doorward_audit_run(w->d, &audit) < 0)
		abort();
	judge_with_faults(w, audit->report.snapshot, 0, &calls, NULL, 0, a, &truth, &n_truth);
	DW_CHECK(calls > 10 && n_truth >= 4);
	for (unsigned at = 1; at <= calls; at++)
		judge_with_faults(w, audit->report.snapshot, at, &again, truth, n_truth, a, &seen,
				  &n);
	doorward_audit_free(audit);
	world_free(w);
}

DW_TEST_MAIN
