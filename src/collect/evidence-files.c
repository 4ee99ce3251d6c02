/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Evidence from files that the kernel's own servers show. All are the host's namespace. */
#include <string.h>

#include "dw_str.h"
#include "evidence.h"

#define SMALL     ((size_t)64 * 1024)
#define NAMES_MAX 256u /* entries of one directory that are looked at */

/* The first word of a small file; NULL: not there or empty. */
static char *first_word(struct dw_collect *c, struct dw_evidences *all, const char *path)
{
	struct dw_bytes text;
	char *at;

	if (dw_sys_file_read(c->sys, path, SMALL, all->arena, &text, NULL) < 0)
		return NULL;
	at = dw_trim(text.data);
	return dw_word_next(&at);
}

static unsigned number(const char *word)
{
	uint64_t v = 0;

	return word && dw_parse_u64(word, 10, UINT16_MAX, &v) ? (unsigned)v : 0;
}

/* svc_xprt_names(): "tcp 2049", a line for each socket of the server. */
static void nfsd(struct dw_collect *c, struct dw_evidences *all)
{
	static const struct {
		const char *name;
		enum dw_protocol protocol;
	} known[] = { { "tcp", DW_PROTOCOL_TCP },
		      { "udp", DW_PROTOCOL_UDP },
		      { "tcp6", DW_PROTOCOL_TCP },
		      { "udp6", DW_PROTOCOL_UDP } };
	struct dw_bytes text;
	struct dw_lines lines;
	char *line;

	if (dw_sys_file_read(c->sys, "/proc/fs/nfsd/portlist", SMALL, all->arena, &text, NULL) < 0)
		return;
	lines = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&lines, all->arena))) {
		const char *protocol = dw_word_next(&line), *port = dw_word_next(&line);

		for (size_t i = 0; protocol && i < DW_ARRAY_SIZE(known); i++)
			if (dw_streq(known[i].name, protocol))
				dw_evidence_add(all, 0, known[i].protocol, number(port), "nfsd");
	}
}

/* stats_show(): "2 running 445 0": version, state, port, idle seconds. */
static void ksmbd(struct dw_collect *c, struct dw_evidences *all)
{
	struct dw_bytes text;
	const char *state;
	char *at;

	if (dw_sys_file_read(c->sys, "/sys/class/ksmbd-control/stats", SMALL, all->arena, &text,
			     NULL) < 0)
		return;
	at = dw_trim(text.data);
	(void)dw_word_next(&at);
	state = dw_word_next(&at);
	if (state && dw_streq(state, "running"))
		dw_evidence_add(all, 0, DW_PROTOCOL_TCP, number(dw_word_next(&at)), "ksmbd");
}

static struct dw_strings names_in(struct dw_collect *c, struct dw_evidences *all, const char *path)
{
	struct dw_strings names = { 0 };

	if (dw_sys_dir_list(c->sys, path, all->arena, &names, NULL) < 0)
		names.n = 0;
	names.n = DW_MIN(names.n, (size_t)NAMES_MAX);
	return names;
}

/* Portals: directories "0.0.0.0:3260", "[::]:3260". */
static void iscsi_portals(struct dw_collect *c, struct dw_evidences *all, const char *group)
{
	struct dw_strings portals = names_in(c, all, dw_arena_printf(all->arena, "%s/np", group));

	for (size_t i = 0; i < portals.n; i++) {
		const char *colon = strrchr(portals.v[i], ':');

		if (colon)
			dw_evidence_add(all, 0, DW_PROTOCOL_TCP, number(colon + 1), "iscsi target");
	}
}

static void iscsi(struct dw_collect *c, struct dw_evidences *all)
{
	static const char top[] = "/sys/kernel/config/target/iscsi";
	struct dw_strings targets = names_in(c, all, top);

	for (size_t i = 0; i < targets.n; i++) {
		const char *target = dw_arena_printf(all->arena, "%s/%s", top, targets.v[i]);
		struct dw_strings groups = names_in(c, all, target);

		for (size_t k = 0; k < groups.n; k++)
			if (dw_starts_with(groups.v[k], "tpgt_"))
				iscsi_portals(
					c, all,
					dw_arena_printf(all->arena, "%s/%s", target, groups.v[k]));
	}
}

static void nvmet(struct dw_collect *c, struct dw_evidences *all)
{
	static const char top[] = "/sys/kernel/config/nvmet/ports";
	struct dw_strings ports = names_in(c, all, top);

	for (size_t i = 0; i < ports.n; i++) {
		const char *type = first_word(
			c, all, dw_arena_printf(all->arena, "%s/%s/addr_trtype", top, ports.v[i]));

		if (type && dw_streq(type, "tcp"))
			dw_evidence_add(
				all, 0, DW_PROTOCOL_TCP,
				number(first_word(c, all,
						  dw_arena_printf(all->arena, "%s/%s/addr_trsvcid",
								  top, ports.v[i]))),
				"nvme target");
	}
}

static void dlm(struct dw_collect *c, struct dw_evidences *all)
{
	const char *sctp = first_word(c, all, "/sys/kernel/config/dlm/cluster/protocol");
	unsigned port = number(first_word(c, all, "/sys/kernel/config/dlm/cluster/tcp_port"));

	dw_evidence_add(all, 0, sctp && dw_streq(sctp, "1") ? DW_PROTOCOL_SCTP : DW_PROTOCOL_TCP,
			port, "dlm");
}

/* Subsystems whose port cannot be set: that they are there at all is what their file says. */
static void fixed(struct dw_collect *c, struct dw_evidences *all)
{
	static const struct {
		const char *file;
		enum dw_protocol protocol;
		uint16_t port;
		const char *name;
	} known[] = {
		{ "/proc/sys/net/rds/tcp", DW_PROTOCOL_TCP, 16385, "rds" }, /* RDS_TCP_PORT */
		{ "/proc/sys/net/tipc", DW_PROTOCOL_UDP, 6118, "tipc" }, /* its registered port */
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_sys_file_exists(c->sys, known[i].file))
			dw_evidence_add(all, DW_NONE, known[i].protocol, known[i].port,
					known[i].name);
}

void dw_evidence_files(struct dw_collect *c, struct dw_evidences *all)
{
	nfsd(c, all);
	ksmbd(c, all);
	iscsi(c, all);
	nvmet(c, all);
	dlm(c, all);
	fixed(c, all);
}
