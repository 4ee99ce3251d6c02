/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users that lines of configuration name. */
#include "directives.h"
#include "dw_str.h"
#include "dw_test.h"

static struct dw_bytes text(struct dw_arena *a, const char *s)
{
	return (struct dw_bytes){ .data = dw_arena_strdup(a, s), .n = strlen(s) };
}

DW_TEST(inetd_user_is_the_fifth_word_without_its_group)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dw_confine_inetd_user(a, "ftp stream tcp nowait root /usr/sbin/tcpd in.ftpd"),
		     "root");
	DW_CHECK_STR(dw_confine_inetd_user(
			     a, "talk dgram udp wait nobody.tty /usr/sbin/in.talkd in.talkd"),
		     "nobody");
	DW_CHECK_STR(
		dw_confine_inetd_user(a, "ident stream tcp wait identd:id /usr/sbin/identd identd"),
		"identd");
	DW_CHECK(!dw_confine_inetd_user(a, "#ftp stream tcp nowait root /usr/sbin/tcpd in.ftpd"));
	DW_CHECK(!dw_confine_inetd_user(a, "ftp stream tcp nowait"));
}

DW_TEST(xinetd_user_is_that_of_the_block_that_was_meant)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_bytes t = text(a, "service one\n{\n\tuser = alice\n}\nservice "
					  "two\n{\n\tuser\t= bob\n\tserver = /x\n}\n"
					  "service three\n{\n}\n");
	unsigned line = 0;

	DW_CHECK_STR(dw_confine_xinetd_user(a, &t, 1, &line), "alice");
	DW_CHECK_INT(line, 3);
	DW_CHECK_STR(dw_confine_xinetd_user(a, &t, 5, &line), "bob");
	DW_CHECK_INT(line, 7);
	DW_CHECK(!dw_confine_xinetd_user(a, &t, 10, &line));
}

/* "LINE NAME VALUE[ MORE]|" of each directive */
static void note(void *data, const struct dw_confine_directive *d)
{
	dw_str_addf(data, "%u %s %s%s%s|", d->line, d->name, d->value, *d->more ? " " : "",
		    d->more);
}

static const char *said(struct dw_arena *a, dw_confine_server *parse, const char *s)
{
	const struct dw_bytes t = text(a, s);
	struct dw_str out = { .arena = a };

	parse(a, &t, note, &out);
	return out.n ? out.s : "";
}

DW_TEST(nginx_user_stands_outside_of_blocks)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(said(a, dw_confine_nginx,
			  "# user root;\nevents { worker_connections 1; }\nuser www-data;\n"),
		     "3 user www-data|");
	DW_CHECK_STR(said(a, dw_confine_nginx, "user  web web;\ninclude /etc/x/*.conf;"),
		     "1 user web|2 include /etc/x/*.conf|");
	DW_CHECK_STR(said(a, dw_confine_nginx, "http {\nuser inner;\n server { } }\n"), "");
	DW_CHECK_STR(said(a, dw_confine_nginx, "pid /run/x; user\n  \"kim\" ;"), "1 user kim|");
	DW_CHECK_STR(said(a, dw_confine_nginx, "log '}{ user root;'; user kim; # } user x;"),
		     "1 user kim|");
	DW_CHECK_STR(said(a, dw_confine_nginx, "username x; user;\nuser kim"), "");
}

DW_TEST(apache_directives_have_no_case_and_go_on)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(said(a, dw_confine_apache,
			  "User nobody\n#User root\nuser ${APACHE_RUN_USER}\nUserDir x\n"),
		     "1 user nobody|3 user ${APACHE_RUN_USER}|");
	DW_CHECK_STR(said(a, dw_confine_apache,
			  "Define who kim\nUSER \\\n  \"kim\"\nServerRoot \"/etc/x\"\n"),
		     "1 define who kim|2 user kim|4 serverroot /etc/x|");
	DW_CHECK_STR(said(a, dw_confine_apache,
			  "<IfModule m>\n IncludeOptional c/*.conf\n</IfModule>\nInclude p.conf"),
		     "2 includeoptional c/*.conf|4 include p.conf|");
	DW_CHECK_STR(said(a, dw_confine_apache, "User\nUser \"\"\nUser \\"), "");
}

DW_TEST(php_fpm_has_a_user_for_each_pool)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(said(a, dw_confine_fpm,
			  "[global]\npid = /run/x\n[www]\n; user = root\nuser = www-data ; why\n"
			  "[shop]\nuser=\"shop\"\nusers = x\nuser\n"),
		     "5 user www-data www|7 user shop shop|");
	DW_CHECK_STR(said(a, dw_confine_fpm, "include=/etc/php/8.2/fpm/pool.d/*.conf\n"),
		     "1 include /etc/php/8.2/fpm/pool.d/*.conf|");
}

static const char *envvar(struct dw_arena *a, const char *s)
{
	const struct dw_bytes t = text(a, s);
	unsigned line = 0;
	const char *value = dw_confine_envvar(a, &t, "APACHE_RUN_USER", &line);

	return value ? dw_arena_printf(a, "%u %s", line, value) : "";
}

DW_TEST(variables_of_apaches_start_script)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(
		envvar(a, "# x\nexport APACHE_RUN_USER=www-data\nexport APACHE_RUN_USERS=no\n"),
		"2 www-data");
	DW_CHECK_STR(envvar(a, ": ${APACHE_RUN_USER:=www-data}\nexport APACHE_RUN_USER\n"),
		     "1 www-data");
	DW_CHECK_STR(envvar(a, "APACHE_RUN_USER='kim'\n"), "1 kim");
	DW_CHECK_STR(envvar(a, "export APACHE_RUN=x\nexport APACHE_RUN_USER=\nunset HOME\n"), "");
}

DW_TEST(shells_of_users)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_bytes t =
		text(a, "root:x:0:0:root:/root:/bin/bash\nkim:x:1:1::/:\nbad:x\n");

	DW_CHECK_STR(dw_confine_shell(a, &t, "root"), "/bin/bash");
	DW_CHECK_STR(dw_confine_shell(a, &t, "kim"), "");
	DW_CHECK_STR(dw_confine_shell(a, &t, "bad"), "");
	DW_CHECK(!dw_confine_shell(a, &t, "ki") && !dw_confine_shell(a, &t, "pat"));
}

static const char *script(struct dw_arena *a, const char *text, const char *beside, bool openrc)
{
	const struct dw_bytes texts[] = { { dw_arena_strdup(a, text), strlen(text) },
					  { dw_arena_strdup(a, beside), strlen(beside) } };
	unsigned line = 0;
	const char *user = dw_confine_script_user(a, texts, 2, openrc, &line);

	return user ? dw_arena_printf(a, "%u %s", line, user) : "";
}

DW_TEST(the_user_of_an_init_script)
{
	static const struct {
		const char *text, *beside, *want;
		bool openrc;
	} cases[] = {
		{ "start-stop-daemon --start --chuid memcache --exec /x", "", "1 memcache", false },
		{ "start-stop-daemon -S -c \"$U:$G\" \\\n  --exec /x\nU=late", "", "1 late",
		  false },
		{ "U=mine\nx\nstart-stop-daemon --start \\\n --chuid=${U} -x /x", "U='theirs'",
		  "3 theirs", false },
		{ "start-stop-daemon --start --chuid ${U:-spare} -x /x", "", "1 spare", false },
		{ "start-stop-daemon --stop --chuid x\nstart-stop-daemon --start -u y -x /x", "",
		  "", false },
		{ "start-stop-daemon --start --user y -x /x", "", "1 y", true },
		{ "start-stop-daemon --start --chuid $U$V", "U=a\nV=b", "", false },
		{ "U=$V\nV=$U\nstart-stop-daemon --start --chuid $U", "", "", false },
		{ "# start-stop-daemon -c x\ndaemon --user=web /usr/sbin/web # su x", "", "2 web",
		  false },
		{ "( su - db -c 'exec x' )", "", "1 db", false },
		{ "/sbin/runuser -s /bin/sh -c 'x y' db", "", "1 db", false },
		{ "exec chpst -u www:adm /usr/sbin/x", "", "1 www", false },
		{ "/usr/sbin/daemon -D", "", "", false },
		{ "start-stop-daemon --start --chuid 0:0 -x /x", "", "1 root", false },
	};
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++)
		DW_CHECK_STR(script(a, cases[i].text, cases[i].beside, cases[i].openrc),
			     cases[i].want);
}

DW_TEST_MAIN
