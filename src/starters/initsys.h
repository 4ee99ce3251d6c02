/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What boots this host, and what its inittab(5) says. Private to src/starters. */
#ifndef DW_STARTER_INITSYS_H
#define DW_STARTER_INITSYS_H

#include "dw_starters.h"

enum dw_init {
	DW_INIT_UNKNOWN = 0, /* a container's own pid 1, or a root that nothing boots */
	DW_INIT_SYSTEMD,
	DW_INIT_SYSVINIT, /* busybox init too: it reads /etc/inittab */
	DW_INIT_RUNIT,
	DW_INIT_OPENRC, /* openrc-init */
};

/* Of the running host from its pid 1; of a root from its /sbin/init. */
enum dw_init dw_init_of(struct dw_starters *s);
/* OpenRC runs the services (under sysvinit, busybox init or openrc-init). */
bool dw_init_has_openrc(struct dw_starters *s);

struct dw_inittab_line {
	unsigned line;
	const char *id, *runlevels, *action, *process; /* never NULL */
};

struct dw_inittab {
	DW_VEC(struct dw_inittab_line) lines;
	char runlevel; /* the default one: '2', '3' ...; '\0' when the file does not say */
};

/* Parses any bytes; calls bad (may be NULL) for each line that is no entry. Strings lie in the arena. */
void dw_inittab_parse(struct dw_arena *a, const struct dw_bytes *text, struct dw_inittab *ret,
		      void (*bad)(void *arg, unsigned line), void *arg);
/* Reads /etc/inittab; notes bad lines in the facts if asked to (one starter does). -ENOENT when there is none. */
int dw_inittab_read(struct dw_starters *s, bool note_bad_lines, struct dw_inittab *ret,
		    struct dw_error *e);
/* Is the entry one that init carries out on the way to the default runlevel? */
bool dw_inittab_at_boot(const struct dw_inittab *t, const struct dw_inittab_line *l);

#endif
