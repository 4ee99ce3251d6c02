/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remote login: what sshd allows, and what still lets people in without it. */
#include <errno.h>

#include "login-ways.h"
#include "sshd-settings.h"

static bool is_yes(const char *v)
{
	return dw_streq(v, "yes");
}

static bool is_no(const char *v)
{
	return dw_streq(v, "no");
}

static bool is_not_no(const char *v)
{
	return !dw_streq(v, "no");
}

/* --- who may try ------------------------------------------------------------------------------------------ */

static const struct sshd_setting root_login[] = {
	{ "permitrootlogin", "PermitRootLogin", "prohibit-password", is_yes, "prohibit-password",
	  "root may log in with a password", NULL },
	{ .key = NULL },
};

static const struct sshd_setting passwords[] = {
	{ "passwordauthentication", "PasswordAuthentication", "yes", is_yes, "no",
	  "a password is enough", NULL },
	{ "kbdinteractiveauthentication", "KbdInteractiveAuthentication", NULL, is_yes, "no",
	  "a password that is asked for by PAM is enough", NULL },
	{ .key = NULL },
};

static const struct sshd_setting empty[] = {
	{ "permitemptypasswords", "PermitEmptyPasswords", "no", is_yes, "no",
	  "an empty password is enough", NULL },
	{ .key = NULL },
};

static void look_root(struct host_look *l, struct dw_host_result *r)
{
	sshd_look(l, r, root_login, "Root may log in with a password.",
		  "cases let root log in with a password.",
		  "Root does not log in with a password.");
}

static void look_passwords(struct host_look *l, struct dw_host_result *r)
{
	sshd_look(l, r, passwords, "A password is enough to log in.",
		  "settings let a password be enough.", "No password is enough to log in.");
}

static void look_empty(struct host_look *l, struct dw_host_result *r)
{
	sshd_look(l, r, empty, "Accounts without a password are let in.",
		  "settings let accounts without a password in.",
		  "Accounts without a password are not let in.");
}

static void mend_empty(struct host_look *l, struct dw_host_result *r)
{
	sshd_mend(l, r, empty, NULL);
}

/* --- nobody is shut out ----------------------------------------------------------------------------------- */

/* The session that this runs in came through sshd, or may have. */
static bool own_session(struct host_look *l)
{
	struct dw_bytes text = { 0 };
	uint64_t uid;

	for (size_t i = 0; i < l->n_doors && l->have_doors; i++)
		if (l->doors[i].door->carries_session)
			return l->doors[i].service && dw_streq(l->doors[i].service->name, "ssh");
	if (l->have_doors || !dw_sys_is_running(l->sys))
		return false;
	return dw_sys_file_read(l->sys, "/proc/self/loginuid", 64, l->a, &text, NULL) >= 0 &&
	       dw_parse_u64(dw_trim(text.data), 10, UINT32_MAX - 1, &uid);
}

/* One account: what it would lose, or in *keys the list whose key sshd has to take before a password goes. */
static void keeps_way(struct host_look *l, struct dw_host_result *r, const struct host_user *u,
		      struct dw_str *keys)
{
	struct host_way_in password = host_password_way(l, u), key;

	if (password.way == HOST_WAY_NO)
		return;
	key = host_key_way(l, u);
	if (key.way == HOST_WAY_YES && key.file)
		dw_str_addf(keys, " key=%s:%s", u->name, key.file);
	else
		dw_vec_push(
			l->a, &r->held,
			dw_arena_printf(l->a,
					"%s gets in by a password, and by a key %s: %s (give it "
					"a way in by a key first, or --even-my-session)",
					u->name,
					key.way == HOST_WAY_NO ? "it does not" : "that is not sure",
					key.why ? key.why : "the name of its list has blanks"));
}

/*
 * What has to be so for a password to go: whoever gets in by one gets in by a key, surely. Adds to held why it is not
 * so. In *keys, for whom sshd has to prove it (told()). True: it stays.
 */
static bool would_shut_out(struct host_look *l, struct dw_host_result *r, bool root_alone,
			   struct dw_str *keys)
{
	const struct host_accounts *all = host_accounts(l);
	const char *elsewhere = root_alone ? NULL : host_other_accounts(l);
	size_t before = r->held.n;

	*keys = (struct dw_str){ .arena = l->a };
	if (l->even_my_session)
		return false;
	if (all->passwd_error.code || (all->shadow_error.code && !all->no_shadow))
		dw_vec_push(l->a, &r->held,
			    "it cannot be seen who has a password, so nobody's is refused");
	if (elsewhere)
		dw_vec_push(l->a, &r->held,
			    dw_arena_printf(
				    l->a,
				    "accounts of %s (/etc/nsswitch.conf) may have a password and "
				    "no key: they are not looked at here",
				    elsewhere));
	for (size_t i = 0; i < all->users.n; i++)
		if (!root_alone || all->users.v[i].uid == 0)
			keeps_way(l, r, &all->users.v[i], keys);
	if (own_session(l))
		dw_vec_push(l->a, &r->held,
			    "your own session came by sshd, and that it came by a key is not "
			    "known: log in with a key, "
			    "then --even-my-session");
	return r->held.n > before;
}

static void mend_root(struct host_look *l, struct dw_host_result *r)
{
	struct dw_str keys;

	if (!would_shut_out(l, r, true, &keys))
		sshd_mend(l, r, root_login, keys.s);
}

static void mend_passwords(struct host_look *l, struct dw_host_result *r)
{
	struct dw_str keys;

	if (!would_shut_out(l, r, false, &keys))
		sshd_mend(l, r, passwords, keys.s);
}

/* --- who may come at all ---------------------------------------------------------------------------------- */

static void look_allow(struct host_look *l, struct dw_host_result *r)
{
	static const char *const keys[] = { "allowusers", "allowgroups", "denyusers",
					    "denygroups" };
	const struct host_sshd *s = host_sshd(l);
	const struct host_accounts *all = host_accounts(l);

	if (!s->installed) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE, "There is no sshd here.");
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(keys) && s->cases.n; i++)
		if (sshd_value(&s->cases.v[0], keys[i])) {
			host_say(l, r, DW_HOST_OK, "Not every account may log in: %s is set.",
				 keys[i]);
			return;
		}
	if (!s->stated && s->file.partly) {
		host_say(l, r, DW_HOST_UNKNOWN, "%s; %s", s->file.why, s->why_not);
		return;
	}
	for (size_t i = 0; i < all->users.n; i++)
		if (host_is_login_shell(all->users.v[i].shell))
			host_seen(l, r, HOST_PASSWD, all->users.v[i].line, all->users.v[i].name,
				  "may log in, having the shell %s", all->users.v[i].shell);
	host_conclude(l, r, "One account, and every one that is made, may log in.",
		      "accounts, and every one that is made, may log in.",
		      "No account has a shell to log in with.");
}

/* --- leftovers -------------------------------------------------------------------------------------------- */

static const struct sshd_setting trust[] = {
	{ "hostbasedauthentication", "HostbasedAuthentication", "no", is_yes, "no",
	  "whoever is root on another host says who its users are", NULL },
	{ "ignorerhosts", "IgnoreRhosts", "yes", is_no, "yes",
	  "files of users say which hosts are trusted", NULL },
	{ "permituserenvironment", "PermitUserEnvironment", "no", is_not_no, "no",
	  "users set what their session loads before any limit of it counts", NULL },
	{ "strictmodes", "StrictModes", "yes", is_no, NULL,
	  "keys count that others may have written", NULL },
	{ .key = NULL },
};

/* Keywords that sshd(8) dropped: at best they say nothing, and they tell how old the file is. */
static const char *const dropped[] = {
	"rhostsrsaauthentication", "rsaauthentication",      "uselogin", "keyregenerationinterval",
	"serverkeybits",           "useprivilegeseparation", "protocol"
};

static void look_leftovers(struct host_look *l, struct dw_host_result *r)
{
	const struct host_sshd *s = host_sshd(l);

	for (size_t i = 0; i < s->file.lines.n; i++) {
		const struct sshd_line *line = &s->file.lines.v[i];

		for (size_t k = 0; k < DW_ARRAY_SIZE(dropped); k++)
			if (dw_streq(line->key, dropped[k]) &&
			    !(k == 6 && dw_streq(line->value, "2")))
				host_seen(l, r, line->file, line->line, line->key,
					  "%s: of a protocol that is no more", line->value);
	}
	sshd_look(l, r, trust, "One setting trusts what is not to be trusted.",
		  "settings trust what is not to be trusted, or are of another time.",
		  "Nothing of the time before keys is left.");
}

static void mend_leftovers(struct host_look *l, struct dw_host_result *r)
{
	sshd_mend(l, r, trust, NULL);
}

/* --- forwarding ------------------------------------------------------------------------------------------- */

static const struct sshd_setting forwarding[] = {
	{ "x11forwarding", "X11Forwarding", "no", is_yes, "no",
	  "the host can draw on, and read from, the desktop of whoever logs in", NULL },
	{ "gatewayports", "GatewayPorts", "no", is_not_no, "no",
	  "users open doors of this host to the network", NULL },
	{ "permittunnel", "PermitTunnel", "no", is_not_no, "no", "users join networks by this host",
	  NULL },
	{ .key = NULL },
};

static void look_forwarding(struct host_look *l, struct dw_host_result *r)
{
	sshd_look(l, r, forwarding, "One way of forwarding is open.",
		  "ways of forwarding are open.",
		  "Desktops, doors and networks are not forwarded.");
}

static void mend_forwarding(struct host_look *l, struct dw_host_result *r)
{
	sshd_mend(l, r, forwarding, NULL);
}

/* --- limits ----------------------------------------------------------------------------------------------- */

static bool is_many(const char *v)
{
	uint64_t n;

	return dw_parse_u64(v, 10, UINT32_MAX, &n) && n > 6;
}

static bool is_long(const char *v)
{
	uint64_t n;

	return (dw_parse_u64(v, 10, UINT32_MAX, &n) || dw_parse_duration(v, UINT32_MAX, &n)) &&
	       (n == 0 || n > 120);
}

static const struct sshd_setting limits[] = {
	{ "maxauthtries", "MaxAuthTries", "6", is_many, "6", "so many guesses a connection", NULL },
	{ "logingracetime", "LoginGraceTime", "120", is_long, "120",
	  "seconds (0: for ever) in which a connection need not say who it is", NULL },
	{ .key = NULL },
};

static void look_limits(struct host_look *l, struct dw_host_result *r)
{
	sshd_look(l, r, limits, "One limit for those who guess is wide.",
		  "limits for those who guess are wide.",
		  "Who guesses has few tries and little time.");
}

static void mend_limits(struct host_look *l, struct dw_host_result *r)
{
	sshd_mend(l, r, limits, NULL);
}

/* --- algorithms ------------------------------------------------------------------------------------------- */

/* Beginnings and pieces of names, "$" at the end: the whole name. From ssh_config(5), RFC 8758, RFC 9142. */
static bool is_weak(const char *name, size_t n)
{
	static const char *const weak[] = { "3des-cbc",
					    "aes128-cbc",
					    "aes192-cbc",
					    "aes256-cbc",
					    "rijndael-cbc",
					    "arcfour",
					    "blowfish",
					    "cast128",
					    "hmac-md5",
					    "hmac-ripemd160",
					    "hmac-sha1-96",
					    "umac-64",
					    "diffie-hellman-group1-sha1",
					    "diffie-hellman-group14-sha1",
					    "diffie-hellman-group-exchange-sha1",
					    "ssh-dss",
					    "none" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(weak); i++)
		if (n >= strlen(weak[i]) && memcmp(name, weak[i], strlen(weak[i])) == 0)
			return true;
	return false;
}

/* The list without what is weak; how many those are. In a list that only adds or removes (+, -, ^) nothing is. */
static size_t without_weak(struct dw_arena *a, const char *v, struct dw_str *ret)
{
	size_t bad = 0;

	*ret = (struct dw_str){ .arena = a };
	if (strchr("+-^", *v) && *v != '+')
		return 0;
	for (const char *p = v + (*v == '+'); *p; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");

		if (is_weak(p, n)) {
			bad++;
		} else {
			dw_str_add(ret, ret->n ? "," : "");
			dw_str_addn(ret, p, n);
		}
		p += n;
	}
	return bad;
}

static bool has_weak(const char *v)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str rest;

	return without_weak(a, v, &rest) > 0;
}

static const char *strong(struct dw_arena *a, const char *v)
{
	struct dw_str rest;

	(void)without_weak(a, v, &rest);
	return rest.n && *v != '+' ? rest.s : NULL;
}

static const struct sshd_setting algorithms[] = {
	{ "ciphers", "Ciphers", NULL, has_weak, NULL,
	  "it has weak ciphers (CBC, RC4, 64-bit blocks)", strong },
	{ "macs", "MACs", NULL, has_weak, NULL, "it has weak checksums (MD5, 96 or 64 bits)",
	  strong },
	{ "kexalgorithms", "KexAlgorithms", NULL, has_weak, NULL, "it has key exchanges with SHA-1",
	  strong },
	{ "hostkeyalgorithms", "HostKeyAlgorithms", NULL, has_weak, NULL, "it has DSA", strong },
	{ .key = NULL },
};

static void look_algorithms(struct host_look *l, struct dw_host_result *r)
{
	sshd_look(l, r, algorithms, "One list has weak algorithms.", "lists have weak algorithms.",
		  "No weak algorithm is offered.");
}

static void mend_algorithms(struct host_look *l, struct dw_host_result *r)
{
	sshd_mend(l, r, algorithms, NULL);
}

#define LOGIN(name, words, how)                                                                    \
	.id = (name), .category = DW_CATEGORY_LOGIN, .title = (words), .severity = (how)

const struct host_check host_checks_login[] = {
	{ .about = { LOGIN("sshd-root", "Root does not log in with a password", DW_SEVERITY_HIGH),
		     .reason = "Everybody knows that name: whoever guesses has only the password "
			       "to guess, and a log "
			       "does not say who it was.",
		     .source = "CIS Debian Linux 12, 5.1.20; sshd_config(5)",
		     .advice = "Give root a key, or people an account of their own and sudo." },
	  .wants_doors = true,
	  .look = look_root,
	  .fix = mend_root },
	{ .about = { LOGIN("sshd-passwords", "A password alone does not let in",
			   DW_SEVERITY_MEDIUM),
		     .reason = "Every sshd that the Internet reaches is tried with lists of "
			       "passwords, day and night; a "
			       "key is not guessed.",
		     .source = "sshd_config(5); BSI SYS.1.3.A8",
		     .advice = "ssh-copy-id gives each account a key; then this can be closed." },
	  .wants_doors = true,
	  .look = look_passwords,
	  .fix = mend_passwords },
	{ .about = { LOGIN("sshd-empty-passwords", "No empty password lets in", DW_SEVERITY_HIGH),
		     .reason = "An account whose password field is empty is open to whoever knows "
			       "its name.",
		     .source = "CIS Debian Linux 12, 5.1.19; sshd_config(5)" },
	  .wants_doors = true,
	  .look = look_empty,
	  .fix = mend_empty },
	{ .about = { LOGIN("sshd-algorithms", "No weak algorithm is offered", DW_SEVERITY_MEDIUM),
		     .reason = "Who sits between can make both ends take the weakest that both "
			       "offer, and work on that.",
		     .source = "CIS Debian Linux 12, 5.1.6, 5.1.12, 5.1.15; RFC 8758, RFC 9142",
		     .advice = "Very old clients may know nothing else." },
	  .wants_doors = true,
	  .look = look_algorithms,
	  .fix = mend_algorithms },
	{ .about = { LOGIN("sshd-leftovers", "Nothing is trusted by the name of a host",
			   DW_SEVERITY_MEDIUM),
		     .reason = "Names of hosts and files in homes were proof enough once. Whoever "
			       "writes one of these "
			       "files, or answers for a name, is let in.",
		     .source = "CIS Debian Linux 12, 5.1.10, 5.1.11, 5.1.21; sshd_config(5)",
		     .advice = "Take the old lines out; before StrictModes yes, look whose homes "
			       "others may write: their "
			       "keys would not count any more." },
	  .wants_doors = true,
	  .look = look_leftovers,
	  .fix = mend_leftovers },
	{ .about = { LOGIN("sshd-forwarding", "Sessions open no ways of their own",
			   DW_SEVERITY_LOW),
		     .reason = "Forwarding makes a session a way into other networks, and a "
			       "desktop a thing that the host "
			       "can read.",
		     .source = "CIS Debian Linux 12, 5.1.8; sshd_config(5)" },
	  .wants_doors = true,
	  .look = look_forwarding,
	  .fix = mend_forwarding },
	{ .about = { LOGIN("sshd-limits", "Who guesses has few tries", DW_SEVERITY_LOW),
		     .reason = "Each connection that need not say who it is holds a process, and "
			       "is one more guess.",
		     .source = "CIS Debian Linux 12, 5.1.13, 5.1.16; sshd_config(5)" },
	  .wants_doors = true,
	  .look = look_limits,
	  .fix = mend_limits },
	{ .about = { LOGIN("sshd-allow", "It is said who may log in", DW_SEVERITY_LOW),
		     .reason = "Without a list every account that gets a shell, of a package or by "
			       "mistake, may try.",
		     .source = "CIS Debian Linux 12, 5.1.4; sshd_config(5)",
		     .advice = "AllowGroups ssh-users, say, after those who log in are in that "
			       "group (adduser NAME "
			       "ssh-users): who is not is shut out." },
	  .look = look_allow },
	{ .about = { .id = NULL } },
};
