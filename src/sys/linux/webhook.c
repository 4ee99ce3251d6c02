/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcurl, opened when a webhook is asked for. Its numbers below are its ABI, which does not change within
 * libcurl.so.4 (curl/curl.h; https://curl.se/libcurl/abi.html): building needs none of its headers.
 */
#include "dw_webhook.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "sys_private.h"

enum {
	CURLE_OK = 0,
	CURL_GLOBAL_ALL = 3,
	CURLPROTO_HTTP_OR_HTTPS = 3,
	/* OBJECTPOINT 10000, FUNCTIONPOINT 20000, OFF_T 30000, LONG 0 */
	CURLOPT_WRITEDATA = 10001,
	CURLOPT_URL = 10002,
	CURLOPT_PROXY = 10004,
	CURLOPT_ERRORBUFFER = 10010,
	CURLOPT_WRITEFUNCTION = 20011,
	CURLOPT_POSTFIELDS = 10015,
	CURLOPT_USERAGENT = 10018,
	CURLOPT_HTTPHEADER = 10023,
	CURLOPT_POSTFIELDSIZE_LARGE = 30120,
	CURLOPT_NOSIGNAL = 99,
	CURLOPT_TIMEOUT_MS = 155,
	CURLOPT_CONNECTTIMEOUT_MS = 156,
	CURLOPT_PROTOCOLS = 181,
	CURLINFO_RESPONSE_CODE = 0x200002,
	CURL_ERROR_SIZE = 256,
};

struct curl_slist;

struct dw_webhook {
	struct dw_sys *sys;
	char *url;
	unsigned timeout_ms;
	void *handle, *curl;
	int (*global_init)(long flags);
	void *(*easy_init)(void);
	int (*setopt)(void *curl, int option, ...);
	int (*perform)(void *curl);
	int (*getinfo)(void *curl, int info, ...);
	void (*cleanup)(void *curl);
	const char *(*strerror)(int code);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free)(struct curl_slist *list);
};

static int load(struct dw_webhook *w, struct dw_error *e)
{
	static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "curl_global_init", &w->global_init },
		{ "curl_easy_init", &w->easy_init },
		{ "curl_easy_setopt", &w->setopt },
		{ "curl_easy_perform", &w->perform },
		{ "curl_easy_getinfo", &w->getinfo },
		{ "curl_easy_cleanup", &w->cleanup },
		{ "curl_easy_strerror", &w->strerror },
		{ "curl_slist_append", &w->slist_append },
		{ "curl_slist_free_all", &w->slist_free },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(names) && !w->handle; i++)
		w->handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!w->handle) {
		(void)dw_error_set(e, -ENOSYS,
				   "libcurl.so.4 cannot be opened: --webhook needs it (Debian: "
				   "libcurl4)");
		return -ENOSYS;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(w->handle, symbols[i].name);

		if (!address) {
			(void)dw_error_set(e, -ENOSYS, "libcurl has no %s", symbols[i].name);
			return -ENOSYS;
		}
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return 0;
}

int dw_webhook_open(struct dw_sys *s, const char *url, unsigned timeout_ms, struct dw_webhook **ret,
		    struct dw_error *e)
{
	struct dw_webhook *w;
	int r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "the webhook");
	if (!dw_starts_with(url, "http://") && !dw_starts_with(url, "https://")) {
		(void)dw_error_set(e, -EINVAL,
				   "a webhook is an address that begins with http:// or https://");
		return -EINVAL;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		dw_oom();
	w->sys = s;
	w->timeout_ms = timeout_ms;
	w->url = strdup(url);
	if (!w->url)
		dw_oom();
	r = load(w, e);
	if (r == 0 &&
	    (w->global_init(CURL_GLOBAL_ALL) != CURLE_OK || !(w->curl = w->easy_init()))) {
		(void)dw_error_set(e, -ENOSYS, "libcurl.so.4 does not start: --webhook needs it");
		r = -ENOSYS;
	}
	if (r < 0) {
		dw_webhook_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

/* What it answers is of no use. */
static size_t swallow(char *text, size_t size, size_t n, void *data)
{
	return size * n;
}

static void set_options(struct dw_webhook *w, const char *body, size_t n,
			struct curl_slist *headers, char *words)
{
	(void)w->setopt(w->curl, CURLOPT_URL, w->url);
	(void)w->setopt(w->curl, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTP_OR_HTTPS);
	(void)w->setopt(w->curl, CURLOPT_PROXY, "");
	(void)w->setopt(w->curl, CURLOPT_NOSIGNAL, 1L);
	(void)w->setopt(w->curl, CURLOPT_TIMEOUT_MS, (long)w->timeout_ms);
	(void)w->setopt(w->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)w->timeout_ms);
	(void)w->setopt(w->curl, CURLOPT_USERAGENT, "doorward/" DW_VERSION);
	(void)w->setopt(w->curl, CURLOPT_HTTPHEADER, headers);
	(void)w->setopt(w->curl, CURLOPT_POSTFIELDSIZE_LARGE, (int64_t)n);
	(void)w->setopt(w->curl, CURLOPT_POSTFIELDS, body);
	(void)w->setopt(w->curl, CURLOPT_WRITEFUNCTION, swallow);
	(void)w->setopt(w->curl, CURLOPT_WRITEDATA, NULL);
	(void)w->setopt(w->curl, CURLOPT_ERRORBUFFER, words);
}

int dw_webhook_post(struct dw_webhook *w, const char *body, size_t n, const char *key,
		    unsigned *ret_status, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	char words[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	long status = 0;
	int code, r = dw_sys_fault(w->sys);

	if (r < 0)
		return dw_error_errno(e, r, "%s", w->url);
	headers = w->slist_append(headers, "Content-Type: application/json");
	headers = w->slist_append(headers, dw_arena_printf(a, "Idempotency-Key: %s", key));
	if (!headers)
		dw_oom();
	set_options(w, body, n, headers, words);
	code = w->perform(w->curl);
	if (code == CURLE_OK)
		(void)w->getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
	/* its own copy is none: they must not outlive this call there */
	(void)w->setopt(w->curl, CURLOPT_HTTPHEADER, NULL);
	(void)w->setopt(w->curl, CURLOPT_ERRORBUFFER, NULL);
	w->slist_free(headers);
	if (code != CURLE_OK) {
		(void)dw_error_set(e, -EIO, "%s: %s", w->url, *words ? words : w->strerror(code));
		return -EIO;
	}
	*ret_status = (unsigned)status;
	return 0;
}

void dw_webhook_close(struct dw_webhook *w)
{
	if (!w)
		return;
	if (w->curl)
		w->cleanup(w->curl);
	free(w->url);
	free(w);
}
