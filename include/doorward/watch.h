/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdoorward: new doors as they open. A part of doorward/doorward.h, which includes it. */
#ifndef DOORWARD_WATCH_H
#define DOORWARD_WATCH_H

#include "doorward.h"

#ifdef __cplusplus
extern "C" {
#endif

struct doorward_watch_options {
	size_t size; /* sizeof(struct doorward_watch_options) */
	/*
	 * Told each piece of news: its number, a line fit for a terminal, and the object of schema/watch.schema.json as
	 * one line. 0: it was told; -EPIPE: nobody listens any more, the watch ends; other negative errno values: it
	 * could not be told now, and comes again. With store: what stands on the disk as told goes by that name. NULL:
	 * nobody.
	 */
	int (*tell)(void *data, long long id, const char *line, const char *json);
	const char *tell_name;
	int journal, syslog; /* 1: there too */
	const char *exec;    /* a program (its absolute path) for each; NULL */
	const char *webhook; /* an http(s) address that each is POSTed to; NULL */
	unsigned poll_ms;    /* how often to look where nothing tells; 0: 1000 */
	int enforce;         /* 1: closes new doors of which the policy says so */
	/* a sentence that the user should hear, fit for a terminal; may come from another thread. NULL: nobody */
	void (*notice)(void *data, const char *text);
	/* a descriptor (of signals, say) that is waited on as well, -1: none; when it can be read, woken() is called:
	   not 0 ends the watch */
	int wake_fd;
	int (*woken)(void *data);
	void *data;
	/*
	 * Behind a start, of what may have been told before (we were killed before that was written down): 1: tell()
	 * got this very piece, and it is not told again. NULL: nobody can say.
	 */
	int (*has)(void *data, long long id, const char *line, const char *json);
};

/*
 * Watches until woken() says so. The method of the context: auto and bpf use events of the kernel (bpf: alone), netlink
 * looks every poll_ms. What is known is kept in the state directory: what opened while nobody watched is news at
 * the next start. Tells its service manager (sd_notify(3)). -EPERM: not root; -EBUSY: another one watches with that
 * state directory; -EINVAL: a sink cannot be used; -EBADMSG: the policy has errors.
 */
DOORWARD_API int doorward_watch_run(struct doorward *d, const struct doorward_watch_options *o);
/*
 * What the one that runs (or ran) with the context's state directory tells of itself: DOORWARD_TEXT or
 * DOORWARD_JSON(_INDENTED). 1: it runs; 0: it does not.
 */
DOORWARD_API int doorward_watch_status(struct doorward *d, enum doorward_format format, FILE *out);

#ifdef __cplusplus
}
#endif

#endif
