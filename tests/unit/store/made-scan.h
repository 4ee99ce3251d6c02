/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan that has something in every field. */
#ifndef DW_TEST_MADE_SCAN_H
#define DW_TEST_MADE_SCAN_H

#include "dw_scan.h"
#include "dw_test.h"

static const char *made_names[] = { "www.example.org", "example.org" };
static struct dw_scan_service made_service = {
	.protocol = "http",
	.product = "nginx \033[31m",
	.version = "1.22.1",
	.extra = "Debian",
	.banner = "HTTP/1.1 200 OK\\x0d\\x0a",
	.tls = true,
	.tls_version = "TLS 1.3",
	.certificate = "CN=example.org",
	.names = made_names,
	.n_names = 2,
	.expires = 1800000000,
	.title = "It \"works\"",
	.server = "nginx",
	.service = "nginx",
	.by = "doorward",
};
static struct dw_scan_port made_ports[] = {
	{ .protocol = DW_PROTOCOL_TCP,
	  .port = 443,
	  .state = DW_SCAN_OPEN,
	  .why = DW_SCAN_WHY_SYN_ACK,
	  .ttl = 63,
	  .probes = 2,
	  .answers = 2,
	  .time = UINT64_C(1764194400123),
	  .service = &made_service },
	{ .protocol = DW_PROTOCOL_TCP,
	  .port = 8080,
	  .state = DW_SCAN_FILTERED,
	  .why = DW_SCAN_WHY_PROHIBITED,
	  .has_from = true,
	  .from = { DW_FAMILY_IPV4, { 192, 0, 2, 254 }, 0 },
	  .probes = 3,
	  .missed = 0.25F,
	  .time = UINT64_C(1764194401000) },
	{ .protocol = DW_PROTOCOL_UDP,
	  .port = 53,
	  .state = DW_SCAN_UNPROVEN,
	  .why = DW_SCAN_WHY_NO_ANSWER,
	  .probes = 4 },
};
static struct dw_scan_host made_hosts[] = {
	{ .address = { DW_FAMILY_IPV4, { 192, 0, 2, 1 }, 0 },
	  .name = "web",
	  .up = DW_SCAN_UP_YES,
	  .up_why = DW_SCAN_WHY_NEIGHBOUR,
	  .has_mac = true,
	  .mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 },
	  .rtt_us = 321,
	  .loss = 0.5F,
	  .tarpit = true,
	  .proxy = true,
	  .icmp_rate = 1,
	  .tcp = { 1000, 1, 998, 1, 0 },
	  .udp = { 2, 0, 1, 0, 1 },
	  .sctp = { 3, 0, 3, 0, 0 },
	  .ports = made_ports,
	  .n_ports = 3,
	  .complete = true },
	{ .address = { DW_FAMILY_IPV6, { 0xfe, 0x80, [15] = 1 }, 3 },
	  .up = DW_SCAN_UP_GONE,
	  .up_why = DW_SCAN_WHY_ECHO,
	  .loss = -1 },
};
static const char *made_notes[] = { "The first note.", "The second." };
static const struct dw_scan made_scan = {
	.command = "doorward scan 192.0.2.0/24",
	.scanner = "here",
	.authorised_by = "ann",
	.targets = "192.0.2.0/24 fe80::1%3",
	.excluded = "192.0.2.9",
	.tcp_ports = "1-1000",
	.udp_ports = "53,123",
	.sctp_ports = "1-3",
	.seed = UINT64_MAX - 5,
	.shard = 2,
	.shards = 3,
	.begun = 1764194400,
	.ended = 1764194410,
	.sender = "live-frames",
	.receiver = "xdp",
	.version = "0.1.0",
	.sent = 100000,
	.answered = 99990,
	.lost = 10,
	.hosts_asked = 254,
	.hosts = made_hosts,
	.n_hosts = 2,
	.notes = made_notes,
	.n_notes = 2,
};

static void check_service(const struct dw_scan_service *got, const struct dw_scan_service *want)
{
	DW_CHECK_STR(got->protocol, want->protocol);
	DW_CHECK_STR(got->product, want->product);
	DW_CHECK_STR(got->version, want->version);
	DW_CHECK_STR(got->extra, want->extra);
	DW_CHECK_STR(got->banner, want->banner);
	DW_CHECK_INT(got->tls, want->tls);
	DW_CHECK_STR(got->tls_version, want->tls_version);
	DW_CHECK_STR(got->certificate, want->certificate);
	DW_CHECK_INT(got->n_names, want->n_names);
	for (size_t i = 0; i < got->n_names && i < want->n_names; i++)
		DW_CHECK_STR(got->names[i], want->names[i]);
	DW_CHECK_INT(got->expires, want->expires);
	DW_CHECK_STR(got->title, want->title);
	DW_CHECK_STR(got->server, want->server);
	DW_CHECK_STR(got->service, want->service);
	DW_CHECK_STR(got->by, want->by);
}

static void check_port(const struct dw_scan_port *got, const struct dw_scan_port *want)
{
	DW_CHECK_INT(got->protocol, want->protocol);
	DW_CHECK_INT(got->port, want->port);
	DW_CHECK_INT(got->state, want->state);
	DW_CHECK_INT(got->why, want->why);
	DW_CHECK_INT(got->has_from, want->has_from);
	DW_CHECK_INT(dw_address_compare(&got->from, &want->from), 0);
	DW_CHECK_INT(got->ttl, want->ttl);
	DW_CHECK_INT(got->probes, want->probes);
	DW_CHECK_INT(got->answers, want->answers);
	DW_CHECK(got->missed == want->missed);
	DW_CHECK_INT(got->time, want->time);
	DW_CHECK_INT(got->service != NULL, want->service != NULL);
	if (got->service && want->service)
		check_service(got->service, want->service);
}

static void check_host(const struct dw_scan_host *got, const struct dw_scan_host *want)
{
	DW_CHECK_INT(dw_address_compare(&got->address, &want->address), 0);
	DW_CHECK_STR(got->name, want->name);
	DW_CHECK_INT(got->up, want->up);
	DW_CHECK_INT(got->up_why, want->up_why);
	DW_CHECK_INT(got->has_mac, want->has_mac);
	DW_CHECK(memcmp(got->mac, want->mac, 6) == 0);
	DW_CHECK_INT(got->rtt_us, want->rtt_us);
	DW_CHECK(got->loss == want->loss);
	DW_CHECK_INT(got->tarpit, want->tarpit);
	DW_CHECK_INT(got->proxy, want->proxy);
	DW_CHECK_INT(got->icmp_rate, want->icmp_rate);
	DW_CHECK(memcmp(&got->tcp, &want->tcp, sizeof(got->tcp)) == 0);
	DW_CHECK(memcmp(&got->udp, &want->udp, sizeof(got->udp)) == 0);
	DW_CHECK(memcmp(&got->sctp, &want->sctp, sizeof(got->sctp)) == 0);
	DW_CHECK_INT(got->complete, want->complete);
	DW_CHECK_INT(got->n_ports, want->n_ports);
	for (size_t i = 0; i < got->n_ports && i < want->n_ports; i++)
		check_port(&got->ports[i], &want->ports[i]);
}

static void check_scan(const struct dw_scan *got, const struct dw_scan *want)
{
	DW_CHECK_STR(got->command, want->command);
	DW_CHECK_STR(got->scanner, want->scanner);
	DW_CHECK_STR(got->authorised_by, want->authorised_by);
	DW_CHECK_STR(got->targets, want->targets);
	DW_CHECK_STR(got->excluded, want->excluded);
	DW_CHECK_STR(got->tcp_ports, want->tcp_ports);
	DW_CHECK_STR(got->udp_ports, want->udp_ports);
	DW_CHECK_STR(got->sctp_ports, want->sctp_ports);
	DW_CHECK(got->seed == want->seed);
	DW_CHECK_INT(got->shard, want->shard);
	DW_CHECK_INT(got->shards, want->shards);
	DW_CHECK_INT(got->begun, want->begun);
	DW_CHECK_INT(got->ended, want->ended);
	DW_CHECK_STR(got->sender, want->sender);
	DW_CHECK_STR(got->receiver, want->receiver);
	DW_CHECK_STR(got->version, want->version);
	DW_CHECK_INT(got->sent, want->sent);
	DW_CHECK_INT(got->answered, want->answered);
	DW_CHECK_INT(got->lost, want->lost);
	DW_CHECK_INT(got->hosts_asked, want->hosts_asked);
	DW_CHECK_INT(got->n_notes, want->n_notes);
	for (size_t i = 0; i < got->n_notes && i < want->n_notes; i++)
		DW_CHECK_STR(got->notes[i], want->notes[i]);
	DW_CHECK_INT(got->n_hosts, want->n_hosts);
	for (size_t i = 0; i < got->n_hosts && i < want->n_hosts; i++)
		check_host(&got->hosts[i], &want->hosts[i]);
}

#endif
