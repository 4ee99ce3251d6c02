/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changed, which baselines are kept, and what was used, written down. Borrows all it is given. */
#ifndef DW_DIFF_REPORT_H
#define DW_DIFF_REPORT_H

#include "dw_diff.h"
#include "dw_report.h"

struct dw_report_side {
	const char *source; /* "baseline 3 (before)", "now", the file */
	const char *host;   /* NULL: not known */
	const char *version;
	uint64_t time; /* seconds since the epoch */
};

/* What was looked at around a command beside the doors. */
struct dw_report_around {
	const char *command;
	unsigned status; /* of the command; 128 and more: by a signal */
	bool settled;    /* what it started had come to rest when we looked */
	const struct dw_diff_thing *things;
	size_t n;
};

struct dw_report_diff {
	const char *version;
	struct dw_report_side before, after;
	const struct dw_diff *diff;
	const struct dw_report_around *around; /* NULL: of two audits */
	const char *const *notes;              /* what could not be looked at */
	size_t n_notes;
};
int dw_report_diff_text(const struct dw_report_diff *r, FILE *out,
			const struct dw_report_style *style, struct dw_error *e);
int dw_report_diff_json(const struct dw_report_diff *r, FILE *out, bool pretty, struct dw_error *e);

struct dw_report_baseline {
	int64_t number;
	const char *name, *host, *version;
	uint64_t time;
	size_t doors, size, bytes;
};
struct dw_report_baselines {
	const char *version;
	const struct dw_report_baseline *v; /* the newest first */
	size_t n;
};
int dw_report_baselines_text(const struct dw_report_baselines *r, FILE *out,
			     const struct dw_report_style *style, struct dw_error *e);
int dw_report_baselines_json(const struct dw_report_baselines *r, FILE *out, bool pretty,
			     struct dw_error *e);

/* --- usage -------------------------------------------------------------------------------------------- */

enum { DW_USAGE_BUCKETS = 24 };

struct dw_report_used {
	const struct dw_report_door *door; /* NULL: it is not open now */
	const char *place;                 /* as people name it */
	const char *key;
	const struct dw_used *used;         /* NULL: nobody watched it */
	uint64_t buckets[DW_USAGE_BUCKETS]; /* uses, the oldest first */
	bool watched_enough;                /* --idle: for as long as was asked for */
};

struct dw_report_usage {
	const char *version;
	const char *host;
	uint64_t now, since; /* the buckets are of that time; seconds since the epoch */
	bool recorded;       /* there is a record of usage at all */
	uint64_t idle;       /* only doors that were not used for so many seconds; 0: all */
	const char *asked;   /* the doors of this word; NULL: all */
	const struct dw_report_used *v;
	size_t n;
	bool utf8; /* what reads it can show block elements */
};
int dw_report_usage_text(const struct dw_report_usage *r, FILE *out,
			 const struct dw_report_style *style, struct dw_error *e);
int dw_report_usage_json(const struct dw_report_usage *r, FILE *out, bool pretty,
			 struct dw_error *e);

/* "3 days", "5 minutes": the greatest unit of which there are two at least. In the arena. */
const char *dw_report_span(struct dw_arena *a, uint64_t seconds);
/* "2026-01-31 12:00 UTC". In the arena. */
const char *dw_report_minute(struct dw_arena *a, uint64_t seconds);
/* n numbers as one line, in blocks or letters; a zero is a dot. In the arena. */
const char *dw_report_spark(struct dw_arena *a, const uint64_t *v, size_t n, bool utf8);
/* "never used (watched for 12 days)"; "last used 3 hours ago, ..."; one clause. */
const char *dw_report_used_words(struct dw_arena *a, const struct dw_used *u, uint64_t now);

#endif
