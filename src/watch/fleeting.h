/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short-lived doors that were told: each key again only after a while, and how often it was seen meanwhile. */
#ifndef DW_FLEETING_H
#define DW_FLEETING_H

#include <stdbool.h>
#include <stdint.h>

struct fleeting; /* NULL: none yet */

/*
 * Was one of this key not told within DW_KNOWN_AGAIN_MS before now? Then it counts as told; *ret_times, set only then:
 * how often it was seen since, with this time. now in milliseconds of a clock that does not jump. The key is copied.
 */
bool fleeting_is_news(struct fleeting **all, const char *key, uint64_t now, unsigned *ret_times);
/* Forgets those that would be told again. */
void fleeting_forget_old(struct fleeting **all, uint64_t now);
void fleeting_free(struct fleeting *all);

#endif
