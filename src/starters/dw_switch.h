/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Switches: one ops struct for each kind of thing that can be in one state or another (a file, units of systemd, an
 * init script, a process ...). One setter serves a run and its undo. Listed in switches.c and nowhere else.
 */
#ifndef DW_SWITCH_H
#define DW_SWITCH_H

#include "dw_bus.h"
#include "dw_lever.h"
#include "dw_sys.h"

struct ssh_logins; /* ssh-logins.h */

/* Lent to every call; zero but for sys and arena. dw_switch_close() when done. */
struct dw_switch {
	struct dw_sys *sys;
	struct dw_arena *arena; /* states that are read lie in it */
	unsigned
		grace_ms; /* between TERM and KILL, and how long a stop or start may take; 0: the default */
	/* where what is saved of a process goes (DW_SAVE_FILE_MAX each); NULL: nothing is saved */
	int (*save)(void *data, const char *object, const char *name, const void *bytes, size_t n,
		    struct dw_error *e);
	void *save_data;
	/* opened on demand */
	struct dw_bus *bus;
	struct {
		uint32_t uid;
		struct dw_bus *bus;
	} users[16];
	size_t n_users;
	struct ssh_logins *sshd_before; /* who got in before; in the arena */
};

#define DW_SAVE_FILE_MAX ((size_t)64 * 1024 * 1024)
#define DW_GRACE_MS      10000

struct dw_switch_ops {
	const char *name;
	/* Reads the state now. An object that is not there has a state ("absent", "gone", "inactive"). */
	int (*state)(struct dw_switch *s, const char *object, struct dw_state *ret,
		     struct dw_error *e);
	/*
	 * Brings the object from `from` (what state() said last) to `want`, and waits until it is there or will not be.
	 * Idempotent, and all or nothing where the object allows it. The caller reads the state again: 0 is no proof.
	 * -ENOTSUP: no way leads there (a process that is gone). -ETIMEDOUT: it did not get there in time.
	 */
	int (*set)(struct dw_switch *s, const char *object, const struct dw_state *from,
		   const struct dw_state *want, struct dw_error *e);
};

/* NULL: there is none of that name. */
const struct dw_switch_ops *dw_switch_find(const char *name);
/* For the tests: the i-th, NULL behind the last. */
const struct dw_switch_ops *dw_switch_at(size_t i);

/*
 * Tells whoever reads files that they changed: "systemd" and "systemd UID" (daemon-reload), "inetd PATH" and "xinetd
 * PATH" (SIGHUP to every process of that program; none running is fine), "init" (telinit q), "cron" (nothing: it
 * looks by itself). Never fails because nobody is there.
 *
 * "restart UNIT...", "restart sysv:NAME", "restart openrc:NAME", "restart runit:NAME": what reads its settings only
 * when it starts (and systemd its own: daemon-reload comes first) is started again, in a run and in its undo. What
 * does not run is left; of several units, which are stopped and started together, those run afterwards that ran
 * before. Fails when it does not come up.
 *
 * "sshd ADDRESS:PORT...": sshd's settings are tested (sshd -t) and, where it runs, read again; then a new connection to
 * each of these places, and to where sshd itself says that it listens, has to get as far as sshd's proof of its host
 * key (RFC 4253, 8). Fails where one that got so far before does not any more. Words besides: "at=ADDRESS:PORT":
 * the same, where it listens by its own settings. "login=NAME:LIST" (it gets in by a key in that file), "login=NAME"
 * (by a password): fails where it got in before, by either, and would not any more (RFC 4252). "key=NAME:LIST": see
 * dw_switch_ready().
 */
int dw_switch_notify(struct dw_switch *s, const char *who, struct dw_error *e);
/*
 * Called with the same words before anything is changed: looks at what the notice compares with. Fails where the change
 * must not be made: "key=NAME:LIST" of sshd, whose password goes, and sshd takes none of its keys now; settings that
 * sshd has not read yet, by which it would leave a place "at=", or not let in who gets in now.
 */
int dw_switch_ready(struct dw_switch *s, const char *who, struct dw_error *e);
void dw_switch_close(struct dw_switch *s);

#endif
