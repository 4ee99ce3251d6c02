/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a rehearsal saw: for people, within 80 columns, and as JSON (schema/fence-rehearse.schema.json). */
#include <errno.h>
#include <string.h>

#include "dw_fence_report.h"
#include "dw_nft.h"
#include "dw_state.h"
#include "dw_str.h"
#include "fence-private.h"

#define COLUMNS 80

static const char *const ways[] = {
	[DW_FENCE_WAY_UNKNOWN] = "unknown",
	[DW_FENCE_WAY_LOCAL] = "local",
	[DW_FENCE_WAY_OPEN] = "open",
	[DW_FENCE_WAY_CUT] = "cut",
};
static const char *const fates[] = {
	[DW_FENCE_GOES_ON] = "goes-on",
	[DW_FENCE_PICKED_UP] = "picked-up",
	[DW_FENCE_IS_CUT] = "cut",
};
static const char *const fate_words[] = {
	[DW_FENCE_GOES_ON] = "goes on: connection tracking knows it",
	[DW_FENCE_PICKED_UP] = "stalls until this host sends something, then goes on",
	[DW_FENCE_IS_CUT] = "is cut: connection tracking does not know it",
};

/* --- for people ------------------------------------------------------------------------------------------- */

struct telling {
	const struct doorward_rehearsal *r;
	struct dw_arena *a;
	FILE *out;
};

/* Words from column `indent` on, a line is ended before it is too wide. */
static void put_words(const struct telling *t, size_t at, size_t indent, const char *text)
{
	char *rest = dw_arena_strdup(t->a, dw_escape_terminal(t->a, text, strlen(text))), *w;
	bool first = true;

	while ((w = dw_word_next(&rest))) {
		size_t n = strlen(w);

		if (!first && at + 1 + n > COLUMNS) {
			(void)fprintf(t->out, "\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		(void)fprintf(t->out, "%s%s", first ? "" : " ", w);
		at += n + !first;
		first = false;
	}
	(void)fputc('\n', t->out);
}

static const char *service_of(const struct telling *t, const struct dw_door *d)
{
	const struct dw_report *r = &t->r->audit->report;

	for (size_t i = 0; i < r->n_doors; i++)
		if (r->doors[i].door == d && r->doors[i].service)
			return r->doors[i].service->name;
	return d->program ? dw_basename(d->program) : "";
}

/* Of one door: who may no more, who may from now on, for whom it cannot be told. */
static void add_who(const struct telling *t, const struct dw_door *d, bool after, bool unknown,
		    const char *head, struct dw_str *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < t->r->n_changes; i++) {
		const struct dw_fence_change *c = &t->r->changes[i];

		if (c->door != d || c->unknown != unknown || (!unknown && c->after != after))
			continue;
		dw_str_addf(ret, "%s%s", n ? ", " : (ret->n ? "; " : ""), n ? "" : head);
		/* "anyone" are all that no other source names: some of those may still come in */
		dw_str_addf(ret, "%s%s", c->who ? c->who : "?",
			    c->who && dw_streq(c->who, "anyone") && !c->after ? " else" : "");
		n++;
	}
}

static void put_door(const struct telling *t, const struct dw_door *d)
{
	const char *at = dw_endpoint_text(t->a, &d->at);
	const char *service = service_of(t, d);
	struct dw_str text = { .arena = t->a };
	int n = fprintf(t->out, "  %-26s %-12.12s ", at,
			dw_escape_terminal(t->a, service, strlen(service)));

	add_who(t, d, false, false, "no more for ", &text);
	add_who(t, d, true, false, "open to ", &text);
	add_who(t, d, false, true, "cannot be told for ", &text);
	put_words(t, n > 0 ? (size_t)n : 0, 42, text.s ? text.s : "");
}

static void put_doors(const struct telling *t)
{
	if (!t->r->n_changes) {
		(void)fputs("No door changes for anybody.\n", t->out);
		return;
	}
	(void)fputs("Doors that change:\n", t->out);
	for (size_t i = 0; i < t->r->n_changes; i++) {
		bool told = false;

		for (size_t k = 0; k < i && !told; k++)
			told = t->r->changes[k].door == t->r->changes[i].door;
		if (!told)
			put_door(t, t->r->changes[i].door);
	}
}

static void put_connections(const struct telling *t)
{
	if (!t->r->n_cuts)
		return;
	(void)fputs("\nConnections that are there now, and would not be let in anew:\n", t->out);
	for (size_t i = 0; i < t->r->n_cuts; i++) {
		const struct dw_fence_cut *c = &t->r->cuts[i];

		(void)fputs("  ", t->out);
		put_words(t, 2, 6,
			  dw_arena_printf(t->a, "%s%s: %s", dw_fence_connection_text(t->a, c->at),
					  c->mine ? " (yours)" : "", fate_words[c->fate]));
	}
}

static void put_way(const struct telling *t)
{
	const struct doorward_rehearsal *r = t->r;
	const char *mine = r->mine ? dw_fence_connection_text(t->a, r->mine) : "";
	const char *why = r->way_why ? r->way_why : "no rule lets it in";
	const char *text = NULL;

	switch (r->way) {
	case DW_FENCE_WAY_LOCAL:
		text = "You came by no connection: nothing here can cut you off.";
		break;
	case DW_FENCE_WAY_OPEN:
		text = dw_arena_printf(t->a, "Your own way in stays open: %s.", mine);
		break;
	case DW_FENCE_WAY_CUT:
		text = dw_arena_printf(t->a, "YOUR OWN WAY IN WOULD BE CUT: %s (%s).", mine, why);
		break;
	case DW_FENCE_WAY_UNKNOWN:
		text = dw_arena_printf(
			t->a, "Whether your own way in stays open cannot be told: %s (%s).", mine,
			why);
		break;
	}
	(void)fputc('\n', t->out);
	put_words(t, 0, 0, text);
}

static void put_notes(const struct telling *t)
{
	if (t->r->unknown)
		(void)fprintf(t->out, "%zu answer%s cannot be told.\n", t->r->unknown,
			      t->r->unknown == 1 ? "" : "s");
	for (size_t i = 0; i < t->r->obstacles.n; i++)
		put_words(t, 0, 0, t->r->obstacles.v[i]);
}

static void put_text(const struct telling *t)
{
	if (!t->r->rehearsed)
		put_words(t, 0, 0,
			  dw_arena_printf(t->a, "The rules could not be rehearsed: %s.",
					  t->r->why_not ? t->r->why_not : "?"));
	else
		put_doors(t);
	put_connections(t);
	put_way(t);
	put_notes(t);
}

/* --- JSON --------------------------------------------------------------------------------------------------- */

static const struct dw_report_change *changes(const struct telling *t)
{
	const struct doorward_rehearsal *r = t->r;
	struct dw_report_change *list = dw_arena_array(t->a, r->n_changes + 1, sizeof(*list));

	for (size_t i = 0; i < r->n_changes; i++)
		list[i] = (struct dw_report_change){ .door = r->changes[i].door,
						     .who = r->changes[i].who,
						     .before = r->changes[i].before,
						     .after = r->changes[i].after,
						     .unknown = r->changes[i].unknown,
						     .rule = r->changes[i].rule };
	return list;
}

static const struct dw_report_cut *cuts(const struct telling *t)
{
	const struct doorward_rehearsal *r = t->r;
	struct dw_report_cut *list = dw_arena_array(t->a, r->n_cuts + 1, sizeof(*list));

	for (size_t i = 0; i < r->n_cuts; i++) {
		const struct dw_fence_cut *c = &r->cuts[i];
		struct dw_endpoint peer = { .family = c->at->at.family };

		memcpy(peer.address, c->at->peer, sizeof(peer.address));
		list[i] = (struct dw_report_cut){ .address = dw_endpoint_address(t->a, &c->at->at),
						  .port = c->at->at.port,
						  .peer = dw_endpoint_address(t->a, &peer),
						  .peer_port = c->at->peer_port,
						  .program = c->at->holder,
						  .mine = c->mine,
						  .then = fates[c->fate] };
	}
	return list;
}

static int put_json(const struct telling *t, bool pretty, struct dw_error *e)
{
	const struct doorward_rehearsal *r = t->r;
	const struct dw_report_rehearsed x = {
		.rehearsed = r->rehearsed,
		.why_not = r->why_not,
		.way = { .state = ways[r->way],
			 .connection = r->mine ? dw_fence_connection_text(t->a, r->mine) : NULL,
			 .rule = r->way_why },
		.changes = changes(t),
		.n_changes = r->n_changes,
		.cuts = cuts(t),
		.n_cuts = r->n_cuts,
		.unknown = r->unknown,
		.obstacles = r->obstacles,
	};

	return dw_report_rehearsed_json(&x, t->out, pretty, e);
}

/* --- the public API ------------------------------------------------------------------------------------------ */

static int make(struct doorward *d, struct doorward_rehearsal *r, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct dw_bytes table = { 0 };
	int status = dw_facade_open_sys(d, &sys, e);

	if (status == 0)
		status = dw_nft_table(sys, NULL, r->arena, &table, e);
	if (status < 0)
		return status;
	r->now = dw_state_fence(r->arena, &table);
	status = dw_nft_canonical(sys, r->text, r->arena, &table, e);
	if (status < 0)
		return status;
	r->want = dw_state_fence(r->arena, &table);
	if (!table.data)
		return dw_error_set(e, -EINVAL, "these rules make no table " DW_FENCE_OBJECT);
	dw_fence_rehearse(sys, r);
	return 0;
}

int doorward_fence_rehearse(struct doorward *d, struct doorward_audit *a, const char *rules,
			    struct doorward_rehearsal **ret)
{
	struct dw_error *e = dw_facade_begin(d);
	struct dw_arena *arena = dw_arena_new();
	struct doorward_rehearsal *r = dw_new(arena, struct doorward_rehearsal);
	int status;

	r->arena = arena;
	r->audit = a;
	r->text = dw_arena_strdup(arena, rules);
	r->mine = dw_fence_mine(a->audit->facts);
	status = make(d, r, e);
	if (status < 0) {
		doorward_rehearsal_free(r);
		return status;
	}
	*ret = r;
	return 0;
}

void doorward_rehearsal_free(struct doorward_rehearsal *r)
{
	if (r)
		dw_arena_free(r->arena);
}

int doorward_rehearsal_is_blind(const struct doorward_rehearsal *r)
{
	return !r->rehearsed || r->unknown > 0 || r->obstacles.n > 0;
}

int doorward_rehearsal_changes(const struct doorward_rehearsal *r)
{
	return !dw_streq0(r->now.text, r->want.text);
}

int doorward_rehearsal_write(struct doorward *d, const struct doorward_rehearsal *r,
			     enum doorward_format format, FILE *out)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct telling t = { .r = r, .a = a, .out = out };
	struct dw_error *e = dw_facade_begin(d);

	switch (format) {
	case DOORWARD_TEXT:
		put_text(&t);
		return fflush(out) == 0 ? 0 : dw_error_errno(e, -errno, "the output");
	case DOORWARD_JSON:
		return put_json(&t, false, e);
	case DOORWARD_JSON_INDENTED:
		return put_json(&t, true, e);
	case DOORWARD_JSONL:
	case DOORWARD_CSV:
		break;
	}
	return dw_error_set(e, -EINVAL, "what a fence did is written as text or JSON");
}
