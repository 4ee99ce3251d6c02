/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_policy_match.h"

#include <string.h>

#include "dw_str.h"

bool dw_policy_glob(const char *pattern, const char *path)
{
	const char *star = NULL, *back = NULL;

	while (*path) {
		if (*pattern == '*') {
			star = ++pattern;
			back = path;
		} else if (*pattern == *path) {
			pattern++;
			path++;
		} else if (star && *back != '/') {
			/* the last star takes one character more; an earlier one never helps, within a name */
			pattern = star;
			path = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool is_standard_port(const struct dw_service *s, const struct dw_door *d)
{
	if (!d->at.has_port)
		return false;
	for (const struct dw_service_port *p = s->ports; p && (p->first || p->last || p->protocol);
	     p++)
		if (p->protocol == d->at.protocol && d->at.port >= p->first &&
		    d->at.port <= p->last)
			return true;
	return false;
}

static bool serves(const struct dw_service *program, const char *name)
{
	for (const char *const *s = program->serves; s && *s; s++)
		if (dw_streq(*s, name))
			return true;
	return false;
}

static bool names_service(const struct dw_service *s, const struct dw_door *d,
			  const struct dw_service *identified)
{
	if (identified && dw_streq(identified->name, s->name))
		return true;
	if (identified && !(identified->traits & DW_TRAIT_LAUNCHER) && !serves(identified, s->name))
		return false;
	return is_standard_port(s, d);
}

/* A forwarded range is named when all of it is. */
static bool names_port(const struct dw_what *w, const struct dw_door *d)
{
	uint32_t last = d->port_last ? d->port_last : d->at.port;

	if (!d->at.has_port || d->at.port < w->first || last > w->last)
		return false;
	if (w->protocol == DW_PROTOCOL_UNKNOWN)
		return d->at.protocol == DW_PROTOCOL_TCP || d->at.protocol == DW_PROTOCOL_UDP;
	return d->at.protocol == w->protocol;
}

/* "getty@.service" is every one of its instances. */
static bool is_instance(const char *unit, const char *id)
{
	const char *at = strstr(unit, "@."), *dot = id ? strrchr(id, '.') : NULL;
	size_t n = at ? (size_t)(at - unit) + 1 : 0;

	return at && dot && strncmp(unit, id, n) == 0 && dw_streq(at + 1, dot);
}

static bool has_units(enum dw_starter_kind kind)
{
	return kind == DW_STARTER_SYSTEMD_SERVICE || kind == DW_STARTER_SYSTEMD_SOCKET ||
	       kind == DW_STARTER_USER_SESSION || kind == DW_STARTER_SYSV;
}

/* The unit itself, the service behind a socket, the unit that was made of a SysV script. */
static bool names_unit(const char *text, const struct dw_starter *s)
{
	if (dw_starts_with(text, "starter:"))
		return s->id && dw_streq(s->id, text + strlen("starter:"));
	if (!has_units(s->kind))
		return false;
	return dw_streq0(text, s->id) || dw_streq0(text, s->also) || is_instance(text, s->id) ||
	       is_instance(text, s->also);
}

static bool names_program(const char *pattern, const struct dw_door *d)
{
	if (d->program && dw_policy_glob(pattern, d->program))
		return true;
	/* what inetd holds is not inetd's; what an interpreter holds is the script's, or its own */
	for (size_t i = 0; !d->starter.program && i < d->n_owners; i++)
		if (d->owners[i].executable && dw_policy_glob(pattern, d->owners[i].executable))
			return true;
	return false;
}

static bool names_package(const char *name, const struct dw_door *d)
{
	if (d->package && dw_streq0(d->package->name, name))
		return true;
	for (size_t i = 0; !d->starter.program && i < d->n_owners; i++)
		if (d->owners[i].package && dw_streq0(d->owners[i].package->name, name))
			return true;
	return false;
}

/* NAME alone, or RUNTIME:NAME. */
static bool is_container(const char *name, const char *container)
{
	const char *colon = container ? strchr(container, ':') : NULL;

	return container && (dw_streq(name, container) || (colon && dw_streq(name, colon + 1)));
}

static bool names_container(const char *name, const struct dw_door *d)
{
	if (d->starter.kind == DW_STARTER_CONTAINER && is_container(name, d->starter.id))
		return true;
	for (size_t i = 0; i < d->n_owners; i++)
		if (is_container(name, d->owners[i].container))
			return true;
	return false;
}

bool dw_what_names(const struct dw_what *w, const struct dw_door *d,
		   const struct dw_service *identified)
{
	switch (w->kind) {
	case DW_WHAT_SERVICE:
		return names_service(w->service, d, identified);
	case DW_WHAT_PORT:
		return names_port(w, d);
	case DW_WHAT_UNIT:
		return names_unit(w->text, &d->starter);
	case DW_WHAT_PROGRAM:
		return names_program(w->text, d);
	case DW_WHAT_PACKAGE:
		return names_package(w->text + strlen("package:"), d);
	case DW_WHAT_NETNS:
		return dw_streq0(w->text + strlen("netns:"), d->netns);
	case DW_WHAT_CONTAINER:
		return names_container(w->text + strlen("container:"), d);
	case DW_WHAT_UNKNOWN:
	case DW_WHAT_COUNT:
		break;
	}
	return false;
}

static bool names(const struct dw_statement *s, const struct dw_door *d,
		  const struct dw_service *identified)
{
	for (size_t i = 0; i < s->n_what; i++)
		if (dw_what_names(&s->what[i], d, identified))
			return true;
	return false;
}

const struct dw_statement *dw_policy_match(const struct dw_policy *p, const struct dw_snapshot *s,
					   const struct dw_door *d,
					   const struct dw_service *identified,
					   const struct dw_knowledge *k, uint64_t now,
					   const struct dw_statement **ret_expired)
{
	const struct dw_statement *expired = NULL, *found = NULL;

	for (size_t i = 0; p && !found && i < p->n_statements; i++) {
		const struct dw_statement *st = &p->statements[i];

		if (!names(st, d, identified))
			continue;
		if (!st->expires || now < st->expires)
			found = st;
		else if (!expired)
			expired = st;
	}
	if (ret_expired)
		*ret_expired = expired;
	return found;
}
