/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the scans that are kept saw of the doors: for each the newest that covers it. */
#include "audit-private.h"
#include "dw_compare.h"
#include "dw_str.h"
#include "dw_store_scan.h"

#define SCANS_MAX 16 /* older ones say little of today */

struct probing {
	struct dw_store *store;
	struct dw_snapshot *s;
	struct dw_address *own;
	size_t n_own;
};

/* Open is what matters; of the rest what was proven. */
static unsigned weight(enum dw_scan_state s)
{
	static const unsigned weights[DW_SCAN_STATE_COUNT] = {
		[DW_SCAN_OPEN] = 4,
		[DW_SCAN_UNPROVEN] = 3,
		[DW_SCAN_FILTERED] = 2,
		[DW_SCAN_CLOSED] = 1,
	};

	return weights[s];
}

static void probe_door(const struct probing *p, const struct dw_scan_asked *asked,
		       struct dw_door *d)
{
	const struct dw_scan *scan = asked->scan;
	bool itself = dw_streq0(scan->scanner, p->s->host);
	struct dw_probed best = { 0 }, *kept;

	for (size_t i = 0; i < scan->n_hosts; i++) {
		const struct dw_scan_host *h = &scan->hosts[i];
		const struct dw_scan_port *port = NULL;
		enum dw_scan_state state;

		if (dw_door_reached(p->s, d, &h->address, itself) != DW_REACHES_YES)
			continue;
		state = dw_scan_state_at(asked, h, d->at.protocol, (uint16_t)d->at.port, &port);
		if (weight(state) > weight(best.state))
			best = (struct dw_probed){
				.state = state,
				.why = port ? port->why : DW_SCAN_WHY_UNKNOWN,
				.address = h->address,
				.time = port && port->time ? port->time / 1000
					: scan->ended      ? scan->ended
							   : scan->begun,
				.scan = scan->id,
				.scanner = scan->scanner,
			};
	}
	if (best.state == DW_SCAN_UNKNOWN)
		return;
	kept = dw_new(p->s->arena, struct dw_probed);
	*kept = best;
	d->probed = kept;
}

static int probe_scan(const struct probing *p, int64_t id)
{
	struct dw_arena *a = p->s->arena;
	struct dw_scan scan = { 0 };
	struct dw_scan_asked asked;
	int r = dw_store_scan_load(p->store, id, p->own, p->n_own, a, &scan, NULL);

	if (r < 0 || scan.n_hosts == 0)
		return r;
	dw_scan_asked(&scan, a, &asked);
	for (size_t i = 0; i < p->s->n_doors; i++)
		if (!p->s->doors[i].probed && p->s->doors[i].at.has_port)
			probe_door(p, &asked, &p->s->doors[i]);
	return 0;
}

void dw_lib_probed_begin(struct auditing *a)
{
	const struct dw_audit_options *o = a->options;

	if (!o->state || !dw_store_has_scans(o->state) ||
	    dw_store_open(o->state, false, &a->scans, NULL) < 0)
		return;
	dw_store_fail_at(a->scans, o->store_fail_at, o->fail_code);
}

void dw_lib_probed(const struct auditing *a, struct dw_snapshot *s)
{
	struct probing p = { .store = a->scans, .s = s, .n_own = s->n_addresses };
	struct dw_scan *heads = NULL;
	size_t n = 0;
	int r;

	if (!p.store || s->n_addresses == 0)
		return;
	p.own = dw_arena_array(s->arena, s->n_addresses, sizeof(*p.own));
	for (size_t i = 0; i < s->n_addresses; i++)
		p.own[i] = s->addresses[i].address;
	/* a journal that cannot be read says nothing of the doors: who asks it for more is told why */
	r = dw_store_scans(p.store, s->arena, &heads, &n, NULL);
	for (size_t i = 0; r == 0 && i < n && i < SCANS_MAX; i++)
		r = probe_scan(&p, heads[i].id);
}
