/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the value of a key may be: texts and lists of texts. Ports are in port.c. */
#include "dw_str.h"
#include "entry.h"

#define LINE_MAX_BYTES  1000
#define LINES_MAX_BYTES 4000
#define NAME_MAX_BYTES  64
#define PIECE_LEAST     4 /* a shorter piece of a command line would be found everywhere */

/* Of a member of a list: which key it belongs to is in r. */
typedef bool check(struct reading *r, const struct dw_yaml *v);

static bool is_some(struct reading *r, const struct dw_yaml *v, size_t max)
{
	if (!dw_yaml_is_text(v) && v->kind == DW_YAML_TEXT && *v->text)
		return dw_entry_wrong(r, v->line, "%s: \"%.60s\" must be quoted to be text", r->key,
				      v->text);
	if (!dw_yaml_is_text(v) && v->kind != DW_YAML_TEXT)
		return dw_entry_wrong(r, v->line, "%s: text expected, not %s", r->key,
				      dw_yaml_kind_name(v));
	if (!v->text[strspn(v->text, " \t\n")])
		return dw_entry_wrong(r, v->line, "%s: text expected, not nothing", r->key);
	if (strlen(v->text) > max)
		return dw_entry_wrong(r, v->line, "%s: longer than %zu bytes", r->key, max);
	return true;
}

static bool is_line(struct reading *r, const struct dw_yaml *v)
{
	if (!is_some(r, v, LINE_MAX_BYTES))
		return false;
	if (strpbrk(v->text, "\n\t"))
		return dw_entry_wrong(r, v->line, "%s: one line without tabs expected", r->key);
	return true;
}

static bool is_name(struct reading *r, const struct dw_yaml *v)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789",
			  all[] = "abcdefghijklmnopqrstuvwxyz0123456789.+-";

	if (!is_line(r, v))
		return false;
	if (!strchr(first, *v->text) || v->text[strspn(v->text, all)] ||
	    strlen(v->text) > NAME_MAX_BYTES)
		return dw_entry_wrong(
			r, v->line,
			"%s: \"%.60s\" is no name: small letters, digits and .+- expected", r->key,
			v->text);
	return true;
}

static bool is_word(struct reading *r, const struct dw_yaml *v)
{
	if (!is_line(r, v))
		return false;
	if (strpbrk(v->text, " /*"))
		return dw_entry_wrong(r, v->line,
				      "%s: \"%.60s\": a name without blank, / and * expected",
				      r->key, v->text);
	return true;
}

static bool is_program(struct reading *r, const struct dw_yaml *v)
{
	const char *star;

	if (!is_line(r, v))
		return false;
	star = strchr(v->text, '*');
	if (strchr(v->text, '/') || (star && (star[1] || star == v->text)))
		return dw_entry_wrong(r, v->line,
				      "%s: \"%.60s\": a file name without directory expected, * at "
				      "its end alone",
				      r->key, v->text);
	return true;
}

static bool is_piece(struct reading *r, const struct dw_yaml *v)
{
	if (!is_line(r, v))
		return false;
	if (strlen(v->text) < PIECE_LEAST)
		return dw_entry_wrong(r, v->line,
				      "%s: \"%s\": at least %d letters expected, it is "
				      "looked for anywhere in a command line",
				      r->key, v->text, PIECE_LEAST);
	return true;
}

static bool is_path(struct reading *r, const struct dw_yaml *v)
{
	if (!is_line(r, v))
		return false;
	if (*v->text != '/' || strstr(v->text, "/../") || strpbrk(v->text, "?["))
		return dw_entry_wrong(r, v->line,
				      "%s: \"%.60s\": an absolute path expected, * for a part of a "
				      "name",
				      r->key, v->text);
	return true;
}

static bool single(struct reading *r, const struct dw_yaml *v, void *at, check *is)
{
	if (!is(r, v))
		return false;
	*(const char **)at = v->text;
	return true;
}

bool dw_value_line(struct reading *r, const struct dw_yaml *v, void *at)
{
	return single(r, v, at, is_line);
}

bool dw_value_name(struct reading *r, const struct dw_yaml *v, void *at)
{
	return single(r, v, at, is_name);
}

bool dw_value_lines(struct reading *r, const struct dw_yaml *v, void *at)
{
	size_t n;

	if (!is_some(r, v, LINES_MAX_BYTES))
		return false;
	n = strlen(v->text);
	while (n > 0 && v->text[n - 1] == '\n')
		n--;
	*(const char **)at = dw_arena_strndup(r->arena, v->text, n);
	return true;
}

bool dw_value_is_list(struct reading *r, const struct dw_yaml *v, size_t *ret_n)
{
	size_t n = 0;

	if (v->kind != DW_YAML_LIST)
		return dw_entry_wrong(r, v->line,
				      "%s: a list expected, [...] or lines with -, not %s", r->key,
				      dw_yaml_kind_name(v));
	for (const struct dw_yaml *m = v->first; m; m = m->next)
		n++;
	if (n > DW_LIST_MAX)
		return dw_entry_wrong(r, v->line, "%s: more than %d members", r->key, DW_LIST_MAX);
	*ret_n = n;
	return true;
}

static bool is_double(struct reading *r, const struct dw_yaml *v, const char *const *before,
		      size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dw_streq(before[i], v->text))
			return !dw_entry_wrong(r, v->line, "%s: \"%.60s\" stands twice", r->key,
					       v->text);
	return false;
}

static bool several(struct reading *r, const struct dw_yaml *v, void *at, check *is)
{
	const char **list;
	bool good = true;
	size_t n = 0, i = 0;

	if (!dw_value_is_list(r, v, &n))
		return false;
	list = dw_arena_array(r->arena, n + 1, sizeof(*list));
	for (const struct dw_yaml *m = v->first; m; m = m->next) {
		if (is(r, m) && !is_double(r, m, list, i))
			list[i++] = m->text;
		else
			good = false;
	}
	*(const char *const **)at = list;
	return good;
}

bool dw_value_texts(struct reading *r, const struct dw_yaml *v, void *at)
{
	return several(r, v, at, is_line);
}

bool dw_value_words(struct reading *r, const struct dw_yaml *v, void *at)
{
	return several(r, v, at, is_word);
}

bool dw_value_names(struct reading *r, const struct dw_yaml *v, void *at)
{
	return several(r, v, at, is_name);
}

bool dw_value_programs(struct reading *r, const struct dw_yaml *v, void *at)
{
	return several(r, v, at, is_program);
}

bool dw_value_commands(struct reading *r, const struct dw_yaml *v, void *at)
{
	return several(r, v, at, is_piece);
}

bool dw_value_paths(struct reading *r, const struct dw_yaml *v, void *at)
{
	return several(r, v, at, is_path);
}
