/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each call of the system fails once, while one check looks at a host whose answer is known. */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include <errno.h>

#include "checks.h"

/* What could not be seen is unknown or as it is: never the contrary. doors NULL: no audit was made. */
static inline void survive_faults_with(struct host *h, const char *id, enum dw_host_outcome truth,
				       const struct dw_host_door *doors, size_t n_doors)
{
	unsigned calls = 1;

	for (unsigned n = 0; n <= calls; n++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		_cleanup_sys_ struct dw_sys *sys = NULL;
		const char *ids[] = { id };
		struct dw_host_request q = { .checks = ids,
					     .n_checks = 1,
					     .knowledge = dw_knowledge_builtin(),
					     .doors = doors,
					     .n_doors = n_doors,
					     .have_doors = doors != NULL };
		struct dw_host_results all = { 0 };
		bool good;

		DW_CHECK(dw_sys_open_fake(h->dir, &sys, NULL) == 0);
		q.sys = sys;
		dw_sys_fail_at(sys, n, EIO);
		DW_CHECK(dw_host_look(&q, a, &all, NULL) == 0);
		if (n == 0)
			calls = dw_sys_calls(sys);
		good = all.v[0].text && (all.v[0].outcome == truth || (n && all.v[0].outcome == DW_HOST_UNKNOWN));
		if (!good)
			printf("%s: call %u: %s %s\n", id, n, all.v[0].text,
			       all.v[0].evidence.n ? all.v[0].evidence.v[0].object : "");
		DW_CHECK(good);
	}
	DW_CHECK(calls < 3000);
}

static inline void survive_faults(struct host *h, const char *id, enum dw_host_outcome truth)
{
	survive_faults_with(h, id, truth, NULL, 0);
}

#endif
