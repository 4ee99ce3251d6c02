/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who starts what the processes of the recorded host hold. */
#include <errno.h>

#include "host.h"

/* In place: the managers keep the address of h->s. */
static void claims_open(struct host *h)
{
	struct dw_error e = { 0 };

	*h = host_open(DW_TEST_PATH("roots/systemd-host"), true, "systemd");
	DW_CHECK_INT(dw_starter_systemd.load(&h->s, &h->systemd, &e), 0);
	DW_CHECK_INT(dw_starter_manual.load(&h->s, &h->manual, &e), 0);
	DW_CHECK_INT(dw_starter_dbus.load(&h->s, &h->dbus, &e), 0);
}

static void hold(struct host *h, int pid, const struct dw_endpoint *at)
{
	dw_vec_add(h->s.arena, &h->s.facts->processes)->pid = pid;
	dw_vec_add(h->s.arena, &h->s.facts->sockets)->at = *at;
	*dw_vec_add(h->s.arena, &h->s.facts->holds) =
		(struct dw_hold_fact){ .process = h->s.facts->processes.n - 1,
				       .socket = h->s.facts->sockets.n - 1 };
}

/* "kind id source enabled/restarts/confidence"; also and evidence are left in last. */
static struct dw_starter last;

static const char *ask(struct host *h, const struct dw_starter_ops *ops, void *state, int pid,
		       const struct dw_endpoint *at)
{
	static const char tristate[] = "?ny";
	const struct dw_endpoint some = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 7);
	struct dw_claim c = { .process = dw_procs_get(h->s.procs, pid),
			      .at = at ? at : &some,
			      .listening = true,
			      .fd = -1 };
	const char *where;

	memset(&last, 0, sizeof(last));
	DW_CHECK(c.process != NULL);
	if (ops->claim(&h->s, state, &c, &last) == 0)
		return "nobody";
	/* started by hand: no file says so, but the terminal and the address do */
	where = last.kind == DW_STARTER_MANUAL ? last.also : last.source;
	return dw_arena_printf(h->s.arena, "%s %s %s %c%c %s", dw_starter_kind_name(last.kind),
			       last.id, where ? where : "-", tristate[last.enabled],
			       tristate[last.restarts], dw_confidence_name(last.confidence));
}
#define SYSTEMD(pid, at) ask(&h, &dw_starter_systemd, h.systemd, pid, at)
#define MANUAL(pid)      ask(&h, &dw_starter_manual, h.manual, pid, NULL)
#define DBUS(pid)        ask(&h, &dw_starter_dbus, h.dbus, pid, NULL)

DW_TEST(services_by_control_group)
{
	struct host h;

	claims_open(&h);
	DW_CHECK_STR(
		SYSTEMD(100, NULL),
		"systemd-service ssh.service /usr/lib/systemd/system/ssh.service:6 yy certain");
	DW_CHECK(strstr(last.evidence, "/etc/systemd/system/multi-user.target.wants/ssh.service") !=
		 NULL);
	DW_CHECK_STR(SYSTEMD(102, NULL),
		     "systemd-service web@8080.service "
		     "/etc/systemd/system/web@8080.service.d/10-local.conf:4 yn certain");
	DW_CHECK_STR(SYSTEMD(115, NULL),
		     "systemd-service web@8080.service "
		     "/etc/systemd/system/web@8080.service.d/10-local.conf:4 yn certain");
	DW_CHECK_STR(SYSTEMD(110, NULL), "systemd-service transd.service "
					 "/run/systemd/transient/transd.service:5 nn certain");
	DW_CHECK_STR(SYSTEMD(103, NULL), "sysv sysvd /etc/init.d/sysvd yn certain");
	DW_CHECK_STR(last.also, "sysvd.service");
	DW_CHECK(strstr(last.evidence, "/etc/rc2.d/S01sysvd") != NULL);
	DW_CHECK_STR(SYSTEMD(107, NULL), "nobody");
	host_close(&h);
}

DW_TEST(a_unit_whose_file_is_gone)
{
	struct host h;

	claims_open(&h);
	DW_CHECK_STR(
		SYSTEMD(114, NULL),
		"systemd-service gonefile.service /etc/systemd/system/gonefile.service n? certain");
	DW_CHECK(strstr(last.evidence, "its file is gone") != NULL);
	host_close(&h);
}

DW_TEST(shelters_are_a_guess)
{
	struct host h;

	claims_open(&h);
	DW_CHECK_STR(
		SYSTEMD(104, NULL),
		"systemd-service cron.service /usr/lib/systemd/system/cron.service:2 yy guess");
	DW_CHECK_STR(
		SYSTEMD(116, NULL),
		"systemd-service cron.service /usr/lib/systemd/system/cron.service:2 yy certain");
	DW_CHECK_STR(SYSTEMD(117, NULL), "systemd-service rc-local.service "
					 "/usr/lib/systemd/system/rc-local.service:3 nn likely");
	/* a forwarded port of somebody who came over ssh */
	DW_CHECK_STR(SYSTEMD(133, NULL),
		     "systemd-service ssh.service /usr/lib/systemd/system/ssh.service:6 yy guess");
	DW_CHECK_STR(MANUAL(133), "manual pat - nn certain");
	host_close(&h);
}

#define SEVERAL(pid, source)                                                                       \
	DW_CHECK_STR(SYSTEMD(pid, NULL),                                                           \
		     "systemd-service several.service "                                            \
		     "/etc/systemd/system/several.service" source " nn certain")

/* Another command than ExecStart= opened it: that line is the one to edit. */
DW_TEST(the_command_of_several)
{
	struct host h;

	claims_open(&h);
	SEVERAL(135, ":3");
	SEVERAL(134, ":4");
	/* its parent, of the same unit, shows the command */
	SEVERAL(136, ":4");
	/* by a script that ended since */
	SEVERAL(137, ":5");
	SEVERAL(138, ".d/more.conf:4");
	DW_CHECK(!strstr(last.evidence, "the unit starts"));
	/* ExecReload= starts nothing; what no line names is the service's own */
	SEVERAL(139, ":3");
	SEVERAL(135, ":3");
	host_close(&h);
}

DW_TEST(a_process_that_left_its_control_group)
{
	struct host h;

	claims_open(&h);
	DW_CHECK_STR(SYSTEMD(108, NULL), "systemd-service runaway.service "
					 "/usr/lib/systemd/system/runaway.service:2 nn likely");
	host_close(&h);
}

DW_TEST(sockets_that_systemd_holds)
{
	struct host h;
	struct dw_endpoint wild = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 8111);
	struct dw_endpoint v4 = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 8111);
	struct dw_endpoint udp = endpoint(DW_PROTOCOL_UDP, DW_FAMILY_DUAL, "::", 8111);
	struct dw_endpoint loop = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_IPV6, "::1", 8114);
	struct dw_endpoint each = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "127.0.0.1", 8112);
	struct dw_endpoint other = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "127.0.0.2", 8112);
	struct dw_endpoint vsock = { .protocol = DW_PROTOCOL_VSOCK,
				     .family = DW_FAMILY_VSOCK,
				     .has_port = true,
				     .port = 9001,
				     .address = { 2 } };

	claims_open(&h);
	DW_CHECK_STR(SYSTEMD(1, &wild),
		     "systemd-socket awake.socket /etc/systemd/system/awake.socket:3 yy certain");
	DW_CHECK_STR(last.also, "awake.service");
	DW_CHECK_STR(last.program, "/usr/sbin/awaked"); /* not systemd's, which only holds it */
	/* a host without IPv6 */
	DW_CHECK_STR(SYSTEMD(1, &v4),
		     "systemd-socket awake.socket /etc/systemd/system/awake.socket:3 yy certain");
	DW_CHECK_STR(SYSTEMD(1, &loop),
		     "systemd-socket awake.socket /etc/systemd/system/awake.socket:4 yy certain");
	DW_CHECK_STR(SYSTEMD(1, &each),
		     "systemd-socket each.socket /etc/systemd/system/each.socket:2 yy certain");
	DW_CHECK_STR(last.program, "/bin/cat");
	DW_CHECK_STR(SYSTEMD(1, &vsock),
		     "systemd-socket kinds.socket /etc/systemd/system/kinds.socket:8 yy certain");
	DW_CHECK_STR(last.program, "/usr/sbin/other"); /* Service= names another */
	DW_CHECK_STR(SYSTEMD(1, &udp), "nobody");
	DW_CHECK_STR(SYSTEMD(1, &other), "nobody");
	/* an instance for one connection */
	DW_CHECK_STR(SYSTEMD(113, NULL),
		     "systemd-socket each.socket /etc/systemd/system/each.socket:2 yy certain");
	host_close(&h);
}

/* Nobody enabled it, and systemd keeps no link for a unit that runs nothing. */
DW_TEST(sockets_that_were_started_by_hand)
{
	struct host h;
	struct dw_endpoint open = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 8120);
	struct dw_endpoint shut = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 8121);
	struct dw_endpoint ssh = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 22);

	claims_open(&h);
	/* asleep.socket asks for the same */
	DW_CHECK_STR(SYSTEMD(1, &open),
		     "systemd-socket byhand.socket /etc/systemd/system/byhand.socket:2 ny certain");
	DW_CHECK_STR(last.also, "byhand.service");
	DW_CHECK_STR(SYSTEMD(1, &shut), "nobody");
	/* the bus does not tell of that one */
	DW_CHECK_STR(SYSTEMD(1, &ssh),
		     "systemd-socket ssh.socket /usr/lib/systemd/system/ssh.socket:2 ny likely");
	host_close(&h);
}

DW_TEST(a_service_with_a_passed_socket)
{
	struct host h;
	struct dw_endpoint wild = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 8111);
	struct dw_endpoint own = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 9999);
	struct dw_endpoint ssh = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 22);

	claims_open(&h);
	DW_CHECK_STR(SYSTEMD(101, &wild),
		     "systemd-socket awake.socket /etc/systemd/system/awake.socket:3 yy certain");
	DW_CHECK_STR(last.also, "awake.service");
	DW_CHECK_STR(
		SYSTEMD(101, &own),
		"systemd-service awake.service /etc/systemd/system/awake.service:2 yy certain");
	/* ssh.socket asks for port 22 too, but nobody started it: sshd listens itself */
	DW_CHECK_STR(
		SYSTEMD(100, &ssh),
		"systemd-service ssh.service /usr/lib/systemd/system/ssh.service:6 yy certain");
	hold(&h, 1, &ssh);
	DW_CHECK_STR(SYSTEMD(100, &ssh),
		     "systemd-socket ssh.socket /usr/lib/systemd/system/ssh.socket:2 ny certain");
	host_close(&h);
}

DW_TEST(units_of_users)
{
	struct host h;
	struct dw_endpoint pats = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "127.0.0.1", 8141);

	claims_open(&h);
	DW_CHECK_STR(SYSTEMD(105, NULL),
		     "user-session patd.service /home/pat/.config/systemd/user/patd.service:2 yn "
		     "certain");
	/* sam does not linger */
	DW_CHECK_STR(SYSTEMD(118, NULL),
		     "user-session samd.service /home/sam/.config/systemd/user/samd.service:2 nn "
		     "certain");
	DW_CHECK(strstr(last.evidence, "no lingering") != NULL);
	DW_CHECK_STR(
		SYSTEMD(120, &pats),
		"user-session pats.socket /home/pat/.config/systemd/user/pats.socket:2 yy certain");
	DW_CHECK_STR(SYSTEMD(120, NULL), "nobody");
	host_close(&h);
}

DW_TEST(by_hand)
{
	struct host h;

	claims_open(&h);
	DW_CHECK_STR(MANUAL(106), "manual pat tty pts/3 from 10.9.0.1 nn certain");
	DW_CHECK_STR(SYSTEMD(106, NULL), "nobody");
	DW_CHECK_STR(MANUAL(112), "manual pat running as root (sudo or su) nn certain");
	DW_CHECK_STR(last.also, "running as root (sudo or su)");
	DW_CHECK_STR(MANUAL(111), "manual pat - nn certain");
	DW_CHECK_STR(MANUAL(109), "manual pat no terminal, from 10.9.0.7 nn likely");
	/* no session of logind's: the login program is an ancestor */
	DW_CHECK_STR(MANUAL(123), "manual sam tty tty1 nn certain");
	DW_CHECK_STR(SYSTEMD(123, NULL), "systemd-service getty@tty1.service - ?? guess");
	/* not by hand */
	DW_CHECK_STR(MANUAL(100), "nobody");
	DW_CHECK_STR(MANUAL(101), "nobody");
	DW_CHECK_STR(MANUAL(104), "nobody");
	DW_CHECK_STR(MANUAL(105), "nobody");
	DW_CHECK_STR(MANUAL(107), "nobody");
	DW_CHECK_STR(MANUAL(1), "nobody");
	host_close(&h);
}

DW_TEST(activated_by_the_message_bus)
{
	struct host h;

	claims_open(&h);
	DW_CHECK_STR(DBUS(131),
		     "dbus org.example.Plain "
		     "/usr/share/dbus-1/system-services/org.example.Plain.service:3 ?y certain");
	/* its parent, the bus's child that waited for the name, has gone */
	DW_CHECK_STR(DBUS(140),
		     "dbus org.example.Plain "
		     "/usr/share/dbus-1/system-services/org.example.Plain.service:3 ?y certain");
	/* it has a unit: systemd's */
	DW_CHECK_STR(DBUS(132), "nobody");
	DW_CHECK_STR(DBUS(100), "nobody");
	h.s.init = "sysvinit";
	DW_CHECK_STR(DBUS(132),
		     "dbus org.example.Unit "
		     "/usr/share/dbus-1/system-services/org.example.Unit.service:3 ?y certain");
	host_close(&h);
}

DW_TEST(containers_belong_to_others)
{
	struct host h;
	struct dw_claim c = { .container = "docker:web" };

	claims_open(&h);
	c.process = dw_procs_get(h.s.procs, 100);
	DW_CHECK_INT(dw_starter_systemd.claim(&h.s, h.systemd, &c, &last), 0);
	DW_CHECK_INT(dw_starter_manual.claim(&h.s, h.manual, &c, &last), 0);
	c = (struct dw_claim){ .process = NULL };
	DW_CHECK_INT(dw_starter_systemd.claim(&h.s, h.systemd, &c, &last), 0);
	host_close(&h);
}

DW_TEST(another_init_is_not_systemd)
{
	struct host h = host_open(DW_TEST_PATH("roots/systemd-host"), true, "sysvinit");

	DW_CHECK_INT(dw_starter_systemd.load(&h.s, &h.systemd, NULL), -ENOENT);
	host_close(&h);
}

DW_TEST(the_bus_answers)
{
	struct host h;
	static const char *const patterns[] = { "ssh*", "nothing", NULL };
	struct dw_bus_unit *units = NULL;
	struct dw_bus *bus = NULL;
	const char *path = NULL;
	size_t n = 0;

	claims_open(&h);
	DW_CHECK_INT(dw_bus_open(h.sys, &bus, NULL), 0);
	DW_CHECK_INT(dw_bus_list_units(bus, patterns, h.s.arena, &units, &n, NULL), 0);
	DW_CHECK_INT(n, 1);
	DW_CHECK_STR(n ? units[0].active_state : "", "active");
	DW_CHECK_INT(dw_bus_unit_string(bus, "gonefile.service", "", "FragmentPath", h.s.arena,
					&path, NULL),
		     0);
	DW_CHECK_STR(path, "/etc/systemd/system/gonefile.service");
	DW_CHECK_INT(
		dw_bus_unit_string(bus, "no.service", "", "FragmentPath", h.s.arena, &path, NULL),
		-ENOENT);
	dw_bus_free(bus);
	host_close(&h);
}

/* Every call that can fail fails once: a worse answer or none, and nothing breaks. */
static unsigned claim_all(unsigned fail_at)
{
	static const int pids[] = { 1, 100, 101, 104, 105, 106, 108, 109, 112, 113, 114, 123, 131 };
	struct host h = host_open(DW_TEST_PATH("roots/systemd-host"), true, "systemd");
	struct dw_endpoint at = endpoint(DW_PROTOCOL_TCP, DW_FAMILY_DUAL, "::", 8111);
	unsigned calls;

	dw_sys_fail_at(h.sys, fail_at, EIO);
	(void)dw_starter_systemd.load(&h.s, &h.systemd, NULL);
	(void)dw_starter_manual.load(&h.s, &h.manual, NULL);
	(void)dw_starter_dbus.load(&h.s, &h.dbus, NULL);
	for (size_t i = 0; i < DW_ARRAY_SIZE(pids); i++) {
		struct dw_claim c = { .process = dw_procs_get(h.s.procs, pids[i]), .at = &at };

		if (h.systemd && dw_starter_systemd.claim(&h.s, h.systemd, &c, &last))
			DW_CHECK(last.id && last.kind != DW_STARTER_UNKNOWN);
		if (h.manual && dw_starter_manual.claim(&h.s, h.manual, &c, &last))
			DW_CHECK(last.id != NULL);
		if (h.dbus && dw_starter_dbus.claim(&h.s, h.dbus, &c, &last))
			DW_CHECK(last.id != NULL);
	}
	calls = dw_sys_calls(h.sys);
	host_close(&h);
	return calls;
}

DW_TEST(every_failure_of_a_claim_is_survived)
{
	unsigned calls = claim_all(0);

	DW_CHECK(calls > 100);
	for (unsigned n = 1; n <= calls; n++)
		(void)claim_all(n);
}

DW_TEST_MAIN
