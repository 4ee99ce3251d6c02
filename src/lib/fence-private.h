/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fence on this host: trying, loading, keeping; private to src/lib. */
#ifndef DW_FENCE_PRIVATE_H
#define DW_FENCE_PRIVATE_H

#include "change-private.h"
#include "dw_facts.h"
#include "dw_guard.h"

#define DW_FENCE_OBJECT "inet doorward"
#define DW_FENCE_FILE   "/etc/doorward/fence.nft"
/* What every boot runs. */
extern const struct dw_boot_job dw_fence_job;
/* The steps of phase KEEP that have the rules of DW_FENCE_FILE loaded at every boot; none where that is so. */
int dw_fence_boot_steps(struct dw_apply *a, const char *service_manager, struct dw_step **ret,
			size_t *ret_n, struct dw_error *e);

/* May whoever runs doorward make a new connection as the one that he came by? */
enum dw_fence_way {
	DW_FENCE_WAY_UNKNOWN = 0, /* it could not be told */
	DW_FENCE_WAY_LOCAL, /* he came by none: a console, a serial line, a container's shell */
	DW_FENCE_WAY_OPEN,
	DW_FENCE_WAY_CUT,
};

/* A door that somebody reaches before and not after, or the other way round. */
struct dw_fence_change {
	const struct dw_door *door;
	const char *who; /* "10.9.0.0/24", "anyone": as the rehearsal names sources */
	bool before, after;
	const char *rule; /* that decides then; NULL */
	bool unknown;     /* it cannot be told: `rule` says why */
};

/*
 * What becomes of a connection that is there now when no new one like it would be let in. As seen in a namespace:
 * what connection tracking knows goes on. What it does not know (it was off) is dropped when the other end speaks
 * first, until this host says something: then it is picked up in the middle (nf_conntrack_tcp_loose, which is 1
 * unless somebody set it). Where that is 0 it is picked up never: it is cut.
 */
enum dw_fence_fate {
	DW_FENCE_GOES_ON = 1,
	DW_FENCE_PICKED_UP, /* once this host sends something */
	DW_FENCE_IS_CUT,
};
struct dw_fence_cut {
	const struct dw_connection_fact *at;
	enum dw_fence_fate fate;
	bool mine;
};

struct doorward_rehearsal {
	struct dw_arena *arena; /* the object itself lies in it */
	struct doorward_audit *audit;
	const char *text;                      /* for nft -f, as a person reads it */
	struct dw_state now, want;             /* of our table */
	const struct dw_connection_fact *mine; /* NULL: local */
	enum dw_fence_way way;
	const char *way_why; /* the rule that cuts it, or why it is not known; NULL */
	bool rehearsed;
	const char *why_not; /* rehearsed false */
	struct dw_fence_change *changes;
	size_t n_changes;
	struct dw_fence_cut *cuts; /* whose kind would be let in no more */
	size_t n_cuts;
	size_t unknown; /* questions without an answer */
	struct dw_strings obstacles;
};

/*
 * Asks a copy of this host's filter, as it is and with the new table in it. What cannot be asked is in
 * r->why_not, and is no failure.
 */
void dw_fence_rehearse(struct dw_sys *s, struct doorward_rehearsal *r);
/* The same for `mine` alone, with the rules as they are now. */
enum dw_fence_way dw_fence_way_now(struct dw_sys *s, const struct dw_connection_fact *mine,
				   struct dw_arena *a, const char **ret_why);

/*
 * After an undo of a run of the fence: our unit stays active when a boot ran it, also when its file has gone
 * since: then systemd forgets it.
 */
void dw_fence_forget_unit(struct changing *c, const struct dw_run *run);
/*
 * Behind what made the fence last: the unit is active at once, so that whoever reloads or stops nftables.service, which
 * flushes all rules, has ours loaded again (PartOf=, ReloadPropagatedFrom=). That it cannot be started is a notice.
 */
void dw_fence_wake_unit(struct changing *c, const struct dw_run *run);
/*
 * The table alone, without the journal: what a timer does when the run could not be taken back, because the disk is
 * full, say. Whoever is locked out cannot make room. A later undo finds the table as before.
 */
void dw_fence_put_back(struct changing *c, int64_t run);

/*
 * For a step of the fence whose state is not as the run left it: what differs, and who did it as far as that can be
 * told. A table that means the same, in other words, is as the run left it.
 */
void dw_fence_differs(struct dw_switch *sw, struct dw_verify_step *v, struct dw_arena *a);

/* --- who is connected ------------------------------------------------------------------------------------ */

/* The connections of this host now; `mine` marked. To be freed with dw_facts_free(). NULL: they could not be listed. */
struct dw_facts *dw_fence_connections(struct dw_sys *s, struct dw_error *e);
const struct dw_connection_fact *dw_fence_mine(const struct dw_facts *f); /* NULL: none is */
/* "10.9.0.2:50022 to 10.9.0.1:22" */
const char *dw_fence_connection_text(struct dw_arena *a, const struct dw_connection_fact *c);
/* Keeps with the run which connections there were, and by which one it was made. */
int dw_fence_keep_connections(struct dw_store *s, int64_t run, const struct dw_facts *f,
			      struct dw_error *e);
/*
 * May whoever runs doorward confirm the run? -EISCONN: he came by a connection that was there before the rules were
 * loaded, which proves nothing.
 */
int dw_fence_may_confirm(struct changing *c, int64_t run, struct dw_error *e);

#endif
