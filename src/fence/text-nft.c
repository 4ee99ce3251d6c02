/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nftables: one table of our own, for nft -f. nft(8) is the language; "add, delete, add" of a table within one file
 * is one transaction, in which no packet meets a half.
 *
 * A packet must pass every table: what we accept another table may still drop, and what we drop is dropped.
 */
#include "text.h"

#include "dw_macros.h"

#define COMMENT_MAX 120 /* NFTNL_UDATA_COMMENT_MAXLEN is 128 */

/* A set of networks that rules name. */
struct net_set {
	const struct dw_network *v;
	size_t n;
	enum dw_family family;
	const char *name;
};

struct nft {
	struct fence_text *t;
	struct dw_str rules, published;
	DW_VEC(struct net_set) sets;
};

static void add_comment(struct nft *n, struct dw_str *s, const char *text)
{
	if (text)
		dw_str_addf(s, " comment \"%s\"",
			    fence_comment(n->t->a, text, COMMENT_MAX, '"', '\''));
}

/* --- sets ------------------------------------------------------------------------------------------------ */

static bool holds(const struct net_set *s, const struct fence_reach *r)
{
	if (s->family != r->family || s->n != r->n_from)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].prefix != r->from[i].prefix ||
		    memcmp(s->v[i].address, r->from[i].address, sizeof(s->v[i].address)) != 0)
			return false;
	return true;
}

/* What the first rule that needs it is about: the letters and digits in front of its comment. */
static const char *stem(struct dw_arena *a, const char *comment)
{
	struct dw_str s = { .arena = a };

	dw_str_add(&s, comment && *comment >= '0' && *comment <= '9' ? "port_" : "");
	for (const char *c = comment ? comment : ""; *c && s.n < 20; c++) {
		bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');

		if (letter || (s.n > 0 && *c >= '0' && *c <= '9'))
			dw_str_addc(&s, *c);
		else if (s.n > 0 && *c == '-')
			dw_str_addc(&s, '_');
		else if (s.n > 0)
			break;
	}
	return s.n ? s.s : "networks";
}

static const char *set_name(struct nft *n, const char *comment, bool out, enum dw_family family)
{
	const char *base = dw_arena_printf(n->t->a, "%s_%s_v%d", stem(n->t->a, comment),
					   out ? "to" : "from", family == DW_FAMILY_IPV4 ? 4 : 6);
	const char *name = base;
	bool taken = true;

	for (unsigned i = 2; taken; i++) {
		taken = false;
		for (size_t k = 0; k < n->sets.n; k++)
			taken |= dw_streq(n->sets.v[k].name, name);
		if (taken)
			name = dw_arena_printf(n->t->a, "%s_%u", base, i);
	}
	return name;
}

static const char *set_of(struct nft *n, const struct fence_reach *r, const char *comment, bool out)
{
	struct net_set set = { .v = r->from, .n = r->n_from, .family = r->family };

	for (size_t i = 0; i < n->sets.n; i++)
		if (holds(&n->sets.v[i], r))
			return n->sets.v[i].name;
	set.name = set_name(n, comment, out, r->family);
	dw_vec_push(n->t->a, &n->sets, set);
	return set.name;
}

static void put_sets(struct nft *n)
{
	struct dw_str *s = &n->t->out;

	for (size_t i = 0; i < n->sets.n; i++) {
		const struct net_set *set = &n->sets.v[i];

		dw_str_addf(s, "\tset %s {\n\t\ttype %s\n\t\tflags interval\n\t\telements = { ",
			    set->name, set->family == DW_FAMILY_IPV4 ? "ipv4_addr" : "ipv6_addr");
		for (size_t k = 0; k < set->n; k++)
			dw_str_addf(s, "%s%s", k ? ",\n\t\t\t     " : "",
				    fence_network_text(n->t->a, &set->v[k]));
		dw_str_add(s, " }\n\t}\n\n");
	}
}

/* --- one rule ------------------------------------------------------------------------------------------- */

static const char *port_set(struct dw_arena *a, const struct fence_rule *r)
{
	struct dw_str s = { .arena = a };

	if (r->n_ports == 1)
		return fence_ports_text(a, &r->ports[0], '-');
	for (size_t i = 0; i < r->n_ports; i++)
		dw_str_addf(&s, "%s%s", i ? ", " : "{ ", fence_ports_text(a, &r->ports[i], '-'));
	dw_str_add(&s, " }");
	return s.s;
}

static void put_match(struct nft *n, struct dw_str *s, const struct fence_rule *r, bool original)
{
	const char *protocol = dw_protocol_name(r->like->protocol);
	const char *ports = port_set(n->t->a, r);

	if (r->like->protocol == DW_PROTOCOL_RAW)
		dw_str_addf(s, "meta l4proto %s", ports);
	else if (original)
		dw_str_addf(s, "meta l4proto %s ct original proto-dst %s", protocol, ports);
	else
		dw_str_addf(s, "%s dport %s", protocol, ports);
}

enum where { IN, OUT, ORIGINAL };

static void put_rule(struct nft *n, struct dw_str *s, const struct fence_rule *r, enum where where)
{
	const struct dw_fence_allow *like = r->like;
	struct fence_reach reaches[2];
	size_t count = fence_reaches(n->t->a, like, reaches);

	for (size_t i = 0; i < count; i++) {
		const struct fence_reach *reach = &reaches[i];
		const char *ip = reach->family == DW_FAMILY_IPV6 ? "ip6" : "ip";

		dw_str_add(s, "\t\t");
		if (like->on_interface)
			dw_str_addf(s, "%s \"%s\" ", where == OUT ? "oifname" : "iifname",
				    like->on_interface);
		if (like->on_address && where == ORIGINAL)
			dw_str_addf(s, "ct original %s daddr %s ", ip, like->on_address);
		else if (like->on_address)
			dw_str_addf(s, "%s %s %s ", ip, where == OUT ? "saddr" : "daddr",
				    like->on_address);
		if (reach->n_from)
			dw_str_addf(s, "%s %s @%s ", ip, where == OUT ? "daddr" : "saddr",
				    set_of(n, reach, like->comment, where == OUT));
		else if (reach->family != DW_FAMILY_UNKNOWN && !like->on_address)
			dw_str_addf(s, "meta nfproto %s ",
				    reach->family == DW_FAMILY_IPV4 ? "ipv4" : "ipv6");
		put_match(n, s, r, where == ORIGINAL);
		dw_str_add(s, " counter accept");
		add_comment(n, s, like->comment);
		dw_str_addc(s, '\n');
	}
}

/* nft 1.0 cannot list a set of original ports again: there each port has a line of its own. */
static void put_original(struct nft *n, const struct fence_rule *r)
{
	for (size_t i = 0; i < r->n_ports; i++) {
		const struct fence_rule one = { .like = r->like,
						.ports = &r->ports[i],
						.n_ports = 1 };

		put_rule(n, &n->published, &one, ORIGINAL);
	}
}

/* --- chains --------------------------------------------------------------------------------------------- */

/* The limit is for the log alone: whoever is denied can't fill the disk. */
static void put_log(struct dw_str *s, const char *which, const char *prefix)
{
	dw_str_addf(s, "\t\t%slimit rate 10/minute burst 20 packets log prefix \"%s\"\n", which,
		    prefix);
}

static void put_end(const struct nft *n, struct dw_str *s, const char *last)
{
	bool log = n->t->want->log_denied;

	dw_str_addf(s, "\n\t\t# All else.%s\n",
		    log ? " What goes to everybody on the link is not worth a line." : "");
	if (log)
		put_log(s, "meta pkttype host ", "doorward denied: ");
	dw_str_addf(s, "\t\tcounter %s\n", last);
}

static const char neighbours[] =
	"\t# What hosts of one link tell each other; RFC 4890, 4.4.1. The hop limit says that it "
	"is from the link:\n"
	"\t# neighbour discovery (RFC 4861) and its inverse (RFC 3122), SEND (RFC 3971), MLD (RFC "
	"2710, RFC 3810),\n"
	"\t# multicast routers (RFC 4286), and IGMP, which is IPv4's MLD (RFC 3376). Connection "
	"tracking has no word for\n"
	"\t# most of it: it comes before \"invalid\".\n"
	"\tchain neighbours {\n"
	"\t\ticmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, "
	"nd-neighbor-advert } ip6 hoplimit 255 accept\n"
	"\t\ticmpv6 type { ind-neighbor-solicit, ind-neighbor-advert } ip6 hoplimit 255 accept\n"
	"\t\ticmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, "
	"mld2-listener-report } ip6 hoplimit 1 accept\n"
	"\t\ticmpv6 type 148-149 accept\n"
	"\t\ticmpv6 type 151-153 ip6 hoplimit 1 accept\n"
	"\t\tip protocol igmp ip ttl 1 accept\n"
	"\t}\n\n"
	"\t# Errors that connections need to live (path MTU!), and ping: RFC 4890, 4.4.1 and "
	"4.4.2; "
	"RFC 1122, 3.2.2.\n"
	"\t# Redirects, router renumbering and node information are not among them: RFC 4890, "
	"4.4.3 to 4.4.5.\n"
	"\tchain errors_and_ping {\n"
	"\t\ticmpv6 type { destination-unreachable, packet-too-big, time-exceeded, "
	"parameter-problem } accept\n"
	"\t\ticmpv6 type { echo-request, echo-reply } accept\n"
	"\t\ticmp type { destination-unreachable, time-exceeded, parameter-problem } accept\n"
	"\t\ticmp type { echo-request, echo-reply } accept\n"
	"\t}\n\n";

static const char input_head[] =
	"\tchain input {\n"
	"\t\ttype filter hook input priority filter; policy drop;\n\n"
	"\t\t# What belongs to a connection that was let in, or that this host began.\n"
	"\t\tct state established,related accept\n\n"
	"\t\t# This host with itself. From elsewhere these addresses are forged (RFC 1122, "
	"3.2.1.3; RFC 4291, 2.5.3).\n"
	"\t\tiif \"lo\" accept\n"
	"\t\tip saddr 127.0.0.0/8 counter drop\n"
	"\t\tip daddr 127.0.0.0/8 counter drop\n"
	"\t\tip6 saddr ::1 counter drop\n"
	"\t\tip6 daddr ::1 counter drop\n\n"
	"\t\tjump neighbours\n"
	"\t\tct state invalid counter drop\n"
	"\t\tjump errors_and_ping\n";

static void put_dhcp(const struct dw_fence_want *w, struct dw_str *s)
{
	if (w->dhcp || w->dhcp6)
		dw_str_add(s, "\n\t\t# Answers to this host's DHCP client: they go to all, or come "
			      "from another address than was asked.\n");
	if (w->dhcp)
		dw_str_add(s, "\t\tmeta nfproto ipv4 udp sport 67 udp dport 68 accept\n");
	if (w->dhcp6)
		dw_str_add(s, "\t\tip6 saddr fe80::/10 ip6 daddr fe80::/10 udp sport 547 udp dport "
			      "546 accept\n");
}

static bool has_published(const struct dw_fence_want *w)
{
	bool any = w->guard_forwarded || w->n_redirects > 0;

	for (size_t i = 0; i < w->n_allow; i++)
		any |= w->allow[i].forwarded;
	return any;
}

static void make_input(struct nft *n)
{
	const struct dw_fence_want *w = n->t->want;
	struct fence_rules rules = fence_rules_of(n->t->a, w->allow, w->n_allow);

	dw_str_add(&n->rules, input_head);
	put_dhcp(w, &n->rules);
	if (has_published(w))
		dw_str_add(&n->rules, "\n\t\t# Sent to another port than it arrives at.\n"
				      "\t\tct status dnat goto published\n");
	dw_str_add(&n->rules, "\n\t\t# What the policy keeps.\n");
	for (size_t i = 0; i < rules.n; i++) {
		const struct dw_fence_allow *like = rules.v[i].like;

		if (!like->forwarded)
			put_rule(n, &n->rules, &rules.v[i], IN);
		if (like->protocol != DW_PROTOCOL_RAW &&
		    (like->forwarded || fence_is_redirected(w, like)))
			put_original(n, &rules.v[i]);
	}
	put_end(n, &n->rules, "comment \"denied\"");
	dw_str_add(&n->rules, "\t}\n");
}

static void put_published(struct nft *n)
{
	const struct dw_fence_want *w = n->t->want;

	if (!has_published(w))
		return;
	dw_str_add(&n->t->out,
		   "\t# Ports that are translated on their way (redirects, containers, DNAT): what "
		   "counts is the port that was asked\n\t# from outside.\n\tchain published {\n");
	dw_str_add(&n->t->out, n->published.s ? n->published.s : "");
	put_end(n, &n->t->out, "drop comment \"denied\"");
	dw_str_add(&n->t->out, "\t}\n\n");
}

static void put_forward(struct nft *n)
{
	struct dw_str *s = &n->rules;

	if (!n->t->want->guard_forwarded)
		return;
	dw_str_add(s, "\n\t# Published ports of others. Their own rules stay; here is only denied "
		      "what the policy does "
		      "not keep. What is\n\t# routed as it came is none of this fence's business.\n"
		      "\tchain forward {\n"
		      "\t\ttype filter hook forward priority filter; policy accept;\n\n"
		      "\t\tct state established,related accept\n"
		      "\t\tct status dnat goto published\n\t}\n");
}

static const char output_head[] = "\n\tchain output {\n"
				  "\t\ttype filter hook output priority filter; policy accept;\n\n"
				  "\t\tct state established,related accept\n"
				  "\t\toif \"lo\" accept\n"
				  "\t\tjump neighbours\n"
				  "\t\tjump errors_and_ping\n";

static void put_output(struct nft *n)
{
	const struct dw_fence_want *w = n->t->want;
	struct fence_rules rules = fence_rules_of(n->t->a, w->out, w->n_out);
	bool deny = w->egress == DW_EGRESS_DENY;
	struct dw_str *s = &n->rules;

	if (w->egress == DW_EGRESS_OPEN)
		return;
	dw_str_add(s, output_head);
	if (w->dhcp)
		dw_str_add(s, "\t\tmeta nfproto ipv4 udp sport 68 udp dport 67 accept\n");
	if (w->dhcp6)
		dw_str_add(s, "\t\tip6 saddr fe80::/10 udp sport 546 udp dport 547 accept\n");
	dw_str_add(s, "\n\t\t# What the policy allows out.\n");
	for (size_t i = 0; i < rules.n; i++)
		put_rule(n, s, &rules.v[i], OUT);
	dw_str_add(s, "\n\t\t# All else.\n");
	put_log(s, "", deny ? "doorward denied out: " : "doorward out: ");
	/* a program is told at once: it need not wait for its time to run out */
	dw_str_addf(s, "\t\tcounter %s\n",
		    deny ? "reject with icmpx type admin-prohibited comment \"denied\""
			 : "comment \"unexpected\"");
	dw_str_add(s, "\t}\n");
}

static void put_redirects(struct nft *n, const char *name, const char *hook, const char *only)
{
	const struct dw_fence_want *w = n->t->want;

	dw_str_addf(&n->rules, "\n\tchain %s {\n\t\t%s\n", name, hook);
	for (size_t i = 0; i < w->n_redirects; i++) {
		const struct dw_fence_redirect *r = &w->redirects[i];

		dw_str_addf(&n->rules, "\t\t%s %s dport %u redirect to :%u", only,
			    dw_protocol_name(r->protocol), r->from, r->to);
		add_comment(n, &n->rules, r->comment);
		dw_str_addc(&n->rules, '\n');
	}
	dw_str_add(&n->rules, "\t}\n");
}

void fence_text_nft(struct fence_text *t)
{
	struct nft n = { .t = t, .rules = { .arena = t->a }, .published = { .arena = t->a } };
	const char *policy = t->want->policy ? t->want->policy : "the policy";

	make_input(&n);
	put_forward(&n);
	put_output(&n);
	if (t->want->n_redirects) {
		put_redirects(&n, "prerouting",
			      "type nat hook prerouting priority dstnat; policy accept;",
			      "fib daddr type local");
		put_redirects(&n, "redirect_own",
			      "type nat hook output priority -100; policy accept;", "oif \"lo\"");
	}
	dw_str_addf(&t->out,
		    "#!/usr/sbin/nft -f\n"
		    "# The fence of this host: what %s lets in, and nothing else. Made by doorward "
		    "fence.\n"
		    "#\n"
		    "# One table of our own, which loading this file replaces in one go; no other "
		    "table is touched. A packet has\n"
		    "# to pass all tables: what is accepted here another table may still drop, and "
		    "what is dropped here is dropped.\n\n"
		    "table inet doorward\n"
		    "delete table inet doorward\n\n"
		    "table inet doorward {\n",
		    dw_escape_terminal(t->a, policy, strlen(policy)));
	put_sets(&n);
	dw_str_add(&t->out, neighbours);
	put_published(&n);
	dw_str_add(&t->out, n.rules.s);
	dw_str_add(&t->out, "}\n");
}
