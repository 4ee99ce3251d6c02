/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers of docker and podman. */
#include <errno.h>

#include "container.h"
#include "levers.h"
#include "lineage.h"
#include "switch.h"
#include "systemd.h"

#define UNIT_MAX ((size_t)64 * 1024)

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

/* What shelters containers of its own making, and starts none anew that was stopped by its engine. */
static bool is_engine(const char *unit)
{
	static const char *const engines[] = { "docker.service", "containerd.service",
					       "podman.service", DW_PODMAN_RESTARTER,
					       "podman-auto-update.service" };

	for (size_t k = 0; k < DW_ARRAY_SIZE(engines); k++)
		if (dw_streq(unit, engines[k]))
			return true;
	return false;
}

/* A oneshot that ran `podman run` once is no service whose stop ends the container in order. */
static bool is_keeper(struct levering *l, const char *unit)
{
	struct dw_sd_unit *u;

	if (is_engine(unit) || !dw_ends_with(unit, ".service") || !dw_levers_has_unit(l, unit))
		return false;
	u = dw_sd_unit_get(l->s->systemd->system, unit);
	return !dw_streq(dw_sd_value(u, DW_SD_TYPE), "oneshot");
}

/*
 * The unit that starts the container anew whatever the engine thinks (quadlet, `podman generate systemd`, a unit with
 * `docker run`): the one that its label PODMAN_SYSTEMD_UNIT names, or in whose cgroup the holder sits.
 */
static const char *unit_of(struct levering *l)
{
	const struct dw_door *d = l->door;
	const char *also = l->starter->also;

	if (!l->s->systemd)
		return NULL;
	if (also && !strchr(also, ' ') && !strchr(also, '/') && is_keeper(l, also))
		return also;
	for (size_t i = 0; i < d->n_owners; i++) {
		struct dw_sd_where w;

		if (!d->owners[i].cgroup)
			continue;
		dw_sd_where(l->arena, l->s->systemd->cgroup_root, d->owners[i].cgroup, &w);
		if (w.unit && w.uid == UINT32_MAX && is_keeper(l, w.unit))
			return w.unit;
	}
	return NULL;
}

/* --- the boot ------------------------------------------------------------------------------------- */

/* As podman ships it; whoever wrote another ExecStart= knows what that starts. */
static bool is_plain_restarter(struct levering *l, const struct dw_sd_unit *u)
{
	struct dw_bytes text = { 0 };

	if (!u->fragment ||
	    dw_sys_file_read(l->s->sys, u->fragment, UNIT_MAX, l->arena, &text, NULL) < 0)
		return false;
	for (size_t i = 0; i < u->settings.n; i++) {
		const struct dw_sd_setting *v = &u->settings.v[i];

		if (v->key == DW_SD_EXEC_START && !dw_streq(v->file, u->fragment) &&
		    !dw_starts_with(dw_basename(v->file), DW_PODMAN_SKIP_FILE))
			return false;
	}
	return strstr(text.data, "/usr/bin/podman $LOGGING start --all --filter "
				 "restart-policy=always\n") != NULL;
}

/*
 * One file a container, so that each is closed and undone by itself: the command is the same in all of them, the
 * variables add up.
 */
static void add_skip(struct levering *l, const struct dw_sd_unit *u, const char *id,
		     const char *name)
{
	struct dw_arena *a = l->arena;
	const char *dir = "/etc/systemd/system/" DW_PODMAN_RESTARTER ".d";
	struct lever_words w = {
		.label = dw_arena_printf(a, "a drop-in of %s", DW_PODMAN_RESTARTER),
		.why = dw_arena_printf(a,
				       "The boot starts every container whose restart policy is "
				       "\"always\", and podman before 5.1 cannot change that of "
				       "%s.",
				       name),
		.source = u->fragment,
		.notify = "systemd",
	};
	struct lever_words d = { .label = w.label, .why = "It is where the drop-in goes." };
	size_t before;

	if (!dw_sys_file_exists(l->sw->sys, dir))
		(void)dw_levers_entry(l, dir, "directory 0755 0:0", &d);
	before = l->ret->n;
	dw_levers_make_file(
		l, dw_arena_printf(a, "%s/" DW_PODMAN_SKIP_FILE "%.12s.conf", dir, id),
		dw_arena_printf(
			a,
			"# The container %s is not started at boot. Made by doorward.\n"
			"[Service]\n"
			"Environment=" DW_PODMAN_SKIP_NAME "%s=1\n"
			"ExecStart=\n"
			"ExecStart=/bin/sh -c 'for c in $$(/usr/bin/podman ps -aq --no-trunc "
			"--filter restart-policy=always); do printenv " DW_PODMAN_SKIP_NAME "$$c "
			">/dev/null || set -- \"$$@\" $$c; done; [ $$# -eq 0 ] || exec "
			"/usr/bin/podman $$LOGGING start \"$$@\"'\n",
			name, id),
		&w);
	if (l->ret->n > before)
		l->ret->v[before].order = 1;
}

/* The policy stays "always". False: something would start it at boot, and cannot was said. */
static bool keep_from_boot(struct levering *l, const char *id, const char *name)
{
	static const char *const restarter[] = { "podman-restart", NULL };
	const struct dw_sd_unit *u;

	if (!l->s->systemd || dw_lineage_at_boot(l->s, restarter) != DW_YES)
		return true;
	u = dw_sd_unit_get(l->s->systemd->system, DW_PODMAN_RESTARTER);
	if (id && strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64 &&
	    is_plain_restarter(l, u)) {
		add_skip(l, u, id, name);
		return true;
	}
	dw_levers_cannot(l,
			 "podman before 5.1 cannot change the restart policy of %s, and %s, which "
			 "starts it at boot, is not as podman ships it: take the container out of "
			 "what that starts.",
			 name, DW_PODMAN_RESTARTER);
	return false;
}

/* --- the container -------------------------------------------------------------------------------- */

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

/* What it needs to be switched is asked of the engine; false: cannot was said. */
static bool ask_engine(struct levering *l, const char *name, struct dw_state *ret_now,
		       struct dw_container_ability *ret)
{
	const char *id = l->starter->id, *socket = dw_switch_container_socket(id);
	struct dw_error e = { 0 };
	int r = dw_switch_find("container")->state(l->sw, id, ret_now, &e);

	if (r == 0 && !dw_streq(ret_now->text, "absent"))
		r = dw_switch_container_ability(l->sw, id, ret, &e);
	if (r == -ENOENT || r == -ECONNREFUSED)
		dw_levers_cannot(l,
				 "The container %s is switched by its engine, and nobody listens "
				 "on %s: `systemctl start %s` for as long as this takes.",
				 name, socket,
				 strstr(socket, "podman") ? "podman.socket" : "docker.socket");
	else if (r < 0)
		dw_levers_cannot(l, "%s cannot be looked at (%s), so nothing is changed.", name,
				 e.message);
	else if (dw_streq(ret_now->text, "absent"))
		dw_levers_cannot(l, "There is no container %s any more.", name);
	return r == 0 && !dw_streq(ret_now->text, "absent");
}

/* Its policy becomes `no`, or where the engine cannot change it, what starts it at boot leaves it out. */
static void stop_container(struct levering *l, const char *runtime, const char *name)
{
	struct dw_arena *a = l->arena;
	const char *word = dw_levers_operand(a, name), *policy;
	struct dw_container_ability able = { 0 };
	struct dw_lever v = {
		.phase = DW_PHASE_STOP,
		.manager = "container",
		.object = l->starter->id,
		.off.text = "stopped no",
		.label = name,
		.why = "The container publishes the door, and its engine would start it again.",
		.source = l->starter->source,
		.command = dw_arena_printf(a, "%s update --restart=no %s && %s stop %s", runtime,
					   word, runtime, word),
	};

	if (!ask_engine(l, name, &v.now, &able))
		return;
	policy = strchr(v.now.text, ' ');
	v.undo_command = undo_of(l, runtime, word, &v.now);
	if (!able.policy && policy && !dw_streq(policy, " no")) {
		if (dw_streq(policy, " always") && !keep_from_boot(l, able.id, name))
			return;
		v.off.text = dw_arena_printf(a, "stopped%s", policy);
		v.why = "The container holds the door.";
		v.command = dw_arena_printf(a, "%s stop %s", runtime, word);
		v.undo_command = dw_arena_printf(a, "%s start %s", runtime, word);
	}
	if (dw_levers_add(l, &v))
		dw_levers_remark(l,
				 "This stops all of the container %s, not this port alone: without "
				 "the port it has to be made anew.",
				 name);
}

void dw_levers_of_container(struct levering *l)
{
	const char *id = l->starter->id, *runtime = runtime_of(id), *name, *unit;

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
	stop_container(l, runtime, name);
}
