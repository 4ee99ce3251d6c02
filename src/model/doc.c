/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts that documents are read with. */
#include "dw_doc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dw_parse.h"
#include "dw_str.h"

int dw_doc_wrong(struct dw_doc *d, const char *key, const char *fmt, ...)
{
	struct dw_str at = { .arena = d->arena };
	const char *what;
	va_list ap;

	if (d->r < 0)
		return d->r;
	for (unsigned i = 0; i < d->depth; i++)
		dw_str_addf(&at, "%s%s[%zu]", i ? "." : "", d->list[i], d->index[i]);
	if (key)
		dw_str_addf(&at, "%s%s", d->depth ? "." : "", key);
	va_start(ap, fmt);
	what = dw_arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	(void)dw_error_set(d->e, -EBADMSG, "%s: %s%s%s", d->name, at.s ? at.s : "",
			   at.s ? ": " : "", what);
	d->r = -EBADMSG;
	return d->r;
}

static const struct dw_json_value *member(const struct dw_doc *d, const struct dw_json_value *o,
					  const char *key)
{
	const struct dw_json_value *v = d->r == 0 ? dw_json_get(o, key, NULL) : NULL;

	return dw_json_is_null(v) ? NULL : v;
}

const char *dw_doc_text(struct dw_doc *d, const struct dw_json_value *o, const char *key,
			size_t max)
{
	const struct dw_json_value *v = member(d, o, key);
	const char *text = v ? dw_json_text(v) : NULL;

	if (v && !text)
		(void)dw_doc_wrong(d, key, "it is no text");
	else if (text && strlen(text) > max)
		(void)dw_doc_wrong(d, key, "it is longer than %zu bytes", max);
	return text && d->r == 0 ? dw_arena_strdup(d->arena, text) : NULL;
}

uint64_t dw_doc_number(struct dw_doc *d, const struct dw_json_value *o, const char *key,
		       uint64_t max)
{
	const struct dw_json_value *v = member(d, o, key);
	uint64_t n = 0;

	if (!v)
		return 0;
	if (dw_json_unsigned(v, &n) && n <= max)
		return n;
	(void)dw_doc_wrong(d, key, "it is no number from 0 to %llu", (unsigned long long)max);
	return 0;
}

float dw_doc_share(struct dw_doc *d, const struct dw_json_value *o, const char *key)
{
	const struct dw_json_value *v = member(d, o, key);
	double n = 0;

	if (!v)
		return 0;
	if (dw_json_real(v, &n) && n >= 0 && n <= 1)
		return (float)n;
	(void)dw_doc_wrong(d, key, "it is no number from 0 to 1");
	return 0;
}

bool dw_doc_bool(struct dw_doc *d, const struct dw_json_value *o, const char *key)
{
	const struct dw_json_value *v = member(d, o, key);

	if (v && !dw_json_true(v) && !dw_json_is_false(v))
		(void)dw_doc_wrong(d, key, "it is neither true nor false");
	return v && dw_json_true(v);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar; the C library's calendar is not for a pure room. */
static uint64_t days(unsigned year, unsigned month, unsigned day)
{
	static const unsigned before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	unsigned y = year - 1;
	uint64_t n = (uint64_t)y * 365 + y / 4 - y / 100 + y / 400;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return n + before[month - 1] + (month > 2 && leap) + day - 1 - 719162;
}

static bool digits(const char *s, size_t n, unsigned first, unsigned last, unsigned *ret)
{
	uint64_t v = 0;

	if (strspn(s, "0123456789") < n || !dw_parse_u64n(s, n, 10, last, &v) || v < first)
		return false;
	*ret = (unsigned)v;
	return true;
}

bool dw_doc_parse_time(const char *text, uint64_t *ret_seconds, unsigned *ret_ms)
{
	unsigned year, month, day, hour, minute, second, ms = 0;
	const char *rest = text + 19;
	size_t n = strlen(text);

	if (n < 20 || n > 40 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
	    text[13] != ':' || text[16] != ':' || text[n - 1] != 'Z')
		return false;
	if (!digits(text, 4, 1970, 9999, &year) || !digits(text + 5, 2, 1, 12, &month) ||
	    !digits(text + 8, 2, 1, 31, &day) || !digits(text + 11, 2, 0, 23, &hour) ||
	    !digits(text + 14, 2, 0, 59, &minute) || !digits(text + 17, 2, 0, 60, &second))
		return false;
	if (*rest == '.') {
		size_t fraction = strspn(rest + 1, "0123456789");

		if (fraction == 0 || rest[1 + fraction] != 'Z' ||
		    (fraction >= 3 && !digits(rest + 1, 3, 0, 999, &ms)))
			return false;
	} else if (*rest != 'Z') {
		return false;
	}
	*ret_seconds = days(year, month, day) * 86400 + hour * 3600U + minute * 60U + second;
	*ret_ms = ms;
	return true;
}

const char *dw_doc_time_text(struct dw_arena *a, uint64_t seconds)
{
	uint64_t at = DW_MIN(seconds, UINT64_C(253402300799)), left = at / 86400;
	unsigned year = 1970, month = 12;

	while (year < 9999 && days(year + 1, 1, 1) <= left)
		year++;
	while (days(year, month, 1) > left)
		month--;
	left -= days(year, month, 1);
	at %= 86400;
	return dw_arena_printf(a, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, (unsigned)left + 1,
			       (unsigned)(at / 3600), (unsigned)(at / 60 % 60),
			       (unsigned)(at % 60));
}

uint64_t dw_doc_time(struct dw_doc *d, const struct dw_json_value *o, const char *key)
{
	const char *text = dw_doc_text(d, o, key, 64);
	uint64_t seconds = 0;
	unsigned ms = 0;

	if (text && !dw_doc_parse_time(text, &seconds, &ms))
		(void)dw_doc_wrong(d, key, "it is no time like 2026-01-31T12:00:00Z");
	return seconds;
}

bool dw_doc_parse_address(const char *text, struct dw_address *ret)
{
	char bare[64];
	size_t n = strcspn(text, "%");
	uint64_t scope = 0;

	*ret = (struct dw_address){ 0 };
	if (n >= sizeof(bare) || strlen(text) > 2 * sizeof(bare))
		return false;
	memcpy(bare, text, n);
	bare[n] = '\0';
	if (inet_pton(AF_INET, bare, ret->bytes) == 1) {
		ret->family = DW_FAMILY_IPV4;
		return text[n] == '\0';
	}
	if (inet_pton(AF_INET6, bare, ret->bytes) != 1)
		return false;
	ret->family = DW_FAMILY_IPV6;
	if (text[n] == '%' && dw_parse_u64(text + n + 1, 10, UINT32_MAX, &scope))
		ret->scope = (uint32_t)scope;
	return true;
}

const struct dw_json_value *dw_doc_array(struct dw_doc *d, const struct dw_json_value *o,
					 const char *key, size_t max, size_t *ret_n)
{
	const struct dw_json_value *v = member(d, o, key);

	*ret_n = 0;
	if (!v)
		return NULL;
	if (!dw_json_is_array(v)) {
		(void)dw_doc_wrong(d, key, "it is no list");
		return NULL;
	}
	if (dw_json_count(v) > max) {
		(void)dw_doc_wrong(d, key, "it has more than %zu members", max);
		return NULL;
	}
	*ret_n = dw_json_count(v);
	return v;
}

const struct dw_json_value *dw_doc_enter(struct dw_doc *d, const struct dw_json_value *array,
					 const char *key, size_t i)
{
	const struct dw_json_value *v = dw_json_at(array, i, NULL);

	if (d->depth == DW_ARRAY_SIZE(d->list))
		return NULL;
	d->list[d->depth] = key;
	d->index[d->depth++] = i;
	if (!dw_json_is_object(v)) {
		(void)dw_doc_wrong(d, NULL, "it is no object");
		return NULL;
	}
	return v;
}

void dw_doc_leave(struct dw_doc *d)
{
	d->depth--;
}

const char **dw_doc_strings(struct dw_doc *d, const struct dw_json_value *o, const char *key,
			    size_t max, size_t *ret_n)
{
	size_t n = 0;
	const struct dw_json_value *v = dw_doc_array(d, o, key, max, &n);
	const char **list = dw_arena_array(d->arena, n, sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		const char *text = dw_json_text(dw_json_at(v, i, NULL));

		if (!text || strlen(text) > 1024) {
			(void)dw_doc_wrong(d, key,
					   "its member %zu is no text of at most 1024 bytes", i);
			n = i;
			break;
		}
		list[i] = dw_arena_strdup(d->arena, text);
	}
	*ret_n = n;
	return list;
}
