/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first statement that names a door decides: a WHAT whose doors were all named before can never count. Names
 * are compared as names; ports as sets, in nearly constant time for each (next[] leads to the next port that is
 * free, and is shortened whenever it is walked), because a file may hold half a million of them.
 */
#include <uthash.h>

#include "dw_str.h"
#include "private.h"

#define PORTS 65536

/* A statement that named something, and how. */
struct decider {
	enum dw_policy_action action;
	const char *file;
	unsigned line;
};

struct ports {
	uint32_t next[PORTS + 1]; /* a port of its own: nobody named it */
	const struct decider *by[PORTS];
};

struct named {
	const char *key;
	const struct decider *by;
	UT_hash_handle hh;
};

struct policy_cover {
	struct ports *ports[DW_PROTOCOL_COUNT];
	struct named *names;
};

static uint32_t next_free(struct ports *p, uint32_t port)
{
	uint32_t end = port;

	while (p->next[end] != end)
		end = p->next[end];
	while (p->next[port] != end) {
		uint32_t then = p->next[port];

		p->next[port] = end;
		port = then;
	}
	return end;
}

static struct ports *ports_of(struct policy_reader *r, enum dw_protocol protocol)
{
	struct ports *p = r->cover->ports[protocol];

	if (p)
		return p;
	p = dw_new(r->a, struct ports);
	for (uint32_t i = 0; i <= PORTS; i++)
		p->next[i] = i;
	r->cover->ports[protocol] = p;
	return p;
}

static void take_ports(struct policy_reader *r, enum dw_protocol protocol, const struct dw_what *w,
		       const struct decider *by)
{
	struct ports *p = ports_of(r, protocol);

	for (uint32_t i = next_free(p, w->first); i <= w->last; i = next_free(p, i)) {
		p->by[i] = by;
		p->next[i] = i + 1;
	}
}

/* Who decides about these ports; NULL: about one of them nobody does. */
static const struct decider *decider_of_ports(struct policy_reader *r, enum dw_protocol protocol,
					      const struct dw_what *w)
{
	struct ports *p = ports_of(r, protocol);

	return next_free(p, w->first) > w->last ? p->by[w->first] : NULL;
}

static const struct decider *port_decider(struct policy_reader *r, const struct dw_what *w,
					  const struct decider *by)
{
	bool both = w->protocol == DW_PROTOCOL_UNKNOWN;
	enum dw_protocol first = both ? DW_PROTOCOL_TCP : w->protocol;
	const struct decider *found = decider_of_ports(r, first, w);

	if (found && both && !decider_of_ports(r, DW_PROTOCOL_UDP, w))
		found = NULL;
	if (!by || found)
		return found;
	take_ports(r, first, w, by);
	if (both)
		take_ports(r, DW_PROTOCOL_UDP, w, by);
	return NULL;
}

/* by NULL: only asked. */
static const struct decider *name_decider(struct policy_reader *r, const struct dw_what *w,
					  const struct decider *by)
{
	const char *key = dw_arena_printf(r->a, "%d %s", (int)w->kind,
					  w->service ? w->service->name : w->text);
	struct named *n;

	HASH_FIND_STR(r->cover->names, key, n);
	if (n)
		return n->by;
	if (!by)
		return NULL;
	n = dw_new(r->a, struct named);
	n->key = key;
	n->by = by;
	HASH_ADD_KEYPTR(hh, r->cover->names, n->key, strlen(n->key), n);
	return NULL;
}

static void warn_of(struct policy_reader *r, const struct policy_word *at,
		    const struct decider *self, const struct decider *first)
{
	const char *place = policy_place(r, first->file, first->line);
	const char *text = policy_shown(r, at->text);

	if (first == self)
		policy_warn_at(r, at, "\"%s\" stands twice in this statement", text);
	else if (first->action == self->action)
		policy_warn_at(
			r, at,
			"\"%s\": %s says it already, and the first that names a door decides", text,
			place);
	else
		policy_warn_at(r, at,
			       "\"%s\" is never reached: %s says %s, and the first that names a "
			       "door decides",
			       text, place, dw_policy_action_name(first->action));
}

void policy_cover_add(struct policy_reader *r, const struct dw_statement *s,
		      const struct policy_word *whats)
{
	struct decider *self = dw_new(r->a, struct decider);

	*self = (struct decider){ .action = s->action, .file = s->file, .line = s->line };
	if (!r->cover)
		r->cover = dw_new(r->a, struct policy_cover);
	for (size_t i = 0; i < s->n_what; i++) {
		const struct dw_what *w = &s->what[i];
		/* what expires leaves its doors to the statements behind it */
		const struct decider *by = s->expires ? NULL : self;
		const struct decider *first =
			w->kind == DW_WHAT_PORT ? port_decider(r, w, by) : name_decider(r, w, by);

		if (first)
			warn_of(r, &whats[i], self, first);
	}
}

void policy_cover_free(struct policy_cover *c)
{
	if (c)
		HASH_CLEAR(hh, c->names);
}
