/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <dlfcn.h>
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "dw_arena.h"
#include "identify_pattern.h"

/* What one match may cost: a thousandth of a second or so, and no more memory than a page or two of frames. */
#define STEPS_MAX  100000U
#define DEPTH_MAX  2000U
#define HEAP_KIB   4096U
#define LONGEST    16384U /* of a pattern */

static struct {
	void *handle;
	pcre2_code *(*compile)(PCRE2_SPTR, PCRE2_SIZE, uint32_t, int *, PCRE2_SIZE *,
			       pcre2_compile_context *);
	void (*code_free)(pcre2_code *);
	int (*error_message)(int, PCRE2_UCHAR *, PCRE2_SIZE);
	pcre2_match_context *(*context)(pcre2_general_context *);
	int (*match_limit)(pcre2_match_context *, uint32_t);
	int (*depth_limit)(pcre2_match_context *, uint32_t);
	int (*heap_limit)(pcre2_match_context *, uint32_t);
	pcre2_match_data *(*data)(uint32_t, pcre2_general_context *);
	int (*match)(const pcre2_code *, PCRE2_SPTR, PCRE2_SIZE, PCRE2_SIZE, uint32_t,
		     pcre2_match_data *, pcre2_match_context *);
	PCRE2_SIZE *(*ovector)(pcre2_match_data *);
	pcre2_match_context *limits;
	pcre2_match_data *room;
} lib;

static int find_symbols(struct dw_error *e)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "pcre2_compile_8", &lib.compile },
		{ "pcre2_code_free_8", &lib.code_free },
		{ "pcre2_get_error_message_8", &lib.error_message },
		{ "pcre2_match_context_create_8", &lib.context },
		{ "pcre2_set_match_limit_8", &lib.match_limit },
		{ "pcre2_set_depth_limit_8", &lib.depth_limit },
		{ "pcre2_set_heap_limit_8", &lib.heap_limit },
		{ "pcre2_match_data_create_8", &lib.data },
		{ "pcre2_match_8", &lib.match },
		{ "pcre2_get_ovector_pointer_8", &lib.ovector },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(lib.handle, symbols[i].name);

		if (!address) {
			(void)dw_error_set(e, -ENOSYS, "libpcre2-8 has no %s", symbols[i].name);
			return -ENOSYS;
		}
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return 0;
}

int dw_pattern_load(struct dw_error *e)
{
	int r;

	if (lib.room)
		return 0;
	/* NODELETE: it keeps memory for its life, which must stay reachable */
	lib.handle = dlopen("libpcre2-8.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!lib.handle) {
		(void)dw_error_set(e, -ENOSYS,
				   "libpcre2-8.so.0 cannot be opened: knowing services by their "
				   "answers needs it (Debian: libpcre2-8-0)");
		return -ENOSYS;
	}
	r = find_symbols(e);
	if (r < 0)
		return r;
	lib.limits = lib.context(NULL);
	lib.room = lib.data(DW_CAPTURES, NULL);
	if (!lib.limits || !lib.room)
		dw_oom();
	(void)lib.match_limit(lib.limits, STEPS_MAX);
	(void)lib.depth_limit(lib.limits, DEPTH_MAX);
	(void)lib.heap_limit(lib.limits, HEAP_KIB);
	return 0;
}

int dw_pattern_new(const char *text, size_t n, unsigned flags, struct dw_pattern **ret,
		   struct dw_error *e)
{
	uint32_t options = (flags & DW_PATTERN_ANY_CASE ? PCRE2_CASELESS : 0U) |
			   (flags & DW_PATTERN_DOT_ALL ? PCRE2_DOTALL : 0U) |
			   PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_UCHAR why[120] = "";
	PCRE2_SIZE at = 0;
	pcre2_code *code;
	int number = 0;

	if (n > LONGEST) {
		(void)dw_error_set(e, -EINVAL, "a pattern of more than %u bytes", LONGEST);
		return -EINVAL;
	}
	code = lib.compile((PCRE2_SPTR)text, n, options, &number, &at, NULL);
	if (!code) {
		(void)lib.error_message(number, why, sizeof(why));
		(void)dw_error_set(e, -EINVAL, "%s at byte %zu of the pattern", (const char *)why,
				   (size_t)at);
		return -EINVAL;
	}
	*ret = (struct dw_pattern *)code;
	return 0;
}

void dw_pattern_free(struct dw_pattern *p)
{
	if (p)
		lib.code_free((pcre2_code *)p);
}

bool dw_pattern_matches(const struct dw_pattern *p, const uint8_t *bytes, size_t n,
			struct dw_captures *ret)
{
	const PCRE2_SIZE *at;
	int got = lib.match((const pcre2_code *)p, bytes, n, 0, 0, lib.room, lib.limits);

	if (got < 0)
		return false;
	if (got == 0) /* more groups than there is room for: all of the room is filled */
		got = DW_CAPTURES;
	at = lib.ovector(lib.room);
	ret->bytes = bytes;
	for (int i = 0; i < DW_CAPTURES; i++) {
		bool set = i < got && at[2 * i] <= at[2 * i + 1] && at[2 * i + 1] <= n;

		ret->begin[i] = set ? at[2 * i] : 1;
		ret->end[i] = set ? at[2 * i + 1] : 0;
	}
	return true;
}
