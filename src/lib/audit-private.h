/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit while it runs; private to src/lib. */
#ifndef DW_AUDIT_PRIVATE_H
#define DW_AUDIT_PRIVATE_H

#include "dw_audit.h"
#include "dw_collect.h"
#include "dw_knowledge_index.h"
#include "dw_plan.h"
#include "dw_rehearse.h"
#include "dw_report.h"
#include "dw_starters.h"
#include "dw_store.h"
#include "dw_store_usage.h"
#include "dw_switch.h"

struct auditing {
	const struct dw_audit_options *options;
	struct dw_sys *sys;
	struct dw_procs *procs; /* NULL: nothing runs */
	struct dw_facts *facts;
	const struct dw_knowledge *knowledge; /* lies in the facts' arena, or is compiled in */
	const struct dw_policy *policy;       /* NULL: there is none */
	struct dw_collect collect;            /* its namespaces are open until the audit is done */
	/* instead of dw_packages_find(): who asks often keeps the answers; NULL: dw_packages_find() */
	int (*find_packages)(void *data, struct auditing *a, const char *const *paths, size_t n,
			     const struct dw_package **ret, struct dw_error *e);
	void *find_data;
	const struct dw_knowledge_index *index; /* of the knowledge */
	struct dw_starters starters;
	struct dw_starters_set *managers;
	struct dw_store *scans;       /* NULL: there are none */
	struct dw_usage_store *usage; /* NULL: there is none */
};

/* What PID 1 is; NULL: not known. */
const char *dw_audit_init(struct auditing *a);
/* Asks the managers that are loaded who started each holder of a->facts. */
void dw_audit_claim(struct auditing *a, struct dw_starters *s, struct dw_starters_set *set);

/* Reads of the service managers what can be read before the sockets are known. */
void dw_audit_starters_begin(struct auditing *a, const char *init);
/* Asks every service manager who started each holder, and what it would start. */
void dw_audit_starters(struct auditing *a);
/* Does work(one) and work(other), by two threads where there are two processors; both are done when it returns. */
void dw_lib_share(void (*work)(void *half), void *one, void *other);
/* Finds the packages of all programs at once. */
void dw_audit_packages(struct auditing *a);
/*
 * What is compiled in, and /etc/doorward/knowledge.d (*.yaml) of the root merged into it where there is any.
 * What is wrong with these files is noted as incomplete, "bad-knowledge". Lives as long as the facts.
 */
const struct dw_knowledge *dw_lib_knowledge(struct dw_sys *sys, struct dw_facts *f);
/* Fills in what `why` alone tells of the doors: dependants and relations. What cannot be known stays NULL. */
void dw_lib_look_closer(const struct dw_audit *audit, struct dw_report_door *doors, size_t n,
			struct dw_arena *a);
/*
 * Fills in the levers of every door whose intent is not NONE, with the states as they are now. more: DW_LEVERS_*. All
 * lies in the arena, which must not outlive the audit. Nothing on the host is changed. Fails only when the host cannot
 * be looked at at all.
 */
int dw_lib_levers(const struct dw_audit *audit, struct dw_plan_door *doors, size_t n, unsigned more,
		  struct dw_arena *a, struct dw_error *e);
/*
 * Gives the packet filter's lever to those of the doors that are to be narrowed and that nothing else narrows
 * (levers->cannot), where this host has one. sw: its states are read through it.
 */
void dw_lib_levers_fence(const struct dw_audit *audit, struct dw_switch *sw,
			 struct dw_plan_door *doors, size_t n, struct dw_arena *a);
/* Who shall reach the door, by the policy or by what it is; "127.0.0.1": this host alone. False: nobody says. */
bool dw_lib_networks_of(const struct dw_audit *audit, const struct dw_door *d, struct dw_arena *a,
			struct dw_strings *ret);
/* Fills in the steps that would close each door alone. What cannot be known stays NULL. */
void dw_lib_tell_steps(const struct dw_audit *audit, struct dw_report_door *doors, size_t n,
		       struct dw_arena *a);

/*
 * Opens what is kept of scans, and of what doorward watch counted, where there is any: SQLite takes some two
 * milliseconds to be loaded and to read its schema, beside which other work can be done.
 */
void dw_lib_probed_begin(struct auditing *a);
void dw_lib_used_begin(struct auditing *a);
/* Fill in `probed` and `used` of the doors from that. */
void dw_lib_probed(const struct auditing *a, struct dw_snapshot *s);
void dw_lib_used(const struct auditing *a, struct dw_snapshot *s);

/*
 * Fills in `filtered` of the doors of a host that runs. No packet filter there: nothing is opened. What could not be
 * rehearsed is noted as incomplete, "no-rehearsal".
 */
void dw_lib_filtered(struct auditing *a, struct dw_snapshot *s);
/* Behind that: doors whose sockets obey BPF programs of a cgroup. */
void dw_lib_doubt_cgroups(struct auditing *a, struct dw_snapshot *s);
/* The same of doors that one rehearsal is about; their `filtered` must be NULL where it is to be asked. */
int dw_lib_expose(struct dw_rehearsal *r, struct dw_door *const *doors, size_t n,
		  struct dw_arena *arena, struct dw_error *e);

#endif
