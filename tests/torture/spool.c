/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The watch is killed before each call of its store, and each of these calls fails once, while doors open: every door
 * is told, and is told once, to one who can say what he has. In namespaces of our own; by polling, which begins sooner.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "doorward/watch.h"
#include "dw_collect.h"
#include "dw_store_watch.h"
#include "dw_test.h"
#include "facade-private.h"

#define FIRST   7000
#define DOORS   600
#define SOON_MS 60000 /* however busy the machine is */
#define LATER   26    /* calls of one that is ready and tells a door, and some more */
#define BEGIN   60    /* calls of one that begins, */
#define STEP    4     /* of which every fourth is enough: each costs a start, and a second */

static int doors[DOORS];
static unsigned n_doors;
static char state[] = "/tmp/torture-spool-XXXXXX";
static char lines[64];

/* Of the watch that runs, in its process. */
struct scene {
	struct doorward *d;
	int ready, wake;
	unsigned at, calls;
	bool dies, later; /* calls are counted when it is ready, not from the start on */
	bool counts;
	struct dw_watch_store *store;
};

static void nap(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&t, NULL);
}

static char *content(void)
{
	int fd = open(lines, O_RDONLY | O_CLOEXEC);
	struct stat st = { 0 };
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !(text = calloc(1, (size_t)st.st_size + 1)))
		abort();
	n = read(fd, text, (size_t)st.st_size);
	text[n > 0 ? n : 0] = '\0';
	(void)close(fd);
	return text;
}

/* How often a door was told as new. */
static unsigned count(unsigned door)
{
	char port[32], *text = content();
	unsigned n = 0;

	(void)snprintf(port, sizeof(port), "\"port\":%u,", FIRST + door);
	for (char *p = text, *line; (line = strsep(&p, "\n"));)
		n += strstr(line, "\"event\":\"opened\"") && strstr(line, port);
	free(text);
	return n;
}

static int tell(void *data, long long id, const char *line, const char *json)
{
	int fd = open(lines, O_WRONLY | O_APPEND | O_CLOEXEC);
	bool told = fd >= 0 && dprintf(fd, "%s\n", json) > 0;

	(void)data;
	(void)id;
	(void)line;
	(void)close(fd);
	return told ? 0 : -EIO;
}

static int has(void *data, long long id, const char *line, const char *json)
{
	char *text = content();
	int found = strstr(text, json) != NULL;

	(void)data;
	(void)id;
	(void)line;
	free(text);
	return found;
}

static int woken(void *data)
{
	eventfd_t n;

	return eventfd_read(((struct scene *)data)->wake, &n) == 0;
}

static void die(void *data, unsigned n)
{
	struct scene *s = data;

	(void)n;
	if (s->counts && ++s->calls == s->at)
		(void)raise(SIGKILL);
}

static void begin_to_count(struct scene *s)
{
	s->counts = true;
	if (s->dies)
		dw_watch_store_on_call(s->store, die, s);
	else if (s->at)
		dw_watch_store_fail_at(s->store, s->at, EIO);
}

static void spool(void *data, struct dw_watch_store *store)
{
	struct scene *s = data;

	s->store = store;
	if (!s->later)
		begin_to_count(s);
}

static void watches(void *data, struct dw_sys *sys)
{
	struct scene *s = data;

	(void)sys;
	if (s->later)
		begin_to_count(s);
	(void)!write(s->ready, "", 1);
}

static _Noreturn void watch(struct scene *s)
{
	struct doorward_watch_options o = { .size = sizeof(o),
					    .tell = tell,
					    .has = has,
					    .tell_name = "test",
					    .poll_ms = 20,
					    .wake_fd = s->wake,
					    .woken = woken,
					    .data = s };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 0; i < n_doors; i++)
		(void)close(doors[i]);
	s->d = doorward_new();
	s->d->rungs = DW_RUNG_NETLINK;
	s->d->state = strdup(state);
	s->d->hooks.watches = watches;
	s->d->hooks.spool = spool;
	s->d->hooks.data = s;
	_exit(doorward_watch_run(s->d, &o) == 0 ? 0 : 1);
}

static void open_door(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)(FIRST + n_doors)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	DW_CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 1) == 0);
	doors[n_doors++] = fd;
}

static bool has_ended(pid_t pid)
{
	siginfo_t i = { 0 };

	return waitid(P_PID, (id_t)pid, &i, WEXITED | WNOHANG | WNOWAIT) == 0 && i.si_pid == pid;
}

/* One life, in which a door opens. True: it ended before we ended it. */
static bool live(unsigned at, bool dies, bool later)
{
	struct scene s = { .at = at,
			   .dies = dies,
			   .later = later,
			   .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	int ready[2], status;
	char c;
	pid_t pid;
	bool early;

	DW_CHECK_INT(pipe2(ready, O_CLOEXEC), 0);
	s.ready = ready[1];
	pid = fork();
	if (pid == 0)
		watch(&s);
	(void)close(ready[1]);
	(void)!read(ready[0], &c, 1); /* or it ended */
	(void)close(ready[0]);
	open_door();
	for (unsigned i = 0; i < SOON_MS / 5 && !has_ended(pid) && !count(n_doors - 1); i++)
		nap(5);
	/* what it writes behind that */
	for (unsigned i = 0; i < 10 && dies && !has_ended(pid); i++)
		nap(5);
	early = has_ended(pid);
	(void)eventfd_write(s.wake, 1);
	(void)waitpid(pid, &status, 0);
	(void)close(s.wake);
	return early || WIFSIGNALED(status);
}

static void each_call(const char *name, bool dies)
{
	unsigned early = 0, lost = 0, twice = 0;

	(void)snprintf(state, sizeof(state), "/tmp/torture-spool-XXXXXX");
	DW_CHECK(mkdtemp(state) != NULL);
	(void)snprintf(lines, sizeof(lines), "%s/lines", state);
	DW_CHECK_INT(close(open(lines, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	n_doors = 0;
	(void)live(0, false, false);
	for (unsigned at = 1; at < LATER; at++)
		early += live(at, dies, true);
	for (unsigned at = 1; at < BEGIN; at += STEP)
		early += live(at, dies, false);
	DW_CHECK(!live(0, false, false));
	for (unsigned i = 1; i < n_doors; i++) {
		lost += count(i) == 0;
		twice += count(i) > 1;
	}
	for (unsigned i = 0; i < n_doors; i++)
		(void)close(doors[i]);
	printf("%s: %u lives, %u ended early; %u doors were not told, %u twice\n", name, n_doors,
	       early, lost, twice);
	DW_CHECK(early >= 5);
	DW_CHECK_INT(lost, 0);
	DW_CHECK_INT(twice, 0);
}

DW_TEST(killed_before_each_call)
{
	each_call("killed", true);
}

DW_TEST(each_call_fails)
{
	each_call("failed", false);
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
		    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 ||
		    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
			exit(1);
		exit(dw_test_run());
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	/* no search for leaks here: in a pid namespace whose first process ended, it can start no helper */
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
