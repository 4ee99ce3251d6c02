/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means to notice: the mail that cron and others write to root. */
#include <errno.h>
#include <time.h>

#include "notice.h"

#define DAY        ((uint64_t)24 * 3600)
#define UNREAD_MAX (14 * DAY)
#define BOX_MAX    ((size_t)16 * 1024 * 1024)

/* --- aliases -------------------------------------------------------------------------------------------- */

const char *host_alias_of(struct dw_arena *a, const struct dw_bytes *text, const char *name,
			  unsigned *ret_line)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, a)) != NULL) {
		char *colon = strchr(line, ':'), *key;
		size_t n;

		if (line[0] == '#' || !colon)
			continue;
		*colon = '\0';
		key = dw_trim(line);
		n = strlen(key);
		if (n > 1 && key[0] == '"' && key[n - 1] == '"') {
			key[n - 1] = '\0';
			key++;
		}
		if (strcasecmp(key, name) != 0)
			continue;
		*ret_line = it.number;
		return dw_trim(colon + 1);
	}
	return NULL;
}

/* --- the mailbox ---------------------------------------------------------------------------------------- */

/* "From root@host Tue Nov  3 06:25:01 2026": the time, in no zone that is told; 0: it is none. */
static uint64_t time_of_from(const char *line, size_t n)
{
	char text[256];
	struct tm tm = { 0 };
	const char *at;
	time_t t;

	if (n >= sizeof(text))
		return 0;
	memcpy(text, line, n);
	text[n] = '\0';
	at = strchr(text + 5, ' '); /* behind who sent it */
	if (!at || !strptime(at + 1, "%a %b %d %H:%M:%S %Y", &tm))
		return 0;
	t = timegm(&tm);
	return t > 0 ? (uint64_t)t : 0;
}

/* Programs that show mail write "Status: RO" into the head of what was seen (mail(1), mutt(1)). */
void host_mbox_unread(const struct dw_bytes *text, unsigned *ret_n, uint64_t *ret_since)
{
	struct dw_lines it = dw_lines_of(text);
	bool head = false, seen = true, blank = true;
	uint64_t came = 0, since = 0;
	const char *line;
	unsigned unread = 0;
	size_t n;

	for (;;) {
		bool more = dw_lines_next(&it, &line, &n),
		     from = more && blank && n > 5 && !memcmp(line, "From ", 5);

		if ((!more || from) && !seen) {
			unread++;
			since = since ? since : came;
		}
		if (!more)
			break;
		if (from) {
			head = true;
			seen = false;
			came = time_of_from(line, n);
		} else if (head && n > 7 && !strncasecmp(line, "Status:", 7) &&
			   memchr(line + 7, 'R', n - 7)) {
			seen = true;
		}
		blank = n == 0;
		head = head && !blank;
	}
	*ret_n = unread;
	*ret_since = since;
}

/* True: it holds mail, and somebody reads it there. */
static bool judge_box(struct host_asking *q, struct dw_host_result *r)
{
	static const char *const boxes[] = { "/var/mail/root", "/var/spool/mail/root" };
	uint64_t now = dw_sys_now(q->l->sys), since = 0;
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };
	unsigned n = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(boxes); i++) {
		int code = dw_sys_file_read(q->l->sys, boxes[i], BOX_MAX, q->l->a, &text, &e);

		if (code == -EFBIG) {
			host_seen(q->l, r, boxes[i], 0, "root",
				  "the mailbox has grown beyond %u MiB", (unsigned)(BOX_MAX >> 20));
			return false;
		}
		if (code < 0 && code != -ENOENT && code != -ENOTDIR) {
			q->e = e;
			return false;
		}
		if (code < 0)
			continue;
		host_mbox_unread(&text, &n, &since);
		if (n && since && since + UNREAD_MAX < now)
			host_seen(q->l, r, boxes[i], 0, "root",
				  "%u mails that nobody read, the first of %llu days ago", n,
				  (unsigned long long)((now - since) / DAY));
		return text.n > 0 && n == 0;
	}
	return false;
}

/* --- where it goes -------------------------------------------------------------------------------------- */

/* MAILTO="" of crontab(5): what its jobs say is thrown away. */
static void judge_crontab(struct host_asking *q, struct dw_host_result *r)
{
	struct host_settings all = { 0 };
	const struct host_setting *s;

	if (!host_shell_read(q, "/etc/crontab", &all))
		return;
	s = host_setting_of(&all, NULL, "MAILTO");
	if (s && !*s->value)
		host_seen(q->l, r, s->file, s->line, "MAILTO",
			  "it is empty: what jobs say is thrown away");
}

/* Takes away what is thrown away: "root: /dev/null". True: the mail goes to somebody by that name. */
static bool judge_alias(struct host_asking *q, struct dw_host_result *r, const char **ret_to)
{
	static const char file[] = "/etc/aliases";
	struct dw_bytes text = { 0 };
	unsigned line = 0;

	if (!host_ask_text(q, file, &text))
		return false;
	*ret_to = host_alias_of(q->l->a, &text, "root", &line);
	if (!*ret_to || !**ret_to)
		return false;
	if (!dw_starts_with(*ret_to, "/dev/null"))
		return true;
	host_seen(q->l, r, file, line, "root", "its mail is thrown away");
	return false;
}

void host_root_mail(struct host_look *l, struct dw_host_result *r)
{
	static const char *const mtas[] = { "/usr/sbin/sendmail", "/usr/lib/sendmail", NULL };
	static const char *const mine[] = { "/root/.forward", NULL };
	struct host_asking q = { .l = l };
	const char *mta = host_ask_files(&q, mtas), *to = NULL;
	bool sent_on = mta && (judge_alias(&q, r, &to) || host_ask_files(&q, mine)),
	     read_here = false;

	if (mta)
		judge_crontab(&q, r);
	if (mta && !sent_on)
		read_here = judge_box(&q, r);
	if (q.e.code)
		r->evidence.n = 0;
	if (host_asked_in_vain(&q, r))
		return;
	if (!mta)
		host_seen(l, r, NULL, 0, "sendmail",
			  "no mailer is installed: what cron has to say is thrown away");
	else if (!sent_on && !read_here && !r->evidence.n)
		host_seen(l, r, "/etc/aliases", 0, "root",
			  "its mail goes to nobody else, and nobody logs in as root to read");
	host_conclude(l, r, "Nobody reads the mail of root.",
		      "reasons why nobody reads the mail of root.",
		      read_here ? "Somebody reads the mail of root in its mailbox."
				: dw_arena_printf(l->a, "The mail of root goes to %s.",
						  to && *to ? to : "whom /root/.forward names"));
}
