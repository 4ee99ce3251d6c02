/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the members of the kernel's structs lie (dw_bpf_fields.h), and the table of them that is kept between runs. */
#ifndef DW_OFFSETS_H
#define DW_OFFSETS_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_error.h"

#define DW_BPF_MODULES     6U
#define DW_BPF_OFFSETS_DIR "/var/cache/doorward"

struct dw_bpf_notes {
	uint64_t n;
	unsigned char bytes[504];
};

/* What a table holds for. Compared byte by byte: there is no padding in it. */
struct dw_bpf_kernel {
	char magic[16], digest[32];
	uint64_t fields, modules;
	struct dw_bpf_notes
		notes[DW_BPF_MODULES + 1]; /* of the kernel, and of each module that is loaded */
};

/* Where each of DW_K_COUNT members lies, from the kernel's types. -ENOTSUP: it does not show it, or has it not. */
int dw_bpf_fields_find(uint32_t *at, struct dw_error *e);
/* The same, from the last run's table where that holds. */
int dw_bpf_offsets_find(uint32_t *at, struct dw_error *e);

/* The parts of that. -ENOTSUP: the kernel, or a module, does not say which build it is. */
int dw_bpf_kernel_of(struct dw_bpf_kernel *ret);
bool dw_bpf_offsets_read(const char *directory, const struct dw_bpf_kernel *kernel, uint32_t *at);
void dw_bpf_offsets_write(const char *directory, const struct dw_bpf_kernel *kernel,
			  const uint32_t *at);

#endif
