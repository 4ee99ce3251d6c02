/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plain facts of a door that several rules need, and words for them. */
#include "judging.h"

bool dw_judge_is_proper(const struct dw_starter *s)
{
	static const bool proper[DW_STARTER_COUNT] = {
		[DW_STARTER_SYSTEMD_SERVICE] = true,
		[DW_STARTER_SYSTEMD_SOCKET] = true,
		[DW_STARTER_SYSV] = true,
		[DW_STARTER_INETD] = true,
		[DW_STARTER_XINETD] = true,
		[DW_STARTER_OPENRC] = true,
		[DW_STARTER_RUNIT] = true,
		[DW_STARTER_CONTAINER] = true,
		[DW_STARTER_DBUS] = true,
		[DW_STARTER_KERNEL] = true,
		[DW_STARTER_INITTAB] = true,
		[DW_STARTER_WINDOWS_SERVICE] = true,
	};

	return s->kind < DW_STARTER_COUNT && proper[s->kind];
}

bool dw_judge_is_loose(const struct dw_starter *s)
{
	return s->kind == DW_STARTER_MANUAL || s->kind == DW_STARTER_CRON ||
	       s->kind == DW_STARTER_AT || s->kind == DW_STARTER_UNKNOWN;
}

static bool is_host_netns(const struct dw_door *d)
{
	return !d->netns || dw_streq(d->netns, "host");
}

static const char *container_of(const struct dw_door *d)
{
	if (d->n_owners > 0 && d->owners[0].container)
		return d->owners[0].container;
	return d->starter.kind == DW_STARTER_CONTAINER ? d->starter.id : NULL;
}

void dw_judge_survey(struct dw_trial *t)
{
	const struct dw_door *d = t->door;
	const struct dw_owner *first = d->n_owners > 0 ? &d->owners[0] : NULL;

	t->far = dw_endpoint_bound(&d->at) != DW_BOUND_LOOPBACK;
	t->launched = dw_judge_is_launched(t->court, d);
	t->boxed = container_of(d) != NULL && !is_host_netns(d);
	t->proper = dw_judge_is_proper(&d->starter);
	/* the package of an interpreter says nothing of a script that nobody can find */
	t->unfound = first && first->relative && !d->starter.program;
	t->packaged = !t->court->packages_known || (d->package && !t->unfound) || d->kernel ||
		      container_of(d) ||
		      (!d->starter.program && first && !t->unfound &&
		       (first->package || !first->details_known)) ||
		      d->kind == DW_KIND_FORWARDED || d->kind == DW_KIND_REDIRECTED ||
		      (!d->program && !first);
}

static bool is_private4(const uint8_t *b)
{
	/* RFC 1918, RFC 3927 */
	return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
	       (b[0] == 169 && b[1] == 254);
}

bool dw_judge_is_private(const struct dw_endpoint *e)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (e->family == DW_FAMILY_IPV4)
		return is_private4(e->address);
	if (e->family != DW_FAMILY_IPV6 && e->family != DW_FAMILY_DUAL)
		return false;
	if (memcmp(e->address, mapped, sizeof(mapped)) == 0)
		return is_private4(e->address + 12);
	/* RFC 4193, RFC 4291 */
	return (e->address[0] & 0xfe) == 0xfc ||
	       (e->address[0] == 0xfe && (e->address[1] & 0xc0) == 0x80);
}

const char *dw_judge_holder(const struct dw_trial *t)
{
	const struct dw_door *d = t->door;
	const struct dw_owner *o = d->n_owners > 0 ? &d->owners[0] : NULL;

	if (d->program)
		return d->program;
	if (o && (o->executable || o->comm))
		return o->executable ? o->executable : o->comm;
	if (d->kernel)
		return dw_arena_printf(t->court->arena, "the kernel's %s", d->kernel);
	return d->starter.id ? d->starter.id : "what holds it";
}

const char *dw_judge_subject(const struct dw_trial *t)
{
	if (t->service && t->identity.by != DW_IDENTIFIED_PORT)
		return t->service->title;
	return dw_judge_holder(t);
}

static const char *bound_words(const struct dw_trial *t)
{
	struct dw_arena *a = t->court->arena;
	const struct dw_endpoint *e = &t->door->at;

	switch (dw_endpoint_bound(e)) {
	case DW_BOUND_UNKNOWN:
	case DW_BOUND_COUNT:
		return NULL;
	case DW_BOUND_LOOPBACK:
		return "loopback alone";
	case DW_BOUND_INTERFACE:
		return dw_arena_printf(a, "every address of %s",
				       e->ifname ? e->ifname : "one interface");
	case DW_BOUND_MULTICAST:
		return dw_arena_printf(a, "the group %s", dw_endpoint_address(a, e));
	case DW_BOUND_LINK_LOCAL:
	case DW_BOUND_ADDRESS:
		return dw_endpoint_address(a, e);
	case DW_BOUND_ANY:
		break;
	}
	return "every address";
}

const char *dw_judge_place(const struct dw_trial *t)
{
	const char *where = bound_words(t), *inside = "";
	bool sleeping = t->door->kind == DW_KIND_SLEEPING;

	if (!where)
		return sleeping ? "where it would listen is not known"
				: "where it listens is not known";
	if (!is_host_netns(t->door))
		inside = dw_arena_printf(t->court->arena, " in network namespace %s",
					 t->door->netns);
	return dw_arena_printf(t->court->arena, "it %s on %s%s",
			       sleeping ? "would listen" : "listens", where, inside);
}

const char *dw_judge_port_text(const struct dw_trial *t)
{
	const struct dw_endpoint *e = &t->door->at;

	return dw_arena_printf(t->court->arena, "%u/%s", e->port, dw_protocol_name(e->protocol));
}

/* "IP protocol 58 (icmpv6)": what a raw socket has is no port. */
const char *dw_judge_raw_text(const struct dw_trial *t)
{
	uint32_t number = t->door->at.port;
	const char *name = dw_ip_protocol_name(number);
	struct dw_arena *a = t->court->arena;

	return name ? dw_arena_printf(a, "IP protocol %u (%s)", number, name)
		    : dw_arena_printf(a, "IP protocol %u", number);
}

static void add_peer(struct dw_str *text, const struct dw_peer *p, bool first)
{
	dw_str_add(text, first ? " from " : ", ");
	if (p->local)
		dw_str_add(text, p->program ? dw_basename(p->program) : "this host");
	else
		dw_str_add(text, p->address);
}

/* Names told; the rest is a number. */
#define PEERS_TOLD 3

const char *dw_judge_use(const struct dw_trial *t)
{
	struct dw_str text = { .arena = t->court->arena };
	const struct dw_door *d = t->door;
	size_t told = DW_MIN(d->n_peers, (size_t)PEERS_TOLD);

	if (!d->peers_known)
		return "who that is could not be seen";
	if (d->connections == 0)
		return "nobody is connected now";
	dw_str_addf(&text, "%u connection%s now", d->connections, d->connections == 1 ? "" : "s");
	for (size_t i = 0; i < told; i++)
		add_peer(&text, &d->peers[i], i == 0);
	if (d->n_peers > told)
		dw_str_addf(&text, " and %zu more", d->n_peers - told);
	return text.s;
}

/* First words that have no capital inside a sentence; any other may be a name. */
static const char *const plain_words[] = { "A",
					   "Administrators",
					   "Agents",
					   "Alarms",
					   "All",
					   "Allow",
					   "An",
					   "Answer",
					   "Answers",
					   "Any",
					   "Anybody",
					   "Anything",
					   "Applications",
					   "As",
					   "Ask",
					   "Back",
					   "Bind",
					   "Builds",
					   "By",
					   "Carries",
					   "Changes",
					   "Charts",
					   "Checks",
					   "Clients",
					   "Close",
					   "Collectors",
					   "Collects",
					   "Computers",
					   "Connects",
					   "Containers",
					   "Copies",
					   "Developers",
					   "Devices",
					   "Do",
					   "Each",
					   "Encrypt",
					   "Every",
					   "Everybody",
					   "Everything",
					   "Exchanges",
					   "Fetches",
					   "Files",
					   "Finds",
					   "Folders",
					   "Give",
					   "Gives",
					   "Hand",
					   "Hands",
					   "Hosts",
					   "In",
					   "Is",
					   "It",
					   "Its",
					   "Joins",
					   "Keep",
					   "Keeps",
					   "Leads",
					   "Leave",
					   "Let",
					   "Lets",
					   "Listen",
					   "Listens",
					   "Local",
					   "Logs",
					   "Looks",
					   "Machines",
					   "Mail",
					   "Make",
					   "Makes",
					   "Most",
					   "Mounts",
					   "Moves",
					   "Name",
					   "Names",
					   "New",
					   "No",
					   "Nobody",
					   "None",
					   "Nothing",
					   "Offers",
					   "Old",
					   "On",
					   "One",
					   "Only",
					   "Open",
					   "Opens",
					   "Other",
					   "Others",
					   "Over",
					   "Passes",
					   "Passwords",
					   "People",
					   "Players",
					   "Plays",
					   "Programs",
					   "Publish",
					   "Put",
					   "Refuse",
					   "Remote",
					   "Runs",
					   "Search",
					   "Sends",
					   "Serve",
					   "Serves",
					   "Set",
					   "Sets",
					   "Shares",
					   "Show",
					   "Shows",
					   "Some",
					   "Somebody",
					   "Stands",
					   "Start",
					   "Stop",
					   "Switch",
					   "Switches",
					   "Take",
					   "Takes",
					   "Telephones",
					   "Tells",
					   "The",
					   "There",
					   "These",
					   "They",
					   "This",
					   "Those",
					   "To",
					   "Tools",
					   "Turn",
					   "Unless",
					   "Use",
					   "Users",
					   "Virtual",
					   "Waits",
					   "Watches",
					   "What",
					   "Whatever",
					   "When",
					   "Who",
					   "Whoever",
					   "With",
					   "Without",
					   "Work" };

const char *dw_judge_clause(struct dw_arena *a, const char *sentence)
{
	size_t n = strlen(sentence), word = strcspn(sentence, " ,");
	char *text = dw_arena_strndup(a, sentence, n > 0 && sentence[n - 1] == '.' ? n - 1 : n);

	for (size_t i = 0; i < DW_ARRAY_SIZE(plain_words); i++)
		if (strlen(plain_words[i]) == word && memcmp(plain_words[i], text, word) == 0)
			text[0] = (char)(text[0] - 'A' + 'a');
	return text;
}
