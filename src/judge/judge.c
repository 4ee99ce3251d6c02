/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verdicts from the facts alone: without a policy only what cannot be right by itself is worth an alarm;
 * whether a healthy door is needed is for its owner to say.
 */
#include "dw_judge.h"

#include "dw_str.h"

static const char *const verdict_names[DW_VERDICT_COUNT] = {
	[DW_VERDICT_UNKNOWN] = "unknown",   [DW_VERDICT_KEEP] = "keep",
	[DW_VERDICT_RESTRICT] = "restrict", [DW_VERDICT_CLOSE] = "close",
	[DW_VERDICT_ASK] = "ask",           [DW_VERDICT_INVESTIGATE] = "investigate",
};

const char *dw_verdict_name(enum dw_verdict v)
{
	return v < DW_VERDICT_COUNT ? verdict_names[v] : "unknown";
}

struct judging {
	struct dw_arena *arena;
	const struct dw_door *door;
	DW_VEC(struct dw_reason) reasons;
	enum dw_verdict verdict;
};

static void reason(struct judging *j, enum dw_verdict v, const char *id, const char *text)
{
	*dw_vec_add(j->arena, &j->reasons) = (struct dw_reason){ .id = id, .text = text };
	if (v == DW_VERDICT_INVESTIGATE || j->verdict != DW_VERDICT_INVESTIGATE)
		j->verdict = v;
}

static void judge_program(struct judging *j, const struct dw_owner *o)
{
	const char *exe = o->executable ? o->executable : o->comm;

	if (o->exe_state == DW_EXE_MEMFD)
		reason(j, DW_VERDICT_INVESTIGATE, "executable-memfd",
		       dw_arena_printf(j->arena,
				       "%s (pid %d) runs from memory: it never was a file", exe,
				       o->pid));
	else if (o->exe_state == DW_EXE_DELETED)
		reason(j, DW_VERDICT_INVESTIGATE, "executable-deleted",
		       dw_arena_printf(j->arena, "%s (pid %d) was deleted after it was started",
				       exe, o->pid));
	if (o->exe_in_tmp)
		reason(j, DW_VERDICT_INVESTIGATE, "executable-in-tmp",
		       dw_arena_printf(j->arena,
				       "%s (pid %d) runs from a place where anybody can write", exe,
				       o->pid));
	if (o->package && o->package->verified == DW_VERIFIED_DIFFERS &&
	    o->exe_state == DW_EXE_INTACT)
		reason(j, DW_VERDICT_INVESTIGATE, "executable-changed",
		       dw_arena_printf(j->arena, "%s is not the file that package %s installed",
				       exe, o->package->name));
}

static void judge_kind(struct judging *j)
{
	const struct dw_door *d = j->door;

	if (d->hidden)
		reason(j, DW_VERDICT_INVESTIGATE, "hidden",
		       d->seen_by
			       ? dw_arena_printf(j->arena,
						 "not every view of the kernel shows it (only %s)",
						 d->seen_by)
			       : "not every view of the kernel shows it");
	if (d->kind == DW_KIND_SNIFFER && d->filter && (d->n_owners == 0 || !d->owners[0].package))
		reason(j, DW_VERDICT_INVESTIGATE, "sniffer-with-filter",
		       dw_arena_printf(j->arena,
				       "a program of no package picks packets off the wire: %s",
				       d->filter));
}

static const char *why_ask(const struct dw_door *d)
{
	if (d->kind == DW_KIND_SLEEPING)
		return "it opens at the next boot; no policy says whether it is needed";
	if (dw_endpoint_bound(&d->at) == DW_BOUND_LOOPBACK)
		return "only this host can reach it; no policy says whether it is needed";
	return "no policy says whether it is needed";
}

static void judge_door(struct judging *j)
{
	const struct dw_door *d = j->door;

	judge_kind(j);
	for (size_t i = 0; i < d->n_owners; i++) {
		/* forked workers run one program: once is enough */
		if (i == 0 || !dw_streq0(d->owners[i].executable, d->owners[i - 1].executable))
			judge_program(j, &d->owners[i]);
	}
	if (j->reasons.n > 0)
		return;
	if (!d->owners_known)
		reason(j, DW_VERDICT_UNKNOWN, "holder-unknown", "nobody could be seen holding it");
	else
		reason(j, DW_VERDICT_ASK, "no-policy", why_ask(d));
	if (d->n_owners > 0 && d->owners[0].exe_state == DW_EXE_REPLACED)
		reason(j, j->verdict, "executable-replaced",
		       "its program was replaced since it was started (an upgrade, mostly): "
		       "restart it");
}

struct dw_findings *dw_judge(const struct dw_snapshot *s, const struct dw_judge_input *in)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_findings *f = dw_new(a, struct dw_findings);

	(void)in;
	f->arena = a;
	f->n = s->n_doors;
	f->v = dw_arena_array(a, f->n + 1, sizeof(*f->v));
	for (size_t i = 0; i < f->n; i++) {
		struct judging j = { .arena = a, .door = &s->doors[i] };

		judge_door(&j);
		f->v[i] = (struct dw_finding){
			.door = &s->doors[i],
			.verdict = j.verdict,
			.reasons = j.reasons.v,
			.n_reasons = j.reasons.n,
		};
	}
	return f;
}

void dw_findings_free(struct dw_findings *f)
{
	if (f)
		dw_arena_free(f->arena);
}
