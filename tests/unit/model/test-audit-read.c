/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit read back from its document, and what is wrong with one by its place. */
#include <errno.h>

#include "dw_audit_read.h"
#include "dw_json.h"
#include "dw_str.h"
#include "dw_test.h"

static const char whole[] =
	"{\"host\":\"web1\",\"time\":\"2026-01-31T12:00:00Z\",\"version\":\"9.9\",\"method\":"
	"\"bpf\","
	"\"service_manager\":\"systemd\",\"something_new\":[{\"a\":1}],"
	"\"addresses\":[{\"address\":\"127.0.0.1\",\"interface\":\"lo\"},"
	"{\"address\":\"192.0.2.10\",\"interface\":\"eth0\"},"
	"{\"address\":\"fe80::1%7\",\"interface\":null}],"
	"\"doors\":[{\"protocol\":\"tcp\",\"family\":\"dual\",\"address\":\"::\",\"port\":22,"
	"\"netns\":\"host\",\"interface\":\"eth0\",\"kind\":\"listener\","
	"\"program\":\"/usr/sbin/sshd\",\"package\":\"openssh-server\",\"service\":\"ssh\","
	"\"starter\":{\"kind\":\"systemd-service\",\"id\":\"ssh.service\"},"
	"\"owners\":[{\"pid\":7,\"executable\":\"/usr/sbin/sshd\",\"user\":\"root\"}]},"
	"{\"protocol\":\"packet\",\"family\":\"packet\",\"address\":\"eth0\",\"port\":null},"
	"{\"protocol\":\"quantum\",\"address\":\"elsewhere\",\"port\":1e99},"
	"{\"protocol\":\"udp\",\"family\":\"ipv6\",\"address\":\"fe80::2%eth1\",\"port\":546,"
	"\"netns\":\"net:[4026532000]\",\"interface\":\"eth1\",\"kind\":\"of-the-future\"},"
	"{\"protocol\":\"tcp\",\"family\":\"unknown\",\"address\":null,\"port\":null,"
	"\"kind\":\"sleeping\"}],"
	"\"incomplete\":[{\"what\":\"not-root\",\"text\":\"x\",\"file\":null,\"blind\":true}]}";

static int read_it(const char *text, struct dw_arena *a, struct dw_audit_read *ret,
		   struct dw_error *e)
{
	struct dw_json_value *v = NULL;
	int r;

	*e = (struct dw_error){ 0 };
	DW_CHECK_INT(dw_json_parse(text, strlen(text), &v, NULL), 0);
	r = dw_audit_read_value(v, "web1.json", a, ret, e);
	dw_json_free(v);
	return r;
}

DW_TEST(a_whole_audit)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_audit_read r = { 0 };
	const struct dw_snapshot *s = &r.snapshot;
	const struct dw_door *d;
	struct dw_error e;

	DW_CHECK_INT(read_it(whole, a, &r, &e), 0);
	DW_CHECK_STR(e.message, "");
	DW_CHECK_STR(s->host, "web1");
	DW_CHECK_INT(s->time, 1769860800);
	DW_CHECK_INT(s->n_addresses, 3);
	DW_CHECK_STR(dw_address_text(a, &s->addresses[1].address), "192.0.2.10");
	DW_CHECK_STR(dw_address_text(a, &s->addresses[2].address), "fe80::1");
	DW_CHECK_INT(s->n_doors, 3);
	d = &s->doors[0];
	DW_CHECK_STR(dw_endpoint_text(a, &d->at), "[::]:22/tcp");
	DW_CHECK_STR(d->at.ifname, "eth0");
	DW_CHECK_INT(d->at.family, DW_FAMILY_DUAL);
	DW_CHECK_INT(d->at.ifindex, s->addresses[1].ifindex);
	DW_CHECK_INT(d->kind, DW_KIND_LISTENER);
	DW_CHECK_STR(d->package->name, "openssh-server");
	DW_CHECK_STR(d->starter.id, "ssh.service");
	DW_CHECK_INT(d->starter.kind, DW_STARTER_SYSTEMD_SERVICE);
	DW_CHECK_STR(d->owners[0].user, "root");
	DW_CHECK_STR(r.services[0], "ssh");
	d = &s->doors[1]; /* a kind of the future is none that we know, and no mistake */
	DW_CHECK_INT(d->kind, DW_KIND_UNKNOWN);
	DW_CHECK_INT(dw_endpoint_bound(&d->at), DW_BOUND_LINK_LOCAL);
	DW_CHECK(d->at.ifindex && d->at.ifindex != s->doors[0].at.ifindex);
	DW_CHECK_STR(d->netns, "net:[4026532000]");
	DW_CHECK(!s->doors[2].at.has_port);
	DW_CHECK_INT(s->n_incomplete, 1);
	DW_CHECK(s->incomplete[0].blind);
}

DW_TEST(addresses_that_nobody_looked_at)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_audit_read r = { 0 };
	struct dw_error e;

	DW_CHECK_INT(read_it("{\"doors\":[],\"addresses\":null}", a, &r, &e), 0);
	DW_CHECK_INT(r.snapshot.n_addresses, 0);
	DW_CHECK_INT(read_it("{\"doors\":[]}", a, &r, &e), 0);
	DW_CHECK_STR(r.snapshot.host, NULL);
}

DW_TEST(what_is_wrong_is_told_by_its_place)
{
	static const struct {
		const char *text, *says;
	} all[] = {
		{ "{}", "web1.json: doors: there is no such list: it is no audit" },
		{ "{\"doors\":{}}", "web1.json: doors: it is no list" },
		{ "{\"doors\":[1]}", "web1.json: doors[0]: it is no object" },
		{ "{\"doors\":[{\"protocol\":\"tcp\",\"port\":65536}]}",
		  "web1.json: doors[0].port: it is no number from 0 to 65535" },
		{ "{\"doors\":[{\"protocol\":\"tcp\",\"port\":\"22\"}]}",
		  "web1.json: doors[0].port: it is no number from 0 to 65535" },
		{ "{\"doors\":[{\"protocol\":\"tcp\",\"address\":\"here\"}]}",
		  "web1.json: doors[0].address: it is no address" },
		{ "{\"doors\":[{\"protocol\":\"tcp\",\"family\":\"ipv4\",\"address\":\"::1\"}]}",
		  "web1.json: doors[0].address: it is not of the family that stands there" },
		{ "{\"doors\":[{\"protocol\":\"tcp\",\"starter\":\"x\"}]}",
		  "web1.json: doors[0].starter: it is no object" },
		{ "{\"doors\":[{\"protocol\":\"tcp\",\"owners\":[{\"executable\":1}]}]}",
		  "web1.json: doors[0].owners[0].executable: it is no text" },
		{ "{\"doors\":[],\"addresses\":[{\"address\":\"300.1.1.1\"}]}",
		  "web1.json: addresses[0].address: it is no address" },
		{ "{\"doors\":[],\"time\":\"yesterday\"}",
		  "web1.json: time: it is no time like 2026-01-31T12:00:00Z" },
		{ "{\"doors\":[],\"incomplete\":[{\"what\":\"x\",\"blind\":1}]}",
		  "web1.json: incomplete[0].blind: it is neither true nor false" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_audit_read r = { 0 };
		struct dw_error e;

		DW_CHECK_INT(read_it(all[i].text, a, &r, &e), -EBADMSG);
		DW_CHECK_STR(e.message, all[i].says);
		DW_CHECK(!r.snapshot.doors);
	}
}

DW_TEST(sizes_are_capped)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str text = { .arena = a };
	struct dw_audit_read r = { 0 };
	struct dw_error e;

	dw_str_add(&text, "{\"doors\":[{\"protocol\":\"tcp\",\"program\":\"");
	for (unsigned i = 0; i < 5000; i++)
		dw_str_addc(&text, 'x');
	dw_str_add(&text, "\"}]}");
	DW_CHECK_INT(read_it(text.s, a, &r, &e), -EBADMSG);
	DW_CHECK_STR(e.message, "web1.json: doors[0].program: it is longer than 4096 bytes");
	text = (struct dw_str){ .arena = a };
	dw_str_add(&text, "{\"doors\":[],\"addresses\":[");
	for (unsigned i = 0; i < 5000; i++)
		dw_str_addf(&text, "%s{\"address\":\"::%x\",\"interface\":\"e%u\"}", i ? "," : "",
			    i, i);
	dw_str_add(&text, "]}");
	DW_CHECK_INT(read_it(text.s, a, &r, &e), -EBADMSG);
	DW_CHECK_STR(e.message, "web1.json: addresses[1024]: it names more than 1024 interfaces");
}

DW_TEST(which_document_it_is)
{
	static const struct {
		const char *text;
		enum dw_document is;
	} all[] = {
		{ "{\"doors\":[]}", DW_DOCUMENT_AUDIT },
		{ "{\"hosts\":[]}", DW_DOCUMENT_SCAN },
		{ "{\"doors\":1}", DW_DOCUMENT_OTHER },
		{ "[]", DW_DOCUMENT_OTHER },
		{ "3", DW_DOCUMENT_OTHER },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		struct dw_json_value *v = NULL;

		DW_CHECK_INT(dw_json_parse(all[i].text, strlen(all[i].text), &v, NULL), 0);
		DW_CHECK_INT(dw_document_of(v), all[i].is);
		dw_json_free(v);
	}
}

DW_TEST_MAIN
