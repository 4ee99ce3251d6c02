/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step: reading, setting, noting. */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "executor.h"

const char *dw_apply_label(const struct dw_step *t)
{
	return t->label ? t->label : t->object;
}

/* NULL: there is none, and *e says so. */
static const struct dw_switch_ops *find(const struct dw_apply *a, const struct dw_step *t,
					struct dw_error *e)
{
	const struct dw_switch_ops *ops = t->manager ? a->find(t->manager) : NULL;

	if (!ops)
		(void)dw_error_set(e, -ENOTSUP, "%s: this doorward has no switch \"%s\"",
				   dw_apply_label(t), t->manager ? t->manager : "");
	return ops;
}

int dw_apply_read(struct dw_apply *a, const struct dw_step *t, struct dw_state *ret,
		  struct dw_error *e)
{
	const struct dw_switch_ops *ops = find(a, t, e);
	struct dw_state now = { 0 };
	int r = ops ? ops->state(a->sw, t->object, &now, e) : -ENOTSUP;

	if (r < 0)
		return r;
	if (!now.text)
		return dw_error_set(e, -ENODATA, "%s: its state cannot be told", dw_apply_label(t));
	*ret = now;
	return 0;
}

bool dw_apply_is(const struct dw_state *now, const struct dw_state *want)
{
	return dw_streq0(now->text, want->text);
}

static size_t word_length(const char *s)
{
	return strcspn(s, " ");
}

bool dw_apply_is_between(const char *now, const char *x, const char *y)
{
	while (*now && *x && *y) {
		size_t n = word_length(now), nx = word_length(x), ny = word_length(y);

		if (!(n == nx && memcmp(now, x, n) == 0) && !(n == ny && memcmp(now, y, n) == 0))
			return false;
		now += n + (now[n] == ' ');
		x += nx + (x[nx] == ' ');
		y += ny + (y[ny] == ' ');
	}
	return !*now && !*x && !*y;
}

int dw_apply_set(struct dw_apply *a, const struct dw_step *t, const struct dw_state *from,
		 const struct dw_state *want, struct dw_error *e)
{
	const struct dw_switch_ops *ops = find(a, t, e);
	struct dw_state now = { 0 };
	int r = ops ? ops->set(a->sw, t->object, from, want, e) : -ENOTSUP;

	if (r == 0)
		r = dw_apply_read(a, t, &now, e);
	if (r < 0)
		return r;
	if (!dw_apply_is(&now, want))
		return dw_error_set(e, t->phase == DW_PHASE_STOP ? -EAGAIN : -EIO,
				    "%s is \"%s\" afterwards, not \"%s\"", dw_apply_label(t),
				    now.text, want->text);
	return 0;
}

int dw_apply_note(struct work *w, size_t i, enum dw_run_step_state state, const char *message,
		  struct dw_error *e)
{
	struct dw_run_step *p = &w->run->steps[i];
	uint64_t time = dw_sys_now(w->a->sw->sys);

	p->state = state;
	p->time = time;
	p->message = message ? dw_arena_strdup(w->a->sw->arena, message) : NULL;
	return dw_store_step(w->a->store, w->run->id, i, state, time, message, e);
}

void dw_apply_tell(struct work *w, size_t i)
{
	if (w->a->tell)
		w->a->tell(w->a->tell_data, &w->run->steps[i], i, w->run->n_steps, w->back != 0);
}
