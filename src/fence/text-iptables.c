/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iptables: a shell script that gives one document to iptables-restore --noflush and one to ip6tables-restore.
 * ":CHAIN - [0:0]" makes or empties a chain of ours, and --noflush leaves all others; each document is one transaction.
 * The built-in chains lead to ours once (-C looks first). iptables-extensions(8) has the words.
 */
#include "text.h"

#include "dw_macros.h"

#define COMMENT_MAX 200 /* XT_MAX_COMMENT_LEN is 256 */
#define MULTIPORT   15  /* XT_MULTI_PORTS; a range takes two */

struct ipt {
	struct fence_text *t;
	bool v6;
};

static const char *comment_of(const struct ipt *p, const char *text)
{
	struct dw_str s = { .arena = p->t->a };

	if (!text)
		return "";
	dw_str_add(&s, " -m comment --comment \"");
	/* iptables-restore takes a backslash within quotes for what follows it */
	for (const char *c = fence_comment(p->t->a, text, COMMENT_MAX, '\0', ' '); *c; c++)
		dw_str_addf(&s, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	dw_str_addc(&s, '"');
	return s.s;
}

enum where { IN, OUT, ORIGINAL };

static void put_port(struct dw_str *s, const struct dw_fence_allow *like,
		     const struct fence_ports *ports, size_t n, enum where where)
{
	const char *protocol = dw_protocol_name(like->protocol);

	if (like->protocol == DW_PROTOCOL_RAW) {
		dw_str_addf(s, " -p %u", ports[0].first);
		return;
	}
	dw_str_addf(s, " -p %s", protocol);
	if (where == ORIGINAL) {
		dw_str_addf(s, " -m conntrack --ctorigdstport %s",
			    fence_ports_text(s->arena, &ports[0], ':'));
	} else if (n == 1 && like->protocol != DW_PROTOCOL_UDPLITE) {
		dw_str_addf(s, " -m %s --dport %s", protocol,
			    fence_ports_text(s->arena, &ports[0], ':'));
	} else {
		dw_str_add(s, " -m multiport --dports ");
		for (size_t i = 0; i < n; i++)
			dw_str_addf(s, "%s%s", i ? "," : "",
				    fence_ports_text(s->arena, &ports[i], ':'));
	}
}

/* How many of the ports one match takes. */
static size_t chunk(const struct fence_rule *r, size_t at, enum where where)
{
	size_t n = 0, room = MULTIPORT;

	if (where == ORIGINAL || r->like->protocol == DW_PROTOCOL_RAW)
		return 1;
	while (at + n < r->n_ports) {
		size_t takes = r->ports[at + n].first == r->ports[at + n].last ? 1 : 2;

		if (takes > room)
			break;
		room -= takes;
		n++;
	}
	return n;
}

static void put_one(struct ipt *p, const char *chain, const char *target,
		    const struct fence_rule *r, const struct dw_network *from, enum where where)
{
	const struct dw_fence_allow *like = r->like;
	struct dw_str *s = &p->t->out;

	for (size_t at = 0, n; at < r->n_ports; at += n) {
		n = chunk(r, at, where);
		dw_str_addf(s, "-A %s", chain);
		if (like->on_interface)
			dw_str_addf(s, " %s %s", where == OUT ? "-o" : "-i", like->on_interface);
		if (from)
			dw_str_addf(s, " %s %s", where == OUT ? "-d" : "-s",
				    fence_network_text(p->t->a, from));
		if (like->on_address && where == ORIGINAL)
			dw_str_addf(s, " -m conntrack --ctorigdst %s", like->on_address);
		else if (like->on_address)
			dw_str_addf(s, " %s %s", where == OUT ? "-s" : "-d", like->on_address);
		put_port(s, like, &r->ports[at], n, where);
		dw_str_addf(s, "%s -j %s\n", comment_of(p, like->comment), target);
	}
}

static void put_rule(struct ipt *p, const char *chain, const char *target,
		     const struct fence_rule *r, enum where where)
{
	enum dw_family family = p->v6 ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4;
	struct fence_reach reaches[2];
	size_t count = fence_reaches(p->t->a, r->like, reaches);

	for (size_t i = 0; i < count; i++) {
		if (reaches[i].family != DW_FAMILY_UNKNOWN && reaches[i].family != family)
			continue;
		if (reaches[i].n_from == 0)
			put_one(p, chain, target, r, NULL, where);
		for (size_t k = 0; k < reaches[i].n_from; k++)
			put_one(p, chain, target, r, &reaches[i].from[k], where);
	}
}

/* RFC 4890, 4.4.1: as in the nftables style, which says more of it. */
static const char *const neighbours_v6[] = {
	"133 -m hl --hl-eq 255",
	"134 -m hl --hl-eq 255",
	"135 -m hl --hl-eq 255",
	"136 -m hl --hl-eq 255",
	"141 -m hl --hl-eq 255",
	"142 -m hl --hl-eq 255",
	"130 -m hl --hl-eq 1",
	"131 -m hl --hl-eq 1",
	"132 -m hl --hl-eq 1",
	"143 -m hl --hl-eq 1",
	"148",
	"149",
	"151 -m hl --hl-eq 1",
	"152 -m hl --hl-eq 1",
	"153 -m hl --hl-eq 1",
};
static const char *const icmp_v6[] = { "1", "2", "3", "4", "128", "129" };
static const char *const icmp_v4[] = { "3", "11", "12", "8", "0" };

static void put_neighbours(struct ipt *p, const char *chain)
{
	struct dw_str *s = &p->t->out;

	dw_str_add(s, "# What hosts of one link tell each other (RFC 4890, 4.4.1; RFC 3376)\n");
	if (!p->v6)
		dw_str_addf(s, "-A %s -p 2 -m ttl --ttl-eq 1 -j ACCEPT\n", chain);
	for (size_t i = 0; p->v6 && i < DW_ARRAY_SIZE(neighbours_v6); i++)
		dw_str_addf(s, "-A %s -p ipv6-icmp -m icmp6 --icmpv6-type %s -j ACCEPT\n", chain,
			    neighbours_v6[i]);
}

static void put_icmp(struct ipt *p, const char *chain)
{
	struct dw_str *s = &p->t->out;

	dw_str_add(s, "# Errors that connections need, and ping (RFC 4890, 4.4.1 and 4.4.2; RFC "
		      "1122, 3.2.2)\n");
	for (size_t i = 0; !p->v6 && i < DW_ARRAY_SIZE(icmp_v4); i++)
		dw_str_addf(s, "-A %s -p icmp -m icmp --icmp-type %s -j ACCEPT\n", chain,
			    icmp_v4[i]);
	for (size_t i = 0; p->v6 && i < DW_ARRAY_SIZE(icmp_v6); i++)
		dw_str_addf(s, "-A %s -p ipv6-icmp -m icmp6 --icmpv6-type %s -j ACCEPT\n", chain,
			    icmp_v6[i]);
}

static void put_log(struct ipt *p, const char *chain, const char *which, const char *prefix)
{
	dw_str_addf(&p->t->out,
		    "-A %s%s -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix \"%s\"\n",
		    chain, which, prefix);
}

static void put_denied(struct ipt *p, const char *chain)
{
	if (p->t->want->log_denied)
		put_log(p, chain, " -m pkttype --pkt-type unicast", "doorward denied: ");
}

static bool has_published(const struct dw_fence_want *w)
{
	bool any = w->guard_forwarded || w->n_redirects > 0;

	for (size_t i = 0; i < w->n_allow; i++)
		any |= w->allow[i].forwarded;
	return any;
}

static void put_published(struct ipt *p, const char *chain, const char *target)
{
	const struct dw_fence_want *w = p->t->want;
	struct fence_rules rules = fence_rules_of(p->t->a, w->allow, w->n_allow);

	for (size_t i = 0; i < rules.n; i++) {
		const struct dw_fence_allow *like = rules.v[i].like;

		if (like->protocol != DW_PROTOCOL_RAW &&
		    (like->forwarded || fence_is_redirected(w, like)))
			put_rule(p, chain, target, &rules.v[i], ORIGINAL);
	}
	put_denied(p, chain);
	dw_str_addf(&p->t->out, "-A %s -j DROP\n", chain);
}

static void put_dhcp(struct ipt *p)
{
	const struct dw_fence_want *w = p->t->want;

	if (w->dhcp && !p->v6)
		dw_str_add(&p->t->out, "-A DOORWARD-INPUT -p udp -m udp --sport 67 --dport 68 -j "
				       "ACCEPT\n");
	if (w->dhcp6 && p->v6)
		dw_str_add(&p->t->out, "-A DOORWARD-INPUT -s fe80::/10 -d fe80::/10 -p udp -m udp "
				       "--sport 547 --dport 546 -j ACCEPT\n");
}

static void put_input(struct ipt *p)
{
	const struct dw_fence_want *w = p->t->want;
	struct fence_rules rules = fence_rules_of(p->t->a, w->allow, w->n_allow);
	const char *own = p->v6 ? "::1/128" : "127.0.0.0/8";

	dw_str_addf(&p->t->out,
		    "-A DOORWARD-INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
		    "-A DOORWARD-INPUT -i lo -j ACCEPT\n"
		    "-A DOORWARD-INPUT -s %s -j DROP\n"
		    "-A DOORWARD-INPUT -d %s -j DROP\n",
		    own, own);
	put_neighbours(p, "DOORWARD-INPUT");
	dw_str_add(&p->t->out, "-A DOORWARD-INPUT -m conntrack --ctstate INVALID -j DROP\n");
	put_icmp(p, "DOORWARD-INPUT");
	put_dhcp(p);
	if (has_published(w))
		dw_str_add(&p->t->out, "# Sent to another port than it arrives at\n"
				       "-A DOORWARD-INPUT -m conntrack --ctstate DNAT -g "
				       "DOORWARD-PUBLISHED\n");
	dw_str_add(&p->t->out, "# What the policy keeps\n");
	for (size_t i = 0; i < rules.n; i++)
		if (!rules.v[i].like->forwarded)
			put_rule(p, "DOORWARD-INPUT", "ACCEPT", &rules.v[i], IN);
	dw_str_add(&p->t->out, "# All else\n");
	put_denied(p, "DOORWARD-INPUT");
	dw_str_add(&p->t->out, "-A DOORWARD-INPUT -j DROP\n");
}

static void put_output(struct ipt *p)
{
	const struct dw_fence_want *w = p->t->want;
	struct fence_rules rules = fence_rules_of(p->t->a, w->out, w->n_out);
	bool deny = w->egress == DW_EGRESS_DENY;

	dw_str_add(&p->t->out,
		   "-A DOORWARD-OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
		   "-A DOORWARD-OUTPUT -o lo -j ACCEPT\n");
	put_neighbours(p, "DOORWARD-OUTPUT");
	put_icmp(p, "DOORWARD-OUTPUT");
	if (w->dhcp && !p->v6)
		dw_str_add(&p->t->out, "-A DOORWARD-OUTPUT -p udp -m udp --sport 68 --dport 67 -j "
				       "ACCEPT\n");
	if (w->dhcp6 && p->v6)
		dw_str_add(&p->t->out, "-A DOORWARD-OUTPUT -s fe80::/10 -p udp -m udp --sport 546 "
				       "--dport 547 -j ACCEPT\n");
	for (size_t i = 0; i < rules.n; i++)
		put_rule(p, "DOORWARD-OUTPUT", "ACCEPT", &rules.v[i], OUT);
	put_log(p, "DOORWARD-OUTPUT", "", deny ? "doorward denied out: " : "doorward out: ");
	if (deny)
		dw_str_addf(&p->t->out, "-A DOORWARD-OUTPUT -j REJECT --reject-with %s\n",
			    p->v6 ? "icmp6-adm-prohibited" : "icmp-admin-prohibited");
}

static void put_nat(struct ipt *p)
{
	const struct dw_fence_want *w = p->t->want;
	struct dw_str *s = &p->t->out;

	dw_str_add(s, "*nat\n:DOORWARD-PREROUTING - [0:0]\n:DOORWARD-REDIRECT - [0:0]\n");
	for (size_t i = 0; i < w->n_redirects; i++) {
		const struct dw_fence_redirect *r = &w->redirects[i];
		const char *rest = dw_arena_printf(p->t->a,
						   "-p %s -m %s --dport %u%s -j REDIRECT "
						   "--to-ports %u\n",
						   dw_protocol_name(r->protocol),
						   dw_protocol_name(r->protocol), r->from,
						   comment_of(p, r->comment), r->to);

		dw_str_addf(s, "-A DOORWARD-PREROUTING -m addrtype --dst-type LOCAL %s", rest);
		dw_str_addf(s, "-A DOORWARD-REDIRECT -o lo %s", rest);
	}
	dw_str_add(s, "COMMIT\n");
}

static void put_document(struct ipt *p)
{
	const struct dw_fence_want *w = p->t->want;
	struct dw_str *s = &p->t->out;

	dw_str_addf(s, "\n%s-restore --noflush <<'END'\n*filter\n:DOORWARD-INPUT - [0:0]\n",
		    p->v6 ? "ip6tables" : "iptables");
	if (has_published(w))
		dw_str_add(s, ":DOORWARD-PUBLISHED - [0:0]\n");
	if (w->guard_forwarded)
		dw_str_add(s, ":DOORWARD-FORWARD - [0:0]\n");
	if (w->egress != DW_EGRESS_OPEN)
		dw_str_add(s, ":DOORWARD-OUTPUT - [0:0]\n");
	put_input(p);
	if (has_published(w)) {
		dw_str_add(s, "# Ports that are translated on their way: what counts is the port "
			      "that was asked from outside\n");
		put_published(p, "DOORWARD-PUBLISHED", "ACCEPT");
	}
	if (w->guard_forwarded) {
		dw_str_add(s, "# Published ports of others: their own rules decide about what the "
			      "policy keeps\n"
			      "-A DOORWARD-FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j "
			      "RETURN\n"
			      "-A DOORWARD-FORWARD -m conntrack ! --ctstate DNAT -j RETURN\n");
		put_published(p, "DOORWARD-FORWARD", "RETURN");
	}
	if (w->egress != DW_EGRESS_OPEN)
		put_output(p);
	dw_str_add(s, "COMMIT\n");
	if (w->n_redirects)
		put_nat(p);
	dw_str_add(s, "END\n");
}

/* wanted false: what an earlier fence hooked in is taken out. */
static void put_hook(struct ipt *p, const char *table, const char *from, const char *to,
		     bool wanted)
{
	static const char *const tools[] = { "iptables", "ip6tables" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(tools); i++)
		if (wanted)
			dw_str_addf(&p->t->out,
				    "%s -w%s -C %s -j %s 2>/dev/null || %s -w%s -I %s -j %s\n",
				    tools[i], table, from, to, tools[i], table, from, to);
		else
			dw_str_addf(&p->t->out, "%s -w%s -D %s -j %s 2>/dev/null || :\n", tools[i],
				    table, from, to);
}

void fence_text_iptables(struct fence_text *t)
{
	const struct dw_fence_want *w = t->want;
	const char *policy = w->policy ? w->policy : "the policy";
	struct ipt p = { .t = t };

	dw_str_addf(
		&t->out,
		"#!/bin/sh\n"
		"# The fence of this host: what %s lets in, and nothing else. Made by doorward "
		"fence.\n"
		"#\n"
		"# Chains of our own, which this replaces; all others stay. What is accepted in "
		"INPUT here does not reach\n"
		"# the rules behind ours there.\n"
		"set -e\n",
		dw_escape_terminal(t->a, policy, strlen(policy)));
	put_document(&p);
	p.v6 = true;
	put_document(&p);
	dw_str_add(&t->out, "\n# The built-in chains lead to ours, once\n");
	put_hook(&p, "", "INPUT", "DOORWARD-INPUT", true);
	put_hook(&p, "", "FORWARD", "DOORWARD-FORWARD", w->guard_forwarded);
	put_hook(&p, "", "OUTPUT", "DOORWARD-OUTPUT", w->egress != DW_EGRESS_OPEN);
	put_hook(&p, " -t nat", "PREROUTING", "DOORWARD-PREROUTING", w->n_redirects > 0);
	put_hook(&p, " -t nat", "OUTPUT", "DOORWARD-REDIRECT", w->n_redirects > 0);
}
