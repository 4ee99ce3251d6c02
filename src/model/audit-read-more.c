/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a door's document is compared as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit-read.h"
#include "dw_str.h"

#define TEXT_MAX     4096
#define OWNERS_MAX   ((size_t)1 << 20)
#define CAPS_MAX     64
#define CAPS_ARE_ALL 38 /* the oldest kernel that we run on has that many (CAP_LAST_CAP + 1) */
#define REASONS_MAX  256

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Each once, sorted: a second worker is no news. NULL: none. */
static const char *joined(struct dw_arena *a, struct dw_strings *all, const char *between)
{
	struct dw_str text = { .arena = a };

	if (all->n == 0)
		return NULL;
	qsort(all->v, all->n, sizeof(*all->v), by_text);
	for (size_t i = 0; i < all->n; i++)
		if (i == 0 || !dw_streq(all->v[i], all->v[i - 1]))
			dw_str_addf(&text, "%s%s", i ? between : "", all->v[i]);
	return text.s;
}

static const char *word_of(struct dw_doc *d, const struct dw_json_value *o, const char *key)
{
	return dw_doc_text(d, o, key, 256);
}

static const char *yes_or_no(struct dw_doc *d, const struct dw_json_value *o, const char *key)
{
	const struct dw_json_value *v = dw_json_get(o, key, NULL);

	(void)d;
	return dw_json_true(v) ? "yes" : dw_json_is_false(v) ? "no" : NULL;
}

static const char *ids_of(struct dw_doc *d, const struct dw_json_value *o, const char *key)
{
	uint64_t uid = dw_doc_number(d, o, "uid", UINT32_MAX);
	uint64_t euid = dw_doc_number(d, o, "euid", UINT32_MAX);

	(void)key;
	if (dw_json_is_null(dw_json_get(o, "uid", NULL)))
		return NULL;
	if (uid == euid)
		return dw_arena_printf(d->arena, "uid %llu", (unsigned long long)uid);
	return dw_arena_printf(d->arena, "uid %llu (effective %llu)", (unsigned long long)uid,
			       (unsigned long long)euid);
}

static const char *capabilities_of(struct dw_doc *d, const struct dw_json_value *o, const char *key)
{
	struct dw_strings list = { 0 };
	const char **v;
	size_t n = 0;

	if (dw_json_is_null(dw_json_get(o, key, NULL)))
		return NULL;
	v = dw_doc_strings(d, o, key, CAPS_MAX, &n);
	if (n >= CAPS_ARE_ALL)
		return "all";
	for (size_t i = 0; v && i < n; i++)
		dw_vec_push(d->arena, &list, v[i]);
	return list.n ? joined(d->arena, &list, " ") : "none";
}

typedef const char *getter(struct dw_doc *d, const struct dw_json_value *o, const char *key);

static const char *of_owners(struct dw_doc *d, const struct dw_json_value *door, const char *key,
			     getter *get)
{
	size_t n = 0;
	const struct dw_json_value *v = dw_doc_array(d, door, "owners", OWNERS_MAX, &n);
	struct dw_strings all = { 0 };

	for (size_t i = 0; i < n && d->r == 0; i++) {
		const struct dw_json_value *one = dw_doc_enter(d, v, "owners", i);
		const char *text = one ? get(d, one, key) : NULL;

		if (text)
			dw_vec_push(d->arena, &all, text);
		dw_doc_leave(d);
	}
	return joined(d->arena, &all, ", ");
}

static const char *first_reason(struct dw_doc *d, const struct dw_json_value *door)
{
	size_t n = 0;
	const struct dw_json_value *v = dw_doc_array(d, door, "reasons", REASONS_MAX, &n);
	const struct dw_json_value *one = v && n ? dw_doc_enter(d, v, "reasons", 0) : NULL;
	const char *text = one ? dw_doc_text(d, one, "text", TEXT_MAX) : NULL;

	if (v && n)
		dw_doc_leave(d);
	return text;
}

void dw_audit_read_more(struct dw_doc *d, const struct dw_json_value *door,
			struct dw_audit_more *ret)
{
	const struct dw_json_value *exposure = dw_json_get(door, "exposure", NULL);
	const struct dw_json_value *probed = dw_json_get(exposure, "probed", NULL);

	ret->verdict = word_of(d, door, "verdict");
	ret->reason = first_reason(d, door);
	ret->service = word_of(d, door, "service");
	ret->users = of_owners(d, door, "user", word_of);
	ret->ids = of_owners(d, door, "uid", ids_of);
	ret->executables = of_owners(d, door, "executable_state", word_of);
	ret->capabilities = of_owners(d, door, "capabilities", capabilities_of);
	ret->no_new_privs = of_owners(d, door, "no_new_privs", yes_or_no);
	ret->seccomp = of_owners(d, door, "seccomp", word_of);
	ret->filtered = dw_doc_text(d, exposure, "filtered", TEXT_MAX);
	ret->probed = word_of(d, probed, "state");
	ret->verified = word_of(d, dw_json_get(door, "package_info", NULL), "verified");
}
