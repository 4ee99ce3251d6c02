/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units that are closed together; private to levers-systemd.c and levers-boot.c. */
#ifndef DW_LEVERS_UNIT_H
#define DW_LEVERS_UNIT_H

#include "levers.h"
#include "systemd.h"

struct unit_member {
	struct dw_sd_unit *unit;
	unsigned order; /* 0: a trigger, 1: what it starts */
};

struct unit_closing {
	struct levering *l;
	struct dw_sd *sd;
	struct dw_sd_manager *m;
	struct dw_bus *bus;    /* of a user's manager; NULL */
	const char *systemctl; /* as it is typed */
	const char *prefix;    /* of an object: "", "1000/" */
	const char *notify;
	const char *dir; /* where what an administrator (the user) says of units stands */
	const char *group;
	DW_VEC(struct unit_member) own; /* triggers and services */
};

/* The running manager's word; false: it cannot be asked. */
bool dw_unit_ask_list(const struct unit_closing *c, const char *unit, const char *property,
		      struct dw_strings *ret);
bool dw_unit_is_own(const struct unit_closing *c, const struct dw_sd_unit *u);
/* What keeps all of them from starting at boot or when somebody calls. */
void dw_unit_boot(struct unit_closing *c);

#endif
