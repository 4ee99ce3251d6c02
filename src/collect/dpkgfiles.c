/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dpkg's own files, see deb-control(5), dpkg(1) FILES: status, diversions, *.md5sums. Any bytes are survived. */
#include <string.h>

#include "dw_str.h"
#include "packages.h"

#define PACKAGES_MAX   200000
#define DIVERSIONS_MAX 20000

/* --- usrmerge ------------------------------------------------------------------------------------- */

static const char *const merged[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };

struct dw_usrmerge dw_usrmerge_of(struct dw_sys *s, struct dw_arena *scratch)
{
	struct dw_usrmerge u = { 0 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(merged); i++) {
		char *target;

		if (dw_sys_file_readlink(s, merged[i], scratch, &target, NULL) == 0)
			u.linked[i] = dw_streq(target[0] == '/' ? target + 1 : target,
					       dw_arena_printf(scratch, "usr%s", merged[i]));
	}
	return u;
}

const char *dw_usrmerge_short(const struct dw_usrmerge *u, const char *path, size_t n,
			      size_t *ret_n)
{
	*ret_n = n;
	if (n < 6 || memcmp(path, "/usr/", 5) != 0)
		return path;
	for (size_t i = 0; i < DW_ARRAY_SIZE(merged); i++) {
		size_t m = strlen(merged[i]);

		if (u->linked[i] && n > 4 + m && memcmp(path + 4, merged[i], m) == 0 &&
		    path[4 + m] == '/') {
			*ret_n = n - 4;
			return path + 4;
		}
	}
	return path;
}

/* --- status --------------------------------------------------------------------------------------- */

struct paragraph {
	struct dw_dpkg_package p;
	bool any;
};

/* Package names and architectures become parts of file names: nothing else may stand in them. */
static bool is_name(const char *s, size_t n)
{
	static const char other[] = { '+', '-', '.', '_' };

	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= 'A' && s[i] <= 'Z') &&
		    !(s[i] >= '0' && s[i] <= '9') && !memchr(other, s[i], sizeof(other)))
			return false;
	return n > 0 && n < 200 && s[0] != '.';
}

/* Of some thirty fields thirteen matter; their first letters say most of it. */
static bool is_wanted(char first)
{
	static const char wanted[] = { 'P', 'V', 'A', 'S', 'M', 'D', 'E', 'R',
				       'p', 'v', 'a', 's', 'm', 'd', 'e', 'r' };

	return memchr(wanted, first, sizeof(wanted)) != NULL;
}

static void end_paragraph(struct dw_arena *a, struct paragraph *g, struct dw_dpkg_status *ret,
			  void (*bad)(void *arg, unsigned line, const char *why), void *arg)
{
	if (g->any && !g->p.name && bad)
		bad(arg, g->p.line,
		    "a record without a Package: field, so its files seem to belong to no package; "
		    "see dpkg --audit");
	if (g->any && g->p.name && ret->packages.n < PACKAGES_MAX)
		dw_vec_push(a, &ret->packages, g->p);
	*g = (struct paragraph){ 0 };
}

/* "install ok installed": only these two have no files of theirs on the disk. */
static bool has_files(const char *s, size_t n)
{
	static const char none[] = "not-installed";

	return !(n >= sizeof(none) - 1 &&
		 memcmp(s + n - (sizeof(none) - 1), none, sizeof(none) - 1) == 0);
}

static const char *take_field(struct dw_arena *a, struct dw_dpkg_package *p, const char *key,
			      size_t k, const char *value, size_t n)
{
#define FIELD(name) (k == sizeof(name) - 1 && strncasecmp(key, name, sizeof(name) - 1) == 0)
	if (FIELD("Package")) {
		if (!is_name(value, n))
			return "the Package: field is no name of a package; see dpkg --audit";
		p->name = dw_arena_strndup(a, value, n);
	} else if (FIELD("Version")) {
		p->version = dw_arena_strndup(a, value, n);
	} else if (FIELD("Architecture")) {
		if (!is_name(value, n))
			return "the Architecture: field is none; see dpkg --audit";
		p->architecture = dw_arena_strndup(a, value, n);
	} else if (FIELD("Status")) {
		p->installed = has_files(value, n);
		p->removed = n >= 12 && memcmp(value + n - 12, "config-files", 12) == 0;
	} else if (FIELD("Multi-Arch")) {
		p->multi_arch_same = n == 4 && memcmp(value, "same", 4) == 0;
	} else if (FIELD("Essential") || FIELD("Protected")) {
		p->essential |= n == 3 && strncasecmp(value, "yes", 3) == 0;
	} else if (FIELD("Priority")) {
		p->required = n == 8 && strncasecmp(value, "required", 8) == 0;
	} else if (FIELD("Depends")) {
		p->depends = (struct dw_dpkg_list){ value, n };
	} else if (FIELD("Pre-Depends")) {
		p->pre_depends = (struct dw_dpkg_list){ value, n };
	} else if (FIELD("Recommends")) {
		p->recommends = (struct dw_dpkg_list){ value, n };
	} else if (FIELD("Suggests")) {
		p->suggests = (struct dw_dpkg_list){ value, n };
	} else if (FIELD("Provides")) {
		p->provides = (struct dw_dpkg_list){ value, n };
	}
#undef FIELD
	return NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void dw_dpkg_parse_status(struct dw_arena *a, const struct dw_bytes *text,
			  struct dw_dpkg_status *ret,
			  void (*bad)(void *arg, unsigned line, const char *why), void *arg)
{
	struct dw_lines it = dw_lines_of(text);
	struct paragraph g = { 0 };
	const char *line, *colon, *why;
	size_t n;

	*ret = (struct dw_dpkg_status){ 0 };
	while (dw_lines_next(&it, &line, &n)) {
		const char *value, *end = line + n;

		if (n == 0) {
			end_paragraph(a, &g, ret, bad, arg);
			continue;
		}
		if (!g.any)
			g = (struct paragraph){ .any = true, .p.line = it.number };
		if (is_blank(line[0]))
			continue; /* goes on from the line before; no field we read does */
		colon = memchr(line, ':', n);
		if (!colon) {
			if (bad)
				bad(arg, it.number,
				    "neither \"Field: value\" nor the rest of one, so this line "
				    "was passed over; see dpkg --audit");
			continue;
		}
		if (!is_wanted(line[0]))
			continue;
		for (value = colon + 1; value < end && is_blank(*value); value++)
			;
		while (end > value && is_blank(end[-1]))
			end--;
		why = take_field(a, &g.p, line, (size_t)(colon - line), value,
				 (size_t)(end - value));
		if (why && bad)
			bad(arg, it.number, why);
	}
	end_paragraph(a, &g, ret, bad, arg);
}

/* --- diversions ----------------------------------------------------------------------------------- */

void dw_dpkg_parse_diversions(struct dw_arena *a, const struct dw_bytes *text,
			      struct dw_dpkg_diversions *ret)
{
	struct dw_lines it = dw_lines_of(text);
	const char *three[3];
	unsigned have = 0;
	const char *line;
	size_t n;

	*ret = (struct dw_dpkg_diversions){ 0 };
	while (dw_lines_next(&it, &line, &n) && ret->n < DIVERSIONS_MAX) {
		three[have++] = dw_arena_strndup(a, line, n);
		if (have < 3)
			continue;
		have = 0;
		if (three[0][0] == '/' && three[1][0] == '/')
			*dw_vec_add(a, ret) = (struct dw_dpkg_diversion){ .from = three[0],
									  .to = three[1],
									  .by = three[2] };
	}
}

/* --- md5sums -------------------------------------------------------------------------------------- */

bool dw_dpkg_md5_of(const struct dw_bytes *md5sums, const char *path, struct dw_digest *ret)
{
	const char *at = md5sums->data, *end = at + md5sums->n;
	size_t n;

	while (*path == '/')
		path++;
	n = strlen(path);
	/* "d41d8cd98f00b204e9800998ecf8427e  usr/bin/x": the path must be the whole rest of the line. */
	while (n > 0 && at && at < end && (at = memmem(at, (size_t)(end - at), path, n)) != NULL) {
		const char *behind = at + n;

		if ((behind == end || *behind == '\n' || *behind == '\r') &&
		    at - md5sums->data >= 34 && at[-1] == ' ' && (at[-2] == ' ' || at[-2] == '*') &&
		    (at - md5sums->data == 34 || at[-35] == '\n'))
			return dw_digest_parse(DW_DIGEST_MD5, at - 34, 32, ret);
		at = behind;
	}
	return false;
}
