/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is what answers what belongs there? */
#include <string.h>

#include "comparing.h"
#include "dw_str.h"

/*
 * Protocols that are spoken bare, or bare inside TLS: who speaks one of them is no program of another. HTTP is none of
 * them: printers, databases and consoles speak it too, and a port of theirs that does is no finding.
 */
static const struct {
	const char *name, *group;
} bare[] = {
	{ "ssh", "ssh" },
	{ "telnet", "telnet" },
	{ "ftp", "ftp" },
	{ "ftps", "ftp" },
	{ "smtp", "smtp" },
	{ "submission", "smtp" },
	{ "smtps", "smtp" },
	{ "imap", "imap" },
	{ "imaps", "imap" },
	{ "pop3", "pop3" },
	{ "pop3s", "pop3" },
	{ "dns", "dns" },
	{ "mysql", "mysql" },
	{ "mariadb", "mysql" },
	{ "postgresql", "postgresql" },
	{ "redis", "redis" },
	{ "memcached", "memcached" },
	{ "ldap", "ldap" },
	{ "ldaps", "ldap" },
	{ "smb", "smb" },
	{ "vnc", "vnc" },
	{ "rdp", "rdp" },
	{ "mongodb", "mongodb" },
	{ "rabbitmq", "amqp" },
	{ "mqtt", "mqtt" },
	{ "ntp", "ntp" },
	{ "snmp", "snmp" },
	{ "rpcbind", "rpcbind" },
	{ "x11", "x11" },
	{ "rsync", "rsync" },
	{ "irc", "irc" },
	{ "nntp", "nntp" },
	{ "kerberos", "kerberos" },
};

static const char *group_of(const char *name)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(bare); i++)
		if (dw_streq(bare[i].name, name))
			return bare[i].group;
	return NULL;
}

/* What a service speaks, as far as it is one of these protocols: its own, and those of the services it serves. */
struct speech {
	const char *groups[8];
	size_t n;
	bool other; /* and something that is none of them */
};

static void add_speech(struct speech *s, const char *name)
{
	const char *group = group_of(name);

	if (!group)
		s->other = true;
	else if (s->n < DW_ARRAY_SIZE(s->groups))
		s->groups[s->n++] = group;
}

static struct speech speech_of(const struct dw_service *s)
{
	struct speech all = { 0 };

	if (!s)
		return all;
	if (group_of(s->name) || !*s->serves)
		add_speech(&all, s->name);
	for (const char *const *n = s->serves; *n; n++)
		add_speech(&all, *n);
	return all;
}

static bool share(const struct speech *x, const struct speech *y)
{
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < y->n; k++)
			if (dw_streq(x->groups[i], y->groups[k]))
				return true;
	return false;
}

/* One of the two speaks nothing but bare protocols, and the other none of these. */
static bool contradict(const struct speech *x, const struct speech *y)
{
	if (share(x, y) || (x->n == 0 && y->n == 0))
		return false;
	return (x->n && !x->other && (y->n || y->other)) ||
	       (y->n && !y->other && (x->n || x->other));
}

static const struct dw_service *named(const struct dw_comparing *c, const char *name)
{
	return name && c->in->knowledge ? dw_knowledge_service(c->in->knowledge, name) : NULL;
}

/* What answers: by the protocol that was spoken; the program behind it may be anything. */
static struct speech spoken(const struct dw_comparing_port *p)
{
	const struct dw_scan_service *s = p->outside->service;
	const struct dw_service *known = named(p->c, s->protocol);
	struct speech all = { 0 };

	if (s->protocol)
		add_speech(&all, known ? known->name : s->protocol);
	return all;
}

const char *dw_compare_answer(struct dw_arena *a, const struct dw_scan_service *s)
{
	if (!s || !(s->protocol || s->product))
		return NULL;
	if (!s->product)
		return s->protocol;
	return dw_arena_printf(a, "%s (%s%s%s)", s->protocol ? s->protocol : "?", s->product,
			       s->version ? " " : "", s->version ? s->version : "");
}

/*
 * A launcher (inetd, docker-proxy) holds doors for others and says nothing of what answers; what speaks HTTP is often a
 * proxy, which passes anything on.
 */
static bool inside_contradicts(const struct dw_comparing_port *p, const struct speech *out,
			       bool *ret_confirms)
{
	const struct dw_service *s = named(p->c, p->seen.service);
	struct speech in = speech_of(s);

	*ret_confirms = share(&in, out);
	return s && in.n && !in.other && !(s->traits & DW_TRAIT_LAUNCHER) &&
	       p->seen.reaches == DW_REACHES_YES && p->seen.door->kind != DW_KIND_FORWARDED &&
	       contradict(&in, out);
}

/* None of the services whose standard port it is fits. *ret: the first of them. */
static bool port_contradicts(const struct dw_comparing_port *p, const struct speech *out,
			     const struct dw_service **ret)
{
	struct dw_services all = dw_index_port(p->c->index, p->protocol, p->port);

	*ret = NULL;
	for (size_t i = 0; i < all.n; i++) {
		struct speech s = speech_of(all.v[i]);

		if (!contradict(&s, out))
			return false;
		if (!*ret)
			*ret = all.v[i];
	}
	return all.n > 0;
}

bool dw_compare_is_wrong_service(struct dw_comparing_port *p, bool *ret_urgent)
{
	const struct dw_service *standard = NULL;
	const char *answer = p->outside ? dw_compare_answer(p->c->a, p->outside->service) : NULL;
	struct speech out;
	bool confirms = false;

	if (!answer || !p->outside->service->protocol)
		return false;
	out = spoken(p);
	if (inside_contradicts(p, &out, &confirms)) {
		dw_compare_say(p, "not-what-inside-says",
			       "%s answers, and inside the door is %s's: another program or "
			       "machine answers.",
			       answer, p->seen.service);
		*ret_urgent = true;
		return true;
	}
	if (!port_contradicts(p, &out, &standard))
		return false;
	dw_compare_say(p, "not-the-standard-service", "%s answers on the standard port of %s.%s",
		       answer, standard->name,
		       confirms ? " Inside, the door is known as that." : "");
	*ret_urgent = !confirms;
	return true;
}

static const struct dw_scan_service *service_of(const struct dw_scan_port *p)
{
	return p ? p->service : NULL;
}

static bool is_other(const char *x, const char *y)
{
	return x && y && !dw_streq(x, y);
}

static const char *answer_or(const struct dw_comparing_port *p, const struct dw_scan_service *s)
{
	const char *text = dw_compare_answer(p->c->a, s);

	return text ? text : "Something";
}

bool dw_compare_is_changed(struct dw_comparing_port *p, bool *ret_urgent)
{
	const struct dw_scan_service *now = service_of(p->outside),
				     *was = service_of(p->outside_before);
	bool protocol, certificate;

	if (!now || !was)
		return false;
	protocol = is_other(now->protocol, was->protocol);
	certificate = is_other(now->certificate, was->certificate);
	if (!protocol && !certificate && !is_other(now->product, was->product) &&
	    !is_other(now->version, was->version))
		return false;
	if (certificate && !protocol)
		dw_compare_say(p, "certificate-changed", "Its certificate was %s, and is %s.",
			       was->certificate, now->certificate);
	else
		dw_compare_say(p, protocol ? "protocol-changed" : "version-changed",
			       "%s answered in the scan before, %s answers now.", answer_or(p, was),
			       answer_or(p, now));
	*ret_urgent = protocol;
	return true;
}
