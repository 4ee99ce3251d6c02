/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ufw(8): commands, a line each. It has no words for much of what is wanted, and that is told. */
#include "text.h"

#define COMMENT_MAX 100

static bool may_say(struct fence_text *t, const struct dw_fence_allow *a, const char *way)
{
	static const struct {
		uint16_t number;
		const char *name;
	} protocols[] = {
		{ 2, "igmp" }, { 41, "ipv6" }, { 47, "gre" }, { 50, "esp" }, { 51, "ah" }
	};
	const char *name = a->comment ? a->comment : "what is let in";

	if (a->protocol == DW_PROTOCOL_TCP || a->protocol == DW_PROTOCOL_UDP)
		return true;
	for (size_t i = 0; a->protocol == DW_PROTOCOL_RAW && i < DW_ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == a->first)
			return true;
	if (a->protocol == DW_PROTOCOL_RAW)
		fence_cannot(t, "%s: ufw has no word for IP protocol %u %s", name, a->first, way);
	else
		fence_cannot(t, "%s: ufw has no word for %s %s", name,
			     dw_protocol_name(a->protocol), way);
	return false;
}

static const char *protocol_of(const struct dw_fence_allow *a)
{
	if (a->protocol != DW_PROTOCOL_RAW)
		return dw_protocol_name(a->protocol);
	return a->first == 2    ? "igmp"
	       : a->first == 41 ? "ipv6"
	       : a->first == 47 ? "gre"
	       : a->first == 50 ? "esp"
				: "ah";
}

/* "from any" is of both families; a family alone is its whole network. */
static const char *network_of(struct dw_arena *a, const struct fence_reach *r, size_t i)
{
	if (r->n_from)
		return fence_network_text(a, &r->from[i]);
	return r->family == DW_FAMILY_IPV4   ? "0.0.0.0/0"
	       : r->family == DW_FAMILY_IPV6 ? "::/0"
					     : "any";
}

static void put_one(struct fence_text *t, const struct fence_rule *r, const char *network,
		    const struct fence_ports *ports, bool out)
{
	const struct dw_fence_allow *like = r->like;
	const char *own = like->on_address ? like->on_address : "any";
	bool has_ports = like->protocol != DW_PROTOCOL_RAW;

	dw_str_addf(&t->out, "ufw allow%s", out ? " out" : like->on_interface ? " in" : "");
	if (like->on_interface)
		dw_str_addf(&t->out, " on %s", like->on_interface);
	dw_str_addf(&t->out, " proto %s from %s to %s", protocol_of(like), out ? own : network,
		    out ? network : own);
	if (has_ports)
		dw_str_addf(&t->out, " port %s", fence_ports_text(t->a, ports, ':'));
	/* ufw refuses a ' in a comment */
	if (like->comment)
		dw_str_addf(&t->out, " comment %s",
			    fence_shell(t->a, fence_comment(t->a, like->comment, COMMENT_MAX, '\'',
							    '"')));
	dw_str_addc(&t->out, '\n');
}

static void put_rule(struct fence_text *t, const struct fence_rule *r, bool out)
{
	struct fence_reach reaches[2];
	size_t n = fence_reaches(t->a, r->like, reaches);

	if (!may_say(t, r->like, out ? "out" : "in"))
		return;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < (reaches[i].n_from ? reaches[i].n_from : 1); k++)
			for (size_t p = 0; p < r->n_ports; p++)
				put_one(t, r, network_of(t->a, &reaches[i], k), &r->ports[p], out);
}

static void tell_what_is_missing(struct fence_text *t)
{
	const struct dw_fence_want *w = t->want;

	if (w->guard_forwarded)
		fence_cannot(
			t, "ufw does not see ports that containers or DNAT rules publish: they go "
			   "round it");
	for (size_t i = 0; i < w->n_redirects; i++)
		fence_cannot(t,
			     "ufw has no command that redirects a port: %u/%s to %u would have to "
			     "stand in /etc/ufw/before.rules",
			     w->redirects[i].from, dw_protocol_name(w->redirects[i].protocol),
			     w->redirects[i].to);
	if (w->egress == DW_EGRESS_LOG)
		fence_cannot(t, "ufw has no words for \"log what goes out unexpectedly and let it "
				"pass\"");
	fence_cannot(
		t, "ufw's own before.rules let in mDNS (224.0.0.251, ff02::fb) and UPnP "
		   "(239.255.255.250, ff02::f) from every network, and DHCP answers, whatever the "
		   "policy says");
	fence_cannot(t,
		     "rules that ufw has already stay in force beside these: ufw status numbered "
		     "lists them");
}

void fence_text_ufw(struct fence_text *t)
{
	const struct dw_fence_want *w = t->want;
	const char *policy = w->policy ? w->policy : "the policy";
	struct fence_rules in = fence_rules_of(t->a, w->allow, w->n_allow);
	struct fence_rules out = fence_rules_of(t->a, w->out, w->n_out);

	dw_str_addf(
		&t->out,
		"# The fence of this host: what %s lets in, and nothing else. Made by doorward "
		"fence.\n"
		"# ufw itself lets in what belongs to connections, loopback, ICMP that must pass, "
		"and DHCP answers.\n",
		dw_escape_terminal(t->a, policy, strlen(policy)));
	for (size_t i = 0; i < in.n; i++) {
		const struct dw_fence_allow *like = in.v[i].like;

		if (like->forwarded || fence_is_redirected(w, like))
			fence_cannot(t,
				     "%s: ufw cannot narrow a port that is translated on its way",
				     like->comment ? like->comment : "a port");
		else
			put_rule(t, &in.v[i], false);
	}
	for (size_t i = 0; w->egress == DW_EGRESS_DENY && i < out.n; i++)
		put_rule(t, &out.v[i], true);
	dw_str_addf(&t->out, "ufw logging %s\n", w->log_denied ? "low" : "off");
	dw_str_addf(&t->out, "ufw default %s outgoing\n",
		    w->egress == DW_EGRESS_DENY ? "reject" : "allow");
	dw_str_add(&t->out, "ufw default deny incoming\nufw --force enable\n");
	tell_what_is_missing(t);
}
