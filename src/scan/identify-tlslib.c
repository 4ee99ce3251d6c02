/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identify_tlslib.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "dw_arena.h"
#include "identify_tls.h"

static struct dw_tlslib lib;
static bool is_loaded;

static int find_symbols(struct dw_error *e)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "gnutls_init", &lib.init },
		{ "gnutls_deinit", &lib.deinit },
		{ "gnutls_priority_set_direct", &lib.priority_direct },
		{ "gnutls_certificate_allocate_credentials", &lib.credentials_allocate },
		{ "gnutls_credentials_set", &lib.credentials_set },
		{ "gnutls_server_name_set", &lib.server_name_set },
		{ "gnutls_transport_set_ptr", &lib.transport_set_ptr },
		{ "gnutls_transport_set_pull_function", &lib.set_pull },
		{ "gnutls_transport_set_push_function", &lib.set_push },
		{ "gnutls_transport_set_errno", &lib.set_errno },
		{ "gnutls_handshake", &lib.handshake },
		{ "gnutls_error_is_fatal", &lib.error_is_fatal },
		{ "gnutls_record_get_direction", &lib.direction },
		{ "gnutls_record_recv", &lib.recv },
		{ "gnutls_record_send", &lib.send },
		{ "gnutls_record_check_pending", &lib.pending },
		{ "gnutls_protocol_get_version", &lib.version },
		{ "gnutls_certificate_get_peers", &lib.peers },
		{ "gnutls_x509_crt_init", &lib.crt_init },
		{ "gnutls_x509_crt_deinit", &lib.crt_deinit },
		{ "gnutls_x509_crt_import", &lib.crt_import },
		{ "gnutls_x509_crt_get_dn", &lib.crt_dn },
		{ "gnutls_x509_crt_get_expiration_time", &lib.crt_expires },
		{ "gnutls_x509_crt_get_subject_alt_name", &lib.crt_alt_name },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(lib.handle, symbols[i].name);

		if (!address) {
			(void)dw_error_set(e, -ENOSYS, "libgnutls has no %s", symbols[i].name);
			return -ENOSYS;
		}
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return 0;
}

int dw_tls_load(struct dw_error *e)
{
	int r;

	if (is_loaded)
		return 0;
	/* its constructor reads its configuration and seeds itself: not possible in a sandbox. NODELETE: keeps
	   memory. */
	lib.handle = dlopen("libgnutls.so.30", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!lib.handle) {
		(void)dw_error_set(e, -ENOSYS,
				   "libgnutls.so.30 cannot be opened: looking inside TLS needs it "
				   "(Debian: libgnutls30)");
		return -ENOSYS;
	}
	r = find_symbols(e);
	if (r < 0)
		return r;
	if (lib.credentials_allocate(&lib.credentials) < 0)
		dw_oom();
	is_loaded = true;
	return 0;
}

bool dw_tls_is_loaded(void)
{
	return is_loaded;
}

const struct dw_tlslib *dw_tlslib(void)
{
	return is_loaded ? &lib : NULL;
}
