/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the parts of compile-probes. */
#ifndef DW_KNOWLEDGE_PROBES_H
#define DW_KNOWLEDGE_PROBES_H

#include <stdio.h>

#include "dw_parse.h"
#include "dw_probes.h"
#include "dw_vec.h"
#include "tree.h"

/* A protocol with all that belongs to it; protocol numbers of asks and matches are set when it is written. */
struct probes_entry {
	struct dw_probe_protocol p;
	DW_VEC(uint16_t) tcp, udp, tls;
	DW_VEC(struct dw_probe_ask) asks;
	DW_VEC(struct dw_probe_match) matches;
	DW_VEC(struct dw_probe_line) starttls;
};

struct probes_made {
	struct dw_arena *arena;
	DW_VEC(struct probes_entry) entries;
	const char *file;
	unsigned complaints;
};

/* Adds what the file holds; complaints are printed and counted. */
void probes_read_file(struct probes_made *m, const char *name, const struct dw_bytes *bytes);
/* "00 ff 00*8 'text'" or, of a text, C escapes: false when it is none. */
bool probes_read_hex(struct dw_arena *a, const char *s, struct dw_bytes *ret);
bool probes_read_text(struct dw_arena *a, const char *s, struct dw_bytes *ret);
void probes_complain(struct probes_made *m, unsigned line, const char *fmt, ...)
	dw_printf_like(3, 4);
/* Sorts by id, and writes the C file. */
void probes_write(FILE *out, struct probes_made *m);

#endif
