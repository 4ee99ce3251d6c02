/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading of the light skeletons: the kernel itself fits them to its structs (5.17 and later). */
#include "bpf_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Generated, with the habits of its generator. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wwrite-strings"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "tables.digest.h"
#include "tables.lskel.h"
#include "tasks.digest.h"
#include "tasks.lskel.h"
#pragma GCC diagnostic pop

static int load_tasks_with(bool path)
{
	struct dw_tasks *k = dw_tasks__open();
	int fd, r;

	if (!k)
		return -ENOMEM;
	k->rodata->want_path = path;
	r = dw_tasks__load(k);
	if (r >= 0) {
		fd = fcntl(k->progs.dw_tasks.prog_fd, F_DUPFD_CLOEXEC, 3);
		r = fd < 0 ? -errno : fd;
	}
	dw_tasks__destroy(k);
	return r;
}

/* A kernel that refuses bpf_d_path() in iterators costs us the paths, which /proc tells too, not the rest. */
static int load_tasks(void)
{
	int r = load_tasks_with(true);

	return r < 0 && r != -EPERM && r != -ENOSYS ? load_tasks_with(false) : r;
}

static int load_tables(void)
{
	struct dw_tables *k = dw_tables__open();
	int fd, r;

	if (!k)
		return -ENOMEM;
	r = dw_tables__load(k);
	if (r >= 0) {
		fd = fcntl(k->progs.dw_tables.prog_fd, F_DUPFD_CLOEXEC, 3);
		r = fd < 0 ? -errno : fd;
	}
	dw_tables__destroy(k);
	return r;
}

static const struct {
	const char *name, *digest;
	int (*load)(void);
} programs[DW_BPF_PROGRAM_COUNT] = {
	[DW_BPF_PROGRAM_TASKS] = { "tasks", DW_BPF_TASKS_DIGEST, load_tasks },
	[DW_BPF_PROGRAM_TABLES] = { "tables", DW_BPF_TABLES_DIGEST, load_tables },
};

int dw_bpf_load(enum dw_bpf_program which, struct dw_error *e)
{
	int r = programs[which].load();

	if (r >= 0)
		return r;
	/* what a kernel too old for the loader, or a build of it without BPF, answers varies */
	return dw_error_errno(e, r == -EPERM || r == -EACCES ? -EPERM : -ENOTSUP,
			      "the kernel did not take the BPF program \"%s\" (%d)",
			      programs[which].name, r);
}

const char *dw_bpf_digest(enum dw_bpf_program which)
{
	return programs[which].digest;
}

const char *dw_bpf_program_name(enum dw_bpf_program which)
{
	return programs[which].name;
}
