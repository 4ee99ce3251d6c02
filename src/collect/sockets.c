/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ladder: the best rung that works here tells the sockets and who holds them. */
#include <unistd.h>

#include "dw_bpf.h"
#include "dw_collect.h"
#include "netcol.h"

static int by_netlink(struct dw_collect *c, struct dw_error *e)
{
	/* /proc alone only when nothing better was allowed; BPF that failed falls one rung, not two */
	bool netlink = c->rungs != DW_RUNG_PROC;
	int r;

	for (size_t i = 0; i < c->netns.n; i++) {
		if (netlink) {
			struct dw_error why = { 0 };

			r = dw_collect_diag(c, i, &why);
			if (r < 0)
				dw_facts_incomplete(c->facts, "no-sock-diag", NULL, 0, false,
						    "sock_diag did not answer in one namespace: %s",
						    why.message);
		}
		r = dw_collect_procnet(c, i, e);
		if (r < 0)
			return r;
	}
	c->facts->method = netlink ? "netlink" : "proc";
	/* before the walk, which then can say who holds the ends of connections too */
	r = dw_collect_connections(c, e);
	if (r < 0)
		return r;
	return dw_collect_holders(c, e);
}

/*
 * Loading the program costs about as much as a walk over /proc of a hundred tasks (docs/performance.md), so where
 * less runs it is used when it is pinned, or when somebody asks for the deeper look.
 */
#define FEW_TASKS 150

static bool is_worth_bpf(struct dw_collect *c)
{
	if (!(c->rungs & DW_RUNG_BPF))
		return false;
	return c->rungs != DW_RUNG_ALL || c->hidden || dw_bpf_is_ready(c->sys) ||
	       dw_sys_tasks(c->sys) > FEW_TASKS;
}

bool dw_collect_begin(struct dw_collect *c)
{
	return is_worth_bpf(c) && dw_bpf_begin(c->sys);
}

void dw_collect_make_ready(struct dw_collect *c)
{
	dw_bpf_make_ready(c->sys);
}

int dw_collect_sockets(struct dw_collect *c, struct dw_error *e)
{
	struct dw_error why = { 0 };
	int r;

	/* first: the task walk tells the namespaces too, and cheaper */
	if (is_worth_bpf(c)) {
		r = dw_collect_bpf(c, &why);
		if (r == 0)
			return 0;
		dw_facts_incomplete(c->facts, "no-bpf", NULL, 0, false,
				    "BPF could not be used, /proc was walked instead: %s",
				    why.message);
		/* falling one rung is what was allowed by asking for BPF alone, and then whole */
		c->rungs |= DW_RUNG_NETLINK;
	}
	r = dw_collect_netns(c, e);
	return r < 0 ? r : by_netlink(c, e);
}

void dw_collect_close(struct dw_collect *c)
{
	for (size_t i = 0; i < c->netns.n; i++)
		if (c->netns.v[i].fd >= 0)
			(void)close(c->netns.v[i].fd);
	c->netns.n = 0;
	dw_sock_index_free(c->index);
	c->index = NULL;
}
