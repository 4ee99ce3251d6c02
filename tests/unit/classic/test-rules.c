/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forwarded ports and the lines of the firewall services' files that ask for them. */
#include "rules.h"
#include "world.h"

#define UNIT "/usr/lib/systemd/system/"

static const char nft[] = "#!/usr/sbin/nft -f\n"
			  "flush ruleset\n"
			  "define web = 10.97.0.9\n"
			  "include \"/etc/nftables.d/*.nft\"\n"
			  "table ip lab {\n"
			  "\tchain in {\n"
			  "\t\ttype nat hook prerouting priority dstnat;\n"
			  "\t\ttcp dport 8080 dnat to $web:80 comment \"udp dport 53\"\n"
			  "\t\tip daddr 10.9.7.3 tcp dport 8081 redirect to :80\n"
			  "\t\t# tcp dport 8089 redirect to :80\n"
			  "\t\ttcp dport { 8082,\n"
			  "\t\t\t8090-8095 } redirect to :81; udp dport domain redirect to :5353\n"
			  "\t\ttcp dport 8084 accept\n"
			  "\t\ttcp dport != 8096 redirect to :82\n"
			  "\t}\n"
			  "}\n"
			  "table ip6 lab { chain in { tcp dport 8080 dnat to [fd00::9]:80; } }\n";

/* In place: the managers keep the address of w->s. */
static void lab(struct world *w, const char *init)
{
	*w = world_new();
	world_file(w, "/etc/nftables.conf", nft);
	world_file(w, "/etc/nftables.d/b.nft",
		   "add rule ip lab in tcp dport 8083 dnat to 10.0.0.2\n");
	world_file(w, "/etc/nftables.d/no", "tcp dport 8089 redirect to :80\n");
	world_file(w, "/etc/nftables.d/loop.nft", "include \"/etc/nftables.d/loop.nft\"\n");
	world_file(w, "/etc/services", "domain 53/udp\n");
	world_file(w, "/etc/iptables/rules.v4",
		   "*nat\n:PREROUTING ACCEPT [0:0]\n"
		   "-A PREROUTING -d 192.0.2.1/32 -p tcp -m tcp --dport 9000 -m comment --comment "
		   "\"a REDIRECT\" -j DNAT --to-destination 10.0.0.3:90\n"
		   "-A PREROUTING -p udp -m multiport --dports 9001,9003:9005 -j REDIRECT "
		   "--to-ports 91\n"
		   "-A PREROUTING -p tcp -j web\n-A web -j DNAT --to-destination 10.0.0.4:92\n"
		   "COMMIT\n");
	world_file(w, "/etc/ufw/before.rules",
		   "*nat\n-A PREROUTING -p tcp --dport 9100 -j REDIRECT\n");
	world_file(
		w, "/etc/firewalld/zones/public.xml",
		"<zone>\n<!-- <forward-port port=\"9201\" protocol=\"tcp\" to-port=\"80\"/> -->\n"
		"<forward-port port='9200' protocol='tcp'\n to-port='80' "
		"to-addr='10.0.0.5'/></zone>\n");
	world_file(w, UNIT "nftables.service",
		   "[Service]\nType=oneshot\nExecStart=/usr/sbin/nft -f x\n");
	world_file(w, UNIT "netfilter-persistent.service", "[Service]\nExecStart=/usr/sbin/np\n");
	world_file(w, UNIT "firewalld.service", "[Service]\nExecStart=/usr/sbin/firewalld\n");
	world_link(w, "root" UNIT "default.target", "multi-user.target");
	world_file(w, UNIT "multi-user.target", "[Unit]\n");
	world_link(w, "root/etc/systemd/system/multi-user.target.wants/nftables.service",
		   UNIT "nftables.service");
	world_file(w, "/etc/init.d/nftables", "#!/bin/sh\n");
	world_file(w, "/etc/init.d/ufw", "#!/bin/sh\n");
	world_link(w, "root/etc/rcS.d/S12nftables", "../init.d/nftables");
	DW_CHECK_INT(world_load(w, &dw_starter_systemd, init, NULL), *init == 's' ? 0 : -ENOENT);
}

static struct dw_starter last;

/* "kind id source enabled", or what is said instead of it. */
static const char *ask(struct world *w, enum dw_protocol protocol, const char *address,
		       uint32_t port, const char *target)
{
	bool v6 = strchr(address, ':') != NULL;
	struct dw_redirect_fact f = {
		.kind = DW_KIND_FORWARDED,
		.at = world_at(protocol, v6 ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4, address, port),
		.port_last = port,
		.target = target,
	};

	last = (struct dw_starter){ 0 };
	if (!dw_rules_claim_redirect(&w->s, &f, &last)) {
		DW_CHECK_INT(last.kind, DW_STARTER_UNKNOWN);
		DW_CHECK_INT(last.enabled, DW_UNKNOWN);
		return last.evidence ? last.evidence : "";
	}
	DW_CHECK_INT(last.confidence, DW_CONFIDENCE_LIKELY);
	return dw_arena_printf(w->s.arena, "%s %s %s %c", dw_starter_kind_name(last.kind), last.id,
			       last.source, "?ny"[last.enabled]);
}
#define TCP(address, port, target) ask(&w, DW_PROTOCOL_TCP, address, port, target)
#define UDP(address, port, target) ask(&w, DW_PROTOCOL_UDP, address, port, target)
#define NFT(line)                  "systemd-service nftables.service /etc/nftables.conf:" line " y"
#define NOBODY                                                                                     \
	"loaded by hand or by a program: no file of the host's firewall services has this rule"

static void done(struct world *w)
{
	if (w->state)
		dw_starter_systemd.unload(&w->s, w->state);
	w->state = NULL;
	world_free(w);
}

DW_TEST(rules_of_nftables)
{
	struct world w;

	lab(&w, "systemd");
	DW_CHECK_STR(TCP("0.0.0.0", 8080, "10.97.0.9:80"), NFT("8"));
	DW_CHECK_STR(TCP("::", 8080, "[fd00::9]:80"), NFT("17"));
	DW_CHECK_STR(TCP("10.9.7.3", 8081, "local:80"), NFT("9"));
	/* a set over two lines, and a second statement behind it */
	DW_CHECK_STR(TCP("0.0.0.0", 8082, "local:81"), NFT("11"));
	DW_CHECK_STR(TCP("0.0.0.0", 8092, "local:81"), NFT("11"));
	DW_CHECK_STR(UDP("0.0.0.0", 53, "local:5353"), NFT("12"));
	DW_CHECK_STR(TCP("0.0.0.0", 8097, "local:82"), NFT("14"));
	DW_CHECK_STR(TCP("0.0.0.0", 8083, "10.0.0.2:8083"),
		     "systemd-service nftables.service /etc/nftables.d/b.nft:1 y");
	done(&w);
}

DW_TEST(rules_that_no_file_has)
{
	struct world w;

	lab(&w, "systemd");
	/* another target, protocol, address; a comment; no action; a file that nobody includes */
	DW_CHECK_STR(TCP("0.0.0.0", 8080, "10.97.0.8:80"), NOBODY);
	DW_CHECK_STR(TCP("0.0.0.0", 8080, "10.97.0.9:81"), NOBODY);
	DW_CHECK_STR(UDP("0.0.0.0", 8080, "10.97.0.9:80"), NOBODY);
	DW_CHECK_STR(TCP("10.9.7.4", 8081, "local:80"), NOBODY);
	DW_CHECK_STR(TCP("0.0.0.0", 8089, "local:80"), NOBODY);
	DW_CHECK_STR(TCP("0.0.0.0", 8084, "local:8084"), NOBODY);
	DW_CHECK_STR(TCP("0.0.0.0", 9201, "local:80"), NOBODY);
	DW_CHECK_STR(UDP("0.0.0.0", 9002, "local:91"), NOBODY);
	/* no ufw.service here */
	DW_CHECK_STR(
		TCP("0.0.0.0", 9100, "local:9100"),
		"/etc/ufw/before.rules:2 has this rule, but no service ufw is here to load it");
	DW_CHECK(dw_vec_add(w.s.arena, &w.facts->netns) != NULL);
	w.facts->netns.v[0].inode = 77;
	DW_CHECK(strstr(TCP("0.0.0.0", 8080, "10.97.0.9:80"), "network namespace") != NULL);
	done(&w);
}

DW_TEST(rules_of_iptables_and_firewalld)
{
	struct world w;

	lab(&w, "systemd");
#define NP(line) "systemd-service netfilter-persistent.service /etc/iptables/rules.v4:" line " n"
	DW_CHECK_STR(TCP("192.0.2.1", 9000, "10.0.0.3:90"), NP("3"));
	DW_CHECK_STR(UDP("0.0.0.0", 9001, "local:91"), NP("4"));
	DW_CHECK_STR(UDP("0.0.0.0", 9004, "local:91"), NP("4"));
	/* the port is said where the chain is jumped to */
	DW_CHECK_STR(TCP("0.0.0.0", 9006, "10.0.0.4:92"), NP("6"));
	DW_CHECK_STR(TCP("0.0.0.0", 9200, "10.0.0.5:80"),
		     "systemd-service firewalld.service /etc/firewalld/zones/public.xml:3 n");
	done(&w);
}

DW_TEST(rules_without_systemd)
{
	struct world w;

	lab(&w, "init");
	DW_CHECK_STR(TCP("10.9.7.3", 8081, "local:80"), "sysv nftables /etc/nftables.conf:9 y");
	DW_CHECK(strstr(last.evidence, "/etc/rcS.d/S12nftables") != NULL);
	DW_CHECK_STR(TCP("0.0.0.0", 9100, "local:9100"), "sysv ufw /etc/ufw/before.rules:2 n");
	done(&w);
}

DW_TEST(other_doors_are_left_alone)
{
	struct world w;
	struct dw_redirect_fact f = { .kind = DW_KIND_REDIRECTED, .target = "10.97.0.9:80" };

	lab(&w, "systemd");
	last = (struct dw_starter){ .evidence = "kept" };
	DW_CHECK(!dw_rules_claim_redirect(&w.s, &f, &last));
	DW_CHECK_STR(last.evidence, "kept");
	done(&w);
}

DW_TEST_MAIN
