/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps that have a program run at every boot before there is a network, and those that end it. What stands there
 * as it shall be is left out: rules that are changed need no other unit.
 */
#include <errno.h>
#include <string.h>

#include "boot.h"
#include "dw_state.h"
#include "dw_str.h"

#define UNITS    "/etc/systemd/system"
#define RC       "/etc/rcS.d"
#define RUNLEVEL "/etc/runlevels/sysinit"
#define DEPEND   "/etc/init.d/.depend.boot"
/* What brings the network up on Debian without systemd. */
#define NETWORK    "networking"
#define HOOKS      "/etc/network/if-pre-up.d"
#define NFTABLES   "nftables" /* Debian's script: it flushes the whole ruleset */
#define OTHERS_MAX 64u        /* scripts of a boot that need it */
#define LINKS_MAX  100u       /* of a name in rcS.d: S00 to S99 */

static int place(struct dw_booting *g, const char *object, struct dw_state want)
{
	struct dw_state now = { 0 };
	int r = dw_boot_read(g, object, &now);

	if (r < 0 || dw_streq0(now.text, want.text))
		return r;
	if (dw_starts_with(now.text, "directory"))
		return dw_error_set(g->e, -EEXIST, "%s is a directory", object);
	dw_boot_add(g, object, now, want);
	return 0;
}

int dw_boot_place_file(struct dw_booting *g, const char *object, unsigned mode, char *text)
{
	return place(g, object, dw_boot_file_state(g, mode, text));
}

static int place_link(struct dw_booting *g, const char *directory, const char *name,
		      const char *target)
{
	int r = dw_boot_directory(g, directory);

	return r < 0 ? r
		     : place(g, dw_arena_printf(g->arena, "%s/%s", directory, name),
			     dw_boot_link_state(g, target));
}

/*
 * As nftables.service has it: no default dependencies, or it would come behind the network that it guards. Behind
 * all that flush the whole ruleset when they start; with nftables.service, whose every start, stop and reload
 * does so, it is started and reloaded too.
 */
int dw_early_systemd(struct dw_booting *g, const char *const *argv)
{
	const char *unit = dw_arena_printf(g->arena, "%s.service", g->job->name);
	const char *file = dw_arena_printf(g->arena, UNITS "/%s", unit);
	const char *command = dw_boot_unit_command(g->arena, argv);
	int r;

	g->notify = "systemd";
	r = dw_boot_place_file(
		g, file, 0644,
		dw_arena_printf(g->arena,
				"[Unit]\n"
				"Description=doorward: %s\n"
				"Documentation=man:doorward(1)\n"
				"DefaultDependencies=no\n"
				"Wants=network-pre.target\n"
				"Before=network-pre.target shutdown.target\n"
				"After=nftables.service netfilter-persistent.service ufw.service\n"
				"After=firewalld.service\n"
				"Conflicts=shutdown.target\n"
				"PartOf=nftables.service\n"
				"ReloadPropagatedFrom=nftables.service\n\n"
				"[Service]\nType=oneshot\nRemainAfterExit=yes\n"
				"ExecStart=%s\nExecReload=%s\n\n"
				"[Install]\nWantedBy=sysinit.target nftables.service\n",
				g->job->summary, command, command));
	if (r == 0)
		r = place_link(g, UNITS "/sysinit.target.wants", unit, file);
	return r < 0 ? r : place_link(g, UNITS "/nftables.service.wants", unit, file);
}

/* --- insserv's list of what a boot runs ---------------------------------------------------------------- */

/* The line that begins so; NULL: there is none. */
static const char *line_of(struct dw_arena *a, const struct dw_bytes *content, const char *begin,
			   unsigned *ret_line)
{
	struct dw_lines it = dw_lines_of(content);
	size_t length = strlen(begin), n;
	const char *line;

	while (dw_lines_next(&it, &line, &n)) {
		if (n < length || memcmp(line, begin, length) != 0)
			continue;
		*ret_line = it.number;
		return dw_arena_strndup(a, line, n);
	}
	return NULL;
}

static int edit(struct dw_booting *g, struct dw_state now, const struct dw_edit *edits, size_t n)
{
	struct dw_state want = { .text = NULL };

	if (!dw_edits_apply(g->arena, &now.data, edits, n, &want.data, NULL))
		return dw_error_set(
			g->e, -EBADMSG,
			DEPEND ": its line TARGETS cannot be edited; insserv writes the file anew");
	want.text = dw_state_file_with(g->arena, now.text, &want.data);
	if (!want.text)
		return dw_error_set(g->e, -EBADMSG, DEPEND " is no plain file");
	dw_boot_add(g, DEPEND, now, want);
	return 0;
}

/* Does the script say that it needs a network? What does listens, or asks somebody. */
static bool needs_network(struct dw_booting *g, const char *script)
{
	static const char *const heads[] = { "# Required-Start:", "# Should-Start:" };
	struct dw_state now = { 0 };
	unsigned line = 0;

	if (dw_boot_read(g, dw_arena_printf(g->arena, "/etc/init.d/%s", script), &now) < 0 ||
	    !now.data.data)
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(heads); i++) {
		const char *text = line_of(g->arena, &now.data, heads[i], &line);

		if (text && strstr(text, "$network"))
			return true;
	}
	return false;
}

/*
 * Debian's script of nftables needs the network, and drops all rules when it starts: there ours cannot come before the
 * network and stay. Then it comes right behind that script, and all the rest that needs a network behind ours.
 */
static bool is_behind_network(struct dw_booting *g)
{
	return needs_network(g, NFTABLES);
}

/* Each word of the line that the list has not yet. */
static void add_words(struct dw_booting *g, const char *line, struct dw_strings *list)
{
	char *rest = dw_arena_strdup(g->arena, line), *w;

	while ((w = dw_word_next(&rest)))
		if (!dw_strings_has(list, w))
			dw_vec_push(g->arena, list, w);
}

/* That script and all that it needs, by what it needs, and so on: none of them can wait for ours. */
static struct dw_strings first_of(struct dw_booting *g, const struct dw_bytes *content,
				  const char *targets)
{
	struct dw_strings all = { 0 }, first = { 0 };
	unsigned line = 0;

	add_words(g, targets, &all);
	if (!dw_strings_has(&all, NFTABLES))
		return first;
	dw_vec_push(g->arena, &first, NFTABLES);
	for (size_t i = 0; i < first.n; i++) {
		const char *begin = dw_arena_printf(g->arena, "%s:", first.v[i]);
		const char *needs = line_of(g->arena, content, begin, &line);

		if (needs)
			add_words(g, needs + strlen(begin), &first);
	}
	return first;
}

/* What ours needs: the needs of the network, or else what mounts the local file systems. */
static const char *needs_of(struct dw_booting *g, const struct dw_bytes *content,
			    const char *targets, const struct dw_strings *first)
{
	static const char *const mounts[] = { "mountkernfs.sh", "mountall.sh",
					      "mountall-bootclean.sh" };
	struct dw_str out = { .arena = g->arena };
	char *rest = dw_arena_strdup(g->arena, targets), *w;
	unsigned line = 0;
	const char *network = line_of(g->arena, content, NETWORK ":", &line);

	if (first->n == 0 && network)
		return network + strlen(NETWORK ":");
	if (first->n)
		dw_str_addf(&out, " " NFTABLES);
	while ((w = dw_word_next(&rest)))
		for (size_t i = 0; i < DW_ARRAY_SIZE(mounts); i++)
			if (dw_streq(w, mounts[i]))
				dw_str_addf(&out, " %s", w);
	return out.s ? out.s : "";
}

/* Those that need a network need ours now; one without a line has none of its needs yet. */
static size_t add_to_others(struct dw_booting *g, const struct dw_bytes *content,
			    const char *targets, const struct dw_strings *first,
			    struct dw_edit *edits, size_t n, size_t most)
{
	char *rest = dw_arena_strdup(g->arena, targets), *w;

	while ((w = dw_word_next(&rest)) && n < most) {
		const char *begin = dw_arena_printf(g->arena, "%s:", w), *old;
		unsigned line = 0;

		if (dw_strings_has(first, w) || (!dw_streq(w, NETWORK) && !needs_network(g, w)))
			continue;
		old = line_of(g->arena, content, begin, &line);
		edits[n++] = (struct dw_edit){ old ? line : UINT32_MAX, old,
					       dw_arena_printf(g->arena, "%s %s", old ? old : begin,
							       g->job->name) };
	}
	return n;
}

/*
 * Debian's startpar(8) runs what .depend.boot names, in its order: ours has the needs of the network, which then needs
 * ours, as all do that need the network (rpcbind listens before the runlevel). With the script of nftables ours needs
 * that, and what it needs does not wait. Without that file the links count.
 */
static int depend_on(struct dw_booting *g)
{
	const char *name = g->job->name, *targets;
	struct dw_edit edits[OTHERS_MAX + 2] = { 0 };
	struct dw_state now = { 0 };
	struct dw_strings first = { 0 };
	unsigned line = 0, own = 0;
	size_t n = 0;
	int r = dw_boot_read(g, DEPEND, &now);

	if (r < 0 || !now.data.data)
		return r;
	targets = line_of(g->arena, &now.data, "TARGETS = ", &line);
	if (!targets || line_of(g->arena, &now.data, dw_arena_printf(g->arena, "%s:", name), &own))
		return 0;
	edits[n++] = (struct dw_edit){ line, targets,
				       dw_arena_printf(g->arena, "%s %s", targets, name) };
	first = first_of(g, &now.data, targets);
	n = add_to_others(g, &now.data, targets + strlen("TARGETS = "), &first, edits, n,
			  OTHERS_MAX);
	edits[n++] = (struct dw_edit){ UINT32_MAX, NULL,
				       dw_arena_printf(g->arena, "%s:%s", name,
						       needs_of(g, &now.data, targets, &first)) };
	return edit(g, now, edits, n);
}

/* The line without that word. */
static const char *without(struct dw_arena *a, const char *line, const char *word)
{
	struct dw_str out = { .arena = a };
	char *rest = dw_arena_strdup(a, line), *w;

	while ((w = dw_word_next(&rest)))
		if (!dw_streq(w, word))
			dw_str_addf(&out, "%s%s", out.n ? " " : "", w);
	return out.s ? out.s : "";
}

/* Each line that names ours is without it then; one that named nothing else goes. */
static int depend_off(struct dw_booting *g)
{
	const char *own = dw_arena_printf(g->arena, "%s:", g->job->name), *text;
	struct dw_edit edits[OTHERS_MAX + 2] = { 0 };
	struct dw_state now = { 0 };
	struct dw_lines it;
	size_t n = 0, length;
	int r = dw_boot_read(g, DEPEND, &now);

	if (r < 0 || !now.data.data)
		return r;
	it = dw_lines_of(&now.data);
	while (dw_lines_next(&it, &text, &length) && n < DW_ARRAY_SIZE(edits)) {
		const char *old = dw_arena_strndup(g->arena, text, length), *fresh;

		if (dw_starts_with(old, own)) {
			edits[n++] = (struct dw_edit){ it.number, old, NULL };
			continue;
		}
		fresh = without(g->arena, old, g->job->name);
		if (!dw_streq(fresh, old) && strstr(old, g->job->name))
			edits[n++] = (struct dw_edit){ it.number, old,
						       dw_ends_with(fresh, ":") ? NULL : fresh };
	}
	return n ? edit(g, now, edits, n) : 0;
}

/*
 * The link of that script in rcS.d, whatever its number is now (insserv(8) gives them anew). 1, 0: there is none;
 * negative.
 */
static int find_link(struct dw_booting *g, const char *script, const char **ret,
		     unsigned *ret_number)
{
	for (unsigned i = 0; i < LINKS_MAX; i++) {
		const char *name = dw_arena_printf(g->arena, "S%02u%s", i, script);
		struct dw_state now = { 0 };
		int r = dw_boot_read(g, dw_arena_printf(g->arena, RC "/%s", name), &now);

		if (r < 0)
			return r;
		if (dw_streq(now.text, "absent"))
			continue;
		*ret = name;
		*ret_number = i;
		return 1;
	}
	return 0;
}

/* The link that ours has, else the one to make: right behind that of nftables. */
static int choose_link(struct dw_booting *g, const char **ret)
{
	const char *flushes = NULL;
	unsigned number = 0;
	int r = find_link(g, g->job->name, ret, &number);

	if (r != 0)
		return r;
	r = find_link(g, NFTABLES, &flushes, &number);
	if (r < 0)
		return r;
	*ret = dw_arena_printf(g->arena, "S%02u%s",
			       r > 0 && number < LINKS_MAX - 1 ? number + 1 : 10, g->job->name);
	return 0;
}

static char *rc_script(struct dw_booting *g, const char *const *argv)
{
	return dw_arena_printf(g->arena,
			       "#!/bin/sh\n"
			       "### BEGIN INIT INFO\n"
			       "# Provides:          %s\n"
			       "# Required-Start:    mountkernfs $local_fs\n"
			       "# Required-Stop:\n"
			       "# Should-Start:      " NFTABLES "\n"
			       "# X-Start-Before:    %s\n"
			       "# Default-Start:     S\n"
			       "# Default-Stop:\n"
			       "# Short-Description: doorward: %s\n"
			       "### END INIT INFO\n\n"
			       "case \"$1\" in\n"
			       "start|restart|reload|force-reload) %s ;;\n"
			       "esac\n",
			       g->job->name, is_behind_network(g) ? "rpcbind portmap" : NETWORK,
			       g->job->summary, dw_boot_shell_command(g->arena, argv));
}

/*
 * Where ours comes behind the network, ifupdown has it done before the first interface is up (interfaces(5)), and once
 * only: a trial that is on is not replaced by what was there before. An interface whose hook fails stays down, and the
 * host with it, hence the last line.
 */
static int place_hook(struct dw_booting *g, const char *const *argv)
{
	const char *run = dw_boot_shell_command(g->arena, argv);
	struct dw_state now = { 0 };
	int r = 0;

	if (!g->job->stands || !is_behind_network(g))
		return 0;
	r = dw_boot_read(g, HOOKS, &now);
	if (r < 0 || !dw_starts_with(now.text, "directory"))
		return r;
	return dw_boot_place_file(
		g, dw_arena_printf(g->arena, HOOKS "/%s", g->job->name), 0755,
		dw_arena_printf(g->arena,
				"#!/bin/sh\n"
				"# doorward: %s, until the script of nftables has run\n"
				"'%s' %s >/dev/null 2>&1 || %s\n"
				"exit 0\n",
				g->job->summary, argv[0], g->job->stands, run));
}

/* rcS.d is what sysvinit and runit run first; insserv(8) keeps the script in its place by its header. */
int dw_early_rc(struct dw_booting *g, const char *const *argv)
{
	const char *name = g->job->name, *link = NULL;
	int r = dw_boot_place_file(g, dw_arena_printf(g->arena, "/etc/init.d/%s", name), 0755,
				   rc_script(g, argv));

	if (r == 0)
		r = choose_link(g, &link);
	if (r >= 0)
		r = place_link(g, RC, link, dw_arena_printf(g->arena, "../init.d/%s", name));
	if (r == 0)
		r = depend_on(g);
	return r < 0 ? r : place_hook(g, argv);
}

/*
 * In sysinit: OpenRC on Debian never enters the runlevel boot. There is no localmount there but mountall; to need
 * what is not there would keep ours from starting at all.
 */
int dw_early_openrc(struct dw_booting *g, const char *const *argv)
{
	const char *before = is_behind_network(g) ? "" : " net " NETWORK;
	const char *script = dw_arena_printf(g->arena, "/etc/init.d/%s", g->job->name);
	int r = dw_boot_place_file(
		g, script, 0755,
		dw_arena_printf(g->arena,
				"#!/sbin/openrc-run\n"
				"description=\"doorward: %s\"\n\n"
				"depend() {\n\tuse localmount mountall mountall-bootclean\n"
				"\tbefore%s rpcbind portmap\n\tafter " NFTABLES "\n}\n\n"
				"start() {\n\tebegin \"doorward: %s\"\n\t%s\n\teend $?\n}\n",
				g->job->summary, before, g->job->summary,
				dw_boot_shell_command(g->arena, argv)));

	if (r == 0)
		r = place_link(g, RUNLEVEL, g->job->name, script);
	return r < 0 ? r : place_hook(g, argv);
}

/* --- no more -------------------------------------------------------------------------------------------- */

/* What stands there goes; what is not there needs no step. */
static int take_away(struct dw_booting *g, const char *object)
{
	struct dw_state now = { 0 };
	int r;

	g->notify = dw_starts_with(object, UNITS) ? "systemd" : NULL;
	r = dw_boot_read(g, object, &now);
	if (r == 0 && !dw_streq(now.text, "absent"))
		dw_boot_add(g, object, now, (struct dw_state){ .text = "absent" });
	return r;
}

int dw_early_off_steps(struct dw_apply *a, const struct dw_boot_job *job, struct dw_step **ret,
		       size_t *ret_n, struct dw_error *e)
{
	struct dw_booting g = { .a = a, .arena = a->sw->arena, .job = job, .e = e };
	unsigned number = 0;
	const char *name = job->name, *link = NULL;
	int r = find_link(&g, name, &link, &number);
	/* links before what they point to; an undo puts them back the other way round */
	const char *const objects[] = {
		dw_arena_printf(g.arena, UNITS "/sysinit.target.wants/%s.service", name),
		dw_arena_printf(g.arena, UNITS "/nftables.service.wants/%s.service", name),
		dw_arena_printf(g.arena, UNITS "/%s.service", name),
		link ? dw_arena_printf(g.arena, RC "/%s", link) : NULL,
		dw_arena_printf(g.arena, RUNLEVEL "/%s", name),
		dw_arena_printf(g.arena, "/etc/init.d/%s", name),
		dw_arena_printf(g.arena, HOOKS "/%s", name),
	};

	if (r >= 0)
		r = depend_off(&g);
	for (size_t i = 0; r == 0 && i < DW_ARRAY_SIZE(objects); i++)
		if (objects[i])
			r = take_away(&g, objects[i]);
	if (r < 0)
		return r;
	*ret = g.steps.v;
	*ret_n = g.steps.n;
	return 0;
}
