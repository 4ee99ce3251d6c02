/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Init scripts, OpenRC and dpkg, as real programs of a made-up host. */
#include "namespace.h"

static const struct dw_state running = { .text = "running" }, stopped = { .text = "stopped" };

#define PATIENCE_MS 60000 /* however busy the machine is */

#define DAEMON "/usr/local/sbin/demod"

/* The daemon keeps the script's descriptors, as many do. start and stop as each script has them. */
#define START                                                                                      \
	"start)\n\t/usr/local/sbin/demod 1000 &\n\techo $! > /run/truth.pid\n\techo $! > "         \
	"/run/demo.pid\n\t;;\n"
#define STOP                                                                                       \
	"stop)\n\tkill `cat /run/truth.pid` 2> /dev/null\n\trm -f /run/truth.pid "                 \
	"/run/demo.pid\n\t;;\n"
#define USAGE  "*)\n\techo \"Usage: $0 {start|stop|status}\"\n\texit 3\nesac\n"
#define STATUS "status)\n\tkill -0 `cat /run/truth.pid 2> /dev/null` 2> /dev/null || exit 3\n\t;;\n"

static const char *truth(void *arg)
{
	char path[64], state = 'Z';
	FILE *f = fopen("/run/truth.pid", "r");
	int pid = 0;

	while (waitpid(-1, NULL, WNOHANG) > 0) /* what outlived its script is our child */
		;
	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		(void)fclose(f);
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = pid > 0 ? fopen(path, "r") : NULL;
	if (f && fscanf(f, "%*d %*s %c", &state) != 1)
		state = 'Z';
	if (f)
		(void)fclose(f);
	return state == 'Z' ? "stopped" : "running";
}

static void copy_program(const char *from, const char *to)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { 0 };
	_cleanup_fd_ int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	DW_CHECK_INT(dw_fd_read_all(in, DW_FILE_MAX, a, &text), 0);
	DW_CHECK_INT(write(out, text.data, text.n), text.n);
}

static void open_script(struct rig *r, const char *object, const char *place, const char *text)
{
	*r = (struct rig){ .object = object, .truth = truth, .sw.grace_ms = PATIENCE_MS };
	(void)unlink("/run/truth.pid");
	if (access(DAEMON, F_OK) < 0)
		copy_program("/bin/sleep", DAEMON);
	rig_put(place, "", 0755, text);
	rig_open(r, "sysv", NULL);
}

static void there_and_back(const char *object, const char *place, const char *text)
{
	struct rig r;

	open_script(&r, object, place, text);
	DW_CHECK_STR(rig_state(&r).text, "stopped");
	DW_CHECK(rig_go(&r, &running));
	rig_contract(&r, &stopped);
	DW_CHECK(rig_go(&r, &stopped));
	rig_contract(&r, &running);
	rig_close(&r);
}

static void all_kinds_of_scripts(void)
{
	there_and_back("asked", "/etc/init.d/asked",
		       "#!/bin/sh\ncase \"$1\" in\n" START STOP STATUS USAGE);
	/* no action status: the usage leaves with 3, which would be "not running" */
	there_and_back("named", "/etc/init.d/named",
		       "#!/bin/sh\nPIDFILE=/run/demo.pid\ncase \"$1\" in\n" START STOP USAGE);
	there_and_back("header", "/etc/rc.d/init.d/header",
		       "#!/bin/sh\n# pidfile: /run/demo.pid\ncase \"$1\" in\n" START STOP USAGE);
	if (namespace_is_root) /* a user may not look what others run */
		there_and_back("program", "/etc/init.d/program",
			       "#!/bin/sh\nDAEMON=" DAEMON "\ncase \"$1\" in\n" START STOP USAGE);
	/* Slackware */
	there_and_back("rc.demo", "/etc/rc.d/rc.demo",
		       "#!/bin/sh\nDAEMON=" DAEMON "\ncase \"$1\" in\n" START STOP "esac\n");
}

DW_TEST(scripts_stop_and_start_what_they_run)
{
	namespace_run(all_kinds_of_scripts);
}

static void a_clean_world(void)
{
	struct rig r;
	struct dw_bytes text = { 0 };

	open_script(
		&r, "env", "/etc/init.d/env",
		"#!/bin/sh\ncase \"$1\" in\nstart) env | grep -v ^_ | sort > /run/env; pwd >> "
		"/run/env; echo 1 > /run/truth.pid;;\nstatus) test -e /run/truth.pid || exit 1;;\n"
		"esac\n");
	r.truth = NULL;
	DW_CHECK_INT(setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22", 1), 0);
	DW_CHECK(rig_go(&r, &running));
	DW_CHECK_INT(dw_sys_file_read(r.sw.sys, "/run/env", 4096, r.sw.arena, &text, &r.e), 0);
	DW_CHECK_STR(text.data, "PATH=/sbin:/usr/sbin:/bin:/usr/bin\nPWD=/\nTERM=dumb\n/\n");
	rig_close(&r);
}

DW_TEST(a_script_sees_nothing_of_who_runs_doorward)
{
	namespace_run(a_clean_world);
}

static void stubborn_scripts(void)
{
	struct rig r;

	open_script(&r, "fails", "/etc/init.d/fails",
		    "#!/bin/sh\ncase \"$1\" in\n" START STATUS
		    "stop) echo first; printf 'no \\033[31mway\\n\\n'; exit 1;;\n" USAGE);
	DW_CHECK(rig_go(&r, &running));
	DW_CHECK_INT(rig_set(&r, &running, &stopped), -EIO);
	DW_CHECK(strstr(r.e.message, "fails stop (exit status 1): no \\x1b[31mway") != NULL);
	DW_CHECK_STR(rig_state(&r).text, "running");
	rig_close(&r);

	open_script(&r, "lies", "/etc/init.d/lies",
		    "#!/bin/sh\ncase \"$1\" in\n" START STATUS "stop) exit 0;;\n" USAGE);
	DW_CHECK(rig_go(&r, &running));
	r.sw.grace_ms = 1000;
	DW_CHECK_INT(rig_set(&r, &running, &stopped), -ETIMEDOUT);
	r.sw.grace_ms = PATIENCE_MS;
	DW_CHECK_STR(rig_state(&r).text, "running");
	rig_close(&r);

	open_script(&r, "hangs", "/etc/init.d/hangs",
		    "#!/bin/sh\ncase \"$1\" in\n" START STATUS "stop) sleep 600;;\n" USAGE);
	DW_CHECK(rig_go(&r, &running));
	r.sw.grace_ms = 1000;
	DW_CHECK_INT(rig_set(&r, &running, &stopped), -ETIMEDOUT);
	rig_close(&r);

	/* exit status 1, and it did stop: that is what counts */
	open_script(&r, "grumbles", "/etc/init.d/grumbles",
		    "#!/bin/sh\ncase \"$1\" in\n" START STATUS
		    "stop) kill `cat /run/truth.pid`; rm /run/truth.pid; exit 1;;\n" USAGE);
	DW_CHECK(rig_go(&r, &running));
	rig_contract(&r, &stopped);
	rig_close(&r);
}

DW_TEST(scripts_that_do_not_do_it_are_told_of)
{
	namespace_run(stubborn_scripts);
}

static void odd_objects(void)
{
	static const char *const bad[] = { "", ".", "..", "../etc/init.d/x", "a/b", "-x" };
	struct dw_state now = { 0 }, odd = { .text = "gone" };
	struct rig r;

	open_script(&r, "blind", "/etc/init.d/blind", "#!/bin/sh\nexit 0\n");
	r.truth = NULL;
	DW_CHECK_INT(r.ops->state(&r.sw, "blind", &now, &r.e), -ENOTSUP);
	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++)
		DW_CHECK_INT(r.ops->state(&r.sw, bad[i], &now, &r.e), -EINVAL);
	DW_CHECK_INT(rig_set(&r, NULL, &odd), -EINVAL);
	r.object = "nobody";
	DW_CHECK_STR(rig_state(&r).text, "stopped");
	DW_CHECK(rig_go(&r, &stopped));
	DW_CHECK_INT(rig_set(&r, &stopped, &running), -ENOENT);
	rig_close(&r);
}

DW_TEST(scripts_that_are_not_there_or_tell_nothing)
{
	namespace_run(odd_objects);
}

static void failing_scripts(void)
{
	struct rig r;

	open_script(&r, "demo", "/etc/init.d/demo",
		    "#!/bin/sh\nPIDFILE=/run/demo.pid\ncase \"$1\" in\n" START STOP USAGE);
	DW_CHECK(rig_faults(&r, &stopped, &running, EIO, NULL) >= 3);
	DW_CHECK(rig_faults(&r, &running, &stopped, ENOMEM, NULL) >= 3);
	rig_close(&r);
}

DW_TEST(each_failure_leaves_a_script_at_one_of_the_two)
{
	namespace_run(failing_scripts);
}

/* --- OpenRC --------------------------------------------------------------------------------------- */

static const char *openrc_truth(void *arg)
{
	return access("/run/openrc/started/web", F_OK) == 0 ? "running" : "stopped";
}

static void openrc(void)
{
	struct rig r = { .object = "web", .truth = openrc_truth, .sw.grace_ms = PATIENCE_MS };

	rig_put("/run/openrc/started/web", "", 0644, "");
	rig_put("/run/openrc/started/stuck", "", 0644, "");
	rig_put("/usr/local/sbin/rc-service", "", 0755,
		"#!/bin/sh\ncase \"$1 $2\" in\n\"web stop\") rm /run/openrc/started/web;;\n"
		"\"web start\") : > /run/openrc/started/web;;\n"
		"*) echo \" * ERROR: $1 failed to $2\"; exit 1;;\nesac\n");
	rig_open(&r, "openrc", NULL);
	rig_contract(&r, &stopped);
	DW_CHECK(rig_faults(&r, &running, &stopped, EIO, NULL) >= 3);
	DW_CHECK(rig_faults(&r, &stopped, &running, EIO, NULL) >= 3);
	r.object = "stuck";
	r.truth = NULL;
	DW_CHECK_INT(rig_set(&r, &running, &stopped), -EIO);
	DW_CHECK(strstr(r.e.message, "* ERROR: stuck failed to stop") != NULL);
	DW_CHECK_STR(rig_state(&r).text, "running");
	rig_put("/run/openrc/inactive/net", "", 0644, "");
	r.object = "net";
	DW_CHECK_STR(rig_state(&r).text, "running");
	r.object = "../x";
	DW_CHECK_INT(rig_set(&r, &running, &stopped), -EINVAL);
	rig_close(&r);
}

DW_TEST(openrc_stops_and_starts)
{
	namespace_run(openrc);
}

/*
 * What start-stop-daemon does not find: a daemon that an interpreter runs. Its stop fails, and the process of the
 * pid file is ended; one that runs something else is not the service's, and is left.
 */
static pid_t interpreted(const char *program, const char *service)
{
	char path[128], text[32];
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, program, NULL);
		_exit(127);
	}
	(void)snprintf(path, sizeof(path), "/run/%s.pid", service);
	(void)snprintf(text, sizeof(text), "%d\n", pid);
	rig_put(path, "", 0644, text);
	return pid;
}

/* It is no fork of ours any more: its command line names that script. */
static bool runs(pid_t pid, const char *script)
{
	char path[64], text[256];
	size_t n = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	f = fopen(path, "r");
	if (f) {
		n = fread(text, 1, sizeof(text), f);
		(void)fclose(f);
	}
	return memmem(text, n, script, strlen(script)) != NULL;
}

static void openrc_service(const char *name, const char *command)
{
	char path[128], text[128];

	(void)snprintf(path, sizeof(path), "/run/openrc/started/%s", name);
	rig_put(path, "", 0644, "");
	(void)snprintf(path, sizeof(path), "/run/openrc/options/%s/command", name);
	rig_put(path, "", 0644, command);
	(void)snprintf(path, sizeof(path), "/run/openrc/options/%s/pidfile", name);
	(void)snprintf(text, sizeof(text), "/run/%s.pid", name);
	rig_put(path, "", 0644, text);
}

static void openrc_interpreted(void)
{
	struct rig r = { .object = "py", .sw.grace_ms = PATIENCE_MS };
	int status = 0;
	pid_t ours, other;

	rig_put("/usr/local/sbin/pyd", "", 0755, "#!/bin/sh\nwhile :; do sleep 0.1; done\n");
	rig_put("/usr/local/sbin/elsed", "", 0755, "#!/bin/sh\nwhile :; do sleep 0.1; done\n");
	rig_put("/usr/local/sbin/rc-service", "", 0755,
		"#!/bin/sh\n[ \"$2\" = zap ] && exec rm /run/openrc/started/$1\n"
		"echo \" * ERROR: $1 failed to $2\"; exit 1\n");
	rig_put("/etc/init.d/py", "", 0755, "#!/sbin/openrc-run\n");
	rig_put("/etc/init.d/stale", "", 0755, "#!/sbin/openrc-run\n");
	openrc_service("py", "/usr/local/sbin/pyd");
	openrc_service("stale", "/usr/local/sbin/pyd");
	ours = interpreted("/usr/local/sbin/pyd", "py");
	other = interpreted("/usr/local/sbin/elsed", "stale");
	DW_CHECK_SOON(runs(ours, "pyd") && runs(other, "elsed"));
	rig_open(&r, "openrc", NULL);
	r.object = "stale";
	DW_CHECK(rig_go(&r, &stopped));
	DW_CHECK_INT(waitpid(other, &status, WNOHANG), 0);
	r.object = "py";
	DW_CHECK(rig_go(&r, &stopped));
	DW_CHECK_INT(waitpid(ours, &status, 0), ours);
	DW_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	rig_close(&r);
	(void)kill(other, SIGKILL);
}

DW_TEST(openrc_ends_what_its_stop_does_not_find)
{
	namespace_run(openrc_interpreted);
}

/* --- packages ------------------------------------------------------------------------------------- */

#define STANZA(name, status, version, arch)                                                        \
	"Package: " name "\nStatus: " status "\nVersion: " version "\nArchitecture: " arch         \
	"\nDescription: x\n Package: other\n\n"

/*
 * One that is killed because it does not end has done its work. How long that takes on a busy machine nobody knows, so
 * it is given more each time; that it was killed is seen by its end, which is not reached.
 */
static void a_slow_package(struct rig *r)
{
	struct dw_state removed = { .text = "removed" };
	int code = -ETIMEDOUT;

	r->object = "slow";
	for (r->sw.grace_ms = 500; code == -ETIMEDOUT && r->sw.grace_ms < PATIENCE_MS;
	     r->sw.grace_ms *= 3)
		code = rig_set(r, NULL, &removed);
	DW_CHECK_INT(code, 0);
	r->sw.grace_ms = PATIENCE_MS;
	DW_CHECK_STR(rig_state(r).text, "removed");
	DW_CHECK(access("/run/slept", F_OK) < 0);
}

/* All with one call, or none when dpkg would leave some. */
static void several_packages(struct rig *r)
{
	struct dw_state two = { .text = "removed removed" },
			three = { .text = "removed removed removed" },
			back = { .text = "installed 1:1~a+b installed 2" };

	r->object = "one needed two";
	DW_CHECK_STR(rig_state(r).text, "installed 1:1~a+b installed 5 installed 2");
	DW_CHECK_INT(rig_set(r, NULL, &three), -EIO);
	DW_CHECK(strstr(r->e.message, "dependency problems") != NULL);
	DW_CHECK_STR(rig_state(r).text, "installed 1:1~a+b installed 5 installed 2");
	r->object = "one two";
	DW_CHECK(rig_go(r, &two));
	DW_CHECK(rig_go(r, &two));
	DW_CHECK_INT(rig_set(r, NULL, &back), -ENOTSUP);
	DW_CHECK(strstr(r->e.message, "`apt install two=2 one=1:1~a+b`") != NULL);
	a_slow_package(r);
	r->object = "one -x";
	DW_CHECK_INT(rig_set(r, NULL, &two), -EINVAL);
}

static void package(void)
{
	struct dw_state removed = { .text = "removed" }, installed = { .text = "installed 1.2-3" };
	struct rig r = { .object = "telnetd", .sw.grace_ms = PATIENCE_MS };

	rig_put("/var/lib/dpkg/status", "", 0644,
		STANZA("telnet", "install ok installed", "9",
		       "amd64") STANZA("telnetd", "install ok installed", "1.2-3",
				       "all") STANZA("held", "hold ok half-configured", "2", "i386")
			STANZA("slow", "install ok installed", "7",
			       "all") STANZA("one", "install ok installed", "1:1~a+b", "amd64")
				STANZA("two", "install ok installed", "2", "amd64") STANZA(
					"half", "deinstall ok config-files", "4", "amd64")
					STANZA("needed", "install ok installed", "5", "all"));
	rig_put("/run/dpkg", "", 0755,
		"#!/bin/sh\nsimulate=; test \"$1\" = --simulate && { simulate=y; shift; }\n"
		"test \"$1\" = --remove || exit 9\nshift\n"
		/* as dpkg does: those that can go are removed, and the status says that not all were */
		"for p; do test \"$p\" = needed && { echo 'dependency problems'; bad=y; continue; "
		"}\n"
		"test $simulate || sed -i \"/^Package: $p\\$/,/^\\$/s/^Status: .*/Status: "
		"deinstall ok "
		"config-files/\" /var/lib/dpkg/status\n"
		"test $simulate || test \"$p\" != slow || { sleep 200; : > /run/slept; }\ntest "
		"\"$p\" = breaks && exit "
		"2\ndone\n"
		"test -z \"$bad\"\n");
	if (mount("/run/dpkg", "/usr/bin/dpkg", NULL, MS_BIND, NULL) < 0) {
		printf("no dpkg here: not looked at\n");
		return;
	}
	rig_open(&r, "package", NULL);
	DW_CHECK_STR(rig_state(&r).text, "installed 1.2-3");
	DW_CHECK(rig_go(&r, &removed));
	DW_CHECK(rig_go(&r, &removed));
	DW_CHECK_INT(rig_set(&r, &removed, &installed), -ENOTSUP);
	DW_CHECK(strstr(r.e.message, "`apt install telnetd=1.2-3`") != NULL);
	r.object = "held:i386";
	DW_CHECK_STR(rig_state(&r).text, "installed 2");
	r.object = "held:amd64";
	DW_CHECK_STR(rig_state(&r).text, "removed");
	r.object = "half";
	DW_CHECK_STR(rig_state(&r).text, "removed");
	r.object = "other";
	DW_CHECK_STR(rig_state(&r).text, "removed");
	r.object = "needed";
	DW_CHECK_INT(rig_set(&r, NULL, &removed), -EIO);
	DW_CHECK(strstr(r.e.message, "dependency problems") != NULL);
	DW_CHECK_STR(rig_state(&r).text, "installed 5");
	r.object = "-x";
	DW_CHECK_INT(rig_set(&r, NULL, &removed), -EINVAL);
	several_packages(&r);
	rig_close(&r);
}

DW_TEST(packages_are_removed_and_not_put_back)
{
	namespace_run(package);
}

DW_TEST_MAIN
