/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judge-stage.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static void address(struct dw_endpoint *e, char *text)
{
	char *interface = strchr(text, '%');

	if (interface) {
		*interface++ = '\0';
		e->ifname = interface;
		e->ifindex = 2;
	}
	if (dw_streq(text, "?"))
		return;
	if (e->protocol == DW_PROTOCOL_PACKET) {
		e->family = DW_FAMILY_PACKET;
	} else if (e->protocol == DW_PROTOCOL_VSOCK) {
		e->family = DW_FAMILY_VSOCK;
		memset(e->address, 0xff, 4);
	} else if (strchr(text, ':')) {
		e->family = DW_FAMILY_IPV6;
		inet_pton(AF_INET6, text, e->address);
	} else {
		e->family = DW_FAMILY_IPV4;
		inet_pton(AF_INET, text, e->address);
	}
}

static enum dw_door_kind kind_of(enum dw_protocol p)
{
	if (p == DW_PROTOCOL_PACKET)
		return DW_KIND_SNIFFER;
	if (p == DW_PROTOCOL_RAW)
		return DW_KIND_RAW;
	return p == DW_PROTOCOL_UDP ? DW_KIND_DATAGRAM : DW_KIND_LISTENER;
}

static void place(struct stage *s, struct dw_door *d, const char *where)
{
	char *rest = dw_arena_strdup(s->arena, where);
	char *protocol = strsep(&rest, " "), *at = strsep(&rest, " "), *port = rest;

	d->at.protocol = dw_protocol_parse(protocol);
	d->kind = kind_of(d->at.protocol);
	address(&d->at, at);
	d->at.has_port = port && *port;
	d->at.port = port ? (uint32_t)strtoul(port, NULL, 10) : 0;
}

static struct dw_package *package_of(struct stage *s, const char *name)
{
	struct dw_package *p = dw_new(s->arena, struct dw_package);

	if (!name)
		return NULL;
	*p = (struct dw_package){ .name = name,
				  .manager = "dpkg",
				  .verified = DW_VERIFIED_MATCHES };
	return p;
}

struct dw_door *stage_door(struct stage *s, const char *where, const char *program,
			   const char *package, enum dw_starter_kind kind, const char *starter)
{
	struct dw_door *d = &s->doors[s->snapshot.n_doors++];

	if (s->snapshot.n_doors > STAGE_DOORS)
		abort();
	*d = (struct dw_door){ .netns = "host", .sockets = 1, .owners_known = program != NULL };
	place(s, d, where);
	d->starter = (struct dw_starter){ .kind = kind, .id = starter, .enabled = DW_YES };
	if (kind == DW_STARTER_MANUAL)
		d->starter.enabled = DW_UNKNOWN;
	if (!program)
		return d;
	d->program = program;
	d->package = package_of(s, package);
	d->owners = dw_new(s->arena, struct dw_owner);
	d->owners[0] = (struct dw_owner){ .pid = 100 + (int)s->snapshot.n_doors,
					  .comm = dw_basename(program),
					  .executable = program,
					  .exe_state = DW_EXE_INTACT,
					  .command = program,
					  .uid = 990,
					  .euid = 990,
					  .user = "daemon",
					  .package = d->package,
					  .details_known = true };
	d->n_owners = 1;
	return d;
}

struct dw_door *stage_service(struct stage *s, const char *where, const char *program,
			      const char *package, const char *unit)
{
	return stage_door(s, where, program, package, DW_STARTER_SYSTEMD_SERVICE, unit);
}

struct dw_statement *stage_statement(struct stage *s, enum dw_policy_action action,
				     struct dw_what what)
{
	struct dw_statement *st = &s->statements[s->policy.n_statements++];
	struct dw_what *w = dw_arena_memdup(s->arena, &what, sizeof(what));

	if (s->policy.n_statements > DW_ARRAY_SIZE(s->statements))
		abort();
	*st = (struct dw_statement){ .action = action,
				     .what = w,
				     .n_what = 1,
				     .file = "/etc/doorward/policy",
				     .line = (unsigned)s->policy.n_statements + 1 };
	s->policy.file = st->file;
	return st;
}

struct dw_statement *stage_port(struct stage *s, enum dw_policy_action action, const char *port)
{
	uint16_t number = (uint16_t)strtoul(port, NULL, 10);

	return stage_statement(
		s, action,
		(struct dw_what){ .kind = DW_WHAT_PORT,
				  .text = port,
				  .protocol = dw_protocol_parse(strchr(port, '/') + 1),
				  .first = number,
				  .last = number });
}

struct dw_statement *stage_named(struct stage *s, enum dw_policy_action action, const char *service)
{
	return stage_statement(s, action,
			       (struct dw_what){ .kind = DW_WHAT_SERVICE,
						 .text = service,
						 .service = dw_knowledge_service(&lore, service) });
}

void stage_default(struct stage *s, enum dw_policy_default d)
{
	s->policy.otherwise = d;
	s->policy.file = "/etc/doorward/policy";
}

static const char *const by_names[DW_IDENTIFIED_COUNT] = { "-",    "kernel",  "program", "command",
							   "unit", "package", "port" };

static void add_finding(struct dw_str *text, const struct dw_finding *f)
{
	const struct dw_identity *i = &f->identity;

	dw_str_addf(text, "%s: %s", dw_endpoint_text(text->arena, &f->door->at),
		    dw_verdict_name(f->verdict));
	if (i->service)
		dw_str_addf(text, " %s (by %s)", i->service->name, by_names[i->by]);
	if (i->instead_of)
		dw_str_addf(text, " instead of %s", i->instead_of->name);
	dw_str_addc(text, '\n');
	for (size_t r = 0; r < f->n_reasons; r++) {
		const struct dw_reason *reason = &f->reasons[r];

		dw_str_addf(text, "  %s: %s%s%s%s\n", reason->id, reason->text,
			    reason->source ? " [" : "", reason->source ? reason->source : "",
			    reason->source ? "]" : "");
	}
}

const char *stage_text(struct dw_arena *a, const struct dw_findings *f)
{
	struct dw_str text = { .arena = a };

	for (size_t i = 0; i < f->n_roles; i++)
		dw_str_addf(&text, "role %s%s\n", f->roles[i]->name,
			    i < f->n_named ? " (of the policy)" : "");
	for (size_t i = 0; i < f->n; i++)
		add_finding(&text, &f->v[i]);
	return text.s ? text.s : "";
}

void stage_play(struct stage *s, const char *title)
{
	struct dw_judge_input in = { .knowledge = &lore,
				     .policy = s->policy.file ? &s->policy : NULL };
	struct dw_findings *f;

	s->snapshot.arena = s->arena;
	s->snapshot.doors = s->doors;
	s->snapshot.time = s->snapshot.time ? s->snapshot.time : 1700000000;
	s->policy.statements = s->statements;
	f = dw_judge(&s->snapshot, &in);
	dw_str_addf(&s->out, "# %s\n%s\n", title, stage_text(s->arena, f));
	dw_findings_free(f);
	s->snapshot = (struct dw_snapshot){ 0 };
	s->policy = (struct dw_policy){ 0 };
}
