/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* docker:NAME and podman:NAME. */
#include <string.h>

#include "dw_str.h"
#include "plan.h"

static const char *runtime_of(const char *id)
{
	static const char *const runtimes[] = { "docker", "podman" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(runtimes); i++) {
		size_t n = strlen(runtimes[i]);

		if (strncmp(id, runtimes[i], n) == 0 && id[n] == ':')
			return runtimes[i];
	}
	return NULL;
}

/* What brings it back: the engine's restart policy, when it has one. Its old value is not in the facts. */
static void stay_down(struct planning *p, const char *runtime, const char *name, const char *word)
{
	struct dw_arena *a = p->arena;

	if (p->starter->enabled == DW_NO && p->starter->restarts == DW_NO)
		return;
	dw_plan_step(p, (struct dw_told_step){
				.manager = runtime,
				.object = name,
				.expect = "restart policy unless-stopped or always",
				.want = "restart policy no",
				.why = "The engine would start it again at the next boot.",
				.command = dw_arena_printf(a, "%s update --restart=no %s", runtime,
							   word),
				.undo_command = dw_arena_printf(
					a, "%s update --restart=unless-stopped %s", runtime, word),
			});
	dw_plan_remark(p,
		       "Look first which restart policy it has, for the undo: %s inspect -f "
		       "'{{.HostConfig.RestartPolicy.Name}}' %s",
		       runtime, word);
}

void dw_plan_container(struct planning *p)
{
	struct dw_arena *a = p->arena;
	const char *id = p->starter->id, *runtime = runtime_of(id), *name, *word;

	name = runtime ? id + strlen(runtime) + 1 : NULL;
	if (!name || !*name || dw_streq(name, "unknown")) {
		dw_plan_remark(p,
			       "Which container it is (%s) is not known well enough for a command.",
			       id);
		return;
	}
	word = dw_plan_operand(a, name);
	stay_down(p, runtime, name, word);
	dw_plan_step(p, (struct dw_told_step){
				.manager = runtime,
				.object = name,
				.expect = "running",
				.want = "stopped",
				.why = "The container publishes the door.",
				.command = dw_arena_printf(a, "%s stop %s", runtime, word),
				.undo_command = dw_arena_printf(a, "%s start %s", runtime, word),
			});
	dw_plan_remark(
		p, "This stops all of the container, not this port alone: without the port it has "
		   "to be made anew.");
}
