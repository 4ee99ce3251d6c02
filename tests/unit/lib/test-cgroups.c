/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole audit of a listener of ours, in a network namespace and cgroups of our own, with BPF programs attached to
 * these: what decides about packets behind the rules makes the answer unknown, by name; what only looks does not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit-private.h"
#include "dw_ask.h"
#include "dw_str.h"
#include "dw_test.h"
#include "facade-private.h"

enum { PORT = 4711 };

/* --- instructions ------------------------------------------------------------------------------- */

#define MOV(value)                                                                                 \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = (value)                                \
	}
#define EXIT                                                                                       \
	{                                                                                          \
		.code = BPF_JMP | BPF_EXIT                                                         \
	}
/* if r1 == 0 goto */
#define JUMP(by)                                                                                   \
	{                                                                                          \
		.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_1, .off = (by)               \
	}
#define CALL(kind, number)                                                                         \
	{                                                                                          \
		.code = BPF_JMP | BPF_CALL, .src_reg = (kind), .imm = (number)                     \
	}

static const struct {
	struct bpf_insn code[6];
	size_t n;
	bool passes;
} programs[] = {
	{ { MOV(1), EXIT }, 2, true },
	{ { MOV(0), EXIT }, 2, false },
	{ { MOV(3), EXIT }, 2, false },
	{ { JUMP(2), MOV(1), EXIT, MOV(1), EXIT }, 5, true },
	{ { JUMP(2), MOV(1), EXIT, MOV(0), EXIT }, 5, false },
	/* back to where the answer is set */
	{ { MOV(0), MOV(1), JUMP(-2), MOV(1), EXIT }, 5, true },
	/* past it */
	{ { MOV(0), JUMP(1), MOV(1), EXIT }, 4, false },
	{ { { .code = BPF_JMP32 | BPF_JA, .imm = 1 }, MOV(1), EXIT }, 3, false },
	{ { JUMP(-3), MOV(1), EXIT }, 3, false },
	{ { JUMP(9), MOV(1), EXIT }, 3, false },
	/* into another register; one of 64 bits more than it seems */
	{ { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = 1 }, EXIT },
	  2,
	  false },
	{ { { .code = BPF_ALU64 | BPF_MOV | BPF_X, .src_reg = BPF_REG_1, .imm = 1 }, EXIT },
	  2,
	  false },
	{ { CALL(0, BPF_FUNC_ktime_get_ns), MOV(1), EXIT }, 3, true },
	{ { CALL(0, BPF_FUNC_tail_call), MOV(1), EXIT }, 3, false },
	{ { CALL(BPF_PSEUDO_KFUNC_CALL, 7), MOV(1), EXIT }, 3, false },
	{ { EXIT }, 1, false },
	{ { MOV(1) }, 1, false },
	{ { MOV(1) }, 0, false },
};

DW_TEST(what_lets_everything_pass)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(programs); i++) {
		bool passes = dw_bpf_always_returns(programs[i].code, programs[i].n, 1);

		if (passes != programs[i].passes)
			printf("program %zu\n", i);
		DW_CHECK_INT(passes, programs[i].passes);
	}
}

/* --- cgroups of our own --------------------------------------------------------------------------- */

static const char *tree;
static char home[256], above[300], made_in[320], moved_to[320];

static bool write_pid(const char *directory)
{
	char path[400], text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)getpid()), fd;
	bool good;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	good = fd >= 0 && write(fd, text, (size_t)n) == n;
	if (fd >= 0)
		close(fd);
	return good;
}

static void find_home(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/cgroup", "re");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "0::", 3) == 0) {
			line[strcspn(line, "\n")] = '\0';
			(void)snprintf(home, sizeof(home), "%s%s", tree, line + 3);
		}
	if (f)
		(void)fclose(f);
}

static bool make_cgroups(void)
{
	tree = access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup/unified"
									: "/sys/fs/cgroup";
	find_home();
	(void)snprintf(above, sizeof(above), "%s/dwtest-%d", tree, (int)getpid());
	(void)snprintf(made_in, sizeof(made_in), "%s/made", above);
	(void)snprintf(moved_to, sizeof(moved_to), "%s/moved", above);
	return geteuid() == 0 && home[0] && mkdir(above, 0755) == 0 && mkdir(made_in, 0755) == 0 &&
	       mkdir(moved_to, 0755) == 0;
}

static void remove_cgroups(void)
{
	(void)write_pid(home);
	(void)rmdir(made_in);
	(void)rmdir(moved_to);
	DW_CHECK(rmdir(above) == 0);
}

/* A socket that was made in one cgroup, whose holder went to another since. */
static int listen_there(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = -1;

	if (write_pid(made_in))
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !write_pid(moved_to) || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, 1) < 0)
		return -1;
	return fd;
}

static int attach(const char *directory, uint32_t type, size_t program)
{
	union bpf_attr attr;
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code, link = -1;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_SKB;
	attr.expected_attach_type = type;
	attr.insns = (uint64_t)(uintptr_t)programs[program].code;
	attr.insn_cnt = (uint32_t)programs[program].n;
	attr.license = (uint64_t)(uintptr_t) "GPL";
	memcpy(attr.prog_name, "dwtestsees", sizeof("dwtestsees"));
	code = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)code;
	attr.link_create.target_fd = (uint32_t)fd;
	attr.link_create.attach_type = type;
	if (code >= 0 && fd >= 0)
		link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	if (code >= 0)
		close(code);
	if (fd >= 0)
		close(fd);
	return link;
}

/* Evidence, for an audit that failed to see something. */
static void tell_blind(const struct doorward_audit *audit)
{
	const struct dw_snapshot *s = audit ? audit->report.snapshot : NULL;

	for (size_t i = 0; s && i < s->n_incomplete; i++)
		printf("%s: %s\n", s->incomplete[i].what, s->incomplete[i].text);
}

/* As check_audit; 1: so it is, 0: it is not, -1: the filter of the door could not be seen. */
static int try_audit(const char *what, const char *in, const char *why)
{
	struct doorward *d = doorward_new();
	struct doorward_audit *audit = NULL;
	const struct dw_filtered *f = NULL;
	struct stat own = { 0 }; /* others may have that port in networks of theirs */
	bool told, blind;

	DW_CHECK_INT(stat("/proc/self/ns/net", &own), 0);
	DW_CHECK_INT(doorward_audit_run(d, &audit), 0);
	for (size_t i = 0; audit && i < audit->report.snapshot->n_doors; i++) {
		const struct dw_door *door = &audit->report.snapshot->doors[i];

		if (door->at.port == PORT && door->at.protocol == DW_PROTOCOL_TCP &&
		    door->at.netns == own.st_ino)
			f = door->filtered;
	}
	told = f && (!why || (f->why && strstr(f->why, why) && strstr(f->why, in) &&
			      strstr(f->why, "dwtestsees")));
	told &= (why != NULL) == (f && f->kind == DW_FILTERED_UNKNOWN);
	if (!told) {
		printf("%s: %s (%s)\n", what, f ? f->words : "not found",
		       f && f->why ? f->why : "");
		tell_blind(audit);
	}
	told = told && f->kind == (why ? DW_FILTERED_UNKNOWN : DW_FILTERED_ANYONE);
	blind = !told && f && f->why && strstr(f->why, "could not be seen");
	doorward_audit_free(audit);
	doorward_free(d);
	return told ? 1 : blind ? -1 : 0;
}

/*
 * why: parts of it that must be there; NULL: anyone gets through. While other tests' namespaces come and go, an audit
 * may not see what filters, and says so: then it is done again.
 */
static void check_audit(const char *what, const char *in, const char *why)
{
	int told = -1;

	for (unsigned i = 0; i < 20 && told < 0; i++)
		told = try_audit(what, in, why);
	DW_CHECK_INT(told, 1);
}

DW_TEST(programs_of_a_cgroup)
{
	enum { PASSES = 0, DENIES = 1 };
	static const struct {
		const char *directory;
		uint32_t type;
		size_t program;
		const char *why;
	} v[] = {
		{ made_in, BPF_CGROUP_INET_INGRESS, DENIES,
		  "/made has a program that sees what comes" },
		{ made_in, BPF_CGROUP_INET_EGRESS, DENIES,
		  "/made has a program that sees the answers" },
		{ above, BPF_CGROUP_INET_INGRESS, DENIES, "sees what comes in" },
		{ above, BPF_CGROUP_INET_INGRESS, PASSES, NULL },
		{ moved_to, BPF_CGROUP_INET_INGRESS, DENIES, NULL },
	};
	int listener;

	if (!make_cgroups() || unshare(CLONE_NEWNET) != 0) {
		printf("no cgroups to make here: skipped\n");
		return;
	}
	listener = listen_there();
	DW_CHECK(listener >= 0);
	for (size_t i = 0; i < DW_ARRAY_SIZE(v); i++) {
		int link = attach(v[i].directory, v[i].type, v[i].program);

		if (link < 0) {
			printf("no programs of cgroups here: %s\n", strerror(errno));
			break;
		}
		check_audit(v[i].directory, strrchr(v[i].directory, '/'), v[i].why);
		close(link);
	}
	check_audit("none", "", NULL);
	close(listener);
	remove_cgroups();
}

DW_TEST_MAIN
