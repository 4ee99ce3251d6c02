/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of service managers; private to src/starters. */
#ifndef DW_STARTER_REGISTRY_H
#define DW_STARTER_REGISTRY_H

#include "dw_starters.h"

extern const struct dw_starter_ops dw_starter_container, dw_starter_inetd, dw_starter_xinetd, dw_starter_cron,
	dw_starter_at, dw_starter_rclocal, dw_starter_systemd, dw_starter_openrc, dw_starter_runit,
	dw_starter_sysv, dw_starter_inittab, dw_starter_dbus, dw_starter_manual;

extern const struct dw_starter_ops *const dw_starter_registry[];

#endif
