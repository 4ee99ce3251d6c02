/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document of a scan, its hosts, ports and what is behind them. */
#include "dw_macros.h"
#include "dw_scan_report.h"
#include "get.h"

/* --- what is behind a port ------------------------------------------------------------------------ */

static const struct dw_scan_service *service(const void *object)
{
	return object;
}

DW_GETTER(get_tls)
{
	dw_give_bool(v, service(object)->tls);
}

DW_GETTER(get_names)
{
	const struct dw_scan_service *s = service(object);

	v->strings = (struct dw_strings){ .v = s->names, .n = s->n_names };
	v->known = true;
}

DW_GETTER(get_expires)
{
	dw_give_time(v, service(object)->expires);
}

#define SERVICE(m) .offset = offsetof(struct dw_scan_service, m)

static const struct dw_field service_fields[] = {
	{ "protocol", DW_FIELD_STRING, true, SERVICE(protocol),
	  .description = "what it speaks: ssh, http, dns ..." },
	{ "product", DW_FIELD_STRING, true, SERVICE(product), .description = "as it calls itself" },
	{ "version", DW_FIELD_STRING, true, SERVICE(version), .description = "as it says" },
	{ "extra", DW_FIELD_STRING, true, SERVICE(extra),
	  .description = "what else it says of itself" },
	{ "banner", DW_FIELD_STRING, true, SERVICE(banner), .description = "its first words" },
	{ "tls", DW_FIELD_BOOL, .get = get_tls, .description = "it speaks TLS" },
	{ "tls_version", DW_FIELD_STRING, true, SERVICE(tls_version),
	  .description = "the newest that was agreed on" },
	{ "certificate", DW_FIELD_STRING, true, SERVICE(certificate),
	  .description = "subject of its certificate" },
	{ "names", DW_FIELD_STRINGS, .get = get_names,
	  .description = "names that the certificate is for" },
	{ "expires", DW_FIELD_TIME, true, .get = get_expires,
	  .description = "end of the certificate" },
	{ "title", DW_FIELD_STRING, true, SERVICE(title), .description = "of the page at /" },
	{ "server", DW_FIELD_STRING, true, SERVICE(server),
	  .description = "as the HTTP header says" },
	{ "service", DW_FIELD_STRING, true, SERVICE(service),
	  .description = "name in the knowledge of services, as in audit" },
	{ "by", DW_FIELD_STRING, true, SERVICE(by), .description = "what recognised it" },
	{ 0 },
};

/* --- ports ---------------------------------------------------------------------------------------- */

static const struct dw_scan_port *port(const void *object)
{
	return object;
}

DW_GETTER(get_protocol)
{
	dw_give_string(v, dw_protocol_name(port(object)->protocol));
}

DW_GETTER(get_port)
{
	dw_give_number(v, port(object)->port);
}

DW_GETTER(get_state)
{
	dw_give_string(v, dw_scan_state_name(port(object)->state));
}

DW_GETTER(get_why)
{
	dw_give_string(v, dw_scan_why_name(port(object)->why));
}

DW_GETTER(get_from)
{
	if (port(object)->has_from)
		dw_give_string(v, dw_address_text(a, &port(object)->from));
}

DW_GETTER(get_ttl)
{
	if (port(object)->ttl)
		dw_give_number(v, port(object)->ttl);
}

DW_GETTER(get_probes)
{
	dw_give_number(v, port(object)->probes);
}

DW_GETTER(get_answers)
{
	dw_give_number(v, port(object)->answers);
}

DW_GETTER(get_missed)
{
	if (port(object)->missed > 0)
		dw_give_real(v, (double)port(object)->missed);
}

DW_GETTER(get_port_time)
{
	dw_give_time(v, port(object)->time / 1000);
}

DW_GETTER(get_service)
{
	dw_give_object(v, port(object)->service);
}

const struct dw_field dw_fields_scan_port[] = {
	{ "protocol", DW_FIELD_STRING, .get = get_protocol, .description = "tcp, udp, sctp" },
	{ "port", DW_FIELD_UINT, .get = get_port, .description = "0 to 65535" },
	{ "state", DW_FIELD_STRING, .get = get_state,
	  .description = "open, closed (it said so), filtered, unproven (UDP: silence proves "
			 "nothing), unknown (not looked at)" },
	{ "why", DW_FIELD_STRING, .get = get_why,
	  .description = "what the state rests on: syn-ack, connected, reply, reset, "
			 "port-unreachable, prohibited, no-answer ..." },
	{ "from", DW_FIELD_STRING, true, .get = get_from,
	  .description = "who sent the ICMP message, when it was not the host" },
	{ "ttl", DW_FIELD_UINT, true, .get = get_ttl, .description = "of the answer" },
	{ "probes", DW_FIELD_UINT, .get = get_probes, .description = "sent to it, at least" },
	{ "answers", DW_FIELD_UINT, .get = get_answers,
	  .description = "how often it was seen to be open" },
	{ "missed", DW_FIELD_REAL, true, .get = get_missed,
	  .description = "chance that an answer was lost each time, 0 to 1" },
	{ "time", DW_FIELD_TIME, true, .get = get_port_time, .description = "when it was known" },
	{ "service", DW_FIELD_OBJECT, true, .get = get_service, .members = service_fields,
	  .description = "what is behind it; null: not asked, or it said nothing" },
	{ 0 },
};

/* --- a line ----------------------------------------------------------------------------------------- */

static const struct dw_scan_line *line(const void *object)
{
	return object;
}

DW_GETTER(get_line_address)
{
	dw_give_string(v, dw_address_text(a, &line(object)->host->address));
}

DW_GETTER(get_line_name)
{
	dw_give_string(v, line(object)->host->name);
}

DW_GETTER(get_line_authorised)
{
	dw_give_string(v, line(object)->scan->authorised_by);
}

DW_GETTER(get_line_doubt)
{
	dw_give_bool(v, line(object)->host->tarpit || line(object)->host->proxy);
}

/* The members of a port follow. */
const struct dw_field dw_fields_scan_line[] = {
	{ "address", DW_FIELD_STRING, .get = get_line_address, .description = "numeric" },
	{ "name", DW_FIELD_STRING, true, .get = get_line_name,
	  .description = "as the user gave it, when that was a name" },
	{ "authorised_by", DW_FIELD_STRING, true, .get = get_line_authorised,
	  .description = "as given with --authorised-by" },
	{ "doubtful", DW_FIELD_BOOL, .get = get_line_doubt,
	  .description =
		  "the host says open on nearly every port, or something before it answers" },
	{ 0 },
};

/* --- hosts ---------------------------------------------------------------------------------------- */

static const struct dw_scan_host *host(const void *object)
{
	return object;
}

DW_GETTER(get_address)
{
	dw_give_string(v, dw_address_text(a, &host(object)->address));
}

DW_GETTER(get_up)
{
	dw_give_string(v, dw_scan_up_name(host(object)->up));
}

DW_GETTER(get_up_why)
{
	if (host(object)->up_why != DW_SCAN_WHY_UNKNOWN)
		dw_give_string(v, dw_scan_why_name(host(object)->up_why));
}

DW_GETTER(get_mac)
{
	const uint8_t *m = host(object)->mac;

	if (host(object)->has_mac)
		dw_give_string(v, dw_arena_printf(a, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1],
						  m[2], m[3], m[4], m[5]));
}

DW_GETTER(get_rtt)
{
	if (host(object)->rtt_us)
		dw_give_number(v, host(object)->rtt_us);
}

DW_GETTER(get_loss)
{
	if (host(object)->loss >= 0)
		dw_give_real(v, (double)host(object)->loss);
}

DW_GETTER(get_tarpit)
{
	dw_give_bool(v, host(object)->tarpit);
}

DW_GETTER(get_proxy)
{
	dw_give_bool(v, host(object)->proxy);
}

DW_GETTER(get_icmp_rate)
{
	if (host(object)->icmp_rate)
		dw_give_number(v, host(object)->icmp_rate);
}

DW_GETTER(get_complete)
{
	dw_give_bool(v, host(object)->complete);
}

static void give_counts(struct dw_value *v, const struct dw_scan_counts *c)
{
	dw_give_object(v, c->asked ? c : NULL);
}

DW_GETTER(get_tcp)
{
	give_counts(v, &host(object)->tcp);
}

DW_GETTER(get_udp)
{
	give_counts(v, &host(object)->udp);
}

DW_GETTER(get_sctp)
{
	give_counts(v, &host(object)->sctp);
}

DW_GETTER(get_ports)
{
	dw_give_objects(v, host(object)->ports, host(object)->n_ports, sizeof(struct dw_scan_port));
}

#define COUNT_GETTER(member)                                                                       \
	DW_GETTER(get_count_##member)                                                              \
	{                                                                                          \
		dw_give_number(v, ((const struct dw_scan_counts *)object)->member);                \
	}
COUNT_GETTER(asked)
COUNT_GETTER(open)
COUNT_GETTER(closed)
COUNT_GETTER(filtered)
COUNT_GETTER(unproven)

static const struct dw_field count_fields[] = {
	{ "asked", DW_FIELD_UINT, .get = get_count_asked, .description = "ports" },
	{ "open", DW_FIELD_UINT, .get = get_count_open, .description = "ports" },
	{ "closed", DW_FIELD_UINT, .get = get_count_closed, .description = "ports, proven" },
	{ "filtered", DW_FIELD_UINT, .get = get_count_filtered, .description = "ports" },
	{ "unproven", DW_FIELD_UINT, .get = get_count_unproven, .description = "ports" },
	{ 0 },
};

static const struct dw_field host_fields[] = {
	{ "address", DW_FIELD_STRING, .get = get_address, .description = "numeric" },
	{ "name", DW_FIELD_STRING, true, .offset = offsetof(struct dw_scan_host, name),
	  .description = "as the user gave it, when that was a name" },
	{ "up", DW_FIELD_STRING, .get = get_up,
	  .description = "yes, assumed (--assume-up), no, gone (it fell silent midway), "
			 "unreachable, unknown" },
	{ "up_why", DW_FIELD_STRING, true, .get = get_up_why,
	  .description = "its first sign of life" },
	{ "mac", DW_FIELD_STRING, true, .get = get_mac, .description = "on our own link" },
	{ "rtt_us", DW_FIELD_UINT, true, .get = get_rtt,
	  .description = "time to it and back, microseconds" },
	{ "loss", DW_FIELD_REAL, true, .get = get_loss,
	  .description = "share of answers that only a repeat brought, 0 to 1" },
	{ "tarpit", DW_FIELD_BOOL, .get = get_tarpit,
	  .description = "it says open on nearly every port: what is listed proves nothing" },
	{ "proxy", DW_FIELD_BOOL, .get = get_proxy,
	  .description = "something before it answers for it" },
	{ "icmp_rate", DW_FIELD_UINT, true, .get = get_icmp_rate,
	  .description = "closed UDP ports that it tells of, a second" },
	{ "complete", DW_FIELD_BOOL, .get = get_complete,
	  .description = "every port that was asked for has its state" },
	{ "tcp", DW_FIELD_OBJECT, true, .get = get_tcp, .members = count_fields,
	  .description = "all its ports, counted" },
	{ "udp", DW_FIELD_OBJECT, true, .get = get_udp, .members = count_fields,
	  .description = "the same" },
	{ "sctp", DW_FIELD_OBJECT, true, .get = get_sctp, .members = count_fields,
	  .description = "the same" },
	{ "ports", DW_FIELD_OBJECTS, .get = get_ports, .members = dw_fields_scan_port,
	  .description = "what is open, or unlike most of its ports, or was asked for singly" },
	{ 0 },
};

/* --- the document --------------------------------------------------------------------------------- */

static const struct dw_scan *scan(const void *object)
{
	return object;
}

DW_GETTER(get_begun)
{
	dw_give_time(v, scan(object)->begun);
}

DW_GETTER(get_ended)
{
	dw_give_time(v, scan(object)->ended);
}

DW_GETTER(get_seed)
{
	dw_give_number(v, scan(object)->seed);
}

DW_GETTER(get_shard)
{
	dw_give_number(v, scan(object)->shard);
}

DW_GETTER(get_shards)
{
	dw_give_number(v, scan(object)->shards);
}

DW_GETTER(get_sent)
{
	dw_give_number(v, scan(object)->sent);
}

DW_GETTER(get_answered)
{
	dw_give_number(v, scan(object)->answered);
}

DW_GETTER(get_lost)
{
	dw_give_number(v, scan(object)->lost);
}

DW_GETTER(get_hosts_asked)
{
	dw_give_number(v, scan(object)->hosts_asked);
}

DW_GETTER(get_hosts_silent)
{
	dw_give_number(v, scan(object)->hosts_silent);
}

DW_GETTER(get_hosts_unproven)
{
	dw_give_number(v, scan(object)->hosts_unproven);
}

DW_GETTER(get_hosts_missed)
{
	if (scan(object)->hosts_missed > 0)
		dw_give_real(v, (double)scan(object)->hosts_missed);
}

DW_GETTER(get_hosts)
{
	dw_give_objects(v, scan(object)->hosts, scan(object)->n_hosts, sizeof(struct dw_scan_host));
}

DW_GETTER(get_notes)
{
	v->strings = (struct dw_strings){ .v = scan(object)->notes, .n = scan(object)->n_notes };
	v->known = true;
}

#define SCAN(m) .offset = offsetof(struct dw_scan, m)

const struct dw_field dw_fields_scan[] = {
	{ "scanner", DW_FIELD_STRING, true, SCAN(scanner), .description = "host that scanned" },
	{ "command", DW_FIELD_STRING, true, SCAN(command), .description = "as it was typed" },
	{ "version", DW_FIELD_STRING, true, SCAN(version), .description = "of doorward" },
	{ "authorised_by", DW_FIELD_STRING, true, SCAN(authorised_by),
	  .description = "as given; null: only this host's own networks were asked" },
	{ "targets", DW_FIELD_STRING, true, SCAN(targets), .description = "as given" },
	{ "excluded", DW_FIELD_STRING, true, SCAN(excluded), .description = "as given" },
	{ "tcp_ports", DW_FIELD_STRING, true, SCAN(tcp_ports),
	  .description = "that were asked: 22,80,8000-8100; null: none" },
	{ "udp_ports", DW_FIELD_STRING, true, SCAN(udp_ports), .description = "the same" },
	{ "sctp_ports", DW_FIELD_STRING, true, SCAN(sctp_ports), .description = "the same" },
	{ "seed", DW_FIELD_UINT, .get = get_seed, .description = "of the order" },
	{ "shard", DW_FIELD_UINT, .get = get_shard, .description = "which part, from 1" },
	{ "shards", DW_FIELD_UINT, .get = get_shards, .description = "of how many" },
	{ "begun", DW_FIELD_TIME, true, .get = get_begun, .description = "when" },
	{ "ended", DW_FIELD_TIME, true, .get = get_ended,
	  .description = "when; null: it was stopped before its end" },
	{ "sender", DW_FIELD_STRING, true, SCAN(sender),
	  .description = "how probes were sent: live-frames, packet, connect" },
	{ "receiver", DW_FIELD_STRING, true, SCAN(receiver),
	  .description = "how answers were heard" },
	{ "sent", DW_FIELD_UINT, .get = get_sent, .description = "probes" },
	{ "answered", DW_FIELD_UINT, .get = get_answered, .description = "probes" },
	{ "lost", DW_FIELD_UINT, .get = get_lost,
	  .description = "probes that were silent, though a repeat was answered" },
	{ "hosts_asked", DW_FIELD_UINT, .get = get_hosts_asked,
	  .description = "addresses; those that did not answer are not among the hosts" },
	{ "hosts_silent", DW_FIELD_UINT, .get = get_hosts_silent,
	  .description = "addresses where nothing answered" },
	{ "hosts_unproven", DW_FIELD_UINT, .get = get_hosts_unproven,
	  .description = "of these, where somebody may be all the same: beyond this host's links "
			 "silence proves nothing, nor where too much was lost" },
	{ "hosts_missed", DW_FIELD_REAL, true, .get = get_hosts_missed,
	  .description =
		  "chance that somebody is at one of the others, and all answers were lost" },
	{ "hosts", DW_FIELD_OBJECTS, .get = get_hosts, .members = host_fields,
	  .description = "by address" },
	{ "notes", DW_FIELD_STRINGS, .get = get_notes,
	  .description = "what could not be looked at, and why" },
	{ 0 },
};
