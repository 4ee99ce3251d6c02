/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keep and close: WHAT..., then clauses in any order, each once. */
#include <string.h>

#include "dw_str.h"
#include "private.h"

struct stating {
	struct policy_reader *r;
	const struct policy_words *words;
	struct dw_statement s;
	bool from_lan;
	bool out;      /* allow out, not keep or close */
	unsigned seen; /* a bit for each clause of the table */
	const struct policy_word *from_at, *on_at;
};

static bool read_program(struct stating *t, const struct policy_word *w, size_t n)
{
	t->s.program = w->text;
	if (w->text[0] == '/')
		return true;
	policy_error_at(t->r, w, "\"%s\": expected the program's absolute path, as /usr/sbin/sshd",
			policy_shown(t->r, w->text));
	return false;
}

static bool read_user(struct stating *t, const struct policy_word *w, size_t n)
{
	t->s.user = w->text;
	if (w->text[0])
		return true;
	policy_error_at(t->r, w, "an empty name; expected a user's name or number");
	return false;
}

static bool contains(const struct dw_network *outer, const struct dw_network *inner)
{
	unsigned whole = outer->prefix / 8, rest = outer->prefix % 8;

	if (outer->family != inner->family || outer->prefix > inner->prefix ||
	    memcmp(outer->address, inner->address, whole) != 0)
		return false;
	return rest == 0 || ((outer->address[whole] ^ inner->address[whole]) >> (8 - rest)) == 0;
}

/* A network within another one of the same list says nothing. */
static void warn_of_contained(struct policy_reader *r, const struct dw_network *nets,
			      const struct policy_word *words, size_t n)
{
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < n; i++) {
			bool same = contains(&nets[i], &nets[k]) && contains(&nets[k], &nets[i]);

			/* of two that are the same, the second is too much */
			if (i == k || !contains(&nets[i], &nets[k]) || (same && k < i))
				continue;
			policy_warn_at(r, &words[k], "\"%s\" is within %s already", words[k].text,
				       words[i].text);
			break;
		}
}

static bool read_from(struct stating *t, const struct policy_word *w, size_t n)
{
	struct dw_network *nets = dw_arena_array(t->r->a, n, sizeof(*nets));
	struct policy_word *at = dw_arena_array(t->r->a, n, sizeof(*at));
	bool good = true;

	t->from_at = w;
	for (size_t i = 0; i < n; i++) {
		if (dw_streq(w[i].text, "any"))
			t->s.from_any = true;
		else if (dw_streq(w[i].text, "lan"))
			t->from_lan = true;
		else if (policy_read_network(t->r, &w[i], &nets[t->s.n_from]))
			at[t->s.n_from++] = w[i];
		else
			good = false;
	}
	if (!good)
		return false;
	if (t->s.from_any && n > 1)
		policy_warn_at(t->r, w, "\"any\" is every network: the others say nothing");
	else
		warn_of_contained(t->r, nets, at, t->s.n_from);
	t->s.from = nets;
	if (t->s.from_any) {
		t->s.n_from = 0;
		t->from_lan = false;
	}
	return true;
}

static bool is_interface(const char *text)
{
	size_t n = strlen(text);

	/* IFNAMSIZ with its NUL; dev_valid_name() of the kernel refuses / and : */
	return n > 0 && n < 16 && !strpbrk(text, "/: \t") && strspn(text, "0123456789.") < n;
}

static bool is_zero(const struct dw_network *n)
{
	static const uint8_t zero[16];

	return memcmp(n->address, zero, sizeof(zero)) == 0;
}

static bool is_loopback(const struct dw_network *n)
{
	static const uint8_t one[16] = { [15] = 1 };

	return n->family == DW_FAMILY_IPV4 ? n->address[0] == 127
					   : memcmp(n->address, one, sizeof(one)) == 0;
}

static bool read_on(struct stating *t, const struct policy_word *w, size_t n)
{
	struct dw_network address;
	bool is_address = policy_read_address(w->text, &address);

	t->on_at = w;
	if (dw_streq(w->text, "loopback") || dw_streq(w->text, "lo") ||
	    (is_address && is_loopback(&address))) {
		t->s.on_loopback = true;
		return true;
	}
	t->s.on = w->text;
	if (dw_streq(w->text, "any") || (is_address && is_zero(&address)))
		policy_error_at(t->r, w, "\"%s\" is every address: leave \"on\" out", w->text);
	else if (is_address || is_interface(w->text))
		return true;
	else
		policy_error_at(t->r, w,
				"\"%s\": expected loopback, one address or an interface; "
				"networks stand behind \"from\"",
				policy_shown(t->r, w->text));
	return false;
}

static bool read_because(struct stating *t, const struct policy_word *w, size_t n)
{
	t->s.because = w->text;
	if (w->text[0])
		return true;
	policy_error_at(t->r, w, "an empty reason; leave \"because\" out, or say why");
	return false;
}

static bool read_expires(struct stating *t, const struct policy_word *w, size_t n)
{
	return policy_read_date(t->r, w, &t->s.expires);
}

#define MANY ((size_t)-1)

static const struct {
	const char *name;
	const char *wants;
	bool in, out; /* of keep and close; of allow out */
	size_t max;   /* words */
	bool (*read)(struct stating *t, const struct policy_word *w, size_t n);
} clauses[] = {
	{ "program", "an absolute path", true, false, 1, read_program },
	{ "user", "a user's name", true, false, 1, read_user },
	{ "from", "networks, any or lan", true, false, MANY, read_from },
	{ "to", "networks, any or lan", false, true, MANY, read_from },
	{ "on", "loopback, an address or an interface", true, false, 1, read_on },
	{ "because", "a reason in double quotes", true, true, 1, read_because },
	{ "expires", "a date, YYYY-MM-DD", true, true, 1, read_expires },
};

static size_t clause_of(const struct policy_word *w, bool out)
{
	size_t i = 0;

	while (i < DW_ARRAY_SIZE(clauses) &&
	       (w->quoted || !(out ? clauses[i].out : clauses[i].in) ||
		!dw_streq(w->text, clauses[i].name)))
		i++;
	return i;
}

static bool is_clause(const struct policy_word *w, bool out)
{
	return clause_of(w, out) < DW_ARRAY_SIZE(clauses);
}

bool policy_is_clause(const struct policy_word *w)
{
	return is_clause(w, false);
}

static void near_clauses(struct policy_near *n, bool out)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(clauses); i++)
		if (out ? clauses[i].out : clauses[i].in)
			policy_near_try(n, clauses[i].name);
}

void policy_near_clauses(struct policy_near *n)
{
	near_clauses(n, false);
}

static bool too_many(struct stating *t, size_t clause, const struct policy_word *w)
{
	struct policy_near near = policy_near_to(t->r, w->text);

	if (dw_streq(clauses[clause].name, "because")) {
		policy_error_at(t->r, w,
				"\"%s\" behind the reason; expected the whole reason in "
				"double quotes",
				policy_shown(t->r, w->text));
		return false;
	}
	near_clauses(&near, t->out);
	policy_error_at(
		t->r, w,
		"\"%s\" behind \"%s\"; expected another clause (%s) or the end of the line%s",
		policy_shown(t->r, w->text), clauses[clause].name,
		t->out ? "to, because, expires" : "program, user, from, on, because, expires",
		policy_near_text(t->r, &near));
	return false;
}

/* The clause at word `at`; returns where the next one begins. */
static size_t read_clause(struct stating *t, size_t at, bool *good)
{
	const struct policy_word *w = &t->words->v[at];
	size_t clause = clause_of(w, t->out), n = 0;

	while (at + 1 + n < t->words->n && !is_clause(&w[1 + n], t->out))
		n++;
	if (t->seen & 1U << clause) {
		policy_error_at(t->r, w, "\"%s\" stands twice in this statement; expected it once",
				w->text);
		*good = false;
	} else if (n == 0) {
		policy_error_at(t->r, w, "nothing behind \"%s\"; expected %s", w->text,
				clauses[clause].wants);
		*good = false;
	} else if (t->s.action == DW_POLICY_CLOSE && dw_streq(w->text, "from")) {
		policy_error_at(t->r, w,
				"\"from\" in a close statement; what is closed is closed to "
				"all: \"keep ... from\" narrows");
		*good = false;
	} else {
		*good &= clauses[clause].read(t, w + 1, n);
		if (n > clauses[clause].max)
			*good = too_many(t, clause, w + 1 + clauses[clause].max);
	}
	t->seen |= 1U << clause;
	return at + 1 + n;
}

/* The words up to the first clause. SIZE_MAX: not even the clauses can be found. */
static size_t read_whats(struct stating *t, struct dw_what *whats, bool *good)
{
	size_t at = 1;

	for (; at < t->words->n && !is_clause(&t->words->v[at], t->out); at++) {
		const struct policy_word *w = &t->words->v[at];
		struct policy_near near = policy_near_to(t->r, w->text);

		if (policy_read_what(t->r, w, &whats[t->s.n_what])) {
			t->s.n_what++;
			continue;
		}
		*good = false;
		/* a clause that is spelt wrong: all that follows would be told as unknown services */
		near_clauses(&near, t->out);
		if (near.best && at > 1 && !w->quoted)
			return SIZE_MAX;
	}
	if (at == 1) {
		policy_error_at(t->r, &t->words->v[0],
				"\"%s\" what? Expected a service, PORT/PROTOCOL, NAME.service or "
				"/a/program behind it",
				t->words->v[0].text);
		*good = false;
	}
	return at;
}

static void warn_of_contradictions(struct stating *t)
{
	if (!t->from_at || !t->s.on_loopback)
		return;
	policy_warn_at(t->r, t->from_at,
		       "\"from\" says nothing beside \"on loopback\": no network gets there");
}

void policy_read_statement(struct policy_reader *r, const struct policy_words *words,
			   enum dw_policy_action action)
{
	struct stating t = { .r = r, .words = words, .s = { .action = action } };
	struct dw_what *whats = dw_arena_array(r->a, words->n, sizeof(*whats));
	bool good = true;
	size_t at = read_whats(&t, whats, &good);

	while (at < words->n)
		at = read_clause(&t, at, &good);
	if (!good)
		return;
	if (r->statements.n >= POLICY_STATEMENTS_MAX) {
		if (r->statements.n == POLICY_STATEMENTS_MAX && !r->full)
			policy_error_at(r, &words->v[0], "more than %d statements",
					POLICY_STATEMENTS_MAX);
		r->full = true;
		return;
	}
	warn_of_contradictions(&t);
	t.s.what = whats;
	t.s.file = r->open->name;
	t.s.line = words->v[0].line;
	policy_cover_add(r, &t.s, words->v + 1);
	dw_vec_push(r->a, &r->statements, t.s);
	dw_vec_push(r->a, &r->from_lan, t.from_lan);
}

/* What may go out is told by ports: a unit or a program of this host says nothing of where it calls. */
static bool are_ports(struct stating *t, const struct dw_what *whats)
{
	bool good = true;

	for (size_t i = 0; i < t->s.n_what; i++) {
		if (whats[i].kind == DW_WHAT_SERVICE || whats[i].kind == DW_WHAT_PORT)
			continue;
		policy_error_at(t->r, &t->words->v[1 + i],
				"\"%s\": expected a service or PORT/PROTOCOL behind \"allow out\"",
				policy_shown(t->r, whats[i].text));
		good = false;
	}
	return good;
}

void policy_read_out(struct policy_reader *r, const struct policy_words *words)
{
	struct stating t = {
		.r = r, .words = words, .out = true, .s = { .action = DW_POLICY_KEEP }
	};
	struct dw_what *whats = dw_arena_array(r->a, words->n, sizeof(*whats));
	bool good = true;
	size_t at = read_whats(&t, whats, &good);

	while (at < words->n)
		at = read_clause(&t, at, &good);
	if (!good || !are_ports(&t, whats))
		return;
	if (!t.from_at) {
		policy_error_at(r, &words->v[0],
				"where to? Expected \"to\" and networks, any or lan");
		return;
	}
	if (r->out.n >= POLICY_STATEMENTS_MAX) {
		policy_error_at(r, &words->v[0], "more than %d statements", POLICY_STATEMENTS_MAX);
		return;
	}
	t.s.what = whats;
	t.s.file = r->open->name;
	t.s.line = words->v[0].line;
	dw_vec_push(r->a, &r->out, t.s);
	dw_vec_push(r->a, &r->out_lan, t.from_lan);
}
