/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packages that nothing needs any more, by apt's own rules. */
#include "autoremove.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>

#include "updates.h"

#define EXTENDED_STATES "/var/lib/apt/extended_states"
#define STATES_MAX      ((size_t)64 * 1024 * 1024)
#define PATTERNS_MAX    200

/* --- extended_states -------------------------------------------------------------------------------------- */

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct host_auto_package *)x)->name,
		      ((const struct host_auto_package *)y)->name);
}

static char *field_of(char *line, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(line, name, n) == 0 && line[n] == ':' ? dw_trim(line + n + 1) : NULL;
}

void host_automatic_parse(struct dw_arena *a, const struct dw_bytes *text,
			  struct host_automatic *ret)
{
	struct dw_lines it = dw_lines_of(text);
	struct host_auto_package p = { 0 };
	bool automatic = false;

	for (;;) {
		char *line = dw_lines_next_trimmed(&it, a), *value;

		if (line && *line) {
			if ((value = field_of(line, "Package")))
				p.name = value;
			else if ((value = field_of(line, "Architecture")))
				p.architecture = value;
			else if ((value = field_of(line, "Auto-Installed")))
				automatic = dw_streq(value, "1");
			continue;
		}
		if (p.name && automatic)
			dw_vec_push(a, &ret->v, p);
		p = (struct host_auto_package){ 0 };
		automatic = false;
		if (!line)
			break;
	}
	if (ret->v.n > 1)
		qsort(ret->v.v, ret->v.n, sizeof(*ret->v.v), by_name);
}

static bool is_automatic(const struct host_automatic *all, const struct dw_dpkg_package *p)
{
	const struct host_auto_package want = { .name = p->name }, *v = all->v.v, *hit;
	size_t n = all->v.n, i;

	hit = n ? bsearch(&want, v, n, sizeof(want), by_name) : NULL;
	if (!hit)
		return false;
	for (i = (size_t)(hit - v); i > 0 && dw_streq(v[i - 1].name, p->name); i--)
		;
	for (; i < n && dw_streq(v[i].name, p->name); i++)
		if (!v[i].architecture || dw_streq0(v[i].architecture, p->architecture) ||
		    dw_streq0(p->architecture, "all"))
			return true;
	return false;
}

/* --- who answers to a name --------------------------------------------------------------------------------- */

struct answer {
	struct dw_dpkg_list name;
	size_t package;
	const char *version; /* NULL: of no version, which no versioned clause takes */
};

struct sweep {
	struct dw_arena *a;
	const struct dw_dpkg_status *all;
	DW_VEC(struct answer) answers; /* by name */
	bool *kept;
	DW_VEC(size_t) todo;
	bool recommends, suggests;
	regex_t patterns[PATTERNS_MAX];
	size_t n_patterns;
};

static int by_answer(const void *x, const void *y)
{
	const struct dw_dpkg_list *a = &((const struct answer *)x)->name,
				  *b = &((const struct answer *)y)->name;
	int r = memcmp(a->s, b->s, DW_MIN(a->n, b->n));

	return r ? r : (a->n > b->n) - (a->n < b->n);
}

/* "name (>= 1.2)" -> ">=", "1.2"; false: any version. */
static bool version_of(struct dw_arena *a, struct dw_dpkg_list part, char *ret_relation,
		       const char **ret_version)
{
	const char *open = memchr(part.s, '(', part.n),
		   *close = open ? memchr(open, ')', (size_t)(part.s + part.n - open)) : NULL;
	char *text;
	size_t n;

	if (!close)
		return false;
	text = dw_trim(dw_arena_strndup(a, open + 1, (size_t)(close - open) - 1));
	n = strspn(text, "<>=");
	if (n == 0 || n > 2)
		return false;
	/* deb-control(5): "<" and ">" alone mean "<=" and ">=" */
	ret_relation[0] = text[0];
	ret_relation[1] = n == 2 ? text[1] : '=';
	*ret_version = dw_trim(text + n);
	return **ret_version != '\0';
}

static bool is_satisfied(const char *relation, int compared)
{
	if (relation[0] == '=')
		return compared == 0;
	if (relation[0] == '<')
		return compared < 0 || (relation[1] == '=' && compared == 0);
	return compared > 0 || (relation[1] == '=' && compared == 0);
}

static void add_answers(struct sweep *s, size_t i)
{
	const struct dw_dpkg_package *p = &s->all->packages.v[i];
	struct dw_dpkg_list rest = p->provides, part;

	dw_vec_push(
		s->a, &s->answers,
		((struct answer){ { p->name, strlen(p->name) }, i, p->version ? p->version : "" }));
	while (dw_dpkg_next_part(&rest, ',', &part)) {
		struct answer x = { dw_dpkg_name_of(part), i, NULL };
		char relation[2];

		if (x.name.n == 0)
			continue;
		if (!version_of(s->a, part, relation, &x.version))
			x.version = NULL;
		dw_vec_push(s->a, &s->answers, x);
	}
}

/* --- marking ------------------------------------------------------------------------------------------------ */

static void keep(struct sweep *s, size_t i)
{
	if (s->kept[i])
		return;
	s->kept[i] = true;
	dw_vec_push(s->a, &s->todo, i);
}

/* Each alternative that is installed is kept, whichever would do. */
static void keep_part(struct sweep *s, struct dw_dpkg_list part)
{
	const struct answer want = { .name = dw_dpkg_name_of(part) }, *v = s->answers.v, *hit;
	const char *version = NULL;
	char relation[2];
	bool versioned;
	size_t i;

	hit = want.name.n && s->answers.n ? bsearch(&want, v, s->answers.n, sizeof(want), by_answer)
					  : NULL;
	if (!hit)
		return;
	versioned = version_of(s->a, part, relation, &version);
	for (i = (size_t)(hit - v); i > 0 && by_answer(&v[i - 1], &want) == 0; i--)
		;
	for (; i < s->answers.n && by_answer(&v[i], &want) == 0; i++)
		if (!versioned || (v[i].version &&
				   is_satisfied(relation, host_deb_compare(v[i].version, version))))
			keep(s, v[i].package);
}

static void keep_list(struct sweep *s, struct dw_dpkg_list list)
{
	struct dw_dpkg_list clause, part;

	while (dw_dpkg_next_part(&list, ',', &clause))
		while (dw_dpkg_next_part(&clause, '|', &part))
			keep_part(s, part);
}

static void keep_needs(struct sweep *s, const struct dw_dpkg_package *p)
{
	keep_list(s, p->pre_depends);
	keep_list(s, p->depends);
	if (s->recommends)
		keep_list(s, p->recommends);
	if (s->suggests)
		keep_list(s, p->suggests);
}

/* apt keeps the kernel that runs and the newest ones; which those are changes with every boot, so all are kept. */
static bool is_kernel(const char *name)
{
	static const char *const heads[] = { "linux-image-",  "linux-headers-", "linux-modules-",
					     "linux-kbuild-", "linux-tools-",   "kfreebsd-",
					     "gnumach-",      "linux-objects-" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(heads); i++)
		if (dw_starts_with(name, heads[i]))
			return true;
	return false;
}

static bool is_never(const struct sweep *s, const char *name)
{
	for (size_t i = 0; i < s->n_patterns; i++)
		if (regexec(&s->patterns[i], name, 0, NULL, 0) == 0)
			return true;
	return false;
}

static void read_patterns(struct sweep *s, const struct host_settings *apt)
{
	for (size_t i = 0; i < apt->v.n && s->n_patterns < PATTERNS_MAX; i++)
		if (strcasecmp(apt->v.v[i].key, "APT::NeverAutoRemove::") == 0 &&
		    regcomp(&s->patterns[s->n_patterns], apt->v.v[i].value,
			    REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0)
			s->n_patterns++;
}

/* apt's words for yes and no (StringToBool()); what is none of them leaves it as it is. */
static bool is_set(const struct host_settings *apt, const char *key)
{
	static const char *const no[] = { "0", "no", "false", "without", "off", "disable" };
	const struct host_setting *x = host_apt_of(apt, key);

	for (size_t i = 0; x && i < DW_ARRAY_SIZE(no); i++)
		if (strcasecmp(x->value, no[i]) == 0)
			return false;
	return true;
}

void host_autoremove(struct dw_arena *a, const struct dw_dpkg_status *all,
		     const struct host_automatic *automatic, const struct host_settings *apt,
		     struct host_unneeded *ret)
{
	struct sweep s = { .a = a,
			   .all = all,
			   .kept = dw_arena_array(a, all->packages.n + 1, sizeof(bool)),
			   .recommends = is_set(apt, "APT::AutoRemove::RecommendsImportant"),
			   .suggests = is_set(apt, "APT::AutoRemove::SuggestsImportant") };
	const struct dw_dpkg_package *v = all->packages.v;

	read_patterns(&s, apt);
	for (size_t i = 0; i < all->packages.n; i++)
		if (dw_dpkg_is_there(&v[i]))
			add_answers(&s, i);
	if (s.answers.n > 1)
		qsort(s.answers.v, s.answers.n, sizeof(*s.answers.v), by_answer);
	for (size_t i = 0; i < all->packages.n; i++)
		if (dw_dpkg_is_there(&v[i]) &&
		    (!is_automatic(automatic, &v[i]) || v[i].essential || v[i].required ||
		     is_kernel(v[i].name) || is_never(&s, v[i].name)))
			keep(&s, i);
	while (s.todo.n)
		keep_needs(&s, &v[s.todo.v[--s.todo.n]]);
	for (size_t i = 0; i < all->packages.n; i++)
		if (dw_dpkg_is_there(&v[i]) && !s.kept[i])
			dw_vec_push(a, &ret->v, &v[i]);
	for (size_t i = 0; i < s.n_patterns; i++)
		regfree(&s.patterns[i]);
}

/* --- the host ------------------------------------------------------------------------------------------------ */

bool host_unneeded_read(struct host_look *l, struct dw_host_result *r, struct host_unneeded *ret)
{
	struct host_asking q = { .l = l };
	struct host_automatic automatic = { 0 };
	struct dw_dpkg_status *all = dw_new(l->a, struct dw_dpkg_status);
	struct host_settings apt = { 0 };
	struct dw_bytes text = { 0 }, states = { 0 };
	struct dw_error e = { 0 };
	int code = dw_dpkg_read_status(l->sys, l->a, &text, &e);

	*ret = (struct host_unneeded){ 0 };
	if (code == -ENOTSUP) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "Only dpkg's packages are known to have been installed for another.");
		return false;
	}
	if (code == 0)
		code = dw_sys_file_read(l->sys, EXTENDED_STATES, STATES_MAX, l->a, &states, &e);
	/* apt never installed a package for another: it has no such file */
	if (code < 0 && code != -ENOENT) {
		host_unknown(l, r, &e);
		return false;
	}
	(void)host_apt_read(&q, &apt);
	if (host_asked_in_vain(&q, r))
		return false;
	dw_dpkg_parse_status(l->a, &text, all, NULL, NULL);
	host_automatic_parse(l->a, &states, &automatic);
	host_autoremove(l->a, all, &automatic, &apt, ret);
	return true;
}
