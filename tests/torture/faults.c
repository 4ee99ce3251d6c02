/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every fallible call of an audit failed once. A small host of its own is made (faults-host.c: plain doors, inetd,
 * xinetd, a packet socket, another network namespace, a forwarded port, a container, cron), audited once to count the
 * calls, and then once for each call with that call failing. Whatever fails: no crash, and a door, an owner or a
 * starter that is missing or another one is accounted for in incomplete[] (what could not be looked at is never
 * reported as not there). By itself every so-manieth call, another one in each test; DW_FAULTS_ALL=1: all.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_audit.h"
#include "dw_collect.h"
#include "dw_test.h"
#include "faults-host.h"

#define TRIES  6   /* of a call that seems to fail without a word */
#define SAMPLE 120 /* calls of a test that are failed by itself */
#define MAX    32  /* doors */

#define NOTES_MAX 64

struct outcome {
	bool there[MAX], held[MAX];
	char starter[MAX][96];
	unsigned all, calls, notes; /* all: doors on ports of this host, sleeping ones too */
	char what[NOTES_MAX][48];   /* ids of incomplete[] that are blind */
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

static bool is_door(const struct dw_door *d, const struct faults_door *want)
{
	return strcmp(d->netns ? d->netns : "", want->netns) == 0 &&
	       strcmp(dw_door_kind_name(d->kind), want->kind) == 0 &&
	       (want->port ? d->at.has_port && d->at.port == want->port : !d->at.has_port);
}

static void take_door(const struct dw_door *d, struct outcome *ret)
{
	/* others of the machine may have the same numbers in namespaces of theirs, which BPF shows */
	if (strcmp(d->netns ? d->netns : "", "host") == 0 && d->at.has_port)
		ret->all++;
	for (unsigned k = 0; k < faults_n_doors; k++) {
		if (!is_door(d, &faults_doors[k]))
			continue;
		ret->there[k] = true;
		ret->held[k] = d->n_owners > 0;
		(void)snprintf(ret->starter[k], sizeof(ret->starter[k]), "%s %s",
			       dw_starter_kind_name(d->starter.kind),
			       d->starter.id ? d->starter.id : "-");
	}
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
	for (size_t i = 0; i < a->snapshot->n_doors; i++)
		take_door(&a->snapshot->doors[i], ret);
	for (size_t i = 0; i < a->snapshot->n_incomplete && ret->notes < NOTES_MAX; i++)
		if (a->snapshot->incomplete[i].blind)
			snprintf(ret->what[ret->notes++], sizeof(ret->what[0]), "%s",
				 a->snapshot->incomplete[i].what);
	ret->calls = a->calls;
	dw_audit_free(a);
	return 0;
}

/* The first door that is not as it was; NULL: all are. */
static const char *differs(const struct outcome *whole, const struct outcome *got)
{
	static char text[256];

	for (unsigned k = 0; k < faults_n_doors; k++) {
		const char *what = whole->there[k] && !got->there[k] ? "is missing"
				   : whole->held[k] && !got->held[k] ? "has no holder"
								     : NULL;

		if (!what && got->there[k] && strcmp(whole->starter[k], got->starter[k]) != 0)
			what = got->starter[k];
		if (!what)
			continue;
		(void)snprintf(text, sizeof(text), "%s %u of %s: %s, and not a word",
			       faults_doors[k].kind, faults_doors[k].port, faults_doors[k].netns,
			       what);
		return text;
	}
	return got->all > whole->all ? "a door too many, and not a word" : NULL;
}

/* NULL: whatever is missing is accounted for; else what is wrong. */
static const char *fail_one(unsigned rungs, unsigned n, int code, const struct outcome *whole,
			    struct outcome *got)
{
	int r = audit(rungs, n, code, got);

	if (r > 0)
		return "failed without a message";
	return r < 0 || says_more(got, whole) ? NULL : differs(whole, got);
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

static void check_whole(const struct outcome *whole)
{
	char want[96];

	for (unsigned k = 0; k < faults_n_doors; k++) {
		const struct faults_door *d = &faults_doors[k];

		if (!whole->there[k] || whole->held[k] != d->held)
			printf("%s %u of %s\n", d->kind, d->port, d->netns);
		DW_CHECK(whole->there[k]);
		DW_CHECK_INT(whole->held[k], d->held);
		if (!d->starter)
			continue;
		(void)snprintf(want, sizeof(want), "%s %s", d->starter, d->id);
		DW_CHECK_STR(whole->starter[k], want);
	}
}

static void fail_each(const char *name, unsigned rungs, int code)
{
	static unsigned tests;
	struct outcome whole, got;
	unsigned wrong = 0, calls, failed = 0, stride;

	DW_CHECK_INT(audit(rungs, 0, 0, &whole), 0);
	check_whole(&whole);
	calls = whole.calls;
	stride = getenv("DW_FAULTS_ALL") ? 1 : calls / SAMPLE + 1;
	for (unsigned n = 1 + tests++ % stride; n <= calls; n += stride) {
		const char *why = fail_often(rungs, n, code, &whole, &got);

		failed++;
		if (!why)
			continue;
		printf("%s: call %u of %u failed with %d: %s\n", name, n, calls, code, why);
		wrong++;
	}
	printf("%s: %u of %u calls failed one by one with errno %d, %u wrong\n", name, failed,
	       calls, code, wrong);
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
	faults_host_make();
	return dw_test_run();
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc > 0)
		faults_host_role(argv);
	if (unshare(CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS) < 0) {
		/* only root can make the small host; elsewhere there is nothing to test */
		printf("needs root: %s\n0 passed, 0 failed\n", strerror(errno));
		return 77;
	}
	pid = fork();
	if (pid == 0)
		exit(run_all());
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	/* a process whose children get another pid namespace can start no thread: LeakSanitizer would, at exit */
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
