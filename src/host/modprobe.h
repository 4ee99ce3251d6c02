/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modprobe.d(5): which modules are kept from being loaded. Private to src/host. */
#ifndef DW_HOST_MODPROBE_H
#define DW_HOST_MODPROBE_H

#include "asking.h"

#define HOST_MODPROBE_OWN "/etc/modprobe.d/doorward.conf"

enum host_modprobe_word { MODPROBE_OTHER = 0, MODPROBE_INSTALL, MODPROBE_BLACKLIST, MODPROBE_ALIAS };

struct host_modprobe {
	enum host_modprobe_word word;
	const char *name; /* of a module, - as _; of an alias the pattern */
	const char *rest; /* of install the command, of alias the module */
};
struct host_modprobes {
	DW_VEC(struct host_modprobe) v;
};

/* Adds to ret what counts here. */
void host_modprobe_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_modprobes *ret);
void host_modprobe_read(struct host_asking *q, struct host_modprobes *ret);
/* Installing it runs a program that does nothing. */
bool host_modprobe_is_off(const struct host_modprobes *all, const char *module);
/* An alias leads to it no more: the module, or what the alias says, is turned off. */
bool host_modprobe_keeps(const struct host_modprobes *all, const char *alias, const char *module);
/*
 * modules.alias of depmod(8): the first alias of a socket's family or protocol ("net-pf-2-proto-132") by which the
 * kernel loads the module, or one of its parts (dccp_ipv4 of dccp), and which nothing keeps from it. NULL: none.
 */
const char *host_modprobe_alias(struct dw_arena *a, const struct dw_bytes *aliases, const struct host_modprobes *all,
				const char *module);

#endif
