/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documents of fence rehearse and fence preview. */
#include "dw_fence_report.h"
#include "dw_macros.h"
#include "get.h"

/* --- rehearse: a door that changes -------------------------------------------------------------------- */

static const struct dw_report_change *change(const void *object)
{
	return object;
}

DW_GETTER(get_change_protocol)
{
	dw_give_string(v, dw_protocol_name(change(object)->door->at.protocol));
}

static void get_change_address(struct dw_arena *a, const void *object, struct dw_value *v)
{
	dw_give_string(v, dw_endpoint_address(a, &change(object)->door->at));
}

DW_GETTER(get_change_port)
{
	dw_give_number(v, change(object)->door->at.port);
}

DW_GETTER(get_change_program)
{
	dw_give_string(v, change(object)->door->program);
}

DW_GETTER(get_before)
{
	dw_give_string(v, change(object)->before ? "open" : "closed");
}

DW_GETTER(get_after)
{
	const struct dw_report_change *c = change(object);

	dw_give_string(v, c->unknown ? "unknown" : c->after ? "open" : "closed");
}

#define CHANGE(m) .offset = offsetof(struct dw_report_change, m)

static const struct dw_field change_fields[] = {
	{ "protocol", DW_FIELD_STRING, .get = get_change_protocol, .description = "tcp, udp ..." },
	{ "address", DW_FIELD_STRING, .get = get_change_address, .description = "numeric" },
	{ "port", DW_FIELD_UINT, .get = get_change_port, .description = "0 to 65535" },
	{ "program", DW_FIELD_STRING, true, .get = get_change_program,
	  .description = "that holds the door" },
	{ "source", DW_FIELD_STRING, true, CHANGE(who), .description = "who: a network, anyone" },
	{ "before", DW_FIELD_STRING, .get = get_before, .description = "open, closed" },
	{ "after", DW_FIELD_STRING, .get = get_after, .description = "open, closed, unknown" },
	{ "rule", DW_FIELD_STRING, true, CHANGE(rule),
	  .description = "that decides then, or why it is not known" },
	{ 0 },
};

/* --- rehearse: a connection --------------------------------------------------------------------------- */

static const struct dw_report_cut *cut(const void *object)
{
	return object;
}

DW_GETTER(get_cut_port)
{
	dw_give_number(v, cut(object)->port);
}

DW_GETTER(get_peer_port)
{
	dw_give_number(v, cut(object)->peer_port);
}

DW_GETTER(get_mine)
{
	dw_give_bool(v, cut(object)->mine);
}

#define CUT(m) .offset = offsetof(struct dw_report_cut, m)

static const struct dw_field cut_fields[] = {
	{ "address", DW_FIELD_STRING, CUT(address), .description = "of this host" },
	{ "port", DW_FIELD_UINT, .get = get_cut_port, .description = "of this host" },
	{ "peer", DW_FIELD_STRING, CUT(peer), .description = "the other end's address" },
	{ "peer_port", DW_FIELD_UINT, .get = get_peer_port, .description = "and port" },
	{ "program", DW_FIELD_STRING, true, CUT(program), .description = "that holds it here" },
	{ "mine", DW_FIELD_BOOL, .get = get_mine, .description = "doorward is run over it" },
	{ "then", DW_FIELD_STRING, CUT(then),
	  .description = "goes-on; picked-up: stalls until this host sends something; cut" },
	{ 0 },
};

#define WAY(m) .offset = offsetof(struct dw_report_way, m)

static const struct dw_field way_fields[] = {
	{ "state", DW_FIELD_STRING, WAY(state),
	  .description = "would a new connection like the one that doorward is run over be let "
			 "in? open, cut, unknown; local: there is none" },
	{ "connection", DW_FIELD_STRING, true, WAY(connection),
	  .description = "PEER:PORT to ADDRESS:PORT" },
	{ "rule", DW_FIELD_STRING, true, WAY(rule),
	  .description = "the rule that decides, or why it is not known" },
	{ 0 },
};

/* --- rehearse ----------------------------------------------------------------------------------------- */

static const struct dw_report_rehearsed *rehearsed(const void *object)
{
	return object;
}

DW_GETTER(get_rehearsed)
{
	dw_give_bool(v, rehearsed(object)->rehearsed);
}

DW_GETTER(get_way)
{
	dw_give_object(v, &rehearsed(object)->way);
}

DW_GETTER(get_changes)
{
	dw_give_objects(v, rehearsed(object)->changes, rehearsed(object)->n_changes,
			sizeof(struct dw_report_change));
}

DW_GETTER(get_cuts)
{
	dw_give_objects(v, rehearsed(object)->cuts, rehearsed(object)->n_cuts,
			sizeof(struct dw_report_cut));
}

DW_GETTER(get_unknown)
{
	dw_give_number(v, rehearsed(object)->unknown);
}

DW_GETTER(get_obstacles)
{
	v->strings = rehearsed(object)->obstacles;
	v->known = true;
}

const struct dw_field dw_fields_fence_rehearse[] = {
	{ "rehearsed", DW_FIELD_BOOL, .get = get_rehearsed,
	  .description = "the copy could be made and asked" },
	{ "why_not", DW_FIELD_STRING, true, .offset = offsetof(struct dw_report_rehearsed, why_not),
	  .description = "why it could not" },
	{ "own_way", DW_FIELD_OBJECT, .get = get_way, .members = way_fields,
	  .description = "what becomes of the way in of whoever asks" },
	{ "changes", DW_FIELD_OBJECTS, .get = get_changes, .members = change_fields,
	  .description = "doors whose answer differs for a source" },
	{ "connections", DW_FIELD_OBJECTS, .get = get_cuts, .members = cut_fields,
	  .description = "connections that are there now and would not be let in anew" },
	{ "unknown", DW_FIELD_UINT, .get = get_unknown,
	  .description = "questions without an answer" },
	{ "obstacles", DW_FIELD_STRINGS, .get = get_obstacles,
	  .description = "what could not be copied" },
	{ 0 },
};

/* --- preview: what is let in, and out ----------------------------------------------------------------- */

static const struct dw_report_allow *allow(const void *object)
{
	return object;
}

DW_GETTER(get_allow_protocol)
{
	dw_give_string(v, dw_protocol_name(allow(object)->protocol));
}

DW_GETTER(get_first)
{
	dw_give_number(v, allow(object)->first);
}

DW_GETTER(get_last)
{
	dw_give_number(v, allow(object)->last);
}

DW_GETTER(get_networks)
{
	v->strings = allow(object)->networks;
	v->known = true;
}

DW_GETTER(get_forwarded)
{
	dw_give_bool(v, allow(object)->forwarded);
}

#define ALLOW(m) .offset = offsetof(struct dw_report_allow, m)
#define ALLOW_FIELDS(direction, networks_of)                                                       \
	{ "protocol", DW_FIELD_STRING, .get = get_allow_protocol,                                  \
	  .description = "tcp, udp, udplite, sctp, dccp, raw" },                                   \
		{ "first", DW_FIELD_UINT, .get = get_first,                                        \
		  .description = "port; raw: the IP protocol" },                                   \
		{ "last", DW_FIELD_UINT, .get = get_last, .description = "likewise" },             \
		{ direction, DW_FIELD_STRINGS, .get = get_networks, .description = networks_of },  \
		{ "address", DW_FIELD_STRING, true, ALLOW(address),                                \
		  .description = "own address; null: any" },                                       \
		{ "interface", DW_FIELD_STRING, true, ALLOW(interface),                            \
		  .description = "null: any" },                                                    \
		{ "forwarded", DW_FIELD_BOOL, .get = get_forwarded,                                \
		  .description = "published by a container or a DNAT rule" },                      \
		{ "target", DW_FIELD_STRING, true, ALLOW(target),                                  \
		  .description = "ADDRESS:PORT that it leads to" },                                \
		{ "comment", DW_FIELD_STRING, true, ALLOW(comment),                                \
		  .description = "the service, and why" },                                         \
	{                                                                                          \
		0                                                                                  \
	}

static const struct dw_field allow_fields[] = { ALLOW_FIELDS("from",
							     "networks; none: from anywhere") };
static const struct dw_field out_fields[] = { ALLOW_FIELDS("to", "networks; none: to anywhere") };

static const struct dw_report_redirect *redirect(const void *object)
{
	return object;
}

DW_GETTER(get_redirect_protocol)
{
	dw_give_string(v, dw_protocol_name(redirect(object)->protocol));
}

DW_GETTER(get_from)
{
	dw_give_number(v, redirect(object)->from);
}

DW_GETTER(get_to)
{
	dw_give_number(v, redirect(object)->to);
}

static const struct dw_field redirect_fields[] = {
	{ "protocol", DW_FIELD_STRING, .get = get_redirect_protocol,
	  .description = "tcp, udp, sctp, dccp" },
	{ "from", DW_FIELD_UINT, .get = get_from, .description = "port" },
	{ "to", DW_FIELD_UINT, .get = get_to, .description = "port" },
	{ "comment", DW_FIELD_STRING, true, .offset = offsetof(struct dw_report_redirect, comment),
	  .description = "the statement's" },
	{ 0 },
};

/* --- preview ------------------------------------------------------------------------------------------ */

static const struct dw_report_rules *rules(const void *object)
{
	return object;
}

DW_GETTER(get_allow)
{
	dw_give_objects(v, rules(object)->allow, rules(object)->n_allow,
			sizeof(struct dw_report_allow));
}

DW_GETTER(get_out)
{
	dw_give_objects(v, rules(object)->out, rules(object)->n_out,
			sizeof(struct dw_report_allow));
}

DW_GETTER(get_redirects)
{
	dw_give_objects(v, rules(object)->redirects, rules(object)->n_redirects,
			sizeof(struct dw_report_redirect));
}

DW_GETTER(get_log_denied)
{
	dw_give_bool(v, rules(object)->log_denied);
}

DW_GETTER(get_dhcp)
{
	dw_give_bool(v, rules(object)->dhcp);
}

DW_GETTER(get_dhcp6)
{
	dw_give_bool(v, rules(object)->dhcp6);
}

DW_GETTER(get_guard)
{
	dw_give_bool(v, rules(object)->guard_forwarded);
}

static void give_strings(struct dw_value *v, const struct dw_strings *list)
{
	v->strings = *list;
	v->known = true;
}

DW_GETTER(get_cut)
{
	give_strings(v, &rules(object)->cut);
}

DW_GETTER(get_conflicts)
{
	give_strings(v, &rules(object)->conflicts);
}

DW_GETTER(get_cannot)
{
	give_strings(v, &rules(object)->cannot);
}

DW_GETTER(get_remarks)
{
	give_strings(v, &rules(object)->remarks);
}

#define RULES(m) .offset = offsetof(struct dw_report_rules, m)

const struct dw_field dw_fields_fence_preview[] = {
	{ "version", DW_FIELD_STRING, RULES(version), .description = "of doorward" },
	{ "host", DW_FIELD_STRING, true, RULES(host), .description = "its name" },
	{ "style", DW_FIELD_STRING, RULES(style), .description = "nft, iptables, ufw, firewalld" },
	{ "because", DW_FIELD_STRING, true, RULES(because),
	  .description = "why this style; null: --style said so" },
	{ "policy", DW_FIELD_STRING, true, RULES(policy), .description = "its file" },
	{ "allow", DW_FIELD_OBJECTS, .get = get_allow, .members = allow_fields,
	  .description = "what is let in" },
	{ "redirects", DW_FIELD_OBJECTS, .get = get_redirects, .members = redirect_fields,
	  .description = "packets to a port that go to another one of this host" },
	{ "egress", DW_FIELD_STRING, RULES(egress), .description = "open, log, deny" },
	{ "out", DW_FIELD_OBJECTS, .get = get_out, .members = out_fields,
	  .description = "what may go out" },
	{ "log_denied", DW_FIELD_BOOL, .get = get_log_denied,
	  .description = "what is denied is logged" },
	{ "dhcp", DW_FIELD_BOOL, .get = get_dhcp,
	  .description = "the host gets its IPv4 addresses so" },
	{ "dhcp6", DW_FIELD_BOOL, .get = get_dhcp6,
	  .description = "the host gets its IPv6 addresses so" },
	{ "guard_forwarded", DW_FIELD_BOOL, .get = get_guard,
	  .description = "published ports are fenced too" },
	{ "rules", DW_FIELD_STRING, RULES(text),
	  .description = "the text for the style's own tool" },
	{ "cut", DW_FIELD_STRINGS, .get = get_cut,
	  .description = "doors that are open now and that the rules shut; your own session's "
			 "first" },
	{ "conflicts", DW_FIELD_STRINGS, .get = get_conflicts,
	  .description = "who else is at the packet filter" },
	{ "cannot", DW_FIELD_STRINGS, .get = get_cannot,
	  .description = "what the style has no words for" },
	{ "remarks", DW_FIELD_STRINGS, .get = get_remarks,
	  .description = "what the rules can't see to" },
	{ 0 },
};
