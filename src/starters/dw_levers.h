/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What closes a door: the levers of its starter, with the state each is in now. Reads the host, changes nothing. */
#ifndef DW_LEVERS_H
#define DW_LEVERS_H

#include "dw_knowledge.h"
#include "dw_lever.h"
#include "dw_model.h"
#include "dw_removal.h"
#include "dw_starters.h"
#include "dw_switch.h"

/* What more than the starter is wanted; on request only. */
enum {
	DW_LEVERS_REMOVE_PACKAGE = 1 << 0, /* also remove the program's package */
	DW_LEVERS_DISABLE_PROGRAM =
		1 << 1, /* also take away every right to run the program, and its set-UID bits */
};

/*
 * Finds what closes the door now and keeps it shut at every later start. s: as for dw_starters_load(), with `systemd`
 * loaded when PID 1 is systemd. sw: states are read through its switches. relations: of the door's starter (what
 * would wake it); NULL: not known. removal: what goes with the door's package, for DW_LEVERS_REMOVE_PACKAGE; NULL:
 * not known, the package alone. Never NULL; all lies in s->arena, borrowing the texts of door and removal.
 */
struct dw_levers *dw_levers_close(struct dw_starters *s, struct dw_switch *sw,
				  const struct dw_door *d, const struct dw_relations *relations,
				  unsigned more, const struct dw_removal *removal);

/*
 * The levers that narrow the door instead: bind it to loopback or to one address by the service's own setting, by a
 * drop-in of its socket unit, or (systemd) let only these networks talk to it. from: networks that shall reach it,
 * "127.0.0.1" for loopback alone. `cannot` says what is missing when nothing of the kind is known for it.
 */
struct dw_levers *dw_levers_restrict(struct dw_starters *s, struct dw_switch *sw,
				     const struct dw_door *d, const struct dw_service *service,
				     const struct dw_strings *from);

/*
 * The levers that make the service behind these doors (of one service) start as `user` instead of root: the user in
 * inetd's lines and xinetd's blocks, or the option of an init script's file. `cannot` says why nothing is changed; in
 * doubt nothing is.
 */
struct dw_levers *dw_levers_user(struct dw_starters *s, struct dw_switch *sw,
				 const struct dw_door *const *doors, size_t n,
				 const struct dw_profile *profile, const char *user);

#endif
