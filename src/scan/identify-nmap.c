/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identify_nmap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "identify_pattern.h"

#define PROBES_MAX  1000U
#define MATCHES_MAX 50000U
#define SAY_MAX     4000U /* bytes of a probe */
#define RARITY_OWN  8U    /* of nine: rarer ones are not worth a connection, even on their own ports */
#define NONE        ((size_t)-1)

struct reading {
	struct dw_nmap *n;
	const char *why; /* of the line that is bad */
};

static bool wrong(struct reading *r, const char *why)
{
	r->why = why;
	return false;
}

/* "TCP GetRequest q|GET / HTTP/1.0\r\n\r\n|" */
static bool take_probe(struct reading *r, const char *s)
{
	struct dw_arena *a = r->n->arena;
	bool udp = dw_starts_with(s, "UDP ");
	struct dw_nmap_probe p = { .udp = udp, .rarity = 5, .first = r->n->matches.n };
	const char *text;
	size_t n;

	if (!udp && !dw_starts_with(s, "TCP "))
		return wrong(r, "TCP or UDP expected");
	s += 4;
	n = strcspn(s, " ");
	if (n == 0 || n > 64 || s[n] != ' ' || s[n + 1] != 'q')
		return wrong(r, "a name and q|...| expected");
	p.name = dw_arena_strndup(a, s, n);
	s += n + 2;
	text = dw_nmap_delimited(a, &s);
	if (!text || !dw_nmap_unescape(a, text, &p.say) || p.say.n > SAY_MAX)
		return wrong(r, "what is to be said has no end, or an escape that is none");
	if (r->n->probes.n >= PROBES_MAX)
		return wrong(r, "too many probes");
	*dw_vec_add(a, &r->n->probes) = p;
	return true;
}

/* One of p/.../ v/.../ i/.../ h/.../ o/.../ d/.../ cpe:/.../a */
static bool take_info(struct reading *r, const char **s, struct dw_nmap_match *m)
{
	static const char letters[] = "pviho";
	const char **const slots[] = { &m->product, &m->version, &m->info, &m->host, &m->os };
	char letter = **s;
	const char *known = strchr(letters, letter), *text;

	if (dw_starts_with(*s, "cpe:"))
		*s += 4;
	else if (known || letter == 'd')
		(*s)++;
	else
		return wrong(r, "p/, v/, i/, h/, o/, d/ or cpe:/ expected");
	text = dw_nmap_delimited(r->n->arena, s);
	if (!text)
		return wrong(r, "what is told has no end");
	if (known)
		*slots[known - letters] = text;
	while (**s && **s != ' ') /* the a of cpe:/.../a */
		(*s)++;
	return true;
}

/* "ssh m|^SSH-...|i p/OpenSSH/ v/$1/" */
static bool take_match(struct reading *r, const char *s, bool soft)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-/";
	struct dw_nmap_match m = { .soft = soft };
	size_t n = strcspn(s, " ");
	const char *service = s;

	if (r->n->probes.n == 0)
		return wrong(r, "a match before the first Probe");
	if (n == 0 || n > 32 || strspn(s, letters) != n || s[n] != ' ' || s[n + 1] != 'm')
		return wrong(r, "a service and m|...| expected");
	if (dw_starts_with(service, "ssl/") && n > 4) {
		service += 4;
		n -= 4;
	}
	m.service = dw_nmap_our_name(dw_arena_strndup(r->n->arena, service, n));
	s = strchr(s, ' ') + 2;
	m.pattern = dw_nmap_delimited(r->n->arena, &s);
	if (!m.pattern)
		return wrong(r, "the pattern has no end");
	m.pattern_n = strlen(m.pattern);
	for (; *s && *s != ' '; s++)
		m.flags |= *s == 'i'   ? DW_PATTERN_ANY_CASE :
			   *s == 's' ? DW_PATTERN_DOT_ALL :
				       0U;
	for (s += strspn(s, " "); *s; s += strspn(s, " "))
		if (!take_info(r, &s, &m))
			return false;
	if (r->n->matches.n >= MATCHES_MAX)
		return wrong(r, "too many matches");
	*dw_vec_add(r->n->arena, &r->n->matches) = m;
	r->n->probes.v[r->n->probes.n - 1].n++;
	return true;
}

/* "T:9100-9107,U:30000" */
static bool take_exclude(struct reading *r, const char *s)
{
	while (*s) {
		bool udp = *s == 'U';
		const char *end;
		char *part;

		if (dw_starts_with(s, "T:") || dw_starts_with(s, "U:"))
			s += 2;
		end = s;
		while (*end && *end != 'T' && *end != 'U')
			end++;
		part = dw_arena_strndup(r->n->arena, s, (size_t)(end - s));
		if (!dw_nmap_ranges(r->n->arena, part,
				    udp ? (void *)&r->n->exclude_udp : (void *)&r->n->exclude_tcp))
			return wrong(r, "no list of ports");
		s = end;
	}
	return true;
}

static bool take_of_probe(struct reading *r, const char *word, const char *rest)
{
	struct dw_nmap_probe *p =
		r->n->probes.n > 0 ? &r->n->probes.v[r->n->probes.n - 1] : NULL;
	uint64_t number = 0;

	if (!p)
		return wrong(r, "stands before the first Probe");
	if (dw_streq(word, "ports") || dw_streq(word, "sslports"))
		return dw_nmap_ranges(r->n->arena, rest, &p->ports) || wrong(r, "no list of ports");
	if (dw_streq(word, "fallback")) {
		p->fallback = rest;
		return true;
	}
	if (!dw_parse_u64(rest, 10, 1000000, &number))
		return wrong(r, "a number expected");
	if (dw_streq(word, "rarity"))
		p->rarity = (unsigned)number;
	return true;
}

static bool take_line(struct reading *r, char *line)
{
	static const char *const of_probe[] = { "ports",       "sslports",     "rarity", "fallback",
						"totalwaitms", "tcpwrappedms" };
	char *rest = strchr(line, ' ');

	if (!rest)
		return wrong(r, "nothing behind the first word");
	*rest++ = '\0';
	rest += strspn(rest, " ");
	if (dw_streq(line, "Probe"))
		return take_probe(r, rest);
	if (dw_streq(line, "match") || dw_streq(line, "softmatch"))
		return take_match(r, rest, *line == 's');
	if (dw_streq(line, "Exclude"))
		return take_exclude(r, rest);
	for (size_t i = 0; i < DW_ARRAY_SIZE(of_probe); i++)
		if (dw_streq(line, of_probe[i]))
			return take_of_probe(r, line, rest);
	return wrong(r, "no word of this format");
}

struct dw_nmap *dw_nmap_read(const char *name, const struct dw_bytes *bytes)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_nmap *n = dw_new(a, struct dw_nmap);
	struct dw_lines lines = dw_lines_of(bytes);
	char *line;

	n->arena = a;
	while ((line = dw_lines_next_trimmed(&lines, a))) {
		struct reading r = { .n = n };

		if (!*line || *line == '#' || take_line(&r, line))
			continue;
		if (n->bad++ == 0)
			(void)snprintf(n->first_bad, sizeof(n->first_bad), "%s:%u: %s", name,
				       lines.number, r.why);
	}
	return n;
}

void dw_nmap_free(struct dw_nmap *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->matches.n; i++)
		dw_pattern_free(n->matches.v[i].compiled);
	dw_arena_free(n->arena);
}

size_t dw_nmap_plan(const struct dw_nmap *n, bool udp, uint16_t port, uint16_t *ret, size_t max)
{
	size_t found = 0;

	if (udp ? dw_nmap_in_ranges(n->exclude_udp.v, n->exclude_udp.n, port)
		: dw_nmap_in_ranges(n->exclude_tcp.v, n->exclude_tcp.n, port))
		return 0;
	for (size_t i = 0; i < n->probes.n && found < max; i++) {
		const struct dw_nmap_probe *p = &n->probes.v[i];

		if (p->udp == udp && p->say.n > 0 && p->rarity <= RARITY_OWN &&
		    dw_nmap_in_ranges(p->ports.v, p->ports.n, port))
			ret[found++] = (uint16_t)i;
	}
	return found;
}

/* --- matching ---------------------------------------------------------------------------------------- */

static bool fits(struct dw_nmap_match *m, const struct dw_reply *reply, struct dw_captures *c)
{
	if (!m->compiled && !m->broken)
		m->broken = dw_pattern_new(m->pattern, m->pattern_n, m->flags, &m->compiled, NULL) <
			    0;
	return !m->broken && dw_pattern_matches(m->compiled, reply->bytes, reply->n, c);
}

static void fill(const char *template, const struct dw_captures *c, char *to, size_t max)
{
	if (template)
		dw_template_fill(template, c, to, max);
}

static void take_found(const struct dw_nmap_match *m, const struct dw_captures *c,
		       struct identify_record *r)
{
	(void)snprintf(r->protocol, sizeof(r->protocol), "%s", m->service);
	(void)snprintf(r->by, sizeof(r->by), "nmap");
	fill(m->product, c, r->product, sizeof(r->product));
	fill(m->version, c, r->version, sizeof(r->version));
	if (!*r->extra)
		fill(m->info ? m->info : m->os, c, r->extra, sizeof(r->extra));
}

/* The first of the probe's matches that fits; a soft one only when no other does. */
static bool try_probe(struct dw_nmap *n, size_t i, const struct dw_reply *reply, bool known,
		      struct identify_record *r)
{
	const struct dw_nmap_probe *p = &n->probes.v[i];
	size_t soft = NONE;
	struct dw_captures c;

	for (size_t k = p->first; k < p->first + p->n; k++) {
		struct dw_nmap_match *m = &n->matches.v[k];

		if ((known && (m->soft || !m->product || !dw_streq(m->service, r->protocol))) ||
		    (m->soft && soft != NONE) || !fits(m, reply, &c))
			continue;
		if (!m->soft) {
			take_found(m, &c, r);
			return true;
		}
		soft = k;
	}
	if (soft == NONE || !fits(&n->matches.v[soft], reply, &c))
		return false;
	take_found(&n->matches.v[soft], &c, r);
	return true;
}

static size_t find_probe(const struct dw_nmap *n, const char *name, size_t length, bool udp)
{
	for (size_t i = 0; i < n->probes.n; i++)
		if (n->probes.v[i].udp == udp && strlen(n->probes.v[i].name) == length &&
		    memcmp(n->probes.v[i].name, name, length) == 0)
			return i;
	return NONE;
}

/* The probe whose questions are as ours was. */
static size_t same_question(const struct dw_nmap *n, const struct dw_reply *reply)
{
	const struct dw_probe_ask *ask =
		reply->asked >= 0 ? &dw_probes_builtin()->asks[reply->asked] : NULL;

	if (ask && ask->how == DW_PROBE_HTTP)
		return find_probe(n, "GetRequest", strlen("GetRequest"), false);
	for (size_t i = 0; ask && ask->n > 0 && i < n->probes.n; i++)
		if (n->probes.v[i].udp == reply->udp && n->probes.v[i].say.n == ask->n &&
		    memcmp(n->probes.v[i].say.data, ask->bytes, ask->n) == 0)
			return i;
	return NONE;
}

static bool try_fallbacks(struct dw_nmap *n, const char *names, const struct dw_reply *reply,
			  bool known, struct identify_record *r)
{
	while (names && *names) {
		size_t length = strcspn(names, ",");
		size_t i = find_probe(n, names, length, reply->udp);

		if (i != NONE && try_probe(n, i, reply, known, r))
			return true;
		names += length + (names[length] == ',');
	}
	return false;
}

bool dw_nmap_try(struct dw_nmap *n, const struct dw_reply *reply, bool known,
		 struct identify_record *r)
{
	size_t probe = reply->nmap_asked >= 0 ? (size_t)reply->nmap_asked : same_question(n, reply);
	size_t greeting = find_probe(n, "NULL", 4, false);

	if (probe < n->probes.n && (try_probe(n, probe, reply, known, r) ||
				    try_fallbacks(n, n->probes.v[probe].fallback, reply, known, r)))
		return true;
	return !reply->udp && greeting != NONE && greeting != probe &&
	       try_probe(n, greeting, reply, known, r);
}
