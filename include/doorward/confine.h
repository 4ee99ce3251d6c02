/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdoorward: what stands behind the doors that stay. A part of doorward/doorward.h, which includes it. */
#ifndef DOORWARD_CONFINE_H
#define DOORWARD_CONFINE_H

#include "doorward.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Each service that keeps a door of the audit: as whom it runs, what it may do, a score by which they are ranked.
 * DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/confine.schema.json). service: the name of one (a unit, with or
 * without ".service", a program, a port: "22/tcp"); NULL: all. The number of services told, of which *ret_blind (NULL
 * allowed) says whether something of them could not be seen. -ENOENT: no service of that name keeps a door.
 */
DOORWARD_API int doorward_confine_write(struct doorward *d, struct doorward_audit *a,
					const char *service, enum doorward_format format, FILE *out,
					const struct doorward_style *style, int *ret_blind);

#ifdef __cplusplus
}
#endif

#endif
