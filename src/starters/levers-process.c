/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors behind which stands a process alone, or the kernel. */
#include "levers.h"

/* More holders than these come from one program that forks; the rest is said in a remark. */
enum { ENDED_MAX = 64 };

static void end_one(struct levering *l, const struct dw_owner *o, bool if_left, const char *why)
{
	struct dw_lever v = {
		.phase = DW_PHASE_LEFT,
		.manager = "process",
		.object = dw_arena_printf(l->arena, "%d/%llu", o->pid,
					  (unsigned long long)o->started_ticks),
		.off.text = "gone",
		.label =
			dw_arena_printf(l->arena, "%s (%d)", o->comm ? o->comm : "process", o->pid),
		.why = why,
		.source = o->executable,
		.command = dw_arena_printf(l->arena, "kill %d", o->pid),
		.no_undo = true,
		.if_left = if_left,
	};

	(void)dw_levers_add(l, &v);
}

size_t dw_levers_end(struct levering *l, bool if_left, const char *why,
		     bool (*spare)(const struct dw_owner *o))
{
	const struct dw_door *d = l->door;
	size_t ended = 0;

	for (size_t i = 0; i < d->n_owners; i++) {
		const struct dw_owner *o = &d->owners[i];

		/* process 1 is never ended (it holds others' sockets); without a start time none can be told again */
		if (o->pid <= 1 || !o->started_ticks || (spare && spare(o)))
			continue;
		if (ended++ < ENDED_MAX)
			end_one(l, o, if_left, why);
	}
	if (ended > ENDED_MAX)
		dw_levers_remark(l, "Only the %d oldest of its %zu processes are ended one by one.",
				 ENDED_MAX, ended);
	return ended;
}

/* What a person needs to start it again by hand. */
static void tell_command(struct levering *l)
{
	const struct dw_owner *o = l->door->n_owners ? &l->door->owners[0] : NULL;

	if (o && o->command)
		dw_levers_remark(l,
				 "No command brings an ended process back; it was started as: %s",
				 o->command);
}

static void end_all(struct levering *l, const char *why)
{
	if (!l->running || !dw_levers_end(l, false, why, NULL)) {
		dw_levers_cannot(l, l->running ? "Which process holds it could not be seen."
					       : "Nothing runs here that could be ended.");
		return;
	}
	tell_command(l);
}

void dw_levers_of_manual(struct levering *l)
{
	end_all(l, "It was started by hand: nothing starts it again.");
}

void dw_levers_of_unknown(struct levering *l)
{
	end_all(l, "It holds the door now.");
	dw_levers_remark(l, "What starts it is not known: it may come back.");
}

/* --- the message bus ------------------------------------------------------------------------------ */

void dw_levers_of_dbus(struct levering *l)
{
	const struct dw_starter *st = l->starter;

	/* `also` is the SystemdService= of its file: the bus leaves the start to that unit where there is one */
	if (st->also && dw_ends_with(st->also, ".service") && dw_levers_has_unit(l, st->also))
		dw_levers_unit(l, st->also);
	end_all(l, "It holds the door now.");
	dw_levers_remark(l,
			 "The message bus starts it again when a program calls %s, as %s says; the "
			 "bus has no switch for that: removing the package is what keeps it away.",
			 st->id, st->source ? st->source : "its file");
}

/* --- the kernel ----------------------------------------------------------------------------------- */

static void close_nfsd(struct levering *l)
{
	static const char *const names[] = { "nfs-server", "nfs-kernel-server", "nfs", NULL };

	if (dw_levers_daemon(l, names))
		return;
	dw_levers_cannot(l, "The kernel serves NFS, and no unit or script of an NFS server is "
			    "here: `rpc.nfsd 0` closes it until somebody starts it again.");
}

void dw_levers_of_kernel(struct levering *l)
{
	static const struct {
		const char *name, *text;
	} known[] = {
		{ "lockd",
		  "lockd goes when the NFS server has stopped and the last NFS file system is "
		  "unmounted: there is no command for it alone." },
		{ "wireguard", "The interface holds it: `wg show interfaces` names it; `wg-quick "
			       "down NAME` or `ip "
			       "link del NAME` closes the door." },
		{ "vxlan",
		  "The interface holds it: `ip -d link show type vxlan` names it; `ip link del "
		  "NAME` closes the door." },
		{ "geneve", "The interface holds it: `ip -d link show type geneve` names it; `ip "
			    "link del NAME` "
			    "closes the door." },
		{ "rds", "The module holds it: `modprobe -r rds_tcp` closes the door when nothing "
			 "uses it." },
	};
	const char *name = l->door->kernel ? l->door->kernel : l->starter->id;

	if (dw_streq0(name, "nfsd")) {
		close_nfsd(l);
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_streq0(name, known[i].name)) {
			dw_levers_cannot(l, "%s", known[i].text);
			return;
		}
	dw_levers_cannot(l, "The kernel (%s) holds it: what closes it is not known.",
			 name ? name : "unknown part");
}
