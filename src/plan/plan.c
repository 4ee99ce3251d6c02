/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which room of the house a door's starter leads to. */
#include "dw_str.h"
#include "plan.h"

void dw_plan_step(struct planning *p, struct dw_told_step s)
{
	s.door = p->door_text;
	*dw_vec_add(p->arena, &p->steps) = s;
}

void dw_plan_remark(struct planning *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	dw_vec_push(p->arena, &p->remarks, dw_arena_vprintf(p->arena, fmt, ap));
	va_end(ap);
}

static void (*const planners[DW_STARTER_COUNT])(struct planning *p) = {
	[DW_STARTER_UNKNOWN] = dw_plan_unknown,
	[DW_STARTER_SYSTEMD_SERVICE] = dw_plan_systemd,
	[DW_STARTER_SYSTEMD_SOCKET] = dw_plan_systemd,
	[DW_STARTER_SYSV] = dw_plan_sysv,
	[DW_STARTER_INETD] = dw_plan_inetd,
	[DW_STARTER_XINETD] = dw_plan_xinetd,
	[DW_STARTER_OPENRC] = dw_plan_openrc,
	[DW_STARTER_RUNIT] = dw_plan_runit,
	[DW_STARTER_CRON] = dw_plan_line,
	[DW_STARTER_AT] = dw_plan_at,
	[DW_STARTER_CONTAINER] = dw_plan_container,
	[DW_STARTER_RC_LOCAL] = dw_plan_line,
	[DW_STARTER_INITTAB] = dw_plan_inittab,
	[DW_STARTER_DBUS] = dw_plan_dbus,
	[DW_STARTER_USER_SESSION] = dw_plan_user_session,
	[DW_STARTER_MANUAL] = dw_plan_manual,
	[DW_STARTER_KERNEL] = dw_plan_kernel,
	[DW_STARTER_WINDOWS_SERVICE] = dw_plan_unknown,
};

static bool needs_id(enum dw_starter_kind k)
{
	return k != DW_STARTER_UNKNOWN && k != DW_STARTER_MANUAL && k != DW_STARTER_KERNEL &&
	       k != DW_STARTER_CRON && k != DW_STARTER_RC_LOCAL;
}

struct dw_told_steps *dw_plan_close(const struct dw_door *d, const char *service_manager,
				    struct dw_arena *a)
{
	struct dw_told_steps *ret = dw_new(a, struct dw_told_steps);
	struct planning p = { .arena = a,
			      .door = d,
			      .starter = &d->starter,
			      .door_text = dw_endpoint_text(a, &d->at),
			      .systemd = dw_streq0(service_manager, "systemd") };
	enum dw_starter_kind kind = d->starter.kind;

	if (kind >= DW_STARTER_COUNT || (needs_id(kind) && !d->starter.id))
		kind = DW_STARTER_UNKNOWN;
	planners[kind](&p);
	*ret = (struct dw_told_steps){
		.v = p.steps.v, .n = p.steps.n, .remarks = p.remarks.v, .n_remarks = p.remarks.n
	};
	return ret;
}
