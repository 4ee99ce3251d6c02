/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of one file by several checks are one step, and who is told of it is told the words of all. */
#include "dw_plan_host.h"
#include "dw_state.h"
#include "dw_test.h"

static char content[] = "one\ntwo\n";

static struct dw_host_change change_of(struct dw_edit *edit, const char *notify)
{
	return (struct dw_host_change){ .phase = DW_PHASE_BOOT,
					.manager = "file",
					.object = "/etc/x",
					.edits = edit,
					.n_edits = 1,
					.notify = notify,
					.why = "it is so" };
}

DW_TEST(one_file_is_one_step)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_bytes now = { content, sizeof(content) - 1 };
	struct dw_state state = { .text = dw_state_file_text(a, 0644, 0, 0, &now, NULL),
				  .data = now };
	struct dw_edit first = { .line = 1, .fresh = "zero" };
	struct dw_edit second = { .line = 2, .old = "two", .fresh = "2" };
	struct dw_host_change changes[] = {
		change_of(&first, "sshd 0.0.0.0:22 login=ann:/k"),
		change_of(&second, "sshd 0.0.0.0:22 login=ann:/k login=ann key=ann:/k"),
		change_of(&first, "sshd 0.0.0.0:222"),
	};
	struct dw_plan_change v[DW_ARRAY_SIZE(changes)];
	struct dw_steps steps = { 0 };
	struct dw_error e = { 0 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(changes); i++)
		v[i] = (struct dw_plan_change){ .change = &changes[i], .now = state };
	DW_CHECK_INT(dw_plan_host(a, v, DW_ARRAY_SIZE(v), &steps, &e), 0);
	DW_CHECK(steps.n == 1);
	DW_CHECK_STR(steps.v[0].want.data.data, "zero\none\n2\n");
	DW_CHECK_STR(steps.v[0].notify,
		     "sshd 0.0.0.0:22 login=ann:/k login=ann key=ann:/k 0.0.0.0:222");
	changes[0].notify = NULL; /* whoever else is told */
	DW_CHECK_INT(dw_plan_host(a, v, 2, &steps, &e), 0);
	DW_CHECK_STR(steps.v[0].notify, "sshd 0.0.0.0:22 login=ann:/k login=ann key=ann:/k");
}

DW_TEST_MAIN
