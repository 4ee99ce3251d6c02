/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "dw_procs.h"
#include "rig.h"

/* What was saved of the process. */
struct file {
	const char *object, *name;
	struct dw_bytes bytes;
};

struct saved {
	struct dw_arena *arena;
	DW_VEC(struct file) v;
	int fail; /* what the next save says */
};

static int save(void *data, const char *object, const char *name, const void *bytes, size_t n,
		struct dw_error *e)
{
	struct saved *s = data;
	char *copy = dw_arena_alloc(s->arena, n + 1);

	if (s->fail)
		return dw_error_set(e, s->fail, "%s of %s cannot be saved", name, object);
	memcpy(copy, bytes, n);
	*dw_vec_add(s->arena, &s->v) = (struct file){
		.object = dw_arena_strdup(s->arena, object),
		.name = dw_arena_strdup(s->arena, name),
		.bytes = { .data = copy, .n = n },
	};
	return 0;
}

static struct dw_bytes saved(const struct saved *s, const char *name)
{
	for (size_t i = 0; i < s->v.n; i++)
		if (dw_streq(s->v.v[i].name, name))
			return s->v.v[i].bytes;
	return (struct dw_bytes){ 0 };
}

struct world {
	struct rig r;
	struct saved saved;
	pid_t pid;
	unsigned port;
};

static const char *truth(void *arg)
{
	const struct world *w = arg;
	char path[64], state = 'Z';
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", w->pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%*d %*s %c", &state) != 1)
		state = 'Z';
	if (f)
		(void)fclose(f);
	return state == 'Z' || state == 'X' ? "gone" : "running";
}

/* A child that listens on loopback; deaf: TERM does nothing to it. */
static void start_child(struct world *w, bool deaf)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0), ready[2];
	char c = 0;

	DW_CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		 listen(fd, 1) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	w->port = ntohs(at.sin_port);
	DW_CHECK_INT(pipe(ready), 0);
	w->pid = fork();
	if (w->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_NAME, "victim)x");
		if (deaf)
			(void)signal(SIGTERM, SIG_IGN);
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	DW_CHECK_INT(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	(void)close(fd);
}

static void name_object(struct world *w)
{
	struct dw_procs *procs = dw_procs_new(w->r.sw.sys, w->r.sw.arena);
	const struct dw_procinfo *p = dw_procs_get(procs, w->pid);

	DW_CHECK(p != NULL);
	w->r.object = dw_arena_printf(w->r.sw.arena, "%d/%llu", w->pid,
				      p ? (unsigned long long)p->started_ticks : 0);
	dw_procs_close(procs);
}

static void open_world(struct world *w, bool deaf)
{
	*w = (struct world){ .r.sw.grace_ms = 60000 };
	rig_open(&w->r, "process", NULL);
	w->saved.arena = w->r.sw.arena;
	w->r.sw.save = save;
	w->r.sw.save_data = &w->saved;
	w->r.truth = truth;
	w->r.arg = w;
	start_child(w, deaf);
	name_object(w);
}

static void close_world(struct world *w)
{
	(void)kill(w->pid, SIGKILL);
	DW_CHECK_INT(waitpid(w->pid, NULL, 0), w->pid);
	rig_close(&w->r);
}

static const struct dw_state running = { .text = "running" }, gone = { .text = "gone" };

DW_TEST(it_is_ended_and_nothing_brings_it_back)
{
	struct world w;

	open_world(&w, false);
	DW_CHECK_STR(rig_state(&w.r).text, "running");
	DW_CHECK(rig_go(&w.r, &running)); /* as it is */
	DW_CHECK(rig_go(&w.r, &gone));
	DW_CHECK(rig_go(&w.r, &gone));
	DW_CHECK_INT(rig_set(&w.r, &gone, &running), -ENOTSUP);
	DW_CHECK_STR(rig_state(&w.r).text, "gone");
	close_world(&w);
}

DW_TEST(what_it_was_is_saved_first)
{
	char self[512] = { 0 };
	const char *line;
	struct world w;

	open_world(&w, false);
	DW_CHECK(rig_go(&w.r, &gone));
	for (size_t i = 0; i < w.saved.v.n; i++)
		DW_CHECK_STR(w.saved.v.v[i].object, w.r.object);
	DW_CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	DW_CHECK_STR(saved(&w.saved, "program").data, self); /* a fork of ours */
	DW_CHECK(saved(&w.saved, "cmdline").n > 0 && saved(&w.saved, "environ").n > 0);
	DW_CHECK(saved(&w.saved, "maps").data && strstr(saved(&w.saved, "maps").data, "r-xp"));
	DW_CHECK(saved(&w.saved, "cgroup").n > 0);
	DW_CHECK(saved(&w.saved, "status").data &&
		 strstr(saved(&w.saved, "status").data, "victim)x"));
	DW_CHECK(saved(&w.saved, "files").data &&
		 strstr(saved(&w.saved, "files").data, " -> socket:["));
	line = dw_arena_printf(w.r.sw.arena, "0100007F:%04X", w.port);
	DW_CHECK(saved(&w.saved, "sockets").data && strstr(saved(&w.saved, "sockets").data, line));
	/* its program is where it was: no copy is needed */
	DW_CHECK(saved(&w.saved, "exe").data == NULL &&
		 saved(&w.saved, "exe.missing").data == NULL);
	close_world(&w);
}

/* A program that no file has any more: its bytes are kept. */
DW_TEST(a_program_in_memory_is_kept)
{
	_cleanup_fd_ int self = open("/bin/sleep", O_RDONLY | O_CLOEXEC);
	char *const argv[] = { (char[]){ "sleep" }, (char[]){ "100" }, NULL };
	struct world w = { .r.sw.grace_ms = 60000 };
	struct dw_bytes program = { 0 }, copy;
	int fd = memfd_create("hidden", MFD_CLOEXEC);

	rig_open(&w.r, "process", NULL);
	w.saved.arena = w.r.sw.arena;
	w.r.sw.save = save;
	w.r.sw.save_data = &w.saved;
	DW_CHECK_INT(dw_fd_read_all(self, DW_FILE_MAX, w.r.sw.arena, &program), 0);
	DW_CHECK_INT(write(fd, program.data, program.n), program.n);
	w.pid = fork();
	if (w.pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)fexecve(fd, argv, environ);
		_exit(127);
	}
	(void)close(fd);
	for (int i = 0; i < 6000; i++) { /* until it is that program */
		char exe[64] = { 0 }, path[64];

		(void)snprintf(path, sizeof(path), "/proc/%d/exe", w.pid);
		if (readlink(path, exe, sizeof(exe) - 1) > 0 && strstr(exe, "hidden"))
			break;
		(void)usleep(10000);
	}
	name_object(&w);
	DW_CHECK(rig_go(&w.r, &gone));
	copy = saved(&w.saved, "exe");
	DW_CHECK(copy.n == program.n && memcmp(copy.data, program.data, copy.n) == 0);
	DW_CHECK(saved(&w.saved, "program").data &&
		 strstr(saved(&w.saved, "program").data, "memfd:hidden"));
	close_world(&w);
}

DW_TEST(it_lives_when_it_cannot_be_saved)
{
	struct world w;

	open_world(&w, false);
	w.saved.fail = -ENOSPC;
	DW_CHECK_INT(rig_set(&w.r, &running, &gone), -ENOSPC);
	DW_CHECK_STR(rig_state(&w.r).text, "running");
	close_world(&w);
}

DW_TEST(one_that_does_not_listen_to_term_is_killed)
{
	struct world w;

	open_world(&w, true);
	w.r.sw.grace_ms = 50;
	DW_CHECK(rig_go(&w.r, &gone));
	close_world(&w);
}

DW_TEST(another_with_its_number_is_left_alone)
{
	struct world w;

	open_world(&w, false);
	w.r.truth = NULL;
	w.r.object = dw_arena_printf(w.r.sw.arena, "%d/1", w.pid);
	DW_CHECK_STR(rig_state(&w.r).text, "gone");
	DW_CHECK(rig_go(&w.r, &gone));
	DW_CHECK_STR(truth(&w), "running");
	close_world(&w);
}

DW_TEST(what_is_no_process_is_refused)
{
	static const char *const bad[] = { "",    "12",   "1/5", "0/5",          "-3/5",
					   "12/", "12/x", "x/1", "99999999999/1" };
	struct dw_state now = { 0 }, odd = { .text = "stopped" };
	struct world w;

	open_world(&w, false);
	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++) {
		w.r.object = bad[i];
		DW_CHECK_INT(w.r.ops->state(&w.r.sw, bad[i], &now, &w.r.e), -EINVAL);
		DW_CHECK_INT(rig_set(&w.r, NULL, &gone), -EINVAL);
	}
	name_object(&w);
	DW_CHECK_INT(rig_set(&w.r, &running, &odd), -EINVAL);
	DW_CHECK_STR(truth(&w), "running");
	close_world(&w);
}

static void again(struct rig *r)
{
	struct world *w = r->arg;

	if (dw_streq(truth(w), "running"))
		return;
	DW_CHECK_INT(waitpid(w->pid, NULL, 0), w->pid);
	start_child(w, false);
	name_object(w);
}

DW_TEST(each_failure_leaves_it_running_or_gone)
{
	struct world w;

	open_world(&w, false);
	DW_CHECK(rig_faults(&w.r, &running, &gone, EIO, again) >= 2);
	DW_CHECK(rig_faults(&w.r, &running, &gone, EPERM, again) >= 2);
	close_world(&w);
}

DW_TEST_MAIN
