/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statements of nft(8), lines of iptables-save(8), elements of firewalld: what they say of forwarded ports. */
#include "dw_str.h"
#include "rules.h"

#define WORDS_MAX  4096u  /* of one statement; a bigger one is a list of something else */
#define RULES_MAX  20000u /* that forward */
#define VALUES_MAX 256u   /* ports or addresses of one rule */
/* "define b = $a $a" doubles with each line: both are limited */
#define DEFINES_MAX  1000u
#define EXPANDED_MAX ((size_t)1024 * 1024) /* bytes */

struct word {
	const char *s;
	bool quoted;
};

struct reader {
	const struct dw_rules_text *t;
	struct dw_arena *a;
	DW_VEC(struct word) words; /* of the statement so far */
	unsigned line, begin;      /* now, and of its first word */
	unsigned braces;           /* of sets and maps within it */
	enum dw_family family;     /* of the table around it */
};

/* --- one rule ------------------------------------------------------------------------------------- */

enum clause {
	CLAUSE_NONE = 0,
	CLAUSE_ACTION,
	CLAUSE_PROTOCOL,
	CLAUSE_PORTS,
	CLAUSE_ADDRESS,
	CLAUSE_TARGET,
	CLAUSE_PORT_OF_TARGET, /* TPROXY says it apart from the address */
	CLAUSE_MAP,
	CLAUSE_SKIP, /* the next word is free text */
};

static const struct {
	const char *word;
	enum clause clause;
	enum dw_protocol protocol;
} clauses[] = {
	{ "dnat", CLAUSE_ACTION, 0 },
	{ "DNAT", CLAUSE_ACTION, 0 },
	{ "redirect", CLAUSE_ACTION, 0 },
	{ "REDIRECT", CLAUSE_ACTION, 0 },
	{ "tproxy", CLAUSE_ACTION, 0 },
	{ "TPROXY", CLAUSE_ACTION, 0 },
	{ "NETMAP", CLAUSE_ACTION, 0 },
	{ "tcp", CLAUSE_PROTOCOL, DW_PROTOCOL_TCP },
	{ "udp", CLAUSE_PROTOCOL, DW_PROTOCOL_UDP },
	{ "sctp", CLAUSE_PROTOCOL, DW_PROTOCOL_SCTP },
	{ "dccp", CLAUSE_PROTOCOL, DW_PROTOCOL_DCCP },
	{ "udplite", CLAUSE_PROTOCOL, DW_PROTOCOL_UDPLITE },
	{ "dport", CLAUSE_PORTS, 0 },
	{ "--dport", CLAUSE_PORTS, 0 },
	{ "--dports", CLAUSE_PORTS, 0 },
	{ "--destination-port", CLAUSE_PORTS, 0 },
	{ "--destination-ports", CLAUSE_PORTS, 0 },
	{ "daddr", CLAUSE_ADDRESS, 0 },
	{ "-d", CLAUSE_ADDRESS, 0 },
	{ "--dst", CLAUSE_ADDRESS, 0 },
	{ "--destination", CLAUSE_ADDRESS, 0 },
	{ "to", CLAUSE_TARGET, 0 },
	{ "--to", CLAUSE_TARGET, 0 },
	{ "--to-destination", CLAUSE_TARGET, 0 },
	{ "--to-port", CLAUSE_PORT_OF_TARGET, 0 },
	{ "--to-ports", CLAUSE_PORT_OF_TARGET, 0 },
	{ "--on-port", CLAUSE_PORT_OF_TARGET, 0 },
	{ "--on-ip", CLAUSE_TARGET, 0 },
	{ "map", CLAUSE_MAP, 0 },
	{ "vmap", CLAUSE_MAP, 0 },
	{ "comment", CLAUSE_SKIP, 0 },
	{ "--comment", CLAUSE_SKIP, 0 },
	{ "--log-prefix", CLAUSE_SKIP, 0 },
	{ "--nflog-prefix", CLAUSE_SKIP, 0 },
};

static enum clause clause_of(const struct word *w, enum dw_protocol *ret)
{
	for (size_t i = 0; !w->quoted && i < DW_ARRAY_SIZE(clauses); i++)
		if (dw_streq(clauses[i].word, w->s)) {
			*ret = clauses[i].protocol;
			return clauses[i].clause;
		}
	return CLAUSE_NONE;
}

static bool take_port(const struct reader *r, struct dw_rule *rule, const char *word)
{
	struct dw_rule_span span;
	uint16_t port;

	if (dw_rule_span_parse(word, strlen(word), &span)) {
		if (rule->ports.n < VALUES_MAX)
			dw_vec_push(r->a, &rule->ports, span);
		else
			rule->vague_ports = true;
		return true;
	}
	if (!r->t->s->sys || (!dw_sys_service_port(r->t->s->sys, word, "tcp", &port) &&
			      !dw_sys_service_port(r->t->s->sys, word, "udp", &port)))
		return false;
	if (rule->ports.n < VALUES_MAX)
		dw_vec_push(r->a, &rule->ports, ((struct dw_rule_span){ port, port }));
	return true;
}

/* From the word behind "dport": one or a list. Returns the word behind them. */
static size_t take_ports(const struct reader *r, struct dw_rule *rule, size_t i)
{
	size_t begin = i;

	rule->has_ports = true;
	while (i < r->words.n && take_port(r, rule, r->words.v[i].s))
		i++;
	if (i == begin)
		rule->vague_ports = true;
	return i;
}

static size_t take_addresses(const struct reader *r, struct dw_rule *rule, size_t i)
{
	size_t begin = i;

	for (; i < r->words.n; i++) {
		struct dw_rule_address address;
		const char *s = r->words.v[i].s;
		size_t n = strlen(s);

		/* iptables-save(8) writes one address as a network of one */
		if (dw_ends_with(s, "/32") || dw_ends_with(s, "/128"))
			n = strcspn(s, "/");
		if (!dw_rule_address_parse(s, n, &address))
			break;
		if (rule->addresses.n < VALUES_MAX)
			dw_vec_push(r->a, &rule->addresses, address);
		else
			rule->vague_address = true;
	}
	if (i == begin)
		rule->vague_address = true;
	return i;
}

static size_t take_target(const struct reader *r, struct dw_rule *rule, size_t i, bool port_only)
{
	struct dw_rule_target target;

	if (i >= r->words.n || !dw_rule_target_parse(r->words.v[i].s, &target) ||
	    (port_only && target.has_address)) {
		rule->vague_target = true;
		return i;
	}
	if (target.has_address) {
		rule->target.has_address = true;
		rule->target.address = target.address;
	}
	if (target.has_port) {
		rule->target.has_port = true;
		rule->target.port = target.port;
	}
	rule->has_target = true;
	return i + 1;
}

static size_t take_clause(const struct reader *r, struct dw_rule *rule, size_t i, bool *ret_opens)
{
	enum dw_protocol protocol = DW_PROTOCOL_UNKNOWN;

	/* "! -d 10.0.0.1", "dport != 80": all but that */
	if (i > 0 && dw_streq(r->words.v[i - 1].s, "!"))
		rule->vague_ports = rule->vague_address = true;
	switch (clause_of(&r->words.v[i], &protocol)) {
	case CLAUSE_ACTION:
		*ret_opens = true;
		break;
	case CLAUSE_PROTOCOL:
		rule->protocols |= 1u << protocol;
		break;
	case CLAUSE_PORTS:
		return take_ports(r, rule, i + 1);
	case CLAUSE_ADDRESS:
		return take_addresses(r, rule, i + 1);
	case CLAUSE_TARGET:
		return take_target(r, rule, i + 1, false);
	case CLAUSE_PORT_OF_TARGET:
		return take_target(r, rule, i + 1, true);
	case CLAUSE_MAP:
		rule->vague_ports = rule->vague_address = rule->vague_target = true;
		break;
	case CLAUSE_SKIP:
		return i + 2;
	case CLAUSE_NONE:
		break;
	}
	return i + 1;
}

static enum dw_family family_of(const char *word)
{
	if (dw_streq(word, "ip"))
		return DW_FAMILY_IPV4;
	return dw_streq(word, "ip6") ? DW_FAMILY_IPV6 : DW_FAMILY_UNKNOWN;
}

static void keep(const struct dw_rules_text *t, const struct dw_rule *rule)
{
	if (t->rules->v.n < RULES_MAX)
		dw_vec_push(t->s->arena, &t->rules->v, *rule);
	else
		t->rules->truncated = true;
}

static void take_rule(struct reader *r)
{
	struct dw_rule rule = {
		.file = r->t->file, .line = r->begin, .place = r->t->place, .family = r->family
	};
	bool opens = false;

	/* add rule ip nat prerouting ... */
	for (size_t i = 0; i < 2 && i + 1 < r->words.n; i++)
		if (dw_streq(r->words.v[i].s, "rule"))
			rule.family = family_of(r->words.v[i + 1].s);
	for (size_t i = 0; i < r->words.n;)
		i = take_clause(r, &rule, i, &opens);
	if (opens)
		keep(r->t, &rule);
}

/* --- statements ----------------------------------------------------------------------------------- */

static void take_define(struct reader *r)
{
	struct dw_rule_define *d;

	if (r->words.n < 2 || r->t->rules->defines.n >= DEFINES_MAX)
		return;
	d = dw_vec_add(r->a, &r->t->rules->defines);
	d->name = r->words.v[1].s;
	for (size_t i = 2; i < r->words.n; i++)
		dw_vec_push(r->a, &d->words, r->words.v[i].s);
}

static void end_statement(struct reader *r)
{
	const char *first = r->words.n ? r->words.v[0].s : "";

	if (dw_streq(first, "define") || dw_streq(first, "redefine")) {
		take_define(r);
	} else if (dw_streq(first, "include")) {
		if (r->words.n > 1 && r->t->include)
			r->t->include(r->t, r->words.v[1].s);
	} else if (r->words.n) {
		take_rule(r);
	}
	r->words.n = 0;
	r->braces = 0;
}

static void push(struct reader *r, const char *s, bool quoted)
{
	if (r->words.n == 0)
		r->begin = r->line;
	if (r->words.n < WORDS_MAX)
		*dw_vec_add(r->a, &r->words) = (struct word){ .s = s, .quoted = quoted };
}

/* "$web" stands for all its words, "$web:80" is one with a port behind it. */
static bool push_defined(struct reader *r, const char *word)
{
	size_t n = strcspn(word, ":");

	for (size_t i = r->t->rules->defines.n; i-- > 0;) {
		const struct dw_rule_define *d = &r->t->rules->defines.v[i];

		if (strlen(d->name) != n || memcmp(d->name, word, n) != 0)
			continue;
		if (word[n] && d->words.n != 1)
			return false;
		for (size_t k = 0; k < d->words.n; k++) {
			r->t->rules->expanded += strlen(d->words.v[k]) + 1;
			if (r->t->rules->expanded > EXPANDED_MAX) {
				r->t->rules->truncated = true;
				return false;
			}
			push(r,
			     word[n] ? dw_arena_printf(r->a, "%s%s", d->words.v[k], word + n)
				     : d->words.v[k],
			     false);
		}
		return true;
	}
	return false;
}

static void push_word(struct reader *r, const char *s, size_t n, bool quoted)
{
	const char *word = dw_arena_strndup(r->a, s, n);

	if (quoted || *word != '$' || !push_defined(r, word + 1))
		push(r, word, quoted);
}

/* "table ip nat {" begins a block of statements; any other brace a set or a map. */
static bool opens_block(struct reader *r)
{
	static const char *const heads[] = { "table", "chain", "set", "map", "flowtable" };
	size_t at = r->words.n > 1 &&
		    (dw_streq(r->words.v[0].s, "add") || dw_streq(r->words.v[0].s, "create"));

	if (r->words.n <= at || r->words.n > at + 5 || r->braces)
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(heads); i++) {
		if (!dw_streq(heads[i], r->words.v[at].s))
			continue;
		if (i == 0 && r->words.n > at + 1)
			r->family = family_of(r->words.v[at + 1].s);
		return true;
	}
	return false;
}

static const char *take_quoted(struct reader *r, const char *c, const char *end)
{
	const char *from = c + 1, *to = from;

	while (to < end && *to != *c && *to != '\n')
		to++;
	push_word(r, from, (size_t)(to - from), true);
	return to < end && *to == *c ? to + 1 : to;
}

static const char *take_word(struct reader *r, const char *c, const char *end)
{
	const char *from = c;

	while (c < end && *c && !strchr(" \t\r\n,;#{}=\"'", *c))
		c++;
	push_word(r, from, (size_t)(c - from), false);
	return c < end && !*c ? c + 1 : c;
}

static const char *take_token(struct reader *r, const char *c, const char *end)
{
	switch (*c) {
	case '\n':
		r->line++;
		if (!r->braces)
			end_statement(r);
		return c + 1;
	case '\\':
		if (c + 1 < end && c[1] == '\n') {
			r->line++;
			return c + 2;
		}
		return take_word(r, c, end);
	case ';':
		if (!r->braces)
			end_statement(r);
		return c + 1;
	case '#':
		while (c < end && *c != '\n')
			c++;
		return c;
	case '{':
		if (opens_block(r))
			r->words.n = 0;
		else
			r->braces++;
		return c + 1;
	case '}':
		if (r->braces)
			r->braces--;
		else
			end_statement(r);
		return c + 1;
	case '"':
	case '\'':
		return take_quoted(r, c, end);
	case ' ':
	case '\t':
	case '\r':
	case ',':
	case '=':
		return c + 1;
	default: /* a char, not an enum */
		return take_word(r, c, end);
	}
}

void dw_rules_parse(const struct dw_rules_text *t, const struct dw_bytes *text)
{
	struct reader r = { .t = t, .a = t->s->arena, .line = 1, .family = t->family };
	const char *c = text->data, *end = text->data ? text->data + text->n : NULL;

	while (c < end)
		c = take_token(&r, c, end);
	end_statement(&r);
}

/* --- firewalld ------------------------------------------------------------------------------------ */

/* Behind what begins at c, or the end; counts the lines in between. */
static const char *skip_to(const char *c, const char *to, unsigned *line)
{
	for (; c < to; c++)
		*line += *c == '\n';
	return to;
}

/* The value of an attribute within one element; NULL: not there. */
static const char *attribute(struct dw_arena *a, const char *element, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = element; (at = strstr(at, name)); at += n) {
		const char *value = at + n + strspn(at + n, " \t\r\n");
		char quote;

		if (!strchr(" \t\r\n", at[-1]) || *value != '=')
			continue;
		value += 1 + strspn(value + 1, " \t\r\n");
		quote = *value;
		if (quote == '"' || quote == '\'')
			return dw_arena_strndup(a, value + 1,
						strcspn(value + 1, quote == '"' ? "\"" : "'"));
	}
	return NULL;
}

static void take_element(const struct dw_rules_text *t, const char *element, unsigned line)
{
	struct dw_arena *a = t->s->arena;
	struct dw_rule rule = {
		.file = t->file, .line = line, .place = t->place, .has_ports = true
	};
	struct reader r = { .t = t, .a = a };
	const char *port = attribute(a, element, "port"),
		   *protocol = attribute(a, element, "protocol");
	const char *to_port = attribute(a, element, "to-port");
	const char *to_address = attribute(a, element, "to-addr");
	struct word word = { .s = protocol ? protocol : "" };
	enum dw_protocol known = DW_PROTOCOL_UNKNOWN;

	if (!port || !take_port(&r, &rule, port))
		rule.vague_ports = true;
	if (clause_of(&word, &known) == CLAUSE_PROTOCOL)
		rule.protocols = 1u << known;
	rule.target.has_port =
		to_port && dw_rule_span_parse(to_port, strlen(to_port), &rule.target.port);
	rule.target.has_address =
		to_address &&
		dw_rule_address_parse(to_address, strlen(to_address), &rule.target.address);
	rule.has_target = rule.target.has_port || rule.target.has_address;
	keep(t, &rule);
}

void dw_rules_parse_zone(const struct dw_rules_text *t, const struct dw_bytes *text)
{
	static const char head[] = "<forward-port", comment[] = "<!--";
	const char *c = text->data, *end = text->data ? text->data + text->n : NULL;
	unsigned line = 1;

	while (c < end) {
		size_t left = (size_t)(end - c);
		bool is_comment =
			left >= sizeof(comment) && memcmp(c, comment, sizeof(comment) - 1) == 0;
		const char *close = c;

		if (is_comment)
			close = memmem(c, left, "-->", 3);
		else if (left >= sizeof(head) && memcmp(c, head, sizeof(head) - 1) == 0)
			close = memchr(c, '>', left);
		if (!close)
			return;
		if (close > c && !is_comment)
			take_element(t,
				     dw_arena_strndup(t->s->arena, c + 1, (size_t)(close - c - 1)),
				     line);
		c = skip_to(c, close + 1, &line);
	}
}
