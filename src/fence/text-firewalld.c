/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * firewalld: firewall-cmd(1) commands, a line each, for a zone of our own. Its target stays "default": ICMP passes,
 * which IPv6 needs, and all else is rejected. firewalld.richlanguage(5) has the rules.
 */
#include "text.h"

static bool may_say(struct fence_text *t, const struct dw_fence_allow *a)
{
	const char *name = a->comment ? a->comment : "what is let in";

	if (a->on_interface)
		fence_cannot(t,
			     "%s: a rule of firewalld cannot name an interface (%s); put it into a "
			     "zone of its own",
			     name, a->on_interface);
	else if (a->forwarded)
		fence_cannot(t,
			     "%s: firewalld cannot narrow a port that others translate on its way",
			     name);
	else if (a->protocol == DW_PROTOCOL_UDPLITE)
		fence_cannot(t, "%s: firewalld has no word for udplite", name);
	else
		return true;
	return false;
}

static const char *element_of(struct fence_text *t, const struct dw_fence_allow *a,
			      const struct fence_ports *p)
{
	if (a->protocol == DW_PROTOCOL_RAW)
		return dw_arena_printf(t->a, "protocol value=\"%u\"", p->first);
	return dw_arena_printf(t->a, "port port=\"%s\" protocol=\"%s\"",
			       fence_ports_text(t->a, p, '-'), dw_protocol_name(a->protocol));
}

static void put(struct fence_text *t, const char *option)
{
	dw_str_addf(&t->out, "firewall-cmd --permanent --zone=doorward %s\n", option);
}

static void put_rich(struct fence_text *t, const struct dw_fence_allow *a, enum dw_family family,
		     const struct dw_network *from, const char *rest)
{
	struct dw_str rule = { .arena = t->a };

	dw_str_addf(&rule, "rule family=\"%s\"", family == DW_FAMILY_IPV6 ? "ipv6" : "ipv4");
	if (from)
		dw_str_addf(&rule, " source address=\"%s\"", fence_network_text(t->a, from));
	if (a->on_address)
		dw_str_addf(&rule, " destination address=\"%s\"", a->on_address);
	dw_str_addf(&rule, " %s", rest);
	put(t, dw_arena_printf(t->a, "--add-rich-rule=%s", fence_shell(t->a, rule.s)));
}

/* From anywhere to any address: a plain port. */
static void put_plain(struct fence_text *t, const struct dw_fence_allow *a,
		      const struct fence_ports *p)
{
	if (a->protocol == DW_PROTOCOL_RAW)
		put(t, dw_arena_printf(t->a, "--add-protocol=%u", p->first));
	else
		put(t, dw_arena_printf(t->a, "--add-port=%s/%s", fence_ports_text(t->a, p, '-'),
				       dw_protocol_name(a->protocol)));
}

static void put_reach(struct fence_text *t, const struct fence_rule *r,
		      const struct fence_reach *reach)
{
	for (size_t p = 0; p < r->n_ports; p++) {
		const char *accept =
			dw_arena_printf(t->a, "%s accept", element_of(t, r->like, &r->ports[p]));

		if (reach->family == DW_FAMILY_UNKNOWN)
			put_plain(t, r->like, &r->ports[p]);
		else if (reach->n_from == 0)
			put_rich(t, r->like, reach->family, NULL, accept);
		for (size_t k = 0; k < reach->n_from; k++)
			put_rich(t, r->like, reach->family, &reach->from[k], accept);
	}
}

static void put_rule(struct fence_text *t, const struct fence_rule *r)
{
	struct fence_reach reaches[2];
	size_t n = fence_reaches(t->a, r->like, reaches);

	if (!may_say(t, r->like))
		return;
	if (r->like->comment)
		dw_str_addf(&t->out, "# %s\n",
			    fence_comment(t->a, r->like->comment, 200, '\0', ' '));
	for (size_t i = 0; i < n; i++)
		put_reach(t, r, &reaches[i]);
}

/*
 * A port that is forwarded is open by that alone: so it is forwarded for those whom the rule lets in, and for nobody
 * else.
 */
static bool put_redirected(struct fence_text *t, const struct dw_fence_redirect *redirect,
			   const struct dw_fence_allow *a)
{
	const char *forward =
		dw_arena_printf(t->a,
				"forward-port port=\"%u\" protocol=\"%s\" "
				"to-port=\"%u\"",
				redirect->from, dw_protocol_name(redirect->protocol), redirect->to);
	struct fence_reach reaches[2];
	size_t n = fence_reaches(t->a, a, reaches);

	if (a->protocol != redirect->protocol || redirect->from < a->first ||
	    redirect->from > a->last || a->forwarded || !may_say(t, a))
		return false;
	for (size_t i = 0; i < n; i++) {
		enum dw_family f = reaches[i].family;

		if (f != DW_FAMILY_UNKNOWN && reaches[i].n_from == 0)
			put_rich(t, a, f, NULL, forward);
		for (size_t k = 0; k < reaches[i].n_from; k++)
			put_rich(t, a, f, &reaches[i].from[k], forward);
		if (f == DW_FAMILY_UNKNOWN)
			put(t,
			    dw_arena_printf(t->a, "--add-forward-port=port=%u:proto=%s:toport=%u",
					    redirect->from, dw_protocol_name(redirect->protocol),
					    redirect->to));
	}
	return true;
}

static void put_redirects(struct fence_text *t)
{
	const struct dw_fence_want *w = t->want;

	for (size_t i = 0; i < w->n_redirects; i++) {
		const struct dw_fence_redirect *r = &w->redirects[i];
		bool any = false;

		if (r->comment)
			dw_str_addf(&t->out, "# %s\n",
				    fence_comment(t->a, r->comment, 200, '\0', ' '));
		for (size_t k = 0; k < w->n_allow; k++)
			any |= put_redirected(t, r, &w->allow[k]);
		if (!any)
			fence_cannot(t,
				     "redirect %u to %u: nobody is let in to %u/%s, and firewalld "
				     "opens a port by forwarding it; it is left out",
				     r->from, r->to, r->from, dw_protocol_name(r->protocol));
	}
}

static void tell_what_is_missing(struct fence_text *t)
{
	const struct dw_fence_want *w = t->want;

	if (w->guard_forwarded)
		fence_cannot(t, "ports that containers publish are in zones of their own (docker's "
				"lets everything through): these rules do not narrow them");
	if (w->egress != DW_EGRESS_OPEN)
		fence_cannot(t,
			     "outgoing connections: firewalld does that by policies, which are not "
			     "written here");
	fence_cannot(t, "interfaces and networks that are bound to another zone stay there: "
			"firewall-cmd --get-active-zones tells which");
	if (!w->dhcp6)
		return;
	put(t, "--add-service=dhcpv6-client");
}

void fence_text_firewalld(struct fence_text *t)
{
	const struct dw_fence_want *w = t->want;
	const char *policy = w->policy ? w->policy : "the policy";
	struct fence_rules in = fence_rules_of(t->a, w->allow, w->n_allow);

	dw_str_addf(&t->out,
		    "# The fence of this host: what %s lets in, and nothing else. Made by doorward "
		    "fence.\n"
		    "# A zone of our own, made anew; it becomes the default one at the end.\n"
		    "firewall-cmd --permanent --delete-zone=doorward || :\n"
		    "firewall-cmd --permanent --new-zone=doorward\n",
		    dw_escape_terminal(t->a, policy, strlen(policy)));
	for (size_t i = 0; i < in.n; i++)
		put_rule(t, &in.v[i]);
	put_redirects(t);
	tell_what_is_missing(t);
	dw_str_addf(&t->out,
		    "firewall-cmd --reload\n"
		    "firewall-cmd --set-log-denied=%s\n"
		    "firewall-cmd --set-default-zone=doorward\n",
		    w->log_denied ? "unicast" : "off");
}
