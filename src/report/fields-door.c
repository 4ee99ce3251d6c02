/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document, the door and its parts. */
#include "get.h"

#include "dw_macros.h"
#include "dw_report.h"

static const struct dw_starter *starter(const void *object)
{
	return object;
}

DW_GETTER(get_starter_kind)
{
	dw_give_string(v, dw_starter_kind_name(starter(object)->kind));
}

DW_GETTER(get_enabled)
{
	dw_give_tristate(v, starter(object)->enabled);
}

DW_GETTER(get_running)
{
	dw_give_tristate(v, starter(object)->running);
}

DW_GETTER(get_restarts)
{
	dw_give_tristate(v, starter(object)->restarts);
}

DW_GETTER(get_confidence)
{
	dw_give_string(v, dw_confidence_name(starter(object)->confidence));
}

#define STARTER(m) .offset = offsetof(struct dw_starter, m)

static const struct dw_field starter_fields[] = {
	{ "kind", DW_FIELD_STRING, .get = get_starter_kind,
	  .description = "systemd-service, systemd-socket, sysv, inetd, xinetd, openrc, runit, "
			 "cron, at, container, "
			 "rc-local, inittab, dbus, user-session, manual, kernel, windows-service, "
			 "unknown" },
	{ "id", DW_FIELD_STRING, true, STARTER(id),
	  .description = "NAME.service, NAME.socket, the script's name, the inetd service's name, "
			 "docker:NAME ..." },
	{ "source", DW_FIELD_STRING, true, STARTER(source),
	  .description = "FILE:LINE that says so: what a person would edit" },
	{ "program", DW_FIELD_STRING, true, STARTER(program),
	  .description = "what serves the door when its holder does not: the program of an inetd "
			 "line, of the service behind a socket unit" },
	{ "enabled", DW_FIELD_BOOL, true, .get = get_enabled,
	  .description = "will it be started at the next boot? null: not known, or only when "
			 "another unit fails or a bus name is called" },
	{ "running", DW_FIELD_BOOL, true, .get = get_running, .description = "is it running now?" },
	{ "restarts", DW_FIELD_BOOL, true, .get = get_restarts,
	  .description = "does it come back after a kill, without a reboot?" },
	{ "confidence", DW_FIELD_STRING, .get = get_confidence,
	  .description = "certain (the kernel or the manager says so), likely, guess, unknown" },
	{ "evidence", DW_FIELD_STRING, true, STARTER(evidence),
	  .description = "one sentence: how doorward knows" },
	{ "also", DW_FIELD_STRING, true, STARTER(also),
	  .description = "a second name worth knowing: the service behind a socket, a login's "
			 "terminal and address" },
	{ 0 },
};

#define REASON(m) .offset = offsetof(struct dw_reason, m)

static const struct dw_field reason_fields[] = {
	{ "id", DW_FIELD_STRING, REASON(id), .description = "stable name" },
	{ "text", DW_FIELD_STRING, REASON(text), .description = "one sentence for a person" },
	{ "source", DW_FIELD_STRING, true, REASON(source),
	  .description = "where it is from: a line of the policy, a standard, a manual page; "
			 "null: the facts of the door" },
	{ 0 },
};

/* The rows of the door's table get a struct dw_report_door, for the verdict lies beside the facts. */
static const struct dw_door *door(const void *object)
{
	return ((const struct dw_report_door *)object)->door;
}

DW_GETTER(get_bound)
{
	dw_give_string(v, dw_bound_name(dw_endpoint_bound(&door(object)->at)));
}

DW_GETTER(get_probed)
{
	dw_give_object(v, door(object)->probed);
}

DW_GETTER(get_filtered)
{
	if (door(object)->filtered)
		dw_give_string(v, door(object)->filtered->words);
}

DW_GETTER(get_exposure_filter)
{
	dw_give_object(v, door(object)->filtered);
}

static const struct dw_field exposure_fields[] = {
	{ "bound", DW_FIELD_STRING, .get = get_bound,
	  .description = "what the address says: any, interface, address, multicast, link-local, "
			 "loopback, unknown" },
	{ "filtered", DW_FIELD_STRING, true, .get = get_filtered,
	  .description = "whom the host's packet filter lets through: nobody, this host, "
			 "10.9.0.0/24, anyone, anyone but ..., unknown; null: nobody looked" },
	{ "filter", DW_FIELD_OBJECT, true, .members = dw_fields_filtered,
	  .get = get_exposure_filter, .description = "more of that; null: nobody looked",
	  .source = "packets sent into a copy of the rules" },
	{ "probed", DW_FIELD_OBJECT, true, .members = dw_fields_probed, .get = get_probed,
	  .description = "what the newest scan that is kept saw of it; null: none covers it",
	  .source = "doorward scan" },
	{ 0 },
};

DW_GETTER(get_usage)
{
	if (door(object)->peers_known || door(object)->connections > 0 || door(object)->used)
		dw_give_object(v, object);
}

DW_GETTER(get_carries_session)
{
	dw_give_bool(v, door(object)->carries_session);
}

DW_GETTER(get_protocol)
{
	dw_give_string(v, dw_protocol_name(door(object)->at.protocol));
}

DW_GETTER(get_family)
{
	dw_give_string(v, dw_family_name(door(object)->at.family));
}

DW_GETTER(get_address)
{
	if (door(object)->at.family != DW_FAMILY_UNKNOWN)
		dw_give_string(v, dw_endpoint_address(a, &door(object)->at));
}

DW_GETTER(get_port)
{
	if (door(object)->at.has_port)
		dw_give_number(v, door(object)->at.port);
}

DW_GETTER(get_port_last)
{
	if (door(object)->port_last)
		dw_give_number(v, door(object)->port_last);
}

DW_GETTER(get_netns)
{
	dw_give_string(v, door(object)->netns ? door(object)->netns : "unknown");
}

DW_GETTER(get_interface)
{
	dw_give_string(v, door(object)->at.ifname);
}

DW_GETTER(get_kind)
{
	dw_give_string(v, dw_door_kind_name(door(object)->kind));
}

DW_GETTER(get_program)
{
	dw_give_string(v, door(object)->program);
}

DW_GETTER(get_owners)
{
	dw_give_objects(v, door(object)->owners, door(object)->n_owners, sizeof(struct dw_owner));
}

DW_GETTER(get_owners_known)
{
	dw_give_bool(v, door(object)->owners_known);
}

DW_GETTER(get_kernel)
{
	dw_give_string(v, door(object)->kernel);
}

DW_GETTER(get_starter)
{
	dw_give_object(v, &door(object)->starter);
}

DW_GETTER(get_package)
{
	if (door(object)->package)
		dw_give_string(v, door(object)->package->name);
}

DW_GETTER(get_package_info)
{
	dw_give_object(v, door(object)->package);
}

DW_GETTER(get_service)
{
	const struct dw_report_door *d = object;

	dw_give_string(v, d->service ? d->service->name : NULL);
}

DW_GETTER(get_self)
{
	dw_give_object(v, object);
}

DW_GETTER(get_reasons)
{
	const struct dw_report_door *d = object;

	dw_give_objects(v, d->reasons, d->n_reasons, sizeof(struct dw_reason));
}

DW_GETTER(get_mptcp)
{
	dw_give_bool(v, door(object)->mptcp);
}

DW_GETTER(get_sockets)
{
	dw_give_number(v, door(object)->sockets);
}

DW_GETTER(get_filter)
{
	dw_give_string(v, door(object)->filter);
}

DW_GETTER(get_target)
{
	dw_give_string(v, door(object)->target);
}

DW_GETTER(get_rule)
{
	dw_give_string(v, door(object)->rule);
}

DW_GETTER(get_hidden)
{
	dw_give_bool(v, door(object)->hidden);
}

DW_GETTER(get_seen_by)
{
	dw_give_string(v, door(object)->seen_by);
}

DW_GETTER(get_notes)
{
	dw_give_objects(v, door(object)->notes, door(object)->n_notes, sizeof(struct dw_reason));
}

const struct dw_field dw_fields_door[] = {
	{ "protocol", DW_FIELD_STRING, .get = get_protocol,
	  .description = "tcp, udp, udplite, sctp, dccp, raw, packet, vsock, bluetooth, unknown" },
	{ "family", DW_FIELD_STRING, .get = get_family,
	  .description = "ipv4, ipv6, dual (an IPv6 socket that takes IPv4 too), packet, vsock, "
			 "bluetooth, unknown" },
	{ "address", DW_FIELD_STRING, true, .get = get_address,
	  .description = "bound address, numeric, no brackets; packet sockets: the interface or *; "
			 "null: not known" },
	{ "port", DW_FIELD_UINT, true, .get = get_port,
	  .description =
		  "port; raw: the IP protocol's number; null: none, or not known before it runs" },
	{ "port_last", DW_FIELD_UINT, true, .get = get_port_last,
	  .description = "forwarded: last port of a range that begins with port; null: one port" },
	{ "netns", DW_FIELD_STRING, .get = get_netns,
	  .description = "network namespace: host, its name, or net:[INODE]" },
	{ "interface", DW_FIELD_STRING, true, .get = get_interface,
	  .description = "interface that it is bound to or scoped to",
	  .source = "SO_BINDTODEVICE, scope id" },
	{ "kind", DW_FIELD_STRING, .get = get_kind,
	  .description =
		  "listener, datagram, raw, sniffer, forwarded, redirected, sleeping, unknown" },
	{ "program", DW_FIELD_STRING, true, .get = get_program,
	  .description =
		  "file of the program that serves: the starter's, else the oldest holder's" },
	{ "owners", DW_FIELD_OBJECTS, .members = dw_fields_owner, .get = get_owners,
	  .description = "processes that hold the door, oldest first" },
	{ "owners_known", DW_FIELD_BOOL, .get = get_owners_known,
	  .description = "false: somebody may hold it who could not be seen" },
	{ "kernel", DW_FIELD_STRING, true, .get = get_kernel,
	  .description = "subsystem of the kernel that holds it: nfsd, wireguard ..." },
	{ "starter", DW_FIELD_OBJECT, .members = starter_fields, .get = get_starter,
	  .description = "what opens it again after a kill or at the next boot" },
	{ "package", DW_FIELD_STRING, true, .get = get_package,
	  .description = "package of the program; null: in none, or not known",
	  .source = "dpkg, rpm" },
	{ "package_info", DW_FIELD_OBJECT, true, .members = dw_fields_package,
	  .get = get_package_info, .description = "more of that package" },
	{ "service", DW_FIELD_STRING, true, .get = get_service,
	  .description = "the known service that it is, by program first and port second" },
	{ "exposure", DW_FIELD_OBJECT, .members = exposure_fields, .get = get_self,
	  .description = "who can reach it: three facts kept apart" },
	{ "usage", DW_FIELD_OBJECT, true, .members = dw_fields_door_usage, .get = get_usage,
	  .description = "who is connected now; null: not looked at", .source = "sock_diag" },
	{ "carries_session", DW_FIELD_BOOL, .get = get_carries_session,
	  .description = "whoever runs doorward came in by it" },
	{ "verdict", DW_FIELD_STRING, .offset = offsetof(struct dw_report_door, verdict),
	  .description = "keep, restrict, close, ask, investigate, unknown" },
	{ "reasons", DW_FIELD_OBJECTS, .members = reason_fields, .get = get_reasons,
	  .description = "why that verdict, what matters most first" },
	{ "mptcp", DW_FIELD_BOOL, .get = get_mptcp, .description = "Multipath TCP too" },
	{ "sockets", DW_FIELD_UINT, .get = get_sockets,
	  .description = "sockets that make this door (SO_REUSEPORT); 0: none, the door is no "
			 "local socket" },
	{ "filter", DW_FIELD_STRING, true, .get = get_filter,
	  .description = "packet socket: its filter in words", .source = "PACKET_DIAG_FILTER" },
	{ "target", DW_FIELD_STRING, true, .get = get_target,
	  .description = "forwarded: where it leads, ADDRESS:PORT" },
	{ "rule", DW_FIELD_STRING, true, .get = get_rule,
	  .description = "forwarded, redirected: the rule or program, in words" },
	{ "hidden", DW_FIELD_BOOL, .get = get_hidden,
	  .description = "some view of the kernel that should show it does not" },
	{ "seen_by", DW_FIELD_STRING, true, .get = get_seen_by,
	  .description = "the views that showed it, with blanks between: sock_diag proc bpf ..." },
	{ "notes", DW_FIELD_OBJECTS, .members = reason_fields, .get = get_notes,
	  .description = "facts worth saying, no judgement" },
	{ 0 },
};

DW_GETTER(get_line)
{
	const struct dw_incomplete *i = object;

	if (i->line)
		dw_give_number(v, i->line);
}

DW_GETTER(get_blind)
{
	dw_give_bool(v, ((const struct dw_incomplete *)object)->blind);
}

#define INCOMPLETE(m) .offset = offsetof(struct dw_incomplete, m)

const struct dw_field dw_fields_incomplete[] = {
	{ "what", DW_FIELD_STRING, INCOMPLETE(what),
	  .description = "stable name: not-root, no-bpf, bad-line ..." },
	{ "text", DW_FIELD_STRING, INCOMPLETE(text), .description = "one sentence for a person" },
	{ "file", DW_FIELD_STRING, true, INCOMPLETE(file), .description = "the file it is about" },
	{ "line", DW_FIELD_UINT, true, .get = get_line,
	  .description = "the line it is about, from 1" },
	{ "blind", DW_FIELD_BOOL, .get = get_blind,
	  .description = "true: doors, holders or starters may be missing because of it" },
	{ 0 },
};

static const struct dw_snapshot *snapshot(const void *object)
{
	return ((const struct dw_report *)object)->snapshot;
}

DW_GETTER(get_host)
{
	dw_give_string(v, snapshot(object)->host);
}

/* Always there: 1970 would be a clock that was never set, not an unknown one. */
DW_GETTER(get_time)
{
	v->number = snapshot(object)->time;
	v->known = true;
}

DW_GETTER(get_method)
{
	dw_give_string(v, snapshot(object)->method);
}

DW_GETTER(get_service_manager)
{
	dw_give_string(v, snapshot(object)->service_manager);
}

DW_GETTER(get_own_address)
{
	dw_give_string(v, dw_address_text(a, &((const struct dw_own_address *)object)->address));
}

static const struct dw_field address_fields[] = {
	{ "address", DW_FIELD_STRING, .get = get_own_address,
	  .description = "numeric, no brackets" },
	{ "interface", DW_FIELD_STRING, true, .offset = offsetof(struct dw_own_address, ifname),
	  .description = "that has it" },
	{ 0 },
};

/* A host that runs has loopback at least: none means that nobody looked. */
DW_GETTER(get_addresses)
{
	const struct dw_snapshot *s = snapshot(object);

	if (s->n_addresses)
		dw_give_objects(v, s->addresses, s->n_addresses, sizeof(*s->addresses));
}

DW_GETTER(get_doors)
{
	const struct dw_report *r = object;

	dw_give_objects(v, r->doors, r->n_doors, sizeof(*r->doors));
}

DW_GETTER(get_incomplete)
{
	const struct dw_snapshot *s = snapshot(object);

	dw_give_objects(v, s->incomplete, s->n_incomplete, sizeof(*s->incomplete));
}

const struct dw_field dw_fields_document[] = {
	{ "host", DW_FIELD_STRING, true, .get = get_host, .description = "name of the host",
	  .source = "uname(2)" },
	{ "time", DW_FIELD_TIME, .get = get_time, .description = "when it was looked at" },
	{ "version", DW_FIELD_STRING, .offset = offsetof(struct dw_report, version),
	  .description = "of doorward" },
	{ "method", DW_FIELD_STRING, true, .get = get_method,
	  .description = "how sockets were found: bpf-pinned, bpf, netlink, proc, offline" },
	{ "service_manager", DW_FIELD_STRING, true, .get = get_service_manager,
	  .description = "what process 1 is: systemd, sysvinit, openrc, runit" },
	{ "addresses", DW_FIELD_OBJECTS, true, .members = address_fields, .get = get_addresses,
	  .description = "the host's own addresses, in its own namespace; null: not looked at",
	  .source = "rtnetlink" },
	{ "doors", DW_FIELD_OBJECTS, .members = dw_fields_door, .get = get_doors,
	  .description = "every door, by namespace, protocol, port, family, address" },
	{ "incomplete", DW_FIELD_OBJECTS, .members = dw_fields_incomplete, .get = get_incomplete,
	  .description = "what could not be seen, and why" },
	{ 0 },
};
