/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which rule decided: the same packet once more, traced (NFNLGRP_NFTRACE). The kernel tells each rule that
 * matched and each policy that was used; headers of the packet come with the first message of each base chain,
 * and name the packet by its number.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "dw_listener.h"
#include "dw_nfattr.h"
#include "dw_str.h"
#include "rehearsing.h"

#define BATCH       128u /* packets; some ten messages each */
#define QUEUE_BYTES ((size_t)32 << 20)
#define SLOTS       1024u /* for numbers of traces; a power of two */
#define WAIT_MS     20
#define ROUTING     "routing or the reverse path filter of this host (no rule)"

/* Where a base chain is hooked in. */
struct hooked {
	uint8_t family;
	const char *table, *chain, *type;
	uint32_t hook;
};

/* A verdict that ends a chain: by a rule, or (rule NULL) by the policy in `words`. */
struct verdict {
	const struct dw_rule *rule;
	const char *words; /* NULL: there was none */
};

struct trail {
	const struct hooked *base; /* the chain that the packet is in */
	struct verdict dropped, accepted, policy;
	struct verdict led; /* the rule that leads it elsewhere */
	struct verdict
		legacy; /* the last of iptables-legacy, of the table filter if it was there */
	bool legacy_filters, legacy_routed;
};

struct tracing {
	struct dw_rehearsal *r;
	struct dw_arena *a;
	DW_VEC(struct hooked) hooks;
	struct dw_listener *listener;
	struct {
		uint32_t trace, packet; /* packet 0: none of ours */
	} slots[SLOTS];
	uint32_t first; /* number of the batch's first packet */
	size_t n;
	struct trail trails[BATCH];
};

/* --- base chains -------------------------------------------------------------------------------- */

static int see_chain(const struct nlmsghdr *m, void *arg)
{
	struct tracing *t = arg;
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(m);
	struct hooked h = { 0 };

	if (m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return 0;
	dw_attr_message(m, sizeof(*head), tb, NFTA_CHAIN_MAX);
	if (!tb[NFTA_CHAIN_HOOK])
		return 0;
	dw_attr_nested(tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
	h.family = head->nfgen_family;
	h.table = dw_attr_string(t->a, tb[NFTA_CHAIN_TABLE]);
	h.chain = dw_attr_string(t->a, tb[NFTA_CHAIN_NAME]);
	h.type = dw_attr_string(t->a, tb[NFTA_CHAIN_TYPE]);
	h.hook = dw_attr_be32(hook[NFTA_HOOK_HOOKNUM]);
	if (h.table && h.chain && h.type)
		dw_vec_push(t->a, &t->hooks, h);
	return 0;
}

static void forget_chains(void *arg)
{
	((struct tracing *)arg)->hooks.n = 0;
}

static int read_chains(struct tracing *t, struct dw_error *e)
{
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct nfgenmsg *head;

	m->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN;
	m->nlmsg_flags = NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->nfgen_family = NFPROTO_UNSPEC;
	head->version = NFNETLINK_V0;
	return dw_netlink_request(t->r->sys, &t->r->scene->copy, NETLINK_NETFILTER, m, see_chain,
				  forget_chains, t, e);
}

static const struct hooked *hook_of(const struct tracing *t, uint8_t family, const char *table,
				    const char *chain)
{
	for (size_t i = 0; i < t->hooks.n; i++) {
		const struct hooked *h = &t->hooks.v[i];

		if (h->family == family && dw_streq(h->table, table) && dw_streq(h->chain, chain))
			return h;
	}
	return NULL;
}

/* --- messages ----------------------------------------------------------------------------------- */

/* The packet of a trace's number; headers, where there are any, say it anew: numbers are used again. */
static uint32_t packet_of(struct tracing *t, uint32_t trace, const struct nlattr *network,
			  const struct nlattr *transport)
{
	struct dw_rehearse_seen seen = { 0 };
	unsigned at = trace * 0x9e3779b1u % SLOTS;

	if (network) {
		t->slots[at].trace = trace;
		t->slots[at].packet = 0;
		if (transport && dw_rehearse_packet_read_parts(
					 dw_attr_data(network), dw_attr_size(network),
					 dw_attr_data(transport), dw_attr_size(transport), &seen))
			t->slots[at].packet = seen.id;
	}
	return t->slots[at].trace == trace ? t->slots[at].packet : 0;
}

static void note_verdict(struct tracing *t, struct trail *trail, uint32_t code, struct verdict v)
{
	bool last, leaves, nat;

	if (code == NF_DROP) {
		trail->dropped = v;
		return;
	}
	if (code != NF_ACCEPT || !trail->base)
		return;
	last = trail->base->hook == NF_INET_LOCAL_IN || trail->base->hook == NF_INET_FORWARD;
	leaves = trail->base->hook == NF_INET_LOCAL_OUT;
	nat = dw_streq(trail->base->type, "nat");
	/* a translation accepts; where the source is translated is behind the routing, and no way to a door */
	if (nat && v.rule && (leaves || trail->base->hook == NF_INET_PRE_ROUTING))
		trail->led = v;
	if (nat)
		return;
	if (v.rule && (last || !trail->accepted.words))
		trail->accepted = v;
	if (!v.rule && (last || leaves))
		trail->policy = v;
}

struct message {
	uint8_t family;
	uint32_t type, code;
	const char *table, *chain;
	uint64_t handle;
};

static void follow(struct tracing *t, struct trail *trail, const struct message *m)
{
	const struct hooked *base = hook_of(t, m->family, m->table, m->chain);
	struct verdict v = { 0 };

	/* some kernels tell the end of a chain as a rule without a number */
	if (dw_streq(m->table, DW_DETECTOR_TABLE) ||
	    (m->type == NFT_TRACETYPE_RULE && m->handle == 0))
		return;
	trail->base = base ? base : trail->base;
	if (m->type == NFT_TRACETYPE_RULE) {
		v.rule = dw_ruleset_traced(t->r->sys, &t->r->scene->copy, t->r->rules, m->family,
					   m->table, m->chain, m->handle);
		if (v.rule)
			t->r->met[v.rule->id] = true;
		v.words =
			v.rule ? v.rule->words
			       : dw_arena_printf(t->r->arena, "%s %s %s",
						 dw_nf_family_name(m->family), m->table, m->chain);
	} else if (m->type == NFT_TRACETYPE_POLICY) {
		v.words = dw_arena_printf(t->r->arena, "policy of %s %s %s",
					  dw_nf_family_name(m->family), m->table, m->chain);
	} else {
		return;
	}
	note_verdict(t, trail, m->code, v);
}

static int see_trace(const struct nlmsghdr *m, void *arg)
{
	struct tracing *t = arg;
	const struct nlattr *tb[NFTA_TRACE_MAX + 1], *verdict[NFTA_VERDICT_MAX + 1];
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(m);
	struct message x = { 0 };
	uint32_t packet;

	if (m->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE) ||
	    m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return 0;
	dw_attr_message(m, sizeof(*head), tb, NFTA_TRACE_MAX);
	packet = packet_of(t, dw_attr_be32(tb[NFTA_TRACE_ID]), tb[NFTA_TRACE_NETWORK_HEADER],
			   tb[NFTA_TRACE_TRANSPORT_HEADER]);
	if (packet < t->first || packet - t->first >= t->n)
		return 0;
	dw_attr_nested(tb[NFTA_TRACE_VERDICT], verdict, NFTA_VERDICT_MAX);
	x.family = head->nfgen_family;
	x.type = dw_attr_be32(tb[NFTA_TRACE_TYPE]);
	x.code = tb[NFTA_TRACE_POLICY] ? dw_attr_be32(tb[NFTA_TRACE_POLICY])
				       : dw_attr_be32(verdict[NFTA_VERDICT_CODE]);
	x.table = dw_attr_string(t->a, tb[NFTA_TRACE_TABLE]);
	x.chain = dw_attr_string(t->a, tb[NFTA_TRACE_CHAIN]);
	x.handle = dw_attr_be64(tb[NFTA_TRACE_RULE_HANDLE]);
	if (x.table && x.chain)
		follow(t, &t->trails[packet - t->first], &x);
	return 0;
}

/* --- answers ------------------------------------------------------------------------------------ */

static void tell(const struct trail *trail, struct dw_rehearse_answer *a)
{
	struct verdict v = trail->dropped;

	if (a->translated && trail->led.rule) {
		a->led_by = trail->led.rule->words;
		a->led_counted = trail->led.rule->counted;
		a->led_packets = trail->led.rule->packets;
	}
	if (a->reach == DW_ARRIVAL_YES)
		v = trail->accepted.words ? trail->accepted : trail->policy;
	/* what nftables has let through or has not seen at all */
	if (trail->legacy.words && !v.rule && (a->reach == DW_ARRIVAL_YES || !v.words))
		v = trail->legacy;
	if (v.rule)
		dw_answer_name_rule(v.rule, a);
	else if (v.words)
		a->rule = v.words;
	else if (a->reach == DW_ARRIVAL_NO)
		a->rule = ROUTING;
}

/* "TABLE:CHAIN:rule|return|policy:NUMBER "; false: it is none such. */
static bool read_legacy(struct dw_arena *a, const char *text, const char *parts[4])
{
	char *rest = dw_arena_strdup(a, text);

	for (unsigned i = 0; i < 4; i++) {
		parts[i] = rest;
		rest = rest ? strpbrk(rest, i < 3 ? ":" : " ") : NULL;
		if (!rest)
			return false;
		*rest++ = '\0';
	}
	return true;
}

static void see_legacy(void *data, const struct dw_detected *d)
{
	struct tracing *t = data;
	uint8_t family = d->packet.family == DW_FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	struct verdict v = { 0 };
	struct trail *trail;
	const char *parts[4];
	uint64_t number;
	bool filters;

	if (!d->trace || d->packet.id < t->first || d->packet.id - t->first >= t->n ||
	    !read_legacy(t->a, d->trace, parts) ||
	    !dw_parse_u64(parts[3], 10, UINT32_MAX, &number) || dw_streq(parts[2], "return"))
		return;
	trail = &t->trails[d->packet.id - t->first];
	filters = dw_streq(parts[0], "filter");
	if (dw_streq(parts[2], "rule"))
		v.rule = dw_ruleset_traced(t->r->sys, &t->r->scene->copy, t->r->rules, family,
					   parts[0], parts[1], number);
	if (v.rule)
		t->r->met[v.rule->id] = true;
	/* destinations are translated before the way is chosen, sources behind that */
	trail->legacy_routed |= dw_streq(parts[1], "INPUT") || dw_streq(parts[1], "FORWARD") ||
				dw_streq(parts[1], "POSTROUTING");
	if (v.rule && dw_streq(parts[0], "nat") && !trail->legacy_routed)
		trail->led = (struct verdict){ .rule = v.rule };
	/* no address is translated to drop a packet, and other tables' policies drop none */
	if ((trail->legacy_filters && !filters) || dw_streq(parts[0], "nat") ||
	    (!v.rule && !filters))
		return;
	trail->legacy_filters = filters;
	v.words = v.rule ? v.rule->words
			 : dw_arena_printf(t->r->arena, "policy of %s %s %s",
					   family == NFPROTO_IPV4 ? "iptables" : "ip6tables",
					   parts[0], parts[1]);
	trail->legacy = v;
}

static int trace_batch(struct tracing *t, const struct dw_rehearse_question *q,
		       const uint32_t *which, size_t n, struct dw_rehearse_answer *ret,
		       struct dw_error *e)
{
	struct dw_rehearsal *r = t->r;
	bool complete, lost = false;
	int code = 0;

	memset(t->trails, 0, sizeof(t->trails));
	memset(t->slots, 0, sizeof(t->slots));
	t->first = dw_round_ids(r, n);
	t->n = n;
	for (size_t i = 0; code == 0 && i < n; i++) {
		bool sent;

		code = dw_round_send(r, &q[which[i]], t->first + (uint32_t)i, &sent, e);
	}
	if (code == 0)
		code = dw_round_sentinels(r, e);
	if (code == 0)
		code = dw_detector_read(r->detector, see_legacy, t, &complete, e);
	if (code == 0)
		code = dw_listener_read(t->listener, WAIT_MS, see_trace, t, &lost, e);
	if (code >= 0)
		code = dw_detector_forget(r->detector, e);
	if (code < 0)
		return code;
	/* a trace with gaps could name the wrong one */
	for (size_t i = 0; !lost && i < n; i++)
		tell(&t->trails[i], &ret[which[i]]);
	return 0;
}

static int open_trace(struct tracing *t, struct dw_error *e)
{
	int code = dw_rehearsal_copy(t->r, e);

	if (code == 0)
		code = read_chains(t, e);
	if (code == 0)
		code = dw_listener_open(t->r->sys, &t->r->scene->copy, NETLINK_NETFILTER,
					QUEUE_BYTES, &t->listener, e);
	if (code == 0)
		code = dw_listener_join(t->listener, NFNLGRP_NFTRACE, e);
	return code == 0 ? dw_detector_trace(t->r->detector, true, e) : code;
}

static int trace_all(struct tracing *t, const struct dw_rehearse_question *q, const uint32_t *which,
		     size_t n, struct dw_rehearse_answer *ret, struct dw_error *e)
{
	int code = open_trace(t, e), off;

	for (size_t i = 0; code == 0 && i < n; i += BATCH)
		code = trace_batch(t, q, which + i, DW_MIN((size_t)BATCH, n - i), ret, e);
	off = dw_detector_trace(t->r->detector, false, code == 0 ? e : NULL);
	dw_listener_free(t->listener);
	return code < 0 ? code : off;
}

void dw_traces_read(struct dw_rehearsal *r, const struct nlmsghdr *const *messages, size_t n,
		    struct dw_rehearse_answer *answers, size_t n_answers)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct tracing *t = dw_new(a, struct tracing);
	struct dw_detector *d = dw_detector_deaf(see_legacy, t);

	t->r = r;
	t->a = a;
	t->first = 1;
	t->n = DW_MIN(n_answers, (size_t)BATCH);
	for (size_t i = 0; i < n; i++) {
		const struct nlmsghdr *m = messages[i];

		if (m->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN))
			(void)see_chain(m, t);
		(void)see_trace(m, t);
		dw_detector_message(d, m);
	}
	for (size_t i = 0; i < t->n; i++)
		tell(&t->trails[i], &answers[i]);
	dw_detector_free(d);
}

int dw_traces_explain(struct dw_rehearsal *r, const struct dw_rehearse_question *q, size_t n,
		      struct dw_rehearse_answer *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	uint32_t *which = dw_arena_array(a, n, sizeof(*which));
	struct tracing *t;
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (q[i].explain && ret[i].reach != DW_ARRIVAL_UNKNOWN && !ret[i].rule)
			which[count++] = (uint32_t)i;
	if (count == 0 || r->is_open)
		return 0;
	t = dw_new(a, struct tracing);
	t->r = r;
	t->a = a;
	return trace_all(t, q, which, count, ret, e);
}
