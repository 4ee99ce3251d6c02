/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Known rule sets with answers written by hand, held against connections between real namespaces. As root; skipped
 * elsewhere.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_str.h"
#include "dw_sys.h"
#include "dw_test.h"
#include "scenes.h"
#include "world.h"

static struct dw_sys *host;
static bool has_world;

static struct dw_rehearsal *open_rehearsal(void)
{
	const struct dw_rehearse_options o = { 0 };
	struct dw_rehearsal *r = NULL;
	struct dw_error e = { 0 };
	int code = dw_rehearsal_open(host, &o, &r, &e);

	if (code < 0)
		printf("%s\n", e.message);
	DW_CHECK_INT(code, 0);
	return r;
}

static size_t count_checks(const struct scene *s)
{
	size_t n = 0;

	while (n < CHECKS_MAX && s->checks[n].to)
		n++;
	return n;
}

static bool make_question(const struct dw_rehearsal *r, const struct check *c,
			  struct dw_rehearse_question *q)
{
	size_t source = world_source(r, c->who, c->to);

	*q = (struct dw_rehearse_question){ .source = (uint32_t)source,
					    .protocol = c->protocol,
					    .port = c->port,
					    .explain = c->rule != NULL };
	(void)inet_pton(strchr(c->to, ':') ? AF_INET6 : AF_INET, c->to, q->to);
	return source != SIZE_MAX;
}

static void compare(const struct scene *s, const struct check *c,
		    const struct dw_rehearse_answer *a)
{
	bool right = a->reach == c->reach && a->sender == c->sender;
	char at[80] = "";

	if (c->rule && (!a->rule || !strstr(a->rule, c->rule)))
		right = false;
	if (a->translated) {
		(void)inet_ntop(AF_INET, a->at, at, sizeof(at));
		(void)snprintf(at + strlen(at), 8, ":%u", a->at_port);
	}
	if (!dw_streq(at, c->at ? c->at : ""))
		right = false;
	if (!right)
		printf("%s: %d to %s %u: %d%s at \"%s\" by \"%s\" (%s)\n", s->name, (int)c->who,
		       c->to, c->port, (int)a->reach, a->sender ? " sender" : "", at,
		       a->rule ? a->rule : "", a->why ? a->why : "");
	DW_CHECK(right);
}

static void rehearse(const struct scene *s)
{
	struct dw_rehearse_question q[CHECKS_MAX];
	struct dw_rehearse_answer a[CHECKS_MAX] = { 0 };
	struct dw_rehearsal *r = open_rehearsal();
	struct dw_error e = { 0 };
	size_t n = count_checks(s);
	bool asked = true;

	if (!r)
		return;
	for (size_t i = 0; i < n; i++)
		asked &= make_question(r, &s->checks[i], &q[i]);
	DW_CHECK(asked);
	if (asked && dw_rehearsal_ask(r, q, n, a, &e) < 0)
		printf("%s: %s\n", s->name, e.message);
	for (size_t i = 0; asked && i < n; i++)
		compare(s, &s->checks[i], &a[i]);
	dw_rehearsal_free(r);
}

static void really(const struct scene *s)
{
	struct world_try tries[CHECKS_MAX] = { 0 };
	size_t n = count_checks(s);

	for (size_t i = 0; i < n; i++) {
		const struct check *c = &s->checks[i];

		tries[i] = (struct world_try){ .who = c->who,
					       .protocol = c->protocol,
					       .to = c->to,
					       .port = c->port,
					       .from_port = c->from_port,
					       .expected = c->reach == IN && !c->untried };
	}
	world_try(tries, n);
	for (size_t i = 0; i < n; i++) {
		const struct check *c = &s->checks[i];

		if (c->untried)
			continue;
		if (tries[i].arrived != (c->reach == IN))
			printf("%s: %d to %s %u: really %s\n", s->name, (int)c->who, c->to, c->port,
			       tries[i].arrived ? "arrives" : "stays out");
		DW_CHECK(tries[i].arrived == (c->reach == IN));
	}
}

DW_TEST(known_rule_sets)
{
	for (size_t i = 0; has_world && i < n_scenes; i++) {
		const struct scene *s = &scenes[i];

		DW_CHECK(world_rules(s->rules));
		if (s->settings)
			DW_CHECK(world_run(s->settings, NULL));
		rehearse(s);
		really(s);
		DW_CHECK(world_run(
			"for i in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$i; done\n"
			"echo 1 >/proc/sys/net/ipv4/ip_forward",
			NULL));
	}
}

/* --- around it ---------------------------------------------------------------------------------- */

static const char doubtful[] = "table inet filter {\n"
			       " set office { type ipv4_addr; elements = { 10.9.0.2 };\n }\n"
			       " chain input { type filter hook input priority 0; policy drop;\n"
			       "  ip saddr @office tcp dport 22 counter accept\n"
			       "  tcp dport 23 limit rate 10/minute accept\n"
			       " }\n}\n";

static struct dw_rehearse_question question(const struct dw_rehearsal *r, enum world_who who,
					    const char *to, uint16_t port)
{
	const struct check c = { .who = who, .protocol = TCP, .to = to, .port = port };
	struct dw_rehearse_question q;

	DW_CHECK(make_question(r, &c, &q));
	return q;
}

/* Rules, counters, interfaces, addresses and connections of the host are afterwards what they were. */
DW_TEST(the_host_is_left_alone)
{
	static const char look[] =
		"nft -a list ruleset; ip link; ip addr; ip route; ip neigh | wc -l; "
		"grep -c sport=50505 /proc/net/nf_conntrack; "
		"cat /proc/sys/net/ipv4/conf/all/rp_filter";
	static char before[65536], after[65536];
	struct dw_rehearse_answer a[2] = { 0 };
	struct dw_rehearsal *r;

	if (!has_world)
		return;
	DW_CHECK(world_rules(doubtful));
	DW_CHECK(world_read(look, before, sizeof(before)));
	r = open_rehearsal();
	if (r) {
		const struct dw_rehearse_question q[] = { question(r, WORLD_OFFICE, H4, 22),
							  question(r, WORLD_OFFICE, H4, 23) };

		DW_CHECK_INT(dw_rehearsal_ask(r, q, 2, a, NULL), 0);
		DW_CHECK_INT(a[0].reach, IN);
		DW_CHECK_INT(a[1].reach, BUT);
	}
	dw_rehearsal_free(r);
	DW_CHECK(world_read(look, after, sizeof(after)));
	DW_CHECK_STR(after, before);
}

static int in_the_copy(void *arg, struct dw_error *e)
{
	(void)e;
	return world_run_here("nft -f -", arg) ? 0 : -EIO;
}

static int add_rules(void *data, struct dw_sys *s, const struct dw_netns *copy, struct dw_error *e)
{
	return dw_netns_run(s, copy, in_the_copy, data, e);
}

DW_TEST(rules_that_are_not_there_yet)
{
	static char rules[] =
		"table inet mine\ndelete table inet mine\n"
		"table inet mine {\n chain input { type filter hook input priority 5;\n"
		"  tcp dport 80 drop\n }\n}\n";
	const struct dw_rehearse_options o = { .change = add_rules, .change_data = rules };
	struct dw_rehearse_answer a[3] = { 0 };
	struct dw_rehearsal *r = NULL;
	struct dw_error e = { 0 };

	if (!has_world)
		return;
	DW_CHECK(world_rules(""));
	DW_CHECK_INT(dw_rehearsal_open(host, &o, &r, &e), 0);
	if (r) {
		const struct dw_rehearse_question q[] = { question(r, WORLD_OFFICE, H4, 80),
							  question(r, WORLD_OFFICE, H4, 81),
							  question(r, WORLD_ANYONE, W6, 80) };

		DW_CHECK(!dw_rehearsal_is_open(r));
		DW_CHECK_INT(dw_rehearsal_ask(r, q, 3, a, &e), 0);
		DW_CHECK_INT(a[0].reach, OUT);
		DW_CHECK_INT(a[1].reach, IN);
		DW_CHECK_INT(a[2].reach, OUT);
	}
	dw_rehearsal_free(r);
	DW_CHECK(!world_run("nft list table inet mine 2>/dev/null", NULL));
}

/* The kernel makes an IPv6 address ours some time after it was told of it: no packet may be sent before. */
DW_TEST(addresses_of_ipv6_are_there_from_the_beginning)
{
	struct dw_rehearse_question q = { .protocol = UDP, .port = 53 };
	struct dw_rehearse_answer a = { 0 };
	struct dw_error e = { 0 };

	if (!has_world)
		return;
	DW_CHECK(world_rules("table inet filter {\n chain input { type filter hook input priority "
			     "0; policy drop;\n  udp dport 53 accept\n }\n}\n"));
	(void)inet_pton(AF_INET6, H6, q.to);
	for (unsigned i = 0; i < 20; i++) {
		struct dw_rehearsal *r = open_rehearsal();

		if (!r)
			break;
		q.source = (uint32_t)world_source(r, WORLD_OFFICE, H6);
		DW_CHECK_INT(dw_rehearsal_ask(r, &q, 1, &a, &e), 0);
		DW_CHECK_INT(a.reach, IN);
		dw_rehearsal_free(r);
	}
}

DW_TEST(another_namespace)
{
	const struct dw_rehearse_options o = { .netns = world_netns(WORLD_BOX) };
	struct dw_rehearse_question q = { .protocol = TCP, .port = 80, .explain = true };
	struct dw_rehearse_answer a = { 0 };
	struct dw_rehearsal *r = NULL;
	struct dw_error e = { 0 };
	size_t n = 0;

	if (!has_world)
		return;
	DW_CHECK(world_run_at(WORLD_BOX, "nft -f -",
			      "table ip box {\n chain input { type filter hook input priority 0;\n"
			      "  tcp dport 80 drop\n }\n}\n"));
	DW_CHECK_INT(dw_rehearsal_open(host, &o, &r, &e), 0);
	if (r) {
		DW_CHECK(dw_rehearsal_sources(r, &n)[1].kind == DW_SOURCE_NETWORK);
		DW_CHECK_STR(dw_rehearsal_sources(r, &n)[1].words, "172.18.0.0/16");
		q.source = 1;
		(void)inet_pton(AF_INET, "172.18.0.5", q.to);
		DW_CHECK_INT(dw_rehearsal_ask(r, &q, 1, &a, &e), 0);
		DW_CHECK_INT(a.reach, OUT);
		DW_CHECK(a.rule && strstr(a.rule, "ip box input"));
	}
	dw_rehearsal_free(r);
	DW_CHECK(world_run_at(WORLD_BOX, "nft flush ruleset", NULL));
}

DW_TEST(bad_questions)
{
	struct dw_rehearse_question q[] = { { .source = 9999, .protocol = TCP, .port = 1 },
					    { .protocol = DW_PROTOCOL_VSOCK, .port = 1 } };
	struct dw_rehearse_answer a = { 0 };
	struct dw_rehearsal *r = has_world ? open_rehearsal() : NULL;

	for (size_t i = 0; r && i < DW_ARRAY_SIZE(q); i++)
		DW_CHECK_INT(dw_rehearsal_ask(r, &q[i], 1, &a, NULL), -EINVAL);
	if (r)
		DW_CHECK_INT(dw_rehearsal_ask(r, q, 0, &a, NULL), 0);
	dw_rehearsal_free(r);
}

DW_TEST(somebody_who_may_not)
{
	const struct dw_rehearse_options o = { 0 };
	struct dw_rehearsal *r = NULL;
	struct dw_error e = { 0 };
	int status = -1;
	pid_t pid;

	if (!has_world)
		return;
	pid = fork();
	if (pid == 0) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(99);
		_exit(-dw_rehearsal_open(host, &o, &r, &e) & 0xff);
	}
	DW_CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	DW_CHECK_INT(WEXITSTATUS(status), EPERM);
}

int main(void)
{
	int r;

	if (dw_sys_open(NULL, &host, NULL) < 0)
		return 1;
	has_world = world_open(host);
	if (!has_world) {
		printf("not root, or no namespaces to play in: skipped\n");
		dw_sys_free(host);
		return 77;
	}
	r = dw_test_run();
	world_close();
	dw_sys_free(host);
	return r;
}
