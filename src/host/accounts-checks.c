/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accounts: who could log in, and need not be able to. */
#include <errno.h>

#include "accounts-use.h"
#include "accounts.h"
#include "shell-use.h"

/* False: the file could not be read, and the result says so. */
static bool have_passwd(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (all->passwd_error.code)
		host_unknown(l, r, &all->passwd_error);
	return !all->passwd_error.code;
}

/* A host without shadow(5) has its passwords in passwd(5), which another check tells. */
static bool have_both(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (!have_passwd(l, r))
		return false;
	if (!all->shadow_error.code || all->no_shadow)
		return true;
	host_unknown(l, r, &all->shadow_error);
	return false;
}

/* --- passwords ------------------------------------------------------------------------------------------ */

static void empty_passwords(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (!have_both(l, r))
		return;
	for (size_t i = 0; i < all->users.n; i++)
		if (!all->users.v[i].password[0])
			host_seen(l, r, HOST_PASSWD, all->users.v[i].line, all->users.v[i].name,
				  "the password field is empty");
	for (size_t i = 0; i < all->shadows.n; i++)
		if (!all->shadows.v[i].password[0])
			host_seen(l, r, HOST_SHADOW, all->shadows.v[i].line, all->shadows.v[i].name,
				  "the password field is empty");
	host_conclude(l, r, "One account has an empty password.",
		      "accounts have an empty password.", "No account has an empty password.");
}

/* Of passwd(5) alone no field is locked: what would be written there is for pwconv(8) to move. */
static void lock_empty(struct host_look *l, struct dw_host_result *r)
{
	for (size_t i = 0; i < r->evidence.n; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];

		if (e->accepted)
			continue;
		if (!dw_streq(e->file, HOST_SHADOW)) {
			dw_vec_push(l->a, &r->held,
				    dw_arena_printf(l->a,
						    "%s has no line in " HOST_SHADOW
						    ": pwconv makes one",
						    e->object));
			continue;
		}
		*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
			.phase = DW_PHASE_BOOT,
			.manager = "account",
			.object = dw_arena_printf(l->a, "%s/password", e->object),
			.want = "locked",
			.label = dw_arena_printf(l->a, "the password of %s", e->object),
			.why = "nobody is to log in without a password",
			.source = dw_arena_printf(l->a, "%s:%u", e->file, e->line),
			.command = dw_arena_printf(l->a, "passwd -l %s", e->object),
			.text = dw_arena_printf(l->a, "%s is locked until it is given a password",
						e->object),
		};
	}
}

static void unshadowed_passwords(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (!have_passwd(l, r))
		return;
	for (size_t i = 0; i < all->users.n; i++) {
		const struct host_user *u = &all->users.v[i];

		if (u->password[0] && !dw_streq(u->password, "x") && !strchr("*!", u->password[0]))
			host_seen(l, r, HOST_PASSWD, u->line, u->name,
				  "the password's hash stands where everybody may read it");
	}
	host_conclude(l, r, "The hash of one password can be read by everybody.",
		      "hashes of passwords can be read by everybody.",
		      "Hashes of passwords are in " HOST_SHADOW " alone.");
}

/* --- names and numbers ---------------------------------------------------------------------------------- */

static void root_twins(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (!have_passwd(l, r))
		return;
	for (size_t i = 0; i < all->users.n; i++)
		if (all->users.v[i].uid == 0 && !dw_streq(all->users.v[i].name, "root"))
			host_seen(l, r, HOST_PASSWD, all->users.v[i].line, all->users.v[i].name,
				  "user number 0, as root");
	host_conclude(l, r, "One account beside root is root.", "accounts beside root are root.",
		      "No account but root has number 0.");
}

static void duplicate_accounts(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (!have_passwd(l, r))
		return;
	for (size_t i = 0; i < all->users.n; i++) {
		const struct host_user *u = &all->users.v[i];

		for (size_t k = 0; k < i; k++) {
			const struct host_user *v = &all->users.v[k];

			if (dw_streq(u->name, v->name))
				host_seen(l, r, HOST_PASSWD, u->line, u->name,
					  "the name of line %u again", v->line);
			else if (u->uid == v->uid && u->uid != 0)
				host_seen(l, r, HOST_PASSWD, u->line, u->name,
					  "number %u, which %s has too", u->uid, v->name);
			else
				continue;
			break;
		}
	}
	host_conclude(l, r, "One account has the name or number of another.",
		      "accounts have the name or number of another.",
		      "Every account has a name and number of its own.");
}

static void duplicate_groups(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (all->group_error.code) {
		host_unknown(l, r, &all->group_error);
		return;
	}
	for (size_t i = 0; i < all->groups.n; i++) {
		const struct host_group *g = &all->groups.v[i];

		for (size_t k = 0; k < i; k++) {
			const struct host_group *h = &all->groups.v[k];

			if (dw_streq(g->name, h->name))
				host_seen(l, r, HOST_GROUP, g->line, g->name,
					  "the name of line %u again", h->line);
			else if (g->gid == h->gid)
				host_seen(l, r, HOST_GROUP, g->line, g->name,
					  "number %u, which %s has too", g->gid, h->name);
			else
				continue;
			break;
		}
	}
	host_conclude(l, r, "One group has the name or number of another.",
		      "groups have the name or number of another.",
		      "Every group has a name and number of its own.");
}

/* --- shells ---------------------------------------------------------------------------------------------- */

static void service_shells(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (!have_passwd(l, r))
		return;
	for (size_t i = 0; i < all->users.n; i++) {
		const struct host_user *u = &all->users.v[i];

		if (!host_is_person(all, u) && host_is_login_shell(u->shell))
			host_seen(l, r, HOST_PASSWD, u->line, u->name, "the shell %s",
				  u->shell[0] ? u->shell : "/bin/sh (none is named)");
	}
	host_conclude(l, r, "One account of a service has a shell.",
		      "accounts of services have a shell.", "No account of a service has a shell.");
}

static const char *nologin(struct host_look *l)
{
	static const char *const places[] = { "/usr/sbin/nologin", "/sbin/nologin", "/bin/false" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++)
		if (dw_sys_file_exists(l->sys, places[i]))
			return places[i];
	return NULL;
}

/* Why somebody may need that shell; NULL: nothing speaks for it. */
static const char *needs_shell(struct host_look *l, const struct host_user *u)
{
	static const char *const keys[] = { ".ssh/authorized_keys", ".ssh/authorized_keys2" };
	struct dw_error e = { 0 };
	const char *used;

	for (size_t i = 0; i < DW_ARRAY_SIZE(keys); i++) {
		const char *path = dw_arena_printf(l->a, "%s/%s", u->home, keys[i]);

		if (u->home[0] == '/' && dw_sys_file_exists(l->sys, path))
			return dw_arena_printf(l->a, "%s lets somebody log in as it", path);
	}
	used = host_shell_used(l, u->name, &e);
	if (used)
		return dw_arena_printf(
			l->a, "%s becomes it by that shell (su -s /bin/sh does not need it)", used);
	if (e.code)
		return dw_arena_printf(l->a, "whether a script needs it could not be seen: %s",
				       e.message);
	return NULL;
}

static const struct host_user *user_at(struct host_look *l, const struct dw_host_evidence *e)
{
	const struct host_accounts *all = host_accounts(l);

	for (size_t i = 0; i < all->users.n; i++)
		if (all->users.v[i].line == e->line)
			return &all->users.v[i];
	return NULL;
}

static void take_shell(struct host_look *l, struct dw_host_result *r, const struct host_user *u,
		       const char *shell)
{
	const char *old = u->shell[0] ? u->shell : "''";

	*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_BOOT,
		.manager = "account",
		.object = dw_arena_printf(l->a, "%s/shell", u->name),
		.want = shell,
		.label = dw_arena_printf(l->a, "the shell of %s", u->name),
		.why = "nobody logs in as a service",
		.source = dw_arena_printf(l->a, HOST_PASSWD ":%u", u->line),
		.command = dw_arena_printf(l->a, "usermod -s %s %s", shell, u->name),
		.undo_command = dw_arena_printf(l->a, "usermod -s %s %s", old, u->name),
		.text = dw_arena_printf(l->a, "the shell of %s becomes %s", u->name, shell),
	};
}

static void take_shells(struct host_look *l, struct dw_host_result *r)
{
	const char *shell = nologin(l);

	if (!shell)
		dw_vec_push(l->a, &r->held,
			    "there is no nologin here that could take the shell's place");
	for (size_t i = 0; shell && i < r->evidence.n; i++) {
		const struct host_user *u =
			r->evidence.v[i].accepted ? NULL : user_at(l, &r->evidence.v[i]);
		const char *why = u ? needs_shell(l, u) : NULL;

		if (why)
			dw_vec_push(l->a, &r->held,
				    dw_arena_printf(l->a, "%s keeps its shell: %s", u->name, why));
		else if (u)
			take_shell(l, r, u, shell);
	}
}

const struct host_check host_checks_accounts[] = {
	{ .about = { .id = "empty-passwords",
		     .category = DW_CATEGORY_ACCOUNTS,
		     .title = "No account has an empty password",
		     .severity = DW_SEVERITY_HIGH,
		     .reason = "Whoever knows the name of such an account is let in: at the "
			       "console, and over the "
			       "network by every service that allows it.",
		     .source = "CIS Debian Linux 12, 7.2.2; shadow(5)" },
	  .look = empty_passwords,
	  .fix = lock_empty },
	{ .about = { .id = "unshadowed-passwords",
		     .category = DW_CATEGORY_ACCOUNTS,
		     .title = "Hashes of passwords are hidden",
		     .severity = DW_SEVERITY_HIGH,
		     .reason = "Everybody on the host may read " HOST_PASSWD
			       ", and try at leisure which password a "
			       "hash is of.",
		     .source = "CIS Debian Linux 12, 7.2.1; pwconv(8)",
		     .advice = "pwconv moves them to " HOST_SHADOW
			       "; the passwords should be changed too, for "
			       "somebody may have read them." },
	  .look = unshadowed_passwords },
	{ .about = { .id = "root-twins",
		     .category = DW_CATEGORY_ACCOUNTS,
		     .title = "Only root is root",
		     .severity = DW_SEVERITY_HIGH,
		     .reason = "An account with number 0 is root by another name: it is what "
			       "intruders leave behind, "
			       "and what nobody thinks of when root's password is changed.",
		     .source = "CIS Debian Linux 12, 5.4.2.1; passwd(5)",
		     .advice = "Find out who made it; then userdel, or a number of its own with "
			       "usermod -u." },
	  .look = root_twins },
	{ .about = { .id = "duplicate-accounts",
		     .category = DW_CATEGORY_ACCOUNTS,
		     .title = "Every account has its own name and number",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "Two accounts with one number own each other's files and processes, "
			       "and of two with one "
			       "name only the first is ever looked at.",
		     .source = "CIS Debian Linux 12, 7.2.5 and 7.2.7; passwd(5)",
		     .advice = "Give one of the two another number (usermod -u, which changes the "
			       "owner of its home "
			       "only) or name, or take it away." },
	  .look = duplicate_accounts },
	{ .about = { .id = "duplicate-groups",
		     .category = DW_CATEGORY_ACCOUNTS,
		     .title = "Every group has its own name and number",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Members of one of two groups with one number may do what only the "
			       "other's should.",
		     .source = "CIS Debian Linux 12, 7.2.6 and 7.2.8; group(5)",
		     .advice = "Give one of the two another number: groupmod -g." },
	  .look = duplicate_groups },
	{ .about = { .id = "service-shells",
		     .category = DW_CATEGORY_ACCOUNTS,
		     .title = "Accounts of services have no shell",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "A service runs without its account's shell. Where there is one, a "
			       "password that was set "
			       "by mistake or a key that somebody wrote into its home opens a "
			       "session.",
		     .source = "CIS Debian Linux 12, 5.4.2.7; nologin(8)",
		     .advice =
			     "su to such an account takes -s /bin/sh afterwards. Scripts "
			     "of cron, init, units and /usr/local that do without are looked for; "
			     "those elsewhere are not." },
	  .look = service_shells,
	  .fix = take_shells },
	{ .about = { .id = "expired-accounts",
		     .category = DW_CATEGORY_ACCOUNTS,
		     .title = "No account has outlived its time",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Nobody logs in by it any more, and its jobs, its files and "
			       "whatever asks for "
			       "no password still work: nobody looks after them.",
		     .source = "BSI ORP.4.A2; shadow(5)",
		     .advice = "userdel NAME (or chage -E -1 NAME, when it is to live on); find / "
			       "-user NAME "
			       "before tells what it owns." },
	  .look = host_accounts_expired },
	{ .about = { .id = "unused-accounts",
		     .category = DW_CATEGORY_ACCOUNTS,
		     .title = "Every account that may log in is used",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "An account that nobody uses has a password that nobody changes, "
			       "and nobody "
			       "notices when somebody else does.",
		     .source = "STIG Ubuntu 22.04, inactive accounts; BSI ORP.4.A2; lastlog(8)",
		     .advice = "usermod -L -e 1 NAME locks it, userdel NAME takes it away." },
	  .look = host_accounts_unused },
	{ .about = { .id = "two-accounts",
		     .category = DW_CATEGORY_ACCOUNTS,
		     .title = "No administrator's password is sent as it is",
		     .severity = DW_SEVERITY_HIGH,
		     .reason = "Whoever is on the way of an ftp or telnet session reads the "
			       "password, and "
			       "with it becomes root.",
		     .source = "CIS Debian Linux 12, 2.1; ftpusers(5); RFC 8314",
		     .advice = "Who has to use such a service has a second account for it, with "
			       "another "
			       "password and no shell." },
	  .needs_doors = true,
	  .look = host_accounts_two,
	  .fix = host_accounts_two_fix },
	{ .about = { .id = NULL } },
};
