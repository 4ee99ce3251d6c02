/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The limits of ICMP are lifted, and put back whatever happens. The test's process enters a network namespace of its
 * own (and a user namespace, when it is not root), whose settings are the only ones that are touched.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dw_assist.h"
#include "dw_str.h"
#include "dw_test.h"

#define MASK4 "/proc/sys/net/ipv4/icmp_ratemask"
#define MASK6 "/proc/sys/net/ipv6/icmp/ratemask"

/* Not what a new namespace has: what is put back must be what was there. */
static const char before4[] = "6172", before6[] = "0-1,3-100";
static const char lifted4[] = "6164", lifted6[] = "0,3-100";

static char directory[64];
static bool has_room; /* a namespace of our own */
static volatile int stop;

/* --- settings ------------------------------------------------------------------------------------- */

static const char *value(const char *path)
{
	static char text[2][256];
	static unsigned which;
	char *t = text[which++ % 2];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, t, sizeof(text[0]) - 1);

	t[n < 0 ? 0 : n] = '\0';
	t[strcspn(t, "\n")] = '\0';
	if (fd >= 0)
		(void)close(fd);
	return t;
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return good;
}

static bool are(const char *four, const char *six)
{
	return strcmp(value(MASK4), four) == 0 && strcmp(value(MASK6), six) == 0;
}

/* At most two minutes. */
static bool become(const char *four, const char *six)
{
	for (unsigned i = 0; i < 12000; i++) {
		if (are(four, six))
			return true;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	printf("the masks are %s and %s\n", value(MASK4), value(MASK6));
	return false;
}

/* Names of records that are left. */
static unsigned records(void)
{
	DIR *d = opendir(directory);
	unsigned n = 0;

	for (struct dirent *one; d && (one = readdir(d));)
		n += one->d_name[0] != '.';
	if (d)
		(void)closedir(d);
	return n;
}

static bool records_become(unsigned want)
{
	for (unsigned i = 0; i < 12000 && records() != want; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	return records() == want;
}

static bool begin(void)
{
	if (!has_room) {
		printf("SKIPPED: no network namespace\n");
		return false;
	}
	stop = 0;
	DW_CHECK(put(MASK4, before4) && put(MASK6, before6));
	DW_CHECK(are(before4, before6));
	DW_CHECK_INT(records(), 0);
	return true;
}

/* --- the tool ------------------------------------------------------------------------------------- */

static char heard[1024];

static void hear(void *data, const char *text)
{
	(void)data;
	(void)snprintf(heard + strlen(heard), sizeof(heard) - strlen(heard), "%s\n", text);
}

static int assist(const struct dw_assist_options *o, unsigned fail_at, unsigned *ret_calls)
{
	struct dw_sys *s = NULL;
	struct dw_error e = { 0 };
	int r = dw_sys_open(NULL, &s, &e);

	heard[0] = '\0';
	if (r < 0)
		abort();
	dw_sys_fail_at(s, fail_at, EIO);
	r = dw_assist_run(s, o, &e);
	if (r < 0 && !e.message[0]) {
		printf("%d, and nothing is said\n", r);
		r = -ENOSYS;
	}
	if (ret_calls)
		*ret_calls = dw_sys_calls(s);
	dw_sys_free(s);
	return r;
}

static int settle(void)
{
	struct dw_assist_options o = { .directory = directory, .tell = hear };
	struct dw_sys *s = NULL;
	struct dw_error e = { 0 };
	int r;

	heard[0] = '\0';
	if (dw_sys_open(NULL, &s, &e) < 0)
		abort();
	r = dw_assist_settle(s, &o, &e);
	dw_sys_free(s);
	return r;
}

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* A process like scan-assist; its limits are lifted when this returns. */
static pid_t start(unsigned seconds)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct dw_assist_options o = { .directory = directory,
					       .seconds = seconds,
					       .stop = &stop };
		struct sigaction act = { .sa_handler = on_signal };

		(void)sigaction(SIGINT, &act, NULL);
		(void)sigaction(SIGTERM, &act, NULL);
		_exit(-assist(&o, 0, NULL));
	}
	DW_CHECK(become(lifted4, lifted6));
	return pid;
}

/* The child that watches over it: proc(5), /proc/PID/task/TID/children. */
static pid_t guardian_of(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	return (pid_t)strtol(value(path), NULL, 10);
}

/* Its exit status; -1: killed. */
static int end_of(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_clean(void)
{
	DW_CHECK(become(before4, before6));
	DW_CHECK(records_become(0));
	DW_CHECK_INT(settle(), 0);
	DW_CHECK(are(before4, before6));
}

/* --- whatever happens ------------------------------------------------------------------------------- */

DW_TEST(its_time_is_up)
{
	pid_t pid;

	if (!begin())
		return;
	pid = start(1);
	DW_CHECK_INT(records(), 1);
	DW_CHECK_INT(end_of(pid), 0);
	check_clean();
}

DW_TEST(it_is_interrupted)
{
	static const int signals[] = { SIGINT, SIGTERM };

	for (unsigned i = 0; i < 2; i++) {
		pid_t pid;

		if (!begin())
			return;
		pid = start(60);
		DW_CHECK(kill(pid, signals[i]) == 0);
		DW_CHECK_INT(end_of(pid), 0);
		check_clean();
	}
}

DW_TEST(it_is_killed)
{
	pid_t pid;

	if (!begin())
		return;
	pid = start(60);
	DW_CHECK(kill(pid, SIGKILL) == 0);
	DW_CHECK_INT(end_of(pid), -1);
	check_clean();
}

DW_TEST(its_guardian_is_killed)
{
	pid_t pid;

	if (!begin())
		return;
	pid = start(60);
	DW_CHECK(guardian_of(pid) > 1 && kill(guardian_of(pid), SIGKILL) == 0);
	DW_CHECK_INT(end_of(pid), 0);
	check_clean();
}

/* Both at one moment: neither can do the other's work. */
static void kill_both(void)
{
	pid_t pid = start(60), guardian = guardian_of(pid);

	DW_CHECK(guardian > 1);
	DW_CHECK(kill(pid, SIGSTOP) == 0 && kill(guardian, SIGKILL) == 0 &&
		 kill(pid, SIGKILL) == 0);
	DW_CHECK_INT(end_of(pid), -1);
	DW_CHECK_INT(end_of(guardian), -1); /* it became our child: see enter() */
	DW_CHECK(are(lifted4, lifted6));
	DW_CHECK_INT(records(), 1);
}

DW_TEST(both_are_killed_and_the_next_command_settles_it)
{
	if (!begin())
		return;
	kill_both();
	/* the lock of one that was killed goes with its last process */
	DW_CHECK_INT(settle(), 1);
	DW_CHECK(strstr(heard, "put back first"));
	check_clean();
}

DW_TEST(both_are_killed_and_the_next_assist_begins_where_the_first_did)
{
	struct dw_assist_options o = {
		.directory = directory, .seconds = 60, .stop = &stop, .tell = hear
	};

	if (!begin())
		return;
	kill_both();
	stop = 1;
	DW_CHECK_INT(assist(&o, 0, NULL), 0);
	DW_CHECK(strstr(heard, "put back first") && strstr(heard, "lifted"));
	check_clean();
}

/* --- others ------------------------------------------------------------------------------------------- */

DW_TEST(only_one_works_in_a_namespace)
{
	struct dw_assist_options o = { .directory = directory, .seconds = 60, .stop = &stop };
	pid_t pid;

	if (!begin())
		return;
	pid = start(60);
	DW_CHECK_INT(assist(&o, 0, NULL), -EBUSY);
	DW_CHECK_INT(settle(), 0); /* one is at it: that is nobody's to settle */
	DW_CHECK(are(lifted4, lifted6));
	DW_CHECK(kill(pid, SIGTERM) == 0);
	DW_CHECK_INT(end_of(pid), 0);
	check_clean();
}

DW_TEST(what_somebody_else_changed_is_left)
{
	pid_t pid;

	if (!begin())
		return;
	pid = start(60);
	DW_CHECK(put(MASK4, "24")); /* type 3 is limited again, and type 4 */
	DW_CHECK(kill(pid, SIGTERM) == 0);
	DW_CHECK_INT(end_of(pid), EUCLEAN);
	DW_CHECK(are("24", before6));
	DW_CHECK(records_become(0));
}

DW_TEST(one_family_alone)
{
	struct dw_assist_options o = {
		.directory = directory, .seconds = 60, .family = DW_FAMILY_IPV6, .stop = &stop
	};
	pid_t pid;

	if (!begin())
		return;
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGTERM, on_signal);
		_exit(-assist(&o, 0, NULL));
	}
	DW_CHECK(become(before4, lifted6));
	DW_CHECK(kill(pid, SIGTERM) == 0);
	DW_CHECK_INT(end_of(pid), 0);
	check_clean();
}

DW_TEST(limits_that_are_not_there_need_no_lifting)
{
	struct dw_assist_options o = { .directory = directory, .seconds = 60, .tell = hear };

	if (!begin())
		return;
	DW_CHECK(put(MASK4, "16") && put(MASK6, "3-127"));
	DW_CHECK_INT(assist(&o, 0, NULL), 0);
	DW_CHECK(strstr(heard, "IPv4 does not limit") && strstr(heard, "IPv6 does not limit"));
	DW_CHECK(are("16", "3-127"));
	DW_CHECK_INT(records(), 0);
}

/* A record is a file that somebody may have written: no other path than the two is ever written. */
DW_TEST(a_record_of_somebody_else)
{
	char path[128], other[128];
	DIR *d;
	pid_t pid;

	if (!begin())
		return;
	pid = start(60);
	d = opendir(directory);
	for (struct dirent *one; d && (one = readdir(d));)
		if (one->d_name[0] != '.')
			(void)snprintf(path, sizeof(path), "%s/%.40s", directory, one->d_name);
	if (d)
		(void)closedir(d);
	DW_CHECK(kill(pid, SIGTERM) == 0);
	DW_CHECK_INT(end_of(pid), 0);
	(void)snprintf(other, sizeof(other), "%s/.victim", directory);
	for (unsigned i = 0; i < 2; i++) {
		const char *name = i ? path : other;
		int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		char text[256];

		(void)snprintf(text, sizeof(text), "%s\tx\ty\n\t\t\nnonsense\n", other);
		DW_CHECK(write(fd, text, strlen(text)) > 0);
		(void)close(fd);
	}
	DW_CHECK_INT(settle(), 0);
	DW_CHECK_INT(records(), 0);
	DW_CHECK(strstr(value(other), "\tx\ty"));
	DW_CHECK(unlink(other) == 0);
	DW_CHECK(are(before4, before6));
}

/* --- each call failing ---------------------------------------------------------------------------------- */

/* What could not be put back because the call failed is put back by the next command. */
static bool survives(const struct dw_assist_options *o, unsigned n)
{
	int r = assist(o, n, NULL), settled = 0;

	if (r == 0 && !are(before4, before6)) {
		printf("call %u: it says that all is well, and it is not\n", n);
		return false;
	}
	if (!are(before4, before6) || records())
		settled = settle();
	if (settled >= 0 && become(before4, before6) && records_become(0))
		return true;
	printf("call %u: %d, then %d\n", n, r, settled);
	return false;
}

DW_TEST(each_call_fails_once)
{
	struct dw_assist_options o = { .directory = directory, .seconds = 60, .stop = &stop };
	unsigned calls = 0, bad = 0;

	if (!begin())
		return;
	stop = 1;
	DW_CHECK_INT(assist(&o, 0, &calls), 0);
	DW_CHECK(calls > 10);
	for (unsigned n = 1; n <= calls; n++) {
		bad += !survives(&o, n);
		DW_CHECK(put(MASK4, before4) && put(MASK6, before6));
	}
	printf("%u calls failed, %u of them wrong\n", calls, bad);
	DW_CHECK_INT(bad, 0);
}

DW_TEST(each_call_fails_once_while_one_that_was_killed_is_settled)
{
	struct dw_assist_options o = { .directory = directory, .seconds = 60, .stop = &stop };
	unsigned bad = 0;

	if (!begin())
		return;
	for (unsigned n = 1; n <= 30; n++) {
		stop = 0;
		kill_both();
		stop = 1;
		bad += !survives(&o, n);
	}
	DW_CHECK_INT(bad, 0);
}

/* --- a room of our own ------------------------------------------------------------------------------------ */

static void map_root(unsigned uid)
{
	char text[64];

	(void)put("/proc/self/setgroups", "deny");
	(void)snprintf(text, sizeof(text), "0 %u 1", uid);
	DW_CHECK(put("/proc/self/uid_map", text));
}

__attribute__((constructor)) static void enter(void)
{
	unsigned uid = geteuid();

	/* whose parent is killed becomes our child: only so can we wait for its end */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)snprintf(directory, sizeof(directory), "/tmp/dw-assist-XXXXXX");
	if (!mkdtemp(directory))
		abort();
	has_room = unshare(CLONE_NEWNET | (uid ? CLONE_NEWUSER : 0)) == 0;
	if (has_room && uid)
		map_root(uid);
	has_room = has_room && put(MASK4, before4) && put(MASK6, before6);
}

__attribute__((destructor)) static void leave(void)
{
	(void)rmdir(directory);
}

DW_TEST_MAIN
