/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directives that name address and port in one word, and of which each counts: Listen of Apache and CUPS, listen of
 * nginx, http_port of Squid. The address of those for the port is exchanged; the words behind it stay.
 */
#include <strings.h>

#include "levers-restrict.h"

struct listening {
	struct dw_arena *a;
	const struct dw_service_bind *b;
	const struct dw_narrow *to;
	struct dw_strings made; /* what is listened on when all is done */
	unsigned exchanged;
};

/* A directive of the port. */
struct directive {
	const struct dw_service_setting *setting;
	const char *line, *key, *rest; /* rest: behind the address and port */
	size_t indent, n_key;
	const char *host; /* NULL: none given */
	bool v6;
};

static const struct dw_service_setting *setting_at(const struct listening *t, const char *s,
						   size_t *ret_n)
{
	for (const struct dw_service_setting *k = t->b->settings; k->key; k++) {
		size_t n = strlen(k->key);

		if (strncasecmp(s, k->key, n) == 0 && (s[n] == ' ' || s[n] == '\t')) {
			*ret_n = n;
			return k;
		}
	}
	return NULL;
}

/* [ADDRESS:]PORT of n bytes; false: a path, a name of something else. */
static bool split(struct dw_arena *a, const char *s, size_t n, struct directive *ret,
		  uint64_t *ret_port)
{
	const char *colon = memrchr(s, ':', n);
	const char *port = colon ? colon + 1 : s;

	if (!dw_parse_u64n(port, (size_t)(s + n - port), 10, UINT16_MAX, ret_port))
		return false;
	ret->host = colon ? dw_arena_strndup(a, s, (size_t)(colon - s)) : NULL;
	ret->v6 = ret->host && *ret->host == '[';
	return !ret->host || !strpbrk(ret->host, "/$") || ret->v6;
}

static bool directive_of(const struct listening *t, const char *line, struct directive *ret)
{
	const char *s = line + strspn(line, " \t"), *word;
	uint64_t port;
	size_t n;

	memset(ret, 0, sizeof(*ret));
	ret->line = line;
	ret->key = s;
	ret->indent = (size_t)(s - line);
	ret->setting = setting_at(t, s, &ret->n_key);
	if (!ret->setting)
		return false;
	word = s + ret->n_key + strspn(s + ret->n_key, " \t");
	n = strcspn(word, " \t;\r");
	ret->rest = word + n;
	return split(t->a, word, n, ret, &port) && port == t->to->port;
}

static bool is_loopback(const char *host)
{
	return host && (dw_starts_with(host, "127.") || dw_streq(host, "[::1]") ||
			dw_streq(host, "localhost"));
}

static bool is_made(const struct listening *t, const char *address)
{
	for (size_t i = 0; i < t->made.n; i++)
		if (dw_streq(t->made.v[i], address))
			return true;
	return false;
}

/* One word alone cannot be told from another: only those with number lines must not stand twice. */
static const char *compose(struct listening *t, const struct directive *d, bool v6)
{
	const char *address, *key = d->key;
	int n = (int)d->n_key;

	address = v6 ? dw_arena_printf(t->a, "[%s]:%u", t->to->v6 ? t->to->v6 : "::1", t->to->port)
		     : dw_arena_printf(t->a, "%s:%u", t->to->v4, t->to->port);
	if (t->b->settings[0].number == DW_BIND_LINES && is_made(t, address))
		return NULL;
	dw_vec_push(t->a, &t->made, address);
	/* the second key (Port of CUPS) takes no address */
	if (d->setting != t->b->settings) {
		key = t->b->settings[0].key;
		n = (int)strlen(key);
	}
	return dw_arena_printf(t->a, "%.*s%.*s %s%s", (int)d->indent, d->line, n, key, address,
			       d->rest);
}

static bool takes_both(const struct listening *t, const struct directive *d)
{
	return t->b->settings[0].number == DW_BIND_LINES && t->to->v6 &&
	       (!d->host || dw_streq(d->host, "*"));
}

static void exchange(struct listening *t, struct dw_set_file *f, unsigned line,
		     const struct directive *d)
{
	const char *fresh = compose(t, d, d->v6 || !t->to->v4), *second;

	t->exchanged++;
	dw_set_edit(t->a, f, line, d->line, fresh);
	if (!takes_both(t, d))
		return;
	second = compose(t, d, true);
	if (second)
		dw_set_edit(t->a, f, line + 1, NULL, second);
}

static unsigned each_line(struct listening *t, struct dw_set_file *f,
			  void (*act)(struct listening *t, struct dw_set_file *f, unsigned line,
				      const struct directive *d))
{
	struct dw_set_scan text = { 0 };
	struct directive d;
	unsigned n = 0;

	if (!dw_set_lines(t->a, &f->text, &text))
		return 0;
	for (size_t i = 0; i < text.lines.n; i++)
		if (directive_of(t, text.lines.v[i].s, &d)) {
			n++;
			act(t, f, (unsigned)i + 1, &d);
		}
	return n;
}

static void note_narrow(struct listening *t, struct dw_set_file *f, unsigned line,
			const struct directive *d)
{
	(void)f;
	(void)line;
	if (is_loopback(d->host))
		dw_vec_push(t->a, &t->made, dw_arena_printf(t->a, "%s:%u", d->host, t->to->port));
}

static void exchange_wide(struct listening *t, struct dw_set_file *f, unsigned line,
			  const struct directive *d)
{
	if (!is_loopback(d->host))
		exchange(t, f, line, d);
}

const char *dw_set_listen(struct dw_arena *a, const struct dw_service_bind *b,
			  const struct dw_narrow *to, struct dw_set_file *files, size_t n)
{
	struct listening t = { .a = a, .b = b, .to = to };
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++)
		(void)each_line(&t, &files[i], note_narrow);
	for (size_t i = 0; i < n; i++)
		seen += each_line(&t, &files[i], exchange_wide);
	if (t.exchanged)
		return NULL;
	return dw_arena_printf(a,
			       seen ? "%s has port %u on loopback alone already: what runs has not "
				      "read it"
				    : "no line of %s opens port %u",
			       files[0].path, to->port);
}
