/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* May the scanner reach that port, as the policy has it? */
#include <arpa/inet.h>
#include <string.h>

#include "comparing.h"
#include "dw_policy_match.h"
#include "dw_str.h"

/* Who scanned is in one of the networks: of the family, all addresses, some, or none of its. */
static enum dw_allowed scanner_is_in(const struct dw_comparing *c, const struct dw_statement *s,
				     enum dw_family family)
{
	size_t n = 0, in = 0;

	for (size_t i = 0; i < c->in->n_scanner; i++) {
		const struct dw_address *x = &c->in->scanner[i];
		bool has = false;

		if (x->family != family)
			continue;
		for (size_t k = 0; k < s->n_from; k++)
			has = has || dw_network_has(&s->from[k], x->family, x->bytes);
		n++;
		in += has;
	}
	if (n == 0 || (in && in < n))
		return DW_ALLOWED_UNKNOWN;
	return in ? DW_ALLOWED_YES : DW_ALLOWED_NO;
}

/* "on ADDRESS": only there. An interface says nothing of the address. */
static bool is_elsewhere(const struct dw_statement *s, const struct dw_address *x)
{
	struct dw_address on = { 0 };

	if (!s->on)
		return false;
	if (inet_pton(AF_INET, s->on, on.bytes) == 1)
		on.family = DW_FAMILY_IPV4;
	else if (inet_pton(AF_INET6, s->on, on.bytes) == 1)
		on.family = DW_FAMILY_IPV6;
	else
		return false;
	return on.family != x->family || memcmp(on.bytes, x->bytes, sizeof(on.bytes)) != 0;
}

static enum dw_allowed kept(struct dw_comparing_port *p, const struct dw_statement *s,
			    const char *where)
{
	const struct dw_address *x = &p->h->host->address;
	enum dw_allowed r;

	if (s->on_loopback || is_elsewhere(s, x)) {
		dw_compare_say(p, "policy-elsewhere", "%s keeps it on %s only.", where,
			       s->on_loopback ? "loopback" : s->on);
		return p->h->itself && s->on_loopback ? DW_ALLOWED_YES : DW_ALLOWED_NO;
	}
	if (s->from_any || s->n_from == 0) {
		dw_compare_say(p, "policy-keeps", "%s keeps it, for everybody.", where);
		return DW_ALLOWED_YES;
	}
	r = scanner_is_in(p->c, s, x->family);
	if (r == DW_ALLOWED_UNKNOWN)
		dw_compare_say(p, "scanner-unknown",
			       "%s keeps it for some networks, and it is not known from which "
			       "address the scan came.",
			       where);
	else
		dw_compare_say(p, r == DW_ALLOWED_YES ? "policy-keeps" : "policy-not-from-there",
			       r == DW_ALLOWED_YES
				       ? "%s keeps it for networks that the scanner is in."
				       : "%s keeps it for other networks than the scanner's.",
			       where);
	return r;
}

static enum dw_allowed not_named(struct dw_comparing_port *p, enum dw_policy_default d)
{
	if (d == DW_DEFAULT_ASK || d == DW_DEFAULT_REPORT) {
		dw_compare_say(p, "not-in-policy",
			       "No statement of the policy names it (default %s).",
			       dw_policy_default_name(d));
		return DW_ALLOWED_NOT_SAID;
	}
	dw_compare_say(p, "not-in-policy",
		       "The policy does not keep it: what it does not name is "
		       "not to be reached.");
	return DW_ALLOWED_NO;
}

static const struct dw_service *answering(const struct dw_comparing_port *p)
{
	const struct dw_scan_service *s = p->outside ? p->outside->service : NULL;
	const char *name = p->seen.service ? p->seen.service
			   : !s            ? NULL
			   : s->service    ? s->service
					   : s->protocol;

	return name && p->c->in->knowledge ? dw_knowledge_service(p->c->in->knowledge, name) : NULL;
}

enum dw_allowed dw_compare_allowed(struct dw_comparing_port *p)
{
	const struct dw_compare_input *in = p->c->in;
	const struct dw_address *x = &p->h->host->address;
	/* what nobody saw from inside is a door all the same: by its port, and what it says it is */
	struct dw_door made = {
		.at = { .protocol = p->protocol,
			.family = x->family,
			.has_port = true,
			.port = p->port },
		.netns = "host",
		.kind = p->protocol == DW_PROTOCOL_UDP ? DW_KIND_DATAGRAM : DW_KIND_LISTENER,
	};
	const struct dw_snapshot none = { 0 };
	const struct dw_statement *s;
	const char *where;

	if (!in->policy)
		return DW_ALLOWED_UNKNOWN;
	memcpy(made.at.address, x->bytes, sizeof(made.at.address));
	s = dw_policy_match(in->policy, p->h->inside ? p->h->inside->snapshot : &none,
			    p->seen.door ? p->seen.door : &made, answering(p), in->knowledge,
			    in->scan->ended ? in->scan->ended : in->scan->begun, NULL);
	if (!s)
		return not_named(p, in->policy->otherwise);
	where = dw_arena_printf(p->c->a, "%s:%u", s->file ? s->file : "the policy", s->line);
	if (s->action == DW_POLICY_CLOSE) {
		dw_compare_say(p, "policy-closes", "%s says that it is to be closed.", where);
		return DW_ALLOWED_NO;
	}
	return kept(p, s, where);
}
