/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside against outside: hosts made by hand, from both sides. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "compare-scene.h"
#include "dw_compare.h"
#include "dw_doc.h"
#include "dw_knowledge_read.h"
#include "dw_policy_read.h"
#include "dw_str.h"
#include "dw_test.h"

static void policy(struct scene *s, const char *text)
{
	struct dw_policy_problems problems = { 0 };
	struct dw_policy_text t = { "policy", { dw_arena_strdup(s->a, text), strlen(text) } };

	s->in.policy = dw_policy_read(s->a, &t, NULL, s->in.knowledge, &problems);
	s->in.expect = DW_EXPECT_POLICY;
	DW_CHECK(s->in.policy != NULL);
}

#define SCENE(name)                                                                                \
	static void name##_scene(struct scene *s);                                                 \
	DW_TEST(name)                                                                              \
	{                                                                                          \
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();                               \
		name##_scene(scene(a));                                                            \
	}                                                                                          \
	static void name##_scene(struct scene *s)

#define TCP DW_PROTOCOL_TCP
#define UDP DW_PROTOCOL_UDP

/* --- the audit ---------------------------------------------------------------------------------------- */

SCENE(open_on_both_sides)
{
	door(s, "0.0.0.0", TCP, 22, "ssh");
	open_port(s, 22);
	DW_CHECK_STR(text(s), "22/tcp as-expected open-inside");
	DW_CHECK(!s->got.urgent && !s->got.blind);
	DW_CHECK_INT(s->got.hosts, 1);
}

SCENE(open_outside_and_nobody_inside_knows)
{
	says(s, open_port(s, 31337), "ssh", NULL);
	DW_CHECK_STR(text(s), "31337/tcp! open-outside-unknown-inside unknown-inside answers");
	DW_CHECK(s->got.urgent);
}

SCENE(another_machine_answers)
{
	for (uint16_t p = 21; p < 25; p++) {
		door(s, "0.0.0.0", TCP, p, NULL);
		open_port(s, p)->ttl = 64;
	}
	open_port(s, 80)->ttl = 63;
	DW_CHECK(strstr(text(s), "80/tcp! open-outside-unknown-inside unknown-inside other-ttl;"));
	s->host.proxy = true;
	DW_CHECK(strstr(text(s), "unknown-inside answered-on-the-way other-ttl;"));
}

SCENE(filtered_and_closed)
{
	door(s, "0.0.0.0", TCP, 80, NULL);
	door(s, "0.0.0.0", TCP, 443, NULL);
	door(s, "0.0.0.0", TCP, 8080, NULL);
	port_of(&s->host, TCP, 443, DW_SCAN_FILTERED);
	port_of(&s->host, TCP, 8080, DW_SCAN_FILTERED)->why = DW_SCAN_WHY_PROHIBITED;
	s->host.ports[1].has_from = true;
	s->host.ports[1].from = address("192.0.2.254");
	DW_CHECK_STR(text(s), "443/tcp open-inside-filtered-outside filtered; "
			      "8080/tcp open-inside-filtered-outside filtered-by; "
			      "80/tcp expected-but-closed closed");
	DW_CHECK_STR(s->got.v[1].reasons[0].text, "192.0.2.254 says that it is prohibited.");
	DW_CHECK(!s->got.urgent && !s->got.blind);
}

SCENE(loopback_is_not_expected_outside)
{
	door(s, "127.0.0.1", TCP, 631, "cups");
	door(s, "::1", TCP, 631, "cups");
	DW_CHECK_STR(text(s), "");
	open_port(s, 631);
	DW_CHECK_STR(text(s),
		     "631/tcp! open-outside-unknown-inside unknown-inside inside-loopback");
}

SCENE(one_address_counts_only_there)
{
	door(s, "192.0.2.1", TCP, 22, NULL);
	door(s, "192.0.2.9", TCP, 80, NULL); /* no address of the scan */
	own(s, "192.0.2.9", "eth0");
	open_port(s, 22);
	DW_CHECK_STR(text(s), "22/tcp as-expected open-inside");
	open_port(s, 80);
	DW_CHECK_STR(text(s), "80/tcp! open-outside-unknown-inside unknown-inside "
			      "inside-other-address; 22/tcp as-expected open-inside");
}

SCENE(families)
{
	door(s, "0.0.0.0", TCP, 1, NULL);
	door(s, "::", TCP, 2, NULL);
	door(s, "*", TCP, 3, NULL);
	door(s, "::ffff:192.0.2.1", TCP, 4, NULL);
	DW_CHECK_STR(text(s), "1/tcp expected-but-closed closed; 3/tcp expected-but-closed closed; "
			      "4/tcp expected-but-closed closed");
	s->host.address = address("2001:db8::1");
	DW_CHECK_STR(text(s), "2/tcp expected-but-closed closed; 3/tcp expected-but-closed closed");
}

SCENE(bound_to_an_interface)
{
	door(s, "0.0.0.0", TCP, 1, NULL)->at.ifindex = 2;
	s->doors[0].at.ifname = "eth0";
	door(s, "0.0.0.0", TCP, 2, NULL)->at.ifindex = 9;
	s->doors[1].at.ifname = "eth9";
	DW_CHECK_STR(text(s), "1/tcp expected-but-closed closed");
}

SCENE(other_namespaces)
{
	struct dw_door *d = door(s, "0.0.0.0", TCP, 80, NULL);

	d->netns = "box";
	DW_CHECK_STR(text(s), "");
	open_port(s, 80);
	DW_CHECK_STR(text(s), "80/tcp! open-outside-unknown-inside unknown-inside "
			      "inside-other-namespace");
	/* its published port is a door of the host */
	d = door(s, "0.0.0.0", TCP, 80, NULL);
	d->kind = DW_KIND_FORWARDED;
	DW_CHECK_STR(text(s), "80/tcp as-expected open-inside");
}

SCENE(an_address_of_a_container)
{
	struct dw_door *d = door(s, "172.17.0.2", TCP, 80, NULL);

	d->netns = "box";
	s->host.address = address("172.17.0.2");
	open_port(s, 80);
	DW_CHECK_STR(text(s), "80/tcp as-expected open-inside");
}

SCENE(ranges_that_are_forwarded)
{
	struct dw_door *d = door(s, "0.0.0.0", TCP, 8000, NULL);

	d->kind = DW_KIND_FORWARDED;
	d->port_last = 8002;
	open_port(s, 8001);
	DW_CHECK_STR(text(s), "8000/tcp expected-but-closed closed; "
			      "8002/tcp expected-but-closed closed; "
			      "8001/tcp as-expected open-inside");
	d->kind = DW_KIND_REDIRECTED; /* it could answer, and need not */
	DW_CHECK_STR(text(s), "8000/tcp as-expected closed; 8001/tcp as-expected open-inside; "
			      "8002/tcp as-expected closed");
}

SCENE(what_is_no_door_for_a_scan)
{
	door(s, "0.0.0.0", TCP, 5, NULL)->kind = DW_KIND_SLEEPING;
	door(s, "0.0.0.0", DW_PROTOCOL_UDPLITE, 6, NULL);
	door(s, "0.0.0.0", DW_PROTOCOL_RAW, 1, NULL)->kind = DW_KIND_RAW;
	door(s, "224.0.0.251", UDP, 7, NULL);
	DW_CHECK_STR(text(s), "");
	open_port(s, 5);
	DW_CHECK_STR(text(s), "5/tcp as-expected woken");
}

SCENE(udp_that_is_silent)
{
	door(s, "0.0.0.0", UDP, 123, "ntp");
	door(s, "0.0.0.0", UDP, 161, "snmp");
	door(s, "0.0.0.0", UDP, 40000, NULL);
	port_of(&s->host, UDP, 123, DW_SCAN_UNPROVEN);
	port_of(&s->host, UDP, 161, DW_SCAN_OPEN);
	DW_CHECK_STR(text(s),
		     "123/udp not-looked-at udp-silent; 40000/udp not-looked-at not-asked; "
		     "161/udp as-expected open-inside");
	DW_CHECK(!s->got.blind && !s->got.urgent);
}

/* TCP and UDP of one number are two ports. */
SCENE(protocols_are_kept_apart)
{
	door(s, "0.0.0.0", UDP, 53, "dns");
	open_port(s, 53);
	port_of(&s->host, UDP, 53, DW_SCAN_OPEN);
	DW_CHECK_STR(text(s), "53/tcp! open-outside-unknown-inside unknown-inside; "
			      "53/udp as-expected open-inside");
}

SCENE(what_was_not_looked_at_is_no_claim)
{
	door(s, "0.0.0.0", TCP, 80, NULL);
	s->scan.tcp_ports = "1-79";
	DW_CHECK_STR(text(s), "80/tcp not-looked-at not-asked");
	s->scan.tcp_ports = "1-65535";
	s->scan.shard = 2;
	s->scan.shards = 3;
	DW_CHECK_STR(text(s), "80/tcp not-looked-at other-shard");
	DW_CHECK(!s->got.blind);
	s->scan.shards = 1;
	s->host.complete = false;
	DW_CHECK_STR(text(s), "80/tcp? not-looked-at stopped");
	DW_CHECK(s->got.blind);
	s->host.complete = true;
	s->host.up = DW_SCAN_UP_GONE;
	DW_CHECK_STR(text(s), "80/tcp? not-looked-at host-gone");
	port_of(&s->host, TCP, 80, DW_SCAN_FILTERED);
	DW_CHECK_STR(text(s), "80/tcp? not-looked-at host-gone");
	s->host.up = DW_SCAN_UP_YES;
	s->host.ports[0].missed = 0.3F;
	DW_CHECK_STR(text(s), "80/tcp? not-looked-at lossy");
	s->host.n_ports = 0;
	s->host.up = DW_SCAN_UP_NO;
	DW_CHECK_STR(text(s), "? not-looked-at host-silent");
}

/* Counted ports that are partly closed and partly filtered: which of the two is not known. */
SCENE(counted_ports_that_are_not_alike)
{
	door(s, "0.0.0.0", TCP, 80, NULL);
	s->host.tcp = (struct dw_scan_counts){ 65535, 0, 60000, 5535, 0 };
	DW_CHECK_STR(text(s), "80/tcp not-looked-at not-asked");
	s->host.tcp = (struct dw_scan_counts){ 65535, 0, 0, 65535, 0 };
	DW_CHECK_STR(text(s), "80/tcp open-inside-filtered-outside filtered");
}

SCENE(a_tarpit_proves_nothing)
{
	door(s, "0.0.0.0", TCP, 22, NULL);
	open_port(s, 22);
	open_port(s, 23);
	s->host.tarpit = true;
	DW_CHECK_STR(text(s), " not-looked-at tarpit; 22/tcp not-looked-at tarpit");
	DW_CHECK(!s->got.urgent);
}

SCENE(hosts_that_nobody_saw_from_inside)
{
	s->host.address = address("192.0.2.77");
	open_port(s, 22);
	DW_CHECK_STR(text(s), "? not-looked-at not-scanned; 22/tcp? not-looked-at no-inside");
	s->in.n_insides = 0;
	DW_CHECK_STR(text(s), "22/tcp? not-looked-at no-inside");
}

SCENE(behind_an_address_translation)
{
	struct dw_address outside = address("203.0.113.5");

	s->host.address = outside;
	s->inside.reached_by = &outside;
	s->inside.n_reached_by = 1;
	door(s, "0.0.0.0", TCP, 22, NULL);
	door(s, "192.0.2.1", TCP, 80, NULL);
	open_port(s, 22);
	open_port(s, 80);
	open_port(s, 81);
	DW_CHECK_STR(text(s), "81/tcp! open-outside-unknown-inside unknown-inside; "
			      "22/tcp as-expected open-inside; 80/tcp as-expected open-inside");
}

/* Two documents say that an address is theirs: bridges have the same one on many hosts. */
SCENE(an_address_that_two_hosts_have)
{
	struct dw_snapshot second = s->snapshot;
	struct dw_inside both[2] = { s->inside, s->inside };
	struct dw_address here = s->host.address;

	second.host = "mail";
	both[0].source = "web.json";
	both[1].source = "mail.json";
	both[1].snapshot = &second;
	s->in.insides = both;
	s->in.n_insides = 2;
	door(s, "0.0.0.0", TCP, 22, NULL);
	second.n_doors = 0;
	open_port(s, 22);
	DW_CHECK_STR(text(s), "? not-looked-at two-insides");
	DW_CHECK_STR(s->got.v[0].reasons[0].text,
		     "web.json and mail.json both say that this address is their host's: --address "
		     "says whose it is.");
	DW_CHECK(!s->got.urgent && s->got.blind);
	s->scan.scanner = "mail"; /* who asks such an address asks itself */
	DW_CHECK_STR(text(s), "22/tcp! open-outside-unknown-inside unknown-inside; "
			      "? not-looked-at not-scanned");
	s->scan.scanner = "far";
	both[0].reached_by = &here;
	both[0].n_reached_by = 1;
	DW_CHECK_STR(text(s), "? not-looked-at not-scanned; 22/tcp as-expected open-inside");
	DW_CHECK_STR(s->got.v[1].inside->source, "web.json");
}

SCENE(a_document_that_tells_no_addresses)
{
	struct dw_address here = s->host.address;

	s->inside.source = "web.json";
	s->snapshot.n_addresses = 0;
	door(s, "0.0.0.0", TCP, 22, NULL);
	open_port(s, 22);
	DW_CHECK_STR(text(s), "? not-looked-at no-addresses; 22/tcp? not-looked-at no-inside");
	s->host.name = "web"; /* it was scanned by its name */
	DW_CHECK_STR(text(s), "22/tcp as-expected open-inside");
	s->host.name = NULL;
	s->inside.reached_by = &here;
	s->inside.n_reached_by = 1;
	DW_CHECK_STR(text(s), "22/tcp as-expected open-inside");
}

/* A host that scans itself reaches its loopback; the loopback of another is not its. */
SCENE(a_host_that_scans_itself)
{
	door(s, "127.0.0.1", TCP, 631, NULL);
	s->host.address = address("127.0.0.1");
	open_port(s, 631);
	s->scan.scanner = "web";
	DW_CHECK_STR(text(s), "631/tcp as-expected open-inside");
	s->scan.scanner = "far";
	DW_CHECK(strstr(text(s), "631/tcp? not-looked-at no-inside"));
}

SCENE(looks_far_apart)
{
	struct dw_incomplete blind = { .what = "not-root", .text = "x", .blind = true };

	open_port(s, 99);
	s->snapshot.time = 1010 + 7200;
	s->snapshot.incomplete = &blind;
	s->snapshot.n_incomplete = 1;
	DW_CHECK_STR(text(s), "99/tcp! open-outside-unknown-inside unknown-inside looked-apart "
			      "inside-blind");
	DW_CHECK_STR(s->got.v[0].reasons[1].text,
		     "The look from inside was after the scan, by 2 hours.");
}

/* --- services ------------------------------------------------------------------------------------------- */

SCENE(the_wrong_service_on_a_standard_port)
{
	door(s, "0.0.0.0", TCP, 22, NULL);
	door(s, "0.0.0.0", TCP, 443, "ssh");
	door(s, "0.0.0.0", TCP, 3306, "mysql");
	says(s, open_port(s, 22), "http", NULL);
	says(s, open_port(s, 443), "ssh", "OpenSSH"); /* inside it is known as that */
	says(s, open_port(s, 3306), "ssh", NULL);
	DW_CHECK_STR(text(s), "22/tcp! wrong-service not-the-standard-service; "
			      "3306/tcp! wrong-service not-what-inside-says; "
			      "443/tcp wrong-service not-the-standard-service");
}

SCENE(services_that_fit)
{
	door(s, "0.0.0.0", TCP, 25, "postfix");
	door(s, "0.0.0.0", TCP, 80, "nginx");
	door(s, "0.0.0.0", TCP, 443, "haproxy");
	door(s, "0.0.0.0", TCP, 631, "cups");
	door(s, "0.0.0.0", TCP, 5000, NULL);
	says(s, open_port(s, 25), "smtp", "Postfix");
	says(s, open_port(s, 80), "http", "nginx");
	says(s, open_port(s, 443), "https", NULL);
	says(s, open_port(s, 631), "http", NULL);
	says(s, open_port(s, 5000), "something", NULL);
	dw_compare(&s->in, s->a, &s->got);
	DW_CHECK_INT(s->got.count[DW_COMPARE_AS_EXPECTED], 5);
	DW_CHECK_INT(s->got.n, 5);
}

/* --- the policy ------------------------------------------------------------------------------------------- */

SCENE(the_policy_decides_from_where)
{
	door(s, "0.0.0.0", TCP, 22, "ssh");
	door(s, "0.0.0.0", TCP, 80, NULL);
	open_port(s, 22);
	open_port(s, 80);
	policy(s, "default close\nkeep ssh from 198.51.100.0/24\n");
	DW_CHECK_STR(text(s), "80/tcp! open-outside-not-allowed not-in-policy; "
			      "22/tcp as-expected policy-keeps open-inside");
	policy(s, "default close\nkeep ssh from 10.0.0.0/8\nkeep 80/tcp on loopback\n");
	DW_CHECK_STR(text(s), "22/tcp! open-outside-not-allowed policy-not-from-there; "
			      "80/tcp! open-outside-not-allowed policy-elsewhere");
	s->in.n_scanner = 0;
	policy(s, "default ask\nkeep ssh from 10.0.0.0/8\n");
	DW_CHECK_STR(text(s), "80/tcp open-outside-not-allowed not-in-policy; "
			      "22/tcp? not-looked-at scanner-unknown");
	policy(s, "close ssh\nkeep 80/tcp\n");
	DW_CHECK_STR(text(s), "22/tcp! open-outside-not-allowed policy-closes; "
			      "80/tcp as-expected policy-keeps open-inside");
}

SCENE(what_the_policy_shuts_may_be_shut)
{
	door(s, "0.0.0.0", TCP, 22, "ssh");
	door(s, "0.0.0.0", TCP, 80, NULL);
	port_of(&s->host, TCP, 22, DW_SCAN_FILTERED);
	policy(s, "default close\nkeep ssh from 10.0.0.0/8\nkeep 80/tcp\n");
	DW_CHECK_STR(text(s), "80/tcp expected-but-closed policy-keeps closed; "
			      "22/tcp as-expected policy-not-from-there filtered");
}

SCENE(the_policy_without_a_look_from_inside)
{
	s->in.n_insides = 0;
	policy(s, "default close\nkeep ssh\nkeep 8443/tcp\nkeep 9443/tcp from 10.0.0.0/8\n");
	says(s, open_port(s, 22), "ssh", NULL);
	says(s, open_port(s, 23), "telnet", NULL);
	DW_CHECK_STR(text(s), "23/tcp! open-outside-not-allowed not-in-policy answers; "
			      "8443/tcp expected-but-closed policy-keeps closed; "
			      "22/tcp as-expected policy-keeps open-before");
}

/* --- over time ------------------------------------------------------------------------------------------ */

SCENE(new_gone_and_changed)
{
	s->in.n_insides = 0;
	s->in.expect = DW_EXPECT_BASELINE;
	s->in.before = &s->before;
	says(s, port_of(&s->host_before, TCP, 22, DW_SCAN_OPEN), "ssh", "OpenSSH");
	port_of(&s->host_before, TCP, 25, DW_SCAN_OPEN);
	says(s, port_of(&s->host_before, TCP, 80, DW_SCAN_OPEN), "http", "nginx");
	says(s, port_of(&s->host_before, TCP, 99, DW_SCAN_OPEN), "http", NULL);
	says(s, open_port(s, 22), "ssh", "OpenSSH");
	says(s, open_port(s, 80), "http", "Apache");
	says(s, open_port(s, 99), "irc", NULL);
	open_port(s, 4444);
	DW_CHECK_STR(text(s), "4444/tcp! new-since-last-scan new; "
			      "99/tcp! changed-since-last-scan protocol-changed; "
			      "80/tcp changed-since-last-scan version-changed; "
			      "25/tcp gone-since-last-scan closed open-before; "
			      "22/tcp as-expected open-before");
}

SCENE(what_was_not_looked_at_before_is_not_urgent)
{
	s->in.n_insides = 0;
	s->in.expect = DW_EXPECT_BASELINE;
	s->in.before = &s->before;
	s->before.tcp_ports = "1-100";
	open_port(s, 4444);
	DW_CHECK_STR(text(s), "4444/tcp new-since-last-scan not-before");
	s->before.n_hosts = 0;
	DW_CHECK_STR(text(s), "4444/tcp! new-since-last-scan host-not-before");
}

SCENE(a_host_that_is_silent_now)
{
	s->in.n_insides = 0;
	s->in.expect = DW_EXPECT_BASELINE;
	s->in.before = &s->before;
	port_of(&s->host_before, TCP, 25, DW_SCAN_OPEN);
	s->scan.n_hosts = 0;
	DW_CHECK_STR(text(s), "? not-looked-at host-silent");
	s->scan.n_hosts = 1;
	s->host.up = DW_SCAN_UP_GONE;
	DW_CHECK_STR(text(s), "25/tcp? not-looked-at host-gone");
}

/* Beside the audit the scan before only tells what is new: the inside knows of it. */
SCENE(new_and_known_inside)
{
	s->in.before = &s->before;
	door(s, "0.0.0.0", TCP, 22, NULL);
	door(s, "0.0.0.0", TCP, 80, NULL);
	port_of(&s->host_before, TCP, 80, DW_SCAN_OPEN);
	open_port(s, 22);
	DW_CHECK_STR(text(s), "22/tcp new-since-last-scan new; "
			      "80/tcp expected-but-closed closed open-before");
}

DW_TEST_MAIN
