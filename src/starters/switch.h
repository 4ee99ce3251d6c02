/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the switches share. Private to src/starters. */
#ifndef DW_STARTER_SWITCH_H
#define DW_STARTER_SWITCH_H

#include "dw_str.h"
#include "dw_switch.h"

extern const struct dw_switch_ops dw_switch_file, dw_switch_systemd, dw_switch_process,
	dw_switch_sysv, dw_switch_openrc, dw_switch_runit, dw_switch_container, dw_switch_package,
	dw_switch_fence, dw_switch_account, dw_switch_mode, dw_switch_sysctl;

/*
 * Jobs of a manager and scripts have limits of their own, most often 90 seconds (DefaultTimeoutStopSec= of
 * systemd-system.conf(5)), and end what does not end by itself: to wait shorter would only miss it.
 */
#define DW_JOB_MS 100000

static inline unsigned dw_switch_grace(const struct dw_switch *s)
{
	return s->grace_ms ? s->grace_ms : DW_GRACE_MS;
}

static inline unsigned dw_switch_patience(const struct dw_switch *s)
{
	return s->grace_ms ? s->grace_ms : DW_JOB_MS;
}

/* The state in whose text there is nothing but a word. */
static inline struct dw_state dw_switch_word(const char *text)
{
	return (struct dw_state){ .text = text };
}
static inline bool dw_switch_is(const struct dw_state *state, const char *text)
{
	return state && state->text && dw_streq(state->text, text);
}

/* 1: now it is in the state `text`, 0: it is not; negative: could not tell. */
int dw_switch_is_at(struct dw_switch *s, const struct dw_switch_ops *ops, const char *object,
		    const char *text, struct dw_error *e);
/* Waits until the object is at `text`, as dw_sys_wait(). */
int dw_switch_wait(struct dw_switch *s, const struct dw_switch_ops *ops, const char *object,
		   const char *text, unsigned timeout_ms, struct dw_error *e);

/* What a script or program that was run came to. */
struct dw_switch_run {
	const char *const *argv;        /* argv[0] absolute */
	const char *const *environment; /* NULL: that of a script that init runs */
	unsigned timeout_ms;            /* then it is killed; 0: as long as any job may take */
	bool mute;                      /* what it says does not count, however long it is */
	int status;
	const char *words; /* the last line of its output, escaped; "": it said nothing */
};
int dw_switch_run(struct dw_switch *s, struct dw_switch_run *run, struct dw_error *e);
/*
 * For set() of a manager that is told by a script, run.argv: runs it, and waits until the object is at `want`. The
 * script's exit status is only told: many say 0 whatever became of it, some the other way round.
 */
int dw_switch_by_script(struct dw_switch *s, const struct dw_switch_ops *ops, const char *object,
			const char *want, struct dw_switch_run *run, struct dw_error *e);

/* "0640 0:42": mode and owner; false: it is no such text. */
bool dw_switch_mode_parse(const char *text, mode_t *ret_mode, uint32_t *ret_uid, uint32_t *ret_gid);
/* The notice "sshd WORD..." (switch-sshd.c), and what has to be so before anything is done. */
int dw_switch_sshd(struct dw_switch *s, const char *given, struct dw_error *e);
int dw_switch_sshd_ready(struct dw_switch *s, const char *given, struct dw_error *e);
/* supervise/status of runit or daemontools, of a service that somebody supervises now. False: it is another's. */
struct dw_runit_status {
	uint32_t pid;
	char wanted;
	bool supervised;
};
bool dw_switch_runit_parse(const struct dw_bytes *status, struct dw_runit_status *ret);
/* The version in dpkg's status file, in the arena; "": none there. NULL: the package (NAME, NAME:ARCH) is not there. */
const char *dw_switch_package_version(struct dw_arena *a, const struct dw_bytes *text,
				      const char *object);

/* What the engine of a container is able to (switch-container.c). */
struct dw_container_ability {
	const char *id; /* the container's whole id; NULL: the engine does not say */
	bool policy;    /* to change the restart policy of a container that is there */
};
int dw_switch_container_ability(struct dw_switch *s, const char *object,
				struct dw_container_ability *ret, struct dw_error *e);
/* The path of its API's socket; NULL: none of ours makes that container. */
const char *dw_switch_container_socket(const char *object);

/* The notice "restart OBJECT" (switch-restart.c). */
int dw_switch_restart(struct dw_switch *s, const char *object, struct dw_error *e);
#define DW_RESTART_MS 90000 /* DefaultTimeoutStartSec= of systemd-system.conf(5) */

/* "This switch knows no state WANT": -EINVAL. */
int dw_switch_unknown(const char *object, const struct dw_state *want, struct dw_error *e);

/*
 * The manager of the host (user false) or of a user, opened once. -ENOENT: a user's manager does not run. The other
 * one throws the connection away, so that the next call makes a new one (the manager was executed anew, say).
 */
int dw_switch_bus(struct dw_switch *s, bool user, uint32_t uid, struct dw_bus **ret,
		  struct dw_error *e);
void dw_switch_drop_bus(struct dw_switch *s, bool user, uint32_t uid);

#endif
