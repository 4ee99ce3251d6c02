/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The made-up host as it is seen from outside: its text, its doors, its journal. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

#include "dw_str.h"
#include "world.h"

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static FILE *out; /* of the one walk */
static size_t prefix;

static int tell_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char text[2048];
	ssize_t n = 0;

	fprintf(out, "%06o %s", (unsigned)st->st_mode, path + prefix);
	if (S_ISLNK(st->st_mode)) {
		n = readlink(path, text, sizeof(text));
	} else if (S_ISREG(st->st_mode)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		n = read(fd, text, sizeof(text));
		(void)close(fd);
		fprintf(out, " %lld", (long long)st->st_mtim.tv_sec);
	}
	if (n < 0)
		fail(path);
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\n')
			text[i] = '|';
	fprintf(out, " %.*s\n", (int)n, text);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted(char *text)
{
	char *lines[2048], *copy = calloc(1, strlen(text) + 2), *rest = text, *line;
	size_t n = 0, at = 0;

	if (!copy)
		fail("calloc");
	while ((line = strsep(&rest, "\n")) && n < DW_ARRAY_SIZE(lines))
		lines[n++] = line;
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(lines[i]);

		memcpy(copy + at, lines[i], len);
		at += len;
		copy[at++] = '\n';
	}
	free(text);
	return copy;
}

char *world_text(struct world *w)
{
	char root[80], *text = NULL;
	size_t n = 0;

	(void)snprintf(root, sizeof(root), "%s/root", w->dir);
	out = open_memstream(&text, &n);
	if (!out)
		fail("open_memstream");
	prefix = strlen(root);
	if (nftw(root, tell_entry, 16, FTW_PHYS) < 0)
		fail(root);
	for (size_t i = 0; i < w->n; i++)
		if (!w->units[i].made || w->units[i].active)
			fprintf(out, "unit %s %s\n", w->units[i].name,
				w->units[i].active ? "active" : "inactive");
	(void)fclose(out);
	return sorted(text);
}

static struct world_plan plan_of(struct world *w, const char *const *doors, bool narrow)
{
	struct doorward_plan_options o = { .size = sizeof(o),
					   .doors = doors,
					   .restrict_only = narrow };
	struct world_plan p = { 0 };
	int r;

	w->looks = 1000; /* no audit of a change */
	while (doors[o.n_doors])
		o.n_doors++;
	r = doorward_audit_run(w->d, &p.audit);
	if (r == 0)
		r = doorward_plan_make(w->d, p.audit, &o, &p.plan);
	if (r < 0) {
		printf("no plan: %s\n", doorward_last_error(w->d));
		exit(1);
	}
	return p;
}

struct world_plan world_plan(struct world *w, const char *const *doors)
{
	return plan_of(w, doors, false);
}

struct world_plan world_plan_narrow(struct world *w, const char *const *doors)
{
	return plan_of(w, doors, true);
}

void world_plan_free(struct world_plan *p)
{
	doorward_plan_free(p->plan);
	doorward_audit_free(p->audit);
}

bool world_sees(struct world *w, unsigned port)
{
	struct doorward_audit *a = NULL;
	char path[64], want[16];
	bool found = false;

	w->looks = 1000;
	(void)snprintf(want, sizeof(want), "%u", port);
	if (doorward_audit_run(w->d, &a) < 0)
		fail(doorward_last_error(w->d));
	for (size_t i = 0; a && i < doorward_audit_count(a, "doors"); i++) {
		(void)snprintf(path, sizeof(path), "doors.%zu.port", i);
		found |= dw_streq0(doorward_audit_get(a, path), want);
	}
	doorward_audit_free(a);
	return found;
}

const char *world_run(struct world *w, long long run)
{
	static char state[32];
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_(dw_cleanup_store) struct dw_store *s = NULL;
	struct dw_run loaded = { 0 };

	(void)snprintf(state, sizeof(state), "%s", "");
	if (dw_store_open(w->state, false, &s, NULL) == 0 &&
	    dw_store_load(s, run, a, &loaded, NULL) == 0)
		(void)snprintf(state, sizeof(state), "%s", dw_run_state_name(loaded.state));
	return state;
}
