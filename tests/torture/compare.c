/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What kept scans say of the doors, and what a comparison says, with every fallible call failing once: of the audit,
 * and of the journal. A small host of its own is made (namespaces for network and processes) with doors on loopback,
 * which it "scanned" itself. Whatever fails: no crash, nothing is told of a door that the newest scan did not see, and
 * an open port that nobody has inside is never told as expected, or left out without a word.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_facade.h"
#include "dw_store_scan.h"
#include "dw_str.h"
#include "dw_test.h"

#define TCP DW_PROTOCOL_TCP
enum { OPEN = 7000, FILTERED, CLOSED, NOT_ASKED, UNKNOWN_INSIDE = 9999 };

static char state[64] = "/tmp/dw-compare-XXXXXX";

/* --- the host ------------------------------------------------------------------------------------- */

static bool loopback_up(void)
{
	struct ifreq f = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = s >= 0 && ioctl(s, SIOCSIFFLAGS, &f) == 0;

	(void)close(s);
	return up;
}

static void open_door(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 4) < 0) {
		perror("door");
		exit(1);
	}
}

static struct dw_scan_port port_of(uint16_t port, enum dw_scan_state s)
{
	return (struct dw_scan_port){ .protocol = TCP,
				      .port = port,
				      .state = s,
				      .why = s == DW_SCAN_OPEN ? DW_SCAN_WHY_SYN_ACK
							       : DW_SCAN_WHY_NO_ANSWER };
}

/* The older of the two saw all the other way round: what it says must never be told for the newer one's. */
static void keep_scan(struct dw_store *s, bool older)
{
	char name[256] = "";
	struct dw_scan_port ports[] = {
		port_of(OPEN, older ? DW_SCAN_FILTERED : DW_SCAN_OPEN),
		port_of(FILTERED, older ? DW_SCAN_OPEN : DW_SCAN_FILTERED),
		port_of(UNKNOWN_INSIDE, DW_SCAN_OPEN),
	};
	struct dw_scan_host h = { .address = { DW_FAMILY_IPV4, { 127, 0, 0, 1 }, 0 },
				  .up = DW_SCAN_UP_YES,
				  .complete = true,
				  .loss = -1,
				  .tcp = { 65533, 2, 65530, 1, 0 },
				  .ports = ports,
				  .n_ports = DW_ARRAY_SIZE(ports) };
	struct dw_scan scan = { .scanner = name,
				.targets = "127.0.0.1",
				.tcp_ports = "1-7002,7005-65535",
				.shard = 1,
				.shards = 1,
				.begun = older ? 1000 : 2000,
				.ended = older ? 1001 : 2001,
				.hosts = &h,
				.n_hosts = 1 };
	struct dw_error e = { 0 };
	int64_t id = 0;

	(void)gethostname(name, sizeof(name) - 1);
	if (dw_store_scan_save(s, &scan, &id, &e) < 0)
		printf("%s\n", e.message);
	DW_CHECK_INT(id, older ? 1 : 2);
}

static void make_host(void)
{
	struct dw_store *s = NULL;
	struct dw_error e = { 0 };

	if (!mkdtemp(state) || !loopback_up() || dw_store_open(state, true, &s, &e) < 0) {
		printf("the host could not be made: %s\n", e.message);
		exit(1);
	}
	for (uint16_t port = OPEN; port <= NOT_ASKED; port++)
		open_door(port);
	keep_scan(s, true);
	keep_scan(s, false);
	dw_store_free(s);
}

/* --- exposure.probed ------------------------------------------------------------------------------ */

struct seen {
	enum dw_scan_state of[4]; /* by port, from OPEN on */
	unsigned doors;
};

static int look(unsigned fail_at, struct seen *ret)
{
	struct dw_audit_options o = {
		.rungs = 0, .state = state, .store_fail_at = fail_at, .fail_code = EIO
	};
	struct dw_audit *a = NULL;
	struct dw_error e = { 0 };
	int r = dw_audit_run(&o, &a, &e);

	*ret = (struct seen){ 0 };
	if (r < 0)
		return r;
	for (size_t i = 0; i < a->snapshot->n_doors; i++) {
		const struct dw_door *d = &a->snapshot->doors[i];

		if (d->at.port < OPEN || d->at.port > NOT_ASKED)
			continue;
		ret->doors++;
		ret->of[d->at.port - OPEN] = d->probed ? d->probed->state : DW_SCAN_UNKNOWN;
		DW_CHECK(!d->probed || d->probed->scan == 2);
	}
	dw_audit_free(a);
	return 0;
}

DW_TEST(the_newest_scan_says_what_was_seen)
{
	struct seen s;

	DW_CHECK_INT(look(0, &s), 0);
	DW_CHECK_INT(s.doors, 4);
	DW_CHECK_INT(s.of[0], DW_SCAN_OPEN);
	DW_CHECK_INT(s.of[FILTERED - OPEN], DW_SCAN_FILTERED);
	DW_CHECK_INT(s.of[CLOSED - OPEN], DW_SCAN_CLOSED);
	DW_CHECK_INT(s.of[NOT_ASKED - OPEN], DW_SCAN_UNKNOWN);
}

DW_TEST(each_call_of_the_journal_fails_in_an_audit)
{
	struct seen whole, s;
	unsigned missing = 0;

	DW_CHECK_INT(look(0, &whole), 0);
	for (unsigned n = 1; n <= 60; n++) {
		DW_CHECK_INT(look(n, &s), 0);
		DW_CHECK_INT(s.doors, 4);
		for (unsigned i = 0; i < 4; i++)
			DW_CHECK(s.of[i] == whole.of[i] || s.of[i] == DW_SCAN_UNKNOWN);
		missing += s.of[0] == DW_SCAN_UNKNOWN;
	}
	printf("probed: %u of 60 calls of the journal, failing, leave it unknown\n", missing);
	DW_CHECK(missing > 1 && missing < 60);
}

/* --- compare ---------------------------------------------------------------------------------------- */

struct failing {
	unsigned sys, store, calls;
};

static void opened(void *data, struct dw_sys *sys, struct dw_store *store)
{
	(void)sys;
	dw_store_fail_at(store, ((const struct failing *)data)->store, EIO);
}

static void before_look(void *data, struct dw_audit_options *o)
{
	o->fail_at = ((const struct failing *)data)->sys;
	o->fail_code = EIO;
}

static void looked(void *data, unsigned calls)
{
	((struct failing *)data)->calls = calls;
}

/* The finding of a port; its class, or "" when there is none. */
static const char *class_of(struct doorward_compare *c, unsigned port, unsigned *ret_at)
{
	char path[64], number[16];

	(void)snprintf(number, sizeof(number), "%u", port);
	for (unsigned i = 0;; i++) {
		const char *class, *got;

		(void)snprintf(path, sizeof(path), "findings.%u.class", i);
		class = doorward_compare_get(c, path);
		if (!class)
			return "";
		(void)snprintf(path, sizeof(path), "findings.%u.port", i);
		got = doorward_compare_get(c, path);
		*ret_at = i;
		if (got && strcmp(got, number) == 0)
			return class;
	}
}

static bool has_reason(struct doorward_compare *c, unsigned at, const char *id)
{
	for (unsigned i = 0;; i++) {
		char path[64];
		const char *got;

		(void)snprintf(path, sizeof(path), "findings.%u.reasons.%u.id", at, i);
		got = doorward_compare_get(c, path);
		if (!got || strcmp(got, id) == 0)
			return got != NULL;
	}
}

/* NULL: it is right, or says what it does not know. */
static const char *wrong(struct doorward_compare *c)
{
	bool blind = doorward_compare_outcome(c) & DOORWARD_BLIND;
	unsigned at = 0;
	const char *class = class_of(c, UNKNOWN_INSIDE, &at);

	if (strcmp(class, "open-outside-unknown-inside") != 0 && !blind)
		return "the hidden port is not told";
	class = class_of(c, OPEN, &at);
	if (strcmp(class, "open-outside-unknown-inside") == 0 && !has_reason(c, at, "inside-blind"))
		return "an open door is told as hidden, and not why";
	if (!*class && !blind)
		return "a door is left out";
	if (strcmp(class_of(c, FILTERED, &at), "as-expected") == 0)
		return "a filtered door is told as expected";
	return NULL;
}

static struct doorward *context(struct failing *f)
{
	struct doorward *d = doorward_new();

	doorward_set_state_directory(d, state);
	dw_facade_set_hooks(
		d, &(struct dw_facade_hooks){
			   .opened = opened, .look = before_look, .looked = looked, .data = f });
	return d;
}

static bool survives(struct failing *f, const char *what, unsigned n)
{
	struct doorward_compare_options o = { .size = sizeof(o) };
	struct doorward *d = context(f);
	struct doorward_compare *c = NULL;
	int r = doorward_compare_run(d, &o, &c);
	const char *bad = r == 0                    ? wrong(c)
			  : *doorward_last_error(d) ? NULL
						    : "it failed without a word";

	if (bad)
		printf("%s call %u: %d: %s\n", what, n, r, bad);
	doorward_compare_free(c);
	doorward_free(d);
	return !bad;
}

DW_TEST(a_comparison_without_faults)
{
	struct doorward_compare_options o = { .size = sizeof(o) };
	struct failing f = { 0 };
	struct doorward *d = context(&f);
	struct doorward_compare *c = NULL;
	unsigned at = 0;

	DW_CHECK_INT(doorward_compare_run(d, &o, &c), 0);
	DW_CHECK_STR(class_of(c, UNKNOWN_INSIDE, &at), "open-outside-unknown-inside");
	DW_CHECK_STR(class_of(c, OPEN, &at), "new-since-last-scan"); /* the older one: filtered */
	DW_CHECK_STR(class_of(c, FILTERED, &at), "open-inside-filtered-outside");
	DW_CHECK_STR(class_of(c, CLOSED, &at), "expected-but-closed");
	DW_CHECK_STR(class_of(c, NOT_ASKED, &at), "not-looked-at");
	DW_CHECK_STR(doorward_compare_get(c, "scan"), "2");
	DW_CHECK_STR(doorward_compare_get(c, "before"), "1");
	DW_CHECK(doorward_compare_outcome(c) & DOORWARD_TO_DO);
	doorward_compare_free(c);
	doorward_free(d);
}

DW_TEST(each_call_of_the_audit_fails_in_a_comparison)
{
	struct failing f = { 0 };
	unsigned bad = !survives(&f, "host", 0), calls = f.calls;

	DW_CHECK(calls > 20);
	for (unsigned n = 1; n <= calls; n++) {
		f.sys = n;
		bad += !survives(&f, "host", n);
	}
	printf("compare: %u calls of the host failed, %u of them wrong\n", calls, bad);
	DW_CHECK_INT(bad, 0);
}

DW_TEST(each_call_of_the_journal_fails_in_a_comparison)
{
	struct failing f = { 0 };
	unsigned bad = 0;

	for (unsigned n = 1; n <= 40; n++) {
		f.store = n;
		bad += !survives(&f, "journal", n);
	}
	printf("compare: 40 calls of the journal failed, %u of them wrong\n", bad);
	DW_CHECK_INT(bad, 0);
}

/* --- all ------------------------------------------------------------------------------------------------ */

static int take_away(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int run_all(void)
{
	int r;

	make_host();
	r = dw_test_run();
	(void)nftw(state, take_away, 16, FTW_DEPTH | FTW_PHYS);
	return r;
}

int main(void)
{
	int status = 0;
	pid_t pid;

	if (unshare(CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS) < 0) {
		/* only root can make the small host; elsewhere there is nothing to test */
		printf("needs root: %s\n0 passed, 0 failed\n", strerror(errno));
		return 77;
	}
	pid = fork();
	if (pid == 0) {
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("proc", "/proc", "proc", 0, NULL) < 0)
			exit(1);
		exit(run_all());
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
