/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the parts of the wire "live-frames"; private to it. */
#ifndef DW_WIRE_LIVE_H
#define DW_WIRE_LIVE_H

#include "dw_wire.h"
#include "dw_xdp.h"

/* -ENOTSUP: not by this wire, -EINVAL: by none. */
int dw_live_check_block(const struct dw_wire_block *b, struct dw_error *e);
/* Tells the program of a block that was checked and has its room; no bit is set. Receiving is not turned on. */
int dw_live_write_block(const struct dw_xdp_view *v, const struct dw_wire_block *b,
			struct dw_error *e);

#endif
