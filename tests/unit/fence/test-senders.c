/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may send packets, from interfaces, addresses, routes and rules that are made by hand. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "dw_str.h"
#include "dw_test.h"
#include "senders.h"

struct made {
	struct dw_arena *a;
	struct dw_scene scene;
	struct dw_ruleset rules;
	DW_VEC(struct dw_source_class) classes;
	struct dw_senders senders;
};

static struct made begin(void)
{
	struct made m = { .a = dw_arena_new() };

	m.scene.arena = m.a;
	return m;
}

static void add_link(struct made *m, uint32_t ifindex, const char *name, bool is_port)
{
	struct dw_scene_link l = {
		.ifindex = ifindex, .is_up = true, .is_port = is_port, .is_ethernet = true, .fd = -1
	};

	(void)snprintf(l.name, sizeof(l.name), "%s", name);
	dw_vec_push(m->a, &m->scene.links, l);
}

static int family_of(const char *text)
{
	return strchr(text, ':') ? AF_INET6 : AF_INET;
}

static void add_address(struct made *m, uint32_t ifindex, const char *text, unsigned bits)
{
	struct dw_scene_address a = { .family = family_of(text),
				      .ifindex = ifindex,
				      .bits = (uint8_t)bits };

	(void)inet_pton(a.family, text, a.local);
	memcpy(a.peer, a.local, sizeof(a.peer));
	dw_vec_push(m->a, &m->scene.addresses, a);
}

static void add_route(struct made *m, const char *text, unsigned bits, uint32_t ifindex)
{
	struct dw_scene_message one = { .m = dw_arena_alloc(m->a, 256) };
	uint8_t to[16] = { 0 };
	struct rtmsg *head;

	(void)mnl_nlmsg_put_header(one.m);
	head = mnl_nlmsg_put_extra_header(one.m, sizeof(*head));
	head->rtm_family = (unsigned char)family_of(text);
	head->rtm_dst_len = (unsigned char)bits;
	head->rtm_table = RT_TABLE_MAIN;
	head->rtm_type = RTN_UNICAST;
	(void)inet_pton(head->rtm_family, text, to);
	mnl_attr_put(one.m, RTA_DST, head->rtm_family == AF_INET ? 4 : 16, to);
	mnl_attr_put_u32(one.m, RTA_OIF, ifindex);
	dw_vec_push(m->a, &m->scene.routes, one);
}

/* From FIRST to LAST each; NULL at the end. */
static void add_class(struct made *m, const char *words, const char *const *spans)
{
	struct dw_source_class c = { .family = DW_FAMILY_IPV4, .words = words };
	DW_VEC(struct dw_source_span) list = { 0 };

	for (; spans[0]; spans += 2) {
		struct dw_source_span *s = dw_vec_add(m->a, &list);

		*s = (struct dw_source_span){ 0 };
		c.family = family_of(spans[0]) == AF_INET ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6;
		(void)inet_pton(family_of(spans[0]), spans[0], s->low);
		(void)inet_pton(family_of(spans[1]), spans[1], s->high);
	}
	c.spans = list.v;
	c.n_spans = list.n;
	dw_vec_push(m->a, &m->classes, c);
}

static void find(struct made *m, const struct dw_rehearse_network *networks, size_t n)
{
	m->rules.sources = m->classes.v;
	m->rules.n_sources = m->classes.n;
	dw_senders_find(&m->scene, &m->rules, networks, n, &m->senders);
}

/* "WORDS|ADDRESS|INTERFACE" */
static const char *text_of(struct made *m, size_t i)
{
	char address[INET6_ADDRSTRLEN] = "";
	const struct dw_source *s;

	if (i >= m->senders.n)
		return "none";
	s = &m->senders.v[i];
	(void)inet_ntop(s->family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, s->address, address,
			sizeof(address));
	return dw_arena_printf(m->a, "%s|%s|%s", s->words, address, s->ifname);
}

static struct made usual(void)
{
	struct made m = begin();

	add_link(&m, 1, "lo", false);
	add_link(&m, 2, "eth0", false);
	add_link(&m, 3, "wan0", false);
	add_link(&m, 4, "port0", true);
	add_address(&m, 1, "127.0.0.1", 8);
	add_address(&m, 2, "10.9.0.1", 24);
	add_address(&m, 3, "192.0.2.1", 24);
	add_route(&m, "10.9.0.0", 24, 2);
	add_route(&m, "192.0.2.0", 24, 3);
	add_route(&m, "0.0.0.0", 0, 3);
	return m;
}

DW_TEST(networks_and_all_others)
{
	struct made m = usual();

	find(&m, NULL, 0);
	DW_CHECK_INT(m.senders.n, 4);
	DW_CHECK_STR(text_of(&m, 0), "this host|127.0.0.1|lo");
	DW_CHECK_STR(text_of(&m, 1), "10.9.0.0/24|10.9.0.2|eth0");
	DW_CHECK_STR(text_of(&m, 2), "192.0.2.0/24|192.0.2.2|wan0");
	DW_CHECK_STR(text_of(&m, 3), "anyone|198.51.100.77|wan0");
	/* our own address, the network's first and last are in it, though nobody plays them */
	DW_CHECK_INT(m.senders.v[1].n_spans, 1);
	DW_CHECK(memcmp(m.senders.v[1].spans[0].low, (uint8_t[]){ 10, 9, 0, 0 }, 4) == 0);
	DW_CHECK(memcmp(m.senders.v[1].spans[0].high, (uint8_t[]){ 10, 9, 0, 255 }, 4) == 0);
	dw_arena_free(m.a);
}

DW_TEST(rules_divide_networks)
{
	struct made m = usual();

	add_class(&m, NULL, (const char *const[]){ "10.9.0.7", "10.9.0.7", NULL });
	add_class(&m, NULL, (const char *const[]){ "10.0.0.0", "10.255.255.255", NULL });
	add_class(&m, "set inet f office",
		  (const char *const[]){ "10.9.0.128", "10.9.0.255", "198.51.100.0",
					 "198.51.100.255", NULL });
	find(&m, NULL, 0);
	DW_CHECK_INT(m.senders.n, 8);
	DW_CHECK_STR(text_of(&m, 1), "10.9.0.0/24 but 10.9.0.7, set inet f office|10.9.0.2|eth0");
	DW_CHECK_STR(text_of(&m, 2), "10.9.0.7|10.9.0.7|eth0");
	DW_CHECK_STR(text_of(&m, 3), "10.9.0.0/24 in set inet f office|10.9.0.128|eth0");
	DW_CHECK_STR(text_of(&m, 4), "192.0.2.0/24|192.0.2.2|wan0");
	DW_CHECK_STR(m.senders.v[3].set, "set inet f office");
	DW_CHECK_STR(m.senders.v[2].set, NULL);
	dw_arena_free(m.a);
}

DW_TEST(order_is_always_the_same)
{
	struct made m = usual(), n = usual();

	find(&m, NULL, 0);
	find(&n, NULL, 0);
	DW_CHECK_INT(m.senders.n, n.senders.n);
	for (size_t i = 0; i < m.senders.n; i++)
		DW_CHECK_STR(text_of(&m, i), text_of(&n, i));
	dw_arena_free(m.a);
	dw_arena_free(n.a);
}

DW_TEST(networks_by_name)
{
	struct made m = usual();
	const struct dw_rehearse_network names[] = {
		{ DW_FAMILY_IPV4, { 10 }, 8 },            /* around a network of a link */
		{ DW_FAMILY_IPV4, { 10, 9, 0, 0 }, 24 },  /* one of a link */
		{ DW_FAMILY_IPV4, { 10, 9, 0, 64 }, 26 }, /* within one */
		{ DW_FAMILY_IPV4, { 127 }, 8 },           /* nobody sends from there */
		{ DW_FAMILY_IPV6, { 0xfd }, 8 },          /* no such family here */
	};

	find(&m, names, DW_ARRAY_SIZE(names));
	DW_CHECK_INT(m.senders.n, 6);
	DW_CHECK_STR(text_of(&m, 1), "10.9.0.0/24|10.9.0.2|eth0");
	DW_CHECK_STR(text_of(&m, 2), "192.0.2.0/24|192.0.2.2|wan0");
	DW_CHECK_STR(text_of(&m, 3), "10.0.0.0/8|10.0.0.0|wan0");
	DW_CHECK_STR(text_of(&m, 4), "10.9.0.64/26|10.9.0.64|eth0");
	dw_arena_free(m.a);
}

DW_TEST(no_default_route)
{
	struct made m = begin();

	add_link(&m, 1, "lo", false);
	add_link(&m, 2, "eth0", false);
	add_link(&m, 3, "eth1", false);
	add_address(&m, 2, "fd09::1", 64);
	add_address(&m, 2, "fe80::1", 64);
	add_address(&m, 3, "fe80::1", 64);
	find(&m, NULL, 0);
	DW_CHECK_INT(m.senders.n, 6);
	DW_CHECK_STR(text_of(&m, 0), "this host|::1|lo");
	DW_CHECK_STR(text_of(&m, 1), "fd09::/64|fd09::2|eth0");
	DW_CHECK_STR(text_of(&m, 2), "fe80::/64 on eth0|fe80::2|eth0");
	DW_CHECK_STR(text_of(&m, 3), "fe80::/64 on eth1|fe80::2|eth1");
	DW_CHECK_STR(text_of(&m, 4), "anyone by eth0|2001:db8:77::77|eth0");
	DW_CHECK_STR(text_of(&m, 5), "anyone by eth1|2001:db8:77::77|eth1");
	dw_arena_free(m.a);
}

/*
 * What is beyond is unknown by itself; the rest of the network is not, though its first and last addresses are seen
 * late.
 */
DW_TEST(too_many_parts)
{
	struct made m = usual();
	static char texts[2 * DW_SENDERS_MAX][2][16];
	size_t unclear = 0;

	for (unsigned i = 0; i < 2 * DW_SENDERS_MAX; i++) {
		(void)snprintf(texts[i][0], 16, "20.%u.%u.0", i / 200, i % 200);
		(void)snprintf(texts[i][1], 16, "20.%u.%u.9", i / 200, i % 200);
		add_class(&m, NULL, (const char *const[]){ texts[i][0], texts[i][1], NULL });
	}
	find(&m, NULL, 0);
	/* and the host, and one for each network, and what is beyond */
	DW_CHECK(m.senders.n <= DW_SENDERS_MAX + 4);
	for (size_t i = 0; i < m.senders.n; i++) {
		const struct dw_source *s = &m.senders.v[i];

		unclear += s->unclear;
		if (s->unclear)
			DW_CHECK(s->kind == DW_SOURCE_ANYONE && s->address[0] == 20);
	}
	DW_CHECK_INT(unclear, 1);
	DW_CHECK(!m.senders.v[3].unclear && m.senders.v[3].address[0] != 20);
	dw_arena_free(m.a);
}

DW_TEST(odd_masks_speak_for_nobody)
{
	struct made m = usual();

	add_class(&m, NULL, (const char *const[]){ NULL });
	m.classes.v[0].too_odd = true;
	find(&m, NULL, 0);
	DW_CHECK_INT(m.senders.n, 4);
	DW_CHECK(m.senders.v[1].unclear && m.senders.v[3].unclear);
	dw_arena_free(m.a);
}

DW_TEST_MAIN
