/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which door of the run is which door that is seen now. */
#include <string.h>

#include "dw_str.h"
#include "verifying.h"

/* First of the ports that the kernel chooses itself (net.ipv4.ip_local_port_range, ip(7)) unless it was told others. */
#define EPHEMERAL 32768

bool dw_verifying_same_at(const struct dw_endpoint *x, const struct dw_endpoint *y)
{
	/* indexes of interfaces change from boot to boot, names mostly do not */
	return x->protocol == y->protocol && x->family == y->family && x->has_port == y->has_port &&
	       x->port == y->port && memcmp(x->address, y->address, sizeof(x->address)) == 0 &&
	       dw_streq0(x->ifname, y->ifname);
}

/* "netns-UUID", "cni-UUID": podman's and CNI's, another at each start of a container. */
static bool is_made_up(const char *netns)
{
	const char *dash = strchr(netns, '-');

	return dash && (dw_starts_with(netns, "netns-") || dw_starts_with(netns, "cni-")) &&
	       strlen(dash + 1) == 36 && strspn(dash + 1, "0123456789abcdef-") == 36;
}

static bool is_passing(const char *netns)
{
	return netns && (dw_starts_with(netns, "net:[") || is_made_up(netns));
}

/*
 * One without a name (PrivateNetwork=), or whose name was made up (a container's), has another after each start: its
 * starter tells.
 */
static bool same_netns(const struct dw_run_door *d, const struct dw_door *found)
{
	if (dw_streq0(d->netns ? d->netns : "host", found->netns ? found->netns : "host"))
		return true;
	return is_passing(d->netns) && is_passing(found->netns) && d->starter_id &&
	       d->starter != DW_STARTER_MANUAL && d->starter == found->starter.kind &&
	       dw_streq0(d->starter_id, found->starter.id);
}

static bool is_exactly(const struct dw_run_door *d, const struct dw_door *found)
{
	return same_netns(d, found) && dw_verifying_same_at(&d->at, &found->at);
}

bool dw_verifying_same_program(const struct dw_run_door *d, const struct dw_door *found)
{
	if (d->program && found->program)
		return dw_streq(d->program, found->program);
	return d->starter == found->starter.kind && dw_streq0(d->starter_id, found->starter.id);
}

/* The more it is the same, the better: place, then program, then that it is open. 0: it is another. */
static unsigned likeness(const struct dw_run_door *d, const struct dw_door *found)
{
	if (!is_exactly(d, found))
		return 0;
	return 1 + (dw_verifying_same_program(d, found) ? 2 : 0) +
	       (found->kind != DW_KIND_SLEEPING ? 1 : 0);
}

const struct dw_door *dw_verifying_find(const struct verifying *v, const struct dw_run_door *d)
{
	const struct dw_door *best = NULL;
	unsigned most = 0;

	for (size_t i = 0; i < v->in->after->n_doors; i++) {
		unsigned n = likeness(d, &v->in->after->doors[i]);

		if (n > most) {
			most = n;
			best = &v->in->after->doors[i];
		}
	}
	return best;
}

/* --- closed ones ---------------------------------------------------------------------------------------- */

static bool is_ipv4(const struct dw_endpoint *e)
{
	return e->family == DW_FAMILY_IPV4 || e->family == DW_FAMILY_DUAL;
}

static bool is_ipv6(const struct dw_endpoint *e)
{
	return e->family == DW_FAMILY_IPV6 || e->family == DW_FAMILY_DUAL;
}

/* Some address leads to both. */
static bool overlaps(const struct dw_endpoint *x, const struct dw_endpoint *y)
{
	if (x->protocol != y->protocol || !x->has_port || !y->has_port || x->port != y->port)
		return false;
	if (!(is_ipv4(x) && is_ipv4(y)) && !(is_ipv6(x) && is_ipv6(y)))
		return false;
	return dw_endpoint_is_any(x) || dw_endpoint_is_any(y) ||
	       (x->family == y->family && memcmp(x->address, y->address, sizeof(x->address)) == 0);
}

/* It was there before, and nobody asked that it be closed. */
static bool belongs_to_another(const struct verifying *v, const struct dw_run_door *d,
			       const struct dw_door *found)
{
	bool ours = is_exactly(d, found);

	for (size_t i = 0; i < v->in->run->n_doors; i++) {
		const struct dw_run_door *other = &v->in->run->doors[i];

		if (other->role == DW_RUN_DOOR_CLOSED || other->role == DW_RUN_DOOR_ALSO ||
		    !is_exactly(other, found))
			continue;
		/* two programs may hold one address and port: then the program tells them apart */
		if (!ours || (dw_verifying_same_program(other, found) &&
			      !dw_verifying_same_program(d, found)))
			return true;
	}
	return false;
}

/* A closed door that is told of itself is not told as another's too. */
static bool is_another_closed_one(const struct verifying *v, const struct dw_run_door *d,
				  const struct dw_door *found)
{
	for (size_t i = 0; i < v->in->run->n_doors; i++) {
		const struct dw_run_door *other = &v->in->run->doors[i];

		if (other != d && is_exactly(other, found) && !is_exactly(d, found))
			return true;
	}
	return false;
}

/* A service that is enabled and does not run: which doors it opens nobody knows yet, but it is the one that opened
 * this. */
static bool sleeps_again(const struct verifying *v, const struct dw_run_door *d,
			 const struct dw_door *found)
{
	return !v->in->at_once && found->kind == DW_KIND_SLEEPING && !found->at.has_port &&
	       d->starter_id && d->starter == found->starter.kind &&
	       d->starter == DW_STARTER_SYSTEMD_SERVICE &&
	       dw_streq0(d->starter_id, found->starter.id);
}

bool dw_verifying_is_back(const struct verifying *v, const struct dw_run_door *d,
			  const struct dw_door *found)
{
	if (sleeps_again(v, d, found))
		return true;
	if (!is_exactly(d, found)) {
		if (!same_netns(d, found) || !overlaps(&d->at, &found->at) ||
		    is_another_closed_one(v, d, found))
			return false;
		/* whoever binds it to loopback has closed it for the network */
		if (dw_endpoint_bound(&found->at) == DW_BOUND_LOOPBACK &&
		    dw_endpoint_bound(&d->at) != DW_BOUND_LOOPBACK)
			return false;
	}
	return !belongs_to_another(v, d, found);
}

/* --- gone ones ------------------------------------------------------------------------------------------- */

/* Services of RPC: rpcbind tells their ports, which are others after each start, also below 1024. */
static bool takes_any_port(const struct dw_run_door *d)
{
	static const char *const known[] = {
		"mountd", "statd",  "lockd",      "rquotad", "nfs-callback", "kernel-rpc",
		"nis",    "ypbind", "yppasswdd",  "ypxfrd",  "rusersd",      "rwalld",
		"sprayd", "rstatd", "bootparamd", "keyserv", "pcnfsd",       "amd",
		"autofs", "fam",    "cde-rpc",    "rpcbind",
	};

	for (size_t i = 0; d->service && i < DW_ARRAY_SIZE(known); i++)
		if (dw_streq(d->service, known[i]))
			return d->at.port != 111; /* rpcbind's own */
	return d->at.port >= EPHEMERAL;
}

static bool was_there(const struct verifying *v, const struct dw_door *found)
{
	for (size_t i = 0; i < v->in->run->n_doors; i++)
		if (is_exactly(&v->in->run->doors[i], found))
			return true;
	return false;
}

static bool stands_in(const struct verifying *v, const struct dw_run_door *d,
		      const struct dw_door *found)
{
	if (found->kind == DW_KIND_SLEEPING || found->at.protocol != d->at.protocol ||
	    !same_netns(d, found) || !dw_verifying_same_program(d, found) || was_there(v, found))
		return false;
	if (takes_any_port(d))
		return true;
	/* nobody asked that it stay as wide as it was: a run may have narrowed it */
	return (d->role == DW_RUN_DOOR_OTHER || d->role == DW_RUN_DOOR_NARROWED) &&
	       found->at.port == d->at.port;
}

/* What would have opened it has done so: only now it is known where. */
static bool woke_up(const struct verifying *v, const struct dw_run_door *d)
{
	for (size_t i = 0; d->starter_id && i < v->in->after->n_doors; i++) {
		const struct dw_door *found = &v->in->after->doors[i];

		if (found->kind != DW_KIND_SLEEPING && found->starter.kind == d->starter &&
		    dw_streq0(found->starter.id, d->starter_id))
			return true;
	}
	return false;
}

bool dw_verifying_may_go(const struct verifying *v, const struct dw_run_door *d)
{
	if (d->kind == DW_KIND_SLEEPING && !d->at.has_port && woke_up(v, d))
		return true;
	if (d->kind == DW_KIND_DATAGRAM && d->at.port >= EPHEMERAL &&
	    d->starter != DW_STARTER_KERNEL)
		return true;
	if (!d->at.has_port)
		return false;
	for (size_t i = 0; i < v->in->after->n_doors; i++)
		if (stands_in(v, d, &v->in->after->doors[i]))
			return true;
	return false;
}
