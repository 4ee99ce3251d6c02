/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two scans at the same time, in two network namespaces, of interfaces that bear the same number. */
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "dw_test.h"
#include "dw_xdp.h"
#include "lab.h"

#define FRAMES 100u

static bool open_here(struct dw_sys *s, struct dw_lab *ret_lab, struct dw_xdp **ret)
{
	const struct dw_lab_options o = { 0 };
	struct dw_error e = { 0 };

	if (!DW_HAVE_BPF || dw_lab_open(&o, ret_lab) < 0) {
		printf("SKIPPED: namespaces\n");
		return false;
	}
	if (dw_xdp_open(s, ret_lab->ifindex, ret, &e) < 0) {
		printf("SKIPPED: %s\n", e.message);
		dw_lab_close(ret_lab);
		return false;
	}
	return true;
}

static uint64_t send_as_is(struct dw_xdp *x)
{
	volatile struct dw_bpf_scan *state = dw_xdp_look(x)->state;
	struct dw_error e = { 0 };

	state->n_ports = 1;
	state->way = DW_BPF_SCAN_AS_IS;
	state->next = state->given = state->n_missed = 0;
	state->n_send = FRAMES;
	DW_CHECK_INT(dw_xdp_run(x, DW_BPF_SCAN_FRAME4, FRAMES, &e), 0);
	return state->given;
}

/* The tracepoint that tells what became of frames tells of all namespaces. */
DW_TEST(frames_of_another_namespace_are_not_counted)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_lab one = { 0 }, two = { 0 };
	struct dw_xdp *first = NULL, *second = NULL;
	struct dw_error e = { 0 };
	int netns;

	DW_CHECK(dw_sys_open(NULL, &s, &e) == 0);
	if (!open_here(s, &one, &first))
		return;
	netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (open_here(s, &two, &second)) {
		uint64_t before = dw_xdp_look(first)->state->given;

		DW_CHECK_INT(one.ifindex, two.ifindex);
		DW_CHECK_INT(send_as_is(second), FRAMES);
		DW_CHECK_INT(dw_xdp_look(first)->state->given, before);
		DW_CHECK_INT(setns(netns, CLONE_NEWNET), 0);
		DW_CHECK_INT(send_as_is(first), FRAMES);
		DW_CHECK_INT(dw_xdp_look(second)->state->given, FRAMES);
		dw_xdp_close(second);
		dw_lab_close(&two);
	}
	dw_xdp_close(first);
	dw_lab_close(&one);
	(void)close(netns);
}

DW_TEST_MAIN
