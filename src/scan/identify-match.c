/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identify_match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "identify_nmap.h"
#include "identify_pattern.h"

struct dw_matcher {
	const struct dw_probes *table;
	struct dw_pattern **patterns; /* beside table->matches */
	struct dw_pattern **ready;    /* beside table->protocols; NULL: none */
	struct dw_nmap *nmap;
};

static int compile(const char *text, const char *id, struct dw_pattern **ret, struct dw_error *e)
{
	struct dw_error why = { 0 };
	int r = dw_pattern_new(text, strlen(text), DW_PATTERN_DOT_ALL, ret, &why);

	return r < 0 ? dw_error_set(e, r, "%s: %s", id, why.message) : 0;
}

static int compile_all(struct dw_matcher *m, struct dw_error *e)
{
	const struct dw_probes *t = m->table;
	int r = 0;

	for (size_t i = 0; i < t->n_matches && r == 0; i++)
		r = compile(t->matches[i].pattern, t->protocols[t->matches[i].protocol].id,
			    &m->patterns[i], e);
	for (size_t i = 0; i < t->n_protocols && r == 0; i++)
		if (t->protocols[i].ready)
			r = compile(t->protocols[i].ready, t->protocols[i].id, &m->ready[i], e);
	return r;
}

int dw_matcher_new(struct dw_matcher **ret, struct dw_error *e)
{
	struct dw_matcher *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		dw_oom();
	m->table = dw_probes_builtin();
	m->patterns = calloc(m->table->n_matches, sizeof(struct dw_pattern *));
	m->ready = calloc(m->table->n_protocols, sizeof(struct dw_pattern *));
	if (!m->patterns || !m->ready)
		dw_oom();
	r = compile_all(m, e);
	if (r < 0) {
		dw_matcher_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

void dw_matcher_free(struct dw_matcher *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->table->n_matches; i++)
		dw_pattern_free(m->patterns[i]);
	for (size_t i = 0; i < m->table->n_protocols; i++)
		dw_pattern_free(m->ready[i]);
	free(m->patterns);
	free(m->ready);
	free(m);
}

void dw_matcher_set_nmap(struct dw_matcher *m, struct dw_nmap *nmap)
{
	m->nmap = nmap;
}

static void copy(char *to, size_t max, const char *text)
{
	size_t n = DW_MIN(strlen(text), max - 1);

	memcpy(to, text, n);
	to[n] = '\0';
}

static void fill(const char *template, const struct dw_captures *c, char *to, size_t max)
{
	*to = '\0';
	if (template)
		dw_template_fill(template, c, to, max);
}

static bool try_one(const struct dw_matcher *m, size_t i, const struct dw_reply *reply,
		    struct identify_record *r)
{
	const struct dw_probe_match *a = &m->table->matches[i];
	struct dw_captures c;

	if (!(reply->udp ? a->udp : a->tcp) ||
	    !dw_pattern_matches(m->patterns[i], reply->bytes, reply->n, &c))
		return false;
	copy(r->protocol, sizeof(r->protocol), m->table->protocols[a->protocol].id);
	copy(r->by, sizeof(r->by), "doorward");
	fill(a->product, &c, r->product, sizeof(r->product));
	fill(a->version, &c, r->version, sizeof(r->version));
	fill(a->extra, &c, r->extra, sizeof(r->extra));
	return true;
}

/* The matches of a protocol; its own ones too, when it was asked or it is its port. */
static bool try_protocol(const struct dw_matcher *m, size_t protocol, bool own,
			 const struct dw_reply *reply, struct identify_record *r)
{
	const struct dw_probe_protocol *p = &m->table->protocols[protocol];

	for (size_t i = p->matches; i < (size_t)p->matches + p->n_matches; i++)
		if ((own || !m->table->matches[i].own) && try_one(m, i, reply, r))
			return true;
	return false;
}

static bool is_port_of(const struct dw_probe_protocol *p, const struct dw_reply *reply)
{
	if (reply->udp)
		return dw_probes_has_port(p->udp, p->n_udp, reply->port);
	return reply->tls ? dw_probes_has_port(p->tls, p->n_tls, reply->port)
			  : dw_probes_has_port(p->tcp, p->n_tcp, reply->port);
}

/*
 * On its port, a protocol's own matches count when nothing was asked of another, or when it speaks first: a
 * greeting may come after our first words.
 */
static bool counts_as_own(const struct dw_probe_protocol *p, const struct dw_reply *reply)
{
	return is_port_of(p, reply) && (reply->asked == DW_ASKED_NOTHING || p->first);
}

static bool try_table(const struct dw_matcher *m, const struct dw_reply *reply,
		      struct identify_record *r)
{
	const struct dw_probes *t = m->table;
	int asked = reply->asked >= 0 ? t->asks[reply->asked].protocol : -1;

	if (asked >= 0 && try_protocol(m, (size_t)asked, true, reply, r))
		return true;
	for (size_t i = 0; i < t->n_protocols; i++)
		if ((int)i != asked && is_port_of(&t->protocols[i], reply) &&
		    try_protocol(m, i, counts_as_own(&t->protocols[i], reply), reply, r))
			return true;
	for (size_t i = 0; i < t->n_protocols; i++)
		if ((int)i != asked && !is_port_of(&t->protocols[i], reply) &&
		    try_protocol(m, i, false, reply, r))
			return true;
	return false;
}

bool dw_matcher_try(const struct dw_matcher *m, const struct dw_reply *reply,
		    struct identify_record *r)
{
	bool known = try_table(m, reply, r);

	/* where ours knows the protocol alone, the other file may know the product */
	if (m->nmap && !(known && *r->product))
		known |= dw_nmap_try(m->nmap, reply, known, r);
	return known;
}

bool dw_matcher_is_ready(const struct dw_matcher *m, size_t protocol, const uint8_t *bytes,
			 size_t n)
{
	struct dw_captures c;

	return m->ready[protocol] && dw_pattern_matches(m->ready[protocol], bytes, n, &c);
}

bool dw_matcher_fits(const struct dw_matcher *m, size_t match, const uint8_t *bytes, size_t n)
{
	struct dw_captures c;

	return dw_pattern_matches(m->patterns[match], bytes, n, &c);
}
