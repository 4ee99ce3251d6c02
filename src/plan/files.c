/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a line of a file starts: inetd, xinetd, cron, rc.local. */
#include <string.h>

#include "dw_str.h"
#include "plan.h"

#define MARK "#doorward# "

bool dw_plan_comment(struct planning *p, const char *why)
{
	struct dw_arena *a = p->arena;
	const char *file, *word;
	unsigned line;

	if (!dw_plan_source(a, p->starter->source, &file, &line)) {
		dw_plan_remark(p,
			       "Which line starts it is not known%s%s: there is no command that "
			       "would be sure to close it at the next start.",
			       file ? ", only the file " : "", file ? file : "");
		return false;
	}
	word = dw_plan_operand(a, file);
	dw_plan_step(
		p, (struct dw_told_step){
			   .manager = "file",
			   .object = p->starter->source,
			   .expect = "counts",
			   .want = "a comment",
			   .why = why,
			   .command = dw_arena_printf(a, "sed -i '%us/^/" MARK "/' %s", line, word),
			   .undo_command =
				   dw_arena_printf(a, "sed -i '%us/^" MARK "//' %s", line, word),
		   });
	return true;
}

/* The daemon that holds the doors of others: the oldest holder with that name. 0: it does not hold this one. */
static int daemon_of(const struct planning *p, const char *name)
{
	for (size_t i = 0; i < p->door->n_owners; i++) {
		const struct dw_owner *o = &p->door->owners[i];
		const char *called = o->executable ? dw_basename(o->executable) : o->comm;

		if (called && strstr(called, name))
			return o->pid;
	}
	return 0;
}

/* SIGHUP to the process that was seen, not to whatever has its name. */
static void reload(struct planning *p, const char *manager, int pid)
{
	const char *command = dw_arena_printf(p->arena, "kill -HUP %d", pid);

	if (pid == 0 && p->starter->running == DW_NO)
		return;
	if (pid == 0) {
		dw_plan_remark(p,
			       "%s has to read its configuration again: which process it is could "
			       "not be seen.",
			       manager);
		return;
	}
	dw_plan_step(p, (struct dw_told_step){
				.manager = manager,
				.object = dw_arena_printf(p->arena, "process %d", pid),
				.expect = "has the old configuration",
				.want = "has read the new one",
				.why = "It closes the door when it reads its configuration again.",
				.command = command,
				.undo_command = command,
			});
}

void dw_plan_inetd(struct planning *p)
{
	int pid = daemon_of(p, "inetd");

	if (!dw_plan_comment(p, "This line makes inetd open the door; its other lines stay."))
		return;
	reload(p, "inetd", pid);
	/* inetd's children keep the socket that they were given (KillMode=process) */
	dw_plan_end(p, pid, "It was given the socket and keeps it.");
}

/*
 * The first setting of a name counts, and a second one is an error: what the block says of `disable` is taken
 * out before the line is put in behind its brace.
 */
void dw_plan_xinetd(struct planning *p)
{
	struct dw_arena *a = p->arena;
	int pid = daemon_of(p, "xinetd");
	const char *file, *word;
	unsigned line;

	if (!dw_plan_source(a, p->starter->source, &file, &line)) {
		(void)dw_plan_comment(p, "");
		return;
	}
	word = dw_plan_operand(a, file);
	dw_plan_step(p, (struct dw_told_step){
				.manager = "xinetd",
				.object = p->starter->source,
				.expect = "disable = no",
				.want = "disable = yes",
				.why = "xinetd opens the door that this block asks for.",
				.command = dw_arena_printf(
					a,
					"sed -i -e '%u,/}/{/^[[:space:]]*disable[[:space:]]*=/d;"
					"/{/a disable = yes' -e '}' %s",
					line, word),
				.undo_command = dw_arena_printf(
					a, "sed -i '%u,/}/s/^disable = yes/disable = no/' %s", line,
					word),
			});
	reload(p, "xinetd", pid);
	dw_plan_end(p, pid, "It was given the socket and keeps it.");
}

void dw_plan_line(struct planning *p)
{
	(void)dw_plan_comment(p, p->starter->kind == DW_STARTER_CRON
					 ? "cron starts what this line says."
					 : "The boot runs this line.");
	dw_plan_end(p, 0, "It holds the door now.");
}
