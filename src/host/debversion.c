/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Versions of Debian's packages, deb-version(7): [EPOCH:]UPSTREAM[-REVISION]. Parts of no digits and parts of digits
 * take turns. The former are compared letter by letter, where "~" comes before even the end, letters come before all
 * else; the latter as numbers, however long.
 */
#include <ctype.h>

#include "updates.h"

struct part {
	const char *p, *end;
};

struct version {
	struct part epoch, upstream, revision;
};

static struct version cut(const char *s)
{
	const char *end = s + strlen(s), *colon = strchr(s, ':');
	struct version v = { .upstream = { s, end }, .revision = { end, end }, .epoch = { s, s } };
	const char *dash;

	if (colon) {
		v.epoch = (struct part){ s, colon };
		v.upstream.p = colon + 1;
	}
	dash = memrchr(v.upstream.p, '-', (size_t)(end - v.upstream.p));
	if (dash) {
		v.upstream.end = dash;
		v.revision = (struct part){ dash + 1, end };
	}
	return v;
}

static bool at_digit(const struct part *x)
{
	return x->p < x->end && isdigit((unsigned char)*x->p);
}

/* A digit ends a part of letters as the end does. */
static int rank(const struct part *x)
{
	if (x->p == x->end || at_digit(x))
		return 0;
	if (*x->p == '~')
		return -1;
	return isalpha((unsigned char)*x->p) ? (unsigned char)*x->p : (unsigned char)*x->p + 256;
}

/* Numbers without leading zeros: the longer one is greater. */
static int compare_numbers(struct part *a, struct part *b)
{
	int first = 0;

	while (a->p < a->end && *a->p == '0')
		a->p++;
	while (b->p < b->end && *b->p == '0')
		b->p++;
	for (; at_digit(a) && at_digit(b); a->p++, b->p++)
		first = first ? first : *a->p - *b->p;
	if (at_digit(a))
		return 1;
	return at_digit(b) ? -1 : first;
}

static int compare(struct part a, struct part b)
{
	while (a.p < a.end || b.p < b.end) {
		int c;

		while ((a.p < a.end && !at_digit(&a)) || (b.p < b.end && !at_digit(&b))) {
			c = rank(&a) - rank(&b);
			if (c)
				return c;
			a.p += a.p < a.end;
			b.p += b.p < b.end;
		}
		c = compare_numbers(&a, &b);
		if (c)
			return c;
	}
	return 0;
}

int host_deb_compare(const char *a, const char *b)
{
	struct version x = cut(a), y = cut(b);
	int c = compare(x.epoch, y.epoch);

	if (c == 0)
		c = compare(x.upstream, y.upstream);
	return c ? c : compare(x.revision, y.revision);
}
