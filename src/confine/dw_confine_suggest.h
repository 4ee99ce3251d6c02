/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a service was seen to need, what is known that it needs beside that, and the drop-in that takes the rest
 * away.
 */
#ifndef DW_CONFINE_SUGGEST_H
#define DW_CONFINE_SUGGEST_H

#include "dw_confine.h"
#include "dw_sys.h"

#define DW_CONFINE_CALLS 512

struct dw_confine_seen {
	unsigned seconds;             /* it was observed for so long */
	bool capabilities_known;      /* the kernel shows checks of capabilities */
	uint64_t capabilities;        /* that it needed */
	bool calls[DW_CONFINE_CALLS]; /* by number */
	bool families[64];            /* of sockets, by number */
	uint32_t namespaces;          /* CLONE_NEW* */
	bool new_code, homes, set_id, compat;
	const char *set_uid; /* a set-UID or set-GID program that was started; NULL: none */
	const char *jit;     /* a library in it that makes code while it runs; NULL: none */
	struct dw_strings written, started,
		devices; /* absolute paths; what it had open at the beginning too */
	uint64_t missed; /* paths that could not be read, kept, or placed */
};

/*
 * Observes the running service for so long; *stop becoming true ends it earlier. -ESRCH: it does not run. -EPERM,
 * -ENOTSUP: this kernel does not let us.
 */
int dw_confine_observe(struct dw_sys *s, const struct dw_confine_service *service, unsigned seconds,
		       const volatile int *stop, struct dw_arena *a, struct dw_confine_seen *ret,
		       struct dw_error *e);

struct dw_confine_dropin {
	const char *text;          /* of the file; NULL: there is nothing to take away */
	size_t settings;           /* lines that take something away */
	struct dw_strings remarks; /* what was left as it is, and why; sentences */
	const char *cannot;        /* why there is nothing; NULL */
};
/* Pure. */
void dw_confine_make(const struct dw_confine_service *s, const struct dw_confine_seen *seen,
		     struct dw_arena *a, struct dw_confine_dropin *ret);

/* Below /etc/systemd/system; behind all other drop-ins that count. */
const char *dw_confine_dropin_path(const struct dw_confine_service *s, struct dw_arena *a);

#endif
