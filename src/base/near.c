/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_str.h"

#define LONGEST 32

/* Letters to insert, drop, replace or swap with a neighbour to get from a to b (Damerau, restricted). */
static unsigned distance(const char *a, const char *b)
{
	unsigned d[LONGEST + 1][LONGEST + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = (unsigned)i;
	for (size_t k = 0; k <= m; k++)
		d[0][k] = (unsigned)k;
	for (size_t i = 1; i <= n; i++) {
		for (size_t k = 1; k <= m; k++) {
			unsigned best = d[i - 1][k - 1] + (a[i - 1] != b[k - 1]);

			best = DW_MIN(best, d[i - 1][k] + 1);
			best = DW_MIN(best, d[i][k - 1] + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				best = DW_MIN(best, d[i - 2][k - 2] + 1);
			d[i][k] = best;
		}
	}
	return d[n][m];
}

unsigned dw_str_apart(const char *given, const char *name)
{
	size_t n = strlen(given);
	unsigned d = distance(given, name);

	if (n >= 2 && strncmp(given, name, n) == 0)
		return 0;
	return d <= 2 && d < strlen(name) / 2 + 1 ? d : (unsigned)-1;
}

void dw_nearest_try(struct dw_nearest *n, const char *given, const char *name)
{
	unsigned apart = dw_str_apart(given, name);

	if (apart == (unsigned)-1 || (n->name && apart >= n->apart))
		return;
	n->name = name;
	n->apart = apart;
}

const char *dw_nearest_text(const struct dw_nearest *n, struct dw_arena *a, const char *otherwise)
{
	return n->name ? dw_arena_printf(a, "; did you mean \"%s\"?", n->name) : otherwise;
}
