/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As auth2-pubkeyfile.c and auth-options.c of OpenSSH read a line: a key, or options, a blank and a key. */
#include <nettle/base64.h>

#include "dw_authkeys.h"
#include "dw_parse.h"

#define LINES_MAX 10000
#define DAY       ((uint64_t)24 * 60 * 60)

/* What a list may have: no certificates (those are for cert-authority), no DSA (off since OpenSSH 7.0). */
static const char *const types[] = { "ssh-ed25519",
				     "ssh-rsa",
				     "ecdsa-sha2-nistp256",
				     "ecdsa-sha2-nistp384",
				     "ecdsa-sha2-nistp521",
				     "sk-ssh-ed25519@openssh.com",
				     "sk-ecdsa-sha2-nistp256@openssh.com" };

/* --- the key ---------------------------------------------------------------------------------------------- */

struct reading {
	const uint8_t *p;
	size_t n;
};

/* RFC 4251, 5: four bytes of length, then so many. */
static bool field(struct reading *r, struct reading *ret)
{
	size_t length;

	if (r->n < 4)
		return false;
	length = (size_t)r->p[0] << 24 | (size_t)r->p[1] << 16 | (size_t)r->p[2] << 8 | r->p[3];
	if (length > r->n - 4)
		return false;
	*ret = (struct reading){ .p = r->p + 4, .n = length };
	r->p += 4 + length;
	r->n -= 4 + length;
	return true;
}

static bool is_text(const struct reading *r, const char *text)
{
	return r->n == strlen(text) && memcmp(r->p, text, r->n) == 0;
}

static unsigned bits_of(const struct reading *number)
{
	size_t skip = 0;
	unsigned bits;

	while (skip < number->n && number->p[skip] == 0)
		skip++;
	if (skip == number->n || number->n - skip > 4096)
		return 0;
	bits = (unsigned)(number->n - skip) * 8;
	for (unsigned top = number->p[skip]; !(top & 0x80); top <<= 1)
		bits--;
	return bits;
}

static bool is_rsa(struct reading *r, unsigned *ret_bits)
{
	struct reading e, n;

	if (!field(r, &e) || !field(r, &n))
		return false;
	*ret_bits = bits_of(&n);
	return bits_of(&e) > 0 && *ret_bits > 0;
}

/* RFC 5656, 3.1: the curve's name, and a point that is not compressed. */
static bool is_ecdsa(struct reading *r, const char *curve)
{
	size_t half = dw_streq(curve, "nistp256") ? 32 : dw_streq(curve, "nistp384") ? 48 : 66;
	struct reading name, point;

	return field(r, &name) && is_text(&name, curve) && field(r, &point) &&
	       point.n == 1 + 2 * half && point.p[0] == 4;
}

static bool is_ed25519(struct reading *r)
{
	struct reading key;

	return field(r, &key) && key.n == 32;
}

/* What belongs to that kind, and nothing behind it. */
static bool is_key(const char *type, const uint8_t *blob, size_t n, unsigned *ret_bits)
{
	bool sk = dw_starts_with(type, "sk-"), good;
	struct reading r = { .p = blob, .n = n }, name, application;
	const char *curve = strstr(type, "nistp");

	if (!field(&r, &name) || !is_text(&name, type))
		return false;
	if (dw_streq(type, "ssh-rsa"))
		good = is_rsa(&r, ret_bits);
	else if (curve)
		good = is_ecdsa(&r, sk ? "nistp256" : curve);
	else
		good = is_ed25519(&r);
	return good && (!sk || field(&r, &application)) && r.n == 0;
}

static const char *type_at(const char *p, size_t n)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(types); i++)
		if (strlen(types[i]) == n && memcmp(types[i], p, n) == 0)
			return types[i];
	return NULL;
}

/* True: p begins with the name of a kind of key, whatever comes behind it. */
static bool read_key(struct dw_arena *a, const char *p, struct dw_authkey *k)
{
	size_t n = strcspn(p, " \t"), blank = strspn(p + n, " \t");
	const char *text = p + n + blank;
	size_t length = strcspn(text, " \t");
	struct base64_decode_ctx ctx;
	uint8_t *blob;

	k->type = type_at(p, n);
	if (!k->type)
		return false;
	k->why = "it is no key that sshd could read";
	blob = dw_arena_alloc(a, BASE64_DECODE_LENGTH(length) + 1);
	base64_decode_init(&ctx);
	if (!length || !base64_decode_update(&ctx, &k->n, blob, length, text) ||
	    !base64_decode_final(&ctx) || !is_key(k->type, blob, k->n, &k->bits)) {
		k->n = 0;
		return true;
	}
	k->blob = blob;
	k->state = DW_AUTHKEY_YES;
	k->why = NULL;
	return true;
}

/* --- the options ------------------------------------------------------------------------------------------ */

/* What the options of a line come to, all of them together. */
struct options {
	bool restricted, pty, no_pty, from, authority, command, expired, expires_soon, unknown;
};

static bool digits(const char *p, size_t n, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*ret = *ret * 10 + (uint64_t)(p[i] - '0');
	}
	return true;
}

/* Days since the epoch of a date of our calendar (H. Hinnant's days_from_civil), from 1970 on. */
static uint64_t days_of(uint64_t y, uint64_t m, uint64_t d)
{
	uint64_t year = m <= 2 ? y - 1 : y;
	uint64_t of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1; /* the year begins with March */

	return year / 400 * 146097 + year % 400 * 365 + year % 400 / 4 - year % 400 / 100 +
	       of_year - 719468;
}

/* YYYYMMDD[Z] or YYYYMMDDHHMM[SS][Z]; without Z of a zone that we need not know: what is a day away is sure. */
static void expiry(struct options *o, const char *p, size_t n, uint64_t now)
{
	uint64_t y, m, d, hour = 0, minute = 0, when;

	n -= n > 0 && (p[n - 1] == 'Z' || p[n - 1] == 'z');
	if ((n != 8 && n != 12 && n != 14) || !digits(p, 4, &y) || !digits(p + 4, 2, &m) ||
	    !digits(p + 6, 2, &d) || y < 1970 || m < 1 || m > 12 || d < 1 || d > 31 ||
	    (n > 8 && (!digits(p + 8, 2, &hour) || !digits(p + 10, 2, &minute)))) {
		o->unknown = true;
		return;
	}
	when = days_of(y, m, d) * DAY + hour * 3600 + minute * 60;
	o->expired |= when + DAY < now;
	o->expires_soon |= when < now + DAY;
}

static bool is_named(const char *p, size_t n, const char *name)
{
	return strlen(name) == n && strncasecmp(p, name, n) == 0;
}

/* Those that leave a session with a terminal as it is. */
static bool is_harmless(const char *p, size_t n)
{
	static const char *const names[] = {
		"agent-forwarding", "no-agent-forwarding", "port-forwarding", "no-port-forwarding",
		"x11-forwarding",   "no-x11-forwarding",   "user-rc",         "no-user-rc",
		"touch-required",   "no-touch-required",   "verify-required", "no-verify-required",
		"environment",      "permitopen",          "permitlisten",    "tunnel",
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (is_named(p, n, names[i]))
			return true;
	return false;
}

static void option(struct options *o, const char *p, size_t n, const char *value, size_t length,
		   uint64_t now)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "restrict", &o->restricted }, { "pty", &o->pty },
		{ "no-pty", &o->no_pty },       { "from", &o->from },
		{ "command", &o->command },     { "cert-authority", &o->authority },
	};

	if (is_named(p, n, "expiry-time")) {
		expiry(o, value ? value : "", length, now);
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(flags); i++)
		if (is_named(p, n, flags[i].name)) {
			*flags[i].flag = true;
			return;
		}
	o->unknown |= !is_harmless(p, n);
}

/* Behind the options; NULL: a quote does not end. */
static const char *read_options(const char *p, struct options *o, uint64_t now)
{
	while (*p && *p != ' ' && *p != '\t') {
		const char *name = p, *value = NULL;
		size_t n = strcspn(p, "=, \t"), length = 0;

		p += n;
		if (*p == '=' && p[1] == '"') {
			value = p += 2;
			while (*p && *p != '"')
				p += p[0] == '\\' && p[1] == '"' ? 2 : 1;
			if (!*p)
				return NULL;
			length = (size_t)(p++ - value);
		} else {
			o->unknown |= *p == '=';
			p += strcspn(p, ", \t");
		}
		option(o, name, n, value, length, now);
		p += *p == ',';
	}
	return p + strspn(p, " \t");
}

/* The strongest reason against it; NULL: none. */
static const char *against(const struct options *o, enum dw_authkey_state *ret)
{
	const struct {
		bool is;
		enum dw_authkey_state state;
		const char *why;
	} reasons[] = {
		{ o->unknown, DW_AUTHKEY_NO, "it has an option that sshd(8) does not know" },
		{ o->authority, DW_AUTHKEY_NO, "it is for certificates" },
		{ o->expired, DW_AUTHKEY_NO, "its expiry-time is over" },
		{ o->command, DW_AUTHKEY_NO, "it is for one command" },
		{ o->no_pty || (o->restricted && !o->pty), DW_AUTHKEY_NO, "it gets no terminal" },
		{ o->expires_soon, DW_AUTHKEY_UNSURE, "its expiry-time is near" },
		{ o->from, DW_AUTHKEY_UNSURE, "it counts from some addresses alone (from=)" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(reasons); i++)
		if (reasons[i].is) {
			*ret = reasons[i].state;
			return reasons[i].why;
		}
	return NULL;
}

static void read_line(struct dw_arena *a, const char *p, uint64_t now, struct dw_authkey *k)
{
	struct options o = { 0 };
	enum dw_authkey_state state;
	const char *why;

	if (read_key(a, p, k))
		return;
	p = read_options(p, &o, now);
	if (!p || !read_key(a, p, k)) {
		k->why = "it is no key that sshd could read";
		return;
	}
	why = against(&o, &state);
	if (why && k->state == DW_AUTHKEY_YES) {
		k->state = state;
		k->why = why;
	}
}

void dw_authkeys_parse(struct dw_arena *a, const struct dw_bytes *text, uint64_t now,
		       struct dw_authkeys *ret)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while (it.number < LINES_MAX && (line = dw_lines_next_trimmed(&it, a)) != NULL) {
		struct dw_authkey k = { .line = it.number };

		if (!*line || *line == '#')
			continue;
		read_line(a, line, now, &k);
		dw_vec_push(a, &ret->v, k);
	}
}
