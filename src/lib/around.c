/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A look before a command and one behind it. */
#include <errno.h>
#include <string.h>

#include "diff-private.h"
#include "dw_around.h"
#include "dw_str.h"
#include "dw_wait.h"

#define SETTLE_MS  30000 /* at most */
#define QUIET_MS   1500  /* nothing may change for so long */
#define BETWEEN_MS 500

static bool differ(const struct dw_audit_read *x, const struct dw_audit_read *y)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_diff diff = { 0 };

	dw_diff_audits(x, y, a, &diff);
	return diff.n > 0;
}

/*
 * What a package installs is started behind our back: by systemd, after the command ended. So the doors are looked at
 * until two looks in a row, and some time between them, show the same.
 */
static int settle(struct doorward *d, struct dw_sys *s, struct doorward_diff *f, struct dw_error *e)
{
	uint64_t begun = dw_sys_clock_us(s), quiet = begun;
	int r = dw_diff_look(d, f->arena, &f->after, e);

	while (r == 0) {
		struct dw_audit_read next = { 0 };
		uint64_t now;

		dw_sys_pause(s, BETWEEN_MS);
		r = dw_diff_look(d, f->arena, &next, e);
		if (r < 0)
			break;
		now = dw_sys_clock_us(s);
		if (differ(&f->after, &next))
			quiet = now;
		f->after = next;
		f->around.settled = now - quiet >= (uint64_t)QUIET_MS * 1000;
		if (f->around.settled || now - begun >= (uint64_t)SETTLE_MS * 1000)
			break;
	}
	return r;
}

static const char *words_of(struct dw_arena *a, const char *const *argv)
{
	struct dw_str text = { .arena = a };

	for (size_t i = 0; argv[i] && text.n < 4096; i++)
		dw_str_addf(&text, "%s%.1024s", i ? " " : "", argv[i]);
	return text.s ? text.s : "";
}

static int run(struct doorward *d, struct dw_sys *s, const char *const *argv,
	       struct doorward_diff *f, struct dw_error *e)
{
	struct dw_things before = { 0 }, after = { 0 };
	struct dw_strings earlier = { 0 };
	int status = 0, r = dw_diff_look(d, f->arena, &f->before, e);

	if (r < 0)
		return r;
	dw_things_look(s, f->arena, &before, &earlier);
	r = dw_sys_run_through(s, argv, &status, e);
	if (r < 0)
		return r;
	f->around.command = words_of(f->arena, argv);
	f->around.status = (unsigned)status;
	r = settle(d, s, f, e);
	if (r < 0)
		return r;
	dw_things_look(s, f->arena, &after, &f->notes);
	dw_things_compare(&before, &after, f->arena, &f->around);
	return 0;
}

int doorward_diff_around(struct doorward *d, const char *const *argv, struct doorward_diff **ret,
			 int *ret_status)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error *e = dw_facade_begin(d);
	struct doorward_diff *f;
	int r = dw_facade_open_sys(d, &s, e);

	if (r < 0)
		return r;
	f = dw_diff_new();
	r = run(d, s, argv, f, e);
	if (r < 0) {
		doorward_diff_free(f);
		return r;
	}
	dw_diff_finish(f, "before the command", "after the command");
	f->report.around = &f->around;
	*ret_status = (int)f->around.status;
	*ret = f;
	return 0;
}
