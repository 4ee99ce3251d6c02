/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorded host of roots/systemd-host, with what its processes hold. */
#ifndef TEST_SYSTEMD_HOST_H
#define TEST_SYSTEMD_HOST_H

#include <arpa/inet.h>

#include "dw_procs.h"
#include "dw_test.h"
#include "registry.h"
#include "systemd.h"

struct host {
	struct dw_sys *sys;
	struct dw_starters s;
	void *systemd, *manual, *dbus;
};

static struct host host_open(const char *path, bool fake, const char *init)
{
	struct host h = { 0 };
	struct dw_error e = { 0 };

	if ((fake ? dw_sys_open_fake(path, &h.sys, &e) : dw_sys_open(path, &h.sys, &e)) < 0) {
		printf("%s\n", e.message);
		exit(1);
	}
	h.s.sys = h.sys;
	h.s.facts = dw_facts_new();
	h.s.arena = h.s.facts->arena;
	h.s.procs = fake ? dw_procs_new(h.sys, h.s.arena) : NULL;
	h.s.init = init;
	return h;
}

static void host_close(struct host *h)
{
	if (h->systemd)
		dw_starter_systemd.unload(&h->s, h->systemd);
	dw_procs_close(h->s.procs);
	dw_facts_free(h->s.facts);
	dw_sys_free(h->sys);
}

static inline struct dw_endpoint endpoint(enum dw_protocol protocol, enum dw_family family,
					  const char *address, uint32_t port)
{
	struct dw_endpoint at = {
		.protocol = protocol, .family = family, .has_port = true, .port = port
	};

	if (inet_pton(family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, address, at.address) != 1)
		exit(1);
	return at;
}

#endif
