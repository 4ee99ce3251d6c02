/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a service says to a client: of which kind is it, and of the same kind as before? Texts carry times, names
 * and counters, so they are not compared; an error in place of a greeting is what a service that lost a right
 * answers. Pure.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "confine-private.h"
#include "dw_str.h"

#define WORD_MAX 24

/* As strerror(3) has them, and what else says that something was forbidden. */
bool dw_confine_is_denial(const char *text)
{
	static const char *const words[] = { "Operation not permitted",
					     "Permission denied",
					     "Read-only file system",
					     "Address family not supported",
					     "SIGSYS",
					     "Bad system call",
					     "EPERM",
					     "EROFS",
					     "EAFNOSUPPORT",
					     "status=31/SYS",
					     "status=226/NAMESPACE" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

/* Three digits and no more, as SMTP, FTP, NNTP and HTTP number their replies: the first tells success from failure. */
static bool is_status(const char *text)
{
	return text[0] >= '1' && text[0] <= '5' && isdigit((unsigned char)text[1]) &&
	       isdigit((unsigned char)text[2]) && !isalnum((unsigned char)text[3]);
}

/* Lines end in a banner as it is kept: other bytes than printable ASCII are \xNN there (dw_scan.h). */
static bool ends_line(const char *c)
{
	return dw_starts_with(c, "\\x0d") || dw_starts_with(c, "\\x0a");
}

/* Up to the first blank; numbers (versions, times) as one "#". "": it is no text. */
static const char *first_word(const char *text, struct dw_arena *a)
{
	char word[WORD_MAX + 1];
	size_t n = 0;

	for (const char *c = text; *c && *c != ' ' && !ends_line(c) && n < WORD_MAX; c++) {
		if (dw_starts_with(c, "\\x"))
			return "";
		if (!isdigit((unsigned char)*c))
			word[n++] = *c;
		else if (n == 0 || word[n - 1] != '#')
			word[n++] = '#';
	}
	return dw_arena_strndup(a, word, n);
}

const char *dw_confine_reply_class(const char *banner, struct dw_arena *a)
{
	const char *blank = strchr(banner, ' ');

	if (dw_starts_with(banner, "HTTP/") && blank && is_status(blank + 1))
		return dw_arena_printf(a, "HTTP %cxx", blank[1]);
	if (is_status(banner))
		return dw_arena_printf(a, "%cxx", banner[0]);
	/* POP3 and redis: +OK, -ERR, -NOAUTH */
	if ((banner[0] == '+' || banner[0] == '-') && isalpha((unsigned char)banner[1]))
		return dw_arena_strndup(a, banner, 1);
	/* IMAP: * OK, * BYE */
	if (dw_starts_with(banner, "* "))
		return dw_arena_printf(a, "* %s", first_word(banner + 2, a));
	return first_word(banner, a);
}

/* It failed already; that it does not now is no harm. */
static bool is_failure(const char *class)
{
	return dw_streq(class, "HTTP 5xx") || dw_streq(class, "5xx") || dw_streq(class, "4xx") ||
	       dw_streq(class, "-");
}

const char *dw_confine_reply_differs(const struct dw_confine_answer *was,
				     const struct dw_confine_answer *now, struct dw_arena *a)
{
	const char *said = was->banner ? was->banner : "", *says = now->banner ? now->banner : "";
	const char *before = dw_confine_reply_class(said, a),
		   *after = dw_confine_reply_class(says, a);

	if (was->answered && !now->answered)
		return dw_arena_printf(a, "%s does not answer any more", was->door);
	if (was->protocol && !dw_streq0(was->protocol, now->protocol))
		return dw_arena_printf(a, "%s spoke %s before, and does not any more", was->door,
				       was->protocol);
	if (dw_confine_is_denial(says) && !dw_confine_is_denial(said))
		return dw_arena_printf(a, "%s answers: %.200s", was->door, says);
	if (!*before || is_failure(before) || dw_streq(before, after))
		return "";
	if (!*says)
		return dw_arena_printf(a, "%s said \"%.100s\" before, and says nothing any more",
				       was->door, said);
	return dw_arena_printf(a, "%s said \"%.100s\" before, and says \"%.100s\" now", was->door,
			       said, says);
}
