/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What new rules would change, asked of two copies of this host's filter: as it is, and with the new table in it.
 * A door changes for a source when the answers differ. Answers that cannot be told are counted, never guessed.
 */
#include <errno.h>
#include <string.h>

#include "audit-private.h"
#include "dw_acked.h"
#include "dw_nft.h"
#include "dw_rehearse.h"
#include "dw_str.h"
#include "fence-private.h"

struct asking {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct doorward_rehearsal *r;
	uint32_t self; /* inode of our network namespace: whose filter it is */
	struct dw_rehearsal *before, *after;
	const struct dw_source *sources;
	size_t n_sources;
	DW_VEC(struct dw_rehearse_network) networks;
	DW_VEC(struct dw_rehearse_question) questions;
	DW_VEC(const struct dw_door *) doors;                  /* of each question, or NULL */
	DW_VEC(const struct dw_connection_fact *) connections; /* likewise */
	struct dw_rehearse_answer *was, *will;
};

/* --- who may come ---------------------------------------------------------------------------------------- */

static size_t bytes_of(enum dw_family f)
{
	return f == DW_FAMILY_IPV6 ? 16 : 4;
}

static void add_network(struct asking *k, enum dw_family family, const uint8_t address[16],
			unsigned prefix)
{
	struct dw_rehearse_network n = { .family = family, .prefix = prefix };

	memcpy(n.address, address, sizeof(n.address));
	for (size_t i = 0; i < k->networks.n; i++)
		if (k->networks.v[i].family == family && k->networks.v[i].prefix == prefix &&
		    memcmp(k->networks.v[i].address, address, bytes_of(family)) == 0)
			return;
	dw_vec_push(k->arena, &k->networks, n);
}

static void add_networks(struct asking *k)
{
	const struct dw_policy *p = k->r->audit ? k->r->audit->audit->policy : NULL;
	const struct dw_connection_fact *mine = k->r->mine;

	for (size_t i = 0; p && i < p->n_statements; i++)
		for (size_t j = 0; j < p->statements[i].n_from; j++)
			add_network(k, p->statements[i].from[j].family,
				    p->statements[i].from[j].address,
				    p->statements[i].from[j].prefix);
	if (mine)
		add_network(k, mine->at.family, mine->peer,
			    (unsigned)bytes_of(mine->at.family) * 8);
}

static int put_new_table(void *data, struct dw_sys *s, const struct dw_netns *copy,
			 struct dw_error *e)
{
	const struct doorward_rehearsal *r = data;

	return dw_nft_replace(s, copy, &r->want.data, e);
}

static int open_copies(struct asking *k, bool both, struct dw_error *e)
{
	struct dw_rehearse_options o = { .networks = k->networks.v, .n_networks = k->networks.n };
	int r = dw_rehearsal_open(k->sys, &o, &k->before, e);

	if (r < 0)
		return r;
	k->sources = dw_rehearsal_sources(k->before, &k->n_sources);
	if (!both)
		return 0;
	o.change = put_new_table;
	o.change_data = k->r;
	return dw_rehearsal_open(k->sys, &o, &k->after, e);
}

static void close_copies(struct asking *k)
{
	dw_rehearsal_free(k->before);
	dw_rehearsal_free(k->after);
}

/* --- questions ------------------------------------------------------------------------------------------- */

static void ask(struct asking *k, uint32_t source, enum dw_protocol protocol, const uint8_t *to,
		uint32_t port, const struct dw_door *door, const struct dw_connection_fact *c)
{
	struct dw_rehearse_question q = { .source = source,
					  .protocol = protocol,
					  .port = (uint16_t)port,
					  .explain = c && c->session };

	memcpy(q.to, to, bytes_of(k->sources[source].family));
	dw_vec_push(k->arena, &k->questions, q);
	dw_vec_push(k->arena, &k->doors, door);
	dw_vec_push(k->arena, &k->connections, c);
}

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* The own address at which a source would look for the door: that of the link it comes by, else any but loopback's. */
static const uint8_t *own_address(const struct asking *k, const struct dw_source *s)
{
	size_t n = 0;
	const struct dw_rehearse_own *own = dw_rehearsal_addresses(k->before, &n);
	const uint8_t *any = NULL;

	for (size_t i = 0; i < n; i++) {
		bool link_local = own[i].family == DW_FAMILY_IPV6 && own[i].address[0] == 0xfe;

		if (own[i].family != s->family || dw_streq0(own[i].ifname, "lo"))
			continue;
		if (own[i].ifindex == s->ifindex && !link_local)
			return own[i].address;
		any = any && link_local ? any : own[i].address;
	}
	return any;
}

static bool is_asked(const struct asking *k, const struct dw_door *d)
{
	static const bool can[DW_PROTOCOL_COUNT] = {
		[DW_PROTOCOL_TCP] = true,  [DW_PROTOCOL_UDP] = true,  [DW_PROTOCOL_UDPLITE] = true,
		[DW_PROTOCOL_SCTP] = true, [DW_PROTOCOL_DCCP] = true,
	};

	if ((d->kind != DW_KIND_LISTENER && d->kind != DW_KIND_DATAGRAM) || !d->at.has_port ||
	    d->at.netns != k->self || !can[d->at.protocol])
		return false;
	if (d->at.family == DW_FAMILY_IPV4 && d->at.address[0] == 127)
		return false;
	return !(d->at.family == DW_FAMILY_IPV6 && is_zero(d->at.address, 15) &&
		 d->at.address[15] == 1);
}

static bool takes(const struct dw_door *d, const struct dw_source *s)
{
	return d->at.family == s->family || d->at.family == DW_FAMILY_DUAL;
}

static void ask_doors(struct asking *k)
{
	const struct dw_snapshot *s = k->r->audit->report.snapshot;

	for (size_t i = 0; i < s->n_doors; i++)
		for (uint32_t j = 0; is_asked(k, &s->doors[i]) && j < k->n_sources; j++) {
			const struct dw_door *d = &s->doors[i];
			const uint8_t *to = d->at.address;

			if (k->sources[j].kind == DW_SOURCE_HOST || !takes(d, &k->sources[j]))
				continue;
			if (is_zero(to, 16))
				to = own_address(k, &k->sources[j]);
			if (to)
				ask(k, j, d->at.protocol, to, d->at.port, d, NULL);
		}
}

/* The narrowest source that has the address; the number of addresses of its span that matter is by its high end. */
static bool source_of(const struct asking *k, enum dw_family family, const uint8_t *peer,
		      uint32_t *ret)
{
	size_t n = bytes_of(family);
	const struct dw_rehearse_span *best = NULL;
	bool found = false;

	for (uint32_t i = 0; i < k->n_sources; i++) {
		const struct dw_source *s = &k->sources[i];

		for (size_t j = 0; s->family == family && j < s->n_spans; j++) {
			const struct dw_rehearse_span *x = &s->spans[j];

			if (memcmp(peer, x->low, n) < 0 || memcmp(peer, x->high, n) > 0)
				continue;
			if (best && memcmp(x->low, best->low, n) <= 0 &&
			    memcmp(x->high, best->high, n) >= 0)
				continue;
			best = x;
			*ret = i;
			found = true;
		}
	}
	for (uint32_t i = 0; !found && i < k->n_sources; i++)
		if (k->sources[i].family == family && k->sources[i].kind == DW_SOURCE_ANYONE &&
		    k->sources[i].n_spans == 0) {
			*ret = i;
			found = true;
		}
	return found;
}

/* From this host to itself, whatever the address: by the loopback interface. */
static bool host_of(const struct asking *k, enum dw_family family, uint32_t *ret)
{
	for (uint32_t i = 0; i < k->n_sources; i++)
		if (k->sources[i].family == family && k->sources[i].kind == DW_SOURCE_HOST) {
			*ret = i;
			return true;
		}
	return false;
}

static void ask_connection(struct asking *k, const struct dw_connection_fact *c)
{
	uint32_t source = 0;

	if (c->at.protocol == DW_PROTOCOL_TCP && c->at.netns == k->self &&
	    (c->local ? host_of(k, c->at.family, &source)
		      : source_of(k, c->at.family, c->peer, &source)))
		ask(k, source, c->at.protocol, c->at.address, c->at.port, NULL, c);
}

static void ask_connections(struct asking *k)
{
	const struct dw_facts *f = k->r->audit->audit->facts;

	for (size_t i = 0; i < f->connections.n; i++)
		ask_connection(k, &f->connections.v[i]);
}

static int answer(struct asking *k, struct dw_rehearsal *r, struct dw_rehearse_answer **ret,
		  struct dw_error *e)
{
	*ret = dw_arena_array(k->arena, k->questions.n + 1, sizeof(**ret));
	return dw_rehearsal_ask(r, k->questions.v, k->questions.n, *ret, e);
}

/* --- what it comes to -------------------------------------------------------------------------------------- */

static const char *text_of(const struct dw_rehearse_answer *a)
{
	return a->reach == DW_ARRIVAL_UNKNOWN && a->why ? a->why : a->rule;
}

static const char *copied(struct dw_arena *a, const char *text)
{
	return text ? dw_arena_strdup(a, text) : NULL;
}

static enum dw_fence_fate fate_of(struct asking *k, const struct dw_connection_fact *c)
{
	struct dw_tcp_ends t = { .v6 = c->at.family == DW_FAMILY_IPV6,
				 .local_port = (uint16_t)c->at.port,
				 .peer_port = c->peer_port };
	struct dw_bytes loose = { 0 };

	memcpy(t.local, c->at.address, sizeof(t.local));
	memcpy(t.peer, c->peer, sizeof(t.peer));
	if (dw_sys_tcp_is_tracked(k->sys, &t, NULL) == 1)
		return DW_FENCE_GOES_ON;
	if (dw_sys_file_read(k->sys, "/proc/sys/net/netfilter/nf_conntrack_tcp_loose", 64, k->arena,
			     &loose, NULL) == 0 &&
	    loose.n && loose.data[0] == '0')
		return DW_FENCE_IS_CUT;
	return DW_FENCE_PICKED_UP;
}

static void judge_door(struct asking *k, size_t i)
{
	const struct dw_rehearse_answer *was = &k->was[i], *will = &k->will[i];
	struct doorward_rehearsal *r = k->r;

	if (was->reach == will->reach)
		return;
	if (will->reach != DW_ARRIVAL_UNKNOWN && was->reach == DW_ARRIVAL_UNKNOWN)
		return;
	r->changes[r->n_changes++] = (struct dw_fence_change){
		.door = k->doors.v[i],
		.who = copied(r->arena, k->sources[k->questions.v[i].source].words),
		.before = was->reach == DW_ARRIVAL_YES,
		.after = will->reach == DW_ARRIVAL_YES,
		.unknown = will->reach == DW_ARRIVAL_UNKNOWN,
		.rule = copied(r->arena, text_of(will)),
	};
}

static void judge_connection(struct asking *k, size_t i)
{
	const struct dw_connection_fact *c = k->connections.v[i];
	const struct dw_rehearse_answer *will = &k->will[i];
	struct doorward_rehearsal *r = k->r;

	if (c == r->mine) {
		r->way = will->reach == DW_ARRIVAL_YES  ? DW_FENCE_WAY_OPEN
			 : will->reach == DW_ARRIVAL_NO ? DW_FENCE_WAY_CUT
							: DW_FENCE_WAY_UNKNOWN;
		r->way_why = copied(r->arena, text_of(will));
	}
	if (will->reach == DW_ARRIVAL_NO)
		r->cuts[r->n_cuts++] = (struct dw_fence_cut){ .at = c,
							      .fate = fate_of(k, c),
							      .mine = c == r->mine };
}

static int mine_first(const void *x, const void *y)
{
	const struct dw_fence_cut *a = x, *b = y;

	if (a->mine != b->mine)
		return a->mine ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static void judge(struct asking *k)
{
	struct doorward_rehearsal *r = k->r;
	const struct dw_strings *obstacles = dw_rehearsal_obstacles(k->after);

	r->changes = dw_arena_array(r->arena, k->questions.n + 1, sizeof(*r->changes));
	r->cuts = dw_arena_array(r->arena, k->questions.n + 1, sizeof(*r->cuts));
	for (size_t i = 0; i < k->questions.n; i++) {
		r->unknown += k->will[i].reach == DW_ARRIVAL_UNKNOWN;
		if (k->doors.v[i])
			judge_door(k, i);
		else
			judge_connection(k, i);
	}
	if (r->n_cuts > 1)
		qsort(r->cuts, r->n_cuts, sizeof(*r->cuts), mine_first);
	for (size_t i = 0; obstacles && i < obstacles->n; i++)
		dw_vec_push(r->arena, &r->obstacles, copied(r->arena, obstacles->v[i]));
	r->rehearsed = true;
}

void dw_fence_rehearse(struct dw_sys *s, struct doorward_rehearsal *r)
{
	struct asking k = { .sys = s, .arena = r->arena, .r = r, .self = dw_netns_self(s) };
	struct dw_error e = { 0 };
	int status;

	r->way = r->mine ? DW_FENCE_WAY_UNKNOWN : DW_FENCE_WAY_LOCAL;
	add_networks(&k);
	status = open_copies(&k, true, &e);
	if (status == 0) {
		ask_doors(&k);
		ask_connections(&k);
		status = answer(&k, k.before, &k.was, &e);
	}
	if (status == 0)
		status = answer(&k, k.after, &k.will, &e);
	if (status == 0)
		judge(&k);
	else
		r->why_not = dw_arena_strdup(r->arena, e.message);
	if (status < 0 && r->mine)
		r->way_why = r->why_not;
	close_copies(&k);
}

enum dw_fence_way dw_fence_way_now(struct dw_sys *s, const struct dw_connection_fact *mine,
				   struct dw_arena *a, const char **ret_why)
{
	struct doorward_rehearsal r = { .arena = a, .mine = mine };
	struct asking k = { .sys = s, .arena = a, .r = &r, .self = dw_netns_self(s) };
	struct dw_error e = { 0 };
	enum dw_fence_way way = DW_FENCE_WAY_UNKNOWN;
	int status;

	add_networks(&k);
	status = open_copies(&k, false, &e);
	if (status == 0) {
		ask_connection(&k, mine);
		status = answer(&k, k.before, &k.was, &e);
	}
	*ret_why = status < 0 ? dw_arena_strdup(a, e.message) : NULL;
	if (status == 0 && k.questions.n == 1) {
		*ret_why = copied(a, text_of(&k.was[0]));
		way = k.was[0].reach == DW_ARRIVAL_YES  ? DW_FENCE_WAY_OPEN
		      : k.was[0].reach == DW_ARRIVAL_NO ? DW_FENCE_WAY_CUT
							: DW_FENCE_WAY_UNKNOWN;
	}
	close_copies(&k);
	return way;
}
