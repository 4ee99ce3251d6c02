/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "probes.h"

static void write_bytes(FILE *out, const char *s, size_t n)
{
	(void)fputc('"', out);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		/* octal: unlike \x it ends after three digits; ? might begin a trigraph */
		if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?')
			(void)fprintf(out, "\\%03o", (unsigned)c);
		else
			(void)fputc(c, out);
	}
	(void)fputc('"', out);
}

static void write_text(FILE *out, const char *member, const char *s)
{
	if (!s)
		return;
	(void)fprintf(out, " .%s = ", member);
	write_bytes(out, s, strlen(s));
	(void)fputc(',', out);
}

static int compare_ports(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void write_ports(FILE *out, size_t i, const char *member, uint16_t *ports, size_t n)
{
	if (n == 0)
		return;
	qsort(ports, n, sizeof(*ports), compare_ports);
	(void)fprintf(out, "static const uint16_t p%zu_%s[] = { ", i, member);
	for (size_t k = 0; k < n; k++)
		(void)fprintf(out, "%u, ", ports[k]);
	(void)fputs("};\n", out);
}

static void write_lists(FILE *out, size_t i, const struct probes_entry *p)
{
	write_ports(out, i, "tcp", p->tcp.v, p->tcp.n);
	write_ports(out, i, "udp", p->udp.v, p->udp.n);
	write_ports(out, i, "tls", p->tls.v, p->tls.n);
	if (p->starttls.n == 0)
		return;
	(void)fprintf(out, "static const struct dw_probe_line p%zu_starttls[] = { ", i);
	for (size_t k = 0; k < p->starttls.n; k++) {
		(void)fprintf(out, "{ %u, ", p->starttls.v[k].n);
		write_bytes(out, p->starttls.v[k].bytes, p->starttls.v[k].n);
		(void)fputs(" }, ", out);
	}
	(void)fputs("};\n", out);
}

static void write_asks(FILE *out, const struct probes_made *m)
{
	(void)fputs("static const struct dw_probe_ask asks[] = {\n", out);
	for (size_t i = 0; i < m->entries.n; i++)
		for (size_t k = 0; k < m->entries.v[i].asks.n; k++) {
			const struct dw_probe_ask *a = &m->entries.v[i].asks.v[k];

			(void)fprintf(out,
				      "\t{ .protocol = %zu, .udp = %d, .common = %d, .how = %u, "
				      ".rank = %u, .n = %u, .id_at = %u,",
				      i, a->udp, a->common, a->how, a->rank, a->n, a->id_at);
			if (a->bytes) {
				(void)fputs(" .bytes = (const uint8_t *)", out);
				write_bytes(out, (const char *)a->bytes, a->n);
			}
			(void)fputs(" },\n", out);
		}
	(void)fputs("};\n", out);
}

static void write_matches(FILE *out, const struct probes_made *m)
{
	(void)fputs("static const struct dw_probe_match matches[] = {\n", out);
	for (size_t i = 0; i < m->entries.n; i++)
		for (size_t k = 0; k < m->entries.v[i].matches.n; k++) {
			const struct dw_probe_match *a = &m->entries.v[i].matches.v[k];

			(void)fprintf(out, "\t{ .protocol = %zu, .tcp = %d, .udp = %d, .own = %d,",
				      i, a->tcp, a->udp, a->own);
			write_text(out, "pattern", a->pattern);
			write_text(out, "product", a->product);
			write_text(out, "version", a->version);
			write_text(out, "extra", a->extra);
			(void)fputs(" },\n", out);
		}
	(void)fputs("};\n", out);
}

static void point(FILE *out, size_t i, const char *member, size_t n)
{
	if (n > 0)
		(void)fprintf(out, " .%s = p%zu_%s, .n_%s = %zu,", member, i, member, member, n);
}

static void write_protocols(FILE *out, const struct probes_made *m)
{
	size_t asks = 0, matches = 0;

	(void)fputs("static const struct dw_probe_protocol protocols[] = {\n", out);
	for (size_t i = 0; i < m->entries.n; i++) {
		const struct probes_entry *p = &m->entries.v[i];

		(void)fputs("\t{", out);
		write_text(out, "id", p->p.id);
		write_text(out, "title", p->p.title);
		write_text(out, "service", p->p.service);
		write_text(out, "tls_service", p->p.tls_service);
		write_text(out, "silent", p->p.silent);
		write_text(out, "avoid", p->p.avoid);
		write_text(out, "ready", p->p.ready);
		point(out, i, "tcp", p->tcp.n);
		point(out, i, "udp", p->udp.n);
		point(out, i, "tls", p->tls.n);
		point(out, i, "starttls", p->starttls.n);
		(void)fprintf(
			out,
			" .first = %d, .anew = %d, .asks = %zu, .n_asks = %zu, .matches = %zu, "
			".n_matches = %zu },\n",
			p->p.first, p->p.anew, asks, p->asks.n, matches, p->matches.n);
		asks += p->asks.n;
		matches += p->matches.n;
	}
	(void)fputs("};\n", out);
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct probes_entry *)a)->p.id,
		      ((const struct probes_entry *)b)->p.id);
}

void probes_write(FILE *out, struct probes_made *m)
{
	qsort(m->entries.v, m->entries.n, sizeof(*m->entries.v), compare_entries);
	(void)fputs("/* Made by compile-probes. */\n#include \"dw_probes.h\"\n", out);
	for (size_t i = 0; i < m->entries.n; i++)
		write_lists(out, i, &m->entries.v[i]);
	write_asks(out, m);
	write_matches(out, m);
	write_protocols(out, m);
	(void)fputs("const struct dw_probes *dw_probes_builtin(void)\n{\n"
		    "\tstatic const struct dw_probes t = { protocols, sizeof(protocols) / "
		    "sizeof(protocols[0]), asks, sizeof(asks) / sizeof(asks[0]), matches, "
		    "sizeof(matches) / sizeof(matches[0]) };\n\n\treturn &t;\n}\n",
		    out);
}
