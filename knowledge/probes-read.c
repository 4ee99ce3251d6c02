/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of knowledge/probes. Read at build time only; docs/probes.md tells them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdarg.h>
#include <string.h>

#include "dw_str.h"
#include "probes.h"

#define BYTES_MAX 1400 /* of a question: one datagram on any link */

struct reading {
	struct probes_made *made;
	struct probes_entry *entry;
	struct dw_probe_ask ask;
	struct dw_probe_match match;
};

typedef void taker(struct reading *r, const struct dw_yaml *v);
struct key {
	const char *name;
	enum dw_yaml_kind kind;
	taker *take;
};

void probes_complain(struct probes_made *m, unsigned line, const char *fmt, ...)
{
	va_list ap;

	m->complaints++;
	va_start(ap, fmt);
	(void)fprintf(stderr, "%s:%u: error: %s\n", m->file, line,
		      dw_arena_vprintf(m->arena, fmt, ap));
	va_end(ap);
}

static void take_map(struct reading *r, const struct dw_yaml *map, const struct key *keys, size_t n)
{
	if (map->kind != DW_YAML_MAP) {
		probes_complain(r->made, map->line, "a map expected");
		return;
	}
	for (const struct dw_yaml *v = map->first; v; v = v->next) {
		size_t i = 0;

		while (i < n && !dw_streq(keys[i].name, v->key))
			i++;
		if (i == n)
			probes_complain(r->made, v->key_line, "no key is called \"%.40s\"", v->key);
		else if (keys[i].kind != v->kind)
			probes_complain(r->made, v->line, "%s: not %s", v->key,
					dw_yaml_kind_name(v));
		else
			keys[i].take(r, v);
	}
}

static bool is_yes(struct reading *r, const struct dw_yaml *v)
{
	if (!dw_streq(v->text, "yes"))
		probes_complain(r->made, v->line, "%s: yes, or leave it out", v->key);
	return true;
}

static uint16_t number(struct reading *r, const struct dw_yaml *v, uint64_t max)
{
	uint64_t n = 0;

	if (v->kind != DW_YAML_TEXT || !dw_parse_u64(v->text, 10, max, &n))
		probes_complain(r->made, v->line, "a number up to %u expected", (unsigned)max);
	return (uint16_t)n;
}

/* Must be a pattern of pcre2pattern(3). */
static const char *pattern(struct reading *r, const struct dw_yaml *v)
{
	PCRE2_SIZE at = 0;
	int code = 0;
	pcre2_code *c = pcre2_compile((PCRE2_SPTR)v->text, PCRE2_ZERO_TERMINATED, PCRE2_DOTALL,
				      &code, &at, NULL);
	PCRE2_UCHAR text[120] = "";

	if (!c) {
		(void)pcre2_get_error_message(code, text, sizeof(text));
		probes_complain(r->made, v->line, "%s: %s at byte %zu", v->key, (char *)text,
				(size_t)at);
	}
	pcre2_code_free(c);
	return v->text;
}

/* --- a question -------------------------------------------------------------------------------------- */

static void ask_over(struct reading *r, const struct dw_yaml *v)
{
	r->ask.udp = dw_streq(v->text, "udp");
	if (!r->ask.udp && !dw_streq(v->text, "tcp"))
		probes_complain(r->made, v->line, "over: tcp or udp");
}

static void ask_bytes(struct reading *r, const struct dw_yaml *v)
{
	struct dw_bytes b = { 0 };
	bool good = dw_streq(v->key, "hex") ? probes_read_hex(r->made->arena, v->text, &b)
					    : probes_read_text(r->made->arena, v->text, &b);

	if (!good || b.n > BYTES_MAX || r->ask.bytes)
		probes_complain(r->made, v->line, "%s: no bytes, twice, or more than %u", v->key,
				BYTES_MAX);
	r->ask.bytes = (const uint8_t *)b.data;
	r->ask.n = (uint16_t)b.n;
}

static void ask_how(struct reading *r, const struct dw_yaml *v)
{
	if (dw_streq(v->text, "http"))
		r->ask.how = DW_PROBE_HTTP;
	else if (dw_streq(v->text, "tls"))
		r->ask.how = DW_PROBE_TLS;
	else
		probes_complain(r->made, v->line, "how: http or tls");
}

static void ask_id(struct reading *r, const struct dw_yaml *v)
{
	r->ask.id_at = (uint16_t)(number(r, v, BYTES_MAX) + 1);
}

static void ask_rank(struct reading *r, const struct dw_yaml *v)
{
	r->ask.rank = (uint8_t)number(r, v, 100);
}

static void ask_common(struct reading *r, const struct dw_yaml *v)
{
	r->ask.common = is_yes(r, v);
}

static void take_asks(struct reading *r, const struct dw_yaml *list)
{
	static const struct key keys[] = {
		{ "over", DW_YAML_TEXT, ask_over },     { "hex", DW_YAML_TEXT, ask_bytes },
		{ "text", DW_YAML_TEXT, ask_bytes },    { "how", DW_YAML_TEXT, ask_how },
		{ "id-at", DW_YAML_TEXT, ask_id },      { "rank", DW_YAML_TEXT, ask_rank },
		{ "common", DW_YAML_TEXT, ask_common },
	};

	for (const struct dw_yaml *v = list->first; v; v = v->next) {
		r->ask = (struct dw_probe_ask){ 0 };
		take_map(r, v, keys, DW_ARRAY_SIZE(keys));
		if (!r->ask.bytes && r->ask.how == DW_PROBE_BYTES)
			probes_complain(r->made, v->line, "ask: no bytes");
		if (r->ask.id_at && r->ask.id_at + 1 > r->ask.n)
			probes_complain(r->made, v->line, "id-at: beyond the end");
		dw_vec_push(r->made->arena, &r->entry->asks, r->ask);
	}
}

/* --- an answer --------------------------------------------------------------------------------------- */

static void match_is(struct reading *r, const struct dw_yaml *v)
{
	r->match.pattern = pattern(r, v);
}

static void match_over(struct reading *r, const struct dw_yaml *v)
{
	r->match.tcp = dw_streq(v->text, "tcp");
	r->match.udp = dw_streq(v->text, "udp");
	if (r->match.tcp == r->match.udp)
		probes_complain(r->made, v->line, "over: tcp or udp");
}

static void match_own(struct reading *r, const struct dw_yaml *v)
{
	r->match.own = is_yes(r, v);
}

static void match_product(struct reading *r, const struct dw_yaml *v)
{
	r->match.product = v->text;
}

static void match_version(struct reading *r, const struct dw_yaml *v)
{
	r->match.version = v->text;
}

static void match_extra(struct reading *r, const struct dw_yaml *v)
{
	r->match.extra = v->text;
}

static void take_matches(struct reading *r, const struct dw_yaml *list)
{
	static const struct key keys[] = {
		{ "is", DW_YAML_TEXT, match_is },
		{ "over", DW_YAML_TEXT, match_over },
		{ "own", DW_YAML_TEXT, match_own },
		{ "product", DW_YAML_TEXT, match_product },
		{ "version", DW_YAML_TEXT, match_version },
		{ "extra", DW_YAML_TEXT, match_extra },
	};

	for (const struct dw_yaml *v = list->first; v; v = v->next) {
		r->match = (struct dw_probe_match){ .tcp = true, .udp = true };
		take_map(r, v, keys, DW_ARRAY_SIZE(keys));
		if (!r->match.pattern)
			probes_complain(r->made, v->line, "match: what does it look like (is)?");
		dw_vec_push(r->made->arena, &r->entry->matches, r->match);
	}
}

/* --- a protocol -------------------------------------------------------------------------------------- */

#define TAKE_TEXT(member)                                                                          \
	static void take_##member(struct reading *r, const struct dw_yaml *v)                      \
	{                                                                                          \
		r->entry->p.member = v->text;                                                      \
	}
TAKE_TEXT(id)
TAKE_TEXT(title)
TAKE_TEXT(service)
TAKE_TEXT(tls_service)
TAKE_TEXT(silent)
TAKE_TEXT(avoid)

#define TAKE_PORTS(member)                                                                         \
	static void take_##member(struct reading *r, const struct dw_yaml *list)                   \
	{                                                                                          \
		for (const struct dw_yaml *v = list->first; v; v = v->next)                        \
			dw_vec_push(r->made->arena, &r->entry->member, number(r, v, 65535));       \
	}
TAKE_PORTS(tcp)
TAKE_PORTS(udp)
TAKE_PORTS(tls)

static void take_first(struct reading *r, const struct dw_yaml *v)
{
	r->entry->p.first = is_yes(r, v);
}

static void take_ready(struct reading *r, const struct dw_yaml *v)
{
	r->entry->p.ready = pattern(r, v);
}

static void take_starttls(struct reading *r, const struct dw_yaml *list)
{
	for (const struct dw_yaml *v = list->first; v; v = v->next) {
		struct dw_bytes b = { 0 };

		if (v->kind != DW_YAML_TEXT || !probes_read_text(r->made->arena, v->text, &b) ||
		    b.n > BYTES_MAX)
			probes_complain(r->made, v->line, "starttls: a text expected");
		else
			dw_vec_push(r->made->arena, &r->entry->starttls,
				    ((struct dw_probe_line){ (uint16_t)b.n, b.data }));
	}
}

static void take_anew(struct reading *r, const struct dw_yaml *v)
{
	r->entry->p.anew = is_yes(r, v);
}

static void check_entry(struct reading *r, const struct dw_yaml *at)
{
	const struct probes_entry *n = r->entry;
	bool asks = n->asks.n > 0 || n->p.first;

	if (!n->p.id || !n->p.title)
		probes_complain(r->made, at->line, "protocol and title are needed");
	else if ((n->p.silent || n->p.avoid) ? asks : n->matches.n == 0)
		probes_complain(
			r->made, at->line,
			"%s: what is asked needs a match; what is silent or avoided, no question",
			n->p.id);
	else if ((n->starttls.n > 0) != (n->p.ready != NULL))
		probes_complain(r->made, at->line, "%s: starttls and ready belong together",
				n->p.id);
	else if (n->p.anew && n->starttls.n == 0)
		probes_complain(r->made, at->line, "%s: anew says how starttls goes", n->p.id);
}

void probes_read_file(struct probes_made *m, const char *name, const struct dw_bytes *bytes)
{
	static const struct key keys[] = {
		{ "protocol", DW_YAML_TEXT, take_id },
		{ "title", DW_YAML_TEXT, take_title },
		{ "service", DW_YAML_TEXT, take_service },
		{ "silent", DW_YAML_TEXT, take_silent },
		{ "avoid", DW_YAML_TEXT, take_avoid },
		{ "tcp", DW_YAML_LIST, take_tcp },
		{ "udp", DW_YAML_LIST, take_udp },
		{ "tls", DW_YAML_LIST, take_tls },
		{ "first", DW_YAML_TEXT, take_first },
		{ "ask", DW_YAML_LIST, take_asks },
		{ "match", DW_YAML_LIST, take_matches },
		{ "ready", DW_YAML_TEXT, take_ready },
		{ "starttls", DW_YAML_LIST, take_starttls },
		{ "anew", DW_YAML_TEXT, take_anew },
		{ "tls-service", DW_YAML_TEXT, take_tls_service },
	};
	struct dw_error e = { 0 };
	struct dw_yaml *root = NULL;
	unsigned line = 0;

	m->file = name;
	if (dw_yaml_read(m->arena, bytes, &root, &line, &e) < 0 || !root ||
	    root->kind != DW_YAML_LIST) {
		probes_complain(m, line, "%s", e.code ? e.message : "a list expected");
		return;
	}
	for (const struct dw_yaml *v = root->first; v; v = v->next) {
		struct reading r = { .made = m };

		r.entry = dw_vec_add(m->arena, &m->entries);
		take_map(&r, v, keys, DW_ARRAY_SIZE(keys));
		check_entry(&r, v);
	}
}
