/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Narrowing by the packet filter what no setting narrows: a chain `narrowed` of our own table, which drops what
 * comes to the port from elsewhere and lets everything else through to whatever comes behind it. Our table need
 * not be a whole fence for that; where it is one, the chain stands beside it. All doors of a plan are one change
 * of the table.
 *
 * The way by which somebody logs in is left to `doorward fence apply`: that asks for a new connection before it stays.
 */
#include <errno.h>
#include <string.h>

#include "audit-private.h"
#include "dw_guard.h"
#include "dw_levers.h"
#include "dw_nft.h"
#include "dw_state.h"
#include "dw_str.h"
#include "fence-private.h"

#define CHAIN "\tchain narrowed {\n"

struct narrowing {
	struct dw_switch *sw;
	struct dw_arena *arena;
	const char *service_manager;
	struct dw_state now;
	struct dw_str rules; /* of all doors */
	DW_VEC(struct dw_lever) levers;
};

static bool is_narrowable(uint32_t self, const struct dw_plan_door *d)
{
	static const bool can[DW_PROTOCOL_COUNT] = {
		[DW_PROTOCOL_TCP] = true,  [DW_PROTOCOL_UDP] = true,  [DW_PROTOCOL_UDPLITE] = true,
		[DW_PROTOCOL_SCTP] = true, [DW_PROTOCOL_DCCP] = true,
	};
	const struct dw_door *door = d->door;

	return d->intent == DW_INTENT_RESTRICT && d->levers && d->levers->cannot && !d->login &&
	       !door->carries_session && door->at.has_port && door->at.netns == self &&
	       can[door->at.protocol] &&
	       (door->kind == DW_KIND_LISTENER || door->kind == DW_KIND_DATAGRAM);
}

/* --- rules ------------------------------------------------------------------------------------------------ */

static bool is_v6(const char *network)
{
	return strchr(network, ':') != NULL;
}

static bool is_loopback(const char *network)
{
	return dw_starts_with(network, "127.") || dw_streq(network, "::1") ||
	       dw_starts_with(network, "::1/");
}

/* "{ 10.9.0.0/24, 192.0.2.7 }"; NULL: none of that family. Loopback needs no word: it is let through before. */
static const char *set_of(struct narrowing *k, const struct dw_strings *from, bool v6)
{
	struct dw_str s = { .arena = k->arena };

	for (size_t i = 0; i < from->n; i++)
		if (is_v6(from->v[i]) == v6 && !is_loopback(from->v[i]))
			dw_str_addf(&s, "%s%s", s.n ? ", " : "{ ", from->v[i]);
	if (s.n)
		dw_str_add(&s, " }");
	return s.n ? s.s : NULL;
}

/* The door's own name goes into the comment, and is somebody else's text. */
static const char *comment_of(struct narrowing *k, const struct dw_plan_door *d)
{
	const char *name = d->service ? d->service : d->door->program;
	struct dw_str s = { .arena = k->arena };

	name = name ? dw_basename(name) : "a door";
	for (; *name && s.n < 60; name++)
		dw_str_addc(&s, (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
						(*name >= '0' && *name <= '9') || *name == '-' ||
						*name == ' '
					? *name
					: '_');
	return s.s;
}

static void add_rule(struct narrowing *k, const struct dw_plan_door *d,
		     const struct dw_strings *from, bool v6)
{
	const struct dw_endpoint *at = &d->door->at;
	const char *ip = v6 ? "ip6" : "ip", *set = set_of(k, from, v6);
	static const uint8_t any[16] = { 0 };

	dw_str_addf(&k->rules, "\t\tmeta nfproto %s ", v6 ? "ipv6" : "ipv4");
	if (memcmp(at->address, any, sizeof(any)) != 0)
		dw_str_addf(&k->rules, "%s daddr %s ", ip, dw_endpoint_address(k->arena, at));
	if (set)
		dw_str_addf(&k->rules, "%s saddr != %s ", ip, set);
	dw_str_addf(&k->rules, "%s dport %u counter drop comment \"%s\"\n",
		    dw_protocol_name(at->protocol), at->port, comment_of(k, d));
}

static void add_rules(struct narrowing *k, const struct dw_plan_door *d,
		      const struct dw_strings *from)
{
	if (d->door->at.family != DW_FAMILY_IPV6)
		add_rule(k, d, from, false);
	if (d->door->at.family != DW_FAMILY_IPV4)
		add_rule(k, d, from, true);
}

/* Our table as it is with the rules at the end of the chain, which is made where there is none. */
static const char *table_with(struct narrowing *k)
{
	const char *now = k->now.data.data, *chain = now ? strstr(now, CHAIN) : NULL, *end;
	const char *head = CHAIN "\t\ttype filter hook input priority filter - 10; policy accept;\n"
				 "\t\tiif \"lo\" accept\n"
				 "\t\tct state established,related accept\n";

	if (!now)
		return dw_arena_printf(k->arena, "table " DW_FENCE_OBJECT " {\n%s%s\t}\n}\n", head,
				       k->rules.s);
	end = chain ? strstr(chain, "\n\t}\n") : NULL;
	if (end)
		return dw_arena_printf(k->arena, "%.*s\n%s%s", (int)(end - now), now, k->rules.s,
				       end + 1);
	return dw_arena_printf(k->arena, "%stable " DW_FENCE_OBJECT " {\n%s%s\t}\n}\n", now, head,
			       k->rules.s);
}

/* --- levers ----------------------------------------------------------------------------------------------- */

static void add_lever(struct narrowing *k, const struct dw_step *t)
{
	dw_vec_push(k->arena, &k->levers,
		    ((struct dw_lever){ .phase = DW_PHASE_BOOT,
					.manager = t->manager,
					.object = t->object,
					.now = t->expect,
					.off = t->want,
					.notify = t->notify,
					.label = t->label,
					.why = t->why,
					.order = 1 }));
}

static int add_file(struct narrowing *k, const char *path, struct dw_state want, struct dw_error *e)
{
	struct dw_step t = { .manager = "file",
			     .object = path,
			     .want = want,
			     .label = path,
			     .why = "the rules for every boot are kept there" };
	int r = dw_switch_find("file")->state(k->sw, path, &t.expect, e);

	if (r == 0 && !dw_streq0(t.expect.text, want.text) &&
	    !dw_starts_with(t.expect.text, "directory"))
		add_lever(k, &t);
	return r;
}

static int add_boot(struct narrowing *k, const char *table, struct dw_error *e)
{
	struct dw_apply apply = { .sw = k->sw, .find = dw_switch_find };
	struct dw_state want = { 0 };
	struct dw_step *steps = NULL;
	size_t n = 0;
	char *text =
		dw_arena_printf(k->arena,
				"#!/usr/sbin/nft -f\n# Written by doorward.\n"
				"table " DW_FENCE_OBJECT "\ndelete table " DW_FENCE_OBJECT "\n%s",
				table);
	int r = add_file(k, "/etc/doorward", (struct dw_state){ .text = "directory 0755 0:0" }, e);

	want.data = (struct dw_bytes){ text, strlen(text) };
	want.text = dw_state_file_text(k->arena, 0600, 0, 0, &want.data, NULL);
	if (r == 0)
		r = add_file(k, DW_FENCE_FILE, want, e);
	if (r == 0)
		r = dw_fence_boot_steps(&apply, k->service_manager, &steps, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		add_lever(k, &steps[i]);
	return r;
}

static int make(struct narrowing *k, struct dw_error *e)
{
	struct dw_bytes table = { 0 };
	struct dw_step t = { .manager = "fence",
			     .object = DW_FENCE_OBJECT,
			     .expect = k->now,
			     .label = "table " DW_FENCE_OBJECT,
			     .why = "it drops what comes to the door from elsewhere" };
	int r = dw_nft_canonical(k->sw->sys, table_with(k), k->arena, &table, e);

	if (r < 0)
		return r;
	t.want = dw_state_fence(k->arena, &table);
	add_lever(k, &t);
	return add_boot(k, table.data, e);
}

static const struct dw_levers *given(struct narrowing *k, const struct dw_levers *was)
{
	struct dw_levers *ret = dw_new(k->arena, struct dw_levers);

	for (size_t i = 0; i < k->levers.n; i++)
		*dw_vec_add(k->arena, ret) = k->levers.v[i];
	ret->remarks = was->remarks;
	dw_vec_push(k->arena, &ret->remarks,
		    "The packet filter narrows it: the socket stays bound to where it is, and is "
		    "still seen from this host.");
	return ret;
}

void dw_lib_levers_fence(const struct dw_audit *audit, struct dw_switch *sw,
			 struct dw_plan_door *doors, size_t n, struct dw_arena *a)
{
	struct narrowing k = { .sw = sw,
			       .arena = a,
			       .service_manager = audit->snapshot->service_manager,
			       .rules = { .arena = a } };
	uint32_t self = dw_netns_self(sw->sys);
	bool *narrows = dw_arena_array(a, n + 1, sizeof(*narrows));

	for (size_t i = 0; i < n; i++) {
		struct dw_strings from = { 0 };

		narrows[i] = is_narrowable(self, &doors[i]) &&
			     dw_lib_networks_of(audit, doors[i].door, a, &from);
		if (narrows[i])
			add_rules(&k, &doors[i], &from);
	}
	if (!k.rules.n || !dw_sys_is_running(sw->sys) || dw_sys_is_fake(sw->sys) ||
	    dw_switch_find("fence")->state(sw, DW_FENCE_OBJECT, &k.now, NULL) < 0 ||
	    make(&k, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (narrows[i])
			doors[i].levers = given(&k, doors[i].levers);
}
