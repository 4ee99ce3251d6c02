/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the child found, in places of fixed size, and its way over the channel: fields of a kind, a length and
 * bytes. The child may have been taken over by what it read, so the parent believes nothing of it: unknown kinds,
 * lengths beyond the caps, control characters and unknown protocols make the whole record bad.
 */
#ifndef DW_IDENTIFY_RECORD_H
#define DW_IDENTIFY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dw_arena.h"
#include "dw_error.h"

struct dw_scan_service;

#define DW_RECORD_MAX   20480U /* bytes of one record */
#define DW_NAMES_MAX    64U    /* of a certificate */
#define DW_BANNER_BYTES 256U

struct identify_record {
	char protocol[33];
	char product[81], version[65], extra[161];
	char banner[DW_BANNER_BYTES * 4 + 1]; /* escaped */
	char tls_version[17];
	char certificate[257];
	char names[8193]; /* each with its NUL */
	uint32_t n_names, names_size;
	char title[161], server[129];
	char service[33], by[17];
	uint64_t expires;
	bool tls;
};

enum identify_says {
	DW_SAYS_NOTHING = 0,
	DW_SAYS_AGAIN, /* another connection, please */
	DW_SAYS_DONE,  /* with what was found; no field: it said nothing */
};

/* Adds the name when there is room. */
void dw_record_add_name(struct identify_record *r, const uint8_t *name, size_t n);
/* The first bytes of an answer, other than printable ones as \xNN. */
void dw_record_set_banner(struct identify_record *r, const uint8_t *bytes, size_t n);

/* Bytes that were written, at most max; DW_RECORD_MAX is always enough. */
size_t dw_record_write(uint32_t job, enum identify_says says, const struct identify_record *r,
		       uint8_t *to, size_t max);
/* *ret: in the arena, NULL: nothing was said. -EBADMSG: no child of ours writes that. */
int dw_record_read(const uint8_t *bytes, size_t n, struct dw_arena *a, uint32_t *ret_job,
		   enum identify_says *ret_says, struct dw_scan_service **ret, struct dw_error *e);

#endif
