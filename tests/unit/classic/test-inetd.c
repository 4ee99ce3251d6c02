/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inetd_conf.h"
#include "world.h"

static const char services[] =
	"telnet 23/tcp\necho 7/tcp\necho 7/udp\ndaytime 13/tcp\nntalk 518/udp\n"
	"finger 79/tcp\ntftp 69/udp\n";

/* The file of a real guest; the line numbers count. */
static const char conf[] = "# lab: what inetd serves\n"
			   "telnet stream tcp nowait root /usr/sbin/telnetd telnetd\n"
			   "echo stream tcp nowait root internal\n"
			   "echo dgram udp wait root internal\n"
			   "#<off># daytime stream tcp nowait root internal\n"
			   "ntalk dgram udp wait root /usr/sbin/talkd talkd\n"
			   "finger stream tcp6 nowait nobody /usr/sbin/tcpd /usr/sbin/in.fingerd\n"
			   "127.0.0.1:7777 stream tcp nowait root /bin/cat cat\n"
			   "rstatd/1-5 dgram rpc/udp wait nobody /usr/sbin/rpc.rstatd rpc.rstatd\n";

static struct world lab(void)
{
	static const struct world_process processes[] = {
		{ .pid = 1,
		  .ppid = 0,
		  .exe = "/usr/lib/systemd/systemd",
		  .argv = { "/sbin/init" },
		  .cgroup = "/init.scope" },
		{ .pid = 52,
		  .ppid = 1,
		  .exe = "/usr/sbin/inetd",
		  .argv = { "/usr/sbin/inetd" },
		  .cgroup = "/system.slice/inetd.service" },
		{ .pid = 60,
		  .ppid = 52,
		  .exe = "/usr/sbin/talkd",
		  .argv = { "talkd" },
		  .cgroup = "/system.slice/inetd.service" },
		{ .pid = 61,
		  .ppid = 1,
		  .exe = "/usr/sbin/talkd",
		  .argv = { "talkd" },
		  .cgroup = "/system.slice/inetd.service" },
		{ .pid = 62, .ppid = 1, .exe = "/usr/sbin/talkd", .argv = { "talkd" } },
		{ .pid = 63, .ppid = 52, .exe = "/usr/sbin/in.fingerd", .argv = { "in.fingerd" } },
		{ .pid = 64, .ppid = 52, .exe = "/usr/sbin/telnetd", .argv = { "telnetd" } },
		{ .pid = 65, .ppid = 64, .exe = "/bin/nc", .argv = { "nc", "-l", "99" } },
		{ .pid = 66, .ppid = 1, .exe = "/usr/bin/nc", .argv = { "inetd" } },
	};
	struct world w = world_new();

	for (size_t i = 0; i < DW_ARRAY_SIZE(processes); i++)
		world_process(&w, &processes[i]);
	world_file(&w, "/etc/services", services);
	world_file(&w, "/etc/inetd.conf", conf);
	world_file(&w, "/usr/sbin/inetd", "");
	world_file(&w, "/lib/systemd/system/inetd.service", "");
	return w;
}

static void expect(struct world *w, int pid, struct dw_endpoint at, const char *id,
		   const char *source)
{
	struct dw_starter got = world_claim(w, &dw_starter_inetd, pid, at);

	DW_CHECK_INT(got.kind, id ? DW_STARTER_INETD : DW_STARTER_UNKNOWN);
	DW_CHECK_STR(got.id, id);
	DW_CHECK_STR(got.source, source);
}

DW_TEST(the_daemon_holds_what_its_lines_ask_for)
{
	static const int holders[] = { 52, 0 };
	struct world w = lab();
	struct dw_starter got;

	DW_CHECK_INT(world_load(&w, &dw_starter_inetd, "systemd", holders), 0);
	expect(&w, 52, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 23), "telnet",
	       "/etc/inetd.conf:2");
	expect(&w, 52, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV6, "::", 23), "telnet",
	       "/etc/inetd.conf:2");
	expect(&w, 52, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 7), "echo",
	       "/etc/inetd.conf:3");
	expect(&w, 52, world_at(DW_PROTOCOL_UDP, DW_FAMILY_IPV4, "0.0.0.0", 7), "echo",
	       "/etc/inetd.conf:4");
	expect(&w, 52, world_at(DW_PROTOCOL_UDP, DW_FAMILY_DUAL, "::", 7), "echo",
	       "/etc/inetd.conf:4");
	expect(&w, 52, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV6, "::", 79), "finger",
	       "/etc/inetd.conf:7");
	expect(&w, 52, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "127.0.0.1", 7777), "7777",
	       "/etc/inetd.conf:8");
	/* a portmapped port is nobody's else */
	expect(&w, 52, world_at(DW_PROTOCOL_UDP, DW_FAMILY_IPV4, "0.0.0.0", 39000), "rstatd",
	       "/etc/inetd.conf:9");
	got = world_claim(&w, &dw_starter_inetd, 52,
			  world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV6, "::", 79));
	DW_CHECK_INT(got.confidence, DW_CONFIDENCE_CERTAIN);
	DW_CHECK_INT(got.enabled, DW_NO);
	DW_CHECK_STR(got.program, "/usr/sbin/in.fingerd");
	DW_CHECK_STR(got.also, "inetd.service");
	world_free(&w);
}

DW_TEST(a_line_that_was_taken_out_is_said_so)
{
	static const int holders[] = { 52, 0 };
	struct world w = lab();
	struct dw_starter got;

	DW_CHECK_INT(world_load(&w, &dw_starter_inetd, "systemd", holders), 0);
	got = world_claim(&w, &dw_starter_inetd, 52,
			  world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 13));
	DW_CHECK_INT(got.kind, DW_STARTER_INETD);
	DW_CHECK_STR(got.id, "13");
	DW_CHECK_STR(got.source, "/etc/inetd.conf");
	DW_CHECK_INT(got.enabled, DW_NO);
	/* IPv4 was not asked for by a tcp6 line */
	got = world_claim(&w, &dw_starter_inetd, 52,
			  world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 79));
	DW_CHECK_STR(got.id, "79");
	world_free(&w);
}

DW_TEST(children_hold_the_socket_of_a_wait_line)
{
	static const int holders[] = { 52, 0 };
	struct dw_endpoint ntalk = world_at(DW_PROTOCOL_UDP, DW_FAMILY_IPV4, "0.0.0.0", 518);
	struct world w = lab();

	DW_CHECK_INT(world_load(&w, &dw_starter_inetd, "systemd", holders), 0);
	expect(&w, 60, ntalk, "ntalk", "/etc/inetd.conf:6");
	expect(&w, 61, ntalk, "ntalk", "/etc/inetd.conf:6");
	DW_CHECK_INT(world_claim(&w, &dw_starter_inetd, 61, ntalk).confidence,
		     DW_CONFIDENCE_CERTAIN);
	expect(&w, 62, ntalk, "ntalk", "/etc/inetd.conf:6");
	DW_CHECK_INT(world_claim(&w, &dw_starter_inetd, 62, ntalk).confidence,
		     DW_CONFIDENCE_LIKELY);
	/* a door that the line's program opened by itself; what a person ran through telnet is not inetd's */
	expect(&w, 63, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 4000), "finger",
	       "/etc/inetd.conf:7");
	expect(&w, 65, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 99), NULL, NULL);
	/* somebody who only calls himself inetd */
	expect(&w, 66, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 23), NULL, NULL);
	world_free(&w);
}

DW_TEST(the_command_line_names_the_file)
{
	static const int holders[] = { 52, 0 };
	struct world w = lab();

	world_process(&w, &(struct world_process){ .pid = 70,
						   .ppid = 1,
						   .exe = "/bin/busybox",
						   .argv = { "busybox", "inetd", "-f", "-q", "9",
							     "/etc/my.conf" } });
	world_file(&w, "/etc/my.conf", "8080 stream tcp nowait root /bin/cat cat\n");
	DW_CHECK_INT(world_load(&w, &dw_starter_inetd, "systemd", holders), 0);
	expect(&w, 70, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 8080), "8080",
	       "/etc/my.conf:1");
	world_free(&w);
}

DW_TEST(lines_sleep_while_the_daemon_does_not_run)
{
	struct world w = lab();
	const struct dw_sleeper_fact *f;

	world_link(&w, "root/etc/systemd/system/multi-user.target.wants/inetd.service",
		   "/lib/systemd/system/inetd.service");
	DW_CHECK_INT(world_load(&w, &dw_starter_inetd, "systemd", NULL), 0);
	DW_CHECK_INT(dw_starter_inetd.list(&w.s, w.state, NULL), 0);
	DW_CHECK_INT(w.facts->sleepers.n, 7);
	f = world_sleeper(&w, "finger", DW_PROTOCOL_TCP);
	DW_CHECK(f && f->at.port == 79 && f->at.family == DW_FAMILY_IPV6);
	DW_CHECK(f && f->starter.enabled == DW_YES && f->starter.running == DW_NO);
	DW_CHECK_STR(f ? f->program : NULL, "/usr/sbin/in.fingerd");
	f = world_sleeper(&w, "7777", DW_PROTOCOL_TCP);
	DW_CHECK(f && f->at.family == DW_FAMILY_IPV4 && f->at.address[0] == 127 &&
		 f->at.address[3] == 1);
	f = world_sleeper(&w, "telnet", DW_PROTOCOL_TCP);
	DW_CHECK(f && f->at.family == DW_FAMILY_DUAL);
	f = world_sleeper(&w, "rstatd", DW_PROTOCOL_UDP);
	DW_CHECK(f && !f->at.has_port);
	DW_CHECK(!world_sleeper(&w, "daytime", DW_PROTOCOL_TCP));
	world_free(&w);
}

DW_TEST(without_an_inetd_the_file_is_dead)
{
	struct world w = world_new();

	world_file(&w, "/etc/inetd.conf", conf);
	DW_CHECK_INT(world_load(&w, &dw_starter_inetd, "sysvinit", NULL), -ENOENT);
	world_free(&w);
}

static struct dw_inetd_lines parse(struct dw_facts *f, const char *text)
{
	struct dw_bytes bytes = { .data = dw_arena_strdup(f->arena, text), .n = strlen(text) };
	struct dw_inetd_lines lines = { 0 };

	dw_inetd_parse(f, "/etc/inetd.conf", &bytes, &lines);
	return lines;
}

DW_TEST(forms_of_a_line)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_inetd_lines l =
		parse(f, "[::1]:80 stream tcp6 nowait.40 www-data.www /bin/a a -x\n"
			 "10.0.0.1:\n"
			 "81\tstream\ttcp\tnowait\troot\t/bin/b\n"
			 "*:82 dgram udp4 wait root:adm internal\n"
			 "*:\n"
			 "83 stream tcp46,sndbuf=1m nowait root /bin/c\n"
			 "\t-more words\n"
			 "tcpmux/x stream tcp nowait root /bin/d\n"
			 "/run/x.sock stream unix nowait root /bin/e\n"
			 "84 stream tcp nowait root /bin/f");

	DW_CHECK_INT(f->incomplete.n, 0);
	DW_CHECK_INT(l.n, 5);
	if (l.n == 5) {
		DW_CHECK_STR(l.v[0].address, "::1");
		DW_CHECK_STR(l.v[0].user, "www-data");
		DW_CHECK_INT(l.v[0].port, 80);
		DW_CHECK_STR(l.v[1].address, "10.0.0.1");
		DW_CHECK_INT(l.v[1].line, 3);
		DW_CHECK(l.v[2].wait && l.v[2].internal && l.v[2].family == DW_FAMILY_IPV4);
		DW_CHECK_STR(l.v[2].address, "*");
		DW_CHECK_STR(l.v[3].address, NULL);
		DW_CHECK_STR(l.v[3].arguments[1], "words");
		DW_CHECK_INT(l.v[3].family, DW_FAMILY_DUAL);
		DW_CHECK_INT(l.v[4].line, 10);
	}
	dw_facts_free(f);
}

/* Seen of openbsd-inetd and inetutils-inetd: a socket for each address; "localhost" and plain "tcp" is 127.0.0.1. */
DW_TEST(a_line_for_several_addresses_is_a_door_each)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_inetd_lines l = parse(f, "10.0.0.1,127.0.0.1:80 stream tcp nowait root /bin/a\n"
					   "localhost:81 stream tcp nowait root /bin/b\n"
					   "localhost:82 dgram udp6 wait root /bin/c\n"
					   "10.0.0.2,::1:\n"
					   "83 stream tcp nowait root /bin/d\n");
	static const struct {
		const char *address;
		unsigned port, line;
		bool again;
	} want[] = { { "10.0.0.1", 80, 1, false },  { "127.0.0.1", 80, 1, true },
		     { "127.0.0.1", 81, 2, false }, { "::1", 82, 3, false },
		     { "10.0.0.2", 83, 5, false },  { "::1", 83, 5, true } };

	DW_CHECK_INT(f->incomplete.n, 0);
	DW_CHECK_INT(l.n, DW_ARRAY_SIZE(want));
	for (size_t i = 0; i < DW_ARRAY_SIZE(want) && i < l.n; i++) {
		DW_CHECK_STR(l.v[i].address, want[i].address);
		DW_CHECK_INT(l.v[i].port, want[i].port);
		DW_CHECK_INT(l.v[i].line, want[i].line);
		DW_CHECK_INT(l.v[i].again, want[i].again);
	}
	dw_facts_free(f);
}

DW_TEST(bad_lines_are_told_and_the_rest_is_used)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_inetd_lines l = parse(f, "80 stream\n"
					   "81 strom tcp nowait root /bin/a\n"
					   "82 stream ipx nowait root /bin/a\n"
					   "83 stream tcp perhaps root /bin/a\n"
					   "84 stream rpc/tcp wait root /bin/a\n"
					   "85 stream tcp nowait root /bin/a\n"
					   ":\n:::\n\x01\xff\n");

	DW_CHECK_INT(l.n, 1);
	DW_CHECK_INT(l.v[0].port, 85);
	DW_CHECK(f->incomplete.n >= 5);
	for (unsigned i = 0; i < 5 && i < f->incomplete.n; i++) {
		DW_CHECK_INT(f->incomplete.v[i].line, i + 1);
		DW_CHECK_STR(f->incomplete.v[i].what, "bad-line");
		DW_CHECK_STR(f->incomplete.v[i].file, "/etc/inetd.conf");
	}
	dw_facts_free(f);
}

DW_TEST_MAIN
