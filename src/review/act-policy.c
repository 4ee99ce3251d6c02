/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Marks become statements of the policy: shown first, then written. */
#include <errno.h>
#include <stdio.h>

#include "app.h"
#include "diff.h"
#include "dw_macros.h"

static const enum doorward_marked meanings[REVIEW_MARK_COUNT] = {
	[REVIEW_KEEP] = DOORWARD_MARK_KEEP,         [REVIEW_LAN] = DOORWARD_MARK_LAN,
	[REVIEW_LOOPBACK] = DOORWARD_MARK_LOOPBACK, [REVIEW_CLOSE] = DOORWARD_MARK_CLOSE,
	[REVIEW_ASK] = DOORWARD_MARK_ASK,
};

static size_t collect(const struct review_app *r, struct doorward_mark *marks)
{
	size_t n = 0;

	for (size_t i = 0; i < review_list_count(r->list); i++) {
		const struct review_door *d = review_list_door(r->list, i);
		enum review_mark m = review_list_marked(r->list, d);

		for (size_t k = 0; m != REVIEW_UNMARKED && k < d->n_doors; k++)
			marks[n++] =
				(struct doorward_mark){ .door = d->doors[k], .as = meanings[m] };
	}
	return n;
}

static int make_edit(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct doorward_mark *marks =
		dw_arena_array(a, review_list_count(r->list) * REVIEW_SAME_MAX + 1, sizeof(*marks));
	size_t n = collect(r, marks);

	doorward_policy_edit_free(r->edit);
	r->edit = NULL;
	return doorward_policy_mark(r->o->files, r->audit, r->o->policy, marks, n, &r->edit);
}

static const char *shown_file(const struct review_app *r, struct dw_arena *a)
{
	const char *file = doorward_policy_edit_file(r->edit);

	return dw_escape_terminal(a, file, strlen(file));
}

static bool write_text(const struct review_app *r, struct dw_str *text)
{
	bool any;

	for (size_t i = 0; doorward_policy_edit_note(r->edit, i); i++) {
		const char *note = doorward_policy_edit_note(r->edit, i);

		dw_str_addf(text, "! %s\n", dw_escape_terminal(text->arena, note, strlen(note)));
	}
	if (text->n)
		dw_str_addc(text, '\n');
	any = review_diff(doorward_policy_edit_before(r->edit), doorward_policy_edit_after(r->edit),
			  text);
	if (!any)
		dw_str_add(text, "Nothing in the policy has to change for these marks.\n");
	return any;
}

void review_policy_show(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str text = { .arena = a };
	struct doorward_policy_edit *edit;
	char *copy;
	bool any;

	if (review_list_marks(r->list) == 0 || !r->audit) {
		review_say(r, "Nothing is marked: k keep, r restrict, c close, a ask.");
		return;
	}
	if (make_edit(r) < 0) {
		review_complain(r, "%s", doorward_last_error(r->o->files));
		return;
	}
	any = write_text(r, &text);
	copy = strdup(text.s);
	edit = r->edit;
	r->edit = NULL; /* opening a page drops the edit of the one before */
	review_page_open(r, any ? REVIEW_IN_POLICY : REVIEW_IN_PAGE, "", copy);
	r->edit = edit;
	free(r->page.title);
	if (asprintf(&r->page.title, "%s %s: not written yet",
		     doorward_policy_edit_before(edit) ? "Changes of" : "A new policy,",
		     shown_file(r, a)) < 0)
		dw_oom();
	r->page.diff = true;
}

void review_policy_write(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *file = shown_file(r, a);
	int code = doorward_policy_edit_write(r->o->files, r->edit);

	if (code == -EACCES || code == -EPERM)
		review_complain(r, "%s%s", doorward_last_error(r->o->files),
				r->o->root ? ""
					   : ": only its owner may write it: sudo doorward review");
	else if (code < 0)
		review_complain(r, "%s", doorward_last_error(r->o->files));
	if (code < 0)
		return;
	review_page_close(r);
	review_list_unmark_all(r->list);
	review_say(r, "%s is written. The verdicts follow it from now on.", file);
	r->look_now = true;
}
