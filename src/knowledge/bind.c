/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key "bind": settings by which a program narrows its own doors. */
#include "dw_str.h"
#include "entry.h"

const struct dw_service_bind dw_no_binds[1];
static const struct dw_service_setting no_settings[1];

static bool value_style(struct reading *r, const struct dw_yaml *v, void *at)
{
	const char *names[DW_BIND_COUNT] = { NULL };
	size_t i;

	for (unsigned s = 1; s < DW_BIND_COUNT; s++)
		names[s - 1] = dw_bind_style_name((enum dw_bind_style)s);
	i = dw_value_index(r, v, "style", names);
	if (i == SIZE_MAX)
		return false;
	*(enum dw_bind_style *)at = (enum dw_bind_style)(i + 1);
	return true;
}

static bool value_number(struct reading *r, const struct dw_yaml *v, void *at)
{
	const char *names[DW_BIND_NUMBER_COUNT + 1] = { NULL };
	size_t i;

	for (unsigned n = 0; n < DW_BIND_NUMBER_COUNT; n++)
		names[n] = dw_bind_number_name((enum dw_bind_number)n);
	i = dw_value_index(r, v, "number", names);
	if (i == SIZE_MAX)
		return false;
	*(enum dw_bind_number *)at = (enum dw_bind_number)i;
	return true;
}

static bool value_settings(struct reading *r, const struct dw_yaml *v, void *at)
{
	static const struct field fields[] = {
		{ "key", dw_value_line, AT(dw_service_setting, key), REQUIRED },
		{ "number", value_number, AT(dw_service_setting, number) },
		{ "value", dw_value_line, AT(dw_service_setting, value) },
		{ "each", dw_value_line, AT(dw_service_setting, each) },
		{ "join", dw_value_line, AT(dw_service_setting, join) },
		{ "empty", dw_value_line, AT(dw_service_setting, empty) },
		{ "loopback", dw_value_line, AT(dw_service_setting, loopback) },
		{ "option", dw_value_line, AT(dw_service_setting, option) },
		{ 0 },
	};

	return dw_value_maps(r, v, fields, sizeof(struct dw_service_setting), at);
}

/* A section is where the style has some; an option where it is one; each kind of number has texts of its own. */
static bool agrees(struct reading *r, unsigned line, const struct dw_service_bind *b)
{
	bool sections = b->style == DW_BIND_INI || b->style == DW_BIND_YAML ||
			b->style == DW_BIND_CLAUSE || b->style == DW_BIND_BLOCK;
	bool needs = b->style == DW_BIND_CLAUSE || b->style == DW_BIND_BLOCK;

	if (!*b->files || !b->settings->key)
		return dw_entry_wrong(r, line, "bind: at least one file and one setting expected");
	if ((*b->sections && !sections) || (!*b->sections && needs))
		return dw_entry_wrong(r, line, "bind: style %s has %s",
				      dw_bind_style_name(b->style),
				      needs ? "its settings in sections" : "no sections");
	for (const struct dw_service_setting *s = b->settings; s->key; s++) {
		if (!s->option != (b->style != DW_BIND_OPTION))
			return dw_entry_wrong(
				r, line, "bind: %s: an option belongs to style option", s->key);
		if (s->option && s->number != DW_BIND_ONE)
			return dw_entry_wrong(r, line, "bind: %s: an option has one address",
					      s->key);
		if (b->style == DW_BIND_BLOCK && s->number == DW_BIND_LINES)
			return dw_entry_wrong(r, line, "bind: %s: style block has lists, not lines",
					      s->key);
		if (s->join && s->number != DW_BIND_LIST)
			return dw_entry_wrong(r, line, "bind: %s: join is of number list alone",
					      s->key);
		if (s->number == DW_BIND_FIXED && (s->each || s->empty || s->loopback))
			return dw_entry_wrong(r, line, "bind: %s: number fixed has a value alone",
					      s->key);
	}
	return true;
}

bool dw_value_binds(struct reading *r, const struct dw_yaml *v, void *at)
{
	static const struct field fields[] = {
		{ "files", dw_value_paths, AT(dw_service_bind, files), REQUIRED, STRINGS },
		{ "programs", dw_value_programs, AT(dw_service_bind, programs), STRINGS },
		{ "style", value_style, AT(dw_service_bind, style), REQUIRED },
		{ "sections", dw_value_texts, AT(dw_service_bind, sections), STRINGS },
		{ "ports", dw_value_ports, AT(dw_service_bind, ports), .absent = dw_no_ports },
		{ "clash", dw_value_texts, AT(dw_service_bind, clash), STRINGS },
		{ "settings", value_settings, AT(dw_service_bind, settings), REQUIRED,
		  .absent = no_settings },
		{ 0 },
	};
	const struct dw_service_bind *b;

	if (!dw_value_maps(r, v, fields, sizeof(struct dw_service_bind), at))
		return false;
	b = *(const struct dw_service_bind **)at;
	for (const struct dw_yaml *m = v->first; m; m = m->next, b++)
		if (!agrees(r, m->line, b))
			return false;
	return true;
}
