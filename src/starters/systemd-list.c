/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sleeping doors: every address of every enabled socket unit, and enabled services that do not run now but
 * whose program could open a door. Which one, nobody can say before it runs.
 */
#include <errno.h>

#include "systemd.h"

/* Programs that run another one: what they import says nothing. */
static bool runs_another(const char *program)
{
	static const char *const names[] = {
		"sh",       "bash",        "dash",    "ash",     "busybox",   "zsh",
		"ksh",      "env",         "nsenter", "unshare", "ip",        "sudo",
		"su",       "runuser",     "setpriv", "setsid",  "chroot",    "nohup",
		"nice",     "ionice",      "taskset", "chrt",    "timeout",   "start-stop-daemon",
		"daemon",   "daemonize",   "stdbuf",  "numactl", "prlimit",   "capsh",
		"firejail", "xargs",       "flock",   "tini",    "dumb-init", "s6-svscan",
		"runsvdir", "supervisord", "screen",  "tmux",    "java",      "node",
		"nodejs",   "ruby",        "php",     "lua",     "erl",       "beam.smp",
		"mono",     "dotnet",      "deno",    "bun",     "guile",     "Rscript",
		"tclsh",    "postmulti",
	};
	static const char *const heads[] = { "python", "perl", "ruby", "php", "lua", "node" };
	const char *base = dw_basename(program);

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(base, names[i]))
			return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(heads); i++)
		if (dw_starts_with(base, heads[i]))
			return true;
	return false;
}

/* Programs that bind netlink sockets only, whatever else they import. */
static bool never_listens(const char *program)
{
	static const char *const names[] = { "agetty",        "mingetty",   "systemctl",
					     "udevadm",       "networkctl", "ifup",
					     "systemd-udevd", "irqbalance", "acpid" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(dw_basename(program), names[i]))
			return true;
	return false;
}

static int may_listen(struct dw_sd_manager *m, const struct dw_sd_unit *u, const char *program)
{
	if (never_listens(program))
		return 0;
	if (runs_another(program) || *dw_sd_value(u, DW_SD_ROOT_DIRECTORY) ||
	    *dw_sd_value(u, DW_SD_ROOT_IMAGE))
		return -ENOTSUP;
	return dw_elf_may_listen(m->s->sys, program);
}

/* RestrictAddressFamilies=, systemd.exec(5): a list of what is allowed, or behind ~ of what is not. */
static bool families_forbid(struct dw_sd_manager *m, const struct dw_sd_unit *u)
{
	static const char *const doors[] = { "AF_INET", "AF_INET6", "AF_PACKET", "AF_VSOCK",
					     "AF_BLUETOOTH" };
	bool set = false, allows = false;

	for (size_t i = dw_sd_list_begin(u, DW_SD_ADDRESS_FAMILIES); i < u->settings.n; i++) {
		char *at, *word;

		if (u->settings.v[i].key != DW_SD_ADDRESS_FAMILIES)
			continue;
		set = true;
		if (*u->settings.v[i].value == '~')
			return false; /* rare, and never the whole list */
		at = dw_arena_strdup(m->s->arena, u->settings.v[i].value);
		while ((word = dw_word_next(&at)))
			for (size_t k = 0; k < DW_ARRAY_SIZE(doors); k++)
				allows = allows || dw_streq(word, doors[k]);
	}
	return set && !allows;
}

/* ConditionPathExists= that does not hold now; NULL: none. A "|" makes one of several enough: not judged. */
static const struct dw_sd_setting *failing_condition(struct dw_sd_manager *m,
						     const struct dw_sd_unit *u)
{
	for (size_t i = dw_sd_list_begin(u, DW_SD_CONDITION_EXISTS); i < u->settings.n; i++) {
		const struct dw_sd_setting *s = &u->settings.v[i];
		const char *path = s->value;
		bool negated;

		if (s->key != DW_SD_CONDITION_EXISTS || *path == '|')
			continue;
		negated = *path == '!';
		path = dw_sd_expand(m, u, path + negated);
		if (*path == '/' && dw_sys_file_exists(m->s->sys, path) == negated)
			return s;
	}
	return NULL;
}

/*
 * As good as masked, whatever comes: there is no root without "/". What requires the unit goes on without it, so
 * closing writes such a drop-in where a mask would break that (levers-boot.c).
 */
static bool never_starts(const struct dw_sd_unit *u)
{
	for (size_t i = dw_sd_list_begin(u, DW_SD_CONDITION_EXISTS); i < u->settings.n; i++)
		if (u->settings.v[i].key == DW_SD_CONDITION_EXISTS &&
		    dw_streq(u->settings.v[i].value, "!/"))
			return true;
	return false;
}

/* A user's manager does not write down what is active; its control groups do. */
static bool user_runs(struct dw_sd_manager *m, const struct dw_sd_unit *u)
{
	static const char *const trees[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified",
					     "/sys/fs/cgroup/systemd" };

	if (!dw_sys_is_running(m->s->sys))
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(trees); i++)
		if (dw_sys_file_exists(
			    m->s->sys,
			    dw_arena_printf(
				    m->s->arena,
				    "%s/user.slice/user-%u.slice/user@%u.service/app.slice/%s",
				    trees[i], m->uid, m->uid, u->name)))
			return true;
	return false;
}

static bool is_running(struct dw_sd_manager *m, const struct dw_sd_unit *u)
{
	return m->is_user ? user_runs(m, u) : dw_sd_is_active(m, u->name) == DW_YES;
}

static void add_sleeper(struct dw_sd_manager *m, const struct dw_endpoint *at,
			const struct dw_starter *st, const char *program)
{
	*dw_vec_add(m->s->arena, &m->s->facts->sleepers) =
		(struct dw_sleeper_fact){ .at = *at, .starter = *st, .program = program };
}

static void list_socket(struct dw_sd_manager *m, struct dw_sd_unit *u)
{
	const char *service = dw_sd_socket_service(m, u);
	const char *template = dw_sd_name_template(m->s->arena, service);
	const char *program = NULL;
	struct dw_starter st;

	dw_sd_socket_read(m, u);
	if (!u->listens.n)
		return;
	if (!template && !dw_ends_with(service, "@.service"))
		program = dw_sd_program(m, dw_sd_unit_get(m, service), NULL);
	else
		/* any instance will do to learn the program */
		program = dw_sd_program(
			m,
			dw_sd_unit_get(m, dw_arena_printf(m->s->arena, "%.*s0.service",
							  (int)strcspn(service, "@") + 1, service)),
			NULL);
	dw_sd_describe(m, u, &st);
	st.running = m->is_user ? DW_UNKNOWN : dw_sd_is_active(m, u->name);
	st.also = service;
	for (size_t i = 0; i < u->listens.n; i++) {
		st.source = dw_starters_source(m->s, u->listens.v[i].file, u->listens.v[i].line);
		add_sleeper(m, &u->listens.v[i].at, &st, program);
	}
}

/* Would a start of this service be worth a warning? Returns what dw_elf_may_listen says, 0: no. */
static int worth_listing(struct dw_sd_manager *m, struct dw_sd_unit *u, const char *program)
{
	bool oneshot = dw_streq(dw_sd_value(u, DW_SD_TYPE), "oneshot");
	int may;

	if (oneshot && !dw_sd_is_true(dw_sd_value(u, DW_SD_REMAIN)))
		return 0;
	if (is_running(m, u) || dw_sd_is_true(dw_sd_value(u, DW_SD_PRIVATE_NETWORK)) ||
	    families_forbid(m, u))
		return 0;
	may = may_listen(m, u, program);
	/* scripts that set something up once are many, and mostly leave nothing behind */
	return may < 0 && (oneshot || u->enabled <= DW_SD_BY_TRIGGER) ? 0 : may;
}

/* Told by a socket unit: its addresses are listed, or only a path of the file system leads to the service. */
static bool told_by_socket(struct dw_sd_manager *m, const struct dw_sd_unit *u)
{
	for (size_t i = 0; i < u->triggers.n; i++) {
		struct dw_sd_unit *t = u->triggers.v[i];

		if (!dw_ends_with(t->name, ".socket"))
			continue;
		dw_sd_socket_read(m, t);
		if (t->listens.n || u->enabled <= DW_SD_BY_TRIGGER)
			return true;
	}
	return false;
}

static void list_service(struct dw_sd_manager *m, struct dw_sd_unit *u)
{
	const struct dw_endpoint nowhere = { 0 };
	const struct dw_sd_setting *condition;
	const char *program = dw_sd_program(m, u, NULL);
	struct dw_starter st;
	int may;

	if (!program || told_by_socket(m, u))
		return;
	may = worth_listing(m, u, program);
	if (may == 0)
		return;
	dw_sd_describe(m, u, &st);
	st.running = DW_NO;
	st.confidence = may > 0 ? DW_CONFIDENCE_LIKELY : DW_CONFIDENCE_GUESS;
	condition = failing_condition(m, u);
	if (condition)
		st.evidence = dw_arena_printf(
			m->s->arena, "%s; ConditionPathExists=%s (%s:%u) keeps it from starting",
			st.evidence, condition->value, condition->file, condition->line);
	add_sleeper(m, &nowhere, &st, program);
}

static void list_manager(struct dw_sd_manager *m)
{
	dw_sd_close(m);
	for (size_t i = 0; i < m->pulled.n; i++) {
		struct dw_sd_unit *u = m->pulled.v[i];

		if (!dw_sd_unit_exists(u) || (never_starts(u) && !is_running(m, u)))
			continue;
		if (dw_ends_with(u->name, ".socket"))
			list_socket(m, u);
		else if (dw_ends_with(u->name, ".service"))
			list_service(m, u);
	}
	for (size_t i = 0; i < m->at_ends.n; i++) {
		struct dw_sd_unit *u = m->at_ends.v[i];

		if (!u->enabled && !u->masked && dw_sd_unit_exists(u) && !never_starts(u) &&
		    dw_ends_with(u->name, ".service"))
			list_service(m, u);
	}
}

/*
 * Offline there is no generator's output: a script with a link in rc2.d to rc5.d and no unit file of its name
 * is what systemd-sysv-generator(8) would make a unit of.
 */
static void list_scripts(struct dw_sd_manager *m)
{
	struct dw_strings seen = { 0 };

	for (char level = '2'; level <= '5'; level++) {
		const char *dir = dw_arena_printf(m->s->arena, "/etc/rc%c.d", level);
		struct dw_strings names = { 0 };

		dw_sd_names(m->s, dir, &names);
		for (size_t i = 0; i < names.n; i++) {
			const char *name = names.v[i] + 3, *script;
			struct dw_endpoint nowhere = { 0 };
			struct dw_starter st;
			bool known = false;

			if (names.v[i][0] != 'S' || strlen(names.v[i]) < 4)
				continue;
			for (size_t k = 0; k < seen.n && !known; k++)
				known = dw_streq(seen.v[k], name);
			script = dw_arena_printf(m->s->arena, "/etc/init.d/%s", name);
			if (known || !dw_sys_file_exists(m->s->sys, script) ||
			    dw_sd_has_file(m, dw_arena_printf(m->s->arena, "%s.service", name)))
				continue;
			dw_vec_push(m->s->arena, &seen, name);
			st = (struct dw_starter){
				.kind = DW_STARTER_SYSV,
				.id = name,
				.source = script,
				.enabled = DW_YES,
				.running = DW_NO,
				.restarts = DW_NO,
				.confidence = DW_CONFIDENCE_GUESS,
				.evidence = dw_arena_printf(m->s->arena, "enabled by %s/%s", dir,
							    names.v[i]),
				.also = dw_arena_printf(m->s->arena, "%s.service", name),
			};
			add_sleeper(m, &nowhere, &st, NULL);
		}
	}
}

int dw_sd_list(struct dw_starters *s, struct dw_sd *sd, struct dw_error *e)
{
	struct dw_strings lingering = { 0 };

	list_manager(sd->system);
	if (!dw_sys_is_running(s->sys))
		list_scripts(sd->system);
	dw_sd_names(s, "/var/lib/systemd/linger", &lingering);
	for (size_t i = 0; i < lingering.n; i++) {
		struct dw_sd_manager *m;
		uint32_t uid;

		m = dw_sys_user_id(s->sys, lingering.v[i], &uid) ? dw_sd_user(s, sd, uid, NULL)
								 : NULL;
		if (m)
			list_manager(m);
		else
			dw_facts_incomplete(s->facts, "unreadable", "/etc/passwd", 0, true,
					    "units of %s start at boot, but no such user is known",
					    lingering.v[i]);
	}
	return 0;
}
