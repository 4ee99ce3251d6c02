/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a profile: what a daemon needs when it starts and in rare moments. */
#include "dw_model.h"
#include "dw_str.h"
#include "entry.h"

static const char *const needs_names[] = { "sessions", "set-uid",    "homes",  "devices",
					   "clock",    "shared-tmp", "jit",    "namespaces",
					   "realtime", "set-id",     "kernel", NULL };
_Static_assert(DW_PROFILE_SESSIONS == 1 << 0 && DW_PROFILE_KERNEL == 1 << 10,
	       "order of needs_names");

/* Words of a list, as bits by their place among the names. */
static bool value_bits(struct reading *r, const struct dw_yaml *v, const char *what,
		       const char *const *names, uint64_t *ret)
{
	bool good = true;
	size_t n = 0;

	*ret = 0;
	if (!dw_value_is_list(r, v, &n))
		return false;
	for (const struct dw_yaml *m = v->first; m; m = m->next) {
		size_t i = dw_value_index(r, m, what, names);

		if (i == SIZE_MAX)
			good = false;
		else
			*ret |= UINT64_C(1) << i;
	}
	return good;
}

static bool value_needs(struct reading *r, const struct dw_yaml *v, void *at)
{
	uint64_t bits;
	bool good = value_bits(r, v, "need", needs_names, &bits);

	*(unsigned *)at = (unsigned)bits;
	return good;
}

/* As capabilities(7) has them, in small letters and without "cap_". */
static bool value_capabilities(struct reading *r, const struct dw_yaml *v, void *at)
{
	const char *names[DW_CAPABILITIES_NAMED + 1] = { NULL };

	for (unsigned i = 0; i < DW_CAPABILITIES_NAMED; i++)
		names[i] = dw_capability_name(i) + strlen("cap_");
	return value_bits(r, v, "capability", names, at);
}

static const struct dw_profile_user no_users[1];

static bool value_users(struct reading *r, const struct dw_yaml *v, void *at)
{
	static const struct field members[] = {
		{ "file", dw_value_line, AT(dw_profile_user, file), REQUIRED },
		{ "key", dw_value_line, AT(dw_profile_user, key), REQUIRED },
		{ "option", dw_value_line, AT(dw_profile_user, option), REQUIRED },
		{ 0 },
	};
	const struct dw_profile_user *u;

	if (!dw_value_maps(r, v, members, sizeof(struct dw_profile_user), at))
		return false;
	for (u = *(const struct dw_profile_user **)at; u->file; u++)
		if (*u->file != '/' || strpbrk(u->file, " *") || *u->option != '-' ||
		    strpbrk(u->option, " \"'\\$`") || strpbrk(u->key, " =#\"'\\$`"))
			return dw_entry_wrong(
				r, v->line,
				"user: a file, a variable of it and an option expected");
	return true;
}

static const struct field fields[] = {
	{ "name", dw_value_name, AT(dw_profile, name), REQUIRED },
	{ "programs", dw_value_words, AT(dw_profile, programs), REQUIRED, STRINGS },
	{ "needs", value_needs, AT(dw_profile, needs), REQUIRED },
	{ "capabilities", value_capabilities, AT(dw_profile, capabilities) },
	{ "writes", dw_value_paths, AT(dw_profile, writes), STRINGS },
	{ "calls", dw_value_words, AT(dw_profile, calls), STRINGS },
	{ "accounts", dw_value_words, AT(dw_profile, accounts), STRINGS },
	{ "unprivileged", dw_value_words, AT(dw_profile, unprivileged), STRINGS },
	{ "root-with", dw_value_words, AT(dw_profile, root_with), STRINGS },
	{ "user", value_users, AT(dw_profile, user), .absent = no_users },
	{ "sources", dw_value_texts, AT(dw_profile, sources), REQUIRED, STRINGS },
	{ 0 },
};

/* They become words of a setting of systemd's: what would be read as more than one word, or expanded, is none. */
static bool are_plain(struct reading *r, const struct dw_yaml *map, const char *key,
		      const char *const *words)
{
	for (; *words; words++)
		for (const char *c = *words; *c; c++)
			if (*c <= ' ' || *c > '~' || strchr("\"'\\%*$", *c))
				return dw_entry_wrong(
					r, map->line,
					"%s: \"%.60s\" holds a sign that systemd reads otherwise",
					key, *words);
	return true;
}

bool dw_profile_read(struct reading *r, const struct dw_yaml *map, struct dw_profile *ret)
{
	*ret = (struct dw_profile){ .capabilities = DW_PROFILE_CAPS_UNKNOWN };
	if (!dw_entry_read(r, map, fields, ret))
		return false;
	if (!*ret->programs || !*ret->sources)
		return dw_entry_wrong(r, map->line, "at least one program and one source expected");
	return are_plain(r, map, "writes", ret->writes) && are_plain(r, map, "calls", ret->calls) &&
	       are_plain(r, map, "accounts", ret->accounts) &&
	       are_plain(r, map, "unprivileged", ret->unprivileged);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct dw_profile *)a)->name, ((const struct dw_profile *)b)->name);
}

void dw_profiles_merge(struct dw_arena *a, const struct dw_profile *own, size_t n_own,
		       const struct dw_knowledge *base, struct dw_knowledge *k)
{
	struct dw_profile *v = dw_arena_array(a, base->n_profiles + n_own + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < n_own; i++)
		v[n++] = own[i];
	for (size_t i = 0; i < base->n_profiles; i++) {
		size_t same = 0;

		while (same < n_own && !dw_streq(own[same].name, base->profiles[i].name))
			same++;
		if (same == n_own)
			v[n++] = base->profiles[i];
	}
	qsort(v, n, sizeof(*v), compare);
	k->profiles = v;
	k->n_profiles = n;
}
