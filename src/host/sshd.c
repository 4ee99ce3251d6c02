/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where sshd's settings come from: sshd itself, or its files. */
#include "sshd.h"

#include <errno.h>
#include <fnmatch.h>

#include "dw_spawn.h"

#define FILES_MAX  256
#define CASES_MAX  24
#define PEOPLE_MAX 4
#define STATE_MS   20000

#define NAMED_MAX 8
#define ASKED_MAX 256 /* times that sshd is asked for accounts and addresses */

static const char *const programs[] = { "/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd" };

/* --- the files ------------------------------------------------------------------------------------------- */

static bool add_file(struct host_look *l, const char *path, const char **names,
		     struct dw_bytes *texts, size_t *n)
{
	if (dw_sys_file_read(l->sys, path, DW_FILE_MAX, l->a, &texts[*n], NULL) < 0)
		return false;
	names[(*n)++] = path;
	return true;
}

/* A pattern of the last name alone: that is what distributions and people write. Others could not be read. */
static bool open_included(void *data, struct dw_arena *a, const char *pattern,
			  const char ***ret_names, struct dw_bytes **ret, size_t *ret_n)
{
	struct host_look *l = data;
	const char *base = dw_basename(pattern);
	const char *dir = dw_arena_strndup(a, pattern, (size_t)(base - pattern));
	struct dw_strings names = { 0 };
	bool good = true;
	int r;

	*ret_names = dw_arena_array(a, FILES_MAX, sizeof(**ret_names));
	*ret = dw_arena_array(a, FILES_MAX, sizeof(**ret));
	*ret_n = 0;
	if (strpbrk(dir, "*?["))
		return false;
	if (!strpbrk(base, "*?["))
		return !dw_sys_file_exists(l->sys, pattern) ||
		       add_file(l, pattern, *ret_names, *ret, ret_n);
	r = dw_sys_dir_list(l->sys, dir, a, &names, NULL);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (fnmatch(base, names.v[i], FNM_PERIOD) == 0)
			good &= *ret_n < FILES_MAX &&
				add_file(l, dw_arena_printf(a, "%s%s", dir, names.v[i]), *ret_names,
					 *ret, ret_n);
	return good && (r == 0 || r == -ENOENT);
}

static void read_files(struct host_look *l, struct host_sshd *s)
{
	const struct sshd_opener opener = { .open = open_included, .data = l };
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };

	if (dw_sys_file_read(l->sys, SSHD_CONFIG, DW_FILE_MAX, l->a, &text, &e) < 0) {
		s->file.partly = true;
		s->file.why = dw_arena_strdup(l->a, e.message);
		return;
	}
	sshd_parse(l->a, SSHD_CONFIG, &text, &opener, &s->file);
	if (s->file.partly)
		s->file.why = "not all that " SSHD_CONFIG " includes could be read";
}

/* A case for everybody, and one for each Match block, which only says what differs. */
static void cases_of_files(struct host_look *l, struct host_sshd *s)
{
	struct sshd_case *c = dw_vec_add(l->a, &s->cases);

	*c = (struct sshd_case){ .who = "everybody" };
	for (size_t i = 0; i < s->file.lines.n; i++) {
		const struct sshd_line *line = &s->file.lines.v[i];
		const char *who =
			line->match ? dw_arena_printf(l->a, "Match %s", line->match) : "everybody";
		size_t k = 0;

		while (k < s->cases.n && !dw_streq(s->cases.v[k].who, who))
			k++;
		if (k == CASES_MAX)
			continue;
		if (k == s->cases.n)
			*dw_vec_add(l->a, &s->cases) = (struct sshd_case){ .who = who };
		*dw_vec_add(l->a, &s->cases.v[k].pairs) =
			(struct sshd_pair){ line->key, line->value };
	}
}

/* --- sshd itself ------------------------------------------------------------------------------------------ */

static int state_it(struct host_look *l, const char *program, const char *connection,
		    struct sshd_case *ret, struct dw_error *e)
{
	const char *const argv[] = { program, "-T", connection ? "-C" : NULL, connection, NULL };
	const struct dw_spawn what = { .argv = argv,
				       .timeout_ms = STATE_MS,
				       .output_max = (size_t)256 * 1024 };
	struct dw_bytes out = { 0 };
	int status = 0, r = dw_spawn_run(l->sys, &what, l->a, &out, &status, e);

	if (r < 0)
		return r;
	if (status != 0)
		return dw_error_set(e, -EINVAL, "sshd -T says: %.300s",
				    out.n ? dw_trim(out.data) : "nothing");
	sshd_parse_stated(l->a, &out, ret);
	return ret->pairs.n ? 0 : dw_error_set(e, -EINVAL, "sshd -T says nothing");
}

static bool has_match(const struct host_sshd *s)
{
	for (size_t i = 0; i < s->file.lines.n; i++)
		if (s->file.lines.v[i].match)
			return true;
	return false;
}

static void add_word(struct dw_arena *a, struct dw_strings *list, const char *word)
{
	if (!strpbrk(word, "*?!,= ") && *word && list->n < NAMED_MAX && !dw_strings_has(list, word))
		dw_vec_push(a, list, word);
}

/* What Match blocks name: users as they are, of networks one address that is in them. */
static void named(struct host_look *l, const struct host_sshd *s, struct dw_strings *users,
		  struct dw_strings *addresses)
{
	for (size_t i = 0; i < s->file.lines.n; i++) {
		const char *match = s->file.lines.v[i].match;
		struct dw_strings words = { 0 };

		if (!match || (i && dw_streq0(match, s->file.lines.v[i - 1].match)))
			continue;
		(void)dw_split_quoted(l->a, match, &words);
		for (size_t k = 0; k + 1 < words.n; k++) {
			bool user = strcasecmp(words.v[k], "user") == 0;
			char *rest = dw_arena_strdup(l->a, words.v[k + 1]), *one;

			if (!user && strcasecmp(words.v[k], "address") != 0)
				continue;
			while ((one = strsep(&rest, ",")) != NULL) {
				if (!user)
					one[strcspn(one, "/")] = '\0';
				add_word(l->a, user ? users : addresses, one);
			}
		}
	}
}

/* Root, the first people, and whom the blocks name; from outside (an address of documentation), and from theirs. */
static void people(struct host_look *l, const struct host_sshd *s, struct dw_strings *users,
		   struct dw_strings *addresses)
{
	const struct host_accounts *all = host_accounts(l);
	size_t n = 0;

	add_word(l->a, users, "root");
	add_word(l->a, addresses, "192.0.2.1"); /* RFC 5737 */
	named(l, s, users, addresses);
	for (size_t i = 0; i < all->users.n && n < PEOPLE_MAX; i++)
		if (host_is_person(all, &all->users.v[i]) &&
		    host_is_login_shell(all->users.v[i].shell)) {
			add_word(l->a, users, all->users.v[i].name);
			n++;
		}
}

static bool add_cases(struct host_look *l, const char *program, struct host_sshd *s,
		      struct dw_error *e)
{
	struct dw_strings users = { 0 }, addresses = { 0 };

	people(l, s, &users, &addresses);
	for (size_t i = 0; i < users.n; i++)
		for (size_t k = 0; k < addresses.n && s->cases.n < CASES_MAX; k++) {
			struct sshd_case c = { .who = dw_arena_printf(l->a, "%s from %s",
								      users.v[i], addresses.v[k]) };
			const char *connection =
				dw_arena_printf(l->a, "user=%s,host=%s,addr=%s", users.v[i],
						addresses.v[k], addresses.v[k]);

			if (state_it(l, program, connection, &c, e) < 0)
				return false;
			dw_vec_push(l->a, &s->cases, c);
		}
	return true;
}

/* What a block asks for beside users, groups and addresses (a program, a name of DNS, a port): nobody foresees that. */
static const char *unforeseen(struct host_look *l, const struct host_sshd *s)
{
	static const char *const known[] = { "user", "group", "address", "all" };

	for (size_t i = 0; i < s->file.lines.n; i++) {
		const char *match = s->file.lines.v[i].match;
		struct dw_strings words = { 0 };

		if (!match)
			continue;
		(void)dw_split_quoted(l->a, match, &words);
		for (size_t k = 0; k < words.n; k += 2) {
			bool address = strcasecmp(words.v[k], "address") == 0, found = false;

			for (size_t j = 0; j < DW_ARRAY_SIZE(known); j++)
				found |= strcasecmp(words.v[k], known[j]) == 0;
			if (!found ||
			    (address && k + 1 < words.n && strpbrk(words.v[k + 1], "*?!")))
				return dw_arena_printf(l->a, "Match %s may change it", match);
		}
	}
	return NULL;
}

static const char *ask_for(struct host_look *l, struct host_sshd *s, const char *user,
			   struct sshd_cases *ret)
{
	struct dw_strings users = { 0 }, addresses = { 0 };
	struct dw_error e = { 0 };
	const char *why = unforeseen(l, s);

	if (why || strpbrk(user, ",= "))
		return why ? why : "its name cannot be asked about";
	add_word(l->a, &addresses, "192.0.2.1"); /* RFC 5737 */
	named(l, s, &users, &addresses);
	if (addresses.n >= NAMED_MAX)
		return "its Match blocks name too many addresses";
	for (size_t i = 0; i < addresses.n; i++) {
		struct sshd_case c = { .who = dw_arena_printf(l->a, "from %s", addresses.v[i]) };

		if (s->asked++ >= ASKED_MAX)
			return "there are too many accounts and Match blocks to ask about all";
		if (state_it(l, s->program,
			     dw_arena_printf(l->a, "user=%s,host=%s,addr=%s", user, addresses.v[i],
					     addresses.v[i]),
			     &c, &e) < 0)
			return dw_arena_strdup(l->a, e.message);
		dw_vec_push(l->a, ret, c);
	}
	return NULL;
}

const char *host_sshd_cases(struct host_look *l, const char *user, struct sshd_cases *ret)
{
	struct host_sshd *s = host_sshd(l);

	if (!s->cases.n || (!s->stated && s->file.partly))
		return "what sshd is set to cannot be seen";
	if (!has_match(s)) {
		dw_vec_push(l->a, ret, s->cases.v[0]);
		return NULL;
	}
	if (!s->stated)
		return "what its Match blocks come to only sshd itself tells";
	return ask_for(l, s, user, ret);
}

/* False: *e says why. Nothing is kept then: half the cases are none. */
static bool ask(struct host_look *l, const char *program, struct host_sshd *s, struct dw_error *e)
{
	struct sshd_case all = { .who = "everybody" };
	bool good = state_it(l, program, NULL, &all, e) == 0;

	if (good) {
		dw_vec_push(l->a, &s->cases, all);
		good = !has_match(s) || add_cases(l, program, s, e);
	}
	if (!good)
		s->cases.n = 0;
	return good;
}

struct host_sshd *host_sshd(struct host_look *l)
{
	struct host_sshd *s = l->sshd;
	const char *program = NULL;
	struct dw_error e = { 0 };

	if (s)
		return s;
	s = l->sshd = dw_new(l->a, struct host_sshd);
	for (size_t i = 0; i < DW_ARRAY_SIZE(programs) && !program; i++)
		if (dw_sys_file_exists(l->sys, programs[i]))
			program = programs[i];
	s->installed = program != NULL;
	s->program = program;
	if (!program)
		return s;
	read_files(l, s);
	s->stated = dw_sys_is_running(l->sys) && !dw_sys_is_fake(l->sys) &&
		    dw_sys_euid(l->sys) == 0 && ask(l, program, s, &e);
	if (!s->stated) {
		s->why_not = e.message[0]                ? dw_arena_strdup(l->a, e.message)
			     : dw_sys_is_running(l->sys) ? "only root can ask sshd"
							 : "it does not run here";
		cases_of_files(l, s);
	}
	return s;
}
