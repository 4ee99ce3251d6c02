/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the documents share: names of their parts, the outcome, the memory. */
#include "paper.h"

#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "table.h"

static const struct {
	const char *name, *title;
} parts[DW_WHOLE_PARTS] = {
	[DW_WHOLE_PLAN] = { "plan", "Plan" },
	[DW_WHOLE_CHANGES] = { "changes", "Changes since the baseline" },
	[DW_WHOLE_OUTSIDE] = { "outside", "Seen from outside" },
	[DW_WHOLE_HOST] = { "host", "Checks of the host" },
	[DW_WHOLE_USAGE] = { "usage", "Usage" },
	[DW_WHOLE_HISTORY] = { "history", "What doorward did here" },
};

const char *dw_whole_part_name(enum dw_whole_part p)
{
	return p < DW_WHOLE_PARTS ? parts[p].name : "unknown";
}

const char *dw_whole_part_title(enum dw_whole_part p)
{
	return p < DW_WHOLE_PARTS ? parts[p].title : "Unknown";
}

enum dw_whole_part dw_whole_part_parse(const char *name, size_t n)
{
	enum dw_whole_part p = DW_WHOLE_PLAN;

	while (p < DW_WHOLE_PARTS &&
	       (strlen(parts[p].name) != n || memcmp(parts[p].name, name, n) != 0))
		p++;
	return p;
}

const char *dw_whole_state_name(enum dw_whole_state s)
{
	static const char *const names[DW_WHOLE_STATES] = { "unknown", "told", "left-out",
							    "nothing", "failed" };

	return names[s < DW_WHOLE_STATES ? s : DW_WHOLE_UNKNOWN];
}

unsigned dw_report_whole_outcome(const struct dw_report_whole *w)
{
	unsigned outcome = dw_report_outcome(w->audit);

	if (w->host)
		outcome |= dw_report_host_outcome(w->host);
	for (size_t i = 0; i < DW_WHOLE_PARTS; i++)
		if (w->sections[i].state == DW_WHOLE_FAILED)
			outcome |= DW_REPORT_BLIND;
	return outcome;
}

struct paper paper_new(const struct paper_ops *ops, FILE *out)
{
	return (struct paper){
		.ops = ops, .out = out, .a = dw_arena_new(), .scratch = dw_arena_new()
	};
}

void paper_free(struct paper *p)
{
	dw_arena_free(p->a);
	dw_arena_free(p->scratch);
}

const char *paper_verdicts(const struct dw_report *r, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };
	size_t counts[DW_MARKS] = { 0 };
	bool first = true;

	for (size_t i = 0; i < r->n_doors; i++)
		counts[dw_mark_rank(r->doors[i].verdict)]++;
	dw_str_addf(&text, "%zu door%s", r->n_doors, r->n_doors == 1 ? "" : "s");
	for (size_t i = 0; i < DW_MARKS; i++) {
		const struct dw_mark *m = &dw_marks[i];

		if (!counts[i])
			continue;
		dw_str_addf(&text, "%s%s%s%zu%s", first ? ": " : ", ", m->before,
			    *m->before ? " " : "", counts[i], m->after);
		first = false;
	}
	dw_str_addc(&text, '.');
	return text.s;
}

static const char *roles_of(const struct dw_report *r, size_t first, size_t end, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };

	for (size_t i = first; i < end; i++)
		dw_str_addf(&text, "%s%s", i > first ? ", " : "", r->roles[i]);
	return text.s;
}

void paper_about(struct paper *p, const struct dw_report_whole *w)
{
	const struct dw_snapshot *s = w->audit->snapshot;
	const struct dw_report *r = w->audit;
	const struct {
		const char *label, *text;
	} facts[] = {
		{ "Host", s->host },
		{ "Looked at", s->time ? dw_report_minute(p->a, s->time) : NULL },
		{ "By its policy a", roles_of(r, 0, r->n_named, p->a) },
		{ "It seems to be a", roles_of(r, r->n_named, r->n_roles, p->a) },
		{ "Service manager", s->service_manager },
		{ "Sockets found by", s->method },
		{ "By", w->audit->version ? dw_arena_printf(p->a, "doorward %s", w->audit->version)
					  : NULL },
		{ "Command", w->command },
	};

	p->ops->facts(p);
	for (size_t i = 0; i < DW_ARRAY_SIZE(facts); i++)
		if (facts[i].text)
			p->ops->fact(p, facts[i].label, facts[i].text, false);
	p->ops->end_facts(p);
}
