/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xinetd.conf(5). Private to src/starters. */
#ifndef DW_STARTER_XINETD_CONF_H
#define DW_STARTER_XINETD_CONF_H

#include "dw_starters.h"

struct dw_xinetd_service {
	const char *file;
	unsigned line; /* of the word "service" */
	const char *name,
		*id; /* id: what `enabled` and `disabled` name; the name when the block has none */
	bool disabled; /* disable = yes, or an attribute that makes xinetd drop the block */
	bool internal, rpc, unlisted, mux;
	bool has_wait, wait, has_user;
	bool v4, v6;
	enum dw_tristate v6only;
	enum dw_protocol protocol; /* unknown: not said, or one that opens no door that we know */
	bool stream, datagram;     /* socket_type */
	uint32_t port;             /* 0: by the name */
	const char *bind, *server;
	const char *redirect, *redirect_port; /* where to; NULL: it does not forward */
	const char *argument;                 /* first of server_args */
};

struct dw_xinetd_conf {
	struct dw_xinetd_service *v;
	size_t n, cap;
	/* of the `defaults` blocks */
	const char *bind;
	bool v6only;
	bool has_enabled; /* only what `enabled` lists is served */
	struct dw_strings enabled, disabled;
	/* of include and includedir, in their order; an includedir has a slash at its end */
	struct dw_strings includes;
};

/* Adds what the text of one file says. What cannot be understood goes to facts->incomplete. */
void dw_xinetd_parse(struct dw_facts *f, const char *file, const struct dw_bytes *text,
		     struct dw_xinetd_conf *ret);
/* Reads the file and all it includes. */
int dw_xinetd_read(struct dw_starters *s, const char *file, struct dw_xinetd_conf *ret,
		   struct dw_error *e);

/*
 * Does xinetd, with this configuration, open the service? Fills in protocol, port and bind from the defaults
 * and /etc/services. A block that xinetd refuses is noted in facts->incomplete.
 */
bool dw_xinetd_settle(struct dw_starters *s, const struct dw_xinetd_conf *c,
		      struct dw_xinetd_service *v);

#endif
