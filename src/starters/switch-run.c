/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scripts of service managers, run as these run them, and the wait for what they bring about. */
#include <errno.h>
#include <string.h>

#include "dw_spawn.h"
#include "dw_str.h"
#include "dw_wait.h"
#include "switch.h"

#define OUTPUT_MAX ((size_t)256 * 1024)
#define WORDS_MAX  200   /* bytes of a last line that are told */
#define SETTLE_MS  5000U /* from the script's end to the state that it says is reached */

/* init(8)'s own; service(8) hands on PATH, TERM and the locale, nothing else. A daemon that starts must see no more. */
static const char *const script_environment[] = { "PATH=/sbin:/usr/sbin:/bin:/usr/bin", "TERM=dumb",
						  NULL };

static const char *last_line(struct dw_arena *a, const struct dw_bytes *output)
{
	struct dw_lines it = dw_lines_of(output);
	const char *line, *last = "";

	while ((line = dw_lines_next_trimmed(&it, a)) != NULL)
		if (*line)
			last = line;
	return dw_escape_terminal(a, last, strnlen(last, WORDS_MAX));
}

int dw_switch_run(struct dw_switch *s, struct dw_switch_run *run, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const struct dw_spawn what = {
		.argv = run->argv,
		.environment = run->environment ? run->environment : script_environment,
		.timeout_ms = run->timeout_ms ? run->timeout_ms : dw_switch_patience(s),
		.output_max = OUTPUT_MAX,
		.mute = run->mute,
	};
	struct dw_bytes output = { 0 };
	int status = 0, r = dw_spawn_run(s->sys, &what, scratch, &output, &status, e);

	if (r < 0)
		return r;
	run->status = status;
	run->words = dw_arena_strdup(s->arena, last_line(scratch, &output));
	return 0;
}

int dw_switch_is_at(struct dw_switch *s, const struct dw_switch_ops *ops, const char *object,
		    const char *text, struct dw_error *e)
{
	/* asked again and again: what it allocates must not pile up */
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_arena *before = s->arena;
	struct dw_state now = { 0 };
	int r;

	s->arena = scratch;
	r = ops->state(s, object, &now, e);
	s->arena = before;
	return r < 0 ? r : dw_streq(now.text, text);
}

struct wait {
	struct dw_switch *s;
	const struct dw_switch_ops *ops;
	const char *object, *text;
};

static int there(void *arg, struct dw_error *e)
{
	const struct wait *w = arg;

	return dw_switch_is_at(w->s, w->ops, w->object, w->text, e);
}

int dw_switch_wait(struct dw_switch *s, const struct dw_switch_ops *ops, const char *object,
		   const char *text, unsigned timeout_ms, struct dw_error *e)
{
	struct wait w = { .s = s, .ops = ops, .object = object, .text = text };

	return dw_sys_wait(s->sys, there, &w, timeout_ms, e);
}

int dw_switch_by_script(struct dw_switch *s, const struct dw_switch_ops *ops, const char *object,
			const char *want, struct dw_switch_run *run, struct dw_error *e)
{
	struct dw_error why = { 0 };
	int r = dw_switch_run(s, run, &why);

	/* one that was killed because it did not end may have done its work before */
	if (r == -ETIMEDOUT && dw_switch_is_at(s, ops, object, want, NULL) == 1)
		return 0;
	if (r < 0)
		return dw_error_set(e, r, "%s", why.message);
	/* One that says it failed is looked at once: most often nothing more comes of it. */
	r = dw_switch_wait(s, ops, object, want,
			   run->status == 0 ? DW_MIN(SETTLE_MS, dw_switch_patience(s)) : 0, e);
	if (r != 0)
		return r < 0 ? r : 0;
	return dw_error_set(e, run->status ? -EIO : -ETIMEDOUT,
			    "%s: it is not %s after %s %s (exit status %d)%s%s", object, want,
			    dw_basename(run->argv[0]), run->argv[1], run->status,
			    *run->words ? ": " : "", run->words);
}
