/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every fallible call of an audit failed once. A small host of its own is made (a network namespace and a pid
 * namespace with a few doors), audited once to count the calls and to learn its doors, and then once for each
 * call with that call failing. Whatever fails: no crash, and a door, an owner or a starter that is missing is
 * accounted for in incomplete[] (what could not be looked at is never reported as not there).
 */
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_audit.h"
#include "dw_collect.h"
#include "dw_test.h"

#define DOORS 6
#define TRIES 6 /* of a call that seems to fail without a word */

static void open_doors(void)
{
	for (int i = 0; i < DOORS; i++) {
		struct sockaddr_in at = { .sin_family = AF_INET,
					  .sin_port = htons((uint16_t)(7000 + i)) };
		int s = socket(AF_INET, i % 2 ? SOCK_DGRAM : SOCK_STREAM, 0);

		if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		    (i % 2 == 0 && listen(s, 4) < 0)) {
			perror("door");
			exit(1);
		}
	}
}

/* Who holds the doors: a process of its own, for as long as we live. */
static void start_holder(void)
{
	int ready[2];
	char c;

	if (pipe(ready) < 0)
		exit(1);
	if (fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		open_doors();
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	if (read(ready[0], &c, 1) != 1)
		exit(1);
	close(ready[0]);
	close(ready[1]);
}

#define NOTES_MAX 64

struct outcome {
	unsigned doors, owners, calls, notes;
	char what[NOTES_MAX][48]; /* ids of incomplete[] that are blind */
};

/* Does `got` have more notes of one kind than `whole` has? */
static bool says_more(const struct outcome *got, const struct outcome *whole)
{
	for (unsigned i = 0; i < got->notes; i++) {
		unsigned before = 0, now = 0;

		for (unsigned k = 0; k < got->notes; k++)
			now += strcmp(got->what[k], got->what[i]) == 0;
		for (unsigned k = 0; k < whole->notes; k++)
			before += strcmp(whole->what[k], got->what[i]) == 0;
		if (now > before)
			return true;
	}
	return false;
}

static int audit(unsigned rungs, unsigned fail_at, int code, struct outcome *ret)
{
	struct dw_audit_options o = { .rungs = rungs, .fail_at = fail_at, .fail_code = code };
	struct dw_audit *a = NULL;
	struct dw_error e = { 0 };
	int r = dw_audit_run(&o, &a, &e);

	*ret = (struct outcome){ 0 };
	if (r < 0)
		return e.message[0] ? r : 1;
	for (size_t i = 0; i < a->snapshot->n_doors; i++) {
		const struct dw_door *d = &a->snapshot->doors[i];

		/* others of the machine may have the same numbers in namespaces of theirs, which BPF shows */
		if (strcmp(d->netns ? d->netns : "", "host") == 0 && d->at.has_port &&
		    d->at.port >= 7000 && d->at.port < 7000 + DOORS) {
			ret->doors++;
			ret->owners += d->n_owners > 0;
		}
	}
	for (size_t i = 0; i < a->snapshot->n_incomplete && ret->notes < NOTES_MAX; i++)
		if (a->snapshot->incomplete[i].blind)
			snprintf(ret->what[ret->notes++], sizeof(ret->what[0]), "%s",
				 a->snapshot->incomplete[i].what);
	ret->calls = a->calls;
	dw_audit_free(a);
	return 0;
}

/* NULL: whatever is missing is accounted for; else what is wrong. */
static const char *fail_one(unsigned rungs, unsigned n, int code, const struct outcome *whole,
			    struct outcome *got)
{
	int r = audit(rungs, n, code, got);

	if (r > 0)
		return "failed without a message";
	if (r < 0 || (got->doors >= whole->doors && got->owners >= whole->owners) ||
	    says_more(got, whole))
		return NULL;
	return "doors or owners are missing, and not a word";
}

/*
 * What an audit has to say of other namespaces of the machine changes as they come and go, and may hide a word that is
 * said of a failure: only what is wrong each time is.
 */
static const char *fail_often(unsigned rungs, unsigned n, int code, struct outcome *whole,
			      struct outcome *got)
{
	const char *wrong = fail_one(rungs, n, code, whole, got);

	for (unsigned i = 0; wrong && i < TRIES; i++) {
		DW_CHECK_INT(audit(rungs, 0, 0, whole), 0);
		wrong = fail_one(rungs, n, code, whole, got);
	}
	return wrong;
}

static void fail_each(const char *name, unsigned rungs, int code)
{
	struct outcome whole, got;
	unsigned wrong = 0, calls;

	DW_CHECK_INT(audit(rungs, 0, 0, &whole), 0);
	DW_CHECK_INT(whole.doors, DOORS);
	DW_CHECK_INT(whole.owners, DOORS);
	calls = whole.calls;
	for (unsigned n = 1; n <= calls; n++) {
		const char *why = fail_often(rungs, n, code, &whole, &got);

		if (!why)
			continue;
		printf("%s: call %u of %u failed with %d: %s (%u of %u doors, %u owners)\n", name,
		       n, calls, code, why, got.doors, whole.doors, got.owners);
		wrong++;
	}
	printf("%s: %u calls failed one by one with errno %d, %u wrong\n", name, calls, code,
	       wrong);
	DW_CHECK_INT(wrong, 0);
}

DW_TEST(netlink_rung_survives_io_errors)
{
	fail_each("netlink", DW_RUNG_NETLINK, EIO);
}

DW_TEST(netlink_rung_survives_missing_permission)
{
	fail_each("netlink", DW_RUNG_NETLINK, EACCES);
}

DW_TEST(proc_rung_survives_io_errors)
{
	fail_each("proc", DW_RUNG_PROC, EIO);
}

DW_TEST(all_rungs_survive_io_errors)
{
	fail_each("all", DW_RUNG_ALL, EIO);
}

static int run_all(void)
{
	start_holder();
	return dw_test_run();
}

int main(void)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS) < 0) {
		/* only root can make the small host; elsewhere there is nothing to test */
		printf("needs root: %s\n0 passed, 0 failed\n", strerror(errno));
		return 77;
	}
	pid = fork();
	if (pid == 0) {
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("proc", "/proc", "proc", 0, NULL) < 0)
			exit(1);
		exit(run_all());
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
