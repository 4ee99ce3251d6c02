/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files that read an audit's document share; private to src/model. */
#ifndef DW_AUDIT_READ_PRIVATE_H
#define DW_AUDIT_READ_PRIVATE_H

#include "dw_audit_read.h"
#include "dw_doc.h"

void dw_audit_read_more(struct dw_doc *d, const struct dw_json_value *door,
			struct dw_audit_more *ret);

#endif
