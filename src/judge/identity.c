/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which known service a door is: by what the kernel says, by the program, by what starts it, and by the port last.
 * A program that holds doors for others (inetd, systemd) says nothing about the service behind it.
 */
#include "judging.h"

/* IANA's system ports (RFC 6335) are given to one service each; above, numbers are used as people like. */
#define SYSTEM_PORTS_END 1024
/* Below the kernel's own range of outgoing ports (ip(7), ip_local_port_range). */
#define EPHEMERAL_FIRST 32768

struct match {
	const struct dw_door *door;
	const struct dw_service *best;
	int score;
	bool launcher;
};

static bool is_in(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (dw_streq(*list, name))
			return true;
	return false;
}

const struct dw_service_port *dw_judge_port_of(const struct dw_service *s, const struct dw_door *d)
{
	return d->at.has_port ? dw_service_standard_port(s, d->at.protocol, d->at.port) : NULL;
}

static const struct dw_service *service_named(const struct dw_knowledge *k, const char *name)
{
	size_t low = 0, high = k->n_services;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = strcmp(k->services[middle].name, name);

		if (r == 0)
			return &k->services[middle];
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct dw_service *dw_judge_counts_as(const struct dw_court *c, const struct dw_service *s,
					    const struct dw_door *d)
{
	for (const char *const *n = s ? s->serves : NULL; n && *n; n++) {
		const struct dw_service *general = service_named(c->knowledge, *n);

		if (general && dw_judge_port_of(general, d))
			return general;
	}
	return s;
}

/* "ssh.service" and the SysV script "ssh" are one name; of an instance the template counts: "x@1.service" is "x@". */
static size_t unit_stem(const char *id)
{
	static const char *const endings[] = { ".service", ".socket" };
	const char *at = strchr(id, '@');

	if (at)
		return (size_t)(at - id) + 1;
	for (size_t i = 0; i < DW_ARRAY_SIZE(endings); i++)
		if (dw_ends_with(id, endings[i]))
			return strlen(id) - strlen(endings[i]);
	return strlen(id);
}

static bool has_unit(const struct dw_service *s, const char *id)
{
	size_t n = unit_stem(id);

	for (const char *const *u = s->units; *u; u++)
		if (unit_stem(*u) == n && memcmp(*u, id, n) == 0)
			return true;
	return false;
}

static bool is_super_server(const struct dw_starter *s)
{
	return s->kind == DW_STARTER_INETD || s->kind == DW_STARTER_XINETD;
}

/* inetd's "ADDRESS:NAME" and xinetd's "NAME-stream" are NAME. */
static const char *super_name(const struct dw_court *c, const struct dw_starter *s)
{
	static const char *const endings[] = { "-stream", "-dgram", "-udp", "-tcp" };
	const char *colon = strrchr(s->id, ':'), *name = colon ? colon + 1 : s->id;

	for (size_t i = 0; i < DW_ARRAY_SIZE(endings); i++)
		if (dw_ends_with(name, endings[i]))
			return dw_arena_strndup(c->arena, name, strlen(name) - strlen(endings[i]));
	return name;
}

static bool has_starter(const struct dw_service *s, const struct dw_door *d)
{
	return d->starter.id && !is_super_server(&d->starter) && has_unit(s, d->starter.id);
}

/* Of several services the one whose port this is; then the one whose unit or package it is. */
static void consider(struct match *m, const struct dw_service *s)
{
	int score = 1;

	if (s->traits & DW_TRAIT_LAUNCHER) {
		m->launcher = true;
		return;
	}
	if (dw_judge_port_of(s, m->door))
		score += 8;
	if (has_starter(s, m->door))
		score += 4;
	if (m->door->package && is_in(s->packages, m->door->package->name))
		score += 2;
	if (score > m->score) {
		m->score = score;
		m->best = s;
	}
}

static void consider_all(struct match *m, struct dw_services found)
{
	for (size_t i = 0; i < found.n; i++)
		consider(m, found.v[i]);
}

static void by_file_name(const struct dw_court *c, const char *path, struct match *m)
{
	if (path)
		consider_all(m, dw_index_program(c->index, dw_basename(path)));
}

/* Forked workers run one program: once is enough. */
static bool is_repeated(const struct dw_door *d, size_t i)
{
	return i > 0 && dw_streq0(d->owners[i].executable, d->owners[i - 1].executable) &&
	       dw_streq0(d->owners[i].script, d->owners[i - 1].script);
}

static void by_program(const struct dw_court *c, const struct dw_door *d, struct match *m)
{
	by_file_name(c, d->starter.program, m);
	if (!m->best)
		by_file_name(c, d->program, m);
	for (size_t i = 0; i < d->n_owners && !m->best; i++) {
		if (is_repeated(d, i))
			continue;
		by_file_name(c, d->owners[i].script, m);
		if (!m->best)
			by_file_name(c, d->owners[i].executable, m);
	}
}

static void by_command(const struct dw_court *c, const struct dw_door *d, struct match *m)
{
	for (size_t i = 0; i < d->n_owners && !m->best; i++)
		if (!is_repeated(d, i))
			consider_all(m, dw_index_command(c->index, d->owners[i].command));
}

/* A socket unit that no entry lists is that of the service of its name. */
static void by_unit(const struct dw_court *c, const char *id, struct match *m)
{
	static const char socket[] = ".socket";

	consider_all(m, dw_index_unit(c->index, id));
	if (!m->best && dw_ends_with(id, socket))
		consider_all(
			m, dw_index_unit(c->index,
					 dw_arena_printf(c->arena, "%.*s.service",
							 (int)(strlen(id) - strlen(socket)), id)));
}

static void by_starter(const struct dw_court *c, const struct dw_door *d, struct match *m)
{
	const char *id = d->starter.id;

	if (!id || dw_judge_is_loose(&d->starter))
		return;
	if (is_super_server(&d->starter)) {
		const struct dw_service *s =
			dw_knowledge_service(c->knowledge, super_name(c, &d->starter));

		if (s)
			consider(m, s);
		return;
	}
	by_unit(c, id, m);
}

/* The package of a super-server says nothing; that of the program which it starts does. */
static void by_package(const struct dw_court *c, const struct dw_door *d, struct match *m)
{
	if (!d->package || (m->launcher && !d->starter.program))
		return;
	consider_all(m, dw_index_package(c->index, d->package->name));
}

static void by_kernel(const struct dw_court *c, const struct dw_door *d, struct match *m)
{
	consider_all(m, dw_index_kernel(c->index, d->kernel));
}

/* "http": what is spoken there, and no program. What an interpreter runs has a command line alone. */
static bool is_general(const struct dw_service *s)
{
	return !*s->programs && !*s->commands && !*s->packages && !*s->units;
}

/* A port is a guess: the service whose only port it is goes before those that have many; back doors come last. */
static void by_port(const struct dw_court *c, const struct dw_door *d, struct match *m)
{
	struct dw_services found = { 0 };

	if (d->at.has_port)
		found = dw_index_port(c->index, d->at.protocol, d->at.port);
	for (size_t i = 0; i < found.n; i++) {
		const struct dw_service *s = found.v[i];
		const struct dw_service_port *p = dw_judge_port_of(s, d);
		/* general services (http) go before the programs that are one */
		int score = is_general(s) ? 6 : 2;

		if (!p || (s->traits & DW_TRAIT_LAUNCHER))
			continue;
		if (s->tier == DW_TIER_BACKDOOR)
			score = 1;
		else if (p == s->ports)
			score += p->first == p->last ? 2 : 1;
		if (score > m->score) {
			m->score = score;
			m->best = s;
		}
	}
	/* of several programs that serve one thing at one port (dropbear, tinyssh: ssh) none is likelier than that */
	m->best = dw_judge_counts_as(c, m->best, d);
}

static bool is_known_stranger(const struct dw_court *c, const struct dw_door *d)
{
	const struct dw_owner *o = d->n_owners > 0 ? &d->owners[0] : NULL;

	return c->packages_known && o && o->details_known && !d->package && !o->package &&
	       !o->container && d->starter.kind != DW_STARTER_CONTAINER;
}

/*
 * A system port is that of a service which lives among them (smb: 445, 139), not of one that takes it as well (Proxmox
 * VE: 8006 .. 82). Above, only the first port of a service that may not be reached is worth a word.
 */
static bool is_well_known(const struct dw_service *s, const struct dw_door *d)
{
	const struct dw_service_port *p = dw_judge_port_of(s, d);

	if (s->tier == DW_TIER_BACKDOOR || !p)
		return false;
	if (d->at.port < SYSTEM_PORTS_END)
		return s->ports->first < SYSTEM_PORTS_END;
	return p->first == s->ports->first && s->tier != DW_TIER_ORDINARY &&
	       s->tier != DW_TIER_CAREFUL;
}

static bool is_asking_port(const struct dw_door *d)
{
	return d->kind == DW_KIND_DATAGRAM && d->at.port >= EPHEMERAL_FIRST;
}

static void compare_ports(const struct dw_court *c, const struct dw_door *d, struct dw_identity *i)
{
	const struct dw_service *s = i->service;
	struct match other = { .door = d };

	if (!d->at.has_port || (s->traits & DW_TRAIT_PORTS) || is_asking_port(d) ||
	    dw_judge_port_of(s, d) || dw_judge_counts_as(c, s, d) != s ||
	    dw_endpoint_bound(&d->at) == DW_BOUND_LOOPBACK)
		return;
	i->odd_port = s->ports->protocol != DW_PROTOCOL_UNKNOWN;
	by_port(c, d, &other);
	if (other.best && is_well_known(other.best, d))
		i->instead_of = other.best;
}

static void guess(const struct dw_court *c, const struct dw_door *d, bool launched,
		  struct dw_identity *ret)
{
	struct match m = { .door = d };

	by_port(c, d, &m);
	if (!m.best)
		return;
	if (!launched && is_known_stranger(c, d)) {
		if (is_well_known(m.best, d))
			ret->instead_of = m.best;
		/* ports above are taken as people like: the number says nothing of a program of the house's own */
		if (m.best->tier != DW_TIER_BACKDOOR)
			return;
	}
	ret->service = m.best;
	ret->by = DW_IDENTIFIED_PORT;
}

void dw_judge_identify(const struct dw_court *c, const struct dw_door *d, struct dw_identity *ret)
{
	static const struct {
		enum dw_identified by;
		void (*look)(const struct dw_court *c, const struct dw_door *d, struct match *m);
	} ways[] = {
		{ DW_IDENTIFIED_KERNEL, by_kernel },   { DW_IDENTIFIED_PROGRAM, by_program },
		{ DW_IDENTIFIED_COMMAND, by_command }, { DW_IDENTIFIED_UNIT, by_starter },
		{ DW_IDENTIFIED_PACKAGE, by_package },
	};
	struct match m = { .door = d };

	*ret = (struct dw_identity){ 0 };
	for (size_t i = 0; i < DW_ARRAY_SIZE(ways); i++) {
		ways[i].look(c, d, &m);
		if (!m.best)
			continue;
		ret->service = m.best;
		ret->by = ways[i].by;
		compare_ports(c, d, ret);
		return;
	}
	guess(c, d, m.launcher, ret);
}

bool dw_judge_is_launched(const struct dw_court *c, const struct dw_door *d)
{
	struct match m = { .door = d };

	for (size_t i = 0; i < d->n_owners; i++)
		if (!is_repeated(d, i))
			by_file_name(c, d->owners[i].executable, &m);
	return m.launcher && !m.best;
}
