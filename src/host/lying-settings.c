/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The settings of a service: its unit with its drop-ins, what its command line names, what is in /etc by its name; and
 * what those files name in turn. No program's own language is read: a word that is a path is what it names.
 */
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "dw_parse.h"
#include "lying-paths.h"

#define FILES_MAX 3000
#define DEPTH_MAX 4
#define WORD_MAX  255
#define TEXT_MAX  ((off_t)256 * 1024)

/* --- words of a text -------------------------------------------------------------------------------------- */

/* What files of settings put around a path; a path with one of these in it is not found. */
#define AROUND " \t\r\"'=,;:()[]{}<>|&`"

/* "include", "Include", "IncludeOptional", "!includedir", ".include", "source" */
static bool takes_in(const char *line)
{
	line += strspn(line, "!.$@");
	return strncasecmp(line, "include", strlen("include")) == 0 ||
	       dw_starts_with(line, "source ");
}

static void words_of(char *line, bool include,
		     void (*named)(void *data, const char *path, bool include), void *data)
{
	char *word;

	while ((word = strsep(&line, AROUND)) != NULL) {
		size_t n;

		word += strspn(
			word,
			"-@+!"); /* systemd.service(5), and options with their value at once */
		n = strlen(word);
		while (n > 1 && word[n - 1] == '/')
			word[--n] = '\0';
		if (word[0] == '/' && n > 1 && n <= WORD_MAX && !strpbrk(word, "%$\\"))
			named(data, word, include);
	}
}

void host_paths_in_text(struct dw_arena *a, const struct dw_bytes *text,
			void (*named)(void *data, const char *path, bool include), void *data)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	if (text->n && memchr(text->data, '\0', text->n))
		return;
	while ((line = dw_lines_next_trimmed(&it, a)) != NULL)
		if (*line && !strchr("#;", *line) && !dw_starts_with(line, "//"))
			words_of(line, takes_in(line), named, data);
}

/* --- files of settings ------------------------------------------------------------------------------------ */

struct reading {
	struct host_paths *p;
	unsigned depth;
	bool given; /* the service's command line, or its unit: what it names is the service's whatever it is */
};

static void look_at_file(struct host_paths *p, const char *path, unsigned depth, bool given);

/* What changes by itself, and is nobody's settings. */
static bool is_data(const char *path)
{
	static const char *const places[] = { "/proc", "/sys", "/dev", "/run", "/tmp", "/var" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++)
		if (dw_starts_with(path, places[i]) && strchr("/", path[strlen(places[i])]))
			return true;
	return false;
}

static void look_at_directory(struct host_paths *p, const char *dir, const char *pattern,
			      unsigned depth)
{
	struct dw_strings names;

	if (depth > DEPTH_MAX ||
	    !host_paths_is_new(p, dw_arena_printf(p->q.l->a, "%s/%s", dir, pattern), 'd'))
		return;
	host_ask_list(&p->q, dir, &names);
	for (size_t i = 0; i < names.n; i++)
		if (fnmatch(pattern, names.v[i], FNM_PERIOD) == 0)
			look_at_file(p, dw_arena_printf(p->q.l->a, "%s/%s", dir, names.v[i]), depth,
				     true);
}

static void named(void *data, const char *path, bool include)
{
	const struct reading *x = data;
	struct host_paths *p = x->p;
	const char *base = strrchr(path, '/');
	struct stat st;

	if (is_data(path))
		return;
	if (strpbrk(base, "*?")) {
		if (include && base > path)
			look_at_directory(p,
					  dw_arena_strndup(p->q.l->a, path, (size_t)(base - path)),
					  base + 1, x->depth + 1);
		return;
	}
	if (strpbrk(path, "*?") || !host_paths_is_new(p, path, include ? 'i' : 'n') ||
	    !host_ask_stat(&p->q, path, true, &st))
		return;
	if (S_ISDIR(st.st_mode) && include)
		look_at_directory(p, path, "*", x->depth + 1);
	else if (S_ISREG(st.st_mode) && (st.st_mode & 0111))
		host_paths_look(p, path, PATH_NAMED);
	else if (S_ISREG(st.st_mode) && (include || x->given))
		look_at_file(p, path, x->depth + 1, false);
}

static void read_file(struct host_paths *p, const char *path, unsigned depth, bool given)
{
	struct reading x = { .p = p, .depth = depth, .given = given };
	struct dw_bytes text = { 0 };

	if (host_ask_text(&p->q, path, &text))
		host_paths_in_text(p->q.l->a, &text, named, &x);
}

/* A file, or a directory with all that is in it. */
static void look_at_file(struct host_paths *p, const char *path, unsigned depth, bool given)
{
	struct stat st;

	if (!host_paths_is_new(p, path, 'f') || !host_ask_stat(&p->q, path, true, &st))
		return;
	if (++p->files > FILES_MAX) {
		p->cut = true;
		return;
	}
	host_paths_look(p, path, PATH_SETTINGS);
	if (S_ISDIR(st.st_mode) && given)
		look_at_directory(p, path, "*", depth + 1);
	/* a program of /etc (a hook) is named by nothing, and run all the same */
	else if (S_ISREG(st.st_mode) && st.st_size <= TEXT_MAX && depth <= DEPTH_MAX)
		read_file(p, path, depth, false);
}

/* --- which are the service's ------------------------------------------------------------------------------ */

static void look_by_name(struct host_paths *p, const char *name)
{
	static const struct {
		const char *before, *behind;
	} places[] = { { "/etc/", "" },
		       { "/etc/", ".conf" },
		       { "/etc/default/", "" },
		       { "/etc/sysconfig/", "" } };

	if (!name || !*name || *name == '.' || strchr(name, '/') || strlen(name) > WORD_MAX / 2)
		return;
	if (host_paths_is_new(p, name, 'N'))
		for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++)
			look_at_file(p,
				     dw_arena_printf(p->q.l->a, "%s%s%s", places[i].before, name,
						     places[i].behind),
				     0, true);
}

static void look_at_unit_file(struct host_paths *p, const char *path)
{
	struct stat st;

	/* /dev/null: it is masked */
	if (!host_ask_stat(&p->q, path, true, &st) || !S_ISREG(st.st_mode))
		return;
	host_paths_look(p, path, PATH_SETTINGS);
	read_file(p, path, 0, true);
}

static void look_at_unit(struct host_paths *p, const char *unit)
{
	struct dw_arena *a = p->q.l->a;

	if (!unit || strchr(unit, '/') || !host_paths_is_new(p, unit, 'U'))
		return;
	for (size_t i = 0; host_unit_dirs[i]; i++) {
		const char *path = dw_arena_printf(a, "%s/%s", host_unit_dirs[i], unit);
		struct dw_strings names;

		look_at_unit_file(p, path);
		host_ask_list(&p->q, dw_arena_printf(a, "%s.d", path), &names);
		for (size_t k = 0; k < names.n; k++)
			if (dw_ends_with(names.v[k], ".conf"))
				look_at_unit_file(p,
						  dw_arena_printf(a, "%s.d/%s", path, names.v[k]));
	}
}

/* "ssh" of ssh.service, "postgresql" of postgresql@15-main.service; "postgresql@.service" is *ret_template. */
static const char *stem_of(struct dw_arena *a, const char *unit, const char **ret_template)
{
	const char *dot = strrchr(unit, '.'), *at = strchr(unit, '@');

	*ret_template = at && dot && dot > at
				? dw_arena_printf(a, "%.*s%s", (int)(at + 1 - unit), unit, dot)
				: NULL;
	if (at)
		return dw_arena_strndup(a, unit, (size_t)(at - unit));
	return dot ? dw_arena_strndup(a, unit, (size_t)(dot - unit)) : unit;
}

static bool is_unit(enum dw_starter_kind kind)
{
	return kind == DW_STARTER_SYSTEMD_SERVICE || kind == DW_STARTER_SYSTEMD_SOCKET;
}

static void look_by_starter(struct host_paths *p, const struct dw_starter *s)
{
	const char *const ids[] = { s->id, s->kind == DW_STARTER_SYSTEMD_SOCKET ? s->also : NULL };

	for (size_t i = 0; i < DW_ARRAY_SIZE(ids); i++) {
		const char *template = NULL,
			   *stem = ids[i] ? stem_of(p->q.l->a, ids[i], &template) : NULL;

		if (!stem)
			continue;
		if (is_unit(s->kind)) {
			look_at_unit(p, ids[i]);
			look_at_unit(p, template);
		}
		look_by_name(p, stem);
	}
}

static void look_by_process(struct host_paths *p, const struct dw_owner *o)
{
	struct reading x = { .p = p, .given = true };
	const char *command = o->command ? o->command : "";
	const struct dw_bytes text = { .data = dw_arena_strdup(p->q.l->a, command),
				       .n = strlen(command) };

	host_paths_in_text(p->q.l->a, &text, named, &x);
	/* of a script its interpreter's settings are nothing */
	if (!o->script && o->executable)
		look_by_name(p, dw_basename(o->executable));
}

void host_paths_settings(struct host_paths *p, const struct dw_door *d, const char *service)
{
	const struct dw_starter *s = &d->starter;
	bool runs = false;

	/* systemd holds the sockets of others, and has settings of all */
	for (size_t i = 0; i < d->n_owners; i++) {
		runs = runs || d->owners[i].pid != 1;
		if (d->owners[i].pid != 1)
			look_by_process(p, &d->owners[i]);
	}
	/* what does not run says not as whom it would read them */
	if (!runs)
		return;
	if (is_unit(s->kind) || s->kind == DW_STARTER_SYSV || s->kind == DW_STARTER_OPENRC)
		look_by_starter(p, s);
	look_by_name(p, service);
	look_by_name(p, d->package ? d->package->name : NULL);
}
