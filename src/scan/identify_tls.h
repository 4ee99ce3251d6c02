/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS as a client that wants to see, not to be safe: nothing is verified, old versions are taken, no secret is ever
 * sent. GnuTLS is opened when identification begins.
 */
#ifndef DW_IDENTIFY_TLS_H
#define DW_IDENTIFY_TLS_H

#include <sys/types.h>

#include "identify_record.h"

struct dw_tls;

/* Once for the process; before a sandbox. -ENOSYS: it is not there, and nothing is known of what is inside TLS. */
int dw_tls_load(struct dw_error *e);
bool dw_tls_is_loaded(void);

/* fd stays the caller's. name: for SNI; NULL: none. NULL: no memory, or not loaded. */
struct dw_tls *dw_tls_new(int fd, const char *name);
void dw_tls_free(struct dw_tls *t); /* NULL allowed; sends nothing */
/* 0: done; -EAGAIN: more must come, or go when dw_tls_wants_write(); -EPROTONOSUPPORT: it speaks TLS, and says no. */
int dw_tls_shake(struct dw_tls *t);
bool dw_tls_wants_write(const struct dw_tls *t);
bool dw_tls_has_more(const struct dw_tls *t); /* bytes that poll(2) does not know of */
ssize_t dw_tls_read(struct dw_tls *t, void *to, size_t max); /* as dw_talk_read */
ssize_t dw_tls_write(struct dw_tls *t, const void *from, size_t n);
/* Version and certificate into the record; also after a handshake that failed half way. */
void dw_tls_describe(const struct dw_tls *t, struct identify_record *r);
/* A certificate (DER): subject, names, expiry. False: it is none. */
bool dw_tls_certificate(const uint8_t *der, size_t n, struct identify_record *r);

#endif
