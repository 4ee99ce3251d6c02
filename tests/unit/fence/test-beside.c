/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules are counted in the copy, and what sees packets beside the rules makes the answer unknown, by name. Between real
 * namespaces, as root; skipped elsewhere.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dw_str.h"
#include "dw_sys.h"
#include "dw_test.h"
#include "scenes.h"
#include "world.h"

static struct dw_sys *host;

static struct dw_rehearsal *open_rehearsal(bool count)
{
	const struct dw_rehearse_options o = { .count = count };
	struct dw_rehearsal *r = NULL;
	struct dw_error e = { 0 };
	int code = dw_rehearsal_open(host, &o, &r, &e);

	if (code < 0)
		printf("%s\n", e.message);
	DW_CHECK_INT(code, 0);
	return r;
}

static struct dw_rehearse_question question(const struct dw_rehearsal *r, enum world_who who,
					    enum dw_protocol protocol, const char *to,
					    unsigned port)
{
	struct dw_rehearse_question q = { .protocol = protocol, .port = (uint16_t)port };

	q.source = (uint32_t)world_source(r, who, to);
	(void)inet_pton(strchr(to, ':') ? AF_INET6 : AF_INET, to, q.to);
	return q;
}

/* --- counters ----------------------------------------------------------------------------------- */

/* Every port from 1 to PORTS, of TCP: the rules of the original with what they were met by. */
enum { PORTS = 4096 };

static size_t sweep(struct dw_rehearsal *r, enum world_who who, const char *to, struct dw_arena *a,
		    struct dw_rehearse_rule **ret, size_t *ret_open)
{
	static struct dw_rehearse_question q[PORTS];
	static struct dw_rehearse_answer answers[PORTS];
	struct dw_error e = { 0 };
	size_t n = 0;

	for (unsigned i = 0; i < PORTS; i++)
		q[i] = question(r, who, TCP, to, i + 1);
	DW_CHECK_INT(dw_rehearsal_ask(r, q, PORTS, answers, &e), 0);
	*ret_open = 0;
	for (size_t i = 0; i < PORTS; i++)
		*ret_open += answers[i].reach == IN;
	DW_CHECK_INT(dw_rehearsal_rules(r, a, ret, &n, &e), 0);
	return n;
}

static void check_counts(const char *rules, const uint64_t *want, size_t n_want, size_t want_open)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_rehearse_rule *list = NULL;
	struct dw_rehearsal *r;
	size_t n = 0, open = 0;

	DW_CHECK(world_rules(rules));
	r = open_rehearsal(true);
	if (r)
		n = sweep(r, WORLD_ANYONE, W4, a, &list, &open);
	DW_CHECK_INT(open, want_open);
	DW_CHECK_INT(n, n_want);
	for (size_t i = 0; i < n && i < n_want; i++) {
		if (list[i].tried != want[i])
			printf("%s: %llu, not %llu\n", list[i].words,
			       (unsigned long long)list[i].tried, (unsigned long long)want[i]);
		DW_CHECK_INT(list[i].tried, want[i]);
		DW_CHECK_INT(list[i].met, want[i] > 0);
		DW_CHECK(list[i].told);
	}
	dw_rehearsal_free(r);
}

DW_TEST(each_rule_is_counted_where_all_its_conditions_are_met)
{
	static const uint64_t want[] = { 100, 0, 0, 96, 10, PORTS - 100 - 10, 1, 0 };

	/* a counter of the rule's own says nothing of ours, wherever it stands */
	check_counts("table inet filter {\n"
		     " chain input { type filter hook input priority 0; policy drop;\n"
		     "  tcp dport 1-100 counter packets 7 bytes 70 jump some\n"
		     "  counter packets 5 bytes 50 tcp dport 60000 accept\n"
		     "  udp dport 7 drop\n"
		     "  tcp dport 1-100 ip saddr 198.51.100.0/24 tcp dport != 1-4 accept\n"
		     "  tcp dport 4000-4009 counter accept\n"
		     "  tcp dport > 100\n }\n"
		     " chain some {\n"
		     "  tcp dport 4 accept comment \"four\"\n"
		     "  tcp dport 101 accept\n }\n"
		     "}\n",
		     want, DW_ARRAY_SIZE(want), 1 + 96 + 10);
}

DW_TEST(a_map_of_verdicts_counts_what_it_has_a_verdict_for)
{
	static const uint64_t want[] = { 3, 11, 21, PORTS - 3 - 11 - 21 };

	check_counts("table inet filter {\n"
		     " map doors { type inet_service : verdict; flags interval\n"
		     "  elements = { 10-20 : accept }\n }\n"
		     " chain input { type filter hook input priority 0; policy drop;\n"
		     "  tcp dport vmap { 1 : accept, 2 : drop, 3 : accept }\n"
		     "  tcp dport vmap @doors\n"
		     "  meta l4proto . th dport vmap { tcp . 30-50 : accept, udp . 7 : drop }\n"
		     "  ip protocol vmap { tcp : continue }\n"
		     " }\n}\n",
		     want, DW_ARRAY_SIZE(want), 2 + 11 + 21);
}

/* A rule in doubt is never taken in the base copy; what comes behind it is counted in all of them. */
DW_TEST(rules_in_doubt_are_counted_by_the_rest_of_their_conditions)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_rehearse_rule *list = NULL;
	struct dw_rehearsal *r;
	size_t n = 0, open = 0;

	DW_CHECK(world_rules("table inet filter {\n"
			     " chain input { type filter hook input priority 0; policy drop;\n"
			     "  tcp dport 23 limit rate 10/minute jump later\n"
			     "  tcp dport 6000 limit rate 10/minute accept\n }\n"
			     " chain later { tcp dport 23 accept\n }\n}\n"));
	r = open_rehearsal(true);
	if (r)
		n = sweep(r, WORLD_OFFICE, H4, a, &list, &open);
	DW_CHECK_INT(n, 3);
	DW_CHECK(n == 3 && list[0].met && !list[1].met && list[1].told && list[2].met);
	dw_rehearsal_free(r);
}

DW_TEST(redirected_packets_meet_the_rule_that_leads_them)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_rehearse_rule *list = NULL;
	struct dw_rehearse_question q;
	struct dw_rehearse_answer answer = { 0 };
	struct dw_rehearsal *r;
	size_t n = 0, open = 0;

	DW_CHECK(world_rules(
		"table ip nat {\n chain pre { type nat hook prerouting priority -100;\n"
		"  jump lead\n }\n"
		" chain lead {\n  tcp dport 8080 counter packets 3 bytes 9 redirect to :80 comment "
		"\"led\"\n  tcp dport 81 redirect to :82\n }\n"
		" chain post { type nat hook postrouting priority 100; counter masquerade\n "
		"}\n}\n"));
	r = open_rehearsal(true);
	if (!r)
		return;
	n = sweep(r, WORLD_OFFICE, H4, a, &list, &open);
	DW_CHECK_INT(n, 4);
	DW_CHECK(n == 4 && list[0].tried == PORTS && list[1].tried == 0 && list[2].tried == 1);
	q = question(r, WORLD_OFFICE, TCP, H4, 8080);
	q.explain = true;
	DW_CHECK_INT(dw_rehearsal_ask(r, &q, 1, &answer, NULL), 0);
	DW_CHECK(answer.reach == IN && answer.translated && answer.at_port == 80);
	DW_CHECK(answer.led_by && strstr(answer.led_by, "ip nat lead handle") &&
		 strstr(answer.led_by, "(led)"));
	DW_CHECK(answer.led_counted && answer.led_packets == 3);
	dw_rehearsal_free(r);
}

/* Both translate at one moment: which comes first decides for a port that both lead elsewhere, and for no other. */
DW_TEST(two_that_translate_at_once)
{
	static const struct {
		uint16_t port, at_port;
		bool known;
	} v[] = { { 8080, 0, false }, { 8081, 81, true }, { 8082, 82, true }, { 22, 22, true } };
	struct dw_rehearsal *r;

	DW_CHECK(world_rules(
		"table ip nat {\n chain pre { type nat hook prerouting priority dstnat;\n"
		"  tcp dport 8080 redirect to :80\n  tcp dport 8081 redirect to :81\n }\n}\n"));
	if (!world_run(
		    "iptables-legacy -t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT "
		    "--to-ports 90 && iptables-legacy -t nat -A PREROUTING -p tcp --dport 8082 -j "
		    "REDIRECT --to-ports 82",
		    NULL)) {
		printf("no iptables-legacy here\n");
		return;
	}
	r = open_rehearsal(false);
	/* twice: what was loaded before does not matter */
	for (size_t i = 0; r && i < 2 * DW_ARRAY_SIZE(v); i++) {
		size_t k = i % DW_ARRAY_SIZE(v);
		const struct dw_rehearse_question q = question(r, WORLD_OFFICE, TCP, H4, v[k].port);
		struct dw_rehearse_answer answer = { 0 };

		DW_CHECK_INT(dw_rehearsal_ask(r, &q, 1, &answer, NULL), 0);
		DW_CHECK_INT(answer.reach, v[k].known ? IN : BUT);
		DW_CHECK(v[k].known ? answer.at_port == v[k].at_port
				    : answer.why && strstr(answer.why, "at the same moment"));
	}
	dw_rehearsal_free(r);
	DW_CHECK(world_run("iptables-legacy -t nat -F", NULL));
}

/* --- beside the rules --------------------------------------------------------------------------- */

struct ask {
	enum world_who who;
	const char *to;
	uint16_t port;
	const char *why; /* part of it; NULL: it is known, and let in */
};

static bool by_rules; /* what is in the way is a chain */

static void check_beside(const char *set_up, const char *take_down, const struct ask *v, size_t n)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings beside = { 0 };
	struct dw_rehearsal *r;
	bool doubtful = false;

	if (set_up && !world_run(set_up, NULL)) {
		printf("%s: not here\n", set_up);
		return;
	}
	r = open_rehearsal(false);
	for (size_t i = 0; r && i < n; i++) {
		const struct dw_rehearse_question q =
			question(r, v[i].who, TCP, v[i].to, v[i].port);
		struct dw_rehearse_answer answer = { 0 };

		DW_CHECK_INT(dw_rehearsal_ask(r, &q, 1, &answer, NULL), 0);
		if (!v[i].why != (answer.reach == IN) ||
		    (v[i].why && (!answer.why || !strstr(answer.why, v[i].why))))
			printf("%s: %d to %s: %d (%s)\n", set_up ? set_up : "", (int)v[i].who,
			       v[i].to, (int)answer.reach, answer.why ? answer.why : "");
		DW_CHECK_INT(answer.reach, v[i].why ? BUT : IN);
		DW_CHECK(!v[i].why || (answer.why && strstr(answer.why, v[i].why)));
		doubtful |= v[i].why != NULL;
	}
	dw_rehearsal_free(r);
	/* rules are no matter of what is beside them */
	DW_CHECK_INT(dw_rehearsal_beside(host, NULL, a, &beside, NULL), 0);
	DW_CHECK_INT(beside.n > 0, doubtful && !by_rules);
	if (take_down)
		DW_CHECK(world_run(take_down, NULL));
}

#define BOX4 "172.18.0.5"
#define CHECK(...)                                                                                 \
	(const struct ask[]){ __VA_ARGS__ },                                                       \
		sizeof((const struct ask[]){ __VA_ARGS__ }) / sizeof(struct ask)

DW_TEST(filters_of_tc)
{
	DW_CHECK(world_rules(""));
	check_beside("tc qdisc add dev eth0 clsact", "tc qdisc del dev eth0 clsact",
		     CHECK({ WORLD_OFFICE, H4, 22, NULL }, { WORLD_ANYONE, W4, 22, NULL }));
	check_beside("tc qdisc add dev eth0 clsact; tc filter add dev eth0 ingress bpf bytecode "
		     "'1,6 0 0 1,' flowid 1:1",
		     "tc qdisc del dev eth0 clsact",
		     CHECK({ WORLD_OFFICE, H4, 22, "eth0 has a filter of tc (bpf)" },
			   { WORLD_OFFICE, BOX4, 80, "tc (bpf)" }, { WORLD_ANYONE, W4, 22, NULL },
			   { WORLD_HOST, H4, 22, NULL }));
	check_beside("tc qdisc add dev br0 clsact; tc filter add dev br0 egress u32 match u32 0 0 "
		     "flowid 1:1",
		     "tc qdisc del dev br0 clsact",
		     CHECK({ WORLD_OFFICE, H4, 22, NULL },
			   { WORLD_OFFICE, BOX4, 80, "what leaves by br0" }));
	check_beside(
		"tc qdisc add dev eth0 ingress; tc filter add dev eth0 parent ffff: protocol ip "
		"u32 match u32 0 0 flowid 1:1",
		"tc qdisc del dev eth0 ingress",
		CHECK({ WORLD_OFFICE, H4, 22, "filter of tc (u32)" },
		      { WORLD_ANYONE, W4, 22, NULL }));
}

DW_TEST(policies_of_ipsec)
{
	DW_CHECK(world_rules(""));
	check_beside("ip xfrm policy add src 10.9.0.0/30 dst 10.9.0.1 dir in tmpl proto esp mode "
		     "transport",
		     "ip xfrm policy flush",
		     CHECK({ WORLD_OFFICE, H4, 22, "10.9.0.0/30 must come by IPsec" },
			   { WORLD_ANYONE, W4, 22, NULL }, { WORLD_OFFICE, H6, 22, NULL }));
	check_beside("ip xfrm policy add src 10.9.0.0/30 dst 10.9.0.1 dir in",
		     "ip xfrm policy flush", CHECK({ WORLD_OFFICE, H4, 22, NULL }));
	check_beside("ip xfrm policy add src 10.9.0.0/30 dst 10.9.0.1 dir in tmpl proto esp mode "
		     "transport level use",
		     "ip xfrm policy flush", CHECK({ WORLD_OFFICE, H4, 22, NULL }));
	check_beside("ip xfrm policy add src ::/0 dst ::/0 dir in action block",
		     "ip xfrm policy flush",
		     CHECK({ WORLD_OFFICE, H6, 22, "blocked by a policy of IPsec" },
			   { WORLD_OFFICE, H4, 22, NULL }));
	check_beside(
		"ip xfrm policy add src 0.0.0.0/0 dst 172.18.0.0/16 dir out tmpl proto esp mode "
		"transport",
		"ip xfrm policy flush",
		CHECK({ WORLD_OFFICE, BOX4, 80, "172.18.0.0/16 leaves by IPsec" },
		      { WORLD_OFFICE, H4, 22, NULL }));
	check_beside("ip xfrm policy setdefault in block", "ip xfrm policy setdefault in accept",
		     CHECK({ WORLD_OFFICE, H4, 22, "setdefault" }));
}

DW_TEST(chains_at_the_egress_of_an_interface)
{
	DW_CHECK(world_rules("table netdev t {\n chain out { type filter hook egress device br0 "
			     "priority 0; tcp dport 80 drop\n }\n}\n"));
	by_rules = true;
	check_beside(NULL, "nft flush ruleset",
		     CHECK({ WORLD_OFFICE, H4, 22, NULL },
			   { WORLD_OFFICE, BOX4, 80, "filters what leaves by the interface br0" }));
	by_rules = false;
}

/* --- BPF ---------------------------------------------------------------------------------------- */

/* "return `answer`" */
static int load_program(uint32_t type, uint32_t attach, int answer, const char *name)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = answer },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.expected_attach_type = attach;
	attr.insns = (uint64_t)(uintptr_t)code;
	attr.insn_cnt = DW_ARRAY_SIZE(code);
	attr.license = (uint64_t)(uintptr_t) "GPL";
	memcpy(attr.prog_name, name, strlen(name));
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* The members of BPF_LINK_CREATE, with those that older headers have not. */
struct link_create {
	uint32_t program, target, attach, flags;
	struct {
		uint32_t family, hook;
		int32_t priority;
		uint32_t flags;
	} netfilter;
	uint8_t rest[64];
};

static int create_link(const struct link_create *l)
{
	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, l, sizeof(*l));
}

DW_TEST(programs_at_an_interface)
{
	enum { SCHED_CLS = 3, INGRESS = 46, EGRESS = 47 };
	static const struct {
		uint32_t attach;
		const char *link;
	} places[] = { { INGRESS, "eth0" }, { EGRESS, "br0" } };
	int program = load_program(SCHED_CLS, 0, 0, "dwtestcls");

	DW_CHECK(world_rules(""));
	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		const struct link_create l = { .program = (uint32_t)program,
					       .target = if_nametoindex(places[i].link),
					       .attach = places[i].attach };
		int link = create_link(&l);

		if (program < 0 || link < 0) {
			printf("no tcx here: %s\n", strerror(errno));
			break;
		}
		if (places[i].attach == INGRESS)
			check_beside(NULL, NULL,
				     CHECK({ WORLD_OFFICE, H4, 22, "tcx ingress: dwtestcls" },
					   { WORLD_ANYONE, W4, 22, NULL }));
		else
			check_beside(NULL, NULL,
				     CHECK({ WORLD_OFFICE, H4, 22, NULL },
					   { WORLD_OFFICE, BOX4, 80, "tcx egress: dwtestcls" }));
		close(link);
	}
	if (program >= 0)
		close(program);
	check_beside(NULL, NULL, CHECK({ WORLD_OFFICE, H4, 22, NULL }));
}

DW_TEST(a_program_beside_the_rules)
{
	enum { NETFILTER = 32, ATTACH = 45, ACCEPT = 1, IPV4 = 2, LOCAL_IN = 1 };
	struct link_create l = { .attach = ATTACH, .netfilter = { IPV4, LOCAL_IN, -128, 0 } };
	int program = load_program(NETFILTER, ATTACH, ACCEPT, "dwtestnf"), link;

	DW_CHECK(world_rules(""));
	l.program = (uint32_t)program;
	link = program < 0 ? -1 : create_link(&l);
	if (link < 0)
		printf("no BPF links of netfilter here: %s\n", strerror(errno));
	else
		check_beside(NULL, NULL,
			     CHECK({ WORLD_OFFICE, H4, 22,
				     "BPF program stands beside the packet "
				     "filter's IPv4 rules (dwtestnf" },
				   { WORLD_OFFICE, H6, 22, NULL }));
	if (link >= 0)
		close(link);
	if (program >= 0)
		close(program);
}

int main(void)
{
	int r;

	if (dw_sys_open(NULL, &host, NULL) < 0)
		return 1;
	if (!world_open(host)) {
		printf("not root, or no namespaces to play in: skipped\n");
		dw_sys_free(host);
		return 77;
	}
	r = dw_test_run();
	world_close();
	dw_sys_free(host);
	return r;
}
