/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a statement is about: a service, a port, a unit, a program, a package, a namespace, a container. */
#include <string.h>

#include "dw_str.h"
#include "private.h"

#define EXPECTED                                                                                   \
	"expected a service, PORT/PROTOCOL, NAME.service, /a/program, or starter:, package:, "     \
	"netns: or container: with a name"

static const struct {
	const char *prefix;
	enum dw_what_kind kind;
} prefixes[] = {
	{ "starter:", DW_WHAT_UNIT },
	{ "package:", DW_WHAT_PACKAGE },
	{ "netns:", DW_WHAT_NETNS },
	{ "container:", DW_WHAT_CONTAINER },
};

static const char *const unit_endings[] = { ".service", ".socket", ".timer", ".path",
					    ".target",  ".scope",  ".slice", ".mount" };

static bool is_unit(const char *text)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(unit_endings); i++)
		if (dw_ends_with(text, unit_endings[i]) && strlen(text) > strlen(unit_endings[i]))
			return true;
	return false;
}

/* "ssh.servce": the ending of a unit with a slip in it. */
static void try_unit(const struct policy_reader *r, const char *text, struct policy_near *near)
{
	const char *dot = strrchr(text, '.');
	struct dw_nearest ending = { 0 };

	if (!dot || dot == text)
		return;
	for (size_t i = 0; i < DW_ARRAY_SIZE(unit_endings); i++)
		dw_nearest_try(&ending, dot + 1, unit_endings[i] + 1);
	if (ending.name)
		policy_near_try(near, dw_arena_printf(r->a, "%.*s.%s", (int)(dot - text), text,
						      ending.name));
}

static bool has_prefix(const char *text)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(prefixes); i++)
		if (dw_starts_with(text, prefixes[i].prefix))
			return true;
	return false;
}

static bool bad_port(struct policy_reader *r, const struct policy_word *w, const char *why)
{
	policy_error_at(r, w, "\"%s\": %s", policy_shown(r, w->text), why);
	return false;
}

static bool read_protocol(struct policy_reader *r, const struct policy_word *w, const char *name,
			  enum dw_protocol *ret)
{
	struct policy_near near;

	*ret = dw_protocol_parse(name);
	if (*ret != DW_PROTOCOL_UNKNOWN && *ret != DW_PROTOCOL_PACKET)
		return true;
	near = policy_near_to(r, name);
	for (unsigned p = 1; p < DW_PROTOCOL_COUNT; p++)
		if (p != DW_PROTOCOL_PACKET)
			policy_near_try(&near, dw_protocol_name((enum dw_protocol)p));
	policy_error_at(r, w,
			"\"%s\": no protocol with ports is called \"%s\"; expected tcp or udp "
			"(or sctp, dccp, udplite, raw, vsock, bluetooth)%s",
			policy_shown(r, w->text), policy_shown(r, name),
			policy_near_text(r, &near));
	return false;
}

/* 22, 22/tcp, 8000-8010/udp: digits, and perhaps what follows them. */
static bool read_port(struct policy_reader *r, const struct policy_word *w, struct dw_what *ret)
{
	const char *slash = strchr(w->text, '/');
	size_t n = slash ? (size_t)(slash - w->text) : strlen(w->text);
	const char *dash = memchr(w->text, '-', n);
	size_t first_n = dash ? (size_t)(dash - w->text) : n;
	uint64_t first, last, max = UINT16_MAX;

	if (slash && !read_protocol(r, w, slash + 1, &ret->protocol))
		return false;
	if (ret->protocol == DW_PROTOCOL_RAW)
		max = UINT8_MAX; /* the number of an IP protocol */
	if (!dw_parse_u64n(w->text, first_n, 10, max, &first) ||
	    !dw_parse_u64n(dash ? dash + 1 : w->text, dash ? n - first_n - 1 : n, 10, max, &last))
		return bad_port(r, w,
				max == UINT8_MAX ? "expected an IP protocol's number from 0 to 255"
						 : "expected a port from 1 to 65535");
	if (first == 0 && ret->protocol != DW_PROTOCOL_RAW)
		return bad_port(r, w, "no door has port 0; expected a port from 1 to 65535");
	if (first > last)
		return bad_port(r, w, "the range ends before it begins");
	ret->kind = DW_WHAT_PORT;
	ret->first = (uint16_t)first;
	ret->last = (uint16_t)last;
	return true;
}

static bool looks_like_port(const char *text)
{
	size_t n = strspn(text, "0123456789-");

	return n > 0 && text[0] != '-' && (text[n] == '\0' || text[n] == '/');
}

static bool unknown(struct policy_reader *r, const struct policy_word *w)
{
	struct policy_near near = policy_near_to(r, w->text);
	const char *slash = strchr(w->text, '/');

	if (slash) {
		policy_error_at(r, w,
				"\"%s\": in front of the / stands a port's number; a service "
				"is named alone",
				policy_shown(r, w->text));
		return false;
	}
	if (!w->quoted)
		policy_near_clauses(&near);
	for (size_t i = 0; r->k && i < r->k->n_services; i++) {
		const struct dw_service *s = &r->k->services[i];

		policy_near_try(&near, s->name);
		for (const char *const *other = s->synonyms; *other; other++)
			policy_near_try(&near, *other);
	}
	try_unit(r, w->text, &near);
	if (near.best && !dw_streq(near.best, w->text))
		policy_error_at(r, w, "unknown service \"%s\"%s", policy_shown(r, w->text),
				policy_near_text(r, &near));
	else
		policy_error_at(r, w, "unknown service \"%s\"; " EXPECTED,
				policy_shown(r, w->text));
	return false;
}

static bool read_prefixed(struct policy_reader *r, const struct policy_word *w, struct dw_what *ret)
{
	struct policy_near near =
		policy_near_to(r, dw_arena_strndup(r->a, w->text, strcspn(w->text, ":") + 1));

	for (size_t i = 0; i < DW_ARRAY_SIZE(prefixes); i++) {
		policy_near_try(&near, prefixes[i].prefix);
		if (!dw_starts_with(w->text, prefixes[i].prefix))
			continue;
		ret->kind = prefixes[i].kind;
		if (w->text[strlen(prefixes[i].prefix)])
			return true;
		policy_error_at(r, w, "\"%s\" without a name; expected %sNAME", w->text, w->text);
		return false;
	}
	policy_error_at(r, w, "\"%s\": unknown kind of name%s", policy_shown(r, w->text),
			near.best ? policy_near_text(r, &near) : "; " EXPECTED);
	return false;
}

bool policy_read_what(struct policy_reader *r, const struct policy_word *w, struct dw_what *ret)
{
	*ret = (struct dw_what){ .text = w->text };
	if (w->text[0] == '/') {
		ret->kind = DW_WHAT_PROGRAM;
		return true;
	}
	if (looks_like_port(w->text))
		return read_port(r, w, ret);
	/* names of units may hold colons */
	if (is_unit(w->text) && !has_prefix(w->text)) {
		ret->kind = DW_WHAT_UNIT;
		return true;
	}
	ret->service = dw_knowledge_service(r->k, w->text);
	if (ret->service) {
		ret->kind = DW_WHAT_SERVICE;
		return true;
	}
	return strchr(w->text, ':') ? read_prefixed(r, w, ret) : unknown(r, w);
}
