/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One manager: its search path, and what can be asked of its units. */
#include <errno.h>

#include "systemd.h"

/* systemd.unit(5), "System Unit Search Path"; a merged /lib is passed over. */
static const char *const system_dirs[] = {
	"/etc/systemd/system.control", "/run/systemd/system.control",
	"/run/systemd/transient",      "/run/systemd/generator.early",
	"/etc/systemd/system",         "/etc/systemd/system.attached",
	"/run/systemd/system",         "/run/systemd/system.attached",
	"/run/systemd/generator",      "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",     "/lib/systemd/system",
	"/run/systemd/generator.late",
};

/* The same for users: @H is the home directory, @R the runtime directory. */
static const char *const user_dirs[] = {
	"@H/.config/systemd/user.control",
	"@R/systemd/user.control",
	"@R/systemd/transient",
	"@R/systemd/generator.early",
	"@H/.config/systemd/user",
	"/etc/systemd/user",
	"@R/systemd/user",
	"/run/systemd/user",
	"@R/systemd/generator",
	"@H/.local/share/systemd/user",
	"/usr/local/share/systemd/user",
	"/usr/share/systemd/user",
	"/usr/local/lib/systemd/user",
	"/usr/lib/systemd/user",
	"@R/systemd/generator.late",
};

static bool merged_lib(struct dw_sys *s, const char *path)
{
	struct stat a, b;

	return dw_streq(path, "/lib/systemd/system") &&
	       dw_sys_file_stat(s, path, true, &a, NULL) == 0 &&
	       dw_sys_file_stat(s, "/usr/lib/systemd/system", true, &b, NULL) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

void dw_sd_names(struct dw_starters *s, const char *dir, struct dw_strings *ret)
{
	struct dw_error e = { 0 };
	int r = dw_sys_dir_list(s->sys, dir, s->arena, ret, &e);

	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		dw_facts_incomplete(s->facts, "unreadable", dir, 0, true,
				    "what this directory asks for is not known: %s", e.message);
}

static void add_dir(struct dw_sd_manager *m, const char *path)
{
	struct dw_sd_dir dir = { .path = path };

	if (merged_lib(m->s->sys, path))
		return;
	dw_sd_names(m->s, path, &dir.names);
	if (!dir.names.n)
		return;
	for (size_t i = 0; i < dir.names.n && !m->has_drop_ins; i++)
		m->has_drop_ins = dw_ends_with(dir.names.v[i], ".d");
	dw_vec_push(m->s->arena, &m->dirs, dir);
}

static const char *user_dir(struct dw_sd_manager *m, const char *pattern)
{
	struct dw_arena *a = m->s->arena;

	if (dw_starts_with(pattern, "@H"))
		return dw_arena_printf(a, "%s%s", m->home, pattern + 2);
	if (dw_starts_with(pattern, "@R"))
		return dw_arena_printf(a, "/run/user/%u%s", m->uid, pattern + 2);
	return pattern;
}

struct dw_sd_manager *dw_sd_manager_new(struct dw_starters *s, const char *user, uint32_t uid,
					const char *home)
{
	struct dw_sd_manager *m = dw_new(s->arena, struct dw_sd_manager);

	m->s = s;
	m->is_user = user != NULL;
	m->user = user;
	m->uid = uid;
	m->home = user ? home : "/root";
	if (m->is_user)
		for (size_t i = 0; i < DW_ARRAY_SIZE(user_dirs); i++)
			add_dir(m, user_dir(m, user_dirs[i]));
	else
		for (size_t i = 0; i < DW_ARRAY_SIZE(system_dirs); i++)
			add_dir(m, system_dirs[i]);
	return m;
}

void dw_sd_manager_free(struct dw_sd_manager *m)
{
	if (m)
		dw_sd_forget(m);
}

/* --- settings -------------------------------------------------------------------------------------- */

const struct dw_sd_setting *dw_sd_last(const struct dw_sd_unit *u, enum dw_sd_key key)
{
	for (size_t i = u->settings.n; i-- > 0;)
		if (u->settings.v[i].key == key)
			return *u->settings.v[i].value ? &u->settings.v[i] : NULL;
	return NULL;
}

const char *dw_sd_value(const struct dw_sd_unit *u, enum dw_sd_key key)
{
	const struct dw_sd_setting *s = dw_sd_last(u, key);

	return s ? s->value : "";
}

size_t dw_sd_list_begin(const struct dw_sd_unit *u, enum dw_sd_key key)
{
	for (size_t i = u->settings.n; i-- > 0;)
		if (u->settings.v[i].key == key && !*u->settings.v[i].value)
			return i + 1;
	return 0;
}

bool dw_sd_is_true(const char *value)
{
	static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(yes); i++)
		if (strcasecmp(value, yes[i]) == 0)
			return true;
	return false;
}

/* --- specifiers ------------------------------------------------------------------------------------ */

static const char *last_dash(const char *prefix)
{
	const char *dash = strrchr(prefix, '-');

	return dash ? dash + 1 : prefix;
}

/* NULL: not known here, or no specifier. */
static const char *specifier(struct dw_sd_manager *m, const struct dw_sd_unit *u, char which)
{
	struct dw_arena *a = m->s->arena;
	const char *instance;
	struct dw_sd_name n;

	if (!dw_sd_name_split(a, u->name, &n))
		return NULL;
	instance = n.instance ? n.instance : "";
	switch (which) {
	case '%':
		return "%";
	case 'n':
		return u->name;
	case 'N':
		return dw_sd_name_change(a, u->name, "");
	case 'p':
		return n.prefix;
	case 'P':
		return dw_sd_unescape(a, n.prefix);
	case 'i':
		return instance;
	case 'I':
		return dw_sd_unescape(a, instance);
	case 'j':
		return last_dash(n.prefix);
	case 'J':
		return dw_sd_unescape(a, last_dash(n.prefix));
	case 'f':
		return dw_arena_printf(a, "/%s",
				       dw_sd_unescape(a, n.instance ? instance : n.prefix));
	case 't':
		return m->is_user ? dw_arena_printf(a, "/run/user/%u", m->uid) : "/run";
	case 'h':
		return m->home;
	case 'u':
		return m->is_user ? m->user : "root";
	case 'U':
		return dw_arena_printf(a, "%u", m->is_user ? m->uid : 0);
	case 'H':
		return dw_sys_hostname(m->s->sys, a);
	case 'E':
		return m->is_user ? dw_arena_printf(a, "%s/.config", m->home) : "/etc";
	case 'S':
		return m->is_user ? dw_arena_printf(a, "%s/.local/state", m->home) : "/var/lib";
	case 'C':
		return m->is_user ? dw_arena_printf(a, "%s/.cache", m->home) : "/var/cache";
	case 'L':
		return m->is_user ? dw_arena_printf(a, "%s/.local/state/log", m->home) : "/var/log";
	case 'T':
		return "/tmp";
	case 'V':
		return "/var/tmp";
	default: /* a char, not an enum */
		return NULL;
	}
}

const char *dw_sd_expand(struct dw_sd_manager *m, const struct dw_sd_unit *u, const char *value)
{
	struct dw_str out = { .arena = m->s->arena };

	if (!strchr(value, '%'))
		return value;
	dw_str_add(&out, "");
	for (; *value; value++) {
		const char *s = *value == '%' && value[1] ? specifier(m, u, value[1]) : NULL;

		/* names are capped at 255 bytes, so a line of specifiers may grow 128-fold: stop long before */
		if (out.n > DW_SD_UNIT_MAX)
			break;
		if (s) {
			dw_str_add(&out, s);
			value++;
		} else {
			dw_str_addc(&out, *value);
		}
	}
	return out.s;
}

/* --- programs -------------------------------------------------------------------------------------- */

static const char *search_program(struct dw_sd_manager *m, const char *name)
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					    "/usr/bin",        "/sbin",          "/bin" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++) {
		const char *path = dw_arena_printf(m->s->arena, "%s/%s", dirs[i], name);

		if (dw_sys_file_exists(m->s->sys, path))
			return path;
	}
	return name;
}

const char *dw_sd_setting_program(struct dw_sd_manager *m, const struct dw_sd_unit *u,
				  const struct dw_sd_setting *s)
{
	struct dw_strings words = { 0 };

	(void)dw_split_quoted(m->s->arena, s->value + strspn(s->value, DW_SD_EXEC_PREFIXES),
			      &words);
	if (!words.n || !*words.v[0])
		return NULL;
	words.v[0] = dw_sd_expand(m, u, words.v[0]);
	return *words.v[0] == '/' ? words.v[0] : search_program(m, words.v[0]);
}

const char *dw_sd_program(struct dw_sd_manager *m, const struct dw_sd_unit *u,
			  const struct dw_sd_setting **ret_setting)
{
	size_t begin = dw_sd_list_begin(u, DW_SD_EXEC_START);

	for (size_t i = begin; i < u->settings.n; i++) {
		const struct dw_sd_setting *s = &u->settings.v[i];
		const char *program =
			s->key == DW_SD_EXEC_START ? dw_sd_setting_program(m, u, s) : NULL;

		if (!program)
			continue;
		if (ret_setting)
			*ret_setting = s;
		return program;
	}
	return NULL;
}

const char *dw_sd_source(struct dw_sd_manager *m, const struct dw_sd_unit *u,
			 const struct dw_sd_setting *s)
{
	if (s)
		return dw_starters_source(m->s, s->file, s->line);
	return u->fragment;
}

/* --- state ----------------------------------------------------------------------------------------- */

/*
 * systemd keeps a link /run/systemd/units/invocation:NAME for every unit that is not inactive, for journald
 * (unit_export_invocation_id, removed in unit_notify; since v235): one directory tells what a call for each
 * unit over the bus would.
 */
static void read_active(struct dw_sd_manager *m)
{
	struct dw_strings names = { 0 };
	static const char tag[] = "invocation:";

	m->active_read = true;
	if (m->is_user || !dw_sys_is_running(m->s->sys) ||
	    dw_sys_dir_list(m->s->sys, "/run/systemd/units", m->s->arena, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (dw_starts_with(names.v[i], tag))
			dw_vec_push(m->s->arena, &m->active, names.v[i] + sizeof(tag) - 1);
	m->active_known = true;
}

enum dw_tristate dw_sd_is_active(struct dw_sd_manager *m, const char *name)
{
	if (!m->active_read)
		read_active(m);
	if (!m->active_known)
		return DW_UNKNOWN;
	return dw_sd_sorted_has(&m->active, name) ? DW_YES : DW_NO;
}
