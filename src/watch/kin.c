/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_kin.h"

#include <stdbool.h>
#include <stdlib.h>

#include "dw_str.h"

#define KIN_MAX 256 /* beyond, they are read again */

struct dw_kin {
	struct dw_arena *arena;
	struct dw_procinfo v[KIN_MAX];
	size_t n;
	uint64_t read;
};

struct dw_kin *dw_kin_new(void)
{
	struct dw_kin *k = calloc(1, sizeof(*k));

	if (!k)
		dw_oom();
	k->arena = dw_arena_new();
	return k;
}

void dw_kin_free(struct dw_kin *k)
{
	if (!k)
		return;
	dw_arena_free(k->arena);
	free(k);
}

static bool is_fresh(const struct dw_kin *k, uint64_t now)
{
	return k->n > 0 && now - k->read < DW_KIN_US;
}

void dw_kin_seed(const struct dw_kin *k, struct dw_procs *p, const int *but, size_t n, uint64_t now)
{
	if (!is_fresh(k, now))
		return;
	for (size_t i = 0; i < k->n; i++) {
		size_t at = 0;

		while (at < n && but[at] != k->v[i].pid)
			at++;
		if (at == n)
			dw_procs_seed(p, &k->v[i]);
	}
}

static const char *copy_text(struct dw_arena *a, const char *s)
{
	return s ? dw_arena_strdup(a, s) : NULL;
}

static void keep(void *data, const struct dw_procinfo *i)
{
	struct dw_kin *k = data;
	struct dw_procinfo *c;

	/* nor one of which an event told, and who was gone before it was read */
	if (k->n == KIN_MAX || i->gid == UINT32_MAX)
		return;
	c = &k->v[k->n++];
	*c = *i;
	c->comm = copy_text(k->arena, i->comm);
	c->exe = copy_text(k->arena, i->exe);
	c->command = copy_text(k->arena, i->command);
	c->cgroup = copy_text(k->arena, i->cgroup);
	c->argv = dw_arena_array(k->arena, i->argc + 1, sizeof(*c->argv));
	for (size_t n = 0; n < i->argc; n++)
		c->argv[n] = copy_text(k->arena, i->argv[n]);
	c->argv[i->argc] = NULL;
}

void dw_kin_take(struct dw_kin *k, struct dw_procs *p, uint64_t read)
{
	if (is_fresh(k, read))
		return;
	dw_arena_reset(k->arena);
	k->n = 0;
	k->read = read;
	dw_procs_each(p, keep, k);
}
