/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "dw_str.h"
#include "systemd.h" /* dw_elf_may_listen */

#define PIDFILE_MAX   512 /* bytes; postmaster.pid has eight lines */
#define STALE_SECONDS 10  /* a pid file may be written a little before the daemon's last fork */

/* --- the chain ------------------------------------------------------------------------------------ */

static bool same_daemon(const struct dw_procinfo *child, const struct dw_procinfo *parent)
{
	if (child->loginuid != parent->loginuid)
		return false;
	if (child->sid == parent->sid)
		return true;
	return child->exe && parent->exe && dw_streq(child->exe, parent->exe);
}

void dw_chain_of(struct dw_procs *procs, const struct dw_procinfo *p, struct dw_chain *ret)
{
	ret->n = 0;
	ret->v[ret->n++] = p;
	while (ret->n < DW_CHAIN_MAX && p->ppid > 1) {
		const struct dw_procinfo *parent = dw_procs_get(procs, p->ppid);

		/* A parent is older than its child; a younger one got the number of one that is gone. */
		if (!parent || parent->started_ticks > p->started_ticks || !same_daemon(p, parent))
			break;
		ret->v[ret->n++] = p = parent;
	}
}

/* --- programs ------------------------------------------------------------------------------------- */

static bool is_exe(const struct dw_procinfo *p, const struct dw_program *program)
{
	if (!p->exe)
		return false;
	if (dw_program_same_path(p->exe, program->real) ||
	    dw_program_same_path(p->exe, program->path))
		return true;
	return p->exe_ino && program->ino && p->exe_ino == program->ino &&
	       p->exe_dev == program->dev;
}

/* The interpreter of the script is what the process runs: by path, or by the beginning of the name (python3.11). */
static bool runs_interpreter(struct dw_sys *sys, const struct dw_procinfo *p,
			     const struct dw_program *program)
{
	const char *name;

	if (!p->exe || !program->interpreter)
		return false;
	name = dw_basename(program->interpreter);
	if (dw_starts_with(dw_basename(p->exe), name))
		return true;
	return dw_program_is_interpreter(p->exe) && dw_program_is_interpreter(name);
}

static bool has_argument(const struct dw_procinfo *p, const struct dw_program *program)
{
	/* The kernel puts the script behind the interpreter and at most one option; people may put more. */
	for (size_t i = 1; i < p->argc && i < 5; i++)
		if (p->argv[i][0] == '/' && (dw_program_same_path(p->argv[i], program->path) ||
					     dw_program_same_path(p->argv[i], program->real)))
			return true;
	return false;
}

/* DAEMON=/usr/bin/python3: only together with an argument that the script names too. */
static bool script_names_argument(const struct dw_procinfo *p, const char *text)
{
	for (size_t i = 1; text && i < p->argc && i < 8; i++)
		if (strlen(p->argv[i]) >= 4 && p->argv[i][0] != '-' && strstr(text, p->argv[i]))
			return true;
	return false;
}

bool dw_daemon_runs(struct dw_sys *sys, const struct dw_procinfo *p,
		    const struct dw_program *program, const char *script_text)
{
	if (is_exe(p, program))
		return !dw_program_is_interpreter(program->real) ||
		       script_names_argument(p, script_text);
	return runs_interpreter(sys, p, program) && has_argument(p, program);
}

/* --- pid files ------------------------------------------------------------------------------------ */

static void read_pidfile(struct dw_starters *s, struct dw_pidfile *f)
{
	struct dw_bytes text = { 0 };
	struct stat st;
	uint64_t pid;
	size_t start = 0, n;
	int r;

	f->read = true;
	r = dw_sys_file_stat(s->sys, f->path, true, &st, NULL);
	if (r == 0 && S_ISREG(st.st_mode))
		r = dw_sys_file_read(s->sys, f->path, PIDFILE_MAX, s->arena, &text, NULL);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		f->error = r;
	if (r < 0 || !text.data)
		return;
	while (start < text.n && (text.data[start] == ' ' || text.data[start] == '\t'))
		start++;
	n = strspn(text.data + start, "0123456789");
	if (!dw_parse_u64n(text.data + start, n, 10, INT32_MAX, &pid) || pid <= 1)
		return;
	f->pid = (int)pid;
	f->mtime = st.st_mtime > 0 ? (uint64_t)st.st_mtime : 0;
}

static bool names_process(const struct dw_pidfile *f, const struct dw_procinfo *p)
{
	return p->pid == f->pid && (p->started == 0 || p->started <= f->mtime + STALE_SECONDS);
}

const struct dw_procinfo *dw_pidfile_names(struct dw_starters *s, struct dw_pidfile *f,
					   const struct dw_chain *c)
{
	if (!f->read)
		read_pidfile(s, f);
	for (size_t i = 0; i < c->n; i++)
		if (names_process(f, c->v[i]))
			return c->v[i];
	return NULL;
}

/* --- by whom -------------------------------------------------------------------------------------- */

enum dw_origin dw_daemon_origin(struct dw_procs *procs, const struct dw_procinfo *p)
{
	static const char *const session[] = { "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY",
					       "SUDO_USER",      "SUDO_UID",   "XDG_SESSION_ID",
					       "WINDOWID",       "DISPLAY" };
	/* sysvinit's init(8) sets the upper case ones, /lib/init/rc the others; OpenRC's openrc(8) RC_RUNLEVEL. */
	static const char *const boot[] = { "RUNLEVEL", "PREVLEVEL", "INIT_VERSION", "runlevel",
					    "RC_RUNLEVEL" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(session); i++)
		if (dw_procs_env(procs, p, session[i]))
			return DW_ORIGIN_SESSION;
	for (size_t i = 0; i < DW_ARRAY_SIZE(boot); i++)
		if (dw_procs_env(procs, p, boot[i]))
			return DW_ORIGIN_BOOT;
	return DW_ORIGIN_UNKNOWN;
}

/* A login uid that pid 1 has not is a person's (pam_loginuid), whatever became of the environment. */
static bool has_login(struct dw_procs *procs, const struct dw_procinfo *p)
{
	const struct dw_procinfo *init;

	if (p->loginuid == UINT32_MAX)
		return false;
	init = dw_procs_get(procs, 1);
	return !init || init->loginuid != p->loginuid;
}

static const char *session_text(struct dw_starters *s, const struct dw_procinfo *p,
				const char *user)
{
	const char *sudo = dw_procs_env(s->procs, p, "SUDO_USER");
	const char *from = dw_procs_env(s->procs, p, "SSH_CONNECTION");

	if (!from)
		from = dw_procs_env(s->procs, p, "SSH_CLIENT");
	if (!user)
		user = dw_procs_env(s->procs, p, "LOGNAME");
	if (sudo)
		return dw_arena_printf(s->arena, "by hand, by %.64s with sudo", sudo);
	if (from)
		return dw_arena_printf(s->arena, "by hand, by %.64s from %.*s",
				       user ? user : "somebody",
				       (int)DW_MIN(strcspn(from, " "), (size_t)64), from);
	return user ? dw_arena_printf(s->arena, "by hand, by %.64s", user) : "by hand";
}

const char *dw_daemon_by_hand(struct dw_starters *s, const struct dw_procinfo *p)
{
	bool login = has_login(s->procs, p);
	const char *user = login ? dw_sys_user_name(s->sys, p->loginuid) : NULL;

	if (dw_daemon_origin(s->procs, p) == DW_ORIGIN_SESSION)
		return session_text(s, p, user);
	/* service(8) and rc-service(8) clean the environment, but not the login uid; cron's jobs have one too */
	if (login && p->ppid == 1)
		return dw_arena_printf(s->arena, "in a session of %.64s (by hand, or by a job)",
				       user ? user : "somebody");
	return NULL;
}

/* --- sleepers ------------------------------------------------------------------------------------- */

/* agetty(8) binds a netlink socket, and looks like a server for it. */
static bool is_getty(const char *path)
{
	static const char *const names[] = { "getty",  "agetty",  "mingetty", "fgetty",
					     "mgetty", "sulogin", "login" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(dw_basename(path), names[i]))
			return true;
	return false;
}

static bool may_listen(struct dw_sys *sys, const struct dw_program *p)
{
	int r;

	if (is_getty(p->path) || is_getty(p->real))
		return false;
	r = !p->interpreter ? dw_elf_may_listen(sys, p->real) : -ENOTSUP;

	return r < 0 ? p->named : r > 0;
}

struct dw_program *dw_script_listener(struct dw_starters *s, struct dw_script *script)
{
	struct dw_program *mentioned = NULL;
	bool named = false;

	for (size_t i = 0; i < script->programs.n; i++) {
		struct dw_program *p = &script->programs.v[i];

		named = named || p->named;
		dw_program_resolve(s->sys, s->arena, p);
		if (!p->exists || !may_listen(s->sys, p))
			continue;
		if (p->named)
			return p;
		if (!mentioned && !dw_program_is_interpreter(p->real))
			mentioned = p;
	}
	return named ? NULL : mentioned;
}

static bool pidfile_alive(struct dw_starters *s, struct dw_pidfile *f)
{
	const struct dw_procinfo *p;

	if (!f->read)
		read_pidfile(s, f);
	p = f->named && f->pid > 1 ? dw_procs_get(s->procs, f->pid) : NULL;
	return p && p->state != 'Z' && names_process(f, p);
}

enum dw_tristate dw_script_runs_by_pidfile(struct dw_starters *s, struct dw_script *script)
{
	enum dw_tristate found = DW_UNKNOWN;

	for (size_t i = 0; i < script->pidfiles.n; i++) {
		struct dw_pidfile *f = &script->pidfiles.v[i];

		if (pidfile_alive(s, f))
			return DW_YES;
		if (f->named && f->pid > 1)
			found = DW_NO;
	}
	return found;
}

static bool program_alive(struct dw_starters *s, struct dw_script *script, const int *pids,
			  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct dw_procinfo *p = dw_procs_get(s->procs, pids[i]);

		if (!p || p->kthread || dw_procs_is_foreign(s->procs, p))
			continue;
		for (size_t k = 0; k < script->programs.n; k++) {
			struct dw_program *program = &script->programs.v[k];

			if (!program->named)
				continue;
			dw_program_resolve(s->sys, s->arena, program);
			if (dw_daemon_runs(s->sys, p, program, script->text))
				return true;
		}
	}
	return false;
}

bool dw_script_is_running(struct dw_starters *s, struct dw_script *script)
{
	size_t n;
	int *pids;

	if (!s->procs)
		return false;
	if (dw_script_runs_by_pidfile(s, script) == DW_YES)
		return true;
	if (dw_procs_list(s->procs, s->arena, &pids, &n, NULL) < 0)
		return false;
	return program_alive(s, script, pids, n);
}
