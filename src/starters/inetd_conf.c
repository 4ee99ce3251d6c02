/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inetd_conf.h"

#include <arpa/inet.h>
#include <errno.h>

#include "dw_str.h"

enum { LINES_MAX = 4096, CONF_MAX = 1024 * 1024 };

/* --- addresses ------------------------------------------------------------------------------------ */

static bool parse_address(const char *text, enum dw_family *ret_family, uint8_t ret[16])
{
	memset(ret, 0, 16);
	if (inet_pton(AF_INET, text, ret) == 1) {
		*ret_family = DW_FAMILY_IPV4;
		return true;
	}
	if (inet_pton(AF_INET6, text, ret) != 1)
		return false;
	*ret_family = dw_address_unmap(ret) ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6;
	return true;
}

bool dw_inetd_address_fits(const char *address, enum dw_family family, const struct dw_endpoint *at)
{
	enum dw_family literal;
	uint8_t bytes[16];

	if (family == DW_FAMILY_IPV4 && at->family != DW_FAMILY_IPV4)
		return false;
	if (family == DW_FAMILY_IPV6 && at->family == DW_FAMILY_IPV4)
		return false;
	if (!address || dw_streq(address, "*"))
		return dw_endpoint_is_any(at);
	if (!parse_address(address, &literal, bytes))
		return true;
	if (literal == DW_FAMILY_IPV4 && at->family != DW_FAMILY_IPV4)
		return false;
	return memcmp(bytes, at->address, literal == DW_FAMILY_IPV4 ? 4 : 16) == 0;
}

void dw_inetd_address_set(const char *address, struct dw_endpoint *at)
{
	enum dw_family literal;
	uint8_t bytes[16];

	if (!address || !parse_address(address, &literal, bytes))
		return;
	memcpy(at->address, bytes, sizeof(bytes));
	at->family = literal == DW_FAMILY_IPV6 && at->family == DW_FAMILY_DUAL ? DW_FAMILY_DUAL
									       : literal;
	if (literal == DW_FAMILY_IPV6 && !dw_endpoint_is_any(at))
		at->family = DW_FAMILY_IPV6;
}

bool dw_inetd_opens(const struct dw_inetd_line *l, const struct dw_endpoint *at)
{
	return l->protocol == at->protocol && at->has_port && l->port && l->port == at->port &&
	       dw_inetd_address_fits(l->address, l->family, at);
}

struct dw_endpoint dw_inetd_endpoint(const struct dw_inetd_line *l)
{
	/* "tcp" opens both families: dual says so in one door. */
	enum dw_family family = l->family == DW_FAMILY_UNKNOWN ? DW_FAMILY_DUAL : l->family;
	struct dw_endpoint at = dw_starters_endpoint(l->protocol, family, l->port);

	dw_inetd_address_set(l->address, &at);
	return at;
}

/* --- lines ---------------------------------------------------------------------------------------- */

static int bad(struct dw_facts *f, const struct dw_inetd_line *l, const char *why)
{
	dw_facts_incomplete(f, "bad-line", l->file, l->line, true,
			    "%s:%u: not understood (%s); what it would open is not known", l->file,
			    l->line, why);
	return -EINVAL;
}

static const struct {
	const char *name;
	enum dw_protocol protocol;
	enum dw_family family;
} protocols[] = {
	{ "tcp", DW_PROTOCOL_TCP, DW_FAMILY_UNKNOWN },
	{ "tcp4", DW_PROTOCOL_TCP, DW_FAMILY_IPV4 },
	{ "tcp6", DW_PROTOCOL_TCP, DW_FAMILY_IPV6 },
	{ "tcp46", DW_PROTOCOL_TCP, DW_FAMILY_DUAL },
	{ "tcp6only", DW_PROTOCOL_TCP, DW_FAMILY_IPV6 },
	{ "udp", DW_PROTOCOL_UDP, DW_FAMILY_UNKNOWN },
	{ "udp4", DW_PROTOCOL_UDP, DW_FAMILY_IPV4 },
	{ "udp6", DW_PROTOCOL_UDP, DW_FAMILY_IPV6 },
	{ "udp46", DW_PROTOCOL_UDP, DW_FAMILY_DUAL },
	{ "udp6only", DW_PROTOCOL_UDP, DW_FAMILY_IPV6 },
	{ "sctp", DW_PROTOCOL_SCTP, DW_FAMILY_UNKNOWN },
	{ "dccp", DW_PROTOCOL_DCCP, DW_FAMILY_UNKNOWN },
};

static bool set_protocol(struct dw_inetd_line *l, char *word)
{
	if (dw_starts_with(word, "rpc/")) {
		l->rpc = true;
		word += 4;
	}
	word[strcspn(word, ",")] = '\0'; /* NetBSD's and inetutils' options: tcp,sndbuf=1m */
	for (size_t i = 0; i < DW_ARRAY_SIZE(protocols); i++)
		if (dw_streq(word, protocols[i].name)) {
			l->protocol = protocols[i].protocol;
			l->family = protocols[i].family;
			return true;
		}
	return false;
}

static bool is_socket_type(const char *word)
{
	static const char *const types[] = { "stream", "dgram", "raw", "rdm", "seqpacket" };

	word = dw_starts_with(word, "sunrpc_") ? word + 7 : word;
	for (size_t i = 0; i < DW_ARRAY_SIZE(types); i++)
		if (strncmp(word, types[i], strlen(types[i])) == 0)
			return true;
	return false;
}

/* [ADDRESS:]SERVICE. The address is cut off in place; returns the service. */
static char *split_address(char *word, const char **ret_address)
{
	char *colon = strrchr(word, ':');

	if (!colon)
		return word;
	*colon = '\0';
	if (word[0] == '[' && colon > word + 1 && colon[-1] == ']') {
		colon[-1] = '\0';
		word++;
	}
	*ret_address = *word ? word : "*";
	return colon + 1;
}

static int set_rest(struct dw_facts *f, struct dw_inetd_line *l, char *p)
{
	char *wait = dw_word_next(&p), *user = dw_word_next(&p), *program = dw_word_next(&p);

	if (!wait || !user || !program)
		return bad(f, l, "fields are missing");
	wait[strcspn(wait, ".:")] = '\0'; /* nowait.400, wait:10 */
	if (!dw_streq(wait, "wait") && !dw_streq(wait, "nowait"))
		return bad(f, l, "neither wait nor nowait");
	l->wait = dw_streq(wait, "wait");
	user[strcspn(user, ".:/")] = '\0';
	l->user = user;
	l->internal = dw_streq(program, "internal");
	l->program = l->internal ? NULL : program;
	for (size_t i = 0; i < DW_ARRAY_SIZE(l->arguments); i++)
		l->arguments[i] = dw_word_next(&p);
	return 0;
}

/*
 * 0: a line that opens a door; 1: a good line that opens none; negative: a bad one. `text` is cut up.
 * *defhost: the address that lines without one get, which a line "ADDRESS:" alone changes.
 */
static int parse_line(struct dw_facts *f, char *text, const char **defhost, struct dw_inetd_line *l)
{
	char *first = dw_word_next(&text), *type, *protocol, *slash;
	uint64_t number;

	if (!first)
		return 1;
	l->address = *defhost;
	first = split_address(first, &l->address);
	type = dw_word_next(&text);
	if (!*first && !type) {
		*defhost = dw_streq0(l->address, "*") ? NULL : l->address;
		return 1;
	}
	if (!*first) { /* "ADDRESS: service ..." is the same as "ADDRESS:service ..." */
		first = type;
		type = dw_word_next(&text);
	}
	protocol = dw_word_next(&text);
	l->service = first;
	if (!first || !type || !protocol)
		return bad(f, l, "fields are missing");
	if (!is_socket_type(type))
		return bad(f, l, "no such socket type");
	if (dw_starts_with(protocol, "unix"))
		return 1;
	if (!set_protocol(l, protocol))
		return bad(f, l, "no such protocol");
	slash = strchr(first, '/');
	if (slash && dw_starts_with(first, "tcpmux/"))
		return 1;
	if (l->rpc && !slash)
		return bad(f, l, "an RPC service without a version");
	if (slash)
		*slash = '\0';
	if (!l->rpc && dw_parse_u64(first, 10, 65535, &number))
		l->port = (uint32_t)number;
	return set_rest(f, l, text);
}

/*
 * "10.0.0.1,127.0.0.1:ftp" is a socket at each. Other names than this one would have to be asked of the resolver,
 * which an audit does not do: they stay as they are written.
 */
static void add_line(struct dw_facts *f, struct dw_inetd_line l, struct dw_inetd_lines *ret)
{
	const char *next = l.address;

	do {
		if (next) {
			size_t n = strcspn(next, ",");

			l.address = dw_arena_strndup(f->arena, next, n);
			next = next[n] ? next + n + 1 : NULL;
			if (dw_streq(l.address, "localhost"))
				l.address = l.family == DW_FAMILY_IPV6 ? "::1" : "127.0.0.1";
		}
		dw_vec_push(f->arena, ret, l);
		l.again = true;
	} while (next && ret->n < LINES_MAX);
}

void dw_inetd_parse(struct dw_facts *f, const char *file, const struct dw_bytes *text,
		    struct dw_inetd_lines *ret)
{
	struct dw_lines it = dw_lines_of(text);
	const char *defhost = NULL, *line;
	size_t n, lines = 0;

	while (dw_lines_next(&it, &line, &n)) {
		struct dw_inetd_line l = { .file = file, .line = it.number };
		struct dw_str whole = { .arena = f->arena };
		char *text_of_line;

		dw_str_addn(&whole, line, strnlen(line, n));
		/* A line that begins with a blank goes on with the one before, as skip() of BSD's inetd does. */
		while (whole.s[0] != '#' && whole.s[strspn(whole.s, " \t\r")] && it.p < it.end &&
		       (*it.p == ' ' || *it.p == '\t') && dw_lines_next(&it, &line, &n)) {
			dw_str_addc(&whole, ' ');
			dw_str_addn(&whole, line, strnlen(line, n));
		}
		text_of_line = dw_trim(whole.s);
		if (*text_of_line == '#' || !*text_of_line)
			continue;
		if (++lines > LINES_MAX) {
			bad(f, &l, "too many lines");
			return;
		}
		if (parse_line(f, text_of_line, &defhost, &l) == 0)
			add_line(f, l, ret);
	}
}

/* --- files ---------------------------------------------------------------------------------------- */

static void find_port(struct dw_starters *s, struct dw_inetd_line *l)
{
	uint16_t port;

	if (l->port || l->rpc)
		return;
	if (dw_sys_service_port(s->sys, l->service, dw_protocol_name(l->protocol), &port))
		l->port = port;
	else
		dw_facts_incomplete(s->facts, "bad-line", l->file, l->line, false,
				    "%s:%u: no port is known for the service %s", l->file, l->line,
				    l->service);
}

int dw_inetd_read(struct dw_starters *s, const char *file, struct dw_inetd_lines *ret,
		  struct dw_error *e)
{
	size_t first = ret->n;
	struct dw_bytes text;
	int r = dw_sys_file_read(s->sys, file, CONF_MAX, s->arena, &text, e);

	if (r < 0)
		return r;
	dw_inetd_parse(s->facts, dw_arena_strdup(s->arena, file), &text, ret);
	for (size_t i = first; i < ret->n; i++)
		find_port(s, &ret->v[i]);
	return 0;
}
