/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of confine share; private to src/lib. */
#ifndef DW_CONFINE_LIB_PRIVATE_H
#define DW_CONFINE_LIB_PRIVATE_H

#include "dw_confine.h"

/* Is it meant by the word: its name (without ".service"), its program, one of its doors? */
bool dw_confine_is_named(const struct dw_confine_service *s, const char *word);

#endif
