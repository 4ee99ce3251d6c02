/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of GnuTLS that are used; private to identify-tls.c and identify-tlslib.c. */
#ifndef DW_IDENTIFY_TLSLIB_H
#define DW_IDENTIFY_TLSLIB_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "dw_error.h"

struct dw_tlslib {
	void *handle;
	int (*init)(gnutls_session_t *, unsigned);
	void (*deinit)(gnutls_session_t);
	int (*priority_direct)(gnutls_session_t, const char *, const char **);
	int (*credentials_allocate)(gnutls_certificate_credentials_t *);
	int (*credentials_set)(gnutls_session_t, gnutls_credentials_type_t, void *);
	int (*server_name_set)(gnutls_session_t, gnutls_server_name_type_t, const void *, size_t);
	void (*transport_set_ptr)(gnutls_session_t, gnutls_transport_ptr_t);
	void (*set_pull)(gnutls_session_t, gnutls_pull_func);
	void (*set_push)(gnutls_session_t, gnutls_push_func);
	void (*set_errno)(gnutls_session_t, int);
	int (*handshake)(gnutls_session_t);
	int (*error_is_fatal)(int);
	int (*direction)(gnutls_session_t);
	ssize_t (*recv)(gnutls_session_t, void *, size_t);
	ssize_t (*send)(gnutls_session_t, const void *, size_t);
	size_t (*pending)(gnutls_session_t);
	gnutls_protocol_t (*version)(gnutls_session_t);
	const gnutls_datum_t *(*peers)(gnutls_session_t, unsigned *);
	int (*crt_init)(gnutls_x509_crt_t *);
	void (*crt_deinit)(gnutls_x509_crt_t);
	int (*crt_import)(gnutls_x509_crt_t, const gnutls_datum_t *, gnutls_x509_crt_fmt_t);
	int (*crt_dn)(gnutls_x509_crt_t, char *, size_t *);
	time_t (*crt_expires)(gnutls_x509_crt_t);
	int (*crt_alt_name)(gnutls_x509_crt_t, unsigned, void *, size_t *, unsigned *);
	gnutls_certificate_credentials_t credentials;
};

/* NULL: not loaded. */
const struct dw_tlslib *dw_tlslib(void);

#endif
