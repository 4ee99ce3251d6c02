/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identify_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "dw_talk.h"
#include "identify_pattern.h"
#include "identify_tlslib.h"

/* Everything that this library still knows, TLS 1.0 included: the old servers are those that one wants to see. */
#define PRIORITY "LEGACY:+VERS-ALL:%COMPAT:%UNSAFE_RENEGOTIATION"

struct dw_tls {
	gnutls_session_t session;
	int fd;
	int failed; /* negative: of the socket */
};

static ssize_t result(struct dw_tls *t, ssize_t n)
{
	if (n >= 0)
		return n;
	if (n != -EAGAIN)
		t->failed = (int)n;
	dw_tlslib()->set_errno(t->session, (int)-n);
	return -1;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *to, size_t max)
{
	struct dw_tls *t = p;

	return result(t, dw_talk_read(t->fd, to, max));
}

static ssize_t push(gnutls_transport_ptr_t p, const void *from, size_t n)
{
	struct dw_tls *t = p;

	return result(t, dw_talk_write(t->fd, from, n));
}

/* An address is no name for SNI: RFC 6066 3. */
static bool is_name(const char *name)
{
	return name && *name && !strchr(name, ':') && name[strspn(name, "0123456789.")];
}

struct dw_tls *dw_tls_new(int fd, const char *name)
{
	const struct dw_tlslib *l = dw_tlslib();
	struct dw_tls *t;

	if (!l)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->fd = fd;
	if (l->init(&t->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) {
		free(t);
		return NULL;
	}
	l->transport_set_ptr(t->session, t);
	l->set_pull(t->session, pull);
	l->set_push(t->session, push);
	if (l->priority_direct(t->session, PRIORITY, NULL) < 0 ||
	    l->credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, l->credentials) < 0) {
		dw_tls_free(t);
		return NULL;
	}
	if (is_name(name))
		(void)l->server_name_set(t->session, GNUTLS_NAME_DNS, name, strlen(name));
	return t;
}

void dw_tls_free(struct dw_tls *t)
{
	if (!t)
		return;
	dw_tlslib()->deinit(t->session);
	free(t);
}

static int code_of(const struct dw_tls *t, ssize_t r)
{
	if (t->failed < 0)
		return t->failed;
	return dw_tlslib()->error_is_fatal((int)r) ? -EPROTO : -EAGAIN;
}

int dw_tls_shake(struct dw_tls *t)
{
	int r = dw_tlslib()->handshake(t->session);

	if (r == GNUTLS_E_FATAL_ALERT_RECEIVED)
		return -EPROTONOSUPPORT;
	return r < 0 ? code_of(t, r) : 0;
}

bool dw_tls_wants_write(const struct dw_tls *t)
{
	return dw_tlslib()->direction(t->session) == 1;
}

bool dw_tls_has_more(const struct dw_tls *t)
{
	return dw_tlslib()->pending(t->session) > 0;
}

ssize_t dw_tls_read(struct dw_tls *t, void *to, size_t max)
{
	ssize_t n = dw_tlslib()->recv(t->session, to, max);

	/* closed without a word of it, as most do: the end */
	if (n == GNUTLS_E_PREMATURE_TERMINATION)
		return 0;
	return n < 0 ? code_of(t, n) : n;
}

ssize_t dw_tls_write(struct dw_tls *t, const void *from, size_t n)
{
	ssize_t done = dw_tlslib()->send(t->session, from, n);

	return done < 0 ? code_of(t, done) : done;
}

static const struct {
	gnutls_protocol_t version;
	const char *name;
} versions[] = {
	{ GNUTLS_SSL3, "SSL 3.0" },   { GNUTLS_TLS1_0, "TLS 1.0" }, { GNUTLS_TLS1_1, "TLS 1.1" },
	{ GNUTLS_TLS1_2, "TLS 1.2" }, { GNUTLS_TLS1_3, "TLS 1.3" },
};

void dw_tls_describe(const struct dw_tls *t, struct identify_record *r)
{
	const struct dw_tlslib *l = dw_tlslib();
	gnutls_protocol_t version = l->version(t->session);
	unsigned n = 0;
	const gnutls_datum_t *chain = l->peers(t->session, &n);

	r->tls = true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(versions); i++)
		if (versions[i].version == version)
			(void)snprintf(r->tls_version, sizeof(r->tls_version), "%s",
				       versions[i].name);
	if (chain && n > 0)
		(void)dw_tls_certificate(chain[0].data, chain[0].size, r);
}

/* --- certificates ------------------------------------------------------------------------------------ */

static void add_address(const uint8_t *bytes, size_t n, struct identify_record *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str text = { .arena = a };

	if (n == 4)
		dw_str_addf(&text, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
	for (size_t i = 0; n == 16 && i < 16; i += 2)
		dw_str_addf(&text, "%s%x", i ? ":" : "", (unsigned)bytes[i] << 8 | bytes[i + 1]);
	if (text.n > 0)
		dw_record_add_name(r, (const uint8_t *)text.s, text.n);
}

static void add_names(gnutls_x509_crt_t c, struct identify_record *r)
{
	for (unsigned i = 0; i < DW_NAMES_MAX; i++) {
		uint8_t raw[1024];
		size_t n = sizeof(raw);
		char clean[256];
		int kind = dw_tlslib()->crt_alt_name(c, i, raw, &n, NULL);

		if (kind == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (kind < 0)
			return;
		if (kind == GNUTLS_SAN_IPADDRESS) {
			add_address(raw, n, r);
		} else if (kind == GNUTLS_SAN_DNSNAME || kind == GNUTLS_SAN_RFC822NAME ||
			   kind == GNUTLS_SAN_URI) {
			dw_text_clean(raw, n, clean, sizeof(clean));
			dw_record_add_name(r, (const uint8_t *)clean, strlen(clean));
		}
	}
}

bool dw_tls_certificate(const uint8_t *der, size_t n, struct identify_record *r)
{
	const struct dw_tlslib *l = dw_tlslib();
	gnutls_datum_t data = { 0 };
	gnutls_x509_crt_t c = NULL;
	char subject[2048] = "";
	size_t size = sizeof(subject);
	time_t expires;

	data.data = (uint8_t *)der;
	data.size = (unsigned)n;
	if (!l || n > 65536 || l->crt_init(&c) < 0)
		return false;
	if (l->crt_import(c, &data, GNUTLS_X509_FMT_DER) < 0) {
		l->crt_deinit(c);
		return false;
	}
	if (l->crt_dn(c, subject, &size) >= 0)
		dw_text_clean((const uint8_t *)subject, strnlen(subject, sizeof(subject)),
			      r->certificate, sizeof(r->certificate));
	expires = l->crt_expires(c);
	r->expires = expires > 0 ? (uint64_t)expires : 0;
	add_names(c, r);
	l->crt_deinit(c);
	return true;
}
