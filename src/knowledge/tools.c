/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software that only hosts of some roles need. */
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "entry.h"

static const struct field fields[] = {
	{ "name", dw_value_name, AT(dw_tools, name), REQUIRED },
	{ "does", dw_value_line, AT(dw_tools, does), REQUIRED },
	{ "packages", dw_value_words, AT(dw_tools, packages), REQUIRED, STRINGS },
	{ "roles", dw_value_names, AT(dw_tools, roles), REQUIRED, STRINGS },
	{ "sources", dw_value_texts, AT(dw_tools, sources), REQUIRED, STRINGS },
	{ 0 },
};

bool dw_tools_read(struct reading *r, const struct dw_yaml *map, struct dw_tools *ret)
{
	*ret = (struct dw_tools){ 0 };
	return dw_entry_read(r, map, fields, ret);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct dw_tools *)a)->name, ((const struct dw_tools *)b)->name);
}

void dw_tools_merge(struct dw_arena *a, const struct dw_tools *own, size_t n_own,
		    const struct dw_knowledge *base, struct dw_knowledge *k)
{
	struct dw_tools *v = dw_arena_array(a, base->n_tools + n_own + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < n_own; i++)
		v[n++] = own[i];
	for (size_t i = 0; i < base->n_tools; i++) {
		size_t same = 0;

		while (same < n_own && !dw_streq(own[same].name, base->tools[i].name))
			same++;
		if (same == n_own)
			v[n++] = base->tools[i];
	}
	qsort(v, n, sizeof(*v), compare);
	k->tools = v;
	k->n_tools = n;
}
