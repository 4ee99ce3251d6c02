/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names to addresses, names of interfaces, the networks that this host is in, and files as the user names them. */
#ifndef DW_NAMES_H
#define DW_NAMES_H

#include "dw_sys.h"

struct dw_sys_address {
	int family;        /* AF_INET, AF_INET6 */
	uint8_t bytes[16]; /* network order; IPv4 in the first 4 */
	uint32_t scope;    /* interface of a link-local address, else 0 */
};

/* An address of this host and the network behind it. */
struct dw_sys_network {
	struct dw_sys_address address;
	unsigned bits; /* of the network: 24, 64 ... */
	uint32_t ifindex;
	const char *ifname;
	bool loopback;
	bool up; /* and has a carrier */
};

struct dw_sys_addresses {
	struct dw_sys_address *v;
	size_t n, cap;
};
struct dw_sys_networks {
	struct dw_sys_network *v;
	size_t n, cap;
};

/*
 * All addresses of a name, each once, in the order that the resolver prefers (getaddrinfo(3)); family 0: both. A host
 * that does not run has its /etc/hosts alone. -ENOENT: there is no such name, or it has no address of that family.
 */
int dw_sys_resolve(struct dw_sys *s, const char *name, int family, struct dw_arena *a,
		   struct dw_sys_addresses *ret, struct dw_error *e);
/* Number of the interface: by name, or as a number. 0: there is none. */
uint32_t dw_sys_interface(struct dw_sys *s, const char *name);
/*
 * Of the namespace that we are in (dw_networks_read). A recorded host has them in the file `networks` of its
 * fixture: "eth0 192.0.2.5/24" a line.
 */
int dw_sys_networks(struct dw_sys *s, struct dw_arena *a, struct dw_sys_networks *ret,
		    struct dw_error *e);
/* A file of this host as the user named it (relative to where he is; "-": standard input), at most max bytes. */
int dw_sys_given_read(struct dw_sys *s, const char *name, size_t max, struct dw_arena *a,
		      struct dw_bytes *ret, struct dw_error *e);
/* Makes the file the text, whole or not at all, mode 0600. */
int dw_sys_given_replace(struct dw_sys *s, const char *name, const char *data, size_t n,
			 struct dw_error *e);
/* The same of what is of use while the machine runs: no one waits for the disk. */
int dw_sys_given_renew(struct dw_sys *s, const char *name, const char *data, size_t n,
		       struct dw_error *e);
void dw_sys_given_remove(struct dw_sys *s, const char *name);

#endif
