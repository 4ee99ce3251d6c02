/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `doorward why` says of the selected door. */
#include <stdio.h>

#include "app.h"
#include "dw_macros.h"

void review_story_drop(struct review_app *r)
{
	dw_arena_free(r->story.arena);
	free(r->story.key);
	r->story = (struct review_story){ 0 };
}

static void write_story(const struct review_app *r, const struct review_door *d, int columns,
			FILE *out)
{
	const struct doorward_style style = { .size = sizeof(style), .columns = (unsigned)columns };

	if (doorward_audit_why_at(r->audit, d->doors, d->n_doors, DOORWARD_TEXT, out, &style) < 0) {
		/* what the list knows of it */
		for (size_t t = 0; t < REVIEW_TEXT_COUNT; t++)
			(void)fprintf(out, "%s: %s\n", review_column_title(t), d->texts[t]);
	}
}

char *review_story_text(const struct review_app *r, int columns)
{
	const struct review_door *d = review_list_selected(r->list);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		dw_oom();
	if (d && r->audit)
		write_story(r, d, columns, out);
	if (fclose(out) != 0)
		dw_oom();
	return text;
}

void review_story_make(struct review_app *r)
{
	const struct review_door *d = review_list_selected(r->list);
	int columns = r->panes.story.columns;
	size_t top = 0;
	char *text;

	if (d && r->story.key && dw_streq(r->story.key, d->key) && r->story.columns == columns)
		return;
	if (d && r->story.key && dw_streq(r->story.key, d->key))
		top = r->story.top;
	review_story_drop(r);
	if (!d || !r->audit)
		return;
	text = review_story_text(r, columns);
	r->story.arena = dw_arena_new();
	r->story.lines = review_wrap(text, columns, r->story.arena);
	r->story.columns = columns;
	r->story.key = strdup(d->key);
	r->story.top = top;
	free(text);
	if (!r->story.key)
		dw_oom();
	review_story_scroll(r, 0);
}

void review_story_scroll(struct review_app *r, long by)
{
	size_t rows = (size_t)r->panes.story.rows, n = r->story.lines.n;
	long last = n > rows ? (long)(n - rows) : 0, top = (long)r->story.top + by;

	r->story.top = (size_t)DW_MAX(0L, DW_MIN(top, last));
}
