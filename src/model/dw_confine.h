/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands behind the doors: each service that keeps some, what it may do, and what an intruder would have in his
 * hands. src/confine gathers and judges, src/report tells. All texts lie in the arena of whoever made them.
 */
#ifndef DW_CONFINE_H
#define DW_CONFINE_H

#include "dw_knowledge.h"
#include "dw_model.h"

/* How far the doors of a service reach, the farthest of them. */
enum dw_confine_reach {
	DW_CONFINE_REACH_UNKNOWN = 0,
	DW_CONFINE_REACH_NONE, /* no door is open now */
	DW_CONFINE_REACH_LOOPBACK,
	DW_CONFINE_REACH_SOME, /* one address, or a packet filter that lets only some in */
	DW_CONFINE_REACH_ANY,
	DW_CONFINE_REACH_COUNT
};

/* A setting of a unit, as its manager has it: "yes" and "no", words with blanks between, "~" before what is denied. */
struct dw_confine_setting {
	const char *name, *value;
};

/* Something that counts: its points stand in the table of src/confine/weights.c. */
struct dw_confine_item {
	const char *id; /* stable word */
	unsigned points;
	const char *text; /* one sentence */
};

struct dw_confine_service {
	const char
		*name; /* the unit, the init script, the name of the inetd line; else the program */
	enum dw_starter_kind kind;
	const char *unit;                 /* of systemd, that a drop-in could confine; NULL: none */
	const char *program;              /* path; NULL: not known */
	const char *package;              /* NULL: none or not known */
	const char *source;               /* FILE:LINE of what starts it */
	struct dw_strings sources;        /* all of them: a service of inetd may have several lines */
	bool handed; /* inetd, xinetd opens its doors and starts its program for them, as said_user */
	const struct dw_profile *profile; /* what is known of the daemon; NULL: nothing */
	struct dw_strings doors;
	enum dw_confine_reach reach;
	unsigned low_port; /* the lowest below 1024 that it keeps; 0: none */

	/* As it runs: of the processes that hold its doors, the mightiest. */
	size_t processes;      /* 0: it does not run now, or they cannot be seen */
	int pid;               /* of the mightiest */
	bool details_known;    /* of all processes */
	enum dw_tristate root; /* one of them is uid 0 */
	const char *user; /* of the mightiest; from the unit where nothing runs; NULL: not known */
	const char *worker;                      /* of others that are not root; NULL: none */
	uint64_t capabilities;                   /* effective, of all together */
	enum dw_tristate no_new_privs, filtered; /* all of them have it */
	enum dw_tristate own_files; /* all in a mount namespace that is not that of pid 1 */

	bool settings_known;
	bool starts_mighty; /* its unit names a user, and starts it with root's rights all the same ("!", "+") */
	const struct dw_confine_setting *settings;
	size_t n_settings;

	/* What a line of its own configuration says of the user (inetd, xinetd, Apache, nginx). */
	const char *said_user, *said_at;
	const char *serves_as; /* of a web server: said_user, as whom its workers answer strangers; else NULL */

	/* Judged. */
	unsigned score; /* 0..100: what an intruder would hold; `partly`: at least so much */
	bool partly;
	const struct dw_confine_item *items; /* most points first */
	size_t n_items;
	struct dw_strings unknown; /* what could not be seen, a sentence each */
	const char *
		could_be; /* user that it could run as; NULL: it is none's business, or nobody knows */
	struct dw_strings advice; /* sentences */
};

/* The value of a setting; "" where it is not set, or not known. */
const char *dw_confine_setting(const struct dw_confine_service *s, const char *name);
const char *dw_confine_reach_name(enum dw_confine_reach r);

#endif
