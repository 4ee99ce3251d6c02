/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every way a packet can take from a hook to a dnat, redirect or tproxy statement; and the dumps
 * for it.
 */
#include "nft.h"

#include <errno.h>
#include <netinet/in.h> /* before linux/in.h, which then steps back */

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "dw_str.h"

/*
 * --- sets and maps
 * --------------------------------------------------------------------------------
 */

struct lookup {
	struct dw_nft_walk *w;
	const struct dw_nft_path *p;
	const struct dw_nft_set *set;
	unsigned slot;
	int into; /* first slot of the map's result; -1: a plain set */
	bool verdicts;
	const void *rest;
	size_t n;
};

/* Does a field of the key tell something that a door is made of? */
static bool is_telling(const struct dw_nft_path *p, unsigned slot, unsigned n)
{
	for (unsigned at = 0; at < n && slot + at / 4 < DW_NFT_SLOTS;) {
		const struct dw_nft_slot *s = &p->slots[slot + at / 4];

		if (s->key > DW_NFT_KEY_OTHER && s->key != DW_NFT_KEY_SADDR4 &&
		    s->key != DW_NFT_KEY_SADDR6)
			return true;
		at += DW_MAX(4u, (s->n + 3u) & ~3u);
	}
	return false;
}

/* A concatenation lies in consecutive registers, each field padded to 4 bytes. */
static bool narrow_by_element(const struct lookup *l, struct dw_nft_path *p,
			      const struct dw_nft_element *x)
{
	for (unsigned at = 0; at < x->n && l->slot + at / 4 < DW_NFT_SLOTS;) {
		unsigned slot = l->slot + at / 4, n = DW_MIN((unsigned)p->slots[slot].n, x->n - at);

		if (!dw_nft_narrow(l->w, p, slot, x->low + at, x->high + at, n, false))
			return false;
		at += DW_MAX(4u, (n + 3u) & ~3u);
	}
	return true;
}

/* The rest of the rule, as it goes for packets that meet this element. */
static void take_element(const struct lookup *l, const struct dw_nft_element *x)
{
	struct dw_nft_path p = *l->p;

	if (l->w->steps++ > DW_NFT_STEPS_MAX) {
		l->w->out->truncated = true;
		return;
	}
	p.conditional = true;
	if (x->catchall)
		dw_cond_word(&p.cond, l->w->out->scratch, "not otherwise in %s", l->set->name);
	else if (!narrow_by_element(l, &p, x))
		return;
	if (l->verdicts && x->data.is_verdict) {
		if (dw_nft_verdict_take(l->w, &p, &x->data.verdict) == DW_NFT_NEXT)
			(void)dw_nft_expressions(l->w, &p, l->rest, l->n);
		return;
	}
	if (l->into >= 0)
		dw_nft_store(&p, l->into, x->data.bytes, x->data.n);
	(void)dw_nft_expressions(l->w, &p, l->rest, l->n);
}

/* "tcp dport { 80, 443 }" is one condition, not a way for each port. */
static enum dw_nft_flow plain_ports(const struct lookup *l, struct dw_nft_path *p, bool inverted)
{
	struct dw_arena *a = l->w->out->scratch;
	size_t n = l->set->elements.n;
	struct dw_span *spans = dw_arena_array(a, n + 1, sizeof(*spans));

	for (size_t i = 0; i < n; i++) {
		const struct dw_nft_element *x = &l->set->elements.v[i];

		spans[i].first = (uint16_t)(x->low[0] << 8 | x->low[1]);
		spans[i].last = (uint16_t)(x->high[0] << 8 | x->high[1]);
		if (x->catchall)
			spans[i] = (struct dw_span){ 0, UINT16_MAX };
	}
	return dw_cond_ports(&p->cond, a, spans, n, inverted) ? DW_NFT_NEXT : DW_NFT_MISS;
}

static enum dw_nft_flow plain_protocols(const struct lookup *l, struct dw_nft_path *p,
					bool inverted)
{
	unsigned mask = 0;

	for (size_t i = 0; i < l->set->elements.n; i++)
		mask |= dw_protocol_bit(l->set->elements.v[i].low[0]);
	/* Without some portless protocols there are still others. */
	if (inverted)
		mask = ~mask | 1u << DW_PROTOCOL_RAW;
	return dw_cond_protocol_mask(&p->cond, mask) ? DW_NFT_NEXT : DW_NFT_MISS;
}

static enum dw_nft_flow plain_words(const struct lookup *l, struct dw_nft_path *p, bool inverted)
{
	const char *what = p->slots[l->slot].what;

	dw_cond_word(&p->cond, l->w->out->scratch, "%s %s %s", what ? what : "it",
		     inverted ? "not in" : "in", l->set->name);
	return DW_NFT_NEXT;
}

static enum dw_nft_flow look_up(const struct lookup *l, struct dw_nft_path *p, bool inverted)
{
	enum dw_nft_key key = p->slots[l->slot].key;
	unsigned n = l->set->elements.n > 0 ? l->set->elements.v[0].n : 0;
	bool plain = l->into < 0 && !l->verdicts;

	if (plain && key == DW_NFT_KEY_DPORT && n <= 4)
		return plain_ports(l, p, inverted);
	if (plain && key == DW_NFT_KEY_L4PROTO && n <= 4)
		return plain_protocols(l, p, inverted);
	if (inverted || (plain && !is_telling(p, l->slot, n)))
		return plain_words(l, p, inverted);
	for (size_t i = 0; i < l->set->elements.n; i++)
		take_element(l, &l->set->elements.v[i]);
	return DW_NFT_MISS;
}

enum dw_nft_flow dw_nft_lookup(struct dw_nft_walk *w, struct dw_nft_path *p,
			       const struct nlattr *data, const void *rest, size_t n)
{
	const struct nlattr *tb[NFTA_LOOKUP_MAX + 1];
	struct lookup l = { .w = w, .p = p, .into = -1, .rest = rest, .n = n };
	struct dw_nft_set *set;
	const char *name;
	int slot;

	dw_attr_nested(data, tb, NFTA_LOOKUP_MAX);
	name = dw_attr_string(w->out->scratch, tb[NFTA_LOOKUP_SET]);
	slot = dw_nf_slot(tb[NFTA_LOOKUP_SREG]);
	p->conditional = true;
	if (!name || slot < 0)
		return DW_NFT_NEXT;
	set = dw_nft_set_find(w->rules, w->chain->family, w->chain->table, name);
	if (set && !set->loaded && w->load)
		w->load(w, set);
	if (!set || !set->loaded) {
		/* The rule stays a door; which port it is about nobody could tell. */
		p->cond.ports_unclear = true;
		dw_cond_word(&p->cond, w->out->scratch, "as the unreadable set %s says", name);
		return DW_NFT_NEXT;
	}
	l.set = set;
	l.slot = (unsigned)slot;
	if (tb[NFTA_LOOKUP_DREG]) {
		l.into = dw_nf_slot(tb[NFTA_LOOKUP_DREG]);
		l.verdicts = dw_attr_be32(tb[NFTA_LOOKUP_DREG]) == NFT_REG_VERDICT;
	}
	return look_up(&l, p, dw_attr_be32(tb[NFTA_LOOKUP_FLAGS]) & NFT_LOOKUP_F_INV);
}

/*
 * --- rules and chains
 * -----------------------------------------------------------------------------
 */

static void walk_chain(struct dw_nft_walk *w, const struct dw_nft_chain *c,
		       const struct dw_cond *cond);

enum dw_nft_flow dw_nft_verdict_take(struct dw_nft_walk *w, struct dw_nft_path *p,
				     const struct dw_nft_verdict *v)
{
	const struct dw_nft_chain *here = w->chain, *there;
	const struct dw_nft_rule *rule = w->rule;

	if (v->code == NFT_CONTINUE)
		return DW_NFT_NEXT;
	if (v->code == NFT_BREAK)
		return DW_NFT_MISS;
	if ((v->code == NFT_JUMP || v->code == NFT_GOTO) && v->chain) {
		there = dw_nft_chain_find(w->rules, here->family, here->table, v->chain);
		if (there)
			walk_chain(w, there, &p->cond);
		w->chain = here;
		w->rule = rule;
	}
	/* accept, drop, return, goto, queue: no later rule of this chain sees the packet */
	return p->conditional || v->code == NFT_JUMP ? DW_NFT_MISS : DW_NFT_END;
}

enum dw_nft_flow dw_nft_expressions(struct dw_nft_walk *w, struct dw_nft_path *p, const void *list,
				    size_t n)
{
	const char *end = (const char *)list + n;

	dw_attr_each(a, list, n)
	{
		const char *next = (const char *)mnl_attr_next(a);
		enum dw_nft_flow flow;

		flow = dw_nft_expression(w, p, a, next, next < end ? (size_t)(end - next) : 0);
		if (flow != DW_NFT_NEXT)
			return flow;
	}
	return DW_NFT_NEXT;
}

static void walk_chain(struct dw_nft_walk *w, const struct dw_nft_chain *c,
		       const struct dw_cond *cond)
{
	if (w->depth >= DW_NFT_DEPTH_MAX)
		return;
	w->depth++;
	for (size_t i = 0; i < c->rules.n; i++) {
		struct dw_nft_path p = { .cond = *cond };

		if (w->steps++ > DW_NFT_STEPS_MAX) {
			w->out->truncated = true;
			break;
		}
		w->chain = c;
		w->rule = &c->rules.v[i];
		if (dw_nft_expressions(w, &p, w->rule->expressions, w->rule->n) == DW_NFT_END)
			break;
	}
	w->depth--;
}

static void walk_hook(struct dw_nft_walk *w, uint32_t hook)
{
	for (size_t i = 0; i < w->rules->chains.n; i++) {
		const struct dw_nft_chain *c = w->rules->chains.v[i];
		struct dw_cond cond;

		if (!dw_nft_opens(c) || c->hook != hook || dw_nft_is_dormant(w->rules, c))
			continue;
		cond = dw_cond_any(c->family == NFPROTO_IPV4   ? DW_FAMILY_IPV4
				   : c->family == NFPROTO_IPV6 ? DW_FAMILY_IPV6
							       : DW_FAMILY_UNKNOWN);
		cond.local_only = hook == NF_INET_LOCAL_OUT;
		walk_chain(w, c, &cond);
	}
}

void dw_nft_walk_all(struct dw_nft_walk *w)
{
	walk_hook(w, NF_INET_PRE_ROUTING);
	walk_hook(w, NF_INET_LOCAL_OUT);
}

/*
 * --- dumps
 * ----------------------------------------------------------------------------------------
 */

struct dump {
	struct dw_nft_walk walk; /* first: load() gets back from it to here */
	const struct dw_netns *ns;
	struct dw_nft_ruleset *rules;
	struct dw_nft_set *set; /* whose elements are being read */
	unsigned type;
};

static int on_message(const struct nlmsghdr *m, void *arg)
{
	struct dump *d = arg;

	dw_nft_message(d->rules, m);
	return 0;
}

/* The kernel changed its rules under the dump: what came so far is forgotten. */
static void on_restart(void *arg)
{
	struct dump *d = arg;
	struct dw_nft_ruleset *r = d->rules;

	if (d->type == NFT_MSG_GETTABLE)
		r->dormant.n = 0;
	if (d->type == NFT_MSG_GETCHAIN) {
		memset(r->chain_buckets, 0, sizeof(r->chain_buckets));
		r->chains.n = 0;
	}
	if (d->type == NFT_MSG_GETSET) {
		memset(r->set_buckets, 0, sizeof(r->set_buckets));
		r->sets.n = 0;
	}
	for (size_t i = 0; d->type == NFT_MSG_GETRULE && i < r->chains.n; i++)
		r->chains.v[i]->rules.n = 0;
	if (d->set)
		d->set->elements.n = 0;
	r->n_rules = d->type == NFT_MSG_GETRULE ? 0 : r->n_rules;
}

static int ask(struct dump *d, unsigned type, uint8_t family, struct dw_error *e)
{
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct nfgenmsg *g;

	m->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	if (d->set &&
	    (!mnl_attr_put_strz_check(m, sizeof(room), NFTA_SET_ELEM_LIST_TABLE, d->set->table) ||
	     !mnl_attr_put_strz_check(m, sizeof(room), NFTA_SET_ELEM_LIST_SET, d->set->name)))
		return dw_error_errno(e, -ENAMETOOLONG, "set %s", d->set->name);
	d->type = type;
	return dw_netlink_request(d->walk.out->collect->sys, d->ns, NETLINK_NETFILTER, m,
				  on_message, on_restart, d, e);
}

static void load_set(struct dw_nft_walk *w, struct dw_nft_set *set)
{
	struct dump *d = (struct dump *)w;
	struct dw_error why = { 0 };

	d->set = set;
	if (ask(d, NFT_MSG_GETSETELEM, set->family, &why) == 0)
		dw_nft_set_order(d->rules, set);
	else
		dw_facts_incomplete(w->out->collect->facts, "nft-set", NULL, 0, true,
				    "the nftables set %s could not be read: %s", set->name,
				    why.message);
	d->set = NULL;
}

int dw_nft_collect(struct dw_forwards *out, const struct dw_netns *ns, struct dw_error *e)
{
	static const unsigned others[] = { NFT_MSG_GETTABLE, NFT_MSG_GETRULE, NFT_MSG_GETSET };
	struct dump d = { .ns = ns, .rules = dw_new(out->scratch, struct dw_nft_ruleset) };
	bool any = false;
	int r;

	d.rules->arena = out->scratch;
	d.walk = (struct dw_nft_walk){ .rules = d.rules, .out = out, .load = load_set };
	/* Most namespaces have no such chain: one question settles it. */
	r = ask(&d, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, e);
	for (size_t i = 0; r == 0 && i < d.rules->chains.n; i++)
		any |= dw_nft_opens(d.rules->chains.v[i]);
	for (size_t i = 0; r == 0 && i < d.rules->chains.n; i++)
		if (dw_nft_filters(d.rules->chains.v[i]))
			dw_forwards_filtered(out);
	for (size_t i = 0; any && r == 0 && i < DW_ARRAY_SIZE(others); i++)
		r = ask(&d, others[i], NFPROTO_UNSPEC, e);
	if (r < 0 || !any)
		return r;
	dw_nft_walk_all(&d.walk);
	out->truncated |= d.rules->truncated;
	return 0;
}
