/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What daemons need when they start and in rare moments, which a look at them running does not show. Private. */
#ifndef DW_CONFINE_PROFILES_H
#define DW_CONFINE_PROFILES_H

#include <stdint.h>

#define DW_CAP(n) (UINT64_C(1) << (n))

enum {
	DW_PROFILE_SESSIONS =
		1 << 0, /* what it starts are people's sessions, which nothing may be taken from */
	DW_PROFILE_SET_UID = 1 << 1,    /* starts set-UID programs */
	DW_PROFILE_HOMES = 1 << 2,      /* reads or writes what is in homes */
	DW_PROFILE_DEVICES = 1 << 3,    /* opens devices */
	DW_PROFILE_CLOCK = 1 << 4,      /* sets the clock */
	DW_PROFILE_SHARED_TMP = 1 << 5, /* meets others in /tmp */
	DW_PROFILE_JIT = 1 << 6,        /* makes code while it runs */
	DW_PROFILE_NAMESPACES = 1 << 7, /* makes namespaces for its own children */
	DW_PROFILE_REALTIME = 1 << 8,   /* asks for realtime scheduling */
	DW_PROFILE_SET_ID = 1 << 9,     /* gives files and directories set-UID or set-GID */
	DW_PROFILE_KERNEL = 1 << 10,    /* changes settings of the kernel */
};

struct dw_confine_profile {
	const char *program;
	unsigned flags;
	uint64_t capabilities; /* if it starts as root */
	const char *writes;    /* all it writes to, with blanks; NULL: not known, or anywhere */
	const char *calls;     /* groups and names beside @system-service; NULL */
	const char *source;
};

#endif
