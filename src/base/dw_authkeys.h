/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a list of keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT), and which of them let in as a password does. */
#ifndef DW_AUTHKEYS_H
#define DW_AUTHKEYS_H

#include "dw_parse.h"
#include "dw_str.h"
#include "dw_vec.h"

enum dw_authkey_state {
	DW_AUTHKEY_NO = 0, /* sshd does not take it, or for less than a session with a terminal */
	DW_AUTHKEY_UNSURE, /* that depends on where one comes from, or on a time that is near */
	DW_AUTHKEY_YES
};

struct dw_authkey {
	unsigned line;
	enum dw_authkey_state state;
	const char *why;  /* one clause; NULL with YES */
	const char *type; /* "ssh-ed25519"; NULL: no key was found in the line */
	const uint8_t *blob;
	size_t n;
	unsigned bits; /* of an RSA key; 0: of another kind */
};

struct dw_authkeys {
	DW_VEC(struct dw_authkey) v; /* lines that are neither empty nor comments */
};

/* now: seconds since the epoch. All lies in the arena; of a longer file the first 10,000 lines are read. */
void dw_authkeys_parse(struct dw_arena *a, const struct dw_bytes *text, uint64_t now,
		       struct dw_authkeys *ret);

#endif
