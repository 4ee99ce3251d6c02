/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table of iptables-legacy taken apart: its chains and rules, and what is in doubt. Every offset is checked. */
#include <net/if.h> /* these two before their twins of linux/ */
#include <netinet/in.h>

#include <errno.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#include "legacy.h"
#include "sources.h"

#define ENTRIES_MAX 500000u

const char *dw_legacy_program(const struct dw_legacy *t)
{
	return t->blob.six ? "ip6tables" : "iptables";
}

uint32_t dw_legacy_head(const struct dw_legacy *t)
{
	return t->blob.six ? sizeof(struct ip6t_entry) : sizeof(struct ipt_entry);
}

/* What both families have in common. */
struct head {
	uint32_t target, next;
	uint64_t packets;
	bool fragments; /* asks for them */
	uint8_t l4proto;
};

static bool read_head(const struct dw_legacy *t, uint32_t at, struct head *ret)
{
	const uint8_t *p = t->blob.entries + at;
	struct ipt_entry four;
	struct ip6t_entry six;

	if (at > t->blob.n || t->blob.n - at < dw_legacy_head(t))
		return false;
	if (t->blob.six) {
		memcpy(&six, p, sizeof(six));
		*ret = (struct head){ six.target_offset, six.next_offset, six.counters.pcnt, false,
				      six.ipv6.invflags & IP6T_INV_PROTO
					      ? 0
					      : (uint8_t)six.ipv6.proto };
	} else {
		memcpy(&four, p, sizeof(four));
		*ret = (struct head){ four.target_offset, four.next_offset, four.counters.pcnt,
				      four.ip.flags & IPT_F_FRAG,
				      four.ip.invflags & IPT_INV_PROTO ? 0
								       : (uint8_t)four.ip.proto };
	}
	return ret->next <= t->blob.n - at && ret->next % 8 == 0 &&
	       ret->target >= dw_legacy_head(t) && ret->target <= ret->next &&
	       ret->next - ret->target >= sizeof(struct xt_entry_target);
}

static bool add_matches(struct dw_rs_copy *c, const struct dw_legacy *t, struct dw_legacy_entry *e)
{
	for (uint32_t from = dw_legacy_head(t); from < e->target;) {
		struct xt_entry_match m;

		if (e->target - from < sizeof(m))
			return false;
		memcpy(&m, t->blob.entries + e->at + from, sizeof(m));
		if (m.u.user.match_size < sizeof(m) || m.u.user.match_size > e->target - from ||
		    m.u.user.match_size % 8 != 0)
			return false;
		*dw_vec_add(c->arena, &e->matches) =
			(struct dw_legacy_match){ .at = from, .size = m.u.user.match_size };
		from += m.u.user.match_size;
	}
	return true;
}

static struct xt_entry_target target_of(const struct dw_legacy *t, const struct dw_legacy_entry *e)
{
	struct xt_entry_target target;

	memcpy(&target, t->blob.entries + e->at + e->target, sizeof(target));
	target.u.user.name[sizeof(target.u.user.name) - 1] = '\0';
	return target;
}

static const char *hook_name(unsigned hook)
{
	static const char *const names[DW_XTABLES_HOOKS] = { "PREROUTING", "INPUT", "FORWARD",
							     "OUTPUT", "POSTROUTING" };

	return names[hook];
}

static void begin_chain(struct dw_rs_copy *c, struct dw_legacy *t, const char *name, uint32_t first)
{
	*dw_vec_add(c->arena, &t->chains) =
		(struct dw_legacy_chain){ .name = name, .first = first };
}

/* Is the entry at `at` a hook's first, or its policy? */
static bool begins_hook(struct dw_rs_copy *c, struct dw_legacy *t, uint32_t at, uint32_t next_id)
{
	bool policy = false;

	for (unsigned h = 0; h < DW_XTABLES_HOOKS; h++) {
		if (!(t->blob.valid_hooks >> h & 1))
			continue;
		if (t->blob.hook_entry[h] == at)
			begin_chain(c, t, hook_name(h), next_id);
		policy |= t->blob.underflow[h] == at;
	}
	return policy;
}

static const char *comment_of(struct dw_rs_copy *c, const struct dw_legacy *t,
			      const struct dw_legacy_entry *e)
{
	for (size_t i = 0; i < e->matches.n; i++) {
		const uint8_t *p = t->blob.entries + e->at + e->matches.v[i].at;
		struct xt_entry_match m;

		memcpy(&m, p, sizeof(m));
		if (strncmp(m.u.user.name, "comment", sizeof(m.u.user.name)) == 0)
			return dw_arena_strndup(c->arena, (const char *)p + sizeof(m),
						e->matches.v[i].size - sizeof(m));
	}
	return NULL;
}

static void add_rule(struct dw_rs_copy *c, struct dw_legacy *t, struct dw_legacy_entry *e,
		     const struct head *h)
{
	struct dw_legacy_chain *chain = &t->chains.v[t->chains.n - 1];
	struct dw_rule *rule = dw_vec_add(c->arena, &c->legacy_rules);

	e->id = (uint32_t)(c->rules.n + c->legacy_rules.n - 1);
	*rule = (struct dw_rule){
		.id = e->id,
		.handle = ++chain->n,
		.counted = true,
		.packets = h->packets,
		.l4proto = h->l4proto,
		.comment = comment_of(c, t, e),
		.where = dw_arena_printf(c->arena, "%s %s %s", dw_legacy_program(t), t->blob.name,
					 chain->name),
	};
	rule->words = rule->comment
			      ? dw_arena_printf(c->arena, "%s rule %u (%s)", rule->where, chain->n,
						rule->comment)
			      : dw_arena_printf(c->arena, "%s rule %u", rule->where, chain->n);
}

/* The head of a user's chain ends the former one, whose last entry is the return of its end and no rule. */
static void take_chain_head(struct dw_rs_copy *c, struct dw_legacy *t,
			    const struct dw_legacy_entry *e)
{
	const char *p =
		(const char *)t->blob.entries + e->at + e->target + sizeof(struct xt_entry_target);
	size_t n = e->size - e->target - sizeof(struct xt_entry_target);
	struct dw_legacy_entry *last = t->entries.n > 0 ? &t->entries.v[t->entries.n - 1] : NULL;

	if (last && last->id != DW_LEGACY_NO_RULE) {
		last->id = DW_LEGACY_NO_RULE;
		c->legacy_rules.n--;
		t->chains.v[t->chains.n - 1].n--;
	}
	begin_chain(c, t, dw_arena_strndup(c->arena, p, DW_MIN(n, (size_t)XT_FUNCTION_MAXNAMELEN)),
		    (uint32_t)(c->rules.n + c->legacy_rules.n));
}

void dw_legacy_take_apart(struct dw_rs_copy *c, struct dw_legacy *t)
{
	struct head h;

	for (uint32_t at = 0; at < t->blob.n; at += h.next) {
		struct dw_legacy_entry e = { .at = at, .id = DW_LEGACY_NO_RULE }, *slot;
		bool policy;

		if (t->entries.n >= ENTRIES_MAX || !read_head(t, at, &h)) {
			t->damaged = true;
			return;
		}
		e.size = h.next;
		e.target = h.target;
		if (!add_matches(c, t, &e)) {
			t->damaged = true;
			return;
		}
		policy = begins_hook(c, t, at, (uint32_t)(c->rules.n + c->legacy_rules.n));
		if (dw_streq(target_of(t, &e).u.user.name, XT_ERROR_TARGET))
			take_chain_head(c, t, &e);
		else if (!policy && t->chains.n > 0)
			add_rule(c, t, &e, &h);
		slot = dw_vec_add(c->arena, &t->entries);
		if (slot)
			*slot = e;
	}
}

/*
 * --- doubt
 * ----------------------------------------------------------------------------------------
 */

static void raise_doubt(struct dw_rule *rule, enum dw_doubt d, const char *words)
{
	if (d <= rule->doubt)
		return;
	rule->doubt = d;
	rule->doubt_words = words;
}

static void judge_match(struct dw_rs_copy *c, const struct dw_legacy *t,
			const struct dw_legacy_entry *e, struct dw_legacy_match *m,
			struct dw_rule *rule)
{
	const uint8_t *p = t->blob.entries + e->at + m->at;
	struct xt_entry_match head;
	struct dw_rs_xt x;

	memcpy(&head, p, sizeof(head));
	head.u.user.name[sizeof(head.u.user.name) - 1] = '\0';
	x = dw_rs_xt_match(c, head.u.user.name, head.u.user.revision, p + sizeof(head),
			   m->size - sizeof(head));
	m->act = x.act;
	m->eased = x.eased;
	raise_doubt(rule, x.doubt, x.words);
}

/* A standard target whose verdict is the next entry's place: a rule without a target. */
static bool goes_on(const struct dw_legacy *t, const struct dw_legacy_entry *e)
{
	struct xt_standard_target standard;

	if (target_of(t, e).u.user.name[0] != '\0' || e->size - e->target < sizeof(standard))
		return false;
	memcpy(&standard, t->blob.entries + e->at + e->target, sizeof(standard));
	return standard.verdict >= 0 && (uint32_t)standard.verdict == e->at + e->size;
}

static void judge_entry(struct dw_rs_copy *c, const struct dw_legacy *t, struct dw_legacy_entry *e,
			struct dw_rule *rule)
{
	struct dw_rs_xt x = dw_rs_xt_target(c, target_of(t, e).u.user.name);
	bool effect = (x.act == DW_RS_EFFECT && !goes_on(t, e)) || x.opaque;
	struct head h;

	rule->doubt = DW_DOUBT_NONE;
	rule->doubt_words = NULL;
	rule->opaque = x.opaque;
	for (size_t i = 0; i < e->matches.n; i++)
		judge_match(c, t, e, &e->matches.v[i], rule);
	if (read_head(t, e->at, &h) && h.fragments)
		raise_doubt(rule, DW_DOUBT_SENDER, "fragments");
	raise_doubt(rule, x.doubt, x.words);
	e->target_act = x.act;
	if (effect)
		return;
	/* who only counts and logs never matters */
	rule->doubt = DW_DOUBT_NONE;
	rule->doubt_words = NULL;
	for (size_t i = 0; i < e->matches.n; i++)
		if (e->matches.v[i].act == DW_RS_DOUBT)
			e->matches.v[i].act = DW_RS_DROP;
}

void dw_legacy_judge(struct dw_rs_copy *c, const struct dw_legacy *t, struct dw_rule *rules)
{
	for (size_t i = 0; i < t->entries.n; i++)
		if (t->entries.v[i].id != DW_LEGACY_NO_RULE)
			judge_entry(c, t, &t->entries.v[i], &rules[t->entries.v[i].id]);
}

bool dw_legacy_acts(const struct dw_legacy *t)
{
	bool acts = t->damaged;

	for (size_t i = 0; i < t->entries.n && !acts; i++) {
		const struct dw_legacy_entry *e = &t->entries.v[i];
		struct xt_standard_target standard;

		acts |= e->id != DW_LEGACY_NO_RULE;
		for (unsigned h = 0; h < DW_XTABLES_HOOKS; h++) {
			if (!(t->blob.valid_hooks >> h & 1) || t->blob.underflow[h] != e->at ||
			    e->size - e->target < sizeof(standard))
				continue;
			memcpy(&standard, t->blob.entries + e->at + e->target, sizeof(standard));
			acts |= standard.verdict != -NF_ACCEPT - 1;
		}
	}
	return acts;
}

/*
 * --- reading
 * --------------------------------------------------------------------------------------
 */

static int read_table(struct dw_sys *s, const struct dw_netns *ns, struct dw_rs_copy *c, bool six,
		      const char *name, struct dw_error *e)
{
	struct dw_legacy *t = dw_new(c->arena, struct dw_legacy);
	int r = dw_xtables_read(s, ns, six, name, c->arena, &t->blob, e);

	if (r < 0)
		return r;
	dw_legacy_take_apart(c, t);
	if (t->damaged)
		dw_rs_obstacle(c, 0, "the table %s of %s-legacy could not be made sense of",
			       t->blob.name, dw_legacy_program(t));
	dw_vec_push(c->arena, &c->legacy, t);
	return 0;
}

int dw_legacy_read(struct dw_sys *s, const struct dw_netns *ns, struct dw_rs_copy *c,
		   struct dw_error *e)
{
	for (unsigned six = 0; six < 2; six++) {
		struct dw_bytes names = { 0 };
		struct dw_lines lines;
		char *name;
		int r = dw_xtables_names(s, ns, six, c->arena, &names, e);

		if (r < 0)
			return r;
		lines = dw_lines_of(&names);
		while ((name = dw_lines_next_trimmed(&lines, c->arena))) {
			r = *name ? read_table(s, ns, c, six, name, e) : 0;
			if (r < 0)
				return r;
		}
	}
	return 0;
}

const struct dw_rule *dw_rs_legacy_traced(const struct dw_ruleset *r, uint8_t family,
					  const char *table, const char *chain, uint64_t number)
{
	const struct dw_rs_copy *c = r->copy;

	for (size_t i = 0; i < c->legacy.n; i++) {
		const struct dw_legacy *t = c->legacy.v[i];

		if (t->blob.six != (family == NFPROTO_IPV6) || !dw_streq(t->blob.name, table))
			continue;
		for (size_t k = 0; k < t->chains.n; k++)
			if (dw_streq(t->chains.v[k].name, chain) && number >= 1 &&
			    number <= t->chains.v[k].n)
				return &r->rules[t->chains.v[k].first + number - 1];
	}
	return NULL;
}

/*
 * --- sources
 * --------------------------------------------------------------------------------------
 */

static void entry_sources(const struct dw_legacy *t, const struct dw_legacy_entry *e,
			  struct dw_sources *s)
{
	const uint8_t *p = t->blob.entries + e->at;
	struct dw_sources_part part = { .family = t->blob.six ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4 };
	static const uint8_t any[16];
	uint8_t source[16];

	part.n = dw_address_bytes(part.family);
	memcpy(source,
	       p + (t->blob.six ? offsetof(struct ip6t_ip6, src) : offsetof(struct ipt_ip, src)),
	       part.n);
	memcpy(part.mask,
	       p + (t->blob.six ? offsetof(struct ip6t_ip6, smsk) : offsetof(struct ipt_ip, smsk)),
	       part.n);
	if (memcmp(part.mask, any, part.n) != 0)
		dw_sources_masked(s, &part, source);
	for (size_t i = 0; i < e->matches.n; i++) {
		struct xt_entry_match m;

		memcpy(&m, p + e->matches.v[i].at, sizeof(m));
		m.u.user.name[sizeof(m.u.user.name) - 1] = '\0';
		dw_sources_match(s, part.family, m.u.user.name, m.u.user.revision,
				 p + e->matches.v[i].at + sizeof(m),
				 e->matches.v[i].size - sizeof(m));
	}
}

/* What the entry is, but for its source address, its counter and comments; 0: the source is "not that one". */
static uint64_t entry_print(const struct dw_legacy *t, const struct dw_legacy_entry *e)
{
	const uint8_t *p = t->blob.entries + e->at;
	uint64_t h = DW_SOURCES_MIX;
	struct ip6t_ip6 six;
	struct ipt_ip four;

	if (t->blob.six) {
		memcpy(&six, p, sizeof(six));
		memset(&six.src, 0, sizeof(six.src));
		memset(&six.smsk, 0, sizeof(six.smsk));
		h = six.invflags & IP6T_INV_SRCIP ? 0 : dw_sources_mix(h, &six, sizeof(six));
	} else {
		memcpy(&four, p, sizeof(four));
		four.src.s_addr = four.smsk.s_addr = 0;
		h = four.invflags & IPT_INV_SRCIP ? 0 : dw_sources_mix(h, &four, sizeof(four));
	}
	if (h == 0)
		return 0;
	for (size_t i = 0; i < e->matches.n; i++) {
		struct xt_entry_match m;

		memcpy(&m, p + e->matches.v[i].at, sizeof(m));
		m.u.user.name[sizeof(m.u.user.name) - 1] = '\0';
		if (!dw_streq(m.u.user.name, "comment"))
			h = dw_sources_mix(h, p + e->matches.v[i].at, e->matches.v[i].size);
	}
	return dw_sources_mix(h, p + e->target, e->size - e->target);
}

void dw_legacy_sources(const struct dw_legacy *t, struct dw_sources *s)
{
	for (size_t i = 0; i < t->entries.n; i++) {
		const struct dw_legacy_entry *e = &t->entries.v[i];
		size_t before = s->ones.n;

		if (e->id == DW_LEGACY_NO_RULE) {
			dw_sources_run_end(s);
			continue;
		}
		entry_sources(t, e, s);
		dw_sources_run(s, t, entry_print(t, e), before);
	}
	dw_sources_run_end(s);
}
