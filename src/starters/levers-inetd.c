/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inetd's lines and xinetd's blocks. One line goes, the daemon reads its files again, and its other lines stay. The
 * daemon itself goes only when no line is left: that is known over all doors of a plan, so its levers say so.
 */
#include "inetd_conf.h"
#include "levers.h"

/* update-inetd(8): a line that it turned off, and turns on again. */
#define OFF_MARK "#<off># "

static const char *name_of(const struct dw_owner *o)
{
	return o->executable ? dw_basename(o->executable) : o->comm ? o->comm : "";
}

static bool is_daemon(const struct dw_owner *o)
{
	const char *name = name_of(o);

	return dw_ends_with(name, "inetd") ||
	       (dw_streq(name, "busybox") && o->command && strstr(o->command, "inetd"));
}

/* The daemon among the door's holders: 0 none. */
static int daemon_pid(const struct dw_door *d, bool *ret_xinetd)
{
	for (size_t i = 0; i < d->n_owners; i++)
		if (is_daemon(&d->owners[i])) {
			*ret_xinetd = dw_streq(name_of(&d->owners[i]), "xinetd");
			return d->owners[i].pid;
		}
	return 0;
}

/* A line of inetd.conf may be xinetd's (-inetd_compat). */
bool dw_levers_inetd_daemon(struct levering *l, bool xinetd, struct dw_inetd_daemon *ret)
{
	bool holder_is_xinetd = xinetd;
	int pid = daemon_pid(l->door, &holder_is_xinetd);

	if (holder_is_xinetd)
		return dw_xinetd_daemon_of(l->s, ret);
	return dw_inetd_daemon_of(l->s, pid, ret) || dw_xinetd_daemon_of(l->s, ret);
}

/* Nothing is left for the daemon to do once the last line is gone. */
static void close_daemon(struct levering *l, const struct dw_inetd_daemon *daemon)
{
	l->unless_used = daemon->set;
	l->active = daemon->active;
	if (!dw_levers_daemon(l, daemon->names))
		dw_levers_remark(l, "%s goes on, whatever starts it, when its last line is gone.",
				 daemon->program);
	l->unless_used = NULL;
	l->active = 0;
}

/* inetd's children keep the socket that they were given (its unit has KillMode=process). */
static void end_children(struct levering *l)
{
	if (l->door->kind != DW_KIND_SLEEPING)
		(void)dw_levers_end(l, true, "It was given the socket and keeps it.", is_daemon);
}

static bool find_line(struct levering *l, const char *daemon, const char **ret_file,
		      unsigned *ret_line)
{
	if (dw_levers_source(l->arena, l->starter->source, ret_file, ret_line))
		return true;
	dw_levers_cannot(l,
			 "No line asks for it (any more): it goes when %s reads its files again "
			 "(`kill -HUP` to its process).",
			 daemon);
	return false;
}

/* The same service twice: inetd takes the first, and the other one as soon as that is gone. */
static void twins(struct levering *l, const struct dw_inetd_daemon *daemon, struct lever_words w)
{
	for (size_t i = 0; daemon->lines && i < daemon->lines->n; i++) {
		const struct dw_inetd_line *line = &daemon->lines->v[i];

		if (!dw_inetd_opens(line, &l->door->at))
			continue;
		w.source = dw_arena_printf(l->arena, "%s:%u", line->file, line->line);
		if (!dw_streq0(l->starter->source, w.source))
			(void)dw_levers_comment_line(l, line->file, line->line, OFF_MARK, &w);
	}
}

/* Every applet is that one program: its inetd cannot be told apart by the path that is signalled. */
static void close_busybox(struct levering *l, const char *file, unsigned line)
{
	bool xinetd = false;
	int pid = daemon_pid(l->door, &xinetd);
	const char *who = pid ? dw_arena_printf(l->arena, "%d", pid) : "its process";

	dw_levers_cannot(
		l, "busybox's inetd is told by hand: comment line %u of %s, then `kill -HUP` %s.",
		line, file, who);
}

void dw_levers_of_inetd(struct levering *l)
{
	struct dw_inetd_daemon daemon = { .program = "/usr/sbin/inetd", .set = "inetd" };
	struct dw_arena *a = l->arena;
	struct lever_words w;
	const char *file;
	unsigned line;
	bool found;

	if (!find_line(l, "inetd", &file, &line))
		return;
	found = dw_levers_inetd_daemon(l, false, &daemon);
	if (dw_streq(dw_basename(daemon.program), "busybox")) {
		close_busybox(l, file, line);
		return;
	}
	w = (struct lever_words){
		.label = dw_arena_printf(a, "the line of %s", l->starter->id),
		.why = "This line makes inetd open the door; its other lines stay.",
		.source = l->starter->source,
		.notify = dw_arena_printf(a, "%s %s",
					  dw_starts_with(daemon.set, "xinetd") ? "xinetd" : "inetd",
					  daemon.program),
		.takes = daemon.set,
	};
	if (!dw_levers_comment_line(l, file, line, OFF_MARK, &w))
		return;
	twins(l, &daemon, w);
	if (found)
		close_daemon(l, &daemon);
	end_children(l);
}

void dw_levers_of_xinetd(struct levering *l)
{
	struct dw_inetd_daemon daemon = { .program = "/usr/sbin/xinetd", .set = "xinetd" };
	struct dw_arena *a = l->arena;
	struct dw_edits edits = { 0 };
	struct dw_bytes text;
	struct lever_words w;
	const char *file, *word;
	unsigned line;
	bool found;

	if (!find_line(l, "xinetd", &file, &line) || !dw_levers_content(l, file, &text))
		return;
	if (!dw_levers_disable_block(a, &text, line, &edits)) {
		dw_levers_cannot(l, "Line %u of %s begins no active block (any more).", line, file);
		return;
	}
	found = dw_levers_inetd_daemon(l, true, &daemon);
	word = dw_levers_operand(a, file);
	w = (struct lever_words){
		.label = dw_arena_printf(a, "the block of %s", l->starter->id),
		.why = "xinetd opens the door that this block asks for; its other blocks stay.",
		.source = l->starter->source,
		.command = dw_arena_printf(a,
					   "sed -i -e '%u,/}/{/^[[:space:]]*disable[[:space:]]*=/d;"
					   "/{/a disable = yes' -e '}' %s",
					   line, word),
		.undo_command = dw_arena_printf(
			a, "sed -i '%u,/}/s/^disable = yes/disable = no/' %s", line, word),
		.notify = dw_arena_printf(a, "xinetd %s", daemon.program),
		.takes = daemon.set,
	};
	dw_levers_edit(l, file, &edits, &w);
	if (found)
		close_daemon(l, &daemon);
	end_children(l);
}
