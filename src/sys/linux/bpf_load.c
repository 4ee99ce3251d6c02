/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading of the light skeletons, which takes Linux 5.17 and no library: by dw_bpf_loader.h, or by the kernel. */
#include "bpf_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "dw_bpf_fields.h"
#include "dw_bpf_loader.h"
#include "dw_macros.h"

/* Generated, with the habits of its generator. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wwrite-strings"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include <bpf/skel_internal.h>

/* The table of the load that is under way in this thread: a skeleton hands its loader on, and nothing beside it. */
static _Thread_local const uint32_t *known;

/* In place of bpf_load_and_run(), which is for what only the kernel can run. */
static int run_loader(struct bpf_load_and_run_opts *o)
{
	const struct dw_bpf_named names[] = { { "bpf_rdonly_cast", known[DW_K_CAST] },
					      { "bpf_iter_task", known[DW_K_ITER] } };
	const struct dw_bpf_loader l = {
		.context = o->ctx,
		.n_context = o->ctx->sz,
		.data = o->data,
		.n_data = o->data_sz,
		.code = o->insns,
		.n_code = o->insns_sz,
		.names = names,
		.n_names = DW_ARRAY_SIZE(names),
	};
	int r = known[DW_K_ITER] == DW_BPF_ABSENT ? -ENOENT : dw_bpf_loader_run(&l);

	return r == -ENOTSUP || r == -ENOENT ? bpf_load_and_run(o) : r;
}

#define bpf_load_and_run run_loader
#include "doors.digest.h"
#include "doors.lskel.h"
#include "doors_direct.lskel.h"
#undef bpf_load_and_run
#pragma GCC diagnostic pop

/* The skeletons of one program differ in their names alone. */
#define LOADER(name)                                                                               \
	static int load_##name(const uint32_t *at, bool path)                                      \
	{                                                                                          \
		struct name *k = name##__open();                                                   \
		int fd, r;                                                                         \
                                                                                                   \
		if (!k)                                                                            \
			return -ENOMEM;                                                            \
		_Static_assert(sizeof(k->rodata->at) == DW_K_COUNT * sizeof(*at),                  \
			       "one place for each");                                              \
		known = at;                                                                        \
		memcpy(k->rodata->at, at, sizeof(k->rodata->at));                                  \
		k->rodata->want_path = path;                                                       \
		r = name##__load(k);                                                               \
		if (r >= 0) {                                                                      \
			fd = fcntl(k->progs.dw_doors.prog_fd, F_DUPFD_CLOEXEC, 3);                 \
			r = fd < 0 ? -errno : fd;                                                  \
		}                                                                                  \
		name##__destroy(k);                                                                \
		return r;                                                                          \
	}

LOADER(dw_doors)
LOADER(dw_doors_direct)

static bool can_read_by_loads(const uint32_t *at)
{
	return at[DW_K_CAST] != DW_BPF_ABSENT && at[DW_K_WORDS] != DW_BPF_ABSENT;
}

static int load_best(const uint32_t *at, enum dw_bpf_reads how, bool paths)
{
	int r = -ENOTSUP;

	if (how != DW_BPF_READS_CALLS && can_read_by_loads(at))
		r = load_dw_doors_direct(at, paths);
	/* whatever the kernel has against it, it may have nothing against the older one */
	if (r < 0 && how != DW_BPF_READS_LOADS)
		r = load_dw_doors(at, paths);
	/* A kernel that refuses bpf_d_path() in iterators costs us the paths, which /proc tells too, not the rest. */
	if (r < 0 && paths && r != -EPERM && r != -ENOSYS && how != DW_BPF_READS_LOADS)
		r = load_dw_doors(at, false);
	return r;
}

int dw_bpf_load(enum dw_bpf_reads how, bool paths, struct dw_error *e)
{
	uint32_t at[DW_K_COUNT];
	int r = dw_bpf_offsets_find(at, e);

	if (r < 0)
		return r;
	r = load_best(at, how, paths);
	if (r >= 0)
		return r;
	/* what a kernel too old for the loader, or a build of it without BPF, answers varies */
	return dw_error_errno(e, r == -EPERM || r == -EACCES ? -EPERM : -ENOTSUP,
			      "the kernel did not take the BPF program (%d)", r);
}

const char *dw_bpf_digest(void)
{
	return DW_BPF_DOORS_DIGEST;
}
