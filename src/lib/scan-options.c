/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of whom, from the options; and what is not allowed. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "audit-private.h"
#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "scan-private.h"

/* More than so many hosts: a word on trying one first. */
#define MANY_HOSTS 16u
/* Seconds to spend on the closed UDP ports of one host, when nothing is said. */
#define UDP_SECONDS 60u

/* --- ports ---------------------------------------------------------------------------------------- */

static int add_payload_ports(struct dw_scanning *s, const char *text, struct dw_spec_ports *ret,
			     struct dw_error *e)
{
	struct dw_str words = { .arena = s->a };
	size_t n;
	const uint16_t *list = dw_identify_udp_ports(&n);

	for (const char *p = text; *p; p += strspn(p, ",")) {
		size_t length = strcspn(p, ",");

		if (length == strlen("payloads") && memcmp(p, "payloads", length) == 0)
			for (size_t i = 0; i < n; i++)
				dw_str_addf(&words, "%s%u", words.n ? "," : "", list[i]);
		else
			dw_str_addf(&words, "%s%.*s", words.n ? "," : "", (int)length, p);
		p += length;
	}
	return dw_spec_ports_read(s->sys, s->knowledge, DW_PROTOCOL_UDP, words.s ? words.s : "",
				  s->a, ret, e);
}

static int read_ports(struct dw_scanning *s, struct dw_error *e)
{
	bool any = s->o.tcp_ports || s->o.udp_ports || s->o.sctp_ports;
	const char *texts[] = { any ? s->o.tcp_ports : "all", any ? s->o.udp_ports : "payloads",
				s->o.sctp_ports };
	const char **told[] = { &s->scan->tcp_ports, &s->scan->udp_ports, &s->scan->sctp_ports };
	int r = 0;

	for (unsigned i = 0; i < DW_ARRAY_SIZE(texts) && r == 0; i++) {
		if (!texts[i])
			continue;
		r = i == DW_SCAN_UDP
			    ? add_payload_ports(s, texts[i], &s->ports[i], e)
			    : dw_spec_ports_read(s->sys, s->knowledge, dw_scanning_protocol(i),
						 texts[i], s->a, &s->ports[i], e);
		if (r == 0)
			*told[i] = dw_spec_ports_text(&s->ports[i], s->a);
	}
	return r;
}

static void make_payloads(struct dw_scanning *s)
{
	const struct dw_spec_ports *udp = &s->ports[DW_SCAN_UDP];
	struct dw_wire_payloads *list = dw_arena_array(s->a, udp->n, sizeof(*list));

	for (uint32_t i = 0; i < udp->n; i++)
		list[i] = dw_identify_payloads(udp->list[i]);
	s->payloads = list;
}

/* --- targets -------------------------------------------------------------------------------------- */

static const char *join(const char *const *words, size_t n, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };

	dw_str_add(&text, "");
	for (size_t i = 0; i < n; i++)
		dw_str_addf(&text, "%s%s", i ? " " : "", words[i]);
	return text.s;
}

static bool is_in(const struct dw_address *a, const struct dw_sys_network *n)
{
	unsigned bits = n->bits;

	if (n->address.family != (a->family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6))
		return false;
	for (unsigned i = 0; i < bits; i++) {
		uint8_t bit = (uint8_t)(0x80u >> i % 8);

		if ((a->bytes[i / 8] & bit) != (n->address.bytes[i / 8] & bit))
			return false;
	}
	return true;
}

/* Both ends in one own network: all between is. A link-local address is of a link of ours. */
static bool is_own(const struct dw_spec_range *r, const struct dw_sys_networks *networks)
{
	if (r->first.scope != 0)
		return true;
	for (size_t i = 0; i < networks->n; i++)
		if (networks->v[i].bits > 0 && is_in(&r->first, &networks->v[i]) &&
		    is_in(&r->last, &networks->v[i]))
			return true;
	return false;
}

static int check_allowed(struct dw_scanning *s, struct dw_error *e)
{
	struct dw_sys_networks networks = { 0 };
	int r = dw_sys_networks(s->sys, s->a, &networks, e);

	for (size_t i = 0; r == 0 && i < s->targets.n; i++) {
		const struct dw_spec_range *range = &s->targets.ranges[i];

		if (is_own(range, &networks) ||
		    (s->o.authorised_by && *dw_trim(dw_arena_strdup(s->a, s->o.authorised_by))))
			continue;
		r = dw_error_set(e, -EACCES,
				 "%s%s%s%s is beyond the networks of this host: scan it only when "
				 "its owner agrees, and say who that is: --authorised-by \"WHO\"",
				 range->name ? range->name : "", range->name ? " (" : "",
				 dw_address_text(s->a, &range->first), range->name ? ")" : "");
	}
	return r;
}

static int read_targets(struct dw_scanning *s, struct dw_error *e)
{
	enum dw_family family = s->o.family == 4   ? DW_FAMILY_IPV4
				: s->o.family == 6 ? DW_FAMILY_IPV6
						   : DW_FAMILY_UNKNOWN;
	struct dw_strings notes = { 0 };
	int r;

	if (s->o.n_targets == 0)
		return dw_error_set(e, -EINVAL,
				    "scan needs a target: an address, a network (192.0.2.0/24), a "
				    "name or @FILE");
	if (s->resumed) { /* as they were then */
		s->scan->targets = join(s->o.targets, s->o.n_targets, s->a);
		s->scan->excluded = join(s->o.excluded, s->o.n_excluded, s->a);
		s->scan->hosts_asked = s->targets.hosts;
		return check_allowed(s, e);
	}
	r = dw_spec_targets_read(s->sys, s->o.targets, s->o.n_targets, s->o.excluded,
				 s->o.n_excluded, family, s->a, &s->targets, &notes, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < notes.n; i++)
		dw_scanning_notice(s, "%s", notes.v[i]);
	if (s->targets.hosts == 0)
		return dw_error_set(e, -EINVAL, "no address is left to scan%s%s",
				    notes.n ? ": " : "", notes.n ? notes.v[0] : "");
	s->scan->targets = join(s->o.targets, s->o.n_targets, s->a);
	s->scan->excluded = join(s->o.excluded, s->o.n_excluded, s->a);
	s->scan->hosts_asked = s->targets.hosts;
	return check_allowed(s, e);
}

/* --- the rest ------------------------------------------------------------------------------------- */

static int read_load(struct dw_scanning *s, struct dw_error *e)
{
	static const char *const names[] = { [DW_SCAN_LOAD_POLITE] = "polite",
					     [DW_SCAN_LOAD_NORMAL] = "normal",
					     [DW_SCAN_LOAD_LAB] = "lab" };

	s->engine.load = s->o.load ? DW_SCAN_LOAD_UNKNOWN : DW_SCAN_LOAD_NORMAL;
	for (unsigned i = 1; s->o.load && i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(names[i], s->o.load))
			s->engine.load = i;
	if (s->engine.load == DW_SCAN_LOAD_UNKNOWN)
		return dw_error_set(e, -EINVAL,
				    "no load is called \"%.60s\": polite, normal or lab",
				    s->o.load);
	return 0;
}

static int read_sender(struct dw_scanning *s, struct dw_error *e)
{
	static const char *const names[] = { "auto", "live-frames", "packet", "connect" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (!s->o.sender || dw_streq(names[i], s->o.sender))
			return 0;
	return dw_error_set(e, -EINVAL,
			    "no sender is called \"%.60s\": auto, live-frames, packet or connect",
			    s->o.sender);
}

static int read_shard(struct dw_scanning *s, struct dw_error *e)
{
	unsigned shards = s->o.shards ? s->o.shards : 1, shard = s->o.shards ? s->o.shard : 1;
	uint64_t seed = s->o.seed;
	int r = 0;

	if (shard < 1 || shard > shards || shards > 65536)
		return dw_error_set(e, -EINVAL,
				    "shard %u of %u: there is none such: 1/16 to 16/16, say", shard,
				    shards);
	if (shards > 1 && !s->o.has_seed)
		return dw_error_set(e, -EINVAL,
				    "all shards must have the same seed, or together they are not "
				    "the whole: --seed NUMBER");
	if (!s->o.has_seed)
		r = dw_sys_random(s->sys, &seed, sizeof(seed), e);
	s->scan->seed = s->engine.seed = seed;
	s->scan->shard = s->engine.shard = shard;
	s->scan->shards = s->engine.shards = shards;
	return r;
}

static int read_rest(struct dw_scanning *s, struct dw_error *e)
{
	int r = read_load(s, e);

	if (r == 0)
		r = read_sender(s, e);
	if (r == 0)
		r = read_shard(s, e);
	if (r == 0)
		r = dw_scanning_parse_window(s, s->o.window, e);
	if (r == 0 && s->o.family != 0 && s->o.family != 4 && s->o.family != 6)
		r = dw_error_set(e, -EINVAL, "the family is 4, 6 or 0");
	s->engine.rate = s->o.rate;
	s->engine.udp_seconds = s->o.udp_seconds ? s->o.udp_seconds : UDP_SECONDS;
	s->engine.stop = &s->stop;
	if (s->o.authorised_by)
		s->scan->authorised_by = dw_arena_strndup(s->a, s->o.authorised_by, 1024);
	if (s->o.command)
		s->scan->command = dw_arena_strndup(s->a, s->o.command, 16384);
	return r;
}

int dw_scanning_prepare(struct dw_scanning *s, struct dw_error *e)
{
	int r = read_rest(s, e);

	if (r == 0)
		r = read_ports(s, e);
	if (r == 0)
		r = read_targets(s, e);
	if (r == 0)
		r = dw_scanning_read_spares(s, e);
	if (r < 0)
		return r;
	make_payloads(s);
	if (s->targets.hosts > MANY_HOSTS && s->engine.load != DW_SCAN_LOAD_POLITE)
		dw_scanning_notice(
			s,
			"%ju addresses: if you never scanned this network, try one "
			"unimportant host first; devices with weak network code may hang",
			(uintmax_t)s->targets.hosts);
	return 0;
}
