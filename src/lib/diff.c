/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Baselines, and what changed since. */
#include "diff-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "change-private.h"
#include "dw_fields.h"
#include "dw_json.h"
#include "dw_names.h"
#include "dw_store_baseline.h"
#include "dw_str.h"

/* A document is read whole; so long is one of the greatest host that was seen, times ten. */
#define DOCUMENT_MAX DW_STORE_BASELINE_MAX

int dw_diff_document(struct doorward_audit *audit, struct dw_arena *a, struct dw_bytes *ret,
		     struct dw_error *e)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int r;

	if (!out)
		return dw_error_errno(e, -errno, "the audit's document");
	r = dw_report_json(&audit->report, out, false, e);
	if (fclose(out) != 0 && r == 0)
		r = dw_error_errno(e, -errno, "the audit's document");
	if (r == 0)
		*ret = (struct dw_bytes){ .data = dw_arena_strndup(a, text, n), .n = n };
	free(text);
	return r;
}

int dw_diff_read(const struct dw_bytes *text, const char *name, struct dw_arena *a,
		 struct dw_audit_read *ret, struct dw_error *e)
{
	struct dw_json_value *v = NULL;
	struct dw_error own = { 0 };
	int r = dw_json_parse_long(text->data, text->n, DOCUMENT_MAX, &v, &own);

	if (r < 0)
		return dw_error_set(e, -EBADMSG,
				    "%s: %s; doorward audit --json writes what can be compared "
				    "(not --jsonl, not the table)",
				    name, own.message);
	if (dw_document_of(v) == DW_DOCUMENT_AUDIT)
		r = dw_audit_read_whole(v, name, a, ret, e);
	else
		r = dw_error_set(e, -EBADMSG,
				 "%s: it is no audit: doorward audit --json writes one", name);
	dw_json_free(v);
	return r < 0 ? -EBADMSG : 0;
}

int dw_diff_look(struct doorward *d, struct dw_arena *a, struct dw_audit_read *ret,
		 struct dw_error *e)
{
	struct doorward_audit *audit = NULL;
	struct dw_bytes text = { 0 };
	int r = doorward_audit_run(d, &audit);

	if (r < 0)
		return r;
	r = dw_diff_document(audit, a, &text, e);
	doorward_audit_free(audit);
	return r < 0 ? r : dw_diff_read(&text, "now", a, ret, e);
}

/* --- baselines -------------------------------------------------------------------------------------- */

static int open_journal(struct doorward *d, bool create, struct dw_store **ret, struct dw_error *e)
{
	int r = dw_store_open(dw_change_state(d), create, ret, e);

	if (r == 0 && d->hooks.opened)
		d->hooks.opened(d->hooks.data, NULL, *ret);
	return r;
}

static int save(struct doorward *d, const struct dw_baseline *b, const struct dw_bytes *text,
		long long *ret_number, struct dw_error *e)
{
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	int64_t id = 0;
	int r = open_journal(d, true, &store, e);

	if (r == 0)
		r = dw_store_baseline_save(store, b, text->data, text->n, &id, e);
	if (r == 0)
		*ret_number = id;
	return r;
}

int doorward_baseline_save(struct doorward *d, struct doorward_audit *audit, const char *name,
			   long long *ret_number)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_snapshot *s = audit->report.snapshot;
	struct dw_error *e = dw_facade_begin(d);
	struct dw_baseline b = { .name = name,
				 .host = s->host,
				 .version = DW_VERSION,
				 .time = s->time,
				 .doors = s->n_doors };
	struct dw_bytes text = { 0 };
	int r = name ? dw_baseline_name(name, e) : 0;

	if (r == 0)
		r = dw_diff_document(audit, a, &text, e);
	return r < 0 ? r : save(d, &b, &text, ret_number, e);
}

static struct dw_report_baseline told(const struct dw_baseline *b)
{
	return (struct dw_report_baseline){
		.number = b->id,
		.name = b->name,
		.host = b->host,
		.version = b->version,
		.time = b->time,
		.doors = b->doors,
		.size = b->size,
		.bytes = b->bytes,
	};
}

static int write_list(const struct dw_baseline *all, size_t n, enum doorward_format format,
		      FILE *out, const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_report_baseline *v = dw_arena_array(a, n, sizeof(*v));
	struct dw_report_baselines r = { .version = DW_VERSION, .v = v, .n = n };

	for (size_t i = 0; i < n; i++)
		v[i] = told(&all[i]);
	if (format == DOORWARD_TEXT)
		return dw_report_baselines_text(&r, out, style, e);
	return dw_report_baselines_json(&r, out, format == DOORWARD_JSON_INDENTED, e);
}

int doorward_baseline_list(struct doorward *d, enum doorward_format format, FILE *out,
			   const struct doorward_style *given)
{
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_style style = { 0 };
	struct dw_baseline *all = NULL;
	size_t n = 0;
	int r = dw_facade_style(given, &style, e);

	if (r == 0)
		r = open_journal(d, false, &store, e);
	if (r == 0)
		r = dw_store_baselines(store, a, &all, &n, e);
	if (r == -ENOENT) /* no journal: nothing is kept, which is no mistake */
		r = 0;
	return r < 0 ? r : write_list(all, n, format, out, &style, e);
}

/* The document of a stored one; which it is in *ret_b. */
static int load(struct doorward *d, const char *word, struct dw_arena *a, struct dw_baseline *ret_b,
		struct dw_bytes *ret, struct dw_error *e)
{
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	int r = open_journal(d, false, &store, e);

	if (r == -ENOENT)
		return dw_error_set(e, r,
				    "there is no baseline%s%s%s yet: doorward baseline save "
				    "makes one",
				    word ? " \"" : "", word ? word : "", word ? "\"" : "");
	if (r == 0)
		r = dw_store_baseline_find(store, word, a, ret_b, e);
	return r < 0 ? r : dw_store_baseline_load(store, ret_b->id, a, ret, e);
}

int doorward_baseline_show(struct doorward *d, const char *word, FILE *out)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct dw_baseline b = { 0 };
	struct dw_bytes text = { 0 };
	int r = load(d, word, a, &b, &text, e);

	if (r < 0)
		return r;
	if (fwrite(text.data, 1, text.n, out) != text.n || fflush(out) != 0)
		return dw_error_errno(e, -errno, "the baseline could not be written");
	return 0;
}

int doorward_baseline_remove(struct doorward *d, const char *word)
{
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct dw_baseline b = { 0 };
	int r = open_journal(d, false, &store, e);

	if (r == 0)
		r = dw_store_baseline_find(store, word, a, &b, e);
	return r < 0 ? r : dw_store_baseline_remove(store, b.id, e);
}

/* --- the two sides ------------------------------------------------------------------------------------ */

static bool is_file(const char *word)
{
	return dw_streq(word, "-") || strchr(word, '/') || dw_ends_with(word, ".json");
}

static int read_file(const char *word, struct dw_arena *a, struct dw_bytes *ret, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error own = { 0 };
	int r = dw_sys_open(NULL, &s, e);

	if (r < 0)
		return r;
	r = dw_sys_given_read(s, word, DOCUMENT_MAX, a, ret, &own);
	return r < 0 ? dw_error_set(e, -EBADMSG, "%s", own.message) : 0;
}

static int read_stored(struct doorward *d, const char *word, struct dw_arena *a,
		       struct dw_audit_read *ret, const char **ret_source, struct dw_error *e)
{
	struct dw_baseline b = { 0 };
	struct dw_bytes text = { 0 };
	int r = load(d, word, a, &b, &text, e);

	if (r < 0)
		return r;
	*ret_source = b.name ? dw_arena_printf(a, "baseline %lld (%s)", (long long)b.id, b.name)
			     : dw_arena_printf(a, "baseline %lld", (long long)b.id);
	return dw_diff_read(&text, *ret_source, a, ret, e);
}

static int read_side(struct doorward *d, const char *word, struct dw_arena *a,
		     struct dw_audit_read *ret, const char **ret_source, struct dw_error *e)
{
	struct dw_bytes text = { 0 };
	int r;

	if (word && dw_streq(word, "now")) {
		*ret_source = "now";
		return dw_diff_look(d, a, ret, e);
	}
	if (!word || !is_file(word))
		return read_stored(d, word, a, ret, ret_source, e);
	*ret_source = dw_streq(word, "-") ? "standard input" : dw_arena_strdup(a, word);
	r = read_file(word, a, &text, e);
	return r < 0 ? r : dw_diff_read(&text, *ret_source, a, ret, e);
}

struct doorward_diff *dw_diff_new(void)
{
	struct dw_arena *a = dw_arena_new();
	struct doorward_diff *f = dw_new(a, struct doorward_diff);

	f->arena = a;
	return f;
}

struct dw_report_side dw_diff_side(const struct dw_audit_read *r, const char *source)
{
	return (struct dw_report_side){ .source = source,
					.host = r->snapshot.host,
					.version = r->version,
					.time = r->snapshot.time };
}

void dw_diff_finish(struct doorward_diff *f, const char *before, const char *after)
{
	dw_diff_audits(&f->before, &f->after, f->arena, &f->diff);
	f->report = (struct dw_report_diff){
		.version = DW_VERSION,
		.before = dw_diff_side(&f->before, before),
		.after = dw_diff_side(&f->after, after),
		.diff = &f->diff,
		.notes = f->notes.v,
		.n_notes = f->notes.n,
	};
}

int doorward_diff_run(struct doorward *d, const char *before, const char *after,
		      struct doorward_diff **ret)
{
	struct dw_error *e = dw_facade_begin(d);
	struct doorward_diff *f = dw_diff_new();
	const char *one = NULL, *two = NULL;
	int r;

	if (before && after && dw_streq(before, "-") && dw_streq(after, "-")) {
		doorward_diff_free(f);
		return dw_error_set(
			e, -EBADMSG,
			"standard input (-) can be one side alone: name a file for the other");
	}
	r = read_side(d, before, f->arena, &f->before, &one, e);
	if (r == 0)
		r = read_side(d, after ? after : "now", f->arena, &f->after, &two, e);
	if (r < 0) {
		doorward_diff_free(f);
		return r;
	}
	dw_diff_finish(f, one, two);
	*ret = f;
	return 0;
}

int dw_diff_since_baseline(struct doorward *d, struct doorward_audit *audit,
			   struct doorward_diff **ret, struct dw_error *e)
{
	struct doorward_diff *f = dw_diff_new();
	struct dw_bytes text = { 0 };
	const char *source = NULL;
	int r = read_stored(d, NULL, f->arena, &f->before, &source, e);

	if (r == 0)
		r = dw_diff_document(audit, f->arena, &text, e);
	if (r == 0)
		r = dw_diff_read(&text, "now", f->arena, &f->after, e);
	if (r < 0) {
		doorward_diff_free(f);
		return r;
	}
	dw_diff_finish(f, source, "now");
	*ret = f;
	return 0;
}

void doorward_diff_free(struct doorward_diff *f)
{
	if (f)
		dw_arena_free(f->arena);
}

unsigned doorward_diff_outcome(const struct doorward_diff *f)
{
	bool changed = f->diff.came || f->diff.changed || f->diff.went || f->around.n;

	return (changed ? DOORWARD_TO_DO : 0u) |
	       (f->diff.blind || f->notes.n ? DOORWARD_BLIND : 0u);
}

const char *doorward_diff_get(struct doorward_diff *f, const char *path)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text = dw_field_get(dw_fields_diff, &f->report, path, a);

	return text ? dw_arena_strdup(f->arena, text) : NULL;
}

int doorward_diff_write(struct doorward *d, struct doorward_diff *f, enum doorward_format format,
			FILE *out, const struct doorward_style *given)
{
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_style style = { 0 };
	int r = dw_facade_style(given, &style, e);

	if (r < 0)
		return r;
	if (format == DOORWARD_TEXT)
		return dw_report_diff_text(&f->report, out, &style, e);
	return dw_report_diff_json(&f->report, out, format == DOORWARD_JSON_INDENTED, e);
}
