/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The doors as a scan would list them, for what reads nmap's XML: for each address of the host the ports that are open
 * there by what the host itself says. No packet was sent: the packet filter is not asked.
 */
#include <string.h>

#include "dw_macros.h"
#include "dw_scan_report.h"
#include "dw_str.h"
#include "dw_whole_report.h"

static bool is_a_port(const struct dw_door *d)
{
	bool protocol = d->at.protocol == DW_PROTOCOL_TCP || d->at.protocol == DW_PROTOCOL_UDP ||
			d->at.protocol == DW_PROTOCOL_SCTP;

	return protocol && d->at.has_port && d->at.port && d->at.port <= UINT16_MAX &&
	       (d->kind == DW_KIND_LISTENER || d->kind == DW_KIND_DATAGRAM ||
		d->kind == DW_KIND_FORWARDED || d->kind == DW_KIND_REDIRECTED) &&
	       (!d->netns || dw_streq(d->netns, "host"));
}

/* Does a packet to the address come to the socket? (Its scope: a link-local address is one of its link.) */
static bool is_at(const struct dw_door *d, const struct dw_own_address *x)
{
	enum dw_family f = x->address.family;

	if (f != d->at.family && !(d->at.family == DW_FAMILY_DUAL))
		return false;
	if (d->at.ifindex && d->at.ifindex != x->ifindex)
		return false;
	if (dw_endpoint_is_any(&d->at))
		return true;
	return f == (d->at.family == DW_FAMILY_IPV4 ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6) &&
	       memcmp(d->at.address, x->address.bytes, sizeof(d->at.address)) == 0;
}

static struct dw_scan_port port_of(const struct dw_report_door *d, uint32_t port,
				   struct dw_arena *a)
{
	struct dw_scan_service *s = NULL;

	if (d->service || d->door->program) {
		s = dw_new(a, struct dw_scan_service);
		s->protocol = d->service && !d->guessed ? d->service->name : NULL;
		s->product = d->door->program ? dw_basename(d->door->program) : NULL;
		s->version = d->door->package ? d->door->package->version : NULL;
		s->extra = d->door->package ? d->door->package->name : NULL;
	}
	return (struct dw_scan_port){
		.protocol = d->door->at.protocol,
		.port = (uint16_t)port,
		.state = DW_SCAN_OPEN,
		.service = s,
	};
}

static int by_port(const void *p, const void *q)
{
	const struct dw_scan_port *a = p, *b = q;

	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return (a->port > b->port) - (a->port < b->port);
}

struct ports {
	struct dw_scan_port *v;
	size_t n, cap;
};

static void add_door(struct ports *all, const struct dw_report_door *d, struct dw_arena *a)
{
	uint32_t last = DW_MIN(DW_MAX(d->door->at.port, d->door->port_last), (uint32_t)UINT16_MAX);

	for (uint32_t port = d->door->at.port; port <= last; port++)
		dw_vec_push(a, all, port_of(d, port, a));
}

/* Two sockets of one port are one port to who scans. */
static void sort(struct ports *all)
{
	size_t kept = 0;

	if (all->n == 0)
		return;
	qsort(all->v, all->n, sizeof(*all->v), by_port);
	for (size_t i = 1; i < all->n; i++)
		if (by_port(&all->v[kept], &all->v[i]) != 0)
			all->v[++kept] = all->v[i];
	all->n = kept + 1;
}

static void count(struct dw_scan_host *h, const struct dw_scan_port *p)
{
	struct dw_scan_counts *c = p->protocol == DW_PROTOCOL_TCP   ? &h->tcp
				   : p->protocol == DW_PROTOCOL_UDP ? &h->udp
								    : &h->sctp;

	c->asked++;
	c->open++;
}

static struct dw_scan_host host_of(const struct dw_report *r, const struct dw_own_address *x,
				   struct dw_arena *a)
{
	struct ports all = { 0 };
	struct dw_scan_host h = { .address = x->address,
				  .name = r->snapshot->host,
				  .up = DW_SCAN_UP_ASSUMED,
				  .loss = -1,
				  .complete = true };

	for (size_t i = 0; i < r->n_doors; i++)
		if (is_a_port(r->doors[i].door) && is_at(r->doors[i].door, x))
			add_door(&all, &r->doors[i], a);
	sort(&all);
	for (size_t i = 0; i < all.n; i++)
		count(&h, &all.v[i]);
	h.ports = all.v;
	h.n_ports = all.n;
	return h;
}

int dw_report_inside_xml(const struct dw_report *r, const char *command, FILE *out,
			 struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_snapshot *s = r->snapshot;
	struct dw_scan_host *hosts = dw_arena_array(a, s->n_addresses, sizeof(*hosts));
	struct dw_scan scan = {
		.command = command ? command : "doorward report --format nmap-xml",
		.scanner = s->host,
		.version = r->version,
		.begun = s->time,
		.ended = s->time,
		.sender = "connect",
		.tcp_ports = "1-65535",
		.udp_ports = "1-65535",
		.hosts_asked = s->n_addresses,
		.hosts = hosts,
		.n_hosts = s->n_addresses,
	};

	for (size_t i = 0; i < s->n_addresses; i++)
		hosts[i] = host_of(r, &s->addresses[i], a);
	return dw_report_scan_xml(&scan, out, e);
}
