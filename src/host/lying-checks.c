/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lying about: what an intruder with one account could use. */
#include <sys/stat.h>

#include "dw_around.h"
#include "dw_collect.h"
#include "lying.h"

/* Of a host with a million files the walk takes seconds; more than that is said. */
#define FILES_MAX 5000000
#define WALK_MS   30000

const struct host_walk *host_walk(struct host_look *l)
{
	struct host_walk *w = l->walk;

	if (w)
		return w;
	w = l->walk = dw_new(l->a, struct host_walk);
	w->code = dw_sys_privileged(l->sys, FILES_MAX, WALK_MS, l->a, &w->list, &w->e);
	return w;
}

bool host_walk_was_whole(struct host_look *l, struct dw_host_result *r)
{
	const struct host_walk *w = host_walk(l);

	if (w->list.cut || w->list.blind)
		host_say(l, r, DW_HOST_UNKNOWN,
			 w->list.cut ? "There are too many files to look at all."
				     : "Not every directory could be read.");
	return !w->list.cut && !w->list.blind;
}

static const char *rights_of(struct dw_arena *a, const struct dw_privileged *p)
{
	struct dw_str text = { .arena = a };

	dw_str_add(&text, "");
	if (p->mode & S_ISUID)
		dw_str_addf(&text, "set-UID of user %u", p->uid);
	if (p->mode & S_ISGID)
		dw_str_addf(&text, "%sset-GID of group %u", text.n ? ", " : "", p->gid);
	if (p->capability)
		dw_str_addf(&text, "%scapabilities of its own", text.n ? ", " : "");
	return text.s;
}

/* A set-GID bit of a file that nobody can execute means nothing (it once meant mandatory locks). */
static bool gives_rights(const struct dw_privileged *p)
{
	return p->capability || (p->mode & 0111 && p->mode & (S_ISUID | S_ISGID));
}

static void judge(struct host_look *l, struct dw_host_result *r, const struct dw_privileged *p,
		  const struct dw_package *package)
{
	const char *rights = rights_of(l->a, p);

	if (p->mode & S_IWOTH)
		host_seen(l, r, p->path, 0, p->path, "%s, and everybody may write it", rights);
	else if (!package)
		host_seen(l, r, p->path, 0, p->path, "%s, and of no package", rights);
	else if (package->verified == DW_VERIFIED_DIFFERS)
		host_seen(l, r, p->path, 0, p->path, "%s, and not the file that %s brought", rights,
			  package->name);
}

/* False: whose they are is not known. */
static bool look_up(struct host_look *l, struct dw_host_result *r,
		    const struct dw_privileged_list *all, struct dw_facts *f, bool *ret_any)
{
	const char **paths = dw_arena_array(l->a, all->n, sizeof(*paths));
	const struct dw_package **found = dw_arena_array(l->a, all->n, sizeof(*found));
	struct dw_error e = { 0 };

	for (size_t i = 0; i < all->n; i++)
		paths[i] = all->v[i].path;
	if (dw_packages_find(l->sys, f, paths, all->n, found, &e) < 0) {
		host_unknown(l, r, &e);
		return false;
	}
	for (size_t i = 0; i < all->n; i++) {
		*ret_any = *ret_any || found[i];
		if (gives_rights(&all->v[i]))
			judge(l, r, &all->v[i], found[i]);
	}
	return true;
}

static void look_set_uid(struct host_look *l, struct dw_host_result *r)
{
	const struct host_walk *w = host_walk(l);
	struct dw_facts *f;
	bool known, any = false;

	if (w->code < 0) {
		host_unknown(l, r, &w->e);
		return;
	}
	f = dw_facts_new();
	known = look_up(l, r, &w->list, f, &any);
	dw_facts_free(f);
	if (!known)
		return;
	if (w->list.n && !any) {
		r->evidence.n = 0;
		host_say(l, r, DW_HOST_UNKNOWN,
			 "No package is known to have brought any of them: whose they are cannot "
			 "be told.");
		return;
	}
	if (r->evidence.n || host_walk_was_whole(l, r))
		host_conclude(
			l, r, "One file gives rights of another, and no package answers for it.",
			"files give rights of another, and no package answers for them.",
			"Every set-UID, set-GID or capable file is as its package brought it.");
}

const struct host_check host_checks_lying[] = {
	{ .about = { .id = "set-uid-files",
		     .category = DW_CATEGORY_LYING,
		     .title = "Files that give rights of another come from packages",
		     .severity = DW_SEVERITY_HIGH,
		     .reason = "Whoever runs such a file has its owner's rights for as long: one "
			       "that somebody left behind "
			       "is the way to root that needs no further flaw.",
		     .source = "CIS Debian Linux 12, Ensure SUID and SGID files are reviewed; "
			       "chmod(2), capabilities(7)",
		     .advice = "chmod u-s,g-s FILE (setcap -r FILE for capabilities) takes the "
			       "rights away; of a package: "
			       "dpkg-statoverride --update --add root root 0755 FILE, else the "
			       "next upgrade brings them back." },
	  .look = look_set_uid },
	{ .about = { .id = "service-paths",
		     .category = DW_CATEGORY_LYING,
		     .title = "Only root changes what a service runs",
		     .severity = DW_SEVERITY_HIGH,
		     .reason = "Who may write the program, the settings or a directory on the way "
			       "to them "
			       "becomes the service, at its next start.",
		     .source = "CIS Debian Linux 12, System File Permissions; systemd.unit(5), "
			       "chmod(2)",
		     .advice = "chown root FILE (chmod g-w FILE), where the service need not write "
			       "it." },
	  .needs_doors = true,
	  .look = host_lying_paths,
	  .fix = host_lying_paths_fix },
	{ .about = { .id = "world-writable",
		     .category = DW_CATEGORY_LYING,
		     .title = "Nothing that everybody may change lies about",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "A file that everybody may write says what its last writer wants; "
			       "in a "
			       "directory without the sticky bit everybody exchanges the files of "
			       "others.",
		     .source =
			     "CIS Debian Linux 12, Ensure world writable files and directories are "
			     "secured; chmod(2)",
		     .advice = "What has to be shared is given to a group." },
	  .look = host_lying_writable,
	  .fix = host_lying_writable_fix },
	{ .about = { .id = "server-software",
		     .category = DW_CATEGORY_LYING,
		     .title = "Only what the host's role needs is installed",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Compilers build an intruder's tools, sniffers and scanners show "
			       "the way on, "
			       "and programs for a desktop are the largest part of what is never "
			       "looked after "
			       "on a server.",
		     .source = "CIS Debian Linux 12, Ensure X window server services are not in "
			       "use; BSI "
			       "SYS.1.1.A6",
		     .advice = "doorward host fix --remove-package server-software shows what "
			       "would go with "
			       "each of them." },
	  .look = host_lying_tools,
	  .fix = host_lying_tools_fix },
	{ .about = { .id = "unneeded-packages",
		     .category = DW_CATEGORY_LYING,
		     .title = "No package is left that nothing needs",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "What nobody asked for and nothing needs is code to update, and to "
			       "break in "
			       "through, for nothing.",
		     .source = "apt-get(8), autoremove; BSI SYS.1.1.A6",
		     .advice = "apt-get autoremove, or doorward host fix --remove-package "
			       "unneeded-packages." },
	  .wants_doors = true,
	  .look = host_lying_unneeded,
	  .fix = host_lying_unneeded_fix },
	{ .about = { .id = NULL } },
};
