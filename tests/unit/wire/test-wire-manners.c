/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the packet wire does not believe, what it leaves alone, and what it survives. Skipped when not root. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dw_packet.h"
#include "dw_packet_socket.h"
#include "dw_test.h"
#include "rig.h"

static struct dw_wire *started(const struct net *n, const struct rig *r)
{
	struct dw_error e = { 0 };
	struct dw_wire *w = NULL;

	if (dw_wire_packet_open(n->sys, n->a0, &w, &e) < 0 || w->ops->begin(w, &r->block, &e) < 0) {
		printf("%s\n", e.message);
		DW_CHECK(false);
	}
	return w;
}

static size_t send_slots(struct dw_wire *w, uint32_t n, unsigned round)
{
	uint32_t slots[256];
	size_t sent = 0;

	for (uint32_t i = 0; i < n; i++)
		slots[i] = i;
	DW_CHECK_INT(w->ops->send(w, slots, n, round, &sent, NULL), 0);
	return sent;
}

/*
 * The reader is a process of its own, and waits for its turn on a busy machine: what must come is waited for, for as
 * long as nobody would wait for what does not come.
 */
#define PATIENCE_US 30000000u

/* Until so many answers came, or so many foreign ones: `enough` 0 is for the latter alone. How many answers. */
static size_t receive_some(struct dw_wire *w, struct dw_wire_answer *a, size_t max, size_t enough,
			   uint64_t foreign)
{
	uint64_t until = w->ops->now(w) + PATIENCE_US;
	size_t n = 0, one;

	while (n < max && w->ops->now(w) < until &&
	       (n < enough || (enough == 0 && w->counts.foreign < foreign))) {
		if (w->ops->receive(w, 20000, a + n, max - n, &one, NULL) < 0)
			return SIZE_MAX;
		n += one;
	}
	return n;
}

/* --- forged answers ----------------------------------------------------------------------------- */

struct forgery {
	const struct net *net;
	uint8_t frame[DW_PACKET_MAX];
	size_t n;
};

static void send_forgery(void *arg)
{
	struct forgery *f = arg;
	struct dw_packet_sender *p = NULL;
	size_t sent = 0;
	bool full;

	DW_CHECK_INT(dw_packet_sender_open(f->net->sys, 51, &p, NULL), 0);
	memcpy(dw_packet_sender_frame(p, 0), f->frame, f->n);
	dw_packet_sender_length(p, 0, f->n);
	DW_CHECK_INT(dw_packet_sender_send(p, 1, &sent, &full, NULL), 0);
	DW_CHECK_INT(sent, 1);
	dw_packet_sender_free(p);
}

/* As if the host of slot 0 had answered our probe of round 0 with these flags, acknowledging `ack`. */
static void forge(const struct net *n, const struct rig *r, uint8_t flags, uint32_t ack)
{
	struct forgery f = { .net = n };
	struct dw_packet_probe p = { .ethernet = true,
				     .protocol = DW_PROTOCOL_TCP,
				     .source = &r->host.address,
				     .target = &r->host.source,
				     .sport = r->ports[0],
				     .dport = r->block.source_port };

	memcpy(p.mac_from, net_mac_b, 6);
	memcpy(p.mac_to, net_mac_a, 6);
	f.n = dw_packet_make(&p, f.frame);
	f.frame[14 + 20 + 13] = flags;
	for (unsigned i = 0; i < 4; i++)
		f.frame[14 + 20 + 8 + i] = (uint8_t)(ack >> (24 - 8 * i));
	net_in_b(n, send_forgery, &f);
}

/* Nobody has that address: only forgers answer for it. */
DW_TEST(forged_answers_are_not_taken)
{
	struct net n;
	struct rig r;
	struct dw_wire *w;
	struct dw_wire_answer a[16];
	uint32_t cookie;

	if (!net_open(&n))
		return;
	rig_block(&r, &n, DW_PROTOCOL_TCP, "10.77.0.1", "10.77.0.77", 100);
	w = started(&n, &r);
	DW_CHECK_INT(send_slots(w, 100, 0), 100);
	cookie = dw_packet_cookie(&r.block.key, &r.host.address, r.block.source_port, r.ports[0]);
	forge(&n, &r, 0x12, cookie);
	forge(&n, &r, 0x14, cookie + 2);
	forge(&n, &r, 0x12, 0);
	DW_CHECK_INT(receive_some(w, a, 16, 0, 3), 0);
	DW_CHECK_INT(w->counts.foreign, 3);
	DW_CHECK_INT(w->counts.answers, 0);
	for (uint32_t i = 0; i < 100; i++)
		DW_CHECK(!rig_answered(w, i));
	/* with the cookie, which a forger does not see, it would have been taken */
	forge(&n, &r, 0x12, cookie + 1);
	DW_CHECK_INT(receive_some(w, a, 16, 1, 0), 1);
	DW_CHECK(a[0].slot == 0 && a[0].why == DW_SCAN_WHY_SYN_ACK && a[0].flags == 0);
	DW_CHECK(rig_answered(w, 0) && !rig_answered(w, 1));
	forge(&n, &r, 0x12, cookie + 1);
	DW_CHECK_INT(receive_some(w, a, 16, 1, 0), 1);
	DW_CHECK_INT(a[0].flags, DW_WIRE_AGAIN);
	DW_CHECK_INT(w->counts.answers, 2);
	dw_wire_free(w);
	rig_free(&r);
	net_close(&n);
}

/* --- what is left behind ------------------------------------------------------------------------ */

/* Requests for connections that wait for their third packet: state 3 of /proc/net/tcp. */
static void count_half_open(void *arg)
{
	unsigned *n = arg, state;
	FILE *f = fopen("/proc/thread-self/net/tcp", "r");
	char line[512];

	*n = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*u: %*8x:%*x %*8x:%*x %x", &state) == 1 && state == 3)
			++*n;
	}
	if (f)
		(void)fclose(f);
}

/* Waits until they are that many, or will not be: what is half open is kept for a minute. How many they are. */
static unsigned await_half_open(const struct net *n, unsigned want)
{
	unsigned half = 0;

	for (unsigned waited_ms = 0; waited_ms < 20000; waited_ms += 10) {
		net_in_b(n, count_half_open, &half);
		if (half == want)
			break;
		(void)poll(NULL, 0, 10);
	}
	return half;
}

/*
 * The source address is not our host's: its kernel sees no answer, and resets nothing, as behind a firewall. The target
 * is told to send to us.
 */
DW_TEST(no_half_open_connections)
{
	struct net n;
	struct rig r;
	struct dw_wire *w;
	struct dw_wire_answer a[16];
	int fds[10];

	if (!net_open(&n))
		return;
	DW_CHECK(net_add_neighbour(&n, "10.77.0.9"));
	for (unsigned i = 0; i < 10; i++)
		fds[i] = net_listen(&n, "10.77.0.2", SOCK_STREAM, (uint16_t)(1 + i * 3));
	rig_block(&r, &n, DW_PROTOCOL_TCP, "10.77.0.9", "10.77.0.2", 30);
	w = started(&n, &r);
	DW_CHECK_INT(send_slots(w, 30, 0), 30);
	DW_CHECK_INT(await_half_open(&n, 10), 10);
	DW_CHECK_INT(receive_some(w, a, 16, 10, 0), 10);
	DW_CHECK_INT(await_half_open(&n, 0), 0);
	for (unsigned i = 0; i < 10; i++)
		(void)close(fds[i]);
	dw_wire_free(w);
	rig_free(&r);
	net_close(&n);
}

DW_TEST(own_connections_live_on)
{
	struct net n;
	struct rig r;
	struct dw_wire *w;
	char word[8] = { 0 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct pollfd waiting;
	int listener, ours, theirs;

	if (!net_open(&n))
		return;
	listener = net_listen(&n, "10.77.0.2", SOCK_STREAM, 80);
	ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	to.sin_addr.s_addr = inet_addr("10.77.0.2");
	DW_CHECK_INT(connect(ours, (const struct sockaddr *)&to, sizeof(to)), 0);
	theirs = accept(listener, NULL, NULL);
	DW_CHECK(theirs >= 0);
	rig_block(&r, &n, DW_PROTOCOL_TCP, "10.77.0.1", "10.77.0.2", 2000);
	w = started(&n, &r);
	DW_CHECK(rig_run(&r, w, 10));
	DW_CHECK_INT(r.why[79], DW_SCAN_WHY_SYN_ACK);
	dw_wire_free(w);
	DW_CHECK_INT(send(ours, "ping", 4, MSG_NOSIGNAL), 4);
	DW_CHECK_INT(recv(theirs, word, sizeof(word), 0), 4);
	DW_CHECK_INT(send(theirs, "pong", 4, MSG_NOSIGNAL), 4);
	DW_CHECK_INT(recv(ours, word, sizeof(word), 0), 4);
	DW_CHECK_STR(word, "pong");
	/* and nothing of the scan reached whoever listens there */
	waiting = (struct pollfd){ .fd = listener, .events = POLLIN };
	DW_CHECK_INT(poll(&waiting, 1, 50), 0);
	(void)close(theirs);
	(void)close(ours);
	(void)close(listener);
	rig_free(&r);
	net_close(&n);
}

/* --- other protocols ---------------------------------------------------------------------------- */

DW_TEST(echo)
{
	static const char *const targets[] = { "10.77.0.2", "10.77.0.77", "10.77.1.2" };
	static const uint16_t port;
	struct dw_wire_host hosts[3];
	struct net n;
	struct rig r;
	struct dw_wire *w;
	struct dw_wire_answer a[16];

	if (!net_open(&n))
		return;
	DW_CHECK(net_add_address(&n, true, "10.77.1.2", 16));
	rig_block(&r, &n, DW_WIRE_ICMP, "10.77.0.1", "10.77.0.2", 1);
	for (unsigned i = 0; i < 3; i++) {
		hosts[i] = r.host;
		hosts[i].address = net_address(targets[i]);
	}
	r.block.hosts = hosts;
	r.block.n_hosts = 3;
	r.block.ports = &port;
	w = started(&n, &r);
	DW_CHECK_INT(send_slots(w, 3, 5), 3);
	DW_CHECK_INT(receive_some(w, a, 16, 2, 0), 2);
	for (unsigned i = 0; i < 2; i++)
		DW_CHECK(a[i].why == DW_SCAN_WHY_ECHO && a[i].round == 5 && a[i].slot != 1);
	DW_CHECK(rig_answered(w, 0) && !rig_answered(w, 1) && rig_answered(w, 2));
	dw_wire_free(w);
	rig_free(&r);
	net_close(&n);
}

/* A kernel without SCTP says so by ICMP; with it, it aborts. */
DW_TEST(sctp)
{
	struct net n;
	struct rig r;
	struct dw_wire *w;

	if (!net_open(&n))
		return;
	DW_CHECK(net_set(&n, "/proc/sys/net/ipv4/icmp_ratemask", "0"));
	rig_block(&r, &n, DW_PROTOCOL_SCTP, "10.77.0.1", "10.77.0.2", 50);
	w = started(&n, &r);
	DW_CHECK(rig_run(&r, w, 5));
	for (uint32_t i = 0; i < 50; i++) {
		DW_CHECK(rig_answered(w, i));
		DW_CHECK(r.why[i] == DW_SCAN_WHY_UNREACHABLE || r.why[i] == DW_SCAN_WHY_ABORT);
		DW_CHECK_INT(r.from[i].family, DW_FAMILY_UNKNOWN);
	}
	dw_wire_free(w);
	rig_free(&r);
	net_close(&n);
}

DW_TEST(udp_reply_repeats_the_identifier)
{
	static const uint8_t query[] = { 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const struct dw_wire_payload one = { query, sizeof(query), 1 };
	static const struct dw_wire_payloads all = { &one, 1 };
	struct net n;
	struct rig r;
	struct dw_wire *w;
	struct dw_wire_answer a[4];
	uint8_t got[64] = { 0 };
	struct sockaddr_in from = { 0 };
	socklen_t size = sizeof(from);
	uint16_t port = 53;
	int fd;

	if (!net_open(&n))
		return;
	fd = net_listen(&n, "10.77.0.2", SOCK_DGRAM, 53);
	rig_block(&r, &n, DW_PROTOCOL_UDP, "10.77.0.1", "10.77.0.2", 1);
	r.block.ports = &port;
	r.block.payloads = &all;
	w = started(&n, &r);
	DW_CHECK_INT(send_slots(w, 1, 2), 1);
	DW_CHECK_INT(recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&from, &size), 12);
	DW_CHECK(got[2] == 1 && memcmp(got, query, 2) != 0);
	DW_CHECK_INT(ntohs(from.sin_port), r.block.source_port + 2);
	got[1] ^= 1;
	DW_CHECK_INT(sendto(fd, got, 12, 0, (const struct sockaddr *)&from, size), 12);
	DW_CHECK_INT(receive_some(w, a, 4, 0, 1), 0);
	DW_CHECK(w->counts.foreign == 1 && !rig_answered(w, 0));
	got[1] ^= 1;
	DW_CHECK_INT(sendto(fd, got, 12, 0, (const struct sockaddr *)&from, size), 12);
	DW_CHECK_INT(receive_some(w, a, 4, 1, 0), 1);
	DW_CHECK(a[0].why == DW_SCAN_WHY_REPLY && a[0].round == 2 && rig_answered(w, 0));
	(void)close(fd);
	dw_wire_free(w);
	rig_free(&r);
	net_close(&n);
}

/* --- failures ----------------------------------------------------------------------------------- */

static pid_t reader_pid(void)
{
	char path[64], text[64] = { 0 };
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "r");
	if (!f)
		return -1;
	(void)!fgets(text, sizeof(text), f);
	(void)fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

DW_TEST(a_reader_that_dies_is_an_error)
{
	struct net n;
	struct rig r;
	struct dw_wire *w;
	struct dw_wire_answer a[4];
	struct dw_error e = { 0 };
	size_t got = 0;
	pid_t pid;

	if (!net_open(&n))
		return;
	rig_block(&r, &n, DW_PROTOCOL_TCP, "10.77.0.1", "10.77.0.2", 100);
	w = started(&n, &r);
	pid = reader_pid();
	DW_CHECK(pid > 1);
	if (pid > 1)
		(void)kill(pid, SIGKILL);
	DW_CHECK_INT(w->ops->receive(w, 5000000, a, 4, &got, &e), -EIO);
	DW_CHECK_STR(e.message, "the reader of packets was killed by signal 9");
	w->ops->end(w);
	/* the next block has a reader of its own */
	DW_CHECK_INT(w->ops->begin(w, &r.block, &e), 0);
	DW_CHECK(rig_run(&r, w, 10));
	dw_wire_free(w);
	rig_free(&r);
	net_close(&n);
}

static unsigned descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

DW_TEST(each_failure_is_survived)
{
	struct net n;
	struct rig r;
	unsigned before;

	if (!net_open(&n))
		return;
	rig_block(&r, &n, DW_PROTOCOL_TCP, "10.77.0.1", "10.77.0.2", 100);
	before = descriptors();
	for (unsigned i = 1; i < 100; i++) {
		struct dw_wire *w = NULL;
		struct dw_error e = { 0 };
		int code;

		dw_sys_fail_at(n.sys, i, EMFILE);
		code = dw_wire_packet_open(n.sys, n.a0, &w, &e);
		if (code == 0)
			code = w->ops->begin(w, &r.block, &e);
		dw_wire_free(w);
		dw_sys_close_all_late(n.sys);
		DW_CHECK_INT(descriptors(), before);
		if (dw_sys_calls(n.sys) < i) {
			DW_CHECK(code == 0 && i > 12);
			break;
		}
		DW_CHECK(code == -EMFILE && e.message[0] != '\0');
	}
	dw_sys_fail_at(n.sys, 0, 0);
	rig_free(&r);
	net_close(&n);
}

DW_TEST(blocks_that_do_not_fit_are_refused)
{
	struct net n;
	struct rig r;
	struct dw_wire *w = NULL;
	struct dw_error e = { 0 };

	if (!net_open(&n))
		return;
	rig_block(&r, &n, DW_PROTOCOL_TCP, "10.77.0.1", "10.77.0.2", 100);
	DW_CHECK_INT(dw_wire_packet_open(n.sys, 9999, &w, &e), -ENODEV);
	DW_CHECK_INT(dw_wire_packet_open(n.sys, n.a0, &w, &e), 0);
	r.block.n_hosts = DW_WIRE_HOSTS_MAX + 1;
	DW_CHECK_INT(w->ops->begin(w, &r.block, &e), -E2BIG);
	r.block.n_hosts = 1;
	r.host.ifindex = 1;
	DW_CHECK_INT(w->ops->begin(w, &r.block, &e), -EINVAL);
	r.host.ifindex = n.a0;
	r.host.source = net_address("fd77::1");
	DW_CHECK_INT(w->ops->begin(w, &r.block, &e), -EINVAL);
	dw_wire_free(w);
	rig_free(&r);
	net_close(&n);
}

DW_TEST_MAIN
