/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers of docker and podman. */
#include "container.h"
#include "levers.h"
#include "systemd.h"

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

/*
 * The unit that starts the container anew whatever the engine thinks (quadlet, `podman generate systemd`, a unit with
 * `docker run`): the one in whose cgroup the holder sits. The engine's own services shelter all of theirs and are none.
 */
static const char *unit_of(struct levering *l)
{
	static const char *const engines[] = { "docker.service", "containerd.service",
					       "podman.service" };
	const struct dw_door *d = l->door;

	if (!l->s->systemd)
		return NULL;
	for (size_t i = 0; i < d->n_owners; i++) {
		struct dw_sd_where w;
		bool engine = false;

		if (!d->owners[i].cgroup)
			continue;
		dw_sd_where(l->arena, l->s->systemd->cgroup_root, d->owners[i].cgroup, &w);
		for (size_t k = 0; w.unit && k < DW_ARRAY_SIZE(engines); k++)
			engine = engine || dw_streq(w.unit, engines[k]);
		if (w.unit && !engine && w.uid == UINT32_MAX && dw_ends_with(w.unit, ".service"))
			return w.unit;
	}
	return NULL;
}

/* "running always": the policy that it has now is what an undo gives it. */
static const char *undo_of(struct levering *l, const char *runtime, const char *word,
			   const struct dw_state *now)
{
	const char *policy = strchr(now->text, ' ');

	if (!policy)
		return dw_arena_printf(l->arena, "%s start %s", runtime, word);
	return dw_arena_printf(l->arena, "%s update --restart=%s %s && %s start %s", runtime,
			       dw_levers_quote(l->arena, policy + 1), word, runtime, word);
}

void dw_levers_of_container(struct levering *l)
{
	struct dw_arena *a = l->arena;
	const char *id = l->starter->id, *runtime = runtime_of(id), *name, *word, *unit;
	struct dw_lever v, *add;

	unit = unit_of(l);
	if (unit)
		dw_levers_unit(l, unit);
	name = runtime ? id + strlen(runtime) + 1 : NULL;
	if (!name || !*name || dw_streq(name, "unknown")) {
		if (!unit)
			dw_levers_cannot(l,
					 "Which container it is (%s) is not known well enough to "
					 "stop it: its own engine has to.",
					 id);
		return;
	}
	if (unit)
		return;
	if (!l->running) {
		dw_levers_cannot(
			l, "The container %s is switched by its engine, which is not running.",
			name);
		return;
	}
	word = dw_levers_operand(a, name);
	v = (struct dw_lever){
		.phase = DW_PHASE_STOP,
		.manager = "container",
		.object = id,
		.off.text = "stopped no",
		.label = name,
		.why = "The container publishes the door, and its engine would start it again.",
		.source = l->starter->source,
		.command = dw_arena_printf(a, "%s update --restart=no %s && %s stop %s", runtime,
					   word, runtime, word),
	};
	add = dw_levers_add(l, &v);
	if (add)
		add->undo_command = undo_of(l, runtime, word, &add->now);
	if (add)
		dw_levers_remark(l,
				 "This stops all of the container %s, not this port alone: without "
				 "the port it has to be made anew.",
				 name);
}
