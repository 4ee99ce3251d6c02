/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const uint8_t net_mac_a[6] = { 2, 0, 0, 0, 0, 1 }, net_mac_b[6] = { 2, 0, 0, 0, 0, 2 };

enum { A0 = 50, B0 = 51 }; /* interface indexes that we choose */

struct request {
	char buffer[1024];
	struct nlmsghdr *m;
};

static void *begin(struct request *q, uint16_t type, uint16_t flags, size_t head)
{
	memset(q, 0, sizeof(*q));
	q->m = mnl_nlmsg_put_header(q->buffer);
	q->m->nlmsg_type = type;
	q->m->nlmsg_flags = NLM_F_ACK | flags;
	return mnl_nlmsg_put_extra_header(q->m, head);
}

static int nothing(const struct nlmsghdr *m, void *arg)
{
	return 0;
}

static bool ask(const struct net *n, const struct dw_netns *ns, struct request *q)
{
	struct dw_error e = { 0 };
	int r = dw_netlink_request(n->sys, ns, NETLINK_ROUTE, q->m, nothing, NULL, NULL, &e);

	if (r < 0)
		printf("%s\n", e.message);
	return r == 0;
}

static bool make_veth(const struct net *n)
{
	struct request q;
	struct nlattr *info, *data, *peer;

	struct ifinfomsg *head = begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*head));

	head->ifi_index = A0;
	mnl_attr_put_strz(q.m, IFLA_IFNAME, "a0");
	mnl_attr_put(q.m, IFLA_ADDRESS, 6, net_mac_a);
	info = mnl_attr_nest_start(q.m, IFLA_LINKINFO);
	mnl_attr_put_str(q.m, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(q.m, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(q.m, VETH_INFO_PEER);
	head = mnl_nlmsg_put_extra_header(q.m, sizeof(*head));
	*head = (struct ifinfomsg){ .ifi_index = B0 };
	mnl_attr_put_strz(q.m, IFLA_IFNAME, "b0");
	mnl_attr_put(q.m, IFLA_ADDRESS, 6, net_mac_b);
	mnl_attr_put_u32(q.m, IFLA_NET_NS_FD, (uint32_t)n->b.fd);
	mnl_attr_nest_end(q.m, peer);
	mnl_attr_nest_end(q.m, data);
	mnl_attr_nest_end(q.m, info);
	return ask(n, NULL, &q);
}

static bool set_up(const struct net *n, const struct dw_netns *ns, const char *name)
{
	struct request q;
	struct ifinfomsg *head = begin(&q, RTM_NEWLINK, 0, sizeof(*head));

	head->ifi_flags = head->ifi_change = IFF_UP;
	mnl_attr_put_strz(q.m, IFLA_IFNAME, name);
	return ask(n, ns, &q);
}

struct dw_address net_address(const char *text)
{
	struct dw_address a = { .family = strchr(text, ':') ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4 };

	(void)inet_pton(a.family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, text, a.bytes);
	return a;
}

bool net_add_address(const struct net *n, bool on_b, const char *text, uint8_t bits)
{
	struct dw_address a = net_address(text);
	bool v4 = a.family == DW_FAMILY_IPV4;
	struct request q;
	struct ifaddrmsg *head = begin(&q, RTM_NEWADDR, NLM_F_CREATE, sizeof(*head));

	head->ifa_family = v4 ? AF_INET : AF_INET6;
	head->ifa_prefixlen = bits;
	head->ifa_index = on_b ? B0 : A0;
	mnl_attr_put(q.m, IFA_LOCAL, v4 ? 4 : 16, a.bytes);
	mnl_attr_put(q.m, IFA_ADDRESS, v4 ? 4 : 16, a.bytes);
	mnl_attr_put_u32(q.m, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
	return ask(n, on_b ? &n->b : NULL, &q);
}

bool net_add_route(const struct net *n, const char *text, uint8_t bits, const char *gateway)
{
	struct dw_address to = net_address(text);
	struct request q;
	struct rtmsg *head = begin(&q, RTM_NEWROUTE, NLM_F_CREATE, sizeof(*head));

	head->rtm_family = AF_INET;
	head->rtm_dst_len = bits;
	head->rtm_table = RT_TABLE_MAIN;
	head->rtm_protocol = RTPROT_STATIC;
	head->rtm_type = gateway ? RTN_UNICAST : RTN_BLACKHOLE;
	mnl_attr_put(q.m, RTA_DST, 4, to.bytes);
	if (gateway) {
		struct dw_address via = net_address(gateway);

		mnl_attr_put(q.m, RTA_GATEWAY, 4, via.bytes);
	}
	return ask(n, NULL, &q);
}

bool net_add_neighbour(const struct net *n, const char *text)
{
	struct dw_address a = net_address(text);
	bool v4 = a.family == DW_FAMILY_IPV4;
	struct request q;
	struct ndmsg *head = begin(&q, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*head));

	head->ndm_family = v4 ? AF_INET : AF_INET6;
	head->ndm_ifindex = B0;
	head->ndm_state = NUD_PERMANENT;
	mnl_attr_put(q.m, NDA_DST, v4 ? 4 : 16, a.bytes);
	mnl_attr_put(q.m, NDA_LLADDR, 6, net_mac_a);
	return ask(n, &n->b, &q);
}

/* --- inside ------------------------------------------------------------------------------------- */

struct inside {
	void (*fn)(void *arg);
	void *arg;
};

static int run_inside(void *arg, struct dw_error *e)
{
	const struct inside *i = arg;

	i->fn(i->arg);
	return 0;
}

void net_in_b(const struct net *n, void (*fn)(void *arg), void *arg)
{
	struct inside i = { .fn = fn, .arg = arg };

	if (dw_netns_run(n->sys, &n->b, run_inside, &i, NULL) < 0)
		abort();
}

struct setting {
	const char *file, *value;
	bool ok;
};

static void write_setting(void *arg)
{
	struct setting *s = arg;
	FILE *f = fopen(s->file, "w");

	s->ok = f && fputs(s->value, f) >= 0;
	if (f && fclose(f) != 0)
		s->ok = false;
}

bool net_set(const struct net *n, const char *file, const char *value)
{
	struct setting s = { .file = file, .value = value };

	net_in_b(n, write_setting, &s);
	return s.ok;
}

struct listener {
	const struct dw_address *at;
	int type, fd;
	uint16_t port;
};

static void listen_inside(void *arg)
{
	struct listener *l = arg;
	bool v4 = l->at->family == DW_FAMILY_IPV4;
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(l->port) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(l->port) };
	int fd = socket(v4 ? AF_INET : AF_INET6, l->type | SOCK_CLOEXEC, 0), r;

	memcpy(&a4.sin_addr, l->at->bytes, 4);
	memcpy(&a6.sin6_addr, l->at->bytes, 16);
	r = v4 ? bind(fd, (const struct sockaddr *)&a4, sizeof(a4))
	       : bind(fd, (const struct sockaddr *)&a6, sizeof(a6));
	if (r == 0 && l->type == SOCK_STREAM)
		r = listen(fd, 64);
	l->fd = fd;
	if (r < 0) {
		(void)close(fd);
		l->fd = -1;
	}
}

int net_listen(const struct net *n, const char *text, int type, uint16_t port)
{
	struct dw_address a = net_address(text);
	struct listener l = { .at = &a, .type = type, .port = port };

	net_in_b(n, listen_inside, &l);
	return l.fd;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static bool make_namespaces(struct net *n)
{
	n->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (n->home < 0 || geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return false;
	n->b.fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	n->b.inode = 1;
	return n->b.fd >= 0 && unshare(CLONE_NEWNET) == 0;
}

static bool furnish(const struct net *n)
{
	return make_veth(n) && set_up(n, NULL, "lo") && set_up(n, &n->b, "lo") &&
	       set_up(n, NULL, "a0") && set_up(n, &n->b, "b0") &&
	       net_add_address(n, false, "10.77.0.1", 16) &&
	       net_add_address(n, true, "10.77.0.2", 16) &&
	       net_add_address(n, false, "fd77::1", 64) &&
	       net_add_address(n, true, "fd77::2", 64) && net_add_neighbour(n, "10.77.0.1") &&
	       net_add_neighbour(n, "fd77::1");
}

bool net_open(struct net *n)
{
	*n = (struct net){ .a0 = A0, .b.fd = -1, .home = -1 };
	if (dw_sys_open(NULL, &n->sys, NULL) < 0)
		abort();
	if (make_namespaces(n) && furnish(n))
		return true;
	printf("needs root and network namespaces\n");
	net_close(n);
	return false;
}

void net_close(struct net *n)
{
	if (n->b.fd >= 0)
		(void)close(n->b.fd);
	if (n->home >= 0) {
		if (geteuid() == 0 && setns(n->home, CLONE_NEWNET) < 0)
			abort();
		(void)close(n->home);
	}
	dw_sys_free(n->sys);
}
