/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the word that a person typed to the doors that are meant. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "table.h"

#define WORD_MAX 1024

struct query {
	const char *text;
	struct dw_arena *a;
	enum dw_protocol protocol; /* unknown: any */
	bool has_port;
	uint32_t first, last;
	uint64_t pid;        /* 0: none */
	const char *address; /* "*", "localhost", numeric; NULL: any */
	const char *device;  /* behind its %; NULL */
	const char *name;    /* no port and no address: a name */
};

static bool parse_ports(struct query *q, const char *s)
{
	size_t n = strcspn(s, "-");
	uint64_t first, last;

	if (!dw_parse_u64n(s, n, 10, 65535, &first))
		return false;
	last = first;
	if (s[n] && (!dw_parse_u64(s + n + 1, 10, 65535, &last) || last < first))
		return false;
	q->has_port = true;
	q->first = (uint32_t)first;
	q->last = (uint32_t)last;
	return true;
}

static bool is_number(const char *s)
{
	return *s >= '0' && *s <= '9' && s[strspn(s, "0123456789-")] == '\0';
}

static bool parse_address(struct query *q, const char *s)
{
	size_t n = strcspn(s, "%");
	uint8_t bytes[16];
	const char *bare = dw_arena_strndup(q->a, s, n);

	if (!dw_streq(bare, "*") && strcasecmp(bare, "localhost") != 0 &&
	    inet_pton(AF_INET, bare, bytes) != 1 && inet_pton(AF_INET6, bare, bytes) != 1)
		return false;
	q->address = bare;
	q->device = s[n] ? s + n + 1 : NULL;
	return true;
}

static int parse_brackets(struct query *q, const char *s, struct dw_error *e)
{
	const char *end = strchr(s, ']');

	if (!end || !parse_address(q, dw_arena_strndup(q->a, s + 1, (size_t)(end - s - 1))))
		return dw_error_set(e, -EINVAL,
				    "in brackets stands an IPv6 address: [::1]:631/tcp");
	if (end[1] && (end[1] != ':' || !parse_ports(q, end + 2)))
		return dw_error_set(e, -EINVAL, "behind the brackets stands a port: [::1]:631/tcp");
	return 0;
}

static int parse_place(struct query *q, const char *s, struct dw_error *e)
{
	const char *colon = strrchr(s, ':');

	if (*s == '[')
		return parse_brackets(q, s, e);
	if (is_number(s)) {
		/* 4194304: the greatest pid there is (PID_MAX_LIMIT) */
		if (q->protocol == DW_PROTOCOL_UNKNOWN)
			(void)dw_parse_u64(s, 10, 4194304, &q->pid);
		if (!parse_ports(q, s) && q->pid == 0)
			return dw_error_set(e, -EINVAL, "%.64s is no port: 1 to 65535", s);
		return 0;
	}
	if (colon && is_number(colon + 1) &&
	    parse_address(q, dw_arena_strndup(q->a, s, (size_t)(colon - s)))) {
		if (!parse_ports(q, colon + 1))
			return dw_error_set(e, -EINVAL, "%.64s is no port: 1 to 65535", colon + 1);
		return 0;
	}
	if (!parse_address(q, s))
		q->name = s;
	return 0;
}

/* Takes "/tcp" off the end. */
static int parse_protocol(struct query *q, const char **word, struct dw_error *e)
{
	const char *slash = strrchr(*word, '/'), *bare;

	if (!slash || slash == *word || **word == '/')
		return 0;
	bare = dw_arena_strndup(q->a, *word, (size_t)(slash - *word));
	q->protocol = dw_protocol_parse(slash + 1);
	if (q->protocol != DW_PROTOCOL_UNKNOWN) {
		*word = bare;
	} else if (dw_streq(slash + 1, "pid")) {
		*word = dw_arena_printf(q->a, "pid:%s", bare);
	} else if (is_number(bare) || *bare == '[') {
		return dw_error_set(e, -EINVAL,
				    "\"%.64s\" is no protocol: tcp, udp, udplite, sctp, dccp, raw, "
				    "packet, vsock or bluetooth",
				    slash + 1);
	}
	return 0;
}

static int parse(struct query *q, struct dw_error *e)
{
	const char *word = q->text;
	size_t n = strnlen(word, WORD_MAX + 1);
	int r;

	if (n == 0 || n > WORD_MAX)
		return dw_error_set(e, -EINVAL,
				    "a door is named by a port, an address, a service, a "
				    "program or a unit");
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)word[i] < 0x20 || word[i] == 0x7f)
			return dw_error_set(e, -EINVAL,
					    "no door has a name with control characters");
	r = parse_protocol(q, &word, e);
	if (r < 0)
		return r;
	if (dw_starts_with(word, "pid:")) {
		if (!dw_parse_u64(word + 4, 10, 4194304, &q->pid) || q->pid == 0)
			return dw_error_set(e, -EINVAL,
					    "behind pid: stands the number of a process");
		return 0;
	}
	return parse_place(q, word, e);
}

static bool has_address(const struct query *q, const struct dw_endpoint *e)
{
	uint8_t bytes[16] = { 0 };
	size_t n = 16;

	if (q->device && !dw_streq0(q->device, e->ifname))
		return false;
	if (dw_streq(q->address, "*"))
		return dw_endpoint_is_any(e);
	if (strcasecmp(q->address, "localhost") == 0)
		return dw_endpoint_bound(e) == DW_BOUND_LOOPBACK;
	if (inet_pton(AF_INET, q->address, bytes) == 1)
		n = 4;
	else if (inet_pton(AF_INET6, q->address, bytes) != 1)
		return false;
	else if (dw_address_unmap(bytes)) /* as ss shows it */
		n = 4;
	if (n == 4 ? e->family != DW_FAMILY_IPV4
		   : e->family != DW_FAMILY_IPV6 && e->family != DW_FAMILY_DUAL)
		return false;
	return memcmp(bytes, e->address, n) == 0;
}

static bool has_port(const struct query *q, const struct dw_door *d)
{
	return !q->has_port || (d->at.has_port && d->at.port <= q->last &&
				DW_MAX(d->at.port, d->port_last) >= q->first);
}

static bool is_at(const struct query *q, const struct dw_report_door *r)
{
	if (q->name || (!q->has_port && !q->address))
		return false;
	return has_port(q, r->door) && (!q->address || has_address(q, &r->door->at));
}

/* Who is bound to every address answers on this one too. */
static bool answers_at(const struct query *q, const struct dw_report_door *r)
{
	return q->address && q->has_port && has_port(q, r->door) &&
	       dw_endpoint_is_any(&r->door->at) && r->door->at.family != DW_FAMILY_UNKNOWN;
}

static bool has_pid(const struct query *q, const struct dw_report_door *r)
{
	for (size_t i = 0; q->pid && i < r->door->n_owners; i++)
		if ((uint64_t)r->door->owners[i].pid == q->pid)
			return true;
	return false;
}

static bool is_shown_so(const struct query *q, const struct dw_report_door *r)
{
	struct dw_row row = { .first = r,
			      .where = dw_cells_where(&r->door->at, q->a),
			      .port = r->door->at.port,
			      .port_last = DW_MAX(r->door->at.port, r->door->port_last) };

	return dw_streq(q->text, dw_row_door(&row, q->a)) ||
	       dw_streq(q->text, dw_endpoint_text(q->a, &r->door->at));
}

static bool is_service(const struct query *q, const struct dw_report_door *r)
{
	return r->service && q->name && strcasecmp(r->service->name, q->name) == 0;
}

static bool is_synonym(const struct query *q, const struct dw_report_door *r)
{
	for (const char *const *s = r->service ? r->service->synonyms : NULL; s && *s; s++)
		if (q->name && strcasecmp(*s, q->name) == 0)
			return true;
	return false;
}

static bool is_file(const char *path, const char *name)
{
	return path && (dw_streq(path, name) || dw_streq(dw_basename(path), name));
}

static bool is_program(const struct query *q, const struct dw_report_door *r)
{
	const struct dw_door *d = r->door;

	if (!q->name)
		return false;
	for (size_t i = 0; i < d->n_owners; i++)
		if (is_file(d->owners[i].executable, q->name) ||
		    is_file(d->owners[i].script, q->name))
			return true;
	return is_file(d->program, q->name);
}

/* ssh.service, ssh, docker:web, web */
static bool is_starter(const struct query *q, const struct dw_report_door *r)
{
	const char *id = r->door->starter.id, *colon;
	size_t n = q->name ? strlen(q->name) : 0;

	if (!id || n == 0)
		return false;
	colon = strchr(id, ':');
	if (dw_streq(id, q->name) || (colon && dw_streq(colon + 1, q->name)))
		return true;
	return strncmp(id, q->name, n) == 0 &&
	       (dw_streq(id + n, ".service") || dw_streq(id + n, ".socket"));
}

static bool is_other_name(const struct query *q, const struct dw_report_door *r)
{
	const struct dw_door *d = r->door;

	if (!q->name)
		return false;
	for (size_t i = 0; i < d->n_owners; i++)
		if (dw_streq0(d->owners[i].comm, q->name) ||
		    dw_streq0(d->owners[i].container, q->name))
			return true;
	return (d->package && dw_streq0(d->package->name, q->name)) ||
	       dw_streq0(d->at.ifname, q->name) || dw_streq0(d->kernel, q->name) ||
	       dw_streq0(d->netns, q->name);
}

/* The first of these that some door fulfils decides. */
static bool (*const ways[])(const struct query *q, const struct dw_report_door *r) = {
	is_at, answers_at, has_pid, is_service, is_synonym, is_program, is_starter, is_other_name,
};

static void add_near(struct dw_found *f, const char *text, struct dw_arena *a)
{
	for (size_t i = 0; i < f->nearby.n; i++)
		if (dw_streq(f->nearby.v[i], text))
			return;
	if (f->nearby.n < 5)
		dw_vec_push(a, &f->nearby, text);
}

static bool is_near(const char *name, const char *given)
{
	return name && strlen(given) >= 2 && dw_str_apart(given, name) != (unsigned)-1;
}

/* The same port of another protocol, names with a letter wrong. */
static void look_near(const struct query *q, const struct dw_report *r, struct dw_found *f)
{
	for (size_t i = 0; i < r->n_doors; i++) {
		const struct dw_report_door *d = &r->doors[i];
		const char *program = d->door->program ? dw_basename(d->door->program) : NULL;

		if (!q->name && q->has_port && has_port(q, d->door))
			add_near(f, dw_endpoint_text(q->a, &d->door->at), q->a);
		if (q->name && d->service && is_near(d->service->name, q->name))
			add_near(f, d->service->name, q->a);
		else if (q->name && is_near(program, q->name))
			add_near(f, program, q->a);
		else if (q->name && is_near(d->door->starter.id, q->name))
			add_near(f, d->door->starter.id, q->a);
	}
}

static const char *nothing(const struct query *q)
{
	if (q->name)
		return dw_arena_printf(q->a, "No door of this host belongs to %s.", q->text);
	if (q->has_port && q->pid)
		return dw_arena_printf(
			q->a, "Nothing listens on port %s, and no process %s holds a door.",
			q->text, q->text);
	if (q->pid)
		return dw_arena_printf(q->a, "No process %llu holds a door.",
				       (unsigned long long)q->pid);
	return dw_arena_printf(q->a, "Nothing listens on %s.", q->text);
}

int dw_report_find(const struct dw_report *r, const char *query, struct dw_arena *a,
		   struct dw_found *ret, struct dw_error *e)
{
	struct query q = { .text = query, .a = a };
	int status;

	*ret = (struct dw_found){ .query = query };
	ret->doors = dw_arena_array(a, r->n_doors, sizeof(*ret->doors));
	/* what doorward itself shows is always understood: "[::]:icmpv6/raw", "not known yet" */
	for (size_t i = 0; i < r->n_doors; i++)
		if (is_shown_so(&q, &r->doors[i]))
			ret->doors[ret->n++] = r->doors[i];
	status = ret->n ? 0 : parse(&q, e);
	if (status < 0)
		return status;
	for (size_t w = 0; w < DW_ARRAY_SIZE(ways) && ret->n == 0; w++)
		for (size_t i = 0; i < r->n_doors; i++) {
			const struct dw_report_door *d = &r->doors[i];

			if (q.protocol != DW_PROTOCOL_UNKNOWN && d->door->at.protocol != q.protocol)
				continue;
			if (ways[w](&q, d))
				ret->doors[ret->n++] = *d;
		}
	if (ret->n == 0) {
		ret->nothing = nothing(&q);
		look_near(&q, r, ret);
	}
	return 0;
}
