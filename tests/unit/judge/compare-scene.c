/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts made by hand, from both sides. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "compare-scene.h"
#include "dw_doc.h"
#include "dw_knowledge_read.h"
#include "dw_str.h"

struct dw_address address(const char *text)
{
	struct dw_address x = { 0 };

	if (!dw_doc_parse_address(text, &x))
		abort();
	return x;
}

void own(struct scene *s, const char *text, const char *ifname)
{
	s->own[s->snapshot.n_addresses++] =
		(struct dw_own_address){ address(text), ifname ? 2 : 3, ifname };
}

/* The host 192.0.2.1 and 2001:db8::1, scanned from 198.51.100.7: all TCP ports, UDP 1 to 1000. */
struct scene *scene(struct dw_arena *a)
{
	struct scene *s = dw_new(a, struct scene);

	s->a = a;
	s->snapshot = (struct dw_snapshot){
		.host = "web", .time = 1000, .doors = s->doors, .addresses = s->own
	};
	own(s, "127.0.0.1", "lo");
	own(s, "192.0.2.1", "eth0");
	own(s, "2001:db8::1", "eth0");
	s->inside = (struct dw_inside){ .source = "this host",
					.snapshot = &s->snapshot,
					.services = s->services };
	s->host = (struct dw_scan_host){ .address = address("192.0.2.1"),
					 .up = DW_SCAN_UP_YES,
					 .complete = true,
					 .ports = s->ports,
					 .tcp = { 65535, 0, 65535, 0, 0 },
					 .udp = { 1000, 0, 1000, 0, 0 } };
	s->host_before = s->host;
	s->host_before.ports = s->ports_before;
	s->scan = (struct dw_scan){ .scanner = "far",
				    .tcp_ports = "1-65535",
				    .udp_ports = "1-1000",
				    .begun = 1000,
				    .ended = 1010,
				    .hosts = &s->host,
				    .n_hosts = 1 };
	s->before = s->scan;
	s->before.hosts = &s->host_before;
	s->scanner = address("198.51.100.7");
	s->in = (struct dw_compare_input){ .scan = &s->scan,
					   .insides = &s->inside,
					   .n_insides = 1,
					   .expect = DW_EXPECT_AUDIT,
					   .knowledge = dw_knowledge_builtin(),
					   .scanner = &s->scanner,
					   .n_scanner = 1 };
	return s;
}

struct dw_door *door(struct scene *s, const char *at, enum dw_protocol p, uint32_t port,
		     const char *service)
{
	struct dw_door *d = &s->doors[s->snapshot.n_doors];
	bool dual = at[0] == '*';
	struct dw_address x = address(dual ? "::" : at);

	*d = (struct dw_door){ .at = { .protocol = p,
				       .family = dual ? DW_FAMILY_DUAL : x.family,
				       .has_port = true,
				       .port = port },
			       .netns = "host",
			       .program = "/usr/sbin/x",
			       .kind = p == DW_PROTOCOL_UDP ? DW_KIND_DATAGRAM : DW_KIND_LISTENER };
	memcpy(d->at.address, x.bytes, sizeof(x.bytes));
	s->services[s->snapshot.n_doors++] = service;
	return d;
}

static void count(struct dw_scan_host *h, enum dw_protocol p, enum dw_scan_state state)
{
	struct dw_scan_counts *c = p == DW_PROTOCOL_TCP ? &h->tcp : &h->udp;

	c->closed--;
	c->open += state == DW_SCAN_OPEN;
	c->closed += state == DW_SCAN_CLOSED;
	c->filtered += state == DW_SCAN_FILTERED;
	c->unproven += state == DW_SCAN_UNPROVEN;
}

/* In the order of protocol and port. */
struct dw_scan_port *port_of(struct dw_scan_host *h, enum dw_protocol p, uint16_t port,
			     enum dw_scan_state state)
{
	struct dw_scan_port *v = &h->ports[h->n_ports++];

	*v = (struct dw_scan_port){ .protocol = p, .port = port, .state = state };
	v->why = state == DW_SCAN_OPEN     ? DW_SCAN_WHY_SYN_ACK
		 : state == DW_SCAN_CLOSED ? DW_SCAN_WHY_RESET
					   : DW_SCAN_WHY_NO_ANSWER;
	count(h, p, state);
	return v;
}

struct dw_scan_port *open_port(struct scene *s, uint16_t port)
{
	return port_of(&s->host, DW_PROTOCOL_TCP, port, DW_SCAN_OPEN);
}

void says(struct scene *s, struct dw_scan_port *p, const char *protocol, const char *product)
{
	p->service = dw_new(s->a, struct dw_scan_service);
	p->service->protocol = protocol;
	p->service->product = product;
}

const char *text(struct scene *s)
{
	struct dw_str out = { .arena = s->a };

	dw_compare(&s->in, s->a, &s->got);
	for (size_t i = 0; i < s->got.n; i++) {
		const struct dw_compare_finding *f = &s->got.v[i];

		dw_str_add(&out, i ? "; " : "");
		if (f->has_port)
			dw_str_addf(&out, "%u/%s", f->port, dw_protocol_name(f->protocol));
		dw_str_addf(&out, "%s%s %s", f->urgent ? "!" : "", f->blind ? "?" : "",
			    dw_compare_class_name(f->kind));
		for (size_t k = 0; k < f->n_reasons; k++)
			dw_str_addf(&out, " %s", f->reasons[k].id);
		if (f->n_reasons == 0 || f->kind == DW_COMPARE_UNKNOWN)
			abort(); /* each says what it is, and why */
	}
	return out.s ? out.s : "";
}
