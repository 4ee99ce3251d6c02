/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which statement each door would need; draft-text.c writes them down. */
#include <string.h>

#include "draft.h"
#include "dw_policy_match.h"
#include "dw_policy_read.h"
#include "dw_policy_write.h"
#include "dw_str.h"

#define FIRST_PASSING_PORT                                                                         \
	32768 /* ip_local_port_range: from here on a port was likely given by chance */

/* What the roles keep, as a policy. */
static const struct dw_policy *policy_of_roles(struct dw_arena *a, const struct dw_draft *d)
{
	struct dw_str text = { .arena = a };
	struct dw_policy_problems problems = { 0 };
	struct dw_policy_text t = { .name = "roles" };

	dw_str_add(&text, "");
	for (size_t i = 0; i < d->n_roles; i++)
		dw_str_addf(&text, "role %s\n", dw_policy_word(a, d->roles[i]->name));
	t.bytes = (struct dw_bytes){ .data = text.s, .n = text.n };
	return dw_policy_read(a, &t, NULL, d->knowledge, &problems);
}

/* A policy is text: a name with control characters, or one that is no UTF-8, cannot stand in it. */
static bool is_writable(const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (n == 0 || n > 1000)
		return false;
	for (size_t i = 0, len; i < n; i += len) {
		len = dw_utf8_length(text + i, n - i);
		if (len == 0 || (unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	return true;
}

static bool has_port(const struct dw_door *d)
{
	return d->at.has_port && d->at.port <= UINT16_MAX &&
	       d->at.protocol != DW_PROTOCOL_UNKNOWN && d->at.protocol != DW_PROTOCOL_PACKET &&
	       (d->at.port || d->at.protocol == DW_PROTOCOL_RAW) &&
	       (d->at.protocol != DW_PROTOCOL_RAW || d->at.port <= UINT8_MAX);
}

static const char *port_what(struct dw_arena *a, const struct dw_door *d)
{
	const char *protocol = dw_protocol_name(d->at.protocol);

	if (d->port_last > d->at.port && d->port_last <= UINT16_MAX)
		return dw_arena_printf(a, "%u-%u/%s", d->at.port, d->port_last, protocol);
	return dw_arena_printf(a, "%u/%s", d->at.port, protocol);
}

static bool is_program(const char *path)
{
	return is_writable(path) && path[0] == '/' && !strchr(path, '*');
}

static bool is_unit(const struct dw_starter *s)
{
	return s->kind == DW_STARTER_SYSTEMD_SERVICE || s->kind == DW_STARTER_SYSTEMD_SOCKET ||
	       s->kind == DW_STARTER_USER_SESSION;
}

static const char *starter_what(struct dw_arena *a, const struct dw_starter *s)
{
	if (!is_writable(s->id))
		return NULL;
	if (is_unit(s) && (dw_ends_with(s->id, ".service") || dw_ends_with(s->id, ".socket")))
		return dw_policy_word(a, s->id);
	return dw_policy_word(a, dw_arena_printf(a, "starter:%s", s->id));
}

/* A name that people know, else what stays the same over a restart. NULL: nothing names it. */
static const char *what_of(struct dw_arena *a, const struct dw_draft_door *dd)
{
	const struct dw_door *d = dd->door;
	const char *container = d->n_owners ? d->owners[0].container : NULL, *starter;
	bool lasting = has_port(d) && (d->at.port < FIRST_PASSING_PORT || !d->program);

	if (d->starter.kind == DW_STARTER_CONTAINER && !container)
		container = d->starter.id;
	if (is_writable(container))
		return dw_policy_word(a, dw_arena_printf(a, "container:%s", container));
	if (dd->service && !dd->guess && !(dd->service->traits & DW_TRAIT_LAUNCHER) &&
	    is_writable(dd->service->name))
		return dw_policy_word(a, dd->service->name);
	starter = starter_what(a, &d->starter);
	if (starter && (is_unit(&d->starter) || !lasting))
		return starter;
	if (lasting)
		return port_what(a, d);
	if (is_program(d->program))
		return dw_policy_word(a, d->program);
	return has_port(d) ? port_what(a, d) : NULL;
}

size_t draft_names(struct dw_arena *a, const struct dw_draft_door *dd, const char *ret[DRAFT_NAMES])
{
	const struct dw_door *d = dd->door;
	const char *best = what_of(a, dd);
	bool passing = has_port(d) && d->at.port >= FIRST_PASSING_PORT && d->program;
	size_t n = 0;

	if (dd->service && !dd->guess && best &&
	    dw_streq(best, dw_policy_word(a, dd->service->name)))
		ret[n++] = best;
	if (passing && best)
		ret[n++] = best;
	if (has_port(d))
		ret[n++] = port_what(a, d);
	if (!passing && best)
		ret[n++] = best;
	return n;
}

static bool is_inet(const struct dw_door *d)
{
	return d->at.family == DW_FAMILY_IPV4 || d->at.family == DW_FAMILY_IPV6 ||
	       d->at.family == DW_FAMILY_DUAL;
}

/* How wide a door stands open by what it is bound to; the wider of two is what a statement must allow. */
static enum draft_width width_of(const struct dw_draft_door *dd)
{
	const struct dw_door *d = dd->door;

	if (dd->suspect)
		return DRAFT_SUSPECT;
	if (d->kind == DW_KIND_SLEEPING)
		return DRAFT_ASLEEP;
	return dw_endpoint_bound(&d->at) == DW_BOUND_LOOPBACK ? DRAFT_LOOPBACK : DRAFT_NETWORK;
}

static const char *reach_text(struct dw_arena *a, const struct dw_door *d)
{
	const char *other = d->netns && !dw_streq(d->netns, "host")
				    ? dw_arena_printf(a, " in %s", d->netns)
				    : "";
	const char *reach = "any network";

	if (d->kind == DW_KIND_SLEEPING)
		reach = "not open now";
	else if (dw_endpoint_bound(&d->at) == DW_BOUND_LOOPBACK)
		reach = "this host alone";
	else if (!is_inet(d) || !dw_endpoint_is_any(&d->at))
		reach = dw_arena_printf(a, "on %s", dw_endpoint_address(a, &d->at));
	else if (d->at.ifname)
		reach = dw_arena_printf(a, "on %s", d->at.ifname);
	return dw_arena_printf(a, "%s%s", reach, other);
}

static const char *starter_text(struct dw_arena *a, const struct dw_starter *s)
{
	const char *kind = dw_starter_kind_name(s->kind);

	if (s->kind == DW_STARTER_UNKNOWN)
		return "nobody knows what starts it";
	if (s->kind == DW_STARTER_MANUAL)
		return "started by hand";
	if (!s->id)
		return kind;
	return is_unit(s) ? s->id : dw_arena_printf(a, "%s %s", kind, s->id);
}

/* A remark is for people: what is longer than they read is cut, and it stays within a line of a policy. */
static const char *cut(struct dw_arena *a, const char *text, size_t most)
{
	return strlen(text) <= most ? text : dw_arena_printf(a, "%.*s...", (int)most, text);
}

/* What the statement does not say by itself of: who holds it, what starts it, where it is, who can reach it. */
const char *draft_remark(struct dw_arena *a, const struct dw_draft_door *dd, const char *what)
{
	const struct dw_door *d = dd->door;
	const char *program = d->program        ? dw_basename(d->program)
			      : d->kernel       ? dw_arena_printf(a, "the kernel's %s", d->kernel)
			      : d->n_owners > 0 ? d->owners[0].comm
						: NULL;
	const char *port = has_port(d) ? port_what(a, d) : "",
		   *starter = starter_text(a, &d->starter);
	struct dw_str out = { .arena = a };

	dw_str_add(&out, program ? cut(a, program, 60) : "holder not seen");
	if (!dw_streq(starter, what))
		dw_str_addf(&out, ", %s", cut(a, starter, 80));
	if (*port && !dw_streq(port, what))
		dw_str_addf(&out, ", %s", port);
	dw_str_addf(&out, ", %s", cut(a, reach_text(a, d), 80));
	if (dd->guess && dd->service)
		dw_str_addf(&out, ", the port of %s", cut(a, dd->service->name, 60));
	return dw_escape_terminal(a, out.s, out.n);
}

/* As narrow as it is bound, or as it is made for. */
static const char *clauses_of(struct dw_arena *a, const struct draft_entry *e)
{
	const struct dw_door *d = e->door->door;
	const struct dw_service *s = e->door->guess ? NULL : e->door->service;
	const char *program = "";

	if (e->by_port && is_program(d->program) && d->n_owners > 0 && !d->starter.program)
		program = dw_arena_printf(a, " program %s", dw_policy_word(a, d->program));
	if (dw_endpoint_bound(&d->at) == DW_BOUND_LOOPBACK)
		return dw_arena_printf(a, "%s on loopback", program);
	if (!is_inet(d))
		return program;
	return dw_arena_printf(a, "%s from %s", program,
			       s && s->reach == DW_REACH_WORLD ? "any" : "lan");
}

static struct draft_entry *entry_of(struct drafting *t, const char *what)
{
	for (size_t i = 0; i < t->entries.n; i++)
		if (dw_streq(t->entries.v[i].what, what))
			return &t->entries.v[i];
	return NULL;
}

static bool is_dangerous(const struct dw_draft_door *d)
{
	return d->service && !d->guess && !d->suspect &&
	       (d->service->tier == DW_TIER_NEVER || d->service->tier == DW_TIER_BACKDOOR);
}

static void add_door(struct drafting *t, const struct dw_draft_door *dd)
{
	const char *what = what_of(t->a, dd);
	enum draft_width width = width_of(dd);
	struct draft_entry *e;

	if (!what) {
		const char *at = dw_endpoint_text(t->a, &dd->door->at);

		dw_vec_push(t->a, &t->nameless,
			    dw_arena_printf(t->a, "%s: %s",
					    dw_escape_terminal(t->a, at, strlen(at)),
					    draft_remark(t->a, dd, at)));
		return;
	}
	e = entry_of(t, what);
	if (!e) {
		e = dw_vec_add(t->a, &t->entries);
		*e = (struct draft_entry){ .what = what, .door = dd, .width = width };
	} else if (width > e->width) {
		e->door = dd;
		e->width = width;
	}
	e->doors++;
	e->dangerous |= is_dangerous(dd) && dw_streq(what, dw_policy_word(t->a, dd->service->name));
}

static void finish_entry(struct drafting *t, struct draft_entry *e)
{
	const struct dw_draft_door *dd = e->door;

	e->by_port = has_port(dd->door) && dw_streq(e->what, port_what(t->a, dd->door));
	if (!e->dangerous)
		e->statement = dw_arena_printf(t->a, "keep %s%s", e->what, clauses_of(t->a, e));
	else if (is_writable(dd->service->why))
		e->statement = dw_policy_statement_text(
			t->a, &(const struct dw_statement){
				      .action = DW_POLICY_CLOSE,
				      .what = &(const struct dw_what){ .kind = DW_WHAT_SERVICE,
								       .service = dd->service },
				      .n_what = 1,
				      .because = dd->service->why });
	else
		e->statement = dw_arena_printf(t->a, "close %s", e->what);
	e->remark = draft_remark(t->a, dd, e->what);
	if (e->doors > 1)
		e->remark = dw_arena_printf(t->a, "%s (%zu doors)", e->remark, e->doors);
}

const char *dw_policy_draft(struct dw_arena *a, const struct dw_draft *d)
{
	const struct dw_policy *kept = policy_of_roles(a, d);
	struct drafting t = { .a = a, .draft = d };

	for (size_t i = 0; i < d->n_doors; i++) {
		const struct dw_draft_door *dd = &d->doors[i];

		if (!dw_policy_match(kept, NULL, dd->door, dd->service, d->knowledge, d->time,
				     NULL))
			add_door(&t, dd);
	}
	for (size_t i = 0; i < t.entries.n; i++)
		finish_entry(&t, &t.entries.v[i]);
	return draft_text(&t);
}
