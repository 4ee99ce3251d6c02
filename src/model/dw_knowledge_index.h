/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which services a program, a package, a unit, a subsystem of the kernel, a command line or a port speaks for.
 * Made once for an audit; it and all lists borrow the knowledge. A lookup of something NULL finds nothing.
 */
#ifndef DW_KNOWLEDGE_INDEX_H
#define DW_KNOWLEDGE_INDEX_H

#include "dw_arena.h"
#include "dw_knowledge.h"

struct dw_knowledge_index;

/*
 * In the order of their names, but for commands and ports (see there); none twice, as long as no list of an
 * entry has a name twice.
 */
struct dw_services {
	const struct dw_service *const *v;
	size_t n;
};

/* Lies in the arena, which the lookups use for longer lists too. k NULL: nothing is known. */
const struct dw_knowledge_index *dw_knowledge_index_new(struct dw_arena *a, const struct dw_knowledge *k);
/* The same for another thread: what its answers need comes from that one's arena. */
const struct dw_knowledge_index *dw_knowledge_index_share(struct dw_arena *a,
							  const struct dw_knowledge_index *x);

/* File name of an executable or script. The exact name, else the longest beginning (NAME*) that fits. */
struct dw_services dw_index_program(const struct dw_knowledge_index *x, const char *file_name);
struct dw_services dw_index_package(const struct dw_knowledge_index *x, const char *name);
/*
 * A systemd unit or SysV script. The exact name; else X@.service for X@anything.service; else, for a script (no
 * suffix), the service unit of the same name, which on most distributions starts the same.
 */
struct dw_services dw_index_unit(const struct dw_knowledge_index *x, const char *name);
struct dw_services dw_index_kernel(const struct dw_knowledge_index *x, const char *subsystem);
/* By pieces of a command line, the longest piece first. Looks for every piece: for what an interpreter runs alone. */
struct dw_services dw_index_command(const struct dw_knowledge_index *x, const char *command);
/* Standard ports; those whose entry names the port before those that name a range with it. */
struct dw_services dw_index_port(const struct dw_knowledge_index *x, enum dw_protocol protocol, uint32_t port);
/* The standard port of the service that this is, NULL when it is none. */
const struct dw_service_port *dw_service_standard_port(const struct dw_service *s, enum dw_protocol protocol,
						       uint32_t port);

#endif
