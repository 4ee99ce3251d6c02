/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real connections through the rules of random wants: what gets in is what was wanted, by an oracle that knows
 * nothing of rules. FENCE_SEED in the environment begins elsewhere.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dw_fence.h"
#include "dw_policy_match.h"
#include "dw_str.h"
#include "dw_test.h"
#include "lab.h"

#define WANTS  40
#define ALLOWS 8
#define PROBES 1024

static struct lab lab;
static bool have_lab;

static uint64_t state;

static unsigned any(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 20) % n;
}

/* --- wants ----------------------------------------------------------------------------------------------- */

static const struct dw_network nets[] = {
	{ DW_FAMILY_IPV4, { 10, 9 }, 16 },
	{ DW_FAMILY_IPV4, { 10, 9, 0, 2 }, 32 },
	{ DW_FAMILY_IPV4, { 10, 9, 0, 0 }, 30 },
	{ DW_FAMILY_IPV4, { 10 }, 8 },
	{ DW_FAMILY_IPV4, { 198, 51, 100 }, 24 },
	{ DW_FAMILY_IPV4, { 0 }, 0 },
	{ DW_FAMILY_IPV6, { 0xfd, 9 }, 64 },
	{ DW_FAMILY_IPV6, { 0xfd, 9, [15] = 2 }, 128 },
	{ DW_FAMILY_IPV6, { 0x20, 1, 0xd, 0xb8 }, 32 },
	{ DW_FAMILY_IPV6, { 0 }, 0 },
	{ DW_FAMILY_IPV6, { 0xfc }, 7 },
	{ DW_FAMILY_IPV4, { 203, 0, 113 }, 24 },
};

static struct dw_fence_allow some_allow(struct dw_arena *a)
{
	static const uint16_t ends[][2] = { { 1, 1024 },   { 5000, 8080 }, { 23, 79 },
					    { 444, 8004 }, { 8005, 8005 }, { 1, 65535 } };
	static const char *const comments[] = { "one (policy:1)", "one (policy:1)",
						"two: \"x\" (p:2)", NULL };
	unsigned range = any(3), n = any(3);
	struct dw_network *from = dw_arena_array(a, 4, sizeof(*from));
	struct dw_fence_allow allow = {
		.protocol = any(2) ? DW_PROTOCOL_TCP : DW_PROTOCOL_UDP,
		.from = from,
		.n_from = n,
		.comment = comments[any(4)],
	};

	allow.first = allow.last = lab_ports[any(LAB_PORTS)];
	if (range == 0) {
		range = any(DW_ARRAY_SIZE(ends));
		allow.first = ends[range][0];
		allow.last = ends[range][1];
	}
	for (unsigned i = 0; i < n; i++)
		from[i] = nets[any(DW_ARRAY_SIZE(nets))];
	if (any(5) == 0)
		allow.on_interface = any(2) ? "eth0" : "eth1";
	if (any(5) == 0)
		allow.on_address = lab_targets[any(6)].text;
	return allow;
}

static struct dw_fence_want some_want(struct dw_arena *a)
{
	static const struct dw_fence_redirect redirects[] = {
		{ DW_PROTOCOL_TCP, 80, 8080, "no root" },
		{ DW_PROTOCOL_UDP, 22, 5000, NULL },
	};
	struct dw_fence_allow *allow = dw_arena_array(a, ALLOWS, sizeof(*allow));
	struct dw_fence_want w = {
		.allow = allow,
		.n_allow = any(ALLOWS + 1),
		.redirects = redirects,
		.n_redirects = any(3),
		.egress = (enum dw_fence_egress)any(3),
		.log_denied = any(2),
		.guard_forwarded = any(2),
	};

	for (size_t i = 0; i < w.n_allow; i++)
		allow[i] = some_allow(a);
	w.out = allow;
	w.n_out = any((unsigned)w.n_allow + 1);
	return w;
}

/* --- the oracle: no rule, but the want itself ----------------------------------------------------------- */

static bool in_networks(const struct dw_fence_allow *allow, const char *from)
{
	uint8_t bytes[16] = { 0 };
	bool v4 = inet_pton(AF_INET, from, bytes) == 1;

	if (!v4 && inet_pton(AF_INET6, from, bytes) != 1)
		abort();
	for (size_t i = 0; i < allow->n_from; i++)
		if (dw_network_has(&allow->from[i], v4 ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6, bytes))
			return true;
	return allow->n_from == 0;
}

static bool lets_in(const struct dw_fence_allow *allow, const char *from,
		    const struct lab_address *to, bool udp, uint16_t port)
{
	return allow->protocol == (udp ? DW_PROTOCOL_UDP : DW_PROTOCOL_TCP) &&
	       allow->first <= port && port <= allow->last && in_networks(allow, from) &&
	       (!allow->on_address || dw_streq(allow->on_address, to->text)) &&
	       (!allow->on_interface || dw_streq(allow->on_interface, to->interface));
}

static bool is_wanted(const struct dw_fence_want *w, const char *from, const struct lab_address *to,
		      bool udp, uint16_t port)
{
	for (size_t i = 0; i < w->n_allow; i++)
		if (lets_in(&w->allow[i], from, to, udp, port))
			return true;
	return false;
}

static unsigned make_probes(const struct dw_fence_want *w, struct lab_probe *v)
{
	unsigned n = 0;

	for (const struct lab_address *from = lab_sources; from->text; from++)
		for (const struct lab_address *to = lab_targets; to->text; to++) {
			if (!strchr(from->text, ':') != !strchr(to->text, ':'))
				continue;
			for (unsigned i = 0; i < LAB_PORTS * 2; i++)
				v[n++] = (struct lab_probe){
					.from = from->text,
					.to = to->text,
					.udp = i % 2,
					.port = lab_ports[i / 2],
					.expected = is_wanted(w, from->text, to, i % 2,
							      lab_ports[i / 2]),
				};
		}
	return n;
}

/* --- the comparison --------------------------------------------------------------------------------------- */

static bool has_tool(enum dw_fence_style style)
{
	return lab_run(lab.host,
		       style == DW_FENCE_NFT ? "nft list tables >/dev/null"
					     : "iptables -S >/dev/null; ip6tables -S >/dev/null",
		       NULL) == 0;
}

static const char *load_script(enum dw_fence_style style)
{
	return style == DW_FENCE_NFT ? "nft -f -" : "sh";
}

/* What others left is taken away first; `before` is what stands there as well. */
static void load(enum dw_fence_style style, const char *before, const char *text)
{
	DW_CHECK_INT(lab_run(lab.host, "nft flush ruleset", NULL), 0);
	if (before)
		DW_CHECK_INT(lab_run(lab.host, "nft -f -", before), 0);
	DW_CHECK_INT(lab_run(lab.host, load_script(style), text), 0);
}

static unsigned compare(const struct dw_fence_want *w, enum dw_fence_style style)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings cannot = { 0 };
	const char *text = dw_fence_text(a, w, style, &cannot);
	struct lab_probe *v = dw_arena_array(a, PROBES, sizeof(*v));
	unsigned n = make_probes(w, v), wrong = 0;

	load(style, NULL, text);
	lab_probe(v, n);
	for (unsigned i = 0; i < n; i++) {
		if (v[i].arrived == v[i].expected)
			continue;
		if (wrong++ < 5)
			printf("%s: %s -> %s %u/%s %s\n", dw_fence_style_name(style), v[i].from,
			       v[i].to, v[i].port, v[i].udp ? "udp" : "tcp",
			       v[i].arrived ? "gets in, but should not" : "does not get in");
	}
	if (wrong)
		printf("%u of %u are wrong, with these rules:\n%s\n", wrong, n, text);
	return wrong;
}

DW_TEST(what_is_wanted_gets_in_and_nothing_else)
{
	const char *seed = getenv("FENCE_SEED");
	unsigned wants = 0, open = 0;

	have_lab = lab_open(&lab);
	if (!have_lab)
		return;
	state = seed ? strtoull(seed, NULL, 0) : 20260101;
	for (unsigned i = 0; i < WANTS; i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_fence_want w = some_want(a);
		struct lab_probe *v = dw_arena_array(a, PROBES, sizeof(*v));
		unsigned n = make_probes(&w, v);

		wants++;
		for (unsigned k = 0; k < n; k++)
			open += v[k].expected;
		if (has_tool(DW_FENCE_NFT))
			DW_CHECK_INT(compare(&w, DW_FENCE_NFT), 0);
		/* a script of many programs: it takes its time */
		if (i % 4 == 0 && has_tool(DW_FENCE_IPTABLES))
			DW_CHECK_INT(compare(&w, DW_FENCE_IPTABLES), 0);
	}
	printf("(%u wants, %u ways in that are wanted)\n", wants, open);
}

/* --- ports that another one publishes --------------------------------------------------------------------- */

static const char docker[] =
	"table ip docker {\n"
	" chain pre { type nat hook prerouting priority dstnat; policy accept;\n"
	"  fib daddr type local tcp dport 8081 dnat to 172.17.0.2:80\n"
	"  fib daddr type local tcp dport 8082 dnat to 172.17.0.2:443\n"
	" }\n}\n";

DW_TEST(published_ports_are_judged_by_the_port_outside)
{
	static const struct dw_fence_allow allow[] = {
		{ .protocol = DW_PROTOCOL_TCP,
		  .first = 8081,
		  .last = 8081,
		  .from = &nets[0],
		  .n_from = 1,
		  .forwarded = true,
		  .target = "172.17.0.2:80",
		  .comment = "shop (policy:1)" },
		/* the container's own port: says nothing of what is published */
		{ .protocol = DW_PROTOCOL_TCP,
		  .first = 443,
		  .last = 443,
		  .comment = "https (policy:2)" },
	};
	const struct dw_fence_want w = { .allow = allow, .n_allow = 2, .guard_forwarded = true };

	for (unsigned s = DW_FENCE_NFT; have_lab && s <= DW_FENCE_IPTABLES; s++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_strings cannot = { 0 };
		struct lab_probe v[] = {
			{ "10.9.0.2", "10.9.0.1", false, 8081, true, false, -1 },
			{ "198.51.100.2", "10.9.0.1", false, 8081, false, false, -1 },
			{ "10.9.0.2", "10.9.0.1", false, 8082, false, false, -1 },
			{ "10.9.0.2", "10.9.0.1", false, 443, true, false, -1 },
			{ "10.9.0.2", "10.9.0.1", false, 80, false, false, -1 },
			/* routed as it came: none of the fence's business */
			{ "10.9.0.2", "172.17.0.2", false, 443, true, false, -1 },
		};

		if (!has_tool((enum dw_fence_style)s))
			continue;
		load((enum dw_fence_style)s, docker,
		     dw_fence_text(a, &w, (enum dw_fence_style)s, &cannot));
		lab_probe(v, DW_ARRAY_SIZE(v));
		for (size_t i = 0; i < DW_ARRAY_SIZE(v); i++) {
			if (v[i].arrived != v[i].expected)
				printf("%s: probe %zu\n",
				       dw_fence_style_name((enum dw_fence_style)s), i);
			DW_CHECK(v[i].arrived == v[i].expected);
		}
	}
}

DW_TEST(what_goes_out_under_egress_deny)
{
	static const struct dw_fence_allow out[] = {
		{ .protocol = DW_PROTOCOL_TCP,
		  .first = 443,
		  .last = 443,
		  .from = &nets[1],
		  .n_from = 1 },
	};
	const struct dw_fence_want w = { .out = out, .n_out = 1, .egress = DW_EGRESS_DENY };

	for (unsigned s = DW_FENCE_NFT; have_lab && s <= DW_FENCE_IPTABLES; s++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_strings cannot = { 0 };

		if (!has_tool((enum dw_fence_style)s))
			continue;
		load((enum dw_fence_style)s, NULL,
		     dw_fence_text(a, &w, (enum dw_fence_style)s, &cannot));
		/* nobody listens: refused by the other host is what gets through */
		DW_CHECK_INT(lab_connect(lab.host, "10.9.0.2", 443), ECONNREFUSED);
		DW_CHECK(lab_connect(lab.host, "10.9.0.2", 25) == EACCES ||
			 lab_connect(lab.host, "10.9.0.2", 25) == EHOSTUNREACH);
		DW_CHECK(lab_connect(lab.host, "10.9.0.7", 443) != ECONNREFUSED);
		DW_CHECK(lab_connect(lab.host, "fd09::2", 443) != ECONNREFUSED);
		/* with itself a host may always talk */
		DW_CHECK_INT(lab_connect(lab.host, "10.9.0.1", 22), 0);
	}
	if (have_lab)
		lab_close(&lab);
}

DW_TEST_MAIN
