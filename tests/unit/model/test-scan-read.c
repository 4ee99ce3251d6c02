/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan read back from its document: all of it, and what is wrong with it by its place. */
#include <errno.h>

#include "dw_doc.h"
#include "dw_scan_read.h"
#include "dw_test.h"

static const char whole[] =
	"{\"id\":7,\"command\":\"doorward scan web\",\"scanner\":\"here\",\"authorised_by\":null,"
	"\"targets\":\"web\",\"excluded\":\"\",\"tcp_ports\":\"1-1000\",\"udp_ports\":null,"
	"\"seed\":18446744073709551615,\"shard\":1,\"shards\":1,"
	"\"begun\":\"2025-11-26T22:00:00Z\",\"ended\":\"2025-11-26T22:00:10Z\","
	"\"sent\":1000,\"notes\":[\"One.\",\"Two.\"],\"something_new\":{\"a\":[1,2]},"
	"\"hosts\":[{\"address\":\"fe80::1%3\",\"up\":\"gone\",\"loss\":null},"
	"{\"address\":\"192.0.2.1\",\"name\":\"web\",\"up\":\"yes\",\"up_why\":\"neighbour\","
	"\"mac\":\"52:54:00:12:34:56\",\"loss\":0.5,\"complete\":true,"
	"\"tcp\":{\"asked\":1000,\"open\":1,\"closed\":998,\"filtered\":1},"
	"\"ports\":[{\"protocol\":\"tcp\",\"port\":8080,\"state\":\"filtered\","
	"\"why\":\"prohibited\",\"from\":\"192.0.2.254\",\"missed\":0.25},"
	"{\"protocol\":\"tcp\",\"port\":443,\"state\":\"open\",\"why\":\"syn-ack\","
	"\"time\":\"2025-11-26T22:00:01.123Z\",\"service\":{\"protocol\":\"http\",\"tls\":true,"
	"\"names\":[\"a\",\"b\"],\"expires\":\"2027-01-15T08:00:00Z\"}}]}]}";

static int read_it(const char *text, struct dw_arena *a, struct dw_scan *ret, struct dw_error *e)
{
	*e = (struct dw_error){ 0 };
	return dw_scan_read_json(text, strlen(text), "s.json", a, ret, e);
}

DW_TEST(a_whole_scan)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_scan s = { 0 };
	struct dw_error e;
	const struct dw_scan_host *h;

	DW_CHECK_INT(read_it(whole, a, &s, &e), 0);
	DW_CHECK_STR(e.message, "");
	DW_CHECK_INT(s.id, 7);
	DW_CHECK(s.seed == UINT64_MAX);
	DW_CHECK_INT(s.begun, 1764194400);
	DW_CHECK_INT(s.ended, 1764194410);
	DW_CHECK_STR(s.authorised_by, NULL);
	DW_CHECK_STR(s.udp_ports, NULL);
	DW_CHECK_INT(s.n_notes, 2);
	DW_CHECK_INT(s.n_hosts, 2);
	h = &s.hosts[0]; /* by address: IPv4 first */
	DW_CHECK_STR(dw_address_text(a, &h->address), "192.0.2.1");
	DW_CHECK_INT(h->mac[5], 0x56);
	DW_CHECK(h->loss == 0.5F);
	DW_CHECK_INT(h->tcp.closed, 998);
	DW_CHECK_INT(h->n_ports, 2);
	DW_CHECK_INT(h->ports[0].port, 443); /* by port */
	DW_CHECK_INT(h->ports[0].time, UINT64_C(1764194401123));
	DW_CHECK(h->ports[0].service && h->ports[0].service->tls);
	DW_CHECK_INT(h->ports[0].service->expires, 1800000000);
	DW_CHECK_STR(h->ports[0].service->names[1], "b");
	DW_CHECK(h->ports[1].has_from && h->ports[1].missed == 0.25F);
	DW_CHECK_INT(h->ports[1].why, DW_SCAN_WHY_PROHIBITED);
	DW_CHECK_INT(s.hosts[1].address.scope, 3);
	DW_CHECK_INT(s.hosts[1].up, DW_SCAN_UP_GONE);
	DW_CHECK(s.hosts[1].loss < 0);
}

DW_TEST(what_is_wrong_is_told_by_its_place)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "", "s.json: no valid JSON" },
		{ "[]", "s.json: it is no JSON object" },
		{ "{\"doors\":[]}", "s.json: hosts: there is no such list: it is no scan" },
		{ "{\"hosts\":[7]}", "s.json: hosts[0]: it is no object" },
		{ "{\"hosts\":[{\"address\":\"1.2.3\"}]}", "hosts[0].address: it is no address" },
		{ "{\"hosts\":[{}]}", "hosts[0].address: there is none" },
		{ "{\"hosts\":[{\"address\":\"::1\",\"ports\":[{\"port\":70000}]}]}",
		  "hosts[0].ports[0].port: it is no number from 0 to 65535" },
		{ "{\"hosts\":[{\"address\":\"::1\",\"ports\":[{\"protocol\":\"raw\",\"port\":1,"
		  "\"state\":\"open\"}]}]}",
		  "hosts[0].ports[0].protocol: it must be tcp, udp or sctp" },
		{ "{\"hosts\":[{\"address\":\"::1\",\"ports\":[{\"protocol\":\"tcp\",\"port\":1,"
		  "\"state\":\"ajar\"}]}]}",
		  "hosts[0].ports[0].state: it is none of the words" },
		{ "{\"hosts\":[{\"address\":\"::1\",\"ports\":["
		  "{\"protocol\":\"tcp\",\"port\":1,\"state\":\"open\"},"
		  "{\"protocol\":\"tcp\",\"port\":1,\"state\":\"closed\"}]}]}",
		  "hosts[0].ports: port 1/tcp stands there twice" },
		{ "{\"hosts\":[{\"address\":\"::1\"},{\"address\":\"0::1\"}]}",
		  "hosts: ::1 stands there twice" },
		{ "{\"tcp_ports\":\"9-1\",\"hosts\":[]}", "tcp_ports: it is no list of ports" },
		{ "{\"begun\":5,\"hosts\":[]}", "begun: it is no text" },
		{ "{\"begun\":\"2025-13-01T00:00:00Z\",\"hosts\":[]}", "begun: it is no time" },
		{ "{\"hosts\":[{\"address\":\"::1\",\"loss\":7}]}",
		  "hosts[0].loss: it is no number from 0 to 1" },
		{ "{\"hosts\":[{\"address\":\"::1\",\"mac\":\"52:54\"}]}", "hosts[0].mac" },
		{ "{\"hosts\":[{\"address\":\"::1\",\"tarpit\":1}]}",
		  "hosts[0].tarpit: it is neither true nor false" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_scan s = { 0 };
		struct dw_error e;

		DW_CHECK_INT(read_it(bad[i].text, a, &s, &e), -EBADMSG);
		if (!strstr(e.message, bad[i].message))
			DW_CHECK_STR(e.message, bad[i].message);
		DW_CHECK(!s.hosts);
	}
}

DW_TEST(lists_of_ports)
{
	static const struct {
		const char *list;
		int n; /* -1: none */
	} lists[] = {
		{ "", 0 },       { "22", 1 },  { "1-3,9", 4 }, { "0-65535", 65536 }, { "1,", -1 },
		{ "65536", -1 }, { "a", -1 },  { "1-", -1 },   { "-", -1 },          { "3-2", -1 },
		{ "1 ,2", -1 },  { ",1", -1 }, { "1--2", -1 }, { "7,7", 1 },
	};
	uint8_t bits[DW_SCAN_PORT_BYTES];

	for (size_t i = 0; i < DW_ARRAY_SIZE(lists); i++) {
		bool good = dw_scan_ports_parse(lists[i].list, bits);
		int n = 0;

		for (unsigned p = 0; p < 65536; p++)
			n += dw_scan_ports_have(bits, (uint16_t)p);
		DW_CHECK_INT(good ? n : -1, lists[i].n);
	}
	DW_CHECK(dw_scan_ports_parse(NULL, bits));
}

DW_TEST(times_go_there_and_back)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} times[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T23:59:59Z", 951868799 },
		{ "2024-12-31T00:00:00Z", 1735603200 },
		{ "2100-03-01T00:00:00Z", 4107542400 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
	};
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	uint64_t seconds = 1;
	unsigned ms = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(times); i++) {
		DW_CHECK(dw_doc_parse_time(times[i].text, &seconds, &ms));
		DW_CHECK_INT(seconds, times[i].seconds);
		DW_CHECK_STR(dw_doc_time_text(a, seconds), times[i].text);
	}
	DW_CHECK(!dw_doc_parse_time("2025-11-26 22:00:00Z", &seconds, &ms));
	DW_CHECK(!dw_doc_parse_time("2025-11-26T22:00:00", &seconds, &ms));
	DW_CHECK(!dw_doc_parse_time("2025-11-26T22:00:00+01:00", &seconds, &ms));
	DW_CHECK(dw_doc_parse_time("2025-11-26T22:00:00.5Z", &seconds, &ms));
}

DW_TEST(a_service_goes_there_and_back)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_scan_service s = { .protocol = "ssh", .banner = "SSH-2.0 \xff \"", .expires = 5 };
	struct dw_scan_service *got = NULL;
	const char *text = dw_scan_service_text(a, &s);

	DW_CHECK_STR(text, "{\"protocol\":\"ssh\",\"banner\":\"SSH-2.0 \\\\xff \\\"\","
			   "\"expires\":\"1970-01-01T00:00:05Z\"}");
	DW_CHECK_INT(dw_scan_service_read(text, a, &got, NULL), 0);
	DW_CHECK_STR(got->protocol, "ssh");
	DW_CHECK_STR(got->banner, "SSH-2.0 \\xff \"");
	DW_CHECK_INT(got->expires, 5);
	DW_CHECK_INT(dw_scan_service_read("[]", a, &got, NULL), -EBADMSG);
	DW_CHECK_INT(dw_scan_service_read(NULL, a, &got, NULL), 0);
	DW_CHECK(!got);
}

DW_TEST_MAIN
