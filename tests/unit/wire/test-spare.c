/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answering for addresses that nobody has, as a neighbour in a namespace of the test's sees it. Skipped when not root.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dw_spare.h"
#include "dw_test.h"
#include "net.h"

static struct dw_ip ip(const char *text)
{
	struct dw_ip a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	DW_CHECK_INT(inet_pton(a.family, text, a.bytes), 1);
	return a;
}

/* A question of b's, and what came back. */
struct talk {
	uint8_t frame[128];
	size_t n;
	int ethertype, patience_ms;
	uint8_t reply[128];
	size_t n_reply;
};

/*
 * The child that answers waits for its turn on a busy machine: an answer that must come is waited for. That none comes
 * is seen in a moment; a late one would be taken for the answer to the next question, whose bytes are others.
 */
#define ANSWERED   60000
#define UNANSWERED 200

/* The frames of b0 that a0 sent, until one is an answer (ARP's reply, an advertisement) or none came for so long. */
static void listen_on(struct talk *t, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, t->patience_ms) > 0) {
		ssize_t n = recv(fd, t->reply, sizeof(t->reply), 0);
		bool arp = n >= 42 && t->reply[12] == 8 && t->reply[13] == 6 && t->reply[21] == 2;
		bool v6 = n >= 86 && t->reply[12] == 0x86 && t->reply[54] == 136;

		if ((arp || v6) && memcmp(t->reply + 6, net_mac_b, 6) != 0) {
			t->n_reply = (size_t)n;
			return;
		}
	}
}

static void talk_in_b(void *arg)
{
	struct talk *t = arg;
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons((uint16_t)t->ethertype),
				  .sll_ifindex = (int)if_nametoindex("b0") };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	t->n_reply = 0;
	if (fd < 0 || bind(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, t->frame, t->n, 0) != (ssize_t)t->n)
		perror("talking in b");
	else
		listen_on(t, fd);
	if (fd >= 0)
		close(fd);
}

/* NULL from: a probe (RFC 5227). */
static void arp(const struct net *n, const char *from, const char *to, int patience_ms,
		struct talk *t)
{
	static const uint8_t head[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };
	struct dw_ip source = { 0 }, target = ip(to);

	if (from)
		source = ip(from);
	memset(t, 0, sizeof(*t));
	memset(t->frame, 0xff, 6);
	memcpy(t->frame + 6, net_mac_b, 6);
	memcpy(t->frame + 12, head, sizeof(head));
	memcpy(t->frame + 22, net_mac_b, 6);
	memcpy(t->frame + 28, source.bytes, 4);
	memcpy(t->frame + 38, target.bytes, 4);
	t->n = 42;
	t->ethertype = ETH_P_ARP;
	t->patience_ms = patience_ms;
	net_in_b(n, talk_in_b, t);
}

/* To all nodes, which does for the test; the checksum is not looked at by who answers. */
static void solicit(const struct net *n, const char *from, const char *to, int patience_ms,
		    struct talk *t)
{
	struct dw_ip source = { 0 }, target = ip(to);
	uint8_t *p = t->frame + 14;

	if (from)
		source = ip(from);
	memset(t, 0, sizeof(*t));
	t->frame[0] = t->frame[1] = 0x33;
	t->frame[5] = 1;
	memcpy(t->frame + 6, net_mac_b, 6);
	t->frame[12] = 0x86;
	t->frame[13] = 0xdd;
	p[0] = 0x60;
	p[5] = 24;
	p[6] = IPPROTO_ICMPV6;
	p[7] = 255;
	memcpy(p + 8, source.bytes, 16);
	p[24] = 0xff;
	p[25] = 2;
	p[39] = 1;
	p[40] = 135;
	memcpy(p + 48, target.bytes, 16);
	t->n = 14 + 40 + 24;
	t->ethertype = ETH_P_IPV6;
	t->patience_ms = patience_ms;
	net_in_b(n, talk_in_b, t);
}

static bool wait_taken(const struct dw_spare *p, size_t i)
{
	for (int k = 0; k < 6000 && dw_spare_taken(p)[i] == 0; k++)
		(void)poll(NULL, 0, 10);
	return dw_spare_taken(p)[i] != 0;
}

static struct dw_spare *open_three(const struct net *n, const char *const names[3])
{
	const struct dw_ip addresses[] = { ip(names[0]), ip(names[1]), ip(names[2]) };
	struct dw_spare *p = NULL;
	struct dw_link link = { 0 };
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_link_get(n->sys, n->a0, &link, NULL), 0);
	DW_CHECK_INT(dw_spare_open(n->sys, &link, addresses, 3, &p, &e), 0);
	DW_CHECK_STR(e.message, "");
	return p;
}

DW_TEST(arp_is_answered_until_somebody_claims)
{
	static const char *const names[] = { "10.77.9.3", "10.77.9.1", "10.77.9.2" };
	struct dw_spare *p;
	struct talk t;
	struct net n;

	if (!net_open(&n))
		return;
	p = open_three(&n, names);
	for (int i = 0; i < 3 && p; i++) {
		struct dw_ip a = ip(names[i]);

		arp(&n, "10.77.0.2", names[i], ANSWERED, &t);
		DW_CHECK_INT(t.n_reply, 42);
		DW_CHECK(memcmp(t.reply + 22, net_mac_a, 6) == 0);
		DW_CHECK(memcmp(t.reply + 28, a.bytes, 4) == 0);
		DW_CHECK(memcmp(t.reply, net_mac_b, 6) == 0);
	}
	arp(&n, "10.77.0.2", "10.77.9.4", UNANSWERED, &t);
	DW_CHECK_INT(t.n_reply, 0);
	/* somebody says that it is his; somebody asks whether he may take it */
	arp(&n, "10.77.9.1", "10.77.9.1", UNANSWERED, &t);
	DW_CHECK(p && wait_taken(p, 1));
	arp(&n, NULL, "10.77.9.2", UNANSWERED, &t);
	DW_CHECK_INT(t.n_reply, 0);
	DW_CHECK(p && wait_taken(p, 2));
	arp(&n, "10.77.0.2", "10.77.9.1", UNANSWERED, &t);
	DW_CHECK_INT(t.n_reply, 0);
	arp(&n, "10.77.0.2", "10.77.9.3", ANSWERED, &t);
	DW_CHECK_INT(t.n_reply, 42);
	DW_CHECK(p && dw_spare_taken(p)[0] == 0);
	DW_CHECK_INT(p ? dw_spare_check(p, NULL) : -1, 0);
	dw_spare_free(p);
	arp(&n, "10.77.0.2", "10.77.9.3", UNANSWERED, &t);
	DW_CHECK_INT(t.n_reply, 0);
	net_close(&n);
}

DW_TEST(solicitations_are_answered)
{
	static const char *const names[] = { "fd77::9:3", "fd77::9:1", "fd77::9:2" };
	struct dw_spare *p;
	struct talk t;
	struct net n;

	if (!net_open(&n))
		return;
	p = open_three(&n, names);
	for (int i = 0; i < 3 && p; i++) {
		struct dw_ip a = ip(names[i]);

		solicit(&n, "fd77::2", names[i], ANSWERED, &t);
		DW_CHECK_INT(t.n_reply, 86);
		DW_CHECK(memcmp(t.reply + 62, a.bytes, 16) == 0);
		DW_CHECK(t.reply[78] == 2 && memcmp(t.reply + 80, net_mac_a, 6) == 0);
		DW_CHECK_INT(t.reply[58], 0x60);
	}
	solicit(&n, NULL, "fd77::9:1", UNANSWERED, &t); /* duplicate address detection */
	DW_CHECK_INT(t.n_reply, 0);
	DW_CHECK(p && wait_taken(p, 1));
	solicit(&n, "fd77::2", "fd77::9:1", UNANSWERED, &t);
	DW_CHECK_INT(t.n_reply, 0);
	dw_spare_free(p);
	net_close(&n);
}

/* What is no question of ARP's or of ND's, cut anywhere, kills nobody. */
DW_TEST(what_is_damaged_is_passed_over)
{
	static const char *const names[] = { "10.77.9.3", "10.77.9.1", "10.77.9.2" };
	struct dw_spare *p;
	struct talk t;
	struct net n;

	if (!net_open(&n))
		return;
	p = open_three(&n, names);
	arp(&n, "10.77.0.2", names[0], ANSWERED, &t);
	for (size_t i = 14; i < 42; i += 9) {
		t.n = i;
		t.frame[22] = (uint8_t)i;
		t.patience_ms = UNANSWERED;
		net_in_b(&n, talk_in_b, &t);
	}
	arp(&n, "10.77.0.2", names[0], ANSWERED, &t);
	DW_CHECK_INT(t.n_reply, 42);
	DW_CHECK_INT(p ? dw_spare_check(p, NULL) : -1, 0);
	dw_spare_free(p);
	net_close(&n);
}

DW_TEST_MAIN
