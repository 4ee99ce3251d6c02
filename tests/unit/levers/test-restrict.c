/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Levers that narrow a door, on hosts made in a temporary directory. */
#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>

#include "dw_knowledge_read.h"
#include "dw_levers.h"
#include "dw_state.h"
#include "dw_test.h"
#include "levers-restrict.h"
#include "systemd.h"

struct host {
	char dir[64];
	struct dw_sys *sys;
	struct dw_facts *facts;
	struct dw_starters s;
	struct dw_starters_set *set;
	struct dw_switch sw;
	struct dw_strings from;
};

static void make_dirs(char *path)
{
	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdir(path, 0755);
			*p = '/';
		}
}

static void put(const struct host *h, const char *path, const char *text)
{
	char full[512];
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s%s", h->dir, path);
	make_dirs(full);
	f = fopen(full, "w");
	DW_CHECK(f != NULL);
	if (!f)
		return;
	(void)fputs(text, f);
	(void)fclose(f);
}

static struct host *host_new(void)
{
	struct host *h = calloc(1, sizeof(*h));

	(void)snprintf(h->dir, sizeof(h->dir), "/tmp/dw-restrict.XXXXXX");
	DW_CHECK(h && mkdtemp(h->dir) != NULL);
	put(h, "/proc/.keep", "");
	put(h, "/root/etc/init.d/.keep", "");
	return h;
}

/* With systemd when it has units. */
static void host_open(struct host *h, const char *init)
{
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_open_fake(h->dir, &h->sys, &e), 0);
	h->facts = dw_facts_new();
	h->s = (struct dw_starters){
		.sys = h->sys, .facts = h->facts, .arena = h->facts->arena, .init = init
	};
	h->set = dw_starters_load(&h->s);
	h->sw = (struct dw_switch){ .sys = h->sys, .arena = h->facts->arena };
}

/* The same host, whose systemd says this. */
static void host_again(struct host *h, const char *units)
{
	dw_switch_close(&h->sw);
	dw_starters_unload(h->set);
	dw_facts_free(h->facts);
	dw_sys_free(h->sys);
	h->from = (struct dw_strings){ 0 }; /* it lay in the arena */
	put(h, "/bus/units.json", units);
	host_open(h, "systemd");
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static void host_free(struct host *h)
{
	dw_switch_close(&h->sw);
	dw_starters_unload(h->set);
	dw_facts_free(h->facts);
	dw_sys_free(h->sys);
	(void)nftw(h->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(h);
}

static struct dw_door door_of(enum dw_starter_kind kind, const char *id, enum dw_protocol protocol,
			      uint32_t port)
{
	return (struct dw_door){ .at = { .protocol = protocol,
					 .family = DW_FAMILY_IPV4,
					 .has_port = true,
					 .port = port },
				 .netns = "host",
				 .kind = DW_KIND_LISTENER,
				 .starter = { .kind = kind, .id = id } };
}

static struct dw_levers *restrict_to(struct host *h, const struct dw_door *d, const char *service,
				     const char *network)
{
	h->from.n = 0;
	if (network)
		dw_vec_push(h->s.arena, &h->from, network);
	return dw_levers_restrict(
		&h->s, &h->sw, d,
		service ? dw_knowledge_service(dw_knowledge_builtin(), service) : NULL, &h->from);
}

static const struct dw_lever *lever_at(const struct dw_levers *l, const char *object)
{
	for (size_t i = 0; i < l->n; i++)
		if (dw_streq(l->v[i].object, object))
			return &l->v[i];
	return NULL;
}

#define UNITS "/root/etc/systemd/system"
#define IPV6  "00000000000000000000000000000001 01 80 10 80       lo\n"

DW_TEST(a_setting_and_a_restart)
{
	struct host *h = host_new();
	struct dw_door d = door_of(DW_STARTER_SYSTEMD_SERVICE, "postgresql@15-main.service",
				   DW_PROTOCOL_TCP, 5432);
	struct dw_levers *l;

	put(h, "/root/etc/postgresql/15/main/postgresql.conf", "listen_addresses = '*'\n");
	put(h, "/root/etc/postgresql/13/old/postgresql.conf", "listen_addresses = '*'\n");
	put(h, UNITS "/postgresql@.service", "[Service]\nExecStart=/x\n");
	host_open(h, "systemd");
	l = restrict_to(h, &d, "postgresql", "127.0.0.1");
	DW_CHECK_STR(l->cannot, NULL);
	DW_CHECK_INT(l->n, 1);
	if (l->n == 1) {
		DW_CHECK_STR(l->v[0].object, "/etc/postgresql/15/main/postgresql.conf");
		DW_CHECK_STR(l->v[0].notify, "restart postgresql@15-main.service");
		DW_CHECK_STR(l->v[0].off.data.data, "listen_addresses = '127.0.0.1'\n");
		DW_CHECK_INT(l->v[0].n_edits, 1);
		DW_CHECK_INT(l->v[0].phase, DW_PHASE_BOOT);
		DW_CHECK(dw_starts_with(l->v[0].off.text, "file 0"));
		DW_CHECK(!dw_streq(l->v[0].off.text, l->v[0].now.text));
	}
	host_free(h);
}

DW_TEST(instances_are_not_mixed_up)
{
	struct host *h = host_new();
	struct dw_door d = door_of(DW_STARTER_SYSV, "postgresql", DW_PROTOCOL_TCP, 5432);
	struct dw_levers *l;

	put(h, "/root/etc/postgresql/15/main/postgresql.conf", "listen_addresses = '*'\n");
	put(h, "/root/etc/postgresql/13/old/postgresql.conf", "listen_addresses = '*'\n");
	host_open(h, "sysvinit");
	l = restrict_to(h, &d, "postgresql", "127.0.0.1");
	DW_CHECK_INT(l->n, 0);
	DW_CHECK(l->cannot && strstr(l->cannot, "several instances"));
	host_free(h);
}

DW_TEST(other_inits_restart_by_their_own)
{
	struct host *h = host_new();
	struct dw_door d = door_of(DW_STARTER_SYSV, "redis-server", DW_PROTOCOL_TCP, 6379);
	struct dw_levers *l;

	put(h, "/root/etc/redis/redis.conf", "bind 0.0.0.0\nport 6379\n");
	put(h, "/root/etc/init.d/redis-server", "#!/bin/sh\n");
	host_open(h, "sysvinit");
	l = restrict_to(h, &d, "redis", "127.0.0.0/8");
	DW_CHECK_INT(l->n, 1);
	DW_CHECK(l->n && dw_streq(l->v[0].notify, "restart sysv:redis-server"));
	/* a network is no loopback: the setting cannot say it */
	l = restrict_to(h, &d, "redis", "10.0.0.0/8");
	DW_CHECK_INT(l->n, 0);
	DW_CHECK(l->cannot && strstr(l->cannot, "doorward fence"));
	host_free(h);
}

DW_TEST(links_are_followed_to_the_file)
{
	struct host *h = host_new();
	struct dw_door d =
		door_of(DW_STARTER_SYSTEMD_SERVICE, "nginx.service", DW_PROTOCOL_TCP, 80);
	struct dw_levers *l;
	char at[512];

	put(h, "/root/etc/nginx/nginx.conf", "http {\n}\n");
	put(h, "/root/etc/nginx/sites-available/default", "server {\n\tlisten 80;\n}\n");
	put(h, "/root/etc/nginx/sites-enabled/.keep", "");
	put(h, UNITS "/nginx.service", "[Service]\nExecStart=/x\n");
	(void)snprintf(at, sizeof(at), "%s/root/etc/nginx/sites-enabled/default", h->dir);
	DW_CHECK_INT(symlink("/etc/nginx/sites-available/default", at), 0);
	host_open(h, "systemd");
	l = restrict_to(h, &d, "nginx", "::1");
	DW_CHECK_STR(l->cannot, NULL);
	DW_CHECK(lever_at(l, "/etc/nginx/sites-available/default") != NULL);
	DW_CHECK_INT(l->n, 1);
	host_free(h);
}

DW_TEST(a_socket_unit_gets_other_addresses)
{
	struct host *h = host_new();
	struct dw_door d =
		door_of(DW_STARTER_SYSTEMD_SOCKET, "rpcbind.socket", DW_PROTOCOL_TCP, 111);
	const struct dw_lever *v;
	struct dw_levers *l;

	put(h, "/root/proc/net/if_inet6", IPV6);
	put(h, "/proc/net/if_inet6", IPV6);
	put(h, "/root/lib/systemd/system/rpcbind.socket",
	    "[Socket]\nListenStream=/run/rpcbind.sock\nBindIPv6Only=ipv6-only\n"
	    "ListenStream=0.0.0.0:111\nListenDatagram=0.0.0.0:111\nListenStream=[::]:111\n"
	    "ListenDatagram=[::]:111\nListenStream=112\nBindToDevice=eth0\n");
	put(h, "/root/lib/systemd/system/rpcbind.service", "[Service]\nExecStart=/sbin/rpcbind\n");
	host_open(h, "systemd");
	l = restrict_to(h, &d, "rpcbind", "127.0.0.1");
	DW_CHECK_STR(l->cannot, NULL);
	DW_CHECK_INT(l->n, 2);
	v = lever_at(l, "/etc/systemd/system/rpcbind.socket.d");
	DW_CHECK(v && dw_streq(v->off.text, "directory 0755 0:0") && v->order == 0);
	DW_CHECK(v && dw_streq(v->now.text, "absent"));
	v = lever_at(l, "/etc/systemd/system/rpcbind.socket.d/doorward.conf");
	DW_CHECK(v && v->order == 1);
	if (v) {
		DW_CHECK_STR(v->notify, "restart rpcbind.socket rpcbind.service");
		DW_CHECK_STR(strchr(v->off.data.data, '\n') + 1,
			     "[Socket]\nListenStream=\nListenStream=/run/rpcbind.sock\n"
			     "ListenStream=127.0.0.1:111\nListenDatagram=127.0.0.1:111\n"
			     "ListenStream=[::1]:111\nListenDatagram=[::1]:111\nListenStream=112\n"
			     "BindToDevice=\n");
	}
	host_free(h);
}

DW_TEST(drop_ins_of_others_come_before)
{
	struct host *h = host_new();
	struct dw_door d = door_of(DW_STARTER_SYSTEMD_SOCKET, "ssh.socket", DW_PROTOCOL_TCP, 22);
	const struct dw_lever *v;
	struct dw_levers *l;

	put(h, "/root/lib/systemd/system/ssh.socket", "[Socket]\nListenStream=22\nAccept=yes\n");
	put(h, "/root/lib/systemd/system/ssh@.service", "[Service]\nExecStart=/x\n");
	put(h, UNITS "/ssh.socket.d/second.conf", "[Socket]\nListenStream=10.9.7.3:2222\n");
	host_open(h, "systemd");
	l = restrict_to(h, &d, "ssh", "127.0.0.1");
	DW_CHECK_STR(l->cannot, NULL);
	DW_CHECK_INT(l->n, 1);
	v = lever_at(l, "/etc/systemd/system/ssh.socket.d/zzz-doorward.conf");
	DW_CHECK(v != NULL);
	if (v) {
		DW_CHECK_STR(v->notify, "restart ssh.socket");
		DW_CHECK_STR(strchr(v->off.data.data, '\n') + 1,
			     "[Socket]\nListenStream=\nListenStream=127.0.0.1:22\n"
			     "ListenStream=10.9.7.3:2222\n");
	}
	host_free(h);
}

DW_TEST(networks_by_the_unit)
{
	struct host *h = host_new();
	struct dw_door d =
		door_of(DW_STARTER_SYSTEMD_SERVICE, "house.service", DW_PROTOCOL_TCP, 7001);
	const struct dw_lever *v;
	struct dw_levers *l;

	put(h, UNITS "/house.service", "[Service]\nExecStart=/x\n");
	host_open(h, "systemd");
	l = restrict_to(h, &d, NULL, "10.0.0.0/8");
	DW_CHECK_INT(l->n, 0);
	DW_CHECK(l->cannot && strstr(l->cannot, "cgroup v2") &&
		 strstr(l->cannot, "doorward fence"));
	put(h, "/root/sys/fs/cgroup/cgroup.controllers", "cpu\n");
	l = restrict_to(h, &d, NULL, "10.0.0.0/8");
	DW_CHECK_STR(l->cannot, NULL);
	v = lever_at(l, "/etc/systemd/system/house.service.d/doorward.conf");
	DW_CHECK(v != NULL);
	if (v) {
		DW_CHECK_STR(v->notify, "restart house.service");
		DW_CHECK_STR(strchr(v->off.data.data, '\n') + 1,
			     "[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost\n"
			     "IPAddressAllow=10.0.0.0/8\n");
	}
	DW_CHECK_INT(l->remarks.n, 2);
	/* nobody at all: this one port is kept from it, by a systemd that can */
	l = restrict_to(h, &d, NULL, NULL);
	DW_CHECK(l->n == 0 && l->cannot && strstr(l->cannot, "BPF_FRAMEWORK"));
	host_again(h, "{\"units\": [], \"features\": \"+PAM +BPF_FRAMEWORK\"}");
	l = restrict_to(h, &d, NULL, NULL);
	v = lever_at(l, "/etc/systemd/system/house.service.d/doorward.conf");
	DW_CHECK(v && strstr(v->off.data.data, "[Service]\nSocketBindDeny=tcp:7001\n"));
	DW_CHECK_INT(l->narrowed, DW_NARROWED_GONE);
	d.starter.kind = DW_STARTER_OPENRC;
	l = restrict_to(h, &d, NULL, NULL);
	DW_CHECK(l->n == 0 && l->cannot && strstr(l->cannot, "from one port"));
	d.starter.kind = DW_STARTER_SYSTEMD_SERVICE;
	/* what asks other hosts would be of no use */
	l = restrict_to(h, &d, "unbound", "10.0.0.0/8");
	DW_CHECK(l->n == 0 && l->cannot && strstr(l->cannot, "talk to other hosts"));
	put(h, "/root/run/systemd/container", "lxc\n");
	l = restrict_to(h, &d, NULL, "10.0.0.0/8");
	DW_CHECK(l->n == 0 && l->cannot && strstr(l->cannot, "in a container"));
	host_free(h);
}

DW_TEST(a_list_that_is_there_is_not_widened)
{
	struct host *h = host_new();
	struct dw_door d =
		door_of(DW_STARTER_SYSTEMD_SERVICE, "house.service", DW_PROTOCOL_TCP, 7001);
	struct dw_levers *l;

	put(h, "/root/sys/fs/cgroup/cgroup.controllers", "cpu\n");
	put(h, UNITS "/house.service", "[Service]\nExecStart=/x\nIPAddressAllow=10.1.0.0/16\n");
	host_open(h, "systemd");
	l = restrict_to(h, &d, NULL, "10.0.0.0/8");
	DW_CHECK(l->n == 0 && l->cannot && strstr(l->cannot, "already"));
	host_free(h);
}

DW_TEST(others_need_the_fence)
{
	static const enum dw_starter_kind kinds[] = {
		DW_STARTER_UNKNOWN, DW_STARTER_MANUAL,    DW_STARTER_CRON,
		DW_STARTER_KERNEL,  DW_STARTER_CONTAINER, DW_STARTER_USER_SESSION,
	};
	struct host *h = host_new();
	struct dw_door d;
	struct dw_levers *l;

	host_open(h, "sysvinit");
	for (size_t i = 0; i < DW_ARRAY_SIZE(kinds); i++) {
		d = door_of(kinds[i], "x", DW_PROTOCOL_TCP, 80);
		l = restrict_to(h, &d, "http", "127.0.0.1");
		DW_CHECK(l->n == 0 && l->cannot && strstr(l->cannot, "doorward fence"));
	}
	d = door_of(DW_STARTER_SYSV, "redis-server", DW_PROTOCOL_TCP, 6379);
	d.netns = "blue";
	l = restrict_to(h, &d, "redis", "127.0.0.1");
	DW_CHECK(l->n == 0 && l->cannot);
	host_free(h);
}

/* --- inetd, xinetd ---------------------------------------------------------------------------------- */

static const char *inetd_line(struct dw_arena *a, const char *line)
{
	struct dw_bytes text = { .data = dw_arena_strdup(a, line), .n = strlen(line) };
	struct dw_edits edits = { 0 };

	return dw_restrict_inetd_edits(a, &text, 1, &edits) ? edits.v[0].fresh : NULL;
}

DW_TEST(inetd_lines)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(inetd_line(a, "telnet\tstream\ttcp\tnowait\troot\t/usr/sbin/tcpd\n"),
		     "127.0.0.1:telnet\tstream\ttcp\tnowait\troot\t/usr/sbin/tcpd");
	DW_CHECK_STR(inetd_line(a, "10.0.0.1:23 stream tcp nowait root /x"),
		     "127.0.0.1:23 stream tcp nowait root /x");
	DW_CHECK_STR(inetd_line(a, "[::]:tftp dgram udp6 wait root /x"),
		     "[::1]:tftp dgram udp6 wait root /x");
	DW_CHECK_STR(inetd_line(a, "127.0.0.1:23 stream tcp nowait root /x"), NULL);
	DW_CHECK_STR(inetd_line(a, "#telnet stream tcp nowait root /x"), NULL);
	DW_CHECK_STR(inetd_line(a, "telnet"), NULL);
	DW_CHECK_STR(inetd_line(a, ""), NULL);
}

static const char *xinetd_block(struct dw_arena *a, const char *block, unsigned line,
				const char *bind, const char *only)
{
	struct dw_bytes text = { .data = dw_arena_strdup(a, block), .n = strlen(block) }, made;
	struct dw_edits edits = { 0 };

	if (!dw_restrict_xinetd_edits(a, &text, line, bind, only, &edits) ||
	    !dw_edits_apply(a, &text, edits.v, edits.n, &made, NULL))
		return NULL;
	return made.data;
}

DW_TEST(xinetd_blocks)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(xinetd_block(a,
				  "# x\nservice a\n{\n\tdisable = no\n\tinterface = 10.0.0.1\n}\n"
				  "service b\n{\n\tbind = 10.0.0.1\n}\n",
				  2, "127.0.0.1", NULL),
		     "# x\nservice a\n{\n\tbind = 127.0.0.1\n\tdisable = no\n}\n"
		     "service b\n{\n\tbind = 10.0.0.1\n}\n");
	DW_CHECK_STR(xinetd_block(a,
				  "service a\n{\n\tonly_from = 1.2.3.4\n\tonly_from += 4.3.2.1\n"
				  "\tonly_from_x = 1\n}",
				  1, NULL, "127.0.0.1 10.0.0.0/8"),
		     "service a\n{\n\tonly_from = 127.0.0.1 10.0.0.0/8\n\tonly_from_x = 1\n}");
	DW_CHECK_STR(xinetd_block(a, "service a\n{\n", 1, "127.0.0.1", NULL), NULL);
	DW_CHECK_STR(xinetd_block(a, "service a\n", 1, "127.0.0.1", NULL), NULL);
	DW_CHECK_STR(xinetd_block(a, "service a { }\n", 1, "127.0.0.1", NULL), NULL);
}

DW_TEST_MAIN
