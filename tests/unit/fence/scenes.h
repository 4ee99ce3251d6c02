/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Known rule sets with answers written by hand. */
#ifndef DW_TEST_SCENES_H
#define DW_TEST_SCENES_H

#include "world.h"

#define CHECKS_MAX 24u

struct check {
	enum world_who who;
	enum dw_protocol protocol;
	const char *to;
	uint16_t port;
	enum dw_arrival reach;
	const char *rule;   /* part of what names it; NULL: not looked at */
	const char *at;     /* where it arrives instead; NULL: as sent */
	bool sender;        /* made on purpose: from_port, when it is tried */
	uint16_t from_port; /* 0 */
	bool untried; /* what a real connection does says nothing: it is the host's state that decides */
};

struct scene {
	const char *name, *rules, *settings;
	struct check checks[CHECKS_MAX];
};

#define TCP DW_PROTOCOL_TCP
#define UDP DW_PROTOCOL_UDP

#define OUT DW_ARRIVAL_NO
#define IN  DW_ARRIVAL_YES
#define BUT DW_ARRIVAL_UNKNOWN

#define H4 "10.9.0.1"
#define H6 "fd09::1"
#define W4 "192.0.2.1"
#define W6 "2001:db8:1::1"

extern const struct scene scenes[];
extern const unsigned n_scenes;

#endif
