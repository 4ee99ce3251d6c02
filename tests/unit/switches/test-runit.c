/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* runit's switch against a child that does what runsv(8) does with supervise/: the pipes and the status file. */
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>

#include "rig.h"

enum temper {
	GOOD,
	DEAF, /* its service does not end by TERM */
	DEAD, /* its service does not stay up */
};

struct world {
	struct rig r;
	pid_t runsv;
	size_t size; /* of the status file */
};

static const struct dw_state running = { .text = "running" }, stopped = { .text = "stopped" };

static void write_status(const char *dir, size_t size, uint32_t pid, char wanted)
{
	unsigned char text[64] = { 0 };
	char path[128], fresh[128];
	int fd;

	for (int i = 0; i < 4; i++)
		text[12 + i] = (unsigned char)(pid >> (8 * i));
	text[17] = (unsigned char)wanted;
	text[19] = pid ? 1 : 0;
	(void)snprintf(fresh, sizeof(fresh), "%s/supervise/status.new", dir);
	(void)snprintf(path, sizeof(path), "%s/supervise/status", dir);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, size) != (ssize_t)size || rename(fresh, path) < 0)
		_exit(1);
	(void)close(fd);
}

/* Its pid is made up: whoever is told to stop takes a moment. */
_Noreturn static void supervise(const char *dir, size_t size, int control, enum temper temper)
{
	uint32_t pid = 70000;
	char letter;

	write_status(dir, size, pid, 'u');
	for (;;) {
		struct pollfd p = { .fd = control, .events = POLLIN };

		(void)poll(&p, 1, -1);
		if (read(control, &letter, 1) != 1)
			continue;
		if (letter == 'd')
			write_status(dir, size, pid, 'd');
		(void)usleep(20000);
		if (letter == 'u' && temper != DEAD)
			pid = 70001;
		if (letter == 'k' || (letter == 'd' && temper != DEAF))
			pid = 0;
		write_status(dir, size, pid, letter == 'u' ? 'u' : 'd');
	}
}

static void open_world(struct world *w, size_t size, enum temper temper)
{
	char path[128];
	int control, ok;

	*w = (struct world){ .r.sw.grace_ms = 60000, .size = size };
	rig_put(rig_directory(&w->r), "/supervise/lock", 0600, "");
	(void)snprintf(path, sizeof(path), "%s/supervise/control", w->r.dir);
	DW_CHECK_INT(mkfifo(path, 0600), 0);
	control = open(path, O_RDWR | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "%s/supervise/ok", w->r.dir);
	DW_CHECK_INT(mkfifo(path, 0600), 0);
	ok = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	DW_CHECK(control >= 0 && ok >= 0);
	rig_open(&w->r, "runit", NULL);
	w->r.object = w->r.dir;
	write_status(w->r.dir, size, 70000, 'u');
	w->runsv = fork();
	if (w->runsv == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		supervise(w->r.dir, size, control, temper);
	}
	(void)close(control);
	(void)close(ok);
}

static void end_runsv(struct world *w)
{
	if (w->runsv <= 0)
		return;
	DW_CHECK_INT(kill(w->runsv, SIGKILL), 0);
	DW_CHECK_INT(waitpid(w->runsv, NULL, 0), w->runsv);
	w->runsv = 0;
}

static void close_world(struct world *w)
{
	end_runsv(w);
	rig_close(&w->r);
}

DW_TEST(it_is_told_and_waited_for)
{
	static const size_t sizes[] = { 20, 18 }; /* runit, daemontools */

	for (size_t i = 0; i < DW_ARRAY_SIZE(sizes); i++) {
		struct world w;

		open_world(&w, sizes[i], GOOD);
		DW_CHECK_STR(rig_state(&w.r).text, "running");
		rig_contract(&w.r, &stopped);
		close_world(&w);
	}
}

DW_TEST(what_does_not_end_is_killed)
{
	struct world w;

	open_world(&w, 20, DEAF);
	w.r.sw.grace_ms = 100;
	DW_CHECK(rig_go(&w.r, &stopped));
	close_world(&w);
}

DW_TEST(what_does_not_stay_up_is_told_of)
{
	struct world w;

	open_world(&w, 20, DEAD);
	DW_CHECK(rig_go(&w.r, &stopped));
	w.r.sw.grace_ms = 200;
	DW_CHECK_INT(rig_set(&w.r, &stopped, &running), -ETIMEDOUT);
	DW_CHECK(strstr(w.r.e.message, "does not stay up") != NULL);
	/* runsv will go on trying: it is wanted up */
	DW_CHECK_STR(rig_state(&w.r).text, "running");
	close_world(&w);
}

DW_TEST(without_its_supervisor_nothing_runs)
{
	struct world w;

	open_world(&w, 20, GOOD);
	end_runsv(&w);
	DW_CHECK_STR(rig_state(&w.r).text, "stopped");
	DW_CHECK(rig_go(&w.r, &stopped));
	DW_CHECK_INT(rig_set(&w.r, &stopped, &running), -ENOTSUP);
	w.r.object = "/nonexistent";
	DW_CHECK_STR(rig_state(&w.r).text, "stopped");
	close_world(&w);
}

DW_TEST(what_is_not_runits_is_refused)
{
	struct dw_state now = { 0 }, odd = { .text = "gone" };
	struct world w;

	open_world(&w, 43, GOOD); /* s6 */
	DW_CHECK_INT(w.r.ops->state(&w.r.sw, w.r.object, &now, &w.r.e), -ENOTSUP);
	DW_CHECK_INT(w.r.ops->state(&w.r.sw, "etc/sv/x", &now, &w.r.e), -EINVAL);
	DW_CHECK_INT(rig_set(&w.r, NULL, &odd), -EINVAL);
	close_world(&w);
}

DW_TEST(each_failure_leaves_one_of_the_two)
{
	struct world w;

	open_world(&w, 20, GOOD);
	DW_CHECK(rig_faults(&w.r, &running, &stopped, EIO, NULL) >= 3);
	DW_CHECK(rig_faults(&w.r, &stopped, &running, EIO, NULL) >= 3);
	close_world(&w);
}

DW_TEST_MAIN
