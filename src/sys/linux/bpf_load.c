/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading of the light skeleton, which needs no library but a kernel of 5.17 or later. */
#include "bpf_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "dw_bpf_fields.h"

/* Generated, with the habits of its generator. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wwrite-strings"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "doors.digest.h"
#include "doors.lskel.h"
#pragma GCC diagnostic pop

static int load_with(const uint32_t *at, bool path)
{
	struct dw_doors *k = dw_doors__open();
	int fd, r;

	if (!k)
		return -ENOMEM;
	_Static_assert(sizeof(k->rodata->at) == DW_K_COUNT * sizeof(*at), "one place for each");
	memcpy(k->rodata->at, at, sizeof(k->rodata->at));
	k->rodata->want_path = path;
	r = dw_doors__load(k);
	if (r >= 0) {
		fd = fcntl(k->progs.dw_doors.prog_fd, F_DUPFD_CLOEXEC, 3);
		r = fd < 0 ? -errno : fd;
	}
	dw_doors__destroy(k);
	return r;
}

int dw_bpf_load(struct dw_error *e)
{
	uint32_t at[DW_K_COUNT];
	int r = dw_bpf_offsets_find(at, e);

	if (r < 0)
		return r;
	r = load_with(at, true);
	/* A kernel that refuses bpf_d_path() in iterators costs us the paths, which /proc tells too, not the rest. */
	if (r < 0 && r != -EPERM && r != -ENOSYS)
		r = load_with(at, false);
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
