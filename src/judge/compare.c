/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each port that either side tells of, once: what was seen outside beside what was expected. */
#include "dw_compare.h"

#include <stdlib.h>
#include <string.h>

#include "comparing.h"
#include "dw_str.h"

static const char *const class_names[DW_COMPARE_CLASS_COUNT] = {
	[DW_COMPARE_UNKNOWN] = "unknown",
	[DW_COMPARE_OPEN_UNKNOWN_INSIDE] = "open-outside-unknown-inside",
	[DW_COMPARE_OPEN_NOT_ALLOWED] = "open-outside-not-allowed",
	[DW_COMPARE_WRONG_SERVICE] = "wrong-service",
	[DW_COMPARE_NEW] = "new-since-last-scan",
	[DW_COMPARE_CHANGED] = "changed-since-last-scan",
	[DW_COMPARE_FILTERED] = "open-inside-filtered-outside",
	[DW_COMPARE_CLOSED] = "expected-but-closed",
	[DW_COMPARE_GONE] = "gone-since-last-scan",
	[DW_COMPARE_NOT_LOOKED_AT] = "not-looked-at",
	[DW_COMPARE_AS_EXPECTED] = "as-expected",
};

const char *dw_compare_class_name(enum dw_compare_class c)
{
	return class_names[(unsigned)c < DW_COMPARE_CLASS_COUNT ? c : DW_COMPARE_UNKNOWN];
}

void dw_compare_say(struct dw_comparing_port *p, const char *id, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = dw_arena_vprintf(p->c->a, fmt, ap);
	va_end(ap);
	dw_vec_push(p->c->a, &p->reasons, ((struct dw_reason){ .id = id, .text = text }));
}

static void keep(struct dw_comparing_port *p, enum dw_compare_class kind, bool urgent)
{
	struct dw_compare_finding *f = &p->f;

	f->kind = kind;
	f->urgent = urgent;
	f->address = p->h->host->address;
	f->host = p->h->inside ? p->h->inside->snapshot->host : p->h->host->name;
	f->protocol = p->protocol;
	f->port = p->port;
	f->has_port = p->protocol != DW_PROTOCOL_UNKNOWN;
	f->state = p->state;
	f->before = p->before;
	f->why = p->outside ? p->outside->why : DW_SCAN_WHY_UNKNOWN;
	f->answers = p->outside && p->state == DW_SCAN_OPEN ? p->outside->service : NULL;
	f->door = p->seen.door;
	f->service = p->seen.service;
	f->inside = p->h->inside;
	f->reasons = p->reasons.v;
	f->n_reasons = p->reasons.n;
	*dw_vec_add(p->c->a, &p->c->found) = *f;
}

/* --- open --------------------------------------------------------------------------------------------- */

#define APART_MAX 3600 /* seconds between the two looks that nobody minds */

static void tell_time(struct dw_comparing_port *p)
{
	const struct dw_snapshot *i = p->h->inside ? p->h->inside->snapshot : NULL;
	const struct dw_scan *s = p->c->in->scan;
	uint64_t inside = i ? i->time : 0, outside = s->ended ? s->ended : s->begun;
	uint64_t apart = inside > outside ? inside - outside : outside - inside;

	if (inside && outside && apart > APART_MAX)
		dw_compare_say(p, "looked-apart",
			       "The look from inside was %s the scan, by %llu hour%s.",
			       inside > outside ? "after" : "before",
			       (unsigned long long)(apart / 3600), apart < 7200 ? "" : "s");
	for (size_t k = 0; i && k < i->n_incomplete; k++)
		if (i->incomplete[k].blind) {
			dw_compare_say(p, "inside-blind",
				       "The look from inside could not see everything (%s).",
				       i->incomplete[k].what);
			break;
		}
}

static void tell_who_answers(struct dw_comparing_port *p)
{
	const char *answer = dw_compare_answer(p->c->a, p->outside ? p->outside->service : NULL);

	if (p->h->host->proxy)
		dw_compare_say(p, "answered-on-the-way",
			       "Something before the host answers for it (a SYN proxy, a load "
			       "balancer): that the port is open may be its word alone.");
	if (p->outside && p->outside->ttl && p->h->usual_ttl && p->outside->ttl != p->h->usual_ttl)
		dw_compare_say(p, "other-ttl",
			       "Its answers come with TTL %u, those of the host's other ports with "
			       "%u: another machine seems to answer.",
			       p->outside->ttl, p->h->usual_ttl);
	if (answer)
		dw_compare_say(p, "answers", "What answers: %s.", answer);
}

static void open_unknown(struct dw_comparing_port *p)
{
	dw_compare_say(p, "unknown-inside",
		       "Nothing that was seen inside has this port open there: it is hidden, or "
		       "another machine answers.");
	p->seen.door = dw_compare_tell_near(p);
	if (p->seen.door) {
		p->reasons.n = 0;
		dw_compare_say(p, "woken",
			       "Inside it slept: it was enabled, and not open when that was looked "
			       "at.");
		keep(p, DW_COMPARE_AS_EXPECTED, false);
		return;
	}
	tell_who_answers(p);
	tell_time(p);
	keep(p, DW_COMPARE_OPEN_UNKNOWN_INSIDE, true);
}

static void open_without_inside(struct dw_comparing_port *p)
{
	dw_compare_say(p, "no-inside",
		       "There is no look from inside at this host (doorward audit --json there): "
		       "whether it should be open is not known.");
	tell_who_answers(p);
	p->f.blind = true;
	keep(p, DW_COMPARE_NOT_LOOKED_AT, false);
}

static bool is_new(struct dw_comparing_port *p)
{
	if (!p->c->in->before || p->before == DW_SCAN_OPEN)
		return false;
	if (!p->h->before)
		dw_compare_say(p, "host-not-before", "The scan before has no answer of this host.");
	else if (p->before == DW_SCAN_UNKNOWN)
		dw_compare_say(p, "not-before", "The scan before did not look at this port.");
	else
		dw_compare_say(p, "new", "In the scan before it was %s.",
			       dw_scan_state_name(p->before));
	return true;
}

/* Nothing is wrong with it: what is left is whether it was so before. */
static void open_expected(struct dw_comparing_port *p)
{
	bool baseline = p->c->in->expect & DW_EXPECT_BASELINE, urgent = false;

	if (is_new(p)) {
		/* what was not looked at may have been open all the time */
		keep(p, DW_COMPARE_NEW,
		     baseline && (p->before != DW_SCAN_UNKNOWN || !p->h->before));
		return;
	}
	if (dw_compare_is_changed(p, &urgent)) {
		keep(p, DW_COMPARE_CHANGED, urgent);
		return;
	}
	if (p->seen.door)
		dw_compare_say(p, "open-inside", "Inside, %s is open.",
			       dw_endpoint_text(p->c->a, &p->seen.door->at));
	else
		dw_compare_say(p, "open-before", "It was open before.");
	keep(p, DW_COMPARE_AS_EXPECTED, false);
}

static bool open_by_policy(struct dw_comparing_port *p)
{
	enum dw_allowed allowed = dw_compare_allowed(p);

	if (allowed == DW_ALLOWED_YES)
		return false;
	if (allowed == DW_ALLOWED_UNKNOWN) {
		p->f.blind = true;
		keep(p, DW_COMPARE_NOT_LOOKED_AT, false);
		return true;
	}
	tell_who_answers(p);
	keep(p, DW_COMPARE_OPEN_NOT_ALLOWED, allowed == DW_ALLOWED_NO);
	return true;
}

static void judge_open(struct dw_comparing_port *p)
{
	unsigned expect = p->c->in->expect;
	bool urgent = false;

	if (p->h->inside && !p->seen.door && expect & (DW_EXPECT_AUDIT | DW_EXPECT_POLICY)) {
		open_unknown(p);
		return;
	}
	if (expect & DW_EXPECT_POLICY && open_by_policy(p))
		return;
	if (dw_compare_is_wrong_service(p, &urgent)) {
		keep(p, DW_COMPARE_WRONG_SERVICE, urgent);
		return;
	}
	if (!p->h->inside && !(expect & (DW_EXPECT_POLICY | DW_EXPECT_BASELINE))) {
		open_without_inside(p);
		return;
	}
	open_expected(p);
}

/* --- not open ------------------------------------------------------------------------------------------ */

static void tell_state(struct dw_comparing_port *p)
{
	if (p->state == DW_SCAN_CLOSED)
		dw_compare_say(p, "closed", "The host itself says that it is closed.");
	else if (p->outside && p->outside->has_from)
		dw_compare_say(p, "filtered-by", "%s says that it is prohibited.",
			       dw_address_text(p->c->a, &p->outside->from));
	else if (p->outside && p->outside->why == DW_SCAN_WHY_PROHIBITED)
		dw_compare_say(p, "filtered-by", "The host itself says that it is prohibited.");
	else
		dw_compare_say(p, "filtered",
			       "Nothing answers to any probe: a packet filter on "
			       "the host or on the way lets none through.");
}

/* Why nothing can be said; what the scan was not asked for, and UDP that is silent, is no fault of the look. */
static void not_looked_at(struct dw_comparing_port *p)
{
	const struct dw_scan_host *h = p->h->host;

	if (p->state == DW_SCAN_UNPROVEN)
		dw_compare_say(p, "udp-silent",
			       "It is silent, as open UDP ports may be: open, filtered and "
			       "closed look alike.");
	else if (h->tarpit)
		dw_compare_say(p, "tarpit",
			       "The host answers on nearly every port: its answers prove nothing.");
	else if (h->up == DW_SCAN_UP_GONE)
		dw_compare_say(p, "host-gone", "The host stopped to answer during the scan.");
	else if (p->outside)
		dw_compare_say(p, "lossy",
			       "So many answers of this host were lost that its silence proves "
			       "nothing.");
	else if (p->c->in->scan->shards > 1)
		dw_compare_say(p, "other-shard",
			       "The scan was shard %u of %u: another part may have asked.",
			       p->c->in->scan->shard, p->c->in->scan->shards);
	else if (!h->complete)
		dw_compare_say(p, "stopped", "The scan ended before it was asked.");
	else
		dw_compare_say(p, "not-asked", "The scan did not ask this port.");
	p->f.blind = h->up == DW_SCAN_UP_GONE || (!h->complete && p->c->in->scan->shards <= 1) ||
		     (p->outside && p->state == DW_SCAN_UNKNOWN && !h->tarpit);
	keep(p, DW_COMPARE_NOT_LOOKED_AT, false);
}

/* A door that could answer need not. */
static bool should_be_open(struct dw_comparing_port *p)
{
	enum dw_allowed allowed;

	if (!p->h->inside && dw_compare_is_named_port(p))
		return dw_compare_allowed(p) == DW_ALLOWED_YES;
	if (!p->seen.door || p->seen.reaches != DW_REACHES_YES)
		return false;
	if (!(p->c->in->expect & DW_EXPECT_POLICY))
		return true;
	allowed = dw_compare_allowed(p);
	if (allowed == DW_ALLOWED_NO)
		return false;
	return true;
}

static void judge_shut(struct dw_comparing_port *p)
{
	bool was_open = p->c->in->before && p->before == DW_SCAN_OPEN;

	if (should_be_open(p)) {
		tell_state(p);
		if (was_open)
			dw_compare_say(p, "open-before", "It was open in the scan before.");
		tell_time(p);
		keep(p, p->state == DW_SCAN_CLOSED ? DW_COMPARE_CLOSED : DW_COMPARE_FILTERED,
		     false);
		return;
	}
	tell_state(p);
	if (was_open) {
		dw_compare_say(p, "open-before", "It was open in the scan before.");
		keep(p, DW_COMPARE_GONE, false);
	} else if (p->seen.door) {
		keep(p, DW_COMPARE_AS_EXPECTED, false);
	}
}

static bool is_expected(const struct dw_comparing_port *p)
{
	return p->seen.door || (p->c->in->before && p->before == DW_SCAN_OPEN);
}

/* --- a port ---------------------------------------------------------------------------------------------- */

static void compare_port(struct dw_comparing *c, const struct dw_comparing_host *h,
			 enum dw_protocol protocol, uint16_t port)
{
	struct dw_comparing_port p = { .c = c, .h = h, .protocol = protocol, .port = port };

	p.state = dw_scan_state_at(&c->asked, h->host, protocol, port, &p.outside);
	if (h->before)
		p.before = dw_scan_state_at(&c->asked_before, h->before, protocol, port,
					    &p.outside_before);
	dw_compare_look_inside(&p);
	if (p.state == DW_SCAN_OPEN)
		judge_open(&p);
	else if (p.state == DW_SCAN_CLOSED || p.state == DW_SCAN_FILTERED)
		judge_shut(&p);
	else if (is_expected(&p))
		not_looked_at(&p);
}

/* --- a host ---------------------------------------------------------------------------------------------- */

static uint8_t usual_ttl(const struct dw_scan_host *h)
{
	uint32_t seen[256] = { 0 };
	unsigned best = 0;

	for (size_t i = 0; i < h->n_ports; i++)
		if (h->ports[i].state == DW_SCAN_OPEN && h->ports[i].ttl)
			seen[h->ports[i].ttl]++;
	for (unsigned t = 1; t < 256; t++)
		if (seen[t] > seen[best])
			best = t;
	/* of two ports neither is the usual one */
	return seen[best] > 2 ? (uint8_t)best : 0;
}

static void about_host(struct dw_comparing *c, const struct dw_comparing_host *h,
		       enum dw_compare_class kind, bool blind, const char *id, const char *text)
{
	struct dw_comparing_port p = { .c = c, .h = h, .f = { .blind = blind } };

	dw_compare_say(&p, id, "%s", text);
	keep(&p, kind, false);
}

/* Whose address it is cannot be told, and so nothing of its ports. */
static void about_two(struct dw_comparing *c, struct dw_comparing_host *h,
		      const struct dw_inside *other)
{
	const char *text = dw_arena_printf(
		c->a,
		"%s and %s both say that this address is their host's: --address says whose it is.",
		h->inside->source, other->source);

	h->inside = NULL;
	about_host(c, h, DW_COMPARE_NOT_LOOKED_AT, true, "two-insides", text);
}

static bool answers(const struct dw_scan_host *h)
{
	return h->up == DW_SCAN_UP_YES || h->up == DW_SCAN_UP_ASSUMED || h->up == DW_SCAN_UP_GONE;
}

static void compare_host(struct dw_comparing *c, const struct dw_scan_host *host)
{
	const struct dw_compare_input *in = c->in;
	struct dw_comparing_host h = { .host = host };
	const struct dw_inside *other = NULL;
	struct dw_compare_ports all;

	if (in->expect & (DW_EXPECT_AUDIT | DW_EXPECT_POLICY))
		h.inside = dw_compare_inside_of(c, host, &other);
	if (other) {
		about_two(c, &h, other);
		return;
	}
	h.itself = h.inside && dw_streq0(h.inside->snapshot->host, in->scan->scanner);
	h.before = in->before ? dw_scan_host_of(in->before, &host->address) : NULL;
	h.usual_ttl = usual_ttl(host);
	c->hosts += answers(host);
	if (!answers(host) && host->n_ports == 0) {
		if (h.inside || h.before)
			about_host(c, &h, DW_COMPARE_NOT_LOOKED_AT, true, "host-silent",
				   "Nothing answers at this address: no claim about its ports.");
		return;
	}
	if (host->tarpit)
		about_host(c, &h, DW_COMPARE_NOT_LOOKED_AT, false, "tarpit",
			   "It answers on nearly every port: a tarpit, or a device before it that "
			   "answers for all. Its open ports prove nothing.");
	all = dw_compare_ports_of(c, &h);
	for (size_t i = 0; i < all.n; i++)
		compare_port(c, &h, all.v[i].protocol, all.v[i].port);
}

/* Hosts that answered before, and do not now: silence is no proof that their doors are shut. */
static void compare_lost(struct dw_comparing *c)
{
	const struct dw_compare_input *in = c->in;

	for (size_t i = 0; in->before && i < in->before->n_hosts; i++) {
		const struct dw_scan_host *was = &in->before->hosts[i];
		struct dw_comparing_host h = { .host = was, .before = was };

		if (answers(was) && !dw_scan_host_of(in->scan, &was->address))
			about_host(c, &h, DW_COMPARE_NOT_LOOKED_AT, in->expect & DW_EXPECT_BASELINE,
				   "host-silent",
				   "It answered in the scan before. Now it does not, or was not "
				   "asked: no claim about its ports.");
	}
}

/* Nothing that was scanned is a host that was seen from inside: then there is nothing to hold against each other. */
static void note_strangers(struct dw_comparing *c)
{
	const struct dw_compare_input *in = c->in;

	for (size_t i = 0; in->expect == DW_EXPECT_AUDIT && i < in->n_insides; i++) {
		const struct dw_inside *one = &in->insides[i];
		const struct dw_scan_host nobody = { 0 };
		struct dw_comparing_host h = { .host = &nobody, .inside = one };
		const struct dw_inside *other = NULL;
		bool met = false;

		for (size_t k = 0; !met && k < in->scan->n_hosts; k++)
			met = dw_compare_inside_of(c, &in->scan->hosts[k], &other) == one ||
			      other == one;
		if (!met && one->snapshot->n_addresses == 0 && one->n_reached_by == 0)
			about_host(c, &h, DW_COMPARE_NOT_LOOKED_AT, true, "no-addresses",
				   dw_arena_printf(c->a,
						   "%s does not tell the addresses of the host, so "
						   "none that was scanned is known to be its own: "
						   "--address says which.",
						   one->source));
		else if (!met)
			about_host(c, &h, DW_COMPARE_NOT_LOOKED_AT, true, "not-scanned",
				   "No address of this host answered in the scan, or none was "
				   "asked: no claim about its doors. If it is seen under another "
				   "address from outside, --address says which.");
	}
}

static int by_weight(const void *x, const void *y)
{
	const struct dw_compare_finding *a = x, *b = y;
	int addresses;

	if (a->urgent != b->urgent)
		return a->urgent ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	addresses = dw_address_compare(&a->address, &b->address);
	if (addresses)
		return addresses;
	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return (int)a->port - (int)b->port;
}

void dw_compare(const struct dw_compare_input *in, struct dw_arena *a, struct dw_comparison *ret)
{
	struct dw_comparing c = { .in = in, .a = a };

	c.index = dw_knowledge_index_new(a, in->knowledge);
	dw_scan_asked(in->scan, a, &c.asked);
	if (in->before)
		dw_scan_asked(in->before, a, &c.asked_before);
	for (size_t i = 0; i < in->scan->n_hosts; i++)
		compare_host(&c, &in->scan->hosts[i]);
	compare_lost(&c);
	note_strangers(&c);
	if (c.found.n > 1)
		qsort(c.found.v, c.found.n, sizeof(*c.found.v), by_weight);
	*ret = (struct dw_comparison){ .v = c.found.v, .n = c.found.n, .hosts = c.hosts };
	for (size_t i = 0; i < ret->n; i++) {
		ret->count[ret->v[i].kind]++;
		ret->urgent = ret->urgent || ret->v[i].urgent;
		ret->blind = ret->blind || ret->v[i].blind;
	}
}
