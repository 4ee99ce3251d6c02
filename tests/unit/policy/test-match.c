/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which statement decides about a door, and the conditions. */
#include <arpa/inet.h>

#include "dw_policy_match.h"
#include "dw_policy_read.h"
#include "dw_str.h"
#include "dw_test.h"
#include "mock-knowledge.h"

static struct dw_door door(const char *address, uint32_t port, enum dw_protocol protocol)
{
	struct dw_door d = { .at = { .protocol = protocol, .has_port = port != 0, .port = port },
			     .netns = "host",
			     .kind = DW_KIND_LISTENER,
			     .owners_known = true };

	if (address && strchr(address, ':')) {
		d.at.family = DW_FAMILY_IPV6;
		DW_CHECK_INT(inet_pton(AF_INET6, address, d.at.address), 1);
	} else if (address) {
		d.at.family = DW_FAMILY_IPV4;
		DW_CHECK_INT(inet_pton(AF_INET, address, d.at.address), 1);
	}
	return d;
}

static struct dw_door tcp(const char *address, uint32_t port)
{
	return door(address, port, DW_PROTOCOL_TCP);
}

static const struct dw_policy *policy(struct dw_arena *a, const char *text)
{
	struct dw_policy_problems problems = { 0 };
	const struct dw_policy_text t = { "test", { dw_arena_strdup(a, text), strlen(text) } };
	const struct dw_policy *p = dw_policy_read(a, &t, NULL, &mock_knowledge, &problems);

	for (size_t i = 0; !p && i < problems.n; i++)
		printf("%u:%u: %s\n", problems.v[i].line, problems.v[i].column, problems.v[i].text);
	if (!p)
		exit(1);
	return p;
}

/* Line of the statement that decides; 0: none does. */
static unsigned decides(const char *text, const struct dw_door *d, const char *identified)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_service *s =
		identified ? dw_knowledge_service(&mock_knowledge, identified) : NULL;
	const struct dw_statement *st =
		dw_policy_match(policy(a, text), NULL, d, s, &mock_knowledge, 0, NULL);

	DW_CHECK(!identified || s);
	return st ? st->line : 0;
}

DW_TEST(services)
{
	struct dw_door on80 = tcp("0.0.0.0", 80), on8080 = tcp("0.0.0.0", 8080);
	struct dw_door udp80 = door("0.0.0.0", 80, DW_PROTOCOL_UDP), none = tcp(NULL, 0);

	DW_CHECK_INT(decides("keep http", &on80, "http"), 1);
	DW_CHECK_INT(decides("keep http", &on8080, "http"), 1);
	DW_CHECK_INT(decides("keep www", &on80, "nginx"), 1);    /* it serves http there */
	DW_CHECK_INT(decides("keep http", &on8080, "nginx"), 0); /* but not there */
	DW_CHECK_INT(decides("keep nginx", &on8080, "nginx"), 1);
	DW_CHECK_INT(decides("keep http", &on80, "ssh"), 0); /* another program on the port */
	DW_CHECK_INT(decides("keep http", &on80, NULL), 1);
	DW_CHECK_INT(decides("keep http", &on8080, NULL), 0);
	DW_CHECK_INT(decides("keep http", &udp80, NULL), 0);
	DW_CHECK_INT(decides("keep http", &on80, "inetd"), 1);
	DW_CHECK_INT(decides("keep http", &on8080, "inetd"), 0);
	DW_CHECK_INT(decides("keep nginx", &none, "nginx"), 1);
	DW_CHECK_INT(decides("keep nginx", &none, NULL), 0);
	DW_CHECK_INT(decides("close ssh\nkeep 80\nclose http", &on80, "http"), 2);
}

DW_TEST(ports)
{
	struct dw_door d = tcp("0.0.0.0", 8005), none = tcp("0.0.0.0", 0);
	struct dw_door udp = door("0.0.0.0", 8005, DW_PROTOCOL_UDP);
	struct dw_door sctp = door("0.0.0.0", 8005, DW_PROTOCOL_SCTP);

	DW_CHECK_INT(decides("keep 8005/tcp", &d, NULL), 1);
	DW_CHECK_INT(decides("keep 8005/tcp", &d, "ssh"), 1);
	DW_CHECK_INT(decides("keep 8005/udp", &d, NULL), 0);
	DW_CHECK_INT(decides("keep 8005", &d, NULL), 1);
	DW_CHECK_INT(decides("keep 8005", &udp, NULL), 1);
	DW_CHECK_INT(decides("keep 8005", &sctp, NULL), 0);
	DW_CHECK_INT(decides("keep 8005/sctp", &sctp, NULL), 1);
	DW_CHECK_INT(decides("keep 8000-8005/tcp", &d, NULL), 1);
	DW_CHECK_INT(decides("keep 8000-8004/tcp 8006/tcp", &d, NULL), 0);
	DW_CHECK_INT(decides("keep 1-65535/tcp", &none, NULL), 0);
	d.port_last = 8010; /* a forwarded range: a part of it is not the whole */
	DW_CHECK_INT(decides("keep 8005/tcp\nkeep 8000-8009/tcp\nkeep 8005-8010/tcp", &d, NULL), 3);
}

DW_TEST(facts_of_the_door)
{
	static const struct dw_package package = { .name = "openssh-server" };
	struct dw_owner owner = { .executable = "/usr/bin/python3.11", .script = "/opt/x/serve" };
	struct dw_door d = tcp("0.0.0.0", 9000);

	d.owners = &owner;
	d.n_owners = 1;
	d.program = "/opt/x/serve";
	d.package = &package;
	d.netns = "blue";
	owner.container = "docker:web";
	d.starter = (struct dw_starter){ .kind = DW_STARTER_SYSTEMD_SOCKET,
					 .id = "x@7.socket",
					 .also = "x@7.service" };
	DW_CHECK_INT(decides("keep x@8.socket\nkeep x@7.socket", &d, NULL), 2);
	DW_CHECK_INT(decides("keep y@.service\nkeep x@.service", &d, NULL), 2);
	DW_CHECK_INT(decides("keep starter:x@7.service\nkeep starter:x@7.socket", &d, NULL), 2);
	DW_CHECK_INT(decides("keep /opt/*\nkeep /opt/x/*", &d, NULL), 2);
	DW_CHECK_INT(decides("keep /usr/bin/python3*", &d, NULL), 1);
	DW_CHECK_INT(decides("keep package:openssh\nkeep package:openssh-server", &d, NULL), 2);
	DW_CHECK_INT(decides("keep netns:host\nkeep netns:blue", &d, NULL), 2);
	DW_CHECK_INT(decides("keep container:docker\nkeep container:web", &d, NULL), 2);
	DW_CHECK_INT(decides("keep container:podman:web\nkeep container:docker:web", &d, NULL), 2);
	d.starter = (struct dw_starter){ .kind = DW_STARTER_INETD,
					 .id = "time",
					 .program = "/opt/x/serve" };
	DW_CHECK_INT(decides("keep time.service\nkeep starter:time", &d, NULL), 2);
	DW_CHECK_INT(decides("keep /usr/bin/python3*", &d, NULL), 0); /* inetd's own program */
}

DW_TEST(the_first_that_counts_decides)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_policy *p = policy(a, "role web-server\nkeep ssh expires 2027-01-01\n"
					      "close 23/tcp\nkeep 22 expires 2028-01-01");
	const struct dw_service *ssh = dw_knowledge_service(&mock_knowledge, "ssh");
	struct dw_door d = tcp("0.0.0.0", 22);
	const struct dw_statement *expired, *s;

	s = dw_policy_match(p, NULL, &d, ssh, &mock_knowledge, 1798761599, &expired);
	DW_CHECK(s && s->line == 2 && !expired);
	s = dw_policy_match(p, NULL, &d, ssh, &mock_knowledge, 1798761600, &expired);
	DW_CHECK(s && s->line == 4 && expired && expired->line == 2);
	s = dw_policy_match(p, NULL, &d, ssh, &mock_knowledge, 1900000000, &expired);
	DW_CHECK(s && s->line == 1 && expired && expired->line == 2);
	DW_CHECK_STR(s ? s->role : NULL, "web-server");
	d.at.port = 99;
	s = dw_policy_match(p, NULL, &d, NULL, &mock_knowledge, 0, &expired);
	DW_CHECK(!s && !expired);
	s = dw_policy_match(NULL, NULL, &d, NULL, &mock_knowledge, 0, &expired);
	DW_CHECK(!s && !expired);
}

static void check_bound(const char *clauses, const struct dw_door *d, enum dw_fit want)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_policy *p = policy(a, dw_arena_printf(a, "keep ssh %s", clauses));
	enum dw_fit got = dw_policy_bound_fits(&p->statements[0], d);

	if (got != want) {
		dw_test_failures++;
		printf("%s: %s is %d, not %d\n", dw_endpoint_text(a, &d->at), clauses, (int)got,
		       (int)want);
	}
}

DW_TEST(bound_addresses)
{
	struct dw_door any = tcp("0.0.0.0", 22), any6 = tcp("::", 22), lo = tcp("127.0.0.1", 22);
	struct dw_door lan = tcp("192.168.1.7", 22), lan6 = tcp("fd00::7", 22), on = any;
	struct dw_door mapped = tcp("::ffff:192.168.1.7", 22), sleeping = tcp(NULL, 22);

	on.at.ifindex = 2;
	on.at.ifname = "eth0";
	check_bound("", &any, DW_FIT_FITS);
	check_bound("from any", &any6, DW_FIT_FITS);
	check_bound("on loopback", &any, DW_FIT_WIDER);
	check_bound("on loopback", &any6, DW_FIT_WIDER);
	check_bound("on loopback", &lan, DW_FIT_WIDER);
	check_bound("on loopback", &lo, DW_FIT_FITS);
	check_bound("on 192.168.1.7", &lo, DW_FIT_FITS);
	check_bound("from 10.0.0.0/8", &lo, DW_FIT_FITS);
	check_bound("from lan", &any, DW_FIT_UNKNOWN);
	check_bound("from lan", &lan, DW_FIT_FITS);
	check_bound("from lan", &lan6, DW_FIT_FITS);
	check_bound("from lan", &mapped, DW_FIT_FITS);
	check_bound("from 10.0.0.0/8", &lan, DW_FIT_UNKNOWN);
	check_bound("from 192.168.0.0/23", &lan, DW_FIT_FITS);
	check_bound("from 192.168.2.0/23", &lan, DW_FIT_UNKNOWN);
	check_bound("from 0.0.0.0/0", &lan, DW_FIT_FITS);
	check_bound("from 0.0.0.0/0", &lan6, DW_FIT_UNKNOWN);
	check_bound("on 192.168.1.7", &lan, DW_FIT_FITS);
	check_bound("on 192.168.1.7", &mapped, DW_FIT_FITS);
	check_bound("on ::ffff:192.168.1.7", &lan, DW_FIT_FITS);
	check_bound("on ::ffff:192.168.1.8", &lan, DW_FIT_WIDER);
	check_bound("on 192.168.1.8", &lan, DW_FIT_WIDER);
	check_bound("on 192.168.1.7", &any, DW_FIT_WIDER);
	check_bound("on fd00::7", &lan6, DW_FIT_FITS);
	check_bound("on eth0", &on, DW_FIT_FITS);
	check_bound("on eth1", &on, DW_FIT_WIDER);
	check_bound("on eth0", &any, DW_FIT_WIDER);
	check_bound("on eth0", &lan, DW_FIT_UNKNOWN);
	check_bound("on 192.168.1.7 from lan", &lan, DW_FIT_FITS);
	check_bound("on 192.168.1.7 from 10.0.0.0/8", &lan, DW_FIT_UNKNOWN);
	check_bound("on eth0 from lan", &on, DW_FIT_UNKNOWN);
	check_bound("on loopback", &sleeping, DW_FIT_UNKNOWN);
	check_bound("", &sleeping, DW_FIT_FITS);
}

DW_TEST(programs_and_users)
{
	struct dw_owner owners[2] = {
		{ .executable = "/usr/sbin/sshd", .user = "root" },
		{ .executable = "/usr/sbin/sshd", .user = "pat", .euid = 7 }
	};
	struct dw_statement s = { 0 };
	struct dw_door d = tcp("0.0.0.0", 22);

	DW_CHECK_INT(dw_policy_program_fits(&s, &d), DW_FIT_FITS);
	DW_CHECK_INT(dw_policy_user_fits(&s, &d), DW_FIT_FITS);
	s.program = "/usr/sbin/ssh*";
	s.user = "root";
	DW_CHECK_INT(dw_policy_program_fits(&s, &d), DW_FIT_UNKNOWN);
	DW_CHECK_INT(dw_policy_user_fits(&s, &d), DW_FIT_UNKNOWN);
	d.program = "/usr/sbin/sshd";
	DW_CHECK_INT(dw_policy_program_fits(&s, &d), DW_FIT_FITS);
	d.owners = owners;
	d.n_owners = 1;
	DW_CHECK_INT(dw_policy_program_fits(&s, &d), DW_FIT_FITS);
	DW_CHECK_INT(dw_policy_user_fits(&s, &d), DW_FIT_FITS);
	d.n_owners = 2;
	DW_CHECK_INT(dw_policy_user_fits(&s, &d), DW_FIT_WIDER);
	s.user = "0";
	DW_CHECK_INT(dw_policy_user_fits(&s, &d), DW_FIT_WIDER);
	d.n_owners = 1;
	DW_CHECK_INT(dw_policy_user_fits(&s, &d), DW_FIT_FITS);
	d.n_owners = 2;
	owners[1].executable = "/tmp/sshd";
	DW_CHECK_INT(dw_policy_program_fits(&s, &d), DW_FIT_WIDER);
	owners[1].script = "/usr/sbin/sshx";
	DW_CHECK_INT(dw_policy_program_fits(&s, &d), DW_FIT_FITS);
	d.owners_known = false;
	DW_CHECK_INT(dw_policy_program_fits(&s, &d), DW_FIT_UNKNOWN);
	owners[1].script = owners[1].executable = NULL;
	DW_CHECK_INT(dw_policy_program_fits(&s, &d), DW_FIT_UNKNOWN);
	d.starter.program = d.program; /* whoever holds it only launches */
	owners[0].executable = "/usr/sbin/inetd";
	DW_CHECK_INT(dw_policy_program_fits(&s, &d), DW_FIT_FITS);
}

DW_TEST(stars)
{
	DW_CHECK(dw_policy_glob("/a/*/c", "/a/b/c"));
	DW_CHECK(dw_policy_glob("/a/*", "/a/"));
	DW_CHECK(!dw_policy_glob("/a/*", "/a/b/c"));
	DW_CHECK(!dw_policy_glob("/a/*/c", "/a/b/b/c"));
	DW_CHECK(dw_policy_glob("/*x*y", "/axbxxyy"));
	DW_CHECK(!dw_policy_glob("/*x*y", "/axbxxyz"));
	DW_CHECK(dw_policy_glob("/*/*a*/b", "/x/aab/b"));
	DW_CHECK(!dw_policy_glob("/a", "/ab"));
	DW_CHECK(!dw_policy_glob("/ab", "/a"));
	DW_CHECK(dw_policy_glob("/a**", "/a"));
}

DW_TEST_MAIN
