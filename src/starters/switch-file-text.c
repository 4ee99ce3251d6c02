/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands at a name of the file system, as a text (dw_lever.h), and the other way. The text has a digest of the
 * content, so two states are the same when their texts are; the content itself goes beside it.
 */
#include <inttypes.h>

#include "dw_state.h"
#include "switch-file.h"

#define XATTRS_MAX 64
#define MTIME      "mtime="
#define OWNER      "owner="

/* --- an entry as a text --------------------------------------------------------------------------- */

static void add_hex(struct dw_str *b, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dw_str_addf(b, "%02x", p[i]);
}

/* Printable ASCII as it is, but for the backslash (and `also`); all else as \xNN. */
static void add_escaped(struct dw_str *b, const char *s, const char *also)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ' || c > '~' || c == '\\' || strchr(also, c))
			dw_str_addf(b, "\\x%02x", c);
		else
			dw_str_addc(b, *s);
	}
}

static const char *xattrs_text(struct dw_arena *a, const struct dw_entry *entry)
{
	struct dw_str b = { .arena = a };

	for (size_t i = 0; i < entry->n_xattrs; i++) {
		const struct dw_xattr *x = &entry->xattrs[i];

		dw_str_add(&b, i ? " xattr:" : "xattr:");
		add_escaped(&b, x->name, " =");
		dw_str_addc(&b, '=');
		add_hex(&b, (const uint8_t *)x->value.data, x->value.n);
	}
	return b.s;
}

static const char *hint_of(struct dw_arena *a, const struct dw_entry *entry)
{
	return dw_arena_printf(a, MTIME "%" PRId64 ".%09u", entry->mtime_s, entry->mtime_ns);
}

bool dw_switch_file_state(struct dw_arena *a, const struct dw_entry *entry, struct dw_state *ret)
{
	struct dw_str b = { .arena = a };

	switch (entry->type) {
	case DW_ENTRY_ABSENT:
		*ret = dw_switch_word("absent");
		return true;
	case DW_ENTRY_LINK:
		dw_str_add(&b, "link ");
		add_escaped(&b, entry->target, "");
		*ret = dw_switch_word(b.s);
		/* below a home: root's is the rule, and goes without saying */
		if (entry->uid || entry->gid)
			ret->hint = dw_arena_printf(a, OWNER "%u:%u", entry->uid, entry->gid);
		return true;
	case DW_ENTRY_DIRECTORY:
		*ret = dw_switch_word(dw_arena_printf(a, "directory %04o %u:%u",
						      (unsigned)entry->mode & 07777, entry->uid,
						      entry->gid));
		return true;
	case DW_ENTRY_FILE:
		*ret = (struct dw_state){
			.text = dw_state_file_text(a, entry->mode, entry->uid, entry->gid,
						   &entry->content, xattrs_text(a, entry)),
			.data = entry->content,
			.hint = hint_of(a, entry),
		};
		return true;
	case DW_ENTRY_OTHER:
		break;
	}
	return false;
}

/* --- a text as an entry --------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* n bytes of \xNN, undone; NULL: no such text, or a NUL in it. */
static const char *unescape(struct dw_arena *a, const char *s, size_t n)
{
	struct dw_str b = { .arena = a };

	dw_str_add(&b, "");
	for (size_t i = 0; i < n; i++) {
		int high, low;

		if (s[i] != '\\') {
			dw_str_addc(&b, s[i]);
			continue;
		}
		if (n - i < 4 || s[i + 1] != 'x' || (high = hex_digit(s[i + 2])) < 0 ||
		    (low = hex_digit(s[i + 3])) < 0 || high + low == 0)
			return NULL;
		dw_str_addc(&b, (char)(high << 4 | low));
		i += 3;
	}
	return b.s;
}

static bool parse_mode(const char *word, mode_t *ret)
{
	mode_t mode = 0;
	size_t n = word ? strlen(word) : 0;

	if (n != 4 || strspn(word, "01234567") != n)
		return false;
	for (size_t i = 0; i < n; i++)
		mode = mode << 3 | (mode_t)(word[i] - '0');
	*ret = mode;
	return true;
}

static bool parse_owner(const char *word, struct dw_entry *ret)
{
	const char *colon = word ? strchr(word, ':') : NULL;
	uint64_t uid, gid;

	if (!colon || !dw_parse_u64n(word, (size_t)(colon - word), 10, UINT32_MAX - 1, &uid) ||
	    !dw_parse_u64(colon + 1, 10, UINT32_MAX - 1, &gid))
		return false;
	ret->uid = (uint32_t)uid;
	ret->gid = (uint32_t)gid;
	return true;
}

/* "xattr:NAME=HEX" */
static bool parse_xattr(struct dw_arena *a, const char *word, struct dw_xattr *ret)
{
	const char *eq = dw_starts_with(word, "xattr:") ? strchr(word, '=') : NULL;
	size_t n = eq ? strlen(eq + 1) / 2 : 0;
	char *value;

	if (!eq || strlen(eq + 1) % 2 != 0)
		return false;
	ret->name = unescape(a, word + 6, (size_t)(eq - word) - 6);
	value = dw_arena_alloc(a, n + 1);
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(eq[1 + 2 * i]), low = hex_digit(eq[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		value[i] = (char)(high << 4 | low);
	}
	ret->value = (struct dw_bytes){ .data = value, .n = n };
	return ret->name && *ret->name;
}

static bool parse_xattrs(struct dw_arena *a, char *rest, struct dw_entry *ret)
{
	DW_VEC(struct dw_xattr) v = { 0 };
	char *word;

	while ((word = dw_word_next(&rest)) != NULL) {
		struct dw_xattr x = { 0 };

		if (v.n == XATTRS_MAX || !parse_xattr(a, word, &x))
			return false;
		dw_vec_push(a, &v, x);
	}
	ret->xattrs = v.v;
	ret->n_xattrs = v.n;
	return true;
}

/* "mtime=SECONDS.NANOSECONDS", seconds perhaps before 1970. */
static bool parse_hint(const char *hint, struct dw_entry *ret)
{
	const char *at = hint && dw_starts_with(hint, MTIME) ? hint + strlen(MTIME) : NULL;
	const char *dot = at ? strchr(at, '.') : NULL;
	bool before = at && *at == '-';
	uint64_t s, ns;

	if (!dot || !dw_parse_u64n(at + before, (size_t)(dot - at) - before, 10, INT64_MAX, &s) ||
	    !dw_parse_u64(dot + 1, 10, 999999999, &ns))
		return false;
	ret->mtime_s = before ? -(int64_t)s : (int64_t)s;
	ret->mtime_ns = (uint32_t)ns;
	return true;
}

/* Says the text of the entry what `want` says? Then the content is the one that was meant, too. */
static bool is_same(struct dw_arena *a, const struct dw_entry *entry, const char *text)
{
	struct dw_state again = { 0 };

	return dw_switch_file_state(a, entry, &again) && dw_streq(again.text, text);
}

static bool parse_words(struct dw_arena *a, const struct dw_state *want, struct dw_entry *ret)
{
	char *rest = dw_arena_strdup(a, want->text), *kind = dw_word_next(&rest);

	ret->type = kind && dw_streq(kind, "file") ? DW_ENTRY_FILE : DW_ENTRY_DIRECTORY;
	if (!kind || (ret->type == DW_ENTRY_DIRECTORY && !dw_streq(kind, "directory")) ||
	    !parse_mode(dw_word_next(&rest), &ret->mode) || !parse_owner(dw_word_next(&rest), ret))
		return false;
	(void)parse_hint(want->hint, ret); /* none: the time is that of the change */
	if (ret->type == DW_ENTRY_DIRECTORY)
		return true;
	ret->content = want->data;
	/* size and digest: compared as a whole in the end */
	return dw_word_next(&rest) && dw_word_next(&rest) && parse_xattrs(a, rest, ret);
}

/* "owner=UID:GID" of a link; without: root. */
static bool link_owner(struct dw_arena *a, const char *hint, struct dw_entry *ret)
{
	return !hint || (dw_starts_with(hint, OWNER) &&
			 parse_owner(dw_arena_strdup(a, hint + strlen(OWNER)), ret));
}

bool dw_switch_file_entry(struct dw_arena *a, const struct dw_state *want, struct dw_entry *ret)
{
	struct dw_entry entry = { 0 };
	bool good;

	if (!want->text)
		return false;
	if (dw_streq(want->text, "absent")) {
		good = true;
	} else if (dw_starts_with(want->text, "link ")) {
		entry.type = DW_ENTRY_LINK;
		entry.target = unescape(a, want->text + 5, strlen(want->text + 5));
		good = entry.target && *entry.target && link_owner(a, want->hint, &entry);
	} else {
		good = parse_words(a, want, &entry);
	}
	if (!good || !is_same(a, &entry, want->text))
		return false;
	*ret = entry;
	return true;
}
