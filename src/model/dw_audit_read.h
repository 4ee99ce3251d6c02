/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What another host's `doorward audit --json` saw (schema/audit.schema.json), as far as comparing needs it. Pure. */
#ifndef DW_AUDIT_READ_H
#define DW_AUDIT_READ_H

#include "dw_error.h"
#include "dw_model.h"

struct dw_json_value;

/*
 * What a door's document says beyond struct dw_door, as texts: of all its owners together, each once, sorted. NULL: not
 * known, or none. For comparing.
 */
struct dw_audit_more {
	const char *verdict;
	const char *reason; /* text of the one that decided */
	const char *service;
	const char *users, *ids; /* "root, www-data"; "uid 0, euid 33" */
	const char *executables; /* states: "intact", "deleted" ... */
	const char *capabilities, *no_new_privs, *seccomp;
	const char *filtered; /* whom the packet filter lets in */
	const char *probed;   /* state that a scan saw */
	const char *verified; /* the package's file */
};

struct dw_audit_read {
	struct dw_snapshot
		snapshot; /* its arena is the one that was lent; interfaces have made-up numbers */
	const char **services; /* of each door, as the document names it; NULL: not known */
	const char *version;   /* of the doorward that wrote it */
	const struct dw_audit_more *more; /* of each door; dw_audit_read_whole() alone */
};

/* The document is of a scan, of an audit, or of neither. */
enum dw_document { DW_DOCUMENT_OTHER = 0, DW_DOCUMENT_SCAN, DW_DOCUMENT_AUDIT };
enum dw_document dw_document_of(const struct dw_json_value *v);

/*
 * All of it is copied into the arena. Doors of other protocols than TCP, UDP and SCTP are left out, and words that a
 * newer doorward may have are unknown to us, not wrong. name: of the document, for messages. Hostile input: every size
 * is capped. -EBADMSG: it is no such document (the message says where).
 */
int dw_audit_read_value(const struct dw_json_value *v, const char *name, struct dw_arena *a,
			struct dw_audit_read *ret, struct dw_error *e);
/* The same with doors of every protocol, and with what can be compared of them. */
int dw_audit_read_whole(const struct dw_json_value *v, const char *name, struct dw_arena *a,
			struct dw_audit_read *ret, struct dw_error *e);

#endif
