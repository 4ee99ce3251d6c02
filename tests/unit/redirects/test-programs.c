/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BPF programs attached for real, in a namespace of our own, and what we read back of them. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "dw_test.h"
#include "programs.h"

#define TCX_INGRESS 46u

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* return `verdict` */
static int load(enum bpf_prog_type type, enum bpf_attach_type attach, int verdict, const char *name)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.expected_attach_type = attach;
	attr.insns = (uint64_t)(uintptr_t)code;
	attr.insn_cnt = 2;
	attr.license = (uint64_t)(uintptr_t) "GPL";
	memcpy(attr.prog_name, name, strlen(name));
	return bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int program, uint32_t target, unsigned type)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_fd = target;
	attr.link_create.attach_type = type;
	return bpf(BPF_LINK_CREATE, &attr);
}

static void check_contains(const char *text, const char *what)
{
	if (!strstr(text, what)) {
		dw_test_failures++;
		printf("no \"%s\" in:\n%s", what, text);
	}
}

/* May this kernel attach that? Then root must be able to: else nothing below was tested, and nobody knew. */
static bool must_work(unsigned attach_type)
{
	/* tcx came with 6.6, the links of XDP and sk_lookup with 5.9 */
	unsigned want = attach_type == TCX_INGRESS ? 6006 : 5009, major = 0, minor = 0;
	struct utsname u;

	return geteuid() == 0 && access("/sys/kernel/btf/vmlinux", R_OK) == 0 && uname(&u) == 0 &&
	       sscanf(u.release, "%u.%u", &major, &minor) == 2 && major * 1000 + minor >= want;
}

static void with_program(enum bpf_prog_type type, unsigned attach_type, int verdict,
			 const char *name, const char *const *want, size_t n_want)
{
	int program, link, ns = -1;
	struct world w;

	if (!fresh_netns())
		return;
	if (attach_type == BPF_SK_LOOKUP)
		ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	program = load(type, attach_type == TCX_INGRESS ? 0 : attach_type, verdict, name);
	link = program < 0 ? -1 : attach(program, ns >= 0 ? (uint32_t)ns : 1 /* lo */, attach_type);
	if (link < 0) {
		int why = errno;

		printf("skipped: %s cannot be attached here: %s\n", name, strerror(why));
		DW_CHECK(why == EPERM || !must_work(attach_type));
		return;
	}
	w = world_live();
	DW_CHECK_INT(dw_collect_redirects(&w.c, NULL), 0);
	for (size_t i = 0; i < n_want; i++)
		check_contains(redirect_lines(&w, true), want[i]);
	DW_CHECK_INT(w.c.facts->redirects.n, n_want);
	DW_CHECK_STR(incomplete_lines(&w), "");
	world_free(&w);
	close(link);
	close(program);
	if (ns >= 0)
		close(ns);
	/* and gone with it */
	w = world_live();
	DW_CHECK_INT(dw_collect_redirects(&w.c, NULL), 0);
	DW_CHECK_INT(w.c.facts->redirects.n, 0);
	world_free(&w);
}

DW_TEST(xdp_program)
{
	const char *const want[] = {
		"packet packet lo * lo > - (redirected) | XDP program test_xdp (id "
	};

	with_program(BPF_PROG_TYPE_XDP, BPF_XDP, 2, "test_xdp", want, 1);
}

DW_TEST(sk_lookup_program)
{
	const char *const want[] = {
		"tcp dual :: * - > - (redirected) | sk_lookup program test_look (id ",
		"udp dual :: * - > - (redirected) | sk_lookup program test_look (id "
	};

	with_program(BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 1, "test_look", want, 2);
}

DW_TEST(tcx_program)
{
	const char *const want[] = {
		"packet packet lo * lo > - (redirected) | tcx program test_tcx (id "
	};

	with_program(BPF_PROG_TYPE_SCHED_CLS, TCX_INGRESS, 0, "test_tcx", want, 1);
}

DW_TEST_MAIN
