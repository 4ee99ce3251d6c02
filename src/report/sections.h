/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sections of a document that stand in files of their own; private to src/report. */
#ifndef DW_REPORT_SECTIONS_H
#define DW_REPORT_SECTIONS_H

#include "paper.h"

void paper_tell_host(struct paper *p, const struct dw_report_whole *w);
void paper_tell_usage(struct paper *p, const struct dw_report_whole *w);
void paper_tell_history(struct paper *p, const struct dw_report_whole *w);

#endif
