/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packages that nothing needs, and those that do not belong to what the host is for; removed on request only. */
#include <errno.h>

#include "autoremove.h"
#include "dw_collect.h"
#include "dw_knowledge.h"
#include "dw_policy.h"
#include "lying.h"

#define STATUS "/var/lib/dpkg/status"

/* One step: dpkg finds the order, and those that need each other go together. */
static void remove_them(struct host_look *l, struct dw_host_result *r,
			const struct dw_strings *names, const struct dw_strings *versions,
			const char *label, const char *why)
{
	struct dw_str object = { .arena = l->a }, want = { .arena = l->a },
		      back = { .arena = l->a };

	dw_str_add(&back, "apt-get install");
	for (size_t i = 0; i < names->n; i++) {
		dw_str_addf(&object, "%s%s", i ? " " : "", names->v[i]);
		dw_str_addf(&want, "%sremoved", i ? " " : "");
		dw_str_addf(&back, " %s=%s", names->v[i], versions->v[i]);
	}
	*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_LEFT,
		.manager = "package",
		.object = object.s,
		.want = want.s,
		.label = label,
		.why = why,
		.source = STATUS,
		.command = dw_arena_printf(l->a, "apt-get remove %s", object.s),
		.undo_command = back.s,
		.no_undo = true,
		.text = dw_arena_printf(l->a, "%s %s removed (no undo brings %s back: %s does)",
					object.s, names->n == 1 ? "is" : "are",
					names->n == 1 ? "it" : "them", back.s),
	};
}

static void hold_removal(struct host_look *l, struct dw_host_result *r)
{
	dw_vec_push(l->a, &r->held,
		    "packages are removed with --remove-package alone: no undo brings them back");
}

/* --- what nothing needs ------------------------------------------------------------------------------------ */

void host_lying_unneeded(struct host_look *l, struct dw_host_result *r)
{
	struct host_unneeded all;

	if (!host_unneeded_read(l, r, &all))
		return;
	for (size_t i = 0; i < all.v.n; i++)
		host_seen(l, r, STATUS, all.v.v[i]->line, all.v.v[i]->name,
			  "%s was installed for another package, and nothing needs it any more",
			  all.v.v[i]->version ? all.v.v[i]->version : "it");
	host_conclude(l, r, "One package is left that nothing needs.",
		      "packages are left that nothing needs.",
		      "Every package was asked for, or is needed by one that was.");
}

static bool is_accepted(const struct dw_host_result *r, const char *object)
{
	for (size_t i = 0; i < r->evidence.n; i++)
		if (dw_streq(r->evidence.v[i].object, object))
			return r->evidence.v[i].accepted != NULL;
	return true;
}

static bool is_among(const struct host_unneeded *all, const char *name)
{
	for (size_t i = 0; i < all->v.n; i++)
		if (dw_streq(all->v.v[i]->name, name))
			return true;
	return false;
}

/* Closing a door is another command, which asks what else would be lost. */
static const char *door_of(struct host_look *l, const char *package)
{
	for (size_t i = 0; i < l->n_doors && l->have_doors; i++) {
		const struct dw_door *d = l->doors[i].door;

		if (d->package && dw_streq0(d->package->name, package))
			return dw_arena_printf(l->a,
					       "it serves %s (doorward close --remove-package)",
					       dw_endpoint_text(l->a, &d->at));
	}
	return NULL;
}

/* What needs the package and is to stay; NULL: nothing, and it may go. */
static const char *kept_by(struct host_look *l, const char *package,
			   const struct host_unneeded *goes, const struct dw_host_result *r)
{
	struct dw_removal all = { 0 };
	const char *door = door_of(l, package);
	struct dw_error e = { 0 };

	if (door)
		return door;
	if (dw_packages_removal(l->sys, l->a, package, &all, &e) < 0)
		return dw_arena_strdup(l->a, e.message);
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i].kept)
			return dw_arena_printf(l->a, "%s %s", all.v[i].name, all.v[i].kept);
		else if (!is_among(goes, all.v[i].name) || is_accepted(r, all.v[i].name))
			return dw_arena_printf(l->a, "%s needs it, and stays", all.v[i].name);
	return NULL;
}

void host_lying_unneeded_fix(struct host_look *l, struct dw_host_result *r)
{
	struct dw_strings names = { 0 }, versions = { 0 };
	struct host_unneeded all;

	if (!l->remove) {
		hold_removal(l, r);
		return;
	}
	if (!host_unneeded_read(l, &(struct dw_host_result){ 0 }, &all))
		return;
	for (size_t i = 0; i < all.v.n; i++) {
		const struct dw_dpkg_package *p = all.v.v[i];
		const char *by = is_accepted(r, p->name) ? NULL : kept_by(l, p->name, &all, r);

		if (by)
			dw_vec_push(l->a, &r->held,
				    dw_arena_printf(l->a, "%s stays: %s", p->name, by));
		if (by || is_accepted(r, p->name))
			continue;
		dw_vec_push(l->a, &names, p->name);
		dw_vec_push(l->a, &versions, p->version ? p->version : "");
	}
	if (names.n)
		remove_them(l, r, &names, &versions, "packages that nothing needs",
			    "nobody asked for them, and nothing needs them");
}

/* --- what does not belong to the role ----------------------------------------------------------------------- */

/* One of the roles that the policy names needs them. */
static bool belongs(const struct dw_policy *p, const struct dw_tools *t)
{
	for (const char *const *role = t->roles; *role; role++)
		for (size_t i = 0; i < p->n_roles; i++)
			if (dw_streq(*role, p->roles[i]))
				return true;
	return false;
}

void host_lying_tools(struct host_look *l, struct dw_host_result *r)
{
	struct dw_dpkg_status all = { 0 };
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };
	int code;

	if (!l->policy || !l->policy->n_roles) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "The policy names no role (role web-server, say), so nothing is out of "
			 "place.");
		return;
	}
	code = dw_dpkg_read_status(l->sys, l->a, &text, &e);
	if (code < 0) {
		host_unknown(l, r, &e);
		return;
	}
	dw_dpkg_parse_status(l->a, &text, &all, NULL, NULL);
	for (size_t i = 0; i < all.packages.n; i++) {
		const struct dw_dpkg_package *p = &all.packages.v[i];
		const struct dw_tools *t =
			dw_dpkg_is_there(p) ? dw_knowledge_tools(l->knowledge, p->name) : NULL;

		if (t && !belongs(l->policy, t))
			host_seen(l, r, STATUS, p->line, p->name,
				  "%s, which is not what a %s is for", t->does,
				  l->policy->roles[0]);
	}
	host_conclude(
		l, r, "One package does not belong to what this host is for.",
		"packages do not belong to what this host is for.",
		"No compiler, sniffer, scanner or desktop is here that the role does not need.");
}

/* All that goes with the package; false: something of it has to stay, and held says what. */
static bool may_go(struct host_look *l, struct dw_host_result *r, const char *package,
		   const struct dw_removal *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (!all->v[i].kept && dw_knowledge_tools(l->knowledge, all->v[i].name) &&
		    !is_accepted(r, all->v[i].name))
			continue;
		dw_vec_push(
			l->a, &r->held,
			all->v[i].kept
				? dw_arena_printf(l->a, "%s stays: %s %s", package, all->v[i].name,
						  all->v[i].kept)
				: dw_arena_printf(
					  l->a,
					  "%s stays: %s needs it (apt-get remove %s takes both)",
					  package, all->v[i].name, package));
		return false;
	}
	return true;
}

void host_lying_tools_fix(struct host_look *l, struct dw_host_result *r)
{
	struct dw_strings names = { 0 }, versions = { 0 };
	struct host_unneeded unneeded = { 0 };

	if (!l->remove) {
		hold_removal(l, r);
		return;
	}
	(void)host_unneeded_read(l, &(struct dw_host_result){ 0 }, &unneeded);
	for (size_t i = 0; i < r->evidence.n; i++) {
		const struct dw_host_evidence *x = &r->evidence.v[i];
		struct dw_removal all = { 0 };
		struct dw_error e = { 0 };

		/* what nothing needs goes with unneeded-packages */
		if (x->accepted || is_among(&unneeded, x->object) ||
		    dw_strings_has(&names, x->object))
			continue;
		if (dw_packages_removal(l->sys, l->a, x->object, &all, &e) < 0) {
			dw_vec_push(l->a, &r->held,
				    dw_arena_printf(l->a, "%s stays: %s", x->object, e.message));
			continue;
		}
		if (!may_go(l, r, x->object, &all))
			continue;
		for (size_t k = 0; k < all.n; k++)
			if (!dw_strings_has(&names, all.v[k].name)) {
				dw_vec_push(l->a, &names, all.v[k].name);
				dw_vec_push(l->a, &versions,
					    all.v[k].version ? all.v[k].version : "");
			}
	}
	if (names.n)
		remove_them(l, r, &names, &versions, "what does not belong here",
			    "the host's role does not need it");
}
