/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person decided about doors, into the policy's file. */
#include <errno.h>
#include <string.h>

#include "doorward/doorward.h"
#include "dw_policy_file.h"
#include "dw_policy_mark.h"
#include "dw_str.h"
#include "dw_write.h"
#include "facade-private.h"

#define FILE_MAX ((size_t)1024 * 1024) /* doorward-policy(5) */

struct doorward_policy_edit {
	struct dw_arena *arena;
	bool named;       /* a file of the running system, whatever the root is */
	const char *file; /* every link resolved, where it is there */
	struct dw_entry before;
	const char *after;
	struct dw_strings notes;
};

static int open_sys(const struct doorward *d, bool named, struct dw_sys **ret, struct dw_error *e)
{
	return named ? dw_sys_open(NULL, ret, e) : dw_facade_open_sys(d, ret, e);
}

static int read_file(struct dw_sys *s, const char *file, struct doorward_policy_edit *ret,
		     struct dw_error *e)
{
	char *real;
	int r = -ENOENT;

	ret->file = dw_arena_strdup(ret->arena, file);
	/* the link to a policy stays a link: what it leads to is edited */
	if (dw_sys_file_real(s, file, ret->arena, &real, NULL) == 0)
		ret->file = real;
	r = dw_sys_entry_read(s, ret->file, FILE_MAX, ret->arena, &ret->before, e);
	if (r < 0)
		return r;
	if (ret->before.type != DW_ENTRY_ABSENT && ret->before.type != DW_ENTRY_FILE)
		return dw_error_set(e, -EINVAL, "%s is no plain file: a policy is one", ret->file);
	if (memchr(ret->before.content.data ? ret->before.content.data : "", 0,
		   ret->before.content.n))
		return dw_error_set(e, -EBADMSG, "%s is no text", ret->file);
	return 0;
}

static const enum dw_marked meanings[] = {
	[DOORWARD_MARK_KEEP] = DW_MARKED_KEEP,         [DOORWARD_MARK_LAN] = DW_MARKED_LAN,
	[DOORWARD_MARK_LOOPBACK] = DW_MARKED_LOOPBACK, [DOORWARD_MARK_CLOSE] = DW_MARKED_CLOSE,
	[DOORWARD_MARK_ASK] = DW_MARKED_ASK,
};

static int fill_marks(const struct doorward_audit *audit, const struct doorward_mark *marks,
		      size_t n, struct dw_arena *a, struct dw_marking *m, struct dw_error *e)
{
	const struct dw_findings *f = audit->audit->findings;
	struct dw_draft_door *doors = dw_arena_array(a, f->n, sizeof(*doors));
	enum dw_marked *as = dw_arena_array(a, f->n, sizeof(*as));

	for (size_t i = 0; i < f->n; i++)
		doors[i] =
			(struct dw_draft_door){ .door = f->v[i].door,
						.service = f->v[i].identity.service,
						.guess = f->v[i].identity.by == DW_IDENTIFIED_PORT,
						.suspect =
							f->v[i].verdict == DW_VERDICT_INVESTIGATE };
	for (size_t i = 0; i < n; i++) {
		if (marks[i].door >= f->n || (size_t)marks[i].as >= DW_ARRAY_SIZE(meanings) ||
		    marks[i].as == 0)
			return dw_error_set(e, -EINVAL, "there is no such door, or no such mark");
		as[marks[i].door] = meanings[marks[i].as];
	}
	m->doors = doors;
	m->marks = as;
	m->n = f->n;
	return 0;
}

static int make_text(struct dw_sys *s, const struct doorward_audit *audit, struct dw_marking *m,
		     struct doorward_policy_edit *edit, struct dw_error *e)
{
	struct dw_policy_problems problems = { 0 };
	struct dw_policy_source *source = dw_new(edit->arena, struct dw_policy_source);
	int r = 0;

	m->knowledge = audit->audit->knowledge;
	*source = dw_policy_source_of(s);
	m->source = source;
	m->host = audit->audit->snapshot->host;
	m->time = audit->audit->snapshot->time;
	m->text = (struct dw_policy_text){ .name = edit->file, .bytes = edit->before.content };
	if (edit->before.type == DW_ENTRY_FILE && edit->before.content.n > 0)
		r = dw_policy_parse(s, &m->text, edit->arena, m->knowledge, &problems, &m->policy,
				    e);
	if (r < 0)
		return r;
	edit->after = dw_policy_mark(edit->arena, m, &problems, &edit->notes);
	if (!edit->after)
		return dw_policy_bad(&problems, e);
	if (strlen(edit->after) > FILE_MAX)
		return dw_error_set(e, -EFBIG, "%s would be longer than %zu KiB", edit->file,
				    FILE_MAX / 1024);
	return 0;
}

static int mark(struct doorward *d, struct doorward_audit *audit, const char *file,
		const struct doorward_mark *marks, size_t n, struct doorward_policy_edit *edit,
		struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_marking m = { 0 };
	int r = 0;

	edit->named = file != NULL;
	file = file ? file : DW_POLICY_FILE;
	if (edit->named)
		r = dw_policy_absolute(edit->arena, file, &file, e);
	if (r == 0)
		r = fill_marks(audit, marks, n, edit->arena, &m, e);
	if (r == 0)
		r = open_sys(d, edit->named, &s, e);
	if (r == 0)
		r = read_file(s, file, edit, e);
	return r < 0 ? r : make_text(s, audit, &m, edit, e);
}

int doorward_policy_mark(struct doorward *d, struct doorward_audit *a, const char *file,
			 const struct doorward_mark *marks, size_t n,
			 struct doorward_policy_edit **ret)
{
	struct dw_error *e = dw_facade_begin(d);
	struct dw_arena *arena = dw_arena_new();
	struct doorward_policy_edit *edit = dw_new(arena, struct doorward_policy_edit);
	int r;

	edit->arena = arena;
	r = mark(d, a, file, marks, n, edit, e);
	if (r < 0)
		doorward_policy_edit_free(edit);
	else
		*ret = edit;
	return r;
}

void doorward_policy_edit_free(struct doorward_policy_edit *e)
{
	if (e)
		dw_arena_free(e->arena); /* the object itself lies in it */
}

const char *doorward_policy_edit_file(const struct doorward_policy_edit *e)
{
	return e->file;
}

const char *doorward_policy_edit_before(const struct doorward_policy_edit *e)
{
	if (e->before.type == DW_ENTRY_ABSENT)
		return NULL;
	return e->before.content.data ? e->before.content.data : "";
}

const char *doorward_policy_edit_after(const struct doorward_policy_edit *e)
{
	return e->after;
}

const char *doorward_policy_edit_note(const struct doorward_policy_edit *e, size_t i)
{
	return i < e->notes.n ? e->notes.v[i] : NULL;
}

int doorward_policy_edit_write(struct doorward *d, const struct doorward_policy_edit *edit)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error *e = dw_facade_begin(d);
	struct dw_entry now = { 0 }, want = edit->before;
	int r = open_sys(d, edit->named, &s, e);

	if (r == 0)
		r = dw_sys_entry_read(s, edit->file, FILE_MAX, a, &now, e);
	if (r < 0)
		return r;
	if (now.type != edit->before.type || !dw_bytes_equal(&now.content, &edit->before.content))
		return dw_error_set(e, -ESTALE,
				    "%s was changed meanwhile; nothing was "
				    "written: read it again",
				    edit->file);
	if (now.type == DW_ENTRY_ABSENT)
		return doorward_policy_create(d, edit->named ? edit->file : NULL, edit->after);
	want.content = (struct dw_bytes){ .data = (char *)edit->after, .n = strlen(edit->after) };
	want.mtime_s = 0; /* 0: it is changed now */
	want.mtime_ns = 0;
	return dw_sys_entry_write(s, edit->file, &want, e);
}
