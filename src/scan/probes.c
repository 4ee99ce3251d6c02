/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking things up in the table of protocols; and the payloads of UDP ports, which the wires send. */
#include "dw_probes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dw_identify.h"
#include "dw_str.h"

#define PORT_PAYLOADS 8U /* of one port: its own, then the common ones */

static int compare_id(const void *id, const void *protocol)
{
	return strcmp(id, ((const struct dw_probe_protocol *)protocol)->id);
}

const struct dw_probe_protocol *dw_probes_find(const char *id)
{
	const struct dw_probes *t = dw_probes_builtin();

	return bsearch(id, t->protocols, t->n_protocols, sizeof(*t->protocols), compare_id);
}

bool dw_probes_has_port(const uint16_t *ports, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

const char *dw_probes_avoided(bool udp, uint16_t port)
{
	const struct dw_probes *t = dw_probes_builtin();

	for (size_t i = 0; i < t->n_protocols; i++) {
		const struct dw_probe_protocol *p = &t->protocols[i];

		if (p->avoid && (udp ? dw_probes_has_port(p->udp, p->n_udp, port)
				     : dw_probes_has_port(p->tcp, p->n_tcp, port)))
			return p->avoid;
	}
	return NULL;
}

const char *dw_identify_service(const char *protocol, bool tls)
{
	const struct dw_probe_protocol *p = dw_probes_find(protocol);

	if (!p)
		return protocol;
	if (tls && p->tls_service)
		return p->tls_service;
	return p->service ? p->service : p->id;
}

const char *dw_identify_silent(enum dw_protocol p, uint16_t port)
{
	const struct dw_probes *t = dw_probes_builtin();

	for (size_t i = 0; i < t->n_protocols && p == DW_PROTOCOL_UDP; i++)
		if (t->protocols[i].silent &&
		    dw_probes_has_port(t->protocols[i].udp, t->protocols[i].n_udp, port))
			return t->protocols[i].silent;
	return p == DW_PROTOCOL_TCP || p == DW_PROTOCOL_UDP ?
		       dw_probes_avoided(p == DW_PROTOCOL_UDP, port) :
		       NULL;
}

/* --- payloads ---------------------------------------------------------------------------------------- */

struct port_payloads {
	struct dw_wire_payload list[PORT_PAYLOADS];
	uint16_t port, n;
};

/* Filled once, then only read. */
static struct {
	uint16_t *ports;
	struct port_payloads *of;
	size_t n;
	struct port_payloads common;
} payloads;

static void add(struct port_payloads *to, const struct dw_probe_ask *a)
{
	if (to->n < PORT_PAYLOADS)
		to->list[to->n++] = (struct dw_wire_payload){ a->bytes, a->n, a->id_at };
}

static int compare_port(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void collect_ports(const struct dw_probes *t, uint16_t *ports)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < t->n_protocols; i++)
		if (t->protocols[i].n_asks > 0)
			for (size_t k = 0; k < t->protocols[i].n_udp; k++)
				ports[n++] = t->protocols[i].udp[k];
	qsort(ports, n, sizeof(*ports), compare_port);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || ports[i] != ports[i - 1])
			ports[kept++] = ports[i];
	payloads.ports = ports;
	payloads.n = kept;
}

static void add_own(const struct dw_probes *t, struct port_payloads *to)
{
	for (size_t i = 0; i < t->n_asks; i++) {
		const struct dw_probe_protocol *p = &t->protocols[t->asks[i].protocol];

		if (t->asks[i].udp && dw_probes_has_port(p->udp, p->n_udp, to->port))
			add(to, &t->asks[i]);
	}
}

static void prepare(void)
{
	const struct dw_probes *t = dw_probes_builtin();
	size_t most = 0;
	uint16_t *ports;

	for (size_t i = 0; i < t->n_protocols; i++)
		most += t->protocols[i].n_udp;
	ports = calloc(most + 1, sizeof(*ports));
	payloads.of = calloc(most + 1, sizeof(*payloads.of));
	if (!ports || !payloads.of)
		dw_oom();
	collect_ports(t, ports);
	for (size_t i = 0; i < payloads.n; i++) {
		payloads.of[i].port = payloads.ports[i];
		add_own(t, &payloads.of[i]);
	}
	for (size_t i = 0; i < t->n_asks; i++)
		if (t->asks[i].udp && t->asks[i].common)
			add(&payloads.common, &t->asks[i]);
}

static void ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, prepare);
}

struct dw_wire_payloads dw_identify_payloads(uint16_t port)
{
	const uint16_t *found;

	if (dw_probes_avoided(true, port))
		return (struct dw_wire_payloads){ 0 };
	ready();
	found = bsearch(&port, payloads.ports, payloads.n, sizeof(port), compare_port);
	if (!found)
		return (struct dw_wire_payloads){ payloads.common.list, payloads.common.n };
	return (struct dw_wire_payloads){ payloads.of[found - payloads.ports].list,
					  payloads.of[found - payloads.ports].n };
}

const uint16_t *dw_identify_udp_ports(size_t *ret_n)
{
	ready();
	*ret_n = payloads.n;
	return payloads.ports;
}
