/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"
#include "xinetd_conf.h"

static struct world lab(const char *const *options)
{
	struct world_process daemon = { .pid = 686,
					.ppid = 1,
					.exe = "/usr/sbin/xinetd",
					.argv = { "/usr/sbin/xinetd", "-stayalive" } };
	struct world w = world_new();

	for (size_t i = 0; options && options[i]; i++)
		daemon.argv[2 + i] = options[i];
	world_process(&w, &(struct world_process){
				  .pid = 1, .argv = { "init" }, .exe = "/usr/sbin/init" });
	world_process(&w, &daemon);
	world_file(&w, "/usr/sbin/xinetd", "");
	world_file(&w, "/usr/sbin/telnetd", "");
	world_file(&w, "/bin/cat", "");
	world_file(&w, "/etc/services",
		   "daytime 13/tcp\ndaytime 13/udp\necho 7/tcp\nchargen 19/tcp\ntelnet 23/tcp\n"
		   "finger 79/tcp\ntalk 517/udp\n");
	world_file(&w, "/etc/xinetd.conf",
		   "# lab\ndefaults\n{\n\tlog_type = SYSLOG daemon info\n"
		   "\tdisabled = chargen-stream\n}\n\nincludedir /etc/xinetd.d\n");
	world_file(&w, "/etc/inetd.conf",
		   "# with -inetd_compat\n"
		   "finger stream tcp nowait nobody /usr/sbin/in.fingerd in.fingerd\n");
	return w;
}

/* A block with the lines given, in a file of its own. */
static void block(struct world *w, const char *file, const char *name, const char *lines)
{
	char path[128], text[1024];

	snprintf(path, sizeof(path), "/etc/xinetd.d/%s", file);
	snprintf(text, sizeof(text), "# a comment\nservice %s\n{\n%s}\n", name, lines);
	world_file(w, path, text);
}

#define INTERNAL "\ttype = INTERNAL\n\tuser = root\n"
#define CAT                                                                                        \
	"\tsocket_type = stream\n\tprotocol = tcp\n\twait = no\n\tuser = nobody\n\tserver = "      \
	"/bin/cat\n"

static void expect(struct world *w, struct dw_endpoint at, const char *id, const char *source)
{
	struct dw_starter got = world_claim(w, &dw_starter_xinetd, 686, at);

	/* a line of inetd.conf is inetd's kind of thing, whoever reads it */
	DW_CHECK_INT(got.kind,
		     strstr(source, "inetd.conf:2") ? DW_STARTER_INETD : DW_STARTER_XINETD);
	DW_CHECK_STR(got.id, id);
	DW_CHECK_STR(got.source, source);
	DW_CHECK_INT(got.confidence, DW_CONFIDENCE_CERTAIN);
}

DW_TEST(the_daemon_holds_what_its_blocks_ask_for)
{
	static const int holders[] = { 686, 0 };
	static const char *const compat[] = { "-inetd_compat", "-inetd_ipv6", NULL };
	struct world w = lab(compat);

	world_file(&w, "/etc/xinetd.d/daytime",
		   "service daytime\n{\n" INTERNAL
		   "\tid = daytime-stream\n\tsocket_type = stream\n\twait = no\n}\n"
		   "service daytime\n{\n" INTERNAL
		   "\tid = daytime-dgram\n\tsocket_type = dgram\n\twait = yes\n}\n");
	block(&w, "telnet", "telnet",
	      "\tdisable = no\n\tsocket_type = stream\n\twait = no\n\tuser = root\n"
	      "\tserver = /usr/sbin/telnetd\n");
	block(&w, "labcat", "labcat", "\ttype = UNLISTED\n\tport = 8220\n\tbind = 127.0.0.1\n" CAT);
	block(&w, "lab6", "lab6", "\ttype = UNLISTED\n\tport = 8221\n\tflags = IPv6\n" CAT);
	DW_CHECK_INT(world_load(&w, &dw_starter_xinetd, "sysvinit", holders), 0);
	expect(&w, world_at(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 13), "daytime",
	       "/etc/xinetd.d/daytime:1");
	expect(&w, world_at(DW_PROTOCOL_UDP, DW_FAMILY_DUAL, "::", 13), "daytime",
	       "/etc/xinetd.d/daytime:9");
	expect(&w, world_at(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 23), "telnet",
	       "/etc/xinetd.d/telnet:2");
	expect(&w, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "127.0.0.1", 8220), "labcat",
	       "/etc/xinetd.d/labcat:2");
	expect(&w, world_at(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 8221), "lab6",
	       "/etc/xinetd.d/lab6:2");
	expect(&w, world_at(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 79), "finger",
	       "/etc/inetd.conf:2");
	/* what no file asks for any more is still xinetd's, and says so */
	expect(&w, world_at(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 4444), "4444",
	       "/etc/xinetd.conf");
	DW_CHECK_INT(w.facts->incomplete.n, 0);
	world_free(&w);
}

DW_TEST(what_is_off_is_not_listed)
{
	struct world w = lab(NULL);
	const struct dw_sleeper_fact *f;

	block(&w, "off", "laboff", "\tdisable = yes\n\ttype = UNLISTED\n\tport = 8222\n" CAT);
	block(&w, "dot.conf", "labdot", "\ttype = UNLISTED\n\tport = 8223\n" CAT);
	block(&w, "copy~", "labcopy", "\ttype = UNLISTED\n\tport = 8224\n" CAT);
	block(&w, "chargen", "chargen",
	      INTERNAL "\tid = chargen-stream\n\tsocket_type = stream\n\twait = no\n");
	block(&w, "mux", "labmux", "\ttype = TCPMUX UNLISTED\n" CAT);
	block(&w, "on", "labon", "\ttype = UNLISTED\n\tport = 8225\n\tbind = ::1\n" CAT);
	DW_CHECK_INT(world_load(&w, &dw_starter_xinetd, "sysvinit", NULL), 0);
	DW_CHECK_INT(dw_starter_xinetd.list(&w.s, w.state, NULL), 0);
	DW_CHECK_INT(w.facts->sleepers.n, 1);
	f = world_sleeper(&w, "labon", DW_PROTOCOL_TCP);
	DW_CHECK(f && f->at.port == 8225 && f->at.family == DW_FAMILY_IPV6 &&
		 f->at.address[15] == 1);
	DW_CHECK(f && f->starter.running == DW_NO && f->starter.enabled == DW_UNKNOWN);
	DW_CHECK_STR(f ? f->program : NULL, "/bin/cat");
	DW_CHECK_STR(f ? f->starter.source : NULL, "/etc/xinetd.d/on:2");
	world_free(&w);
}

DW_TEST(enabled_and_disabled_lists)
{
	struct world w = lab(NULL);

	world_file(&w, "/etc/xinetd.conf",
		   "defaults\n{\n\tenabled = a b\n\tenabled += c\n\tdisabled = b\n"
		   "\tbind = 10.0.0.1\n}\nincludedir /etc/xinetd.d\ninclude /etc/more\n");
	block(&w, "a", "a", "\ttype = UNLISTED\n\tport = 1\n" CAT);
	block(&w, "b", "b", "\ttype = UNLISTED\n\tport = 2\n" CAT);
	block(&w, "c", "x", "\tid = c\n\ttype = UNLISTED\n\tport = 3\n" CAT);
	block(&w, "d", "d", "\ttype = UNLISTED\n\tport = 4\n" CAT);
	world_file(&w, "/etc/more", "include /etc/more\ninclude /etc/xinetd.conf\n");
	DW_CHECK_INT(world_load(&w, &dw_starter_xinetd, "sysvinit", NULL), 0);
	DW_CHECK_INT(dw_starter_xinetd.list(&w.s, w.state, NULL), 0);
	DW_CHECK_INT(w.facts->sleepers.n, 2);
	DW_CHECK(world_sleeper(&w, "a", DW_PROTOCOL_TCP) &&
		 world_sleeper(&w, "x", DW_PROTOCOL_TCP));
	DW_CHECK_INT(w.facts->sleepers.v[0].at.address[0], 10);
	world_free(&w);
}

DW_TEST(debians_default_file_says_compat)
{
	struct world w = lab(NULL);

	world_file(&w, "/etc/default/xinetd", "# INETD_COMPAT=No\nINETD_COMPAT=Yes\n");
	world_link(&w, "root/etc/rc2.d/S01xinetd", "../init.d/xinetd");
	world_file(&w, "/etc/init.d/xinetd", "");
	DW_CHECK_INT(world_load(&w, &dw_starter_xinetd, "sysvinit", NULL), 0);
	DW_CHECK_INT(dw_starter_xinetd.list(&w.s, w.state, NULL), 0);
	DW_CHECK_INT(w.facts->sleepers.n, 1);
	DW_CHECK_STR(w.facts->sleepers.v[0].starter.source, "/etc/inetd.conf:2");
	DW_CHECK_INT(w.facts->sleepers.v[0].starter.enabled, DW_YES);
	world_free(&w);
}

DW_TEST(a_forwarding_block_says_where_to)
{
	static const int holders[] = { 686, 0 };
	struct world w = lab(NULL);
	struct dw_starter got;

	block(&w, "f", "fwd",
	      "\ttype = UNLISTED\n\tport = 9\n\tsocket_type = stream\n\tprotocol = tcp\n\twait = "
	      "no\n"
	      "\tuser = nobody\n\tredirect = 10.1.1.1 80\n");
	DW_CHECK_INT(world_load(&w, &dw_starter_xinetd, "sysvinit", holders), 0);
	got = world_claim(&w, &dw_starter_xinetd, 686,
			  world_at(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 9));
	DW_CHECK_STR(got.id, "fwd");
	DW_CHECK_STR(got.also, "forwards to 10.1.1.1 port 80");
	world_free(&w);
}

DW_TEST(children_of_xinetd)
{
	static const int holders[] = { 686, 0 };
	struct world w = lab(NULL);
	struct dw_endpoint talk = world_at(DW_PROTOCOL_UDP, DW_FAMILY_DUAL, "::", 517);

	block(&w, "talk", "talk",
	      "\tsocket_type = dgram\n\twait = yes\n\tuser = root\n\tserver = /usr/sbin/telnetd\n");
	world_process(&w, &(struct world_process){ .pid = 700,
						   .ppid = 686,
						   .exe = "/usr/sbin/telnetd",
						   .argv = { "telnetd" } });
	world_process(&w, &(struct world_process){ .pid = 701,
						   .ppid = 1,
						   .exe = "/usr/sbin/telnetd",
						   .argv = { "telnetd" } });
	world_process(&w, &(struct world_process){
				  .pid = 702, .ppid = 1, .exe = "/bin/other", .argv = { "o" } });
	DW_CHECK_INT(world_load(&w, &dw_starter_xinetd, "sysvinit", holders), 0);
	DW_CHECK_INT(world_claim(&w, &dw_starter_xinetd, 700, talk).confidence,
		     DW_CONFIDENCE_CERTAIN);
	DW_CHECK_INT(world_claim(&w, &dw_starter_xinetd, 701, talk).confidence,
		     DW_CONFIDENCE_LIKELY);
	DW_CHECK_INT(world_claim(&w, &dw_starter_xinetd, 702, talk).kind, DW_STARTER_UNKNOWN);
	world_free(&w);
}

DW_TEST(malformed_blocks_are_told_and_the_rest_is_used)
{
	struct world w = lab(NULL);

	world_file(
		&w, "/etc/xinetd.conf",
		"service a\n{\n\ttype=UNLISTED\n\tport = 1\n" CAT "}\n" /* 3: no blanks */
		"service b {\n\ttype = UNLISTED\n}\n"                   /* 11: { on the same line */
		"nonsense\n}\n"                                         /* 14 */
		"service\n{\n}\n"                                       /* 16 */
		"service c\n{\n\ttype = UNLISTED\n\tport = 3\n" CAT "}\n" /* good */
		"service d\n{\n\ttype = UNLISTED\n\tport = 4\n\tsocket_type = stream\n}\n" /* no wait */
		"service e\n{\n\ttype = UNLISTED\n");
	DW_CHECK_INT(world_load(&w, &dw_starter_xinetd, "sysvinit", NULL), 0);
	DW_CHECK_INT(dw_starter_xinetd.list(&w.s, w.state, NULL), 0);
	DW_CHECK_INT(w.facts->sleepers.n, 1);
	DW_CHECK(world_sleeper(&w, "c", DW_PROTOCOL_TCP) != NULL);
	DW_CHECK(world_note(&w, "/etc/xinetd.conf", 3) != NULL);
	DW_CHECK(world_note(&w, "/etc/xinetd.conf", 11) != NULL);
	DW_CHECK(world_note(&w, "/etc/xinetd.conf", 14) != NULL);
	DW_CHECK(world_note(&w, "/etc/xinetd.conf", 16) != NULL);
	DW_CHECK(world_note(&w, "/etc/xinetd.conf", 29) != NULL);
	DW_CHECK(world_note(&w, "/etc/xinetd.conf", 35) != NULL);
	world_free(&w);
}

DW_TEST_MAIN
