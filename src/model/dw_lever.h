/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Levers: the things of a host that can be switched so that a door closes, each with the state it is in and the
 * state in which it opens nothing. src/starters finds them, src/plan makes steps of them, src/apply moves them by
 * the switches of src/starters. All texts are canonical: two states are the same when their texts are.
 */
#ifndef DW_LEVER_H
#define DW_LEVER_H

#include <stdbool.h>
#include <stddef.h>

#include "dw_parse.h"
#include "dw_vec.h"

/*
 * The state of one object of a manager. `text` is one line, printable ASCII, the same for the same state:
 *
 *   file       "absent" · "link TARGET" · "directory MODE UID:GID" ·
 *              "file MODE UID:GID SIZE sha256:HEX[ xattr:NAME=HEX]..."
 *              (MODE octal, as 0644; `data` is the content of a file)
 *   systemd    "active" or "inactive" for each unit of the object, in its order, blanks between
 *   sysv, openrc, runit    "running" or "stopped"
 *   container  "running POLICY" or "stopped POLICY", its restart policy with the limit where it has one
 *              ("running always", "stopped on-failure:3"), or "absent"
 *   process    "running" or "gone"
 *   fence      "absent", or "table sha256:HEX" (`data` is our table, dw_nft.h)
 *   account    of NAME/shell the shell, "none" (the field is empty), of NAME/password "empty", "locked" or "set";
 *              "absent"
 *   mode       "MODE UID:GID" of a file or directory (MODE octal, as 0644), or "absent"
 *   sysctl     the value of a setting below /proc/sys, or "absent"
 *   package    "installed VERSION" or "removed" for each package of the object, in its order, blanks between
 */
struct dw_state {
	const char *text;     /* NULL: not known */
	struct dw_bytes data; /* what the hash in `text` names; data NULL: nothing of the kind */
	/* put back where it can be, never compared: "mtime=SECONDS.NANOSECONDS", of a link "owner=UID:GID",
	   of an account "mtime=SECONDS.NANOSECONDS of SHA256"; NULL */
	const char *hint;
};

/* When in a run a step is taken; undone in reverse. */
enum dw_phase {
	DW_PHASE_UNKNOWN = 0,
	DW_PHASE_GUARD, /* what puts a trial back after a reboot */
	DW_PHASE_STOP,  /* what runs: triggers before what they start */
	DW_PHASE_BOOT,  /* files: what would start it again */
	DW_PHASE_LEFT,  /* what still holds a door after that; most often nothing */
	DW_PHASE_KEEP,  /* what makes it last: of a trial only taken when it is confirmed */
	DW_PHASE_COUNT
};

/* One line of a file. */
struct dw_edit {
	unsigned line; /* of the file as it is now, from 1 */
	/* as it is, without its newline; NULL: a line is put in before `line` (behind the last: at the end) */
	const char *old;
	const char *fresh; /* as it shall be; NULL: taken out */
};

struct dw_lever {
	enum dw_phase phase;
	const char *manager; /* name of the switch (dw_switch.h) */
	/*
	 * file: absolute path · systemd: unit name, or UID/unit for a unit of a user's manager · sysv, openrc: script's
	 * name · runit: service directory · process: PID/START_TICKS · container: ENGINE:ID · package: name ·
	 * fence: "inet doorward" · account: NAME/shell or NAME/password · mode: absolute path
	 */
	const char *object;
	struct dw_state now, off;
	/* file: `off` is what these make of `now`; those of one file for several doors are put together; n 0: none */
	const struct dw_edit *edits;
	size_t n_edits;
	/* Levers of one manager, phase and group are one step: units that start each other, packages that go together.
	   NULL: alone */
	const char *group;
	unsigned order; /* within the phase, smaller first: 0 triggers, 1 what they start */
	const char *
		notify; /* who has to read the files again afterwards (dw_switch_ops.notify); NULL: nobody */
	const char *
		label; /* what it is for a person: "cups.service", "the line of telnet", "in.talkd (612)" */
	const char *why;    /* one sentence */
	const char *source; /* FILE:LINE or FILE that a person would look at; NULL */
	const char *command,
		*undo_command; /* as an administrator would type it, quoted for a shell; NULL: no command does */
	/*
	 * A daemon that opens doors for lines of configuration files (inetd, xinetd). Not NULL: the lever is moved
	 * only when no active line of that daemon is left, that is when the edits of the plan take away `active` of
	 * them. Levers that take a line away say so by `takes`: the same text; each of them one line, the same
	 * (object, edits[0].line) counted once. The text names the daemon's set of files: "inetd /etc/inetd.conf".
	 */
	const char *unless_used;
	unsigned active;   /* lines of the set that are active now */
	const char *takes; /* the set from which this lever takes one line; NULL: none */
	bool no_undo; /* nothing brings it back (a process, a removed package); `why` or a remark says so */
	bool if_left; /* only moved when it is still on when its turn comes; not worth a line of its own */
	bool taken_along; /* the manager stops it with the others (Requires=, BindsTo=, PartOf=) */
};

/* What a door that is narrowed will look like. */
enum dw_narrowed {
	DW_NARROWED_UNKNOWN =
		0, /* as before: what comes to it is dropped, or turned away by who took it */
	DW_NARROWED_BOUND, /* it listens at other addresses */
	DW_NARROWED_GONE   /* nothing listens there any more, and its service goes on */
};

/* What closes one door. */
struct dw_levers {
	struct dw_lever *v;
	size_t n, cap;             /* a DW_VEC */
	struct dw_strings remarks; /* what the levers do not reach, a sentence each */
	const char *cannot; /* a sentence: nothing here closes it, and why; NULL: the levers do */
	enum dw_narrowed narrowed;
};

#endif
