/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What generators of Debian's packages would pull in. A host that runs has their links below /run/systemd; an image has
 * the generators alone, and their scripts are not run: each is told by what it looks at.
 */
#include "dw_str.h"
#include "systemd.h"

#define START_CONF_MAX 4096

/* start.conf of postgresql-common: the first word that is no comment; without the file "auto". */
static bool starts_itself(struct dw_sd_manager *m, const char *dir)
{
	struct dw_arena *a = m->s->arena;
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	char *line;

	if (dw_sys_file_read(m->s->sys, dw_arena_printf(a, "%s/start.conf", dir), START_CONF_MAX, a,
			     &text, NULL) < 0)
		return true;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, a))) {
		line[strcspn(line, "#")] = '\0';
		line = dw_trim(line);
		if (*line)
			return dw_streq(line, "auto");
	}
	return false;
}

static void add_clusters(struct dw_sd_manager *m, struct dw_strings *ret)
{
	static const char top[] = "/etc/postgresql";
	struct dw_strings versions = { 0 };
	struct dw_arena *a = m->s->arena;
	struct dw_sys *sys = m->s->sys;

	(void)dw_sys_dir_list(sys, top, a, &versions, NULL);
	for (size_t i = 0; i < versions.n; i++) {
		const char *version = versions.v[i];
		struct dw_strings clusters = { 0 };

		if (!dw_sys_file_exists(
			    sys,
			    dw_arena_printf(a, "/usr/lib/postgresql/%s/bin/postgres", version)))
			continue;
		(void)dw_sys_dir_list(sys, dw_arena_printf(a, "%s/%s", top, version), a, &clusters,
				      NULL);
		for (size_t k = 0; k < clusters.n; k++) {
			const char *dir =
				dw_arena_printf(a, "%s/%s/%s", top, version, clusters.v[k]);

			if (dw_sys_file_exists(sys,
					       dw_arena_printf(a, "%s/postgresql.conf", dir)) &&
			    starts_itself(m, dir))
				dw_vec_push(a, ret,
					    dw_arena_printf(a, "postgresql@%s-%s.service", version,
							    clusters.v[k]));
		}
	}
}

static void add_postfix(struct dw_sd_manager *m, struct dw_strings *ret)
{
	dw_vec_push(m->s->arena, ret, "postfix@-.service");
}

static void add_tor(struct dw_sd_manager *m, struct dw_strings *ret)
{
	if (dw_sys_file_exists(m->s->sys, "/etc/tor/torrc"))
		dw_vec_push(m->s->arena, ret, "tor@default.service");
}

const char *dw_sd_generated(struct dw_sd_manager *m, const char *unit, struct dw_strings *ret)
{
	static const struct {
		const char *unit, *generator;
		void (*add)(struct dw_sd_manager *m, struct dw_strings *ret);
	} known[] = {
		{ "postgresql.service", "postgresql-generator", add_clusters },
		{ "postfix.service", "postfix-instance-generator", add_postfix },
		{ "tor.service", "tor-generator", add_tor },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(known) && !m->is_user; i++) {
		const char *path;

		if (!dw_streq(known[i].unit, unit) || dw_sys_is_running(m->s->sys))
			continue;
		path = dw_arena_printf(m->s->arena, "/usr/lib/systemd/system-generators/%s",
				       known[i].generator);
		if (!dw_sys_file_exists(m->s->sys, path))
			continue;
		known[i].add(m, ret);
		return path;
	}
	return NULL;
}
