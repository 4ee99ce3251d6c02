/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recorded dumps, one message after the other, as anybody can read them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "dw_sys.h"
#include "dw_test.h"
#include "judge.h"
#include "legacy.h"

static struct dw_ruleset *recorded(const char *file)
{
	struct dw_ruleset *r = dw_rs_new();
	struct dw_bytes bytes = { 0 };
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	DW_CHECK(fd >= 0);
	DW_CHECK_INT(dw_fd_read_all(fd, DW_FILE_MAX, r->arena, &bytes), 0);
	close(fd);
	for (size_t at = 0; bytes.n - at >= NLMSG_HDRLEN;) {
		const struct nlmsghdr *m = (const struct nlmsghdr *)(void *)(bytes.data + at);

		DW_CHECK_INT(dw_rs_message(r->copy, m), 0);
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
	dw_rs_settle(r);
	return r;
}

DW_TEST(rules_that_were_recorded)
{
	struct dw_ruleset *r = recorded(DW_TEST_PATH("fuzz/corpus/ruleset/decided"));
	const struct dw_rs_copy *c = r->copy;

	DW_CHECK(r->has_hooks);
	DW_CHECK_INT(c->tables.n, 2);
	DW_CHECK_INT(r->n_rules, 25);
	for (size_t i = 0; i < r->n_rules; i++)
		DW_CHECK_INT(r->rules[i].doubt, DW_DOUBT_NONE);
	DW_CHECK_STR(r->rules[3].comment, "office");
	DW_CHECK_INT(r->rules[3].packets, 3);
	dw_ruleset_free(r);
}

DW_TEST(doubts_that_were_recorded)
{
	static const char *const names[] = { "none", "sender", "host" };
	struct dw_ruleset *r = recorded(DW_TEST_PATH("fuzz/corpus/ruleset/doubts"));

	DW_CHECK(r->n_rules > 60);
	for (size_t i = 0; i < r->n_rules; i++)
		DW_CHECK_STR(r->rules[i].opaque ? "opaque" : names[r->rules[i].doubt],
			     r->rules[i].comment);
	dw_ruleset_free(r);
}

DW_TEST(a_table_that_is_cut_short_is_said_to_be_damaged)
{
	static const uint64_t bytes[40];
	struct dw_ruleset *r = dw_rs_new();
	struct dw_legacy *t = dw_new(r->arena, struct dw_legacy);

	t->blob = (struct dw_xtables){ .name = "filter",
				       .entries = (const uint8_t *)bytes,
				       .n = sizeof(bytes),
				       .valid_hooks = 1 };
	dw_legacy_take_apart(r->copy, t);
	DW_CHECK(t->damaged);
	DW_CHECK(dw_legacy_acts(t));
	dw_ruleset_free(r);
}

DW_TEST_MAIN
