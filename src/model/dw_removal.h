/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes when a package is removed: itself, and whatever cannot do without it. */
#ifndef DW_REMOVAL_H
#define DW_REMOVAL_H

#include <stddef.h>

/* More than that nobody wants to see go. */
#define DW_REMOVAL_MAX 256

struct dw_removed_package {
	const char *name, *version; /* version NULL: the database does not say */
	const char *
		needs; /* the one of those that go that it cannot do without; NULL: it is the one asked for */
	/* why it must not go, as the end of a sentence: "is essential"; NULL: it may */
	const char *kept;
};

struct dw_removal {
	const struct dw_removed_package
		*v; /* in the order of their removal: who needs another goes before it */
	size_t n;
};

/* The package of that name among those that go; NULL: it stays. */
const struct dw_removed_package *dw_removal_find(const struct dw_removal *r, const char *name);

#endif
