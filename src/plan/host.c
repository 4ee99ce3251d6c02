/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the checks of a host would change, as steps: the edits of one file made once, whoever wants them. */
#include "dw_plan_host.h"

#include <errno.h>

#include "dw_state.h"
#include "dw_str.h"
#include "making.h"

struct putting {
	struct dw_arena *a;
	const struct dw_plan_change *v;
	size_t n;
	DW_VEC(struct dw_step) steps;
};

static bool same_object(const struct dw_host_change *x, const struct dw_host_change *y)
{
	return dw_streq(x->manager, y->manager) && dw_streq(x->object, y->object);
}

static bool is_first(const struct putting *p, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_object(p->v[i].change, p->v[at].change))
			return false;
	return true;
}

/* Why a file changes: the reasons of all that change it, each once. */
static const char *whys(const struct putting *p, size_t at)
{
	struct dw_strings told = { 0 };
	struct dw_str text = { .arena = p->a };

	for (size_t i = at; i < p->n; i++) {
		const struct dw_host_change *c = p->v[i].change;

		if (!same_object(c, p->v[at].change) || !c->why || dw_strings_has(&told, c->why))
			continue;
		dw_vec_push(p->a, &told, c->why);
		dw_str_addf(&text, "%s%s", text.n ? "; " : "", c->why);
	}
	return text.s;
}

/* A file that is not there is made, for root alone to read until somebody opens it up. */
static const char *text_of(struct dw_arena *a, const struct dw_state *now,
			   const struct dw_bytes *content)
{
	return dw_streq0(now->text, "absent") ? dw_state_file_text(a, 0600, 0, 0, content, NULL)
					      : dw_state_file_with(a, now->text, content);
}

static bool is_there(const struct dw_edit *v, size_t n, const struct dw_edit *e)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].line == e->line && dw_streq0(v[i].old, e->old) &&
		    dw_streq0(v[i].fresh, e->fresh))
			return true;
	return false;
}

static int add_file(struct putting *p, size_t at, struct dw_step *t, struct dw_error *e)
{
	DW_VEC(struct dw_edit) all = { 0 };
	struct dw_bytes content = { 0 };
	unsigned line = 0;

	for (size_t i = at; i < p->n; i++) {
		const struct dw_host_change *c = p->v[i].change;

		for (size_t k = 0; same_object(c, p->v[at].change) && k < c->n_edits; k++)
			if (!is_there(all.v, all.n, &c->edits[k]))
				dw_vec_push(p->a, &all, c->edits[k]);
	}
	if (!dw_edits_apply(p->a, &t->expect.data, all.v, all.n, &content, &line))
		return dw_error_set(e, -ESTALE, "line %u of %s is not as it was looked at", line,
				    t->object);
	t->want = (struct dw_state){ .text = text_of(p->a, &t->expect, &content), .data = content };
	if (!t->want.text)
		return dw_error_set(e, -ESTALE, "%s is no file", t->object);
	t->diff = dw_plan_diff(p->a, &t->expect.data, &content, all.v, all.n);
	return 0;
}

static bool has_word(const char *list, const char *word, size_t n)
{
	for (const char *at = list; (at = strstr(at, word)) != NULL; at++)
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

/* Who is told of an object, with the words of all its changes: who has to get in by sshd, say. */
static const char *who_is_told(const struct putting *p, size_t at)
{
	const char *all = NULL;

	for (size_t i = at; i < p->n; i++) {
		const struct dw_host_change *c = p->v[i].change;
		char *rest = same_object(c, p->v[at].change) && c->notify
				     ? dw_arena_strdup(p->a, c->notify)
				     : NULL,
		     *word;

		while (rest && (word = dw_word_next(&rest)) != NULL)
			if (!all || !has_word(all, word, strlen(word)))
				all = dw_arena_printf(p->a, "%s%s%s", all ? all : "",
						      all ? " " : "", word);
	}
	return all;
}

static int add(struct putting *p, size_t at, struct dw_error *e)
{
	const struct dw_host_change *c = p->v[at].change;
	struct dw_step t = {
		.phase = c->phase,
		.manager = c->manager,
		.object = c->object,
		.expect = p->v[at].now,
		.want = { .text = c->want },
		.notify = who_is_told(p, at),
		.label = c->label,
		.why = whys(p, at),
		.source = c->source,
		.command = c->command,
		.undo_command = c->undo_command,
		.no_undo = c->no_undo,
	};
	int r = dw_streq(c->manager, "file") && !c->want ? add_file(p, at, &t, e) : 0;

	if (r == 0 && !dw_streq0(t.expect.text, t.want.text))
		dw_vec_push(p->a, &p->steps, t);
	return r;
}

int dw_plan_host(struct dw_arena *a, const struct dw_plan_change *v, size_t n, struct dw_steps *ret,
		 struct dw_error *e)
{
	struct putting p = { .a = a, .v = v, .n = n };

	/* those without anybody to tell first: who is told in a row is told once, behind the last */
	for (int told = 0; told < 2; told++)
		for (size_t i = 0; i < n; i++) {
			int r = 0;

			if (is_first(&p, i) && (v[i].change->notify != NULL) == (told != 0))
				r = add(&p, i, e);
			if (r < 0)
				return r;
		}
	*ret = (struct dw_steps){ .v = p.steps.v, .n = p.steps.n };
	return 0;
}
