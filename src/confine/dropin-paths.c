/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ProtectSystem=: how much of the file system the service need not write to. */
#include <string.h>

#include "dropin.h"

static bool is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return strncmp(path, directory, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

bool dw_dropin_wrote_below(const struct making *m, const char *directory)
{
	for (size_t i = 0; i < m->seen->written.n; i++)
		if (is_below(m->seen->written.v[i], directory))
			return true;
	return false;
}

static bool is_in_list(const char *path, const char *const *list)
{
	for (; *list; list++)
		if (is_below(path, *list))
			return true;
	return false;
}

/*
 * What is always there to be written (file systems of their own, not touched by ProtectSystem=), or made for the
 * unit.
 */
static bool is_elsewhere(const struct making *m, const char *path)
{
	static const struct {
		const char *setting, *base;
	} own[] = { { "StateDirectory", "/var/lib" },
		    { "RuntimeDirectory", "/run" },
		    { "LogsDirectory", "/var/log" },
		    { "CacheDirectory", "/var/cache" } };
	static const char *const always[] = { "/dev", "/proc", "/sys" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(always); i++)
		if (is_below(path, always[i]))
			return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(own); i++) {
		char *rest = dw_arena_strdup(m->arena, dw_confine_setting(m->s, own[i].setting));
		const char *word;

		while ((word = dw_word_next(&rest)) != NULL)
			if (is_below(path, dw_arena_printf(m->arena, "%s/%s", own[i].base, word)))
				return true;
	}
	return is_below(path, "/tmp") || is_below(path, "/var/tmp");
}

static bool may_be_strict(const struct making *m)
{
	if (!m->profile || !*m->profile->writes || m->seen->missed)
		return false;
	for (size_t i = 0; i < m->seen->written.n; i++)
		if (!is_elsewhere(m, m->seen->written.v[i]) &&
		    !is_in_list(m->seen->written.v[i], m->profile->writes))
			return false;
	return true;
}

static void add_strict(struct making *m)
{
	struct dw_str line = { .arena = m->arena };

	dw_str_add(&line, "ReadWritePaths=");
	for (const char *const *path = m->profile->writes; *path; path++)
		dw_str_addf(&line, "%s-%s", line.n > strlen("ReadWritePaths=") ? " " : "", *path);
	dw_dropin_add(
		m, "ProtectSystem=strict",
		"All it writes to is known, and nothing else was written while it was observed");
	dw_dropin_add(m, line.s,
		      dw_arena_printf(m->arena, "What it writes to: %s",
				      dw_dropin_joined(m, m->profile->sources, "; ")));
}

void dw_dropin_system(struct making *m)
{
	static const char *const system[] = { "/usr",  "/boot", "/efi",  "/bin",
					      "/sbin", "/lib",  "/lib64" };
	const char *now = dw_confine_setting(m->s, "ProtectSystem");

	for (size_t i = 0; i < DW_ARRAY_SIZE(system); i++)
		if (dw_dropin_wrote_below(m, system[i])) {
			dw_dropin_left(m, "ProtectSystem",
				       dw_arena_printf(m->arena, "it writes below %s", system[i]));
			return;
		}
	if (dw_streq(now, "strict"))
		return;
	if (may_be_strict(m)) {
		add_strict(m);
	} else if (dw_dropin_wrote_below(m, "/etc") || m->seen->missed) {
		if (*now == '\0' || dw_streq(now, "no"))
			dw_dropin_add(
				m, "ProtectSystem=yes",
				m->seen->missed
					? "Some paths that it wrote to could not be read, so only "
					  "/usr and /boot are taken"
					: "It writes to /etc, so only /usr and /boot are taken");
	} else if (!dw_streq(now, "full")) {
		dw_dropin_add(m, "ProtectSystem=full",
			      "It wrote nothing to /usr, /boot and /etc; below /var it may need "
			      "more than was seen");
	}
}
