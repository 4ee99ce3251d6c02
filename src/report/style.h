/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the page looks; private to src/report. */
#ifndef DW_REPORT_STYLE_H
#define DW_REPORT_STYLE_H

/* The whole of its element <style>, as it stands there: the policy of the page names it by its hash. */
extern const char dw_page_style[];

#endif
