/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first policy as a person would lay it out: what it is for, what is closed, what may be kept, what else. */
#include <string.h>

#include "draft.h"
#include "dw_policy_write.h"
#include "dw_str.h"

#define REMARK_COLUMN_MAX 56 /* a longer statement pushes its own remark away, not those of all */

static bool is_in(const struct draft_entry *e, bool dangerous, enum draft_width width)
{
	return e->dangerous == dangerous && (dangerous || e->width == width);
}

static void add_entries(struct dw_str *out, const struct drafting *t, bool dangerous,
			enum draft_width width)
{
	const char *mark = dangerous ? "" : "# ";
	size_t widest = 0;

	for (size_t i = 0; i < t->entries.n; i++) {
		size_t n = dw_display_width(t->entries.v[i].statement) + strlen(mark);

		if (is_in(&t->entries.v[i], dangerous, width) && n <= REMARK_COLUMN_MAX)
			widest = DW_MAX(widest, n);
	}
	for (size_t i = 0; i < t->entries.n; i++) {
		const struct draft_entry *e = &t->entries.v[i];
		size_t n = dw_display_width(e->statement) + strlen(mark);

		if (is_in(e, dangerous, width))
			dw_str_addf(out, "%s%s%*s  # %s\n", mark, e->statement,
				    (int)(widest > n ? widest - n : 0), "", e->remark);
	}
}

static bool any_entry(const struct drafting *t, bool dangerous, enum draft_width width)
{
	for (size_t i = 0; i < t->entries.n; i++)
		if (is_in(&t->entries.v[i], dangerous, width))
			return true;
	return false;
}

static void add_section(struct dw_str *out, const struct drafting *t, const char *head,
			enum draft_width width)
{
	if (!any_entry(t, false, width))
		return;
	dw_str_addf(out, "\n# %s\n", head);
	add_entries(out, t, false, width);
}

/* Text of the knowledge in a comment: on one line, whatever it holds. */
static const char *on_line(struct dw_arena *a, const char *text)
{
	return text ? dw_escape_terminal(a, text, strlen(text)) : "";
}

static bool is_named(const struct dw_draft *d, const struct dw_role *role)
{
	for (size_t i = 0; i < d->n_roles; i++)
		if (d->roles[i] == role)
			return true;
	return false;
}

static void add_roles(struct dw_str *out, const struct dw_draft *d)
{
	bool any = d->n_roles > 0;

	for (size_t i = 0; i < d->n_evident; i++)
		any |= !is_named(d, d->evident[i]);
	if (any)
		dw_str_add(out, "\n# What this host is for: a role keeps what belongs to it.\n");
	for (size_t i = 0; i < d->n_roles; i++)
		dw_str_addf(out, "role %s  # %s\n", dw_policy_word(out->arena, d->roles[i]->name),
			    on_line(out->arena, d->roles[i]->title));
	for (size_t i = 0; i < d->n_evident; i++)
		if (!is_named(d, d->evident[i]))
			dw_str_addf(out, "# role %s  # %s\n",
				    dw_policy_word(out->arena, d->evident[i]->name),
				    on_line(out->arena, d->evident[i]->title));
}

static void add_head(struct dw_str *out, const struct dw_draft *d)
{
	dw_str_addf(out,
		    "# What may be open on %s; written by \"doorward init\" on %s.\n"
		    "#\n"
		    "# The first statement that names a door decides. The language: "
		    "doorward-policy(5).\n"
		    "# After a change, \"doorward check-policy\" tells whether all of it is "
		    "understood.\n",
		    on_line(out->arena, d->host ? d->host : "this host"),
		    dw_policy_date(out->arena, d->time));
}

const char *draft_text(const struct drafting *t)
{
	struct dw_str out = { .arena = t->a };

	add_head(&out, t->draft);
	add_roles(&out, t->draft);
	if (any_entry(t, true, DRAFT_NETWORK)) {
		dw_str_add(&out, "\n# Open now, and dangerous on any network.\n");
		add_entries(&out, t, true, DRAFT_NETWORK);
	}
	if (t->entries.n > 0)
		dw_str_add(
			&out,
			"\n# What else is here. Take the first \"#\" away where a door is needed, "
			"and\n"
			"# narrow who may reach it: \"from 192.168.1.0/24\", \"on loopback\".\n");
	add_section(&out, t, "Look into these before you keep them (\"doorward audit\" says why):",
		    DRAFT_SUSPECT);
	add_section(&out, t, "Networks can reach it:", DRAFT_NETWORK);
	add_section(&out, t, "This host alone can reach it:", DRAFT_LOOPBACK);
	add_section(&out, t, "Closed now; it opens at the next boot, or when it is asked for:",
		    DRAFT_ASLEEP);
	if (t->nameless.n > 0)
		dw_str_add(&out, "\n# Nothing lasting names these:\n");
	for (size_t i = 0; i < t->nameless.n; i++)
		dw_str_addf(&out, "#   %s\n", t->nameless.v[i]);
	dw_str_add(
		&out,
		"\n# And a door that no statement names? ask: it is for you to say. Once all that\n"
		"# is needed is kept, write \"default close\"; \"default report\" only lists it.\n"
		"default ask\n");
	return out.s;
}
