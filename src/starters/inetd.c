/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inetd(8): openbsd-inetd, inetutils-inetd and busybox's. The daemon opens a socket for each line of its
 * configuration; starter.id is the service as the line writes it, starter.source the line.
 */
#include <errno.h>

#include "dw_str.h"
#include "inetd_conf.h"
#include "lineage.h"
#include "registry.h"

static const char *const programs[] = { "inetd", "openbsd-inetd", "inetutils-inetd", NULL };
static const char *const names[] = { "inetd", "openbsd-inetd", "inetutils-inetd", "busybox-inetd",
				     NULL };
static const char *const units[] = { "inetd.service", "openbsd-inetd.service",
				     "inetutils-inetd.service", "busybox-inetd.service", NULL };

/* The lines of one set of files: two daemons may run, each with its own. */
struct configuration {
	struct dw_strings files;
	struct dw_inetd_lines lines;
};

struct inetd {
	DW_VEC(struct configuration)
	configurations; /* the first is of the daemon that runs, or the usual one */
	const struct dw_procinfo *daemon; /* NULL: none was seen */
	enum dw_tristate at_boot;
};

/* --- files ---------------------------------------------------------------------------------------- */

/* Files that the command line names; options that take a value in the next word have it skipped. */
static void files_of_daemon(struct dw_arena *a, const struct dw_procinfo *p, struct dw_strings *ret)
{
	for (size_t i = 1; p && i < p->argc; i++) {
		const char *arg = p->argv[i];

		if (dw_streq(arg, "inetd") && i == 1) /* busybox inetd */
			continue;
		if (dw_streq(arg, "-q") || dw_streq(arg, "-R") || dw_streq(arg, "--rate"))
			i++;
		else if (arg[0] == '/')
			dw_vec_push(a, ret, arg);
		else if (arg[0] != '-' &&
			 arg[0] != '\0') /* inetd has changed to the root directory since */
			dw_vec_push(a, ret, dw_arena_printf(a, "/%s", arg));
	}
}

static void usual_files(struct dw_starters *s, const struct dw_procinfo *daemon,
			struct dw_strings *ret)
{
	bool inetutils = daemon && daemon->exe
				 ? dw_streq(dw_basename(daemon->exe), "inetutils-inetd")
				 : dw_sys_file_exists(s->sys, "/usr/sbin/inetutils-inetd");

	dw_vec_push(s->arena, ret, "/etc/inetd.conf");
	if (inetutils)
		dw_vec_push(s->arena, ret, "/etc/inetd.d");
}

/* A file, or all files of a directory. 1: something was read. */
static int read_one(struct dw_starters *s, const char *path, struct dw_inetd_lines *lines)
{
	struct dw_strings entries = { 0 };
	struct dw_error e = { 0 };
	int r;

	if (dw_sys_dir_list(s->sys, path, s->arena, &entries, NULL) == 0) {
		for (size_t i = 0; i < entries.n; i++)
			if (entries.v[i][0] != '.' && !dw_ends_with(entries.v[i], "~"))
				(void)read_one(
					s, dw_arena_printf(s->arena, "%s/%s", path, entries.v[i]),
					lines);
		return 1;
	}
	r = dw_inetd_read(s, path, lines, &e);
	if (r < 0 && r != -ENOENT)
		dw_facts_incomplete(s->facts, "unreadable", path, 0, true, "%s", e.message);
	return r == 0;
}

static bool same_strings(const struct dw_strings *x, const struct dw_strings *y)
{
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!dw_streq(x->v[i], y->v[i]))
			return false;
	return true;
}

static const struct configuration *configuration_of(struct dw_starters *s, struct inetd *st,
						    const struct dw_procinfo *daemon)
{
	struct configuration c = { 0 };

	files_of_daemon(s->arena, daemon, &c.files);
	if (!c.files.n)
		usual_files(s, daemon, &c.files);
	for (size_t i = 0; i < st->configurations.n; i++)
		if (same_strings(&st->configurations.v[i].files, &c.files))
			return &st->configurations.v[i];
	for (size_t i = 0; i < c.files.n; i++)
		(void)read_one(s, c.files.v[i], &c.lines);
	dw_vec_push(s->arena, &st->configurations, c);
	return &st->configurations.v[st->configurations.n - 1];
}

static const struct dw_procinfo *daemon_of_pidfile(struct dw_starters *s)
{
	const struct dw_procinfo *p;
	struct dw_bytes text;
	uint64_t pid;

	if (!s->procs ||
	    dw_sys_file_read(s->sys, "/run/inetd.pid", 64, s->arena, &text, NULL) < 0 ||
	    !dw_parse_u64(dw_trim(text.data), 10, INT32_MAX, &pid))
		return NULL;
	p = dw_procs_get(s->procs, (int)pid);
	return p && dw_lineage_is(p, programs) ? p : NULL;
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	static const char *const installed[] = { "/usr/sbin/inetd", "/usr/sbin/inetutils-inetd",
						 "/usr/sbin/openbsd-inetd" };
	struct inetd *st = dw_new(s->arena, struct inetd);
	bool there;

	st->daemon = dw_lineage_daemon(s, programs);
	if (!st->daemon)
		st->daemon = daemon_of_pidfile(s);
	there = st->daemon != NULL;
	for (size_t i = 0; i < DW_ARRAY_SIZE(installed); i++)
		there = there || dw_sys_file_exists(s->sys, installed[i]);
	/* An inetd.conf that nobody reads opens nothing; xinetd -inetd_compat has its own eye on it. */
	if (!there)
		return -ENOENT;
	st->at_boot = dw_lineage_at_boot(s, names);
	(void)configuration_of(s, st, st->daemon);
	*ret_state = st;
	return 0;
}

/* --- list ----------------------------------------------------------------------------------------- */

/* The program that does the work: what stands behind tcpd(8). */
static const char *program_of(const struct dw_inetd_line *l)
{
	if (l->program && l->arguments[0] && dw_streq(dw_basename(l->program), "tcpd"))
		return l->arguments[0];
	return l->program;
}

static struct dw_starter starter_of(struct dw_starters *s, const struct inetd *st,
				    const struct dw_inetd_line *l)
{
	return (struct dw_starter){
		.kind = DW_STARTER_INETD,
		.id = l->service,
		.source = dw_starters_source(s, l->file, l->line),
		.program = program_of(l),
		.enabled = st->at_boot,
		.running = st->daemon ? DW_YES : DW_NO,
		.confidence = DW_CONFIDENCE_CERTAIN,
	};
}

static int list(struct dw_starters *s, void *state, struct dw_error *e)
{
	struct inetd *st = state;
	const struct configuration *c = &st->configurations.v[0];

	for (size_t i = 0; c->lines.v && i < c->lines.n; i++) {
		const struct dw_inetd_line *l = &c->lines.v[i];
		struct dw_sleeper_fact *f;

		if (!l->port && !l->rpc) /* inetd cannot open it either */
			continue;
		f = dw_vec_add(s->arena, &s->facts->sleepers);
		f->at = dw_inetd_endpoint(l);
		f->starter = starter_of(s, st, l);
		f->starter.evidence = "the line asks inetd to open it";
		f->program = program_of(l);
	}
	return 0;
}

/* --- claim ---------------------------------------------------------------------------------------- */

static const struct dw_inetd_line *line_of_door(const struct configuration *c,
						const struct dw_endpoint *at)
{
	const struct dw_inetd_line *best = NULL;

	for (size_t i = 0; c->lines.v && i < c->lines.n; i++) {
		const struct dw_inetd_line *l = &c->lines.v[i];

		/* A family that the line names beats one that it leaves open. */
		if (dw_inetd_opens(l, at) && (!best || (!best->family && l->family)))
			best = l;
	}
	return best;
}

static const struct dw_inetd_line *line_of_rpc(const struct configuration *c,
					       const struct dw_endpoint *at)
{
	for (size_t i = 0; c->lines.v && i < c->lines.n; i++)
		if (c->lines.v[i].rpc && c->lines.v[i].protocol == at->protocol)
			return &c->lines.v[i];
	return NULL;
}

static const struct dw_inetd_line *line_of_program(struct dw_starters *s,
						   const struct configuration *c,
						   const struct dw_procinfo *p)
{
	for (size_t i = 0; c->lines.v && i < c->lines.n; i++) {
		const char *program = program_of(&c->lines.v[i]);

		if (program && dw_lineage_runs(s, p, program))
			return &c->lines.v[i];
	}
	return NULL;
}

/* inetd itself holds it. */
static void claim_daemon(struct dw_starters *s, struct inetd *st, const struct configuration *c,
			 const struct dw_claim *q, struct dw_starter *ret)
{
	const struct dw_procinfo *p = q->process;
	const struct dw_inetd_line *l = line_of_door(c, q->at);

	if (l) {
		*ret = starter_of(s, st, l);
		ret->evidence = dw_arena_printf(
			s->arena, "inetd (pid %d) holds the socket that the line asks for", p->pid);
	} else if ((l = line_of_rpc(c, q->at))) {
		*ret = starter_of(s, st, l);
		ret->evidence = dw_arena_printf(
			s->arena,
			"inetd (pid %d) holds it, on no port that a line names: an RPC service's",
			p->pid);
	} else {
		*ret = (struct dw_starter){ .kind = DW_STARTER_INETD,
					    .source = c->files.v[0],
					    .enabled = DW_NO,
					    .running = DW_YES,
					    .confidence = DW_CONFIDENCE_CERTAIN };
		ret->id = dw_arena_printf(s->arena, "%u", q->at->port);
		ret->evidence = dw_arena_printf(
			s->arena,
			"inetd (pid %d) holds it, but no line asks for it any more: it "
			"goes when inetd reads its files again",
			p->pid);
	}
	ret->running = DW_YES;
	ret->also = dw_lineage_unit(s->arena, p);
}

/* A program that inetd started holds it. */
static int claim_child(struct dw_starters *s, struct inetd *st, const struct dw_procinfo *daemon,
		       const struct dw_claim *q, struct dw_starter *ret)
{
	const struct configuration *c = configuration_of(s, st, daemon);
	const struct dw_inetd_line *l = line_of_door(c, q->at);

	if (l) {
		*ret = starter_of(s, st, l);
		ret->evidence = dw_arena_printf(
			s->arena,
			"a child of inetd (pid %d) holds the socket that the line asks for",
			daemon->pid);
	} else if (q->process->ppid == daemon->pid && (l = line_of_program(s, c, q->process))) {
		*ret = starter_of(s, st, l);
		ret->evidence = dw_arena_printf(
			s->arena, "inetd (pid %d) started the line's program, which opened it",
			daemon->pid);
	} else {
		return 0;
	}
	ret->running = DW_YES;
	ret->restarts = DW_YES;
	ret->also = dw_lineage_unit(s->arena, q->process);
	return 1;
}

/* inetd has gone (its unit has KillMode=process), its child lives on with the socket it was handed. */
static int claim_orphan(struct dw_starters *s, struct inetd *st, const struct dw_claim *q,
			struct dw_starter *ret)
{
	const struct dw_procinfo *p = q->process;
	bool in_unit = dw_lineage_in_unit(p, units);

	if (!in_unit && !dw_lineage_orphan(p))
		return 0;
	for (size_t i = 0; i < st->configurations.n; i++) {
		const struct dw_inetd_line *l = line_of_door(&st->configurations.v[i], q->at);

		if (!l || !l->wait || !l->program || !dw_lineage_runs(s, p, program_of(l)))
			continue;
		*ret = starter_of(s, st, l);
		ret->confidence = in_unit ? DW_CONFIDENCE_CERTAIN : DW_CONFIDENCE_LIKELY;
		ret->evidence =
			in_unit ? "the line's program holds the line's socket, in inetd's cgroup"
				: "the line's program holds the line's socket, and its parent is "
				  "gone";
		ret->also = dw_lineage_unit(s->arena, p);
		return 1;
	}
	return 0;
}

static int claim(struct dw_starters *s, void *state, const struct dw_claim *q,
		 struct dw_starter *ret)
{
	struct inetd *st = state;
	const struct dw_procinfo *daemon;

	/* What runs in a container has files of its own. */
	if (!q->process || q->container || !q->at->has_port)
		return 0;
	if (dw_lineage_is(q->process, programs)) {
		claim_daemon(s, st, configuration_of(s, st, q->process), q, ret);
		return 1;
	}
	if (dw_lineage_orphan(q->process))
		return claim_orphan(s, st, q, ret);
	daemon = dw_lineage_ancestor(s, q->process, programs);
	return daemon ? claim_child(s, st, daemon, q, ret) : 0;
}

const struct dw_starter_ops dw_starter_inetd = {
	.name = "inetd", .load = load, .list = list, .claim = claim
};

/* --- for those who close it ----------------------------------------------------------------------- */

static const char *program_path(struct dw_starters *s, const struct dw_procinfo *daemon)
{
	static const char *const installed[] = { "/usr/sbin/openbsd-inetd",
						 "/usr/sbin/inetutils-inetd" };

	if (daemon && daemon->exe)
		return daemon->exe;
	for (size_t i = 0; i < DW_ARRAY_SIZE(installed); i++)
		if (dw_sys_file_exists(s->sys, installed[i]))
			return installed[i];
	return "/usr/sbin/inetd";
}

/* A line that names several addresses is one line to take away. */
static unsigned count_lines(const struct dw_inetd_lines *lines)
{
	unsigned n = 0;

	for (size_t i = 0; i < lines->n; i++)
		n += !lines->v[i].again;
	return n;
}

bool dw_inetd_daemon_of(struct dw_starters *s, int pid, struct dw_inetd_daemon *ret)
{
	/* lines that cannot be understood have been noted when the starters were loaded */
	struct dw_facts facts = *s->facts;
	struct dw_starters again = *s;
	struct dw_str set = { .arena = s->arena };
	const struct dw_procinfo *daemon;
	const struct configuration *c;
	void *state = NULL;

	again.facts = &facts;
	facts.incomplete.v = NULL;
	facts.incomplete.n = facts.incomplete.cap = 0;
	if (load(&again, &state, NULL) < 0)
		return false;
	daemon = pid && s->procs ? dw_procs_get(s->procs, pid) : NULL;
	if (!daemon)
		daemon = ((struct inetd *)state)->daemon;
	c = configuration_of(&again, state, daemon);
	dw_str_add(&set, "inetd");
	for (size_t i = 0; i < c->files.n; i++)
		dw_str_addf(&set, " %s", c->files.v[i]);
	*ret = (struct dw_inetd_daemon){ .program = program_path(s, daemon),
					 .set = set.s,
					 .active = count_lines(&c->lines),
					 .names = names,
					 .lines = &c->lines };
	return true;
}
