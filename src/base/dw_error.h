/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors: a function that can fail returns 0 (or a count) or a negative errno-like code, and writes one
 * sentence for a person into the struct dw_error its caller lent it. Whoever knows the object writes the
 * message; callers pass it up untouched. A NULL struct dw_error is allowed: the code alone then tells.
 */
#ifndef DW_ERROR_H
#define DW_ERROR_H

#include "dw_macros.h"

#define DW_ERROR_SIZE 512

struct dw_error {
	int code;                    /* negative errno value, 0: none */
	char message[DW_ERROR_SIZE]; /* one sentence, no newline; names the object */
};

/* Writes the message, returns code (so: `return dw_error_set(e, -EINVAL, ...)`). */
int dw_error_set(struct dw_error *e, int code, const char *fmt, ...) dw_printf_like(3, 4);

/* As dw_error_set, with ": " and the text of the errno value -code at the end. */
int dw_error_errno(struct dw_error *e, int code, const char *fmt, ...) dw_printf_like(3, 4);

#endif
