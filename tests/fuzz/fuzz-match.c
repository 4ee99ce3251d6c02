/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of shell against a command line: the input is a script, its first line also the command line. */
#include <stdint.h>
#include <string.h>

#include "dw_str.h"
#include "match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_procinfo p = { .comm = "x", .exe = "/usr/bin/python3.11" };
	const char *argv[17] = { NULL };
	struct dw_match_process m;
	unsigned line = 0;
	char *words, *word;

	if (size)
		memcpy(text.data, data, size);
	words = dw_arena_strndup(a, text.data, strcspn(text.data, "\n"));
	while (p.argc < 16 && (word = dw_word_next(&words)))
		argv[p.argc++] = word;
	p.argv = argv;
	m = dw_match_process(a, &p);
	if (dw_match_text(NULL, a, &m, &text, &line).score && !line)
		__builtin_trap();
	p.exe = "/usr/bin/nc";
	m = dw_match_process(a, &p);
	(void)dw_match_text(NULL, a, &m, &text, &line);
	return 0;
}
