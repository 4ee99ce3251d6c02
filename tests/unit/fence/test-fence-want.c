/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a policy and doors to what is let in: tests/golden/fence/want-NAME.txt has the policy, then what comes of it.
 */
#include "judge-stage.h"
#include "dw_fence_want.h"
#include "dw_knowledge_read.h"
#include "dw_policy_read.h"
#include "dw_policy_write.h"
#include "dw_str.h"
#include "golden.h"

static const struct dw_policy *policy_of(struct dw_arena *a, const char *text)
{
	const struct dw_policy_text t = { .name = "/etc/doorward/policy",
					  .bytes = { dw_arena_strdup(a, text), strlen(text) } };
	struct dw_policy_problems problems = { 0 };
	const struct dw_policy *p = dw_policy_read(a, &t, NULL, dw_knowledge_builtin(), &problems);

	for (size_t i = 0; i < problems.n; i++)
		printf("%u: %s\n", problems.v[i].line, problems.v[i].text);
	return p;
}

static void put_allows(struct dw_str *out, const char *word, const struct dw_fence_allow *v,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dw_str_addf(out, "%s %s %u-%u", word, dw_protocol_name(v[i].protocol), v[i].first,
			    v[i].last);
		for (size_t k = 0; k < v[i].n_from; k++)
			dw_str_addf(out, "%s%s", k ? ", " : " net ",
				    dw_network_text(out->arena, &v[i].from[k]));
		if (v[i].on_address)
			dw_str_addf(out, " address %s", v[i].on_address);
		if (v[i].on_interface)
			dw_str_addf(out, " interface %s", v[i].on_interface);
		if (v[i].forwarded)
			dw_str_addf(out, " forwarded to %s", v[i].target);
		dw_str_addf(out, " # %s\n", v[i].comment);
	}
}

static void put_list(struct dw_str *out, const char *word, const struct dw_strings *list)
{
	for (size_t i = 0; i < list->n; i++)
		dw_str_addf(out, "%s: %s\n", word, list->v[i]);
}

static const char *want_text(struct dw_arena *a, const char *policy, const struct dw_fence_want *w,
			     const struct dw_fence_said *said)
{
	static const char *const egress[] = { "open", "log", "deny" };
	struct dw_str out = { .arena = a };

	dw_str_addf(&out, "%s\n", policy);
	put_allows(&out, "allow", w->allow, w->n_allow);
	for (size_t i = 0; i < w->n_redirects; i++)
		dw_str_addf(&out, "redirect %s %u to %u # %s\n",
			    dw_protocol_name(w->redirects[i].protocol), w->redirects[i].from,
			    w->redirects[i].to, w->redirects[i].comment);
	put_allows(&out, "out", w->out, w->n_out);
	dw_str_addf(&out, "egress %s%s%s%s%s\n", egress[w->egress],
		    w->log_denied ? ", log denied" : "", w->dhcp ? ", dhcp" : "",
		    w->dhcp6 ? ", dhcp6" : "", w->guard_forwarded ? ", guard forwarded" : "");
	put_list(&out, "cut", &said->cut);
	put_list(&out, "remark", &said->remarks);
	return out.s;
}

static void play(const char *name, const char *policy, void (*doors)(struct stage *s))
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct stage s = { .arena = a, .out = { .arena = a } };
	struct dw_judge_input in = { .knowledge = dw_knowledge_builtin() };
	struct dw_fence_input input = { 0 };
	struct dw_fence_want want = { 0 };
	struct dw_fence_said said = { 0 };
	struct dw_findings *f;

	doors(&s);
	in.policy = policy_of(a, policy);
	DW_CHECK(in.policy != NULL);
	if (!in.policy)
		return;
	s.snapshot.arena = a;
	s.snapshot.doors = s.doors;
	s.snapshot.time = 1800000000; /* 2027-01-15 */
	f = dw_judge(&s.snapshot, &in);
	input = (struct dw_fence_input){ .policy = in.policy,
					 .snapshot = &s.snapshot,
					 .findings = f };
	dw_fence_want_make(a, &input, &want, &said);
	dw_golden_check(dw_arena_printf(a, DW_TEST_PATH("golden/fence/want-%s.txt"), name),
			want_text(a, policy, &want, &said));
	dw_findings_free(f);
}

static void house(struct stage *s)
{
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service")
		->carries_session = true;
	stage_service(s, "tcp :: 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	stage_service(s, "tcp 0.0.0.0 80", "/usr/sbin/nginx", "nginx", "nginx.service");
	stage_service(s, "tcp 0.0.0.0 5432", "/usr/lib/postgresql/15/bin/postgres", "postgresql-15",
		      "postgresql.service");
	stage_service(s, "tcp 0.0.0.0 23", "/usr/sbin/in.telnetd", "telnetd", "telnet.service");
	stage_service(s, "tcp 0.0.0.0 631", "/usr/sbin/cupsd", "cups-daemon", "cups.service");
	stage_service(s, "udp 0.0.0.0 68", "/usr/sbin/dhclient", "isc-dhcp-client",
		      "networking.service");
	stage_service(s, "tcp 127.0.0.1 25", "/usr/sbin/exim4", "exim4", "exim4.service");
}

DW_TEST(a_server)
{
	play("server",
	     "default close\nkeep ssh from lan because \"administration\"\nkeep http https from "
	     "any\n"
	     "keep postgresql on loopback\nclose telnet\n",
	     house);
}

DW_TEST(what_no_statement_names_is_cut_and_said)
{
	play("ask", "default ask\nkeep http\n", house);
	play("report", "default report\nkeep http\n", house);
	play("close", "default close\nkeep http\n", house);
}

static void ports(struct stage *s)
{
	stage_service(s, "tcp 0.0.0.0 8500", "/usr/bin/toy", "toy", "toy.service");
	stage_service(s, "tcp 0.0.0.0 8600", "/opt/shop/shopd", NULL, "shop.service");
	stage_service(s, "tcp 0.0.0.0 9300", "/opt/shop/other", NULL, "other.service");
}

DW_TEST(the_first_that_names_a_port_decides)
{
	play("first",
	     "default close\nclose 8080/tcp\nclose /usr/bin/toy\nkeep 8600/tcp from 192.0.2.1\n"
	     "keep 8000-9000/tcp\nkeep 8080/tcp 8500/tcp from any\nkeep 7000/tcp expires "
	     "2026-06-01\n"
	     "keep 7001 expires 2027-06-01\nkeep /opt/shop/other user root on 192.0.2.5\n"
	     "keep /opt/none package:none\nkeep 22/tcp program /usr/sbin/sshd\nrole web-server\n",
	     ports);
}

static void places(struct stage *s)
{
	struct dw_door *d;

	stage_service(s, "udp fe80::1%eth0 53", "/usr/sbin/named", "bind9", "named.service");
	stage_service(s, "tcp 192.0.2.5 53", "/usr/sbin/named", "bind9", "named.service");
	stage_service(s, "udp 224.0.0.251 5353", "/usr/sbin/avahi-daemon", "avahi-daemon",
		      "avahi-daemon.service");
	stage_service(s, "tcp 0.0.0.0%eth1 445", "/usr/sbin/smbd", "samba", "smbd.service");
	d = stage_door(s, "tcp 0.0.0.0 8080", NULL, NULL, DW_STARTER_CONTAINER, "docker:web");
	d->kind = DW_KIND_FORWARDED;
	d->target = "172.17.0.2:80";
	d = stage_door(s, "tcp 192.0.2.5 9000", NULL, NULL, DW_STARTER_CONTAINER, "docker:tools");
	d->kind = DW_KIND_FORWARDED;
	d->port_last = 9010;
	d->target = "172.17.0.3:9000";
	d = stage_service(s, "tcp 0.0.0.0 80", "/usr/sbin/nginx", NULL, "x.service");
	d->netns = "net:[4026532000]";
	d = stage_service(s, "tcp 0.0.0.0 443", "/usr/sbin/nginx", "nginx", "nginx.service");
	d->kind = DW_KIND_SLEEPING;
}

DW_TEST(doors_where_they_stand)
{
	play("places",
	     "default close\nkeep dns from 192.0.2.0/24 fe80::/10\nkeep mdns from lan\n"
	     "keep 445/tcp on eth1\nkeep container:docker:web from lan\nkeep nginx.service\n",
	     places);
}

static void protocols(struct stage *s)
{
	stage_service(s, "raw 0.0.0.0 112", "/usr/sbin/keepalived", "keepalived",
		      "keepalived.service");
	stage_service(s, "raw 0.0.0.0 1", "/usr/bin/fping", "fping", "fping.service");
	stage_service(s, "raw 0.0.0.0 255", "/usr/sbin/odd", "odd", "odd.service");
	stage_service(s, "raw 0.0.0.0 89", "/usr/lib/frr/ospfd", "frr", "frr.service");
	stage_service(s, "tcp 0.0.0.0 21", "/usr/sbin/vsftpd", "vsftpd", "vsftpd.service");
	stage_service(s, "udp 0.0.0.0 500", "/usr/lib/ipsec/charon", "strongswan-charon",
		      "strongswan-starter.service");
	stage_service(s, "tcp 0.0.0.0 41234", "/usr/sbin/rpc.mountd", "nfs-kernel-server",
		      "nfs-mountd.service");
	stage_door(s, "udp 0.0.0.0 51820", NULL, NULL, DW_STARTER_KERNEL, "wireguard")->kernel =
		"wireguard";
}

DW_TEST(protocols_and_ports_that_move)
{
	play("protocols",
	     "default close\nkeep keepalived.service odd.service\nkeep ftp\nkeep 500/udp 50/raw\n"
	     "keep nfs-mountd.service from lan\nkeep wireguard\nkeep 5/vsock\n",
	     protocols);
}

static void nobody(struct stage *s)
{
	(void)s;
}

DW_TEST(what_is_for_the_fence_alone)
{
	play("fence",
	     "keep http\nredirect 80 to 8080 because \"no root\"\nredirect 81 to 8081\negress "
	     "deny\n"
	     "allow out https to any because \"updates\"\nallow out 123/udp to 192.0.2.1 expires "
	     "2027-06-01\nallow out ssh to any expires 2026-01-01\nlog denied\n",
	     nobody);
	play("empty", "", nobody);
}

DW_TEST_MAIN
