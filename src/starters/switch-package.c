/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of packages of dpkg, one or several with blanks between: they can be removed, their configuration files
 * stay (dpkg(1), --remove). All go with one call: dpkg finds their order, and packages that need each other cannot
 * go any other way. They are put back by a person: that needs the archive and the network.
 */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "switch.h"

#define STATUS_FILE "/var/lib/dpkg/status"
/* Its scripts and triggers may make an initramfs for each kernel, and killed in their midst it leaves a mess. */
#define DPKG_MS    (30U * 60 * 1000)
#define STATUS_MAX ((size_t)64 * 1024 * 1024)

/* What deb822(5) has of one package; values point into the text. */
struct stanza {
	const char *name, *status, *version, *architecture;
	size_t n_name, n_status, n_version, n_architecture;
};

/* deb-control(5): the names of packages; perhaps with ":ARCH". */
static bool is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 1 && n <= 255 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.:") == n &&
	       name[0] != '-' && name[0] != '+' && name[0] != '.' && name[0] != ':';
}

static bool take_field(const char *line, size_t n, const char *field, const char **ret,
		       size_t *ret_n)
{
	size_t k = strlen(field);

	if (n <= k || strncmp(line, field, k) != 0)
		return false;
	while (k < n && (line[k] == ' ' || line[k] == '\t'))
		k++;
	while (n > k && (line[n - 1] == ' ' || line[n - 1] == '\r'))
		n--;
	*ret = line + k;
	*ret_n = n - k;
	return true;
}

static bool is_text(const char *at, size_t n, const char *text, size_t n_text)
{
	return n == n_text && memcmp(at, text, n) == 0;
}

static bool is_meant(const struct stanza *z, const char *object)
{
	size_t n = strcspn(object, ":");

	return z->name && is_text(z->name, z->n_name, object, n) &&
	       (!object[n] || (z->architecture && is_text(z->architecture, z->n_architecture,
							  object + n + 1, strlen(object + n + 1))));
}

/* "install ok installed": the third word; a package of which only its configuration is left is removed. */
static bool is_there(const struct stanza *z)
{
	static const char *const gone[] = { "not-installed", "config-files" };
	const char *blank = z->status ? memrchr(z->status, ' ', z->n_status) : NULL;
	size_t n = blank ? (size_t)(z->status + z->n_status - blank) - 1 : 0;

	for (size_t i = 0; blank && i < DW_ARRAY_SIZE(gone); i++)
		if (is_text(blank + 1, n, gone[i], strlen(gone[i])))
			return false;
	return blank != NULL;
}

/* Two architectures of one name may be installed: the first that is there counts. False: none is. */
static bool find(const struct dw_bytes *text, const char *object, struct stanza *ret)
{
	struct dw_lines it = dw_lines_of(text);
	struct stanza z = { 0 };
	const char *line;
	size_t n;
	bool more;

	do {
		more = dw_lines_next(&it, &line, &n);
		if (!more || n == 0) {
			if (is_meant(&z, object) && is_there(&z)) {
				*ret = z;
				return true;
			}
			z = (struct stanza){ 0 };
			continue;
		}
		(void)(take_field(line, n, "Package:", &z.name, &z.n_name) ||
		       take_field(line, n, "Status:", &z.status, &z.n_status) ||
		       take_field(line, n, "Version:", &z.version, &z.n_version) ||
		       take_field(line, n, "Architecture:", &z.architecture, &z.n_architecture));
	} while (more);
	return false;
}

const char *dw_switch_package_version(struct dw_arena *a, const struct dw_bytes *text,
				      const char *object)
{
	struct stanza z = { 0 };

	if (!find(text, object, &z))
		return NULL;
	return z.version ? dw_arena_strndup(a, z.version, DW_MIN(z.n_version, (size_t)255)) : "";
}

/* Each word of the object; -EINVAL: one of them is no package's name. */
static int names_of(struct dw_arena *a, const char *object, struct dw_strings *ret,
		    struct dw_error *e)
{
	for (const char *p = object; *p;) {
		size_t n = strcspn(p, " ");
		const char *name = dw_arena_strndup(a, p, n);

		if (!is_name(name))
			return dw_error_set(e, -EINVAL, "%.100s is no package's name", name);
		dw_vec_push(a, ret, name);
		p += n + (p[n] == ' ');
	}
	return ret->n ? 0 : dw_error_set(e, -EINVAL, "no package is named");
}

static int read_status(struct dw_switch *s, struct dw_arena *scratch, const char *object,
		       struct dw_bytes *ret, struct dw_error *e)
{
	struct dw_error why = { 0 };
	int r = dw_sys_file_read(s->sys, STATUS_FILE, STATUS_MAX, scratch, ret, &why);

	if (r == -ENOENT)
		return dw_error_set(e, -ENOTSUP, "%s: only packages of dpkg can be removed",
				    object);
	return r < 0 ? dw_error_set(e, r, "%s", why.message) : 0;
}

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_strings names = { 0 };
	struct dw_bytes text = { 0 };
	struct dw_str out = { .arena = s->arena };
	int r = names_of(scratch, object, &names, e);

	if (r == 0)
		r = read_status(s, scratch, object, &text, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.n; i++) {
		const char *version = dw_switch_package_version(scratch, &text, names.v[i]);

		dw_str_addf(&out, "%s%s%s", i ? " " : "", version ? "installed " : "removed",
			    version ? version : "");
	}
	*ret = dw_switch_word(out.s);
	return 0;
}

static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
					   "DEBIAN_FRONTEND=noninteractive", NULL };

/* "dpkg --remove NAME...", with another option before it or NULL. */
static const char *const *command(struct dw_arena *a, const char *option,
				  const struct dw_strings *names)
{
	const char **argv = dw_arena_array(a, names->n + 4, sizeof(*argv));
	size_t n = 0;

	argv[n++] = "/usr/bin/dpkg";
	if (option)
		argv[n++] = option;
	argv[n++] = "--remove";
	for (size_t i = 0; i < names->n; i++)
		argv[n++] = names->v[i];
	return argv;
}

/* dpkg would take those that it can of several: so it is asked first whether it takes all. */
static int rehearse(struct dw_switch *s, const char *object, const struct dw_strings *names,
		    struct dw_error *e)
{
	struct dw_switch_run run = { .argv = command(s->arena, "--simulate", names),
				     .environment = environment };
	int r = dw_switch_run(s, &run, e);

	if (r < 0 || run.status == 0)
		return r;
	return dw_error_set(e, -EIO, "dpkg does not remove %s%s%s", object, *run.words ? ": " : "",
			    run.words);
}

/* Of a removal that was interrupted some are gone. */
static int remove_them(struct dw_switch *s, const char *object, const char *want,
		       struct dw_error *e)
{
	struct dw_switch_run run = { .environment = environment };
	struct dw_strings names = { 0 }, left = { 0 };
	int r = names_of(s->arena, object, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct dw_state one = { 0 };

		r = state(s, names.v[i], &one, e);
		if (r == 0 && !dw_streq0(one.text, "removed"))
			dw_vec_push(s->arena, &left, names.v[i]);
	}
	if (r == 0 && left.n > 1)
		r = rehearse(s, object, &left, e);
	if (r < 0)
		return r;
	run.argv = command(s->arena, NULL, &left);
	run.timeout_ms = s->grace_ms ? s->grace_ms : DPKG_MS;
	return dw_switch_by_script(s, &dw_switch_package, object, want, &run, e);
}

/* Every word is "removed". */
static bool is_all_removed(const char *text)
{
	const char *p = text;

	while (dw_starts_with(p, "removed"))
		p += strlen("removed") + (p[strlen("removed")] == ' ');
	return !*p;
}

/* "a=1 b=2", of those that are not there, the last first: who needs another comes behind it. */
static const char *to_install(struct dw_arena *a, const char *object, const char *want)
{
	const char *out = "", *v = want;

	for (const char *p = object; *p && *v; p += strcspn(p, " "), p += *p == ' ') {
		if (dw_starts_with(v, "installed "))
			v += strlen("installed ");
		out = dw_arena_printf(a, "%.*s=%.*s%s%s", (int)strcspn(p, " "), p,
				      (int)DW_MIN(strcspn(v, " "), (size_t)200), v, *out ? " " : "",
				      out);
		v += strcspn(v, " ");
		v += *v == ' ';
	}
	return out;
}

static int set(struct dw_switch *s, const char *object, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	struct dw_state now = { 0 };
	int r;

	(void)from;
	if (!want || !want->text || !*want->text ||
	    (!is_all_removed(want->text) && !strstr(want->text, "installed ")))
		return dw_switch_unknown(object, want, e);
	r = state(s, object, &now, e);
	if (r < 0 || dw_streq0(now.text, want->text))
		return r;
	if (!is_all_removed(want->text))
		return dw_error_set(e, -ENOTSUP,
				    "%s is not put back by itself: `apt install %s` does", object,
				    to_install(s->arena, object, want->text));
	return remove_them(s, object, want->text, e);
}

const struct dw_switch_ops dw_switch_package = { .name = "package", .state = state, .set = set };
