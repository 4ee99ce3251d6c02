/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Netlink, in any network namespace. A fake handle replays what was recorded under
 * netlink/NETNS/PROTOCOL-TYPE-HASH.bin (HASH: FNV-1a of the request's payload, see dw_netlink_key()).
 */
#ifndef DW_NETLINK_H
#define DW_NETLINK_H

#include <linux/netlink.h>

#include "dw_sys.h"

#define DW_NETNS_GONE UINT32_MAX

/* A network namespace that can be entered. */
struct dw_netns {
	uint32_t
		inode; /* of nsfs; 0: the namespace we are in; DW_NETNS_GONE: closed, not to be entered */
	int fd;        /* on nsfs; -1: the namespace we are in (or fake) */
};

/* Called for each message of the answer (NLMSG_DONE and errors excluded). Negative: stop with that code. */
typedef int dw_netlink_cb(const struct nlmsghdr *message, void *arg);

/*
 * Sends one request (nlmsg_len set; NLM_F_REQUEST and the sequence are filled in here) on a socket of
 * NETLINK_xxx `protocol` made in the namespace, and hands every answer to cb. A dump that the kernel called
 * interrupted (NLM_F_DUMP_INTR: what it tells changed meanwhile) is begun anew, behind a call of restart(); -EAGAIN
 * when it was interrupted every time. restart NULL: an interrupted dump is good enough.
 */
int dw_netlink_request(struct dw_sys *s, const struct dw_netns *ns, int protocol,
		       struct nlmsghdr *request, dw_netlink_cb *cb, void (*restart)(void *arg),
		       void *arg, struct dw_error *e);

/* What is asked by a NETLINK_xxx protocol, for people: "the packet filter (nfnetlink)". */
const char *dw_netlink_name(int protocol);

/* Name of a recorded answer, relative to the fixture, in the arena. */
char *dw_netlink_key(struct dw_arena *a, const struct dw_netns *ns, int protocol,
		     const struct nlmsghdr *request);

/*
 * Runs fn with the calling thread inside the namespace and comes back. For what netlink cannot say
 * (getsockopt, /proc/thread-self/net). Fake: fn runs where it is.
 */
int dw_netns_run(struct dw_sys *s, const struct dw_netns *ns,
		 int (*fn)(void *arg, struct dw_error *e), void *arg, struct dw_error *e);

/*
 * The name of one interface, by netdevice(7): ret has room for IF_NAMESIZE. -ENXIO: there is none. A dump of all
 * (RTM_GETLINK) waits for whoever changes any interface of the machine (rtnl; half a second was seen where namespaces
 * came and went); this does not (dev_ifname() in the kernel's net/core/dev_ioctl.c).
 */
int dw_netns_link_name(struct dw_sys *s, const struct dw_netns *ns, uint32_t index, char *ret,
		       struct dw_error *e);

/*
 * 0: it is a namespace, and not the one that the calling thread is in. For what must never reach the host's own,
 * as a copy of its rules: -EXDEV.
 */
int dw_netns_must_be_other(struct dw_sys *s, const struct dw_netns *ns, struct dw_error *e);

/* inode of our own network namespace; 0 unknown. */
uint32_t dw_netns_self(struct dw_sys *s);

#endif
