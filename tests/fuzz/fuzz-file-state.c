/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of an entry of the file system, as a journal gives it back: the first line is the text, the second the hint
 * (its time), the rest the content. With "=" for a digest it is that of the content, so that the fuzzer gets by it.
 */
#include <stdint.h>
#include <string.h>

#include "dw_sha256.h"
#include "switch-file.h"

static const char *line_of(struct dw_arena *a, struct dw_lines *it)
{
	const char *line;
	size_t n;

	return dw_lines_next(it, &line, &n) ? dw_arena_strndup(a, line, n) : NULL;
}

/* "sha256:=" -> the digest. */
static const char *text_of(struct dw_arena *a, const char *line, const struct dw_bytes *content)
{
	const char *at = line ? strstr(line, "sha256:=") : NULL;
	char hex[DW_SHA256_HEX + 1];

	if (!at)
		return line;
	dw_sha256_hex(content->data, content->n, hex);
	return dw_arena_printf(a, "%.*ssha256:%s%s", (int)(at - line), line, hex, at + 8);
}

/* What can be read stands for one state: its text is the one that was read, and it has what it names. */
static void check(struct dw_arena *a, const struct dw_state *want, const struct dw_entry *entry)
{
	struct dw_state again = { 0 };

	if (!dw_switch_file_state(a, entry, &again) || strcmp(again.text, want->text) != 0)
		__builtin_trap();
	if (entry->type == DW_ENTRY_FILE && (entry->content.n != want->data.n || !again.hint))
		__builtin_trap();
	if (entry->type == DW_ENTRY_LINK && (!entry->target || !*entry->target))
		__builtin_trap();
	for (size_t i = 0; i < entry->n_xattrs; i++)
		if (!entry->xattrs[i].name || !*entry->xattrs[i].name)
			__builtin_trap();
	if (entry->mode > 07777 || entry->uid == UINT32_MAX || entry->gid == UINT32_MAX)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes all = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_entry entry = { 0 };
	struct dw_state want = { 0 };
	struct dw_lines it;
	const char *line;

	if (size > 0)
		memcpy(all.data, data, size);
	it = dw_lines_of(&all);
	line = line_of(a, &it);
	want.hint = line_of(a, &it);
	want.data = (struct dw_bytes){ .data = it.p ? all.data + (it.p - all.data) : NULL,
				       .n = it.p ? (size_t)(it.end - it.p) : 0 };
	want.text = text_of(a, line, &want.data);
	if (dw_switch_file_entry(a, &want, &entry))
		check(a, &want, &entry);
	return 0;
}
