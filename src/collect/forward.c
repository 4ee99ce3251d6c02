/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conditions and a target become redirect facts, one for each protocol and run of ports. */
#include "forward.h"

#include <stdio.h>
#include <string.h>

#include "dw_str.h"

#define uthash_fatal(msg) dw_oom()
#include <uthash.h>

#define TARGETS_MAX 400 /* bytes of one door's list of targets (load balancers have many) */

struct dw_forward_seen {
	const char *key;
	size_t index; /* into facts->redirects */
	UT_hash_handle hh;
};

static enum dw_family family_of(const struct dw_cond *c, const struct dw_target *t)
{
	if (c->family != DW_FAMILY_UNKNOWN)
		return c->family;
	if (t->family != DW_FAMILY_UNKNOWN)
		return t->family;
	return DW_FAMILY_DUAL;
}

static bool one_address(const struct dw_cond *c)
{
	return c->address_set && memcmp(c->low, c->high, c->family == DW_FAMILY_IPV4 ? 4 : 16) == 0;
}

/*
 * --- words
 * ----------------------------------------------------------------------------------------
 */

static void add_span(struct dw_str *b, unsigned first, unsigned last)
{
	if (first == last)
		dw_str_addf(b, "%u", first);
	else
		dw_str_addf(b, "%u-%u", first, last);
}

static void add_protocols(struct dw_str *b, const struct dw_cond *c)
{
	if (c->protocols == DW_ALL_PROTOCOLS)
		return;
	if (c->protocols == 1u << DW_PROTOCOL_RAW) {
		if (c->ip_protocol)
			dw_str_addf(b, "protocol %u ", c->ip_protocol);
		return;
	}
	for (unsigned p = DW_PROTOCOL_TCP, n = 0; p < DW_PROTOCOL_COUNT; p++)
		if (c->protocols & 1u << p & DW_PORT_PROTOCOLS)
			dw_str_addf(b, "%s%s", n++ ? "," : "",
				    dw_protocol_name((enum dw_protocol)p));
	dw_str_addc(b, ' ');
}

static void add_ports(struct dw_str *b, const struct dw_cond *c)
{
	const size_t told = 16;

	if (!c->ports_set)
		return;
	dw_str_add(b, "dport ");
	for (size_t i = 0; i < c->n_ports && i < told; i++) {
		dw_str_add(b, i ? "," : "");
		add_span(b, c->ports[i].first, c->ports[i].last);
	}
	dw_str_addf(b, "%s ", c->n_ports > told ? ",..." : "");
}

static void add_conditions(struct dw_str *b, const struct dw_cond *c)
{
	if (c->ifname)
		dw_str_addf(b, "iifname %s ", c->ifname);
	else if (c->ifindex)
		dw_str_addf(b, "iif %u ", c->ifindex);
	if (c->address_set)
		dw_str_addf(b, "daddr %s ", dw_address_words(b->arena, c->family, c->low, c->high));
	add_protocols(b, c);
	add_ports(b, c);
	if (c->words)
		dw_str_addf(b, "%s ", c->words);
}

/*
 * "172.17.0.2:80", "[fd00::2]:80", "local:3128"; first..last: the door's ports, for a target that
 * keeps them
 */
static const char *target_text(struct dw_arena *a, const struct dw_target *t, bool has_port,
			       unsigned first, unsigned last)
{
	struct dw_str b = { .arena = a };
	bool with_port = t->has_port || has_port;

	if (t->words)
		dw_str_add(&b, t->words);
	else if (t->has_address)
		dw_str_addf(&b, t->family == DW_FAMILY_IPV6 && with_port ? "[%s]" : "%s",
			    dw_address_words(a, t->family, t->low, t->high));
	else
		dw_str_add(&b, t->kind == DW_TARGET_DNAT ? "*" : "local");
	if (!with_port)
		return b.s;
	dw_str_addc(&b, ':');
	if (t->has_port)
		add_span(&b, t->port, t->port_last);
	else
		add_span(&b, first, last);
	return b.s;
}

static const char *action_name(const struct dw_target *t)
{
	switch (t->kind) {
	case DW_TARGET_DNAT:
		return "dnat to";
	case DW_TARGET_REDIRECT:
		return "redirect to";
	case DW_TARGET_TPROXY:
		return "tproxy to";
	case DW_TARGET_NETMAP:
		return "netmap to";
	case DW_TARGET_NONE:
		break;
	}
	return "to";
}

static const char *rule_text(struct dw_arena *a, const struct dw_cond *c, const struct dw_target *t,
			     const char *place, const char *comment)
{
	struct dw_str b = { .arena = a };

	dw_str_addf(&b, "%s: ", place);
	add_conditions(&b, c);
	dw_str_addf(&b, "%s %s", action_name(t), target_text(a, t, false, 0, 0));
	if (comment && *comment)
		dw_str_addf(&b, " comment \"%s\"", comment);
	if (c->local_only)
		dw_str_add(&b, " (only for what this host itself sends)");
	return b.s;
}

/*
 * --- facts
 * ----------------------------------------------------------------------------------------
 */

struct emission {
	struct dw_forwards *w;
	const struct dw_cond *c;
	const struct dw_target *t;
	const char *place, *rule;
	struct dw_endpoint at;
};

/* One more target of a door that is known: a load balancer's next backend. */
static void add_target(struct dw_arena *a, struct dw_redirect_fact *f, const char *target)
{
	if (strstr(f->target, target) || strlen(f->target) + strlen(target) > TARGETS_MAX)
		return;
	f->target = dw_arena_printf(a, "%s, %s", f->target, target);
}

/* Docker's chain hangs on prerouting and on output: the second way to a rule adds no door. */
static struct dw_forward_seen *lookup(const struct emission *m, const struct dw_redirect_fact *f)
{
	struct dw_forward_seen *s;
	char *key = dw_arena_printf(m->w->scratch, "%s|%u|%s|%d|%u-%u|%s", m->place, m->at.protocol,
				    dw_endpoint_address(m->w->scratch, &m->at), m->at.has_port,
				    m->at.port, f->port_last,
				    m->at.ifname && !m->c->local_only ? m->at.ifname : "");

	HASH_FIND_STR(m->w->seen, key, s);
	if (s)
		return s;
	s = dw_new(m->w->scratch, struct dw_forward_seen);
	s->key = key;
	s->index = DW_NONE;
	HASH_ADD_KEYPTR(hh, m->w->seen, s->key, strlen(s->key), s);
	return s;
}

static void emit_one(const struct emission *m, bool has_port, unsigned first, unsigned last)
{
	struct dw_facts *facts = m->w->collect->facts;
	struct dw_redirect_fact f = { .at = m->at, .port_last = last, .kind = DW_KIND_FORWARDED };
	struct dw_forward_seen *known;

	f.at.has_port = has_port;
	f.at.port = first;
	f.target = target_text(facts->arena, m->t, has_port, first, last);
	f.rule = m->rule;
	known = lookup(&(struct emission){ m->w, m->c, m->t, m->place, m->rule, f.at }, &f);
	if (known->index != DW_NONE) {
		add_target(facts->arena, &facts->redirects.v[known->index], f.target);
		return;
	}
	if (m->w->made++ >= DW_FORWARDS_MAX) {
		m->w->truncated = true;
		return;
	}
	known->index = facts->redirects.n;
	dw_vec_push(facts->arena, &facts->redirects, f);
}

static void emit_protocol(struct emission *m, enum dw_protocol p)
{
	const struct dw_cond *c = m->c;

	m->at.protocol = p;
	if (p == DW_PROTOCOL_RAW) {
		emit_one(m, c->ip_protocol != 0, c->ip_protocol, c->ip_protocol);
	} else if (!c->ports_set || c->ports_unclear) {
		emit_one(m, false, 0, 0);
	} else {
		for (size_t i = 0; i < c->n_ports; i++)
			emit_one(m, true, c->ports[i].first, c->ports[i].last);
	}
}

/*
 * "Any protocol" is told as TCP and UDP: the contract knows no protocol "any", and these are what
 * matters.
 */
static unsigned told_protocols(unsigned mask)
{
	if (mask & 1u << DW_PROTOCOL_RAW && mask != 1u << DW_PROTOCOL_RAW)
		return mask & (1u << DW_PROTOCOL_TCP | 1u << DW_PROTOCOL_UDP);
	return mask;
}

void dw_forward_emit(struct dw_forwards *w, const struct dw_cond *c, const struct dw_target *t,
		     const char *place, const char *comment)
{
	struct dw_facts *f = w->collect->facts;
	struct emission m = { .w = w, .c = c, .t = t, .place = place };
	unsigned mask = told_protocols(c->protocols);

	m.rule = rule_text(f->arena, c, t, place, comment);
	m.at.netns = f->netns.v[w->netns].inode;
	m.at.family = family_of(c, t);
	m.at.ifindex = c->ifindex;
	if (c->ifname)
		m.at.ifname = dw_arena_strdup(f->arena, c->ifname);
	else if (c->local_only)
		m.at.ifname = "lo";
	if (one_address(c))
		memcpy(m.at.address, c->low, sizeof(c->low));
	for (unsigned p = DW_PROTOCOL_TCP; p < DW_PROTOCOL_COUNT; p++)
		if (mask & 1u << p)
			emit_protocol(&m, (enum dw_protocol)p);
}

void dw_forwards_free(struct dw_forwards *w)
{
	HASH_CLEAR(hh, w->seen);
}
