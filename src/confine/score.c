/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sum of what counts, and what could be done about it. Pure. */
#include "confine.h"
#include "dw_str.h"

bool dw_confine_has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL; at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

static void add_advice(struct dw_confine_service *s, struct dw_arena *a, const char *text)
{
	dw_vec_push(a, &s->advice, text);
}

/* --- what could be done ---------------------------------------------------------------------------------------- */

static void advise_user(struct dw_confine_service *s, struct dw_arena *a)
{
	if (s->worker)
		add_advice(s, a,
			   dw_arena_printf(a,
					   "Its workers run as %s already: what stays root is the "
					   "process that starts them.",
					   s->worker));
	else if (s->could_be && s->handed)
		add_advice(s, a,
			   dw_arena_printf(a,
					   "It does all its work as %s: doorward confine try %s "
					   "changes that.",
					   s->could_be, s->name));
	else if (s->handed && s->profile && s->profile->needs & DW_PROFILE_SESSIONS)
		add_advice(s, a,
			   "It needs root to become who logs in: what replaces it is the way.");
	else if (s->handed)
		add_advice(
			s, a,
			"Whether it does its work as another user is not known: its manual tells, "
			"and a profile in knowledge.d says it.");
	else if (s->could_be)
		add_advice(s, a,
			   dw_arena_printf(a,
					   "There is an account for it, %s, and it runs as root "
					   "all the same: does it need to?",
					   s->could_be));
	else if (s->unit)
		add_advice(s, a,
			   "No account is there for it: DynamicUser=yes, or a new system user, if "
			   "it needs none of root's rights.");
	else
		add_advice(s, a,
			   "No account is there for it: a new system user, if it needs none of "
			   "root's rights.");
}

static void advise_port(struct dw_confine_service *s, struct dw_arena *a)
{
	if (!s->low_port)
		return;
	if (s->kind == DW_STARTER_INETD || s->kind == DW_STARTER_XINETD ||
	    s->kind == DW_STARTER_SYSTEMD_SOCKET)
		add_advice(s, a,
			   dw_arena_printf(a,
					   "Port %u is no reason for root: another process opens "
					   "it and hands it over.",
					   s->low_port));
	else
		add_advice(s, a,
			   dw_arena_printf(a,
					   "Port %u is below 1024; for that alone nobody needs "
					   "root: AmbientCapabilities="
					   "CAP_NET_BIND_SERVICE, a socket unit that hands it "
					   "over, or a redirect of the fence "
					   "from it to a higher one.",
					   s->low_port));
}

static void advise_said(struct dw_confine_service *s, struct dw_arena *a)
{
	if (s->said_user && dw_streq(s->said_user, "root") && !s->serves_as)
		add_advice(s, a,
			   dw_arena_printf(a, "%s says root: another user there is the change.",
					   s->said_at));
	else if (s->said_user && !dw_streq(s->said_user, "root"))
		add_advice(s, a, dw_arena_printf(a, "%s says %s.", s->said_at, s->said_user));
}

static void advise(struct dw_confine_service *s, struct dw_arena *a)
{
	advise_said(s, a);
	if (s->root == DW_YES) {
		advise_user(s, a);
		advise_port(s, a);
	}
}

/* --- the sum ------------------------------------------------------------------------------------------------- */

static int by_points(const void *x, const void *y)
{
	const struct dw_confine_item *a = x, *b = y;

	if (a->points != b->points)
		return a->points > b->points ? -1 : 1;
	return strcmp(a->id, b->id);
}

void dw_confine_judge(struct dw_confine_service *s, struct dw_arena *a)
{
	DW_VEC(struct dw_confine_item) v = { 0 };

	for (size_t i = 0; i < dw_confine_n_weights; i++) {
		const struct dw_confine_weight *w = &dw_confine_weights[i];
		enum dw_confine_answer answer = w->holds(s);

		if (answer == DW_CONFINE_CANNOT_TELL)
			s->partly = true;
		if (answer != DW_CONFINE_COUNTS)
			continue;
		s->score += w->points;
		*dw_vec_add(a, &v) = (struct dw_confine_item){ w->id, w->points, w->text };
	}
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_points);
	s->items = v.v;
	s->n_items = v.n;
	advise(s, a);
}
