/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks and dates. */
#include <arpa/inet.h>
#include <string.h>

#include "dw_str.h"
#include "private.h"

bool policy_read_address(const char *text, struct dw_network *ret)
{
	*ret = (struct dw_network){ .family = DW_FAMILY_IPV4, .prefix = 32 };
	if (inet_pton(AF_INET, text, ret->address) == 1)
		return true;
	*ret = (struct dw_network){ .family = DW_FAMILY_IPV6, .prefix = 128 };
	return inet_pton(AF_INET6, text, ret->address) == 1;
}

/* 255.255.0.0 is 16; anything that is no netmask is SIZE_MAX. */
static size_t prefix_of_mask(const char *text)
{
	uint8_t mask[4];
	uint32_t bits;
	size_t n = 0;

	if (inet_pton(AF_INET, text, mask) != 1)
		return SIZE_MAX;
	bits = (uint32_t)mask[0] << 24 | (uint32_t)mask[1] << 16 | (uint32_t)mask[2] << 8 | mask[3];
	while (n < 32 && bits & 0x80000000U) {
		bits <<= 1;
		n++;
	}
	return bits ? SIZE_MAX : n;
}

/* Sets all bits behind the prefix to 0; false: they were. */
static bool clear_host_bits(struct dw_network *n)
{
	bool cleared = false;

	for (unsigned i = 0; i < 16; i++) {
		unsigned bits = n->prefix > i * 8 ? DW_MIN(n->prefix - i * 8, 8U) : 0;
		uint8_t keep = (uint8_t)(0xff00U >> bits);

		cleared |= (n->address[i] & ~keep) != 0;
		n->address[i] &= keep;
	}
	return cleared;
}

static bool bad_prefix(struct policy_reader *r, const struct policy_word *w, const char *address,
		       const char *prefix, unsigned max)
{
	size_t mask = max == 32 ? prefix_of_mask(prefix) : SIZE_MAX;

	if (mask != SIZE_MAX)
		policy_error_at(r, w, "\"%s\": a netmask; expected a prefix length: %s/%zu",
				policy_shown(r, w->text), address, mask);
	else
		policy_error_at(r, w, "\"%s\": expected a prefix length from 0 to %u behind the /",
				policy_shown(r, w->text), max);
	return false;
}

static bool has_host_bits(struct policy_reader *r, const struct policy_word *w,
			  struct dw_network *n)
{
	char text[INET6_ADDRSTRLEN];

	if (!clear_host_bits(n))
		return false;
	if (!inet_ntop(n->family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, n->address, text,
		       sizeof(text)))
		text[0] = '\0';
	policy_error_at(r, w, "\"%s\" is an address within a network; did you mean %s/%u?",
			policy_shown(r, w->text), text, n->prefix);
	return true;
}

bool policy_read_network(struct policy_reader *r, const struct policy_word *w,
			 struct dw_network *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const char *slash = strchr(w->text, '/');
	const char *address =
		slash ? dw_arena_strndup(r->a, w->text, (size_t)(slash - w->text)) : w->text;
	uint64_t prefix;

	if (strchr(w->text, ',')) {
		policy_error_at(r, w, "\"%s\": networks stand apart with blanks, not with commas",
				policy_shown(r, w->text));
		return false;
	}
	if (!policy_read_address(address, ret)) {
		struct policy_near near = policy_near_to(r, w->text);

		policy_near_try(&near, "any");
		policy_near_try(&near, "lan");
		policy_near_clauses(&near);
		policy_error_at(r, w,
				"\"%s\" is no network; expected 192.168.1.0/24, 2001:db8::/32, one "
				"address, any or lan%s",
				policy_shown(r, w->text), policy_near_text(r, &near));
		return false;
	}
	if (ret->family == DW_FAMILY_IPV6 && memcmp(ret->address, mapped, sizeof(mapped)) == 0) {
		policy_error_at(r, w, "\"%s\": write IPv4 in its own way, as 192.0.2.0/24",
				policy_shown(r, w->text));
		return false;
	}
	if (!slash)
		return true;
	if (!dw_parse_u64(slash + 1, 10, ret->prefix, &prefix))
		return bad_prefix(r, w, address, slash + 1, ret->prefix);
	ret->prefix = (unsigned)prefix;
	return !has_host_bits(r, w, ret);
}

static unsigned days_in(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01. */
static uint64_t days_since_epoch(unsigned year, unsigned month, unsigned day)
{
	uint64_t before = year - 1, epoch = 1969;
	uint64_t days = (before - epoch) * 365 + (before / 4 - before / 100 + before / 400) -
			(epoch / 4 - epoch / 100 + epoch / 400);

	for (unsigned m = 1; m < month; m++)
		days += days_in(year, m);
	return days + day - 1;
}

bool policy_read_date(struct policy_reader *r, const struct policy_word *w, uint64_t *ret)
{
	uint64_t year, month, day;
	unsigned last;

	if (strlen(w->text) != 10 || w->text[4] != '-' || w->text[7] != '-' ||
	    !dw_parse_u64n(w->text, 4, 10, 9999, &year) ||
	    !dw_parse_u64n(w->text + 5, 2, 10, 99, &month) ||
	    !dw_parse_u64n(w->text + 8, 2, 10, 99, &day)) {
		policy_error_at(r, w, "\"%s\" is no date; expected YYYY-MM-DD, as 2027-01-31",
				policy_shown(r, w->text));
		return false;
	}
	if (year < 1971 || month < 1 || month > 12) {
		policy_error_at(r, w, "\"%s\": there is no such %s", w->text,
				year < 1971 ? "year here; expected one from 1971 on" : "month");
		return false;
	}
	last = days_in((unsigned)year, (unsigned)month);
	if (day < 1 || day > last) {
		policy_error_at(r, w, "\"%s\": that month has %u days", w->text, last);
		return false;
	}
	*ret = days_since_epoch((unsigned)year, (unsigned)month, (unsigned)day) * 86400;
	return true;
}
