/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to sshd: its lines and packets. In the child that reads what comes. Private to src/starters. */
#ifndef DW_SSH_WIRE_H
#define DW_SSH_WIRE_H

#include "ssh-seal.h"

#define SSH_PACKET_MAX 35000 /* RFC 4253, 6.1 */
#define SSH_VERSION    "SSH-2.0-doorward"

enum {
	SSH_MSG_DISCONNECT = 1,
	SSH_MSG_IGNORE = 2,
	SSH_MSG_UNIMPLEMENTED = 3,
	SSH_MSG_DEBUG = 4,
	SSH_MSG_SERVICE_REQUEST = 5,
	SSH_MSG_SERVICE_ACCEPT = 6,
	SSH_MSG_EXT_INFO = 7, /* RFC 8308 */
	SSH_MSG_KEXINIT = 20,
	SSH_MSG_NEWKEYS = 21,
	SSH_MSG_KEX_INIT = 30,
	SSH_MSG_KEX_REPLY = 31,
	SSH_MSG_AUTH_REQUEST = 50,
	SSH_MSG_AUTH_FAILURE = 51,
	SSH_MSG_AUTH_SUCCESS = 52,
	SSH_MSG_AUTH_BANNER = 53,
	SSH_MSG_AUTH_KEY_OK = 60
};

struct ssh_talk {
	int fd;
	uint64_t end; /* dw_talk_now() */
	struct ssh_seal in, out;
	uint8_t data[SSH_PACKET_MAX + 4 + 64];
	size_t n;            /* bytes of data that are there */
	size_t used;         /* of the packet that was taken last */
	struct dw_str hello; /* the server's line, without its end */
};

/* RFC 4251, 5. ssh_get(): false: there is none; *p and *n go on behind it. */
void ssh_put(struct dw_str *b, const void *p, size_t n);
bool ssh_get(const uint8_t **p, size_t *n, const uint8_t **ret, size_t *ret_n);

bool ssh_wait(const struct ssh_talk *t, short what);
bool ssh_say(const struct ssh_talk *t, const void *data, size_t n);
/* The line that begins with SSH-2.0-, into t->hello. */
bool ssh_hear_hello(struct ssh_talk *t, struct dw_arena *a);
bool ssh_say_packet(struct ssh_talk *t, struct dw_arena *a, const struct dw_str *payload);
/* The payload of the next packet that means something; 0: there is none. It lies in t->data until the next call. */
size_t ssh_hear_packet(struct ssh_talk *t, const uint8_t **ret);

#endif
