/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire "live-frames" between two namespaces: what it tells is what is so. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_macros.h"
#include "dw_sys.h"
#include "dw_test.h"
#include "dw_wire.h"
#include "forge.h"
#include "lab.h"

#define PATIENCE_US 60000000u /* however busy the machine is */

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
	uint64_t sent = w->counts.sent, failed = w->counts.failed, asked = 0,
		 begun = w->ops->now(w);
	struct seen *seen = calloc(1, sizeof(*seen));
	uint32_t wrong = 0, silent = 0;
	struct dw_error e = { 0 };
	unsigned round = 0;

	DW_CHECK(w->ops->begin(w, &b, &e) == 0);
	DW_CHECK_STR(e.message, "");
	/* the far end answers when it has its turn: on a busy machine it is asked on */
	for (; round < ROUNDS || w->ops->now(w) - begun < PATIENCE_US; round++) {
		uint32_t n = ask(w, PORTS, DW_MIN(round, ROUNDS - 1), seen);

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

struct heard {
	struct dw_wire_answer answers[16];
	size_t n, n_bits;
};

/* Until `bits` bits are set, and nothing comes any more; none are expected: a moment. */
static struct heard hear_forged(struct dw_wire *w, const struct dw_wire_host *host, size_t bits,
				void (*when_begun)(const struct dw_lab *l), const struct dw_lab *l)
{
	struct dw_wire_block b = { .protocol = DW_PROTOCOL_TCP,
				   .hosts = host,
				   .n_hosts = 1,
				   .ports = all_ports,
				   .n_ports = PORTS,
				   .key = KEY,
				   .source_port = FIRST };
	struct heard h = { .n = 0 };
	struct dw_error e = { 0 };
	uint64_t until = w->ops->now(w) + (bits ? PATIENCE_US : 300000);

	DW_CHECK(w->ops->begin(w, &b, &e) == 0);
	when_begun(l);
	for (unsigned quiet = 0; quiet < 6 && w->ops->now(w) < until;) {
		size_t n = 0;

		DW_CHECK(w->ops->receive(w, 10000, h.answers + h.n, 16 - h.n, &n, &e) == 0);
		h.n += n;
		h.n_bits = 0;
		for (uint32_t k = 0; k < PORTS; k++)
			h.n_bits += is_answered(w, k);
		quiet = bits && h.n_bits >= bits && n == 0 ? quiet + 1 : 0;
	}
	w->ops->end(w);
	return h;
}

static void start_forging(const struct dw_lab *l)
{
	DW_CHECK(write(l->to_far, "x", 1) == 1);
}

static void start_nothing(const struct dw_lab *l)
{
}

DW_TEST(forged_answers_are_not_taken)
{
	const struct dw_lab_options o = { .more = forge };
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_wire *w = NULL;
	struct dw_wire_host four;
	const struct dw_wire_answer *a;
	struct heard h;
	struct dw_lab l;

	if (!open_all(&o, &l, &s, &w))
		return;
	four = host_of(&l, "10.9.0.3", "10.9.0.1");
	h = hear_forged(w, &four, 3, start_forging, &l);
	DW_CHECK_INT(h.n_bits, 3);
	DW_CHECK_INT(h.n, 3);
	DW_CHECK_INT(w->counts.foreign, 3 * FORGED + 1);
	DW_CHECK_INT(w->counts.answers, 4);
	a = h.answers;
	DW_CHECK_INT(a[0].slot, 1001);
	DW_CHECK_INT(a[0].why, DW_SCAN_WHY_SYN_ACK);
	DW_CHECK_INT(a[0].round, 5);
	DW_CHECK_INT(a[0].flags, DW_WIRE_BARE);
	DW_CHECK_INT(a[0].ttl, 64);
	DW_CHECK_INT(a[1].round, 6);
	DW_CHECK_INT(a[1].flags, DW_WIRE_BARE | DW_WIRE_AGAIN);
	DW_CHECK_INT(a[2].slot, 1002);
	DW_CHECK_INT(a[2].why, DW_SCAN_WHY_PROHIBITED);
	DW_CHECK_INT(a[2].from.family, DW_FAMILY_IPV4);
	DW_CHECK_INT(a[2].from.bytes[3], 2);
	dw_wire_free(w);
	dw_lab_close(&l);
}

DW_TEST(icmp6_is_told_and_checked)
{
	const struct dw_lab_options o = { .more = forge };
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_wire *w = NULL;
	struct dw_wire_host six;
	struct heard h;
	struct dw_lab l;

	if (!open_all(&o, &l, &s, &w))
		return;
	six = host_of(&l, "fd09::3", "fd09::1");
	h = hear_forged(w, &six, 1, start_forging, &l);
	DW_CHECK_INT(h.n_bits, 1);
	DW_CHECK_INT(h.n, 1);
	DW_CHECK_INT(w->counts.foreign, 1);
	DW_CHECK_INT(h.answers[0].slot, 1002);
	DW_CHECK_INT(h.answers[0].why, DW_SCAN_WHY_PROHIBITED);
	DW_CHECK_INT(h.answers[0].from.family, DW_FAMILY_IPV6);
	DW_CHECK_INT(h.answers[0].from.bytes[15], 2);
	/* a block that is over leaves nothing behind for the next */
	h = hear_forged(w, &six, 0, start_nothing, &l);
	DW_CHECK_INT(h.n_bits, 0);
	dw_wire_free(w);
	dw_lab_close(&l);
}

/* Room for more hosts than at first: another program takes the place of the first, and counts go on. */
DW_TEST(a_larger_block_gets_its_room)
{
	enum { HOSTS = 5000 };
	const struct dw_lab_options o = { .ports = listeners, .n_ports = LISTENERS };
	struct dw_wire_host *hosts = calloc(HOSTS, sizeof(*hosts));
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_wire *w = NULL;
	struct dw_wire_block b = { .protocol = DW_PROTOCOL_TCP,
				   .hosts = hosts,
				   .n_hosts = HOSTS,
				   .ports = listeners,
				   .n_ports = LISTENERS,
				   .key = KEY,
				   .source_port = FIRST };
	struct seen *seen = calloc(1, sizeof(*seen));
	struct dw_error e = { 0 };
	uint32_t slots[LISTENERS], silent = 0;
	struct dw_lab l;
	size_t sent = 0;
	uint64_t until;

	if (!open_all(&o, &l, &s, &w)) {
		free(hosts);
		free(seen);
		return;
	}
	for (uint32_t i = 0; i < HOSTS; i++) {
		hosts[i] = host_of(&l, "10.9.0.2", "10.9.0.1");
		hosts[i].address.bytes[1] = (uint8_t)(100 + i / 256);
		hosts[i].address.bytes[3] = (uint8_t)i;
	}
	hosts[HOSTS - 1] = host_of(&l, "10.9.0.2", "10.9.0.1");
	DW_CHECK_INT(w->ops->begin(w, &b, &e), 0);
	until = w->ops->now(w) + PATIENCE_US;
	for (uint32_t i = 0; i < LISTENERS; i++)
		slots[i] = (HOSTS - 1) * LISTENERS + i;
	for (unsigned round = 0; round < 5 || (silent && w->ops->now(w) < until); round++) {
		DW_CHECK(w->ops->send(w, slots, LISTENERS, round % ROUNDS, &sent, &e) == 0);
		hear(w, 20000, seen);
		silent = 0;
		for (uint32_t i = 0; i < LISTENERS; i++)
			silent += !is_answered(w, slots[i]);
	}
	silent = 0;
	for (uint32_t i = 0; i < HOSTS * LISTENERS; i++)
		silent += !is_answered(w, i);
	DW_CHECK_INT(silent, (HOSTS - 1) * LISTENERS);
	w->ops->end(w);
	hosts[0] = hosts[HOSTS - 1];
	DW_CHECK_INT(w->ops->begin(w, &b, &e), -EINVAL);
	b.protocol = DW_PROTOCOL_UDP;
	DW_CHECK_INT(w->ops->begin(w, &b, &e), -ENOTSUP);
	dw_wire_free(w);
	dw_lab_close(&l);
	free(hosts);
	free(seen);
}

/* Opens the wire, begins, tells so, and waits for its end. */
_Noreturn static void scan_until_killed(const struct dw_lab *l, int out)
{
	struct dw_wire_host host = host_of(l, "10.9.0.3", "10.9.0.1");
	struct dw_wire_block b = { .protocol = DW_PROTOCOL_TCP,
				   .hosts = &host,
				   .n_hosts = 1,
				   .ports = all_ports,
				   .n_ports = PORTS,
				   .key = KEY,
				   .source_port = FIRST };
	uint32_t slot = 1;
	struct dw_sys *s = NULL;
	struct dw_wire *w = NULL;
	size_t sent = 0;

	if (dw_sys_open(NULL, &s, NULL) < 0 || dw_wire_live_open(s, l->ifindex, &w, NULL) < 0 ||
	    w->ops->begin(w, &b, NULL) < 0 || write(out, "x", 1) != 1)
		_exit(1);
	for (unsigned i = 0;; i++)
		if (w->ops->send(w, &slot, 1, i, &sent, NULL) < 0)
			_exit(1);
}

DW_TEST(nothing_is_left_by_a_killed_process)
{
	const struct dw_lab_options o = { .deaf = false };
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_wire *w = NULL, *second = NULL;
	struct dw_error e = { 0 };
	struct dw_lab l;
	int pipes[2], r;
	char c;
	pid_t child;

	if (!open_all(&o, &l, &s, &w))
		return;
	DW_CHECK(pipe(pipes) == 0);
	DW_CHECK_INT(dw_wire_live_open(s, l.ifindex, &second, &e), -EBUSY);
	dw_wire_free(w);
	dw_sys_close_all_late(s);
	child = fork();
	if (child == 0)
		scan_until_killed(&l, pipes[1]);
	(void)close(pipes[1]);
	DW_CHECK(read(pipes[0], &c, 1) == 1);
	/* it is there */
	DW_CHECK_INT(dw_wire_live_open(s, l.ifindex, &w, &e), -EBUSY);
	DW_CHECK(kill(child, SIGKILL) == 0);
	DW_CHECK(waitpid(child, NULL, 0) == child);
	/* and it is not; the kernel may finish its work a moment later */
	DW_CHECK_SOON((r = dw_wire_live_open(s, l.ifindex, &w, &e)) != -EBUSY);
	DW_CHECK_INT(r, 0);
	if (r == 0)
		dw_wire_free(w);
	(void)close(pipes[0]);
	dw_lab_close(&l);
}

DW_TEST(an_interface_that_takes_no_frames_is_told)
{
	const struct dw_lab_options o = { .deaf = true };
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error e = { 0 };
	struct dw_wire *w = NULL;
	struct dw_lab l;

	if (dw_lab_open(&o, &l) < 0 || !DW_HAVE_BPF) {
		printf("SKIPPED: namespaces\n");
		return;
	}
	DW_CHECK(dw_sys_open(NULL, &s, &e) == 0);
	DW_CHECK_INT(dw_wire_live_open(s, l.ifindex, &w, &e), -ENOTSUP);
	DW_CHECK(strstr(e.message, "dwnear") != NULL || strstr(e.message, "kernel") != NULL);
	DW_CHECK_INT(dw_wire_live_open(s, 1, &w, &e), -ENOTSUP); /* lo */
	DW_CHECK(dw_wire_live_open(s, 9999, &w, &e) < 0);
	dw_lab_close(&l);
}

/* Whichever call fails, it is said, and nothing stays attached. */
DW_TEST(each_failure_is_survived)
{
	const struct dw_lab_options o = { .ports = listeners, .n_ports = 1 };
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_wire *w = NULL;
	struct dw_wire_host host;
	struct dw_lab l;
	unsigned failed = 0;

	if (!open_all(&o, &l, &s, &w))
		return;
	dw_wire_free(w);
	host = host_of(&l, "10.9.0.2", "10.9.0.1");
	for (unsigned n = 1; n < 20; n++) {
		struct dw_wire_block b = { .protocol = DW_PROTOCOL_TCP,
					   .hosts = &host,
					   .n_hosts = 1,
					   .ports = all_ports,
					   .n_ports = PORTS,
					   .key = KEY,
					   .source_port = FIRST };
		struct dw_wire_answer answers[4];
		const uint32_t slot = 0;
		struct dw_error e = { 0 };
		size_t got = 0;
		int r;

		dw_sys_fail_at(s, n, EIO);
		r = dw_wire_live_open(s, l.ifindex, &w, &e);
		if (r == 0) {
			r = w->ops->begin(w, &b, &e);
			if (r == 0)
				r = w->ops->send(w, &slot, 1, 0, &got, &e);
			if (r == 0)
				r = w->ops->receive(w, 0, answers, 4, &got, &e);
			dw_wire_free(w);
		}
		dw_sys_fail_at(s, 0, 0);
		DW_CHECK(r == 0 || (r == -EIO && e.message[0] != '\0'));
		failed += r < 0;
		if (r == 0)
			break;
	}
	DW_CHECK(failed >= 4);
	dw_lab_close(&l);
}

DW_TEST_MAIN
