/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>

#include "dw_door_key.h"
#include "dw_str.h"
#include "dw_test.h"

static struct dw_door ssh(void)
{
	return (struct dw_door){
		.at = { .netns = 4026531840U,
			.protocol = DW_PROTOCOL_TCP,
			.family = DW_FAMILY_IPV4,
			.has_port = true,
			.port = 22 },
		.netns = "host",
		.kind = DW_KIND_LISTENER,
		.starter = { .kind = DW_STARTER_SYSTEMD_SERVICE, .id = "ssh.service" },
		.program = "/usr/sbin/sshd",
	};
}

DW_TEST(a_key_is_one_line_of_what_stays)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_door d = ssh();

	DW_CHECK_STR(dw_door_key(a, &d, false),
		     "host tcp 0.0.0.0 22 systemd-service:ssh.service /usr/sbin/sshd");
	DW_CHECK_STR(dw_door_place(a, &d, false), "host tcp 0.0.0.0 22");
	d.at.protocol = DW_PROTOCOL_UDP;
	DW_CHECK_STR(dw_door_place(a, &d, true), "host udp 0.0.0.0 *");
}

DW_TEST(a_restart_does_not_change_it)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_owner first = { .pid = 400, .started_ticks = 7 },
			second = { .pid = 900, .started_ticks = 90 };
	struct dw_door d = ssh(), again = ssh();

	d.owners = &first;
	again.owners = &second;
	d.n_owners = again.n_owners = 1;
	d.sockets = 1;
	again.sockets = 2;
	again.at.netns = 4026532999U; /* of the same name, made anew */
	DW_CHECK_STR(dw_door_key(a, &d, false), dw_door_key(a, &again, false));
	again.at.port = 4444;
	DW_CHECK(!dw_streq(dw_door_key(a, &d, false), dw_door_key(a, &again, false)));
}

DW_TEST(transient_units_have_no_numbers)
{
	static const struct {
		const char *id, *part;
	} cases[] = {
		{ "run-u12.service", " systemd-service:run-*.service " },
		{ "run-r0123456789abcdef0123456789abcdef.service",
		  " systemd-service:run-*.service " },
		{ "session-4.scope", " systemd-service:session-*.scope " },
		{ "app-firefox-1234.scope", " systemd-service:app-firefox-*.scope " },
		{ "app-12.service", " systemd-service:app-*.service " },
		{ "getty@tty1.service", " systemd-service:getty@tty1.service " },
		{ "php8.2-fpm.service", " systemd-service:php8.2-fpm.service " },
		{ "runner.service", " systemd-service:runner.service " },
	};
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct dw_door d = ssh();

		d.starter.id = cases[i].id;
		DW_CHECK(strstr(dw_door_key(a, &d, false), cases[i].part));
	}
}

DW_TEST(hostile_names_stay_in_their_part)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_door d = ssh(), e = ssh();

	d.program = "/tmp/a b\n\\x20\xff";
	DW_CHECK_STR(dw_door_key(a, &d, false), "host tcp 0.0.0.0 22 systemd-service:ssh.service "
						"/tmp/a\\x20b\\x0a\\x5cx20\\xff");
	/* an escape that was in the name is not one of ours */
	d.program = "/tmp/a b";
	e.program = "/tmp/a\\x20b";
	DW_CHECK(!dw_streq(dw_door_key(a, &d, false), dw_door_key(a, &e, false)));
	d.program = NULL;
	d.starter = (struct dw_starter){ 0 };
	DW_CHECK_STR(dw_door_key(a, &d, false), "host tcp 0.0.0.0 22 - -");
}

DW_TEST(a_namespace_without_a_name_is_its_owners)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_owner owner = { .pid = 4, .container = "docker:web" };
	struct dw_door d = ssh();

	d.netns = "net:[4026532000]";
	DW_CHECK_STR(dw_door_place(a, &d, false), "of:systemd-service:ssh.service tcp 0.0.0.0 22");
	d.owners = &owner;
	d.n_owners = 1;
	DW_CHECK_STR(dw_door_place(a, &d, false), "of:docker:web tcp 0.0.0.0 22");
	d.n_owners = 0;
	d.starter = (struct dw_starter){ 0 };
	DW_CHECK_STR(dw_door_place(a, &d, false), "of:- tcp 0.0.0.0 22");
	d.netns = "blue";
	DW_CHECK_STR(dw_door_place(a, &d, false), "blue tcp 0.0.0.0 22");
}

DW_TEST(places_that_differ_are_apart)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_door d = ssh();

	d.at.family = DW_FAMILY_DUAL;
	DW_CHECK_STR(dw_door_place(a, &d, false), "host tcp :: 22");
	d.at.family = DW_FAMILY_IPV6;
	DW_CHECK_STR(dw_door_place(a, &d, false), "host tcp ::,v6only 22");
	d.at.ifindex = 3;
	d.at.ifname = "eth0";
	DW_CHECK_STR(dw_door_place(a, &d, false), "host tcp ::,v6only%eth0 22");
	DW_CHECK_INT(inet_pton(AF_INET6, "fe80::1", d.at.address), 1);
	DW_CHECK_STR(dw_door_place(a, &d, false), "host tcp fe80::1%eth0 22");
	d = ssh();
	d.kind = DW_KIND_FORWARDED;
	d.port_last = 29;
	DW_CHECK_STR(dw_door_place(a, &d, false), "host tcp,forwarded 0.0.0.0 22-29");
	d.at = (struct dw_endpoint){ .protocol = DW_PROTOCOL_PACKET,
				     .family = DW_FAMILY_PACKET,
				     .ifindex = 2,
				     .ifname = "eth0" };
	d.kind = DW_KIND_SNIFFER;
	d.port_last = 0;
	DW_CHECK_STR(dw_door_place(a, &d, false), "host packet eth0 -");
}

DW_TEST_MAIN
