/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identify_record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dw_scan.h"
#include "dw_str.h"

#define HEAD 5U /* job, what is said */

enum field_kind { KIND_TEXT = 0, KIND_BANNER, KIND_ID };

/* The texts of a record: where they lie here and there. Their number on the channel is their place from 1. */
static const struct {
	size_t at, size; /* in struct identify_record */
	size_t to;       /* in struct dw_scan_service */
	enum field_kind kind;
} texts[] = {
#define TEXT(member, kind)                                                                         \
	{                                                                                          \
		offsetof(struct identify_record, member),                                          \
			sizeof(((struct identify_record *)0)->member),                             \
			offsetof(struct dw_scan_service, member), kind                             \
	}
	TEXT(protocol, KIND_ID),      TEXT(product, KIND_TEXT),  TEXT(version, KIND_TEXT),
	TEXT(extra, KIND_TEXT),       TEXT(banner, KIND_BANNER), TEXT(tls_version, KIND_TEXT),
	TEXT(certificate, KIND_TEXT), TEXT(title, KIND_TEXT),    TEXT(server, KIND_TEXT),
	TEXT(service, KIND_ID),       TEXT(by, KIND_ID),
#undef TEXT
};
enum { FIELD_NAME = 100, FIELD_EXPIRES, FIELD_TLS };

void dw_record_add_name(struct identify_record *r, const uint8_t *name, size_t n)
{
	if (r->n_names >= DW_NAMES_MAX || n == 0 || n > 255 ||
	    r->names_size + n + 1 > sizeof(r->names))
		return;
	memcpy(r->names + r->names_size, name, n);
	r->names[r->names_size + n] = '\0';
	r->names_size += (uint32_t)n + 1;
	r->n_names++;
}

void dw_record_set_banner(struct identify_record *r, const uint8_t *bytes, size_t n)
{
	size_t at = 0;

	n = DW_MIN(n, DW_BANNER_BYTES);
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '\\')
			r->banner[at++] = (char)bytes[i];
		else
			at += (size_t)snprintf(r->banner + at, 5, "\\x%02x", bytes[i]);
	}
	r->banner[at] = '\0';
}

/* --- writing ----------------------------------------------------------------------------------------- */

struct writing {
	uint8_t *to;
	size_t n, max;
};

static void put(struct writing *w, unsigned kind, const void *bytes, size_t n)
{
	if (w->n + 3 + n > w->max)
		return;
	w->to[w->n] = (uint8_t)kind;
	w->to[w->n + 1] = (uint8_t)(n >> 8);
	w->to[w->n + 2] = (uint8_t)n;
	memcpy(w->to + w->n + 3, bytes, n);
	w->n += 3 + n;
}

static void put_fields(struct writing *w, const struct identify_record *r)
{
	const char *name = r->names;
	uint8_t expires[8];

	for (size_t i = 0; i < DW_ARRAY_SIZE(texts); i++) {
		const char *text = (const char *)r + texts[i].at;

		if (*text)
			put(w, (unsigned)i + 1, text, strlen(text));
	}
	for (uint32_t i = 0; i < r->n_names; i++, name += strlen(name) + 1)
		put(w, FIELD_NAME, name, strlen(name));
	for (unsigned i = 0; i < 8; i++)
		expires[i] = (uint8_t)(r->expires >> (56 - 8 * i));
	if (r->expires)
		put(w, FIELD_EXPIRES, expires, sizeof(expires));
	if (r->tls)
		put(w, FIELD_TLS, "", 0);
}

size_t dw_record_write(uint32_t job, enum identify_says says, const struct identify_record *r,
		       uint8_t *to, size_t max)
{
	struct writing w = { .to = to, .n = HEAD, .max = max };

	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(job >> (24 - 8 * i));
	to[4] = (uint8_t)says;
	if (r)
		put_fields(&w, r);
	return w.n;
}

/* --- reading, in the parent -------------------------------------------------------------------------- */

struct reading {
	struct dw_arena *arena;
	struct dw_scan_service *service;
	DW_VEC(const char *) names;
	bool some;
};

/* Well-formed UTF-8 without control characters: what dw_text_clean leaves. */
static bool is_clean(const uint8_t *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t length = dw_utf8_length((const char *)s + i, n - i);

		if (length == 0 || s[i] < ' ' || s[i] == 0x7f ||
		    (length == 2 && s[i] == 0xc2 && s[i + 1] < 0xa0))
			return false;
		i += length;
	}
	return true;
}

static bool is_id(const uint8_t *s, size_t n)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-/";

	for (size_t i = 0; i < n; i++)
		if (!s[i] || !strchr(letters, s[i]))
			return false;
	return n > 0;
}

static bool is_ascii(const uint8_t *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

static bool is_good(enum field_kind kind, const uint8_t *s, size_t n)
{
	switch (kind) {
	case KIND_TEXT:
		return is_clean(s, n);
	case KIND_BANNER:
		return is_ascii(s, n);
	case KIND_ID:
		return is_id(s, n);
	}
	return false;
}

static bool take_text(struct reading *r, unsigned i, const uint8_t *s, size_t n)
{
	const char **slot = (const char **)((char *)r->service + texts[i].to);

	if (*slot || n == 0 || n >= texts[i].size || !is_good(texts[i].kind, s, n))
		return false;
	*slot = dw_arena_strndup(r->arena, (const char *)s, n);
	return true;
}

static bool take_number(struct reading *r, const uint8_t *s, size_t n)
{
	if (n != 8 || r->service->expires)
		return false;
	for (size_t i = 0; i < n; i++)
		r->service->expires = r->service->expires << 8 | s[i];
	return true;
}

static bool take(struct reading *r, unsigned kind, const uint8_t *s, size_t n)
{
	r->some = true;
	if (kind >= 1 && kind <= DW_ARRAY_SIZE(texts))
		return take_text(r, kind - 1, s, n);
	if (kind == FIELD_EXPIRES)
		return take_number(r, s, n);
	if (kind == FIELD_TLS) {
		r->service->tls = true;
		return n == 0;
	}
	if (kind != FIELD_NAME || r->names.n >= DW_NAMES_MAX || n == 0 || n > 255 ||
	    !is_clean(s, n))
		return false;
	dw_vec_push(r->arena, &r->names, dw_arena_strndup(r->arena, (const char *)s, n));
	return true;
}

static bool take_all(struct reading *r, const uint8_t *bytes, size_t n)
{
	for (size_t at = HEAD; at < n;) {
		size_t length;

		if (n - at < 3)
			return false;
		length = (size_t)bytes[at + 1] << 8 | bytes[at + 2];
		if (length > n - at - 3 || !take(r, bytes[at], bytes + at + 3, length))
			return false;
		at += 3 + length;
	}
	return true;
}

int dw_record_read(const uint8_t *bytes, size_t n, struct dw_arena *a, uint32_t *ret_job,
		   enum identify_says *ret_says, struct dw_scan_service **ret, struct dw_error *e)
{
	struct reading r = { .arena = a, .service = dw_new(a, struct dw_scan_service) };
	uint8_t says = n >= HEAD ? bytes[4] : DW_SAYS_NOTHING;

	if (n < HEAD || n > DW_RECORD_MAX || (says != DW_SAYS_AGAIN && says != DW_SAYS_DONE) ||
	    (says == DW_SAYS_AGAIN && n != HEAD) || !take_all(&r, bytes, n)) {
		(void)dw_error_set(e, -EBADMSG,
				   "the process that reads answers sent what is no record of one: "
				   "its answers are not used");
		return -EBADMSG;
	}
	r.service->names = r.names.v;
	r.service->n_names = r.names.n;
	*ret_job = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
		   bytes[3];
	*ret_says = (enum identify_says)says;
	*ret = r.some ? r.service : NULL;
	return 0;
}
