/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings become edits: in which of the files, and in which lines. */
#include "levers-restrict.h"

enum { FILES_MAX = 256 };

void dw_set_edit(struct dw_arena *a, struct dw_set_file *f, unsigned line, const char *old,
		 const char *fresh)
{
	size_t i;

	(void)dw_vec_add(a, &f->edits);
	/* ascending; what is put in before a line stands before the edit of the line, in the order in which it came */
	for (i = f->edits.n - 1; i > 0; i--) {
		const struct dw_edit *before = &f->edits.v[i - 1];

		if (before->line < line || (before->line == line && (!before->old || old)))
			break;
		f->edits.v[i] = *before;
	}
	f->edits.v[i] = (struct dw_edit){ .line = line, .old = old, .fresh = fresh };
}

struct setting {
	struct dw_arena *a;
	const struct dw_service_bind *b;
	const struct dw_service_setting *s;
	struct dw_strings values;
	struct dw_set_file *files;
	struct dw_set_scan *scans;
	size_t n;
};

static const struct dw_set_line *last_found(const struct dw_set_scan *scan, bool active)
{
	for (size_t i = scan->found.n; i > 0; i--)
		if (scan->found.v[i - 1].active == active)
			return &scan->found.v[i - 1];
	return NULL;
}

/* The file where the setting belongs: where it stands last, else where a comment shows it, else any that has room. */
static size_t home(const struct setting *t)
{
	for (size_t i = t->n; i > 0; i--)
		if (last_found(&t->scans[i - 1], true))
			return i - 1;
	for (size_t i = 0; i < t->n; i++)
		if (last_found(&t->scans[i], false))
			return i;
	for (size_t i = 0; i < t->n; i++)
		if (t->scans[i].put)
			return i;
	return SIZE_MAX;
}

static void take_out(const struct setting *t, size_t file, unsigned from, unsigned to)
{
	for (unsigned l = from; l <= to; l++)
		dw_set_edit(t->a, &t->files[file], l, t->scans[file].lines.v[l - 1].s, NULL);
}

/* The line (and what goes on behind it) becomes `fresh`. */
static void exchange(const struct setting *t, size_t file, const struct dw_set_line *l,
		     const char *fresh)
{
	const char *old = t->scans[file].lines.v[l->line - 1].s;

	if (!dw_streq(old, fresh) || l->last != l->line)
		dw_set_edit(t->a, &t->files[file], l->line, old, fresh);
	take_out(t, file, l->line + 1, l->last);
}

static void put_in(const struct setting *t, size_t file)
{
	const struct dw_set_scan *scan = &t->scans[file];
	const struct dw_set_line *like = last_found(scan, false);
	unsigned at = like ? like->line + 1 : scan->put;

	for (size_t i = 0; i < t->values.n; i++)
		dw_set_edit(t->a, &t->files[file], at, NULL,
			    dw_set_compose(t->a, t->b, t->s, scan, like, t->values.v[i]));
}

/* The key counts once: the last one. */
static const char *settle_one(struct setting *t, size_t file)
{
	const struct dw_set_line *like = last_found(&t->scans[file], true);
	const char *value = t->values.v[0];

	if (t->s->option) {
		value = dw_set_option(t->a, like ? like->value : "", t->s->option, value);
		if (!value)
			return dw_arena_printf(t->a,
					       "the value of %s in line %u of %s has quotes or "
					       "signs of a shell in it",
					       t->s->key, like ? like->line : 0,
					       t->files[file].path);
		t->values.v[0] = value;
	}
	if (!like)
		put_in(t, file);
	else if (!dw_streq(like->value, value ? value : ""))
		exchange(t, file, like,
			 dw_set_compose(t->a, t->b, t->s, &t->scans[file], like, value));
	return NULL;
}

/* Do the active lines of all files say just that already? */
static bool is_settled(const struct setting *t)
{
	size_t k = 0;

	for (size_t i = 0; i < t->n; i++)
		for (size_t l = 0; l < t->scans[i].found.n; l++) {
			const struct dw_set_line *found = &t->scans[i].found.v[l];

			if (!found->active)
				continue;
			if (k >= t->values.n || !dw_streq(found->value, t->values.v[k++]))
				return false;
		}
	return k == t->values.n;
}

/* Every line of the key counts: the first becomes all of the new ones, the others go. */
static void settle_lines(const struct setting *t, size_t file)
{
	bool done = false;

	if (is_settled(t))
		return;
	for (size_t i = 0; i < t->n; i++)
		for (size_t l = 0; l < t->scans[i].found.n; l++) {
			const struct dw_set_line *found = &t->scans[i].found.v[l];

			if (!found->active)
				continue;
			if (done) {
				take_out(t, i, found->line, found->last);
				continue;
			}
			done = true;
			exchange(t, i, found,
				 dw_set_compose(t->a, t->b, t->s, &t->scans[i], found,
						t->values.v[0]));
			for (size_t k = 1; k < t->values.n; k++)
				dw_set_edit(t->a, &t->files[i], found->last + 1, NULL,
					    dw_set_compose(t->a, t->b, t->s, &t->scans[i], found,
							   t->values.v[k]));
		}
	if (!done)
		put_in(t, file);
}

static const char *settle(struct setting *t)
{
	size_t file;

	for (size_t i = 0; i < t->n; i++) {
		memset(&t->scans[i], 0, sizeof(t->scans[i]));
		dw_set_scan(t->a, &t->files[i].text, t->b, t->s->key, &t->scans[i]);
	}
	file = home(t);
	if (file == SIZE_MAX)
		return dw_arena_printf(t->a, "%s has no section for %s", t->files[0].path,
				       t->s->key);
	if (t->values.n == 0)
		return dw_arena_printf(t->a, "there is no address for %s", t->s->key);
	if (t->s->number != DW_BIND_LINES)
		return settle_one(t, file);
	settle_lines(t, file);
	return NULL;
}

static const char *clash(struct dw_arena *a, const struct dw_service_bind *b,
			 const struct dw_set_file *files, size_t n)
{
	for (const char *const *key = b->clash; *key; key++)
		for (size_t i = 0; i < n; i++) {
			struct dw_set_scan scan = { 0 };
			const struct dw_set_line *l;

			dw_set_scan(a, &files[i].text, b, *key, &scan);
			l = last_found(&scan, true);
			if (l)
				return dw_arena_printf(a,
						       "%s in line %u of %s says by other means "
						       "where it listens",
						       *key, l->line, files[i].path);
		}
	return NULL;
}

const char *dw_set_files(struct dw_arena *a, const struct dw_service_bind *b,
			 const struct dw_narrow *to, struct dw_set_file *files, size_t n)
{
	const char *why = clash(a, b, files, n);
	size_t edits = 0;

	if (n > FILES_MAX)
		return "it has too many files of settings";
	if (why)
		return why;
	if (b->style == DW_BIND_LISTEN)
		return dw_set_listen(a, b, to, files, n);
	for (const struct dw_service_setting *s = b->settings; s->key && !why; s++) {
		struct setting t = { .a = a,
				     .b = b,
				     .s = s,
				     .files = files,
				     .scans = dw_arena_array(a, n, sizeof(struct dw_set_scan)),
				     .n = n };

		dw_set_values(a, s, to, &t.values);
		why = settle(&t);
	}
	for (size_t i = 0; i < n; i++)
		edits += files[i].edits.n;
	if (!why && !edits)
		return dw_arena_printf(a, "%s says so already: what runs has not read it",
				       files[0].path);
	return why;
}
