/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host of the test's own, in which a fence is loaded, and a login to it. */
#ifndef DW_TEST_FENCE_HOST_H
#define DW_TEST_FENCE_HOST_H

#include <arpa/inet.h>
#include <linux/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "namespace.h"
#include "dw_facade.h"
#include "dw_nft.h"

static const char rules[] = "table inet doorward\n"
			    "delete table inet doorward\n"
			    "table inet doorward {\n"
			    "\tchain input {\n"
			    "\t\ttype filter hook input priority filter; policy drop;\n"
			    "\t\tct state established,related counter accept\n"
			    "\t\tiif \"lo\" accept\n"
			    "\t\ttcp dport 22 counter accept comment \"ssh\"\n"
			    "\t}\n"
			    "}\n";
static const char other[] = "table ip mine {\n\tchain c {\n\t\tcounter accept\n\t}\n}\n";

struct fence {
	char state[64], program[256];
	struct dw_arena *arena;
	struct dw_sys *sys;
	struct doorward *d;
	struct doorward_audit *audit;
	struct doorward_rehearsal *r;
	unsigned fail_at, store_fail_at, calls, kill_at, commits;
};

/* --- what a timer runs: this program, called as doorward would be ------------------------------------------ */

__attribute__((constructor)) static void as_doorward(int argc, char **argv)
{
	const char *state = NULL, *wait = "0";
	struct doorward *d;
	long long run = 0;

	if (argc < 2 || strcmp(argv[1], "undo") != 0)
		return;
	for (int i = 2; i + 1 < argc; i++) {
		state = strcmp(argv[i], "--state") ? state : argv[i + 1];
		wait = strcmp(argv[i], "--wait") ? wait : argv[i + 1];
	}
	(void)sleep((unsigned)strtoul(wait, NULL, 10));
	d = doorward_new();
	doorward_set_state_directory(d, state);
	_exit(doorward_undo_expired(d, (long long)strtoul(argv[2], NULL, 10), NULL, &run) < 0);
}

/* --- the host ------------------------------------------------------------------------------------------------ */

static inline void loopback_up(void)
{
	struct ifreq q = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	DW_CHECK_INT(ioctl(fd, SIOCSIFFLAGS, &q), 0);
}

static inline void on_commit(void *data, unsigned n)
{
	struct fence *f = data;

	f->commits = n;
	if (f->kill_at && n == f->kill_at)
		(void)kill(getpid(), SIGKILL);
}

static inline void opened(void *data, struct dw_sys *sys, struct dw_store *store)
{
	struct fence *f = data;

	dw_sys_fail_at(sys, f->fail_at, EIO);
	dw_store_fail_at(store, f->store_fail_at, ENOSPC);
	dw_store_on_commit(store, on_commit, f);
}

static inline void closing(void *data, struct dw_sys *sys, struct dw_store *store)
{
	struct fence *f = data;

	f->calls = dw_sys_calls(sys);
}

static inline struct doorward *context(struct fence *f)
{
	const struct dw_facade_hooks hooks = { .opened = opened, .closing = closing, .data = f };
	struct doorward *d = doorward_new();

	doorward_set_state_directory(d, f->state);
	doorward_set_program(d, f->program);
	dw_facade_set_hooks(d, &hooks);
	return d;
}

/* False: rules cannot be tried here. */
static inline bool begin(struct fence *f)
{
	struct dw_error e = { 0 };
	ssize_t n;
	int r;

	*f = (struct fence){ .state = "/run/doorward-test-XXXXXX" };
	DW_CHECK(mkdtemp(f->state) != NULL);
	n = readlink("/proc/self/exe", f->program, sizeof(f->program) - 1);
	DW_CHECK(n > 0);
	DW_CHECK_INT(unshare(CLONE_NEWNET), 0);
	loopback_up();
	f->arena = dw_arena_new();
	DW_CHECK_INT(dw_sys_open(NULL, &f->sys, &e), 0);
	r = dw_nft_run(f->sys, NULL, other, &e);
	if (r == -ENOTSUP || r == -EPERM) {
		printf("%s: not looked at\n", e.message);
		return false;
	}
	DW_CHECK_STR(e.message, "");
	f->d = context(f);
	DW_CHECK_INT(doorward_audit_run(f->d, &f->audit), 0);
	DW_CHECK_INT(doorward_fence_rehearse(f->d, f->audit, rules, &f->r), 0);
	DW_CHECK_STR(doorward_last_error(f->d), "");
	return f->r != NULL;
}

static inline void end(struct fence *f)
{
	doorward_rehearsal_free(f->r);
	doorward_audit_free(f->audit);
	doorward_free(f->d);
	dw_sys_free(f->sys);
	dw_arena_free(f->arena);
}

static inline bool is_loaded(struct fence *f)
{
	struct dw_bytes table = { 0 };

	DW_CHECK_INT(dw_nft_table(f->sys, NULL, f->arena, &table, NULL), 0);
	return table.data != NULL;
}

static inline bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Nothing of it: no table, no file. */
static inline bool is_clean(struct fence *f)
{
	return !is_loaded(f) && !is_there("/etc/doorward/fence.nft") &&
	       !is_there("/etc/systemd/system/doorward-fence.service") &&
	       !is_there("/etc/systemd/system/doorward-trial.service");
}

static inline int apply_for(struct fence *f, struct doorward *d, unsigned long long seconds,
			    long long *ret_run)
{
	const struct doorward_close_options o = { .size = sizeof(o), .trial = seconds };

	return doorward_fence_apply(d, f->r, 1, &o, ret_run);
}

static inline void command(struct fence *f, const char *text)
{
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_nft_run(f->sys, NULL, text, &e), 0);
	DW_CHECK_STR(e.message, "");
}

/* A connection of this process, as a login's is: it holds the accepted end. */
struct login {
	int listener, client, accepted;
};

static inline void log_in(struct login *l)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);

	l->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	DW_CHECK_INT(bind(l->listener, (const struct sockaddr *)&at, n), 0);
	DW_CHECK_INT(listen(l->listener, 4), 0);
	DW_CHECK_INT(getsockname(l->listener, (struct sockaddr *)&at, &n), 0);
	l->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	DW_CHECK_INT(connect(l->client, (const struct sockaddr *)&at, n), 0);
	l->accepted = accept(l->listener, NULL, NULL);
	DW_CHECK(l->accepted >= 0);
}

static inline void log_out(const struct login *l)
{
	(void)close(l->accepted);
	(void)close(l->client);
	(void)close(l->listener);
}

#endif
