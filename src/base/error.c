/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int dw_error_set(struct dw_error *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	e->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	return code;
}

int dw_error_errno(struct dw_error *e, int code, const char *fmt, ...)
{
	char text[128];
	size_t used;
	va_list ap;

	if (!e)
		return code;
	e->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	used = strlen(e->message);
	(void)snprintf(e->message + used, sizeof(e->message) - used, ": %s",
		       strerror_r(-code, text, sizeof(text)));
	return code;
}
