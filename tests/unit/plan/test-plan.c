/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps for every kind of starter, as they are told; tests/golden/plan.txt holds them. */
#include "dw_plan.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"

#define OWNER(p, name, u)                                                                          \
	{                                                                                          \
		.pid = (p), .comm = (name), .executable = "/usr/sbin/" name,                       \
		.command = name " --listen", .user = (u)                                           \
	}

static struct dw_owner one[] = { OWNER(700, "inetd", "root") };
static struct dw_owner xinetd[] = { OWNER(710, "xinetd", "root"),
				    OWNER(711, "in.tftpd", "nobody") };
static struct dw_owner pat[] = { OWNER(900, "nohupd", "pat") };
static struct dw_owner odd_user[] = { OWNER(901, "x", "a b;rm") };
static struct dw_owner five[] = { OWNER(1, "a", "u"), OWNER(2, "a", "u"), OWNER(3, "a", "u"),
				  OWNER(4, "a", "u"), OWNER(5, "a", "u") };

struct one_case {
	const char *what;
	struct dw_starter starter;
	struct dw_owner *owners;
	size_t n_owners;
	const char *kernel;
	const char *manager;
};

#define ON  .enabled = DW_YES, .running = DW_YES
#define OFF .enabled = DW_NO, .running = DW_YES

static const struct one_case cases[] = {
	{ "unit", { DW_STARTER_SYSTEMD_SERVICE, "nginx.service", ON }, NULL, 0, NULL, "systemd" },
	{ "unit that is not enabled",
	  { DW_STARTER_SYSTEMD_SERVICE, "nginx.service", OFF },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "unit with a socket unit",
	  { DW_STARTER_SYSTEMD_SERVICE, "rpcbind.service", ON, .also = "rpcbind.socket" },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "unit linked by the vendor",
	  { DW_STARTER_SYSTEMD_SERVICE, "x.service", ON,
	    .evidence = "enabled by /usr/lib/systemd/system/multi-user.target.wants/x.service" },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "generated unit",
	  { DW_STARTER_SYSTEMD_SERVICE, "x.service", "/run/systemd/generator/x.service:4", ON },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "sleeping unit",
	  { DW_STARTER_SYSTEMD_SERVICE, "x.service", .enabled = DW_YES, .running = DW_NO },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "socket unit",
	  { DW_STARTER_SYSTEMD_SOCKET, "cups.socket", ON, .also = "cups.service" },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "socket unit alone",
	  { DW_STARTER_SYSTEMD_SOCKET, "x.socket", OFF },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "socket unit, a service for each caller",
	  { DW_STARTER_SYSTEMD_SOCKET, "sshd.socket", ON, .also = "sshd@.service" },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "socket of a D-Bus name",
	  { DW_STARTER_SYSTEMD_SERVICE, "x.service", ON, .also = "D-Bus name org.x" },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "init script",
	  { DW_STARTER_SYSV, "radvd", "/etc/init.d/radvd", ON, .also = "radvd.service" },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "init script, sleeping",
	  { DW_STARTER_SYSV, "radvd", .enabled = DW_YES, .running = DW_NO },
	  NULL,
	  0,
	  NULL,
	  "sysvinit" },
	{ "init script, neither",
	  { DW_STARTER_SYSV, "radvd", .enabled = DW_NO, .running = DW_NO },
	  NULL,
	  0,
	  NULL,
	  "sysvinit" },
	{ "inetd",
	  { DW_STARTER_INETD, "telnet", "/etc/inetd.conf:7", ON },
	  one,
	  1,
	  NULL,
	  "sysvinit" },
	{ "inetd, not running",
	  { DW_STARTER_INETD, "telnet", "/etc/inetd.conf:7", .enabled = DW_YES, .running = DW_NO },
	  NULL,
	  0,
	  NULL,
	  "sysvinit" },
	{ "inetd, line not known",
	  { DW_STARTER_INETD, "telnet", "/etc/inetd.conf", ON },
	  one,
	  1,
	  NULL,
	  "sysvinit" },
	{ "xinetd",
	  { DW_STARTER_XINETD, "tftp", "/etc/xinetd.d/tftp:3", ON },
	  xinetd,
	  2,
	  NULL,
	  "sysvinit" },
	{ "openrc",
	  { DW_STARTER_OPENRC, "distcc", "/etc/init.d/distcc", ON },
	  NULL,
	  0,
	  NULL,
	  "openrc" },
	{ "runit", { DW_STARTER_RUNIT, "web", "/srv/sv/web/run:3", ON }, NULL, 0, NULL, "runit" },
	{ "runit, place not known", { DW_STARTER_RUNIT, "web", ON }, NULL, 0, NULL, "runit" },
	{ "cron", { DW_STARTER_CRON, "/etc/cron.d/x", "/etc/cron.d/x:4", ON }, pat, 1, NULL, NULL },
	{ "cron, no line", { DW_STARTER_CRON, "cron", ON }, pat, 1, NULL, NULL },
	{ "rc.local",
	  { DW_STARTER_RC_LOCAL, "rc.local", "/etc/rc.local:9", ON },
	  pat,
	  1,
	  NULL,
	  NULL },
	{ "inittab",
	  { DW_STARTER_INITTAB, "lr", "/etc/inittab:31", ON },
	  pat,
	  1,
	  NULL,
	  "sysvinit" },
	{ "at job that waits",
	  { DW_STARTER_AT, "/var/spool/cron/atjobs/a0001e01c3d5a2", .enabled = DW_YES,
	    .running = DW_NO },
	  NULL,
	  0,
	  NULL,
	  NULL },
	{ "at job that ran",
	  { DW_STARTER_AT, "/var/spool/cron/atjobs/=0001e01c3d5a2", OFF },
	  pat,
	  1,
	  NULL,
	  NULL },
	{ "container", { DW_STARTER_CONTAINER, "docker:web", ON }, NULL, 0, NULL, "systemd" },
	{ "container that stays down",
	  { DW_STARTER_CONTAINER, "podman:web", OFF, .restarts = DW_NO },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "container not known",
	  { DW_STARTER_CONTAINER, "docker:unknown", ON },
	  NULL,
	  0,
	  NULL,
	  NULL },
	{ "container of another kind",
	  { DW_STARTER_CONTAINER, "lxc:web", ON },
	  NULL,
	  0,
	  NULL,
	  NULL },
	{ "D-Bus",
	  { DW_STARTER_DBUS, "org.x", "/usr/share/dbus-1/system-services/org.x.service:3", ON },
	  pat,
	  1,
	  NULL,
	  NULL },
	{ "user unit",
	  { DW_STARTER_USER_SESSION, "syncthing.service", ON },
	  pat,
	  1,
	  NULL,
	  "systemd" },
	{ "user unit, user not known",
	  { DW_STARTER_USER_SESSION, "syncthing.service", ON },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "by hand", { DW_STARTER_MANUAL, "pat", OFF }, pat, 1, NULL, NULL },
	{ "by hand, many", { DW_STARTER_MANUAL, NULL, OFF }, five, 5, NULL, NULL },
	{ "by hand, nobody seen", { DW_STARTER_MANUAL, NULL, OFF }, NULL, 0, NULL, NULL },
	{ "kernel: nfsd, systemd", { DW_STARTER_KERNEL, "nfsd", ON }, NULL, 0, "nfsd", "systemd" },
	{ "kernel: nfsd", { DW_STARTER_KERNEL, "nfsd", ON }, NULL, 0, "nfsd", "sysvinit" },
	{ "kernel: wireguard", { DW_STARTER_KERNEL, "wireguard", ON }, NULL, 0, "wireguard", NULL },
	{ "kernel: something", { DW_STARTER_KERNEL, NULL, ON }, NULL, 0, NULL, NULL },
	{ "not known", { 0 }, pat, 1, NULL, NULL },
	{ "windows", { DW_STARTER_WINDOWS_SERVICE, "x", ON }, NULL, 0, NULL, NULL },
	{ "no id", { DW_STARTER_SYSV, NULL, ON }, pat, 1, NULL, NULL },
	/* names that attack the shell or the terminal */
	{ "hostile unit",
	  { DW_STARTER_SYSTEMD_SERVICE, "a b';reboot;'.service", ON },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "unit with a dash",
	  { DW_STARTER_SYSTEMD_SERVICE, "-x.service", ON, .also = "-x.socket" },
	  NULL,
	  0,
	  NULL,
	  "systemd" },
	{ "hostile file",
	  { DW_STARTER_CRON, "x", "/etc/cron.d/\x1b[2J'\\\n\xff$(reboot):3", ON },
	  NULL,
	  0,
	  NULL,
	  NULL },
	{ "hostile script", { DW_STARTER_SYSV, "--help;`id`", ON }, NULL, 0, NULL, NULL },
	{ "hostile user", { DW_STARTER_USER_SESSION, "x.service", ON }, odd_user, 1, NULL, NULL },
	{ "hostile container",
	  { DW_STARTER_CONTAINER, "docker:-f $HOME", ON },
	  NULL,
	  0,
	  NULL,
	  NULL },
};

static void write_case(FILE *out, const struct one_case *c)
{
	struct dw_door d = { .at = { .protocol = DW_PROTOCOL_TCP,
				     .family = DW_FAMILY_IPV4,
				     .has_port = true,
				     .port = 23 },
			     .starter = c->starter,
			     .owners = c->owners,
			     .n_owners = c->n_owners,
			     .kernel = c->kernel };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_told_steps *s = dw_plan_close(&d, c->manager, a);

	(void)fprintf(out, "== %s\n", c->what);
	for (size_t i = 0; i < s->n; i++) {
		const struct dw_told_step *v = &s->v[i];

		(void)fprintf(out, "%s %s: %s -> %s. %s\n  do   %s\n  undo %s\n", v->manager,
			      v->object, v->expect, v->want, v->why, v->command,
			      v->undo_command ? v->undo_command : "-");
		DW_CHECK_STR(v->door, "0.0.0.0:23/tcp");
	}
	for (size_t i = 0; i < s->n_remarks; i++)
		(void)fprintf(out, "  note %s\n", s->remarks[i]);
	/* silence would be taken for "nothing to do" */
	DW_CHECK(s->n + s->n_remarks > 0);
}

DW_TEST(steps_are_as_they_were)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++)
		write_case(out, &cases[i]);
	(void)fclose(out);
	dw_golden_check(DW_TEST_PATH("golden/plan.txt"), text);
	free(text);
}

DW_TEST(every_kind_is_tried)
{
	bool seen[DW_STARTER_COUNT] = { false };

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++)
		seen[cases[i].starter.kind] = true;
	for (size_t i = 0; i < DW_STARTER_COUNT; i++)
		DW_CHECK(seen[i]);
}

/* No command has a byte that a terminal would obey, and none has a name outside quotes. */
DW_TEST(commands_are_quoted)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct dw_door d = { .starter = cases[i].starter,
				     .owners = cases[i].owners,
				     .n_owners = cases[i].n_owners };
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_told_steps *s = dw_plan_close(&d, cases[i].manager, a);

		for (size_t k = 0; k < s->n; k++)
			for (const char *c = s->v[k].command; *c; c++)
				DW_CHECK((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f);
	}
}

DW_TEST_MAIN
