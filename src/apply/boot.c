/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps that have a program run at boot: near its end (here), or before there is a network (early.c). */
#include "boot.h"

#include <errno.h>
#include <string.h>

#include "dw_state.h"
#include "dw_str.h"
#include "executor.h"

#define WANTS  "/etc/systemd/system/multi-user.target.wants"
#define DEPEND "/etc/init.d/.depend.start"

/* systemd.service(5), "Command lines": within quotes the backslash escapes; % and $ mean something there too. */
const char *dw_boot_unit_command(struct dw_arena *a, const char *const *argv)
{
	struct dw_str b = { .arena = a };

	for (; *argv; argv++) {
		dw_str_add(&b, b.n ? " \"" : "\"");
		for (const char *p = *argv; *p; p++) {
			if (*p == '%' || *p == '$')
				dw_str_addf(&b, "%c%c", *p, *p);
			else if (*p == '"' || *p == '\\')
				dw_str_addf(&b, "\\%c", *p);
			else if ((unsigned char)*p < ' ' || *p == 0x7f)
				dw_str_addf(&b, "\\x%02x", (unsigned)(unsigned char)*p);
			else
				dw_str_addc(&b, *p);
		}
		dw_str_addc(&b, '"');
	}
	return b.s;
}

const char *dw_boot_shell_command(struct dw_arena *a, const char *const *argv)
{
	struct dw_str b = { .arena = a };

	for (; *argv; argv++) {
		dw_str_add(&b, b.n ? " '" : "'");
		for (const char *p = *argv; *p; p++)
			dw_str_addf(&b, *p == '\'' ? "'\\'%c" : "%c", *p);
		dw_str_addc(&b, '\'');
	}
	return b.s;
}

void dw_boot_add(struct dw_booting *g, const char *object, struct dw_state now,
		 struct dw_state want)
{
	*dw_vec_add(g->arena, &g->steps) = (struct dw_step){ .phase = g->job->phase,
							     .manager = "file",
							     .object = object,
							     .expect = now,
							     .want = want,
							     .notify = g->notify,
							     .label = object,
							     .why = g->job->why };
}

int dw_boot_read(struct dw_booting *g, const char *object, struct dw_state *ret)
{
	const struct dw_step t = { .manager = "file", .object = object };

	return dw_apply_read(g->a, &t, ret, g->e);
}

/* A name that is ours: whatever stands there already is somebody's. */
int dw_boot_new(struct dw_booting *g, const char *object, struct dw_state want)
{
	struct dw_state now = { 0 };
	int r = dw_boot_read(g, object, &now);

	if (r < 0)
		return r;
	if (!dw_streq(now.text, "absent"))
		return dw_error_set(g->e, -EEXIST,
				    "%s is there already: nothing is put in its place", object);
	dw_boot_add(g, object, now, want);
	return 0;
}

struct dw_state dw_boot_file_state(struct dw_booting *g, unsigned mode, char *text)
{
	struct dw_state s = { .data = { .data = text, .n = strlen(text) } };

	s.text = dw_state_file_text(g->arena, mode, 0, 0, &s.data, NULL);
	return s;
}

struct dw_state dw_boot_link_state(struct dw_booting *g, const char *target)
{
	return (struct dw_state){ .text = dw_arena_printf(g->arena, "link %s", target) };
}

int dw_boot_file(struct dw_booting *g, const char *object, unsigned mode, char *text)
{
	return dw_boot_new(g, object, dw_boot_file_state(g, mode, text));
}

int dw_boot_link(struct dw_booting *g, const char *directory, const char *name, const char *target)
{
	return dw_boot_new(g, dw_arena_printf(g->arena, "%s/%s", directory, name),
			   dw_boot_link_state(g, target));
}

/* A directory that may be missing; it goes again with an undo. */
int dw_boot_directory(struct dw_booting *g, const char *object)
{
	struct dw_state now = { 0 };
	int r = dw_boot_read(g, object, &now);

	if (r == 0 && dw_streq(now.text, "absent"))
		dw_boot_add(g, object, now, (struct dw_state){ .text = "directory 0755 0:0" });
	return r;
}

/*
 * A job that only looks: what it may end with, and that a removed package leaves no boot that fails. Never for one that
 * guards something: that its program is gone has to be seen. A condition knows no quotes (systemd.unit(5)).
 */
static const char *only_looks(struct dw_booting *g, const char *program, bool of_unit)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-";

	if (!g->job->fine)
		return "";
	if (!of_unit)
		return dw_arena_printf(g->arena, "SuccessExitStatus=%s\n", g->job->fine);
	return program[strspn(program, plain)]
		       ? ""
		       : dw_arena_printf(g->arena, "ConditionFileIsExecutable=%s\n", program);
}

/*
 * Behind multi-user.target: earlier, the unit would be a part of the boot that waits for what it starts itself, and a
 * unit that is ordered behind that target would never come. A boot whose network is shut gets there too, only
 * later. KillMode=process: what an undo starts (an init script's daemon) stays when it ends.
 */
static int for_systemd(struct dw_booting *g, const char *const *argv)
{
	const char *unit = dw_arena_printf(g->arena, "%s.service", g->job->name);
	const char *file = dw_arena_printf(g->arena, "/etc/systemd/system/%s", unit);
	int r;

	g->notify = "systemd";
	r = dw_boot_file(
		g, file, 0644,
		dw_arena_printf(g->arena,
				"[Unit]\n"
				"Description=doorward: %s\n"
				"Documentation=man:doorward(1)\n"
				"After=multi-user.target\n%s\n"
				"[Service]\nType=oneshot\nKillMode=process\n%sExecStart=%s\n\n"
				"[Install]\nWantedBy=multi-user.target\n",
				g->job->summary, only_looks(g, argv[0], true),
				only_looks(g, argv[0], false),
				dw_boot_unit_command(g->arena, argv)));
	if (r == 0)
		r = dw_boot_directory(g, WANTS);
	return r < 0 ? r : dw_boot_link(g, WANTS, unit, file);
}

/* The words of the line that begins with "TARGETS = ": all scripts of the boot. */
static const char *targets_of(struct dw_arena *a, const struct dw_bytes *content,
			      unsigned *ret_line)
{
	static const char begin[] = "TARGETS = ";
	struct dw_lines it = dw_lines_of(content);
	const char *line;
	size_t n;

	while (dw_lines_next(&it, &line, &n)) {
		if (n < sizeof(begin) - 1 || memcmp(line, begin, sizeof(begin) - 1) != 0)
			continue;
		*ret_line = it.number;
		return dw_arena_strndup(a, line, n);
	}
	return NULL;
}

/*
 * Debian's startpar(8) runs only what .depend.start names (insserv(8) writes it), however many links there are: the
 * script becomes a target, behind all others. Without that file the links count.
 */
static int add_depend(struct dw_booting *g)
{
	struct dw_state now = { 0 }, want;
	struct dw_edit edits[2] = { 0 };
	unsigned line = 0;
	const char *targets;
	int r = dw_boot_read(g, DEPEND, &now);

	if (r < 0 || !now.data.data)
		return r;
	targets = targets_of(g->arena, &now.data, &line);
	if (!targets)
		return 0;
	edits[0] = (struct dw_edit){ .line = line,
				     .old = targets,
				     .fresh = dw_arena_printf(g->arena, "%s %s", targets,
							      g->job->name) };
	edits[1] = (struct dw_edit){ .line = UINT32_MAX,
				     .fresh = dw_arena_printf(g->arena, "%s: %s", g->job->name,
							      targets + strlen("TARGETS = ")) };
	want = (struct dw_state){ .text = NULL };
	if (!dw_edits_apply(g->arena, &now.data, edits, 2, &want.data, NULL))
		return dw_error_set(
			g->e, -EBADMSG,
			DEPEND ": its line TARGETS cannot be edited; insserv writes the file anew");
	want.text = dw_state_file_with(g->arena, now.text, &want.data);
	if (!want.text)
		return dw_error_set(g->e, -EBADMSG, DEPEND " is no plain file");
	dw_boot_add(g, DEPEND, now, want);
	return 0;
}

/* LSB's header keeps it in its place when insserv(8) orders the scripts anew. */
static int for_rc(struct dw_booting *g, const char *const *argv)
{
	static const char *const levels[] = { "/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d",
					      "/etc/rc5.d" };
	const char *name = g->job->name;
	int r = dw_boot_file(g, dw_arena_printf(g->arena, "/etc/init.d/%s", name), 0755,
			     dw_arena_printf(g->arena,
					     "#!/bin/sh\n"
					     "### BEGIN INIT INFO\n"
					     "# Provides:          %s\n"
					     "# Required-Start:    $remote_fs $syslog $all\n"
					     "# Required-Stop:\n"
					     "# Default-Start:     2 3 4 5\n"
					     "# Default-Stop:\n"
					     "# Short-Description: doorward: %s\n"
					     "### END INIT INFO\n\n"
					     "case \"$1\" in\n"
					     "start) %s ;;\n"
					     "esac\nexit 0\n",
					     name, g->job->summary,
					     dw_boot_shell_command(g->arena, argv)));

	for (size_t i = 0; r == 0 && i < DW_ARRAY_SIZE(levels); i++)
		r = dw_boot_link(g, levels[i], dw_arena_printf(g->arena, "S99%s", name),
				 dw_arena_printf(g->arena, "../init.d/%s", name));
	return r < 0 ? r : add_depend(g);
}

/*
 * Behind all others, but for those that the runlevel boot alone has: OpenRC starts whatever of that runlevel another
 * is to come after, also where nothing enters it (Debian's inittab). A trial that is put back would open a door there.
 */
#define OPENRC_LAST                                                                                \
	"depend() {\n"                                                                             \
	"\tlocal i\n"                                                                              \
	"\tfor i in /etc/init.d/*; do\n"                                                           \
	"\t\ti=${i##*/}\n"                                                                         \
	"\t\tif [ ! -e \"/etc/runlevels/boot/$i\" ] || "                                           \
	"[ -e \"/etc/runlevels/default/$i\" ]; then\n"                                             \
	"\t\t\tafter \"$i\"\n"                                                                     \
	"\t\tfi\n"                                                                                 \
	"\tdone\n"                                                                                 \
	"}\n\n"

/* A job that took its own script away: OpenRC finds nothing to mark as started, and keeps the mark of the start. */
#define OPENRC_NO_MARK                                                                             \
	"\t[ -e \"/etc/init.d/$RC_SVCNAME\" ] || "                                                 \
	"rm -f \"$RC_SVCDIR/starting/$RC_SVCNAME\"\n"

static int for_openrc(struct dw_booting *g, const char *const *argv)
{
	const char *script = dw_arena_printf(g->arena, "/etc/init.d/%s", g->job->name);
	int r = dw_boot_file(g, script, 0755,
			     dw_arena_printf(g->arena,
					     "#!/sbin/openrc-run\n"
					     "description=\"doorward: %s\"\n\n" OPENRC_LAST
					     "start() {\n\tebegin \"doorward: %s\"\n"
					     "\t%s\n" OPENRC_NO_MARK "\teend 0\n}\n",
					     g->job->summary, g->job->summary,
					     dw_boot_shell_command(g->arena, argv)));

	return r < 0 ? r : dw_boot_link(g, "/etc/runlevels/default", g->job->name, script);
}

static const struct {
	const char *name;
	int (*make)(struct dw_booting *g, const char *const *argv);
	int (*early)(struct dw_booting *g, const char *const *argv);
} managers[] = {
	{ "systemd", for_systemd, dw_early_systemd },
	{ "sysvinit", for_rc, dw_early_rc },
	{ "runit", for_rc, dw_early_rc },
	{ "openrc", for_openrc, dw_early_openrc },
	{ "openrc-init", for_openrc, dw_early_openrc },
};

int dw_boot_steps(struct dw_apply *a, const struct dw_boot_job *job, const char *service_manager,
		  const char *const *argv, struct dw_step **ret, size_t *ret_n, struct dw_error *e)
{
	struct dw_booting g = { .a = a, .arena = a->sw->arena, .job = job, .e = e };
	int r = -ENOTSUP;

	if (!argv[0] || argv[0][0] != '/')
		return dw_error_set(e, -EINVAL,
				    "what a boot runs needs the absolute path of doorward");
	for (size_t i = 0; service_manager && i < DW_ARRAY_SIZE(managers); i++)
		if (dw_streq(managers[i].name, service_manager))
			r = (job->early ? managers[i].early : managers[i].make)(&g, argv);
	if (r == -ENOTSUP && g.steps.n == 0)
		return dw_error_set(e, r, "nothing here starts programs at boot (%s)",
				    service_manager ? service_manager : "no service manager");
	if (r < 0)
		return r;
	*ret = g.steps.v;
	*ret_n = g.steps.n;
	return 0;
}
