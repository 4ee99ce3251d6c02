/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"

char stage_directory[64];

void stage_directory_new(void)
{
	/* in memory where that can be: what is tested is the order of things, not the disk's patience */
	(void)snprintf(stage_directory, sizeof(stage_directory), "%s/dw-apply-XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(stage_directory))
		exit(1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	return remove(path);
}

void stage_directory_remove(const char *directory)
{
	(void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void copy_file(const char *from, const char *to, const char *name)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_fd_ int in = open(dw_arena_printf(a, "%s/%s", from, name), O_RDONLY);
	_cleanup_fd_ int out =
		open(dw_arena_printf(a, "%s/%s", to, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct dw_bytes b;

	if (in < 0 || out < 0 || dw_fd_read_all(in, (size_t)1 << 28, a, &b) < 0 ||
	    write(out, b.data, b.n) != (ssize_t)b.n)
		abort();
}

void stage_copy(const char *from, const char *to)
{
	DIR *d = opendir(from);
	const struct dirent *entry;

	if (!d || mkdir(to, 0700) < 0)
		abort();
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.' && !dw_ends_with(entry->d_name, "-shm"))
			copy_file(from, to, entry->d_name);
	(void)closedir(d);
}

void stage_open(struct stage *s, const char *directory)
{
	memset(s, 0, sizeof(*s));
	s->arena = dw_arena_new();
	if (dw_sys_open(directory, &s->sys, &s->e) < 0 ||
	    dw_store_open(directory, true, &s->store, &s->e) < 0 ||
	    dw_store_lock(s->store, "doorward close", &s->e) < 0) {
		printf("%s\n", s->e.message);
		exit(1);
	}
	s->sw = (struct dw_switch){ .sys = s->sys, .arena = s->arena };
	s->apply = (struct dw_apply){
		.sw = &s->sw, .store = s->store, .find = world_find, .notify = world_notify
	};
}

void stage_close(struct stage *s)
{
	dw_store_free(s->store);
	dw_sys_free(s->sys);
	dw_arena_free(s->arena);
}

enum dw_run_state stage_state(struct stage *s, int64_t id)
{
	struct dw_run run = { 0 };

	return dw_store_load(s->store, id, s->arena, &run, &s->e) < 0 ? DW_RUN_UNKNOWN : run.state;
}
