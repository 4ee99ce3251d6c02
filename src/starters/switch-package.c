/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of a package of dpkg: it can be removed, its configuration files stay (dpkg(1), --remove). It is put back
 * by a person: that needs the archive and the network.
 */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "switch.h"

#define STATUS_FILE "/var/lib/dpkg/status"
#define STATUS_MAX  ((size_t)64 * 1024 * 1024)

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

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_bytes text = { 0 };
	struct dw_error why = { 0 };
	struct stanza z = { 0 };
	int r;

	if (!is_name(object))
		return dw_error_set(e, -EINVAL, "%.100s is no package's name", object);
	r = dw_sys_file_read(s->sys, STATUS_FILE, STATUS_MAX, scratch, &text, &why);
	if (r == -ENOENT)
		return dw_error_set(e, -ENOTSUP, "%s: only packages of dpkg can be removed",
				    object);
	if (r < 0)
		return dw_error_set(e, r, "%s", why.message);
	if (!find(&text, object, &z)) {
		*ret = dw_switch_word("removed");
		return 0;
	}
	*ret = dw_switch_word(dw_arena_printf(s->arena, "installed %.*s",
					      (int)DW_MIN(z.n_version, (size_t)255),
					      z.version ? z.version : ""));
	return 0;
}

static int set(struct dw_switch *s, const char *object, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
						   "DEBIAN_FRONTEND=noninteractive", NULL };
	const char *const argv[] = { "/usr/bin/dpkg", "--remove", object, NULL };
	struct dw_switch_run run = { .argv = argv, .environment = environment };
	struct dw_state now = { 0 };
	int r;

	if (!want || !want->text ||
	    (!dw_streq(want->text, "removed") && !dw_starts_with(want->text, "installed ")))
		return dw_switch_unknown(object, want, e);
	r = state(s, object, &now, e);
	if (r < 0 || dw_streq(now.text, want->text))
		return r;
	if (!dw_streq(want->text, "removed"))
		return dw_error_set(e, -ENOTSUP,
				    "%s is not put back by itself: `apt install %s=%.200s` does",
				    object, object, want->text + strlen("installed "));
	return dw_switch_by_script(s, &dw_switch_package, object, "removed", &run, e);
}

const struct dw_switch_ops dw_switch_package = { .name = "package", .state = state, .set = set };
