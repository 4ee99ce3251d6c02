/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fleeting.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "dw_arena.h"
#include "dw_known.h"

struct fleeting {
	char *key;
	uint64_t told;
	unsigned times;
	UT_hash_handle hh;
};

static void forget(struct fleeting **all, struct fleeting *f)
{
	HASH_DEL(*all, f);
	free(f->key);
	free(f);
}

void fleeting_forget_old(struct fleeting **all, uint64_t now)
{
	struct fleeting *f, *next;

	HASH_ITER (hh, *all, f, next)
		if (now - f->told >= DW_KNOWN_AGAIN_MS || HASH_COUNT(*all) > DW_KNOWN_MAX)
			forget(all, f);
}

static struct fleeting *add(struct fleeting **all, const char *key)
{
	struct fleeting *f = calloc(1, sizeof(*f));

	if (f)
		f->key = strdup(key);
	if (!f || !f->key)
		dw_oom();
	HASH_ADD_KEYPTR(hh, *all, f->key, strlen(f->key), f);
	return f;
}

bool fleeting_is_news(struct fleeting **all, const char *key, uint64_t now, unsigned *ret_times)
{
	struct fleeting *f;

	HASH_FIND_STR(*all, key, f);
	if (f && now - f->told < DW_KNOWN_AGAIN_MS) {
		f->times++;
		return false;
	}
	if (!f && HASH_COUNT(*all) > DW_KNOWN_MAX)
		fleeting_forget_old(all, now);
	if (!f)
		f = add(all, key);
	*ret_times = f->times + 1;
	f->times = 0;
	f->told = now;
	return true;
}

void fleeting_free(struct fleeting *all)
{
	struct fleeting *f, *next;

	HASH_ITER (hh, all, f, next)
		forget(&all, f);
}
