/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiler attributes and the few macros used everywhere. */
#ifndef DW_MACROS_H
#define DW_MACROS_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define dw_printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define dw_must_check             __attribute__((warn_unused_result))
#define dw_unused                 __attribute__((unused))

/* _cleanup_(f): call f(&variable) when the variable leaves its scope. */
#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(dw_cleanup_free)
#define _cleanup_fd_   _cleanup_(dw_cleanup_fd)

#define DW_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define DW_MIN(a, b)     ((a) < (b) ? (a) : (b))
#define DW_MAX(a, b)     ((a) > (b) ? (a) : (b))

static inline void dw_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void dw_cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* Hand a pointer or descriptor over to its next owner. */
#define dw_steal_ptr(p)                                                                            \
	({                                                                                         \
		__typeof__(p) dw_stolen = (p);                                                     \
		(p) = NULL;                                                                        \
		dw_stolen;                                                                         \
	})

static inline int dw_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#endif
