/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change of the host while it is made; private to src/lib. */
#ifndef DW_CHANGE_PRIVATE_H
#define DW_CHANGE_PRIVATE_H

#include "dw_apply.h"
#include "dw_change.h"
#include "dw_plan.h"
#include "dw_store.h"
#include "dw_verify.h"
#include "facade-private.h"

struct doorward_plan {
	struct dw_arena *arena; /* the object itself lies in it */
	struct doorward_audit *audit;
	struct doorward_audit *fresh; /* of a part: made for it alone, and freed with it */
	struct dw_plan_request request;
	struct dw_plan_door *doors; /* of the request */
	struct dw_plan *plan;
	const char **words; /* as they were given */
	size_t n_words;
	bool named;    /* words say which doors */
	unsigned more; /* DW_LEVERS_* */
	const char *options;
	struct dw_strings already; /* a sentence for each word whose door a run closed */
	size_t *part_of; /* for each door its part; SIZE_MAX: none. NULL: not taken apart yet */
	size_t n_parts;
	struct doorward_plan **parts;
};

/* Everything a change needs: host, switches, journal, lock. Zeroed; dw_change_close() when done. */
struct changing {
	struct doorward *d;
	struct dw_arena *arena;
	struct dw_sys *sys;
	struct dw_store *store;
	struct dw_switch sw;
	struct dw_apply apply;
	struct doorward_close_options o;
	bool stop;           /* the user asked */
	int64_t interrupted; /* the run that was put back first; 0: none */
	size_t begun;        /* the step (from 1) that was told to begin; 0: none */
	bool begun_undo;
	const struct dw_run *run;         /* whose processes are saved */
	/* when doors and units are as they should be: "", or what is wrong all the same; NULL: nobody asks */
	const char *(*also)(void *data);
	void *also_data;
	const struct dw_snapshot *before; /* what the plan was made of; NULL: nothing closes */
};

/*
 * Opens the host and the journal (create: makes it), takes the lock for `what`, settles what an interrupted change
 * left. Needs root. -EPERM, -EBUSY, -ENOENT: no journal ...
 */
int dw_change_open(struct doorward *d, bool create, const char *what,
		   const struct doorward_close_options *o, struct changing *ret,
		   struct dw_error *e);
void dw_change_close(struct changing *c);
#define _cleanup_change_ _cleanup_(dw_change_close)

/* Puts back what a scan-assist left that was killed with its guard. Tells it by the notice; never fails. */
void dw_change_settle_assist(struct doorward *d, struct dw_sys *s);

/* All runs of the journal, the newest first, in a; none where there is no journal. */
int dw_change_runs(struct doorward *d, struct dw_arena *a, struct dw_run **ret, size_t *ret_n,
		   struct dw_error *e);
/* What every run has: who, where, when, by what. */
void dw_change_describe(struct changing *c, const char *kind, struct dw_run *run);
const char *dw_change_state(const struct doorward *d);                 /* the journal's directory */
const char *dw_change_boot_id(struct dw_sys *sys, struct dw_arena *a); /* NULL: not known */
/* Names of the units that are active now; false: systemd does not run, or could not be asked. */
bool dw_change_units(struct dw_sys *sys, struct dw_arena *a, struct dw_strings *ret);
/* The program, the words (ended with NULL), --state DIR where it is not the default; ends with NULL. */
const char *const *dw_change_command(const struct doorward *d, const char *const *words,
				     struct dw_arena *a);

/*
 * Compares the host with the run and appends what differs. sw: reads the states of the steps. *ret_blind: something
 * could not be looked at.
 */
void dw_change_compare(struct dw_switch *sw, const struct dw_run *run,
		       const struct doorward_audit *after, bool at_once, struct dw_arena *a,
		       struct dw_differences *ret);
/*
 * Adds to `who` of doors that are open again the process that started their holder, where that is no service
 * manager.
 */
void dw_change_parents(struct dw_sys *sys, const struct dw_snapshot *after,
		       struct dw_differences *all, size_t first, struct dw_arena *a);
/* Adds to `who` of doors that are open again the job of cron's that names what holds them. */
void dw_change_cron(struct dw_sys *sys, const struct dw_snapshot *after, struct dw_differences *all,
		    size_t first, struct dw_arena *a);
/* Who changed the object of a step since the run, as far as files tell; NULL: they do not. */
const char *dw_change_who(struct dw_sys *sys, const struct dw_run *run, const struct dw_run_step *s,
			  struct dw_arena *a);
/*
 * The last line of dpkg's log (of that path) that changes a package of the run, or of the step (NULL: the run's only),
 * after it, told; NULL: none does.
 */
const char *dw_change_who_log(struct dw_sys *sys, const struct dw_bytes *log, const char *path,
			      const struct dw_run *run, const struct dw_run_step *s,
			      struct dw_arena *a);

/* Makes the run a trial, if the options say so: when it ends, and the steps that put it back at the next boot. */
int dw_change_trial(struct changing *c, const char *service_manager, struct dw_run *run,
		    struct dw_error *e);
/* Starts what puts the trial back when its time is up. */
int dw_change_guard(struct changing *c, const struct dw_run *run, struct dw_error *e);
/* Stops its timer, when the trial is over. */
void dw_change_unguard(struct changing *c, int64_t run);
/* Stores the run, takes its steps, looks until it is sure, ends it. clients: programs that must go on running. */
int dw_change_carry_out(struct changing *c, struct dw_run *run, const struct dw_strings *clients,
			struct dw_error *e);

/* "telnet (0.0.0.0:23/tcp) was closed by run 3 ..." when a run in force closed what the word names; NULL: none did. */
const char *dw_change_closed_by(const char *root, const char *state, const char *word,
				struct dw_arena *a);
/* A run that still changes the host. */
bool dw_change_in_force(const struct dw_run *r);

/* As the report room gets it; borrows from the plan. */
struct dw_report_plan dw_change_plan_report(const struct doorward_plan *p);
/* All runs (id 0) or one with all it has; no journal is no run. h->now is left alone. All lies in the arena. */
int dw_change_history(struct doorward *d, long long id, struct dw_arena *a, struct dw_report_history *h,
		      struct dw_error *e);

struct doorward_plan *dw_change_plan_new(struct doorward *d, struct doorward_audit *audit);

#endif
