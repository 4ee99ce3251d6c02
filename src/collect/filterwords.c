/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests on one way through a filter mean: which field of which header they look at. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "dw_str.h"
#include "filter.h"

struct context {
	struct dw_arena *arena;
	uint32_t link;
	uint16_t family;        /* ethertype, 0: not tested */
	unsigned real_protocol; /* IP protocol, 0: not tested */
	bool fragment;          /* an IPv6 fragment header comes before it */
};

/* --- what a tested value is ------------------------------------------------------------------ */

static const char *const ops[] = {
	[DW_TEST_EQ] = "is", [DW_TEST_NE] = "is not",     [DW_TEST_GT] = ">",
	[DW_TEST_LE] = "<=", [DW_TEST_GE] = ">=",         [DW_TEST_LT] = "<",
	[DW_TEST_SET] = "&", [DW_TEST_CLEAR] = "without",
};

static bool is_load(const struct dw_sym *s, unsigned size, enum dw_sym_base base, uint32_t offset)
{
	return s->kind == DW_SYM_LOAD && s->size == size && s->base == base && s->offset == offset;
}

/*
 * The ethertype, from the frame or from the kernel's own field; or the version in a cooked packet.
 */
static bool is_family(const struct context *x, const struct dw_test_done *t, uint16_t *ret_type)
{
	bool whole = t->on.mask == UINT32_MAX && t->on.shift == 0;

	if (whole && ((x->link == 14 && is_load(&t->on, 2, DW_BASE_NONE, 12)) ||
		      (t->on.kind == DW_SYM_LOAD && t->on.base == DW_BASE_NONE &&
		       t->on.offset == (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)))) {
		*ret_type = (uint16_t)t->k;
		return t->k <= UINT16_MAX;
	}
	if (is_load(&t->on, 1, DW_BASE_NONE, x->link) && t->on.mask == 0xf0 &&
	    ((t->on.shift == 0 && (t->k == 0x40 || t->k == 0x60)) ||
	     (t->on.shift == 4 && (t->k == 4 || t->k == 6)))) {
		*ret_type = t->k == 0x40 || t->k == 4 ? ETH_P_IP : ETH_P_IPV6;
		return true;
	}
	return false;
}

static bool is_protocol(const struct context *x, const struct dw_sym *s)
{
	if (s->mask != UINT32_MAX || s->shift != 0)
		return false;
	if (x->family == ETH_P_IPV6)
		return is_load(s, 1, DW_BASE_NONE, x->link + 6) ||
		       (x->fragment && is_load(s, 1, DW_BASE_NONE, x->link + 40));
	return is_load(s, 1, DW_BASE_NONE, x->link + 9);
}

static bool is_fragment_test(const struct context *x, const struct dw_test_done *t)
{
	return is_load(&t->on, 2, DW_BASE_NONE, x->link + 6) && x->family != ETH_P_IPV6;
}

/* Where in the transport header a load lies; false: not there. */
static bool in_transport(const struct context *x, const struct dw_sym *s, uint32_t *ret_at)
{
	uint32_t start = x->link + (x->family == ETH_P_IPV6 ? 40 : 20);

	if (s->kind != DW_SYM_LOAD)
		return false;
	if (s->base == DW_BASE_IP && s->offset >= x->link)
		return *ret_at = s->offset - x->link, true;
	if (s->base == DW_BASE_NONE && x->real_protocol != 0 && s->offset >= start &&
	    s->offset < 65536)
		return *ret_at = s->offset - start, true;
	return false;
}

static bool has_ports(const struct context *x)
{
	return x->real_protocol == 0 || x->real_protocol == IPPROTO_TCP ||
	       x->real_protocol == IPPROTO_UDP || x->real_protocol == IPPROTO_SCTP ||
	       x->real_protocol == IPPROTO_DCCP || x->real_protocol == IPPROTO_UDPLITE;
}

/* Byte of the payload that a load reads; false: it lies before the payload, or nobody can say. */
static bool in_payload(const struct context *x, const struct dw_sym *s, uint32_t *ret_at)
{
	uint32_t at;

	if (s->kind == DW_SYM_LOAD && s->base == DW_BASE_IP_TCP && s->offset >= x->link)
		return *ret_at = s->offset - x->link, true;
	if (s->kind == DW_SYM_LOAD && s->base == DW_BASE_TCP && s->offset >= x->link + 40)
		return *ret_at = s->offset - x->link - 40, true;
	if (!in_transport(x, s, &at) || x->real_protocol == IPPROTO_TCP || at < 8)
		return false;
	*ret_at = at - 8; /* UDP's and ICMP's headers have 8 bytes */
	return true;
}

/* --- words for one test ---------------------------------------------------------------------- */

static const char *value(const struct context *x, const struct dw_test_done *t)
{
	return dw_arena_printf(x->arena, "0x%0*x", t->on.size * 2, t->k);
}

static const char *family_word(const struct context *x, uint16_t type)
{
	switch (type) {
	case ETH_P_IP:
		return "ipv4";
	case ETH_P_IPV6:
		return "ipv6";
	case ETH_P_ARP:
		return "arp";
	case ETH_P_RARP:
		return "rarp";
	default:
		return dw_arena_printf(x->arena, "ethertype 0x%04x", type);
	}
}

static const char *protocol_word(const struct context *x, uint32_t number)
{
	static const struct {
		uint32_t number;
		const char *name;
	} names[] = {
		{ IPPROTO_ICMP, "icmp" },
		{ IPPROTO_IGMP, "igmp" },
		{ IPPROTO_TCP, "tcp" },
		{ IPPROTO_UDP, "udp" },
		{ IPPROTO_ICMPV6, "icmp6" },
		{ IPPROTO_SCTP, "sctp" },
		{ IPPROTO_GRE, "gre" },
		{ IPPROTO_ESP, "esp" },
		{ IPPROTO_AH, "ah" },
		{ IPPROTO_DCCP, "dccp" },
		{ IPPROTO_UDPLITE, "udplite" },
		{ 89, "ospf" },
		{ 112, "vrrp" },
		{ IPPROTO_IPIP, "ipip" },
		{ IPPROTO_FRAGMENT, "fragment" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (names[i].number == number)
			return names[i].name;
	return dw_arena_printf(x->arena, "protocol %u", number);
}

static bool host_word(const struct context *x, const struct dw_test_done *t, const char **ret)
{
	static const struct {
		uint16_t family;
		uint32_t at;
		const char *end;
	} places[] = {
		{ ETH_P_IP, 12, "source" },   { ETH_P_IP, 16, "destination" },
		{ ETH_P_ARP, 14, "source" },  { ETH_P_ARP, 24, "destination" },
		{ ETH_P_RARP, 14, "source" }, { ETH_P_RARP, 24, "destination" },
	};
	uint16_t family = x->family ? x->family : ETH_P_IP;
	char text[INET_ADDRSTRLEN];
	uint32_t address = htonl(t->k);

	if (t->on.kind != DW_SYM_LOAD || t->on.size != 4 || t->on.base != DW_BASE_NONE ||
	    t->on.shift != 0 || (t->op != DW_TEST_EQ && t->op != DW_TEST_NE) ||
	    !inet_ntop(AF_INET, &address, text, sizeof(text)))
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		if (places[i].family != family || t->on.offset != x->link + places[i].at)
			continue;
		*ret = dw_arena_printf(x->arena, "%s%s %s", t->op == DW_TEST_NE ? "not " : "",
				       places[i].end, text);
		if (t->on.mask != UINT32_MAX)
			*ret = dw_arena_printf(x->arena, "%s/%d", *ret,
					       __builtin_popcount(t->on.mask));
		return true;
	}
	return false;
}

static bool port_word(const struct context *x, const struct dw_test_done *t, const char **ret)
{
	const char *end;
	uint32_t at;

	if (!has_ports(x) || t->on.size != 2 || t->on.mask != UINT32_MAX || t->on.shift != 0 ||
	    !in_transport(x, &t->on, &at) || (at != 0 && at != 2))
		return false;
	end = at == 0 ? "source" : "destination";
	if (t->op == DW_TEST_EQ)
		*ret = dw_arena_printf(x->arena, "%s port %u", end, t->k);
	else
		*ret = dw_arena_printf(x->arena, "%s port %s %u", end, ops[t->op], t->k);
	return true;
}

/* Fields of the kernel's own, negative offsets: linux/filter.h, SKF_AD_*. */
static const char *kernel_field(const struct context *x, uint32_t offset)
{
	static const struct {
		int field;
		const char *name;
	} names[] = {
		{ SKF_AD_PKTTYPE, "packet type" },
		{ SKF_AD_IFINDEX, "interface" },
		{ SKF_AD_MARK, "mark" },
		{ SKF_AD_QUEUE, "queue" },
		{ SKF_AD_HATYPE, "hardware type" },
		{ SKF_AD_CPU, "cpu" },
		{ SKF_AD_VLAN_TAG, "vlan tag" },
		{ SKF_AD_VLAN_TAG_PRESENT, "vlan tag present" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (offset == (uint32_t)(SKF_AD_OFF + names[i].field))
			return names[i].name;
	return dw_arena_printf(x->arena, "kernel field %d", (int)offset);
}

static const char *mask_text(const struct context *x, const struct dw_sym *s)
{
	if (s->mask == UINT32_MAX && s->shift == 0)
		return "";
	if (s->shift == 0)
		return dw_arena_printf(x->arena, " & 0x%x", s->mask);
	return dw_arena_printf(x->arena, " & 0x%x >> %u", s->mask, s->shift);
}

static const char *rest_word(const struct context *x, const struct dw_test_done *t,
			     bool *ret_marked)
{
	static const char *const bases[] = {
		[DW_BASE_NONE] = "",
		[DW_BASE_IP] = "ip header + ",
		[DW_BASE_IP_TCP] = "payload + ",
		[DW_BASE_TCP] = "tcp header + ",
		[DW_BASE_OTHER] = "computed + ",
	};
	uint32_t at;

	if (t->on.kind == DW_SYM_UNKNOWN || t->on.kind == DW_SYM_HEADER ||
	    t->on.kind == DW_SYM_CONST)
		return dw_arena_printf(x->arena, "a computed value %s 0x%x", ops[t->op], t->k);
	if (t->on.kind == DW_SYM_LENGTH)
		return dw_arena_printf(x->arena, "length %s %u", ops[t->op], t->k);
	if (in_payload(x, &t->on, &at)) {
		*ret_marked = *ret_marked || t->op == DW_TEST_EQ;
		if (t->op == DW_TEST_EQ && !*mask_text(x, &t->on))
			return dw_arena_printf(x->arena, "%s at payload byte %u", value(x, t), at);
		return dw_arena_printf(x->arena, "payload byte %u%s %s %s", at,
				       mask_text(x, &t->on), ops[t->op], value(x, t));
	}
	if (x->real_protocol == IPPROTO_ICMP && in_transport(x, &t->on, &at) && at < 2 &&
	    t->on.size == 1)
		return dw_arena_printf(x->arena, "%s %s %u", at ? "code" : "type", ops[t->op],
				       t->k);
	if (x->real_protocol == IPPROTO_TCP && in_transport(x, &t->on, &at) && at == 13 &&
	    t->on.size == 1)
		return dw_arena_printf(x->arena, "tcp flags%s %s 0x%02x", mask_text(x, &t->on),
				       ops[t->op], t->k);
	if (t->on.base == DW_BASE_NONE && t->on.offset >= (uint32_t)SKF_AD_OFF)
		return dw_arena_printf(x->arena, "%s%s %s %u", kernel_field(x, t->on.offset),
				       mask_text(x, &t->on), ops[t->op], t->k);
	return dw_arena_printf(x->arena, "byte %s%u%s %s %s", bases[t->on.base], t->on.offset,
			       mask_text(x, &t->on), ops[t->op], value(x, t));
}

/* --- one way --------------------------------------------------------------------------------- */

/* The family and protocol come first: what the other loads mean hangs on them. */
static void learn(struct context *x, const struct dw_filter_way *way)
{
	uint16_t type;

	x->family = 0;
	x->real_protocol = 0;
	x->fragment = false;
	for (unsigned i = 0; i < way->n; i++)
		if (way->tests[i].op == DW_TEST_EQ && is_family(x, &way->tests[i], &type))
			x->family = type;
	for (unsigned i = 0; i < way->n; i++) {
		const struct dw_test_done *t = &way->tests[i];

		if (t->op != DW_TEST_EQ || !is_protocol(x, &t->on))
			continue;
		/* a fragment header in between: the protocol proper stands in that */
		if (t->k == IPPROTO_FRAGMENT && x->family == ETH_P_IPV6)
			x->fragment = true;
		else
			x->real_protocol = t->k;
	}
}

static enum dw_clause_part classify(struct context *x, const struct dw_test_done *t,
				    const char **ret_word, bool *ret_marked)
{
	bool eq = t->op == DW_TEST_EQ;
	uint16_t type;

	if (is_family(x, t, &type)) {
		*ret_word = family_word(x, type);
		return DW_PART_FAMILY;
	}
	if (is_protocol(x, &t->on)) {
		if (eq && x->fragment && x->real_protocol != 0 && t->k == IPPROTO_FRAGMENT)
			*ret_word = NULL;
		else
			*ret_word = protocol_word(x, t->k);
		return DW_PART_PROTOCOL;
	}
	if (is_fragment_test(x, t)) {
		*ret_word = NULL;
		return DW_PART_REST;
	}
	if (host_word(x, t, ret_word))
		return DW_PART_HOST;
	if (port_word(x, t, ret_word))
		return DW_PART_PORT;
	*ret_word = rest_word(x, t, ret_marked);
	return DW_PART_REST;
}

/*
 * "is not": passing by another branch says it, which is worth a word only where nothing says what
 * it is.
 */
static bool is_negative(const struct dw_test_done *t)
{
	return t->op == DW_TEST_NE || t->op == DW_TEST_CLEAR;
}

static void add_tests(struct context *x, const struct dw_filter_way *way, struct dw_clause *c,
		      bool negative)
{
	bool told[DW_PARTS];

	for (unsigned p = 0; p < DW_PARTS; p++)
		told[p] = c->part[p].n > 0;
	for (unsigned i = 0; i < way->n; i++) {
		const struct dw_test_done *t = &way->tests[i];
		const char *word = NULL;
		enum dw_clause_part p;

		if (is_negative(t) != negative)
			continue;
		p = classify(x, t, &word, &c->marked);
		if (!word || (negative && told[p]))
			continue;
		if (negative && (p == DW_PART_FAMILY || p == DW_PART_PROTOCOL))
			word = dw_arena_printf(x->arena, "not %s", word);
		dw_words_add(&c->part[p], word);
	}
}

struct dw_clause dw_filter_clause(struct dw_arena *a, uint32_t link,
				  const struct dw_filter_way *way)
{
	struct context x = { .arena = a, .link = link };
	struct dw_clause c = { 0 };

	learn(&x, way);
	add_tests(&x, way, &c, false);
	add_tests(&x, way, &c, true);
	return c;
}
