/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accounts: who may read or write what decides who logs in. */
#include <errno.h>

#include "accounts.h"

#define KEYS_MAX 64 /* authorized_keys files and the like of one directory */

/* Rights that are too many: bits, or an owner that is not root (or, with `user`, that user). */
struct limit {
	unsigned bits;                /* that nobody is to have */
	bool any_owner;               /* whoever owns it */
	const struct host_user *user; /* may own it as well as root; NULL: root alone */
	const char *why;
};

static bool may_own(const struct limit *m, uint32_t uid)
{
	return m->any_owner || uid == 0 || (m->user && uid == m->user->uid);
}

static void propose(struct host_look *l, struct dw_host_result *r, const char *path,
		    const struct stat *st, const struct limit *m)
{
	unsigned mode = (unsigned)st->st_mode & 07777 & ~m->bits;
	uint32_t uid = may_own(m, st->st_uid) ? st->st_uid : m->user ? m->user->uid : 0;
	const char *want = dw_arena_printf(l->a, "%04o %u:%u", mode, uid, st->st_gid);

	*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_BOOT,
		.manager = "mode",
		.object = path,
		.want = want,
		.label = path,
		.why = m->why,
		.command = uid == st->st_uid ? dw_arena_printf(l->a, "chmod %04o %s", mode, path)
					     : dw_arena_printf(l->a, "chown %u %s; chmod %04o %s",
							       uid, path, mode, path),
		.text = dw_arena_printf(l->a, "the rights of %s become %s", path, want),
	};
}

/* Not there: nothing to say. False: it is there and could not be looked at, which the result says. */
static bool look_at(struct host_look *l, struct dw_host_result *r, const char *path,
		    const struct limit *m)
{
	struct dw_error e = { 0 };
	struct stat st;
	int code = dw_sys_file_stat(l->sys, path, true, &st, &e);
	unsigned bad;

	if (code == -ENOENT || code == -ENOTDIR)
		return true;
	if (code < 0) {
		host_unknown(l, r, &e);
		return false;
	}
	bad = (unsigned)st.st_mode & 07777 & m->bits;
	if (!may_own(m, st.st_uid))
		host_seen(l, r, path, 0, path, "it belongs to %s",
			  dw_sys_user_name(l->sys, st.st_uid)
				  ? dw_arena_strdup(l->a, dw_sys_user_name(l->sys, st.st_uid))
				  : dw_arena_printf(l->a, "user %u, who is nobody", st.st_uid));
	else if (bad)
		host_seen(l, r, path, 0, path, "its mode is %04o: %s", (unsigned)st.st_mode & 07777,
			  bad & 022 ? "others than its owner may write it" : "others may read it");
	else
		return true;
	propose(l, r, path, &st, m);
	return true;
}

/* What look() proposed is kept until here; what is accepted goes. A link's rights are those of what it points to. */
static void keep_open(struct host_look *l, struct dw_host_result *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->changes.n; i++) {
		struct stat st;
		const char *path = r->changes.v[i].object;

		if (r->evidence.v[i].accepted)
			continue;
		if (dw_sys_file_stat(l->sys, path, false, &st, NULL) == 0 && S_ISLNK(st.st_mode))
			dw_vec_push(l->a, &r->held, dw_arena_printf(l->a, "%s is a link", path));
		else
			r->changes.v[n++] = r->changes.v[i];
	}
	r->changes.n = n;
}

/* --- the files of accounts --------------------------------------------------------------------------------- */

static void account_files(struct host_look *l, struct dw_host_result *r)
{
	static const struct {
		const char *path;
		unsigned bits;
	} files[] = {
		{ "/etc/passwd", 07133 },
		{ "/etc/passwd-", 07133 },
		{ "/etc/group", 07133 },
		{ "/etc/group-", 07133 },
		{ "/etc/shadow", 07137 },
		{ "/etc/shadow-", 07137 },
		{ "/etc/gshadow", 07137 },
		{ "/etc/gshadow-", 07137 },
		{ "/etc/security/opasswd", 07177 },
		{ "/etc/shells", 07133 },
		{ "/etc/login.defs", 07133 },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++) {
		const struct limit m = { .bits = files[i].bits,
					 .why = "it says who logs in, and how" };

		if (!look_at(l, r, files[i].path, &m))
			return;
	}
	host_conclude(l, r, "One file of accounts is open to more than it has to be.",
		      "files of accounts are open to more than they have to be.",
		      "The files of accounts are root's, and secrets in them are hidden.");
}

/* A directory and what is in it. */
static bool directory(struct host_look *l, struct dw_host_result *r, const char *path,
		      const struct limit *of_it, const struct limit *of_files)
{
	struct dw_strings names = { 0 };
	struct dw_error e = { 0 };
	int code;

	if (!look_at(l, r, path, of_it))
		return false;
	code = dw_sys_dir_list(l->sys, path, l->a, &names, &e);
	if (code < 0 && code != -ENOENT) {
		host_unknown(l, r, &e);
		return false;
	}
	for (size_t i = 0; i < names.n; i++)
		if (!look_at(l, r, dw_arena_printf(l->a, "%s/%s", path, names.v[i]), of_files))
			return false;
	return true;
}

static void sudo_files(struct host_look *l, struct dw_host_result *r)
{
	const struct limit m = { .bits = 07022, .why = "whoever writes it is root" };

	if (!dw_sys_file_exists(l->sys, "/etc/sudoers") &&
	    !dw_sys_file_exists(l->sys, "/etc/doas.conf")) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE, "There is no sudo and no doas here.");
		return;
	}
	if (!look_at(l, r, "/etc/sudoers", &m) || !look_at(l, r, "/etc/doas.conf", &m) ||
	    !directory(l, r, "/etc/sudoers.d", &m, &m))
		return;
	host_conclude(l, r, "One file that says who is root can be written by others.",
		      "files that say who is root can be written by others.",
		      "Only root writes who may be root.");
}

/* --- homes -------------------------------------------------------------------------------------------------- */

static bool is_home(const struct host_accounts *all, const struct host_user *u)
{
	return host_is_person(all, u) && u->home[0] == '/' && u->home[1];
}

static void homes(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (all->passwd_error.code) {
		host_unknown(l, r, &all->passwd_error);
		return;
	}
	for (size_t i = 0; i < all->users.n; i++) {
		const struct limit m = { .bits = 022,
					 .user = &all->users.v[i],
					 .why = "what is in it decides what its owner runs" };

		if (is_home(all, &all->users.v[i]) && !look_at(l, r, all->users.v[i].home, &m))
			return;
	}
	host_conclude(l, r, "One home can be written by others than its owner.",
		      "homes can be written by others than their owner.",
		      "Homes are written by their owners alone.");
}

static bool keys_of(struct host_look *l, struct dw_host_result *r, const struct host_user *u)
{
	static const char *const names[] = { ".ssh", ".ssh/authorized_keys",
					     ".ssh/authorized_keys2" };
	const struct limit m = { .bits = 022,
				 .user = u,
				 .why = "whoever writes it logs in as its owner" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (!look_at(l, r, dw_arena_printf(l->a, "%s/%s", u->home, names[i]), &m))
			return false;
	return true;
}

static void authorized_keys(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);

	if (all->passwd_error.code) {
		host_unknown(l, r, &all->passwd_error);
		return;
	}
	for (size_t i = 0; i < all->users.n; i++)
		if (all->users.v[i].home[0] == '/' && !keys_of(l, r, &all->users.v[i]))
			return;
	host_conclude(l, r, "One list of keys can be written by others than its owner.",
		      "lists of keys can be written by others than their owner.",
		      "Lists of keys are written by their owners alone.");
}

/* --- sshd ---------------------------------------------------------------------------------------------------- */

static bool is_private_key(const char *name)
{
	return dw_starts_with(name, "ssh_host_") && dw_ends_with(name, "_key");
}

/* Fedora's sshd lets a group (ssh_keys) of ssh-keysign(8) read it; others take no key that any group can read. */
static bool is_of_group(struct host_look *l, const char *path)
{
	struct stat st;

	return dw_sys_file_stat(l->sys, path, true, &st, NULL) == 0 && st.st_gid != 0;
}

static void sshd_files(struct host_look *l, struct dw_host_result *r)
{
	const struct limit open = { .bits = 07022, .why = "it says who logs in" };
	const char *why = "whoever has it can say to be this host";
	struct dw_strings names = { 0 };
	struct dw_error e = { 0 };
	int code = dw_sys_dir_list(l->sys, "/etc/ssh", l->a, &names, &e);

	if (code == -ENOENT) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE, "There is no sshd here.");
		return;
	}
	if (code < 0) {
		host_unknown(l, r, &e);
		return;
	}
	if (!look_at(l, r, "/etc/ssh", &open) || !look_at(l, r, "/etc/ssh/sshd_config", &open) ||
	    !directory(l, r, "/etc/ssh/sshd_config.d", &open, &open))
		return;
	for (size_t i = 0; i < names.n && i < KEYS_MAX; i++)
		if (is_private_key(names.v[i])) {
			const char *path = dw_arena_printf(l->a, "/etc/ssh/%s", names.v[i]);
			const struct limit secret = { .bits = is_of_group(l, path) ? 07137 : 07177,
						      .why = why };

			if (!look_at(l, r, path, &secret))
				return;
		}
	host_conclude(l, r, "One file of sshd is open to more than it has to be.",
		      "files of sshd are open to more than they have to be.",
		      "Settings of sshd are written, and its keys are read, by root alone.");
}

#define FILES(name, words, how)                                                                    \
	.id = (name), .category = DW_CATEGORY_ACCOUNTS, .title = (words), .severity = (how)

const struct host_check host_checks_files[] = {
	{ .about = { FILES("account-files", "Files of accounts are root's", DW_SEVERITY_HIGH),
		     .reason = "Whoever writes " HOST_PASSWD
			       " is root, and whoever reads " HOST_SHADOW
			       " can try at leisure which password a hash is of.",
		     .source = "CIS Debian Linux 12, 7.1.1 to 7.1.10; passwd(5), shadow(5)" },
	  .look = account_files,
	  .fix = keep_open },
	{ .about = { FILES("sudo-files", "Only root says who may be root", DW_SEVERITY_HIGH),
		     .reason = "A line in one of these files makes its writer root.",
		     .source = "DISA STIG RHEL-09-432010; sudoers(5)" },
	  .look = sudo_files,
	  .fix = keep_open },
	{ .about = { FILES("homes", "Homes are their owners'", DW_SEVERITY_MEDIUM),
		     .reason = "Who may write into a home may replace what its owner runs at the "
			       "next login.",
		     .source = "CIS Debian Linux 12, 7.2.9" },
	  .look = homes,
	  .fix = keep_open },
	{ .about = { FILES("authorized-keys", "Lists of keys are their owners'", DW_SEVERITY_HIGH),
		     .reason = "Whoever may add a line to one of these files logs in as its owner.",
		     .source = "sshd(8), StrictModes of sshd_config(5)" },
	  .look = authorized_keys,
	  .fix = keep_open },
	{ .about = { FILES("sshd-files", "Files of sshd are root's", DW_SEVERITY_HIGH),
		     .reason = "Whoever writes its settings lets himself in, and whoever reads its "
			       "keys can say to be this "
			       "host.",
		     .source = "CIS Debian Linux 12, 5.1.1 and 5.1.2; sshd(8)" },
	  .look = sshd_files,
	  .fix = keep_open },
	{ .about = { .id = NULL } },
};
