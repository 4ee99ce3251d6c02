/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What starts a door: one file and one `static const struct dw_starter_ops` for each service manager, listed
 * in registry.c and nowhere else. A manager reads its configuration once (load), says what it would open
 * (list) and which of the doors that are open it opened (claim).
 */
#ifndef DW_STARTERS_H
#define DW_STARTERS_H

#include "dw_facts.h"
#include "dw_procs.h"
#include "dw_sys.h"

struct dw_containers;
struct dw_rules;
struct dw_sd;

/* Lent to every manager; all results go into `facts` (and its arena). */
struct dw_starters {
	struct dw_sys *sys;
	struct dw_procs *procs; /* NULL when nothing runs (--root) */
	struct dw_facts *facts;
	struct dw_arena *arena; /* the facts' arena */
	const char *init;       /* PID 1: "systemd", "sysvinit", "runit", "openrc-init", NULL: not running or unknown */
	struct dw_containers *containers; /* container.c makes it on demand; NULL at first */
	struct dw_rules *rules;           /* rules.c, likewise */
	struct dw_sd *systemd;            /* what the starter "systemd" loaded; NULL: it is not here */
};

/* The question: who starts the door that this process holds? */
struct dw_claim {
	const struct dw_procinfo *process; /* NULL: nobody (kernel-owned, or not seen) */
	const struct dw_endpoint *at;
	bool listening; /* tcp-like listener (false: datagram, raw ...) */
	int fd;         /* descriptor number in the process, -1 unknown */
	const char *container; /* runtime:id when the process is in one */
};

struct dw_starter_ops {
	const char *name;
	/*
	 * It can tell of processes in pid namespaces below ours too (by their cgroup). The others go by our own
	 * configuration files, which say nothing about the inside of a container.
	 */
	bool knows_foreign;
	/* load() asks nothing that is known only when sockets and holders are: facts->processes, for one. */
	bool early;
	/*
	 * Is this manager on the host (or in the root)? Reads its configuration into *ret_state (in the arena).
	 * 0: it is; -ENOENT: it is not (no message needed); other: could not look. A line that cannot be
	 * understood is no failure: dw_facts_incomplete(facts, "bad-line", file, line, ...), the rest is used.
	 */
	int (*load)(struct dw_starters *s, void **ret_state, struct dw_error *e);
	/* Adds to facts->sleepers everything enabled that would open a door at its start, open now or not
	 * (join drops what is open). NULL: nothing to list. */
	int (*list)(struct dw_starters *s, void *state, struct dw_error *e);
	/* 1: this manager opened it, *ret says how; 0: not mine. Never fails: no evidence is no claim. */
	int (*claim)(struct dw_starters *s, void *state, const struct dw_claim *c, struct dw_starter *ret);
	/* Forgets what it found out of processes: those of the next claims are of another table. NULL: nothing. */
	void (*forget)(struct dw_starters *s, void *state);
	/* Frees what the arena does not own (a bus connection). NULL: nothing. */
	void (*unload)(struct dw_starters *s, void *state);
};

struct dw_starters_set;

/* Loads every manager of the registry; a manager that cannot be read is noted in facts->incomplete. */
struct dw_starters_set *dw_starters_load(struct dw_starters *s);
/* The same in two steps: what can be read before the sockets are known, and the rest. */
struct dw_starters_set *dw_starters_begin(struct dw_starters *s);
void dw_starters_finish(struct dw_starters_set *set);
void dw_starters_unload(struct dw_starters_set *set);
/* The best claim: highest confidence, then the registry's order. kind is DW_STARTER_UNKNOWN when nobody claims. */
void dw_starters_claim(struct dw_starters_set *set, const struct dw_claim *c, struct dw_starter *ret);
/* Before the processes that were claimed for go: what was kept of them is dropped. */
void dw_starters_forget(struct dw_starters_set *set);
/* Fills facts->sleepers. */
void dw_starters_list(struct dw_starters_set *set);

/*
 * "runtime:name" ("docker:web", "nspawn:build") of the container that the process is in, in the arena; NULL:
 * in none, or in the one that we are in ourselves. By its cgroup, so cheap.
 */
const char *dw_container_of(struct dw_starters *s, const struct dw_procinfo *p);
/* A DNAT rule whose target is a container's address and published port: fills *ret. */
bool dw_container_claim_redirect(struct dw_starters *s, const struct dw_redirect_fact *r,
				 struct dw_starter *ret);

/*
 * A rule that a file of the host's firewall services (nftables, iptables, ufw, firewalld) loads at boot: fills
 * *ret. False: no file has it; then *ret only says so in its evidence.
 */
bool dw_rules_claim_redirect(struct dw_starters *s, const struct dw_redirect_fact *r,
			     struct dw_starter *ret);

/*
 * FILE:LINE of the first job of cron's that comes again and again and whose command has the word (a unit without its
 * .service, a program); NULL: none has.
 */
const char *dw_starters_cron_names(struct dw_sys *sys, const char *word, struct dw_arena *a);

/* Marks the one of facts->connections by which whoever runs doorward came in; none at a console. */
void dw_starters_session(struct dw_starters *s);

/*
 * Who else has to do with what starts a door, for each of the n starters: the units that need it, and what would
 * start it again (a socket, path or timer, a call over D-Bus). The running manager is asked, unit files where
 * nothing runs. A socket and the service behind it are one: what needs either is told. Targets that only group
 * need nothing. ret[i] NULL: no unit of systemd's, or not known. All lies in s->arena.
 */
void dw_starters_needed_by(struct dw_starters *s, const struct dw_starter *const *starters, size_t n,
			   const struct dw_relations **ret);

/* Helpers that several managers need. */
/* Is it a plain file? What cannot be looked at is none, and noted. */
bool dw_starters_is_plain(struct dw_starters *s, const char *path, bool executable);
/* "FILE:LINE" in the arena. */
const char *dw_starters_source(struct dw_starters *s, const char *file, unsigned line);
/* Endpoint of a port on all addresses (family dual or ipv4) of the host's own namespace, netns 0. */
struct dw_endpoint dw_starters_endpoint(enum dw_protocol protocol, enum dw_family family, uint32_t port);

#endif
