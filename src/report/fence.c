/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_fence_report.h"

#include <string.h>

#include "dw_json.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

#define DOOR_MAX 28 /* columns of a door, unless --wide */
#define WHO_MAX  24
#define IDLE_MAX 12 /* rules, and doors of other namespaces, that are told without --wide */

static const char *hits(const struct page *p, bool counted, uint64_t packets)
{
	return counted ? dw_arena_printf(p->a, ", %llu packet%s", (unsigned long long)packets,
					 packets == 1 ? "" : "s")
		       : "";
}

/* --- the doors ------------------------------------------------------------------------------------ */

static const char *who_of(const struct page *p, const struct dw_door *d)
{
	return d->filtered ? dw_cells_escape(d->filtered->words, p->a) : "not looked at";
}

/* The counter of the rule that decides, which is one of the sources'. */
static const char *rule_hits(const struct page *p, const struct dw_filtered *f)
{
	for (size_t i = 0; i < f->n_sources; i++)
		if (f->sources[i].counted && dw_streq0(f->sources[i].rule, f->rule))
			return hits(p, true, f->sources[i].packets);
	return "";
}

/* By which rule a packet is led elsewhere. */
static const char *led_text(const struct page *p, const struct dw_filtered_source *s)
{
	return s->led_by ? dw_arena_printf(p->a, " by %s%s", dw_cells_escape(s->led_by, p->a),
					   hits(p, s->led_counted, s->led_packets))
			 : "";
}

static const char *source_text(const struct page *p, const struct dw_filtered_source *s)
{
	const char *rule = s->rule ? dw_cells_escape(s->rule, p->a) : NULL;

	return dw_arena_printf(p->a, "%s %s%s%s%s%s%s%s", dw_cells_escape(s->words, p->a),
			       !s->known   ? "in doubt"
			       : s->passes ? "in"
					   : "out",
			       rule ? ": " : "", rule ? rule : "",
			       s->rule ? hits(p, s->counted, s->packets) : "", s->to ? " -> " : "",
			       s->to ? s->to : "", led_text(p, s));
}

static const char *rule_of(const struct page *p, const struct dw_door *d)
{
	const struct dw_filtered *f = d->filtered;
	struct dw_str text = { .arena = p->a };

	if (!f)
		return "-";
	if (f->kind == DW_FILTERED_UNKNOWN && f->why)
		return dw_cells_escape(f->why, p->a);
	if (f->rule)
		return dw_arena_printf(p->a, "%s%s", dw_cells_escape(f->rule, p->a),
				       rule_hits(p, f));
	for (size_t i = 0; i < f->n_sources; i++)
		if (f->sources[i].rule || f->sources[i].to)
			dw_str_addf(&text, "%s%s", text.n ? "; " : "",
				    source_text(p, &f->sources[i]));
	if (text.n == 0 && f->why)
		return dw_cells_escape(f->why, p->a);
	return text.n ? text.s : f->rehearsed ? "-" : "by its address";
}

static const char *door_text(const struct page *p, const struct dw_door *d)
{
	const char *text = dw_cells_escape(dw_endpoint_text(p->a, &d->at), p->a);

	return d->port_last > d->at.port ? dw_arena_printf(p->a, "%s-%u", text, d->port_last)
					 : text;
}

static size_t width_of_column(const struct page *p, size_t have, const char *text, size_t most)
{
	size_t n = strlen(text);

	return DW_MAX(have, p->style->wide ? n : DW_MIN(n, most));
}

static void put_cell(const struct page *p, const char *text, size_t width)
{
	const char *cut = p->style->wide ? text : dw_layout_cut(text, width, false, p->a);

	(void)fprintf(p->out, "%-*s  ", (int)width, cut);
}

static void put_doors(const struct page *p, const struct dw_report_fence *r)
{
	size_t door = strlen("DOOR"), who = strlen("WHO MAY");

	for (size_t i = 0; i < r->n_doors; i++) {
		door = width_of_column(p, door, door_text(p, r->doors[i].door), DOOR_MAX);
		who = width_of_column(p, who, who_of(p, r->doors[i].door), WHO_MAX);
	}
	(void)fprintf(p->out, "\n  %-*s  %-*s  BY WHICH RULE\n", (int)door, "DOOR", (int)who,
		      "WHO MAY");
	for (size_t i = 0; i < r->n_doors; i++) {
		const struct dw_door *d = r->doors[i].door;

		(void)fputs("  ", p->out);
		put_cell(p, door_text(p, d), door);
		put_cell(p, who_of(p, d), who);
		dw_layout_wrap(p->out, rule_of(p, d), door + who + 6, door + who + 6,
			       p->style->columns);
	}
}

/* --- what is odd ---------------------------------------------------------------------------------- */

static const char *ports_text(const struct page *p, const struct dw_report_unused *u)
{
	const char *protocol = dw_protocol_name(u->protocol);

	if (u->first == u->last)
		return dw_arena_printf(p->a, "%u/%s", u->first, protocol);
	return dw_arena_printf(p->a, "%u-%u/%s", u->first, u->last, protocol);
}

static void put_unused(const struct page *p, const struct dw_report_fence *r)
{
	if (r->n_unused)
		dw_page_head(p, "Let in, and nothing listens there");
	for (size_t i = 0; i < r->n_unused; i++) {
		const struct dw_report_unused *u = &r->unused[i];
		const char *rule = u->rule ? dw_cells_escape(u->rule, p->a) : NULL;

		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a, "%s  for %s%s%s", ports_text(p, u),
					    dw_cells_escape(u->who, p->a), rule ? ", by " : "",
					    rule ? rule : ""));
	}
}

/* The first source that is led away tells by which rule. */
static const char *leader_of(const struct page *p, const struct dw_door *d)
{
	for (size_t i = 0; d->filtered && i < d->filtered->n_sources; i++)
		if (d->filtered->sources[i].led_by)
			return led_text(p, &d->filtered->sources[i]);
	return "";
}

static void put_around(const struct page *p, const struct dw_report_fence *r)
{
	if (r->n_around)
		dw_page_head(p, "Published ports that go round the input rules");
	for (size_t i = 0; i < r->n_around; i++) {
		const struct dw_door *d = r->around[i];

		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a,
					    "%s -> %s  for %s: led away%s before the rules for "
					    "this host are asked",
					    door_text(p, d),
					    d->target ? dw_cells_escape(d->target, p->a)
						      : "somewhere else",
					    who_of(p, d), leader_of(p, d)));
	}
}

static void put_idle(const struct page *p, const struct dw_report_fence *r)
{
	size_t shown = p->style->wide ? r->n_idle : DW_MIN(r->n_idle, (size_t)IDLE_MAX);

	if (r->n_idle == 0)
		return;
	dw_page_head(p, "Rules that none of these packets met");
	for (size_t i = 0; i < shown; i++)
		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a, "%s%s", dw_cells_escape(r->idle[i].words, p->a),
					    hits(p, r->idle[i].counted, r->idle[i].packets)));
	if (shown < r->n_idle)
		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a, "and %zu more (--wide lists them)",
					    r->n_idle - shown));
	if (!p->style->quiet)
		dw_page_put(p, 2, 0,
			    "They are for something else (established connections, states of this "
			    "host), or for nothing.");
}

static const char *leave_ports(const struct page *p, const struct dw_report_leave *l)
{
	const char *protocol = dw_protocol_name(l->protocol);

	if (l->first == 1 && l->last == UINT16_MAX)
		return dw_arena_printf(p->a, "all %s", protocol);
	if (l->first == l->last)
		return dw_arena_printf(p->a, "%u/%s", l->first, protocol);
	return dw_arena_printf(p->a, "%u-%u/%s", l->first, l->last, protocol);
}

/* Leaves that are alike are one line: ports, destinations, and what becomes of them. */
struct leave_line {
	const char *ports, *to, *end;
};

static const char *leave_to(const struct page *p, const struct dw_report_leave *l)
{
	const char *to = dw_cells_escape(l->to, p->a);

	/* a network's words name its family, "anyone" does not */
	return strncmp(l->to, "anyone", strlen("anyone")) == 0
		       ? dw_arena_printf(p->a, "%s (IPv%c)", to,
					 l->family == DW_FAMILY_IPV4 ? '4' : '6')
		       : to;
}

static const char *leave_end(const struct page *p, const struct dw_report_leave *l)
{
	const char *why = l->known || !l->why ? l->rule : l->why;

	return dw_arena_printf(p->a, "%s%s%s%s",
			       !l->known   ? "not known"
			       : l->passes ? "goes out"
					   : "stays in",
			       !why       ? ""
			       : l->known ? ", by "
					  : ": ",
			       why ? dw_cells_escape(why, p->a) : "",
			       l->rule ? hits(p, l->counted, l->packets) : "");
}

static bool join_ports(const struct page *p, struct leave_line *into, const struct leave_line *l)
{
	if (!dw_streq(into->to, l->to) || !dw_streq(into->end, l->end))
		return false;
	into->ports = dw_streq(into->ports, "all tcp") && dw_streq(l->ports, "all udp")
			      ? "all tcp and udp"
			      : dw_arena_printf(p->a, "%s, %s", into->ports, l->ports);
	return true;
}

static bool join_to(const struct page *p, struct leave_line *into, const struct leave_line *l)
{
	if (!dw_streq(into->ports, l->ports) || !dw_streq(into->end, l->end))
		return false;
	into->to = dw_arena_printf(p->a, "%s, %s", into->to, l->to);
	return true;
}

/* Each line goes into the first that it is like; order stays. Returns how many are left. */
static size_t join_lines(const struct page *p, struct leave_line *v, size_t n,
			 bool (*join)(const struct page *, struct leave_line *,
				      const struct leave_line *))
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool joined = false;

		for (size_t k = 0; k < kept && !joined; k++)
			joined = join(p, &v[k], &v[i]);
		if (!joined)
			v[kept++] = v[i];
	}
	return kept;
}

static void put_leaves(const struct page *p, const struct dw_report_fence *r)
{
	struct leave_line *v = dw_arena_array(p->a, r->n_leaves, sizeof(*v));
	size_t n = r->n_leaves;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct leave_line){ leave_ports(p, &r->leaves[i]),
					    leave_to(p, &r->leaves[i]),
					    leave_end(p, &r->leaves[i]) };
	n = join_lines(p, v, n, join_ports);
	n = join_lines(p, v, n, join_to);
	dw_page_head(p, "What this host may send");
	for (size_t i = 0; i < n; i++)
		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a, "%s to %s: %s", v[i].ports, v[i].to, v[i].end));
}

static void put_elsewhere(const struct page *p, const struct dw_report_fence *r)
{
	size_t shown = p->style->wide ? r->n_elsewhere : DW_MIN(r->n_elsewhere, (size_t)IDLE_MAX);

	if (r->n_elsewhere == 0)
		return;
	dw_page_head(p, "Doors in other network namespaces");
	for (size_t i = 0; i < shown; i++) {
		const struct dw_door *d = r->elsewhere[i].door;

		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a, "%s in %s  for %s: %s", door_text(p, d),
					    dw_cells_escape(d->netns ? d->netns : "?", p->a),
					    who_of(p, d), rule_of(p, d)));
	}
	if (shown < r->n_elsewhere)
		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a, "and %zu more (--wide lists them)",
					    r->n_elsewhere - shown));
	if (!p->style->quiet)
		dw_page_put(p, 2, 0,
			    "Idle rules, unused ports and what leaves are looked for in this "
			    "namespace alone.");
}

static void put_doubts(const struct page *p, const struct dw_report_fence *r)
{
	if (r->doubts.n)
		dw_page_head(p, "Not known");
	for (size_t i = 0; i < r->doubts.n; i++)
		dw_page_put(p, 2, 2, dw_cells_escape(r->doubts.v[i], p->a));
}

static const char *head_of(const struct page *p, const struct dw_report_fence *r)
{
	const char *host = r->host ? dw_cells_escape(r->host, p->a) : "this host";

	if (!r->stands)
		return dw_arena_printf(
			p->a,
			"%s has no packet filter: whoever reaches an address of it reaches every "
			"door that is bound to that address.",
			host);
	return dw_arena_printf(
		p->a,
		"The packet filter of %s has %zu rule%s. %llu packets were sent into "
		"a copy of it, none to anybody.",
		host, r->n_rules, r->n_rules == 1 ? "" : "s", (unsigned long long)r->asked);
}

int dw_report_fence_text(const struct dw_report_fence *r, FILE *out,
			 const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	if (!style->quiet || !r->stands)
		dw_page_put(&p, 0, 0, head_of(&p, r));
	if (r->n_doors)
		put_doors(&p, r);
	put_around(&p, r);
	put_unused(&p, r);
	put_idle(&p, r);
	put_leaves(&p, r);
	put_elsewhere(&p, r);
	put_doubts(&p, r);
	return dw_report_end(out, e);
}
