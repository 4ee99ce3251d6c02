/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From sources and answers, made by hand, to whom the filter lets in. */
#include <arpa/inet.h>

#include "dw_exposure.h"
#include "dw_test.h"
#include "spans.h"

#define SOURCES 12

/* A host with 10.9.0.1 and fd00:9::1 on eth0 (2), and 127.0.0.1. */
struct scene {
	struct dw_arena *a;
	struct dw_source sources[SOURCES];
	size_t n;
	struct dw_door door, *doors[2];
	size_t n_doors;
	/* what becomes of the packets of each source */
	enum dw_arrival fate[SOURCES];
	const char *rule[SOURCES];
	bool led[SOURCES];
	struct dw_exposure *x;
};

static void parse(const char *text, uint8_t *ret)
{
	if (inet_pton(AF_INET, text, ret) != 1 && inet_pton(AF_INET6, text, ret) != 1)
		abort();
}

static size_t add(struct scene *s, enum dw_source_kind kind, const char *low, const char *high,
		  const char *words, enum dw_arrival fate)
{
	struct dw_source *o = &s->sources[s->n];
	struct dw_rehearse_span *span = dw_new(s->a, struct dw_rehearse_span);

	*o = (struct dw_source){ .kind = kind,
				 .family = strchr(low, ':') ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4,
				 .ifindex = kind == DW_SOURCE_HOST ? 1 : 2,
				 .ifname = kind == DW_SOURCE_HOST ? "lo" : "eth0",
				 .words = words,
				 .spans = span,
				 .n_spans = kind != DW_SOURCE_HOST };
	parse(low, span->low);
	parse(high, span->high);
	s->fate[s->n] = fate;
	return s->n++;
}

static struct scene *fresh(enum dw_family family, const char *address)
{
	struct dw_arena *a = dw_arena_new();
	struct scene *s = dw_new(a, struct scene);

	s->a = a;
	s->door = (struct dw_door){ .at = { .protocol = DW_PROTOCOL_TCP,
					    .family = family,
					    .has_port = true,
					    .port = 22 },
				    .kind = DW_KIND_LISTENER,
				    .packet_filter = DW_YES };
	parse(address, s->door.at.address);
	s->doors[0] = &s->door;
	s->n_doors = 1;
	return s;
}

static void answer(const struct scene *s, struct dw_rehearse_answer *v)
{
	for (size_t i = 0; i < s->x->n; i++) {
		uint32_t source = s->x->v[i].source;

		v[i] = (struct dw_rehearse_answer){ .reach = s->fate[source],
						    .rule = s->rule[source],
						    .translated = s->led[source],
						    .forwarded = s->led[source],
						    .at = { 172, 17, 0, 2 },
						    .at_port = 80 };
		if (s->fate[source] == DW_ARRIVAL_UNKNOWN)
			v[i].why = "a limit decides";
	}
}

static const struct dw_filtered *told(struct scene *s)
{
	static const struct dw_rehearse_own own[] = {
		{ DW_FAMILY_IPV4, { 127, 0, 0, 1 }, 8, 1, "lo" },
		{ DW_FAMILY_IPV4, { 10, 9, 0, 1 }, 24, 2, "eth0" },
		{ DW_FAMILY_IPV6, { 0xfd, 0, 0, 9, [15] = 1 }, 64, 2, "eth0" },
		{ DW_FAMILY_IPV6, { 0xfe, 0x80, [15] = 1 }, 64, 2, "eth0" },
	};
	struct dw_exposure_room room = { .sources = s->sources,
					 .n_sources = s->n,
					 .own = own,
					 .n_own = DW_ARRAY_SIZE(own),
					 .doors = s->doors,
					 .n_doors = s->n_doors };
	struct dw_rehearse_answer *v;
	size_t *which;

	s->x = dw_exposure_new(s->a, &room);
	v = dw_arena_array(s->a, s->x->n + 1, sizeof(*v));
	which = dw_arena_array(s->a, s->x->n + 1, sizeof(*which));
	answer(s, v);
	DW_CHECK(dw_exposure_explain(s->x, v, which) <= s->x->n);
	dw_exposure_tell(s->x, v);
	return s->door.filtered;
}

static void check(struct scene *s, enum dw_filtered_kind kind, const char *words)
{
	const struct dw_filtered *f = told(s);

	DW_CHECK_INT(f->kind, kind);
	DW_CHECK_STR(f->words, words);
	dw_arena_free(s->a);
}

static void add_usual(struct scene *s, enum dw_arrival host, enum dw_arrival office,
		      enum dw_arrival anyone)
{
	add(s, DW_SOURCE_HOST, "127.0.0.1", "127.0.0.1", "this host", host);
	add(s, DW_SOURCE_NETWORK, "10.9.0.0", "10.9.0.255", "10.9.0.0/24", office);
	add(s, DW_SOURCE_ANYONE, "11.0.0.0", "223.255.255.255", "anyone", anyone);
}

DW_TEST(kinds)
{
	struct scene *s = fresh(DW_FAMILY_IPV4, "0.0.0.0");

	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_NO);
	check(s, DW_FILTERED_NETWORKS, "10.9.0.0/24");
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_NO, DW_ARRIVAL_NO);
	check(s, DW_FILTERED_HOST, "this host");
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_NO, DW_ARRIVAL_NO, DW_ARRIVAL_NO);
	check(s, DW_FILTERED_NOBODY, "nobody");
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_YES);
	check(s, DW_FILTERED_ANYONE, "anyone");
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_NO, DW_ARRIVAL_YES);
	check(s, DW_FILTERED_ANYONE, "anyone but 10.9.0.0/24");
}

/* What is in doubt is never a guess; beside the whole world one network in doubt is a small matter. */
DW_TEST(doubts)
{
	struct scene *s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	const struct dw_filtered *f;

	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_UNKNOWN);
	s->rule[2] = "inet filter input handle 7";
	f = told(s);
	DW_CHECK_STR(f->words, "unknown");
	DW_CHECK_STR(f->rule, "inet filter input handle 7");
	DW_CHECK_STR(f->why, "a limit decides");
	dw_arena_free(s->a);
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_UNKNOWN, DW_ARRIVAL_YES);
	check(s, DW_FILTERED_ANYONE, "anyone, perhaps not 10.9.0.0/24");
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_UNKNOWN, DW_ARRIVAL_NO, DW_ARRIVAL_NO);
	check(s, DW_FILTERED_HOST, "nobody but perhaps this host");
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_NO);
	s->sources[1].unclear = true;
	check(s, DW_FILTERED_UNKNOWN, "unknown");
}

/* Parts that rules tell apart come together again where they fare alike. */
DW_TEST(neighbours)
{
	struct scene *s = fresh(DW_FAMILY_IPV4, "0.0.0.0");

	add(s, DW_SOURCE_NETWORK, "10.9.0.0", "10.9.0.127", "10.9.0.0/25", DW_ARRIVAL_YES);
	add(s, DW_SOURCE_NETWORK, "10.9.0.128", "10.9.0.255", "10.9.0.128/25", DW_ARRIVAL_YES);
	check(s, DW_FILTERED_NETWORKS, "10.9.0.0/24");
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add(s, DW_SOURCE_NETWORK, "10.9.0.0", "10.9.0.6", "a", DW_ARRIVAL_YES);
	add(s, DW_SOURCE_NETWORK, "10.9.0.7", "10.9.0.7", "b", DW_ARRIVAL_NO);
	add(s, DW_SOURCE_NETWORK, "10.9.0.8", "10.9.0.255", "c", DW_ARRIVAL_YES);
	check(s, DW_FILTERED_NETWORKS, "10.9.0.0/24 but 10.9.0.7");
	/* a part of the world that a rule names is not the world */
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_NO, DW_ARRIVAL_NO);
	add(s, DW_SOURCE_ANYONE, "9.9.9.9", "9.9.9.9", "9.9.9.9", DW_ARRIVAL_YES);
	check(s, DW_FILTERED_NETWORKS, "9.9.9.9");
}

DW_TEST(both_families)
{
	struct scene *s = fresh(DW_FAMILY_DUAL, "::");

	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_YES);
	add(s, DW_SOURCE_NETWORK, "fd00:9::", "fd00:9::ffff:ffff:ffff:ffff", "fd00:9::/64",
	    DW_ARRIVAL_YES);
	add(s, DW_SOURCE_ANYONE, "2000::", "3fff:ffff::", "anyone", DW_ARRIVAL_NO);
	check(s, DW_FILTERED_ANYONE, "anyone over IPv4 and fd00:9::/64");
	s = fresh(DW_FAMILY_DUAL, "::");
	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_NO);
	add(s, DW_SOURCE_NETWORK, "fd00:9::", "fd00:9::ffff:ffff:ffff:ffff", "fd00:9::/64",
	    DW_ARRIVAL_YES);
	add(s, DW_SOURCE_ANYONE, "2000::", "3fff:ffff::", "anyone", DW_ARRIVAL_NO);
	check(s, DW_FILTERED_NETWORKS, "10.9.0.0/24, fd00:9::/64");
	/* a socket of IPv4 is not asked about IPv6 */
	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_YES);
	add(s, DW_SOURCE_ANYONE, "2000::", "3fff:ffff::", "anyone", DW_ARRIVAL_NO);
	check(s, DW_FILTERED_ANYONE, "anyone");
}

DW_TEST(only_by_its_interface)
{
	struct scene *s = fresh(DW_FAMILY_IPV4, "0.0.0.0");

	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_YES);
	s->sources[2].ifindex = 3;
	s->door.at.ifindex = 2;
	s->door.at.ifname = "eth0";
	check(s, DW_FILTERED_NETWORKS, "10.9.0.0/24");
}

/* A published port is open to whom a rule leads on; who only comes to this host does not reach its target. */
DW_TEST(forwarded)
{
	struct scene *s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	const struct dw_filtered *f;

	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_YES);
	s->door.kind = DW_KIND_FORWARDED;
	s->led[2] = true;
	s->rule[2] = "ip nat PREROUTING handle 3";
	f = told(s);
	DW_CHECK_STR(f->words, "anyone but 10.9.0.0/24");
	DW_CHECK_STR(f->rule, "ip nat PREROUTING handle 3");
	DW_CHECK_INT(f->n_sources, 3);
	DW_CHECK_STR(f->sources[2].to, "172.17.0.2:80");
	dw_arena_free(s->a);
}

/* Two rules lead the same port elsewhere: whom the other one takes does not reach this one. */
DW_TEST(another_rule_takes_the_packet)
{
	static const struct {
		const char *target, *others; /* NULL: there is no other rule */
		unsigned other_port;
		const char *words;
	} v[] = {
		{ "172.17.0.2:80", "172.17.0.9:80", 22, "anyone" },
		{ "172.17.0.9:80", "172.17.0.2:80", 22, "nobody" },
		{ "172.17.0.9:80", "172.17.0.2:80", 23, "anyone" },
		{ "172.17.0.9:80", "172.17.0.2:81", 22, "anyone" },
		{ "local:80", "172.17.0.2:80", 22, "nobody" },
		{ "172.17.0.2:80", "local:80", 22, "anyone" },
		{ "172.17.0.9:80", NULL, 0, "anyone" },
		{ NULL, "local:80", 22, "anyone" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(v); i++) {
		struct scene *s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
		struct dw_door other;

		add_usual(s, DW_ARRIVAL_NO, DW_ARRIVAL_YES, DW_ARRIVAL_YES);
		s->led[1] = s->led[2] = true;
		s->door.kind = DW_KIND_FORWARDED;
		s->door.target = v[i].target;
		other = s->door;
		other.target = v[i].others;
		other.at.port = v[i].other_port;
		s->doors[1] = &other;
		s->n_doors = v[i].others ? 2 : 1;
		DW_CHECK_STR(told(s)->words, v[i].words);
		dw_arena_free(s->a);
	}
}

static const char *by_address(enum dw_protocol protocol, enum dw_family family, const char *address,
			      enum dw_tristate filter, struct dw_arena *a)
{
	struct dw_door d = {
		.at = { .protocol = protocol, .family = family, .has_port = true, .port = 22 },
		.packet_filter = filter
	};
	const struct dw_filtered *f;

	parse(address, d.at.address);
	f = dw_exposure_by_address(a, &d);
	return f ? f->words : NULL;
}

DW_TEST(without_a_packet)
{
	struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(by_address(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "127.0.0.1", DW_YES, a),
		     "this host");
	DW_CHECK_STR(by_address(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", DW_NO, a), "anyone");
	DW_CHECK_STR(by_address(DW_PROTOCOL_TCP, DW_FAMILY_IPV6, "fe80::1", DW_NO, a), "fe80::/10");
	DW_CHECK_STR(by_address(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", DW_UNKNOWN, a),
		     "unknown");
	DW_CHECK_STR(by_address(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", DW_YES, a), NULL);
	DW_CHECK_STR(by_address(DW_PROTOCOL_RAW, DW_FAMILY_IPV4, "0.0.0.0", DW_YES, a), "unknown");
	DW_CHECK_STR(by_address(DW_PROTOCOL_UDP, DW_FAMILY_IPV4, "224.0.0.251", DW_YES, a),
		     "unknown");
	DW_CHECK_STR(by_address(DW_PROTOCOL_PACKET, DW_FAMILY_PACKET, "0.0.0.0", DW_YES, a),
		     "anyone");
	dw_arena_free(a);
}

/* Who comes by an interface is asked even where nothing filters; where it cannot be, everybody may. */
DW_TEST(bound_to_an_interface_without_a_filter)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_door d = { .at = { .protocol = DW_PROTOCOL_TCP,
				     .family = DW_FAMILY_IPV4,
				     .has_port = true,
				     .port = 22,
				     .ifindex = 7,
				     .ifname = "eth0" },
			     .packet_filter = DW_NO };

	DW_CHECK(!dw_exposure_by_address(a, &d));
	DW_CHECK_STR(dw_exposure_without_filter(a, &d)->words, "anyone");
	d.at.address[0] = 127;
	DW_CHECK_STR(dw_exposure_by_address(a, &d)->words, "this host");
	dw_arena_free(a);
}

/* A set that is too large to list is named; what little of it is known is not taken for all. */
DW_TEST(a_large_set_that_is_shut_out)
{
	struct scene *s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	const struct dw_filtered *f;
	size_t set;

	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_NO, DW_ARRIVAL_YES);
	set = add(s, DW_SOURCE_ANYONE, "20.0.0.0", "20.0.0.0", "anyone in set inet f bad",
		  DW_ARRIVAL_NO);
	s->sources[set].more_spans = 99999;
	s->sources[set].set = "set inet f bad";
	f = told(s);
	DW_CHECK_INT(f->kind, DW_FILTERED_ANYONE);
	DW_CHECK_STR(f->words, "anyone but 10.9.0.0/24, set inet f bad");
	DW_CHECK(!f->complete);
	DW_CHECK_INT(f->n_networks, 2);
	dw_arena_free(s->a);
}

/* What comes by another interface does not get there, and what this host sends to that interface's addresses does. */
DW_TEST(networks_of_another_interface)
{
	struct scene *s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	size_t far;

	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_YES);
	far = add(s, DW_SOURCE_NETWORK, "192.0.2.0", "192.0.2.255", "192.0.2.0/24", DW_ARRIVAL_YES);
	s->sources[far].ifindex = 3;
	s->sources[far].ifname = "wan0";
	s->door.at.ifindex = 2;
	check(s, DW_FILTERED_ANYONE, "anyone but 192.0.2.0/24");

	s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_NO, DW_ARRIVAL_NO);
	s->door.at.ifname = "eth0";
	check(s, DW_FILTERED_HOST, "this host");
}

/* Doors of the same port ask the same packets; too many are not asked, and that is said. */
DW_TEST(no_packet_twice)
{
	struct scene *s = fresh(DW_FAMILY_IPV4, "0.0.0.0");
	struct dw_door other = s->door, *both[] = { &s->door, &other };
	static const struct dw_rehearse_own own[] = {
		{ DW_FAMILY_IPV4, { 10, 9, 0, 1 }, 24, 2, "eth0" },
	};
	struct dw_exposure_room room = {
		.sources = s->sources, .own = own, .n_own = 1, .doors = both, .n_doors = 2
	};
	struct dw_rehearse_answer answers[3] = { { .reach = DW_ARRIVAL_NO } };

	add_usual(s, DW_ARRIVAL_YES, DW_ARRIVAL_YES, DW_ARRIVAL_YES);
	room.n_sources = s->n;
	DW_CHECK_INT(dw_exposure_new(s->a, &room)->n, 3);
	s->door.filtered = other.filtered = NULL;
	room.most = 1;
	s->x = dw_exposure_new(s->a, &room);
	DW_CHECK_INT(s->x->n, 1);
	dw_exposure_tell(s->x, answers);
	DW_CHECK_STR(other.filtered->words, "unknown");
	DW_CHECK_STR(other.filtered->why, "there is more to ask than is asked of one door");
	dw_arena_free(s->a);
}

static const char *words_of(struct dw_arena *a, const char *const *pairs, size_t n)
{
	struct dw_ranges r = { .family = DW_FAMILY_IPV4 };

	for (size_t i = 0; i < n; i++) {
		struct dw_rehearse_span s = { 0 };

		parse(pairs[2 * i], s.low);
		parse(pairs[2 * i + 1], s.high);
		dw_ranges_add(a, &r, &s);
	}
	dw_ranges_merge(&r);
	return dw_ranges_words(a, &r, true);
}

DW_TEST(ranges)
{
	static const char *const all[] = { "0.0.0.0", "127.255.255.255", "128.0.0.0",
					   "255.255.255.255" };
	static const char *const odd[] = { "10.9.0.5", "10.9.0.20" };
	static const char *const two[] = { "10.8.0.7", "10.8.0.7", "10.9.0.0", "10.9.0.255" };
	struct dw_arena *a = dw_arena_new();
	struct dw_ranges whole = { .family = DW_FAMILY_IPV6 };
	struct dw_networks n = { 0 };

	DW_CHECK_STR(words_of(a, all, 2), "0.0.0.0/0");
	DW_CHECK_STR(words_of(a, odd, 1), "10.9.0.5-10.9.0.20");
	DW_CHECK_STR(words_of(a, two, 2), "10.8.0.7, 10.9.0.0/24");
	DW_CHECK_STR(words_of(a, NULL, 0), NULL);
	dw_ranges_add_all(a, &whole);
	dw_ranges_merge(&whole);
	dw_ranges_networks(a, &whole, 4, &n);
	DW_CHECK_INT(n.n, 1);
	DW_CHECK_INT(n.v[0].prefix, 0);
	dw_ranges_subtract(a, &whole, &whole);
	DW_CHECK_INT(whole.n, 0);
	dw_arena_free(a);
}

DW_TEST_MAIN
