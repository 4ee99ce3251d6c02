/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every fallible call of the watch's loop (polling: one of many) failed once, while a door opens: the loop lives, and
 * the door is told, once, if not by its event then by the whole look that heals. In a network and a pid
 * namespace of our own, so that nothing else happens; by events where the kernel lets us have them, and by polling.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "doorward/watch.h"
#include "dw_collect.h"
#include "dw_sys.h"
#include "dw_test.h"
#include "facade-private.h"

#define FIRST     7000
#define PORTS     4000
#define HEALED_MS 60000 /* however busy the machine is */
#define SPARE     10 /* calls beyond those of a look without faults: what heals makes more of them */

struct scene {
	struct doorward *d;
	pthread_t thread;
	int wake, result;
	struct dw_sys *sys; /* the loop's: touched by its thread alone */
	atomic_bool begun;
	atomic_uint fail_at, calls, asked, answered, notices;
	atomic_bool ends;
	atomic_uchar told[PORTS]; /* of each port, how often it was told as new */
};

static void nap(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&t, NULL);
}

static int take(void *data, long long id, const char *line, const char *json)
{
	struct scene *s = data;
	const char *door = strstr(json, "\"door\":{"),
		   *port = door ? strstr(door, "\"port\":") : NULL;
	unsigned long n = port ? strtoul(port + strlen("\"port\":"), NULL, 10) : 0;

	(void)id;
	(void)line;
	/* others of the machine may have the same numbers in namespaces of theirs */
	if (n >= FIRST && n < FIRST + PORTS && strstr(door, "\"netns\":\"host\"") &&
	    !strstr(json, "\"event\":\"shut\""))
		atomic_fetch_add(&s->told[n - FIRST], 1);
	return 0;
}

/* In the loop's thread. */
static int woken(void *data)
{
	struct scene *s = data;
	eventfd_t n;

	(void)eventfd_read(s->wake, &n);
	atomic_store(&s->calls, dw_sys_calls(s->sys));
	dw_sys_fail_at(s->sys, atomic_load(&s->fail_at), EIO);
	atomic_store(&s->answered, atomic_load(&s->asked));
	return atomic_load(&s->ends);
}

static void watches(void *data, struct dw_sys *sys)
{
	struct scene *s = data;

	s->sys = sys;
	atomic_store(&s->begun, true);
}

static void notice(void *data, const char *text)
{
	struct scene *s = data;

	(void)text;
	atomic_fetch_add(&s->notices, 1);
}

static void *run(void *data)
{
	struct scene *s = data;
	struct doorward_watch_options o = { .size = sizeof(o),
					    .tell = take,
					    .tell_name = "test",
					    .poll_ms = 50,
					    .notice = notice,
					    .wake_fd = s->wake,
					    .woken = woken,
					    .data = s };

	s->result = doorward_watch_run(s->d, &o);
	atomic_store(&s->begun, true);
	return NULL;
}

/* The next fault: 0: none. How many calls there were since the last time. */
static unsigned set_fault(struct scene *s, unsigned n)
{
	unsigned asked = atomic_fetch_add(&s->asked, 1) + 1;

	atomic_store(&s->fail_at, n);
	(void)eventfd_write(s->wake, 1);
	for (unsigned i = 0; i < HEALED_MS && atomic_load(&s->answered) != asked; i++)
		nap(1);
	DW_CHECK_INT(atomic_load(&s->answered), asked);
	return atomic_load(&s->calls);
}

/* Opened by a process of its own, for the watch's own doors are passed over; and waits until it is told. */
static bool open_and_wait(struct scene *s, unsigned n, pid_t *ret_pid)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)(FIRST + n)) };

	*ret_pid = fork();
	if (*ret_pid == 0) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1) < 0)
			_exit(1);
		for (;;)
			(void)pause();
	}
	for (unsigned i = 0; i < HEALED_MS && !atomic_load(&s->told[n]); i++)
		nap(1);
	return atomic_load(&s->told[n]) > 0;
}

static void begin(struct scene *s, const char *state, unsigned rungs)
{
	*s = (struct scene){ .d = doorward_new(), .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	s->d->rungs = rungs;
	s->d->state = strdup(state);
	s->d->hooks.watches = watches;
	s->d->hooks.data = s;
	DW_CHECK_INT(pthread_create(&s->thread, NULL, run, s), 0);
	while (!atomic_load(&s->begun))
		nap(1);
	DW_CHECK_STR(doorward_last_error(s->d), "");
}

static void end(struct scene *s)
{
	atomic_store(&s->ends, true);
	(void)eventfd_write(s->wake, 1);
	(void)pthread_join(s->thread, NULL);
	DW_CHECK_INT(s->result, 0);
	(void)close(s->wake);
	doorward_free(s->d);
}

/* most: of so many calls, spread over all of them; each that takes a whole look takes a second. */
static void fail_each(const char *name, unsigned rungs, unsigned most)
{
	static struct scene s;
	static pid_t pids[PORTS];
	char state[] = "/tmp/torture-watch-XXXXXX";
	unsigned calls, step, wrong = 0, n = 1, twice = 0;

	DW_CHECK(mkdtemp(state) != NULL);
	begin(&s, state, rungs);
	(void)set_fault(&s, 0);
	DW_CHECK(open_and_wait(&s, 0, &pids[0]));
	calls = set_fault(&s, 0);
	DW_CHECK(calls > 0 && calls + SPARE < PORTS - 1);
	step = (calls + SPARE) / most + 1;
	for (; (n - 1) * step < calls + SPARE && wrong < 2; n++) {
		(void)set_fault(&s, 1 + (n - 1) * step);
		if (open_and_wait(&s, n, &pids[n]))
			continue;
		printf("%s: call %u failed, and the door was not told\n", name, 1 + (n - 1) * step);
		wrong++;
	}
	(void)set_fault(&s, 0);
	DW_CHECK(open_and_wait(&s, n, &pids[n]));
	for (unsigned i = 0; i <= n; i++) {
		twice += atomic_load(&s.told[i]) > 1;
		(void)kill(pids[i], SIGKILL);
		(void)waitpid(pids[i], NULL, 0);
	}
	end(&s);
	printf("%s: %u calls failed one by one, %u doors were not told, %u twice\n", name, n - 1,
	       wrong, twice);
	DW_CHECK_INT(wrong, 0);
	DW_CHECK_INT(twice, 0);
}

DW_TEST(the_loop_survives_with_events)
{
	fail_each("events", DW_RUNG_ALL, PORTS);
}

DW_TEST(the_loop_survives_polling)
{
	fail_each("polling", DW_RUNG_NETLINK, 15);
}

int main(void)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS) < 0) {
		printf("needs root: %s\n0 passed, 0 failed\n", strerror(errno));
		return 77;
	}
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("proc", "/proc", "proc", 0, NULL) < 0 ||
		    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
			exit(1);
		exit(dw_test_run());
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
