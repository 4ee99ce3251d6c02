/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of /etc/doorward/knowledge.d; what comes of it is looked up as an audit would. */
#include <stdint.h>
#include <string.h>

#include "dw_knowledge_index.h"
#include "dw_knowledge_read.h"

static void complain(void *data, const char *file, unsigned line, const char *text)
{
	unsigned *said = data;

	/* "and more" is the last thing that is said of a file, and the files together have their own count */
	if (!file || !*text || ++*said > 202)
		__builtin_trap();
}

static void look_up(const struct dw_knowledge_index *x, const struct dw_service *s)
{
	for (const char *const *p = s->packages; *p; p++)
		if (dw_index_package(x, *p).n == 0)
			__builtin_trap();
	for (const char *const *p = s->units; *p; p++)
		if (strlen(*p) < 200 && dw_index_unit(x, *p).n == 0)
			__builtin_trap();
	for (const char *const *p = s->programs; *p; p++)
		(void)dw_index_program(x, *p);
	for (const char *const *p = s->commands; *p; p++)
		if (dw_index_command(x, *p).n == 0)
			__builtin_trap();
	for (const struct dw_service_port *p = s->ports; p->protocol != DW_PROTOCOL_UNKNOWN; p++)
		if (dw_index_port(x, p->protocol, p->last).n == 0)
			__builtin_trap();
	if (!s->name || !s->title || !s->what || !s->loss || !s->why || !*s->sources ||
	    s->tier == DW_TIER_UNKNOWN || s->reach == DW_REACH_UNKNOWN)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_knowledge_file file = { "fuzz.yaml", { dw_arena_alloc(a, size + 1), size } };
	const struct dw_knowledge_index *x;
	const struct dw_knowledge *k;
	unsigned said = 0;

	if (size)
		memcpy(file.bytes.data, data, size);
	k = dw_knowledge_read(a, dw_knowledge_builtin(), &file, 1, complain, &said);
	x = dw_knowledge_index_new(a, k);
	for (size_t i = 0; i < k->n_services; i++)
		look_up(x, &k->services[i]);
	for (size_t i = 0; i < k->n_profiles; i++) {
		const struct dw_profile *p = &k->profiles[i];

		if (!p->name || !*p->programs || !*p->sources ||
		    !dw_knowledge_profile(k, *p->programs))
			__builtin_trap();
		for (const char *const *w = p->writes; *w; w++)
			if (**w != '/' || strpbrk(*w, " \t\n\"'%*"))
				__builtin_trap();
	}
	for (size_t i = 0; i < k->n_tools; i++)
		for (const char *const *p = k->tools[i].packages; *p; p++)
			if (!dw_knowledge_tools(k, *p))
				__builtin_trap();
	return 0;
}
