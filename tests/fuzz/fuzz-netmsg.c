/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Single netlink messages, each given to every parser of links, tunnels, IPVS, traffic control and
 * sockets.
 */
#include <stdint.h>
#include <stdlib.h>

#include "evidence.h"
#include "ipvs.h"
#include "probe.h"
#include "programs.h"

static void one(struct dw_arena *a, const struct nlmsghdr *m, struct dw_ports *ports)
{
	struct dw_ipvs_service service;
	struct dw_genl families = { 0 };
	struct dw_link_facts link;
	const char *name = NULL;

	(void)dw_link_parse(a, m, &link);
	dw_genl_message(&families, a, m);
	(void)dw_ipvs_service_parse(a, m, &service);
	(void)dw_ipvs_target_parse(a, m, 2);
	(void)dw_ipvs_target_parse(a, m, 10);
	(void)dw_wireguard_port(m);
	(void)dw_l2tp_port(m);
	(void)dw_fou_port(m);
	(void)dw_qdisc_ingress(a, m);
	(void)dw_filter_program(a, m, &name);
	dw_ports_diag(ports, true, m);
}

/* mnl_nlmsg_ok() takes a length over 2^31 for a negative one; the kernel sends none, a fuzzer does. */
static const struct nlmsghdr *message_at(const char *data, size_t size, size_t at)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)(data + at);

	if (at > size || size - at < NLMSG_HDRLEN)
		return NULL;
	return m->nlmsg_len >= NLMSG_HDRLEN && m->nlmsg_len <= size - at ? m : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_ports *ports = calloc(1, sizeof(*ports));
	char *copy = dw_arena_memdup(a, data, size);
	const struct nlmsghdr *m;

	for (size_t at = 0; ports && (m = message_at(copy, size, at));
	     at += NLMSG_ALIGN(m->nlmsg_len))
		one(a, m, ports);
	free(ports);
	dw_arena_free(a);
	return 0;
}
