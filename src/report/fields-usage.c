/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How doors were used: of a door in an audit, and the document of usage. */
#include "dw_diff_report.h"
#include "dw_macros.h"
#include "get.h"

static const struct dw_used *used(const void *object)
{
	return object;
}

DW_GETTER(get_since)
{
	dw_give_time(v, used(object)->since);
}

DW_GETTER(get_until)
{
	dw_give_time(v, used(object)->until);
}

DW_GETTER(get_seconds)
{
	dw_give_number(v, used(object)->counted);
}

DW_GETTER(get_first)
{
	dw_give_time(v, used(object)->first);
}

DW_GETTER(get_last)
{
	dw_give_time(v, used(object)->last);
}

DW_GETTER(get_accepted)
{
	dw_give_number(v, used(object)->accepted);
}

DW_GETTER(get_refused)
{
	dw_give_number(v, used(object)->refused);
}

DW_GETTER(get_datagrams)
{
	dw_give_number(v, used(object)->datagrams);
}

DW_GETTER(get_bytes)
{
	dw_give_number(v, used(object)->bytes);
}

DW_GETTER(get_local)
{
	dw_give_number(v, used(object)->local);
}

DW_GETTER(get_addresses)
{
	dw_give_number(v, used(object)->peers);
}

const struct dw_field dw_fields_used[] = {
	{ "since", DW_FIELD_TIME, true, .get = get_since, .description = "watched from then" },
	{ "until", DW_FIELD_TIME, true, .get = get_until, .description = "to then" },
	{ "seconds", DW_FIELD_UINT, .get = get_seconds,
	  .description = "between them in which it really was watched" },
	{ "first", DW_FIELD_TIME, true, .get = get_first,
	  .description = "first use in that time; null: none" },
	{ "last", DW_FIELD_TIME, true, .get = get_last,
	  .description = "last use in that time; null: none" },
	{ "accepted", DW_FIELD_UINT, .get = get_accepted, .description = "connections accepted" },
	{ "refused", DW_FIELD_UINT, .get = get_refused,
	  .description = "connections refused because the backlog was full" },
	{ "datagrams", DW_FIELD_UINT, .get = get_datagrams, .description = "datagrams received" },
	{ "bytes", DW_FIELD_UINT, .get = get_bytes,
	  .description = "bytes received; 0 where they are not counted" },
	{ "local", DW_FIELD_UINT, .get = get_local,
	  .description = "of the connections and datagrams: from an address of this host" },
	{ "addresses", DW_FIELD_UINT, .get = get_addresses,
	  .description = "about how many different peers" },
	{ "last_address", DW_FIELD_STRING, true, .offset = offsetof(struct dw_used, peer),
	  .description = "the last peer" },
	{ 0 },
};

/* --- of a door ------------------------------------------------------------------------------------------ */

static const struct dw_door *door(const void *object)
{
	return ((const struct dw_report_door *)object)->door;
}

#define PEER(m) .offset = offsetof(struct dw_peer, m)

DW_GETTER(get_peer_local)
{
	dw_give_bool(v, ((const struct dw_peer *)object)->local);
}

DW_GETTER(get_peer_connections)
{
	dw_give_number(v, ((const struct dw_peer *)object)->connections);
}

static const struct dw_field peer_fields[] = {
	{ "address", DW_FIELD_STRING, PEER(address), .description = "numeric, no brackets" },
	{ "local", DW_FIELD_BOOL, .get = get_peer_local,
	  .description = "the address is one of this host, in the door's namespace" },
	{ "program", DW_FIELD_STRING, true, PEER(program),
	  .description = "local: file of the program at the other end; null: not known" },
	{ "connections", DW_FIELD_UINT, .get = get_peer_connections,
	  .description = "connections from there" },
	{ 0 },
};

DW_GETTER(get_connections)
{
	v->number = door(object)->connections;
	v->known = true;
}

DW_GETTER(get_peers)
{
	dw_give_objects(v, door(object)->peers, door(object)->n_peers, sizeof(struct dw_peer));
}

DW_GETTER(get_peers_known)
{
	dw_give_bool(v, door(object)->peers_known);
}

DW_GETTER(get_door_watched)
{
	dw_give_object(v, door(object)->used);
}

const struct dw_field dw_fields_door_usage[] = {
	{ "connections", DW_FIELD_UINT, .get = get_connections,
	  .description = "established connections, of all peers together" },
	{ "peers", DW_FIELD_OBJECTS, .members = peer_fields, .get = get_peers,
	  .description = "who is connected, most connections first; at most 32" },
	{ "peers_known", DW_FIELD_BOOL, .get = get_peers_known,
	  .description = "false: a datagram door, which takes from anybody; only its connected "
			 "sockets are told" },
	{ "watched", DW_FIELD_OBJECT, true, .members = dw_fields_used, .get = get_door_watched,
	  .description = "what was counted; null: nobody watched it", .source = "doorward watch" },
	{ 0 },
};

/* --- the document of usage --------------------------------------------------------------------------- */

static const struct dw_report_used *one(const void *object)
{
	return object;
}

static const struct dw_report_usage *whole(const void *object)
{
	return object;
}

DW_GETTER(get_open)
{
	dw_give_bool(v, one(object)->door != NULL);
}

DW_GETTER(get_program)
{
	if (one(object)->door)
		dw_give_string(v, one(object)->door->door->program);
}

DW_GETTER(get_service)
{
	const struct dw_report_door *d = one(object)->door;

	if (d && d->service)
		dw_give_string(v, d->service->name);
}

DW_GETTER(get_verdict)
{
	if (one(object)->door)
		dw_give_string(v, one(object)->door->verdict);
}

/* The oldest of its processes: nobody tells since when the socket is open. */
DW_GETTER(get_open_since)
{
	const struct dw_report_door *d = one(object)->door;

	if (d && d->door->n_owners)
		dw_give_time(v, d->door->owners[0].started);
}

DW_GETTER(get_watched)
{
	dw_give_object(v, one(object)->used);
}

DW_GETTER(get_enough)
{
	dw_give_bool(v, one(object)->watched_enough);
}

DW_GETTER(get_uses)
{
	dw_give_number(v, *(const uint64_t *)object);
}

static const struct dw_field bucket_fields[] = {
	{ "uses", DW_FIELD_UINT, .get = get_uses,
	  .description = "connections, refusals and datagrams" },
	{ 0 },
};

DW_GETTER(get_buckets)
{
	dw_give_objects(v, one(object)->buckets, DW_USAGE_BUCKETS, sizeof(uint64_t));
}

#define ONE(m) .offset = offsetof(struct dw_report_used, m)

static const struct dw_field door_fields[] = {
	{ "place", DW_FIELD_STRING, ONE(place), .description = "where it is, for people" },
	{ "key", DW_FIELD_STRING, ONE(key),
	  .description = "what is the same after a restart: namespace, protocol, address, port, "
			 "starter, program" },
	{ "open", DW_FIELD_BOOL, .get = get_open, .description = "it is open now" },
	{ "open_since", DW_FIELD_TIME, true, .get = get_open_since,
	  .description = "start of its oldest process" },
	{ "program", DW_FIELD_STRING, true, .get = get_program, .description = "as in an audit" },
	{ "service", DW_FIELD_STRING, true, .get = get_service, .description = "as in an audit" },
	{ "verdict", DW_FIELD_STRING, true, .get = get_verdict, .description = "as in an audit" },
	{ "watched", DW_FIELD_OBJECT, true, .members = dw_fields_used, .get = get_watched,
	  .description = "what was counted; null: nobody watched it" },
	{ "watched_enough", DW_FIELD_BOOL, .get = get_enough,
	  .description = "--idle: it was watched for as long as was asked for" },
	{ "buckets", DW_FIELD_OBJECTS, .members = bucket_fields, .get = get_buckets,
	  .description = "uses from `since` to `time`, in 24 equal parts, the oldest first" },
	{ 0 },
};

DW_GETTER(get_now)
{
	dw_give_time(v, whole(object)->now);
}

DW_GETTER(get_from)
{
	dw_give_time(v, whole(object)->since);
}

DW_GETTER(get_recorded)
{
	dw_give_bool(v, whole(object)->recorded);
}

DW_GETTER(get_idle)
{
	if (whole(object)->idle)
		dw_give_number(v, whole(object)->idle);
}

DW_GETTER(get_doors)
{
	dw_give_objects(v, whole(object)->v, whole(object)->n, sizeof(struct dw_report_used));
}

const struct dw_field dw_fields_usage[] = {
	{ "version", DW_FIELD_STRING, .offset = offsetof(struct dw_report_usage, version),
	  .description = "of doorward" },
	{ "host", DW_FIELD_STRING, true, .offset = offsetof(struct dw_report_usage, host),
	  .description = "name of the host" },
	{ "time", DW_FIELD_TIME, true, .get = get_now, .description = "now" },
	{ "since", DW_FIELD_TIME, true, .get = get_from, .description = "the buckets begin then" },
	{ "recorded", DW_FIELD_BOOL, .get = get_recorded,
	  .description = "there is a record of usage: doorward watch makes it" },
	{ "idle", DW_FIELD_UINT, true, .get = get_idle,
	  .description = "--idle: only doors that were not used for so many seconds" },
	{ "doors", DW_FIELD_OBJECTS, .members = door_fields, .get = get_doors,
	  .description = "that are open, or were watched" },
	{ 0 },
};
