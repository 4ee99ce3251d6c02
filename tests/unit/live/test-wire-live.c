/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire "live-frames" between two namespaces: what it tells is what is so. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_sys.h"
#include "dw_test.h"
#include "dw_wire.h"
#include "lab.h"

#define PORTS     65535u
#define LISTENERS 300u
#define FIRST     61000u /* of our source ports */
#define LOT       4096u
#define ROUNDS    40u
#define KEY                                                                                        \
	{                                                                                          \
		0x0123456789abcdefULL, 0xfedcba9876543210ULL                                       \
	}

static uint16_t all_ports[PORTS], listeners[LISTENERS];
static bool is_listener[65536];

/* The same on each run. */
static void choose_ports(void)
{
	uint32_t x = 12345, n = 0;

	for (uint32_t i = 0; i < PORTS; i++)
		all_ports[i] = (uint16_t)(i + 1);
	memset(is_listener, 0, sizeof(is_listener));
	while (n < LISTENERS) {
		uint16_t port;

		x = x * 1664525 + 1013904223;
		port = (uint16_t)(x >> 16);
		/* not where the far host's own connections begin, nor ours */
		if (port < 2 || port >= 32768 || is_listener[port])
			continue;
		is_listener[port] = true;
		listeners[n++] = port;
	}
}

static struct dw_wire_host host_of(const struct dw_lab *l, const char *address, const char *source)
{
	bool v6 = strchr(address, ':') != NULL;
	struct dw_wire_host h = { .ifindex = l->ifindex };

	h.address.family = h.source.family = v6 ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4;
	DW_CHECK(inet_pton(v6 ? AF_INET6 : AF_INET, address, h.address.bytes) == 1);
	DW_CHECK(inet_pton(v6 ? AF_INET6 : AF_INET, source, h.source.bytes) == 1);
	memcpy(h.mac, l->far_mac, 6);
	return h;
}

static bool is_answered(const struct dw_wire *w, uint32_t slot)
{
	return __atomic_load_n(&w->answered[slot / 64], __ATOMIC_ACQUIRE) >> (slot % 64) & 1;
}

struct seen {
	uint32_t times_open[PORTS];
	uint32_t n_other, n_wrong_round;
	struct dw_wire_answer last_other;
};

static void hear(struct dw_wire *w, unsigned us, struct seen *seen)
{
	struct dw_wire_answer answers[64];
	struct dw_error e = { 0 };
	size_t n = 0;

	do {
		DW_CHECK(w->ops->receive(w, us, answers, 64, &n, &e) == 0);
		for (size_t i = 0; i < n; i++) {
			if (answers[i].why == DW_SCAN_WHY_SYN_ACK)
				seen->times_open[answers[i].slot % PORTS]++;
			else
				seen->n_other++, seen->last_other = answers[i];
			seen->n_wrong_round += answers[i].round >= ROUNDS;
		}
		us = 0;
	} while (n == 64);
}

/* Asks each slot that has not answered; returns how many there were. */
static uint32_t ask(struct dw_wire *w, uint32_t n_slots, unsigned round, struct seen *seen)
{
	static uint32_t slots[LOT];
	uint32_t n = 0, asked = 0;

	for (uint32_t i = 0; i <= n_slots; i++) {
		struct dw_error e = { 0 };
		size_t sent = 0;

		if (i < n_slots && !is_answered(w, i))
			slots[n++] = i;
		if (n == 0 || (n < LOT && i < n_slots))
			continue;
		DW_CHECK(w->ops->send(w, slots, n, round, &sent, &e) == 0);
		DW_CHECK_INT(sent, n);
		asked += n;
		n = 0;
		hear(w, 500, seen);
	}
	hear(w, 20000, seen);
	return asked;
}

static void scan_all(struct dw_wire *w, const struct dw_wire_host *host)
{
	struct dw_wire_block b = { .protocol = DW_PROTOCOL_TCP,
				   .hosts = host,
				   .n_hosts = 1,
				   .ports = all_ports,
				   .n_ports = PORTS,
				   .key = KEY,
				   .source_port = FIRST };
	uint64_t sent = w->counts.sent, failed = w->counts.failed, asked = 0;
	struct seen *seen = calloc(1, sizeof(*seen));
	uint32_t wrong = 0, silent = 0;
	struct dw_error e = { 0 };
	unsigned round = 0;

	DW_CHECK(w->ops->begin(w, &b, &e) == 0);
	DW_CHECK_STR(e.message, "");
	for (; round < ROUNDS; round++) {
		uint32_t n = ask(w, PORTS, round, seen);

		asked += n;
		if (n == 0)
			break;
	}
	for (uint32_t i = 0; i < PORTS; i++) {
		wrong += is_listener[all_ports[i]] != (seen->times_open[i] > 0);
		silent += !is_answered(w, i);
	}
	DW_CHECK_INT(wrong, 0);
	DW_CHECK_INT(silent, 0);
	DW_CHECK_INT(seen->n_other, 0);
	DW_CHECK_INT(w->counts.sent - sent + w->counts.failed - failed, asked);
	DW_CHECK(w->counts.answers >= PORTS);
	DW_CHECK(w->rate_max > 0);
	w->ops->end(w);
	printf("%u rounds, %llu sent, %llu failed, %llu foreign, %llu lost, at most %llu/s\n",
	       round, (unsigned long long)w->counts.sent, (unsigned long long)w->counts.failed,
	       (unsigned long long)w->counts.foreign, (unsigned long long)w->counts.lost,
	       (unsigned long long)w->rate_max);
	free(seen);
}

/* False: skipped, and told why. */
static bool open_all(const struct dw_lab_options *o, struct dw_lab *l, struct dw_sys **s,
		     struct dw_wire **w)
{
	struct dw_error e = { 0 };
	int r;

	choose_ports();
	r = dw_lab_open(o, l);
	if (r < 0) {
		printf("SKIPPED: namespaces: %s\n", strerror(-r));
		return false;
	}
	DW_CHECK(dw_sys_open(NULL, s, &e) == 0);
	r = dw_wire_live_open(*s, l->ifindex, w, &e);
	if (r == 0)
		return true;
	printf("SKIPPED: %s\n", e.message);
	dw_lab_close(l);
	return false;
}

/* A connection that goes on while everything is scanned: what comes back is what was sent. */
static int talk(const struct dw_lab *l)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(listeners[0]) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static uint8_t out[16384], in[16384];

	DW_CHECK(inet_pton(AF_INET, "10.9.0.2", &at.sin_addr) == 1);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return 1;
	for (uint32_t i = 0; i < 200; i++) {
		memset(out, (int)i, sizeof(out));
		if (write(fd, out, sizeof(out)) != (ssize_t)sizeof(out))
			return 2;
		for (size_t n = 0; n < sizeof(in);) {
			ssize_t m = read(fd, in + n, sizeof(in) - n);

			if (m <= 0)
				return 3;
			n += (size_t)m;
		}
		if (memcmp(in, out, sizeof(in)) != 0)
			return 4;
		(void)usleep(1000);
	}
	(void)close(fd);
	return 0;
}

DW_TEST(all_ports_of_both_families_are_told_right)
{
	const struct dw_lab_options o = { .ports = listeners, .n_ports = LISTENERS };
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_wire *w = NULL;
	struct dw_wire_host four, six;
	int status = -1;
	struct dw_lab l;
	pid_t talker;

	if (!open_all(&o, &l, &s, &w))
		return;
	four = host_of(&l, "10.9.0.2", "10.9.0.1");
	six = host_of(&l, "fd09::2", "fd09::1");
	talker = fork();
	if (talker == 0)
		_exit(talk(&l));
	scan_all(w, &four);
	scan_all(w, &six);
	scan_all(w, &four);
	DW_CHECK(waitpid(talker, &status, 0) == talker);
	DW_CHECK_INT(status, 0);
	dw_wire_free(w);
	dw_lab_close(&l);
}

DW_TEST_MAIN
