/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another user in a line: the first two bytes say which. One line changes, in one place, and takes back exactly. */
#include <stdint.h>
#include <string.h>

#include "dw_state.h"
#include "levers-user.h"

static void check(struct dw_arena *a, const struct dw_bytes *text, const struct dw_edits *edits)
{
	const struct dw_edit *e = edits->v;
	struct dw_bytes out = { 0 };

	if (edits->n != 1 || !e->line || !e->old || !e->fresh ||
	    !dw_edits_apply(a, text, e, 1, &out, NULL) || out.n != text->n + 2 ||
	    strlen(e->fresh) != strlen(e->old) + 2 || !strstr(e->fresh, "nobody") ||
	    !strstr(e->old, "root"))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const options[] = { "-s", "--secure", NULL };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_edits one = { 0 }, other = { 0 };
	struct dw_bytes text;
	unsigned line;

	if (size < 2)
		return 0;
	line = data[0] | (unsigned)data[1] << 8;
	text = (struct dw_bytes){ .data = dw_arena_alloc(a, size - 1), .n = size - 2 };
	memcpy(text.data, data + 2, size - 2);
	text.data[text.n] = '\0';
	if (dw_user_inetd_edit(a, &text, line, "nobody", &one))
		check(a, &text, &one);
	if (dw_user_xinetd_edit(a, &text, line, "nobody", &other))
		check(a, &text, &other);
	(void)dw_user_has_option(a, dw_user_xinetd_value(a, &text, line, "server_args"), options);
	return 0;
}
