/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of rules that all styles have, and the choice of the style. */
#include "text.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>

#include "dw_macros.h"

void fence_cannot(struct fence_text *t, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = dw_arena_vprintf(t->a, fmt, ap);
	va_end(ap);
	if (!dw_strings_has(t->cannot, text))
		dw_vec_push(t->a, t->cannot, text);
}

/* --- allows to rules -------------------------------------------------------------------------------- */

static bool same_networks(const struct dw_fence_allow *x, const struct dw_fence_allow *y)
{
	if (x->n_from != y->n_from)
		return false;
	for (size_t i = 0; i < x->n_from; i++)
		if (x->from[i].family != y->from[i].family ||
		    x->from[i].prefix != y->from[i].prefix ||
		    memcmp(x->from[i].address, y->from[i].address, sizeof(x->from[i].address)) != 0)
			return false;
	return true;
}

static bool is_like(const struct dw_fence_allow *x, const struct dw_fence_allow *y)
{
	return x->protocol == y->protocol && x->forwarded == y->forwarded &&
	       dw_streq0(x->on_address, y->on_address) &&
	       dw_streq0(x->on_interface, y->on_interface) && dw_streq0(x->comment, y->comment) &&
	       same_networks(x, y);
}

static void add_ports(struct dw_arena *a, struct fence_rule *r, uint16_t first, uint16_t last)
{
	struct {
		struct fence_ports *v;
		size_t n, cap;
	} ports = { r->ports, r->n_ports, r->cap_ports };

	dw_vec_push(a, &ports, ((struct fence_ports){ first, last }));
	r->ports = ports.v;
	r->n_ports = ports.n;
	r->cap_ports = ports.cap;
}

static int by_port(const void *x, const void *y)
{
	const struct fence_ports *p = x, *q = y;

	return p->first != q->first ? (p->first > q->first) - (p->first < q->first)
				    : (p->last > q->last) - (p->last < q->last);
}

/* In order; what overlaps or touches becomes one. */
static void join_ports(struct fence_rule *r)
{
	size_t n = 0;

	qsort(r->ports, r->n_ports, sizeof(*r->ports), by_port);
	for (size_t i = 0; i < r->n_ports; i++) {
		struct fence_ports *before = n ? &r->ports[n - 1] : NULL;

		if (before && r->ports[i].first <= before->last + 1U)
			before->last = DW_MAX(before->last, r->ports[i].last);
		else
			r->ports[n++] = r->ports[i];
	}
	r->n_ports = n;
}

/* Only neighbours are joined: the order is the administrator's, and ten thousand allows stay cheap. */
#define NEIGHBOURS 8

struct fence_rules fence_rules_of(struct dw_arena *a, const struct dw_fence_allow *v, size_t n)
{
	struct fence_rules rules = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct fence_rule *r = NULL;

		for (size_t k = 0; !r && k < DW_MIN(rules.n, (size_t)NEIGHBOURS); k++)
			if (is_like(rules.v[rules.n - 1 - k].like, &v[i]))
				r = &rules.v[rules.n - 1 - k];
		if (!r) {
			r = dw_vec_add(a, &rules);
			r->like = &v[i];
		}
		add_ports(a, r, v[i].first, v[i].last);
	}
	for (size_t i = 0; i < rules.n; i++)
		join_ports(&rules.v[i]);
	return rules;
}

/* --- sources ------------------------------------------------------------------------------------------ */

enum dw_family fence_family(const char *address)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, address, bytes) == 1)
		return DW_FAMILY_IPV4;
	return inet_pton(AF_INET6, address, bytes) == 1 ? DW_FAMILY_IPV6 : DW_FAMILY_UNKNOWN;
}

static int by_network(const void *x, const void *y)
{
	const struct dw_network *p = x, *q = y;
	int c = memcmp(p->address, q->address, sizeof(p->address));

	return c ? c : (p->prefix > q->prefix) - (p->prefix < q->prefix);
}

static bool is_within(const struct dw_network *inner, const struct dw_network *outer)
{
	unsigned whole = outer->prefix / 8, rest = outer->prefix % 8;

	if (inner->prefix < outer->prefix || memcmp(inner->address, outer->address, whole) != 0)
		return false;
	return rest == 0 || ((inner->address[whole] ^ outer->address[whole]) >> (8 - rest)) == 0;
}

/* Those of one family: sorted, so that whatever lies within another one follows it. */
static size_t networks_of(struct dw_arena *a, const struct dw_fence_allow *allow,
			  enum dw_family family, const struct dw_network **ret)
{
	struct dw_network *v = dw_arena_array(a, allow->n_from, sizeof(*v));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < allow->n_from; i++)
		if (allow->from[i].family == family)
			v[n++] = allow->from[i];
	qsort(v, n, sizeof(*v), by_network);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !is_within(&v[i], &v[kept - 1]))
			v[kept++] = v[i];
	*ret = v;
	return kept;
}

size_t fence_reaches(struct dw_arena *a, const struct dw_fence_allow *allow,
		     struct fence_reach ret[2])
{
	static const enum dw_family families[] = { DW_FAMILY_IPV4, DW_FAMILY_IPV6 };
	enum dw_family to = allow->on_address ? fence_family(allow->on_address) : DW_FAMILY_UNKNOWN;
	size_t n = 0;

	if (allow->n_from == 0) {
		ret[0] = (struct fence_reach){ .family = to };
		return 1;
	}
	for (size_t f = 0; f < DW_ARRAY_SIZE(families); f++) {
		struct fence_reach r = { .family = families[f] };

		if (to != DW_FAMILY_UNKNOWN && to != families[f])
			continue;
		r.n_from = networks_of(a, allow, families[f], &r.from);
		if (r.n_from == 0)
			continue;
		if (r.from[0].prefix == 0)
			r.n_from = 0; /* every address of that family */
		ret[n++] = r;
	}
	return n;
}

/* --- words ---------------------------------------------------------------------------------------------- */

const char *fence_ports_text(struct dw_arena *a, const struct fence_ports *p, char dash)
{
	return p->first == p->last ? dw_arena_printf(a, "%u", p->first)
				   : dw_arena_printf(a, "%u%c%u", p->first, dash, p->last);
}

const char *fence_network_text(struct dw_arena *a, const struct dw_network *n)
{
	bool v4 = n->family == DW_FAMILY_IPV4;
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(v4 ? AF_INET : AF_INET6, n->address, text, sizeof(text)))
		return "?";
	if (n->prefix == (v4 ? 32U : 128U))
		return dw_arena_strdup(a, text);
	return dw_arena_printf(a, "%s/%u", text, n->prefix);
}

const char *fence_comment(struct dw_arena *a, const char *text, size_t max, char bad, char good)
{
	char *line = dw_escape_terminal(a, text, strlen(text));
	size_t n = strlen(line);

	for (char *c = line; *c; c++)
		if (*c == bad)
			*c = good;
	if (n <= max)
		return line;
	for (n = max; n > 0 && ((unsigned char)line[n] & 0xc0) == 0x80; n--)
		;
	line[n] = '\0';
	return line;
}

const char *fence_shell(struct dw_arena *a, const char *word)
{
	struct dw_str out = { .arena = a };

	dw_str_addc(&out, '\'');
	for (; *word; word++)
		dw_str_addf(&out, *word == '\'' ? "'\\''" : "%c", *word);
	dw_str_addc(&out, '\'');
	return out.s;
}

/*
 * The kernel allows nearly all bytes in a name (dev_valid_name()); to the tools some of them mean something: "*" and
 * "+" stand for others, quotes end it.
 */
bool fence_is_plain_name(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@.-";
	size_t n = strlen(name);

	return n > 0 && n < 16 && name[0] != '-' && strspn(name, plain) == n;
}

bool fence_has_ports(enum dw_protocol p)
{
	return p == DW_PROTOCOL_TCP || p == DW_PROTOCOL_UDP || p == DW_PROTOCOL_UDPLITE ||
	       p == DW_PROTOCOL_SCTP || p == DW_PROTOCOL_DCCP;
}

bool fence_is_redirected(const struct dw_fence_want *w, const struct dw_fence_allow *a)
{
	for (size_t i = 0; i < w->n_redirects; i++)
		if (w->redirects[i].protocol == a->protocol && w->redirects[i].from >= a->first &&
		    w->redirects[i].from <= a->last)
			return true;
	return false;
}

static const char *name_of(const struct dw_fence_allow *a)
{
	return a->comment ? a->comment : "what is let in";
}

bool fence_is_sound(struct fence_text *t, const struct dw_fence_allow *a)
{
	if (a->protocol != DW_PROTOCOL_RAW && !fence_has_ports(a->protocol)) {
		fence_cannot(t, "%s: %s does not go through the packet filter", name_of(a),
			     dw_protocol_name(a->protocol));
		return false;
	}
	if (a->protocol == DW_PROTOCOL_RAW && (a->first != a->last || a->first > 254)) {
		fence_cannot(t, "%s: no single IP protocol is named", name_of(a));
		return false;
	}
	if (a->first > a->last || (a->first == 0 && a->protocol != DW_PROTOCOL_RAW)) {
		fence_cannot(t, "%s: there are no ports from %u to %u", name_of(a), a->first,
			     a->last);
		return false;
	}
	if (a->on_address && fence_family(a->on_address) == DW_FAMILY_UNKNOWN) {
		fence_cannot(t, "%s: \"%s\" is no address", name_of(a), a->on_address);
		return false;
	}
	if (a->on_interface && !fence_is_plain_name(a->on_interface)) {
		fence_cannot(t, "%s: the interface's name \"%s\" cannot be written in a rule",
			     name_of(a), a->on_interface);
		return false;
	}
	return true;
}

static struct dw_fence_allow *sound(struct fence_text *t, const struct dw_fence_allow *v, size_t n,
				    size_t *ret)
{
	struct dw_fence_allow *good = dw_arena_array(t->a, n, sizeof(*good));
	struct fence_reach reaches[2];

	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (!fence_is_sound(t, &v[i]))
			continue;
		if (fence_reaches(t->a, &v[i], reaches) > 0)
			good[(*ret)++] = v[i];
		else
			fence_cannot(t, "%s: %s is of another family than all of its networks",
				     name_of(&v[i]), v[i].on_address);
	}
	return good;
}

const char *dw_fence_text(struct dw_arena *a, const struct dw_fence_want *w,
			  enum dw_fence_style style, struct dw_strings *ret_cannot)
{
	static void (*const styles[DW_FENCE_STYLE_COUNT])(struct fence_text * t) = {
		[DW_FENCE_NFT] = fence_text_nft,
		[DW_FENCE_IPTABLES] = fence_text_iptables,
		[DW_FENCE_UFW] = fence_text_ufw,
		[DW_FENCE_FIREWALLD] = fence_text_firewalld,
	};
	struct dw_fence_want want = *w;
	struct fence_text t = { .a = a, .out = { .arena = a }, .cannot = ret_cannot };

	want.allow = sound(&t, w->allow, w->n_allow, &want.n_allow);
	want.out = sound(&t, w->out, w->n_out, &want.n_out);
	t.want = &want;
	dw_str_add(&t.out, "");
	styles[style](&t);
	return t.out.s;
}
