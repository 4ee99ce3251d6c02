/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd's manager over D-Bus (sd-bus): only the few questions that doorward asks. Opened through
 * /run/systemd/private when root, else the system bus. A fake handle answers from bus/units.json.
 */
#ifndef DW_BUS_H
#define DW_BUS_H

#include "dw_sys.h"
#include "dw_vec.h"

struct dw_bus;

struct dw_bus_unit {
	const char *name, *load_state, *active_state, *sub_state;
};

/* -ENOENT: no systemd runs here. */
int dw_bus_open(struct dw_sys *s, struct dw_bus **ret, struct dw_error *e);
void dw_bus_free(struct dw_bus *b); /* NULL allowed */
static inline void dw_cleanup_bus(struct dw_bus **b)
{
	dw_bus_free(*b);
}

/* Loaded units whose names match one of the glob patterns (NULL-terminated list). */
int dw_bus_list_units(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		      struct dw_bus_unit **ret, size_t *ret_n, struct dw_error *e);
/*
 * String property of a unit ("FragmentPath", "UnitFileState", "SourcePath" of interface
 * org.freedesktop.systemd1.Unit); "" when it is empty. -ENOENT: no such unit.
 */
int dw_bus_unit_string(struct dw_bus *b, const char *unit, const char *interface, const char *property,
		       struct dw_arena *a, const char **ret, struct dw_error *e);
/* The same of a property that is a list of strings. */
int dw_bus_unit_strings(struct dw_bus *b, const char *unit, const char *interface, const char *property,
			struct dw_arena *a, struct dw_strings *ret, struct dw_error *e);

#endif
