/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan in lines for other programs: JSON Lines, grepable, list, log. */
#include <ctype.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "scan-words.h"
#include "table.h"

typedef int put_line(const struct dw_scan_line *l, FILE *out, struct dw_error *e);

static int each(const struct dw_scan *s, FILE *out, put_line *put, struct dw_error *e)
{
	int r = 0;

	for (size_t i = 0; i < s->n_hosts; i++)
		for (size_t k = 0; k < s->hosts[i].n_ports && r == 0; k++) {
			struct dw_scan_line l = { s, &s->hosts[i], &s->hosts[i].ports[k] };

			r = put(&l, out, e);
		}
	return r < 0 ? r : dw_report_end(out, e);
}

int dw_report_scan_jsonl(const struct dw_scan *s, FILE *out, struct dw_error *e)
{
	return each(s, out, dw_report_scan_line, e);
}

/* --- list ------------------------------------------------------------------------------------------- */

static int put_open(const struct dw_scan_line *l, FILE *out, dw_unused struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	bool six = l->host->address.family == DW_FAMILY_IPV6;

	if (l->port->state == DW_SCAN_OPEN)
		(void)fprintf(out, "%s%s%s:%u/%s\n", six ? "[" : "",
			      dw_address_text(a, &l->host->address), six ? "]" : "", l->port->port,
			      dw_protocol_name(l->port->protocol));
	return 0;
}

int dw_report_scan_list(const struct dw_scan *s, FILE *out, struct dw_error *e)
{
	return each(s, out, put_open, e);
}

/* --- log -------------------------------------------------------------------------------------------- */

/* NAME="text", with what would end it escaped. */
static void add_quoted(struct dw_str *text, const char *name, const char *value, struct dw_arena *a)
{
	const char *safe = value && *value ? dw_cells_escape(value, a) : NULL;

	if (!safe)
		return;
	dw_str_addf(text, " %s=\"", name);
	for (; *safe; safe++)
		dw_str_addf(text, *safe == '"' ? "\\x22" : "%c", *safe);
	dw_str_addc(text, '"');
}

const char *dw_report_scan_log(const struct dw_scan_line *l, struct dw_arena *a)
{
	const struct dw_scan_port *p = l->port;
	struct dw_str text = { .arena = a }, protocol = { .arena = a };

	for (const char *c = dw_protocol_name(p->protocol); *c; c++)
		dw_str_addc(&protocol, (char)toupper((unsigned char)*c));
	dw_str_addf(&text, "%s %s doorward: SCAN=%s DST=%s PROTO=%s DPT=%u REASON=%s",
		    dw_field_time(a, p->time / 1000),
		    l->scan->scanner ? dw_cells_escape(l->scan->scanner, a) : "-",
		    dw_scan_state_name(p->state), dw_address_text(a, &l->host->address), protocol.s,
		    p->port, dw_scan_why_name(p->why));
	if (p->has_from)
		dw_str_addf(&text, " SRC=%s", dw_address_text(a, &p->from));
	if (p->ttl)
		dw_str_addf(&text, " TTL=%u", p->ttl);
	if (l->host->tarpit || l->host->proxy)
		dw_str_add(&text, " DOUBTFUL");
	add_quoted(&text, "SERVICE", dw_scan_words_service(p, a), a);
	add_quoted(&text, "SAYS", dw_report_scan_says(p, a), a);
	add_quoted(&text, "HOST", l->host->name, a);
	add_quoted(&text, "AUTHORISED_BY", l->scan->authorised_by, a);
	return text.s;
}

static int put_log(const struct dw_scan_line *l, FILE *out, dw_unused struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	(void)fprintf(out, "%s\n", dw_report_scan_log(l, a));
	return 0;
}

int dw_report_scan_log_all(const struct dw_scan *s, FILE *out, struct dw_error *e)
{
	return each(s, out, put_log, e);
}

/* --- grepable --------------------------------------------------------------------------------------- */

/* A slash ends a field there, a comma a port, a tab all. */
static const char *field(const char *s, struct dw_arena *a)
{
	char *copy = dw_arena_strdup(a, s ? dw_cells_escape(s, a) : "");

	for (char *p = copy; *p; p++)
		if (*p == '/' || *p == ',' || *p == '\t')
			*p = *p == ',' ? ';' : '|';
	return copy;
}

static const char *nmap_state(enum dw_scan_state s)
{
	return s == DW_SCAN_UNPROVEN ? "open|filtered" : dw_scan_state_name(s);
}

static void put_ignored(FILE *out, const struct dw_scan_host *h, struct dw_arena *a)
{
	struct dw_scan_counts t = dw_report_scan_rest(h, DW_PROTOCOL_TCP),
			      u = dw_report_scan_rest(h, DW_PROTOCOL_UDP),
			      c = dw_report_scan_rest(h, DW_PROTOCOL_SCTP);
	const struct {
		const char *name;
		uint64_t n;
	} all[] = { { "closed", (uint64_t)t.closed + u.closed + c.closed },
		    { "filtered", (uint64_t)t.filtered + u.filtered + c.filtered },
		    { "open|filtered", (uint64_t)t.unproven + u.unproven + c.unproven } };
	struct dw_str text = { .arena = a };

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		if (all[i].n)
			dw_str_addf(&text, "%s%s (%ju)",
				    text.n ? ", " : "\tIgnored State: ", all[i].name,
				    (uintmax_t)all[i].n);
	(void)fputs(text.s ? text.s : "", out);
}

static void put_grepable(FILE *out, const struct dw_scan_host *h)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *address = dw_address_text(a, &h->address), *name = field(h->name, a);

	(void)fprintf(out, "Host: %s (%s)\tStatus: %s\n", address, name,
		      h->up == DW_SCAN_UP_NO || h->up == DW_SCAN_UP_UNREACHABLE ? "Down" : "Up");
	(void)fprintf(out, "Host: %s (%s)\tPorts: ", address, name);
	for (size_t i = 0; i < h->n_ports; i++) {
		const struct dw_scan_port *p = &h->ports[i];

		(void)fprintf(out, "%s%u/%s/%s//%s//%s/", i ? ", " : "", p->port,
			      nmap_state(p->state), dw_protocol_name(p->protocol),
			      field(dw_scan_words_service(p, a), a),
			      field(dw_report_scan_says(p, a), a));
	}
	put_ignored(out, h, a);
	(void)fputc('\n', out);
}

int dw_report_scan_grepable(const struct dw_scan *s, FILE *out, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	(void)fprintf(out, "# doorward %s scan initiated %s as: %s\n", s->version ? s->version : "",
		      dw_field_time(a, s->begun), s->command ? dw_cells_escape(s->command, a) : "");
	if (s->authorised_by)
		(void)fprintf(out, "# authorised by: %s\n", dw_cells_escape(s->authorised_by, a));
	for (size_t i = 0; i < s->n_hosts; i++)
		put_grepable(out, &s->hosts[i]);
	(void)fprintf(out, "# doorward %s at %s -- %ju addresses (%zu hosts up) scanned\n",
		      s->ended ? "done" : "stopped",
		      s->ended || s->stopped ? dw_field_time(a, s->ended + s->stopped)
					     : "an unknown time",
		      (uintmax_t)s->hosts_asked, s->n_hosts);
	return dw_report_end(out, e);
}
