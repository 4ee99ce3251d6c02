/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an answer to GET / tells (RFC 9112): no more of HTTP than status, two headers and the title of the page. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dw_parse.h"
#include "dw_str.h"
#include "identify_match.h"
#include "identify_pattern.h"

#define TITLE_RAW_MAX 1024U

/* memmem(3), in any case. */
static const uint8_t *find(const uint8_t *in, size_t n, const char *what)
{
	size_t length = strlen(what);

	for (size_t i = 0; i + length <= n; i++)
		if (strncasecmp((const char *)in + i, what, length) == 0)
			return in + i;
	return NULL;
}

static size_t head_size(const uint8_t *bytes, size_t n)
{
	const uint8_t *crlf = find(bytes, n, "\r\n\r\n"), *lf = find(bytes, n, "\n\n");

	if (crlf && (!lf || crlf < lf))
		return (size_t)(crlf + 4 - bytes);
	return lf ? (size_t)(lf + 2 - bytes) : 0;
}

/* The value of a header; 0: it is not there. */
static size_t header(const uint8_t *head, size_t n, const char *name, const uint8_t **ret)
{
	size_t length = strlen(name);
	const uint8_t *end = head + n;

	for (const uint8_t *line = memchr(head, '\n', n); line && ++line < end;
	     line = memchr(line, '\n', (size_t)(end - line))) {
		const uint8_t *last = memchr(line, '\n', (size_t)(end - line)), *value;

		if (!last)
			last = end;
		if ((size_t)(last - line) <= length || line[length] != ':' ||
		    strncasecmp((const char *)line, name, length) != 0)
			continue;
		for (value = line + length + 1; value < last && (*value == ' ' || *value == '\t');
		     value++)
			;
		while (last > value && (last[-1] == '\r' || last[-1] == ' '))
			last--;
		*ret = value;
		return (size_t)(last - value);
	}
	return 0;
}

/* Up to the end of the title, or of what was said to come; a page that has neither is read until it is quiet. */
bool dw_http_is_whole(const uint8_t *bytes, size_t n)
{
	size_t head = head_size(bytes, n), length;
	const uint8_t *value = NULL;
	uint64_t body = 0;

	if (head == 0)
		return false;
	length = header(bytes, head, "Content-Length", &value);
	if (length > 0 && dw_parse_u64n((const char *)value, length, 10, INT64_MAX, &body) &&
	    n - head >= body)
		return true;
	return find(bytes + head, n - head, "</title>") != NULL;
}

static const struct {
	const char *entity, *means;
} entities[] = {
	{ "&amp;", "&" }, { "&lt;", "<" },   { "&gt;", ">" },   { "&quot;", "\"" },
	{ "&#39;", "'" }, { "&#x27;", "'" }, { "&nbsp;", " " }, { "&ndash;", "-" },
};

/* Copies one character of the page: an entity, UTF-8, or a byte of Latin-1. Returns how many bytes it took. */
static size_t copy_one(const uint8_t *s, size_t n, struct dw_str *to)
{
	size_t length = dw_utf8_length((const char *)s, n);

	for (size_t i = 0; *s == '&' && i < DW_ARRAY_SIZE(entities); i++)
		if (n >= strlen(entities[i].entity) &&
		    memcmp(s, entities[i].entity, strlen(entities[i].entity)) == 0) {
			dw_str_add(to, entities[i].means);
			return strlen(entities[i].entity);
		}
	if (length > 0) {
		dw_str_addn(to, (const char *)s, length);
		return length;
	}
	dw_str_addc(to, (char)(0xc0 | *s >> 6));
	dw_str_addc(to, (char)(0x80 | (*s & 0x3f)));
	return 1;
}

static void look_at_title(const uint8_t *page, size_t n, struct identify_record *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str text = { .arena = a };
	const uint8_t *start = find(page, n, "<title"), *end;

	start = start ? memchr(start, '>', n - (size_t)(start - page)) : NULL;
	if (!start)
		return;
	start++;
	n -= (size_t)(start - page);
	end = find(start, n, "</title");
	n = DW_MIN(end ? (size_t)(end - start) : n, TITLE_RAW_MAX);
	for (size_t i = 0; i < n;)
		i += copy_one(start + i, n - i, &text);
	if (text.n > 0)
		dw_text_clean((const uint8_t *)text.s, text.n, r->title, sizeof(r->title));
}

/* "Apache/2.4.57 (Debian)": a word, its version, the rest. */
static void look_at_server(struct identify_record *r)
{
	size_t name = strcspn(r->server, "/ "), version = 0;
	const char *behind = r->server + name;

	if (*r->product || name == 0)
		return;
	if (*behind == '/')
		version = strcspn(++behind, " ");
	dw_text_clean((const uint8_t *)r->server, name, r->product, sizeof(r->product));
	dw_text_clean((const uint8_t *)behind, version, r->version, sizeof(r->version));
}

/* "HTTP 301 to https://example.org/", behind what is there. */
static void look_at_status(const uint8_t *head, size_t n, struct identify_record *r)
{
	const uint8_t *to = NULL, *status = memchr(head, ' ', DW_MIN(n, 12U));
	size_t length = header(head, n, "Location", &to);
	char where[121] = "", all[sizeof(r->extra) + sizeof(where) + 16];

	if (!status || n - (size_t)(status - head) < 4)
		return;
	if (length > 0)
		dw_text_clean(to, length, where, sizeof(where));
	(void)snprintf(all, sizeof(all), "%s%sHTTP %.3s%s%s", r->extra, *r->extra ? ", " : "",
		       (const char *)status + 1, *where ? " to " : "", where);
	dw_text_clean((const uint8_t *)all, strlen(all), r->extra, sizeof(r->extra));
}

void dw_http_look(const uint8_t *bytes, size_t n, struct identify_record *r)
{
	size_t head = head_size(bytes, n), length;
	const uint8_t *value = NULL;

	if (head == 0)
		head = n;
	length = header(bytes, head, "Server", &value);
	if (length > 0)
		dw_text_clean(value, length, r->server, sizeof(r->server));
	look_at_server(r);
	look_at_status(bytes, head, r);
	look_at_title(bytes + head, n - head, r);
}

bool dw_http_wants_tls(const uint8_t *bytes, size_t n)
{
	static const char *const words[] = {
		"plain HTTP request was sent to HTTPS port",      /* nginx */
		"speaking plain HTTP to an SSL-enabled",          /* Apache */
		"Client sent an HTTP request to an HTTPS server", /* Go */
		"This combination of host and port requires TLS", /* Tomcat */
	};

	if (n < 5 || memcmp(bytes, "HTTP/", 5) != 0)
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		if (find(bytes, n, words[i]))
			return true;
	return false;
}

/* The host's name, or its address; IPv6 in brackets, without its scope (RFC 6874 3). */
size_t dw_http_request(const char *host, const char *address, uint16_t port, bool tls, char *ret,
		       size_t max)
{
	bool bare = !host && strchr(address, ':');
	size_t n = host ? strlen(host) : strcspn(address, "%");
	char suffix[8] = "";
	int length;

	if (port != (tls ? 443 : 80))
		(void)snprintf(suffix, sizeof(suffix), ":%u", port);
	length = snprintf(ret, max,
			  "GET / HTTP/1.1\r\nHost: %s%.*s%s%s\r\nUser-Agent: doorward\r\n"
			  "Accept: */*\r\nConnection: close\r\n\r\n",
			  bare ? "[" : "", (int)n, host ? host : address, bare ? "]" : "", suffix);
	return length < 0 || (size_t)length >= max ? 0 : (size_t)length;
}
