/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The facts of a story: what it is, what starts it, who reaches and uses it, with which rights. */
#include <string.h>

#include "dw_fields.h"
#include "dw_macros.h"
#include "why.h"

static const struct dw_door *first(const struct story *s)
{
	return s->doors[0]->door;
}

static const char *shown(const struct story *s, const char *text)
{
	return dw_cells_escape(text, s->a);
}

static const char *kind_text(const struct story *s)
{
	const struct dw_door *d = first(s);

	switch (d->kind) {
	case DW_KIND_SNIFFER:
		return d->filter ? dw_arena_printf(s->a, "It reads packets off the wire: %s.",
						   shown(s, d->filter))
				 : "It reads every packet off the wire.";
	case DW_KIND_RAW:
		return "It reads the packets of an IP protocol.";
	case DW_KIND_FORWARDED:
	case DW_KIND_REDIRECTED:
		return dw_arena_printf(s->a, "No socket of this host: %s%s%s%s.",
				       d->target ? "it leads to " : "redirected",
				       d->target ? shown(s, d->target) : "", d->rule ? ", by " : "",
				       d->rule ? shown(s, d->rule) : "");
	case DW_KIND_SLEEPING:
		return "It is closed now.";
	case DW_KIND_UNKNOWN:
	case DW_KIND_LISTENER:
	case DW_KIND_DATAGRAM:
	case DW_KIND_COUNT:
		break;
	}
	return NULL;
}

/* What follows on the service's name; nothing where no program holds it. */
static const char *program_text(const struct story *s, bool service)
{
	const char *program = dw_cells_program(first(s), true, s->a);

	if (dw_streq(program, "-"))
		return "";
	if (dw_streq(program, "?"))
		return service ? "; its program could not be seen"
			       : ", and its program could not be seen";
	return dw_arena_printf(s->a, "%s%s", service ? ", " : "; the program is ", program);
}

void dw_story_what(const struct story *s)
{
	const struct dw_report_door *d = s->doors[0];
	const struct dw_service *v = d->service;
	const char *kind = kind_text(s);
	struct dw_str text = { .arena = s->a };

	if (!v)
		dw_str_addf(&text, "No service that doorward knows%s.", program_text(s, false));
	else if (d->guessed)
		dw_str_addf(&text, "By its port alone, so perhaps: %s.",
			    shown(s, v->title ? v->title : v->name));
	else if (d->door->starter.kind == DW_STARTER_SYSTEMD_SOCKET) /* its holder is systemd */
		dw_str_addf(&text, "%s.", shown(s, v->title ? v->title : v->name));
	else
		dw_str_addf(&text, "%s%s.", shown(s, v->title ? v->title : v->name),
			    program_text(s, true));
	if (v && v->what)
		dw_str_addf(&text, " %s", shown(s, v->what));
	if (kind)
		dw_str_addf(&text, " %s", kind);
	dw_story_put(s, "What it is", text.s);
}

static const char *holder_text(const struct story *s, const struct dw_owner *o)
{
	struct dw_str text = { .arena = s->a };

	if (o->parents)
		dw_str_addf(&text, "%s > ", shown(s, o->parents));
	dw_str_addf(&text, "%s(%d)", o->comm ? shown(s, o->comm) : "?", o->pid);
	return text.s;
}

/* boot > ssh.service > systemd(1) > sshd(612) > *:22/tcp */
static const char *chain_text(const struct story *s)
{
	const struct dw_door *d = first(s);
	struct dw_str text = { .arena = s->a };

	if (d->starter.enabled == DW_YES)
		dw_str_add(&text, "boot > ");
	dw_str_addf(&text, "%s > ", dw_cells_starter(d, s->a));
	if (d->n_owners)
		dw_str_addf(&text, "%s > ", holder_text(s, &d->owners[0]));
	else if (d->kernel)
		dw_str_addf(&text, "kernel %s > ", shown(s, d->kernel));
	dw_str_add(&text, s->addresses);
	return text.s;
}

static const char *return_text(const struct story *s)
{
	static const char *const boot[] = { [DW_UNKNOWN] =
						    "whether the next boot starts it is not known",
					    [DW_NO] = "the next boot does not start it",
					    [DW_YES] = "the next boot starts it" };
	static const char *const after_a_kill[] = {
		[DW_UNKNOWN] = "whether it comes back after a kill is not known",
		[DW_NO] = "it does not come back after a kill",
		[DW_YES] = "it comes back after a kill"
	};
	const struct dw_starter *v = &first(s)->starter;
	const char *also = v->kind == DW_STARTER_MANUAL ? NULL : v->also; /* the chain has it */

	return dw_arena_printf(s->a, "%s; %s.%s%s", boot[v->enabled], after_a_kill[v->restarts],
			       also ? " See also: " : "", also ? shown(s, also) : "");
}

static const char *since_text(const struct story *s)
{
	const struct dw_door *d = first(s);
	const struct dw_owner *o = d->n_owners ? &d->owners[0] : NULL;
	struct dw_str text = { .arena = s->a };

	if (!o)
		return d->owners_known || d->kernel ? NULL : "Who holds it could not be seen.";
	if (o->started)
		dw_str_addf(&text, "Since %s", dw_field_time(s->a, o->started));
	else
		dw_str_add(&text, "Since when is not known");
	if (d->n_owners > 1)
		dw_str_addf(&text, ", and %zu more process%s", d->n_owners - 1,
			    d->n_owners == 2 ? "" : "es");
	if (o->command)
		dw_str_addf(&text, ": %s", dw_layout_cut(shown(s, o->command), 200, false, s->a));
	return text.s;
}

#define SOURCES_SHOWN 12

static bool source_told(const struct story *s, size_t doors, const char *source)
{
	for (size_t i = 0; i < doors; i++)
		if (dw_streq0(s->doors[i]->door->starter.source, source))
			return true;
	return false;
}

/* Length of FILE: in FILE:LINE; 0: it is no such thing. */
static size_t file_of(const char *source)
{
	const char *colon = strrchr(source, ':');

	if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")])
		return 0;
	return (size_t)(colon - source) + 1;
}

/* "written in /etc/inetd.conf:7, 9": a file that follows itself is named once */
static const char *source_text(const struct story *s)
{
	struct dw_str text = { .arena = s->a };
	const char *last = NULL;
	size_t told = 0;

	for (size_t i = 0; i < s->n; i++) {
		const char *source = s->doors[i]->door->starter.source;
		size_t n = source ? file_of(source) : 0;
		bool again = n && last && file_of(last) == n && strncmp(last, source, n) == 0;

		if (!source || source_told(s, i, source) || told++ >= SOURCES_SHOWN)
			continue;
		dw_str_addf(&text, "%s%s", last ? ", " : "written in ",
			    shown(s, again ? source + n : source));
		last = source;
	}
	if (told > SOURCES_SHOWN)
		dw_str_addf(&text, " and %zu more", told - SOURCES_SHOWN);
	return text.s;
}

void dw_story_started(const struct story *s)
{
	const struct dw_starter *v = &first(s)->starter;

	dw_story_put(s, "Opened by", chain_text(s));
	dw_story_put(s, NULL, source_text(s));
	dw_story_put(s, NULL, since_text(s));
	dw_story_put(s, "Comes back", return_text(s));
	dw_story_put(s, NULL,
		     dw_arena_printf(s->a, "%s%s%s",
				     v->confidence == DW_CONFIDENCE_UNKNOWN
					     ? "how sure that is, is not known"
					     : dw_confidence_name(v->confidence),
				     v->evidence ? ": " : "",
				     v->evidence ? shown(s, v->evidence) : ""));
}

static const char *bound_text(const struct story *s, const struct dw_door *d)
{
	const char *device = d->at.ifname ? shown(s, d->at.ifname) : "one interface";

	switch (dw_endpoint_bound(&d->at)) {
	case DW_BOUND_LOOPBACK:
		return "programs of this host alone (bound to loopback)";
	case DW_BOUND_LINK_LOCAL:
		return dw_arena_printf(s->a, "hosts on the same link (%s)", device);
	case DW_BOUND_ADDRESS:
		return "whoever reaches the one address it is bound to";
	case DW_BOUND_INTERFACE:
		return dw_arena_printf(s->a, "whoever comes in by %s", device);
	case DW_BOUND_MULTICAST:
		return "whoever sends to the group, the same network mostly";
	case DW_BOUND_ANY:
		return "any network (bound to every address)";
	case DW_BOUND_UNKNOWN:
	case DW_BOUND_COUNT:
		break;
	}
	return "not known before it runs";
}

static bool told_before(const struct story *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (dw_streq(bound_text(s, s->doors[k]->door), bound_text(s, s->doors[i]->door)))
			return true;
	return false;
}

#define UNITS_SHOWN 8

static const char *units_text(const struct story *s, const struct dw_relation *v, size_t n)
{
	static const struct {
		const char *how, *text;
	} words[] = {
		{ "requires", "requires it" },   { "binds-to", "stops with it" },
		{ "requisite", "requires it" },  { "part-of", "stops with it" },
		{ "wants", "wants it" },         { "upholds", "keeps it up" },
		{ "failure", "when it fails" },  { "success", "when it ends well" },
		{ "dbus", "a call over D-Bus" },
	};
	struct dw_str text = { .arena = s->a };

	for (size_t i = 0; i < n && i < UNITS_SHOWN; i++) {
		const char *how = NULL;

		for (size_t k = 0; k < DW_ARRAY_SIZE(words) && !how; k++)
			how = dw_streq(words[k].how, v[i].how) ? words[k].text : NULL;
		dw_str_addf(&text, "%s%s%s%s%s", i ? ", " : "", shown(s, v[i].unit),
			    how ? " (" : "", how ? how : "", how ? ")" : "");
	}
	if (n > UNITS_SHOWN)
		dw_str_addf(&text, " and %zu more", n - UNITS_SHOWN);
	return text.s;
}

void dw_story_relations(const struct story *s)
{
	const struct dw_relations *v = s->doors[0]->relations;

	if (!v)
		return;
	dw_story_put(s, "Needed by",
		     v->n_needed_by ? units_text(s, v->needed_by, v->n_needed_by)
				    : "no other unit of systemd's");
	dw_story_put(s, "Woken by", units_text(s, v->woken_by, v->n_woken_by));
}

static const struct dw_probed *probed_of(const struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->doors[i]->door->probed)
			return s->doors[i]->door->probed;
	return NULL;
}

static void tell_probed(const struct story *s)
{
	const struct dw_probed *p = probed_of(s);

	if (!p)
		dw_story_put(s, "From outside", "no scan that is kept covers it");
	else
		dw_story_put(
			s, "From outside",
			dw_arena_printf(s->a, "%s at %s, as scan %lld saw it on %s from %s",
					dw_scan_state_name(p->state),
					dw_address_text(s->a, &p->address), (long long)p->scan,
					dw_field_time(s->a, p->time),
					p->scanner ? shown(s, p->scanner) : "an unknown host"));
}

void dw_story_reach(const struct story *s)
{
	struct dw_str text = { .arena = s->a };
	bool v4 = false, v6 = false;
	const struct dw_endpoint *mapped = NULL;

	for (size_t i = 0; i < s->n; i++) {
		enum dw_family f = s->doors[i]->door->at.family;

		if (s->doors[i]->door->at.mapped)
			mapped = &s->doors[i]->door->at;

		v4 |= f == DW_FAMILY_IPV4 || f == DW_FAMILY_DUAL;
		v6 |= f == DW_FAMILY_IPV6 || f == DW_FAMILY_DUAL;
		if (!told_before(s, i))
			dw_str_addf(&text, "%s%s", i ? "; " : "", bound_text(s, s->doors[i]->door));
	}
	if (v4 || v6)
		dw_str_addf(&text, ", over %s", v4 && v6 ? "IPv4 and IPv6" : v4 ? "IPv4" : "IPv6");
	if (mapped)
		dw_str_addf(&text, " (an IPv6 socket; ss shows it at ::ffff:%s)",
			    dw_endpoint_address(s->a, mapped));
	if (!dw_streq0(first(s)->netns, "host"))
		dw_str_addf(&text, ", in network namespace %s", shown(s, first(s)->netns));
	dw_str_add(&text, first(s)->filtered ? "." : ". The packet filter: not looked at.");
	dw_story_put(s, "Reached by", text.s);
	dw_story_filter(s);
	tell_probed(s);
}

static void add_peer(struct dw_str *text, const struct story *s, const struct dw_peer *p)
{
	const char *between = text->n ? ", " : "";

	if (p->local)
		dw_str_addf(text, "%s%s (this host)", between,
			    p->program ? shown(s, dw_basename(p->program)) : "a program");
	else
		dw_str_addf(text, "%s%s", between, shown(s, p->address));
	if (p->connections > 1)
		dw_str_addf(text, " %u times", p->connections);
}

#define PEERS_SHOWN 6

void dw_story_users(const struct story *s)
{
	struct dw_str text = { .arena = s->a };
	unsigned connections = 0;
	size_t peers = 0;
	const struct dw_door *datagram = NULL;
	bool known = false, session = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct dw_door *d = s->doors[i]->door;

		known |= d->peers_known;
		if (d->kind == DW_KIND_DATAGRAM)
			datagram = d;
		session |= d->carries_session;
		connections += d->connections;
		for (size_t k = 0; k < d->n_peers; k++)
			if (peers++ < PEERS_SHOWN)
				add_peer(&text, s, &d->peers[k]);
	}
	if (peers > PEERS_SHOWN)
		dw_str_addf(&text, " and %zu more", peers - PEERS_SHOWN);
	if (connections)
		dw_story_put(s, "Used by",
			     dw_arena_printf(s->a, "%u connection%s now: %s", connections,
					     connections == 1 ? "" : "s",
					     text.n ? text.s : "from whom is not known"));
	else if (known)
		dw_story_put(s, "Used by", "nobody is connected now");
	else if (!datagram)
		dw_story_put(s, "Used by", "not looked at");
	if (datagram)
		dw_story_put(
			s, known || connections ? NULL : "Used by",
			dw_arena_printf(
				s->a, "%sa datagram port: who sends to it is not counted",
				known ? dw_arena_printf(s->a, "(%s) ",
							dw_protocol_name(datagram->at.protocol))
				      : ""));
	if (session)
		dw_story_put(s, NULL, "Your own session came through this door.");
}

/* What the strong ones mean; the others go by their name. */
static const char *capability_text(unsigned n)
{
	static const char *const words[] = {
		[1] = "write every file",
		[2] = "read every file",
		[7] = "become any user",
		[10] = "take low ports",
		[12] = "change the network",
		[13] = "raw packets",
		[16] = "load kernel modules",
		[18] = "change its root",
		[19] = "look into other processes",
		[21] = "administer the system",
	};

	return n < DW_ARRAY_SIZE(words) && words[n] ? words[n] : dw_capability_name(n);
}

static void add_capabilities(struct dw_str *text, uint64_t set)
{
	int n = __builtin_popcountll(set);

	if (n == 0) {
		dw_str_add(text, "no capability");
		return;
	}
	if (n >= 38) { /* what Linux 5.4 had; later ones have more */
		dw_str_add(text, "every capability");
		return;
	}
	dw_str_addf(text, "%d capabilit%s (", n, n == 1 ? "y" : "ies");
	for (int told = 0; set && told < 8; told++, set &= set - 1)
		dw_str_addf(text, "%s%s", told ? ", " : "",
			    capability_text((unsigned)__builtin_ctzll(set)));
	dw_str_add(text, set ? ", ...)" : ")");
}

static const char *rights_text(const struct story *s, const struct dw_owner *o)
{
	static const char *const gains[] = { [DW_UNKNOWN] = "whether it may gain more is not known",
					     [DW_NO] = "may gain more by set-user-id programs",
					     [DW_YES] = "cannot gain more" };
	static const char *const seccomp[] = { "no filter of system calls", "strict system calls",
					       "a filter of system calls" };
	struct dw_str text = { .arena = s->a };

	if (!o->details_known)
		return "not looked at";
	dw_str_addf(&text, "%s, with ", o->user ? shown(s, o->user) : "?");
	add_capabilities(&text, o->caps_effective);
	dw_str_addf(&text, "; %s; ", gains[o->no_new_privs]);
	dw_str_add(&text, o->seccomp >= 0 && o->seccomp < 3
				  ? seccomp[o->seccomp]
				  : "its filter of system calls is not known");
	if (o->container)
		dw_str_addf(&text, "; in container %s", shown(s, o->container));
	return text.s;
}

void dw_story_rights(const struct story *s)
{
	const struct dw_door *d = first(s);

	if (d->n_owners)
		dw_story_put(s, "Runs as", rights_text(s, &d->owners[0]));
}

#define NAMES_SHOWN 8

static void add_dependants(const struct story *s, struct dw_str *text, const struct dw_strings *v)
{
	if (!v)
		return;
	if (v->n == 0)
		dw_str_add(text, "; nothing installed depends on it");
	for (size_t i = 0; i < v->n && i < NAMES_SHOWN; i++)
		dw_str_addf(text, "%s%s", i ? ", " : "; needed by ", shown(s, v->v[i]));
	if (v->n > NAMES_SHOWN)
		dw_str_addf(text, " and %zu more%s", v->n - NAMES_SHOWN,
			    v->n >= DW_DEPENDANTS_MAX ? " at least" : "");
}

void dw_story_package(const struct story *s)
{
	static const char *const verified[DW_VERIFIED_COUNT] = {
		[DW_VERIFIED_UNKNOWN] = "whether the file is the packaged one was not looked at",
		[DW_VERIFIED_MATCHES] = "the file is the packaged one",
		[DW_VERIFIED_DIFFERS] = "THE FILE IS NOT THE PACKAGED ONE",
	};
	const struct dw_report_door *d = s->doors[0];
	const struct dw_package *p = d->door->package;
	struct dw_str text = { .arena = s->a };

	if (!p || !p->name) {
		if (d->door->program)
			dw_story_put(s, "Package", "none that is known has this program");
		return;
	}
	dw_str_addf(&text, "%s%s%s; %s", shown(s, p->name), p->version ? " " : "",
		    p->version ? shown(s, p->version) : "", verified[p->verified]);
	add_dependants(s, &text, d->dependants);
	dw_story_put(s, "Package", text.s);
}
