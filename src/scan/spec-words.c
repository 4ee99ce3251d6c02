/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words that name hosts: addresses, networks, ranges, names, files of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_parse.h"
#include "dw_str.h"
#include "spec-private.h"

/* A line longer than any name (253, RFC 1035) with a comment. */
#define WORD_MAX   512u
#define FILES_DEEP 8u
#define FILE_MAX   ((size_t)64 * 1024 * 1024)
/* Widest IPv6 network that is asked address by address. */
#define IPV6_BITS_MIN 96u

static int odd(const struct dw_spec_words *w, const char *word, const char *what,
	       struct dw_error *e)
{
	(void)dw_error_set(e, -EINVAL, "%s\"%.200s\": %s", w->place, word, what);
	return -EINVAL;
}

/* "192.0.2.1", "fe80::1%eth0"; false: none. A scope that is no interface: false too, with *ret_scope_bad. */
static bool parse_address(const struct dw_spec_words *w, const char *text, struct dw_address *ret,
			  bool *ret_scope_bad)
{
	char copy[INET6_ADDRSTRLEN + 1] = { 0 };
	const char *percent = strchr(text, '%');
	size_t n = percent ? (size_t)(percent - text) : strlen(text);
	bool six = memchr(text, ':', n) != NULL;

	*ret = (struct dw_address){ .family = six ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4 };
	if (n == 0 || n > INET6_ADDRSTRLEN || (percent && !six))
		return false;
	(void)mempcpy(copy, text, n);
	if (inet_pton(six ? AF_INET6 : AF_INET, copy, ret->bytes) != 1)
		return false;
	if (six &&
	    dw_address_unmap(ret->bytes)) /* packets of IPv4 would go there (RFC 4291, 2.5.5.2) */
		ret->family = DW_FAMILY_IPV4;
	if (percent) {
		ret->scope = dw_sys_interface(w->sys, percent + 1);
		*ret_scope_bad = ret->scope == 0;
	}
	return !percent || ret->scope != 0;
}

static void add_span(const struct dw_spec_words *w, struct dw_spans *ret,
		     const struct dw_address *first, const struct dw_address *last,
		     const char *name, bool alone)
{
	if (w->family && first->family != w->family)
		return;
	dw_vec_push(w->arena, ret,
		    ((struct dw_span){ .family = first->family,
				       .scope = first->scope,
				       .first = dw_span_number(first),
				       .last = dw_span_number(last),
				       .name = name,
				       .alone = alone }));
}

static void span_network(struct dw_address *first, unsigned bits, struct dw_address *ret_last)
{
	unsigned size = first->family == DW_FAMILY_IPV4 ? 32 : 128;

	*ret_last = *first;
	for (unsigned i = bits; i < size; i++) {
		uint8_t bit = (uint8_t)(0x80u >> i % 8);

		first->bytes[i / 8] &= (uint8_t)~bit;
		ret_last->bytes[i / 8] |= bit;
	}
}

/* FIRST/BITS */
static int add_network(const struct dw_spec_words *w, const char *word, const char *slash,
		       struct dw_spans *ret, struct dw_error *e)
{
	struct dw_address first, last;
	bool scope_bad = false;
	uint64_t bits = 0;
	size_t bytes;

	if (!parse_address(w, dw_arena_strndup(w->arena, word, (size_t)(slash - word)), &first,
			   &scope_bad))
		return odd(w, word,
			   scope_bad ? "there is no such interface"
				     : "what stands before the / is no address",
			   e);
	bytes = first.family == DW_FAMILY_IPV4 ? 4 : 16;
	if (!dw_parse_u64(slash + 1, 10, bytes * 8, &bits))
		return odd(w, word,
			   bytes == 4 ? "a number from 0 to 32 must follow the /"
				      : "a number from 0 to 128 must follow the /",
			   e);
	span_network(&first, (unsigned)bits, &last);
	if (bytes == 16 && bits < IPV6_BITS_MIN && !w->wide) {
		if (dw_spec_wide_add(w, word, &first, &last, ret))
			return 0;
		(void)dw_error_set(e, -E2BIG,
				   "%s\"%.200s\": 2^%u addresses could not be asked in a lifetime; "
				   "name hosts, networks of /96 and smaller, or one of this host's "
				   "own",
				   w->place, word, (unsigned)(128 - bits));
		return -E2BIG;
	}
	add_span(w, ret, &first, &last, NULL, bits == bytes * 8);
	return 0;
}

/* FIRST-LAST, or 10.0.0.1-20. 0: done; 1: it is no range (a name may have a dash). */
static int add_range(const struct dw_spec_words *w, const char *word, const char *dash,
		     struct dw_spans *ret, struct dw_error *e)
{
	struct dw_address first, last;
	bool scope_bad = false;
	uint64_t number = 0;

	if (!parse_address(w, dw_arena_strndup(w->arena, word, (size_t)(dash - word)), &first,
			   &scope_bad))
		return 1;
	last = first;
	if (first.family == DW_FAMILY_IPV4 && dw_parse_u64(dash + 1, 10, 255, &number))
		last.bytes[3] = (uint8_t)number;
	else if (!parse_address(w, dash + 1, &last, &scope_bad) || last.family != first.family)
		return odd(w, word, "what follows the - is no address of the same kind", e);
	if (!last.scope)
		last.scope = first.scope;
	if (last.scope != first.scope)
		return odd(w, word, "both ends must be on one interface", e);
	if (dw_span_number(&last) < dw_span_number(&first))
		return odd(w, word, "it ends before it begins", e);
	if (dw_span_number(&last) - dw_span_number(&first) >= (dw_u128)1 << 32 && !w->wide) {
		(void)dw_error_set(e, -E2BIG,
				   "%s\"%.200s\": more than 2^32 addresses are too many; name "
				   "hosts or smaller networks",
				   w->place, word);
		return -E2BIG;
	}
	add_span(w, ret, &first, &last, NULL, dw_span_number(&last) == dw_span_number(&first));
	return 0;
}

/*
 * RFC 1123 2.1: a name's last label is not all digits. inet_aton(3), and with it the resolver, would take "10.1" and
 * "0x7f.1" for addresses that nobody meant.
 */
static bool could_be_name(const char *word)
{
	const char *label = strrchr(word, '.');

	if (label && !label[1] && label > word) /* "example.org." */
		for (label--; label > word && label[-1] != '.'; label--)
			;
	else
		label = label ? label + 1 : word;
	if (label[strspn(label, "0123456789.")] == '\0' || strncasecmp(label, "0x", 2) == 0)
		return false;
	for (const char *p = word; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
			    *p) &&
		    !((unsigned char)*p & 0x80))
			return false;
	return strlen(word) <= 253;
}

static int add_name(const struct dw_spec_words *w, const char *word, struct dw_spans *ret,
		    struct dw_error *e)
{
	int family = w->family == DW_FAMILY_IPV4   ? AF_INET
		     : w->family == DW_FAMILY_IPV6 ? AF_INET6
						   : 0;
	struct dw_sys_addresses found = { 0 };
	struct dw_error why = { 0 };
	const char *name = dw_arena_strdup(w->arena, word);
	int r;

	if (!could_be_name(word))
		return odd(w, word,
			   "that is no address, network (10.0.0.0/24), range (10.0.0.1-20) or name",
			   e);
	r = dw_sys_resolve(w->sys, word, family, w->arena, &found, &why);
	if (r < 0) {
		(void)dw_error_set(e, r, "%s%s", w->place, why.message);
		return r;
	}
	for (size_t i = 0; i < found.n; i++) {
		struct dw_address a = { .family = found.v[i].family == AF_INET ? DW_FAMILY_IPV4
									       : DW_FAMILY_IPV6,
					.scope = found.v[i].scope };

		memcpy(a.bytes, found.v[i].bytes, sizeof(a.bytes));
		add_span(w, ret, &a, &a, name, true);
	}
	return 0;
}

static int add_file(struct dw_spec_words *w, const char *name, struct dw_spans *ret,
		    struct dw_error *e)
{
	struct dw_spec_words inner = *w;
	struct dw_error why = { 0 };
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	int r;

	if (!*name)
		return odd(w, "@", "the name of a file must follow; @- is standard input", e);
	if (w->depth >= FILES_DEEP)
		return odd(w, name, "the files name each other", e);
	r = dw_sys_given_read(w->sys, name, FILE_MAX, w->arena, &text, &why);
	if (r < 0) {
		(void)dw_error_set(e, r, "%s%s", w->place, why.message);
		return r;
	}
	inner.depth++;
	lines = dw_lines_of(&text);
	for (char *line; r == 0 && (line = dw_lines_next_trimmed(&lines, w->arena)) != NULL;) {
		line[strcspn(line, "#")] = '\0';
		for (const char *word; r == 0 && (word = dw_word_next(&line)) != NULL;) {
			inner.place = dw_arena_printf(
				w->arena, "%s:%u: ", dw_streq(name, "-") ? "standard input" : name,
				lines.number);
			r = dw_spec_words_add(&inner, word, ret, e);
		}
	}
	return r;
}

int dw_spec_words_add(struct dw_spec_words *w, const char *word, struct dw_spans *ret,
		      struct dw_error *e)
{
	const char *dash = strchr(word, '-'), *slash = strchr(word, '/');
	struct dw_address a;
	bool scope_bad = false;
	int r = 1;

	if (!*word || strlen(word) > (*word == '@' ? 4096 : WORD_MAX))
		return odd(w, word,
			   *word ? "that is too long for a host" : "an empty word is no host", e);
	if (*word == '@')
		return add_file(w, word + 1, ret, e);
	if (slash)
		return add_network(w, word, slash, ret, e);
	if (parse_address(w, word, &a, &scope_bad)) {
		add_span(w, ret, &a, &a, NULL, true);
		return 0;
	}
	if (scope_bad)
		return odd(w, word, "there is no such interface", e);
	if (dash)
		r = add_range(w, word, dash, ret, e);
	return r == 1 ? add_name(w, word, ret, e) : r;
}
