/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a child in a sandbox can do, and what happens to it when it tries more. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dw_sandbox.h"
#include "dw_test.h"

static struct dw_sys *live(void)
{
	struct dw_sys *s = NULL;

	if (dw_sys_open(NULL, &s, NULL) < 0)
		abort();
	return s;
}

/* Until the child has ended, with what check() says of it. */
static int end_of(struct dw_sandbox *b, struct dw_error *e)
{
	struct pollfd p = { .fd = dw_sandbox_fd(b), .events = POLLIN };

	(void)poll(&p, 1, 60000);
	return dw_sandbox_check(b, e);
}

static int run_one(int (*run)(void *data, const int *fds), unsigned calls, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *s = live();
	_cleanup_sandbox_ struct dw_sandbox *b = NULL;
	const struct dw_sandbox_options o = { .name = "the tested child",
					      .run = run,
					      .calls = calls };
	int r = dw_sandbox_start(s, &o, &b, e);

	return r < 0 ? r : end_of(b, e);
}

static int does_nothing(void *data, const int *fds)
{
	return 0;
}

static int says_three(void *data, const int *fds)
{
	return 3;
}

static int opens(void *data, const int *fds)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static int connects(void *data, const int *fds)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int forks(void *data, const int *fds)
{
	return fork() > 0;
}

static int maps_code(void *data, const int *fds)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED;
}

static int maps_file(void *data, const int *fds)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0) != MAP_FAILED;
}

static int maps_memory(void *data, const int *fds)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	p[5] = 1;
	return mprotect(p, 4096, PROT_READ) < 0 || munmap(p, 4096) < 0;
}

static int takes_much(void *data, const int *fds)
{
	return mmap(NULL, (size_t)64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED;
}

static int signals(void *data, const int *fds)
{
	return signal(SIGSEGV, SIG_IGN) == SIG_DFL;
}

DW_TEST(ends_as_it_says)
{
	struct dw_error e = { 0 };

	DW_CHECK_INT(run_one(does_nothing, 0, &e), -ESRCH);
	DW_CHECK_INT(run_one(says_three, 0, &e), -EIO);
	DW_CHECK_STR(e.message, "the tested child ended with status 3");
}

DW_TEST(forbidden_calls_kill)
{
	static int (*const forbidden[])(void *data, const int *fds) = { opens,     connects,
									forks,     maps_code,
									maps_file, signals };

	for (size_t i = 0; i < DW_ARRAY_SIZE(forbidden); i++) {
		struct dw_error e = { 0 };

		DW_CHECK_INT(run_one(forbidden[i], DW_SANDBOX_MEMORY | DW_SANDBOX_POLL, &e),
			     -EACCES);
		DW_CHECK_INT(e.code, -EACCES);
		DW_CHECK_STR(e.message, "the tested child was killed: it made a system call that "
					"its sandbox forbids");
	}
	DW_CHECK_INT(run_one(maps_memory, 0, NULL), -EACCES);
}

/* Of the stack, which grows as it is used. */
static int uses_stack(void *data, const int *fds)
{
	volatile char room[512 * 1024];

	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 1;
	return room[0] != 1;
}

DW_TEST(stack_grows)
{
	DW_CHECK_INT(run_one(uses_stack, 0, NULL), -ESRCH);
}

DW_TEST(memory_has_an_end)
{
	_cleanup_sys_ struct dw_sys *s = live();
	const struct {
		size_t memory;
		int want;
	} cases[] = { { 0, -EIO }, { (size_t)1 << 20, -EIO }, { (size_t)128 << 20, -ESRCH } };

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		_cleanup_sandbox_ struct dw_sandbox *b = NULL;
		const struct dw_sandbox_options o = { .name = "child",
						      .run = takes_much,
						      .calls = DW_SANDBOX_MEMORY,
						      .memory = cases[i].memory };

		DW_CHECK_INT(dw_sandbox_start(s, &o, &b, NULL), 0);
		DW_CHECK_INT(b ? end_of(b, NULL) : 0, cases[i].want);
	}
}

/* --- what is left to it ------------------------------------------------------------------------- */

/* Waits for a word, then answers one with what it can see of itself. */
static int talks(void *data, const int *fds)
{
	char word[8];
	ssize_t n = read(fds[0], word, sizeof(word));

	if (n != 2 || write(fds[0], "pong", 4) != 4)
		return 1;
	while (read(fds[0], word, sizeof(word)) > 0)
		;
	return 0;
}

static size_t descriptors_of(pid_t pid)
{
	_cleanup_sys_ struct dw_sys *s = live();
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings names = { 0 };

	if (dw_sys_dir_list(s, dw_arena_printf(a, "/proc/%d/fd", (int)pid), a, &names, NULL) < 0)
		return 0;
	return names.n;
}

static bool status_has(pid_t pid, const char *line)
{
	_cleanup_sys_ struct dw_sys *s = live();
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { 0 };

	return dw_sys_file_read(s, dw_arena_printf(a, "/proc/%d/status", (int)pid), 65536, a, &text,
				NULL) == 0 &&
	       strstr(text.data, line) != NULL;
}

static pid_t only_child(void)
{
	_cleanup_sys_ struct dw_sys *s = live();
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { 0 };

	if (dw_sys_file_read(s, dw_arena_printf(a, "/proc/self/task/%d/children", (int)getpid()),
			     4096, a, &text, NULL) < 0)
		return -1;
	return (pid_t)strtol(text.data, NULL, 10);
}

DW_TEST(has_dropped_everything)
{
	_cleanup_sys_ struct dw_sys *s = live();
	_cleanup_sandbox_ struct dw_sandbox *b = NULL;
	int pair[2] = { -1, -1 };
	char word[8] = { 0 };
	struct dw_sandbox_options o = { .name = "child",
					.run = talks,
					.n_fds = 1,
					.calls = DW_SANDBOX_READ | DW_SANDBOX_WRITE };
	pid_t pid;

	DW_CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	o.fds = &pair[1];
	DW_CHECK_INT(dw_sandbox_start(s, &o, &b, NULL), 0);
	if (!b)
		return;
	(void)close(pair[1]);
	DW_CHECK_INT(write(pair[0], "hi", 2), 2);
	DW_CHECK_INT(read(pair[0], word, sizeof(word)), 4);
	DW_CHECK_STR(word, "pong");
	DW_CHECK_INT(dw_sandbox_check(b, NULL), 0);
	pid = only_child();
	DW_CHECK(pid > 1);
	DW_CHECK(status_has(pid, "CapPrm:\t0000000000000000"));
	DW_CHECK(status_has(pid, "CapEff:\t0000000000000000"));
	DW_CHECK(status_has(pid, "NoNewPrivs:\t1"));
	DW_CHECK(status_has(pid, "Seccomp:\t2"));
	if (geteuid() == 0) {
		DW_CHECK(status_has(pid, "Uid:\t65534\t65534\t65534\t65534"));
		DW_CHECK(status_has(pid, "Gid:\t65534\t65534\t65534\t65534"));
		DW_CHECK(status_has(pid, "CapBnd:\t0000000000000000"));
		DW_CHECK_INT(descriptors_of(pid), 4); /* 0, 1, 2 and the socket */
	}
	(void)close(pair[0]);
	DW_CHECK_INT(end_of(b, NULL), -ESRCH);
}

/* --- shared memory ------------------------------------------------------------------------------ */

static int counts(void *data, const int *fds)
{
	uint32_t *words = data;

	for (unsigned i = 0; i < 1000; i++)
		words[1] += 2;
	dw_shared_wake(&words[0]);
	while (poll(NULL, 0, -1) == 0) /* until the parent kills it */
		;
	return 1;
}

DW_TEST(memory_is_shared)
{
	_cleanup_sys_ struct dw_sys *s = live();
	_cleanup_sandbox_ struct dw_sandbox *b = NULL;
	void *p = NULL;
	uint32_t *words;
	struct dw_sandbox_options o = { .name = "child",
					.run = counts,
					.calls = DW_SANDBOX_FUTEX | DW_SANDBOX_POLL };

	DW_CHECK_INT(dw_shared_map(s, "test", 4096, &p, NULL), 0);
	o.data = words = p;
	DW_CHECK_INT(dw_sandbox_start(s, &o, &b, NULL), 0);
	for (unsigned i = 0; i < 600 && dw_shared_get(&words[0]) == 0; i++)
		dw_shared_wait(&words[0], 0, 100000);
	DW_CHECK_INT(dw_shared_get(&words[0]), 1);
	DW_CHECK_INT(words[1], 2000);
	DW_CHECK_INT(b ? dw_sandbox_check(b, NULL) : -1, 0);
	dw_shared_unmap(p, 4096);
}

/* --- its parent --------------------------------------------------------------------------------- */

/* A parent of its own, which dies as a shot process does; the pipe's end tells of the last that held it. */
DW_TEST(dies_with_its_parent)
{
	int fds[2] = { -1, -1 };
	char byte;
	pid_t parent;
	struct pollfd p;

	DW_CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	parent = fork();
	if (parent == 0) {
		struct dw_sandbox *b = NULL;
		const struct dw_sandbox_options o = { .name = "child",
						      .run = talks,
						      .fds = &fds[1],
						      .n_fds = 1,
						      .calls = DW_SANDBOX_READ | DW_SANDBOX_WRITE };

		(void)close(fds[0]);
		(void)!write(fds[1], dw_sandbox_start(live(), &o, &b, NULL) == 0 ? "y" : "n", 1);
		(void)raise(SIGKILL);
	}
	(void)close(fds[1]);
	DW_CHECK_INT(read(fds[0], &byte, 1), 1);
	DW_CHECK_INT(byte, 'y');
	(void)waitpid(parent, NULL, 0);
	p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	DW_CHECK_INT(poll(&p, 1, 60000), 1);
	DW_CHECK_INT(read(fds[0], &byte, 1), 0);
	(void)close(fds[0]);
}

DW_TEST(each_failure_is_survived)
{
	_cleanup_sys_ struct dw_sys *s = live();
	const struct dw_sandbox_options o = { .name = "child", .run = does_nothing };

	for (unsigned n = 1; n < 20; n++) {
		_cleanup_sandbox_ struct dw_sandbox *b = NULL;
		struct dw_error e = { 0 };
		int r;

		dw_sys_fail_at(s, n, EMFILE);
		r = dw_sandbox_start(s, &o, &b, &e);
		if (dw_sys_calls(s) < n) {
			DW_CHECK(n > 3);
			DW_CHECK_INT(r, 0);
			return;
		}
		DW_CHECK_INT(r, -EMFILE);
		DW_CHECK(b == NULL && e.message[0] != '\0');
	}
	DW_CHECK(false);
}

DW_TEST_MAIN
