/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inetd's lines, which may begin with an address, and xinetd's blocks, which have bind and only_from. */
#include <ctype.h>

#include "inetd_conf.h"
#include "levers-restrict.h"

/* --- inetd ----------------------------------------------------------------------------------------- */

/* "[ADDRESS:]SERVICE ...": openbsd-inetd(8), inetutils' inetd(8); the address of IPv6 in brackets. */
bool dw_restrict_inetd_edits(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
			     struct dw_edits *ret)
{
	const char *old = dw_levers_line(a, text, line), *service;
	char *words, *first, *protocol;

	if (!old || !*old || strchr("# \t", *old))
		return false;
	words = dw_arena_strdup(a, old);
	first = dw_word_next(&words);
	(void)dw_word_next(&words);
	protocol = dw_word_next(&words);
	if (!first || !protocol)
		return false;
	service = strrchr(first, ':');
	service = service ? service + 1 : first;
	if (!*service)
		return false;
	*dw_vec_add(a, ret) = (struct dw_edit){
		.line = line,
		.old = old,
		.fresh = dw_arena_printf(a, "%s:%s%s",
					 dw_ends_with(protocol, "6") ? "[::1]" : "127.0.0.1",
					 service, old + strlen(first)),
	};
	return !dw_streq(ret->v[ret->n - 1].fresh, old);
}

/* xinetd reads inetd.conf too (-inetd_compat), but knows no address there. */
static bool knows_addresses(const struct dw_door *d)
{
	for (size_t i = 0; i < d->n_owners; i++)
		if (d->owners[i].executable &&
		    dw_streq(dw_basename(d->owners[i].executable), "xinetd"))
			return false;
	return true;
}

void dw_restrict_inetd(struct restricting *r)
{
	struct levering *l = &r->l;
	struct dw_inetd_daemon daemon = { .program = "/usr/sbin/inetd" };
	struct dw_edits edits = { 0 };
	struct dw_bytes text = { 0 };
	struct lever_words w = {
		.label = dw_arena_printf(l->arena, "the line of %s", l->starter->id),
		.why = "inetd opens the door at the address that the line begins with.",
		.source = l->starter->source,
	};
	const char *file;
	unsigned line;

	if (!r->loopback || !knows_addresses(l->door)) {
		dw_restrict_fence(r, "%s",
				  r->loopback ? "xinetd reads no addresses in inetd.conf"
					      : "inetd knows no networks");
		return;
	}
	if (!dw_levers_source(l->arena, l->starter->source, &file, &line) ||
	    !dw_levers_content(l, file, &text) ||
	    !dw_restrict_inetd_edits(l->arena, &text, line, &edits)) {
		dw_restrict_fence(r, "No line asks for it that could be given an address");
		return;
	}
	(void)dw_inetd_daemon_of(l->s, l->door->n_owners ? l->door->owners[0].pid : 0, &daemon);
	w.notify = dw_arena_printf(l->arena, "inetd %s", daemon.program);
	dw_levers_edit(l, file, &edits, &w);
	l->ret->narrowed = DW_NARROWED_BOUND;
}

/* --- xinetd ---------------------------------------------------------------------------------------- */

/* The attribute that the line sets ("bind", "only_from"); its length, 0: none. */
static size_t attribute(const char *s, const char **ret)
{
	size_t n;

	*ret = s + strspn(s, " \t");
	for (n = 0; isalnum((unsigned char)(*ret)[n]) || (*ret)[n] == '_'; n++)
		;
	s = *ret + n + strspn(*ret + n, " \t");
	s += *s == '+' || *s == '-';
	return *s == '=' ? n : 0;
}

static bool is_named(const char *line, const char *name)
{
	const char *at;
	size_t n = attribute(line, &at);

	return n == strlen(name) && strncmp(at, name, n) == 0;
}

static void put(struct dw_arena *a, struct dw_edits *ret, unsigned line, const char *old,
		const char *fresh)
{
	*dw_vec_add(a, ret) = (struct dw_edit){ .line = line, .old = old, .fresh = fresh };
}

/* The block's line with the brace at its start; 0: there is none. */
static unsigned brace(struct dw_arena *a, const struct dw_bytes *text, unsigned line)
{
	for (unsigned l = line; l < line + 16; l++) {
		const char *s = dw_levers_line(a, text, l);

		if (!s)
			return 0;
		s += strspn(s, " \t");
		if (*s == '{')
			return s[1 + strspn(s + 1, " \t\r")] ? 0 : l;
	}
	return 0;
}

/* "bind" and "interface" are one; a second one is an error, and so are both. Lists are made anew. */
static bool goes(const char *line, bool bind)
{
	return bind ? is_named(line, "bind") || is_named(line, "interface")
		    : is_named(line, "only_from");
}

bool dw_restrict_xinetd_edits(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
			      const char *bind, const char *only_from, struct dw_edits *ret)
{
	unsigned l = brace(a, text, line);
	const char *s;

	if (!l)
		return false;
	put(a, ret, l + 1, NULL,
	    bind ? dw_arena_printf(a, "\tbind = %s", bind)
		 : dw_arena_printf(a, "\tonly_from = %s", only_from));
	while ((s = dw_levers_line(a, text, ++l)) != NULL) {
		if (s[strspn(s, " \t")] == '}')
			return true;
		if (goes(s, bind != NULL))
			put(a, ret, l, s, NULL);
	}
	return false;
}

static const char *networks(struct restricting *r)
{
	struct dw_str out = { .arena = r->l.arena };

	dw_str_add(&out, "127.0.0.1");
	for (size_t i = 0; i < r->from->n; i++)
		if (!strpbrk(r->from->v[i], " \t\n\r"))
			dw_str_addf(&out, " %s", r->from->v[i]);
	return out.s;
}

void dw_restrict_xinetd(struct restricting *r)
{
	struct levering *l = &r->l;
	struct dw_inetd_daemon daemon = { .program = "/usr/sbin/xinetd" };
	struct dw_edits edits = { 0 };
	struct dw_bytes text = { 0 };
	struct lever_words w = {
		.label = dw_arena_printf(l->arena, "the block of %s", l->starter->id),
		.why = r->loopback ? "xinetd opens the door at the address that the block names."
				   : "xinetd answers none but the networks that the block names.",
		.source = l->starter->source,
	};
	const char *file;
	unsigned line;

	if (!dw_levers_source(l->arena, l->starter->source, &file, &line) ||
	    !dw_levers_content(l, file, &text) ||
	    !dw_restrict_xinetd_edits(l->arena, &text, line, r->loopback ? "127.0.0.1" : NULL,
				      networks(r), &edits)) {
		dw_restrict_fence(r, "No block asks for it that could be narrowed");
		return;
	}
	(void)dw_xinetd_daemon_of(l->s, &daemon);
	w.notify = dw_arena_printf(l->arena, "xinetd %s", daemon.program);
	dw_levers_edit(l, file, &edits, &w);
	if (r->loopback)
		l->ret->narrowed = DW_NARROWED_BOUND;
	else
		dw_levers_remark(l,
				 "xinetd takes the connection before it looks who it is: the door "
				 "stays open to see.");
}
