/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The story of a door, and which doors a word names. */
#include <errno.h>
#include <locale.h>

#include "dw_plan.h"
#include "dw_report.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"
#include "mock.h"

static void add_processes(struct dw_levers *l, const struct dw_door *d, struct dw_arena *a)
{
	for (size_t i = 0; i < d->n_owners && i < 4; i++)
		*dw_vec_add(a, l) = (struct dw_lever){
			.phase = DW_PHASE_LEFT,
			.manager = "process",
			.object = dw_arena_printf(a, "%d/1", d->owners[i].pid),
			.now.text = "running",
			.off.text = "gone",
			.label = dw_arena_printf(a, "process %d", d->owners[i].pid),
			.why = "It holds the door now.",
			.command = dw_arena_printf(a, "kill %d", d->owners[i].pid),
			.no_undo = true,
			.if_left = d->starter.id != NULL,
		};
	if (!d->starter.id)
		dw_vec_push(a, &l->remarks, "What starts it is not known: it may come back.");
}

/* Levers as they may be: a unit and two links of it, or a line of a file; then its processes. */
static struct dw_steps *steps_of(const struct dw_door *d, struct dw_arena *a)
{
	const struct dw_starter *s = &d->starter;
	struct dw_levers *l = dw_new(a, struct dw_levers);
	bool unit = s->id && (dw_ends_with(s->id, ".service") || dw_ends_with(s->id, ".socket"));

	if (unit && s->kind != DW_STARTER_INETD)
		*dw_vec_add(a, l) = (struct dw_lever){
			.phase = DW_PHASE_STOP,
			.manager = "systemd",
			.object = s->id,
			.now.text = "active",
			.off.text = "inactive",
			.label = s->id,
			.why = "The unit opens the door at every start.",
			.command = dw_arena_printf(a, "systemctl stop %s", s->id),
			.undo_command = dw_arena_printf(a, "systemctl start %s", s->id),
		};
	for (size_t i = 0; s->id && i < 2; i++)
		*dw_vec_add(a, l) = (struct dw_lever){
			.phase = DW_PHASE_BOOT,
			.manager = "file",
			.object = dw_arena_printf(a, "/etc/%s%zu", s->id, i),
			.now.text = "link /x",
			.off.text = "absent",
			.label = dw_arena_printf(a, "/etc/%s%zu", s->id, i),
			.why = "The boot starts it.",
			.command = unit && s->kind != DW_STARTER_INETD
					   ? dw_arena_printf(a, "systemctl disable %s", s->id)
				   : s->source ? dw_arena_printf(a, "edit %s", s->source)
					       : NULL,
			.notify = s->kind == DW_STARTER_INETD ? "inetd /usr/sbin/inetd" : "systemd",
			.undo_command =
				unit ? dw_arena_printf(a, "systemctl enable %s", s->id) : NULL,
		};
	add_processes(l, d, a);
	return dw_plan_one(d, l, "systemd", a);
}

/* The story; what could not be a door gives the message. Frees the text. */
static char *why(const char *which, const char *query, struct dw_report_style style, bool json)
{
	struct dw_audit *audit = dw_mock_audit(which);
	struct dw_report r = dw_mock_report(audit);
	struct dw_arena *a = audit->snapshot->arena;
	struct dw_error e = { 0 };
	struct dw_found f = { 0 };
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (dw_report_find(&r, query, a, &f, &e) < 0) {
		(void)fputs(e.message, out);
	} else {
		for (size_t i = 0; i < f.n; i++)
			f.doors[i].steps = steps_of(f.doors[i].door, a);
		DW_CHECK_INT(json ? dw_report_why_json(&f, out, true, NULL)
				  : dw_report_why_text(&r, &f, out, &style, NULL),
			     0);
	}
	(void)fclose(out);
	dw_mock_free(audit);
	return text;
}

/* Every door of the audit by the word that the table shows for it. */
static char *all_stories(const char *which, struct dw_report_style style)
{
	struct dw_audit *audit = dw_mock_audit(which);
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < audit->snapshot->n_doors; i++) {
		const struct dw_door *d = &audit->snapshot->doors[i];
		char *story;

		if (i > 0 && d->at.port > 8000 && d->at.port < 8020)
			continue; /* twenty of a kind */
		story = why(which, dw_endpoint_text(audit->snapshot->arena, &d->at), style, false);
		(void)fprintf(out, "%s\n", story);
		free(story);
	}
	(void)fclose(out);
	dw_mock_free(audit);
	return text;
}

DW_TEST(stories_are_as_they_were)
{
	static const struct {
		const char *which, *file;
		struct dw_report_style style;
	} cases[] = {
		{ "host", DW_TEST_PATH("golden/why-host-80.txt"), { .columns = 80 } },
		{ "calm",
		  DW_TEST_PATH("golden/why-calm-colour.txt"),
		  { .columns = 120, .colour = true } },
		{ "blind", DW_TEST_PATH("golden/why-blind-40.txt"), { .columns = 40 } },
		{ "hostile", DW_TEST_PATH("golden/why-hostile.txt"), { .columns = 80 } },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		char *text = all_stories(cases[i].which, cases[i].style);

		dw_golden_check(cases[i].file, text);
		free(text);
	}
}

DW_TEST(json_is_as_it_was)
{
	char *text = why("host", "23/tcp", (struct dw_report_style){ 0 }, true);

	dw_golden_check(DW_TEST_PATH("golden/why-23.json"), text);
	free(text);
}

DW_TEST(hostile_names_are_harmless)
{
	char *text = all_stories("hostile", (struct dw_report_style){ .columns = 80 });

	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		DW_CHECK(*p == '\n' || (*p >= 0x20 && *p != 0x7f));
	DW_CHECK(strstr(text, "\xe2\x80\xae") == NULL);
	DW_CHECK(strstr(text, "\xc2\x9b") == NULL);
	DW_CHECK(strstr(text, "\\x1b") != NULL);
	free(text);
}

static void check_words(const char *which, const char *query, const char *part)
{
	char *text = why(which, query, (struct dw_report_style){ .columns = 80 }, false);

	if (!strstr(text, part)) {
		dw_test_failures++;
		printf("%s: \"%s\" is not in:\n%s\n", query, part, text);
	}
	free(text);
}

DW_TEST(words_and_the_doors_they_name)
{
	static const char *const cases[][2] = {
		{ "22", "*:22/tcp ssh: KEEP\n" },
		{ "22/tcp", "*:22/tcp ssh: KEEP\n" },
		{ "0.0.0.0:22", "0.0.0.0:22/tcp ssh" },
		{ "[::]:22/tcp", "[::]:22/tcp ssh" },
		{ "[::]:22", "[::]:22/tcp ssh" },
		{ "*:22/tcp", "*:22/tcp ssh" },
		{ "192.168.1.10:22/tcp", "*:22/tcp ssh" }, /* it answers on this address too */
		{ "192.168.1.10", "192.168.1.10:5432/tcp" },
		{ "localhost:631/tcp", "localhost:631/tcp cups" },
		{ "[::1]:631/tcp", "[::1]:631/tcp cups" },
		{ "[::ffff:192.168.1.10]:5432", "192.168.1.10:5432/tcp" }, /* as ss shows it */
		{ "8000-8019/tcp", "0.0.0.0:8000-8019/tcp" },
		{ "0.0.0.0:8444/tcp", "0.0.0.0:8443-8445/tcp" },
		{ "ssh", "*:22/tcp" },
		{ "SSHD", "*:22/tcp" },
		{ "ssh/tcp", "*:22/tcp" },
		{ "openssh-server", "*:22/tcp" },
		{ "/usr/sbin/sshd", "*:22/tcp" },
		{ "ssh.service", "*:22/tcp" },
		{ "in.telnetd", "0.0.0.0:23/tcp" },
		{ "inetd", "0.0.0.0:23/tcp" },
		{ "docker:web", "2 doors have that name:" },
		{ "web", "0.0.0.0:8000-8019/tcp" },
		{ "blue", "0.0.0.0:80/tcp nginx" },
		{ "wireguard", "*:51820/udp" },
		{ "eth0", "eth0/packet dhclient" },
		{ "eth0/packet", "eth0/packet dhclient" },
		{ "[::]:icmpv6/raw", "[::]:icmpv6/raw radvd" },
		{ "not known yet", "mysteryd" },
		{ "mystery", "mysteryd" },
		{ "pid:612", "*:22/tcp ssh" },
		{ "612/pid", "*:22/tcp ssh" },
		{ "612", "*:22/tcp ssh" }, /* no such port is open */
		{ "69", "0.0.0.0:69/udp tftp: RESTRICT" },
		{ "9999/tcp", "Nothing listens on 9999/tcp." },
		{ "22/udp", "Near it: 0.0.0.0:22/tcp, [::]:22/tcp" },
		{ "shh", "Near it: ssh" },
		{ "700000", "No process 700000 holds a door." },
		{ "5/tcp", "Nothing listens on 5/tcp." },
		{ "", "a door is named by" },
		{ "22/foo", "\"foo\" is no protocol" },
		{ "99999/tcp", "99999 is no port" },
		{ "1.2.3.4:99999", "99999 is no port" },
		{ "9999999999", "is no port" },
		{ "[::1", "in brackets" },
		{ "[x]:1", "in brackets" },
		{ "[::1]x", "behind the brackets" },
		{ "pid:x", "behind pid:" },
		{ "a\x1b[31m", "control characters" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++)
		check_words("host", cases[i][0], cases[i][1]);
	check_words("blind", "9999/tcp", "not everything could be seen");
	check_words("many", "nginx", "The first 5 of them:");
}

/* rpcbind as its socket unit opens it: four addresses, four lines, one reason more on udp over IPv4. */
struct four {
	struct dw_door doors[4];
	struct dw_report_door told[4];
	struct dw_found found;
};

static const struct dw_reason four_reasons[] = { { "to-networks", "Meant for loopback.", NULL },
						 { "amplifies", "It answers with more.", NULL } };
static const struct dw_service_restrict four_restricts[] = {
	{ .how = "Listen on loopback",
	  .file = "/etc/systemd/system/rpcbind.socket.d/local.conf",
	  .setting = "[Socket]\nListenStream=\n  ListenStream=127.0.0.1:111\n",
	  .after = "systemctl daemon-reload" },
	{ .how = "Say less", .setting = "-h 127.0.0.1\n" },
	{ 0 },
};
static const struct dw_service four_service = { .name = "rpcbind", .restricts = four_restricts };

static void four_make(struct four *f, struct dw_arena *a)
{
	static const char *const lines[] = { "/lib/rpcbind.socket:11", "/lib/rpcbind.socket:12",
					     "/lib/rpcbind.socket:15", "/etc/rpcbind.socket:2" };

	*f = (struct four){ .found = { .query = "rpcbind", .doors = f->told, .n = 4 } };
	for (size_t i = 0; i < 4; i++) {
		struct dw_door *d = &f->doors[i];

		d->at = (struct dw_endpoint){ .protocol = i < 2 ? DW_PROTOCOL_TCP : DW_PROTOCOL_UDP,
					      .family = i % 2 ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4,
					      .has_port = true,
					      .port = 111 };
		d->netns = "host";
		d->kind = i < 2 ? DW_KIND_LISTENER : DW_KIND_DATAGRAM;
		d->peers_known = i < 2;
		d->program = "/sbin/rpcbind";
		d->starter = (struct dw_starter){ .kind = DW_STARTER_SYSTEMD_SOCKET,
						  .id = "rpcbind.socket",
						  .source = lines[i] };
		f->told[i] = (struct dw_report_door){ .door = d,
						      .verdict = "restrict",
						      .reasons = four_reasons,
						      .n_reasons = 1,
						      .service = &four_service,
						      .steps = steps_of(d, a) };
	}
}

static char *four_told(const struct four *f)
{
	struct dw_snapshot snapshot = { 0 };
	struct dw_report r = { .snapshot = &snapshot, .doors = f->told, .n_doors = 4 };
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(dw_report_why_text(&r, &f->found, out, &(struct dw_report_style){ 0 }, NULL),
		     0);
	(void)fclose(out);
	return text;
}

static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, part)) != NULL; p++)
		n++;
	return n;
}

static void check_four(const struct four *f, const char *part, unsigned times)
{
	char *text = four_told(f);

	if (count(text, part) != times) {
		dw_test_failures++;
		printf("not %u times: \"%s\" in:\n%s\n", times, part, text);
	}
	free(text);
}

DW_TEST(doors_that_are_alike_are_one_story)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct four f;

	four_make(&f, a);
	check_four(&f, "*:111/tcp, *:111/udp rpcbind: RESTRICT\n", 1);
	check_four(&f, "written in /lib/rpcbind.socket:11, 12, 15, /etc/rpcbind.socket:2\n", 1);
	check_four(&f, "over IPv4 and IPv6", 1);
	check_four(&f, "To close     ", 1);
	check_four(&f,
		   "systemctl stop rpcbind.socket\n             systemctl disable rpcbind.socket\n",
		   1);
	check_four(&f, "To undo      systemctl enable rpcbind.socket\n             systemctl start",
		   1);
	check_four(&f, "restrict: Meant for loopback. [to-networks]\n", 1);
	check_four(&f, "Used by      nobody is connected now\n", 1);
	check_four(&f, "             (udp) a datagram port: who sends to it is not counted\n", 1);
	f.told[2].n_reasons = f.told[3].n_reasons = 2;
	check_four(&f, "             (udp) It answers with more. [amplifies]\n", 1);
	f.told[0].n_reasons = 2;
	check_four(&f, "             (0.0.0.0:111/tcp, *:111/udp) It answers with more.", 1);
	f.told[2].n_reasons = f.told[0].n_reasons = 1;
	f.told[1].n_reasons = 2;
	check_four(&f, "             (IPv6) It answers with more. [amplifies]\n", 1);
	check_four(&f, "RESTRICT\n", 1);
}

DW_TEST(doors_that_differ_stay_apart)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct four f;

	four_make(&f, a);
	f.told[1].verdict = "close";
	check_four(&f, "[::]:111/tcp rpcbind: CLOSE\n", 1);
	check_four(&f, "0.0.0.0:111/tcp, *:111/udp rpcbind: RESTRICT\n", 1);
	four_make(&f, a);
	f.doors[1].starter.id = "other.socket";
	check_four(&f, "rpcbind: RESTRICT\n", 2);
	four_make(&f, a);
	f.doors[1].kind = DW_KIND_SLEEPING;
	check_four(&f, "rpcbind: RESTRICT\n", 2);
	four_make(&f, a);
	f.told[1].service = NULL;
	check_four(&f, "RESTRICT\n", 2);
	/* a line of its own has a step of its own */
	four_make(&f, a);
	for (size_t i = 0; i < 4; i++) {
		f.doors[i].starter.kind = DW_STARTER_INETD;
		f.told[i].steps = steps_of(&f.doors[i], a);
	}
	check_four(&f, "rpcbind: RESTRICT\n", 4);
	/* of a program that nobody starts, each process is told */
	four_make(&f, a);
	for (size_t i = 0; i < 4; i++)
		f.doors[i].starter.kind = DW_STARTER_MANUAL;
	f.doors[3].owners = &(struct dw_owner){ .pid = 7 };
	f.doors[3].n_owners = 1;
	check_four(&f, "rpcbind: RESTRICT\n", 2);
}

DW_TEST(what_depends_on_a_door)
{
	static const char *many[DW_DEPENDANTS_MAX];
	static const struct dw_relation needs[] = { { "nfs.service", "requires" },
						    { "x\x1b.service", "wants" } };
	static const struct dw_relation wakes[] = { { "map.timer", "timer" },
						    { "org.example.Map", "dbus" } };
	static const struct dw_relations both = { needs, 2, wakes, 2 }, none = { 0 };
	static const struct dw_package package = { .name = "rpcbind", .manager = "dpkg" };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings packages = { .v = many };
	struct four f;

	four_make(&f, a);
	check_four(&f, "Needed by", 0);
	check_four(&f, "depends on it", 0);
	f.doors[0].package = &package;
	f.told[0].dependants = &packages;
	f.told[0].relations = &none;
	check_four(&f, "; nothing installed depends on it\n", 1);
	check_four(&f, "Needed by    no other unit of systemd's\n", 1);
	check_four(&f, "Woken by", 0);
	for (size_t i = 0; i < DW_DEPENDANTS_MAX; i++)
		many[i] = "p";
	f.told[0].relations = &both;
	packages.n = 8;
	check_four(&f, "; needed by p, p, p, p, p, p, p, p\n", 1);
	packages.n = 10;
	check_four(&f, "; needed by p, p, p, p, p, p, p, p and 2 more\n", 1);
	packages.n = DW_DEPENDANTS_MAX;
	check_four(&f, " and 56 more at least\n", 1);
	check_four(&f, "Needed by    nfs.service (requires it), x\\x1b.service (wants it)\n", 1);
	check_four(&f, "Woken by     map.timer, org.example.Map (a call over D-Bus)\n", 1);
}

DW_TEST(a_setting_of_several_lines_stands_as_in_its_file)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct four f;

	four_make(&f, a);
	check_four(&f,
		   "Narrow it    Listen on loopback: in "
		   "/etc/systemd/system/rpcbind.socket.d/local.conf:\n"
		   "                 [Socket]\n"
		   "                 ListenStream=\n"
		   "                   ListenStream=127.0.0.1:111\n"
		   "             then systemctl daemon-reload\n"
		   "             Say less \"-h 127.0.0.1\"\n",
		   1);
}

DW_TEST(no_line_of_a_story_is_wider_than_the_terminal)
{
	char *text = all_stories("host", (struct dw_report_style){ .columns = 80 }), *line = text;

	for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		/* a command stays in one piece, to be copied */
		DW_CHECK(dw_display_width(line) <= 80 || strstr(line, " sed -i "));
		DW_CHECK(end == line || end[-1] != ' ');
	}
	free(text);
}

__attribute__((constructor)) static void use_utf8(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		abort();
}

DW_TEST_MAIN
