/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xinetd(8). starter.id is the service's name, starter.source the first line of its block. Started with
 * -inetd_compat, as Debian does, it serves the lines of /etc/inetd.conf too.
 */
#include <errno.h>

#include "dw_str.h"
#include "inetd_conf.h"
#include "lineage.h"
#include "registry.h"
#include "xinetd_conf.h"

static const char *const programs[] = { "xinetd", NULL };
static const char *const units[] = { "xinetd.service", NULL };

/* One thing that xinetd opens, from a block or from a line of inetd.conf. */
struct served {
	enum dw_starter_kind
		kind; /* inetd for a line of inetd.conf: that is what a person would edit */
	const char *name, *source, *program, *bind, *redirect;
	enum dw_protocol protocol;
	enum dw_family family; /* unknown: whatever */
	uint32_t port;         /* 0: RPC */
	bool wait;
};

struct xinetd {
	DW_VEC(struct served) served;
	const struct dw_procinfo *daemon;
	enum dw_tristate at_boot;
	const char *file;
};

/* --- load ----------------------------------------------------------------------------------------- */

static enum dw_family family_of(const struct dw_xinetd_service *v)
{
	if (v->v6only == DW_YES)
		return DW_FAMILY_IPV6;
	if (v->v4 && !v->v6)
		return DW_FAMILY_IPV4;
	return DW_FAMILY_UNKNOWN; /* IPv6 with IPv4 in it; IPv4 alone where there is no IPv6 */
}

static void add_blocks(struct dw_starters *s, struct xinetd *st, struct dw_xinetd_conf *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct dw_xinetd_service *v = &c->v[i];
		bool tcpd = v->server && v->argument && dw_streq(dw_basename(v->server), "tcpd");

		if (!dw_xinetd_settle(s, c, v))
			continue;
		*dw_vec_add(s->arena, &st->served) = (struct served){
			.kind = DW_STARTER_XINETD,
			.name = v->name,
			.source = dw_starters_source(s, v->file, v->line),
			.program = v->internal || v->redirect ? NULL
				   : tcpd                     ? v->argument
							      : v->server,
			.bind = v->bind,
			.redirect = v->redirect ? dw_arena_printf(s->arena, "%s port %s",
								  v->redirect, v->redirect_port)
						: NULL,
			.protocol = v->protocol,
			.family = family_of(v),
			.port = v->rpc ? 0 : v->port,
			.wait = v->wait,
		};
	}
}

static void add_inetd_lines(struct dw_starters *s, struct xinetd *st)
{
	struct dw_inetd_lines lines = { 0 };
	struct dw_error e = { 0 };
	int r = dw_inetd_read(s, "/etc/inetd.conf", &lines, &e);

	if (r < 0 && r != -ENOENT)
		dw_facts_incomplete(s->facts, "unreadable", "/etc/inetd.conf", 0, true, "%s",
				    e.message);
	for (size_t i = 0; i < lines.n; i++) {
		const struct dw_inetd_line *l = &lines.v[i];

		/* xinetd knows the protocols of /etc/protocols only: no tcp6 */
		if (l->family != DW_FAMILY_UNKNOWN || (!l->port && !l->rpc))
			continue;
		*dw_vec_add(s->arena, &st->served) = (struct served){
			.kind = DW_STARTER_INETD,
			.name = l->service,
			.source = dw_starters_source(s, l->file, l->line),
			.program = l->program,
			.bind = l->address,
			.protocol = l->protocol,
			.port = l->port,
			.wait = l->wait,
		};
	}
}

static bool says(struct dw_starters *s, const char *file, const char *words)
{
	struct dw_bytes text;
	struct dw_lines it;
	char *line;

	if (dw_sys_file_read(s->sys, file, (size_t)64 * 1024, s->arena, &text, NULL) < 0)
		return false;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, s->arena)))
		if (*line != '#' && strcasestr(line, words))
			return true;
	return false;
}

/* Will it be started with -inetd_compat? Debian's script asks /etc/default/xinetd. */
static bool compat_of_files(struct dw_starters *s)
{
	static const char *const files[] = { "/etc/systemd/system/xinetd.service",
					     "/usr/lib/systemd/system/xinetd.service",
					     "/lib/systemd/system/xinetd.service",
					     "/etc/sysconfig/xinetd", "/etc/init.d/xinetd" };

	if (says(s, "/etc/default/xinetd", "INETD_COMPAT=no"))
		return false;
	if (says(s, "/etc/default/xinetd", "INETD_COMPAT=yes") ||
	    says(s, "/etc/default/xinetd", "-inetd_compat"))
		return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++)
		if (says(s, files[i], "-inetd_compat"))
			return true;
	return false;
}

/* What the command line of the daemon that runs says: -f FILE, -inetd_compat. */
static bool options_of_daemon(const struct dw_procinfo *p, const char **ret_file)
{
	bool compat = false;

	for (size_t i = 1; i < p->argc; i++) {
		if (dw_streq(p->argv[i], "-inetd_compat"))
			compat = true;
		else if (dw_streq(p->argv[i], "-f") && i + 1 < p->argc && p->argv[i + 1][0] == '/')
			*ret_file = p->argv[++i];
	}
	return compat;
}

static const struct dw_procinfo *daemon_of_pidfile(struct dw_starters *s)
{
	const struct dw_procinfo *p;
	struct dw_bytes text;
	uint64_t pid;

	if (!s->procs ||
	    dw_sys_file_read(s->sys, "/run/xinetd.pid", 64, s->arena, &text, NULL) < 0 ||
	    !dw_parse_u64(dw_trim(text.data), 10, INT32_MAX, &pid))
		return NULL;
	p = dw_procs_get(s->procs, (int)pid);
	return p && dw_lineage_is(p, programs) ? p : NULL;
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	struct xinetd *st = dw_new(s->arena, struct xinetd);
	struct dw_xinetd_conf c = { 0 };
	bool compat;
	int r;

	st->file = "/etc/xinetd.conf";
	st->daemon = dw_lineage_daemon(s, programs);
	if (!st->daemon)
		st->daemon = daemon_of_pidfile(s);
	if (!st->daemon && !dw_sys_file_exists(s->sys, "/usr/sbin/xinetd"))
		return -ENOENT;
	compat = st->daemon ? options_of_daemon(st->daemon, &st->file) : compat_of_files(s);
	r = dw_xinetd_read(s, st->file, &c, e);
	if (r < 0 && r != -ENOENT)
		return r;
	add_blocks(s, st, &c);
	if (compat)
		add_inetd_lines(s, st);
	st->at_boot = dw_lineage_at_boot(s, programs);
	*ret_state = st;
	return 0;
}

/* --- list ----------------------------------------------------------------------------------------- */

static struct dw_starter starter_of(struct dw_starters *s, const struct xinetd *st,
				    const struct served *v)
{
	return (struct dw_starter){
		.kind = v->kind,
		.id = v->name,
		.source = v->source,
		.program = v->program,
		.enabled = st->at_boot,
		.running = st->daemon ? DW_YES : DW_NO,
		.confidence = DW_CONFIDENCE_CERTAIN,
		.also = v->redirect ? dw_arena_printf(s->arena, "forwards to %s", v->redirect)
				    : NULL,
	};
}

static struct dw_endpoint endpoint_of(const struct served *v)
{
	enum dw_family family = v->family == DW_FAMILY_UNKNOWN ? DW_FAMILY_DUAL : v->family;
	struct dw_endpoint at = dw_starters_endpoint(v->protocol, family, v->port);

	dw_inetd_address_set(v->bind, &at);
	return at;
}

static int list(struct dw_starters *s, void *state, struct dw_error *e)
{
	const struct xinetd *st = state;

	for (size_t i = 0; i < st->served.n; i++) {
		struct dw_sleeper_fact *f = dw_vec_add(s->arena, &s->facts->sleepers);

		f->at = endpoint_of(&st->served.v[i]);
		f->starter = starter_of(s, st, &st->served.v[i]);
		f->starter.evidence = "xinetd's configuration asks for it";
		f->program = st->served.v[i].program;
	}
	return 0;
}

/* --- claim ---------------------------------------------------------------------------------------- */

static const struct served *served_at(const struct xinetd *st, const struct dw_endpoint *at)
{
	for (size_t i = 0; i < st->served.n; i++) {
		const struct served *v = &st->served.v[i];

		if (v->protocol == at->protocol && v->port && v->port == at->port &&
		    dw_inetd_address_fits(v->bind, v->family, at))
			return v;
	}
	return NULL;
}

static const struct served *served_rpc(const struct xinetd *st, const struct dw_endpoint *at)
{
	for (size_t i = 0; i < st->served.n; i++)
		if (!st->served.v[i].port && st->served.v[i].protocol == at->protocol)
			return &st->served.v[i];
	return NULL;
}

static const struct served *served_by(struct dw_starters *s, const struct xinetd *st,
				      const struct dw_procinfo *p)
{
	for (size_t i = 0; i < st->served.n; i++)
		if (st->served.v[i].program && dw_lineage_runs(s, p, st->served.v[i].program))
			return &st->served.v[i];
	return NULL;
}

static void claim_daemon(struct dw_starters *s, const struct xinetd *st, const struct dw_claim *q,
			 struct dw_starter *ret)
{
	const struct served *v = served_at(st, q->at);
	const char *how = "holds the socket that the block asks for";

	if (!v && (v = served_rpc(st, q->at)))
		how = "holds it, on no port that a block names: an RPC service's";
	if (v) {
		*ret = starter_of(s, st, v);
	} else {
		how = "holds it, but its files do not ask for it any more: it goes when xinetd "
		      "reads them again";
		*ret = (struct dw_starter){ .kind = DW_STARTER_XINETD,
					    .id = dw_arena_printf(s->arena, "%u", q->at->port),
					    .source = st->file,
					    .enabled = DW_NO,
					    .confidence = DW_CONFIDENCE_CERTAIN };
	}
	ret->running = DW_YES;
	ret->evidence = dw_arena_printf(s->arena, "xinetd (pid %d) %s", q->process->pid, how);
	if (!ret->also)
		ret->also = dw_lineage_unit(s->arena, q->process);
}

static int claim_child(struct dw_starters *s, const struct xinetd *st,
		       const struct dw_procinfo *daemon, const struct dw_claim *q,
		       struct dw_starter *ret)
{
	const struct served *v = served_at(st, q->at);
	bool opened_by_itself = false;

	if (!v && q->process->ppid == daemon->pid) {
		v = served_by(s, st, q->process);
		opened_by_itself = true;
	}
	if (!v)
		return 0;
	*ret = starter_of(s, st, v);
	ret->running = ret->restarts = DW_YES;
	ret->evidence = dw_arena_printf(
		s->arena,
		opened_by_itself ? "xinetd (pid %d) started the block's program, which opened it"
				 : "a child of xinetd (pid %d) holds the socket of the block",
		daemon->pid);
	return 1;
}

/* xinetd has gone, a program that it had handed the socket to lives on. */
static int claim_orphan(struct dw_starters *s, const struct xinetd *st, const struct dw_claim *q,
			struct dw_starter *ret)
{
	bool in_unit = dw_lineage_in_unit(q->process, units);
	const struct served *v = served_at(st, q->at);

	if (!v || !v->wait || !v->program || (!in_unit && !dw_lineage_orphan(q->process)) ||
	    !dw_lineage_runs(s, q->process, v->program))
		return 0;
	*ret = starter_of(s, st, v);
	ret->confidence = in_unit ? DW_CONFIDENCE_CERTAIN : DW_CONFIDENCE_LIKELY;
	ret->evidence =
		in_unit ? "the block's program holds the block's socket, in xinetd's cgroup"
			: "the block's program holds the block's socket, and its parent is gone";
	return 1;
}

static int claim(struct dw_starters *s, void *state, const struct dw_claim *q,
		 struct dw_starter *ret)
{
	const struct xinetd *st = state;
	const struct dw_procinfo *daemon;

	/* What runs in a container has files of its own. */
	if (!q->process || q->container || !q->at->has_port)
		return 0;
	if (dw_lineage_is(q->process, programs)) {
		claim_daemon(s, st, q, ret);
		return 1;
	}
	if (dw_lineage_orphan(q->process))
		return claim_orphan(s, st, q, ret);
	daemon = dw_lineage_ancestor(s, q->process, programs);
	return daemon ? claim_child(s, st, daemon, q, ret) : 0;
}

const struct dw_starter_ops dw_starter_xinetd = {
	.name = "xinetd", .load = load, .list = list, .claim = claim
};

/* --- for those who close it ----------------------------------------------------------------------- */

bool dw_xinetd_daemon_of(struct dw_starters *s, struct dw_inetd_daemon *ret)
{
	static const char *const names[] = { "xinetd", NULL };
	/* what cannot be understood has been noted when the starters were loaded */
	struct dw_facts facts = *s->facts;
	struct dw_starters again = *s;
	const struct xinetd *st;
	void *state = NULL;

	again.facts = &facts;
	facts.incomplete.v = NULL;
	facts.incomplete.n = facts.incomplete.cap = 0;
	if (load(&again, &state, NULL) < 0)
		return false;
	st = state;
	*ret = (struct dw_inetd_daemon){
		.program = st->daemon && st->daemon->exe ? st->daemon->exe : "/usr/sbin/xinetd",
		.set = dw_arena_printf(s->arena, "xinetd %s", st->file),
		.active = (unsigned)st->served.n,
		.names = names,
	};
	return true;
}
