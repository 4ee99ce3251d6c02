/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk made of names and what stands there; everything else is absent. An executor over it. */
#ifndef DW_TEST_DISK_H
#define DW_TEST_DISK_H

#include "stage.h"

struct disk_entry {
	const char *name;
	struct dw_state state;
};
extern unsigned disk_reloads; /* of systemd */

void disk_begin(struct stage *s);
void disk_end(struct stage *s);
struct disk_entry *disk_entry(const char *name);
const char *disk_content(const char *name); /* "": none */
size_t disk_count(void);
void disk_put(struct stage *s, const char *name, char *text); /* a file */

#endif
