/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of which kind is what a service says, and is that still so after it was confined? */
#include "confine-private.h"
#include "dw_str.h"
#include "dw_test.h"

static const char *differs(const char *was, const char *now, struct dw_arena *a)
{
	const struct dw_confine_answer before = { .door = "7777/tcp",
						  .answered = true,
						  .banner = was },
				       after = { .door = "7777/tcp",
						 .answered = true,
						 .banner = now };

	return dw_confine_reply_differs(&before, &after, a);
}

DW_TEST(a_reply_has_a_class)
{
	static const struct {
		const char *banner, *class;
	} cases[] = { { "220 fine\\x0d\\x0a", "2xx" },
		      { "220-several lines", "2xx" },
		      { "500 [Errno 30] Read-only file system", "5xx" },
		      { "2201 things", "#" },
		      { "HTTP/1.1 200 OK\\x0d\\x0aServer: x", "HTTP 2xx" },
		      { "HTTP/1.0 503 Service Unavailable", "HTTP 5xx" },
		      { "+OK ready", "+" },
		      { "-ERR no", "-" },
		      { "-NOAUTH Authentication required.", "-" },
		      { "* OK IMAP4rev1", "* OK" },
		      { "* BYE", "* BYE" },
		      { "SSH-2.0-OpenSSH_9.2p1 Debian", "SSH-#.#-OpenSSH_#.#p#" },
		      { "hello\\x0aworld", "hello" },
		      { "J\\x00\\x00\\x00", "" },
		      { "", "" } };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++)
		DW_CHECK_STR(dw_confine_reply_class(cases[i].banner, a), cases[i].class);
}

DW_TEST(an_error_in_place_of_a_greeting_differs)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK(*differs("220 fine", "500 [Errno 30] Read-only file system", a));
	DW_CHECK(*differs("220 fine", "421 later", a));
	DW_CHECK(*differs("HTTP/1.1 200 OK", "HTTP/1.1 500 Internal Server Error", a));
	DW_CHECK(*differs("HTTP/1.1 200 OK", "HTTP/1.1 403 Forbidden", a));
	DW_CHECK(*differs("+OK ready", "-ERR not now", a));
	DW_CHECK(*differs("* OK ready", "* BYE not now", a));
	DW_CHECK(*differs("hello you", "sorry", a));
	DW_CHECK(*differs("220 fine", "", a));
	DW_CHECK(*differs("220 fine", NULL, a));
	/* the same class, yet it tells of what it lost */
	DW_CHECK(*differs("hello you", "hello: Permission denied", a));
}

DW_TEST(other_words_of_the_same_kind_do_not_differ)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(differs("220 it is 12:01", "220-it is 12:02", a), "");
	DW_CHECK_STR(differs("HTTP/1.1 200 OK", "HTTP/1.1 204 No Content", a), "");
	DW_CHECK_STR(differs("SSH-2.0-x_1.0", "SSH-2.0-x_1.0 again", a), "");
	DW_CHECK_STR(differs("visit 7 of today", "visit 8 of today", a), "");
	/* what failed before, or said nothing, or no text, has nothing to lose */
	DW_CHECK_STR(differs("500 broken", "220 fine", a), "");
	DW_CHECK_STR(differs("HTTP/1.1 503 busy", "HTTP/1.1 200 OK", a), "");
	DW_CHECK_STR(differs(NULL, "220 fine", a), "");
	DW_CHECK_STR(differs("\\x01\\x02", "\\x01\\x03", a), "");
	DW_CHECK_STR(differs("-ERR Permission denied", "-ERR Permission denied", a), "");
}

DW_TEST(a_door_that_does_not_answer_or_speaks_otherwise_differs)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_answer was = { .door = "25/tcp", .answered = true, .protocol = "smtp" },
				 now = was;

	DW_CHECK_STR(dw_confine_reply_differs(&was, &now, a), "");
	now.protocol = NULL;
	DW_CHECK(*dw_confine_reply_differs(&was, &now, a));
	now = was;
	now.answered = false;
	DW_CHECK(*dw_confine_reply_differs(&was, &now, a));
	was.answered = false;
	DW_CHECK_STR(dw_confine_reply_differs(&was, &now, a), "");
}

DW_TEST(a_denial_is_told_from_other_trouble)
{
	static const char *const denials[] = { "open: Operation not permitted",
					       "cannot write: permission denied",
					       "[Errno 30] Read-only file system",
					       "socket: Address family not supported by protocol",
					       "killed by SIGSYS",
					       "Main process exited, code=killed, status=31/SYS",
					       "code=exited, status=226/NAMESPACE",
					       "listen EPERM" };
	static const char *const others[] = { "", "No such file or directory", "Connection refused",
					      "status=1/FAILURE", "permission was given" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(denials); i++)
		DW_CHECK(dw_confine_is_denial(denials[i]));
	for (size_t i = 0; i < DW_ARRAY_SIZE(others); i++)
		DW_CHECK(!dw_confine_is_denial(others[i]));
}

DW_TEST_MAIN
