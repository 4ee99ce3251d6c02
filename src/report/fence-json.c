/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_fence_report.h"

#include "dw_fields.h"
#include "dw_json.h"
#include "dw_str.h"

static void put_count(struct dw_json *j, bool counted, uint64_t packets)
{
	if (counted)
		dw_json_uint(j, "packets", packets);
	else
		dw_json_null(j, "packets");
}

static void put_source(struct dw_json *j, const struct dw_filtered_source *s)
{
	dw_json_object(j, NULL);
	dw_json_string(j, "source", s->words);
	if (s->known)
		dw_json_bool(j, "passes", s->passes);
	else
		dw_json_null(j, "passes");
	dw_json_bool(j, "crafted", s->sender);
	dw_json_string(j, "rule", s->rule);
	put_count(j, s->counted, s->packets);
	dw_json_string(j, "to", s->to);
	dw_json_string(j, "why", s->why);
	dw_json_end_object(j);
}

static void put_door(struct dw_json *j, struct dw_arena *a, const struct dw_door *d)
{
	const struct dw_filtered *f = d->filtered;

	dw_json_object(j, NULL);
	dw_json_string(j, "door", dw_endpoint_text(a, &d->at));
	dw_json_string(j, "target", d->target);
	dw_json_string(j, "filtered", f ? f->words : NULL);
	dw_json_string(j, "rule", f ? f->rule : NULL);
	dw_json_string(j, "why", f ? f->why : NULL);
	dw_json_array(j, "sources");
	for (size_t i = 0; f && i < f->n_sources; i++)
		put_source(j, &f->sources[i]);
	dw_json_end_array(j);
	dw_json_end_object(j);
}

static void put_unused(struct dw_json *j, const struct dw_report_fence *r)
{
	dw_json_array(j, "unused");
	for (size_t i = 0; i < r->n_unused; i++) {
		const struct dw_report_unused *u = &r->unused[i];

		dw_json_object(j, NULL);
		dw_json_string(j, "protocol", dw_protocol_name(u->protocol));
		dw_json_uint(j, "first", u->first);
		dw_json_uint(j, "last", u->last);
		dw_json_string(j, "who", u->who);
		dw_json_string(j, "rule", u->rule);
		dw_json_end_object(j);
	}
	dw_json_end_array(j);
}

static void put_idle(struct dw_json *j, const struct dw_report_fence *r)
{
	dw_json_array(j, "idle_rules");
	for (size_t i = 0; i < r->n_idle; i++) {
		dw_json_object(j, NULL);
		dw_json_string(j, "rule", r->idle[i].words);
		put_count(j, r->idle[i].counted, r->idle[i].packets);
		dw_json_end_object(j);
	}
	dw_json_end_array(j);
}

static void put_around(struct dw_json *j, struct dw_arena *a, const struct dw_report_fence *r)
{
	dw_json_array(j, "around");
	for (size_t i = 0; i < r->n_around; i++) {
		const struct dw_door *d = r->around[i];

		dw_json_object(j, NULL);
		dw_json_string(j, "door", dw_endpoint_text(a, &d->at));
		dw_json_string(j, "target", d->target);
		dw_json_string(j, "who", d->filtered ? d->filtered->words : NULL);
		dw_json_end_object(j);
	}
	dw_json_end_array(j);
}

int dw_report_fence_json(const struct dw_report_fence *r, FILE *out, bool pretty,
			 struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_json *j = dw_json_new(out, pretty);

	dw_json_object(j, NULL);
	dw_json_string(j, "host", r->host);
	dw_json_string(j, "time", dw_field_time(a, r->time));
	dw_json_string(j, "version", r->version);
	dw_json_bool(j, "filter", r->stands);
	dw_json_bool(j, "blind", r->blind);
	dw_json_uint(j, "rules", r->n_rules);
	dw_json_uint(j, "asked", r->asked);
	dw_json_uint(j, "traced", r->traced);
	dw_json_array(j, "doors");
	for (size_t i = 0; i < r->n_doors; i++)
		put_door(j, a, r->doors[i].door);
	dw_json_end_array(j);
	put_around(j, a, r);
	put_unused(j, r);
	put_idle(j, r);
	dw_json_array(j, "doubts");
	for (size_t i = 0; i < r->doubts.n; i++)
		dw_json_string(j, NULL, r->doubts.v[i]);
	dw_json_end_array(j);
	dw_json_end_object(j);
	dw_json_line(j);
	return dw_json_close(j, e);
}
