/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sshd_config(5), whose includes are the same text again, and what sshd -T says. */
#include <string.h>

#include "sshd.h"

static bool open_again(void *data, struct dw_arena *a, const char *pattern, const char ***ret_names,
		       struct dw_bytes **ret, size_t *ret_n)
{
	*ret_names = dw_arena_array(a, 1, sizeof(**ret_names));
	(*ret_names)[0] = pattern;
	*ret = data;
	*ret_n = 1;
	return strlen(pattern) % 2 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	const struct sshd_opener opener = { .open = open_again, .data = &text };
	struct sshd_case stated = { 0 };
	struct host_sshd s = { 0 };

	if (size > 0)
		memcpy(text.data, data, size);
	sshd_parse(a, "/etc/ssh/sshd_config", &text, size < 256 ? &opener : NULL, &s.file);
	for (size_t i = 0; i < s.file.lines.n; i++) {
		const struct sshd_line *line = &s.file.lines.v[i];

		if (!line->key[0] || !line->line || !line->value)
			__builtin_trap();
		(void)sshd_line_of(&s, line->key);
	}
	sshd_parse_stated(a, &text, &stated);
	for (size_t i = 0; i < stated.pairs.n; i++)
		if (!sshd_value(&stated, stated.pairs.v[i].key))
			__builtin_trap();
	return 0;
}
