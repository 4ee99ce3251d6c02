/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A walk through a legacy table. Every offset in it is checked: the blob is taken as hostile. */
#include "iptables.h"

#include <net/if.h> /* these two before their twins of linux/ */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#include "dw_str.h"

#define STEPS_MAX 1000000u
#define DEPTH_MAX 32u

struct user_chain {
	uint32_t start;
	const char *name;
};

struct walk {
	struct dw_forwards *out;
	const struct dw_iptables *t;
	DW_VEC(struct user_chain) chains;
	unsigned steps, depth;
};

/* What IPv4 and IPv6 entries have in common. */
struct entry {
	size_t head; /* bytes before the matches */
	uint32_t target_offset, next_offset;
	uint8_t source[16], source_mask[16], destination[16], destination_mask[16];
	char in[IFNAMSIZ];
	uint8_t in_mask[IFNAMSIZ];
	uint8_t out_mask[IFNAMSIZ];
	uint16_t protocol; /* 0: any */
	bool is_goto;
	uint8_t inverted; /* IPT_INV_* (the same bits for IPv6) */
};

static bool read_v4(const struct walk *w, uint32_t at, struct entry *ret)
{
	struct ipt_entry e;

	if (w->t->n < sizeof(e) || at > w->t->n - sizeof(e))
		return false;
	memcpy(&e, w->t->entries + at, sizeof(e));
	*ret = (struct entry){ .head = sizeof(e),
			       .target_offset = e.target_offset,
			       .next_offset = e.next_offset };
	memcpy(ret->source, &e.ip.src, 4);
	memcpy(ret->source_mask, &e.ip.smsk, 4);
	memcpy(ret->destination, &e.ip.dst, 4);
	memcpy(ret->destination_mask, &e.ip.dmsk, 4);
	memcpy(ret->in, e.ip.iniface, sizeof(ret->in));
	memcpy(ret->in_mask, e.ip.iniface_mask, sizeof(ret->in_mask));
	memcpy(ret->out_mask, e.ip.outiface_mask, sizeof(ret->out_mask));
	ret->protocol = e.ip.proto;
	ret->is_goto = e.ip.flags & IPT_F_GOTO;
	ret->inverted = e.ip.invflags;
	return true;
}

static bool read_v6(const struct walk *w, uint32_t at, struct entry *ret)
{
	struct ip6t_entry e;

	if (w->t->n < sizeof(e) || at > w->t->n - sizeof(e))
		return false;
	memcpy(&e, w->t->entries + at, sizeof(e));
	*ret = (struct entry){ .head = sizeof(e),
			       .target_offset = e.target_offset,
			       .next_offset = e.next_offset };
	memcpy(ret->source, &e.ipv6.src, 16);
	memcpy(ret->source_mask, &e.ipv6.smsk, 16);
	memcpy(ret->destination, &e.ipv6.dst, 16);
	memcpy(ret->destination_mask, &e.ipv6.dmsk, 16);
	memcpy(ret->in, e.ipv6.iniface, sizeof(ret->in));
	memcpy(ret->in_mask, e.ipv6.iniface_mask, sizeof(ret->in_mask));
	memcpy(ret->out_mask, e.ipv6.outiface_mask, sizeof(ret->out_mask));
	ret->protocol = e.ipv6.flags & IP6T_F_PROTO ? e.ipv6.proto : 0;
	ret->is_goto = e.ipv6.flags & IP6T_F_GOTO;
	ret->inverted = e.ipv6.invflags;
	return true;
}

/* False: the entry is damaged, and so is all that follows. */
static bool read_entry(const struct walk *w, uint32_t at, struct entry *ret)
{
	bool there = w->t->family == DW_FAMILY_IPV4 ? read_v4(w, at, ret) : read_v6(w, at, ret);

	return there && ret->next_offset > 0 && at + ret->next_offset <= w->t->n &&
	       ret->target_offset >= ret->head &&
	       ret->target_offset + sizeof(struct xt_entry_target) <= ret->next_offset;
}

static struct xt_entry_target read_target(const struct walk *w, uint32_t at, const struct entry *e)
{
	struct xt_entry_target t;

	memcpy(&t, w->t->entries + at + e->target_offset, sizeof(t));
	t.u.user.name[sizeof(t.u.user.name) - 1] = '\0';
	return t;
}

/*
 * --- conditions
 * -----------------------------------------------------------------------------------
 */

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static bool by_address(const struct walk *w, const struct entry *e, struct dw_cond *c)
{
	size_t n = w->t->family == DW_FAMILY_IPV4 ? 4 : 16;
	uint8_t low[16], high[16];
	bool source = !is_zero(e->source_mask, n), inverted = e->inverted & IPT_INV_SRCIP;

	if (source) {
		for (size_t i = 0; i < n; i++) {
			low[i] = e->source[i] & e->source_mask[i];
			high[i] = low[i] | (uint8_t)~e->source_mask[i];
		}
		dw_cond_word(c, w->out->scratch, "saddr %s%s", inverted ? "!= " : "",
			     dw_address_words(w->out->scratch, w->t->family, low, high));
	}
	if (is_zero(e->destination_mask, n))
		return true;
	for (size_t i = 0; i < n; i++) {
		low[i] = e->destination[i] & e->destination_mask[i];
		high[i] = low[i] | (uint8_t)~e->destination_mask[i];
	}
	if (!(e->inverted & IPT_INV_DSTIP))
		return dw_cond_address(c, w->t->family, low, high);
	dw_cond_word(c, w->out->scratch, "daddr != %s",
		     dw_address_words(w->out->scratch, w->t->family, low, high));
	return true;
}

/* The mask covers the NUL too, unless the rule said "eth+". */
static bool by_interface(const struct walk *w, const struct entry *e, struct dw_cond *c)
{
	char *name = dw_arena_strndup(w->out->scratch, e->in, sizeof(e->in));
	size_t n = strlen(name);
	bool whole = n < sizeof(e->in_mask) && e->in_mask[n];

	if (is_zero(e->in_mask, sizeof(e->in_mask)))
		return true;
	if (!whole || e->inverted & IPT_INV_VIA_IN) {
		dw_cond_word(c, w->out->scratch, "iifname %s%s%s",
			     e->inverted & IPT_INV_VIA_IN ? "!= " : "", name, whole ? "" : "*");
		return true;
	}
	if (c->ifname && !dw_streq(c->ifname, name))
		return false;
	c->ifname = name;
	return true;
}

static bool by_matches(const struct walk *w, uint32_t at, const struct entry *e, struct dw_cond *c,
		       const char **ret_comment, bool *ret_conditional)
{
	for (uint32_t from = (uint32_t)e->head;
	     from + sizeof(struct xt_entry_match) <= e->target_offset;) {
		struct xt_entry_match m;
		const uint8_t *p = w->t->entries + at + from;

		memcpy(&m, p, sizeof(m));
		m.u.user.name[sizeof(m.u.user.name) - 1] = '\0';
		if (m.u.match_size < sizeof(m) || m.u.match_size > e->target_offset - from)
			return true;
		*ret_conditional |= !dw_streq(m.u.user.name, "comment");
		if (!dw_xt_match(c, w->out->scratch, m.u.user.name, m.u.user.revision,
				 p + sizeof(m), m.u.match_size - sizeof(m), ret_comment))
			return false;
		from += m.u.match_size;
	}
	return true;
}

struct way {
	struct dw_cond cond;
	const char *comment;
	bool conditional;
};

static bool narrow(const struct walk *w, uint32_t at, const struct entry *e, struct way *y)
{
	size_t n = w->t->family == DW_FAMILY_IPV4 ? 4 : 16;

	y->conditional = e->protocol || !is_zero(e->in_mask, sizeof(e->in_mask)) ||
			 !is_zero(e->out_mask, sizeof(e->out_mask)) ||
			 !is_zero(e->source_mask, n) || !is_zero(e->destination_mask, n);
	if (e->protocol &&
	    !dw_cond_protocols(&y->cond, (uint8_t)e->protocol, e->inverted & IPT_INV_PROTO))
		return false;
	return by_address(w, e, &y->cond) && by_interface(w, e, &y->cond) &&
	       by_matches(w, at, e, &y->cond, &y->comment, &y->conditional);
}

/*
 * --- chains
 * ---------------------------------------------------------------------------------------
 */

/* A chain of the user begins behind an entry whose target is ERROR and holds its name. */
static void find_chains(struct walk *w)
{
	struct entry e;

	for (uint32_t at = 0; read_entry(w, at, &e); at += e.next_offset) {
		struct xt_entry_target t = read_target(w, at, &e);
		size_t head = e.target_offset + sizeof(t);

		if (!dw_streq(t.u.user.name, XT_ERROR_TARGET))
			continue;
		*dw_vec_add(w->out->scratch, &w->chains) = (struct user_chain){
			.start = at + e.next_offset,
			.name = dw_arena_strndup(
				w->out->scratch, (const char *)w->t->entries + at + head,
				DW_MIN((size_t)XT_FUNCTION_MAXNAMELEN, e.next_offset - head)),
		};
	}
}

static const char *chain_name(const struct walk *w, uint32_t start)
{
	for (size_t i = 0; i < w->chains.n; i++)
		if (w->chains.v[i].start == start)
			return w->chains.v[i].name;
	return "?";
}

static void walk_chain(struct walk *w, uint32_t at, const char *name, const struct dw_cond *cond);

/* A standard target: verdict or jump. True: no packet goes on to the next rule. */
static bool standard(struct walk *w, uint32_t at, const struct entry *e, const struct way *y)
{
	int32_t verdict = 0;

	if (e->target_offset + sizeof(struct xt_entry_target) + sizeof(verdict) > e->next_offset)
		return true;
	memcpy(&verdict, w->t->entries + at + e->target_offset + sizeof(struct xt_entry_target),
	       sizeof(verdict));
	if (verdict < 0)
		return !y->conditional;
	if ((uint32_t)verdict == at + e->next_offset)
		return false; /* a rule without a target */
	walk_chain(w, (uint32_t)verdict, chain_name(w, (uint32_t)verdict), &y->cond);
	return e->is_goto && !y->conditional;
}

static bool take_rule(struct walk *w, uint32_t at, const struct entry *e, const char *chain,
		      unsigned number, const struct dw_cond *cond)
{
	struct xt_entry_target t = read_target(w, at, e);
	struct way y = { .cond = *cond };
	struct dw_target target;
	const char *place;

	if (dw_streq(t.u.user.name, XT_ERROR_TARGET))
		return true;
	if (!narrow(w, at, e, &y))
		return false;
	if (t.u.user.name[0] == '\0')
		return standard(w, at, e, &y);
	target = dw_xt_target(w->t->family, t.u.user.name, t.u.user.revision,
			      w->t->entries + at + e->target_offset + sizeof(t),
			      e->next_offset - e->target_offset - sizeof(t));
	if (target.kind == DW_TARGET_NONE)
		return false;
	place = dw_arena_printf(w->out->scratch, "%s-legacy %s %s rule %u",
				w->t->family == DW_FAMILY_IPV4 ? "iptables" : "ip6tables",
				w->t->table, chain, number);
	dw_forward_emit(w->out, &y.cond, &target, place, y.comment);
	return !y.conditional;
}

static void walk_chain(struct walk *w, uint32_t at, const char *name, const struct dw_cond *cond)
{
	struct entry e;

	if (w->depth >= DEPTH_MAX)
		return;
	w->depth++;
	for (unsigned number = 1; read_entry(w, at, &e); number++, at += e.next_offset) {
		if (w->steps++ > (w->t->max_steps ? w->t->max_steps : STEPS_MAX)) {
			w->out->truncated = true;
			break;
		}
		if (take_rule(w, at, &e, name, number, cond))
			break;
	}
	w->depth--;
}

void dw_iptables_walk(struct dw_forwards *out, const struct dw_iptables *t)
{
	static const struct {
		unsigned hook;
		const char *chain;
	} hooks[] = { { NF_INET_PRE_ROUTING, "PREROUTING" }, { NF_INET_LOCAL_OUT, "OUTPUT" } };
	struct walk w = { .out = out, .t = t };

	find_chains(&w);
	for (size_t i = 0; i < DW_ARRAY_SIZE(hooks); i++) {
		struct dw_cond cond = dw_cond_any(t->family);

		if (!(t->valid_hooks & 1u << hooks[i].hook))
			continue;
		cond.local_only = hooks[i].hook == NF_INET_LOCAL_OUT;
		walk_chain(&w, t->hook_entry[hooks[i].hook], hooks[i].chain, &cond);
	}
}

/* Does the table's rule at `at` drop whatever reaches it? A standard target's verdict is -NF_DROP - 1. */
static bool drops_all(const struct dw_iptables *t, uint32_t at)
{
	struct walk w = { .t = t };
	struct xt_standard_target target;
	struct entry e;
	size_t where;

	if (!(t->family == DW_FAMILY_IPV4 ? read_v4(&w, at, &e) : read_v6(&w, at, &e)))
		return false;
	where = (size_t)at + e.target_offset;
	if (t->n < sizeof(target) || where > t->n - sizeof(target))
		return false;
	memcpy(&target, t->entries + where, sizeof(target));
	return target.verdict == -NF_DROP - 1;
}

bool dw_iptables_filters(const struct dw_iptables *t)
{
	static const unsigned hooks[] = { NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN };

	/* nat and mangle as well: a rule may drop anywhere, and translation leads ports away from who listens there */
	for (size_t i = 0; i < DW_ARRAY_SIZE(hooks); i++) {
		unsigned hook = hooks[i];

		if (!(t->valid_hooks & 1u << hook))
			continue;
		if (t->hook_entry[hook] != t->underflow[hook] || drops_all(t, t->underflow[hook]))
			return true;
	}
	return false;
}
