/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd's manager over D-Bus (sd-bus): only the few questions that doorward asks. Opened through
 * /run/systemd/private when root, else the system bus. A fake handle answers from bus/units.json (format: fake/bus.c).
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
int dw_bus_unit_string(struct dw_bus *b, const char *unit, const char *interface,
		       const char *property, struct dw_arena *a, const char **ret,
		       struct dw_error *e);
/* The same of a property that is a list of strings. */
int dw_bus_unit_strings(struct dw_bus *b, const char *unit, const char *interface,
			const char *property, struct dw_arena *a, struct dw_strings *ret,
			struct dw_error *e);

/* What this systemd was built with, as systemctl --version tells it: "+PAM -BPF_FRAMEWORK ...". */
int dw_bus_features(struct dw_bus *b, struct dw_arena *a, const char **ret, struct dw_error *e);

/* Numbers in decimal, "yes" and "no", lists with blanks between; of a list with a flag, "~" before what is denied. */
struct dw_bus_property {
	const char *name, *value;
};
/*
 * All properties of an interface that are text, number, truth value or a list of texts (with a flag:
 * RestrictAddressFamilies= and the like; one that allows nothing is "none"), in one question; others are left out. A
 * recorded manager answers with all of the unit's "properties". -ENOENT: no such unit.
 */
int dw_bus_unit_properties(struct dw_bus *b, const char *unit, const char *interface,
			   struct dw_arena *a, struct dw_bus_property **ret, size_t *ret_n,
			   struct dw_error *e);

/*
 * A moment of a unit ("StateChangeTimestamp", "ActiveEnterTimestamp" ...), in seconds since the epoch; 0: there was
 * none since the boot.
 */
int dw_bus_unit_time(struct dw_bus *b, const char *unit, const char *interface,
		     const char *property, uint64_t *ret, struct dw_error *e);

/* --- changing: managers take their jobs one after another; each call waits for the end of its jobs ---------------- */

/*
 * The manager of a user's own systemd, through /run/user/UID/systemd/private, which lets root in too. -ENOENT: it
 * does not run. A fake answers from bus/units-UID.json.
 */
int dw_bus_open_user(struct dw_sys *s, uint32_t uid, struct dw_bus **ret, struct dw_error *e);

enum dw_bus_act {
	DW_BUS_STOP = 1,
	DW_BUS_START,
	DW_BUS_RESTART,
	DW_BUS_START_ALONE, /* mode "ignore-dependencies": a target, without all that it would pull in */
};
/*
 * Queues a job (mode "replace") for each of the units, in that order, and waits for all of them. Jobs that systemd
 * calls failed, timed out or a failed dependency: -EIO, and the message names the unit and its result; one that another
 * job cancelled: -EAGAIN. A unit that is not loaded: nothing to stop; -ENOENT to start. -ETIMEDOUT: not done in
 * timeout_ms (the jobs go on). A start does not count those before it against the unit's StartLimitBurst=. What systemd
 * refuses outright (a masked unit) is -EIO too, or -EACCES; the other units are waited for all the same.
 */
int dw_bus_units_act(struct dw_bus *b, enum dw_bus_act act, const char *const *units, size_t n,
		     unsigned timeout_ms, struct dw_error *e);
/* daemon-reload. */
int dw_bus_reload(struct dw_bus *b, struct dw_error *e);
/*
 * A transient timer and service NAME.timer, NAME.service that run argv once, `after` seconds from now; while the host
 * sleeps the clock stands still (only an alarm clock's timer would not, and not every host has one). Stopping
 * NAME.timer is the end of both. -EEXIST: there is a unit of that name.
 */
int dw_bus_run_later(struct dw_bus *b, const char *name, const char *description,
		     const char *const *argv, uint64_t after, struct dw_error *e);
/* "running", "starting", "degraded" ...: SystemState of the manager. */
int dw_bus_system_state(struct dw_bus *b, struct dw_arena *a, const char **ret, struct dw_error *e);

/*
 * Tests: called whenever a unit of a recorded manager was started or stopped through this handle, so that the rest of
 * the made-up host can follow.
 */
void dw_sys_fake_on_unit(struct dw_sys *s, void (*fn)(void *data, const char *unit, bool active),
			 void *data);

#endif
