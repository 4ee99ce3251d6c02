/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public API: a thin face before the pipeline and the report. */
#include "doorward/doorward.h"

#include <errno.h>
#include <string.h>

#include "dw_bpf.h"
#include "dw_collect.h"
#include "dw_facade.h"
#include "dw_report.h"
#include "dw_str.h"

struct doorward {
	char *root, *fake;
	unsigned rungs;
	bool hidden;
	void (*progress)(void *data, const char *part);
	void *progress_data;
	struct dw_error error;
};

struct doorward_audit {
	struct dw_audit *audit;
	struct dw_arena *arena; /* of the report and of the texts handed out */
	struct dw_report report;
};

const char *doorward_version(void)
{
	return DW_VERSION;
}

struct doorward *doorward_new(void)
{
	struct doorward *d = calloc(1, sizeof(*d));

	if (!d)
		dw_oom();
	d->rungs = DW_RUNG_ALL;
	return d;
}

void doorward_free(struct doorward *d)
{
	if (!d)
		return;
	free(d->root);
	free(d->fake);
	free(d);
}

const char *doorward_last_error(const struct doorward *d)
{
	return d->error.message;
}

/* Forgets the last message: it must not be taken for one of the call that begins. */
static struct dw_error *begin(struct doorward *d)
{
	d->error = (struct dw_error){ 0 };
	return &d->error;
}

static void replace(char **old, const char *fresh)
{
	char *copy = fresh ? strdup(fresh) : NULL;

	if (fresh && !copy)
		dw_oom();
	free(*old);
	*old = copy;
}

int doorward_set_root(struct doorward *d, const char *directory)
{
	struct dw_error *e = begin(d);
	struct stat st;

	if (directory && stat(directory, &st) != 0)
		return dw_error_errno(e, -errno, "%s", directory);
	if (directory && !S_ISDIR(st.st_mode))
		return dw_error_set(e, -ENOTDIR, "%s is no directory", directory);
	replace(&d->root, directory);
	return 0;
}

int doorward_set_method(struct doorward *d, const char *method)
{
	static const struct {
		const char *name;
		unsigned rungs;
	} methods[] = {
		{ "auto", DW_RUNG_ALL },
		{ "bpf", DW_RUNG_BPF },
		{ "netlink", DW_RUNG_NETLINK },
		{ "proc", DW_RUNG_PROC },
	};
	struct dw_error *e = begin(d);

	for (size_t i = 0; i < DW_ARRAY_SIZE(methods); i++)
		if (dw_streq(methods[i].name, method)) {
			d->rungs = methods[i].rungs;
			return 0;
		}
	return dw_error_set(e, -EINVAL, "no method is called %s: auto, bpf, netlink or proc",
			    method);
}

void doorward_set_hidden(struct doorward *d, int on)
{
	d->hidden = on != 0;
}

void doorward_set_progress(struct doorward *d, void (*tell)(void *data, const char *part),
			   void *data)
{
	d->progress = tell;
	d->progress_data = data;
}

static int with_live_system(struct doorward *d, int (*act)(struct dw_sys *s, struct dw_error *e))
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error *e = begin(d);
	int r = dw_sys_open(NULL, &s, e);

	return r < 0 ? r : act(s, e);
}

int doorward_pin(struct doorward *d)
{
	return with_live_system(d, dw_bpf_pin);
}

int doorward_unpin(struct doorward *d)
{
	return with_live_system(d, dw_bpf_unpin);
}

void dw_facade_set_fake(struct doorward *d, const char *fixture)
{
	replace(&d->fake, fixture);
}

struct doorward_audit *dw_facade_wrap(struct dw_audit *audit)
{
	const struct dw_findings *findings = audit->findings;
	struct dw_arena *arena = dw_arena_new();
	struct doorward_audit *a = dw_new(arena, struct doorward_audit);
	struct dw_report_door *doors = dw_arena_array(arena, findings->n, sizeof(*doors));

	for (size_t i = 0; i < findings->n; i++)
		doors[i] = (struct dw_report_door){
			.door = findings->v[i].door,
			.verdict = dw_verdict_name(findings->v[i].verdict),
			.reasons = findings->v[i].reasons,
			.n_reasons = findings->v[i].n_reasons,
			.service = findings->v[i].identity.service,
		};
	a->audit = audit;
	a->arena = arena;
	a->report = (struct dw_report){ .snapshot = audit->snapshot,
					.version = DW_VERSION,
					.doors = doors,
					.n_doors = findings->n };
	return a;
}

int doorward_audit_run(struct doorward *d, struct doorward_audit **ret)
{
	const struct dw_audit_options options = {
		.root = d->root,
		.fake = d->fake,
		.rungs = d->rungs,
		.hidden = d->hidden,
		.progress = d->progress,
		.progress_data = d->progress_data,
	};
	struct dw_audit *audit;
	int r = dw_audit_run(&options, &audit, begin(d));

	if (r < 0)
		return r;
	*ret = dw_facade_wrap(audit);
	return 0;
}

void doorward_audit_free(struct doorward_audit *a)
{
	if (!a)
		return;
	dw_audit_free(a->audit);
	dw_arena_free(a->arena); /* the object itself lies in it */
}

const char *doorward_audit_get(struct doorward_audit *a, const char *path)
{
	return dw_report_get(&a->report, path, a->arena);
}

size_t doorward_audit_count(struct doorward_audit *a, const char *path)
{
	return dw_report_count(&a->report, path);
}

_Static_assert((int)DOORWARD_TO_DO == (int)DW_REPORT_TO_DO, "one set of bits");
_Static_assert((int)DOORWARD_BLIND == (int)DW_REPORT_BLIND, "one set of bits");

unsigned doorward_audit_outcome(const struct doorward_audit *a)
{
	return dw_report_outcome(&a->report);
}

int doorward_audit_write(struct doorward_audit *a, enum doorward_format format, FILE *out,
			 const struct doorward_style *style)
{
	struct doorward_style s = { 0 };
	struct dw_report_style text;

	if (style) /* a caller built against an older header lends a shorter struct */
		memcpy(&s, style, DW_MIN(style->size, sizeof(s)));
	text = (struct dw_report_style){ .columns = s.columns,
					 .colour = s.colour != 0,
					 .wide = s.wide != 0,
					 .quiet = s.quiet != 0 };
	switch (format) {
	case DOORWARD_TEXT:
		return dw_report_text(&a->report, out, &text, NULL);
	case DOORWARD_JSON:
		return dw_report_json(&a->report, out, false, NULL);
	case DOORWARD_JSON_INDENTED:
		return dw_report_json(&a->report, out, true, NULL);
	case DOORWARD_JSONL:
		return dw_report_jsonl(&a->report, out, NULL);
	}
	return -EINVAL;
}
