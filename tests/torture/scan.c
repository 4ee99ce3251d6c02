/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every fallible call of a scan failed once: of a whole one, of one that is stopped, and of one that goes on. Two
 * network namespaces of the test's own, a target with open, closed and silent ports. Whatever fails: nothing
 * crashes; an open or a silent port is never told as closed, nor a closed one as open; what could not be asked is
 * not told as complete; and the file of a stopped scan is there until a scan has ended, from which a scan without
 * faults finds all.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dw_facade.h"
#include "dw_names.h"
#include "dw_scan.h"
#include "dw_str.h"
#include "dw_test.h"
#include "net.h"

#define FIRST 7000u
#define PORTS 24u /* every second one is open, TCP; UDP: silent */

#define N_DOORS (PORTS / 2)

static struct net lab;
static struct pollfd doors[N_DOORS];

struct trial {
	unsigned fail_at; /* 0: none */
	int code;
	unsigned calls;
	unsigned stop_at; /* it is stopped with that many found; 0: not */
	unsigned found;
	volatile int stop;
	const char *state;
	const char *udp, *sender;
	bool identify;
	unsigned most; /* calls that are failed, evenly spread; 0: each */
};

struct outcome {
	int r;
	unsigned wrong;  /* ports told as what they are not */
	unsigned open;   /* TCP ports */
	unsigned silent; /* UDP ports */
	unsigned blind;  /* DOORWARD_BLIND, or 0 */
	bool ended;
	char message[256];
};

static void opened(void *data, struct dw_sys *sys, dw_unused struct dw_store *store)
{
	const struct trial *t = data;

	dw_sys_fail_at(sys, t->fail_at, t->code);
}

static void closing(void *data, struct dw_sys *sys, dw_unused struct dw_store *store)
{
	struct trial *t = data;

	t->calls = dw_sys_calls(sys);
}

static void found(void *data, const char *json, dw_unused const char *log)
{
	struct trial *t = data;

	if (strstr(json, "\"open\"") && ++t->found == t->stop_at)
		t->stop = 1;
}

static bool is_even(unsigned port)
{
	return port % 2 == 0;
}

/* --- what was told ---------------------------------------------------------------------------------- */

/* "hosts.0.ports.3.state" and the like */
static const char *get(struct doorward_scan *s, size_t port, const char *field)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "hosts.0.ports.%zu.%s", port, field);
	return doorward_scan_get(s, path);
}

static void judge(struct doorward_scan *s, struct outcome *o)
{
	const char *number;

	for (size_t i = 0; (number = get(s, i, "port")) != NULL; i++) {
		const char *state = get(s, i, "state");
		bool tcp = strcmp(get(s, i, "protocol"), "tcp") == 0;
		bool even = is_even((unsigned)strtoul(number, NULL, 10));
		bool is_closed = strcmp(state, "closed") == 0;
		bool is_open = strcmp(state, "open") == 0;

		o->open += tcp && is_open;
		o->silent += !tcp && strcmp(state, "unproven") == 0;
		if ((even && is_closed) || ((!even || !tcp) && is_open)) {
			o->wrong++;
			printf("%s %s is told as %s\n", number, tcp ? "tcp" : "udp", state);
		}
	}
}

static struct outcome run(struct trial *t, const char *resume)
{
	static const char *const targets[] = { "10.77.0.2" };
	struct doorward *d = doorward_new();
	struct dw_facade_hooks hooks = { .opened = opened, .closing = closing, .data = t };
	struct doorward_scan_options o = { .size = sizeof(o),
					   .targets = resume ? NULL : targets,
					   .n_targets = resume ? 0 : 1,
					   .load = "lab",
					   .udp_seconds = 1,
					   .sender = t->sender,
					   .all_states = 1,
					   .no_identify = !t->identify,
					   .state_file = t->state,
					   .stop = &t->stop,
					   .rate = t->stop_at ? 30 : 0,
					   .data = t,
					   .found = found };
	struct doorward_scan *s = NULL;
	struct outcome out = { 0 };

	if (!resume) {
		o.tcp_ports = "7000-7023";
		o.udp_ports = t->udp;
	}
	dw_facade_set_hooks(d, &hooks);
	t->found = 0;
	t->stop = 0;
	out.r = resume ? doorward_scan_resume(d, resume, &o, &s) : doorward_scan_run(d, &o, &s);
	if (out.r == 0) {
		judge(s, &out);
		out.blind = doorward_scan_outcome(s);
		out.ended = doorward_scan_get(s, "ended") != NULL;
	} else {
		(void)snprintf(out.message, sizeof(out.message), "%s", doorward_last_error(d));
	}
	doorward_scan_free(s);
	doorward_free(d);
	return out;
}

/* --- files ------------------------------------------------------------------------------------------ */

static bool is_there(const char *file)
{
	return access(file, F_OK) == 0;
}

static void copy(const char *from, const char *to)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { 0 };

	DW_CHECK_INT(dw_sys_given_read(lab.sys, from, 1 << 20, a, &text, NULL), 0);
	DW_CHECK_INT(dw_sys_given_replace(lab.sys, to, text.data, text.n, NULL), 0);
}

static bool is_whole(const struct outcome *o)
{
	return o->r == 0 && o->ended && o->open == PORTS / 2;
}

/* --- the tests -------------------------------------------------------------------------------------- */

/* Is what a faulty scan told true? */
static bool is_honest(const struct outcome *o)
{
	if (o->r < 0)
		return o->message[0] != '\0';
	return o->wrong == 0 && (o->open == PORTS / 2 || o->blind);
}

static void fail_each(const char *name, struct trial t, int code)
{
	struct outcome whole = run(&t, NULL);
	unsigned calls = t.calls, tried = 0, wrong = 0, failed = 0;
	unsigned step = t.most && calls > t.most ? calls / t.most : 1;

	DW_CHECK_INT(whole.r, 0);
	DW_CHECK_INT(whole.open, PORTS / 2);
	DW_CHECK_INT(whole.wrong, 0);
	t.code = code;
	for (unsigned n = 1; n <= calls; n += step) {
		struct outcome o;

		t.fail_at = n;
		o = run(&t, NULL);
		/* how many calls there are depends on when answers come: in this run there were fewer, none failed */
		if (t.calls < n)
			continue;
		failed += o.r < 0;
		tried++;
		if (is_honest(&o))
			continue;
		wrong++;
		printf("%s: call %u of %u failing with %d: %d \"%s\", %u open, %u wrong, %s\n",
		       name, n, calls, code, o.r, o.message, o.open, o.wrong,
		       o.blind ? "blind" : "not a word");
	}
	printf("%s: %u of %u calls failed one by one with %d: %u ended the scan, %u wrong\n", name,
	       tried, calls, code, failed, wrong);
	DW_CHECK_INT(wrong, 0);
}

DW_TEST(packets_survive)
{
	fail_each("packet", (struct trial){ .sender = "packet" }, EIO);
}

DW_TEST(packets_survive_without_rights)
{
	fail_each("packet", (struct trial){ .sender = "packet" }, EPERM);
}

DW_TEST(connections_survive)
{
	fail_each("connect", (struct trial){ .sender = "connect" }, EIO);
}

DW_TEST(proofs_of_udp_survive)
{
	/* silent ports take their time, and most of the calls are those of the tests above */
	fail_each("UDP", (struct trial){ .sender = "packet", .udp = "7000-7003", .most = 12 }, EIO);
}

DW_TEST(asking_what_it_is_survives)
{
	fail_each("identify", (struct trial){ .sender = "packet", .identify = true }, EIO);
}

/* Stopped on its way: on a busy machine the first ports may be told only when all were asked, so it is tried again. */
static struct outcome run_stopped(struct trial *t)
{
	struct outcome o = run(t, NULL);

	for (unsigned tries = 0; tries < 20 && o.r == 0 && o.ended; tries++)
		o = run(t, NULL);
	return o;
}

/* What was saved before stays when it cannot be saved again. */
DW_TEST(a_state_that_cannot_be_written_leaves_the_old_one)
{
	static const char file[] = "/nonexistent/torture.state";
	struct trial t = { .stop_at = 3, .state = file, .sender = "packet" };
	struct outcome o = run_stopped(&t);

	DW_CHECK_INT(o.r, 0);
	DW_CHECK(!o.ended && o.blind && o.wrong == 0);
	for (unsigned n = 1; n <= t.calls; n += 3) {
		static const char kept[] = "torture.state";
		struct trial failing = { .stop_at = 3,
					 .state = kept,
					 .sender = "packet",
					 .fail_at = n,
					 .code = ENOSPC };

		o = run(&failing, NULL);
		DW_CHECK(is_honest(&o));
		(void)unlink(kept);
	}
}

/* What a stopped scan leaves; 0: the state cannot be made. */
static bool make_state(const char *file, const char *sender)
{
	struct trial t = { .stop_at = 3, .state = file, .sender = sender };
	struct outcome o = run_stopped(&t);

	DW_CHECK_INT(o.r, 0);
	return is_there(file) && !o.ended;
}

/* Going on with a call failing, and then without: nothing is lost on the way. */
static void resume_each(const char *name, const char *sender)
{
	static const char kept[] = "torture-kept.state", file[] = "torture.state";
	struct trial t = { .sender = sender, .code = EIO };
	unsigned calls, wrong = 0, again = 0;
	struct outcome o;

	DW_CHECK(make_state(kept, sender));
	copy(kept, file);
	o = run(&t, file);
	DW_CHECK(is_whole(&o));
	DW_CHECK(!is_there(file));
	calls = t.calls;
	for (unsigned n = 1; n <= calls; n++) {
		copy(kept, file);
		t.fail_at = n;
		o = run(&t, file);
		if (!is_honest(&o)) {
			printf("%s, resumed: call %u of %u: %d \"%s\", %u open, %u wrong\n", name,
			       n, calls, o.r, o.message, o.open, o.wrong);
			wrong++;
		}
		if (is_whole(&o))
			continue;
		again++;
		t.fail_at = 0;
		if (is_there(file))
			o = run(&t, file);
		if (is_whole(&o))
			continue;
		printf("%s, resumed: call %u of %u: it cannot be gone on with: %d \"%s\", %u open, "
		       "%s\n",
		       name, n, calls, o.r, o.message, o.open, o.ended ? "ended" : "not ended");
		wrong++;
	}
	printf("%s, resumed: %u calls failed one by one, %u had to go on once more, %u wrong\n",
	       name, calls, again, wrong);
	DW_CHECK_INT(wrong, 0);
	(void)unlink(kept);
	(void)unlink(file);
}

DW_TEST(a_stopped_scan_of_packets_is_not_lost)
{
	resume_each("packet", "packet");
}

DW_TEST(a_stopped_scan_of_connections_is_not_lost)
{
	resume_each("connect", "connect");
}

/* --- all of it -------------------------------------------------------------------------------------- */

/* Connections must be taken, or the queue of a door fills up and it falls silent. */
static void *take_all(dw_unused void *unused)
{
	for (;;) {
		if (poll(doors, N_DOORS, -1) <= 0)
			continue;
		for (unsigned i = 0; i < N_DOORS; i++) {
			int fd = doors[i].revents ? accept(doors[i].fd, NULL, NULL) : -1;

			if (fd >= 0)
				(void)close(fd);
		}
	}
	return NULL;
}

static bool furnish(void)
{
	pthread_t taker;

	for (unsigned i = 0; i < N_DOORS; i++) {
		uint16_t port = (uint16_t)(FIRST + 2 * i);

		doors[i].fd = net_listen(&lab, "10.77.0.2", SOCK_STREAM, port);
		doors[i].events = POLLIN;
		if (doors[i].fd < 0 || net_listen(&lab, "10.77.0.2", SOCK_DGRAM, port) < 0)
			return false;
	}
	/* else a port is proven closed a second, icmp(7) */
	return net_set(&lab, "/proc/sys/net/ipv4/icmp_ratemask", "0") &&
	       pthread_create(&taker, NULL, take_all, NULL) == 0;
}

int main(void)
{
	char dir[] = "/tmp/dw-torture-XXXXXX";
	int r = 1;

	if (!net_open(&lab)) {
		printf("0 passed, 0 failed\n");
		return 77;
	}
	if (mkdtemp(dir) && chdir(dir) == 0 && furnish())
		r = dw_test_run();
	net_close(&lab);
	(void)rmdir(dir);
	return r;
}
