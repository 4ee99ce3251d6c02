/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists, md5sums and diversions; the file's first line is what is looked for. */
#include <string.h>

#include "packages.h"

static void found(void *arg, size_t query, const char *line, size_t length, bool alias)
{
	const struct dw_bytes *text = arg;

	if (query != 0 || line < text->data || line + length > text->data + text->n || length == 0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_usrmerge merge = { .linked = { true, true, true } };
	struct dw_dpkg_wanted *w = dw_dpkg_wanted_new(a, &merge);
	struct dw_dpkg_diversions diversions;
	struct dw_digest digest;
	const char *path;

	if (size > 0)
		memcpy(text.data, data, size);
	path = dw_arena_strndup(a, text.data, strcspn(text.data, "\n"));
	dw_dpkg_wanted_add(w, path, 0, NULL, "other");
	dw_dpkg_scan_list(w, text.data, text.n, "package", found, &text);
	dw_dpkg_wanted_free(w);
	(void)dw_dpkg_md5_of(&text, path, &digest);
	dw_dpkg_parse_diversions(a, &text, &diversions);
	return 0;
}
