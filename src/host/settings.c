/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of systemd and of shells. */
#include "settings.h"

#define SETTINGS_MAX 20000

static void add(struct dw_arena *a, struct host_settings *ret, struct host_setting s)
{
	if (ret->v.n < SETTINGS_MAX)
		dw_vec_push(a, &ret->v, s);
}

const struct host_setting *host_setting_of(const struct host_settings *s, const char *section,
					   const char *key)
{
	for (size_t i = s->v.n; i-- > 0;)
		if (dw_streq(s->v.v[i].key, key) &&
		    (!section || dw_streq(s->v.v[i].section, section)))
			return &s->v.v[i];
	return NULL;
}

/* --- systemd -------------------------------------------------------------------------------------------- */

/* The line with those that it goes on in; remarks between them are left out (systemd.syntax(7)). NULL: the end. */
static char *whole_line(struct dw_arena *a, struct dw_lines *it, unsigned *ret_line)
{
	struct dw_str text = { .arena = a };
	char *line;

	*ret_line = 0;
	while ((line = dw_lines_next_trimmed(it, a)) != NULL) {
		size_t n = strlen(line);

		if (line[0] == '#' || line[0] == ';' || (!n && !text.s))
			continue;
		*ret_line = *ret_line ? *ret_line : it->number;
		if (n && line[n - 1] == '\\') {
			dw_str_addn(&text, line, n - 1);
			dw_str_addc(&text, ' ');
			continue;
		}
		dw_str_add(&text, line);
		return text.s;
	}
	return text.s;
}

void host_ini_parse(struct dw_arena *a, const struct dw_bytes *text, const char *file,
		    struct host_settings *ret)
{
	struct dw_lines it = dw_lines_of(text);
	const char *section = "";
	unsigned number;
	char *line;

	while ((line = whole_line(a, &it, &number)) != NULL) {
		char *equals = strchr(line, '=');
		size_t n = strlen(line);

		if (line[0] == '[' && line[n - 1] == ']') {
			section = dw_arena_strndup(a, line + 1, n - 2);
			continue;
		}
		if (!equals)
			continue;
		*equals = '\0';
		add(a, ret,
		    (struct host_setting){ section, dw_trim(line), dw_trim(equals + 1), file,
					   number });
	}
}

static const char *const systemd_dirs[] = { "/etc/systemd", "/run/systemd",
					    "/usr/local/lib/systemd", "/usr/lib/systemd",
					    "/lib/systemd" };

static bool ini_file(struct host_asking *q, const char *path, struct host_settings *ret)
{
	struct dw_bytes text = { 0 };

	if (!host_ask_text(q, path, &text))
		return false;
	host_ini_parse(q->l->a, &text, path, ret);
	return true;
}

/* A drop-in: its name decides when it is read, its directory whether. */
struct dropin {
	const char *name, *path;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct dropin *)a)->name, ((const struct dropin *)b)->name);
}

void host_ini_read(struct host_asking *q, const char *name, struct host_settings *ret)
{
	DW_VEC(struct dropin) all = { 0 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(systemd_dirs); i++)
		if (ini_file(q, dw_arena_printf(q->l->a, "%s/%s", systemd_dirs[i], name), ret))
			break;
	for (size_t i = 0; i < DW_ARRAY_SIZE(systemd_dirs); i++) {
		const char *dir = dw_arena_printf(q->l->a, "%s/%s.d", systemd_dirs[i], name);
		struct dw_strings names;

		host_ask_list(q, dir, &names);
		for (size_t k = 0; k < names.n; k++) {
			bool hidden = !dw_ends_with(names.v[k], ".conf");

			for (size_t m = 0; m < all.n && !hidden; m++)
				hidden = dw_streq(all.v[m].name, names.v[k]);
			if (!hidden)
				*dw_vec_add(q->l->a, &all) =
					(struct dropin){ names.v[k],
							 dw_arena_printf(q->l->a, "%s/%s", dir,
									 names.v[k]) };
		}
	}
	if (all.n > 1)
		qsort(all.v, all.n, sizeof(*all.v), by_name);
	for (size_t i = 0; i < all.n; i++)
		(void)ini_file(q, all.v[i].path, ret);
}

bool host_size_parse(const char *s, uint64_t *ret)
{
	static const char units[] = "BKMGTPE";
	size_t n = strspn(s, "0123456789");
	const char *unit = s[n] ? strchr(units, s[n]) : units;
	uint64_t v;

	if (!unit || (s[n] && s[n + 1]) || !dw_parse_u64n(s, n, 10, UINT64_MAX, &v) ||
	    v > UINT64_MAX >> (10 * (unit - units)))
		return false;
	*ret = v << (10 * (unit - units));
	return true;
}

/* --- shells --------------------------------------------------------------------------------------------- */

void host_shell_parse(struct dw_arena *a, const struct dw_bytes *text, const char *file,
		      struct host_settings *ret)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, a)) != NULL) {
		size_t n;

		if (dw_starts_with(line, "export "))
			line = dw_trim(line + 7);
		n = strspn(line, letters);
		if (n > 0 && line[n] == '=') {
			struct dw_strings words = { 0 };

			line[n] = '\0';
			(void)dw_split_quoted(a, line + n + 1, &words);
			add(a, ret,
			    (struct host_setting){ "", line, words.n ? words.v[0] : "", file,
						   it.number });
		}
	}
}

bool host_shell_read(struct host_asking *q, const char *file, struct host_settings *ret)
{
	struct dw_bytes text = { 0 };

	if (!host_ask_text(q, file, &text))
		return false;
	host_shell_parse(q->l->a, &text, file, ret);
	return true;
}

/* --- lines by their numbers ------------------------------------------------------------------------------- */

static unsigned walk_lines(struct host_look *l, const char *path, unsigned number, const char **ret)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	const char *line;
	size_t n;

	if (dw_sys_file_read(l->sys, path, DW_FILE_MAX, l->a, &text, NULL) < 0)
		return 0;
	it = dw_lines_of(&text);
	while (dw_lines_next(&it, &line, &n))
		if (it.number == number)
			*ret = dw_arena_strndup(l->a, line, n);
	return it.number;
}

const char *host_line_at(struct host_look *l, const char *path, unsigned number)
{
	const char *line = NULL;

	(void)walk_lines(l, path, number, &line);
	return line;
}

unsigned host_line_count(struct host_look *l, const char *path)
{
	const char *none = NULL;

	return walk_lines(l, path, 0, &none);
}
