/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Levers that are entries of the file system: links, lines, whole files, permission bits. */
#include <errno.h>

#include "dw_state.h"
#include "levers.h"

static struct dw_lever lever_of(const char *path, const struct lever_words *w)
{
	return (struct dw_lever){
		.phase = DW_PHASE_BOOT,
		.manager = "file",
		.object = path,
		.label = w->label,
		.why = w->why,
		.source = w->source,
		.command = w->command,
		.undo_command = w->undo_command,
		.notify = w->notify,
		.takes = w->takes,
	};
}

struct dw_lever *dw_levers_entry(struct levering *l, const char *path, const char *off,
				 const struct lever_words *w)
{
	struct dw_lever v = lever_of(path, w);

	v.off.text = off;
	return dw_levers_add(l, &v);
}

void dw_levers_make_file(struct levering *l, const char *path, const char *content,
			 const struct lever_words *w)
{
	struct dw_lever v = lever_of(path, w);

	v.off.data = (struct dw_bytes){ .data = dw_arena_strdup(l->arena, content),
					.n = strlen(content) };
	v.off.text = dw_state_file_text(l->arena, 0644, 0, 0, &v.off.data, NULL);
	(void)dw_levers_add(l, &v);
}

/* --- what a file is now --------------------------------------------------------------------------- */

static bool read_file(struct levering *l, const char *path, struct dw_state *ret)
{
	const struct dw_switch_ops *ops = dw_switch_find("file");
	struct dw_error e = { 0 };

	if (!ops || ops->state(l->sw, path, ret, &e) < 0) {
		dw_levers_cannot(l, "%s cannot be looked at (%s), so nothing is changed.", path,
				 *e.message ? e.message : "nothing here knows how");
		return false;
	}
	if (dw_starts_with(ret->text, "link "))
		dw_levers_cannot(l, "%s is a link (%s): the file behind it is edited by hand.",
				 path, ret->text + 5);
	else if (!dw_starts_with(ret->text, "file "))
		dw_levers_cannot(l, "%s is no file now (%s).", path, ret->text);
	return dw_starts_with(ret->text, "file ");
}

bool dw_levers_content(struct levering *l, const char *path, struct dw_bytes *ret)
{
	struct dw_state now = { 0 };

	if (!read_file(l, path, &now))
		return false;
	*ret = now.data;
	return true;
}

/* --- edits ---------------------------------------------------------------------------------------- */

void dw_levers_edit(struct levering *l, const char *path, const struct dw_edits *edits,
		    const struct lever_words *w)
{
	struct dw_lever v = lever_of(path, w);

	if (!read_file(l, path, &v.now))
		return;
	if (!dw_edits_apply(l->arena, &v.now.data, edits->v, edits->n, &v.off.data, NULL)) {
		dw_levers_cannot(l, "%s changed while it was looked at.", path);
		return;
	}
	v.off.text = dw_state_file_with(l->arena, v.now.text, &v.off.data);
	v.edits = edits->v;
	v.n_edits = edits->n;
	(void)dw_levers_add(l, &v);
}

bool dw_levers_comment_line(struct levering *l, const char *file, unsigned line, const char *mark,
			    const struct lever_words *w)
{
	struct dw_edits edits = { 0 };
	struct lever_words words = *w;
	struct dw_bytes text = { 0 };
	struct dw_edit one;
	const char *word = dw_levers_operand(l->arena, file);

	if (!dw_levers_content(l, file, &text))
		return false;
	if (!mark) {
		if (!dw_levers_comment_shell(l->arena, &text, line, &edits)) {
			dw_levers_cannot(l,
					 "Line %u of %s is no command that a comment would take "
					 "away: it is edited by hand.",
					 line, file);
			return false;
		}
	} else if (dw_levers_comment(l->arena, &text, line, mark, &one)) {
		*dw_vec_add(l->arena, &edits) = one;
	} else {
		dw_levers_cannot(l, "Line %u of %s is no active line (any more).", line, file);
		return false;
	}
	if (!words.command && mark && edits.n == 1) {
		words.command =
			dw_arena_printf(l->arena, "sed -i '%us/^/%s/' %s", line, mark, word);
		words.undo_command =
			dw_arena_printf(l->arena, "sed -i '%us/^%s//' %s", line, mark, word);
	}
	dw_levers_edit(l, file, &edits, &words);
	return true;
}

bool dw_levers_take_mode(struct levering *l, const char *path, unsigned bits,
			 const struct lever_words *w)
{
	struct dw_lever v = lever_of(path, w);

	if (!read_file(l, path, &v.now))
		return false;
	v.off.data = v.now.data;
	v.off.text = dw_state_file_without(l->arena, v.now.text, bits);
	(void)dw_levers_add(l, &v);
	return true;
}
