/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of one field of one account: NAME/shell in passwd(5), NAME/password in shadow(5). Only that field is ever
 * written, under the locks that shadow's own tools take, so what others change meanwhile stays. No hash is read into a
 * state: a password is "empty", "locked" (the field is "!") or "set", and only the first two can be wanted.
 */
#include <errno.h>
#include <inttypes.h>

#include "dw_account.h"
#include "dw_sha256.h"
#include "dw_write.h"
#include "switch.h"

#define NO_SHELL "none" /* the field is empty; a path begins with a slash */

struct field {
	const char *name; /* of the account */
	const char *file; /* below /etc */
	unsigned column;  /* from 0 */
	bool password;
};

static bool field_of(struct dw_switch *s, const char *object, struct field *ret)
{
	static const struct {
		const char *what, *file;
		unsigned column;
		bool password;
	} kinds[] = { { "shell", "passwd", 6, false }, { "password", "shadow", 1, true } };
	const char *slash = strrchr(object, '/');

	for (size_t i = 0; slash && slash > object && i < DW_ARRAY_SIZE(kinds); i++)
		if (dw_streq(slash + 1, kinds[i].what)) {
			*ret = (struct field){ .name = dw_arena_strndup(s->arena, object,
									(size_t)(slash - object)),
					       .file = kinds[i].file,
					       .column = kinds[i].column,
					       .password = kinds[i].password };
			return true;
		}
	return false;
}

static int no_field(const char *object, struct dw_error *e)
{
	return dw_error_set(e, -EINVAL, "%.100s is no field of an account", object);
}

static const char *path_of(struct dw_switch *s, const struct field *f)
{
	return dw_arena_printf(s->arena, "/etc/%s", f->file);
}

/* The place of the field in the text: that of the first line of that name, as getpwnam(3) finds it. */
static bool find(const struct dw_bytes *text, const struct field *f, size_t *ret_at, size_t *ret_n)
{
	struct dw_lines it = dw_lines_of(text);
	size_t n, length = strlen(f->name);
	const char *line;

	while (dw_lines_next(&it, &line, &n)) {
		const char *p = line, *end = line + n, *colon;

		if (n <= length || memcmp(line, f->name, length) != 0 || line[length] != ':')
			continue;
		for (unsigned i = 0; i < f->column && p; i++) {
			p = memchr(p, ':', (size_t)(end - p));
			p = p ? p + 1 : NULL;
		}
		if (!p)
			return false;
		colon = memchr(p, ':', (size_t)(end - p));
		*ret_at = (size_t)(p - text->data);
		*ret_n = (size_t)((colon ? colon : end) - p);
		return true;
	}
	return false;
}

static const char *word_of(struct dw_switch *s, const struct field *f, const char *value, size_t n)
{
	if (f->password)
		return n == 0 ? "empty" : n == 1 && *value == '!' ? "locked" : "set";
	return n == 0 ? NO_SHELL : dw_arena_strndup(s->arena, value, n);
}

static int read_field(struct dw_switch *s, const struct field *f, struct dw_entry *entry,
		      size_t *at, size_t *n, struct dw_error *e)
{
	int r = dw_sys_entry_read(s->sys, path_of(s, f), DW_FILE_MAX, s->arena, entry, e);

	if (r < 0)
		return r;
	return entry->type == DW_ENTRY_FILE && find(&entry->content, f, at, n) ? 1 : 0;
}

/* When the file was written, and what it was then: once it is that again, it was not written since. */
static const char *hint_of(struct dw_switch *s, const struct dw_entry *entry)
{
	char hex[DW_SHA256_HEX + 1];

	dw_sha256_hex(entry->content.data, entry->content.n, hex);
	return dw_arena_printf(s->arena, "mtime=%" PRId64 ".%09u of %s", entry->mtime_s,
			       entry->mtime_ns, hex);
}

static void set_time(struct dw_switch *s, struct dw_entry *entry, const char *hint)
{
	const char *at = hint && dw_starts_with(hint, "mtime=") ? hint + strlen("mtime=") : "";
	size_t n = strcspn(at, ".");
	struct dw_entry was = *entry;
	uint64_t seconds, nanoseconds;

	entry->mtime_s = 0;
	entry->mtime_ns = 0;
	if (!at[n] || !dw_parse_u64n(at, n, 10, INT64_MAX, &seconds) ||
	    !dw_parse_u64n(at + n + 1, strspn(at + n + 1, "0123456789"), 10, 999999999,
			   &nanoseconds))
		return;
	was.mtime_s = (int64_t)seconds;
	was.mtime_ns = (uint32_t)nanoseconds;
	if (dw_streq0(hint_of(s, &was), hint))
		*entry = was;
}

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	struct dw_entry entry = { 0 };
	struct field f = { 0 };
	size_t at = 0, n = 0;
	int r;

	if (!field_of(s, object, &f))
		return no_field(object, e);
	r = read_field(s, &f, &entry, &at, &n, e);
	if (r < 0)
		return r;
	*ret = dw_switch_word(r == 0 ? "absent" : word_of(s, &f, entry.content.data + at, n));
	if (r > 0)
		ret->hint = hint_of(s, &entry);
	return 0;
}

/* What the field is to hold; NULL: no such state can be wanted. */
static const char *value_of(const struct field *f, const char *word)
{
	if (f->password)
		return dw_streq(word, "empty") ? "" : dw_streq(word, "locked") ? "!" : NULL;
	if (dw_streq(word, NO_SHELL))
		return "";
	return word[0] == '/' && !strpbrk(word, ":\n") ? word : NULL;
}

/* Under the lock: what somebody wrote since is read anew. */
static int write_field(struct dw_switch *s, const char *object, const struct field *f,
		       const char *word, const struct dw_state *want, struct dw_error *e)
{
	const char *value = value_of(f, want->text);
	struct dw_str text = { .arena = s->arena };
	struct dw_entry entry = { 0 };
	size_t at = 0, n = 0;
	const char *now;
	int r = read_field(s, f, &entry, &at, &n, e);

	if (r < 0)
		return r;
	if (r == 0)
		return dw_error_set(e, -ENOTSUP, "there is no account %s in /etc/%s", f->name,
				    f->file);
	now = word_of(s, f, entry.content.data + at, n);
	if (dw_streq(now, want->text))
		return 0;
	if (!value || (word && !dw_streq(now, word)))
		return value ? dw_error_set(e, -ESTALE, "%s was changed by somebody else meanwhile",
					    object)
			     : dw_switch_unknown(object, want, e);
	dw_str_addn(&text, entry.content.data, at);
	dw_str_add(&text, value);
	dw_str_addn(&text, entry.content.data + at + n, entry.content.n - at - n);
	entry.content = (struct dw_bytes){ .data = text.s, .n = text.n };
	set_time(s, &entry, want->hint);
	return dw_sys_entry_write(s->sys, path_of(s, f), &entry, e);
}

static int set(struct dw_switch *s, const char *object, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	struct dw_account_lock lock = { .fd = -1, .etc = -1 };
	struct field f = { 0 };
	int r;

	if (!field_of(s, object, &f))
		return no_field(object, e);
	if (!want->text)
		return dw_switch_unknown(object, want, e);
	r = dw_sys_account_lock(s->sys, f.file, &lock, e);
	if (r < 0)
		return r;
	r = write_field(s, object, &f, from ? from->text : NULL, want, e);
	dw_sys_account_unlock(&lock);
	return r;
}

const struct dw_switch_ops dw_switch_account = { .name = "account", .state = state, .set = set };
