/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan in plain words: what is behind a port, what a state rests on. */
#include "scan-words.h"

#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "table.h"

const struct dw_scan_counts *dw_report_scan_counts(const struct dw_scan_host *h, enum dw_protocol p)
{
	if (p == DW_PROTOCOL_UDP)
		return &h->udp;
	return p == DW_PROTOCOL_SCTP ? &h->sctp : &h->tcp;
}

struct dw_scan_counts dw_report_scan_rest(const struct dw_scan_host *h, enum dw_protocol p)
{
	struct dw_scan_counts c = *dw_report_scan_counts(h, p);
	uint32_t *const members[DW_SCAN_STATE_COUNT] = {
		[DW_SCAN_OPEN] = &c.open,
		[DW_SCAN_CLOSED] = &c.closed,
		[DW_SCAN_FILTERED] = &c.filtered,
		[DW_SCAN_UNPROVEN] = &c.unproven,
	};

	for (size_t i = 0; i < h->n_ports; i++) {
		uint32_t *m = (unsigned)h->ports[i].state < DW_SCAN_STATE_COUNT
				      ? members[h->ports[i].state]
				      : NULL;

		if (h->ports[i].protocol != p)
			continue;
		if (m && *m > 0)
			(*m)--;
		if (c.asked > 0)
			c.asked--;
	}
	return c;
}

static void add(struct dw_str *text, const char *between, const char *s, struct dw_arena *a)
{
	if (!s || !*s)
		return;
	dw_str_addf(text, "%s%s", text->n ? between : "", dw_cells_escape(s, a));
}

static void add_tls(struct dw_str *text, const struct dw_scan_service *s, struct dw_arena *a)
{
	if (!s->tls)
		return;
	add(text, "; ", s->tls_version ? s->tls_version : "TLS", a);
	add(text, ", ", s->certificate, a);
	if (s->expires)
		dw_str_addf(text, ", until %.10s", dw_field_time(a, s->expires));
}

const char *dw_report_scan_says(const struct dw_scan_port *p, struct dw_arena *a)
{
	const struct dw_scan_service *s = p->service;
	struct dw_str text = { .arena = a };

	dw_str_add(&text, "");
	if (!s)
		return text.s;
	add(&text, "", s->product, a);
	add(&text, " ", s->version, a);
	if (!s->product)
		add(&text, " ", s->server, a);
	if (s->extra && *s->extra)
		dw_str_addf(&text, "%s(%s)", text.n ? " " : "", dw_cells_escape(s->extra, a));
	add_tls(&text, s, a);
	if (s->title && *s->title)
		dw_str_addf(&text, "%s\"%s\"", text.n ? "; " : "", dw_cells_escape(s->title, a));
	if (!text.n && s->banner && *s->banner)
		dw_str_addf(&text, "\"%s\"", dw_cells_escape(s->banner, a));
	return text.s;
}

const char *dw_scan_words_service(const struct dw_scan_port *p, struct dw_arena *a)
{
	const struct dw_scan_service *s = p->service;

	if (!s || !s->protocol)
		return s && s->tls ? "tls" : "";
	/* "https" says it in one word */
	if (s->tls && dw_streq(s->protocol, "http"))
		return "https";
	return s->tls ? dw_arena_printf(a, "%s/tls", dw_cells_escape(s->protocol, a))
		      : dw_cells_escape(s->protocol, a);
}

const char *dw_scan_words_missed(double missed, struct dw_arena *a)
{
	if (missed <= 0)
		return "";
	if (missed < 1e-3)
		return dw_arena_printf(a, "; that each answer was lost: 1 in %.0e", 1 / missed);
	return dw_arena_printf(a, "; that each answer was lost: %.2g %%", missed * 100);
}

const char *dw_scan_words_why(const struct dw_scan_port *p, struct dw_arena *a)
{
	static const char *const words[DW_SCAN_WHY_COUNT] = {
		[DW_SCAN_WHY_SYN_ACK] = "it answered the SYN",
		[DW_SCAN_WHY_CONNECTED] = "it took the connection",
		[DW_SCAN_WHY_REPLY] = "it replied",
		[DW_SCAN_WHY_INIT_ACK] = "it answered the INIT",
		[DW_SCAN_WHY_RESET] = "it refused",
		[DW_SCAN_WHY_ABORT] = "it refused",
		[DW_SCAN_WHY_PORT_UNREACHABLE] = "port unreachable",
		[DW_SCAN_WHY_PROHIBITED] = "prohibited",
		[DW_SCAN_WHY_UNREACHABLE] = "not reached",
	};
	const char *word = (unsigned)p->why < DW_SCAN_WHY_COUNT ? words[p->why] : NULL;

	if (p->state == DW_SCAN_UNKNOWN)
		return "not looked at";
	if (p->why == DW_SCAN_WHY_NO_ANSWER || !word)
		return p->probes ? dw_arena_printf(a, "no answer to %u probe%s%s", p->probes,
						   p->probes == 1 ? "" : "s",
						   dw_scan_words_missed((double)p->missed, a))
				 : "no answer";
	if (p->has_from)
		return dw_arena_printf(a, "%s, says %s", word, dw_address_text(a, &p->from));
	return word;
}

const char *dw_scan_words_number(uint64_t n, struct dw_arena *a)
{
	char digits[24];
	struct dw_str text = { .arena = a };
	int length = snprintf(digits, sizeof(digits), "%ju", (uintmax_t)n);

	for (int i = 0; i < length; i++)
		dw_str_addf(&text, "%s%c", i && (length - i) % 3 == 0 ? "," : "", digits[i]);
	return text.s;
}
