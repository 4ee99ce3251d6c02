/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole report made by hand, with something in every section. */
#ifndef DW_MOCK_WHOLE_H
#define DW_MOCK_WHOLE_H

#include "dw_whole_report.h"

struct mock_whole;
/*
 * Of dw_mock_audit(which). text: what stands wherever a stranger may have written something (a command line, a name, a
 * reason); NULL: ordinary texts. missing: no section is told, each for another reason.
 */
struct mock_whole *mock_whole_new(const char *which, const char *text, bool missing);
const struct dw_report_whole *mock_whole_of(const struct mock_whole *m);
void mock_whole_free(struct mock_whole *m);

#endif
