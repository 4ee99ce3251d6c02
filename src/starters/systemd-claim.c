/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose is this door? The control group names the unit, and the kernel vouches for that; a socket unit has no
 * process of its own, so it is known by its Listen*= lines and by the manager holding the descriptor.
 */
#include <errno.h>

#include "systemd.h"

/*
 * Services that shelter what others asked for: their children are a cron job, an inetd line, a login ... and
 * whoever knows those says so; the unit alone is a guess.
 */
static const char *const shelters[] = {
	"cron.",
	"crond.",
	"cronie.",
	"anacron.",
	"fcron.",
	"atd.",
	"inetd.",
	"openbsd-inetd.",
	"inetutils-inetd.",
	"xinetd.",
	"ssh.",
	"sshd.",
	"ssh@",
	"sshd@",
	"dropbear.",
	"dropbear@",
	"getty@",
	"serial-getty@",
	"console-getty.",
	"container-getty@",
	"autovt@",
	"docker.",
	"containerd.",
	"podman.",
	"dbus.",
	"dbus-broker.",
};

static bool is_shelter(const char *unit)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(shelters); i++)
		if (dw_starts_with(unit, shelters[i]))
			return true;
	return false;
}

/* The daemon that the unit starts, not something that it started in turn. */
static bool is_daemon(struct dw_sd_manager *m, const struct dw_sd_unit *u,
		      const struct dw_procinfo *p)
{
	const char *program = dw_sd_program(m, u, NULL);
	const struct dw_procinfo *parent = m->s->procs ? dw_procs_get(m->s->procs, p->ppid) : NULL;

	if (!program || !p->exe || !dw_streq(dw_basename(program), dw_basename(p->exe)))
		return false;
	/* "sshd: pat@pts/0" holds what pat forwarded to himself */
	return p->loginuid == UINT32_MAX || !parent || !dw_streq0(parent->exe, p->exe);
}

static bool holds(struct dw_starters *s, int pid, const struct dw_endpoint *at)
{
	const struct dw_facts *f = s->facts;

	for (size_t i = 0; i < f->holds.n; i++)
		if (f->processes.v[f->holds.v[i].process].pid == pid &&
		    dw_endpoint_compare(&f->sockets.v[f->holds.v[i].socket].at, at) == 0)
			return true;
	return false;
}

/* sd_listen_fds(3): the manager left word of what it passed. */
static bool was_passed(struct dw_starters *s, const struct dw_procinfo *p)
{
	const char *pid = dw_procs_env(s->procs, p, "LISTEN_PID");
	uint64_t v;

	return pid && dw_parse_u64(pid, 10, INT32_MAX, &v) && (int)v == p->pid &&
	       dw_procs_env(s->procs, p, "LISTEN_FDS");
}

/* How sure is it that this socket unit made the socket that the process of its service holds? */
static enum dw_confidence passed_on(struct dw_sd_manager *m, const struct dw_sd_unit *socket,
				    const struct dw_claim *c)
{
	const struct dw_procinfo *p = c->process;

	if (holds(m->s, m->is_user ? p->ppid : 1, c->at) || was_passed(m->s, p))
		return DW_CONFIDENCE_CERTAIN;
	/* whoever is not root cannot see what pid 1 holds */
	if (dw_sys_euid(m->s->sys) != 0 && dw_sd_is_active(m, socket->name) == DW_YES)
		return DW_CONFIDENCE_LIKELY;
	return DW_CONFIDENCE_UNKNOWN;
}

static void socket_starter(struct dw_sd_manager *m, struct dw_sd_unit *u,
			   const struct dw_sd_listen *l, struct dw_starter *ret)
{
	struct dw_starter st = { 0 };

	dw_sd_describe(m, u, &st);
	st.kind = m->is_user ? DW_STARTER_USER_SESSION : DW_STARTER_SYSTEMD_SOCKET;
	st.source = dw_starters_source(m->s, l->file, l->line);
	st.running = DW_YES;
	st.restarts = DW_YES;
	st.also = dw_sd_socket_service(m, u);
	*ret = st;
}

static bool serves(struct dw_sd_manager *m, const struct dw_sd_unit *socket,
		   const struct dw_sd_unit *service)
{
	const char *template = dw_sd_name_template(m->s->arena, service->name);

	return socket->serves && (dw_streq(socket->serves, service->name) ||
				  (template && dw_streq(socket->serves, template)));
}

/* The socket unit of a service that asks for this endpoint. */
static struct dw_sd_unit *socket_of(struct dw_sd_manager *m, struct dw_sd_unit *service,
				    const struct dw_endpoint *at, const struct dw_sd_listen **ret)
{
	const char *same = dw_sd_name_change(m->s->arena, service->name, ".socket");

	dw_sd_sockets(m);
	for (size_t i = 0; i < m->sockets.n; i++)
		if (serves(m, m->sockets.v[i], service) &&
		    (*ret = dw_sd_socket_match(m, m->sockets.v[i], at)))
			return m->sockets.v[i];
	for (size_t i = dw_sd_list_begin(service, DW_SD_SOCKETS); i < service->settings.n; i++) {
		char *words, *word;

		if (service->settings.v[i].key != DW_SD_SOCKETS)
			continue;
		words = dw_arena_strdup(m->s->arena,
					dw_sd_expand(m, service, service->settings.v[i].value));
		while ((word = dw_word_next(&words)))
			if ((*ret = dw_sd_socket_match(m, dw_sd_unit_get(m, word), at)))
				return dw_sd_unit_get(m, word);
	}
	/* neither active nor enabled any more, but the service may still hold what it was given */
	if (dw_sd_has_file(m, same) && (*ret = dw_sd_socket_match(m, dw_sd_unit_get(m, same), at)))
		return dw_sd_unit_get(m, same);
	return NULL;
}

static bool claim_by_socket(struct dw_sd_manager *m, struct dw_sd_unit *u, const struct dw_claim *c,
			    struct dw_starter *ret)
{
	const struct dw_sd_listen *line = NULL;
	struct dw_sd_unit *socket = c->at ? socket_of(m, u, c->at, &line) : NULL;
	enum dw_confidence sure = socket ? passed_on(m, socket, c) : DW_CONFIDENCE_UNKNOWN;

	if (sure == DW_CONFIDENCE_UNKNOWN)
		return false;
	socket_starter(m, socket, line, ret);
	ret->confidence = sure;
	ret->also = u->name;
	ret->evidence = dw_arena_printf(
		m->s->arena, "%s listens there and passes it to %s, which runs%s%s", socket->name,
		u->name, ret->evidence ? "; " : "", ret->evidence ? ret->evidence : "");
	return true;
}

/* The socket unit behind an instance for one connection (Accept=yes). */
static struct dw_sd_unit *accepting_socket(struct dw_sd_manager *m, const struct dw_sd_unit *u)
{
	if (!dw_sd_name_template(m->s->arena, u->name))
		return NULL;
	dw_sd_sockets(m);
	for (size_t i = 0; i < m->sockets.n; i++)
		if (serves(m, m->sockets.v[i], u) &&
		    dw_sd_is_true(dw_sd_value(m->sockets.v[i], DW_SD_ACCEPT)))
			return m->sockets.v[i];
	return NULL;
}

static bool claim_by_connection(struct dw_sd_manager *m, struct dw_sd_unit *u,
				struct dw_starter *ret)
{
	struct dw_sd_unit *socket = accepting_socket(m, u);

	if (!socket)
		return false;
	dw_sd_describe(m, socket, ret);
	dw_sd_socket_read(m, socket);
	if (socket->listens.n)
		ret->source = dw_starters_source(m->s, socket->listens.v[0].file,
						 socket->listens.v[0].line);
	ret->kind = m->is_user ? DW_STARTER_USER_SESSION : DW_STARTER_SYSTEMD_SOCKET;
	ret->running = DW_YES;
	ret->restarts = DW_YES;
	ret->also = u->name;
	ret->evidence = dw_arena_printf(m->s->arena, "it serves one connection that came to %s",
					socket->name);
	return true;
}

/* The program itself, or an interpreter that shows it among its first arguments. */
static bool runs_program(const struct dw_procinfo *p, const char *program)
{
	const char *base = dw_basename(program);

	if (!p->exe || dw_streq(dw_basename(p->exe), base))
		return true;
	for (size_t i = 0; i < p->argc && i < 3; i++)
		if (dw_streq(dw_basename(p->argv[i]), base))
			return true;
	return false;
}

/* What is odd about the process, though its control group is the unit's; "" mostly. */
static const char *oddities(struct dw_sd_manager *m, struct dw_sd_unit *u,
			    const struct dw_procinfo *p)
{
	const struct dw_sd_setting *command = dw_sd_command_of(m, u, p);
	const struct dw_procinfo *parent = p->ppid > 1 ? dw_procs_get(m->s->procs, p->ppid) : NULL;
	const char *program = command ? dw_sd_setting_program(m, u, command) : NULL;
	struct dw_str out = { .arena = m->s->arena };

	dw_str_add(&out, "");
	if (program && !runs_program(p, program))
		dw_str_addf(&out, "; the unit starts %s, this is %s", program, p->exe);
	if (parent && parent->cgroup && p->cgroup && !dw_streq(parent->cgroup, p->cgroup) &&
	    !m->is_user)
		dw_str_addf(&out, "; its parent %s (%d) is in %s", parent->comm, parent->pid,
			    parent->cgroup);
	return out.s;
}

static void ask_about(struct dw_starters *s, struct dw_sd *sd, struct dw_sd_unit *u,
		      struct dw_starter *st)
{
	const char *path = dw_sd_ask(s, sd, u->name, "FragmentPath");
	const char *state = dw_sd_ask(s, sd, u->name, "UnitFileState");

	u->on_bus = path != NULL;
	if (path && *path)
		st->source = path;
	if (!state)
		st->enabled = DW_UNKNOWN;
	st->evidence = path ? "systemd has it loaded, but its file is gone"
			    : "there is no file for this unit";
}

/* Of several commands of a unit the process's own; a script of SysV's is the source of all it starts. */
static void name_command(struct dw_sd_manager *m, struct dw_sd_unit *u, const struct dw_procinfo *p,
			 struct dw_starter *st)
{
	const struct dw_sd_setting *command = dw_sd_command_of(m, u, p);

	if (command && st->kind != DW_STARTER_SYSV)
		st->source = dw_sd_source(m, u, command);
}

static void claim_by_unit(struct dw_sd_manager *m, struct dw_sd *sd, struct dw_sd_unit *u,
			  const struct dw_procinfo *p, struct dw_starter *ret)
{
	struct dw_starters *s = m->s;

	if (!u->starter) {
		struct dw_starter st = { 0 };

		dw_sd_describe(m, u, &st);
		if (!dw_sd_unit_exists(u) && !m->is_user)
			ask_about(s, sd, u, &st);
		st.running = DW_YES;
		u->starter = dw_arena_memdup(s->arena, &st, sizeof(st));
	}
	*ret = *u->starter;
	name_command(m, u, p, ret);
	ret->evidence = dw_arena_printf(s->arena, "its control group is %s%s%s%s", p->cgroup,
					oddities(m, u, p), ret->evidence ? "; " : "",
					ret->evidence ? ret->evidence : "");
	if (dw_streq(u->name, "rc-local.service"))
		ret->confidence = DW_CONFIDENCE_LIKELY;
	else if (is_shelter(u->name) && !is_daemon(m, u, p))
		ret->confidence = DW_CONFIDENCE_GUESS;
}

/*
 * Started by hand, or by systemd-run: nothing that is enabled pulls it in, and systemd keeps no link for a unit that
 * runs nothing. So it is asked, where it can be.
 */
static struct dw_sd_unit *socket_by_hand(struct dw_sd_manager *m, struct dw_sd *sd,
					 const struct dw_endpoint *at,
					 const struct dw_sd_listen **ret_line,
					 enum dw_confidence *ret_sure)
{
	struct dw_sd_unit *maybe = NULL;

	dw_sd_sockets_off(m);
	for (size_t i = 0; i < m->sockets_off.n; i++) {
		struct dw_sd_unit *u = m->sockets_off.v[i];
		const struct dw_sd_listen *l = dw_sd_socket_match(m, u, at);
		const char *state =
			l && !m->is_user ? dw_sd_ask(m->s, sd, u->name, "ActiveState") : NULL;

		if (!l || (state && !dw_streq(state, "active")) || (!state && maybe))
			continue;
		*ret_line = l;
		*ret_sure = state ? DW_CONFIDENCE_CERTAIN : DW_CONFIDENCE_LIKELY;
		if (state)
			return u;
		maybe = u;
	}
	return maybe;
}

/* The manager itself holds it: one of its socket units asked for that. */
static int claim_by_manager(struct dw_sd_manager *m, struct dw_sd *sd, const struct dw_claim *c,
			    struct dw_starter *ret)
{
	const struct dw_sd_listen *line = NULL;
	enum dw_confidence sure = DW_CONFIDENCE_CERTAIN;
	struct dw_sd_unit *best = NULL;

	if (!c->at)
		return 0;
	dw_sd_sockets(m);
	for (size_t i = 0; i < m->sockets.n; i++) {
		struct dw_sd_unit *u = m->sockets.v[i];
		const struct dw_sd_listen *l = dw_sd_socket_match(m, u, c->at);

		if (!l || (best && dw_sd_is_active(m, u->name) != DW_YES))
			continue;
		best = u;
		line = l;
	}
	if (!best)
		best = socket_by_hand(m, sd, c->at, &line, &sure);
	if (!best)
		return 0;
	socket_starter(m, best, line, ret);
	ret->confidence = sure;
	/* what answers is the service's program, though systemd holds the socket for it */
	ret->program = dw_sd_program(m, dw_sd_unit_get(m, dw_sd_socket_service(m, best)), NULL);
	ret->evidence =
		dw_arena_printf(m->s->arena, "systemd itself holds it, as %s asks%s%s", best->name,
				ret->evidence ? "; " : "", ret->evidence ? ret->evidence : "");
	return 1;
}

static int claim_service(struct dw_sd_manager *m, struct dw_sd *sd, const char *name,
			 const struct dw_claim *c, struct dw_starter *ret)
{
	struct dw_sd_unit *u = dw_sd_unit_get(m, name);
	bool sheltered;

	dw_sd_close(m);
	if (claim_by_socket(m, u, c, ret))
		return 1;
	sheltered = is_shelter(name) && !is_daemon(m, u, c->process);
	if (!sheltered && claim_by_connection(m, u, ret))
		return 1;
	claim_by_unit(m, sd, u, c->process, ret);
	return 1;
}

/*
 * A process that left its unit's control group still carries the mark its manager gave to the service's first
 * process, if it did not wash it off: systemd.exec(5), $INVOCATION_ID.
 */
static int claim_by_mark(struct dw_starters *s, struct dw_sd *sd, const struct dw_claim *c,
			 struct dw_starter *ret)
{
	struct dw_sd_manager *m = sd->system;
	const char *mark = dw_procs_env(s->procs, c->process, "INVOCATION_ID");

	if (!mark || dw_sd_is_active(m, "") == DW_UNKNOWN)
		return 0;
	for (size_t i = 0; i < m->active.n; i++) {
		const char *path = dw_arena_printf(s->arena, "/run/systemd/units/invocation:%s",
						   m->active.v[i]);
		struct dw_sd_unit *u;
		char *id;

		if (!dw_ends_with(m->active.v[i], ".service") ||
		    dw_sys_file_readlink(s->sys, path, s->arena, &id, NULL) < 0 ||
		    !dw_streq(id, mark))
			continue;
		u = dw_sd_unit_get(m, m->active.v[i]);
		dw_sd_close(m);
		dw_sd_describe(m, u, ret);
		name_command(m, u, c->process, ret);
		ret->running = DW_YES;
		ret->confidence = DW_CONFIDENCE_LIKELY;
		ret->evidence =
			dw_arena_printf(s->arena,
					"it left the control group of %s, but its environment "
					"has that unit's INVOCATION_ID",
					u->name);
		return 1;
	}
	return 0;
}

static int claim_user(struct dw_starters *s, struct dw_sd *sd, const struct dw_sd_where *w,
		      const struct dw_claim *c, struct dw_starter *ret)
{
	struct dw_sd_manager *m =
		dw_sd_user(s, sd, w->uid, dw_procs_env(s->procs, c->process, "HOME"));

	if (!m || !w->user_unit)
		return 0;
	if (dw_streq(w->user_unit, "init.scope"))
		return claim_by_manager(m, sd, c, ret);
	return dw_ends_with(w->user_unit, ".service") ? claim_service(m, sd, w->user_unit, c, ret)
						      : 0;
}

int dw_sd_claim(struct dw_starters *s, struct dw_sd *sd, const struct dw_claim *c,
		struct dw_starter *ret)
{
	struct dw_sd_where w;

	if (!c->process || c->container || c->process->kthread)
		return 0;
	if (c->process->pid == 1)
		return claim_by_manager(sd->system, sd, c, ret);
	dw_sd_where(s->arena, sd->cgroup_root, c->process->cgroup, &w);
	if (dw_sd_is_container(&w))
		return 0;
	if (w.uid != UINT32_MAX)
		return claim_user(s, sd, &w, c, ret);
	if (w.unit && dw_ends_with(w.unit, ".service"))
		return claim_service(sd->system, sd, w.unit, c, ret);
	if (!w.unit)
		return claim_by_mark(s, sd, c, ret);
	return 0;
}
