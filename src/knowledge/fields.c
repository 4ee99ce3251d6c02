/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a service and of a role. docs/knowledge.md and schema/knowledge.schema.json say the same. */
#include "dw_str.h"
#include "entry.h"

static const char *const trait_names[] = { "login",  "cleartext", "amplifier", "withdrawn",
					   "root",   "executes",  "no-auth",   "client",
					   "sniffs", "ports",     "launcher",  "helper",
					   "asks",   NULL };
_Static_assert(DW_TRAIT_LOGIN == 1 << 0 && DW_TRAIT_LAUNCHER == 1 << 10, "order of trait_names");

const struct dw_service_port dw_no_ports[1];
static const struct dw_service_restrict no_restricts[1];
static const struct dw_role_keep no_keeps[1];

size_t dw_value_index(struct reading *r, const struct dw_yaml *v, const char *what,
		      const char *const *names)
{
	const char *word = v->kind == DW_YAML_TEXT ? v->text : dw_yaml_kind_name(v);

	for (size_t i = 0; v->kind == DW_YAML_TEXT && names[i]; i++)
		if (dw_streq(names[i], word))
			return i;
	(void)dw_entry_unknown(r, v->line, what, word, names);
	return SIZE_MAX;
}

static bool value_tier(struct reading *r, const struct dw_yaml *v, void *at)
{
	const char *names[DW_TIER_COUNT] = { NULL };
	size_t i;

	for (unsigned t = 1; t < DW_TIER_COUNT; t++)
		names[t - 1] = dw_tier_name((enum dw_tier)t);
	i = dw_value_index(r, v, "tier", names);
	if (i == SIZE_MAX)
		return false;
	*(enum dw_tier *)at = (enum dw_tier)(i + 1);
	return true;
}

bool dw_value_reach(struct reading *r, const struct dw_yaml *v, void *at)
{
	const char *names[DW_REACH_COUNT] = { NULL };
	size_t i;

	for (unsigned t = 1; t < DW_REACH_COUNT; t++)
		names[t - 1] = dw_reach_name((enum dw_reach)t);
	i = dw_value_index(r, v, "reach", names);
	if (i == SIZE_MAX)
		return false;
	*(enum dw_reach *)at = (enum dw_reach)(i + 1);
	return true;
}

static bool value_traits(struct reading *r, const struct dw_yaml *v, void *at)
{
	unsigned traits = 0;
	bool good = true;
	size_t n = 0;

	if (!dw_value_is_list(r, v, &n))
		return false;
	for (const struct dw_yaml *m = v->first; m; m = m->next) {
		size_t i = dw_value_index(r, m, "trait", trait_names);

		if (i == SIZE_MAX)
			good = false;
		else
			traits |= 1U << i;
	}
	*(unsigned *)at = traits;
	return good;
}

bool dw_value_maps(struct reading *r, const struct dw_yaml *v, const struct field *fields,
		   size_t size, void *at)
{
	bool good = true;
	char *list;
	size_t n = 0, i = 0;

	if (!dw_value_is_list(r, v, &n))
		return false;
	list = dw_arena_array(r->arena, n + 1, size);
	for (const struct dw_yaml *m = v->first; m; m = m->next, i++)
		if (!dw_entry_read(r, m, fields, list + i * size))
			good = false;
	*(void **)at = list;
	return good;
}

static bool value_restricts(struct reading *r, const struct dw_yaml *v, void *at)
{
	static const struct field fields[] = {
		{ "how", dw_value_line, AT(dw_service_restrict, how), .required = true },
		{ "file", dw_value_line, AT(dw_service_restrict, file) },
		{ "setting", dw_value_lines, AT(dw_service_restrict, setting) },
		{ "after", dw_value_line, AT(dw_service_restrict, after) },
		{ 0 },
	};

	return dw_value_maps(r, v, fields, sizeof(struct dw_service_restrict), at);
}

static bool value_keeps(struct reading *r, const struct dw_yaml *v, void *at)
{
	static const struct field fields[] = {
		{ "services", dw_value_names, AT(dw_role_keep, services), .required = true,
		  .absent = dw_no_strings },
		{ "reach", dw_value_reach, AT(dw_role_keep, reach), .required = true },
		{ "because", dw_value_line, AT(dw_role_keep, because), .required = true },
		{ 0 },
	};

	return dw_value_maps(r, v, fields, sizeof(struct dw_role_keep), at);
}

const struct field dw_service_fields[] = {
	{ "name", dw_value_name, AT(dw_service, name), REQUIRED },
	{ "title", dw_value_line, AT(dw_service, title), REQUIRED },
	{ "synonyms", dw_value_words, AT(dw_service, synonyms), STRINGS },
	{ "programs", dw_value_programs, AT(dw_service, programs), STRINGS },
	{ "commands", dw_value_commands, AT(dw_service, commands), STRINGS },
	{ "packages", dw_value_words, AT(dw_service, packages), STRINGS },
	{ "units", dw_value_words, AT(dw_service, units), STRINGS },
	{ "kernel", dw_value_words, AT(dw_service, kernel), STRINGS },
	{ "ports", dw_value_ports, AT(dw_service, ports), .absent = dw_no_ports },
	{ "serves", dw_value_names, AT(dw_service, serves), STRINGS },
	{ "what", dw_value_line, AT(dw_service, what), REQUIRED },
	{ "loss", dw_value_line, AT(dw_service, loss), REQUIRED },
	{ "tier", value_tier, AT(dw_service, tier), REQUIRED },
	{ "reach", dw_value_reach, AT(dw_service, reach), REQUIRED },
	{ "why", dw_value_line, AT(dw_service, why), REQUIRED },
	{ "instead", dw_value_line, AT(dw_service, instead) },
	{ "traits", value_traits, AT(dw_service, traits) },
	{ "withdrawn", dw_value_line, AT(dw_service, withdrawn) },
	{ "restrict", value_restricts, AT(dw_service, restricts), .absent = no_restricts },
	{ "bind", dw_value_binds, AT(dw_service, binds), .absent = dw_no_binds },
	{ "sources", dw_value_texts, AT(dw_service, sources), REQUIRED, STRINGS },
	{ 0 },
};

const struct field dw_role_fields[] = {
	{ "name", dw_value_name, AT(dw_role, name), REQUIRED },
	{ "title", dw_value_line, AT(dw_role, title), REQUIRED },
	{ "what", dw_value_line, AT(dw_role, what), REQUIRED },
	{ "signs", dw_value_names, AT(dw_role, signs), STRINGS },
	{ "keep", value_keeps, AT(dw_role, keeps), REQUIRED, .absent = no_keeps },
	{ 0 },
};

/* "2028-06-30", of a calendar that never ends: what is compared later is the text. */
static bool value_date(struct reading *r, const struct dw_yaml *v, void *at)
{
	static const char form[] = "dddd-dd-dd";
	const char *s = v->kind == DW_YAML_TEXT ? v->text : "";
	uint64_t month, day;
	size_t i;

	for (i = 0; form[i] && (form[i] == 'd' ? s[i] >= '0' && s[i] <= '9' : s[i] == form[i]); i++)
		;
	if (form[i] || s[i] || !dw_parse_u64n(s + 5, 2, 10, 12, &month) ||
	    !dw_parse_u64n(s + 8, 2, 10, 31, &day) || month == 0 || day == 0)
		return dw_entry_wrong(r, v->line, "%s: a date expected, as 2028-06-30", r->key);
	*(const char **)at = s;
	return true;
}

const struct field dw_release_fields[] = {
	{ "name", dw_value_name, AT(dw_release, name), REQUIRED },
	{ "title", dw_value_line, AT(dw_release, title), REQUIRED },
	{ "system", dw_value_name, AT(dw_release, system), REQUIRED },
	{ "version", dw_value_line, AT(dw_release, version), REQUIRED },
	{ "ends", value_date, AT(dw_release, ends), REQUIRED },
	{ "paid", value_date, AT(dw_release, paid) },
	{ "sources", dw_value_texts, AT(dw_release, sources), REQUIRED, STRINGS },
	{ 0 },
};

bool dw_service_agrees(struct reading *r, const struct dw_yaml *map, const struct dw_service *s)
{
	if (s->withdrawn && !(s->traits & DW_TRAIT_WITHDRAWN))
		return dw_entry_wrong(r, map->line, "withdrawn is said, but not among the traits");
	if (!*s->sources)
		return dw_entry_wrong(r, map->line, "sources: at least one expected");
	return true;
}
