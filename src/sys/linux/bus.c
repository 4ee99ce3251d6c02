/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sys_private.h"
int dw_bus_open(struct dw_sys *s, struct dw_bus **ret, struct dw_error *e) { return dw_error_set(e, -ENOENT, "no bus"); }
void dw_bus_free(struct dw_bus *b) { }
int dw_bus_list_units(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		      struct dw_bus_unit **ret, size_t *ret_n, struct dw_error *e) { return -ENOENT; }
int dw_bus_unit_string(struct dw_bus *b, const char *unit, const char *interface, const char *property,
		       struct dw_arena *a, const char **ret, struct dw_error *e) { return -ENOENT; }
