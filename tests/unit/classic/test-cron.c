/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crontab.h"
#include "match.h"
#include "world.h"

#define BARE "HOME=/root", "LOGNAME=root", "PATH=/usr/bin:/bin", "SHELL=/bin/sh"
#define UNIT .cgroup = "/system.slice/cron.service"
#define PY   .exe = "/usr/bin/python3.11"

/* Processes as real guests showed them. */
static const struct world_process lab_processes[] = {
	{ .pid = 1, .argv = { "init" }, .exe = "/usr/sbin/init" },
	{ .pid = 34, .ppid = 1, .exe = "/usr/sbin/cron", .argv = { "/usr/sbin/cron", "-f" }, UNIT },
	{ .pid = 38,
	  .ppid = 34,
	  .exe = "/usr/sbin/cron",
	  .argv = { "/usr/sbin/CRON", "-f" },
	  UNIT },
	{ .pid = 41, .ppid = 38, .exe = "/usr/bin/dash", .argv = { "/bin/sh", "-c", "x" }, UNIT },
	{ .pid = 45,
	  .ppid = 41,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/crontabd", "tcp", "0.0.0.0", "8130" },
	  UNIT },
	{ .pid = 53,
	  .ppid = 41,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/userd", "tcp", "127.0.0.1", "8131" },
	  UNIT,
	  .env = { "LOGNAME=pat" } },
	{ .pid = 500,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/kaped", "tcp", "0.0.0.0", "8132",
		    "daemon" },
	  UNIT,
	  .env = { BARE } },
	/* the same without systemd, its parent gone */
	{ .pid = 501,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/kaped", "tcp", "0.0.0.0", "8132",
		    "daemon" },
	  .env = { BARE } },
	{ .pid = 502,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/kaped", "tcp", "0.0.0.0", "8132",
		    "daemon" },
	  .env = { BARE, "SSH_CONNECTION=10.0.0.1 1 10.0.0.2 22" } },
	{ .pid = 503,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/kaped", "tcp", "0.0.0.0", "8132",
		    "daemon" },
	  .env = { BARE, "RUNLEVEL=2", "PREVLEVEL=N" } },
	{ .pid = 504,
	  .ppid = 1,
	  .exe = "/usr/bin/nc.openbsd",
	  .argv = { "nc", "-k", "-l", "31337" },
	  .env = { BARE } },
	{ .pid = 505,
	  .ppid = 41,
	  .exe = "/opt/strange",
	  .argv = { "strange" },
	  UNIT,
	  .env = { BARE } },
	{ .pid = 508,
	  .ppid = 41,
	  .exe = "/opt/strange",
	  .argv = { "strange" },
	  UNIT,
	  .env = { "LOGNAME=pat" } },
	{ .pid = 506,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/kaped" },
	  .cgroup = "/system.slice/kaped.service",
	  .env = { BARE } },
	{ .pid = 507,
	  .ppid = 1,
	  .exe = "/usr/bin/dailyd",
	  .argv = { "/usr/bin/dailyd", "-p", "1" },
	  UNIT },
	{ .pid = 520,
	  .ppid = 1,
	  .exe = "/usr/bin/partd",
	  .argv = { "/usr/bin/partd", "-p", "2" },
	  UNIT },
};

static struct world lab(void)
{
	struct world w = world_new();

	for (size_t i = 0; i < DW_ARRAY_SIZE(lab_processes); i++)
		world_process(&w, &lab_processes[i]);
	world_file(&w, "/etc/crontab",
		   "SHELL=/bin/sh\n17 * * * * root cd / && run-parts /etc/cron.hourly\n");
	world_file(&w, "/etc/cron.d/lab-boot",
		   "SHELL=/bin/sh\n@reboot root /usr/local/sbin/crontabd tcp 0.0.0.0 8130\n"
		   "@reboot root /usr/local/sbin/crontabd udp 0.0.0.0 8139\n");
	world_file(&w, "/etc/cron.d/lab-keepalive",
		   "# keep\n* * * * * root /usr/local/sbin/keepalive\n");
	world_file(&w, "/usr/local/sbin/keepalive",
		   "#!/bin/sh\npgrep -x kaped >/dev/null || { setsid /usr/local/sbin/kaped tcp "
		   "0.0.0.0 8132 daemon "
		   "</dev/null >/dev/null 2>&1 & }\n");
	world_file(&w, "/etc/cron.d/old.dpkg-old",
		   "@reboot root /usr/local/sbin/userd tcp 127.0.0.1 8131\n");
	world_file(&w, "/var/spool/cron/crontabs/pat",
		   "@reboot /usr/local/sbin/userd tcp 127.0.0.1 8131\n");
	world_file(&w, "/var/spool/cron/crontabs/root", "# (x)\n\n@reboot nc -k -l 31337\n");
	world_file(&w, "/etc/cron.daily/lab",
		   "#!/bin/sh\nset -e\n[ -x /usr/bin/dailyd ] || exit 0\n"
		   "/usr/bin/dailyd \\\n  -p 1\n");
	world_file(&w, "/etc/cron.d/lab-parts",
		   "* * * * * root cd / && run-parts --report -v /etc/cron.lab; true\n"
		   "5 * * * * root ( cd / && run-parts --report /etc/cron.daily )\n");
	world_file(&w, "/etc/cron.lab/agent",
		   "#!/bin/sh\npgrep -x partd >/dev/null || setsid /usr/bin/partd -p 2 &\n");
	return w;
}

static struct dw_starter expect(struct world *w, int pid, const char *id, const char *source,
				enum dw_confidence confidence)
{
	struct dw_starter got = world_claim(
		w, &dw_starter_cron, pid, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 1));

	DW_CHECK_INT(got.kind, id ? DW_STARTER_CRON : DW_STARTER_UNKNOWN);
	DW_CHECK_STR(got.id, id);
	DW_CHECK_STR(got.source, source);
	DW_CHECK_INT(got.confidence, confidence);
	return got;
}

DW_TEST(jobs_in_crons_cgroup)
{
	struct world w = lab();
	struct dw_starter got;

	DW_CHECK_INT(world_load(&w, &dw_starter_cron, "systemd", NULL), 0);
	got = expect(&w, 45, "/etc/cron.d/lab-boot", "/etc/cron.d/lab-boot:2",
		     DW_CONFIDENCE_CERTAIN);
	DW_CHECK_INT(got.enabled, DW_YES);
	DW_CHECK_INT(got.restarts, DW_NO);
	DW_CHECK_STR(got.also, "cron.service");
	expect(&w, 53, "/var/spool/cron/crontabs/pat", "/var/spool/cron/crontabs/pat:1",
	       DW_CONFIDENCE_CERTAIN);
	got = expect(&w, 500, "/etc/cron.d/lab-keepalive", "/etc/cron.d/lab-keepalive:2",
		     DW_CONFIDENCE_CERTAIN);
	DW_CHECK_INT(got.restarts, DW_YES);
	DW_CHECK(got.evidence && strstr(got.evidence, "/usr/local/sbin/keepalive, whose line 2"));
	expect(&w, 507, "/etc/cron.daily/lab", "/etc/cron.daily/lab:4", DW_CONFIDENCE_CERTAIN);
	/* a directory of one's own, which a line names */
	expect(&w, 520, "/etc/cron.lab/agent", "/etc/cron.lab/agent:2", DW_CONFIDENCE_CERTAIN);
	world_free(&w);
}

DW_TEST(a_job_without_a_line_is_crons_all_the_same)
{
	struct world w = lab();
	struct dw_starter got;

	DW_CHECK_INT(world_load(&w, &dw_starter_cron, "systemd", NULL), 0);
	got = expect(&w, 505, "cron", NULL, DW_CONFIDENCE_LIKELY); /* root has several tabs */
	expect(&w, 508, "/var/spool/cron/crontabs/pat", "/var/spool/cron/crontabs/pat",
	       DW_CONFIDENCE_LIKELY);
	DW_CHECK(got.evidence && strstr(got.evidence, "no crontab"));
	world_free(&w);
}

DW_TEST(orphans_need_crons_environment_and_a_line)
{
	struct world w = lab();

	DW_CHECK_INT(world_load(&w, &dw_starter_cron, "sysvinit", NULL), 0);
	expect(&w, 501, "/etc/cron.d/lab-keepalive", "/etc/cron.d/lab-keepalive:2",
	       DW_CONFIDENCE_LIKELY);
	expect(&w, 502, NULL, NULL, 0); /* came in by ssh */
	expect(&w, 503, NULL, NULL, 0); /* started by init */
	expect(&w, 504, "/var/spool/cron/crontabs/root", "/var/spool/cron/crontabs/root:3",
	       DW_CONFIDENCE_LIKELY);
	expect(&w, 506, NULL, NULL, 0); /* another unit answers for it */
	expect(&w, 34, NULL, NULL, 0);
	world_free(&w);
}

DW_TEST(two_lines_that_fit_are_not_certain)
{
	struct world w = lab();
	struct dw_starter got;

	world_file(&w, "/etc/cron.d/twin",
		   "@hourly root /usr/local/sbin/crontabd tcp 0.0.0.0 8130\n");
	DW_CHECK_INT(world_load(&w, &dw_starter_cron, "systemd", NULL), 0);
	got = expect(&w, 45, "/etc/cron.d/lab-boot", "/etc/cron.d/lab-boot:2",
		     DW_CONFIDENCE_LIKELY);
	DW_CHECK(got.evidence && strstr(got.evidence, "/etc/cron.d/twin:1 fits as well"));
	world_free(&w);
}

/* The wrapper is called by a relative path, and the program stands in a file that it reads. */
DW_TEST(a_wrapper_elsewhere_and_its_variables)
{
	struct world w = lab();
	struct dw_starter got;

	world_process(
		&w, &(struct world_process){ .pid = 600,
					     .ppid = 1,
					     PY,
					     .argv = { "/usr/bin/python3", "/usr/local/sbin/agentd",
						       "tcp", "::", "8340" },
					     UNIT,
					     .env = { BARE } });
	world_process(&w, &(struct world_process){ .pid = 601,
						   .ppid = 1,
						   .exe = "/opt/t/beat",
						   .argv = { "/opt/t/beat", "-q", "7" },
						   .env = { BARE } });
	world_file(&w, "/etc/cron.d/lab-agent",
		   "# keep\n\n@reboot root cd /opt/tools && ./start-agent -q >/dev/null 2>&1\n"
		   "@reboot root cd /opt/tools; cd ../t; bin/start\n");
	world_file(&w, "/opt/tools/start-agent",
		   "#!/bin/sh\n. ./agent.env\nsetsid \"$AGENT\" tcp :: $PORT </dev/null &\n");
	world_file(&w, "/opt/tools/agent.env", "AGENT=/usr/local/sbin/agentd\nPORT=8340\n");
	world_file(&w, "/opt/t/bin/start", "#!/bin/sh\nHERE=/opt/t\nexec \"${HERE}/beat\" -q 7\n");
	DW_CHECK_INT(world_load(&w, &dw_starter_cron, "systemd", NULL), 0);
	got = expect(&w, 600, "/etc/cron.d/lab-agent", "/etc/cron.d/lab-agent:3",
		     DW_CONFIDENCE_CERTAIN);
	DW_CHECK_INT(got.enabled, DW_YES);
	DW_CHECK(got.evidence && strstr(got.evidence, "runs /opt/tools/start-agent, whose line 3"));
	/* an orphan outside cron's cgroup: only the whole line will do */
	expect(&w, 601, "/etc/cron.d/lab-agent", "/etc/cron.d/lab-agent:4", DW_CONFIDENCE_LIKELY);
	world_free(&w);
}

static struct dw_cron_jobs parse(struct dw_facts *f, enum dw_crontab_form form, const char *text)
{
	struct dw_bytes bytes = { .data = dw_arena_strdup(f->arena, text), .n = strlen(text) };
	struct dw_cron_jobs jobs = { 0 };

	dw_crontab_parse(f, "tab", NULL, form, &bytes, &jobs);
	return jobs;
}

DW_TEST(forms_of_a_crontab)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_cron_jobs j = parse(
		f, DW_CRONTAB_USER,
		"PATH = /bin\n\"MAILTO\"=x\n# c\n\n*/5 1-3,7 * jan mon a b\\%c%stdin\n@daily x\n"
		"-0 0 * * * y\n\t@reboot\tz\n");

	DW_CHECK_INT(f->incomplete.n, 0);
	DW_CHECK_INT(j.n, 4);
	if (j.n == 4) {
		DW_CHECK_STR(j.v[0].command, "a b%c");
		DW_CHECK_INT(j.v[0].line, 5);
		DW_CHECK(!j.v[1].reboot && j.v[3].reboot);
		DW_CHECK_STR(j.v[3].command, "z");
	}
	j = parse(f, DW_CRONTAB_SYSTEM, "0 0 * * * www-data:www a\n");
	DW_CHECK(j.n == 1 && dw_streq(j.v[0].user, "www-data") && dw_streq(j.v[0].command, "a"));
	j = parse(f, DW_CRONTAB_ANACRON,
		  "START_HOURS_RANGE=3-22\n1\t5\tcron.daily\trun 100%\n@monthly 1 m x\n");
	DW_CHECK(j.n == 2 && dw_streq(j.v[0].command, "run 100%"));
	DW_CHECK_INT(f->incomplete.n, 0);
	dw_facts_free(f);
}

DW_TEST(bad_crontab_lines_are_told)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_cron_jobs j = parse(f, DW_CRONTAB_SYSTEM,
				      "@never root x\n* * * *\nsixty * * * * root x\n* * * * * "
				      "root\n0 0 * * * root ok\n");

	DW_CHECK_INT(j.n, 1);
	DW_CHECK_INT(f->incomplete.n, 4);
	for (unsigned i = 0; i < f->incomplete.n; i++)
		DW_CHECK_INT(f->incomplete.v[i].line, i + 1);
	dw_facts_free(f);
}

/* How well a line fits a command line; script and links left out. */
static struct dw_match fit(struct dw_arena *a, const char *exe, const char **argv, const char *line)
{
	struct dw_procinfo p = { .exe = exe, .argv = argv, .comm = "" };
	struct dw_match_process m;

	while (argv[p.argc])
		p.argc++;
	m = dw_match_process(a, &p);
	return dw_match_line(NULL, a, &m, line);
}

DW_TEST(lines_fit_or_do_not)
{
	struct dw_arena *a = dw_arena_new();
	const char *nc[] = { "nc", "-l", "80", NULL };
	const char *py[] = { "python3", "-m", "http.server", "8000", NULL };
	const char *script[] = { "/usr/bin/python3", "-u", "/opt/x.py", "--port", "1", NULL };
	const char *nginx[] = { "nginx: master process /usr/sbin/nginx -c /x", NULL };

	DW_CHECK(fit(a, "/usr/bin/nc.openbsd", nc, "cd /tmp && exec nc -l 80 >/dev/null 2>&1")
			 .whole);
	DW_CHECK(fit(a, "/usr/bin/nc.openbsd", nc, "sh -c 'nc -l 80'").whole);
	DW_CHECK(!fit(a, "/usr/bin/nc.openbsd", nc, "nc -l 81").whole);
	DW_CHECK(fit(a, "/usr/bin/nc.openbsd", nc, "nc -l 80").score >
		 fit(a, "/usr/bin/nc.openbsd", nc, "nc -l 81").score);
	DW_CHECK_INT(fit(a, "/usr/bin/nc.openbsd", nc, "# nc -l 80").score, 0);
	DW_CHECK_INT(fit(a, "/usr/bin/nc.openbsd", nc, "sync -l 80").score, 0);
	DW_CHECK(fit(a, "/usr/bin/python3.11", py, "python3 -m http.server 8000").whole);
	/* an interpreter's name alone says nothing */
	DW_CHECK_INT(fit(a, "/usr/bin/python3.11", py, "python3 /opt/y.py").score, 0);
	DW_CHECK_INT(fit(a, "/usr/bin/python3.11", script, "python3 /opt/y.py").score, 0);
	DW_CHECK(fit(a, "/usr/bin/python3.11", script, "python3 /opt/x.py --port 1").whole);
	DW_CHECK(fit(a, "/usr/bin/python3.11", script, "/opt/x.py --port $PORT").path);
	DW_CHECK(fit(a, "/usr/bin/nc.openbsd", nc, "P=80; nc -l $P").whole);
	DW_CHECK(!fit(a, "/usr/bin/nc.openbsd", nc, "P=81; nc -l \"$P\"").args);
	/* what the shell alone would know contradicts nothing */
	DW_CHECK(fit(a, "/usr/bin/nc.openbsd", nc, "P=81; test x && P=80; nc -l $P").args);
	DW_CHECK(fit(a, "/usr/bin/nc.openbsd", nc, "O='-l 80'; nc $O").args);
	DW_CHECK(fit(a, "/usr/bin/nc.openbsd", nc, "P=$(port); nc -l $P").args);
	DW_CHECK(fit(a, "/usr/bin/nc.openbsd", nc, "nc -l ${P}").args);
	DW_CHECK(fit(a, "/usr/sbin/nginx", nginx, "/usr/sbin/nginx -c /x").args);
	DW_CHECK(!fit(a, "/usr/sbin/nginx", nginx, "[ -x /usr/sbin/nginx ]").args);
	dw_arena_free(a);
}

DW_TEST_MAIN
