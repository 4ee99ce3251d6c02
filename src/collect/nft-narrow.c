/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a comparison of a register says about the packet. */
#include <arpa/inet.h>
#include <net/if.h> /* these two before their twins of linux/ */
#include <netinet/in.h>

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <string.h>

#include "dw_str.h"
#include "nft.h"

static void claim(struct dw_nft_path *p, int slot, enum dw_nft_key key, unsigned n,
		  const char *what)
{
	for (unsigned i = 0; i * 4 < n && (unsigned)slot + i < DW_NFT_SLOTS; i++)
		p->slots[(unsigned)slot + i] =
			(struct dw_nft_slot){ .key = key, .n = i ? 0 : (uint8_t)n, .what = what };
}

void dw_nft_store(struct dw_nft_path *p, int slot, const uint8_t *bytes, unsigned n)
{
	if (slot < 0)
		return;
	n = DW_MIN(n, (unsigned)(DW_NFT_SLOTS - slot) * 4);
	claim(p, slot, DW_NFT_KEY_CONST, n, NULL);
	memcpy(p->bytes + slot * 4, bytes, n);
}

void dw_nft_load(struct dw_nft_path *p, int slot, enum dw_nft_key key, unsigned n, const char *what)
{
	if (slot < 0)
		return;
	n = DW_MIN(n, (unsigned)(DW_NFT_SLOTS - slot) * 4);
	claim(p, slot, key, n, what);
	memset(p->bytes + slot * 4, 0xff, n); /* no mask yet */
}

struct interval {
	struct dw_nft_walk *w;
	struct dw_nft_path *p;
	const struct dw_nft_slot *slot;
	const uint8_t *mask;
	const uint8_t *low, *high;
	unsigned n;
	bool inverted;
};

static struct dw_arena *scratch(const struct interval *v)
{
	return v->w->out->scratch;
}

static bool single(const struct interval *v)
{
	return memcmp(v->low, v->high, v->n) == 0;
}

static bool on_l4proto(const struct interval *v)
{
	if (single(v))
		return dw_cond_protocols(&v->p->cond, v->low[0], v->inverted);
	dw_cond_word(&v->p->cond, scratch(v), "l4proto %s%u-%u", v->inverted ? "!= " : "",
		     v->low[0], v->high[0]);
	return true;
}

static bool family_is(const struct interval *v, bool four, bool six)
{
	if (!four && !six)
		return v->inverted;
	if (v->inverted)
		four = !four;
	return dw_cond_family(&v->p->cond, four ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6);
}

static bool on_nfproto(const struct interval *v)
{
	return family_is(v, v->low[0] == NFPROTO_IPV4, v->low[0] == NFPROTO_IPV6);
}

static bool on_ethertype(const struct interval *v)
{
	unsigned type = v->n >= 2 ? (unsigned)v->low[0] << 8 | v->low[1] : 0;

	return family_is(v, type == ETH_P_IP, type == ETH_P_IPV6);
}

static bool on_dport(const struct interval *v)
{
	struct dw_span span;

	if (v->n < 2)
		return true;
	span.first = (uint16_t)(v->low[0] << 8 | v->low[1]);
	span.last = (uint16_t)(v->high[0] << 8 | v->high[1]);
	return dw_cond_ports(&v->p->cond, scratch(v), &span, 1, v->inverted);
}

/* A short value is the beginning of the address (nft compares 10.0.0.0/8 as one byte). */
static void full_address(const struct interval *v, size_t size, uint8_t low[16], uint8_t high[16])
{
	memset(low, 0, 16);
	memset(high, 0xff, 16);
	for (size_t i = 0; i < DW_MIN(v->n, size); i++) {
		low[i] = v->low[i] & v->mask[i];
		high[i] = v->high[i] | (uint8_t)~v->mask[i];
	}
}

static bool on_address(const struct interval *v, enum dw_family family, bool source)
{
	uint8_t low[16], high[16];
	const char *text;

	full_address(v, family == DW_FAMILY_IPV4 ? 4 : 16, low, high);
	if (!source && !v->inverted)
		return dw_cond_address(&v->p->cond, family, low, high);
	if (!dw_cond_family(&v->p->cond, family))
		return false;
	text = dw_address_words(scratch(v), family, low, high);
	dw_cond_word(&v->p->cond, scratch(v), "%s %s%s", source ? "saddr" : "daddr",
		     v->inverted ? "!= " : "", text);
	return true;
}

static bool on_iif(const struct interval *v)
{
	uint32_t index = 0;

	memcpy(&index, v->low, DW_MIN(v->n, 4u));
	if (v->inverted || !single(v)) {
		dw_cond_word(&v->p->cond, scratch(v), "iif != %u", index);
		return true;
	}
	if (v->p->cond.ifindex && v->p->cond.ifindex != index)
		return false;
	v->p->cond.ifindex = index;
	return true;
}

/* Without its NUL a name is a prefix: iifname "eth*". */
static bool on_iifname(const struct interval *v)
{
	bool whole = memchr(v->low, 0, v->n) != NULL || v->n >= IFNAMSIZ;
	char *name = dw_arena_strndup(scratch(v), (const char *)v->low, v->n);
	struct dw_cond *c = &v->p->cond;

	if (!whole || v->inverted || !single(v)) {
		dw_cond_word(c, scratch(v), "iifname %s%s%s", v->inverted ? "!= " : "", name,
			     whole ? "" : "*");
		return true;
	}
	if (c->ifname && !dw_streq(c->ifname, name))
		return false;
	c->ifname = name;
	return true;
}

static bool on_addrtype(const struct interval *v)
{
	static const char *const names[] = { "unspec",    "unicast", "local",
					     "broadcast", "anycast", "multicast" };
	uint32_t type = 0;

	memcpy(&type, v->low, DW_MIN(v->n, 4u));
	dw_cond_word(&v->p->cond, scratch(v), "daddr type %s%s", v->inverted ? "!= " : "",
		     type < DW_ARRAY_SIZE(names) ? names[type] : "other");
	return true;
}

static bool narrow(const struct interval *v)
{
	switch (v->slot->key) {
	case DW_NFT_KEY_L4PROTO:
		return on_l4proto(v);
	case DW_NFT_KEY_NFPROTO:
		return on_nfproto(v);
	case DW_NFT_KEY_ETHERTYPE:
		return on_ethertype(v);
	case DW_NFT_KEY_DPORT:
		return on_dport(v);
	case DW_NFT_KEY_DADDR4:
		return on_address(v, DW_FAMILY_IPV4, false);
	case DW_NFT_KEY_DADDR6:
		return on_address(v, DW_FAMILY_IPV6, false);
	case DW_NFT_KEY_SADDR4:
		return on_address(v, DW_FAMILY_IPV4, true);
	case DW_NFT_KEY_SADDR6:
		return on_address(v, DW_FAMILY_IPV6, true);
	case DW_NFT_KEY_IIF:
		return on_iif(v);
	case DW_NFT_KEY_IIFNAME:
		return on_iifname(v);
	case DW_NFT_KEY_ADDRTYPE:
		return on_addrtype(v);
	case DW_NFT_KEY_NONE:
	case DW_NFT_KEY_CONST:
		break;
	case DW_NFT_KEY_OTHER:
		dw_cond_word(&v->p->cond, scratch(v), "if %s fits",
			     v->slot->what ? v->slot->what : "it");
		break;
	}
	return true;
}

bool dw_nft_narrow(struct dw_nft_walk *w, struct dw_nft_path *p, unsigned slot, const uint8_t *low,
		   const uint8_t *high, unsigned n, bool inverted)
{
	struct interval v = { w, p, NULL, NULL, low, high, n, inverted };

	if (slot >= DW_NFT_SLOTS || n == 0)
		return true;
	v.n = DW_MIN(n, (unsigned)(DW_NFT_SLOTS - slot) * 4);
	v.slot = &p->slots[slot];
	v.mask = p->bytes + slot * 4;
	return narrow(&v);
}
