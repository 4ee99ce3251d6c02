/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public API of a scan. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "change-private.h"
#include "dw_compare_lib.h"
#include "dw_store_scan.h"
#include "audit-private.h"
#include "dw_fields.h"
#include "facade-private.h"
#include "dw_macros.h"
#include "dw_scan_report.h"
#include "dw_str.h"
#include "scan-private.h"

struct doorward_scan {
	struct dw_arena *arena; /* the object itself lies in it */
	struct dw_scan *scan;
	struct dw_facts *facts; /* holds the knowledge */
};

void dw_scanning_note(struct dw_scanning *s, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = dw_arena_vprintf(s->a, fmt, ap);
	va_end(ap);
	if (!dw_strings_has(&s->notes, text))
		dw_vec_push(s->a, &s->notes, text);
}

void dw_scanning_notice(const struct dw_scanning *s, const char *fmt, ...)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = dw_arena_vprintf(a, fmt, ap);
	va_end(ap);
	if (s->o.notice)
		s->o.notice(s->o.data, text);
}

/*
 * What it says when it is asked is worth little when nobody can be asked: the scan goes on without. Not so when
 * the user named a file for it.
 */
static int open_identify(struct dw_scanning *s, struct dw_error *e)
{
	const struct dw_identify_options options = { .nmap_probes = s->o.nmap_probes };
	struct dw_error why = { 0 };
	int r = s->o.no_identify ? 0 : dw_identify_open(s->sys, &options, &s->identify, &why);

	if (r == 0)
		return 0;
	if (s->o.nmap_probes)
		return dw_error_set(e, r, "%s", why.message);
	dw_scanning_note(s, "open ports were not asked what they are: %s", why.message);
	return 0;
}

/* It knows them at the end: how often its child died. */
void dw_scanning_end_identify(struct dw_scanning *s)
{
	struct dw_strings notes = { 0 };

	if (s->identify)
		dw_identify_notes(s->identify, s->a, &notes);
	for (size_t i = 0; i < notes.n; i++)
		dw_scanning_notice(s, "%s", notes.v[i]);
	dw_identify_free(s->identify);
	s->identify = NULL;
}

static int begin(struct dw_scanning *s, struct dw_error *e)
{
	int r = dw_scanning_prepare(s, e);

	if (r == 0)
		r = dw_sys_random(s->sys, &s->key, sizeof(s->key), e);
	if (r == 0)
		r = dw_hold_ports(s->sys, DW_WIRE_ROUNDS, &s->held, &s->source_port, e);
	if (r < 0)
		return r;
	r = open_identify(s, e);
	if (r < 0)
		return r;
	s->scan->scanner = dw_sys_hostname(s->sys, s->a);
	s->scan->version = DW_VERSION;
	if (!s->scan->begun)
		s->scan->begun = dw_sys_now(s->sys);
	return 0;
}

static void end(struct dw_scanning *s)
{
	dw_scanning_end_identify(s);
	dw_scanning_close_spares(s);
	dw_scanning_close_wires(s);
	dw_hold_free(s->held);
	free(s->seen_bits);
}

/* A caller built against an older header lends a shorter struct. */
static struct doorward_scan_options options_of(const struct doorward_scan_options *given)
{
	struct doorward_scan_options o = { 0 };

	memcpy(&o, given, DW_MIN(given->size, sizeof(o)));
	return o;
}

static int run(struct dw_scanning *s, const char *state, struct dw_error *e)
{
	int r = state ? dw_scanning_load(s, state, e) : 0;

	if (r == 0)
		r = begin(s, e);
	if (r == 0)
		r = dw_scanning_run(s, e);
	if (r == 0) {
		if (s->unreachable)
			dw_scanning_note(s, "there is no way to %ju of the addresses",
					 (uintmax_t)s->unreachable);
		if (s->gone)
			dw_scanning_note(s,
					 "%zu of the hosts of the stopped scan cannot be reached "
					 "now: they were not asked any more, and the file stays",
					 s->gone);
		dw_scanning_tell_silent(s);
		if (!s->ended_early && s->gone == 0)
			dw_scanning_unsave(s);
		dw_scanning_finish(s);
	}
	end(s);
	return r;
}

static int scan(struct doorward *d, const char *state, const struct doorward_scan_options *o,
		struct doorward_scan **ret)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct dw_scanning *s = dw_new(a, struct dw_scanning);
	struct dw_facts *facts;
	int r = dw_facade_open_sys(d, &sys, e);

	if (r < 0)
		return r;
	if (d->hooks.opened)
		d->hooks.opened(d->hooks.data, sys, NULL);
	facts = dw_facts_new();
	*s = (struct dw_scanning){ .d = d,
				   .o = options_of(o),
				   .sys = sys,
				   .a = a,
				   .scan = dw_new(a, struct dw_scan),
				   .knowledge = dw_lib_knowledge(sys, facts) };
	r = run(s, state, e);
	if (d->hooks.closing)
		d->hooks.closing(d->hooks.data, sys, NULL);
	if (r < 0) {
		dw_facts_free(facts);
		return r;
	}
	*ret = dw_new(a, struct doorward_scan);
	(*ret)->scan = s->scan;
	(*ret)->facts = facts;
	(*ret)->arena = dw_steal_ptr(a);
	return 0;
}

int doorward_scan_run(struct doorward *d, const struct doorward_scan_options *o,
		      struct doorward_scan **ret)
{
	return scan(d, NULL, o, ret);
}

int doorward_scan_resume(struct doorward *d, const char *file,
			 const struct doorward_scan_options *o, struct doorward_scan **ret)
{
	return scan(d, file, o, ret);
}

void doorward_scan_free(struct doorward_scan *s)
{
	if (!s)
		return;
	dw_facts_free(s->facts);
	dw_arena_free(s->arena);
}

int doorward_scan_keep(struct doorward *d, struct doorward_scan *s, long long *ret_id)
{
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	struct dw_error *e = dw_facade_begin(d);
	int64_t id = 0;
	int r = dw_store_open(dw_change_state(d), true, &store, e);

	if (r == 0)
		r = dw_store_scan_save(store, s->scan, &id, e);
	if (r < 0)
		return r;
	s->scan->id = id;
	*ret_id = (long long)id;
	return 0;
}

int doorward_scan_compare(struct doorward *d, const struct doorward_scan *s,
			  const struct doorward_compare_options *o, struct doorward_compare **ret)
{
	struct doorward_compare_options own = { 0 };

	memcpy(&own, o, DW_MIN(o->size, sizeof(own)));
	return dw_compare_of_scan(d, s->scan, &own, ret, dw_facade_begin(d));
}

static bool is_blind(const struct dw_scan_host *h)
{
	return !h->complete || h->up == DW_SCAN_UP_GONE || h->tarpit ||
	       h->tcp.unproven + h->udp.unproven + h->sctp.unproven > 0;
}

unsigned doorward_scan_outcome(const struct doorward_scan *s)
{
	bool blind = s->scan->ended == 0 || s->scan->n_notes > 0 || s->scan->hosts_unproven > 0;

	for (size_t i = 0; i < s->scan->n_hosts && !blind; i++)
		blind = is_blind(&s->scan->hosts[i]);
	return blind ? DOORWARD_BLIND : 0;
}

int doorward_scan_write_compared(struct doorward *d, const struct doorward_scan *s,
				 const struct doorward_compare *c, enum doorward_scan_format format,
				 FILE *out)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	const struct dw_report_compare r = dw_compare_report(c, a);
	const struct dw_scan_compared all = { s->scan, &r };

	if (format == DOORWARD_SCAN_JSONL)
		return dw_report_compare_line(&r, out, e);
	if (format != DOORWARD_SCAN_JSON && format != DOORWARD_SCAN_JSON_INDENTED)
		return dw_error_set(e, -EINVAL, "a comparison is written as JSON or JSON lines");
	return dw_report_scan_compared_json(&all, out, format == DOORWARD_SCAN_JSON_INDENTED, e);
}

const char *doorward_scan_get(struct doorward_scan *s, const char *path)
{
	return dw_field_get(dw_fields_scan, s->scan, path, s->arena);
}

int doorward_scan_write(struct doorward *d, struct doorward_scan *s,
			enum doorward_scan_format format, FILE *out,
			const struct doorward_style *style)
{
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_style look;
	int r = dw_facade_style(style, &look, e);

	if (r < 0)
		return r;
	switch (format) {
	case DOORWARD_SCAN_TEXT:
		return dw_report_scan_text(s->scan, out, &look, e);
	case DOORWARD_SCAN_JSON:
		return dw_report_scan_json(s->scan, out, false, e);
	case DOORWARD_SCAN_JSON_INDENTED:
		return dw_report_scan_json(s->scan, out, true, e);
	case DOORWARD_SCAN_JSONL:
		return dw_report_scan_jsonl(s->scan, out, e);
	case DOORWARD_SCAN_NMAP_XML:
		return dw_report_scan_xml(s->scan, out, e);
	case DOORWARD_SCAN_GREPABLE:
		return dw_report_scan_grepable(s->scan, out, e);
	case DOORWARD_SCAN_LIST:
		return dw_report_scan_list(s->scan, out, e);
	case DOORWARD_SCAN_LOG:
		return dw_report_scan_log_all(s->scan, out, e);
	}
	return dw_error_set(e, -EINVAL,
			    "a scan is written as text, JSON, JSON lines, a list, or as XML or "
			    "lines of nmap's");
}
