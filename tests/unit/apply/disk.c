/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk.h"

#include <stdlib.h>
#include <string.h>

#include "dw_state.h"
#include "dw_str.h"

static struct disk_entry entries[512];
static size_t n_entries;
unsigned disk_reloads;

struct disk_entry *disk_entry(const char *name)
{
	for (size_t i = 0; i < n_entries; i++)
		if (dw_streq(entries[i].name, name))
			return &entries[i];
	if (n_entries == DW_ARRAY_SIZE(entries))
		abort();
	entries[n_entries] = (struct disk_entry){ .name = name, .state = { .text = "absent" } };
	return &entries[n_entries++];
}

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	*ret = disk_entry(object)->state;
	return 0;
}

static int set(struct dw_switch *s, const char *object, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	disk_entry(object)->state = *want;
	return 0;
}

static const struct dw_switch_ops *find(const char *name)
{
	static const struct dw_switch_ops file = { .name = "file", .state = state, .set = set };

	return dw_streq(name, "file") ? &file : NULL;
}

static int notify(struct dw_switch *s, const char *who, struct dw_error *e)
{
	if (!dw_streq(who, "systemd"))
		abort();
	disk_reloads++;
	return 0;
}

void disk_begin(struct stage *s)
{
	n_entries = 0;
	disk_reloads = 0;
	stage_directory_new();
	stage_open(s, stage_directory);
	s->apply.find = find;
	s->apply.notify = notify;
}

void disk_end(struct stage *s)
{
	stage_close(s);
	stage_directory_remove(stage_directory);
}

size_t disk_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_entries; i++)
		n += !dw_streq(entries[i].state.text, "absent");
	return n;
}

const char *disk_content(const char *name)
{
	const char *text = disk_entry(name)->state.data.data;

	return text ? text : "";
}

void disk_put(struct stage *s, const char *name, char *text)
{
	struct disk_entry *p = disk_entry(name);

	p->state.data = (struct dw_bytes){ text, strlen(text) };
	p->state.text = dw_state_file_text(s->arena, 0644, 0, 0, &p->state.data, NULL);
}
