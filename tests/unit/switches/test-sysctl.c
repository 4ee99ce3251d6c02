/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A setting of the kernel, there and back: of a made-up root, and of a network namespace of our own. */
#include <sched.h>

#include "rig.h"

static int to(struct rig *r, const char *want)
{
	const struct dw_state b = { .text = want };

	r->e = (struct dw_error){ 0 };
	return r->ops->set(&r->sw, r->object, NULL, &b, &r->e);
}

DW_TEST(a_setting_goes_there_and_back)
{
	struct rig r = { .object = "net.ipv4.conf.eth0/7.rp_filter" };

	rig_put(rig_directory(&r), "/proc/sys/net/ipv4/conf/eth0.7/rp_filter", 0644, "0\n");
	rig_open(&r, "sysctl", r.dir);
	DW_CHECK_STR(rig_state(&r).text, "0");
	DW_CHECK_INT(to(&r, "2"), 0);
	DW_CHECK_STR(rig_state(&r).text, "2");
	DW_CHECK_INT(to(&r, "0"), 0);
	DW_CHECK_STR(rig_state(&r).text, "0");
	DW_CHECK_INT(to(&r, ""), -EINVAL);
	DW_CHECK_INT(to(&r, "1\n2"), -EINVAL);
	DW_CHECK_INT(to(&r, "absent"), -ENOTSUP);
	r.object = "kernel.none";
	DW_CHECK_STR(rig_state(&r).text, "absent");
	DW_CHECK(to(&r, "1") < 0);
	r.object = "net../etc/passwd";
	DW_CHECK_INT(to(&r, "1"), -EINVAL);
	r.object = "/etc";
	DW_CHECK_INT(to(&r, "1"), -EINVAL);
	rig_close(&r);
}

DW_TEST(each_call_may_fail)
{
	struct rig r = { .object = "kernel.kptr_restrict" };

	rig_put(rig_directory(&r), "/proc/sys/kernel/kptr_restrict", 0644, "0\n");
	rig_open(&r, "sysctl", r.dir);
	dw_sys_fail_at(r.sw.sys, 2, EIO);
	DW_CHECK_INT(to(&r, "1"), -EIO);
	dw_sys_fail_at(r.sw.sys, 1, EACCES);
	DW_CHECK_INT(to(&r, "1"), -EACCES);
	dw_sys_fail_at(r.sw.sys, 0, 0);
	DW_CHECK_STR(rig_state(&r).text, "0");
	rig_close(&r);
}

/* The kernel refuses what is no value of it, and what it takes it says again. */
DW_TEST(the_kernel_itself)
{
	struct rig r = { .object = "net.ipv4.conf.lo.rp_filter" };
	FILE *f;

	if (unshare(CLONE_NEWNET) < 0)
		return; /* not root */
	f = fopen("/proc/sys/net/ipv4/conf/lo/rp_filter", "w");
	if (!f)
		return; /* /proc/sys is read-only here */
	(void)fclose(f);
	rig_open(&r, "sysctl", NULL);
	DW_CHECK_STR(rig_state(&r).text, "0");
	DW_CHECK_INT(to(&r, "2"), 0);
	DW_CHECK_STR(rig_state(&r).text, "2");
	DW_CHECK(to(&r, "words") < 0);
	DW_CHECK_STR(rig_state(&r).text, "2");
	DW_CHECK_INT(to(&r, "0"), 0);
	DW_CHECK_STR(rig_state(&r).text, "0");
	rig_close(&r);
}

DW_TEST_MAIN
