/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks of accounts on made-up hosts, failing and passing. */
#include <errno.h>
#include <lastlog.h>
#include <utmp.h>

#include "faults.h"

#define ROOT_LINE "root:x:0:0:root:/root:/bin/bash\n"

static struct host *accounts(const char *passwd, const char *shadow, const char *group)
{
	struct host *h = host_new();

	host_file(h, "/etc/passwd", 0644, passwd);
	if (shadow)
		host_file(h, "/etc/shadow", 0640, shadow);
	host_file(h, "/etc/group", 0644, group);
	return h;
}

static struct host *clean(void)
{
	return accounts(ROOT_LINE
			"daemon:x:1:1::/:/usr/sbin/nologin\nsync:x:4:65534::/bin:/bin/sync\n"
			"ann:x:1000:1000::/home/ann:/bin/bash\n",
			"root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nann:$y$j9T$x:"
			"19000:0:99999:7:::\n",
			"root:x:0:\ndaemon:x:1:\nann:x:1000:\n");
}

DW_TEST(a_host_in_order_has_nothing_to_tell)
{
	static const char *const ids[] = { "empty-passwords",  "unshadowed-passwords",
					   "root-twins",       "duplicate-accounts",
					   "duplicate-groups", "service-shells" };
	struct host *h = clean();

	for (size_t i = 0; i < DW_ARRAY_SIZE(ids); i++)
		LOOK(h, ids[i], DW_HOST_OK, "");
	host_free(h);
}

DW_TEST(empty_passwords_are_locked_where_shadow_has_them)
{
	struct host *h = accounts(
		ROOT_LINE "old::1001:1001::/home/old:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n",
		"root:*:1:0:99999:7:::\nann::1:0:99999:7:::\n", "root:x:0:\n");
	struct checked c = checked(h, "empty-passwords");

	DW_CHECK(c.r->outcome == DW_HOST_FAILS);
	DW_CHECK_STR(seen(&c), "/etc/passwd:2 old: the password field is empty | "
			       "/etc/shadow:2 ann: the password field is empty");
	DW_CHECK_STR(changes(&c), "account:ann/password=locked");
	DW_CHECK(c.r->held.n == 1 &&
		 strstr(c.r->held.v[0], "old has no line in /etc/shadow") != NULL);
	checked_free(&c);
	host_free(h);
}

DW_TEST(hashes_in_passwd_are_told)
{
	struct host *h = accounts(
		ROOT_LINE "old:$1$abc$def:1001:1001::/home/old:/bin/sh\nx:!:5:5::/:/bin/false\n",
		NULL, "root:x:0:\n");

	LOOK(h, "unshadowed-passwords", DW_HOST_FAILS,
	     "/etc/passwd:2 old: the password's hash stands where everybody may read it");
	host_free(h);
}

DW_TEST(twins_of_root_and_doubles_are_told_with_their_lines)
{
	struct host *h =
		accounts(ROOT_LINE "toor:x:0:0::/:/bin/sh\nann:x:1000:1000::/:\n# a remark\n+nis\n"
				   "ann:x:1001:1001::/:\nbob:x:1000:1000::/:\nbad:line\n",
			 NULL, "root:x:0:\nadm:x:4:\nroot:x:9:\nadmin:x:4:\n");

	LOOK(h, "root-twins", DW_HOST_FAILS, "/etc/passwd:2 toor: user number 0, as root");
	LOOK(h, "duplicate-accounts", DW_HOST_FAILS,
	     "/etc/passwd:6 ann: the name of line 3 again | /etc/passwd:7 bob: number 1000, which "
	     "ann has too");
	LOOK(h, "duplicate-groups", DW_HOST_FAILS,
	     "/etc/group:3 root: the name of line 1 again | /etc/group:4 admin: number 4, which "
	     "adm has too");
	host_free(h);
}

DW_TEST(a_service_loses_its_shell_unless_somebody_logs_in_as_it)
{
	struct host *h = accounts(
		ROOT_LINE "ftp:x:101:101::/srv/ftp:/bin/bash\ngit:x:102:102::/srv/git:/bin/sh\n"
			  "odd:x:103:103::/:\nann:x:1000:1000::/home/ann:/bin/bash\n",
		NULL, "root:x:0:\n");
	struct checked c;

	host_file(h, "/usr/sbin/nologin", 0755, "");
	host_file(h, "/srv/git/.ssh/authorized_keys", 0600, "ssh-ed25519 AAAA\n");
	c = checked(h, "service-shells");
	DW_CHECK(c.r->outcome == DW_HOST_FAILS);
	DW_CHECK_STR(c.r->text, "3 accounts of services have a shell.");
	DW_CHECK_STR(changes(&c),
		     "account:ftp/shell=/usr/sbin/nologin | account:odd/shell=/usr/sbin/nologin");
	DW_CHECK(c.r->held.n == 1 && strstr(c.r->held.v[0], "git keeps its shell") != NULL);
	checked_free(&c);
	host_free(h);
}

/* What becomes an account by su and names no shell fails without one. */
DW_TEST(a_service_keeps_the_shell_that_a_script_needs)
{
	static const struct {
		const char *path, *line;
		bool keeps;
	} cases[] = {
		{ "/etc/cron.d/backup", "0 3 * * * root su - db -c 'pg_dump x'", true },
		{ "/etc/cron.d/backup", "# su - db", false },
		{ "/etc/cron.d/backup", "0 3 * * * root su -s /bin/sh db -c dump", false },
		{ "/etc/init.d/old", "su -c \"dump --all\" db", true },
		{ "/usr/local/bin/x", "out=`/bin/su db -c dump`", true },
		{ "/usr/local/bin/x", "runuser -u db -- dump", false },
		{ "/usr/local/bin/x", "runuser -l db -c dump", true },
		{ "/usr/local/bin/x", "sudo -u db dump", false },
		{ "/usr/local/bin/x", "sudo -iu db dump", true },
		{ "/usr/local/bin/x", "su other -c 'dump'", false },
		{ "/etc/systemd/system/x.service", "ExecStart=/bin/su db -c dump", true },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct host *h = accounts(ROOT_LINE "db:x:103:103::/var/lib/db:/bin/bash\n", NULL,
					  "root:x:0:\n");
		struct checked c;

		host_file(h, "/usr/sbin/nologin", 0755, "");
		host_file(h, cases[i].path, 0755, cases[i].line);
		c = checked(h, "service-shells");
		DW_CHECK(c.r->outcome == DW_HOST_FAILS);
		DW_CHECK_STR(changes(&c),
			     cases[i].keeps ? "" : "account:db/shell=/usr/sbin/nologin");
		DW_CHECK(c.r->held.n == (cases[i].keeps ? 1 : 0));
		if (cases[i].keeps && c.r->held.n)
			DW_CHECK(strstr(c.r->held.v[0], cases[i].path) != NULL);
		checked_free(&c);
		host_free(h);
	}
}

DW_TEST(the_limits_of_people_are_those_of_the_host)
{
	struct host *h =
		accounts(ROOT_LINE "old:x:600:600::/home/old:/bin/bash\n", NULL, "root:x:0:\n");

	LOOK(h, "service-shells", DW_HOST_FAILS, "/etc/passwd:2 old: the shell /bin/bash");
	host_file(h, "/etc/login.defs", 0644, "# people\nUID_MIN\t\t  500\n");
	LOOK(h, "service-shells", DW_HOST_OK, "");
	host_free(h);
}

DW_TEST(what_is_accepted_is_left)
{
	static const char *const objects[] = { "ftp" };
	struct dw_policy_accept s[] = {
		{ .check = "service-shells",
		  .objects = objects,
		  .n_objects = 1,
		  .because = "x",
		  .expires = 1700000001 },
	};
	const struct dw_policy p = { .accepts = s, .n_accepts = 1 };
	struct host *h = accounts(ROOT_LINE "ftp:x:101:101::/:/bin/sh\nodd:x:103:103::/:/bin/sh\n",
				  NULL, "root:x:0:\n");
	struct checked c;

	host_file(h, "/usr/sbin/nologin", 0755, "");
	c = checked_with(h, "service-shells", &p, NULL, 0);
	DW_CHECK(c.r->outcome == DW_HOST_FAILS && !c.r->accepted);
	DW_CHECK(c.r->evidence.v[0].accepted == &s[0] && !c.r->evidence.v[1].accepted);
	DW_CHECK_STR(changes(&c), "account:odd/shell=/usr/sbin/nologin");
	checked_free(&c);
	s[0].n_objects = 0; /* all of it */
	c = checked_with(h, "service-shells", &p, NULL, 0);
	DW_CHECK(c.r->accepted == &s[0] && c.r->changes.n == 0 && !dw_host_is_open(c.r));
	checked_free(&c);
	s[0].expires = 1700000000; /* the clock of the made-up host */
	c = checked_with(h, "service-shells", &p, NULL, 0);
	DW_CHECK(dw_host_is_open(c.r) && c.r->changes.n == 2);
	checked_free(&c);
	host_free(h);
}

DW_TEST(what_cannot_be_read_is_unknown)
{
	struct host *h = host_new();

	LOOK(h, "empty-passwords", DW_HOST_UNKNOWN, "");
	LOOK(h, "duplicate-groups", DW_HOST_UNKNOWN, "");
	host_file(h, "/etc/passwd", 0644, ROOT_LINE);
	LOOK(h, "empty-passwords", DW_HOST_OK,
	     ""); /* no shadow(5) at all: passwd(5) is all there is */
	host_file(h, "/etc/shadow/not-a-file", 0600, "");
	LOOK(h, "empty-passwords", DW_HOST_UNKNOWN, "");
	host_free(h);
}

/* Each call of the system fails once: never a crash, and never "ok" for what could not be seen. */
DW_TEST(every_failure_is_survived)
{
	struct host *h = clean();
	const struct dw_host_about *c;
	const char *ids[64];
	size_t n_ids = 0;
	unsigned calls = 1;

	/* the other categories have hosts of their own for it */
	for (size_t i = 0; (c = dw_host_check_at(i)) != NULL && n_ids < DW_ARRAY_SIZE(ids); i++)
		if (c->category == DW_CATEGORY_ACCOUNTS || c->category == DW_CATEGORY_LOGIN)
			ids[n_ids++] = c->id;
	for (unsigned n = 1; n <= calls; n++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		_cleanup_sys_ struct dw_sys *sys = NULL;
		struct dw_host_request q = { .checks = ids, .n_checks = n_ids };
		struct dw_host_results all = { 0 };

		DW_CHECK(dw_sys_open_fake(h->dir, &sys, NULL) == 0);
		q.sys = sys;
		dw_sys_fail_at(sys, n, EIO);
		DW_CHECK(dw_host_look(&q, a, &all, NULL) == 0);
		if (n == 1)
			calls = dw_sys_calls(sys);
		for (size_t i = 0; i < all.n; i++)
			DW_CHECK(all.v[i].outcome != DW_HOST_FAILS && all.v[i].text);
	}
	DW_CHECK(calls > 4 && calls < 1000);
	host_free(h);
}

DW_TEST(names_of_checks_are_words_each_once)
{
	const struct dw_host_about *c;
	const char *near;

	for (size_t i = 0; (c = dw_host_check_at(i)) != NULL; i++) {
		DW_CHECK(c->id[strspn(c->id, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0');
		DW_CHECK(dw_host_check_find(c->id, NULL) == c);
		DW_CHECK(c->title && c->reason && c->source && c->severity && c->category);
		DW_CHECK(i == 0 || dw_host_check_at(i - 1)->category <= c->category);
	}
	DW_CHECK(!dw_host_check_find("root-twinz", &near) && dw_streq(near, "root-twins"));
}

/* The clock of a made-up host stands still; days are counted from it. */
static int64_t today(struct host *h)
{
	struct checked c = checked(h, "expired-accounts");
	int64_t day = (int64_t)(dw_sys_now(c.sys) / 86400);

	checked_free(&c);
	return day;
}

DW_TEST(expired_accounts)
{
	struct host *h = clean();
	char shadow[256];

	LOOK(h, "expired-accounts", DW_HOST_OK, "");
	(void)snprintf(shadow, sizeof(shadow),
		       "root:*:19000:0:99999:7:::\nann:x:19000:0:99999:7::%lld:\n",
		       (long long)today(h) + 1);
	host_file(h, "/etc/shadow", 0640, shadow);
	LOOK(h, "expired-accounts", DW_HOST_OK, "");
	survive_faults(h, "expired-accounts", DW_HOST_OK);
	host_file(h, "/etc/shadow", 0640,
		  "root:*:19000:0:99999:7:::\nann:x:18000:0:99999:7::19000:\n");
	LOOK(h, "expired-accounts", DW_HOST_FAILS,
	     "/etc/shadow:2 ann: it expired on 2022-01-08, and is still there");
	survive_faults(h, "expired-accounts", DW_HOST_FAILS);
	host_free(h);
}

static void log_in(struct host *h, const char *path, const void *record, size_t n, long at)
{
	char full[256];
	FILE *f;

	host_file(h, path, 0644, "");
	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	f = fopen(full, "w");
	DW_CHECK(f && fseek(f, at, SEEK_SET) == 0 && fwrite(record, n, 1, f) == 1 &&
		 fclose(f) == 0);
}

DW_TEST(unused_accounts)
{
	struct host *h = clean();
	struct lastlog last = { .ll_time = 1700000000 };
	struct utmp u = { .ut_type = USER_PROCESS, .ut_user = "ann" };

	LOOK(h, "unused-accounts", DW_HOST_UNKNOWN, "");
	log_in(h, "/var/log/lastlog", &last, sizeof(last), 0);
	LOOK(h, "unused-accounts", DW_HOST_FAILS,
	     "/etc/passwd:4 ann: it could log in, and never did");
	survive_faults(h, "unused-accounts", DW_HOST_FAILS);
	host_file(h, "/var/lib/lastlog/lastlog2.db", 0644, "x");
	LOOK(h, "unused-accounts", DW_HOST_UNKNOWN, "");
	log_in(h, "/var/log/lastlog", &last, sizeof(last), 1000L * (long)sizeof(last));
	LOOK(h, "unused-accounts", DW_HOST_OK, "");
	survive_faults(h, "unused-accounts", DW_HOST_OK);
	host_file(h, "/var/log/lastlog", 0644, "");
	log_in(h, "/var/log/wtmp.1", &u, sizeof(u), 0);
	LOOK(h, "unused-accounts", DW_HOST_OK, "");
	/* nobody logs in by it: no password, no key */
	host_file(h, "/var/log/wtmp.1", 0644, "");
	host_file(h, "/etc/shadow", 0640, "root:*:19000:0:99999:7:::\nann:!:19000:0:99999:7:::\n");
	LOOK(h, "unused-accounts", DW_HOST_OK, "");
	host_file(h, "/home/ann/.ssh/authorized_keys", 0600, "ssh-ed25519 AAAA\n");
	LOOK(h, "unused-accounts", DW_HOST_UNKNOWN, "");
	host_free(h);
}

static void two(struct host *h, const char *name, enum dw_host_outcome o, const char *evidence,
		const char *want)
{
	const struct dw_door door = { .kind = DW_KIND_LISTENER,
				      .at = { .protocol = DW_PROTOCOL_TCP,
					      .family = DW_FAMILY_IPV4 } };
	const struct dw_service service = { .name = name };
	const struct dw_host_door v[] = { { &door, &service } };
	struct checked c = checked_with(h, "two-accounts", NULL, v, 1);

	DW_CHECK(c.r->outcome == o);
	DW_CHECK_STR(seen(&c), evidence);
	DW_CHECK_STR(changes(&c), want);
	checked_free(&c);
	survive_faults_with(h, "two-accounts", o, v, 1);
}

DW_TEST(two_accounts)
{
	struct host *h = clean();

	LOOK(h, "two-accounts", DW_HOST_UNKNOWN, "");
	two(h, "ssh", DW_HOST_NOT_APPLICABLE, "", "");
	two(h, "ftp", DW_HOST_OK, "", "");
	host_file(h, "/etc/group", 0644, "root:x:0:\nsudo:x:27:ben,ann\nann:x:1000:\n");
	two(h, "telnet", DW_HOST_FAILS,
	    "/etc/passwd:4 ann: it may become root by the group sudo, and its password is taken by "
	    "telnet",
	    "");
	two(h, "ftp", DW_HOST_FAILS,
	    "/etc/passwd:4 ann: it may become root by the group sudo, and its password is taken by "
	    "ftp",
	    "");
	host_file(h, "/etc/ftpusers", 0644, "root\n");
	two(h, "ftp", DW_HOST_FAILS,
	    "/etc/passwd:4 ann: it may become root by the group sudo, and its password is taken by "
	    "ftp",
	    "file:/etc/ftpusers=?");
	host_file(h, "/etc/ftpusers", 0644, "root\nann\n");
	two(h, "ftp", DW_HOST_OK, "", "");
	host_free(h);
}

DW_TEST_MAIN
