/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Doors whose pieces went because neither disk nor memory had room: what is known of them is written down when the disk
 * takes something again, or they would be told once more at the next start.
 */
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "watch-private.h"

struct watch_unkept {
	UT_hash_handle hh;
	char key[]; /* as the door's */
};

void dw_watch_unkept_add(struct watching *w, const char *key)
{
	struct watch_unkept *u;
	size_t n = strlen(key);

	HASH_FIND(hh, w->unkept, key, n, u);
	/* memory is bounded: of those beyond it is not known whether they were told */
	if (u || HASH_COUNT(w->unkept) >= DW_KNOWN_MAX)
		return;
	u = calloc(1, sizeof(*u) + n + 1);
	if (!u)
		dw_oom();
	memcpy(u->key, key, n);
	HASH_ADD(hh, w->unkept, key, n, u);
}

/* As they are now: pieces that still wait come after it. */
int dw_watch_unkept_save(struct watching *w, struct dw_error *e)
{
	int r = 0;

	for (const struct watch_unkept *u = w->unkept; r == 0 && u; u = u->hh.next) {
		const struct dw_known_door *d = dw_known_find(w->known, u->key);
		struct dw_watch_known k;

		if (!d) {
			r = dw_watch_store_forget(w->store, u->key, e);
			continue;
		}
		k = dw_watch_kept(d);
		r = dw_watch_store_keep(w->store, &k, e);
	}
	return r;
}

void dw_watch_unkept_free(struct watching *w)
{
	struct watch_unkept *u, *next;

	HASH_ITER (hh, w->unkept, u, next) {
		HASH_DEL(w->unkept, u);
		free(u);
	}
}
