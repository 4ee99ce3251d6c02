/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documents that a comparison is given: scans, and audits of other hosts. */
#include <errno.h>
#include <string.h>

#include "compare-private.h"
#include "dw_doc.h"
#include "dw_judge.h"
#include "dw_names.h"
#include "dw_scan_read.h"
#include "dw_store_baseline.h"
#include "dw_str.h"

/* a door takes some 4 KiB of an audit, and busy hosts have thousands: what can be kept can be compared */
#define DOCUMENT_MAX DW_STORE_BASELINE_MAX

/* Whatever is wrong with a document (not there, too long, or none) is bad input of the user's: -EBADMSG. */
static int take(const struct dw_json_value *v, struct dw_given *g, struct dw_arena *a,
		struct dw_error *e)
{
	int r;

	g->kind = dw_document_of(v);
	if (g->kind == DW_DOCUMENT_SCAN)
		return dw_scan_read_value(v, g->file, a, &g->scan, e);
	if (g->kind != DW_DOCUMENT_AUDIT)
		return dw_error_set(e, -EBADMSG,
				    "%s: it is neither an audit nor a scan: doorward audit --json "
				    "writes the one, doorward scan --json the other",
				    g->file);
	r = dw_audit_read_value(v, g->file, a, &g->audit, e);
	if (r == 0 && dw_streq0(g->audit.snapshot.method, "offline"))
		return dw_error_set(e, -EBADMSG,
				    "%s: it is an audit of a file system that does not run, which "
				    "nobody can scan",
				    g->file);
	if (r == 0 && !g->audit.snapshot.host)
		g->audit.snapshot.host = g->file;
	return r;
}

int dw_compare_read(struct dw_sys *s, const char *file, struct dw_arena *a, struct dw_given **ret,
		    struct dw_error *e)
{
	struct dw_given *g = dw_new(a, struct dw_given);
	struct dw_json_value *v = NULL;
	struct dw_error own = { 0 };
	struct dw_bytes b = { 0 };
	int r = dw_sys_given_read(s, file, DOCUMENT_MAX, a, &b, &own);

	if (r == -EFBIG)
		return dw_error_set(e, -EBADMSG, "%s: it is longer than %zu MiB, more than is read",
				    file, DOCUMENT_MAX / 1024 / 1024);
	if (r < 0)
		return dw_error_set(e, -EBADMSG, "%s", own.message);
	r = dw_json_parse_long(b.data, b.n, DOCUMENT_MAX, &v, &own);
	if (r < 0)
		return dw_error_set(
			e, -EBADMSG,
			"%s: %s; doorward audit --json writes what can be compared, on the "
			"host that it is about (not --jsonl, not the table)",
			file, own.message);
	g->file = dw_arena_strdup(a, dw_streq(file, "-") ? "standard input" : file);
	r = take(v, g, a, e);
	dw_json_free(v);
	if (r == 0)
		*ret = g;
	return r < 0 ? -EBADMSG : 0;
}

int dw_compare_read_all(struct doorward_compare *c, const char *const *files, size_t n,
			const struct dw_given **ret_scan, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	int r = n ? dw_sys_open(NULL, &s, e) : 0;

	*ret_scan = NULL;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct dw_given *g = NULL;

		r = dw_compare_read(s, files[i], c->arena, &g, e);
		if (r < 0 || !g)
			return r;
		if (g->kind == DW_DOCUMENT_AUDIT)
			dw_vec_push(c->arena, &c->audits, g);
		else if (*ret_scan)
			return dw_error_set(
				e, -EBADMSG,
				"%s and %s are both scans, and one is compared at a time; "
				"--expect holds a scan against an earlier one",
				(*ret_scan)->file, g->file);
		else
			*ret_scan = g;
	}
	return r;
}

void dw_compare_services(struct dw_given *g, const struct dw_knowledge *k, struct dw_arena *a)
{
	struct dw_snapshot *s = &g->audit.snapshot;
	struct dw_findings *f = dw_judge(s, &(struct dw_judge_input){ .knowledge = k });
	const char **services = dw_arena_array(a, s->n_doors, sizeof(*services));

	for (size_t i = 0; i < f->n; i++) {
		const struct dw_identity *known = &f->v[i].identity;
		const char *told = g->audit.services[i];

		if (!known->service)
			services[i] = told;
		else if (known->by != DW_IDENTIFIED_PORT)
			services[i] = known->service->name;
		else if (told && !dw_streq(told, known->service->name))
			services[i] = told; /* their knowledge has more than the port */
	}
	dw_findings_free(f);
	g->audit.services = services;
}

/* --- addresses by which hosts are reached ---------------------------------------------------------- */

static int reached_by(struct doorward_compare *c, const char *who, const char *word,
		      const struct dw_address *address, struct dw_error *e)
{
	size_t met = 0;

	for (size_t i = 0; i < c->n_insides; i++) {
		struct dw_inside *one = &c->insides[i];
		struct dw_address *all;

		if (!dw_streq(one->source, who) && !dw_streq0(one->snapshot->host, who))
			continue;
		all = dw_arena_array(c->arena, one->n_reached_by + 1, sizeof(*all));
		if (one->n_reached_by)
			memcpy(all, one->reached_by, one->n_reached_by * sizeof(*all));
		all[one->n_reached_by++] = *address;
		one->reached_by = all;
		met++;
	}
	if (met == 0)
		(void)dw_error_set(
			e, -EINVAL,
			"--address %s: neither a document nor this host is called \"%s\"", word,
			who);
	else if (met > 1)
		(void)dw_error_set(e, -EINVAL,
				   "--address %s: %zu hosts are called \"%s\": name the document "
				   "instead",
				   word, met, who);
	return met == 1 ? 0 : -EINVAL;
}

int dw_compare_addresses(struct doorward_compare *c, const char *const *words, size_t n,
			 struct dw_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *last = strrchr(words[i], '=');
		struct dw_address address = { 0 };

		if (!last || last == words[i] || !dw_doc_parse_address(last + 1, &address)) {
			(void)dw_error_set(e, -EINVAL,
					   "--address %s: it must be NAME=IP: "
					   "web1=203.0.113.5",
					   words[i]);
			return -EINVAL;
		}
		if (c)
			r = reached_by(
				c, dw_arena_strndup(c->arena, words[i], (size_t)(last - words[i])),
				words[i], &address, e);
	}
	return r;
}
