/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How to reach an address: rtnetlink(7) of the network namespace that we are in. A recorded host answers what was
 * recorded (dw_netlink.h); asking neighbours needs a live one and CAP_NET_RAW.
 */
#ifndef DW_ROUTE_H
#define DW_ROUTE_H

#include "dw_sys.h"

struct dw_ip {
	int family;        /* AF_INET, AF_INET6; 0: none */
	uint8_t bytes[16]; /* network order; IPv4: the first 4, the rest zero */
};

enum dw_route_type {
	DW_ROUTE_UNKNOWN = 0,
	DW_ROUTE_UNICAST,
	DW_ROUTE_LOCAL, /* this host's own */
	DW_ROUTE_BROADCAST,
	DW_ROUTE_MULTICAST,
	DW_ROUTE_UNREACHABLE /* no route, or one that says no: blackhole, prohibit */
};

struct dw_route {
	enum dw_route_type type;
	uint32_t ifindex; /* where it goes out; 0 when UNREACHABLE */
	struct dw_ip source;
	struct dw_ip
		gateway; /* family 0: it is on the link; may be of the other family (RFC 5549) */
};

/* ifindex: the only interface that will do, for link-local addresses; 0: any. UNREACHABLE is no failure. */
int dw_route_get(struct dw_sys *s, const struct dw_ip *to, uint32_t ifindex, struct dw_route *ret,
		 struct dw_error *e);

enum dw_link_type {
	DW_LINK_UNKNOWN = 0,
	DW_LINK_ETHERNET,
	DW_LINK_LOOPBACK, /* has Ethernet headers, too */
	DW_LINK_BARE,     /* frames begin with IP: tun, wireguard, ppp */
	DW_LINK_OTHER     /* not for us */
};

struct dw_link {
	uint32_t ifindex;
	char name[16];
	enum dw_link_type type;
	uint8_t mac[6];
	uint32_t mtu;
	bool is_up;      /* and has a carrier */
	bool has_no_arp; /* nobody is asked for addresses on it */
};

/* In the arena, by ifindex. */
int dw_links_read(struct dw_sys *s, struct dw_arena *a, struct dw_link **ret, size_t *ret_n,
		  struct dw_error *e);
/* -ENODEV: there is none. */
int dw_link_get(struct dw_sys *s, uint32_t ifindex, struct dw_link *ret, struct dw_error *e);

/* An address of this host with the network that it is in. */
struct dw_link_network {
	uint32_t ifindex;
	struct dw_ip address;
	struct dw_ip peer;  /* the network's address on a link between two; as address on others */
	uint8_t bits;       /* of peer */
	bool is_link_local; /* scope "link", or "host" */
	bool is_usable; /* IPv6: not tentative, not deprecated, and no temporary address that ends */
};
/* Of the namespace; NULL: the one that we are in. At most 65,536. */
struct dw_netns;
int dw_networks_read(struct dw_sys *s, const struct dw_netns *netns, struct dw_arena *a,
		     struct dw_link_network **ret, size_t *ret_n, struct dw_error *e);

struct dw_neighbour {
	struct dw_ip address;
	uint8_t mac[6];
};
/* Those of the link that the kernel knows a MAC of. family 0: both. */
int dw_neighbours_read(struct dw_sys *s, uint32_t ifindex, int family, struct dw_arena *a,
		       struct dw_neighbour **ret, size_t *ret_n, struct dw_error *e);

/* --- asking ------------------------------------------------------------------------------------- */

struct dw_neighbours_question {
	const struct dw_link *link;  /* Ethernet */
	struct dw_ip source;         /* ours on that link, of the family that is asked */
	const struct dw_ip *targets; /* on the link; none of them our own */
	size_t n;                    /* at most 2^20 */
	/*
	 * At least so many rounds, 0: 3. Only those are asked again that did not answer; up to 8 rounds where answers
	 * are
	   lost, or come late. */
	unsigned rounds;
	unsigned rate; /* questions a second at most; 0: 20,000 */
	unsigned
		wait_ms; /* after the first round, the second twice that ... up to 5 times; 0: 200 */
	const volatile int *stop; /* becomes true: ends soon; NULL */
};

struct dw_neighbours_answer {
	bool is_there;
	uint8_t mac[6];
	float missed; /* not there: chance that it is there, and all its answers were lost; 1: asked in vain */
};

/*
 * Who answers an echo request to all nodes of the link (IPv6) that comes from source, an address of ours there; takes
 * two seconds. Linux answers from an address of the network that source is in; a host may be silent. Each once.
 */
int dw_link_present(struct dw_sys *s, uint32_t ifindex, const struct dw_ip *source,
		    struct dw_arena *a, struct dw_ip **ret, size_t *ret_n, struct dw_error *e);

/*
 * ARP (RFC 826) or neighbour solicitation (RFC 4861) for each target, sent by ourselves: the kernel's own table is too
 * small for a whole network, and is not touched. Answers are read in a sandbox. ret: n of them, by the targets' order.
 * Who answers is there; a neighbour may lie about being another.
 */
int dw_neighbours_ask(struct dw_sys *s, const struct dw_neighbours_question *q,
		      struct dw_neighbours_answer *ret, struct dw_error *e);

#endif
