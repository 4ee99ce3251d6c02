/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts without a policy. */
#include "judge-stage.h"

#define SERVICE DW_STARTER_SYSTEMD_SERVICE

static void web_server(struct stage *s)
{
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	stage_service(s, "tcp :: 22", "/usr/sbin/sshd", "openssh-server", "ssh.service")
		->carries_session = true;
	stage_service(s, "tcp 0.0.0.0 80", "/usr/sbin/nginx", "nginx", "nginx.service");
	stage_service(s, "tcp 0.0.0.0 443", "/usr/sbin/nginx", "nginx", "nginx.service");
	stage_service(s, "tcp 127.0.0.1 5432", "/usr/lib/postgresql/15/bin/postgres",
		      "postgresql-15", "postgresql@15-main.service");
	stage_service(s, "udp 127.0.0.1 323", "/usr/sbin/chronyd", "chrony", "chrony.service");
	stage_service(s, "udp 0.0.0.0 68", "/usr/sbin/dhclient", "isc-dhcp-client",
		      "ifup@eth0.service");
	stage_service(s, "packet *", "/usr/sbin/dhclient", "isc-dhcp-client", "ifup@eth0.service");
	stage_service(s, "udp 127.0.0.53 53", "/lib/systemd/systemd-resolved", "systemd",
		      "systemd-resolved.service");
	stage_play(s, "a small web server: nothing to do");
}

static void old_server(struct stage *s)
{
	struct dw_door *d = stage_door(s, "tcp 0.0.0.0 23", "/usr/sbin/inetd", "openbsd-inetd",
				       DW_STARTER_INETD, "telnet");

	d->starter.program = d->program = "/usr/sbin/in.telnetd";
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	stage_service(s, "udp 0.0.0.0 834", "/usr/sbin/ypserv", "ypserv", "ypserv.service")
		->starter.enabled = DW_NO;
	stage_service(s, "tcp :: 21", "/usr/sbin/vsftpd", "vsftpd", "vsftpd.service")->kind =
		DW_KIND_SLEEPING;
	stage_service(s, "udp 0.0.0.0 111", "/sbin/rpcbind", "rpcbind", "rpcbind.service");
	stage_service(s, "udp 0.0.0.0 5353", "/usr/sbin/avahi-daemon", "avahi-daemon",
		      "avahi-daemon.service");
	stage_service(s, "udp 0.0.0.0 514", "/usr/sbin/rsyslogd", "rsyslog", "rsyslog.service");
	stage_service(s, "tcp 127.0.0.1 23", "/usr/sbin/in.telnetd", "telnetd", "telnet.service");
	stage_play(s, "an old server");
}

static void only_telnet(struct stage *s)
{
	stage_service(s, "tcp 0.0.0.0 23", "/usr/sbin/in.telnetd", "telnetd", "telnet.service");
	stage_play(s, "telnet is the only way in");
	stage_service(s, "tcp 0.0.0.0 23", "/usr/sbin/in.telnetd", "telnetd", "telnet.service")
		->carries_session = true;
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	stage_play(s, "telnet carries the session");
}

static void databases(struct stage *s)
{
	struct dw_door *d;
	static const struct dw_peer peers[] = {
		{ .address = "10.0.0.7", .connections = 3 },
		{ .local = true, .program = "/usr/bin/psql", .connections = 1 },
		{ .address = "10.0.0.8", .connections = 1 },
		{ .address = "10.0.0.9", .connections = 1 }
	};

	d = stage_service(s, "tcp 0.0.0.0 5432", "/usr/lib/postgresql/15/bin/postgres",
			  "postgresql-15", "postgresql@15-main.service");
	d->peers_known = true;
	d->connections = 6;
	d->peers = peers;
	d->n_peers = DW_ARRAY_SIZE(peers);
	stage_service(s, "tcp 10.0.0.5 6379", "/usr/bin/redis-server", "redis-server",
		      "redis-server.service");
	stage_service(s, "tcp 0.0.0.0 2375", "/usr/bin/dockerd", "docker.io", "docker.service");
	stage_service(s, "tcp 127.0.0.1 2375", "/usr/bin/dockerd", "docker.io", "docker.service");
	d = stage_service(s, "tcp 0.0.0.0 9200", "/usr/lib/jvm/java", "openjdk-17-jre",
			  "elastic.service");
	d->owners[0].command = "java -Xmx1g org.elasticsearch.bootstrap.Elasticsearch";
	stage_service(s, "udp 10.0.0.5 323", "/usr/sbin/chronyd", "chrony", "chrony.service");
	d = stage_service(s, "tcp ? ", "/usr/bin/redis-server", "redis-server",
			  "redis-server.service");
	d->at.has_port = false;
	d->kind = DW_KIND_SLEEPING;
	stage_play(s, "databases");
}

static void file_server(struct stage *s)
{
	struct dw_door *d;

	d = stage_door(s, "tcp 0.0.0.0 2049", NULL, NULL, DW_STARTER_KERNEL, "nfsd");
	d->kernel = "nfsd";
	d->owners_known = true;
	stage_service(s, "tcp 0.0.0.0 445", "/usr/sbin/smbd", "samba", "smbd.service");
	stage_service(s, "tcp 192.168.1.2 445", "/usr/sbin/smbd", "samba", "smbd.service");
	stage_service(s, "udp 0.0.0.0 111", "/sbin/rpcbind", "rpcbind", "rpcbind.service");
	d = stage_door(s, "udp 0.0.0.0 51820", NULL, NULL, DW_STARTER_KERNEL, "wireguard");
	d->kernel = "wireguard";
	d->owners_known = true;
	stage_play(s, "a file server");
}

/* Somebody watched: now is 1700000000. */
static void watched(struct stage *s)
{
	static const struct dw_used never = { .since = 1696000000,
					      .until = 1700000000,
					      .counted = 3500000 };
	static const struct dw_used day = { .since = 1699900000,
					    .until = 1700000000,
					    .counted = 100000 };
	static const struct dw_used lately = { .since = 1696000000,
					       .until = 1700000000,
					       .counted = 3500000,
					       .first = 1696100000,
					       .last = 1699990000,
					       .accepted = 12,
					       .peers = 2,
					       .peer = "10.0.0.7" };

	stage_service(s, "tcp 0.0.0.0 80", "/usr/sbin/nginx", "nginx", "nginx.service")->used =
		&never;
	stage_service(s, "tcp 0.0.0.0 8080", "/usr/sbin/nginx", "nginx", "nginx.service")->used =
		&day;
	stage_service(s, "tcp 0.0.0.0 8081", "/usr/sbin/nginx", "nginx", "nginx.service")->used =
		&never;
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service")
		->used = &lately;
	stage_service(s, "tcp 0.0.0.0 631", "/usr/sbin/cupsd", "cups-daemon", "cups.service")
		->used = &never;
	stage_service(s, "tcp 0.0.0.0 7777", "/opt/app/server", NULL, "app.service")->used = &never;
	stage_play(s, "somebody watched");
}

static void name_server(struct stage *s)
{
	struct dw_door *d =
		stage_service(s, "udp 0.0.0.0 53", "/usr/sbin/named", "bind9", "named.service");

	d->owners[0].caps_effective = UINT64_C(1) << 21;
	stage_service(s, "udp 0.0.0.0 40123", "/usr/sbin/named", "bind9", "named.service");
	stage_service(s, "tcp 0.0.0.0 2222", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	stage_service(s, "tcp 0.0.0.0 53", "/usr/sbin/nginx", "nginx", "nginx.service");
	stage_door(s, "tcp 0.0.0.0 443", "/usr/sbin/nginx", "nginx", DW_STARTER_MANUAL, "pat")
		->starter.also = "pts/0 from 10.0.0.9";
	stage_door(s, "tcp 0.0.0.0 80", "/home/pat/nginx", NULL, DW_STARTER_MANUAL, "pat");
	stage_play(s, "a name server with odd ports");
}

static void strangers(struct stage *s)
{
	struct dw_door *d;

	stage_service(s, "tcp 0.0.0.0 8080", "/opt/app/server", NULL, "app.service")
		->owners[0]
		.euid = 0;
	stage_service(s, "tcp 127.0.0.1 8081", "/opt/app/server", NULL, "app.service");
	stage_service(s, "tcp 0.0.0.0 22", "/opt/app/server", NULL, "app.service");
	stage_service(s, "tcp 0.0.0.0 6379", "/opt/app/server", NULL, "app.service");
	stage_door(s, "tcp 0.0.0.0 8082", "/home/pat/server", NULL, DW_STARTER_MANUAL, "pat");
	stage_door(s, "tcp 0.0.0.0 8083", "/usr/local/bin/agent", NULL, DW_STARTER_CRON,
		   "/etc/crontab");
	stage_door(s, "tcp 0.0.0.0 8084", "/usr/local/bin/agent", NULL, DW_STARTER_AT, "4");
	stage_door(s, "tcp 0.0.0.0 8085", "/usr/local/bin/agent", NULL, DW_STARTER_UNKNOWN, NULL);
	stage_service(s, "tcp 0.0.0.0 27665", "/usr/bin/tool", "tool", "tool.service");
	stage_service(s, "tcp 0.0.0.0 514", "/usr/sbin/logger9", "rsyslog", "logger9.service");
	stage_service(s, "tcp 0.0.0.0 21", "/usr/sbin/otherftpd", "otherftpd", "otherftpd.service");
	d = stage_door(s, "tcp 0.0.0.0 9999", "/usr/lib/systemd/systemd", "systemd",
		       DW_STARTER_SYSTEMD_SOCKET, "portal.socket");
	d->at.ifname = "eth0";
	d->at.ifindex = 2;
	stage_door(s, "tcp 0.0.0.0 7777", NULL, NULL, DW_STARTER_UNKNOWN, NULL);
	stage_door(s, "tcp 0.0.0.0 22", NULL, NULL, DW_STARTER_UNKNOWN, NULL);
	stage_service(s, "vsock * 8174", "/usr/local/bin/vsockd", NULL, "vsockd.service");
	stage_play(s, "programs that nobody knows");
}

static void no_packages(struct stage *s)
{
	static struct dw_incomplete blind[] = { { .what = "no-packages",
						  .text = "no package manager" } };

	stage_door(s, "tcp 0.0.0.0 8082", "/usr/bin/server", NULL, DW_STARTER_MANUAL, "pat");
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", NULL, "ssh.service");
	s->snapshot.incomplete = blind;
	s->snapshot.n_incomplete = 1;
	stage_play(s, "a host whose packages cannot be asked");
}

static void odd_files(struct stage *s)
{
	static const enum dw_exe_state states[] = { DW_EXE_MEMFD, DW_EXE_DELETED, DW_EXE_REPLACED };
	static struct dw_package changed = { .name = "openssh-server",
					     .verified = DW_VERIFIED_DIFFERS };
	struct dw_door *d;

	for (size_t i = 0; i < DW_ARRAY_SIZE(states); i++)
		stage_service(s, "tcp 0.0.0.0 8150", "/usr/local/bin/x", NULL, "x.service")
			->owners[0]
			.exe_state = states[i];
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service")
		->owners[0]
		.exe_state = DW_EXE_REPLACED;
	d = stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	d->package = d->owners[0].package = &changed;
	d = stage_service(s, "tcp 0.0.0.0 8151", "/tmp/x", NULL, "x.service");
	d->owners[0].exe_in_tmp = true;
	d = stage_service(s, "tcp 0.0.0.0 8152", "/usr/bin/python3", "python3", "odd.service");
	d->owners[0].command = "python3 \x1b[2Knothing to see";
	d = stage_door(s, "tcp 0.0.0.0 8153", "/usr/bin/python3", "python3", DW_STARTER_CRON,
		       "/etc/cron.d/agent");
	d->owners[0].relative = "./agentd";
	d = stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	d->hidden = true;
	d->seen_by = "bpf-table";
	stage_play(s, "files and sockets that cannot be right");
}

static void wire(struct stage *s)
{
	stage_service(s, "packet *%eth0", "/usr/local/bin/sniffd", NULL, "sniffd.service")->filter =
		"tcp port 80";
	stage_service(s, "packet *", "/usr/local/bin/tapd", NULL, "tapd.service");
	stage_service(s, "packet *%eth0", "/usr/sbin/arpwatch", "arpwatch", "arpwatch.service")
		->filter = "arp";
	stage_service(s, "packet *", "/usr/bin/tcpdump", "tcpdump", "capture.service");
	stage_door(s, "packet *", "/usr/sbin/arpwatch", "arpwatch", DW_STARTER_MANUAL, "root");
	stage_service(s, "raw 0.0.0.0 253", "/usr/local/bin/rawd", NULL, "rawd.service");
	stage_service(s, "raw :: 58", "/usr/sbin/radvd", "radvd", "radvd.service");
	stage_service(s, "raw :: 58", "/usr/sbin/ndppd", "ndppd", "ndppd.service");
	stage_service(s, "raw 0.0.0.0 255", "/usr/sbin/senderd", "senderd", "senderd.service");
	stage_service(s, "raw 0.0.0.0 112", "/opt/app/otherd", NULL, "otherd.service");
	stage_service(s, "raw 0.0.0.0 2", "/usr/sbin/keepalived", "keepalived",
		      "keepalived.service");
	stage_play(s, "packet and raw sockets");
}

static struct dw_door *forward(struct stage *s, const char *where, const char *target)
{
	struct dw_door *d = stage_door(s, where, NULL, NULL, DW_STARTER_UNKNOWN, NULL);

	d->kind = DW_KIND_FORWARDED;
	d->owners_known = true;
	d->target = target;
	d->rule = "nft nat prerouting";
	return d;
}

static void elsewhere(struct stage *s)
{
	struct dw_door *d = forward(s, "tcp 0.0.0.0 8080", "10.88.0.2:80");

	d->starter = (struct dw_starter){ .kind = DW_STARTER_CONTAINER, .id = "podman:web" };
	forward(s, "tcp 0.0.0.0 8081", "10.9.9.9:80");
	forward(s, "tcp 0.0.0.0 8023", "local:23");
	stage_service(s, "tcp 0.0.0.0 23", "/usr/sbin/in.telnetd", "telnetd", "telnet.service");
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	d = forward(s, "tcp 0.0.0.0 443", NULL);
	d->kind = DW_KIND_REDIRECTED;
	d->rule = "sk_lookup program 12";
	d = stage_door(s, "tcp 0.0.0.0 6379", "/usr/bin/redis-server", NULL, DW_STARTER_CONTAINER,
		       "podman:cache");
	d->netns = "net:[4026532001]";
	d->owners[0].container = "podman:cache";
	d = stage_service(s, "tcp 0.0.0.0 6379", "/usr/bin/redis-server", "redis-server",
			  "redis-lab.service");
	d->netns = "lab";
	stage_play(s, "forwarded ports and other network namespaces");
}

void scenes_advice(struct stage *s)
{
	web_server(s);
	old_server(s);
	only_telnet(s);
	databases(s);
	file_server(s);
	watched(s);
	name_server(s);
	strangers(s);
	no_packages(s);
	odd_files(s);
	wire(s);
	elsewhere(s);
}
