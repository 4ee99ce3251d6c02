/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Started by hand, out of a login session: logind's session scope says so for certain; without logind a login
 * program among the ancestors, the audit user id, the terminal and what sshd and sudo leave in the environment.
 * id: the user who logged in, whatever they became afterwards. also: terminal and address; no file, so no source.
 */
#include <errno.h>
#include <string.h>

#include "registry.h"
#include "session.h"
#include "systemd.h"

#define GENERATIONS_MAX 64
#define REMEMBERED      64U /* processes; workers have few ancestors, and all the same */

enum role { ROLE_ENTRY = 1, ROLE_INNER = 2, ROLE_SCHEDULER = 4 };

/* What an environment tells of a login. */
enum trace_of { TRACE_NONE, TRACE_SSH, TRACE_SUDO };

struct state {
	const char *cgroup_root;
	struct {
		const struct dw_procinfo *process;
		unsigned roles;
	} seen[REMEMBERED];
	const struct dw_procinfo *top; /* whose environment was looked at last, and what it told */
	enum trace_of told;
};

/* Programs whose children are somebody's session. */
static const char *const entries[] = {
	"sshd",        "sshd-session", "login",       "dropbear",
	"in.telnetd",  "telnetd",      "in.rlogind",  "in.rshd",
	"mosh-server", "agetty",       "xrdp-sesman", "gdm-session-worker",
	"lightdm",     "sddm-helper",  "xdm",         "cockpit-session",
};

/* Programs that only run inside somebody's session (or in place of one). */
static const char *const inner[] = {
	"sudo",   "su",     "doas",  "screen",          "tmux",    "tmux: server",   "dtach",
	"abduco", "script", "xterm", "gnome-terminal-", "konsole", "xfce4-terminal",
};

/* Their children were asked for in a file: not by hand, though these set the audit user id too. */
static const char *const schedulers[] = { "cron",   "crond", "atd",  "anacron", "fcron",  "inetd",
					  "xinetd", "runsv", "init", "systemd", "openrc", "rc" };

static bool one_of(const struct dw_procinfo *p, const char *const *names, size_t n)
{
	const char *exe = p->exe ? dw_basename(p->exe) : p->comm;

	for (size_t i = 0; i < n; i++)
		if (dw_streq(exe, names[i]) || dw_streq(p->comm, names[i]))
			return true;
	return false;
}

/* Each ancestor is weighed once, not once for each of its thousand workers. */
static unsigned roles_of(struct state *st, const struct dw_procinfo *p)
{
	unsigned slot = (unsigned)p->pid % REMEMBERED;

	if (st->seen[slot].process != p) {
		st->seen[slot].process = p;
		st->seen[slot].roles =
			(one_of(p, entries, DW_ARRAY_SIZE(entries)) ? ROLE_ENTRY : 0U) |
			(one_of(p, inner, DW_ARRAY_SIZE(inner)) ? ROLE_INNER : 0U) |
			(one_of(p, schedulers, DW_ARRAY_SIZE(schedulers)) ? ROLE_SCHEDULER : 0U);
	}
	return st->seen[slot].roles;
}

struct lineage {
	const struct dw_procinfo *self, *top; /* top: the ancestor right below pid 1, or self */
	const struct dw_procinfo *entry;      /* nearest login program above, NULL: none */
	const struct dw_procinfo *shell;      /* the child of it that is an ancestor, or self */
	const struct dw_procinfo *inner;      /* sudo, screen ... among the ancestors */
	bool scheduled;
};

static void trace(struct dw_starters *s, struct state *st, const struct dw_procinfo *self,
		  struct lineage *ret)
{
	struct lineage l = { .self = self, .top = self, .shell = self };
	const struct dw_procinfo *child = self;

	for (unsigned i = 0; i < GENERATIONS_MAX && child->ppid > 1; i++) {
		const struct dw_procinfo *p = dw_procs_get(s->procs, child->ppid);
		unsigned roles;

		if (!p || p->started_ticks > child->started_ticks)
			break; /* a pid that was given out again */
		l.top = p;
		roles = roles_of(st, p);
		if (!l.entry && (roles & ROLE_ENTRY)) {
			l.entry = p;
			l.shell = child;
		}
		if (!l.entry && !l.inner && (roles & ROLE_INNER))
			l.inner = p;
		if (!l.entry && (roles & ROLE_SCHEDULER))
			l.scheduled = true;
		child = p;
	}
	*ret = l;
}

/* The environment is inherited: the oldest ancestor has it when sudo took it from the process itself. */
static const char *env_of(struct dw_starters *s, const struct lineage *l, const char *name)
{
	const struct dw_procinfo *from[] = { l->self, l->shell, l->inner, l->top };

	for (size_t i = 0; i < DW_ARRAY_SIZE(from); i++) {
		const char *v = from[i] && (i == 0 || from[i] != l->self)
					? dw_procs_env(s->procs, from[i], name)
					: NULL;

		if (v && *v)
			return v;
	}
	return NULL;
}

static const char *name_of(struct dw_starters *s, uint32_t uid)
{
	const char *name = dw_sys_user_name(s->sys, uid);

	return name ? dw_arena_strdup(s->arena, name) : dw_arena_printf(s->arena, "%u", uid);
}

/* "10.9.0.1 41833 10.9.1.2 22" -> "10.9.0.1" */
static const char *ssh_peer(struct dw_starters *s, const struct lineage *l)
{
	const char *v = env_of(s, l, "SSH_CONNECTION");

	if (!v)
		v = env_of(s, l, "SSH_CLIENT");
	return v ? dw_arena_strndup(s->arena, v, DW_MIN(strcspn(v, " "), (size_t)64)) : NULL;
}

/* Completes terminal and address from what the processes themselves show. */
static void complete(struct dw_starters *s, const struct lineage *l, struct dw_session *v)
{
	const char *tty = dw_session_tty(s->arena, l->self->tty_nr);
	struct dw_session at;

	if (!tty)
		tty = dw_session_tty(s->arena, l->shell->tty_nr);
	if (!v->tty)
		v->tty = tty;
	if (!v->tty) {
		const char *ssh = env_of(s, l, "SSH_TTY");

		v->tty = ssh && dw_starts_with(ssh, "/dev/") ? ssh + 5 : NULL;
	}
	if (!v->host)
		v->host = ssh_peer(s, l);
	if (v->tty && !v->host && dw_session_at(s, v->tty, &at))
		v->host = at.host;
}

static const char *login_user(struct dw_starters *s, const struct lineage *l,
			      const struct dw_session *v)
{
	const char *sudo;

	/* pam_loginuid(8): set once at login, not changed by sudo and su */
	if (l->self->loginuid != UINT32_MAX)
		return name_of(s, l->self->loginuid);
	if (v->user)
		return v->user;
	sudo = env_of(s, l, "SUDO_USER");
	if (sudo)
		return sudo;
	return name_of(s, l->entry ? l->shell->uid : l->top->uid);
}

static int answer(struct dw_starters *s, const struct lineage *l, struct dw_session *v,
		  enum dw_confidence sure, const char *evidence, struct dw_starter *ret)
{
	const struct dw_procinfo *p = l->self;

	complete(s, l, v);
	*ret = (struct dw_starter){
		.kind = DW_STARTER_MANUAL,
		.id = login_user(s, l, v),
		.also = dw_session_text(s->arena, v),
		.enabled = DW_NO,
		.running = DW_YES,
		.restarts = DW_NO,
		.confidence = sure,
		.evidence = evidence,
	};
	if (p->euid != UINT32_MAX && !dw_streq(name_of(s, p->euid), ret->id))
		ret->also = dw_arena_printf(
			s->arena, "%s%srunning as %s%s", ret->also ? ret->also : "",
			ret->also ? ", " : "", name_of(s, p->euid),
			l->inner || env_of(s, l, "SUDO_USER") ? " (sudo or su)" : "");
	return 1;
}

static int claim_session(struct dw_starters *s, const struct lineage *l, const char *id,
			 const char *cgroup, struct dw_starter *ret)
{
	struct dw_session v;
	const char *more = "";

	if (!dw_session_read(s, id, &v))
		more = ", which is over";
	else if (v.service)
		more = dw_arena_printf(s->arena, " of %s", v.service);
	return answer(s, l, &v, DW_CONFIDENCE_CERTAIN,
		      dw_arena_printf(s->arena, "its control group is %s: login session %s%s",
				      cgroup, id, more),
		      ret);
}

static enum trace_of trace_in(struct dw_starters *s, const struct lineage *l)
{
	if (ssh_peer(s, l))
		return TRACE_SSH;
	return env_of(s, l, "SUDO_USER") ? TRACE_SUDO : TRACE_NONE;
}

/* A thousand workers of one parent inherited one environment: that is looked at once. */
static enum trace_of trace_above(struct dw_starters *s, struct state *st, const struct lineage *l)
{
	struct lineage elder = { .self = l->top, .shell = l->top, .top = l->top };

	if (st->top != l->top) {
		st->top = l->top;
		st->told = trace_in(s, &elder);
	}
	return st->told;
}

/* Without a session's control group: as sure as the traces are. */
static int claim_by_traces(struct dw_starters *s, struct state *st, const struct lineage *l,
			   struct dw_starter *ret)
{
	bool audited = l->self->loginuid != UINT32_MAX;
	const char *tty = dw_session_tty(s->arena, l->self->tty_nr);
	const struct dw_procinfo *above = l->entry ? l->entry : l->inner;
	struct dw_session v = { 0 };
	enum trace_of told;

	if (l->scheduled)
		return 0;
	if (above)
		return answer(
			s, l, &v,
			l->entry || audited ? DW_CONFIDENCE_CERTAIN : DW_CONFIDENCE_LIKELY,
			dw_arena_printf(s->arena, "started below %s (%d)", above->comm, above->pid),
			ret);
	told = audited ? trace_in(s, l) : trace_above(s, st, l);
	if (told == TRACE_SSH)
		return answer(s, l, &v, DW_CONFIDENCE_LIKELY,
			      "its environment is that of a login over ssh", ret);
	if (told == TRACE_SUDO)
		return answer(s, l, &v, DW_CONFIDENCE_LIKELY, "its environment is that of sudo",
			      ret);
	if (tty)
		return answer(s, l, &v, audited ? DW_CONFIDENCE_LIKELY : DW_CONFIDENCE_GUESS,
			      dw_arena_printf(s->arena, "its terminal is %s", tty), ret);
	/* cron and at set it too */
	if (audited)
		return answer(s, l, &v, DW_CONFIDENCE_GUESS,
			      "its audit user id was set by a login or a job", ret);
	return 0;
}

/* Services in whose control group logins live when logind does not take them out of it. */
static bool lets_people_in(const char *unit)
{
	static const char *const heads[] = { "ssh.",
					     "sshd.",
					     "ssh@",
					     "sshd@",
					     "dropbear",
					     "getty@",
					     "serial-getty@",
					     "console-getty.",
					     "container-getty@",
					     "autovt@",
					     "telnet",
					     "inetd.",
					     "openbsd-inetd.",
					     "inetutils-inetd.",
					     "xinetd." };

	for (size_t i = 0; i < DW_ARRAY_SIZE(heads); i++)
		if (dw_starts_with(unit, heads[i]))
			return true;
	return false;
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	struct state *st;

	if (!s->procs || !dw_sys_is_running(s->sys))
		return -ENOENT;
	st = dw_new(s->arena, struct state);
	st->cgroup_root = dw_sd_cgroup_root(s);
	*ret_state = st;
	return 0;
}

static int claim(struct dw_starters *s, void *state, const struct dw_claim *c,
		 struct dw_starter *ret)
{
	struct state *st = state;
	const struct dw_procinfo *p = c->process;
	struct dw_sd_where w;
	struct lineage l;
	const char *id;

	if (!p || c->container || p->kthread || p->pid == 1)
		return 0;
	dw_sd_where(s->arena, st->cgroup_root, p->cgroup, &w);
	if (dw_sd_is_container(&w))
		return 0;
	if (w.unit && dw_ends_with(w.unit, ".service") && w.uid == UINT32_MAX &&
	    !lets_people_in(w.unit))
		return 0;
	if (w.uid != UINT32_MAX && !(w.user_unit && dw_ends_with(w.user_unit, ".scope") &&
				     !dw_streq(w.user_unit, "init.scope")))
		return 0;
	trace(s, st, p, &l);
	id = dw_sd_session_id(s->arena, w.unit);
	if (id)
		return claim_session(s, &l, id, p->cgroup, ret);
	if (w.uid != UINT32_MAX) {
		struct dw_session v = { .user = name_of(s, w.uid) };

		return answer(
			s, &l, &v, DW_CONFIDENCE_CERTAIN,
			dw_arena_printf(s->arena,
					"its control group is %s: a program of a user's session",
					p->cgroup),
			ret);
	}
	return claim_by_traces(s, st, &l, ret);
}

static void forget(struct dw_starters *s, void *state)
{
	struct state *st = state;

	memset(st->seen, 0, sizeof(st->seen));
	st->top = NULL;
}

const struct dw_starter_ops dw_starter_manual = {
	.name = "manual", .knows_foreign = true, .load = load, .claim = claim, .forget = forget
};
