/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry.h"

/*
 * Every service manager, the order being the order of preference between claims of equal confidence: who
 * would have to be edited so that the door stays shut stands before whoever merely started that one.
 */
const struct dw_starter_ops *const dw_starter_registry[] = {
	&dw_starter_container, &dw_starter_inetd,
	&dw_starter_xinetd,    &dw_starter_cron,
	&dw_starter_at,        &dw_starter_rclocal,
	&dw_starter_runit,     &dw_starter_dbus,
	&dw_starter_systemd,   &dw_starter_openrc,
	&dw_starter_sysv,      &dw_starter_inittab,
	&dw_starter_manual,    NULL,
};
