/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As nmap -oX: what ndiff(1) and the parsers of nmap's XML read (nmap.dtd, docs of nmap 7.93). */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "markup.h"
#include "scan-words.h"
#include "table.h"

struct xml {
	FILE *out;
	struct dw_arena *a;
	const struct dw_scan *scan;
};

static void put_attribute(const struct xml *x, const char *name, const char *value)
{
	if (!value)
		return;
	(void)fprintf(x->out, " %s=\"", name);
	dw_markup_put(x->out, x->a, value);
	(void)fputc('"', x->out);
}

/* "Thu Nov 26 20:55:21 2026", as nmap writes it */
static const char *time_text(struct dw_arena *a, uint64_t seconds)
{
	time_t t = (time_t)DW_MIN(seconds, (uint64_t)253402300799);
	char text[64] = "";
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm) == 0)
		return "";
	return dw_arena_strdup(a, text);
}

static const char *reason(enum dw_scan_why w)
{
	static const char *const words[DW_SCAN_WHY_COUNT] = {
		[DW_SCAN_WHY_UNKNOWN] = "unknown-response",
		[DW_SCAN_WHY_SYN_ACK] = "syn-ack",
		[DW_SCAN_WHY_CONNECTED] = "syn-ack",
		[DW_SCAN_WHY_REPLY] = "udp-response",
		[DW_SCAN_WHY_INIT_ACK] = "init-ack",
		[DW_SCAN_WHY_ECHO] = "echo-reply",
		[DW_SCAN_WHY_NEIGHBOUR] = "arp-response",
		[DW_SCAN_WHY_RESET] = "reset",
		[DW_SCAN_WHY_ABORT] = "abort",
		[DW_SCAN_WHY_PORT_UNREACHABLE] = "port-unreach",
		[DW_SCAN_WHY_PROHIBITED] = "admin-prohibited",
		[DW_SCAN_WHY_UNREACHABLE] = "host-unreach",
		[DW_SCAN_WHY_NO_ANSWER] = "no-response",
	};

	return words[(unsigned)w < DW_SCAN_WHY_COUNT ? w : DW_SCAN_WHY_UNKNOWN];
}

static const char *state(enum dw_scan_state s)
{
	if (s == DW_SCAN_UNPROVEN)
		return "open|filtered";
	return s == DW_SCAN_UNKNOWN ? "unfiltered" : dw_scan_state_name(s);
}

/* --- ports ---------------------------------------------------------------------------------------- */

static void put_service(const struct xml *x, const struct dw_scan_service *s)
{
	const char *name = s->protocol ? s->protocol : s->service;

	(void)fputs("<service", x->out);
	put_attribute(x, "name", name ? name : "unknown");
	put_attribute(x, "product", s->product ? s->product : s->server);
	put_attribute(x, "version", s->version);
	put_attribute(x, "extrainfo", s->extra);
	if (s->tls)
		put_attribute(x, "tunnel", "ssl");
	(void)fputs(" method=\"probed\" conf=\"10\"/>", x->out);
}

static void put_script(const struct xml *x, const char *id, const char *output)
{
	if (!output)
		return;
	(void)fprintf(x->out, "<script id=\"%s\"", id);
	put_attribute(x, "output", output);
	(void)fputs("/>", x->out);
}

/* One script for all of it: two at one port make ndiff 7.93 fail (it sorts what has no order). */
static const char *said(const struct xml *x, const struct dw_scan_service *s)
{
	const struct {
		const char *name, *text;
	} all[] = { { "banner", s->banner },
		    { "title", s->title },
		    { "certificate", s->certificate } };
	struct dw_str text = { .arena = x->a };

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		if (all[i].text)
			dw_str_addf(&text, "%s%s: %s", text.n ? "; " : "", all[i].name,
				    all[i].text);
	return text.s;
}

static void put_port(const struct xml *x, const struct dw_scan_port *p)
{
	(void)fprintf(x->out,
		      "<port protocol=\"%s\" portid=\"%u\"><state state=\"%s\" reason=\"%s\" "
		      "reason_ttl=\"%u\"",
		      dw_protocol_name(p->protocol), p->port, state(p->state), reason(p->why),
		      p->ttl);
	if (p->has_from)
		put_attribute(x, "reason_ip", dw_address_text(x->a, &p->from));
	(void)fputs("/>", x->out);
	if (p->service) {
		put_service(x, p->service);
		put_script(x, "doorward", said(x, p->service));
	}
	(void)fputs("</port>\n", x->out);
}

/* One for all protocols: ndiff takes a state that comes twice for a mistake. */
static void put_extra(const struct xml *x, enum dw_scan_state s, const char *why, uint64_t n)
{
	if (n)
		(void)fprintf(x->out,
			      "<extraports state=\"%s\" count=\"%" PRIu64
			      "\"><extrareasons reason=\"%s\" count=\"%" PRIu64
			      "\"/></extraports>\n",
			      state(s), n, why, n);
}

static void put_ports(const struct xml *x, const struct dw_scan_host *h)
{
	static const enum dw_protocol protocols[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP,
						      DW_PROTOCOL_SCTP };

	uint64_t closed = 0, filtered = 0, unproven = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(protocols); i++) {
		struct dw_scan_counts c = dw_report_scan_rest(h, protocols[i]);

		closed += c.closed;
		filtered += c.filtered;
		unproven += c.unproven;
	}
	(void)fputs("<ports>", x->out);
	put_extra(x, DW_SCAN_CLOSED, h->tcp.asked ? "resets" : "port-unreaches", closed);
	put_extra(x, DW_SCAN_FILTERED, "no-responses", filtered);
	put_extra(x, DW_SCAN_UNPROVEN, "no-responses", unproven);
	for (size_t i = 0; i < h->n_ports; i++)
		if (h->ports[i].state != DW_SCAN_UNKNOWN)
			put_port(x, &h->ports[i]);
	(void)fputs("</ports>\n", x->out);
}

/* --- hosts ---------------------------------------------------------------------------------------- */

static uint64_t end_of(const struct dw_scan *s)
{
	if (s->ended || s->stopped)
		return s->ended + s->stopped;
	return s->begun;
}

static void put_host(const struct xml *x, const struct dw_scan_host *h)
{
	bool down = h->up == DW_SCAN_UP_NO || h->up == DW_SCAN_UP_UNREACHABLE;
	uint64_t end = end_of(x->scan);

	(void)fprintf(x->out,
		      "<host starttime=\"%" PRIu64 "\" endtime=\"%" PRIu64
		      "\"><status state=\"%s\" reason=\"%s\" reason_ttl=\"0\"/>\n",
		      x->scan->begun, end, down ? "down" : "up",
		      h->up == DW_SCAN_UP_ASSUMED ? "user-set" : reason(h->up_why));
	(void)fprintf(x->out, "<address addr=\"%s\" addrtype=\"%s\"/>\n",
		      dw_address_text(x->a, &h->address),
		      h->address.family == DW_FAMILY_IPV4 ? "ipv4" : "ipv6");
	if (h->has_mac)
		(void)fprintf(
			x->out,
			"<address addr=\"%02X:%02X:%02X:%02X:%02X:%02X\" addrtype=\"mac\"/>\n",
			h->mac[0], h->mac[1], h->mac[2], h->mac[3], h->mac[4], h->mac[5]);
	(void)fputs("<hostnames>", x->out);
	if (h->name) {
		(void)fputs("<hostname", x->out);
		put_attribute(x, "name", h->name);
		(void)fputs(" type=\"user\"/>", x->out);
	}
	(void)fputs("</hostnames>\n", x->out);
	put_ports(x, h);
	if (h->rtt_us)
		(void)fprintf(x->out, "<times srtt=\"%u\" rttvar=\"0\" to=\"0\"/>\n", h->rtt_us);
	(void)fputs("</host>\n", x->out);
}

/* --- the document --------------------------------------------------------------------------------- */

static void put_info(const struct xml *x, const char *protocol, const char *services)
{
	uint32_t n = 0;
	const char *type = dw_streq(protocol, "udp")               ? "udp"
			   : dw_streq(protocol, "sctp")            ? "sctpinit"
			   : dw_streq0(x->scan->sender, "connect") ? "connect"
								   : "syn";

	if (!services)
		return;
	for (const char *p = services; *p;) {
		size_t part = strcspn(p, ",");
		uint64_t first = 0, last = 0;

		/* what is no range counts as one */
		(void)dw_parse_range(p, part, UINT16_MAX, &first, &last);
		n += (uint32_t)(last - first) + 1;
		p += part;
		p += *p == ',';
	}
	(void)fprintf(
		x->out,
		"<scaninfo type=\"%s\" protocol=\"%s\" numservices=\"%u\" services=\"%s\"/>\n",
		type, protocol, n, services);
}

static void put_head(const struct xml *x)
{
	const struct dw_scan *s = x->scan;

	(void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>\n"
		    "<nmaprun scanner=\"doorward\"",
		    x->out);
	put_attribute(x, "args", s->command ? s->command : "doorward scan");
	(void)fprintf(x->out, " start=\"%" PRIu64 "\" startstr=\"%s\"", s->begun,
		      time_text(x->a, s->begun));
	put_attribute(x, "version", s->version);
	(void)fputs(" xmloutputversion=\"1.05\">\n", x->out);
	put_info(x, "tcp", s->tcp_ports);
	put_info(x, "udp", s->udp_ports);
	put_info(x, "sctp", s->sctp_ports);
	(void)fputs("<verbose level=\"0\"/>\n<debugging level=\"0\"/>\n", x->out);
	if (s->authorised_by) {
		(void)fputs("<prescript>", x->out);
		put_script(x, "doorward-authorised-by", s->authorised_by);
		(void)fputs("</prescript>\n", x->out);
	}
}

static void put_end(const struct xml *x, size_t up, size_t down)
{
	const struct dw_scan *s = x->scan;
	uint64_t end = end_of(s);

	(void)fprintf(x->out,
		      "<runstats><finished time=\"%" PRIu64 "\" timestr=\"%s\" elapsed=\"%" PRIu64
		      "\" summary=\"doorward %s at %s; %" PRIu64 " IP address%s (%zu host%s up) "
		      "scanned\" exit=\"%s\"/>",
		      end, time_text(x->a, end), end - s->begun, s->ended ? "done" : "stopped",
		      time_text(x->a, end), s->hosts_asked, s->hosts_asked == 1 ? "" : "es", up,
		      up == 1 ? "" : "s", s->ended ? "success" : "error");
	(void)fprintf(x->out,
		      "<hosts up=\"%zu\" down=\"%" PRIu64 "\" total=\"%" PRIu64
		      "\"/>\n</runstats>\n</nmaprun>\n",
		      up, s->hosts_asked > up ? s->hosts_asked - up : down,
		      DW_MAX(s->hosts_asked, (uint64_t)(up + down)));
}

int dw_report_scan_xml(const struct dw_scan *s, FILE *out, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *head = dw_arena_new();
	const struct xml x = { .out = out, .a = head, .scan = s };
	size_t down = 0;

	put_head(&x);
	for (size_t i = 0; i < s->n_hosts; i++) {
		_cleanup_arena_ struct dw_arena *own = dw_arena_new();
		const struct xml inner = { .out = out, .a = own, .scan = s };

		put_host(&inner, &s->hosts[i]);
		down += s->hosts[i].up == DW_SCAN_UP_NO || s->hosts[i].up == DW_SCAN_UP_UNREACHABLE;
	}
	put_end(&x, s->n_hosts - down, down);
	return dw_report_end(out, e);
}
