/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The power gone at every fsync(2): of the journal, of files that are edited, of directories, in a run and in its undo.
 * Before each the whole disk is copied, journal and host. What was written since the fsync before may have reached it
 * or not, each of the two for itself. Afterwards the host is always in one of the two clean states.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "dw_state.h"
#include "dw_str.h"
#include "dw_test.h"
#include "stage.h"

#define POINTS_MAX 200u

/* What was synced. */
enum kind { JOURNAL, FILE_OF_HOST, DIRECTORY_OF_HOST, KINDS };

static struct {
	bool armed;
	unsigned n, of[KINDS];
} points;

static const char *at(unsigned n)
{
	static char path[2][96];
	static unsigned turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof(path[turn]), "%.60s.%u", stage_directory, n);
	return path[turn];
}

/* In a child: closing a file that SQLite has open would drop this process's locks on it (fcntl_locking(2)). */
static void copy_disk(const char *from, const char *to)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		(void)execlp("cp", "cp", "-a", from, to, NULL);
		_exit(127);
	}
	(void)waitpid(child, &status, 0);
	if (status != 0)
		abort();
}

static enum kind kind_of(int fd)
{
	char link[48], path[256] = "", host[96];
	struct stat st;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	(void)snprintf(host, sizeof(host), "%.60s/etc", stage_directory);
	if (readlink(link, path, sizeof(path) - 1) < 0 || fstat(fd, &st) < 0)
		abort();
	if (!dw_starts_with(path, host))
		return JOURNAL;
	return S_ISDIR(st.st_mode) ? DIRECTORY_OF_HOST : FILE_OF_HOST;
}

static void before_sync(int fd)
{
	if (!points.armed)
		return;
	points.armed = false;
	if (points.n == POINTS_MAX)
		abort();
	points.of[kind_of(fd)]++;
	copy_disk(stage_directory, at(points.n++));
	points.armed = true;
}

/* In the place of the C library's, for the program and for SQLite. */
int fsync(int fd)
{
	before_sync(fd);
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	before_sync(fd);
	return (int)syscall(SYS_fdatasync, fd);
}

/* --- the host ------------------------------------------------------------------------------------- */

static FILE *out; /* of the one walk */
static size_t prefix;

static int tell_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char text[512] = "";
	_cleanup_fd_ int fd = S_ISREG(st->st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	fprintf(out, "%06o %s", (unsigned)st->st_mode, path + prefix);
	if (S_ISREG(st->st_mode)) {
		fprintf(out, " %lld.%ld", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
			abort();
	} else if (S_ISLNK(st->st_mode) && readlink(path, text, sizeof(text) - 1) < 0) {
		abort();
	}
	fprintf(out, " %s\n", text);
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* All that stands below etc; to be freed. */
static char *host_text(const char *disk)
{
	struct dirent **names = NULL;
	char etc[112], *text = NULL;
	size_t n = 0;
	int found;

	(void)snprintf(etc, sizeof(etc), "%.90s/etc", disk);
	prefix = strlen(etc);
	out = open_memstream(&text, &n);
	found = scandir(etc, &names, NULL, by_name);
	for (int i = 0; i < found; i++) {
		char path[400];

		(void)snprintf(path, sizeof(path), "%s/%s", etc, names[i]->d_name);
		if (!dw_streq(names[i]->d_name, ".") && !dw_streq(names[i]->d_name, ".."))
			(void)nftw(path, tell_entry, 8, FTW_PHYS);
		free(names[i]);
	}
	free(names);
	(void)fclose(out);
	return text;
}

static bool is(const char *disk, const char *want)
{
	char *now = host_text(disk);
	bool same = strcmp(now, want) == 0;

	if (!same)
		printf("is:\n%swas:\n%s", now, want);
	free(now);
	return same;
}

static void put(const char *name, const char *text, mode_t mode)
{
	static const struct timespec times[2] = { { .tv_sec = 1000 },
						  { .tv_sec = 1234, .tv_nsec = 5678 } };
	char path[112];
	_cleanup_fd_ int fd = -1;

	(void)snprintf(path, sizeof(path), "%.60s/etc/%s", stage_directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    fchmod(fd, mode) < 0 || futimens(fd, times) < 0)
		abort();
}

static void host_new(void)
{
	char path[112];

	stage_directory_new();
	(void)snprintf(path, sizeof(path), "%.60s/etc", stage_directory);
	DW_CHECK_INT(mkdir(path, 0755), 0);
	put("inetd.conf", "# mine\ntelnet stream\nftp stream\n", 0640);
	put("program", "#!/bin/sh\n", 04755);
	put("job", "@reboot root toy\n", 0644);
	(void)snprintf(path, sizeof(path), "%.60s/etc/x.link", stage_directory);
	DW_CHECK_INT(symlink("../x.service", path), 0);
}

/* --- the changes ---------------------------------------------------------------------------------- */

static int notify(struct dw_switch *s, const char *who, struct dw_error *e)
{
	return 0;
}

static void disk_open(struct stage *s, const char *disk)
{
	stage_open(s, disk);
	s->apply.find = dw_switch_find;
	s->apply.notify = notify;
}

static struct dw_step *step(struct stage *s, struct dw_run *run, const char *object)
{
	struct dw_step *t = &run->steps[run->n_steps++].step;

	*t = (struct dw_step){ .phase = DW_PHASE_BOOT, .manager = "file", .object = object };
	DW_CHECK_INT(dw_switch_find("file")->state(&s->sw, object, &t->expect, &s->e), 0);
	return t;
}

/* A line, rights, a file and a link that go, a link and a directory with a file that come. */
static void close_all(struct stage *s)
{
	static char closed[] = "# mine\n#telnet stream\nftp stream\n", unit[] = "[Unit]\n";
	struct dw_run run = { .kind = "close" };
	struct dw_step *t;

	run.steps = dw_arena_array(s->arena, 7, sizeof(*run.steps));
	t = step(s, &run, "/etc/inetd.conf");
	t->want.data = (struct dw_bytes){ closed, strlen(closed) };
	t->want.text = dw_state_file_with(s->arena, t->expect.text, &t->want.data);
	t = step(s, &run, "/etc/program");
	t->want.data = t->expect.data;
	t->want.text = dw_state_file_without(s->arena, t->expect.text, 07777);
	step(s, &run, "/etc/job")->want.text = "absent";
	step(s, &run, "/etc/x.link")->want.text = "absent";
	step(s, &run, "/etc/mask")->want.text = "link /dev/null";
	step(s, &run, "/etc/new")->want.text = "directory 0755 0:0";
	t = step(s, &run, "/etc/new/unit");
	t->want.data = (struct dw_bytes){ unit, strlen(unit) };
	t->want.text = dw_state_file_text(s->arena, 0644, 0, 0, &t->want.data, NULL);
	DW_CHECK_INT(dw_apply_run(&s->apply, &run, &s->e), 0);
	DW_CHECK_INT(dw_apply_finish(&s->apply, &run, true, NULL, &s->e), 0);
}

static enum dw_run_state newest(struct stage *s, int64_t *ret_id)
{
	struct dw_run *runs = NULL;
	size_t n = 0;

	DW_CHECK_INT(dw_store_runs(s->store, s->arena, &runs, &n, &s->e), 0);
	*ret_id = n ? runs[0].id : 0;
	return n ? runs[0].state : DW_RUN_UNKNOWN;
}

static void undo(struct stage *s)
{
	struct dw_run back;
	int64_t id;
	int r;

	(void)newest(s, &id);
	r = dw_apply_undo(&s->apply, id, false, &back, &s->e);
	if (r < 0)
		printf("%s\n", s->e.message);
	DW_CHECK_INT(r, 0);
}

/* --- afterwards ----------------------------------------------------------------------------------- */

/* The journal of one copy beside the host of another. */
static void compose(const char *disk, unsigned journal, unsigned host)
{
	char from[112], to[112], shared[112];
	struct dirent **names = NULL;
	int n;

	copy_disk(at(journal), disk);
	(void)snprintf(to, sizeof(to), "%.90s/etc", disk);
	stage_directory_remove(to);
	(void)snprintf(from, sizeof(from), "%.90s/etc", at(host));
	copy_disk(from, to);
	/* what processes share of the journal, which no disk keeps */
	n = scandir(disk, &names, NULL, NULL);
	for (int i = 0; i < n; i++) {
		(void)snprintf(shared, sizeof(shared), "%.60s/%.40s", disk, names[i]->d_name);
		if (dw_ends_with(names[i]->d_name, "-shm"))
			DW_CHECK_INT(unlink(shared), 0);
		free(names[i]);
	}
	free(names);
}

static bool check_after(const char *disk, const char *first, const char *closed)
{
	int failures = dw_test_failures;
	struct stage s;
	int64_t id;
	int r;

	disk_open(&s, disk);
	r = dw_apply_settle(&s.apply, &s.e);
	if (r < 0)
		printf("%s\n", s.e.message);
	DW_CHECK(r == 0 || r == 1);
	DW_CHECK_INT(dw_apply_settle(&s.apply, &s.e), 0);
	if (newest(&s, &id) == DW_RUN_DONE) {
		DW_CHECK(is(disk, closed));
		undo(&s);
	}
	DW_CHECK(is(disk, first));
	close_all(&s);
	undo(&s);
	DW_CHECK(is(disk, first));
	stage_close(&s);
	return dw_test_failures == failures;
}

static void lose_power(bool of_undo)
{
	char disk[80], *first, *closed;
	struct stage s;

	host_new();
	first = host_text(stage_directory);
	memset(&points, 0, sizeof(points));
	disk_open(&s, stage_directory);
	points.armed = !of_undo;
	close_all(&s);
	closed = host_text(stage_directory);
	points.armed = of_undo;
	if (of_undo)
		undo(&s);
	points.armed = false;
	stage_close(&s);
	copy_disk(stage_directory, at(points.n++));
	printf("%s: the power gone at %u points: %u syncs of the journal, %u of files, %u of "
	       "directories\n",
	       of_undo ? "undo" : "close", points.n, points.of[JOURNAL], points.of[FILE_OF_HOST],
	       points.of[DIRECTORY_OF_HOST]);
	DW_CHECK(points.of[JOURNAL] >= 2 * 7);
	DW_CHECK(points.of[FILE_OF_HOST] >= 3);
	DW_CHECK(points.of[DIRECTORY_OF_HOST] >= 6);
	(void)snprintf(disk, sizeof(disk), "%.60s.x", stage_directory);
	for (unsigned i = 0; i < points.n; i++) {
		for (unsigned late = i > 0 ? 0 : 3; late < 4; late++) {
			compose(disk, late & 1 ? i : i - 1, late & 2 ? i : i - 1);
			if (!check_after(disk, first, closed))
				printf("  behind sync %u, of the last: journal %s, host %s\n", i,
				       late & 1 ? "there" : "lost", late & 2 ? "there" : "lost");
			stage_directory_remove(disk);
		}
	}
	for (unsigned i = 0; i < points.n; i++)
		stage_directory_remove(at(i));
	stage_directory_remove(stage_directory);
	free(first);
	free(closed);
}

DW_TEST(the_power_gone_at_each_sync_of_a_run)
{
	lose_power(false);
}

DW_TEST(the_power_gone_at_each_sync_of_an_undo)
{
	lose_power(true);
}

DW_TEST_MAIN
