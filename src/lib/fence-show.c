/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Today's packet filter: the doors of this namespace as an audit saw them, and beside that every TCP and UDP port from
 * every source, for what is let in though nothing listens, and for rules that nothing meets.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "audit-private.h"
#include "dw_exposure.h"
#include "dw_fence_report.h"
#include "dw_str.h"
#include "facade-private.h"
#include "fence-ports.h"

struct doorward_fence_view {
	struct dw_arena *arena; /* the object itself lies in it */
	struct dw_report_fence report;
};

struct looking {
	struct doorward_fence_view *v;
	struct dw_arena *a;
	const struct dw_report *seen;
	uint32_t netns; /* the one that we are in */
	struct dw_rehearsal *r;
};

static bool is_here(const struct looking *l, const struct dw_door *d)
{
	return d->at.netns == 0 || d->at.netns == l->netns;
}

/* Copies, for this rehearsal asks them anew: rules that they meet are not idle. */
static void take_doors(struct looking *l)
{
	struct dw_report_door *v = dw_arena_array(l->a, l->seen->n_doors + 1, sizeof(*v));
	struct dw_report_door *others = dw_arena_array(l->a, l->seen->n_doors + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < l->seen->n_doors; i++) {
		struct dw_door *copy;

		if (!is_here(l, l->seen->doors[i].door)) {
			others[l->v->report.n_elsewhere++] = l->seen->doors[i];
			continue;
		}
		copy = dw_new(l->a, struct dw_door);
		*copy = *l->seen->doors[i].door;
		/* no filter stands before it, but a rule leads it elsewhere: which one? */
		if (copy->kind == DW_KIND_FORWARDED && copy->packet_filter == DW_NO) {
			copy->filtered = NULL;
			copy->packet_filter = DW_YES;
		}
		v[n] = l->seen->doors[i];
		v[n++].door = copy;
	}
	l->v->report.doors = v;
	l->v->report.n_doors = n;
	l->v->report.elsewhere = others;
}

static int expose(struct looking *l, struct dw_error *e)
{
	size_t n = l->v->report.n_doors;
	struct dw_door **doors = dw_arena_array(l->a, n + 1, sizeof(struct dw_door *));

	for (size_t i = 0; i < n; i++)
		doors[i] = (struct dw_door *)(uintptr_t)l->v->report.doors[i].door;
	return dw_lib_expose(l->r, doors, n, l->a, e);
}

static void doubt(struct looking *l, const char *text)
{
	dw_vec_push(l->a, &l->v->report.doubts, text);
}

/* A source beyond this host gets through here, and by far not everywhere. */
static bool goes_around(const struct dw_ports *p, const struct dw_door *d)
{
	const struct dw_filtered *f = d->filtered;

	if (d->kind != DW_KIND_FORWARDED || !f || !dw_ports_is_narrow(p, d->at.protocol))
		return false;
	for (size_t i = 0; i < f->n_sources; i++)
		if (f->sources[i].passes && f->sources[i].to &&
		    !dw_streq(f->sources[i].words, "this host"))
			return true;
	return false;
}

static void find_around(struct looking *l, const struct dw_ports *p)
{
	struct dw_report_fence *r = &l->v->report;
	const struct dw_door **v =
		dw_arena_array(l->a, r->n_doors + 1, sizeof(const struct dw_door *));

	for (size_t i = 0; i < r->n_doors; i++)
		if (goes_around(p, r->doors[i].door))
			v[r->n_around++] = r->doors[i].door;
	r->around = v;
}

/* In the copy a rule in doubt is left out: that nothing meets it there says nothing. */
static bool is_doubted(const struct dw_ports *p, const char *rule)
{
	for (size_t i = 0; i < p->doubted.n; i++)
		if (dw_streq(p->doubted.v[i], rule))
			return true;
	return false;
}

/* Nothing that was sent can have met it, whether it is good for something or not. */
static bool is_unasked(const struct dw_ports *p, const struct dw_rehearse_rule *rule)
{
	static const uint8_t asked[] = {
		0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP, IPPROTO_DCCP
	};
	bool is = false;

	for (size_t i = 0; i < DW_ARRAY_SIZE(asked); i++)
		is |= rule->l4proto == asked[i];
	return !is || !rule->told || is_doubted(p, rule->words);
}

static int find_idle(struct looking *l, const struct dw_ports *p, struct dw_error *e)
{
	struct dw_report_fence *r = &l->v->report;
	struct dw_rehearse_rule *rules = NULL;
	struct dw_report_rule *idle;
	int code = dw_rehearsal_rules(l->r, l->a, &rules, &r->n_rules, e);

	if (code < 0)
		return code;
	idle = dw_arena_array(l->a, r->n_rules + 1, sizeof(*idle));
	for (size_t i = 0; i < r->n_rules; i++) {
		if (rules[i].met || rules[i].packets > 0)
			continue;
		if (is_unasked(p, &rules[i])) {
			r->n_unasked++;
			continue;
		}
		idle[r->n_idle++] = (struct dw_report_rule){
			.words = dw_arena_strdup(l->a, rules[i].words),
			.counted = rules[i].counted,
			.packets = rules[i].packets,
		};
	}
	r->idle = idle;
	return 0;
}

static void find_doubts(struct looking *l, const struct dw_ports *p)
{
	const struct dw_strings *obstacles = dw_rehearsal_obstacles(l->r);

	for (size_t i = 0; obstacles && i < obstacles->n; i++)
		doubt(l, dw_arena_strdup(l->a, obstacles->v[i]));
	if (p->doubtful)
		doubt(l, dw_arena_printf(
				 l->a, "of %llu packets it cannot be told whether they get through",
				 (unsigned long long)p->doubtful));
	if (p->sources_left)
		doubt(l, dw_arena_printf(l->a, "%zu more sources were not asked port by port",
					 p->sources_left));
	if (p->leave_cut)
		doubt(l, "what leaves this host is told apart in more ranges of ports than are "
			 "listed");
}

static int look_closer(struct looking *l, struct dw_error *e)
{
	struct dw_ports ports = { .arena = l->a, .rehearsal = l->r };
	struct dw_report_fence *r = &l->v->report;
	int code = expose(l, e);

	if (code >= 0)
		code = dw_ports_ask(&ports, e);
	if (code >= 0)
		code = dw_ports_unused(&ports, r->doors, r->n_doors, &r->unused, &r->n_unused, e);
	if (code >= 0)
		code = dw_ports_leave(&ports, &r->leaves, &r->n_leaves, e);
	if (code >= 0)
		code = find_idle(l, &ports, e);
	if (code < 0)
		return code;
	r->asked = ports.asked;
	find_around(l, &ports);
	find_doubts(l, &ports);
	return 0;
}

static int look(struct looking *l, struct dw_sys *s, struct dw_error *e)
{
	struct dw_rehearse_options o = { .count = true };
	int code = dw_rehearsal_open(s, &o, &l->r, e);

	if (code < 0)
		return code;
	l->v->report.stands = !dw_rehearsal_is_open(l->r) || dw_rehearsal_obstacles(l->r)->n > 0;
	code = l->v->report.stands ? look_closer(l, e) : 0;
	dw_rehearsal_free(l->r);
	return code;
}

int doorward_fence_look(struct doorward *d, struct doorward_audit *audit,
			struct doorward_fence_view **ret)
{
	struct dw_error *e = dw_facade_begin(d);
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_arena *a = dw_arena_new();
	struct doorward_fence_view *v = dw_new(a, struct doorward_fence_view);
	struct looking l = { .v = v, .a = a, .seen = &audit->report };
	int r = dw_facade_open_sys(d, &s, e);

	v->arena = a;
	v->report.version = DW_VERSION;
	v->report.host = audit->report.snapshot->host;
	v->report.time = audit->report.snapshot->time;
	v->report.blind = (doorward_audit_outcome(audit) & DOORWARD_BLIND) != 0;
	if (r >= 0 && !dw_sys_is_running(s))
		r = dw_error_set(
			e, -ENOTSUP,
			"only the filter of a host that runs can be shown: leave --root out");
	if (r >= 0 && dw_sys_euid(s) != 0)
		r = dw_error_set(e, -EPERM,
				 "only root may read the packet filter and rehearse it: sudo "
				 "doorward fence show");
	if (r >= 0) {
		l.netns = dw_netns_self(s);
		take_doors(&l);
		r = look(&l, s, e);
	}
	if (r < 0)
		dw_arena_free(a);
	else
		*ret = v;
	return r < 0 ? r : 0;
}

void doorward_fence_view_free(struct doorward_fence_view *v)
{
	if (v)
		dw_arena_free(v->arena);
}

unsigned doorward_fence_view_outcome(const struct doorward_fence_view *v)
{
	const struct dw_report_fence *r = &v->report;
	bool blind = r->blind || r->doubts.n > 0;

	for (size_t i = 0; i < r->n_doors; i++)
		blind |= r->doors[i].door->filtered && r->doors[i].door->filtered->rehearsed &&
			 r->doors[i].door->filtered->kind == DW_FILTERED_UNKNOWN;
	return (r->n_around ? DOORWARD_TO_DO : 0U) | (blind ? DOORWARD_BLIND : 0U);
}

int doorward_fence_view_write(struct doorward *d, const struct doorward_fence_view *v,
			      enum doorward_format format, FILE *out,
			      const struct doorward_style *style)
{
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_style s = { 0 };
	int r = dw_facade_style(style, &s, e);

	if (r < 0)
		return r;
	if (format == DOORWARD_TEXT)
		return dw_report_fence_text(&v->report, out, &s, e);
	if (format != DOORWARD_JSON && format != DOORWARD_JSON_INDENTED)
		return dw_error_set(e, -EINVAL, "the filter is shown as text or JSON");
	return dw_report_fence_json(&v->report, out, format == DOORWARD_JSON_INDENTED, e);
}
