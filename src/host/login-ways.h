/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By what an account gets in through sshd, and how sure that is. Private to src/host. */
#ifndef DW_HOST_LOGIN_WAYS_H
#define DW_HOST_LOGIN_WAYS_H

#include "sshd.h"

enum host_way {
	HOST_WAY_NO = 0,
	HOST_WAY_UNKNOWN, /* it depends on what cannot be seen from here */
	HOST_WAY_YES
};

struct host_way_in {
	enum host_way way;
	const char *why; /* one clause; NULL with YES */
	const char *
		file; /* with YES: the list that has such a key; NULL: it could not be named in one word */
};

/* Logs in by a key to a session with a terminal, by each of the cases that concern it: the worst of them counts. */
struct host_way_in host_key_way(struct host_look *l, const struct host_user *u);
/*
 * sshd takes a password of it, somewhere: NO is only said when no case does. By root's rules when it is root; an
 * account that has expired, or that is not among who may come, has no way in at all.
 */
struct host_way_in host_password_way(struct host_look *l, const struct host_user *u);
/* A list of keys with one that would let in, whatever else is set; NULL: none. */
const char *host_key_list(struct host_look *l, const struct host_user *u);
/* Accounts may be in other places than /etc/passwd (nsswitch.conf(5)): which. NULL: none are. */
const char *host_other_accounts(struct host_look *l);

#endif
