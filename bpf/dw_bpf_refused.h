/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* What bpf/refused.bpf.c counts; the kernel's side and ours agree by this header. */
#ifndef DW_BPF_REFUSED_H
#define DW_BPF_REFUSED_H

#include <linux/types.h>

#define DW_BPF_REFUSED_MAX 4096

struct dw_bpf_refused_key {
	__u16 family;     /* AF_INET, AF_INET6 */
	__u16 port;       /* host order */
	__u8 address[16]; /* network order; IPv4: the first four */
};

struct dw_bpf_refused {
	__u64 times;
	char comm[16];
};

#endif
