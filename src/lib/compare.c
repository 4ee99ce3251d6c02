/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside against outside: which scan, what is expected of it, and where the inside comes from. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "change-private.h"
#include "dw_compare.h"
#include "dw_compare_lib.h"
#include "dw_compare_report.h"
#include "dw_scan_read.h"
#include "dw_store_scan.h"
#include "dw_str.h"

#define DOCUMENT_MAX ((size_t)16 * 1024 * 1024)

struct doorward_compare {
	struct dw_arena *arena;
	struct doorward_audit *audit; /* of this host; NULL: not looked */
	struct dw_scan scan, before;
	struct dw_inside own;
	struct dw_comparison result;
	const char *expect;
};

static int read_scan(const char *file, struct dw_arena *a, struct dw_scan *ret, struct dw_error *e)
{
	struct dw_bytes b = { 0 };
	FILE *in = fopen(file, "re");
	int r;

	if (!in)
		return dw_error_errno(e, -errno, "%s", file);
	r = dw_fd_read_all(fileno(in), DOCUMENT_MAX, a, &b);
	(void)fclose(in);
	if (r < 0)
		return dw_error_errno(e, r, "%s", file);
	return dw_scan_read_json(b.data, b.n, file, a, ret, e);
}

/* number 0: the newest. targets NULL: of any. */
static int stored_scan(struct doorward *d, int64_t number, const char *targets, int64_t before,
		       struct dw_arena *a, struct dw_scan *ret, struct dw_error *e)
{
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	int r = dw_store_open(dw_change_state(d), false, &store, e);

	if (r == 0 && !number)
		r = dw_store_scan_newest(store, targets, before, &number, e);
	return r < 0 ? r : dw_store_scan_load(store, number, NULL, 0, a, ret, e);
}

static bool is_target(const struct dw_scan *scan, const struct dw_snapshot *s)
{
	for (size_t i = 0; i < s->n_addresses; i++)
		if (dw_scan_host_of(scan, &s->addresses[i].address))
			return true;
	return false;
}

/* This host, when it was scanned; what was scanned is another: then there is no look from inside. */
static int look_inside(struct doorward *d, struct doorward_compare *c, struct dw_compare_input *in)
{
	const struct dw_report *r;
	const char **services;
	struct dw_address *own;
	int result;

	d->addresses = true;
	result = doorward_audit_run(d, &c->audit);
	d->addresses = false;
	if (result < 0)
		return result;
	r = &c->audit->report;
	services = dw_arena_array(c->arena, r->n_doors, sizeof(*services));
	for (size_t i = 0; i < r->n_doors; i++)
		services[i] = r->doors[i].service && !r->doors[i].guessed
				      ? r->doors[i].service->name
				      : NULL;
	c->own = (struct dw_inside){ .source = "this host",
				     .snapshot = r->snapshot,
				     .services = services };
	if (is_target(in->scan, r->snapshot)) {
		in->insides = &c->own;
		in->n_insides = 1;
	}
	in->policy = c->audit->audit->policy;
	in->knowledge = c->audit->audit->knowledge;
	if (!dw_streq0(in->scan->scanner, r->snapshot->host))
		return 0;
	/* we scanned: from one of our addresses, but never from loopback */
	own = dw_arena_array(c->arena, r->snapshot->n_addresses, sizeof(*own));
	for (size_t i = 0; i < r->snapshot->n_addresses; i++)
		if (!dw_streq0(r->snapshot->addresses[i].ifname, "lo"))
			own[in->n_scanner++] = r->snapshot->addresses[i].address;
	in->scanner = own;
	return 0;
}

static int expect_of(struct doorward *d, struct doorward_compare *c, const char *word,
		     struct dw_compare_input *in, struct dw_error *e)
{
	int r;

	c->expect = dw_arena_strdup(c->arena, word ? word : "audit");
	if (dw_streq(c->expect, "audit")) {
		in->expect = DW_EXPECT_AUDIT;
		/* beside it, what is new: where there was a scan of the same before */
		if (in->scan->targets && dw_store_has_scans(dw_change_state(d)) && in->scan->id &&
		    stored_scan(d, 0, in->scan->targets, in->scan->id, c->arena, &c->before,
				NULL) == 0)
			in->before = &c->before;
		return 0;
	}
	if (dw_streq(c->expect, "policy")) {
		in->expect = DW_EXPECT_POLICY;
		return 0;
	}
	in->expect = DW_EXPECT_BASELINE;
	r = dw_streq(c->expect, "baseline")
		    ? stored_scan(d, 0, in->scan->targets, in->scan->id, c->arena, &c->before, e)
		    : read_scan(c->expect, c->arena, &c->before, e);
	if (r == 0)
		in->before = &c->before;
	return r;
}

static int compare(struct doorward *d, struct doorward_compare *c, const struct dw_scan *scan,
		   const char *expect, struct dw_error *e)
{
	struct dw_compare_input in = { .scan = scan };
	int r = expect_of(d, c, expect, &in, e);

	if (r == 0)
		r = look_inside(d, c, &in);
	if (r == 0 && in.expect == DW_EXPECT_POLICY && !in.policy)
		return dw_error_set(e, -ENOENT, "there is no policy: doorward init writes one");
	if (r == 0)
		dw_compare(&in, c->arena, &c->result);
	return r;
}

static struct doorward_compare *fresh(void)
{
	struct dw_arena *a = dw_arena_new();
	struct doorward_compare *c = dw_new(a, struct doorward_compare);

	c->arena = a;
	return c;
}

int dw_compare_of_scan(struct doorward *d, const struct dw_scan *scan,
		       const struct doorward_compare_options *o, struct doorward_compare **ret,
		       struct dw_error *e)
{
	struct doorward_compare *c = fresh();
	int r;

	c->scan = *scan;
	r = compare(d, c, &c->scan, o->expect, e);
	if (r < 0)
		doorward_compare_free(c);
	else
		*ret = c;
	return r;
}

int doorward_compare_run(struct doorward *d, const struct doorward_compare_options *given,
			 struct doorward_compare **ret)
{
	struct dw_error *e = dw_facade_begin(d);
	struct doorward_compare_options o = { 0 };
	struct doorward_compare *c = fresh();
	int r;

	memcpy(&o, given, DW_MIN(given->size, sizeof(o)));
	r = o.file ? read_scan(o.file, c->arena, &c->scan, e)
		   : stored_scan(d, o.scan, NULL, 0, c->arena, &c->scan, e);
	if (r == 0)
		r = compare(d, c, &c->scan, o.expect, e);
	if (r < 0)
		doorward_compare_free(c);
	else
		*ret = c;
	return r;
}

void doorward_compare_free(struct doorward_compare *c)
{
	if (!c)
		return;
	doorward_audit_free(c->audit);
	dw_arena_free(c->arena);
}

unsigned doorward_compare_outcome(const struct doorward_compare *c)
{
	return (c->result.urgent ? DOORWARD_TO_DO : 0u) | (c->result.blind ? DOORWARD_BLIND : 0u);
}

static struct dw_report_compared told(const struct dw_compare_finding *f, struct dw_arena *a)
{
	const struct dw_scan_service *s = f->answers;

	return (struct dw_report_compared){
		.kind = dw_compare_class_name(f->kind),
		.urgent = f->urgent,
		.blind = f->blind,
		.expected = f->kind == DW_COMPARE_AS_EXPECTED,
		.address = f->address.family ? dw_address_text(a, &f->address) : NULL,
		.host = f->host,
		.port = f->has_port ? dw_arena_printf(a, "%u/%s", (unsigned)f->port,
						      dw_protocol_name(f->protocol))
				    : NULL,
		.state = dw_scan_state_name(f->state),
		.answers = s ? (s->protocol ? s->protocol : s->product) : NULL,
		.inside = f->door ? dw_endpoint_text(a, &f->door->at) : NULL,
		.program = f->door ? f->door->program : NULL,
		.service = f->service,
		.reasons = f->reasons,
		.n_reasons = f->n_reasons,
	};
}

int doorward_compare_write(struct doorward *d, struct doorward_compare *c,
			   enum doorward_format format, FILE *out,
			   const struct doorward_style *given)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_compared *v = dw_arena_array(a, c->result.n, sizeof(*v));
	struct dw_report_style style = { 0 };
	struct dw_report_compare r = {
		.version = DW_VERSION,
		.targets = c->scan.targets,
		.scanner = c->scan.scanner,
		.expect = c->expect,
		.scan = c->scan.id,
		.time = c->scan.ended ? c->scan.ended : c->scan.begun,
		.before = c->before.id,
		.hosts = c->result.hosts,
		.as_expected = c->result.count[DW_COMPARE_AS_EXPECTED],
		.urgent = c->result.urgent,
		.blind = c->result.blind,
		.v = v,
		.n = c->result.n,
	};
	int code = dw_facade_style(given, &style, e);

	if (code < 0)
		return code;
	for (size_t i = 0; i < r.n; i++)
		v[i] = told(&c->result.v[i], a);
	if (format == DOORWARD_TEXT)
		return dw_report_compare_text(&r, out, &style, e);
	return dw_report_compare_json(&r, out, format == DOORWARD_JSON_INDENTED, e);
}
