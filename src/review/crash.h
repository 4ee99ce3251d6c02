/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that crashes leaves the terminal as it was, too: who sits there has to read what happened. */
#ifndef DW_REVIEW_CRASH_H
#define DW_REVIEW_CRASH_H

/* From now on, for the terminal of these descriptors; called before anything of it is changed. */
void review_crash_watch(int in, int out);
void review_crash_release(void);

#endif
