/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verdict where there is a policy. What no statement names is for the policy's default to say. */
#include "dw_policy_match.h"
#include "judging.h"

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day in UTC, by counting up from 1970: the C library's clock is not for a pure room. */
static const char *date_text(struct dw_arena *a, uint64_t seconds)
{
	static const unsigned months[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint64_t day = DW_MIN(seconds / 86400, UINT64_C(2932896)); /* 9999-12-31 */
	unsigned year = 1970, month = 0;

	for (; day >= 365U + is_leap(year); year++)
		day -= 365U + is_leap(year);
	for (; day >= months[month] + (month == 1 && is_leap(year)); month++)
		day -= months[month] + (month == 1 && is_leap(year));
	return dw_arena_printf(a, "%u-%02u-%02u", year, month + 1, (unsigned)day + 1);
}

/* Hidden sockets no name explains. Of the rest somebody who writes the path or the unit has thought. */
static bool is_pardoned(const struct dw_trial *t, const struct dw_statement *s)
{
	const struct dw_door *d = t->door;

	for (size_t i = 0; i < s->n_what && !d->hidden; i++) {
		const struct dw_what *w = &s->what[i];

		if (w->kind != DW_WHAT_PROGRAM && w->kind != DW_WHAT_UNIT)
			continue;
		if (!strchr(w->text, '*') && dw_what_names(w, d, t->identity.service))
			return true;
	}
	return false;
}

static const char *because(const struct dw_trial *t, const struct dw_statement *s)
{
	return s->because ? dw_arena_printf(t->court->arena, ": %s", s->because) : NULL;
}

static const char *user_of(const struct dw_door *d)
{
	return d->n_owners > 0 && d->owners[0].user ? d->owners[0].user : "somebody else";
}

/* "for 10.0.0.0/8 alone", as the statement says it. */
static const char *limits_of(const struct dw_trial *t, const struct dw_statement *s)
{
	struct dw_arena *a = t->court->arena;
	struct dw_str text = { .arena = a };

	if (s->on_loopback)
		return "on loopback alone";
	if (s->on)
		return dw_arena_printf(a, "on %s alone", s->on);
	for (size_t i = 0; i < s->n_from; i++) {
		struct dw_endpoint e = { .family = s->from[i].family };

		memcpy(e.address, s->from[i].address, sizeof(e.address));
		dw_str_addf(&text, "%s%s/%u", i ? ", " : "for ", dw_endpoint_address(a, &e),
			    s->from[i].prefix);
	}
	dw_str_add(&text, " alone");
	return text.s;
}

static const char *how_of(const struct dw_trial *t)
{
	const struct dw_service_restrict *r = t->service ? t->service->restricts : NULL;

	return r && r->how ? dw_arena_printf(t->court->arena, "; %s",
					     dw_judge_clause(t->court->arena, r->how))
			   : "; bind it to a narrower address or let a packet filter narrow it";
}

/* `from` is for a packet filter to see to. Where none stands before the door it is surely wider. */
static enum dw_fit reach_fits(const struct dw_statement *s, const struct dw_door *d)
{
	struct dw_statement elsewhere = *s;
	enum dw_fit fit = dw_policy_bound_fits(s, d);

	elsewhere.n_from = 0;
	if (fit != DW_FIT_UNKNOWN || s->n_from == 0 ||
	    dw_policy_bound_fits(&elsewhere, d) != DW_FIT_FITS)
		return fit;
	if (d->packet_filter == DW_NO)
		return dw_endpoint_bound(&d->at) == DW_BOUND_UNKNOWN ? fit : DW_FIT_WIDER;
	return dw_policy_filter_fits(s, d);
}

static const char *doubt_of(const struct dw_trial *t)
{
	const struct dw_door *d = t->door;

	if (d->packet_filter != DW_YES)
		return "whether there is one could not be seen";
	if (!d->filtered || !d->filtered->why)
		return "there is one, but what it lets in was not read";
	return dw_arena_printf(t->court->arena, "what it lets in is not known: %s",
			       d->filtered->why);
}

static void remark_filter(struct dw_trial *t, const struct dw_statement *s)
{
	if (s->n_from > 0 && t->door->packet_filter != DW_NO &&
	    reach_fits(s, t->door) == DW_FIT_UNKNOWN)
		dw_judge_remark(t, DW_REASON_FILTER_NOT_READ, limits_of(t, s), doubt_of(t), NULL);
}

/* "the packet filter lets in anyone (inet filter input handle 7)", or, where none was asked, the address. */
static const char *width_of(const struct dw_trial *t, const struct dw_statement *s)
{
	const char *let_in = dw_judge_let_in(t), *rule = dw_judge_filter_rule(t);

	if (!let_in || s->n_from == 0 || dw_policy_bound_fits(s, t->door) == DW_FIT_WIDER)
		return dw_judge_place(t);
	return dw_arena_printf(t->court->arena, "the packet filter lets in %s%s",
			       t->door->filtered->words, rule ? rule : "");
}

static void keep(struct dw_trial *t, const struct dw_statement *s)
{
	dw_judge_decide(t, DW_VERDICT_KEEP, DW_REASON_IN_POLICY, because(t, s), NULL, NULL);
	remark_filter(t, s);
}

static void judge_kept(struct dw_trial *t, const struct dw_statement *s)
{
	const struct dw_door *d = t->door;
	enum dw_fit program = dw_policy_program_fits(s, d), user = dw_policy_user_fits(s, d);

	t->pardoned = is_pardoned(t, s);
	if (program == DW_FIT_WIDER)
		dw_judge_decide(t, DW_VERDICT_INVESTIGATE, DW_REASON_WRONG_PROGRAM_FOR_POLICY,
				s->program, dw_judge_holder(t), NULL);
	else if (user == DW_FIT_WIDER)
		dw_judge_decide(t, DW_VERDICT_INVESTIGATE, DW_REASON_WRONG_USER_FOR_POLICY, s->user,
				user_of(d), NULL);
	else if (!d->owners_known && (program == DW_FIT_UNKNOWN || user == DW_FIT_UNKNOWN))
		dw_judge_decide(t, DW_VERDICT_UNKNOWN, DW_REASON_HOLDER_UNKNOWN, NULL, NULL, NULL);
	else if (reach_fits(s, d) == DW_FIT_WIDER)
		dw_judge_decide(t, DW_VERDICT_RESTRICT, DW_REASON_WIDER_THAN_POLICY,
				limits_of(t, s), width_of(t, s), how_of(t));
	else
		keep(t, s);
}

/* `default close` is about the network: what reaches nobody else, or cuts somebody off, is asked about. */
static void close_unnamed(struct dw_trial *t)
{
	dw_judge_advise(t);
	for (size_t i = 0; i < t->said.n; i++)
		if (t->said.v[i].decides && t->said.v[i].id == DW_REASON_HOST_NEEDS_IT)
			return;
	if (t->verdict == DW_VERDICT_UNKNOWN)
		return;
	if (!t->far)
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_LOOPBACK_ONLY, NULL, NULL, NULL);
	else
		dw_judge_decide(t, DW_VERDICT_CLOSE, DW_REASON_NOT_IN_POLICY,
				", and what it does not name is closed", NULL, NULL);
	dw_judge_temper(t);
}

static void report_unnamed(struct dw_trial *t)
{
	dw_judge_advise(t);
	if (t->verdict == DW_VERDICT_CLOSE || t->verdict == DW_VERDICT_RESTRICT)
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_NOT_IN_POLICY,
				", and what it does not name is only reported", NULL, NULL);
}

static void judge_unnamed(struct dw_trial *t)
{
	static void (*const defaults[DW_DEFAULT_COUNT])(struct dw_trial *) = {
		[DW_DEFAULT_UNKNOWN] = dw_judge_advise,
		[DW_DEFAULT_CLOSE] = close_unnamed,
		[DW_DEFAULT_ASK] = dw_judge_advise,
		[DW_DEFAULT_REPORT] = report_unnamed,
	};
	enum dw_policy_default otherwise = t->court->policy->otherwise;
	bool named = false;

	defaults[otherwise < DW_DEFAULT_COUNT ? otherwise : DW_DEFAULT_UNKNOWN](t);
	for (size_t i = 0; i < t->said.n; i++)
		named |= t->said.v[i].id == DW_REASON_NOT_IN_POLICY;
	if (!named)
		dw_judge_remark(t, DW_REASON_NOT_IN_POLICY, NULL, NULL, NULL);
}

/* The waiver is the one statement that this reason is about; the door itself is as if not named. */
static void tell_expired(struct dw_trial *t, const struct dw_statement *expired)
{
	const char *date = date_text(t->court->arena, expired->expires);

	t->statement = expired;
	if (t->verdict == DW_VERDICT_KEEP || t->verdict == DW_VERDICT_ASK)
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_WAIVER_EXPIRED, date, NULL, NULL);
	else
		dw_judge_remark(t, DW_REASON_WAIVER_EXPIRED, date, NULL, NULL);
	t->statement = NULL;
}

static void judge_closed(struct dw_trial *t, const struct dw_statement *s)
{
	dw_judge_decide(t, DW_VERDICT_CLOSE, DW_REASON_POLICY_CLOSES, because(t, s), NULL, NULL);
	dw_judge_spare(t);
}

void dw_judge_by_policy(struct dw_trial *t)
{
	const struct dw_court *c = t->court;
	const struct dw_statement *expired = NULL;
	const struct dw_statement *s =
		dw_policy_match(c->policy, c->snapshot, t->door, t->identity.service, c->knowledge,
				c->snapshot->time, &expired);

	t->statement = s;
	if (s && s->action == DW_POLICY_CLOSE) {
		judge_closed(t, s);
		return;
	}
	if (s) {
		judge_kept(t, s);
		return;
	}
	judge_unnamed(t);
	if (expired)
		tell_expired(t, expired);
}
