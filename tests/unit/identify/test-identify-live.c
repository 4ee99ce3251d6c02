/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole way: parent, sandbox, and servers on loopback, among them real ones where they are installed. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dw_identify.h"
#include "dw_str.h"
#include "dw_sys.h"
#include "dw_ip.h"
#include "dw_test.h"
#include "servers.h"

#define PORTS_MAX 32

struct got {
	struct dw_arena *arena;
	unsigned told;
	bool answered[PORTS_MAX];
	struct dw_scan_service of[PORTS_MAX];
};

static void keep(void *data, uint64_t tag, bool answered, const struct dw_scan_service *s)
{
	struct got *g = data;
	struct dw_scan_service *to = &g->of[tag];

	g->told++;
	g->answered[tag] = answered;
	if (!s)
		return;
	*to = *s;
#define KEEP(member) to->member = s->member ? dw_arena_strdup(g->arena, s->member) : NULL
	KEEP(protocol);
	KEEP(product);
	KEEP(version);
	KEEP(extra);
	KEEP(banner);
	KEEP(tls_version);
	KEEP(certificate);
	KEEP(title);
	KEEP(server);
	KEEP(by);
#undef KEEP
	to->names = dw_arena_array(g->arena, s->n_names + 1, sizeof(*to->names));
	for (size_t i = 0; i < s->n_names; i++)
		to->names[i] = dw_arena_strdup(g->arena, s->names[i]);
}

/* How long somebody is waited for who answers, however busy the machine is, and for somebody who does not. */
enum { PATIENT = 60000, HASTY = 1000 };

static struct dw_identify *open_identify(struct dw_sys *s, const char *nmap, unsigned timeout_ms)
{
	const struct dw_identify_options o = { .nmap_probes = nmap, .timeout_ms = timeout_ms };
	struct dw_identify *i = NULL;
	struct dw_error e = { 0 };

	if (dw_identify_open(s, &o, &i, &e) < 0)
		printf("%s\n", e.message);
	return i;
}

static void add(struct dw_identify *i, enum dw_protocol p, uint16_t port, uint64_t tag)
{
	struct dw_address a = { .family = DW_FAMILY_IPV4, .bytes = { 127, 0, 0, 1 } };

	DW_CHECK_INT(dw_identify_add(i, &a, p, port, "host.example", tag, NULL), 0);
}

static void run(struct dw_identify *i, struct got *g)
{
	struct dw_error e = { 0 };
	int left;

	do {
		left = dw_identify_work(i, 200, keep, g, &e);
	} while (left > 0);
	DW_CHECK_INT(left, 0);
	if (left < 0)
		printf("%s\n", e.message);
}

#define REPLY(s) .reply = (s), .reply_n = sizeof(s) - 1

static const struct {
	struct script script;
	const char *protocol, *product, *version, *title;
} made[] = {
	{ { .greeting = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" }, "ssh", "OpenSSH", "9.2p1", NULL },
	{ { .greeting = "220 mx.example ESMTP Postfix (Debian)\r\n" },
	  "smtp",
	  "Postfix",
	  NULL,
	  NULL },
	{ { .to = "GET / HTTP/1.1\r\nHost: host.example",
	    REPLY("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n<html><title>A \xe9 &amp; "
		  "B</title></html>") },
	  "http",
	  "nginx",
	  "1.22.1",
	  "A \xc3\xa9 & B" },
	/* answers our GET by an error of its own: asked again, in its own words */
	{ { .to = "INFO",
	    REPLY("$60\r\n# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:0\r\n\r\n") },
	  "redis",
	  "Redis",
	  "7.0.15",
	  NULL },
	{ { .udp = true,
	    .to = "dw",
	    REPLY("dw\x84\x00\0\1\0\1\0\0\0\0\7version\4bind\0\0\x10\0\3\xc0\x0c\0\x10\0\3\0\0\0\0"
		  "\0"
		  "\x0d\x0c"
		  "dnsmasq-2.89") },
	  "dns",
	  "dnsmasq",
	  "2.89",
	  NULL },
	{ { .greeting = "what is \x1b[31mthis\x1b[0m\n" }, NULL, NULL, NULL, NULL },
};

DW_TEST(made_servers_are_recognised)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct server servers[DW_ARRAY_SIZE(made)];
	struct got g = { .arena = dw_arena_new() };
	struct dw_identify *i;

	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	i = open_identify(s, "", PATIENT);
	DW_CHECK(i != NULL);
	if (!i)
		return;
	for (size_t k = 0; k < DW_ARRAY_SIZE(made); k++) {
		servers[k] = server_start(&made[k].script);
		add(i, made[k].script.udp ? DW_PROTOCOL_UDP : DW_PROTOCOL_TCP, servers[k].port, k);
	}
	run(i, &g);
	for (size_t k = 0; k < DW_ARRAY_SIZE(made); k++) {
		DW_CHECK(g.answered[k]);
		DW_CHECK_STR(g.of[k].protocol, made[k].protocol);
		DW_CHECK_STR(g.of[k].product, made[k].product);
		DW_CHECK_STR(g.of[k].version, made[k].version);
		DW_CHECK_STR(g.of[k].title, made[k].title);
		server_stop(&servers[k]);
	}
	DW_CHECK_STR(g.of[5].banner, "what is \\x1b[31mthis\\x1b[0m\\x0a");
	dw_identify_free(i);
	dw_arena_free(g.arena);
}

DW_TEST(who_is_silent_or_gone_is_told)
{
	static const struct script mute = { .to = "nobody says this" };
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct server gone = server_start(&mute), silent = server_start(&mute);
	struct got g = { .arena = dw_arena_new() };
	struct dw_identify *i;

	server_stop(&gone);
	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	i = open_identify(s, "", HASTY);
	if (!i)
		return;
	add(i, DW_PROTOCOL_TCP, gone.port, 0);
	add(i, DW_PROTOCOL_TCP, silent.port, 1);
	add(i, DW_PROTOCOL_TCP, 9100, 2); /* left alone */
	DW_CHECK_INT(dw_identify_add(i, &(struct dw_address){ .family = DW_FAMILY_IPV4 },
				     DW_PROTOCOL_SCTP, 1, NULL, 0, NULL),
		     -EINVAL);
	run(i, &g);
	DW_CHECK_INT(g.told, 3);
	for (unsigned k = 0; k < 3; k++)
		DW_CHECK(!g.answered[k] && !g.of[k].protocol);
	server_stop(&silent);
	dw_identify_free(i);
	dw_arena_free(g.arena);
}

/* A certificate for the test, made by openssl(1). */
static bool make_certificate(const char *directory)
{
	int status = -1;
	pid_t pid;

	if (access("/usr/bin/openssl", X_OK) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		if (chdir(directory) < 0 || !freopen("/dev/null", "w", stderr))
			_exit(1);
		execl("/usr/bin/openssl", "openssl", "req", "-x509", "-newkey", "rsa:2048",
		      "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "30", "-subj",
		      "/CN=host.example/O=House", "-addext",
		      "subjectAltName=DNS:host.example,DNS:www.host.example,IP:192.0.2.7", NULL);
		_exit(1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void check_tls(const struct got *g, unsigned k, const char *version)
{
	const struct dw_scan_service *v = &g->of[k];

	DW_CHECK(g->answered[k] && v->tls);
	DW_CHECK_STR(v->protocol, "http");
	DW_CHECK_STR(v->tls_version, version);
	DW_CHECK(v->certificate && strstr(v->certificate, "CN=host.example"));
	DW_CHECK_INT(v->n_names, 3);
	if (v->n_names == 3) {
		DW_CHECK_STR(v->names[1], "www.host.example");
		DW_CHECK_STR(v->names[2], "192.0.2.7");
	}
	DW_CHECK(v->expires > 1700000000);
}

DW_TEST(real_servers)
{
	static const char *const tls13[] = { "openssl", "s_server", "-accept", "127.0.0.1:PORT",
					     "-www",    "-quiet",   "-tls1_3", NULL };
	static const char *const tls12[] = { "openssl", "s_server", "-accept", "127.0.0.1:PORT",
					     "-www",    "-quiet",   "-tls1_2", NULL };
	static const char *const python[] = { "python3", "-m",        "http.server", "PORT",
					      "--bind",  "127.0.0.1", NULL };
	static const char *const openssl_args[] = { "-cert", "cert.pem", "-key", "key.pem" };
	char directory[] = "/tmp/dw-identify-XXXXXX", path[128];
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct got g = { .arena = dw_arena_new() };
	struct server a = { 0 }, b = { 0 }, c;
	struct dw_identify *i;
	const char *argv[16] = { 0 };

	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	i = open_identify(s, "", PATIENT);
	if (!i || !mkdtemp(directory))
		return;
	if (make_certificate(directory)) {
		memcpy(argv, tls13, sizeof(tls13) - sizeof(char *));
		memcpy(argv + 7, openssl_args, sizeof(openssl_args));
		a = server_run(argv, directory);
		memcpy(argv, tls12, sizeof(tls12) - sizeof(char *));
		b = server_run(argv, directory);
		add(i, DW_PROTOCOL_TCP, a.port, 0);
		add(i, DW_PROTOCOL_TCP, b.port, 1);
	} else {
		printf("skipped: no openssl\n");
	}
	c = server_run(python, directory);
	if (c.pid)
		add(i, DW_PROTOCOL_TCP, c.port, 2);
	run(i, &g);
	if (a.pid) {
		check_tls(&g, 0, "TLS 1.3");
		check_tls(&g, 1, "TLS 1.2");
	}
	if (c.pid) {
		DW_CHECK_STR(g.of[2].protocol, "http");
		DW_CHECK_STR(g.of[2].product, "Python http.server");
		DW_CHECK(g.of[2].title && strstr(g.of[2].title, "Directory listing"));
	}
	server_stop(&a);
	server_stop(&b);
	server_stop(&c);
	snprintf(path, sizeof(path), "%s/key.pem", directory);
	unlink(path);
	snprintf(path, sizeof(path), "%s/cert.pem", directory);
	unlink(path);
	rmdir(directory);
	dw_identify_free(i);
	dw_arena_free(g.arena);
}

/* In a network where nobody takes a port that was let go. */
int main(void)
{
	if (!dw_test_own_network())
		printf("not root, or no network namespaces: ports may be others'\n");
	return dw_test_run();
}
