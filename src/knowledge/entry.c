/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A map read by a table of keys; the complaints. */
#include "entry.h"

#include "dw_str.h"

#define COMPLAINTS_MAX 100 /* of one file */

const char *const dw_no_strings[1] = { NULL };

bool dw_entry_wrong(struct reading *r, unsigned line, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	if (++r->complaints > COMPLAINTS_MAX + 1)
		return false;
	if (r->complaints == COMPLAINTS_MAX + 1) {
		r->complain(r->data, r->file, line, "and more that is wrong, not told");
		return false;
	}
	va_start(ap, fmt);
	text = dw_arena_vprintf(r->arena, fmt, ap);
	va_end(ap);
	if (r->entry)
		text = dw_arena_printf(r->arena, "%s: %s", r->entry, text);
	r->complain(r->data, r->file, line, text);
	return false;
}

bool dw_entry_told_enough(const struct reading *r)
{
	return r->complaints > COMPLAINTS_MAX;
}

static const char *nearest(const char *word, const char *const *names)
{
	unsigned best = (unsigned)-1;
	const char *near = NULL;

	for (; *names; names++)
		if (dw_str_apart(word, *names) < best) {
			best = dw_str_apart(word, *names);
			near = *names;
		}
	return near;
}

bool dw_entry_unknown(struct reading *r, unsigned line, const char *what, const char *word,
		      const char *const *names)
{
	struct dw_str all = { .arena = r->arena };
	const char *near;

	if (dw_entry_told_enough(r))
		return false;
	near = nearest(word, names);
	if (near)
		return dw_entry_wrong(r, line, "no %s is called \"%.60s\"; did you mean %s?", what,
				      word, near);
	for (const char *const *n = names; *n; n++)
		dw_str_addf(&all, "%s%s", n == names ? "" : ", ", *n);
	return dw_entry_wrong(r, line, "no %s is called \"%.60s\"; there are: %s", what, word,
			      all.s ? all.s : "none");
}

static const struct field *field_of(const struct field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (dw_streq(fields->key, key))
			return fields;
	return NULL;
}

static bool unknown_key(struct reading *r, const struct dw_yaml *member, const struct field *fields)
{
	struct dw_strings names = { 0 };

	for (; fields->key; fields++)
		dw_vec_push(r->arena, &names, fields->key);
	dw_vec_push(r->arena, &names, NULL);
	return dw_entry_unknown(r, member->key_line, "key", member->key, names.v);
}

static const struct dw_yaml *member_of(const struct dw_yaml *map, const char *key)
{
	for (const struct dw_yaml *m = map->first; m; m = m->next)
		if (dw_streq(m->key, key))
			return m;
	return NULL;
}

static void *place(void *object, const struct field *f)
{
	return (char *)object + f->offset;
}

bool dw_entry_read(struct reading *r, const struct dw_yaml *map, const struct field *fields,
		   void *object)
{
	const char *outer = r->key;
	bool good = true;

	if (map->kind != DW_YAML_MAP)
		return dw_entry_wrong(r, map->line, "keys with values expected, not %s",
				      dw_yaml_kind_name(map));
	for (const struct field *f = fields; f->key; f++) {
		if (f->absent)
			memcpy(place(object, f), &f->absent, sizeof(f->absent));
		if (f->required && !member_of(map, f->key))
			good = dw_entry_wrong(r, map->line, "key \"%s\" is missing", f->key);
	}
	for (const struct dw_yaml *m = map->first; m; m = m->next) {
		const struct field *f = field_of(fields, m->key);

		r->key = m->key;
		if (!f)
			good = unknown_key(r, m, fields);
		else if (!f->read(r, m, place(object, f)))
			good = false;
	}
	r->key = outer;
	return good;
}
