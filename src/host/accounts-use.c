/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accounts that are not used any more, that never were, or by which both administrators and plain passwords come. */
#include "accounts-use.h"

#include <errno.h>
#include <fcntl.h>
#include <lastlog.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include "accounts.h"
#include "asking.h"

#define DAY      ((uint64_t)24 * 3600)
#define NEW_DAYS 30 /* an account that was made since may be used yet */
#define LASTLOG  "/var/log/lastlog"
#define WTMP_MAX ((size_t)256 * 1024 * 1024)
#define FTPUSERS "/etc/ftpusers"

static const char *day_text(struct dw_arena *a, int64_t day)
{
	time_t t = (time_t)(day * (int64_t)DAY);
	struct tm tm;
	char text[32];

	if (!gmtime_r(&t, &tm) || strftime(text, sizeof(text), "%Y-%m-%d", &tm) == 0)
		return "long ago";
	return dw_arena_strdup(a, text);
}

/* False: the result says why they could not be read. */
static bool have_accounts(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);
	const struct dw_error *e = all->passwd_error.code                      ? &all->passwd_error
				   : all->shadow_error.code && !all->no_shadow ? &all->shadow_error
									       : NULL;

	if (e)
		host_unknown(l, r, e);
	return !e;
}

/* --- expired ------------------------------------------------------------------------------------------------ */

void host_accounts_expired(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);
	int64_t today = (int64_t)(dw_sys_now(l->sys) / DAY);

	if (!have_accounts(l, r))
		return;
	for (size_t i = 0; i < all->shadows.n; i++) {
		const struct host_shadow *s = &all->shadows.v[i];

		/* shadow(5): it may not be used from that day on; 0 is best not used, and means the day it began */
		if (s->expires >= 0 && s->expires <= today)
			host_seen(l, r, HOST_SHADOW, s->line, s->name,
				  "it expired on %s, and is still there",
				  day_text(l->a, s->expires));
	}
	host_conclude(l, r, "One account has expired.", "accounts have expired.",
		      "No account has expired.");
}

/* --- never used --------------------------------------------------------------------------------------------- */

/* struct lastlog of each user by its number; a file with holes. */
struct logins {
	int fd; /* of lastlog; -1: there is none */
	off_t size;
	struct dw_strings names; /* of wtmp */
};

void host_wtmp_names(struct dw_arena *a, const struct dw_bytes *text, struct dw_strings *ret)
{
	struct utmp u;

	for (size_t at = 0; text->n - at >= sizeof(u); at += sizeof(u)) {
		const char *name;

		memcpy(&u, text->data + at, sizeof(u));
		if (u.ut_type != USER_PROCESS || !u.ut_user[0])
			continue;
		/* the field is not terminated when it is full */
		name = dw_arena_strndup(a, u.ut_user, strnlen(u.ut_user, sizeof(u.ut_user)));
		if (!dw_strings_has(ret, name))
			dw_vec_push(a, ret, name);
	}
}

static bool open_logins(struct host_asking *q, struct dw_host_result *r, struct logins *ret)
{
	static const char *const files[] = { "/var/log/wtmp", "/var/log/wtmp.1" };
	struct dw_error e = { 0 };
	struct stat st;

	*ret = (struct logins){ .fd = -1 };
	if (host_ask_stat(q, LASTLOG, true, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
		ret->size = st.st_size;
		ret->fd = dw_sys_file_open(q->l->sys, LASTLOG, O_RDONLY, &e);
		if (ret->fd < 0) {
			host_unknown(q->l, r, &e);
			return false;
		}
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++) {
		_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
		struct dw_bytes text = { 0 };
		int code = dw_sys_file_read(q->l->sys, files[i], WTMP_MAX, scratch, &text, &e);

		if (code >= 0)
			host_wtmp_names(q->l->a, &text, &ret->names);
		else if (code != -ENOENT && code != -ENOTDIR && !q->e.code)
			q->e = e;
	}
	return !host_asked_in_vain(q, r);
}

/* 1: it logged in once, 0: never, as long as lastlog was kept; negative: that could not be read. */
static int logged_in(const struct logins *x, const struct host_user *u)
{
	struct lastlog last;
	off_t at = (off_t)u->uid * (off_t)sizeof(last);
	ssize_t n;

	if (dw_strings_has(&x->names, u->name))
		return 1;
	if (x->fd < 0 || at + (off_t)sizeof(last) > x->size)
		return 0;
	n = pread(x->fd, &last, sizeof(last), at);
	return n < 0 ? -errno : (size_t)n == sizeof(last) && last.ll_time != 0;
}

/* Somebody could log in by it. */
static bool is_usable(struct host_look *l, const struct host_accounts *all,
		      const struct host_user *u)
{
	const struct host_shadow *s = host_shadow_of(all, u->name);
	int64_t today = (int64_t)(dw_sys_now(l->sys) / DAY);

	if (u->uid == 0 || !host_is_person(all, u) || !host_is_login_shell(u->shell) ||
	    (s && s->expires >= 0 && s->expires <= today) || (s && s->changed + NEW_DAYS > today))
		return false;
	return host_has_password(all, u) ||
	       host_has_line(l, dw_arena_printf(l->a, "%s/.ssh/authorized_keys", u->home));
}

static void look_for_unused(struct host_look *l, struct dw_host_result *r, const struct logins *x)
{
	const struct host_accounts *all = host_accounts(l);
	bool any = x->names.n > 0;

	for (size_t i = 0; i < all->users.n; i++) {
		const struct host_user *u = &all->users.v[i];
		int was = logged_in(x, u);

		any |= was > 0;
		if (was < 0) {
			r->evidence.n = 0;
			host_say(l, r, DW_HOST_UNKNOWN, "%s cannot be read.", LASTLOG);
			return;
		}
		if (!was && is_usable(l, all, u))
			host_seen(l, r, HOST_PASSWD, u->line, u->name,
				  "it could log in, and never did");
	}
	if (r->evidence.n && (!any || x->fd < 0)) {
		r->evidence.n = 0;
		host_say(l, r, DW_HOST_UNKNOWN,
			 any ? "wtmp has the logins of some weeks alone, and " LASTLOG
			       " is not kept."
			     : "No login of anybody is written down: what never was cannot be "
			       "told.");
		return;
	}
	host_conclude(l, r, "One account could log in, and never did.",
		      "accounts could log in, and never did.", "Whoever may log in did so once.");
}

void host_accounts_unused(struct host_look *l, struct dw_host_result *r)
{
	static const char *const newer[] = { "/var/lib/lastlog/lastlog2.db",
					     "/var/lib/wtmpdb/wtmp.db", NULL };
	struct host_asking q = { .l = l };
	struct logins x = { .fd = -1 };
	const char *other;

	if (!have_accounts(l, r))
		return;
	if (!open_logins(&q, r, &x)) {
		dw_cleanup_fd(&x.fd);
		return;
	}
	look_for_unused(l, r, &x);
	other = host_ask_files(&q, newer);
	if (r->outcome == DW_HOST_FAILS && (other || q.e.code)) {
		r->evidence.n = 0;
		host_say(l, r, DW_HOST_UNKNOWN, "Logins are written into %s, which is not read.",
			 other ? other : newer[0]);
	}
	dw_cleanup_fd(&x.fd);
}

/* --- two accounts ------------------------------------------------------------------------------------------- */

/* Services at which one logs in by the password of an account of the host, and sends it as it is. */
static const char *const plain[] = { "ftp", "telnet", "pop3", "imap", "rlogin", "rsh", "rexec" };

/* Whose members may become root, by the sudoers of Debian, Red Hat and Ubuntu. */
static bool is_admin_group(const char *name)
{
	static const char *const groups[] = { "sudo", "wheel", "admin" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(groups); i++)
		if (dw_streq(name, groups[i]))
			return true;
	return false;
}

static bool is_member(struct dw_arena *a, const struct host_group *g, const struct host_user *u)
{
	char *rest = dw_arena_strdup(a, g->members ? g->members : ""), *name;

	while ((name = strsep(&rest, ",")) != NULL)
		if (dw_streq(name, u->name))
			return true;
	return g->gid == u->gid;
}

/* Why it is an administrator's; NULL: it is none. */
static const char *admin_by(struct host_look *l, const struct host_user *u)
{
	const struct host_accounts *all = host_accounts(l);

	if (u->uid == 0)
		return "is root";
	for (size_t i = 0; i < all->groups.n; i++)
		if (is_admin_group(all->groups.v[i].name) && is_member(l->a, &all->groups.v[i], u))
			return dw_arena_printf(l->a, "may become root by the group %s",
					       all->groups.v[i].name);
	return NULL;
}

/* ftpusers(5): who may not. */
static bool is_refused(struct host_asking *q, const char *name)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	char *line;

	if (!host_ask_text(q, FTPUSERS, &text))
		return false;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, q->l->a)) != NULL)
		if (dw_streq(line, name))
			return true;
	return false;
}

/* "ftp and telnet": open to the network; NULL: none of them is. */
static const char *open_plain(struct host_look *l, bool *ret_ftp, bool *ret_others)
{
	struct dw_str text = { .arena = l->a };

	*ret_ftp = *ret_others = false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(plain); i++) {
		bool open = false;

		for (size_t k = 0; k < l->n_doors && !open; k++)
			open = l->doors[k].service &&
			       dw_streq(l->doors[k].service->name, plain[i]) &&
			       l->doors[k].door->kind != DW_KIND_SLEEPING &&
			       dw_endpoint_bound(&l->doors[k].door->at) != DW_BOUND_LOOPBACK;
		if (!open)
			continue;
		*(i == 0 ? ret_ftp : ret_others) = true;
		dw_str_addf(&text, "%s%s", text.n ? ", " : "", plain[i]);
	}
	return text.s;
}

void host_accounts_two(struct host_look *l, struct dw_host_result *r)
{
	const struct host_accounts *all = host_accounts(l);
	struct host_asking q = { .l = l };
	bool ftp, others;
	const char *services = open_plain(l, &ftp, &others);

	if (!services) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "Nothing is open that takes passwords of accounts as they are.");
		return;
	}
	if (!have_accounts(l, r))
		return;
	if (all->group_error.code) {
		host_unknown(l, r, &all->group_error);
		return;
	}
	for (size_t i = 0; i < all->users.n; i++) {
		const struct host_user *u = &all->users.v[i];
		const char *by = host_has_password(all, u) ? admin_by(l, u) : NULL;

		if (by && (others || !is_refused(&q, u->name)))
			host_seen(l, r, HOST_PASSWD, u->line, u->name,
				  "it %s, and its password is taken by %s", by, services);
	}
	if (q.e.code)
		r->evidence.n = 0;
	if (!host_asked_in_vain(&q, r))
		host_conclude(l, r, "One administrator's password may be sent as it is.",
			      "administrators' passwords may be sent as they are.",
			      "No administrator's password is taken by what sends it as it is.");
}

/* Who may not use ftp is in a list of names; of the others only a person can give somebody a second account. */
void host_accounts_two_fix(struct host_look *l, struct dw_host_result *r)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	const char *line;
	bool ftp, others;
	size_t n;

	(void)open_plain(l, &ftp, &others);
	if (others || dw_sys_file_read(l->sys, FTPUSERS, DW_FILE_MAX, l->a, &text, NULL) < 0) {
		dw_vec_push(l->a, &r->held,
			    "who needs such a service gets a second account for it, with another "
			    "password and no shell");
		return;
	}
	it = dw_lines_of(&text);
	while (dw_lines_next(&it, &line, &n))
		;
	for (size_t i = 0; i < r->evidence.n; i++) {
		const char *name = r->evidence.v[i].object;
		struct dw_edit *edit = dw_new(l->a, struct dw_edit);

		if (r->evidence.v[i].accepted)
			continue;
		*edit = (struct dw_edit){ .line = it.number + 1, .fresh = name };
		*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
			.phase = DW_PHASE_BOOT,
			.manager = "file",
			.object = FTPUSERS,
			.edits = edit,
			.n_edits = 1,
			.label = FTPUSERS,
			.why = "administrators are not to log in by ftp",
			.source = FTPUSERS,
			.text = dw_arena_printf(l->a, "%s is refused by ftp", name),
		};
	}
}
