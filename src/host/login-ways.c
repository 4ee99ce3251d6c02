/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether sshd takes a key of an account, asked as sshd asks it: may it come (auth.c, allowed_user), is its list of
 * keys one that counts (misc.c, safe_path), is there a key that gives a session (auth2-pubkey.c). What cannot be seen
 * from here is unknown, and unknown is no way in.
 */
#include "login-ways.h"

#include <errno.h>
#include <fnmatch.h>

#include "dw_authkeys.h"

#define DAY         ((uint64_t)24 * 60 * 60)
#define NEVER       99999 /* shadow(5): as good as no limit */
#define RSA_BITS    1024  /* RequiredRSASize of sshd_config(5) where it does not say */
#define LOCKED_SIGN '!'   /* LOCKED_PASSWD_PREFIX of OpenSSH on Linux */

#define NO(...)                                                                                    \
	((struct host_way_in){ .way = HOST_WAY_NO, .why = dw_arena_printf(l->a, __VA_ARGS__) })
#define UNKNOWN(...)                                                                               \
	((struct host_way_in){ .way = HOST_WAY_UNKNOWN, .why = dw_arena_printf(l->a, __VA_ARGS__) })
#define YES ((struct host_way_in){ .way = HOST_WAY_YES })

/* --- what a case says ------------------------------------------------------------------------------------- */

/* NULL where it is not set, or set to nothing. */
static const char *said(const struct sshd_case *c, const char *key)
{
	const char *v = sshd_value(c, key);

	return v && *v && !dw_streq(v, "none") ? v : NULL;
}

static bool says(const struct sshd_case *c, const char *key, const char *value,
		 const char *otherwise)
{
	const char *v = sshd_value(c, key);

	return dw_streq(v ? v : otherwise, value);
}

/* --- the account ------------------------------------------------------------------------------------------ */

static bool has_expired(struct host_look *l, const struct host_user *u)
{
	const struct host_shadow *s = host_shadow_of(host_accounts(l), u->name);
	int64_t today = (int64_t)(dw_sys_now(l->sys) / DAY);

	if (!s)
		return false;
	if (s->expires >= 0 && today >= s->expires)
		return true;
	return s->changed > 0 && s->most >= 0 && s->most < NEVER && s->inactive >= 0 &&
	       today > s->changed + s->most + s->inactive;
}

static bool in_group(const struct host_accounts *all, const struct host_user *u,
		     const char *pattern)
{
	for (size_t i = 0; i < all->groups.n; i++) {
		const struct host_group *g = &all->groups.v[i];
		const char *at = strstr(g->members, u->name);
		size_t n = strlen(u->name);

		if (fnmatch(pattern, g->name, 0) != 0)
			continue;
		if (g->gid == u->gid)
			return true;
		for (; at; at = strstr(at + 1, u->name))
			if ((at == g->members || at[-1] == ',') && (at[n] == ',' || !at[n]))
				return true;
	}
	return false;
}

/* A list of patterns for users or groups. UNKNOWN: from some hosts (NAME@HOST), or by what we do not read. */
static enum host_way is_named(struct host_look *l, const struct sshd_case *c, const char *key,
			      const struct host_user *u)
{
	const struct host_accounts *all = host_accounts(l);
	bool groups = strstr(key, "groups") != NULL;
	enum host_way way = HOST_WAY_NO;

	for (size_t i = 0; i < c->pairs.n; i++) {
		char *rest = dw_arena_strdup(l->a, c->pairs.v[i].value), *word;

		if (!dw_streq(c->pairs.v[i].key, key))
			continue;
		while ((word = dw_word_next(&rest)) != NULL) {
			char *at = groups ? NULL : strchr(word, '@');
			bool hit;

			if (*word == '!')
				return HOST_WAY_UNKNOWN;
			if (at)
				*at = '\0';
			hit = groups ? in_group(all, u, word) : fnmatch(word, u->name, 0) == 0;
			if (hit && !at)
				return HOST_WAY_YES;
			way = hit ? HOST_WAY_UNKNOWN : way;
		}
	}
	return groups && all->group_error.code ? HOST_WAY_UNKNOWN : way;
}

/* allowed_user() of sshd: the shell, then who is denied, then who is allowed. */
static struct host_way_in may_come(struct host_look *l, const struct host_user *u,
				   const struct sshd_case *c)
{
	static const struct {
		const char *key, *name;
		bool allow;
	} lists[] = { { "denyusers", "DenyUsers", false },
		      { "allowusers", "AllowUsers", true },
		      { "denygroups", "DenyGroups", false },
		      { "allowgroups", "AllowGroups", true } };
	const char *shell = *u->shell ? u->shell : "/bin/sh";
	struct host_way_in worst = YES;
	struct stat st;

	if (!host_is_login_shell(shell))
		return NO("its shell is %s", shell);
	if (dw_sys_is_running(l->sys) && !dw_sys_is_fake(l->sys) &&
	    (dw_sys_file_stat(l->sys, shell, true, &st, NULL) < 0 || !(st.st_mode & 0111)))
		return NO("its shell %s is no program", shell);
	if (has_expired(l, u))
		return NO("the account has expired");
	if (u->uid == 0 && says(c, "permitrootlogin", "no", "prohibit-password"))
		return NO("PermitRootLogin is no");
	for (size_t i = 0; i < DW_ARRAY_SIZE(lists); i++) {
		enum host_way named;

		if (!sshd_value(c, lists[i].key))
			continue;
		named = is_named(l, c, lists[i].key, u);
		if (named == HOST_WAY_UNKNOWN)
			worst = UNKNOWN("%s depends on where it comes from", lists[i].name);
		else if ((named == HOST_WAY_YES) != lists[i].allow)
			return NO("%s keeps it out", lists[i].name);
	}
	return worst;
}

/* --- its lists of keys ------------------------------------------------------------------------------------ */

/* %h, %u, %U and %% of sshd_config(5), TOKENS; NULL: another one. */
static const char *expanded(struct host_look *l, const struct host_user *u, const char *word)
{
	struct dw_str path = { .arena = l->a };

	if (*word != '/' && !dw_starts_with(word, "%h"))
		dw_str_addf(&path, "%s/", u->home);
	for (; *word; word++) {
		if (*word != '%') {
			dw_str_addc(&path, *word);
			continue;
		}
		switch (*++word) {
		case 'h':
			dw_str_add(&path, u->home);
			break;
		case 'u':
			dw_str_add(&path, u->name);
			break;
		case 'U':
			dw_str_addf(&path, "%u", u->uid);
			break;
		case '%':
			dw_str_addc(&path, '%');
			break;
		default:
			return NULL;
		}
	}
	return path.n ? path.s : NULL;
}

/* Who may read a file or pass a directory that is not its own is asked by its last three bits alone. */
static bool opens_to(const struct stat *st, const struct host_user *u, unsigned bits)
{
	if (u->uid == 0)
		return true;
	if (st->st_uid == u->uid)
		return (st->st_mode >> 6 & bits) == bits;
	return st->st_gid == u->gid ? (st->st_mode >> 3 & bits) == bits
				    : (st->st_mode & bits) == bits;
}

/* The file, and each directory up to the home or to /, belongs to root or to it, and is nobody else's to write. */
static struct host_way_in counts(struct host_look *l, const struct host_user *u, const char *file,
				 bool strict)
{
	char *path = NULL, *home = NULL, *slash;
	struct stat st;

	if (dw_sys_file_real(l->sys, file, l->a, &path, NULL) < 0)
		return UNKNOWN("where %s leads cannot be seen", file);
	(void)dw_sys_file_real(l->sys, u->home, l->a, &home, NULL);
	for (bool is_file = true;; is_file = false) {
		const char *here = *path ? path : "/";

		if (dw_sys_file_stat(l->sys, here, true, &st, NULL) < 0)
			return UNKNOWN("%s cannot be looked at", here);
		if (!opens_to(&st, u, is_file ? 4 : 1))
			return NO("it may not read %s", here);
		if (strict && st.st_uid != 0 && st.st_uid != u->uid)
			return NO("%s belongs to somebody else (StrictModes)", here);
		if (strict && st.st_mode & 002)
			return NO("everybody may write %s (StrictModes)", here);
		/* Debian's sshd takes a group of its own that has nobody else in it, others take none */
		if (strict && st.st_mode & 020)
			return UNKNOWN("a group may write %s (StrictModes)", here);
		strict = strict && (is_file || !home || !dw_streq(here, home));
		if (!*path || dw_streq(path, "/"))
			return YES;
		slash = strrchr(path, '/');
		*slash = '\0';
	}
}

/* Is a kind of key among those that are taken? What only adds or removes (+, -, ^) is not read to its end. */
static enum host_way takes_type(struct host_look *l, const struct sshd_case *c,
				const struct dw_authkey *k)
{
	const char *v = sshd_value(c, "pubkeyacceptedalgorithms");
	char *rest, *one;

	v = v ? v : sshd_value(c, "pubkeyacceptedkeytypes"); /* its name before OpenSSH 8.5 */
	if (!v || *v == '+' || *v == '^')
		return HOST_WAY_YES;
	if (*v == '-')
		return HOST_WAY_UNKNOWN;
	rest = dw_arena_strdup(l->a, v);
	while ((one = strsep(&rest, ",")) != NULL)
		if (fnmatch(one, k->type, 0) == 0 ||
		    (dw_streq(k->type, "ssh-rsa") && (fnmatch(one, "rsa-sha2-256", 0) == 0 ||
						      fnmatch(one, "rsa-sha2-512", 0) == 0)))
			return HOST_WAY_YES;
	return HOST_WAY_NO;
}

static struct host_way_in one_key(struct host_look *l, const struct sshd_case *c,
				  const struct dw_authkey *k, const char *file)
{
	const char *size = sshd_value(c, "requiredrsasize");
	uint64_t least = RSA_BITS;
	enum host_way taken;

	if (k->state == DW_AUTHKEY_NO)
		return NO("%s:%u: %s", file, k->line, k->why);
	if (size)
		(void)dw_parse_u64(size, 10, UINT32_MAX, &least);
	if (k->bits && k->bits < least)
		return NO("%s:%u: a key of %u bits is too short", file, k->line, k->bits);
	taken = takes_type(l, c, k);
	if (taken == HOST_WAY_NO)
		return NO("%s:%u: PubkeyAcceptedAlgorithms has no %s", file, k->line, k->type);
	if (k->state == DW_AUTHKEY_UNSURE || taken == HOST_WAY_UNKNOWN)
		return UNKNOWN("%s:%u: %s", file, k->line,
			       k->why ? k->why : "PubkeyAcceptedAlgorithms takes kinds away");
	return YES;
}

/* The better of two; of two that are as good the first, whose reason is told. */
static void better(struct host_way_in *best, struct host_way_in other)
{
	if (!best->why || other.way > best->way)
		*best = other;
}

static struct host_way_in in_file(struct host_look *l, const struct host_user *u,
				  const struct sshd_case *c, const char *file)
{
	struct host_way_in best = NO("it has no key");
	struct dw_authkeys keys = { 0 };
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };
	int r = dw_sys_file_read(l->sys, file, DW_FILE_MAX, l->a, &text, &e);

	if (r == -ENOENT || r == -ENOTDIR)
		return best;
	if (r < 0)
		return UNKNOWN("%s", e.message);
	dw_authkeys_parse(l->a, &text, dw_sys_now(l->sys), &keys);
	for (size_t i = 0; i < keys.v.n && best.way < HOST_WAY_YES; i++) {
		struct host_way_in one = one_key(l, c, &keys.v.v[i], file);

		if (i == 0 || one.way > best.way)
			best = one;
	}
	if (best.way > HOST_WAY_NO) {
		struct host_way_in way = counts(l, u, file, !says(c, "strictmodes", "no", "yes"));

		best = way.way < best.way ? way : best;
	}
	if (best.way == HOST_WAY_YES && !strpbrk(file, " \t:"))
		best.file = file;
	return best;
}

static struct host_way_in by_files(struct host_look *l, const struct host_user *u,
				   const struct sshd_case *c)
{
	const char *files = sshd_value(c, "authorizedkeysfile");
	char *rest = dw_arena_strdup(l->a,
				     files ? files : ".ssh/authorized_keys .ssh/authorized_keys2"),
	     *word;
	struct host_way_in best = { 0 };

	while ((word = dw_word_next(&rest)) != NULL && best.way < HOST_WAY_YES) {
		const char *path = dw_streq(word, "none") ? NULL : expanded(l, u, word);
		struct host_way_in one = path ? in_file(l, u, c, path)
					 : dw_streq(word, "none")
						 ? NO("AuthorizedKeysFile is none")
						 : UNKNOWN("AuthorizedKeysFile has %s", word);

		/* a second file that is not there says less than a key in the first that does not count */
		if (!best.why || one.way > best.way)
			best = one;
	}
	return best;
}

/* AuthenticationMethods: a way by a key alone is one of its lists. */
static bool by_key_alone(struct host_look *l, const struct sshd_case *c)
{
	const char *v = said(c, "authenticationmethods");
	char *rest = dw_arena_strdup(l->a, v ? v : "any"), *word;

	while ((word = dw_word_next(&rest)) != NULL)
		if (dw_streq(word, "any") || dw_streq(word, "publickey"))
			return true;
	return false;
}

static struct host_way_in key_way_in(struct host_look *l, const struct host_user *u,
				     const struct sshd_case *c)
{
	const struct host_shadow *s = host_shadow_of(host_accounts(l), u->name);
	struct host_way_in come = may_come(l, u, c), way;

	if (come.way == HOST_WAY_NO)
		return come;
	if (says(c, "pubkeyauthentication", "no", "yes"))
		return NO("PubkeyAuthentication is no");
	if (!by_key_alone(l, c))
		return NO("AuthenticationMethods asks for more than a key");
	if (u->uid == 0 && says(c, "permitrootlogin", "forced-commands-only", "prohibit-password"))
		return NO("PermitRootLogin is forced-commands-only");
	if (s && s->password[0] == LOCKED_SIGN && !says(c, "usepam", "yes", "no"))
		return NO("it is locked, and UsePAM is not yes");
	if (said(c, "revokedkeys"))
		return UNKNOWN("RevokedKeys may have its keys");
	way = by_files(l, u, c);
	if (way.way == HOST_WAY_NO &&
	    (said(c, "authorizedkeyscommand") || said(c, "trustedusercakeys")))
		return UNKNOWN("%s may know its keys", said(c, "authorizedkeyscommand")
							       ? "AuthorizedKeysCommand"
							       : "TrustedUserCAKeys");
	return come.way < way.way ? come : way;
}

/* --- the cases -------------------------------------------------------------------------------------------- */

struct host_way_in host_key_way(struct host_look *l, const struct host_user *u)
{
	struct sshd_cases cases = { 0 };
	struct host_way_in worst = YES;
	const char *why = host_sshd_cases(l, u->name, &cases);

	if (why)
		return UNKNOWN("%s", why);
	for (size_t i = 0; i < cases.n; i++) {
		struct host_way_in one = key_way_in(l, u, &cases.v[i]);

		if (i == 0 || one.way < worst.way)
			worst = one;
		if (one.way < HOST_WAY_YES && cases.n > 1 && worst.why == one.why)
			worst.why = dw_arena_printf(l->a, "%s (%s)", one.why, cases.v[i].who);
	}
	return worst;
}

const char *host_key_list(struct host_look *l, const struct host_user *u)
{
	const struct host_sshd *s = host_sshd(l);

	return s->cases.n ? by_files(l, u, &s->cases.v[0]).file : NULL;
}

static bool has_empty_password(struct host_look *l, const struct host_user *u)
{
	const struct host_shadow *s = host_shadow_of(host_accounts(l), u->name);

	return !(dw_streq(u->password, "x") && s ? s->password : u->password)[0];
}

static struct host_way_in password_way_in(struct host_look *l, const struct host_user *u,
					  const struct sshd_case *c)
{
	struct host_way_in come = may_come(l, u, c);

	if (come.way == HOST_WAY_NO)
		return come;
	if (u->uid == 0 && !says(c, "permitrootlogin", "yes", "prohibit-password"))
		return NO("root may not, by a password");
	if (has_empty_password(l, u) && !says(c, "permitemptypasswords", "yes", "no"))
		return NO("it has no password");
	if (says(c, "passwordauthentication", "no", "yes") &&
	    says(c, "kbdinteractiveauthentication", "no", "yes") &&
	    says(c, "challengeresponseauthentication", "no", "no"))
		return NO("no password is taken");
	return YES;
}

struct host_way_in host_password_way(struct host_look *l, const struct host_user *u)
{
	struct sshd_cases cases = { 0 };
	struct host_way_in best = { 0 };

	if (!host_has_password(host_accounts(l), u) && !has_empty_password(l, u))
		return NO("it has no password");
	if (host_sshd_cases(l, u->name, &cases))
		return YES; /* who might is counted as who does */
	for (size_t i = 0; i < cases.n; i++)
		better(&best, password_way_in(l, u, &cases.v[i]));
	return best;
}

/* --- accounts of elsewhere -------------------------------------------------------------------------------- */

const char *host_other_accounts(struct host_look *l)
{
	static const char *const here[] = { "files", "compat",   "systemd",
					    "db",    "altfiles", "mymachines" };
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	char *line;

	if (dw_sys_file_read(l->sys, "/etc/nsswitch.conf", DW_FILE_MAX, l->a, &text, NULL) < 0)
		return NULL;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, l->a)) != NULL) {
		char *word;

		if (!dw_starts_with(line, "passwd:"))
			continue;
		line += strlen("passwd:");
		while ((word = dw_word_next(&line)) != NULL && *word != '#') {
			bool known = *word == '[' || strchr(word, ']') || strchr(word, '=');

			for (size_t i = 0; i < DW_ARRAY_SIZE(here); i++)
				known |= dw_streq(word, here[i]);
			if (!known)
				return word;
		}
	}
	return NULL;
}
