/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host made by hand, from inside and from outside. */
#ifndef COMPARE_SCENE_H
#define COMPARE_SCENE_H

#include "dw_compare.h"

#define MOST 32

struct scene {
	struct dw_arena *a;
	struct dw_door doors[MOST];
	const char *services[MOST];
	struct dw_own_address own[MOST];
	struct dw_snapshot snapshot;
	struct dw_inside inside;
	struct dw_scan_port ports[MOST], ports_before[MOST];
	struct dw_scan_host host, host_before;
	struct dw_scan scan, before;
	struct dw_address scanner;
	struct dw_compare_input in;
	struct dw_comparison got;
};

struct dw_address address(const char *text);
void own(struct scene *s, const char *text, const char *ifname);
struct scene *scene(struct dw_arena *a);
struct dw_door *door(struct scene *s, const char *at, enum dw_protocol p, uint32_t port,
		     const char *service);
struct dw_scan_port *port_of(struct dw_scan_host *h, enum dw_protocol p, uint16_t port,
			     enum dw_scan_state state);
struct dw_scan_port *open_port(struct scene *s, uint16_t port);
void says(struct scene *s, struct dw_scan_port *p, const char *protocol, const char *product);
/* "22/tcp as-expected open-inside; 80/tcp! ...": urgent ones with !, blind ones with ?. */
const char *text(struct scene *s);

#endif
