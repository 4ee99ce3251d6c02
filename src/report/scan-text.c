/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan for people: a heading for each host, a line for each port, what is left in a sentence, a summary. */
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "scan-words.h"
#include "steps.h"
#include "table.h"

#define PORT_WIDTH    11
#define STATE_WIDTH   8
#define SERVICE_WIDTH 14

static const enum dw_protocol protocols[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP, DW_PROTOCOL_SCTP };

/* --- hosts ---------------------------------------------------------------------------------------- */

static const char *up_words(const struct dw_scan_host *h)
{
	switch (h->up) {
	case DW_SCAN_UP_YES:
		break;
	case DW_SCAN_UP_ASSUMED:
		return "nothing answered so far; assumed to be there";
	case DW_SCAN_UP_NO:
		return "nothing answered";
	case DW_SCAN_UP_GONE:
		return "it answered, and then no more";
	case DW_SCAN_UP_UNREACHABLE:
		return "there is no way to it";
	case DW_SCAN_UP_UNKNOWN:
	case DW_SCAN_UP_COUNT:
		return "not looked at";
	}
	return NULL;
}

static const char *heading(const struct dw_scan_host *h, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };
	const char *up = up_words(h);

	dw_str_add(&text, dw_address_text(a, &h->address));
	if (h->name)
		dw_str_addf(&text, " (%s)", dw_cells_escape(h->name, a));
	if (up)
		dw_str_addf(&text, ": %s", up);
	if (h->rtt_us >= 1000)
		dw_str_addf(&text, "  %.1f ms", h->rtt_us / 1000.0);
	else if (h->rtt_us)
		dw_str_addf(&text, "  %.2f ms", h->rtt_us / 1000.0);
	if (h->has_mac)
		dw_str_addf(&text, "  %02x:%02x:%02x:%02x:%02x:%02x", h->mac[0], h->mac[1],
			    h->mac[2], h->mac[3], h->mac[4], h->mac[5]);
	if (!h->complete)
		dw_str_add(&text, "  NOT FINISHED");
	return text.s;
}

static const char *colour_of(const struct page *p, enum dw_scan_state s)
{
	if (!p->style->colour)
		return "";
	return s == DW_SCAN_OPEN ? DW_ANSI_BOLD : s == DW_SCAN_CLOSED ? DW_ANSI_DIM : "";
}

static void put_port(const struct page *p, const struct dw_scan_port *port)
{
	const char *door =
		dw_arena_printf(p->a, "%u/%s", port->port, dw_protocol_name(port->protocol));
	const char *service = dw_scan_words_service(port, p->a);
	const char *says = port->state == DW_SCAN_OPEN ? dw_report_scan_says(port, p->a)
						       : dw_scan_words_why(port, p->a);
	const char *on = colour_of(p, port->state);
	size_t used = 2 + PORT_WIDTH + 1 + STATE_WIDTH + 1 + SERVICE_WIDTH + 1;

	if (!p->style->wide) {
		service = dw_layout_cut(service, SERVICE_WIDTH, false, p->a);
		if (p->style->columns > used + 12)
			says = dw_layout_cut(says, p->style->columns - used, false, p->a);
	}
	(void)fprintf(p->out, "  %-*s %s%-*s%s", PORT_WIDTH, door, on,
		      *says || *service ? STATE_WIDTH : 0, dw_scan_state_name(port->state),
		      *on ? DW_ANSI_OFF : "");
	if (*says)
		(void)fprintf(p->out, " %s%*s %s\n", service,
			      (int)(SERVICE_WIDTH -
				    DW_MIN(dw_display_width(service), (size_t)SERVICE_WIDTH)),
			      "", says);
	else
		(void)fprintf(p->out, "%s%s\n", *service ? " " : "", service);
}

static void add_rest(struct dw_str *text, uint32_t n, const char *what, struct dw_arena *a)
{
	if (n)
		dw_str_addf(text, "%s%s %s", text->n ? ", " : "", dw_scan_words_number(n, a), what);
}

/* How silent ports came to their state: alike for all of a host. */
static const char *silence(const struct dw_scan_host *h, struct dw_arena *a)
{
	return h->up == DW_SCAN_UP_GONE ? "no answer, but the host fell silent: it proves nothing"
					: dw_arena_printf(a, "no answer, or told to be prohibited");
}

static void put_rest(const struct page *p, const struct dw_scan_host *h, enum dw_protocol protocol)
{
	struct dw_scan_counts rest = dw_report_scan_rest(h, protocol);
	const struct dw_scan_counts *all = dw_report_scan_counts(h, protocol);
	uint32_t known = rest.open + rest.closed + rest.filtered + rest.unproven;
	struct dw_str text = { .arena = p->a };
	const char *name = protocol == DW_PROTOCOL_TCP   ? "TCP"
			   : protocol == DW_PROTOCOL_UDP ? "UDP"
							 : "SCTP";

	add_rest(&text, rest.open, "open", p->a);
	add_rest(&text, rest.closed, "closed (it said so)", p->a);
	add_rest(&text, rest.filtered, dw_arena_printf(p->a, "filtered (%s)", silence(h, p->a)),
		 p->a);
	add_rest(&text, rest.unproven,
		 protocol == DW_PROTOCOL_UDP ? "unproven (silent: open, filtered, or not told)"
					     : "unproven (open once, and not heard again)",
		 p->a);
	if (rest.asked > known)
		add_rest(&text, rest.asked - known, "not looked at", p->a);
	if (text.n)
		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a, "%s %s %s port%s: %s.",
					    known == all->asked ? "All" : "Of",
					    dw_scan_words_number(all->asked, p->a), name,
					    all->asked == 1 ? "" : "s", text.s));
}

static void put_doubts(const struct page *p, const struct dw_scan_host *h)
{
	if (h->tarpit)
		dw_page_put(p, 2, 2,
			    "TARPIT: it says \"open\" on nearly every port, so what is listed "
			    "proves nothing.");
	if (h->proxy)
		dw_page_put(p, 2, 2,
			    "PROXY: something before it answers (bare SYN-ACKs): a port that is "
			    "listed may have nothing behind it.");
	if (h->loss > 0)
		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a,
					    "%.2g %% of its answers came only after a repeat.",
					    (double)h->loss * 100));
}

static void put_host(const struct page *p, const struct dw_scan_host *h)
{
	dw_page_head(p, heading(h, p->a));
	put_doubts(p, h);
	/* a tarpit's list is as long as the port numbers, and says nothing */
	for (size_t i = 0; i < h->n_ports && (i < 20 || !h->tarpit || p->style->all); i++)
		put_port(p, &h->ports[i]);
	if (h->tarpit && h->n_ports > 20 && !p->style->all)
		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a, "... and %s more: --all",
					    dw_scan_words_number(h->n_ports - 20, p->a)));
	for (size_t i = 0; i < DW_ARRAY_SIZE(protocols); i++)
		put_rest(p, h, protocols[i]);
}

/* --- summary -------------------------------------------------------------------------------------- */

struct sums {
	uint64_t open, filtered, unproven, once; /* once: told open once, and not again */
	size_t gone, unfinished, doubtful, unreachable;
};

static struct sums sum(const struct dw_scan *s)
{
	struct sums out = { 0 };

	for (size_t i = 0; i < s->n_hosts; i++) {
		const struct dw_scan_host *h = &s->hosts[i];

		for (size_t k = 0; k < DW_ARRAY_SIZE(protocols); k++) {
			const struct dw_scan_counts *c = dw_report_scan_counts(h, protocols[k]);

			out.open += c->open;
			out.filtered += c->filtered;
			if (protocols[k] == DW_PROTOCOL_UDP)
				out.unproven += c->unproven;
			else
				out.once += c->unproven;
		}
		out.gone += h->up == DW_SCAN_UP_GONE;
		out.unreachable += h->up == DW_SCAN_UP_UNREACHABLE;
		out.unfinished += !h->complete;
		out.doubtful += h->tarpit || h->proxy;
	}
	return out;
}

static const char *plural(uint64_t n, const char *one, struct dw_arena *a)
{
	const char *s = one[strlen(one) - 1] == 's' ? "es" : "s";

	return dw_arena_printf(a, "%s %s%s", dw_scan_words_number(n, a), one, n == 1 ? "" : s);
}

static void put_numbers(const struct page *p, const struct dw_scan *s, const struct sums *n)
{
	struct dw_str text = { .arena = p->a };

	dw_str_addf(&text, "\n%s open on %s of %s asked.", plural(n->open, "port", p->a),
		    plural(s->n_hosts, "host", p->a), dw_scan_words_number(s->hosts_asked, p->a));
	dw_str_addf(&text, " %s sent, %s answered, %s lost and asked again",
		    plural(s->sent, "probe", p->a), dw_scan_words_number(s->answered, p->a),
		    dw_scan_words_number(s->lost, p->a));
	if (s->sender)
		dw_str_addf(&text, "; by %s", s->sender);
	if (s->ended > s->begun)
		dw_str_addf(&text, ", %s", plural(s->ended - s->begun, "second", p->a));
	dw_str_add(&text, ".");
	if (s->shards > 1)
		dw_str_addf(&text, " This is shard %u of %u (seed %ju).", s->shard, s->shards,
			    (uintmax_t)s->seed);
	dw_page_put(p, 0, 0, text.s);
	if (s->authorised_by)
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a, "Authorised by %s.",
					    dw_cells_escape(s->authorised_by, p->a)));
}

static void put_silent(const struct page *p, const struct dw_scan *s)
{
	struct dw_str text = { .arena = p->a };

	if (!s->hosts_silent)
		return;
	dw_str_addf(&text, "Nothing answered at %s", plural(s->hosts_silent, "address", p->a));
	if (s->hosts_unproven)
		dw_str_addf(&text,
			    "; of %s that is no proof that nobody is there (--assume-up asks "
			    "all the same)",
			    dw_scan_words_number(s->hosts_unproven, p->a));
	/* no powers of ten for people */
	if (s->hosts_missed > 0)
		dw_str_addf(&text, "; chance that a host of this link was missed: under %.1g %%",
			    DW_MAX((double)s->hosts_missed * 100, 0.001));
	dw_page_put(p, 0, 0, dw_arena_printf(p->a, "%s.", text.s));
}

/* What the user must not take for known. */
static void put_unproven(const struct page *p, const struct dw_scan *s, const struct sums *n)
{
	if (!s->ended)
		dw_page_put(p, 0, 0,
			    "It was stopped before its end: what is not listed is not known.");
	put_silent(p, s);
	if (n->unproven)
		dw_page_put(
			p, 0, 0,
			dw_arena_printf(p->a,
					"Not proven: %s that stayed silent. They are open, "
					"filtered, or closed without a word (a host tells of few "
					"closed ports a second). More time proves more: "
					"--udp-time; so does doorward scan-assist on that host.",
					plural(n->unproven, "UDP port", p->a)));
	if (n->once)
		dw_page_put(p, 0, 0,
			    dw_arena_printf(
				    p->a,
				    "Not proven: %s that said to be open once, and not again: "
				    "closed meanwhile, forged by somebody, or the network stood "
				    "still. Scan again.",
				    plural(n->once, "port", p->a)));
	if (n->gone)
		dw_page_put(
			p, 0, 0,
			dw_arena_printf(p->a,
					"%s fell silent midway: its silent ports prove nothing. "
					"Scan again, slower (--max-load polite).",
					plural(n->gone, "host", p->a)));
	if (s->ended && n->unfinished)
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a, "%s could not be asked all ports.",
					    plural(n->unfinished, "host", p->a)));
	for (size_t i = 0; i < s->n_notes; i++)
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a, "%s.", dw_cells_escape(s->notes[i], p->a)));
}

int dw_report_scan_text(const struct dw_scan *s, FILE *out, const struct dw_report_style *style,
			struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };
	struct sums n = sum(s);

	for (size_t i = 0; i < s->n_hosts; i++)
		put_host(&p, &s->hosts[i]);
	if (!style->quiet) {
		put_numbers(&p, s, &n);
		put_unproven(&p, s, &n);
	}
	return dw_report_end(out, e);
}
