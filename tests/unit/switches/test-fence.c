/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of our own table, in a network namespace of the test: there and back, with other tables before and behind
 * it, with each call failed, and with the process killed in the middle. What is true is asked of nft(8).
 */
#include <sched.h>

#include "dw_nft.h"
#include "dw_state.h"
#include "namespace.h"

#define OBJECT "inet doorward"

static const char first_table[] =
	"table inet doorward {\n"
	"\tset office {\n"
	"\t\ttype ipv4_addr\n"
	"\t\tflags interval\n"
	"\t\telements = { 10.9.0.0/24, 192.0.2.1 }\n"
	"\t}\n"
	"\tcounter hits {\n\t}\n"
	"\tchain input {\n"
	"\t\ttype filter hook input priority filter; policy drop;\n"
	"\t\tct state established,related counter accept\n"
	"\t\tiif \"lo\" accept\n"
	"\t\tip saddr @office tcp dport 22 counter accept comment \"ssh\"\n"
	"\t\ttcp dport 80 jump {\n\t\t\tcounter name hits accept\n\t\t}\n"
	"\t\tjump rest\n"
	"\t}\n"
	"\tchain rest {\n\t\tcounter drop\n\t}\n"
	"}\n";
static const char other_table[] = "table inet doorward {\n"
				  "\tmap doors {\n"
				  "\t\ttype inet_service : verdict\n"
				  "\t\telements = { 22 : jump ssh, 443 : accept }\n"
				  "\t}\n"
				  "\tchain ssh {\n\t\taccept\n\t}\n"
				  "\tchain input {\n"
				  "\t\ttype filter hook input priority 10; policy drop;\n"
				  "\t\ttcp dport vmap @doors\n"
				  "\t}\n"
				  "}\n";
static const char commented_table[] = "table inet doorward {\n\tcomment \"mine\"\n"
				      "\tchain input {\n\t\taccept\n\t}\n}\n";
static const char before_table[] = "table ip before {\n\tchain c {\n\t\tcounter accept\n\t}\n}\n";
static const char behind_table[] =
	"table ip6 behind {\n\tchain c {\n"
	"\t\ttype filter hook input priority filter; policy accept;\n\t}\n}\n";

/* nft(8) itself tells. */
static const char *ruleset(struct dw_arena *a)
{
	int ends[2], status = 0;
	pid_t pid;
	struct dw_bytes text = { 0 };

	DW_CHECK_INT(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)close(ends[0]);
		(void)execlp("nft", "nft", "-s", "list", "ruleset", (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	DW_CHECK_INT(dw_fd_read_all(ends[0], 1024 * 1024, a, &text), 0);
	(void)close(ends[0]);
	DW_CHECK_INT(waitpid(pid, &status, 0), pid);
	DW_CHECK_INT(status, 0);
	return text.data;
}

static void begin(struct rig *r)
{
	DW_CHECK_INT(unshare(CLONE_NEWNET), 0);
	rig_open(r, "fence", NULL);
	r->object = OBJECT;
}

static void load(struct rig *r, const char *commands)
{
	DW_CHECK_INT(dw_nft_run(r->sw.sys, NULL, commands, &r->e), 0);
	DW_CHECK_STR(r->e.message, "");
}

static struct dw_state want(struct rig *r, const char *commands)
{
	struct dw_bytes table = { 0 };

	DW_CHECK_INT(dw_nft_canonical(r->sw.sys, commands, r->sw.arena, &table, &r->e), 0);
	DW_CHECK_STR(r->e.message, "");
	return dw_state_fence(r->sw.arena, &table);
}

static void test_contract(void)
{
	struct rig r = { 0 };
	struct dw_state absent = { .text = "absent" }, one, other;

	begin(&r);
	one = want(&r, first_table);
	other = want(&r, other_table);
	DW_CHECK_STR(rig_state(&r).text, "absent"); /* trying the rules left nothing here */
	rig_contract(&r, &one);
	DW_CHECK(rig_go(&r, &one));
	rig_contract(&r, &other);
	rig_contract(&r, &absent);
	DW_CHECK_INT(r.ops->state(&r.sw, "inet filter", &absent, &r.e), -EINVAL);
	rig_close(&r);
}

/* The order of tables is what `nft list ruleset` shows: ours goes back into its place, others never move. */
static void test_place(void)
{
	struct rig r = { 0 };
	struct dw_state one, other, commented, absent = { .text = "absent" };
	const char *with, *without;

	begin(&r);
	load(&r, before_table);
	load(&r, behind_table);
	without = ruleset(r.sw.arena);
	one = want(&r, first_table);
	DW_CHECK(rig_go(&r, &one));
	DW_CHECK_INT(dw_nft_is_followed(r.sw.sys, NULL, &r.e), 0);
	DW_CHECK(rig_go(&r, &absent));
	DW_CHECK_STR(ruleset(r.sw.arena), without);
	load(&r, "delete table ip6 behind\n");
	DW_CHECK(rig_go(&r, &one));
	load(&r, behind_table);
	DW_CHECK_INT(dw_nft_is_followed(r.sw.sys, NULL, &r.e), 1);
	with = ruleset(r.sw.arena);
	other = want(&r, other_table);
	DW_CHECK(rig_go(&r, &other));
	DW_CHECK(rig_go(&r, &one));
	DW_CHECK_STR(ruleset(r.sw.arena), with);
	commented = want(&r, commented_table);
	DW_CHECK(rig_go(&r, &commented));
	DW_CHECK(rig_go(&r, &one));
	DW_CHECK_STR(rig_state(&r).text, one.text);
	rig_close(&r);
}

/* What the kernel refuses changes nothing; what is not the table that it says is refused before. */
static void test_refused(void)
{
	struct rig r = { 0 };
	static char wrong[] = "table inet doorward {\n\tchain c {\n\t\tnonsense\n\t}\n}\n";
	struct dw_bytes table = { wrong, sizeof(wrong) - 1 };
	struct dw_state one, bad;

	begin(&r);
	one = want(&r, first_table);
	DW_CHECK(rig_go(&r, &one));
	bad = dw_state_fence(r.sw.arena, &table);
	DW_CHECK_INT(rig_set(&r, &one, &bad), -EINVAL);
	DW_CHECK_STR(rig_state(&r).text, one.text);
	bad.data = one.data;
	DW_CHECK_INT(rig_set(&r, &one, &bad), -EINVAL);
	bad = (struct dw_state){ .text = "open" };
	DW_CHECK_INT(rig_set(&r, &one, &bad), -EINVAL);
	DW_CHECK_STR(rig_state(&r).text, one.text);
	rig_close(&r);
}

static void test_faults(void)
{
	struct rig r = { 0 };
	struct dw_state one, other, absent = { .text = "absent" };

	begin(&r);
	load(&r, before_table);
	one = want(&r, first_table);
	other = want(&r, other_table);
	DW_CHECK(rig_faults(&r, &absent, &one, EIO, NULL) > 0);
	DW_CHECK(rig_faults(&r, &one, &other, ENOMEM, NULL) > 0);
	DW_CHECK(rig_faults(&r, &one, &absent, EPERM, NULL) > 0);
	rig_close(&r);
}

/* Killed at any moment, it is the one table or the other. */
static void test_killed(void)
{
	struct rig r = { 0 };
	struct dw_state one, other;

	begin(&r);
	one = want(&r, first_table);
	other = want(&r, other_table);
	DW_CHECK(rig_go(&r, &one));
	for (unsigned i = 0; i < 60; i++) {
		struct dw_state from = rig_state(&r), now;
		bool is_one = dw_streq0(from.text, one.text);
		pid_t pid = fork();

		if (pid == 0) {
			(void)r.ops->set(&r.sw, OBJECT, &from, is_one ? &other : &one, &r.e);
			_exit(0);
		}
		(void)usleep(i * 700);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		now = rig_state(&r);
		DW_CHECK(dw_streq0(now.text, one.text) || dw_streq0(now.text, other.text));
	}
	rig_close(&r);
}

/* An image that does not run filters nothing. */
static void test_offline(void)
{
	struct rig r = { 0 };
	struct dw_state now = { 0 };

	rig_open(&r, "fence", rig_directory(&r));
	DW_CHECK_INT(r.ops->state(&r.sw, OBJECT, &now, &r.e), -ENOTSUP);
	DW_CHECK(r.e.message[0] != '\0');
	rig_close(&r);
}

/* Where it cannot be tried (no nftables, no network namespaces) that is said, and nothing is looked at. */
static bool is_able(void)
{
	struct rig r = { 0 };
	struct dw_bytes table = { 0 };
	int code;

	rig_open(&r, "fence", NULL);
	code = dw_nft_canonical(r.sw.sys, first_table, r.sw.arena, &table, &r.e);
	if (code < 0)
		printf("%s: not looked at\n", r.e.message);
	DW_CHECK(code == 0 || code == -ENOTSUP || code == -EPERM);
	rig_close(&r);
	return code == 0;
}

static void all_of_it(void)
{
	static void (*const parts[])(void) = { test_contract, test_place, test_refused, test_faults,
					       test_killed };

	for (size_t i = 0; is_able() && i < DW_ARRAY_SIZE(parts); i++)
		parts[i]();
}

DW_TEST(there_and_back_in_a_namespace)
{
	namespace_run(all_of_it);
}

DW_TEST(what_does_not_run_filters_nothing)
{
	test_offline();
}

DW_TEST_MAIN
