/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside against outside: which scan, what is expected of it, and where the inside comes from. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "change-private.h"
#include "compare-private.h"
#include "dw_compare_lib.h"
#include "dw_compare_report.h"
#include "dw_fields.h"
#include "dw_store_scan.h"
#include "dw_str.h"

/* number 0: the newest. targets NULL: of any. */
static int stored_scan(struct doorward *d, int64_t number, const char *targets, int64_t before,
		       struct dw_arena *a, struct dw_scan *ret, struct dw_error *e)
{
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	int r = dw_store_open(dw_change_state(d), false, &store, e);

	if (r == 0 && d->hooks.opened)
		d->hooks.opened(d->hooks.data, NULL, store);
	if (r == 0 && !number)
		r = dw_store_scan_newest(store, targets, before, &number, e);
	if (r == 0)
		r = dw_store_scan_load(store, number, NULL, 0, a, ret, e);
	if (store && d->hooks.closing)
		d->hooks.closing(d->hooks.data, NULL, store);
	return r;
}

/* --- the inside ------------------------------------------------------------------------------------- */

static bool is_loopback_link(const struct dw_own_address *x)
{
	return dw_streq0(x->ifname, "lo");
}

static bool has_own(const struct dw_snapshot *s, const struct dw_address *x)
{
	for (size_t i = 0; i < s->n_addresses; i++)
		if (dw_address_compare(&s->addresses[i].address, x) == 0)
			return true;
	return false;
}

/* A document of this very host: by its name and an address. It was given, so it counts, not what is seen now. */
static bool is_this_host(const struct dw_snapshot *given, const struct dw_snapshot *here)
{
	bool same = dw_streq0(given->host, here->host);

	for (size_t i = 0; same && i < here->n_addresses; i++)
		if (!is_loopback_link(&here->addresses[i]) &&
		    has_own(given, &here->addresses[i].address))
			return true;
	return false;
}

static bool is_target(const struct dw_scan *scan, const struct dw_inside *own)
{
	const struct dw_snapshot *s = own->snapshot;

	for (size_t i = 0; i < s->n_addresses; i++)
		if (dw_scan_host_of(scan, &s->addresses[i].address))
			return true;
	for (size_t i = 0; i < own->n_reached_by; i++)
		if (dw_scan_host_of(scan, &own->reached_by[i]))
			return true;
	return false;
}

/* We scanned: from one of our addresses, but never from loopback. */
static void name_scanner(struct doorward_compare *c, struct dw_compare_input *in)
{
	const struct dw_snapshot *s = c->audit->report.snapshot;
	struct dw_address *own;

	if (!dw_streq0(in->scan->scanner, s->host))
		return;
	own = dw_arena_array(c->arena, s->n_addresses, sizeof(*own));
	for (size_t i = 0; i < s->n_addresses; i++)
		if (!is_loopback_link(&s->addresses[i]))
			own[in->n_scanner++] = s->addresses[i].address;
	in->scanner = own;
}

static struct dw_inside this_host(struct doorward_compare *c)
{
	const struct dw_report *r = &c->audit->report;
	const char **services = dw_arena_array(c->arena, r->n_doors, sizeof(*services));

	for (size_t i = 0; i < r->n_doors; i++)
		services[i] = r->doors[i].service && !r->doors[i].guessed
				      ? r->doors[i].service->name
				      : NULL;
	return (struct dw_inside){ .source = "this host",
				   .snapshot = r->snapshot,
				   .services = services };
}

/* Documents first, then this host, if it was scanned: else there is no look from inside at it. */
static int gather(struct doorward_compare *c, const struct doorward_compare_options *o,
		  struct dw_compare_input *in, struct dw_error *e)
{
	const struct dw_snapshot *here = c->audit->report.snapshot;
	bool given = false;
	int r;

	c->insides = dw_arena_array(c->arena, c->audits.n + 1, sizeof(*c->insides));
	for (size_t i = 0; i < c->audits.n; i++) {
		struct dw_given *g = c->audits.v[i];

		dw_compare_services(g, in->knowledge, c->arena);
		c->insides[c->n_insides++] = (struct dw_inside){ .source = g->file,
								 .snapshot = &g->audit.snapshot,
								 .services = g->audit.services };
		given = given || is_this_host(&g->audit.snapshot, here);
	}
	if (!given)
		c->insides[c->n_insides++] = this_host(c);
	r = dw_compare_addresses(c, o->addresses, o->n_addresses, e);
	if (!given && !is_target(in->scan, &c->insides[c->n_insides - 1]))
		c->n_insides--;
	in->insides = c->insides;
	in->n_insides = c->n_insides;
	return r;
}

static int look_inside(struct doorward *d, struct doorward_compare *c,
		       const struct doorward_compare_options *o, struct dw_compare_input *in,
		       struct dw_error *e)
{
	bool before = d->addresses;
	int r = 0;

	if (!c->audit) {
		d->addresses = true;
		r = doorward_audit_run(d, &c->audit);
		d->addresses = before;
	}
	if (r < 0)
		return r;
	in->policy = c->audit->audit->policy;
	in->knowledge = c->audit->audit->knowledge;
	name_scanner(c, in);
	return gather(c, o, in, e);
}

/* --- what is expected ------------------------------------------------------------------------------- */

static int expect_files(struct doorward_compare *c, const char *words, struct dw_compare_input *in,
			struct dw_error *e)
{
	const struct dw_given *scan = NULL;
	struct dw_strings files = { 0 };
	int r;

	for (const char *p = words; *p; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");

		if (n)
			dw_vec_push(c->arena, &files, dw_arena_strndup(c->arena, p, n));
		p += n;
	}
	r = dw_compare_read_all(c, files.v, files.n, &scan, e);
	if (r < 0)
		return r;
	if (scan && files.n > 1) {
		(void)dw_error_set(e, -EBADMSG,
				   "--expect %s: either audits or one earlier scan is expected",
				   words);
		return -EBADMSG;
	}
	in->expect = scan ? DW_EXPECT_BASELINE : DW_EXPECT_AUDIT;
	if (scan) {
		c->before = scan->scan;
		c->before_file = scan->file;
		in->before = &c->before;
	}
	return 0;
}

static bool is_word(const char *expect)
{
	return dw_streq(expect, "audit") || dw_streq(expect, "policy") ||
	       dw_streq(expect, "baseline");
}

/* A scan that was read from a file may be kept as well: that is no earlier one. */
static int earlier_scan(struct doorward *d, struct doorward_compare *c, struct dw_error *e)
{
	int64_t before = c->scan_file ? 0 : c->scan.id;
	int r;

	do {
		r = stored_scan(d, 0, c->scan.targets, before, c->arena, &c->before, e);
		before = c->before.id;
	} while (r == 0 && c->scan_file && c->before.begun == c->scan.begun && before > 1);
	return r;
}

static int expect_of(struct doorward *d, struct doorward_compare *c, const char *word,
		     struct dw_compare_input *in, struct dw_error *e)
{
	int r;

	c->expect = dw_arena_strdup(c->arena, word ? word : "audit");
	if (dw_streq(c->expect, "policy")) {
		in->expect = DW_EXPECT_POLICY;
		return 0;
	}
	if (dw_streq(c->expect, "baseline")) {
		in->expect = DW_EXPECT_BASELINE;
		r = earlier_scan(d, c, e);
		if (r == -ENOENT)
			return dw_error_set(
				e, r,
				"no earlier scan of %s is kept, so there is no baseline "
				"yet: the next scan has this one",
				in->scan->targets ? in->scan->targets : "these targets");
		in->before = &c->before;
		return r;
	}
	if (!is_word(c->expect))
		return expect_files(c, c->expect, in, e);
	in->expect = DW_EXPECT_AUDIT;
	/* beside it, what is new: where there was a scan of the same before */
	if (!in->scan->targets || !dw_store_has_scans(dw_change_state(d)))
		return 0;
	r = earlier_scan(d, c, e);
	if (r == 0)
		in->before = &c->before;
	return r == -ENOENT ? 0 : r;
}

static int compare(struct doorward *d, struct doorward_compare *c,
		   const struct doorward_compare_options *o, struct dw_error *e)
{
	struct dw_compare_input in = { .scan = &c->scan };
	int r = expect_of(d, c, o->expect, &in, e);

	if (r == 0)
		r = look_inside(d, c, o, &in, e);
	if (r == 0 && in.expect == DW_EXPECT_POLICY && !in.policy)
		return dw_error_set(e, -ENOENT, "there is no policy: doorward init writes one");
	if (r == 0)
		dw_compare(&in, c->arena, &c->result);
	return r;
}

/* --- the calls -------------------------------------------------------------------------------------- */

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
	r = compare(d, c, o, e);
	if (r < 0)
		doorward_compare_free(c);
	else
		*ret = c;
	return r;
}

int dw_compare_with_audit(struct doorward *d, struct doorward_audit *audit,
			  struct doorward_compare **ret, struct dw_error *e)
{
	const struct doorward_compare_options o = { .size = sizeof(o) };
	struct doorward_compare *c = fresh();
	int r = dw_store_has_scans(dw_change_state(d))
			? stored_scan(d, 0, NULL, 0, c->arena, &c->scan, e)
			: dw_error_set(e, -ENOENT,
				       "no scan is kept yet: doorward scan TARGET makes one");

	c->audit = audit;
	c->borrowed = true;
	if (r == 0)
		r = compare(d, c, &o, e);
	if (r < 0)
		doorward_compare_free(c);
	else
		*ret = c;
	return r;
}

static int scan_of(struct doorward *d, struct doorward_compare *c,
		   const struct doorward_compare_options *o, struct dw_error *e)
{
	const struct dw_given *scan = NULL;
	int r = dw_compare_read_all(c, o->files, o->n_files, &scan, e);

	if (r < 0)
		return r;
	if (scan && o->scan) {
		(void)dw_error_set(e, -EBADMSG, "%s is a scan: --scan names another one",
				   scan->file);
		return -EBADMSG;
	}
	if (scan) {
		c->scan = scan->scan;
		c->scan_file = scan->file;
		return 0;
	}
	r = stored_scan(d, o->scan, NULL, 0, c->arena, &c->scan, e);
	if (r == -ENOENT && !o->scan)
		return dw_error_set(e, r,
				    "no scan is kept yet: doorward scan TARGET makes one, or name "
				    "the file that doorward scan --json wrote");
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
	r = scan_of(d, c, &o, e);
	if (r == 0)
		r = compare(d, c, &o, e);
	if (r < 0)
		doorward_compare_free(c);
	else
		*ret = c;
	return r;
}

int doorward_compare_check(struct doorward *d, const struct doorward_compare_options *given)
{
	struct dw_error *e = dw_facade_begin(d);
	struct doorward_compare_options o = { 0 };
	struct doorward_compare *c = fresh();
	struct dw_compare_input in = { .scan = &c->scan };
	int r;

	memcpy(&o, given, DW_MIN(given->size, sizeof(o)));
	r = dw_compare_addresses(NULL, o.addresses, o.n_addresses, e);
	if (r == 0 && o.expect && !is_word(o.expect))
		r = expect_files(c, o.expect, &in, e);
	doorward_compare_free(c);
	return r;
}

void doorward_compare_free(struct doorward_compare *c)
{
	if (!c)
		return;
	if (!c->borrowed)
		doorward_audit_free(c->audit);
	dw_arena_free(c->arena);
}

unsigned doorward_compare_outcome(const struct doorward_compare *c)
{
	return (c->result.urgent ? DOORWARD_TO_DO : 0u) | (c->result.blind ? DOORWARD_BLIND : 0u);
}

/* --- written down ------------------------------------------------------------------------------------- */

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
		.protocol = f->has_port ? f->protocol : DW_PROTOCOL_UNKNOWN,
		.port = f->port,
		.state = f->state,
		.before = f->before,
		.answers = s ? (s->protocol ? s->protocol : s->product) : NULL,
		.inside = f->door ? dw_endpoint_text(a, &f->door->at) : NULL,
		.program = f->door ? f->door->program : NULL,
		.service = f->service,
		.source = f->inside ? f->inside->source : NULL,
		.reasons = f->reasons,
		.n_reasons = f->n_reasons,
	};
}

struct dw_report_compare dw_compare_report(const struct doorward_compare *c, struct dw_arena *a)
{
	struct dw_report_compared *v = dw_arena_array(a, c->result.n, sizeof(*v));
	struct dw_report_inside *insides = dw_arena_array(a, c->n_insides, sizeof(*insides));

	for (size_t i = 0; i < c->result.n; i++)
		v[i] = told(&c->result.v[i], a);
	for (size_t i = 0; i < c->n_insides; i++)
		insides[i] = (struct dw_report_inside){ .host = c->insides[i].snapshot->host,
							.source = c->insides[i].source,
							.time = c->insides[i].snapshot->time };
	return (struct dw_report_compare){
		.version = DW_VERSION,
		.targets = c->scan.targets,
		.scanner = c->scan.scanner,
		.expect = c->expect,
		.scan_file = c->scan_file,
		.scan = c->scan_file ? 0 : c->scan.id,
		.time = c->scan.ended ? c->scan.ended : c->scan.begun,
		.before_file = c->before_file,
		.before = c->before_file ? 0 : c->before.id,
		.before_time = c->before.ended ? c->before.ended : c->before.begun,
		.insides = insides,
		.n_insides = c->n_insides,
		.hosts = c->result.hosts,
		.as_expected = c->result.count[DW_COMPARE_AS_EXPECTED],
		.urgent = c->result.urgent,
		.blind = c->result.blind,
		.v = v,
		.n = c->result.n,
	};
}

int doorward_compare_write(struct doorward *d, struct doorward_compare *c,
			   enum doorward_format format, FILE *out,
			   const struct doorward_style *given)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_compare r = dw_compare_report(c, a);
	struct dw_report_style style = { 0 };
	int code = dw_facade_style(given, &style, e);

	if (code < 0)
		return code;
	if (format == DOORWARD_TEXT)
		return dw_report_compare_text(&r, out, &style, e);
	return dw_report_compare_json(&r, out, format == DOORWARD_JSON_INDENTED, e);
}

const char *doorward_compare_get(struct doorward_compare *c, const char *path)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_report_compare r = dw_compare_report(c, a);
	const char *text = dw_field_get(dw_fields_compare, &r, path, a);

	return text ? dw_arena_strdup(c->arena, text) : NULL;
}
