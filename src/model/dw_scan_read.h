/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan, read back from its JSON document (schema/scan.schema.json), and the text of a service for the store. Pure. */
#ifndef DW_SCAN_READ_H
#define DW_SCAN_READ_H

#include "dw_error.h"
#include "dw_scan.h"

struct dw_json_value;
struct dw_json;

/*
 * All of it is copied into the arena; hosts and ports are sorted. name: of the document, for messages. Hostile input:
 * every size is capped. -EBADMSG: it is no such document (the message says where), -EFBIG.
 */
int dw_scan_read_json(const char *text, size_t n, const char *name, struct dw_arena *a,
		      struct dw_scan *ret, struct dw_error *e);
/* As above, of a document that is parsed already. */
int dw_scan_read_value(const struct dw_json_value *v, const char *name, struct dw_arena *a,
		       struct dw_scan *ret, struct dw_error *e);
/* "1-1024,8080": sets the bits of these ports (65536 bits). False: it is no such list. NULL and "": none. */
#define DW_SCAN_PORT_BYTES 8192
bool dw_scan_ports_parse(const char *list, uint8_t *ret_bits);
static inline bool dw_scan_ports_have(const uint8_t *bits, uint16_t port)
{
	return bits[port >> 3] & (1u << (port & 7));
}

/* A service as one JSON object of its known members, in the arena, and back (-EBADMSG). s NULL: NULL. */
const char *dw_scan_service_text(struct dw_arena *a, const struct dw_scan_service *s);
int dw_scan_service_read(const char *text, struct dw_arena *a, struct dw_scan_service **ret,
			 struct dw_error *e);

#endif
