/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means to notice: who would see that a program was exchanged. */
#include "notice.h"

struct checker {
	const char *title, *program, *job;
	const char *units[3];
	const char *databases[5];
};

/* debsums has no database of its own: it compares with dpkg's, which lies on the same disk. */
static const struct checker checkers[] = {
	{ "AIDE",
	  "/usr/bin/aide",
	  "aide",
	  { "dailyaidecheck.timer", "aide-check.timer" },
	  { "/var/lib/aide/aide.db", "/var/lib/aide/aide.db.gz" } },
	{ "AIDE",
	  "/usr/sbin/aide",
	  "aide",
	  { "aidecheck.timer", "aide-check.timer" },
	  { "/var/lib/aide/aide.db", "/var/lib/aide/aide.db.gz" } },
	{ "Tripwire",
	  "/usr/sbin/tripwire",
	  "tripwire",
	  { "tripwire.timer" },
	  { "/var/lib/tripwire" } },
	{ "Samhain",
	  "/usr/sbin/samhain",
	  "samhain",
	  { "samhain.service" },
	  { "/var/state/samhain/samhain_file", "/var/lib/samhain/samhain_file" } },
	{ "integrit",
	  "/usr/sbin/integrit",
	  "integrit",
	  { "integrit.timer" },
	  { "/var/lib/integrit" } },
	{ "debsums", "/usr/bin/debsums", "debsums", { "debsums.timer" }, { "/var/lib/dpkg/info" } },
};

/* Debian's job of debsums starts daily, weekly and monthly, and asks which of them is meant; "never" is the default. */
static bool is_told_to(struct host_asking *q, const struct checker *c)
{
	struct host_settings all = { 0 };
	const struct host_setting *s;

	if (!dw_streq(c->title, "debsums"))
		return true;
	(void)host_shell_read(q, "/etc/default/debsums", &all);
	s = host_setting_of(&all, NULL, "CRON_CHECK");
	return s && (dw_streq(s->value, "daily") || dw_streq(s->value, "weekly") ||
		     dw_streq(s->value, "monthly"));
}

static bool is_started(struct host_asking *q, const struct checker *c)
{
	return host_ask_enabled_of(q, c->units) || (host_ask_cron(q, c->job) && is_told_to(q, c));
}

/* The first that is started; NULL: none is. */
static const struct checker *started(struct host_asking *q)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(checkers); i++)
		if (host_ask_file(q, checkers[i].program) && is_started(q, &checkers[i]))
			return &checkers[i];
	return NULL;
}

void host_integrity_checked(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	const struct checker *c = started(&q);
	const char *db = c ? host_ask_files(&q, c->databases) : NULL;

	for (size_t i = 0; i < DW_ARRAY_SIZE(checkers) && !c; i++)
		if (host_ask_file(&q, checkers[i].program) && !q.e.code)
			host_seen(l, r, checkers[i].program, 0, checkers[i].title,
				  "it is installed, and nothing starts it");
	if (q.e.code)
		r->evidence.n = 0;
	if (host_asked_in_vain(&q, r))
		return;
	if (c && !db)
		host_seen(l, r, c->program, 0, c->title, "it has no database (%s) to compare with",
			  c->databases[0]);
	else if (!c && !r->evidence.n)
		host_seen(l, r, NULL, 0, "integrity",
			  "neither AIDE, Tripwire nor debsums is there");
	host_conclude(l, r, "Nobody would see that a program was exchanged.",
		      "checkers of integrity are there, and none is started.",
		      dw_arena_printf(l->a, "%s checks files.", c ? c->title : ""));
}

void host_integrity_database(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	const struct checker *c = started(&q);
	const char *db = c ? host_ask_files(&q, c->databases) : NULL;
	struct stat st = { 0 }, root = { 0 }, usr = { 0 };
	bool known = db && host_ask_stat(&q, db, true, &st) &&
		     host_ask_stat(&q, "/", true, &root) && host_ask_stat(&q, "/usr", true, &usr);

	if (host_asked_in_vain(&q, r))
		return;
	if (!db || !known) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "No checker of integrity has a database here.");
		return;
	}
	/* a read-only file system, or none of those that it is about, takes more than a write to a file */
	if (st.st_dev == root.st_dev || st.st_dev == usr.st_dev)
		host_seen(l, r, db, 0, c->title, "its database lies on the disk that it is about");
	if (st.st_mode & 022)
		host_seen(l, r, db, 0, c->title,
			  "others than its owner may write its database (mode %04o)",
			  (unsigned)(st.st_mode & 07777));
	host_conclude(l, r, "Who exchanges a program can exchange what it is compared with.",
		      "reasons why the database of integrity cannot be trusted.",
		      dw_arena_printf(l->a, "The database of %s lies apart from what it is about.",
				      c->title));
}
