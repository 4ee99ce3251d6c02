/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A step in plain words. */
#include "steps.h"

#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "table.h"

bool dw_step_is_link(const struct dw_step *s)
{
	return dw_streq0(s->manager, "file") && s->expect.text && s->want.text &&
	       dw_starts_with(s->expect.text, "link ") && dw_streq(s->want.text, "absent");
}

/* "a, b and c" of words with blanks between. */
static const char *listed(const char *words, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };
	size_t n, total = 0, told = 0;

	for (const char *p = words; *p; p += n + strspn(p + n, " ")) {
		n = strcspn(p, " ");
		total++;
	}
	for (const char *p = words; *p; p += n + strspn(p + n, " ")) {
		n = strcspn(p, " ");
		dw_str_addf(&text, "%s%.*s",
			    told == 0           ? ""
			    : told + 1 == total ? " and "
						: ", ",
			    (int)n, p);
		told++;
	}
	return dw_cells_escape(text.s ? text.s : words, a);
}

static const char *name_of(const struct dw_step *s, struct dw_arena *a)
{
	return dw_cells_escape(s->label ? s->label : s->object, a);
}

static bool has_label(const struct dw_step *s)
{
	return s->label && !dw_streq0(s->label, s->object);
}

/* "disable cups.service: ", "" */
static const char *whose(const struct dw_step *s, struct dw_arena *a)
{
	return has_label(s) ? dw_arena_printf(a, ": %s", name_of(s, a)) : "";
}

/* "the line of echo, the line of time" -> "the lines of echo and time"; NULL: it is none of these. */
static const char *merged_lines(const char *label, struct dw_arena *a)
{
	static const char part[] = "the line of ";
	struct dw_str text = { .arena = a };
	size_t n = 0;

	for (const char *p = label; *p;) {
		const char *end = strstr(p, ", ");
		size_t length = end ? (size_t)(end - p) : strlen(p);

		if (!dw_starts_with(p, part))
			return NULL;
		dw_str_addf(&text, "%s%.*s",
			    n++ == 0 ? ""
			    : end    ? ", "
				     : " and ",
			    (int)(length - strlen(part)), p + strlen(part));
		p += length + (end ? 2 : 0);
	}
	return n > 1 ? dw_cells_escape(dw_arena_printf(a, "the lines of %s", text.s), a) : NULL;
}

static const char *edit_words(const struct dw_step *s, struct dw_arena *a)
{
	const char *file = dw_cells_escape(s->object, a), *lines;

	if (has_label(s) && strstr(s->label, s->object))
		return dw_arena_printf(a, "Edit %s", name_of(s, a));
	lines = has_label(s) ? merged_lines(s->label, a) : NULL;
	return lines ? dw_arena_printf(a, "Edit %s: %s", file, lines)
		     : dw_arena_printf(a, "Edit %s%s", file, whose(s, a));
}

static const char *file_words(const struct dw_step *s, struct dw_arena *a)
{
	const char *was = s->expect.text ? s->expect.text : "",
		   *will = s->want.text ? s->want.text : "";
	const char *file = dw_cells_escape(s->object, a);

	if (dw_streq(will, "link /dev/null"))
		return dw_arena_printf(a, "Mask %s, so that nothing can start it",
				       has_label(s) ? name_of(s, a)
						    : dw_cells_escape(dw_basename(s->object), a));
	if (dw_streq(will, "absent") && dw_starts_with(was, "link "))
		return has_label(s) ? dw_arena_printf(a, "Disable %s: take away the link %s",
						      name_of(s, a), file)
				    : dw_arena_printf(a, "Take away the link %s", file);
	if (dw_streq(will, "absent"))
		return dw_arena_printf(a, "Take away %s%s", file, whose(s, a));
	if (dw_starts_with(will, "link "))
		return dw_arena_printf(a, "Make %s a link to %s%s", file,
				       dw_cells_escape(will + strlen("link "), a), whose(s, a));
	if (dw_starts_with(will, "directory "))
		return dw_arena_printf(a, "Make the directory %s%s", file, whose(s, a));
	if (dw_streq(was, "absent"))
		return dw_arena_printf(a, "Write the new file %s%s", file, whose(s, a));
	if (!s->diff)
		return dw_arena_printf(a, "Change the rights of %s%s", file, whose(s, a));
	return edit_words(s, a);
}

/* Some unit of the group shall run: "active" as a whole word. */
static bool wants_some(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strncmp(p, word, n) == 0 && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* "1000/patd.service": the label says whose it is. */
static bool is_of_user(const struct dw_step *s)
{
	return has_label(s) && strchr(s->object, '/') && !strchr(s->object, ' ');
}

const char *dw_report_step_words(const struct dw_step *s, struct dw_arena *a)
{
	const char *want = s->want.text ? s->want.text : "", *m = s->manager ? s->manager : "";

	if (dw_streq(m, "file"))
		return file_words(s, a);
	if (dw_streq(m, "systemd"))
		return dw_arena_printf(a, "%s %s", wants_some(want, "active") ? "Start" : "Stop",
				       is_of_user(s) ? name_of(s, a) : listed(s->object, a));
	if (dw_streq(m, "fence"))
		return dw_arena_printf(a, "%s the packet filter's %s",
				       dw_streq(want, "absent") ? "Take away" : "Load",
				       name_of(s, a));
	if (dw_streq(m, "process"))
		return dw_arena_printf(a, "End the process %s", name_of(s, a));
	if (dw_streq(m, "account"))
		return dw_arena_printf(
			a, "Make %s %s, which is %s", name_of(s, a), dw_cells_escape(want, a),
			dw_cells_escape(s->expect.text ? s->expect.text : "not known", a));
	if (dw_streq(m, "sysctl"))
		return dw_arena_printf(
			a, "Make the kernel's %s %s, which is %s", dw_cells_escape(s->object, a),
			dw_cells_escape(want, a),
			dw_cells_escape(s->expect.text ? s->expect.text : "not known", a));
	if (dw_streq(m, "mode"))
		return dw_arena_printf(
			a, "Make the rights of %s %s, which are %s", dw_cells_escape(s->object, a),
			dw_cells_escape(want, a),
			dw_cells_escape(s->expect.text ? s->expect.text : "not known", a));
	if (dw_streq(m, "package"))
		return dw_arena_printf(a, "Remove the package%s %s",
				       strchr(s->object, ' ') ? "s" : "", listed(s->object, a));
	if (dw_streq(m, "container"))
		return dw_arena_printf(a, "%s the container %s, and %s",
				       wants_some(want, "running") ? "Start" : "Stop",
				       name_of(s, a),
				       wants_some(want, "no") ? "keep it from starting by itself"
							      : "leave when it starts as it is");
	return dw_arena_printf(a, "%s %s", wants_some(want, "running") ? "Start" : "Stop",
			       name_of(s, a));
}

bool dw_steps_are_one(const struct dw_step *a, const struct dw_step *b)
{
	return a->command && b->command && dw_streq(a->command, b->command) &&
	       dw_streq0(a->manager, b->manager) && a->if_left == b->if_left;
}

/* The directory that all of the n files are below. */
static size_t common_directory(const struct dw_step *const *v, size_t n)
{
	size_t length = strlen(v[0]->object);

	for (size_t i = 1; i < n; i++) {
		size_t k = 0;

		while (k < length && v[i]->object[k] == v[0]->object[k])
			k++;
		length = k;
	}
	while (length > 1 && v[0]->object[length - 1] != '/')
		length--;
	return length > 1 ? length - 1 : length;
}

static bool named_before(const struct dw_step *const *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (dw_streq0(v[k]->label, v[i]->label))
			return true;
	return false;
}

const char *dw_report_steps_words(const struct dw_step *const *v, size_t n, struct dw_arena *a)
{
	struct dw_str names = { .arena = a };
	bool links = true;

	for (size_t i = 0; i < n; i++)
		links &= dw_step_is_link(v[i]) && has_label(v[i]);
	if (n == 1)
		return dw_report_step_words(v[0], a);
	if (!links)
		return dw_arena_printf(a, "%s, and %zu more like it", dw_report_step_words(v[0], a),
				       n - 1);
	for (size_t i = 0; i < n; i++)
		if (!named_before(v, i))
			dw_str_addf(&names, "%s%s", names.n ? ", " : "", name_of(v[i], a));
	return dw_arena_printf(
		a, "Disable %s: %zu links below %s", names.s, n,
		dw_cells_escape(dw_arena_strndup(a, v[0]->object, common_directory(v, n)), a));
}

/* --- alike ---------------------------------------------------------------------------------------- */

static bool is_file(const struct dw_step *s)
{
	return dw_streq0(s->manager, "file");
}

/* "Stop", "End": the first word. */
static bool same_verb(const struct dw_step *a, const struct dw_step *b)
{
	const char *was = a->want.text ? a->want.text : "", *is = b->want.text ? b->want.text : "";

	return wants_some(was, "active") == wants_some(is, "active") &&
	       wants_some(was, "running") == wants_some(is, "running");
}

bool dw_steps_are_alike(const struct dw_step *a, const struct dw_step *b)
{
	static const char *const alone[] = { "container", "package", "account", "mode" };

	if (!a->manager || !dw_streq0(a->manager, b->manager) || a->diff || b->diff ||
	    a->no_undo != b->no_undo || !dw_streq0(a->why, b->why) || a->if_left != b->if_left)
		return false;
	if (is_file(a))
		return dw_step_is_link(a) && dw_step_is_link(b) && has_label(a) && has_label(b) &&
		       dw_streq0(a->notify, b->notify);
	if (dw_streq(a->manager, "sysctl"))
		return dw_streq0(a->want.text, b->want.text) &&
		       dw_streq0(a->expect.text, b->expect.text);
	for (size_t i = 0; i < DW_ARRAY_SIZE(alone); i++)
		if (dw_streq(a->manager, alone[i]))
			return false;
	return same_verb(a, b);
}

static size_t words_of(const char *s)
{
	size_t n = 0;

	for (; *s; s += strspn(s, " "), n++)
		s += strcspn(s, " ");
	return n;
}

/* A name may be as long as its owner likes. */
#define NAME_MAX_SHOWN 100

static void add_name(struct dw_str *text, const char *name, size_t n, struct dw_arena *a)
{
	const char *shown = dw_cells_escape(dw_arena_strndup(a, name, n), a);

	dw_str_addf(text, "%s%s", text->n ? ", " : "",
		    dw_layout_cut(shown, NAME_MAX_SHOWN, false, a));
}

static void add_units(struct dw_str *text, const struct dw_step *s, struct dw_arena *a)
{
	for (const char *p = s->object; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		add_name(text, p, n, a);
		p += n;
	}
}

const char *dw_report_alike_words(const struct dw_step *const *v, size_t n, struct dw_arena *a)
{
	const char *want = v[0]->want.text ? v[0]->want.text : "", *m = v[0]->manager;
	bool start = wants_some(want, "active") || wants_some(want, "running");
	struct dw_str names = { .arena = a };
	size_t things = 0;

	for (size_t i = 0; i < n; i++) {
		bool units = dw_streq(m, "systemd") && !is_of_user(v[i]);
		const char *name = v[i]->label ? v[i]->label : v[i]->object;

		if (is_file(v[i]) && named_before(v, i))
			continue;
		things += units ? words_of(v[i]->object) : 1;
		if (units)
			add_units(&names, v[i], a);
		else
			add_name(&names, name, strlen(name), a);
	}
	if (is_file(v[0]))
		return dw_arena_printf(
			a, "Disable these %zu (%zu links below %s): %s", things, n,
			dw_cells_escape(dw_arena_strndup(a, v[0]->object, common_directory(v, n)),
					a),
			names.s);
	if (dw_streq(m, "process"))
		return dw_arena_printf(a, "End these %zu processes: %s", things, names.s);
	if (dw_streq(m, "sysctl"))
		return dw_arena_printf(a, "Make these %zu settings of the kernel %s: %s", things,
				       dw_cells_escape(want, a), names.s);
	return dw_arena_printf(a, "%s these %zu %s: %s", start ? "Start" : "Stop", things,
			       dw_streq(m, "systemd") ? "units" : "services", names.s);
}
