/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept up to date: does anybody still make updates for this release? */
#include <time.h>

#include "dw_knowledge.h"
#include "updates.h"

static const struct dw_release *find(const struct dw_knowledge *k, const char *system,
				     const char *version)
{
	/* "9.4" of AlmaLinux is a 9: its makers count by that */
	size_t whole = strcspn(version, ".");

	for (size_t i = 0; k && i < k->n_releases; i++)
		if (dw_streq(k->releases[i].system, system) &&
		    dw_streq(k->releases[i].version, version))
			return &k->releases[i];
	for (size_t i = 0; k && i < k->n_releases; i++)
		if (dw_streq(k->releases[i].system, system) &&
		    strlen(k->releases[i].version) == whole &&
		    strncmp(k->releases[i].version, version, whole) == 0)
			return &k->releases[i];
	return NULL;
}

/* As the table writes it: then the texts compare as the days do. */
static const char *today(struct host_look *l)
{
	time_t t = (time_t)dw_sys_now(l->sys);
	struct tm tm = { 0 };

	if (!gmtime_r(&t, &tm))
		return NULL;
	return dw_arena_printf(l->a, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
			       tm.tm_mday);
}

/* Ubuntu Pro: this file is there on hosts that are attached to a subscription. */
static bool pays(struct host_asking *q, const struct dw_release *x)
{
	return dw_streq(x->system, "ubuntu") &&
	       host_ask_file(q, "/var/lib/ubuntu-advantage/private/machine-token.json");
}

static void judge(struct host_asking *q, struct dw_host_result *r, const struct dw_release *x,
		  const struct host_setting *where)
{
	const char *now = today(q->l), *ends = x->ends, *sold = "";

	if (!now) {
		host_say(q->l, r, DW_HOST_UNKNOWN, "the clock of the host is no date");
		return;
	}
	if (strcmp(now, ends) > 0 && x->paid && pays(q, x))
		ends = x->paid;
	if (host_asked_in_vain(q, r))
		return;
	if (x->paid && strcmp(now, x->paid) <= 0)
		sold = dw_arena_printf(q->l->a, "; they are sold until %s", x->paid);
	if (strcmp(now, ends) > 0)
		host_seen(q->l, r, where->file, where->line, x->name,
			  "security updates ended on %s%s", ends, sold);
	host_conclude(
		q->l, r,
		dw_arena_printf(q->l->a, "Nobody makes updates for %s any more.", x->title), "",
		dw_arena_printf(q->l->a, "%s gets security updates until %s.", x->title, ends));
}

void host_updates_release(struct host_look *l, struct dw_host_result *r)
{
	static const char *const files[] = { "/etc/os-release", "/usr/lib/os-release", NULL };
	struct host_asking q = { .l = l };
	struct host_settings all = { 0 };
	const char *file = host_ask_files(&q, files);
	const struct host_setting *id, *version;
	const struct dw_release *x;

	if (file)
		(void)host_shell_read(&q, file, &all);
	if (host_asked_in_vain(&q, r))
		return;
	id = host_setting_of(&all, NULL, "ID");
	version = host_setting_of(&all, NULL, "VERSION_ID");
	if (!id) {
		host_say(l, r, DW_HOST_UNKNOWN, "no os-release says which system this is");
	} else if (!version || !*version->value) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "This is %s without a version: it is updated as it goes along.",
			 id->value);
	} else {
		x = find(l->knowledge, id->value, version->value);
		if (x)
			judge(&q, r, x, version);
		else
			host_say(l, r, DW_HOST_UNKNOWN,
				 "until when %s %s is looked after is not known here", id->value,
				 version->value);
	}
}
