/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inetd.conf(5) as openbsd-inetd, inetutils-inetd, busybox and xinetd -inetd_compat read it. Private to
 * src/starters.
 */
#ifndef DW_STARTER_INETD_CONF_H
#define DW_STARTER_INETD_CONF_H

#include "dw_starters.h"

struct dw_inetd_line {
	const char *file;
	unsigned line;
	const char *service; /* as written, without address and RPC version */
	const char *address; /* as written, "localhost" as its number; NULL: every address */
	bool again; /* the line names several addresses, and this is not the first of them */
	enum dw_protocol protocol;
	enum dw_family family; /* unknown: one socket for IPv4 and one for IPv6 */
	bool rpc;              /* the port is whatever is free: ask the portmapper */
	bool wait;             /* the socket itself is handed to the program */
	bool internal;
	uint32_t port; /* 0: not known */
	const char *user;
	const char *program; /* NULL: internal */
	const char *arguments
		[2]; /* the first two, argv[0] included: tcpd's program is there; NULL: none */
};

struct dw_inetd_lines {
	struct dw_inetd_line *v;
	size_t n, cap;
};

/*
 * Adds the active lines of the text. Lines of tcpmux/ and of unix sockets open no door of their own and are
 * left out. One that names several addresses ("10.0.0.1,127.0.0.1:ftp") is added once for each. What cannot be
 * understood goes to facts->incomplete. Ports of named services stay 0.
 */
void dw_inetd_parse(struct dw_facts *f, const char *file, const struct dw_bytes *text,
		    struct dw_inetd_lines *ret);
/* Reads and parses the file and looks the ports up. -ENOENT: not there. */
int dw_inetd_read(struct dw_starters *s, const char *file, struct dw_inetd_lines *ret,
		  struct dw_error *e);

/* Would the line, read by an inetd, open this? */
bool dw_inetd_opens(const struct dw_inetd_line *l, const struct dw_endpoint *at);
/* The endpoint that the line asks for. */
struct dw_endpoint dw_inetd_endpoint(const struct dw_inetd_line *l);

/* The daemon that reads a configuration, for those who want to close what it opens. */
struct dw_inetd_daemon {
	const char *program;                /* path: who is told to read it again */
	const char *set;                    /* names its set of files: "inetd /etc/inetd.conf" */
	unsigned active;                    /* lines (blocks) of the set that open something */
	const char *const *names;           /* of its unit or script; ends with NULL */
	const struct dw_inetd_lines *lines; /* inetd's active ones; NULL: xinetd */
};
/* The inetd (xinetd) that the process `pid` is, or the usual one (0). False: there is none here. */
bool dw_inetd_daemon_of(struct dw_starters *s, int pid, struct dw_inetd_daemon *ret);
bool dw_xinetd_daemon_of(struct dw_starters *s, struct dw_inetd_daemon *ret);
struct levering;
/* The daemon whose line (xinetd: block) the door's is; a line of inetd.conf may be xinetd's (levers-inetd.c). */
bool dw_levers_inetd_daemon(struct levering *l, bool xinetd, struct dw_inetd_daemon *ret);

/*
 * Shared with xinetd: does a socket bound there come from this address (text, NULL or "*": any) and family?
 * A host name is taken to fit.
 */
bool dw_inetd_address_fits(const char *address, enum dw_family family,
			   const struct dw_endpoint *at);
void dw_inetd_address_set(const char *address, struct dw_endpoint *at);

#endif
