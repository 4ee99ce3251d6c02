/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A made-up host that can be changed: files in a temporary directory, units of a recorded systemd, and a /proc that
 * follows them. A unit that is active has its process and its socket there; one that was stopped has neither. What an
 * audit sees is what is there, whoever changed it.
 *
 *	ssh.service    22/tcp    is to stay
 *	toy.service    2323/tcp  enabled by a link, and wanted by nobody else
 *	bell.socket    7070/tcp  held by process 1; starts bell.service, which runs and holds it too
 *	hut.service    8080/tcp  runs without being enabled
 */
#ifndef TEST_LIB_WORLD_H
#define TEST_LIB_WORLD_H

#include "dw_facade.h"

struct world_unit {
	char name[48];
	unsigned port; /* 0: it has no door */
	int pid;       /* of its process; 1: systemd holds the door itself */
	bool active;
	bool made;           /* by the change: it was not there at first */
	const char *refuses; /* "stop" or "start" */
	const char *also;    /* another unit whose door it holds: the socket that starts it */
};

struct world_fault {
	unsigned at, calls, code;
};

struct world {
	char dir[64], state[80];
	struct doorward *d;
	struct world_unit units[16];
	size_t n;
	/* The unit of that name becomes active (or not) by itself before the audit of that number within the change. */
	const char *moves;
	bool moves_to;
	unsigned moves_at, looks;
	/* While a unit is being started or stopped; NULL: nothing. */
	void (*on_switch)(void *data, const char *unit, bool active);
	void *on_switch_data;
	/* The at-th call fails: of the changing handle, of the journal, and of the look_at-th audit of the change. */
	struct world_fault sys, store, look;
	unsigned look_at;
};

struct world *world_new(void);
void world_free(struct world *w);
/* Below root/ of the fixture. */
void world_file(struct world *w, const char *path, const char *text);
void world_link(struct world *w, const char *path, const char *target);
void world_remove(struct world *w, const char *path);
void world_clock(struct world *w, unsigned long long now);
struct world_unit *world_unit(struct world *w, const char *name);
void world_set(struct world *w, const char *unit, bool active);
/* The journal as if nothing had been done ever. */
void world_forget(struct world *w);
void world_no_faults(struct world *w);
/* Files and units, a line each; to be freed. */
char *world_text(struct world *w);

/* Looks and plans: these doors (words, NULL at the end) are to close. */
struct world_plan {
	struct doorward_audit *audit;
	struct doorward_plan *plan;
};
struct world_plan world_plan(struct world *w, const char *const *doors);
/* The same, but these doors are to be narrowed. */
struct world_plan world_plan_narrow(struct world *w, const char *const *doors);
void world_plan_free(struct world_plan *p);
/* Does an audit see the door? */
bool world_sees(struct world *w, unsigned port);
/* The state of the run in the journal: "done" ... ; "" when there is none. Static. */
const char *world_run(struct world *w, long long run);

#endif
