/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was read of an ancestor serves the next look, not the one behind it; who holds the door is read each time. */
#include <unistd.h>

#include "dw_kin.h"
#include "dw_str.h"
#include "dw_test.h"

/* So many calls of the system until both are known. */
static unsigned look(struct dw_sys *s, struct dw_kin *k, uint64_t now, unsigned *ret_holder)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_procs *p = dw_procs_new(s, a);
	int holder = (int)getpid();
	const struct dw_procinfo *i, *parent;
	unsigned calls;

	dw_kin_seed(k, p, &holder, 1, now);
	calls = dw_sys_calls(s);
	i = dw_procs_get(p, holder);
	*ret_holder = dw_sys_calls(s) - calls;
	calls = dw_sys_calls(s);
	DW_CHECK(i && i->ppid == (int)getppid() && i->exe && i->argc > 0);
	parent = dw_procs_get(p, (int)getppid());
	DW_CHECK(parent && parent->pid == (int)getppid() && parent->command && *parent->comm);
	DW_CHECK(parent && !parent->argv[parent->argc]);
	calls = dw_sys_calls(s) - calls;
	dw_kin_take(k, p, now);
	dw_procs_close(p);
	return calls;
}

DW_TEST(an_ancestor_is_read_once_in_a_moment)
{
	struct dw_sys *s = NULL;
	struct dw_kin *k = dw_kin_new();
	unsigned holder = 0, first;

	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	first = look(s, k, 1000000, &holder);
	DW_CHECK(first > 0 && holder > 0);
	DW_CHECK_INT(look(s, k, 1000000 + DW_KIN_US - 1, &holder), 0);
	DW_CHECK(holder > 0);
	/* what served in between did not become younger by it */
	DW_CHECK_INT(look(s, k, 1000000 + DW_KIN_US, &holder), first);
	DW_CHECK_INT(look(s, k, 1000000 + DW_KIN_US + 1, &holder), 0);
	dw_kin_free(k);
	dw_sys_free(s);
}

DW_TEST_MAIN
