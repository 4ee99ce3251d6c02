/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user of a web server's workers, wherever among its files it stands: includes are followed as the server does,
 * Apache's variables looked up. And whether that user is one to trust with what strangers send.
 */
#include <fnmatch.h>
#include <string.h>

#include "confine.h"
#include "directives.h"
#include "dw_str.h"

#define TEXT_MAX  ((size_t)1024 * 1024)
#define FILES_MAX 512
#define DEPTH_MAX 16

/* One user that is said: a server has one, php-fpm one for each pool. */
struct said {
	const char *user, *at;
};

struct reading_server {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct dw_confine_service *service;
	dw_confine_server *parse;
	const char *root; /* relative names begin there */
	bool last; /* the last one counts (Apache); else the first (nginx), or all (php-fpm) */
	bool pools;
	unsigned files, depth;
	const char *file;          /* that is read now */
	struct dw_strings defines; /* names and values in turn */
	DW_VEC(struct said) found;
};

static void read_server_file(struct reading_server *r, const char *path);

static const char *absolute(const struct reading_server *r, const char *name)
{
	return *name == '/' ? name : dw_arena_printf(r->arena, "%s/%s", r->root, name);
}

/* A pattern is one of the last part alone, which is what people write; a directory is all that is in it (Apache). */
static void include(struct reading_server *r, const char *pattern)
{
	const char *path = absolute(r, pattern), *base = dw_basename(path);
	const char *directory = dw_arena_strndup(r->arena, path, (size_t)(base - path));
	struct dw_strings names = { 0 };

	if (!strpbrk(path, "*?[")) {
		read_server_file(r, path);
		return;
	}
	if (strpbrk(directory, "*?[") ||
	    dw_sys_dir_list(r->sys, directory, r->arena, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (fnmatch(base, names.v[i], FNM_PERIOD) == 0)
			read_server_file(r,
					 dw_arena_printf(r->arena, "%s%s", directory, names.v[i]));
}

/* "${NAME}": of a Define before it, else of the start script's variables. */
static const char *variable(struct reading_server *r, const char *word, const char **ret_at)
{
	static const char *const files[] = { "/etc/apache2/envvars", "/etc/sysconfig/httpd" };
	size_t n = strlen(word);
	const char *name;

	if (!dw_starts_with(word, "${") || word[n - 1] != '}')
		return word;
	name = dw_arena_strndup(r->arena, word + 2, n - 3);
	for (size_t i = r->defines.n; i > 1; i -= 2)
		if (dw_streq(r->defines.v[i - 2], name))
			return r->defines.v[i - 1];
	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++) {
		struct dw_bytes text = { 0 };
		unsigned line = 0;
		const char *value;

		if (dw_sys_file_read(r->sys, files[i], TEXT_MAX, r->arena, &text, NULL) < 0)
			continue;
		value = dw_confine_envvar(r->arena, &text, name, &line);
		if (!value)
			continue;
		*ret_at = dw_arena_printf(r->arena, "%s:%u", files[i], line);
		return value;
	}
	return NULL;
}

static void add_user(struct reading_server *r, const struct dw_confine_directive *d)
{
	struct said one = { .at = dw_arena_printf(r->arena, "%s:%u", r->file, d->line) };

	one.user = variable(r, d->value, &one.at);
	if (one.user)
		*dw_vec_add(r->arena, &r->found) = one;
	else
		dw_vec_push(r->arena, &r->service->unknown,
			    dw_arena_printf(r->arena, "%s says %s, and nothing says what that is.",
					    one.at, d->value));
}

static void tell(void *data, const struct dw_confine_directive *d)
{
	struct reading_server *r = data;

	if (dw_streq(d->name, "user")) {
		add_user(r, d);
	} else if (dw_streq(d->name, "define")) {
		dw_vec_push(r->arena, &r->defines, d->value);
		dw_vec_push(r->arena, &r->defines, d->more);
	} else if (dw_streq(d->name, "serverroot")) {
		r->root = d->value;
	} else if (r->depth < DEPTH_MAX) {
		include(r, d->value);
	}
}

static void read_server_file(struct reading_server *r, const char *path)
{
	const char *outer = r->file;
	struct dw_bytes text = { 0 };

	if (r->files++ >= FILES_MAX ||
	    dw_sys_file_read(r->sys, path, TEXT_MAX, r->arena, &text, NULL) < 0)
		return;
	r->file = path;
	r->depth++;
	r->parse(r->arena, &text, tell, r);
	r->depth--;
	r->file = outer;
}

/* Of several the one that says root counts, else the first. */
static const struct said *chosen(const struct reading_server *r)
{
	if (!r->found.n)
		return NULL;
	if (r->last)
		return &r->found.v[r->found.n - 1];
	for (size_t i = 0; r->pools && i < r->found.n; i++)
		if (dw_streq(r->found.v[i].user, "root"))
			return &r->found.v[i];
	return &r->found.v[0];
}

/* php-fpm8.2 of Debian reads below /etc/php/8.2/fpm. */
static const char *fpm_file(const char *daemon, struct dw_arena *a)
{
	const char *version = daemon + strlen("php-fpm");

	return *version ? dw_arena_printf(a, "/etc/php/%s/fpm/php-fpm.conf", version)
			: "/etc/php-fpm.conf";
}

static const struct server {
	const char *program, *file, *root;
	dw_confine_server *parse;
} servers[] = {
	{ "nginx", "/etc/nginx/nginx.conf", "/etc/nginx", dw_confine_nginx },
	{ "apache2", "/etc/apache2/apache2.conf", "/etc/apache2", dw_confine_apache },
	{ "httpd", "/etc/httpd/conf/httpd.conf", "/etc/httpd", dw_confine_apache },
};

static bool find_server(const char *daemon, struct reading_server *r, const char **ret_file)
{
	if (dw_starts_with(daemon, "php-fpm")) {
		*ret_file = fpm_file(daemon, r->arena);
		r->root = "/etc";
		r->parse = dw_confine_fpm;
		r->pools = true;
		return true;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(servers); i++)
		if (dw_streq(daemon, servers[i].program)) {
			*ret_file = servers[i].file;
			r->root = servers[i].root;
			r->parse = servers[i].parse;
			r->last = servers[i].parse == dw_confine_apache;
			return true;
		}
	return false;
}

void dw_confine_read_server(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a)
{
	struct reading_server r = { .sys = sys, .arena = a, .service = s };
	const struct said *one;
	const char *file = NULL;

	if (!find_server(dw_confine_daemon(s), &r, &file))
		return;
	read_server_file(&r, file);
	one = chosen(&r);
	if (!one)
		return;
	s->serves_as = s->said_user = one->user;
	s->said_at = one->at;
}

/* --- is that a user to trust with what strangers send? ------------------------------------------------------------ */

/* As host's accounts have it: what ends a login at once is none. */
static bool is_shell(const char *shell)
{
	const char *name = dw_basename(shell);

	return !dw_streq(name, "nologin") && !dw_streq(name, "false") && !dw_streq(name, "sync");
}

static void judge_shell(const struct dw_bytes *passwd, struct dw_confine_service *s,
			struct dw_arena *a)
{
	const char *shell = dw_confine_shell(a, passwd, s->serves_as);

	if (dw_streq(s->serves_as, "root"))
		dw_vec_push(
			a, &s->advice,
			dw_arena_printf(a,
					"%s makes the workers root: what strangers send is read "
					"with all rights.",
					s->said_at));
	else if (shell && is_shell(shell))
		dw_vec_push(a, &s->advice,
			    dw_arena_printf(a,
					    "%s, whom %s names, has a shell (%s): its workers need "
					    "none, nologin is enough.",
					    s->serves_as, s->said_at, *shell ? shell : "/bin/sh"));
}

static void judge_neighbours(struct dw_confine_service *v, size_t n, size_t i, struct dw_arena *a)
{
	for (size_t k = 0; k < n; k++) {
		const char *own = v[k].serves_as ? v[k].serves_as
				  : v[k].worker  ? v[k].worker
						 : v[k].user;

		if (k == i || dw_streq(v[i].serves_as, "root") || !own ||
		    !dw_streq(own, v[i].serves_as))
			continue;
		dw_vec_push(a, &v[i].advice,
			    dw_arena_printf(a,
					    "%s, whom %s names, is the user of %s, too: who gets "
					    "into one is in both.",
					    v[i].serves_as, v[i].said_at, v[k].name));
	}
}

void dw_confine_judge_users(struct dw_sys *sys, struct dw_confine_service *v, size_t n,
			    struct dw_arena *a)
{
	struct dw_bytes passwd = { 0 };

	(void)dw_sys_file_read(sys, "/etc/passwd", TEXT_MAX, a, &passwd, NULL);
	for (size_t i = 0; i < n; i++) {
		if (!v[i].serves_as)
			continue;
		judge_shell(&passwd, &v[i], a);
		judge_neighbours(v, n, i, a);
	}
}
