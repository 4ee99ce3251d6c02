/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "dw_netlink.h"
#include "dw_procs.h"
#include "dw_spawn.h"
#include "dw_str.h"
#include "dw_sys.h"
#include "dw_test.h"

/* A root of its own under /tmp, removed at the end. */
struct tree {
	char dir[64];
	struct dw_sys *sys;
	struct dw_arena *arena;
};

static void put(struct tree *t, const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", t->dir, path);
	f = fopen(full, "w");
	DW_CHECK(f != NULL);
	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

static void link_to(struct tree *t, const char *target, const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", t->dir, path);
	DW_CHECK_INT(symlink(target, full), 0);
}

static void make_dir(struct tree *t, const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", t->dir, path);
	DW_CHECK_INT(mkdir(full, 0755), 0);
}

static struct tree tree_new(void)
{
	struct tree t = { .dir = "/tmp/dw-test-XXXXXX" };

	DW_CHECK(mkdtemp(t.dir) != NULL);
	make_dir(&t, "etc");
	make_dir(&t, "usr");
	make_dir(&t, "usr/bin");
	link_to(&t, "usr/bin", "bin");
	t.arena = dw_arena_new();
	DW_CHECK_INT(dw_sys_open(t.dir, &t.sys, NULL), 0);
	return t;
}

static void tree_free(struct tree *t)
{
	const char *const argv[] = { "/usr/bin/rm", "-r", "--", t->dir, NULL };
	struct dw_spawn rm = { .argv = argv, .timeout_ms = 60000, .output_max = 4096 };
	struct dw_sys *live = NULL;
	struct dw_bytes out;
	int status = 1;

	dw_sys_free(t->sys);
	DW_CHECK_INT(dw_sys_open(NULL, &live, NULL), 0);
	DW_CHECK_INT(dw_spawn_run(live, &rm, t->arena, &out, &status, NULL), 0);
	DW_CHECK_INT(status, 0);
	dw_sys_free(live);
	dw_arena_free(t->arena);
}

DW_TEST(no_link_leads_out_of_the_root)
{
	struct tree t = tree_new();
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };
	char *path = NULL;

	put(&t, "etc/real", "inside\n");
	link_to(&t, "/etc/real", "etc/absolute");
	link_to(&t, "../../../../../../../../etc/real", "etc/dots");
	link_to(&t, "/proc/self/root/etc/passwd", "etc/magic");
	link_to(&t, "loop", "etc/loop");
	DW_CHECK_INT(dw_sys_file_read(t.sys, "/etc/absolute", 100, t.arena, &text, &e), 0);
	DW_CHECK_STR(text.data, "inside\n");
	DW_CHECK_INT(dw_sys_file_read(t.sys, "/etc/dots", 100, t.arena, &text, &e), 0);
	DW_CHECK_STR(text.data, "inside\n");
	DW_CHECK_INT(dw_sys_file_read(t.sys, "/etc/magic", 100, t.arena, &text, &e), -ENOENT);
	DW_CHECK_INT(dw_sys_file_read(t.sys, "/etc/loop", 100, t.arena, &text, &e), -ELOOP);
	DW_CHECK_INT(dw_sys_file_read(t.sys, "/etc/real", 3, t.arena, &text, &e), -EFBIG);
	DW_CHECK_INT(dw_sys_file_read(t.sys, "/etc", 100, t.arena, &text, &e), -EISDIR);
	DW_CHECK(strstr(e.message, "/etc") != NULL);
	DW_CHECK_INT(dw_sys_file_real(t.sys, "/bin/../../etc/absolute", t.arena, &path, &e), 0);
	DW_CHECK(path && dw_ends_with(path, "/etc/real"));
	DW_CHECK_INT(dw_sys_file_readlink(t.sys, "/etc/absolute", t.arena, &path, &e), 0);
	DW_CHECK_STR(path, "/etc/real");
	DW_CHECK_INT(dw_sys_file_readlink(t.sys, "/etc/real", t.arena, &path, &e), -EINVAL);
	tree_free(&t);
}

DW_TEST(a_path_is_resolved_through_usrmerge_within_the_root)
{
	struct tree t = tree_new();
	char *path = NULL;

	put(&t, "usr/bin/prog", "x");
	DW_CHECK_INT(dw_sys_file_real(t.sys, "/bin/prog", t.arena, &path, NULL), 0);
	DW_CHECK_STR(path, "/usr/bin/prog");
	tree_free(&t);
}

DW_TEST(directories_are_listed_in_order)
{
	struct tree t = tree_new();
	struct dw_strings names = { 0 };

	put(&t, "etc/b", "");
	put(&t, "etc/a", "");
	put(&t, "etc/.hidden", "");
	DW_CHECK_INT(dw_sys_dir_list(t.sys, "/etc", t.arena, &names, NULL), 0);
	DW_CHECK_INT(names.n, 3);
	DW_CHECK_STR(names.v[0], ".hidden");
	DW_CHECK_STR(names.v[2], "b");
	DW_CHECK_INT(dw_sys_dir_list(t.sys, "/none", t.arena, &names, NULL), -ENOENT);
	tree_free(&t);
}

/* "3 5 " */
static void add_line(void *arg, unsigned line, const char *why)
{
	char *text = arg;
	size_t n = strlen(text);

	DW_CHECK(*why != '\0');
	snprintf(text + n, 64 - n, "%u ", line);
}

DW_TEST(bad_users_are_told)
{
	struct tree t = tree_new();
	char told[64] = "";

	put(&t, "etc/passwd",
	    "root:x:0:0:root:/root:/bin/sh\nredis:x:NaN:5::/:/bin/sh\n\n# comment\n+::::::\n"
	    "-pat\nno account\n:x:7:7::/:/bin/sh\nshort:x:8\nbig:x:4294967296:1::/:\n"
	    "pat:x:1000:1000::/:/bin/sh");
	DW_CHECK_STR(dw_sys_user_name(t.sys, 1000), "pat");
	dw_sys_users_bad(t.sys, add_line, told);
	DW_CHECK_STR(told, "2 7 8 9 10 ");
	DW_CHECK_STR(dw_sys_user_name(t.sys, 0), "root");
	tree_free(&t);
}

DW_TEST(users_and_services_come_from_the_roots_own_files)
{
	struct tree t = tree_new();
	uint16_t port = 0;
	uint32_t uid = 0;

	put(&t, "etc/passwd",
	    "broken\n:x:9:9\nroot:x:0:0:root:/root:/bin/sh\nbad:x:-4:1\npat:x:1000:1000::/:/bin/"
	    "sh");
	put(&t, "etc/services",
	    "# comment\ntelnet 23/tcp\nfinger 79/tcp fingered # old\nbad 99999/tcp\ntalk "
	    "517/udp\n");
	DW_CHECK_STR(dw_sys_user_name(t.sys, 1000), "pat");
	DW_CHECK_STR(dw_sys_user_name(t.sys, 5), NULL);
	DW_CHECK(dw_sys_user_id(t.sys, "pat", &uid) && uid == 1000);
	DW_CHECK(!dw_sys_user_id(t.sys, "bad", &uid));
	DW_CHECK(dw_sys_service_port(t.sys, "fingered", "tcp", &port) && port == 79);
	DW_CHECK(!dw_sys_service_port(t.sys, "talk", "tcp", &port));
	DW_CHECK(!dw_sys_service_port(t.sys, "bad", "tcp", &port));
	tree_free(&t);
}

DW_TEST(the_nth_call_fails_when_told_to)
{
	struct tree t = tree_new();
	struct dw_bytes text = { 0 };

	put(&t, "etc/x", "1");
	dw_sys_fail_at(t.sys, 2, EIO);
	DW_CHECK_INT(dw_sys_file_read(t.sys, "/etc/x", 9, t.arena, &text, NULL), -EIO);
	DW_CHECK_INT(dw_sys_file_read(t.sys, "/etc/x", 9, t.arena, &text, NULL), 0);
	DW_CHECK_INT(dw_sys_calls(t.sys), 4);
	tree_free(&t);
}

/* A child with a hostile name and command line that waits to be ended. */
static pid_t hostile_child(void)
{
	int ready[2];
	char c = 0;
	pid_t pid;

	DW_CHECK_INT(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, ") 1 R (x\n\xff");
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	DW_CHECK_INT(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

DW_TEST(a_process_is_read_whatever_its_name)
{
	struct dw_arena *a = dw_arena_new();
	const struct dw_procinfo *i, *self;
	struct dw_sys *s = NULL;
	struct dw_procs *p;
	pid_t child = hostile_child();

	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	p = dw_procs_new(s, a);
	i = dw_procs_get(p, child);
	DW_CHECK(i != NULL);
	if (i) {
		DW_CHECK_STR(i->comm, ") 1 R (x\n\xff");
		DW_CHECK_INT(i->ppid, getpid());
		DW_CHECK_INT(i->exe_state, DW_PROC_EXE_INTACT);
		DW_CHECK(i->started_ticks > 0 && i->started > 0);
		DW_CHECK(i->started <= dw_sys_now(s) && i->started + 60 > dw_sys_now(s));
		DW_CHECK_INT(i->uid, getuid());
		DW_CHECK(i->netns == dw_netns_self(s) && i->netns != 0);
		DW_CHECK(strstr(i->exe, "test-sys") != NULL);
	}
	self = dw_procs_get(p, getpid());
	DW_CHECK(self && self->argc >= 1);
	if (self)
		DW_CHECK_STR(dw_procs_env(p, self, "PATH"), getenv("PATH"));
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	DW_CHECK(dw_procs_get(p, child) == i); /* kept */
	DW_CHECK(dw_procs_get(p, 0x3ffffff) == NULL);
	dw_procs_close(p);
	dw_sys_free(s);
	dw_arena_free(a);
}

static struct dw_procinfo complete(struct dw_procs *p, const struct dw_procinfo *of, uint64_t ino,
				   bool younger)
{
	struct dw_procinfo i = { .pid = of->pid, .exe_dev = of->exe_dev, .exe_ino = ino };
	uint64_t tick = 1000000000U / (uint64_t)sysconf(_SC_CLK_TCK);

	i.started_ns = (of->started_ticks + (younger ? 10 : 0)) * tick + tick / 2;
	dw_procs_complete(p, &i, DW_PROCS_EXE, NULL);
	return i;
}

/* The program was seen some time before its path is asked for. */
DW_TEST(a_path_is_that_of_the_process_that_was_seen)
{
	struct tree t = tree_new();
	struct dw_sys *live = NULL;
	const struct dw_procinfo *self;
	struct dw_procs *procs;

	DW_CHECK_INT(dw_sys_open(NULL, &live, NULL), 0);
	procs = dw_procs_new(live, t.arena);
	self = dw_procs_get(procs, getpid());
	DW_CHECK(self && self->exe_ino > 0);
	if (self) {
		struct dw_procinfo same = complete(procs, self, self->exe_ino, false);
		struct dw_procinfo execed = complete(procs, self, self->exe_ino + 1, false);
		struct dw_procinfo taken = complete(procs, self, self->exe_ino + 1, true);

		DW_CHECK_STR(same.exe, self->exe);
		DW_CHECK(same.exe_ino == self->exe_ino);
		/* another program since, or a file system that tells stat(2) other numbers: those of the path */
		DW_CHECK_STR(execed.exe, self->exe);
		DW_CHECK_INT(execed.exe_state, DW_PROC_EXE_INTACT);
		DW_CHECK(execed.exe_ino == self->exe_ino && execed.exe_dev == self->exe_dev);
		/* another process has its number now */
		DW_CHECK(taken.exe == NULL);
		DW_CHECK_INT(taken.exe_state, DW_PROC_EXE_UNKNOWN);
		DW_CHECK(taken.exe_ino == self->exe_ino + 1);
	}
	dw_procs_close(procs);
	dw_sys_free(live);
	tree_free(&t);
}

static int count(const struct nlmsghdr *m, void *arg)
{
	++*(int *)arg;
	return 0;
}

static void *go_on(void *arg)
{
	for (;;)
		(void)pause();
	return arg;
}

static void end_first_thread(void)
{
	pthread_t other;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pthread_create(&other, NULL, go_on, NULL) != 0)
		_exit(1);
	(void)syscall(SYS_exit, 0); /* this thread alone */
}

/* Its own link leads nowhere then; who asks for its threads' finds the program. */
DW_TEST(a_process_whose_first_thread_has_ended_has_its_program)
{
	struct tree t = tree_new();
	char path[64], target[4096];
	pid_t pid = fork();
	struct dw_procs *procs;
	struct dw_sys *live = NULL;
	const struct dw_procinfo *self, *i;
	int status = 0;

	if (pid == 0)
		end_first_thread();
	DW_CHECK(pid > 0);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	/* until it is so; a child that fails is gone, and the link with it, when it was waited for */
	while (readlink(path, target, sizeof(target)) > 0)
		(void)usleep(1000);
	DW_CHECK_INT(waitpid(pid, &status, WNOHANG), 0);
	DW_CHECK_INT(dw_sys_open(NULL, &live, NULL), 0);
	procs = dw_procs_new(live, t.arena);
	self = dw_procs_get(procs, getpid());
	i = dw_procs_get(procs, pid);
	DW_CHECK(self && i);
	if (self && i) {
		DW_CHECK_INT(i->exe_state, DW_PROC_EXE_INTACT);
		DW_CHECK_STR(i->exe, self->exe);
		DW_CHECK(i->exe_ino == self->exe_ino && i->exe_dev == self->exe_dev);
	}
	dw_procs_close(procs);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	dw_sys_free(live);
	tree_free(&t);
}

DW_TEST(netlink_answers_and_errors_come_back)
{
	struct {
		struct nlmsghdr h;
		struct rtgenmsg g;
	} request = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
			     .nlmsg_type = RTM_GETLINK,
			     .nlmsg_flags = NLM_F_DUMP } };
	struct dw_error e = { 0 };
	struct dw_sys *s = NULL;
	int links = 0;

	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	DW_CHECK_INT(
		dw_netlink_request(s, NULL, NETLINK_ROUTE, &request.h, count, NULL, &links, &e), 0);
	DW_CHECK(links >= 1);
	request.h.nlmsg_type = 0x7ff0;
	request.h.nlmsg_flags = NLM_F_ACK;
	DW_CHECK(dw_netlink_request(s, NULL, NETLINK_ROUTE, &request.h, count, NULL, &links, &e) <
		 0);
	DW_CHECK(e.message[0] != '\0');
	dw_sys_free(s);
}

DW_TEST(a_spawned_program_is_bounded_in_time_and_output)
{
	static const char *const
		loud[] = { "/usr/bin/yes", NULL },
		*const slow[] = { "/usr/bin/sleep", "60", NULL },
		*const none[] = { "/nonexistent", NULL }, *const env[] = { "/usr/bin/env", NULL },
		*const much[] = { "/usr/bin/head", "-c", "100000", "/dev/zero", NULL };
	struct dw_arena *a = dw_arena_new();
	struct dw_spawn w = { .argv = loud, .timeout_ms = 60000, .output_max = 1000 };
	struct dw_bytes out = { 0 };
	struct dw_sys *s = NULL;
	int status = -1;

	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	DW_CHECK_INT(dw_spawn_run(s, &w, a, &out, &status, NULL), -EFBIG);
	w = (struct dw_spawn){ .argv = slow, .timeout_ms = 50, .output_max = 1000 };
	DW_CHECK_INT(dw_spawn_run(s, &w, a, &out, &status, NULL), -ETIMEDOUT);
	w = (struct dw_spawn){ .argv = none, .output_max = 1000 };
	DW_CHECK_INT(dw_spawn_run(s, &w, a, &out, &status, NULL), -ENOENT);
	w = (struct dw_spawn){ .argv = much, .timeout_ms = 60000, .mute = true };
	DW_CHECK_INT(dw_spawn_run(s, &w, a, &out, &status, NULL), 0);
	DW_CHECK_INT(status, 0);
	DW_CHECK_INT(out.n, 0);
	w = (struct dw_spawn){ .argv = env, .output_max = 1000 };
	DW_CHECK_INT(dw_spawn_run(s, &w, a, &out, &status, NULL), 0);
	DW_CHECK_INT(status, 0);
	DW_CHECK_STR(out.data, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n");
	dw_sys_free(s);
	dw_arena_free(a);
}

/* As init scripts do: the daemon keeps the descriptors of the script, and writes to them when nobody reads any more. */
DW_TEST(a_daemon_that_a_program_leaves_behind_is_not_waited_for)
{
	static const char *const leaves[] = {
		"/bin/sh", "-c", "(sleep 0.2; /bin/echo later; exec sleep 61) & echo $!; exit 3",
		NULL
	};
	static const char *const reopens[] = { "/bin/sh", "-c", "echo $A > /dev/stderr; pwd",
					       NULL };
	static const char *const environment[] = { "A=b", NULL };
	struct dw_spawn w = { .argv = leaves, .timeout_ms = 60000, .output_max = 1000 };
	struct dw_arena *a = dw_arena_new();
	struct dw_bytes out = { 0 };
	struct dw_error e = { 0 };
	struct dw_sys *s = NULL;
	int status = -1;
	long pid;

	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	DW_CHECK_INT(dw_spawn_run(s, &w, a, &out, &status, &e), 0);
	DW_CHECK_INT(status, 3);
	pid = out.data ? strtol(out.data, NULL, 10) : 0;
	(void)usleep(600000);
	DW_CHECK(pid > 1 && getpgid((pid_t)pid) > 1 && kill(-getpgid((pid_t)pid), SIGKILL) == 0);
	w.argv = reopens;
	w.environment = environment;
	DW_CHECK_INT(dw_spawn_run(s, &w, a, &out, &status, &e), 0);
	DW_CHECK_INT(status, 0);
	DW_CHECK_STR(out.data, "b\n/\n");
	dw_sys_free(s);
	dw_arena_free(a);
}

DW_TEST_MAIN
