/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Real rules, copied from one namespace into another, and what is known of each. */
#include <errno.h>
#include <netinet/in.h> /* before linux/in.h, which then steps back */

#include <linux/netfilter.h>
#include <string.h>

#include "dw_str.h"
#include "dw_test.h"
#include "copylab.h"
#include "ruleset_private.h"

static bool says(const char *text, const char *what)
{
	if (text && strstr(text, what))
		return true;
	printf("\"%s\" is not in:\n%s\n", what, text ? text : "(null)");
	return false;
}

DW_TEST(what_is_not_in_doubt_reads_the_same_in_the_copy)
{
	struct lab l;
	struct dw_ruleset *r;
	struct dw_error e = { 0 };

	if (!lab_open(&l))
		return;
	DW_CHECK(lab_rules_of(&l, "decided.nft"));
	r = lab_read(&l);
	DW_CHECK(r->has_hooks);
	DW_CHECK_INT(r->n_obstacles, 0);
	DW_CHECK_INT(dw_ruleset_load(l.sys, &l.copy, r, NULL, &e), 0);
	DW_CHECK_STR(lab_list(&l, &l.copy), lab_list(&l, &l.host));
	/* again: it replaces the former copy */
	DW_CHECK_INT(dw_ruleset_load(l.sys, &l.copy, r, NULL, &e), 0);
	DW_CHECK_STR(lab_list(&l, &l.copy), lab_list(&l, &l.host));
	dw_ruleset_free(r);
	lab_close(&l);
}

DW_TEST(each_rule_is_known_to_be_decided_or_in_doubt)
{
	static const char *const names[] = { "none", "sender", "host" };
	struct lab l;
	struct dw_ruleset *r;

	if (!lab_open(&l))
		return;
	DW_CHECK(lab_rules_of(&l, "doubts.nft"));
	r = lab_read(&l);
	DW_CHECK(r->n_rules > 60);
	for (size_t i = 0; i < r->n_rules; i++) {
		const struct dw_rule *rule = &r->rules[i];
		const char *is = rule->opaque ? "opaque" : names[rule->doubt];

		if (!dw_streq(is, rule->comment))
			printf("%s: %s\n", rule->words, is);
		DW_CHECK_STR(is, rule->comment);
		DW_CHECK_INT(rule->doubt == DW_DOUBT_NONE, rule->doubt_words == NULL);
	}
	/* every way of supposing can be loaded */
	lab_load(&l, r, DW_SUPPOSED_FALSE);
	lab_load(&l, r, DW_SUPPOSED_TRUE);
	lab_load(&l, r, DW_SUPPOSED_FALSE_TOLD);
	DW_CHECK_INT(r->n_obstacles, 0);
	DW_CHECK(says(lab_list(&l, &l.copy), "prefix \"met 1\" group 101 snaplen 128"));
	dw_ruleset_free(r);
	lab_close(&l);
}

DW_TEST(rules_in_doubt_are_put_in_three_ways)
{
	static const char *const rules =
		"table inet t {\n\tchain c {\n"
		"\t\ttype filter hook input priority filter; policy drop;\n"
		"\t\tudp sport 67 udp dport 68 accept\n"
		"\t\ttcp dport 22 limit rate over 5/second counter packets 7 bytes 70 drop\n"
		"\t\ttcp dport 23 meta skuid != 5 jump d\n"
		"\t}\n\tchain d {\n\t\tlog prefix \"x\"\n\t}\n}\n";
	struct lab l;
	struct dw_ruleset *r;

	if (!lab_open(&l))
		return;
	DW_CHECK(lab_rules(&l, rules));
	r = lab_read(&l);
	DW_CHECK_INT(r->n_rules, 4);
	DW_CHECK(r->rules[1].counted);
	DW_CHECK_INT(r->rules[1].packets, 7);
	DW_CHECK_STR(r->rules[1].where, "inet t c");
	lab_load(&l, r, DW_SUPPOSED_FALSE);
	DW_CHECK(says(lab_list(&l, &l.copy), "policy drop;\n\t\t\n\t\t\n\t\t\n\t}"));
	lab_load(&l, r, DW_SUPPOSED_TRUE);
	DW_CHECK(says(lab_list(&l, &l.copy), "\t\tudp dport 68 accept\n"
					     "\t\ttcp dport 22 counter packets 7 bytes 70 drop\n"
					     "\t\ttcp dport 23 jump d\n"));
	lab_load(&l, r, DW_SUPPOSED_FALSE_TOLD);
	DW_CHECK(says(lab_list(&l, &l.copy),
		      "\t\tudp dport 68 log prefix \"met 0\" group 101 snaplen 128\n"));
	DW_CHECK(says(lab_list(&l, &l.copy),
		      "\t\ttcp dport 23 log prefix \"met 2\" group 101 snaplen 128\n"));
	dw_ruleset_free(r);
	lab_close(&l);
}

DW_TEST(what_hangs_on_a_device_or_sees_frames_is_an_obstacle)
{
	static const char *const rules =
		"table netdev n { chain a { type filter hook ingress device lo priority 0; drop\n"
		"}\n}\n"
		"table bridge b { chain a { type filter hook input priority 0; drop\n }\n}\n"
		"table arp a { chain a { type filter hook input priority 0\n }\n}\n"
		"table inet i { chain a { type filter hook input priority 0; accept\n }\n}\n";
	struct lab l;
	struct dw_ruleset *r;

	if (!lab_open(&l))
		return;
	DW_CHECK(lab_rules(&l, rules));
	r = lab_read(&l);
	DW_CHECK_INT(r->n_rules, 3);
	/* no bridge there is, so its chain is in nobody's way; the ARP chain lets everything through */
	DW_CHECK_INT(r->n_obstacles, 1);
	if (r->n_obstacles == 1) {
		DW_CHECK(says(r->obstacles[0].words, "netdev n a"));
		DW_CHECK_INT(r->obstacles[0].ifindex, 1);
	}
	lab_load(&l, r, DW_SUPPOSED_FALSE);
	DW_CHECK(says(lab_list(&l, &l.copy), "table inet i"));
	DW_CHECK(!strstr(lab_list(&l, &l.copy), "netdev"));
	dw_ruleset_free(r);
	lab_close(&l);
}

/*
 * --- iptables
 * -------------------------------------------------------------------------------------
 */

static const char iptables_rules[] =
	"*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p udp -m udp --dport 53 -j CT "
	"--notrack\nCOMMIT\n"
	"*mangle\n:PREROUTING ACCEPT [0:0]\n"
	"-A PREROUTING -p tcp -m tcp --dport 99 -j MARK --set-xmark 0x5/0xffffffff\nCOMMIT\n"
	"*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
	"-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.5:80\n"
	"-A PREROUTING -p tcp -m tcp --dport 8081 -j REDIRECT --to-ports 81\n"
	"-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n"
	"*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]\n"
	"-A INPUT -i lo -j ACCEPT\n"
	"-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
	"-A INPUT -p tcp -m tcp --dport 22 -m comment --comment ssh -j ACCEPT\n"
	"-A INPUT -s 10.9.0.0/24 -p tcp -m multiport --dports 80,443,8000:8100 -j web\n"
	"-A INPUT -m iprange --src-range 10.1.1.1-10.1.1.9 -j ACCEPT\n"
	"-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT\n"
	"-A INPUT -m addrtype --dst-type BROADCAST -j DROP\n"
	"-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"
	"-A INPUT -p tcp -m tcp --dport 24\n"
	"-A web ! -s 10.9.0.7/32 -j ACCEPT\n-A web -m mark --mark 0x5 -j RETURN\n-A web -j DROP\n"
	"COMMIT\n";

/* Without the comments, which tell the time. */
static const char *saved(const struct lab *l, const struct dw_netns *ns, const char *program)
{
	const char *text = lab_iptables(l, ns, program, NULL);
	struct dw_bytes bytes = { .data = (char *)text, .n = text ? strlen(text) : 0 };
	struct dw_lines lines = dw_lines_of(&bytes);
	struct dw_str out = { .arena = l->arena };
	const char *line;
	size_t n;

	while (dw_lines_next(&lines, &line, &n)) {
		if (n > 0 && line[0] == '#')
			continue;
		dw_str_addn(&out, line, n);
		dw_str_addc(&out, '\n');
	}
	return out.s;
}

static void same_of(const char *variant)
{
	struct lab l;
	struct dw_ruleset *r;
	const char *save, *restore;

	if (!lab_open(&l))
		return;
	save = dw_arena_printf(l.arena, "iptables-%s-save", variant);
	restore = dw_arena_printf(l.arena, "iptables-%s-restore", variant);
	DW_CHECK(lab_iptables(&l, &l.host, restore, iptables_rules) != NULL);
	r = lab_read(&l);
	DW_CHECK_INT(r->n_rules, 17);
	DW_CHECK(r->has_hooks);
	lab_load(&l, r, DW_SUPPOSED_FALSE_TOLD);
	DW_CHECK_INT(r->n_obstacles, 0);
	DW_CHECK_STR(saved(&l, &l.copy, save), saved(&l, &l.host, save));
	lab_load(&l, r, DW_SUPPOSED_FALSE_TOLD);
	DW_CHECK_STR(saved(&l, &l.copy, save), saved(&l, &l.host, save));
	for (size_t i = 0; i < r->n_rules; i++)
		DW_CHECK_INT(r->rules[i].doubt, DW_DOUBT_NONE);
	dw_ruleset_free(r);
	lab_close(&l);
}

DW_TEST(rules_of_iptables_nft_are_the_same)
{
	same_of("nft");
}

DW_TEST(rules_of_iptables_legacy_are_the_same)
{
	same_of("legacy");
}

/* iptables-nft says "--sport 0" of a port that the copy's rule masks away. */
static void doubts_of(const char *variant, const char *eased)
{
	struct lab l;
	struct dw_ruleset *r;
	const char *save, *restore, *copy;

	if (!lab_open(&l))
		return;
	save = dw_arena_printf(l.arena, "iptables-%s-save", variant);
	restore = dw_arena_printf(l.arena, "iptables-%s-restore", variant);
	DW_CHECK(lab_iptables(&l, &l.host, restore, lab_doubts) != NULL);
	r = lab_read(&l);
	DW_CHECK_INT(r->n_rules, 5);
	DW_CHECK_INT(r->rules[0].doubt, DW_DOUBT_SENDER);
	DW_CHECK_INT(r->rules[1].doubt, DW_DOUBT_HOST);
	DW_CHECK_INT(r->rules[2].doubt, DW_DOUBT_NONE);
	DW_CHECK_INT(r->rules[3].doubt, DW_DOUBT_SENDER);
	DW_CHECK_INT(r->rules[4].doubt, DW_DOUBT_NONE);
	lab_load(&l, r, DW_SUPPOSED_TRUE);
	copy = saved(&l, &l.copy, save);
	DW_CHECK(says(copy, eased));
	DW_CHECK(says(copy, "-A INPUT -p tcp -m tcp --dport 23 -j ACCEPT\n"
			    "-A INPUT\n"
			    "-A INPUT -j DROP\n"
			    "-A INPUT -p tcp -m tcp --dport 24 -j ACCEPT\n"));
	lab_load(&l, r, DW_SUPPOSED_FALSE);
	copy = saved(&l, &l.copy, save);
	DW_CHECK(says(copy,
		      "-A INPUT\n-A INPUT\n-A INPUT\n-A INPUT\n-A INPUT -p tcp -m tcp --dport 24 "
		      "-j ACCEPT\n"));
	lab_load(&l, r, DW_SUPPOSED_FALSE_TOLD);
	copy = saved(&l, &l.copy, save);
	DW_CHECK(says(copy, "-A INPUT -p tcp -m tcp --dport 23 -j NFLOG --nflog-prefix \"met 1\" "
			    "--nflog-group 101 --nflog-size 128"));
	dw_ruleset_free(r);
	lab_close(&l);
}

DW_TEST(doubts_of_iptables_nft)
{
	doubts_of("nft", "-A INPUT -p udp -m udp --sport 0 --dport 68 -j ACCEPT\n");
}

DW_TEST(doubts_of_iptables_legacy)
{
	doubts_of("legacy", "-A INPUT -p udp -m udp --dport 68 -j ACCEPT\n");
}

DW_TEST(a_legacy_rule_is_found_by_its_number)
{
	struct lab l;
	struct dw_ruleset *r;
	const struct dw_rule *rule;

	if (!lab_open(&l))
		return;
	DW_CHECK(lab_iptables(&l, &l.host, "iptables-legacy-restore", iptables_rules) != NULL);
	r = lab_read(&l);
	rule = dw_ruleset_traced(l.sys, &l.copy, r, NFPROTO_IPV4, "filter", "INPUT", 3);
	DW_CHECK_STR(rule ? rule->words : NULL, "iptables filter INPUT rule 3 (ssh)");
	rule = dw_ruleset_traced(l.sys, &l.copy, r, NFPROTO_IPV4, "filter", "web", 3);
	DW_CHECK_STR(rule ? rule->words : NULL, "iptables filter web rule 3");
	DW_CHECK(!dw_ruleset_traced(l.sys, &l.copy, r, NFPROTO_IPV4, "filter", "web", 4));
	DW_CHECK(!dw_ruleset_traced(l.sys, &l.copy, r, NFPROTO_IPV6, "filter", "INPUT", 1));
	dw_ruleset_free(r);
	lab_close(&l);
}

DW_TEST(no_legacy_table_is_made_by_looking)
{
	static const char *const argv[] = { "/bin/cat", "/proc/self/net/ip_tables_names", NULL };
	struct lab l;
	struct dw_ruleset *r;

	if (!lab_open(&l))
		return;
	r = lab_read(&l);
	DW_CHECK_INT(r->n_rules, 0);
	DW_CHECK(!r->has_hooks);
	DW_CHECK_STR(lab_run(&l, &l.host, NULL, argv), "");
	dw_ruleset_free(r);
	lab_close(&l);
}

/*
 * --- rules of the copy, sources, sizes, failures
 * --------------------------------------------------
 */

DW_TEST(a_rule_of_the_copy_is_found_in_the_original)
{
	struct lab l;
	struct dw_ruleset *r;
	unsigned found = 0;

	if (!lab_open(&l))
		return;
	/* handles of the original are not in order: the second rule came last */
	DW_CHECK(lab_rules(
		&l, "table inet t { chain c { type filter hook input priority 0; tcp dport 1 "
		    "accept comment \"one\"\n tcp dport 3 accept comment \"three\"\n }\n}\n"
		    "insert rule inet t c index 1 tcp dport 2 drop comment \"two\"\n"));
	r = lab_read(&l);
	lab_load(&l, r, DW_SUPPOSED_FALSE);
	for (uint64_t handle = 1; handle < 20; handle++) {
		const struct dw_rule *rule =
			dw_ruleset_traced(l.sys, &l.copy, r, NFPROTO_INET, "t", "c", handle);

		if (!rule)
			continue;
		DW_CHECK_INT(rule->id, found);
		found++;
	}
	DW_CHECK_INT(found, 3);
	DW_CHECK(!dw_ruleset_traced(l.sys, &l.copy, r, NFPROTO_INET, "t", "other", 2));
	dw_ruleset_free(r);
	lab_close(&l);
}

/* Spoils a word in the bytes that are to be copied, so that the kernel does not know it. */
static bool spoil(const struct dw_rs_item *item, const char *word)
{
	char *p = memmem(item->attrs, item->n, word, strlen(word) + 1);

	if (p)
		p[0] = 'Q';
	return p != NULL;
}

DW_TEST(what_the_kernel_does_not_take_is_told)
{
	struct lab l;
	struct dw_ruleset *r;
	const struct dw_rs_copy *c;
	const char *copy;

	if (!lab_open(&l))
		return;
	DW_CHECK(lab_rules(&l, "table inet t { chain c { type filter hook input priority 0\n"
			       "tcp dport 7 fib daddr type local drop\ntcp dport 8 drop\n"
			       "tcp dport 9 jump d\n}\nchain d { \ndrop\n}\n}\n"
			       "table ip n { chain p { type nat hook prerouting priority 0\n"
			       "redirect\n}\n}\n"));
	r = lab_read(&l);
	c = r->copy;
	DW_CHECK_INT(r->n_rules, 5);
	DW_CHECK(spoil(&c->rules.v[0].item, "fib"));
	DW_CHECK(spoil(&c->chains.v[2]->item, "nat"));
	lab_load(&l, r, DW_SUPPOSED_FALSE_TOLD);
	DW_CHECK_INT(r->rules[0].doubt, DW_DOUBT_HOST);
	DW_CHECK_STR(r->rules[0].doubt_words, "the kernel does not take a copy of it");
	DW_CHECK_INT(r->rules[1].doubt, DW_DOUBT_NONE);
	DW_CHECK_INT(r->n_obstacles, 1);
	if (r->n_obstacles == 1)
		DW_CHECK(says(r->obstacles[0].words, "does not take a copy of the chain ip n p: "));
	copy = lab_list(&l, &l.copy);
	DW_CHECK(says(copy, "\t\tlog prefix \"met 0\" group 101 snaplen 128\n\t\ttcp dport 8 drop\n"
			    "\t\ttcp dport 9 jump d\n"));
	/* again, it is known already */
	lab_load(&l, r, DW_SUPPOSED_TRUE);
	DW_CHECK_INT(r->n_obstacles, 1);
	DW_CHECK(says(lab_list(&l, &l.copy), "\t\tdrop\n\t\ttcp dport 8 drop\n"));
	dw_ruleset_free(r);
	lab_close(&l);
}

static const char *sources_of(const struct lab *l, const struct dw_ruleset *r)
{
	struct dw_str out = { .arena = l->arena };

	for (size_t i = 0; i < r->n_sources; i++) {
		const struct dw_source_class *c = &r->sources[i];
		size_t n = c->family == DW_FAMILY_IPV4 ? 4 : 16;

		dw_str_addf(&out, "%s%s:", c->too_odd ? "odd " : "", c->words ? c->words : "");
		for (size_t k = 0; k < c->n_spans; k++) {
			dw_str_addc(&out, ' ');
			for (size_t b = 0; b < n; b++)
				dw_str_addf(&out, "%02x", c->spans[k].low[b]);
			dw_str_addc(&out, '-');
			for (size_t b = 0; b < n; b++)
				dw_str_addf(&out, "%02x", c->spans[k].high[b]);
		}
		dw_str_addc(&out, '\n');
	}
	return out.s ? out.s : "";
}

DW_TEST(sources_that_the_rules_tell_apart)
{
	static const char *const rules =
		"table inet t {\n"
		"set wide { type ipv4_addr; flags interval; auto-merge\n elements = { 1.0.0.0/8, "
		"2.0.0.0/8, "
		"9.9.9.9 } }\n"
		"map m { type ipv4_addr : verdict; flags interval; elements = { 10.0.0.0/8 : "
		"accept, "
		"11.0.0.0/8 : drop, 12.0.0.0/8 : accept } }\n"
		"chain i { type filter hook input priority 0;\n"
		"ip saddr 10.0.0.0/8 accept\nip saddr 10.16.0.0/12 accept\nip saddr 10.0.0.0/8 tcp "
		"dport 1 drop\n"
		"ip saddr 1.2.3.4 ip daddr 5.6.7.8 accept\nip saddr != 7.0.0.0-7.0.0.9 accept\n"
		"ip saddr & 255.0.0.255 == 10.0.0.1 accept\nip6 saddr 2001:db8::/33 accept\n"
		"ip saddr . ip daddr { 1.1.1.1 . 2.2.2.2, 1.1.1.2 . 2.2.2.2, 3.3.3.3 . 4.4.4.4 } "
		"accept\n"
		"ip saddr @wide drop\nip saddr vmap @m\nip daddr 99.0.0.1 accept\n"
		"}\n}\n";
	struct lab l;
	struct dw_ruleset *r;

	if (!lab_open(&l))
		return;
	DW_CHECK(lab_rules(&l, rules));
	r = lab_read(&l);
	DW_CHECK_STR(sources_of(&l, r),
		     ": 01020304-01020304\n"
		     ": 07000000-07000009\n"
		     ": 0a000000-0affffff\n"
		     ": 0a100000-0a1fffff\n"
		     ": 20010db8000000000000000000000000-20010db87fffffffffffffffffffffff\n"
		     ": 01010101-01010102\n"
		     ": 03030303-03030303\n"
		     "set inet t wide: 01000000-02ffffff 09090909-09090909\n"
		     "a part of set inet t m: 0a000000-0affffff 0c000000-0cffffff\n"
		     "a part of set inet t m: 0b000000-0bffffff\n"
		     "odd :\n");
	dw_ruleset_free(r);
	lab_close(&l);
}

/* What is the same but for the address is one class, where it stands together and is more than a few. */
static void check_runs(const char *program)
{
	struct dw_str rules = { 0 };
	struct lab l;
	struct dw_ruleset *r;

	if (!lab_open(&l))
		return;
	rules.arena = l.arena;
	dw_str_add(&rules, "*filter\n:INPUT ACCEPT [0:0]\n:bans - [0:0]\n"
			   "-A INPUT -p tcp --dport 22 -j bans\n-A INPUT ! -s 8.8.8.8 -j DROP\n");
	for (unsigned i = 0; i < 40; i++)
		dw_str_addf(&rules, "-A bans -s 20.0.0.%u -m comment --comment \"%u\" -j DROP\n",
			    200 - 2 * i, i);
	dw_str_add(&rules, "-A bans -s 20.0.1.0/24 -j DROP\n-A bans -s 20.0.0.121 -j DROP\n"
			   "-A bans -s 20.0.0.123 -j ACCEPT\n-A bans -s 20.0.0.125 -j DROP\n"
			   "-A bans -j RETURN\nCOMMIT\n");
	DW_CHECK(lab_iptables(&l, &l.host, program, rules.s) != NULL);
	r = lab_read(&l);
	DW_CHECK_INT(r->n_sources, 4);
	if (r->n_sources == 4) {
		DW_CHECK_INT(r->sources[3].n_spans, 41); /* 121 and 122 touch */
		DW_CHECK_INT(r->sources[3].spans[0].high[3], 122);
		DW_CHECK_INT(r->sources[3].spans[40].high[3], 255);
		DW_CHECK_INT(r->sources[0].n_spans, 1);
	}
	dw_ruleset_free(r);
	lab_close(&l);
}

DW_TEST(a_run_of_rules_is_one_class)
{
	check_runs("iptables-nft-restore");
	check_runs("iptables-legacy-restore");
}

DW_TEST_MAIN
