/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of a scan that was stopped: one line that says what it is, with the digest of the rest, then the
 * options, what was found, where it goes on, and the answered bits of the block that was being asked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_sha256.h"
#include "dw_write.h"
#include "scan-archive.h"
#include "scan-private.h"

#define MAGIC     "doorward scan state 2 "
#define STATE_MAX ((size_t)512 * 1024 * 1024)
#define LIST_MAX  ((size_t)1 << 27)

/* --- what there is -------------------------------------------------------------------------------- */

static void put_address(struct dw_archive *r, struct dw_address *a)
{
	uint8_t family = (uint8_t)a->family;

	dw_archive_u8(r, &family);
	r->bad |= family > DW_FAMILY_IPV6;
	a->family = r->bad ? DW_FAMILY_UNKNOWN : family;
	dw_archive_bytes(r, a->bytes, sizeof(a->bytes));
	dw_archive_u32(r, &a->scope);
}

static void put_names(struct dw_archive *r, struct dw_scan_service *s)
{
	s->n_names = dw_archive_count(r, s->n_names, 4096);
	if (r->reading)
		s->names = dw_arena_array(r->arena, s->n_names, sizeof(*s->names));
	for (size_t i = 0; i < s->n_names; i++)
		dw_archive_text(r, &s->names[i]);
}

static void put_service(struct dw_archive *r, struct dw_scan_service **at)
{
	bool there = *at != NULL;
	const char **texts[] = { NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL };
	struct dw_scan_service *s;

	dw_archive_bool(r, &there);
	if (!there)
		return;
	if (r->reading)
		*at = dw_new(r->arena, struct dw_scan_service);
	s = *at;
	texts[0] = &s->protocol;
	texts[1] = &s->product;
	texts[2] = &s->version;
	texts[3] = &s->extra;
	texts[4] = &s->banner;
	texts[5] = &s->tls_version;
	texts[6] = &s->certificate;
	texts[7] = &s->title;
	texts[8] = &s->server;
	texts[9] = &s->service;
	texts[10] = &s->by;
	for (size_t i = 0; i < DW_ARRAY_SIZE(texts); i++)
		dw_archive_text(r, texts[i]);
	dw_archive_bool(r, &s->tls);
	dw_archive_u64(r, &s->expires);
	put_names(r, s);
}

/* Enums are bytes below their count. */
#define PUT_ENUM(r, v, count)                                                                      \
	({                                                                                         \
		uint8_t byte = (uint8_t)(v);                                                       \
		dw_archive_u8((r), &byte);                                                         \
		(r)->bad |= byte >= (uint8_t)(count);                                              \
		(v) = (r)->bad ? 0 : byte;                                                         \
	})

static void put_port(struct dw_archive *r, struct dw_scan_port *p)
{
	PUT_ENUM(r, p->protocol, DW_PROTOCOL_COUNT);
	dw_archive_u16(r, &p->port);
	PUT_ENUM(r, p->state, DW_SCAN_STATE_COUNT);
	PUT_ENUM(r, p->why, DW_SCAN_WHY_COUNT);
	dw_archive_bool(r, &p->has_from);
	put_address(r, &p->from);
	dw_archive_u8(r, &p->ttl);
	dw_archive_u8(r, &p->probes);
	dw_archive_u8(r, &p->answers);
	dw_archive_float(r, &p->missed);
	dw_archive_u64(r, &p->time);
	put_service(r, &p->service);
}

static void put_counts(struct dw_archive *r, struct dw_scan_counts *c)
{
	uint32_t *members[] = { &c->asked, &c->open, &c->closed, &c->filtered, &c->unproven };

	for (size_t i = 0; i < DW_ARRAY_SIZE(members); i++)
		dw_archive_u32(r, members[i]);
}

static void put_host(struct dw_archive *r, struct dw_scan_host *h)
{
	put_address(r, &h->address);
	dw_archive_text(r, &h->name);
	PUT_ENUM(r, h->up, DW_SCAN_UP_COUNT);
	PUT_ENUM(r, h->up_why, DW_SCAN_WHY_COUNT);
	dw_archive_bool(r, &h->has_mac);
	dw_archive_bytes(r, h->mac, sizeof(h->mac));
	dw_archive_u32(r, &h->rtt_us);
	dw_archive_float(r, &h->loss);
	dw_archive_bool(r, &h->tarpit);
	dw_archive_bool(r, &h->proxy);
	dw_archive_u32(r, &h->icmp_rate);
	put_counts(r, &h->tcp);
	put_counts(r, &h->udp);
	put_counts(r, &h->sctp);
	dw_archive_bool(r, &h->complete);
	h->n_ports = dw_archive_count(r, h->n_ports, 65536 * 3);
	if (r->reading)
		h->ports = dw_arena_array(r->arena, h->n_ports, sizeof(*h->ports));
	for (size_t i = 0; i < h->n_ports; i++)
		put_port(r, &h->ports[i]);
}

static void put_found(struct dw_archive *r, struct dw_scan_found *f)
{
	uint64_t host = f->host;

	dw_archive_u64(r, &host);
	f->host = (size_t)host;
	dw_archive_u32(r, &f->slot);
	PUT_ENUM(r, f->protocol, DW_PROTOCOL_COUNT);
	dw_archive_u16(r, &f->port);
	PUT_ENUM(r, f->answer.why, DW_SCAN_WHY_COUNT);
	dw_archive_u8(r, &f->answer.round);
	dw_archive_u8(r, &f->answer.ttl);
	dw_archive_u64(r, &f->time);
	put_service(r, &f->service);
	dw_archive_bool(r, &f->told);
}

static void put_target(struct dw_archive *r, struct dw_scan_target *t)
{
	uint64_t host = t->host;

	put_address(r, &t->at.address);
	dw_archive_text(r, &t->name);
	PUT_ENUM(r, t->up, DW_SCAN_UP_COUNT);
	PUT_ENUM(r, t->up_why, DW_SCAN_WHY_COUNT);
	dw_archive_u32(r, &t->rtt_us);
	dw_archive_u64(r, &host);
	t->host = (size_t)host;
}

static void put_words(struct dw_archive *r, const char *const **words, size_t *n)
{
	const char **list = (const char **)(uintptr_t)*words;

	*n = dw_archive_count(r, *n, LIST_MAX);
	if (r->reading)
		list = dw_arena_array(r->arena, *n, sizeof(*list));
	for (size_t i = 0; i < *n; i++) {
		dw_archive_text(r, &list[i]);
		r->bad |= list[i] == NULL;
	}
	*words = list;
}

static void put_int(struct dw_archive *r, int *v)
{
	uint32_t wide = (uint32_t)*v;

	dw_archive_u32(r, &wide);
	*v = (int)wide;
}

/* What makes it this scan and no other. */
static void put_options(struct dw_archive *r, struct doorward_scan_options *o)
{
	put_words(r, &o->targets, &o->n_targets);
	put_words(r, &o->excluded, &o->n_excluded);
	put_int(r, &o->family);
	dw_archive_text(r, &o->tcp_ports);
	dw_archive_text(r, &o->udp_ports);
	dw_archive_text(r, &o->sctp_ports);
	put_int(r, &o->assume_up);
	put_int(r, &o->all_states);
	dw_archive_text(r, &o->authorised_by);
}

/* --- the whole ------------------------------------------------------------------------------------ */

/* Addresses where nobody answered: chunks that are done are not asked again. */
static void put_silent(struct dw_archive *r, struct dw_scanning *s)
{
	const char *const *names = s->silent.v;
	size_t n = s->silent.n;

	dw_archive_u64(r, &s->scan->hosts_silent);
	dw_archive_u64(r, &s->scan->hosts_unproven);
	dw_archive_float(r, &s->scan->hosts_missed);
	dw_archive_u64(r, &s->n_silent);
	put_words(r, &names, &n);
	for (size_t i = 0; r->reading && !r->bad && i < n; i++)
		dw_vec_push(s->a, &s->silent, names[i]);
}

static void put_head(struct dw_archive *r, struct dw_scanning *s)
{
	struct dw_scan *scan = s->scan;

	put_options(r, &s->o);
	dw_archive_u64(r, &scan->seed);
	dw_archive_u32(r, &scan->shard);
	dw_archive_u32(r, &scan->shards);
	dw_archive_u64(r, &scan->begun);
	dw_archive_u64(r, &scan->sent);
	dw_archive_u64(r, &scan->answered);
	dw_archive_u64(r, &scan->lost);
	dw_archive_u64(r, &s->unreachable);
	put_silent(r, s);
	dw_archive_u64(r, &s->open_before);
	/* not what the words mean today: a name may mean another address tomorrow */
	s->targets.n = dw_archive_count(r, s->targets.n, LIST_MAX);
	dw_archive_u64(r, &s->targets.hosts);
	if (r->reading)
		s->targets.ranges =
			dw_arena_array(r->arena, s->targets.n, sizeof(*s->targets.ranges));
	for (size_t i = 0; i < s->targets.n; i++) {
		put_address(r, &s->targets.ranges[i].first);
		put_address(r, &s->targets.ranges[i].last);
		dw_archive_text(r, &s->targets.ranges[i].name);
		dw_archive_u64(r, &s->targets.ranges[i].before);
	}
}

static void put_list(struct dw_archive *r, struct dw_scanning *s)
{
	size_t n = dw_archive_count(r, s->hosts.n, LIST_MAX);

	for (size_t i = 0; i < n && !r->bad; i++)
		put_host(r, r->reading ? dw_vec_add(s->a, &s->hosts) : &s->hosts.v[i]);
	n = dw_archive_count(r, s->founds.n, LIST_MAX);
	for (size_t i = 0; i < n && !r->bad; i++) {
		put_found(r, r->reading ? dw_vec_add(s->a, &s->founds) : &s->founds.v[i]);
		r->bad |= s->founds.v[i].host >= s->hosts.n;
	}
}

static void put_place(struct dw_archive *r, struct dw_scanning *s)
{
	uint64_t first = s->block_first;

	dw_archive_u64(r, &s->place.chunk);
	dw_archive_u32(r, &s->place.step);
	dw_archive_u64(r, &first);
	s->block_first = (size_t)first;
	r->bad |= s->block_first > s->founds.n;
	s->n_chunk = dw_archive_count(r, s->n_chunk, DW_SCAN_CHUNK);
	if (r->reading)
		s->chunk = dw_arena_array(r->arena, s->n_chunk, sizeof(*s->chunk));
	for (size_t i = 0; i < s->n_chunk; i++) {
		put_target(r, &s->chunk[i]);
		r->bad |= s->chunk[i].host >= s->hosts.n;
	}
	s->place.n_before = dw_archive_count(r, s->place.n_before, LIST_MAX);
	if (r->reading)
		s->place.before = dw_arena_array(r->arena, s->place.n_before, sizeof(uint64_t));
	for (size_t i = 0; i < s->place.n_before && !r->bad; i++)
		dw_archive_u64(r, &s->place.before[i]);
	if (s->place.n_before == 0)
		s->place.before = NULL;
}

void dw_scanning_archive(struct dw_scanning *s, struct dw_archive *r)
{
	put_head(r, s);
	put_list(r, s);
	put_place(r, s);
	if (!r->reading)
		return;
	r->bad = r->bad || r->at != r->in.n || !dw_spec_targets_are_sound(&s->targets);
	/* nobody is asked who was not named, whatever the file says */
	for (size_t i = 0; i < s->n_chunk && !r->bad; i++)
		r->bad = !dw_spec_targets_have(&s->targets, &s->chunk[i].at.address);
}

/* --- the file ------------------------------------------------------------------------------------- */

static int write_file(struct dw_scanning *s, const struct dw_archive *r, struct dw_arena *a)
{
	char digest[DW_SHA256_HEX + 1];
	struct dw_str text = { .arena = a };
	struct dw_error why = { 0 };
	int code;

	dw_sha256_hex(r->out.s, r->out.n, digest);
	dw_str_addf(&text, MAGIC "%s\n", digest);
	dw_str_addn(&text, r->out.s, r->out.n);
	code = dw_sys_given_replace(s->sys, s->o.state_file, text.s, text.n, &why);
	if (code < 0 && !s->save_failed)
		dw_scanning_notice(s, "where the scan is could not be saved: %s", why.message);
	s->save_failed |= code < 0;
	return code;
}

/* Hosts that are gone were not asked: who goes on once more may meet them again. */
static void forget_gone(const struct dw_scan_round *r, uint64_t *bits)
{
	for (uint64_t host = 0; host < r->n; host++)
		for (uint64_t i = host * r->n_ports;
		     dw_scanning_is_gone(r->targets[host]) && i < (host + 1) * r->n_ports; i++)
			bits[i / 64] &= ~((uint64_t)1 << i % 64);
}

void dw_scanning_save(struct dw_scanning *s, const uint64_t *bits)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_archive r = { .arena = a, .out = { .arena = a } };
	struct dw_scan_place place = s->place;
	size_t n = dw_scanning_words(s->block_slots);
	uint64_t *kept;

	if (!s->o.state_file || s->broken)
		return;
	kept = dw_arena_memdup(a, bits, n * sizeof(*bits));
	for (size_t i = 0; i < s->others.n; i++)
		kept[s->others.v[i] / 64] &= ~((uint64_t)1 << s->others.v[i] % 64);
	forget_gone(s->round, kept);
	s->place.before = kept;
	s->place.n_before = n;
	dw_scanning_archive(s, &r);
	s->place = place;
	s->saved_once |= write_file(s, &r, a) == 0;
}

void dw_scanning_unsave(struct dw_scanning *s)
{
	if (s->o.state_file && (s->saved_once || s->resumed))
		dw_sys_given_remove(s->sys, s->o.state_file);
}

static bool is_whole(const struct dw_bytes *file, size_t *ret_at)
{
	char digest[DW_SHA256_HEX + 1];
	size_t head = strlen(MAGIC) + DW_SHA256_HEX + 1;

	if (file->n < head || memcmp(file->data, MAGIC, strlen(MAGIC)) != 0 ||
	    file->data[head - 1] != '\n')
		return false;
	dw_sha256_hex(file->data + head, file->n - head, digest);
	*ret_at = head;
	return memcmp(file->data + strlen(MAGIC), digest, DW_SHA256_HEX) == 0;
}

static const char *differs(const struct doorward_scan_options *a,
			   const struct doorward_scan_options *b)
{
	bool same = a->n_targets == 0 || a->n_targets == b->n_targets;

	for (size_t i = 0; same && i < a->n_targets; i++)
		same = dw_streq(a->targets[i], b->targets[i]);
	if (!same)
		return "targets";
	same = a->n_excluded == 0 || a->n_excluded == b->n_excluded;
	for (size_t i = 0; same && i < a->n_excluded; i++)
		same = dw_streq(a->excluded[i], b->excluded[i]);
	if (!same)
		return "excluded addresses";
	if ((a->tcp_ports || a->udp_ports || a->sctp_ports) &&
	    !(dw_streq0(a->tcp_ports, b->tcp_ports) && dw_streq0(a->udp_ports, b->udp_ports) &&
	      dw_streq0(a->sctp_ports, b->sctp_ports)))
		return "ports";
	if (a->family && a->family != b->family)
		return "family of addresses";
	return NULL;
}

int dw_scanning_load(struct dw_scanning *s, const char *file, struct dw_error *e)
{
	struct dw_archive r = { .reading = true, .arena = s->a };
	const struct doorward_scan_options given = s->o;
	const char *difference;
	int code = dw_sys_given_read(s->sys, file, STATE_MAX, s->a, &r.in, e);

	if (code < 0)
		return code;
	if (!is_whole(&r.in, &r.at))
		return dw_error_set(e, -EBADMSG,
				    "%s: that is no state of a scan, or it is damaged, or from "
				    "another version: begin anew, doorward scan TARGET",
				    file);
	dw_scanning_archive(s, &r);
	if (r.bad)
		return dw_error_set(
			e, -EBADMSG,
			"%s: the state cannot be read: begin anew, doorward scan TARGET", file);
	difference = differs(&given, &s->o);
	if (difference || (given.has_seed && given.seed != s->scan->seed))
		return dw_error_set(e, -EINVAL,
				    "%s: that scan has other %s; leave them out to go on with it",
				    file, difference ? difference : "seeds");
	s->o.seed = s->scan->seed;
	s->o.has_seed = 1;
	s->o.shard = s->scan->shard;
	s->o.shards = s->scan->shards;
	if (!s->o.state_file)
		s->o.state_file = dw_arena_strdup(s->a, file);
	s->resumed = true;
	return 0;
}
