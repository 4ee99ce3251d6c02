/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words of hosts and ports: first line targets, second what is excluded, third ports. */
#include <stdint.h>
#include <string.h>

#include "dw_knowledge.h"
#include "dw_parse.h"
#include "dw_spec.h"
#include "dw_str.h"
#include "dw_sys.h"

static struct dw_strings words_of(struct dw_lines *lines, struct dw_arena *a)
{
	char *line = dw_lines_next_trimmed(lines, a);
	struct dw_strings out = { 0 };

	for (const char *word; line && (word = dw_word_next(&line)) != NULL;)
		if (*word != '@') /* the fuzzer would find the machine's files */
			dw_vec_push(a, &out, word);
	return out;
}

static void check_targets(struct dw_sys *s, const struct dw_strings *in,
			  const struct dw_strings *out, struct dw_arena *a)
{
	struct dw_spec_targets t, gone;
	struct dw_strings notes = { 0 };
	struct dw_address address;
	const char *name;

	if (dw_spec_targets_read(s, in->v, in->n, out->v, out->n, 0, a, &t, &notes, NULL) < 0)
		return;
	for (size_t i = 0; i < t.n; i++)
		if (dw_address_compare(&t.ranges[i].first, &t.ranges[i].last) > 0 ||
		    (i > 0 && dw_address_compare(&t.ranges[i - 1].last, &t.ranges[i].first) >= 0 &&
		     t.ranges[i - 1].first.scope == t.ranges[i].first.scope))
			__builtin_trap();
	for (uint64_t i = 0; i < t.hosts && i < 300; i++) {
		dw_spec_target_at(&t, i, &address, &name);
		if (!dw_spec_targets_have(&t, &address))
			__builtin_trap();
	}
	/* nothing is left of what is excluded */
	if (dw_spec_targets_read(s, in->v, in->n, in->v, in->n, 0, a, &gone, &notes, NULL) == 0 &&
	    gone.hosts != 0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dw_knowledge none;
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_bytes bytes = { .data = dw_arena_strndup(a, size ? (const char *)data : "", size),
				  .n = size };
	struct dw_lines lines = dw_lines_of(&bytes);
	struct dw_strings in, out;
	struct dw_spec_ports ports, again;
	const char *line;

	/* a root that is not there to be looked up in: names are not asked of anybody */
	if (size > 4096 || dw_sys_open("/proc/self/fdinfo", &s, NULL) < 0)
		return 0;
	in = words_of(&lines, a);
	out = words_of(&lines, a);
	check_targets(s, &in, &out, a);
	line = dw_lines_next_trimmed(&lines, a);
	if (line && dw_spec_ports_read(s, &none, DW_PROTOCOL_TCP, line, a, &ports, NULL) == 0 &&
	    (dw_spec_ports_read(s, &none, DW_PROTOCOL_TCP, dw_spec_ports_text(&ports, a), a, &again,
				NULL) < 0 ||
	     again.n != ports.n))
		__builtin_trap();
	return 0;
}
