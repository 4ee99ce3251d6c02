/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts with a policy. */
#include "judge-stage.h"

#define KEEP  DW_POLICY_KEEP
#define CLOSE DW_POLICY_CLOSE

static void usual_doors(struct stage *s)
{
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	stage_service(s, "tcp 0.0.0.0 80", "/usr/sbin/nginx", "nginx", "nginx.service");
	stage_service(s, "tcp 0.0.0.0 23", "/usr/sbin/in.telnetd", "telnetd", "telnet.service");
	stage_service(s, "tcp 127.0.0.1 5432", "/usr/lib/postgresql/15/bin/postgres",
		      "postgresql-15", "postgresql@15-main.service");
	stage_service(s, "udp 0.0.0.0 68", "/usr/sbin/dhclient", "isc-dhcp-client",
		      "ifup@eth0.service");
	stage_service(s, "tcp 0.0.0.0 6379", "/usr/bin/redis-server", "redis-server",
		      "redis-server.service");
	stage_door(s, "tcp 0.0.0.0 7777", NULL, NULL, DW_STARTER_UNKNOWN, NULL);
	stage_service(s, "tcp ?", "/usr/sbin/vsftpd", "vsftpd", "vsftpd.service")->kind =
		DW_KIND_SLEEPING;
}

static void defaults(struct stage *s)
{
	static const struct {
		enum dw_policy_default d;
		const char *title;
	} all[] = { { DW_DEFAULT_CLOSE, "default close" },
		    { DW_DEFAULT_ASK, "default ask" },
		    { DW_DEFAULT_REPORT, "default report" } };

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		usual_doors(s);
		stage_named(s, KEEP, "http")->because = "the shop";
		stage_default(s, all[i].d);
		stage_play(s, all[i].title);
	}
}

static void statements(struct stage *s)
{
	static const struct dw_network house = { .family = DW_FAMILY_IPV4,
						 .address = { 10, 9, 0, 0 },
						 .prefix = 24 };
	struct dw_statement *st;

	usual_doors(s);
	st = stage_named(s, KEEP, "ssh");
	st->from = &house;
	st->n_from = 1;
	stage_named(s, KEEP, "telnet")->because = "the switch speaks nothing else";
	stage_named(s, KEEP, "redis")->on_loopback = true;
	stage_port(s, CLOSE, "80/tcp")->because = "moved away";
	stage_port(s, CLOSE, "68/udp");
	stage_default(s, DW_DEFAULT_CLOSE);
	for (size_t i = 0; i < s->snapshot.n_doors; i++)
		s->doors[i].packet_filter = DW_NO;
	stage_play(s, "statements");
}

/* `from` is for a packet filter to see to. */
static void networks(struct stage *s)
{
	static const struct dw_network house = { .family = DW_FAMILY_IPV4,
						 .address = { 10, 9, 0, 0 },
						 .prefix = 24 };
	static const struct {
		enum dw_tristate filter;
		const char *title;
	} all[] = { { DW_UNKNOWN, "from a network, and the packet filter not seen" },
		    { DW_NO, "from a network, and no packet filter" },
		    { DW_YES, "from a network, and a packet filter" } };

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		struct dw_statement *st = stage_named(s, KEEP, "ssh");

		st->from = &house;
		st->n_from = 1;
		stage_default(s, DW_DEFAULT_ASK);
		stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server",
			      "ssh.service")
			->packet_filter = all[i].filter;
		stage_play(s, all[i].title);
	}
}

/* What a rehearsal of the filter saw. */
static const struct dw_network halves[] = { { DW_FAMILY_IPV4, { 10, 9, 0, 0 }, 25 },
					    { DW_FAMILY_IPV4, { 10, 9, 0, 128 }, 25 } };
static const struct dw_network wide = { DW_FAMILY_IPV4, { 10, 8 }, 15 };
static const struct dw_filtered lets_in[] = {
	{ .kind = DW_FILTERED_NETWORKS,
	  .words = "10.9.0.0/24",
	  .networks = halves,
	  .n_networks = 2,
	  .complete = true,
	  .rehearsed = true,
	  .rule = "inet filter input handle 7" },
	{ .kind = DW_FILTERED_NETWORKS,
	  .words = "10.8.0.0/15",
	  .networks = &wide,
	  .n_networks = 1,
	  .complete = true,
	  .rehearsed = true,
	  .rule = "inet filter input handle 8" },
	{ .kind = DW_FILTERED_ANYONE,
	  .words = "anyone",
	  .complete = true,
	  .rehearsed = true,
	  .rule = "inet filter input handle 9" },
	{ .kind = DW_FILTERED_HOST,
	  .words = "this host",
	  .complete = true,
	  .rehearsed = true,
	  .rule = "policy of inet filter input" },
	{ .words = "unknown", .complete = true, .rehearsed = true, .why = "a limit decides" },
};

/* Beside a statement, and without one: ssh is a way in only for whom the filter lets in. */
static void fences(struct stage *s)
{
	static const struct dw_network office = { DW_FAMILY_IPV4, { 10, 9 }, 24 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(lets_in); i++) {
		struct dw_statement *st = stage_named(s, KEEP, "ssh");

		st->from = &office;
		st->n_from = 1;
		stage_default(s, DW_DEFAULT_ASK);
		stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server",
			      "ssh.service");
		stage_service(s, "tcp 0.0.0.0 6379", "/usr/bin/redis-server", "redis-server",
			      "redis-server.service");
		stage_service(s, "tcp 0.0.0.0 23", "/usr/sbin/in.telnetd", "telnetd",
			      "telnet.service");
		for (size_t k = 0; k < s->snapshot.n_doors; k++) {
			s->doors[k].packet_filter = DW_YES;
			s->doors[k].filtered = &lets_in[i];
		}
		stage_play(s, dw_arena_printf(s->arena, "a packet filter that lets in %s",
					      lets_in[i].words));
	}
}

static void conditions(struct stage *s)
{
	usual_doors(s);
	stage_port(s, KEEP, "80/tcp")->program = "/usr/sbin/apache2";
	stage_port(s, KEEP, "6379/tcp")->user = "redis";
	stage_port(s, KEEP, "7777/tcp")->program = "/usr/bin/x";
	stage_named(s, KEEP, "ssh");
	stage_default(s, DW_DEFAULT_ASK);
	stage_play(s, "conditions on who holds it");
}

static void waivers(struct stage *s)
{
	usual_doors(s);
	stage_named(s, KEEP, "ssh")->expires = 1699999999;
	stage_named(s, KEEP, "telnet")->expires = 1700000000;
	stage_named(s, KEEP, "http")->expires = 1800000000;
	stage_default(s, DW_DEFAULT_ASK);
	stage_play(s, "waivers at 2023-11-14");
}

static struct dw_door *deleted(struct stage *s)
{
	struct dw_door *d = stage_service(s, "tcp 0.0.0.0 8150", "/opt/x", NULL, "x.service");

	d->owners[0].exe_state = DW_EXE_DELETED;
	return d;
}

static void suspicious(struct stage *s)
{
	deleted(s);
	stage_port(s, KEEP, "8150/tcp");
	stage_play(s, "kept by its port, and the program is gone");
	deleted(s);
	stage_statement(s, KEEP, (struct dw_what){ .kind = DW_WHAT_PROGRAM, .text = "/opt/x" });
	stage_play(s, "kept by its path");
	deleted(s)->hidden = true;
	stage_statement(s, KEEP, (struct dw_what){ .kind = DW_WHAT_UNIT, .text = "x.service" });
	stage_play(s, "kept by its unit, but hidden");
	deleted(s);
	stage_port(s, CLOSE, "8150/tcp");
	stage_play(s, "closed, and the program is gone");
	deleted(s);
	stage_default(s, DW_DEFAULT_CLOSE);
	stage_play(s, "not named, and the program is gone");
}

static void ways_in(struct stage *s)
{
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	stage_named(s, CLOSE, "ssh");
	stage_play(s, "the last way in is to be closed");
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service")
		->carries_session = true;
	stage_default(s, DW_DEFAULT_CLOSE);
	stage_play(s, "the session's door is not named");
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	stage_service(s, "udp 0.0.0.0 514", "/usr/sbin/rsyslogd", "rsyslog", "rsyslog.service");
	stage_named(s, KEEP, "ssh")->role = "file-server";
	stage_play(s, "a role of the policy");
}

void scenes_policy(struct stage *s)
{
	defaults(s);
	statements(s);
	networks(s);
	fences(s);
	conditions(s);
	waivers(s);
	suspicious(s);
	ways_in(s);
}
