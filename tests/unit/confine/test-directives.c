/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users that lines of configuration name. */
#include "directives.h"
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

DW_TEST(nginx_user_stands_outside_of_blocks)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_bytes t =
		text(a, "# user root;\nevents { worker_connections 1; }\nuser www-data;\n");
	const struct dw_bytes grouped = text(a, "user  web web;\n"),
			      none = text(a, "http {\nuser inner;\n}\n");
	unsigned line = 0;

	DW_CHECK_STR(dw_confine_nginx_user(a, &t, &line), "www-data");
	DW_CHECK_INT(line, 3);
	DW_CHECK_STR(dw_confine_nginx_user(a, &grouped, &line), "web");
	DW_CHECK(!dw_confine_nginx_user(a, &none, &line));
}

DW_TEST(apache_takes_the_last_user_and_its_variables_from_envvars)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_bytes t =
		text(a, "User nobody\n#User root\nuser ${APACHE_RUN_USER}\nUserDir public_html\n");
	const struct dw_bytes env = text(
		a,
		"# x\nexport APACHE_RUN_USER=www-data\nexport APACHE_RUN_USERS=no\nunset HOME\n");
	unsigned line = 0;

	DW_CHECK_STR(dw_confine_apache_user(a, &t, &line), "${APACHE_RUN_USER}");
	DW_CHECK_INT(line, 3);
	DW_CHECK_STR(dw_confine_envvar(a, &env, "APACHE_RUN_USER"), "www-data");
	DW_CHECK(!dw_confine_envvar(a, &env, "APACHE_RUN"));
}

DW_TEST_MAIN
