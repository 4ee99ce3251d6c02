/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loader program of a light skeleton (bpftool gen skeleton -L), run by ourselves. It is a BPF program that makes
 * maps, writes numbers of types into the instructions that it carries, and loads them: straight on, by bpf(2) and
 * nothing else. The kernel would first have to verify it and make machine code of it, and to search all of its types
 * for each name; here the numbers are known already (dw_offsets.h).
 */
#ifndef DW_BPF_LOADER_H
#define DW_BPF_LOADER_H

#include <stddef.h>
#include <stdint.h>

/* A function of the kernel and its number among the kernel's own types. */
struct dw_bpf_named {
	const char *name;
	uint32_t id;
};

struct dw_bpf_loader {
	void *context; /* struct bpf_loader_ctx, and the descriptors behind it: filled in where it ends well */
	size_t n_context;
	const void *data; /* what the loader carries; it works on a copy */
	size_t n_data;
	const void *code; /* struct bpf_insn */
	size_t n_code;    /* bytes */
	const struct dw_bpf_named *names;
	size_t n_names;
};

/*
 * 0, or what the loader says went wrong (-errno of bpf(2)); then nothing is left of what it made. -ENOTSUP, too: it
 * does what is not known here; -ENOENT: it asks for a name that is not among those given. The kernel may then run it.
 */
int dw_bpf_loader_run(const struct dw_bpf_loader *l);

#endif
