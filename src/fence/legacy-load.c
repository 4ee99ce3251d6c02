/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A legacy table into another namespace: its entries put together anew (their sizes change, so all offsets do)
 * and handed to IPT_SO_SET_REPLACE, as iptables-restore does.
 */
#include <net/if.h> /* these two before their twins of linux/ */
#include <netinet/in.h>

#include <errno.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#include "dw_netput.h"
#include "legacy.h"

struct building {
	const struct dw_legacy *table;
	const struct dw_rule *rules;
	const enum dw_supposed *supposed;
	struct dw_arena *arena;
	struct dw_str bytes;
	uint32_t *places; /* of each entry in the new blob */
};

static void add(struct building *b, const void *p, size_t n)
{
	static const char zeros[8] = "";

	dw_str_addn(&b->bytes, p, n);
	dw_str_addn(&b->bytes, zeros, (8 - b->bytes.n % 8) % 8); /* XT_ALIGN */
}

static void add_match(struct building *b, const struct dw_legacy_entry *e,
		      const struct dw_legacy_match *m)
{
	const uint8_t *p = b->table->blob.entries + e->at + m->at;
	size_t head = sizeof(struct xt_entry_match);

	if (m->act == DW_RS_DROP || (m->act == DW_RS_DOUBT && !m->eased))
		return;
	dw_str_addn(&b->bytes, (const char *)p, head);
	add(b, m->eased ? m->eased : p + head, m->size - head);
}

/* On to the next entry: the verdict is set when its place is known. */
static void add_nothing(struct building *b)
{
	struct xt_standard_target t = { 0 };

	t.target.u.user.target_size = XT_ALIGN(sizeof(t));
	t.verdict = INT32_MAX;
	add(b, &t, sizeof(t));
}

static void add_told(struct building *b, uint32_t id)
{
	struct {
		struct xt_entry_target head;
		struct xt_nflog_info info;
	} t = { 0 };
	const char *prefix = dw_arena_printf(b->arena, "met %u", id);

	t.head.u.user.target_size = XT_ALIGN(sizeof(t));
	memcpy(t.head.u.user.name, "NFLOG", sizeof("NFLOG"));
	t.info.len = 128;
	t.info.group = DW_MET_GROUP;
	t.info.threshold = 1;
	t.info.flags = XT_NFLOG_F_COPY_LEN;
	memcpy(t.info.prefix, prefix, DW_MIN(strlen(prefix), sizeof(t.info.prefix) - 1));
	add(b, &t, sizeof(t));
}

/*
 * What the IP header must be like goes when the rule is supposed to be false; a question for fragments when it
 * is in doubt.
 */
static void ease_head(struct building *b, size_t at, bool all)
{
	char *p = b->bytes.s + at;

	if (all) {
		memset(p, 0, b->table->blob.six ? sizeof(struct ip6t_ip6) : sizeof(struct ipt_ip));
		return;
	}
	if (b->table->blob.six)
		return;
	p[offsetof(struct ipt_ip, flags)] &= (char)~IPT_F_FRAG;
	p[offsetof(struct ipt_ip, invflags)] &= (char)~IPT_INV_FRAG;
}

static void add_target(struct building *b, const struct dw_legacy_entry *e, bool in_doubt,
		       enum dw_supposed s)
{
	if (in_doubt && s == DW_SUPPOSED_FALSE_TOLD)
		add_told(b, e->id);
	else if ((in_doubt && s == DW_SUPPOSED_FALSE) || e->target_act == DW_RS_DROP ||
		 e->target_act == DW_RS_DOUBT)
		add_nothing(b);
	else
		add(b, b->table->blob.entries + e->at + e->target, e->size - e->target);
}

/* Sizes are told by 16 bits: only a hostile blob is as large as that. */
static bool set_sizes(struct building *b, size_t at, size_t target)
{
	uint16_t to_target = (uint16_t)(target - at), to_next = (uint16_t)(b->bytes.n - at);
	bool six = b->table->blob.six;

	if (b->bytes.n - at > UINT16_MAX)
		return false;
	memcpy(b->bytes.s + at +
		       (six ? offsetof(struct ip6t_entry, target_offset)
			    : offsetof(struct ipt_entry, target_offset)),
	       &to_target, sizeof(to_target));
	memcpy(b->bytes.s + at +
		       (six ? offsetof(struct ip6t_entry, next_offset)
			    : offsetof(struct ipt_entry, next_offset)),
	       &to_next, sizeof(to_next));
	return true;
}

static bool add_entry(struct building *b, const struct dw_legacy_entry *e)
{
	bool rule = e->id != DW_LEGACY_NO_RULE;
	bool in_doubt = rule && b->rules[e->id].doubt != DW_DOUBT_NONE;
	enum dw_supposed s = DW_SUPPOSED_FALSE_TOLD;
	size_t at = b->bytes.n, target;

	if (!rule) {
		add(b, b->table->blob.entries + e->at, e->size);
		return true;
	}
	if (b->supposed)
		s = b->supposed[e->id];
	add(b, b->table->blob.entries + e->at, dw_legacy_head(b->table));
	if (in_doubt)
		ease_head(b, at, s == DW_SUPPOSED_FALSE);
	for (size_t i = 0; i < e->matches.n && !(in_doubt && s == DW_SUPPOSED_FALSE); i++)
		add_match(b, e, &e->matches.v[i]);
	target = b->bytes.n;
	add_target(b, e, in_doubt, s);
	return set_sizes(b, at, target);
}

/* Index of the entry that begins there; the number of entries: none does. */
static size_t entry_at(const struct dw_legacy *t, uint32_t at)
{
	size_t low = 0, high = t->entries.n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (t->entries.v[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->entries.n && t->entries.v[low].at == at ? low : t->entries.n;
}

static uint32_t end_of(const struct building *b, size_t i)
{
	return i + 1 < b->table->entries.n ? b->places[i + 1] : (uint32_t)b->bytes.n;
}

/* Jumps are offsets into the whole blob. */
static bool set_jump(struct building *b, size_t i)
{
	const struct dw_legacy_entry *e = &b->table->entries.v[i];
	uint32_t at = b->places[i];
	struct xt_standard_target t;
	uint16_t target;
	size_t to;

	memcpy(&target,
	       b->bytes.s + at +
		       (b->table->blob.six ? offsetof(struct ip6t_entry, target_offset)
					   : offsetof(struct ipt_entry, target_offset)),
	       sizeof(target));
	if (end_of(b, i) - at - target < sizeof(t))
		return true;
	memcpy(&t, b->bytes.s + at + target, sizeof(t));
	if (t.target.u.user.name[0] != '\0' || t.verdict < 0)
		return true;
	if (t.verdict == INT32_MAX || (uint32_t)t.verdict == e->at + e->size) {
		t.verdict = (int32_t)end_of(b, i);
	} else {
		to = entry_at(b->table, (uint32_t)t.verdict);
		if (to == b->table->entries.n)
			return false;
		t.verdict = (int32_t)b->places[to];
	}
	memcpy(b->bytes.s + at + target, &t, sizeof(t));
	return true;
}

static bool set_hooks(const struct building *b, struct ipt_replace *x)
{
	const struct dw_legacy *t = b->table;

	for (unsigned h = 0; h < DW_XTABLES_HOOKS; h++) {
		size_t first = entry_at(t, t->blob.hook_entry[h]);
		size_t policy = entry_at(t, t->blob.underflow[h]);

		if (!(t->blob.valid_hooks >> h & 1))
			continue;
		if (first == t->entries.n || policy == t->entries.n)
			return false;
		x->hook_entry[h] = b->places[first];
		x->underflow[h] = b->places[policy];
	}
	return true;
}

static bool build(struct building *b, struct ipt_replace *x)
{
	const struct dw_legacy *t = b->table;
	bool good = true;

	b->places = dw_arena_array(b->arena, t->entries.n, sizeof(*b->places));
	for (size_t i = 0; i < t->entries.n && good; i++) {
		b->places[i] = (uint32_t)b->bytes.n;
		good = add_entry(b, &t->entries.v[i]);
	}
	for (size_t i = 0; i < t->entries.n && good; i++)
		good = set_jump(b, i);
	memcpy(x->name, t->blob.name, DW_MIN(strlen(t->blob.name), sizeof(x->name) - 1));
	x->valid_hooks = t->blob.valid_hooks;
	x->num_entries = (uint32_t)t->entries.n;
	x->size = (uint32_t)b->bytes.n;
	return good && set_hooks(b, x);
}

/* ipt_replace and ip6t_replace have the same layout up to the entries. */
static int put(struct dw_sys *s, const struct dw_netns *scratch, const struct dw_legacy *t,
	       const struct building *b, struct ipt_replace *x, struct dw_error *e)
{
	size_t head = offsetof(struct ipt_replace, entries);
	struct dw_xtables former = { 0 };
	uint8_t *whole;
	int r;

	/*
	 * Being asked for it, the kernel makes the table; the number of its entries is how many counters it
	 * gives back.
	 */
	r = dw_xtables_read(s, scratch, t->blob.six, t->blob.name, b->arena, &former, e);
	if (r < 0)
		return r;
	x->num_counters = former.n_entries;
	x->counters = dw_arena_array(b->arena, former.n_entries, sizeof(struct xt_counters));
	whole = dw_arena_alloc(b->arena, head + b->bytes.n);
	memcpy(whole, x, head);
	if (b->bytes.s)
		memcpy(whole + head, b->bytes.s, b->bytes.n);
	return dw_netns_setsockopt(s, scratch, t->blob.six ? AF_INET6 : AF_INET,
				   t->blob.six ? IPPROTO_IPV6 : IPPROTO_IP,
				   t->blob.six ? IP6T_SO_SET_REPLACE : IPT_SO_SET_REPLACE, whole,
				   head + b->bytes.n, e);
}

static int load_table(struct dw_sys *s, const struct dw_netns *scratch, struct dw_ruleset *r,
		      struct dw_legacy *t, const enum dw_supposed *supposed, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *arena = dw_arena_new();
	struct building b = { .table = t,
			      .rules = r->rules,
			      .supposed = supposed,
			      .arena = arena,
			      .bytes = { .arena = arena } };
	struct ipt_replace x = { 0 };

	if (!build(&b, &x))
		return dw_error_set(e, -EBADMSG, "the table %s of %s-legacy is damaged",
				    t->blob.name, dw_legacy_program(t));
	return put(s, scratch, t, &b, &x, e);
}

/* What the kernel says when it does not know a match or target, or not with this information. */
static bool is_refusal(int code)
{
	return code == -ENOENT || code == -EINVAL || code == -ENOPROTOOPT || code == -EOPNOTSUPP ||
	       code == -ELOOP || code == -EBADMSG || code == -ERANGE || code == -ENOTSUP;
}

int dw_legacy_load(struct dw_sys *s, const struct dw_netns *scratch, struct dw_ruleset *r,
		   const enum dw_supposed *supposed, struct dw_error *e)
{
	struct dw_rs_copy *c = r->copy;

	/* the kernel tells the newest table first: made in their old order they are told alike */
	for (size_t i = c->legacy.n; i-- > 0;) {
		struct dw_legacy *t = c->legacy.v[i];
		struct dw_error why = { 0 };
		int code = 0;

		if (t->damaged || t->refused)
			continue;
		for (unsigned k = 0; k < 3; k++) {
			code = load_table(s, scratch, r, t, supposed, &why);
			if (code != -EAGAIN) /* the counters were of another table */
				break;
		}
		if (code < 0 && !is_refusal(code)) {
			if (e)
				*e = why;
			return code;
		}
		if (code == 0)
			continue;
		t->refused = true;
		dw_rs_obstacle(c, 0,
			       "the kernel does not take a copy of the table %s of %s-legacy: %s",
			       t->blob.name, dw_legacy_program(t), strerror(-code));
	}
	return 0;
}
