/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit from its JSON document. */
#include "dw_audit_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit-read.h"
#include "dw_parse.h"
#include "dw_str.h"

#define DOORS_MAX      262144
#define ADDRESSES_MAX  65536
#define OWNERS_MAX     ((size_t)1 << 20) /* as many as there may be processes, and more */
#define INCOMPLETE_MAX ((size_t)1 << 20)
#define TEXT_MAX       4096
#define COMMAND_MAX    ((size_t)128 * 1024) /* more than a process can have as one argument */
#define INTERFACES_MAX 1024

struct reading {
	struct dw_doc d;
	bool whole; /* dw_audit_read_whole() */
	/* the number of an interface is its place here, from 1: another host's numbers say nothing */
	struct dw_strings interfaces;
};

enum dw_document dw_document_of(const struct dw_json_value *v)
{
	if (dw_json_is_array(dw_json_get(v, "doors", NULL)))
		return DW_DOCUMENT_AUDIT;
	return dw_json_is_array(dw_json_get(v, "hosts", NULL)) ? DW_DOCUMENT_SCAN
							       : DW_DOCUMENT_OTHER;
}

/* --- words --------------------------------------------------------------------------------------- */

static unsigned word(struct reading *r, const struct dw_json_value *o, const char *key,
		     const char *(*name)(unsigned), unsigned count)
{
	const char *text = dw_doc_text(&r->d, o, key, 64);

	for (unsigned i = 1; text && i < count; i++)
		if (dw_streq(name(i), text))
			return i;
	return 0;
}

static const char *family_name(unsigned i)
{
	return dw_family_name(i);
}

static const char *kind_name(unsigned i)
{
	return dw_door_kind_name(i);
}

static const char *starter_name(unsigned i)
{
	return dw_starter_kind_name(i);
}

static uint32_t interface(struct reading *r, const char *name)
{
	if (!name)
		return 0;
	for (size_t i = 0; i < r->interfaces.n; i++)
		if (dw_streq(r->interfaces.v[i], name))
			return (uint32_t)i + 1;
	if (r->interfaces.n == INTERFACES_MAX) {
		(void)dw_doc_wrong(&r->d, NULL, "it names more than %d interfaces", INTERFACES_MAX);
		return 0;
	}
	dw_vec_push(r->d.arena, &r->interfaces, name);
	return (uint32_t)r->interfaces.n;
}

/* --- addresses ----------------------------------------------------------------------------------- */

static void read_own(struct reading *r, const struct dw_json_value *o, struct dw_own_address *own)
{
	const char *text = dw_doc_text(&r->d, o, "address", 128);

	own->ifname = dw_doc_text(&r->d, o, "interface", 64);
	own->ifindex = interface(r, own->ifname);
	if (!text || !dw_doc_parse_address(text, &own->address))
		(void)dw_doc_wrong(&r->d, "address", "it is no address");
	own->address.scope = 0;
}

static void read_addresses(struct reading *r, const struct dw_json_value *o, struct dw_snapshot *s)
{
	size_t n = 0;
	const struct dw_json_value *v = dw_doc_array(&r->d, o, "addresses", ADDRESSES_MAX, &n);
	struct dw_own_address *all = dw_arena_array(r->d.arena, n, sizeof(*all));

	s->addresses = all;
	for (size_t i = 0; i < n && r->d.r == 0; i++) {
		const struct dw_json_value *one = dw_doc_enter(&r->d, v, "addresses", i);

		if (one)
			read_own(r, one, &all[s->n_addresses++]);
		dw_doc_leave(&r->d);
	}
}

/* --- a door -------------------------------------------------------------------------------------- */

static bool is_inet(enum dw_family f)
{
	return f == DW_FAMILY_IPV4 || f == DW_FAMILY_IPV6 || f == DW_FAMILY_DUAL;
}

/* As dw_endpoint_address() writes them: 52:54:00:12:34:56, least significant byte last. */
static bool read_bluetooth(const char *text, uint8_t *to)
{
	for (size_t i = 0; i < 6; i++) {
		int byte = dw_parse_hex_pair(text + 3 * i);

		if (byte < 0 || text[3 * i + 2] != (i < 5 ? ':' : '\0'))
			return false;
		to[5 - i] = (uint8_t)byte;
	}
	return true;
}

/* What is reached beside the IP network. An interface or address that we do not understand is none. */
static void read_other_address(struct reading *r, const char *text, struct dw_endpoint *at)
{
	uint64_t n = UINT32_MAX;
	uint32_t cid;

	if (at->family == DW_FAMILY_VSOCK) {
		(void)dw_parse_u64(text, 10, UINT32_MAX, &n);
		cid = (uint32_t)n;
		memcpy(at->address, &cid, sizeof(cid));
	} else if (at->family == DW_FAMILY_BLUETOOTH && !read_bluetooth(text, at->address)) {
		(void)dw_doc_wrong(&r->d, "address", "it is no address");
	}
}

/* The address of a sleeper may not be known. */
static void read_endpoint(struct reading *r, const struct dw_json_value *o, struct dw_door *d)
{
	struct dw_endpoint *at = &d->at;
	const char *text = dw_doc_text(&r->d, o, "address", 128);
	struct dw_address address = { 0 };

	at->family = word(r, o, "family", family_name, DW_FAMILY_COUNT);
	if (text && r->whole && !is_inet(at->family)) {
		read_other_address(r, text, at);
		text = NULL;
	}
	if (text && dw_doc_parse_address(text, &address))
		memcpy(at->address, address.bytes, sizeof(at->address));
	else if (text)
		(void)dw_doc_wrong(&r->d, "address", "it is no address");
	if (text && at->family &&
	    (address.family == DW_FAMILY_IPV4) != (at->family == DW_FAMILY_IPV4))
		(void)dw_doc_wrong(&r->d, "address", "it is not of the family that stands there");
	at->has_port = !dw_json_is_null(dw_json_get(o, "port", NULL));
	at->port = (uint32_t)dw_doc_number(&r->d, o, "port", UINT16_MAX);
	d->port_last = (uint32_t)dw_doc_number(&r->d, o, "port_last", UINT16_MAX);
	at->ifname = dw_doc_text(&r->d, o, "interface", 64);
	at->ifindex = interface(r, at->ifname);
}

static void read_owners(struct reading *r, const struct dw_json_value *o, struct dw_door *d)
{
	size_t n = 0;
	const struct dw_json_value *v = dw_doc_array(&r->d, o, "owners", OWNERS_MAX, &n);

	d->owners = dw_arena_array(r->d.arena, n, sizeof(*d->owners));
	for (size_t i = 0; i < n && r->d.r == 0; i++) {
		const struct dw_json_value *one = dw_doc_enter(&r->d, v, "owners", i);
		struct dw_owner *owner = &d->owners[d->n_owners];

		if (one) {
			owner->executable = dw_doc_text(&r->d, one, "executable", TEXT_MAX);
			owner->script = dw_doc_text(&r->d, one, "script", TEXT_MAX);
			owner->command = dw_doc_text(&r->d, one, "command", COMMAND_MAX);
			owner->user = dw_doc_text(&r->d, one, "user", 256);
			owner->container = dw_doc_text(&r->d, one, "container", 256);
			d->n_owners++;
		}
		dw_doc_leave(&r->d);
	}
}

static enum dw_tristate tristate(const struct dw_json_value *o, const char *key)
{
	const struct dw_json_value *v = dw_json_get(o, key, NULL);

	return dw_json_true(v) ? DW_YES : dw_json_is_false(v) ? DW_NO : DW_UNKNOWN;
}

static void read_starter(struct reading *r, const struct dw_json_value *o, struct dw_starter *s)
{
	if (dw_json_is_null(o))
		return;
	if (!dw_json_is_object(o)) {
		(void)dw_doc_wrong(&r->d, "starter", "it is no object");
		return;
	}
	s->kind = word(r, o, "kind", starter_name, DW_STARTER_COUNT);
	s->id = dw_doc_text(&r->d, o, "id", TEXT_MAX);
	s->program = dw_doc_text(&r->d, o, "program", TEXT_MAX);
	s->also = dw_doc_text(&r->d, o, "also", TEXT_MAX);
	s->enabled = tristate(o, "enabled");
	s->running = tristate(o, "running");
}

static void read_door(struct reading *r, const struct dw_json_value *o, struct dw_door *d)
{
	const char *package = dw_doc_text(&r->d, o, "package", 256);

	read_endpoint(r, o, d);
	d->netns = dw_doc_text(&r->d, o, "netns", 256);
	d->kind = word(r, o, "kind", kind_name, DW_KIND_COUNT);
	d->program = dw_doc_text(&r->d, o, "program", TEXT_MAX);
	d->kernel = dw_doc_text(&r->d, o, "kernel", 64);
	d->target = dw_doc_text(&r->d, o, "target", 256);
	d->rule = dw_doc_text(&r->d, o, "rule", TEXT_MAX);
	read_starter(r, dw_json_get(o, "starter", NULL), &d->starter);
	read_owners(r, o, d);
	if (package) {
		struct dw_package *p = dw_new(r->d.arena, struct dw_package);

		p->name = package;
		p->version =
			dw_doc_text(&r->d, dw_json_get(o, "package_info", NULL), "version", 256);
		d->package = p;
	}
}

static bool is_taken(const struct reading *r, const struct dw_json_value *o, enum dw_protocol *ret)
{
	const char *text = dw_json_text(dw_json_get(o, "protocol", NULL));

	*ret = text ? dw_protocol_parse(text) : DW_PROTOCOL_UNKNOWN;
	return r->whole || *ret == DW_PROTOCOL_TCP || *ret == DW_PROTOCOL_UDP ||
	       *ret == DW_PROTOCOL_SCTP;
}

static void read_doors(struct reading *r, const struct dw_json_value *o, struct dw_audit_read *ret)
{
	struct dw_snapshot *s = &ret->snapshot;
	struct dw_audit_more *more;
	size_t n = 0;
	const struct dw_json_value *v = dw_doc_array(&r->d, o, "doors", DOORS_MAX, &n);

	if (!v)
		(void)dw_doc_wrong(&r->d, "doors", "there is no such list: it is no audit");
	s->doors = dw_arena_array(r->d.arena, n, sizeof(*s->doors));
	ret->services = dw_arena_array(r->d.arena, n, sizeof(*ret->services));
	more = r->whole ? dw_arena_array(r->d.arena, n, sizeof(*more)) : NULL;
	ret->more = more;
	for (size_t i = 0; i < n && r->d.r == 0; i++) {
		const struct dw_json_value *one = dw_doc_enter(&r->d, v, "doors", i);
		enum dw_protocol protocol;

		if (one && is_taken(r, one, &protocol)) {
			s->doors[s->n_doors].at.protocol = protocol;
			read_door(r, one, &s->doors[s->n_doors]);
			if (more)
				dw_audit_read_more(&r->d, one, &more[s->n_doors]);
			ret->services[s->n_doors++] = dw_doc_text(&r->d, one, "service", 128);
		}
		dw_doc_leave(&r->d);
	}
}

/* --- the document -------------------------------------------------------------------------------- */

static void read_incomplete(struct reading *r, const struct dw_json_value *o, struct dw_snapshot *s)
{
	size_t n = 0;
	const struct dw_json_value *v = dw_doc_array(&r->d, o, "incomplete", INCOMPLETE_MAX, &n);

	s->incomplete = dw_arena_array(r->d.arena, n, sizeof(*s->incomplete));
	for (size_t i = 0; i < n && r->d.r == 0; i++) {
		const struct dw_json_value *one = dw_doc_enter(&r->d, v, "incomplete", i);
		struct dw_incomplete *in = &s->incomplete[s->n_incomplete];

		if (one) {
			in->what = dw_doc_text(&r->d, one, "what", 64);
			in->text = dw_doc_text(&r->d, one, "text", TEXT_MAX);
			in->file = dw_doc_text(&r->d, one, "file", TEXT_MAX);
			in->blind = dw_doc_bool(&r->d, one, "blind");
			s->n_incomplete += in->what != NULL;
		}
		dw_doc_leave(&r->d);
	}
}

static int read_audit(const struct dw_json_value *v, const char *name, bool whole,
		      struct dw_arena *a, struct dw_audit_read *ret, struct dw_error *e)
{
	struct reading r = { .d = { .arena = a, .e = e, .name = name }, .whole = whole };
	struct dw_audit_read audit = { .snapshot = { .arena = a } };

	audit.snapshot.host = dw_doc_text(&r.d, v, "host", 1024);
	audit.version = dw_doc_text(&r.d, v, "version", 64);
	audit.snapshot.time = dw_doc_time(&r.d, v, "time");
	audit.snapshot.method = dw_doc_text(&r.d, v, "method", 64);
	audit.snapshot.service_manager = dw_doc_text(&r.d, v, "service_manager", 64);
	read_addresses(&r, v, &audit.snapshot);
	read_doors(&r, v, &audit);
	read_incomplete(&r, v, &audit.snapshot);
	if (r.d.r < 0)
		return r.d.r;
	*ret = audit;
	return 0;
}

int dw_audit_read_value(const struct dw_json_value *v, const char *name, struct dw_arena *a,
			struct dw_audit_read *ret, struct dw_error *e)
{
	return read_audit(v, name, false, a, ret, e);
}

int dw_audit_read_whole(const struct dw_json_value *v, const char *name, struct dw_arena *a,
			struct dw_audit_read *ret, struct dw_error *e)
{
	return read_audit(v, name, true, a, ret, e);
}
