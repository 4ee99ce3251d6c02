/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a packet must be like to meet a rule: conditions only ever narrow. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "forward.h"

struct dw_cond dw_cond_any(enum dw_family family)
{
	return (struct dw_cond){ .family = family, .protocols = DW_ALL_PROTOCOLS };
}

unsigned dw_protocol_bit(uint8_t ip_protocol)
{
	static const struct {
		uint8_t number;
		enum dw_protocol protocol;
	} with_ports[] = {
		{ IPPROTO_TCP, DW_PROTOCOL_TCP },         { IPPROTO_UDP, DW_PROTOCOL_UDP },
		{ IPPROTO_UDPLITE, DW_PROTOCOL_UDPLITE }, { IPPROTO_SCTP, DW_PROTOCOL_SCTP },
		{ IPPROTO_DCCP, DW_PROTOCOL_DCCP },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(with_ports); i++)
		if (with_ports[i].number == ip_protocol)
			return 1u << with_ports[i].protocol;
	return 1u << DW_PROTOCOL_RAW;
}

bool dw_cond_protocol_mask(struct dw_cond *c, unsigned mask)
{
	c->protocols &= mask;
	return c->protocols != 0;
}

bool dw_cond_protocols(struct dw_cond *c, uint8_t ip_protocol, bool inverted)
{
	unsigned bit = dw_protocol_bit(ip_protocol);
	bool portless = bit == 1u << DW_PROTOCOL_RAW;

	/* Without one portless protocol there are still the others. */
	if (inverted)
		return portless || dw_cond_protocol_mask(c, ~bit);
	if (portless) {
		if (c->ip_protocol && c->ip_protocol != ip_protocol)
			return false;
		c->ip_protocol = ip_protocol;
	}
	return dw_cond_protocol_mask(c, bit);
}

bool dw_cond_family(struct dw_cond *c, enum dw_family family)
{
	if (c->family != DW_FAMILY_UNKNOWN && c->family != family)
		return false;
	c->family = family;
	return true;
}

bool dw_cond_address(struct dw_cond *c, enum dw_family family, const uint8_t *low,
		     const uint8_t *high)
{
	size_t n = family == DW_FAMILY_IPV4 ? 4 : 16;

	if (!dw_cond_family(c, family))
		return false;
	if (!c->address_set || memcmp(low, c->low, n) > 0)
		memcpy(c->low, low, n);
	if (!c->address_set || memcmp(high, c->high, n) < 0)
		memcpy(c->high, high, n);
	c->address_set = true;
	return memcmp(c->low, c->high, n) <= 0;
}

/*
 * --- ports
 * ----------------------------------------------------------------------------------------
 */

struct spans {
	struct dw_span *v;
	size_t n;
};

static int by_first(const void *a, const void *b)
{
	const struct dw_span *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorted, disjoint, empty ones left out. */
static struct spans normal(struct dw_arena *a, const struct dw_span *in, size_t n)
{
	struct spans out = { .v = dw_arena_array(a, n + 1, sizeof(*out.v)) };
	struct dw_span *sorted = dw_arena_array(a, n + 1, sizeof(*sorted));

	if (n > 0)
		memcpy(sorted, in, n * sizeof(*in));
	qsort(sorted, n, sizeof(*sorted), by_first);
	for (size_t i = 0; i < n; i++) {
		if (sorted[i].first > sorted[i].last)
			continue;
		if (out.n > 0 && sorted[i].first <= (unsigned)out.v[out.n - 1].last + 1)
			out.v[out.n - 1].last = DW_MAX(out.v[out.n - 1].last, sorted[i].last);
		else
			out.v[out.n++] = sorted[i];
	}
	return out;
}

static struct spans complement(struct dw_arena *a, struct spans in)
{
	struct spans out = { .v = dw_arena_array(a, in.n + 1, sizeof(*out.v)) };
	unsigned next = 0;

	for (size_t i = 0; i < in.n; i++) {
		if (in.v[i].first > next)
			out.v[out.n++] =
				(struct dw_span){ (uint16_t)next, (uint16_t)(in.v[i].first - 1) };
		next = in.v[i].last + 1u;
	}
	if (next <= UINT16_MAX)
		out.v[out.n++] = (struct dw_span){ (uint16_t)next, UINT16_MAX };
	return out;
}

static struct spans intersection(struct dw_arena *a, struct spans x, struct spans y)
{
	struct spans out = { .v = dw_arena_array(a, x.n + y.n + 1, sizeof(*out.v)) };

	for (size_t i = 0, j = 0; i < x.n && j < y.n;) {
		uint16_t first = DW_MAX(x.v[i].first, y.v[j].first);
		uint16_t last = DW_MIN(x.v[i].last, y.v[j].last);

		if (first <= last)
			out.v[out.n++] = (struct dw_span){ first, last };
		if (x.v[i].last < y.v[j].last)
			i++;
		else
			j++;
	}
	return out;
}

bool dw_cond_ports(struct dw_cond *c, struct dw_arena *a, const struct dw_span *spans, size_t n,
		   bool inverted)
{
	struct spans these = normal(a, spans, n);

	if (inverted)
		these = complement(a, these);
	if (c->ports_set) {
		struct spans before = normal(a, c->ports, c->n_ports);

		these = intersection(a, before, these);
	}
	if (these.n > DW_SPANS_MAX) {
		c->ports_unclear = true;
		return true;
	}
	c->ports_set = true;
	c->ports = these.v;
	c->n_ports = these.n;
	return these.n > 0;
}

/*
 * --- words
 * ----------------------------------------------------------------------------------------
 */

#define WORDS_MAX 600 /* bytes; a rule of a hundred matches is not told in full */

void dw_cond_word(struct dw_cond *c, struct dw_arena *a, const char *fmt, ...)
{
	va_list ap;
	const char *word;

	va_start(ap, fmt);
	word = dw_arena_vprintf(a, fmt, ap);
	va_end(ap);
	if (c->words && strlen(c->words) + strlen(word) > WORDS_MAX)
		return;
	c->words = c->words ? dw_arena_printf(a, "%s %s", c->words, word) : word;
}

/* Length of the prefix when low..high is one network; -1: it is none. */
static int prefix_length(const uint8_t *low, const uint8_t *high, size_t n)
{
	int bits = 0;
	size_t i = 0;

	while (i < n * 8 && !((low[i / 8] ^ high[i / 8]) >> (7 - i % 8) & 1)) {
		bits++;
		i++;
	}
	for (; i < n * 8; i++)
		if ((low[i / 8] >> (7 - i % 8) & 1) || !(high[i / 8] >> (7 - i % 8) & 1))
			return -1;
	return bits;
}

const char *dw_address_words(struct dw_arena *a, enum dw_family family, const uint8_t *low,
			     const uint8_t *high)
{
	bool four = family == DW_FAMILY_IPV4;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	int bits = prefix_length(low, high, four ? 4 : 16);

	inet_ntop(four ? AF_INET : AF_INET6, low, from, sizeof(from));
	inet_ntop(four ? AF_INET : AF_INET6, high, to, sizeof(to));
	if (bits == (four ? 32 : 128))
		return dw_arena_strdup(a, from);
	if (bits >= 0)
		return dw_arena_printf(a, "%s/%d", from, bits);
	return dw_arena_printf(a, "%s-%s", from, to);
}
