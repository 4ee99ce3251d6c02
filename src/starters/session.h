/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Login sessions, as logind and utmp(5) write them down; private to src/starters. */
#ifndef DW_SESSION_H
#define DW_SESSION_H

#include "dw_starters.h"

struct dw_session {
	const char *user, *tty, *host, *service; /* NULL: not known */
};

/* /run/systemd/sessions/ID (sd-login(3)); false when there is none (any more). */
bool dw_session_read(struct dw_starters *s, const char *id, struct dw_session *ret);
/* Who is logged in at a terminal ("pts/0"), by utmp; false when nobody is. */
bool dw_session_at(struct dw_starters *s, const char *tty, struct dw_session *ret);
/* The same on the bytes of a utmp file, for tests. */
bool dw_session_utmp(struct dw_arena *a, const struct dw_bytes *text, const char *tty,
		     struct dw_session *ret);
/* "pts/0" of a controlling terminal's number as /proc/PID/stat has it; NULL: none that a person sits at. */
const char *dw_session_tty(struct dw_arena *a, int tty_nr);
/* "tty pts/0 from 10.9.0.1", "no terminal, from 10.9.0.1", ...; NULL when nothing is known. */
const char *dw_session_text(struct dw_arena *a, const struct dw_session *v);

#endif
