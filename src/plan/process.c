/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors behind which stands a process alone, or the kernel. */
#include <string.h>

#include "dw_parse.h"
#include "dw_str.h"
#include "plan.h"

/* More holders than these come from one program that forks: its oldest processes take the others along. */
#define ENDED_MAX 4

void dw_plan_end(struct planning *p, int but, const char *why)
{
	const struct dw_door *d = p->door;
	size_t ended = 0;

	for (size_t i = 0; i < d->n_owners && ended < ENDED_MAX; i++) {
		const struct dw_owner *o = &d->owners[i];

		/* process 1 holds sockets for others and is never ended */
		if (o->pid == but || o->pid <= 1)
			continue;
		ended++;
		dw_plan_step(p, (struct dw_told_step){
					.manager = "process",
					.object = dw_arena_printf(p->arena, "process %d (%s)",
								  o->pid, o->comm ? o->comm : "?"),
					.expect = "running",
					.want = "ended",
					.why = why,
					.command = dw_arena_printf(p->arena, "kill %d", o->pid),
				});
	}
	if (ended && d->owners[0].command && d->owners[0].pid != but)
		dw_plan_remark(p, "No command brings an ended process back; it was started as: %s",
			       d->owners[0].command);
}

void dw_plan_manual(struct planning *p)
{
	dw_plan_end(p, 0, "It was started by hand: nothing starts it again.");
	if (p->steps.n == 0)
		dw_plan_remark(p, "Which process holds it could not be seen.");
}

void dw_plan_unknown(struct planning *p)
{
	dw_plan_end(p, 0, "It holds the door now.");
	dw_plan_remark(p, "What starts it is not known: it may come back.");
}

/* The number of the job is in the first five digits of its file: a0001e01c3d5a2 (at.c of Debian's at). */
static bool job_number(const char *id, unsigned *ret)
{
	const char *name = dw_basename(id);
	uint64_t number;

	if (strlen(name) != 14 || !dw_parse_u64n(name + 1, 5, 16, 0xfffff, &number))
		return false;
	*ret = (unsigned)number;
	return true;
}

void dw_plan_at(struct planning *p)
{
	unsigned job;

	if (p->starter->running == DW_NO && job_number(p->starter->id, &job)) {
		dw_plan_step(p, (struct dw_told_step){
					.manager = "at",
					.object = p->starter->id,
					.expect = "waits for its time",
					.want = "gone",
					.why = "The job would open the door.",
					.command = dw_arena_printf(p->arena, "atrm %u", job),
				});
		dw_plan_remark(p, "atrm has no undo: copy the job first (at -c %u).", job);
		return;
	}
	dw_plan_end(p, 0, "The job began once and is not repeated.");
}

void dw_plan_dbus(struct planning *p)
{
	const struct dw_starter *s = p->starter;

	dw_plan_end(p, 0, "It holds the door now.");
	dw_plan_remark(p,
		       "D-Bus starts it again when a program calls %s, as %s says: no command "
		       "turns that off.",
		       s->id, s->source ? s->source : "its file");
}

/* What the kernel holds for somebody is closed by whoever asked for it. */
void dw_plan_kernel(struct planning *p)
{
	static const struct {
		const char *name, *remark;
	} known[] = {
		{ "lockd",
		  "lockd goes when the NFS server has stopped and the last NFS file system is "
		  "unmounted: there is no command for it alone." },
		{ "wireguard",
		  "The interface holds it: `wg show interfaces` names it; `wg-quick down NAME` "
		  "or `ip link del NAME` closes the door." },
		{ "vxlan", "The interface holds it: `ip -d link show type vxlan` names it; `ip "
			   "link del NAME` "
			   "closes the door." },
		{ "geneve",
		  "The interface holds it: `ip -d link show type geneve` names it; `ip link del "
		  "NAME` closes the door." },
		{ "rds", "The module holds it: `modprobe -r rds_tcp` closes the door when nothing "
			 "uses it." },
	};
	const char *name = p->door->kernel ? p->door->kernel : p->starter->id;

	if (dw_streq0(name, "nfsd")) {
		dw_plan_step(
			p,
			(struct dw_told_step){
				.manager = "kernel",
				.object = "nfsd",
				.expect = "running",
				.want = "stopped",
				.why = "The kernel serves NFS for the NFS server's unit or script.",
				.command = p->systemd ? "systemctl disable --now nfs-server.service"
						      : "rpc.nfsd 0",
				.undo_command =
					p->systemd ? "systemctl enable --now nfs-server.service"
						   : "rpc.nfsd 8",
			});
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_streq0(name, known[i].name)) {
			dw_plan_remark(p, "%s", known[i].remark);
			return;
		}
	dw_plan_remark(p, "The kernel (%s) holds it: which command closes it is not known.",
		       name ? name : "unknown part");
}
