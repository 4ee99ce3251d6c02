/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults-host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAMS "/usr/local/sbin/"
#define TAB      "/etc/crontab"
#define ID       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HOST     "host", "listener"
#define READY    3 /* descriptor on which a program says that its doors are open */

/* clang-format off */
const struct faults_door faults_doors[] = {
	{ HOST, 7000, NULL, NULL, true },
	{ "host", "datagram", 7001, NULL, NULL, true },
	{ HOST, 7002, NULL, NULL, true },
	{ "host", "datagram", 7003, NULL, NULL, true },
	{ HOST, 7010, "inetd", "7010", true },
	{ "host", "datagram", 7011, "inetd", "7011", true },
	{ HOST, 7012, "xinetd", "seven", true },
	{ HOST, 7014, "container", "docker:web", true },
	{ HOST, 7015, "cron", TAB, true },
	{ "host", "forwarded", 7016, "container", "docker:web", false },
	{ "faults", "listener", 7013, NULL, NULL, true },
	{ "host", "sniffer", 0, NULL, NULL, true },
};
/* clang-format on */
const unsigned faults_n_doors = sizeof(faults_doors) / sizeof(faults_doors[0]);

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* --- programs -------------------------------------------------------------------------------------- */

static void open_port(bool stream, unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int s = socket(AF_INET, stream ? SOCK_STREAM : SOCK_DGRAM, 0);

	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    (stream && listen(s, 4) < 0))
		fail("door");
}

/* What all of it passes, as a sniffer's filter would. */
static void open_packet(void)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0xffff) };
	struct sock_fprog filter = { .len = 1, .filter = code };
	int s = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
		fail("packet socket");
}

/* Into a network namespace of its own, which has a name like those of ip-netns(8). */
static void enter_netns(void)
{
	int fd = open("/run/netns/faults", O_WRONLY | O_CREAT | O_CLOEXEC, 0444);

	if (fd < 0 || close(fd) < 0 || unshare(CLONE_NEWNET) < 0 ||
	    mount("/proc/self/ns/net", "/run/netns/faults", NULL, MS_BIND, NULL) < 0)
		fail("network namespace");
}

/* "t7000 u7001 p n", as FAULTS_DOORS has it. */
static void open_doors(const char *list)
{
	for (const char *p = list; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
		unsigned port = (unsigned)strtoul(p + 1, NULL, 10);

		if (*p == 'n')
			enter_netns();
		else if (*p == 'p')
			open_packet();
		else
			open_port(*p == 't', port);
	}
}

/* cron's job is its child. */
static void start_job(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid > 0)
		return;
	(void)setenv("FAULTS_DOORS", "t7015", 1);
	(void)execl(PROGRAMS "jobd", PROGRAMS "jobd", (char *)NULL);
	fail("jobd");
}

void faults_host_role(char **argv)
{
	const char *list = getenv("FAULTS_DOORS");
	const char *slash = strrchr(argv[0], '/');

	if (!list)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (slash && strcmp(slash + 1, "cron") == 0)
		start_job();
	open_doors(list);
	/* cron says nothing: its job does, when the door is open */
	if (*list && write(READY, "x", 1) != 1)
		fail("ready");
	(void)close(READY);
	for (;;)
		pause();
}

/* --- the host -------------------------------------------------------------------------------------- */

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		fail(path);
}

static void copy(const char *from, const char *to, mode_t mode)
{
	static char buffer[1 << 16];
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	ssize_t n;

	if (in < 0)
		return;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	while (out >= 0 && (n = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)n) != n)
			fail(to);
	(void)close(in);
	if (out < 0 || close(out) < 0)
		fail(to);
}

static void empty(const char *dir)
{
	if (mount("tmpfs", dir, "tmpfs", 0, "mode=0755") < 0)
		fail(dir);
}

static void make_dir(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		fail(path);
}

/* What the audit needs of the real one, and what starts the doors. */
static void make_etc(void)
{
	static const char *const kept[] = { "passwd",        "group",    "hostname",  "ld.so.cache",
					    "nsswitch.conf", "services", "os-release" };
	char from[64], to[64];

	make_dir("/run/etc");
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		(void)snprintf(from, sizeof(from), "/etc/%s", kept[i]);
		(void)snprintf(to, sizeof(to), "/run/etc/%s", kept[i]);
		copy(from, to, 0644);
	}
	if (mount("/run/etc", "/etc", NULL, MS_BIND, NULL) < 0)
		fail("/etc");
	put("/etc/inetd.conf", "7010 stream tcp nowait root /bin/cat cat\n"
			       "7011 dgram udp wait root /bin/cat cat\n");
	put("/etc/xinetd.conf", "includedir /etc/xinetd.d\n");
	make_dir("/etc/xinetd.d");
	put("/etc/xinetd.d/seven",
	    "service seven\n{\ntype = UNLISTED\nport = 7012\nsocket_type = stream\n"
	    "protocol = tcp\nwait = no\nuser = root\nserver = /bin/cat\n}\n");
	put(TAB, "@reboot root " PROGRAMS "jobd\n");
	make_dir("/etc/docker");
	put("/etc/docker/daemon.json", "{\"data-root\": \"/etc/docker/lib\"}\n");
	make_dir("/etc/docker/lib");
	make_dir("/etc/docker/lib/containers");
	make_dir("/etc/docker/lib/containers/" ID);
	put("/etc/docker/lib/containers/" ID "/config.v2.json",
	    "{\"Name\": \"/web\", \"NetworkSettings\": {\"Networks\": {\"bridge\": {\"IPAddress\": "
	    "\"172.17.0.2\"}}, \"Ports\": {\"80/tcp\": [{\"HostIp\": \"0.0.0.0\", \"HostPort\": "
	    "\"7014\"}]}}}\n");
	put("/etc/docker/lib/containers/" ID "/hostconfig.json",
	    "{\"RestartPolicy\": {\"Name\": \"always\"}}\n");
}

static void make_programs(void)
{
	static const char *const names[] = { "inetd", "xinetd", "cron", "jobd", "docker-proxy" };
	char path[64];

	empty("/usr/local/sbin");
	copy("/proc/self/exe", PROGRAMS "faultsd", 0755);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), PROGRAMS "%s", names[i]);
		if (link(PROGRAMS "faultsd", path) < 0)
			fail(path);
	}
}

/* Waits until its doors are open. */
static void start(const char *const argv[], const char *doors)
{
	int ready[2];
	char c;

	if (pipe(ready) < 0)
		fail("pipe");
	if (fork() == 0) {
		if (dup2(ready[1], READY) < 0 || (ready[0] != READY && close(ready[0]) < 0) ||
		    (ready[1] != READY && close(ready[1]) < 0))
			fail("pipe");
		(void)clearenv();
		(void)setenv("FAULTS_DOORS", doors, 1);
		(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		fail(argv[0]);
	}
	(void)close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		fail(argv[0]);
	(void)close(ready[0]);
}
#define START(doors, ...) start((const char *const[]){ __VA_ARGS__, NULL }, doors)

/* The rule of a published port, behind docker-proxy's back. */
static void forward(void)
{
	static const char rules[] =
		"table ip faults { chain in { type nat hook prerouting priority -100; "
		"tcp dport 7016 dnat to 172.17.0.2:80; }; }";
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execlp("nft", "nft", rules, (char *)NULL);
		fail("nft");
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		fail("nft");
}

void faults_host_make(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		fail("mount");
	empty("/run");
	make_dir("/run/netns");
	make_programs();
	forward();
	make_etc();
	START("t7000 u7001 t7002 u7003", PROGRAMS "faultsd");
	START("p", PROGRAMS "faultsd", "sniffing");
	START("n t7013", PROGRAMS "faultsd", "elsewhere");
	START("t7010 u7011", PROGRAMS "inetd");
	START("t7012", PROGRAMS "xinetd");
	START("t7014", PROGRAMS "docker-proxy", "-proto", "tcp", "-host-ip", "0.0.0.0",
	      "-host-port", "7014", "-container-ip", "172.17.0.2", "-container-port", "80");
	START("", PROGRAMS "cron");
}
