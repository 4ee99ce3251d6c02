/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_policy_write.h"

#include <arpa/inet.h>
#include <string.h>

#include "dw_str.h"

/* Words that mean something by themselves: as a name they stand in quotes. */
static const char *const keywords[] = { "program", "user",    "from", "on",
					"because", "expires", "to",   "of" };

static bool is_plain(const char *text)
{
	if (!*text || *text == '#' || strpbrk(text, " \t\"") || dw_ends_with(text, "\\"))
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(keywords); i++)
		if (dw_streq(text, keywords[i]))
			return false;
	return true;
}

static const char *quoted(struct dw_arena *a, const char *text)
{
	struct dw_str out = { .arena = a };

	dw_str_addc(&out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			dw_str_addc(&out, '\\');
		dw_str_addc(&out, *text);
	}
	dw_str_addc(&out, '"');
	return out.s;
}

const char *dw_policy_word(struct dw_arena *a, const char *text)
{
	return is_plain(text) ? text : quoted(a, text);
}

static const char *what_text(struct dw_arena *a, const struct dw_what *w)
{
	const char *protocol =
		w->protocol ? dw_arena_printf(a, "/%s", dw_protocol_name(w->protocol)) : "";

	if (w->kind == DW_WHAT_SERVICE)
		return dw_policy_word(a, w->service->name);
	if (w->kind != DW_WHAT_PORT)
		return dw_policy_word(a, w->text);
	if (w->first == w->last)
		return dw_arena_printf(a, "%u%s", w->first, protocol);
	return dw_arena_printf(a, "%u-%u%s", w->first, w->last, protocol);
}

/* The calendar's year, month and day of a number of days since 1970-01-01 (H. Hinnant's civil_from_days). */
const char *dw_policy_date(struct dw_arena *a, uint64_t seconds)
{
	uint64_t z = seconds / 86400 + 719468, era = z / 146097, day = z % 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100),
		 month = (5 * of_year + 2) / 153;
	unsigned m = (unsigned)(month < 10 ? month + 3 : month - 9);

	return dw_arena_printf(a, "%04u-%02u-%02u", (unsigned)(year + era * 400 + (m <= 2)), m,
			       (unsigned)(of_year - (153 * month + 2) / 5 + 1));
}

static void add_clause(struct dw_str *out, const char *name, const char *value)
{
	if (value)
		dw_str_addf(out, " %s %s", name, dw_policy_word(out->arena, value));
}

static void add_networks(struct dw_str *out, const char *word, const struct dw_statement *s)
{
	if (s->from_any)
		dw_str_addf(out, " %s any", word);
	else if (s->n_from)
		dw_str_addf(out, " %s", word);
	for (size_t i = 0; i < s->n_from; i++)
		dw_str_addf(out, " %s", dw_network_text(out->arena, &s->from[i]));
}

const char *dw_policy_statement_text(struct dw_arena *a, const struct dw_statement *s)
{
	struct dw_str out = { .arena = a };

	dw_str_add(&out, dw_policy_action_name(s->action));
	for (size_t i = 0; i < s->n_what; i++)
		dw_str_addf(&out, " %s", what_text(a, &s->what[i]));
	add_clause(&out, "program", s->program);
	add_clause(&out, "user", s->user);
	add_networks(&out, "from", s);
	add_clause(&out, "on", s->on_loopback ? "loopback" : s->on);
	if (s->because)
		dw_str_addf(&out, " because %s", quoted(a, s->because));
	if (s->expires)
		dw_str_addf(&out, " expires %s", dw_policy_date(a, s->expires));
	return out.s;
}

const char *dw_policy_out_text(struct dw_arena *a, const struct dw_statement *s)
{
	struct dw_str out = { .arena = a };

	dw_str_add(&out, "allow out");
	for (size_t i = 0; i < s->n_what; i++)
		dw_str_addf(&out, " %s", what_text(a, &s->what[i]));
	add_networks(&out, "to", s);
	if (s->because)
		dw_str_addf(&out, " because %s", quoted(a, s->because));
	if (s->expires)
		dw_str_addf(&out, " expires %s", dw_policy_date(a, s->expires));
	return out.s;
}

const char *dw_policy_redirect_text(struct dw_arena *a, const struct dw_policy_redirect *r)
{
	const char *text = dw_arena_printf(a, "redirect %u/%s to %u", r->from,
					   dw_protocol_name(r->protocol), r->to);

	return r->because ? dw_arena_printf(a, "%s because %s", text, quoted(a, r->because)) : text;
}

const char *dw_policy_accept_text(struct dw_arena *a, const struct dw_policy_accept *s)
{
	struct dw_str out = { .arena = a };

	dw_str_addf(&out, "accept %s", s->check);
	for (size_t i = 0; i < s->n_objects; i++)
		dw_str_addf(&out, "%s %s", i ? "" : " of", dw_policy_word(a, s->objects[i]));
	dw_str_addf(&out, " because %s", quoted(a, s->because));
	if (s->expires)
		dw_str_addf(&out, " expires %s", dw_policy_date(a, s->expires));
	return out.s;
}

static void add_fence(struct dw_str *out, const struct dw_policy *p)
{
	for (size_t i = 0; i < p->n_redirects; i++)
		dw_str_addf(out, "%s\n", dw_policy_redirect_text(out->arena, &p->redirects[i]));
	if (p->egress != DW_POLICY_EGRESS_UNKNOWN)
		dw_str_addf(out, "egress %s\n", dw_policy_egress_name(p->egress));
	for (size_t i = 0; i < p->n_out; i++)
		dw_str_addf(out, "%s\n", dw_policy_out_text(out->arena, &p->out[i]));
	if (p->log_denied)
		dw_str_add(out, "log denied\n");
}

const char *dw_policy_text(struct dw_arena *a, const struct dw_policy *p)
{
	struct dw_str out = { .arena = a };

	dw_str_add(&out, "");
	if (p->otherwise != DW_DEFAULT_UNKNOWN)
		dw_str_addf(&out, "default %s\n", dw_policy_default_name(p->otherwise));
	for (size_t i = 0; i < p->n_statements; i++) {
		const struct dw_statement *s = &p->statements[i];

		dw_str_add(&out, dw_policy_statement_text(a, s));
		dw_str_addf(&out, s->role ? " # role %s\n" : "%s\n", s->role ? s->role : "");
	}
	add_fence(&out, p);
	for (size_t i = 0; i < p->n_accepts; i++)
		dw_str_addf(&out, "%s\n", dw_policy_accept_text(a, &p->accepts[i]));
	return out.s;
}
