/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mock.h"
#include "mock-filtered.h"
#include "mock-host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_facade.h"
#include "dw_str.h"
#include "mock-knowledge.h"
#include "services.h"

#define HOST_NETNS  4026531840U
#define OTHER_NETNS 4026532500U
#define ALL_CAPS    0x1ffffffffffULL

struct maker {
	struct dw_arena *a;
	DW_VEC(struct dw_door) doors;
	DW_VEC(struct dw_finding) findings;
	DW_VEC(struct dw_incomplete) incomplete;
};

static struct dw_endpoint at(enum dw_protocol protocol, enum dw_family family, const char *address,
			     uint32_t port)
{
	struct dw_endpoint e = { .netns = HOST_NETNS, .protocol = protocol, .family = family };

	if (address &&
	    inet_pton(family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, address, e.address) != 1)
		abort();
	e.has_port = port != 0;
	e.port = port;
	return e;
}

static struct dw_endpoint tcp4(const char *address, uint32_t port)
{
	return at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, address, port);
}

static struct dw_endpoint tcp6(const char *address, uint32_t port)
{
	return at(DW_PROTOCOL_TCP, DW_FAMILY_IPV6, address, port);
}

static struct dw_starter started_by(enum dw_starter_kind kind, const char *id, const char *source)
{
	return (struct dw_starter){
		.kind = kind,
		.id = id,
		.source = source,
		.enabled = kind == DW_STARTER_MANUAL ? DW_NO : DW_YES,
		.running = DW_YES,
		.restarts = kind == DW_STARTER_MANUAL ? DW_NO : DW_UNKNOWN,
		.confidence = DW_CONFIDENCE_CERTAIN,
		.evidence = "made by hand",
	};
}

static struct dw_package *package(struct maker *m, const char *name)
{
	struct dw_package *p = dw_new(m->a, struct dw_package);

	*p = (struct dw_package){ name, "1.0-1", "dpkg", DW_VERIFIED_MATCHES };
	return p;
}

static struct dw_owner *owner(struct maker *m, int pid, const char *executable, const char *user)
{
	struct dw_owner *o = dw_new(m->a, struct dw_owner);

	*o = (struct dw_owner){
		.pid = pid,
		.started = 1767225600 + (uint64_t)pid,
		.started_ticks = (uint64_t)pid * 100,
		.parent = 1,
		.comm = dw_basename(executable),
		.executable = executable,
		.exe_state = DW_EXE_INTACT,
		.command = executable,
		.uid = strcmp(user, "root") ? 1000 : 0,
		.euid = strcmp(user, "root") ? 1000 : 0,
		.user = user,
		.caps_effective = strcmp(user, "root") ? 1ULL << 10 : ALL_CAPS,
		.caps_bounding = ALL_CAPS,
		.no_new_privs = DW_NO,
		.cgroup = "/system.slice/x.service",
		.parents = "systemd(1)",
		.via = "fd 3",
		.details_known = true,
	};
	return o;
}

static struct dw_reason kept = { "policy", "The policy keeps it.", "/etc/doorward/policy:3" };

/* A door with its verdict; the caller changes what is special. Valid until the next one is added. */
static struct dw_door *door(struct maker *m, struct dw_endpoint e, enum dw_door_kind kind,
			    struct dw_owner *holder, const char *package_name,
			    struct dw_starter starter)
{
	struct dw_door *d = dw_vec_add(m->a, &m->doors);

	*d = (struct dw_door){
		.at = e,
		.netns = "host",
		.kind = kind,
		.owners = holder,
		.n_owners = holder ? 1 : 0,
		.owners_known = true,
		.starter = starter,
		.package = package_name ? package(m, package_name) : NULL,
		.program = holder ? holder->executable : NULL,
		.sockets = kind == DW_KIND_SLEEPING || kind == DW_KIND_FORWARDED ? 0 : 1,
		.seen_by = "sock_diag bpf",
	};
	if (holder)
		holder->package = d->package;
	*dw_vec_add(m->a, &m->findings) =
		(struct dw_finding){ .verdict = DW_VERDICT_KEEP, .reasons = &kept, .n_reasons = 1 };
	return d;
}

/* What the door added last is. */
static void known(struct maker *m, const struct dw_service *service)
{
	m->findings.v[m->findings.n - 1].identity = (struct dw_identity){
		.service = service,
		.by = DW_IDENTIFIED_PROGRAM,
	};
}

/* Who is connected to it. */
static void used(struct dw_door *d, unsigned connections, const struct dw_peer *peers, size_t n)
{
	d->peers_known = true;
	d->connections = connections;
	d->peers = peers;
	d->n_peers = n;
}

/* Verdict of the door added last. */
static void judged(struct maker *m, enum dw_verdict verdict, const char *id, const char *text)
{
	struct dw_finding *f = &m->findings.v[m->findings.n - 1];

	f->verdict = verdict;
	f->reasons = dw_new(m->a, struct dw_reason);
	f->reasons[0] = (struct dw_reason){ id, text, NULL };
	f->n_reasons = 1;
}

/* One more reason for it. */
static void also(struct maker *m, const char *id, const char *text, const char *source)
{
	struct dw_finding *f = &m->findings.v[m->findings.n - 1];
	size_t size = sizeof(*f->reasons);

	f->reasons =
		dw_arena_grow(m->a, f->reasons, f->n_reasons * size, (f->n_reasons + 1) * size);
	f->reasons[f->n_reasons++] = (struct dw_reason){ id, text, source };
}

static void unseen(struct maker *m, const char *what, const char *file, unsigned line, bool blind,
		   const char *text)
{
	*dw_vec_add(m->a, &m->incomplete) = (struct dw_incomplete){ what, text, file, line, blind };
}

static void add_ssh(struct maker *m)
{
	struct dw_starter s = started_by(DW_STARTER_SYSTEMD_SERVICE, "ssh.service",
					 "/lib/systemd/system/ssh.service:15");

	static const struct dw_peer admin = { "192.168.1.77", false, NULL, 2 };
	struct dw_door *d;

	s.restarts = DW_YES;
	d = door(m, tcp4("0.0.0.0", 22), DW_KIND_LISTENER, owner(m, 612, "/usr/sbin/sshd", "root"),
		 "openssh-server", s);
	known(m, &ssh);
	used(d, 2, &admin, 1);
	d->carries_session = true;
	d = door(m, tcp6("::", 22), DW_KIND_LISTENER, owner(m, 612, "/usr/sbin/sshd", "root"),
		 "openssh-server", s);
	known(m, &ssh);
	used(d, 0, NULL, 0);
}

static void add_inetd(struct maker *m)
{
	struct dw_door *d = door(m, tcp4("0.0.0.0", 23), DW_KIND_LISTENER,
				 owner(m, 700, "/usr/sbin/inetd", "root"), "telnetd",
				 started_by(DW_STARTER_INETD, "telnet", "/etc/inetd.conf:7"));

	d->program = "/usr/sbin/in.telnetd";
	d->starter.program = d->program;
	known(m, &telnet);
	used(d, 0, NULL, 0);
	judged(m, DW_VERDICT_CLOSE, "cleartext-login",
	       "Passwords and sessions cross the network unencrypted.");
	also(m, "runs-as-root", "It runs as root with every capability.", NULL);
	also(m, "never-on-a-network", "Telnet belongs on no network.", "CIS Debian Linux 12");
}

static void add_range(struct maker *m)
{
	struct dw_starter s =
		started_by(DW_STARTER_CONTAINER, "docker:web", "/var/lib/docker/containers/web");

	for (uint32_t port = 8000; port < 8020; port++)
		door(m, tcp4("0.0.0.0", port), DW_KIND_LISTENER,
		     owner(m, 900 + (int)(port - 8000), "/usr/bin/docker-proxy", "root"),
		     "docker.io", s);
}

static void add_suspicious(struct maker *m)
{
	struct dw_owner *o = owner(m, 4242, "/tmp/.x/kworker", "www-data");
	struct dw_starter s = started_by(DW_STARTER_MANUAL, NULL, NULL);
	struct dw_door *d;

	o->exe_state = DW_EXE_DELETED;
	o->exe_in_tmp = true;
	o->command = "[kworker/0:1]";
	o->no_new_privs = DW_UNKNOWN;
	o->seccomp = -1;
	s.also = "pts/3 from 203.0.113.9";
	d = door(m, at(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 31337), DW_KIND_LISTENER, o, NULL, s);
	d->hidden = true;
	judged(m, DW_VERDICT_INVESTIGATE, "deleted-program",
	       "The program that holds this door was deleted from /tmp while it runs, and it calls "
	       "itself a kernel "
	       "thread.");
}

static void add_narrow(struct maker *m)
{
	struct dw_starter by_cups = started_by(DW_STARTER_SYSTEMD_SOCKET, "cups.socket",
					       "/lib/systemd/system/cups.socket:6");
	static const struct dw_peer clients[] = { { "192.168.1.20", false, NULL, 5 },
						  { "192.168.1.10", true, "/usr/bin/psql", 2 } };
	struct dw_endpoint e = at(DW_PROTOCOL_UDP, DW_FAMILY_IPV6, "fe80::a00:27ff:fe4e:66a1", 546);
	struct dw_door *d;

	by_cups.also = "cups.service";
	door(m, tcp4("127.0.0.1", 631), DW_KIND_LISTENER,
	     owner(m, 1, "/usr/lib/systemd/systemd", "root"), "cups-daemon", by_cups);
	known(m, &cups);
	door(m, tcp6("::1", 631), DW_KIND_LISTENER, owner(m, 1, "/usr/lib/systemd/systemd", "root"),
	     "cups-daemon", by_cups);
	known(m, &cups);
	door(m, tcp4("192.168.1.10", 5432), DW_KIND_LISTENER,
	     owner(m, 801, "/usr/lib/postgresql/15/bin/postgres", "postgres"), "postgresql-15",
	     started_by(DW_STARTER_SYSTEMD_SERVICE, "postgresql@15-main.service",
			"/lib/systemd/system/postgresql@.service:22"));
	known(m, &postgresql);
	used(&m->doors.v[m->doors.n - 1], 7, clients, 2);
	m->doors.v[m->doors.n - 1].packet_filter = DW_YES;
	m->doors.v[m->doors.n - 1].filtered = &mock_filtered;
	e.ifindex = 2;
	e.ifname = "enp0s31f6";
	d = door(m, e, DW_KIND_DATAGRAM,
		 owner(m, 333, "/usr/lib/systemd/systemd-networkd", "systemd-network"), "systemd",
		 started_by(DW_STARTER_SYSTEMD_SERVICE, "systemd-networkd.service",
			    "/lib/systemd/system/x"));
	d->owners[0].exe_state = DW_EXE_REPLACED;
	judged(m, DW_VERDICT_ASK, "unused", "Whether it is needed depends on the network.");
}

static void add_without_port(struct maker *m)
{
	struct dw_endpoint e = at(DW_PROTOCOL_PACKET, DW_FAMILY_PACKET, NULL, 0);
	struct dw_door *d;

	e.ifindex = 2;
	e.ifname = "eth0";
	d = door(m, e, DW_KIND_SNIFFER, owner(m, 410, "/usr/sbin/dhclient", "root"),
		 "isc-dhcp-client",
		 started_by(DW_STARTER_SYSTEMD_SERVICE, "networking.service",
			    "/lib/systemd/system/networking.service"));
	d->filter = "udp port 68";
	door(m, at(DW_PROTOCOL_RAW, DW_FAMILY_IPV6, "::", 58), DW_KIND_RAW,
	     owner(m, 411, "/usr/sbin/radvd", "radvd"), "radvd",
	     started_by(DW_STARTER_SYSV, "radvd", "/etc/init.d/radvd"));
	d = door(m, at(DW_PROTOCOL_UDP, DW_FAMILY_DUAL, "::", 51820), DW_KIND_DATAGRAM, NULL, NULL,
		 started_by(DW_STARTER_KERNEL, "wireguard", NULL));
	d->kernel = "wireguard";
}

static void add_elsewhere(struct maker *m)
{
	struct dw_endpoint e = tcp4("0.0.0.0", 80);
	struct dw_door *d;

	d = door(m, tcp4("0.0.0.0", 8443), DW_KIND_FORWARDED, NULL, NULL,
		 started_by(DW_STARTER_UNKNOWN, NULL, NULL));
	d->starter.running = d->starter.enabled = DW_UNKNOWN;
	d->starter.confidence = DW_CONFIDENCE_UNKNOWN;
	d->target = "172.17.0.2:443";
	d->rule = "nftables: ip nat PREROUTING dnat";
	d->port_last = 8445;
	e.netns = OTHER_NETNS;
	d = door(m, e, DW_KIND_LISTENER, owner(m, 990, "/usr/sbin/nginx", "www-data"), NULL,
		 started_by(DW_STARTER_CONTAINER, "docker:web", NULL));
	d->netns = "blue";
	d->owners[0].container = "docker:web";
	d = door(m, at(DW_PROTOCOL_UDP, DW_FAMILY_IPV4, "0.0.0.0", 69), DW_KIND_SLEEPING, NULL,
		 "tftpd-hpa", started_by(DW_STARTER_XINETD, "tftp", "/etc/xinetd.d/tftp:3"));
	d->starter.running = DW_NO;
	d->starter.enabled = DW_NO;
	d->program = "/usr/sbin/in.tftpd";
	known(m, &tftp);
	judged(m, DW_VERDICT_RESTRICT, "any-network",
	       "Everyone may read files; one network would do.");
	d = door(m, (struct dw_endpoint){ .netns = HOST_NETNS }, DW_KIND_SLEEPING, NULL, NULL,
		 started_by(DW_STARTER_SYSTEMD_SERVICE, "mystery.service",
			    "/etc/systemd/system/mystery.service:4"));
	d->starter.confidence = DW_CONFIDENCE_GUESS;
	d->program = "/opt/mystery/bin/mysteryd";
}

static void make_host(struct maker *m)
{
	add_ssh(m);
	add_inetd(m);
	add_range(m);
	add_suspicious(m);
	add_narrow(m);
	add_without_port(m);
	add_elsewhere(m);
	unseen(m, "bad-line", "/etc/inetd.conf", 12, false, "the line has 4 words, 6 are needed");
	unseen(m, "no-bpf", NULL, 0, false,
	       "BPF programs cannot be loaded here: sockets were found by sock_diag");
}

static void make_calm(struct maker *m)
{
	add_ssh(m);
}

static void make_blind(struct maker *m)
{
	struct dw_door *d;

	add_ssh(m);
	d = door(m, tcp4("0.0.0.0", 25), DW_KIND_LISTENER, NULL, NULL, (struct dw_starter){ 0 });
	d->owners_known = false;
	judged(m, DW_VERDICT_UNKNOWN, "not-seen", "Who holds it could not be seen.");
	unseen(m, "not-root", NULL, 0, true,
	       "not run as root: holders of other users' sockets could not be seen");
}

static void make_empty(struct maker *m)
{
}

static void make_hostile(struct maker *m)
{
	static char big[100000];
	struct dw_starter s =
		started_by(DW_STARTER_CRON, "/etc/cron.d/\x1b[2Jx\n\xff", "/etc/cron.d/\xff:1");
	struct dw_owner *o = owner(m, 66,
				   "/tmp/\x1b]0;owned\x07\n\xe2\x80\xae"
				   "evil\xc2\x9b"
				   "1m",
				   "root\x7f");

	memset(big, 'A', sizeof(big) - 1);
	big[7] = '\x1b';
	o->command = big;
	door(m, tcp4("0.0.0.0", 1), DW_KIND_LISTENER, o, "pkg\x08\x08", s);
	known(m, &odd);
	judged(m, DW_VERDICT_INVESTIGATE, "odd", "The name \x1b[31m is not what it seems.\n");
	o = owner(m, 67, big, "\xf0\x9f\x92\xa9");
	door(m, tcp4("0.0.0.0", 2), DW_KIND_LISTENER, o, NULL, s);
	unseen(m, "bad-line", "/etc/\x1b[31mconf", 3, false, "\x1b[5mblink");
}

static void make_many(struct maker *m)
{
	for (unsigned i = 0; i < 5650; i++) {
		struct dw_endpoint e = tcp4("0.0.0.0", 1024 + i % 113 * 7);
		struct dw_door *d;

		e.netns = HOST_NETNS + i / 113;
		d = door(m, e, DW_KIND_LISTENER,
			 owner(m, (int)i + 2, "/usr/sbin/nginx", i % 2 ? "root" : "www-data"),
			 "nginx-core",
			 started_by(DW_STARTER_SYSTEMD_SERVICE, "nginx.service",
				    "/lib/systemd/system/nginx.service:9"));
		if (i / 113)
			d->netns = dw_arena_printf(m->a, "net:[%u]", e.netns);
	}
}

/* Doors that have nothing to do with each other, of every verdict. */
static void make_crowd(struct maker *m)
{
	for (unsigned i = 0; i < 300; i++) {
		const char *net = i % 3 ? "192.168.1" : "127.0.0";
		const char *address = dw_arena_printf(m->a, "%s.%u", net, i % 250 + 1);
		const char *unit = dw_arena_printf(m->a, "application-%u.service", i);
		const char *file = dw_arena_printf(m->a, "/etc/systemd/system/%s:7", unit);
		const char *program = dw_arena_printf(m->a, "/opt/%u/bin/daemon-%u", i, i);
		enum dw_verdict verdict = mock_verdicts[i % DW_ARRAY_SIZE(mock_verdicts)];

		door(m, tcp4(address, 2000 + i * 13), DW_KIND_LISTENER,
		     owner(m, (int)i + 300, program, mock_users[i % DW_ARRAY_SIZE(mock_users)]),
		     NULL, started_by(DW_STARTER_SYSTEMD_SERVICE, unit, file));
		if (verdict != DW_VERDICT_KEEP)
			judged(m, verdict, "of-its-own", "Nobody has said what it is here for.");
		if (i % 10 == 9)
			unseen(m, "owner", unit, i, i % 20 == 9, "the process went away, thrice");
	}
}

static const struct {
	const char *name;
	void (*make)(struct maker *m);
} kinds[] = {
	{ "host", make_host },   { "calm", make_calm },       { "blind", make_blind },
	{ "empty", make_empty }, { "hostile", make_hostile }, { "many", make_many },
	{ "crowd", make_crowd },
};

static int compare_doors(const void *p, const void *q)
{
	const struct dw_finding *a = p, *b = q;
	int r = dw_endpoint_compare(&a->door->at, &b->door->at);

	return r ? r : (a->door > b->door) - (a->door < b->door);
}

/* Doors in the order of the contract, each finding beside its own. */
static void finish(struct maker *m, struct dw_audit *audit)
{
	struct dw_snapshot *s = dw_new(m->a, struct dw_snapshot);
	struct dw_findings *f = dw_new(m->a, struct dw_findings);

	for (size_t i = 0; i < m->doors.n; i++)
		m->findings.v[i].door = &m->doors.v[i];
	if (m->findings.n)
		qsort(m->findings.v, m->findings.n, sizeof(*m->findings.v), compare_doors);
	*s = (struct dw_snapshot){
		.arena = m->a,
		.host = "db1",
		.time = 1769860800,
		.method = "bpf",
		.service_manager = "systemd",
		.doors = dw_arena_array(m->a, m->doors.n, sizeof(*s->doors)),
		.n_doors = m->doors.n,
		.addresses = mock_addresses,
		.n_addresses = DW_ARRAY_SIZE(mock_addresses),
		.incomplete = m->incomplete.v,
		.n_incomplete = m->incomplete.n,
	};
	for (size_t i = 0; i < m->findings.n; i++) {
		s->doors[i] = *m->findings.v[i].door;
		m->findings.v[i].door = &s->doors[i];
	}
	*f = (struct dw_findings){ .arena = m->a,
				   .v = m->findings.v,
				   .n = m->findings.n,
				   .roles = mock_host_roles,
				   .n_roles = m->findings.n > 20 && m->findings.n < 100 };
	*audit = (struct dw_audit){ .snapshot = s, .findings = f, .knowledge = &mock_knowledge };
}

struct dw_audit *dw_mock_audit(const char *which)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(kinds); i++) {
		struct maker m = { 0 };
		struct dw_audit *audit;

		if (!dw_streq(kinds[i].name, which))
			continue;
		m.a = dw_arena_new();
		audit = dw_new(m.a, struct dw_audit);
		kinds[i].make(&m);
		finish(&m, audit);
		return audit;
	}
	return NULL;
}

void dw_mock_free(struct dw_audit *a)
{
	if (a)
		dw_arena_free(a->snapshot->arena);
}

struct dw_report dw_mock_report(const struct dw_audit *a)
{
	return dw_facade_report(a, a->findings->arena);
}
