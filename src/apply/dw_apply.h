/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The executor: takes the steps of a plan, journals each before and after, and takes them back. After any crash, at
 * any point, the next dw_apply_settle() brings the host to one of the two clean states.
 */
#ifndef DW_APPLY_H
#define DW_APPLY_H

#include "dw_run.h"
#include "dw_store.h"
#include "dw_switch.h"

struct dw_apply {
	struct dw_switch *sw;
	struct dw_store *store;                                /* locked */
	const struct dw_switch_ops *(*find)(const char *name); /* dw_switch_find; a test's own */
	/* dw_switch_notify; a test's own */
	int (*notify)(struct dw_switch *s, const char *who, struct dw_error *e);
	/* of each notice of a run, before anything is done: negative: nothing is. dw_switch_ready; NULL: nobody asks */
	int (*ready)(struct dw_switch *s, const char *who, struct dw_error *e);
	/* before each step (undo: of taking it back) and after it; NULL: nobody */
	void (*tell)(void *data, const struct dw_run_step *step, size_t i, size_t n, bool undo);
	void *tell_data;
	/*
	 * Called once in dw_apply_run(), when the steps of phase GUARD are taken and before any other is: starts what
	 * puts the run back while the host is up. Negative: no other step is taken, and all is put back. NULL: nobody
	 */
	int (*guard)(void *data, const struct dw_run *run, struct dw_error *e);
	void *guard_data;
	/* becomes true when the user asks to stop (a signal): what was done is put back; an undo goes on. NULL */
	const bool *stop;
};

/*
 * Stores the run and takes its steps: re-reads every expect first (-ESTALE: the host is not as the plan says,
 * nothing
 * was done, nothing stored), then for each step: intent, set, read back, outcome. Steps of phase KEEP are
 * left for dw_apply_confirm() where the run is a trial (confirm_by). 0: all are as wanted, the run is
 * still STARTED: verify, then dw_apply_finish(). -ECANCELED: a step failed (or *stop), and all was put back:
 * ROLLED_BACK.
 * -ENOTRECOVERABLE: it failed, and not all could be put back: FAILED. The message names the step. run->steps has
 * the state of each (messages in sw->arena). A trial (confirm_by): -EBUSY while another waits to be confirmed.
 */
int dw_apply_run(struct dw_apply *a, struct dw_run *run, struct dw_error *e);
/* After the verification: good: DONE. Else all is put back, with the codes of dw_apply_run(). why: for the journal. */
int dw_apply_finish(struct dw_apply *a, struct dw_run *run, bool good, const char *why,
		    struct dw_error *e);

/*
 * Takes a run back, last step first. A step whose object is no longer as the run left it is LEFT and told, the
 * others
 * are taken back all the same (-EUCLEAN at the end, PARTLY_UNDONE); where only other lines of a file changed,
 * its own
 * lines are put back. force: it is overwritten. What nothing brings back (no_undo) is LEFT
 * and told, without being a fault. -ENOTRECOVERABLE: something could not be put back (PARTLY_UNDONE: it can be
 * tried
 * again). -EALREADY: nothing is to be undone. *ret is filled in whenever there is such a run.
 */
int dw_apply_undo(struct dw_apply *a, int64_t id, bool force, struct dw_run *ret,
		  struct dw_error *e);

/*
 * Keeps a trial: takes its KEEP steps, then takes back its GUARD steps. -ECANCELED: one of the KEEP steps failed; they
 * were put back, and it is on trial as before (-ENOTRECOVERABLE without `ret->confirmed`: not all of them were).
 * -EALREADY: it is none, or is confirmed. -ETIME: it was put back.
 * Confirmed it is also with -EUCLEAN and -ENOTRECOVERABLE: only the guard, which does nothing any more, is
 * still there.
 */
int dw_apply_confirm(struct dw_apply *a, int64_t id, struct dw_run *ret, struct dw_error *e);

/*
 * Puts back what an interrupted run or undo left (STARTED, UNDOING), and ends an interrupted confirm. Returns
 * how many
 * there were. To be called under the lock before anything else is changed. -ENOTRECOVERABLE, -EUCLEAN: not all of
 * it could be put back, or somebody changed it since; the journal has that (FAILED, PARTLY_UNDONE), and the
 * next call
 * does not say it again.
 */
int dw_apply_settle(struct dw_apply *a, struct dw_error *e);

#endif
