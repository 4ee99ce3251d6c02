/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IPVS: constructed answers of linux/ip_vs.h, since few kernels under test have it. */
#include "support.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <sys/socket.h>

#include "dw_test.h"
#include "genl.h"
#include "ipvs.h"

#define FAMILY 33

static struct nlmsghdr *message(void *at, uint16_t type)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(at);

	m->nlmsg_type = type;
	mnl_nlmsg_put_extra_header(m, sizeof(struct genlmsghdr));
	return m;
}

static void put_service(struct nlmsghdr *m, const uint8_t address[16], uint16_t port,
			uint32_t fwmark, const char *scheduler)
{
	struct nlattr *nest = mnl_attr_nest_start(m, IPVS_CMD_ATTR_SERVICE);

	mnl_attr_put_u16(m, IPVS_SVC_ATTR_AF, AF_INET);
	if (fwmark) {
		mnl_attr_put_u32(m, IPVS_SVC_ATTR_FWMARK, fwmark);
	} else {
		mnl_attr_put_u16(m, IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP);
		mnl_attr_put(m, IPVS_SVC_ATTR_ADDR, 16, address);
		mnl_attr_put_u16(m, IPVS_SVC_ATTR_PORT, htons(port));
	}
	if (scheduler)
		mnl_attr_put_strz(m, IPVS_SVC_ATTR_SCHED_NAME, scheduler);
	mnl_attr_nest_end(m, nest);
}

static uint32_t put_server(void *at, uint8_t last)
{
	const uint8_t address[16] = { 10, 0, 0, last };
	struct nlmsghdr *m = message(at, FAMILY);
	struct nlattr *nest = mnl_attr_nest_start(m, IPVS_CMD_ATTR_DEST);

	mnl_attr_put(m, IPVS_DEST_ATTR_ADDR, 16, address);
	mnl_attr_put_u16(m, IPVS_DEST_ATTR_PORT, htons(8080));
	mnl_attr_nest_end(m, nest);
	return m->nlmsg_len;
}

DW_TEST(services_and_their_servers)
{
	static const uint8_t address[16] = { 192, 0, 2, 1 };
	struct dw_arena *a = dw_arena_new();
	const char *fixture = fixture_new(a);
	char answer[2048] = { 0 };
	union dw_request room = { 0 };
	struct nlmsghdr *m;
	struct world w;
	size_t n;

	m = message(answer, GENL_ID_CTRL);
	mnl_attr_put_strz(m, CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME);
	mnl_attr_put_u16(m, CTRL_ATTR_FAMILY_ID, FAMILY);
	fixture_netlink(fixture, 0, NETLINK_GENERIC,
			dw_genl_request(&room, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1), answer,
			m->nlmsg_len);
	memset(answer, 0, sizeof(answer));
	m = message(answer, FAMILY);
	put_service(m, address, 80, 0, "rr");
	n = m->nlmsg_len;
	m = message(answer + n, FAMILY);
	put_service(m, address, 0, 7, "wlc");
	n += m->nlmsg_len;
	memset(&room, 0, sizeof(room));
	fixture_netlink(fixture, 0, NETLINK_GENERIC,
			dw_genl_request(&room, FAMILY, IPVS_CMD_GET_SERVICE, IPVS_GENL_VERSION),
			answer, n);
	memset(answer, 0, sizeof(answer));
	n = put_server(answer, 1);
	n += put_server(answer + n, 2);
	memset(&room, 0, sizeof(room));
	m = dw_genl_request(&room, FAMILY, IPVS_CMD_GET_DEST, IPVS_GENL_VERSION);
	put_service(m, address, 80, 0, NULL);
	fixture_netlink(fixture, 0, NETLINK_GENERIC, m, answer, n);

	w = world_fake(fixture);
	DW_CHECK_INT(dw_collect_redirects(&w.c, NULL), 0);
	DW_CHECK_STR(redirect_lines(&w, true),
		     "tcp ipv4 0.0.0.0 * - > - (redirected) | ipvs virtual service for packets "
		     "marked 7, "
		     "scheduler wlc, to no server\n"
		     "tcp ipv4 192.0.2.1 80 - > 10.0.0.1:8080, 10.0.0.2:8080 (redirected) | ipvs "
		     "virtual "
		     "service, scheduler rr, to 10.0.0.1:8080, 10.0.0.2:8080\n");
	DW_CHECK_STR(incomplete_lines(&w), "");
	world_free(&w);
	fixture_remove(fixture);
	dw_arena_free(a);
}

DW_TEST_MAIN
