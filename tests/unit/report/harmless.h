/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nothing in a text for people may speak to a terminal. */
#ifndef DW_TEST_HARMLESS_H
#define DW_TEST_HARMLESS_H

#include <string.h>

#include "dw_test.h"

static inline void check_harmless(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		DW_CHECK(*p == '\n' || (*p >= 0x20 && *p != 0x7f));
	DW_CHECK(strstr(text, "\xe2\x80\xae") == NULL);
	DW_CHECK(strstr(text, "\xc2\x9b") == NULL);
}

#endif
