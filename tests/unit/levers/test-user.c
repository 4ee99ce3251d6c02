/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another user for a service: which lines may be changed, and what of them. */
#include "dw_test.h"
#include "levers-user.h"

static struct dw_bytes bytes(struct dw_arena *a, const char *s)
{
	return (struct dw_bytes){ .data = dw_arena_strdup(a, s), .n = strlen(s) };
}

static const char *inetd(struct dw_arena *a, const char *line)
{
	const struct dw_bytes text = bytes(a, line);
	struct dw_edits edits = { 0 };

	return dw_user_inetd_edit(a, &text, 1, "nobody", &edits) ? edits.v[0].fresh : NULL;
}

DW_TEST(the_fifth_word_of_inetd_and_nothing_else)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(
		inetd(a, "finger stream\ttcp nowait  root\t/usr/sbin/in.fingerd in.fingerd -w\n"),
		"finger stream\ttcp nowait  nobody\t/usr/sbin/in.fingerd in.fingerd -w");
	DW_CHECK_STR(inetd(a, "root stream tcp nowait.root root root root"),
		     "root stream tcp nowait.root nobody root root");
	DW_CHECK(!inetd(a, "finger stream tcp nowait nobody /usr/sbin/in.fingerd"));
	DW_CHECK(!inetd(a, "talk dgram udp wait root.tty /usr/sbin/talkd talkd"));
	DW_CHECK(!inetd(a, "talk dgram udp wait root:tty /usr/sbin/talkd talkd"));
	DW_CHECK(!inetd(a, "#finger stream tcp nowait root /usr/sbin/in.fingerd"));
	DW_CHECK(!inetd(a, " finger stream tcp nowait root /usr/sbin/in.fingerd"));
	DW_CHECK(!inetd(a, "finger stream tcp nowait root"));
	DW_CHECK(!inetd(a, ""));
}

static const char *xinetd(struct dw_arena *a, unsigned line, const char *file, unsigned *ret_line)
{
	const struct dw_bytes text = bytes(a, file);
	struct dw_edits edits = { 0 };

	if (!dw_user_xinetd_edit(a, &text, line, "nobody", &edits))
		return NULL;
	*ret_line = edits.v[0].line;
	return edits.n == 1 ? edits.v[0].fresh : "more than one";
}

DW_TEST(the_user_of_the_block_that_is_meant)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const char two[] =
		"service a\n{\n\tuser = root\n}\n# b\nservice b\n\n{\n\tserver = /x\n"
		"\tuser\t=  root \n\tuserid = root\n}\n";
	unsigned line = 0;

	DW_CHECK_STR(xinetd(a, 1, two, &line), "\tuser = nobody");
	DW_CHECK_INT(line, 3);
	DW_CHECK_STR(xinetd(a, 6, two, &line), "\tuser\t=  nobody ");
	DW_CHECK_INT(line, 10);
	DW_CHECK(!xinetd(a, 2, "service a\n{\n\tuser = root\n", &line)); /* no end */
	DW_CHECK(!xinetd(a, 1, "service a\n{\n\tuser = root\n\tuser = root\n}\n", &line));
	DW_CHECK(!xinetd(a, 1, "service a\n{\n\tuser = root\n\tgroup = root\n}\n", &line));
	DW_CHECK(!xinetd(a, 1, "service a\n{\n\tuser = daemon\n}\n", &line));
	DW_CHECK(!xinetd(a, 1, "service a\n{\n\tuser = root daemon\n}\n", &line));
	DW_CHECK(!xinetd(a, 1, "service a\n{\n\tuser += root\n}\n", &line));
	DW_CHECK(!xinetd(a, 1, "service a\n{\n#\tuser = root\n}\n", &line));
	/* a block without a brace must not reach into the next one */
	DW_CHECK(!xinetd(a, 1, "service a\nservice b\n{\n\tuser = root\n}\n", &line));
}

DW_TEST(options_with_which_root_is_needed)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const char *const options[] = { "-s", "--secure", NULL }, *const none[] = { NULL };

	DW_CHECK(dw_user_has_option(a, "/usr/sbin/in.tftpd in.tftpd -s /srv", options));
	DW_CHECK(dw_user_has_option(a, "in.tftpd -ls /srv", options));
	DW_CHECK(dw_user_has_option(a, "in.tftpd --secure /srv", options));
	DW_CHECK(!dw_user_has_option(a, "/usr/sbin/in.tftpd in.tftpd /srv/-s", options));
	DW_CHECK(!dw_user_has_option(a, "in.tftpd --silent", options));
	DW_CHECK(!dw_user_has_option(a, "in.tftpd -s", none));
	DW_CHECK(!dw_user_has_option(a, "", options));
}

DW_TEST(what_a_block_says_of_a_key)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_bytes t =
		bytes(a, "service a\n{\n\tserver_args = -l\n\tserver_args = -s /srv\n}\n");

	DW_CHECK_STR(dw_user_xinetd_value(a, &t, 1, "server_args"), "-l -s /srv");
	DW_CHECK_STR(dw_user_xinetd_value(a, &t, 1, "server"), "");
}

DW_TEST_MAIN
