/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the table says of one door. */
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "table.h"

const char *dw_cells_escape(const char *s, struct dw_arena *a)
{
	/* Longer texts than this come from somebody who wants the rest of the table off the screen. */
	static const size_t most = 4096;

	return s ? dw_escape_terminal(a, s, strnlen(s, most)) : NULL;
}

/* A word that a person knows, in front of the id; most unit names speak for themselves. */
static const struct {
	const char *word; /* alone, when there is no id */
	bool before_id;
} starter_words[DW_STARTER_COUNT] = {
	[DW_STARTER_UNKNOWN] = { "not known", false },
	[DW_STARTER_SYSTEMD_SERVICE] = { "a systemd service", false },
	[DW_STARTER_SYSTEMD_SOCKET] = { "a systemd socket", false },
	[DW_STARTER_SYSV] = { "init script", true },
	[DW_STARTER_INETD] = { "inetd", true },
	[DW_STARTER_XINETD] = { "xinetd", true },
	[DW_STARTER_OPENRC] = { "openrc", true },
	[DW_STARTER_RUNIT] = { "runit", true },
	[DW_STARTER_CRON] = { "cron", true },
	[DW_STARTER_AT] = { "at job", true },
	[DW_STARTER_CONTAINER] = { "a container", false },
	[DW_STARTER_RC_LOCAL] = { "/etc/rc.local", false },
	[DW_STARTER_INITTAB] = { "inittab", true },
	[DW_STARTER_DBUS] = { "D-Bus", true },
	[DW_STARTER_USER_SESSION] = { "user unit", true },
	[DW_STARTER_MANUAL] = { "by hand", true },
	[DW_STARTER_KERNEL] = { "kernel", true },
	[DW_STARTER_WINDOWS_SERVICE] = { "service", true },
};

static bool says_boot(enum dw_starter_kind k)
{
	return k != DW_STARTER_UNKNOWN && k != DW_STARTER_MANUAL && k != DW_STARTER_KERNEL &&
	       k != DW_STARTER_AT;
}

const char *dw_cells_starter(const struct dw_door *d, struct dw_arena *a)
{
	const struct dw_starter *s = &d->starter;
	const char *id = dw_cells_escape(s->id, a), *word = starter_words[s->kind].word;
	struct dw_str text = { .arena = a };

	if (s->kind == DW_STARTER_UNKNOWN && !d->owners_known)
		return "?";
	if (!id || starter_words[s->kind].before_id)
		dw_str_add(&text, word);
	if (id)
		dw_str_addf(&text, "%s%s", text.n ? " " : "", id);
	if (s->kind == DW_STARTER_MANUAL && s->also) /* terminal and address */
		dw_str_addf(&text, ", %s", dw_cells_escape(s->also, a));
	if (says_boot(s->kind) && s->enabled == DW_NO)
		dw_str_add(&text, " (not at boot)");
	if (s->confidence == DW_CONFIDENCE_GUESS)
		dw_str_add(&text, " (guess)");
	return text.s;
}

static const char *const exe_words[DW_EXE_COUNT] = {
	[DW_EXE_UNKNOWN] = "",           [DW_EXE_INTACT] = "",
	[DW_EXE_DELETED] = " (deleted)", [DW_EXE_REPLACED] = " (replaced)",
	[DW_EXE_MEMFD] = " (in memory)",
};

const char *dw_cells_program(const struct dw_door *d, bool wide, struct dw_arena *a)
{
	const struct dw_owner *first = d->n_owners ? &d->owners[0] : NULL;
	const char *name = d->program ? d->program : first ? first->comm : NULL;

	if (d->kind == DW_KIND_FORWARDED && d->target && !first)
		return dw_arena_printf(a, "-> %s", dw_cells_escape(d->target, a));
	if (d->kernel && !first)
		return dw_arena_printf(a, "kernel: %s", dw_cells_escape(d->kernel, a));
	if (!name)
		return d->kind == DW_KIND_REDIRECTED || d->owners_known ? "-" : "?";
	if (d->program && !wide)
		name = dw_basename(name);
	return dw_arena_printf(a, "%s%s", dw_cells_escape(name, a),
			       first ? exe_words[first->exe_state] : "");
}

static const char *user_text(const struct dw_door *d, struct dw_arena *a)
{
	if (d->n_owners == 0)
		return d->kind == DW_KIND_SLEEPING || d->owners_known || d->kernel ? "-" : "?";
	return d->owners[0].user ? dw_cells_escape(d->owners[0].user, a) : "?";
}

static const char *package_text(const struct dw_door *d, struct dw_arena *a)
{
	if (!d->package || !d->package->name)
		return "-";
	return dw_arena_printf(a, "%s%s", dw_cells_escape(d->package->name, a),
			       d->package->verified == DW_VERIFIED_DIFFERS ? " (changed)" : "");
}

static const char *pids_text(const struct dw_door *d, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };

	for (size_t i = 0; i < d->n_owners && i < 8; i++)
		dw_str_addf(&text, "%s%d", i ? "," : "", d->owners[i].pid);
	if (d->n_owners > 8)
		dw_str_addf(&text, "+%zu", d->n_owners - 8);
	return text.n ? text.s : "-";
}

const char *dw_cells_service(const struct dw_report_door *d, struct dw_arena *a)
{
	if (!d->service)
		return "-";
	return dw_arena_printf(a, "%s%s", dw_cells_escape(d->service->name, a),
			       d->guessed ? "?" : "");
}

static const char *sleep_text(const struct dw_starter *s)
{
	return s->enabled == DW_YES ? "boot" : s->enabled == DW_NO ? "not boot" : "asleep";
}

static const char *bound_reach(const struct dw_door *d, struct dw_arena *a)
{
	switch (dw_endpoint_bound(&d->at)) {
	case DW_BOUND_LOOPBACK:
		return "loopback";
	case DW_BOUND_ANY:
		return "any";
	case DW_BOUND_MULTICAST:
		return "lan?";
	case DW_BOUND_INTERFACE:
	case DW_BOUND_LINK_LOCAL:
		return d->at.ifname ? dw_cells_escape(d->at.ifname, a) : "link";
	case DW_BOUND_ADDRESS:
		return dw_cells_escape(dw_endpoint_address(a, &d->at), a);
	case DW_BOUND_UNKNOWN:
	case DW_BOUND_COUNT:
		break;
	}
	return "?";
}

/* Who can reach it: as the packet filter lets them, or, where none narrows it, by the address. */
const char *dw_cells_reach(const struct dw_door *d, struct dw_arena *a)
{
	const struct dw_filtered *f = d->filtered && d->filtered->rehearsed ? d->filtered : NULL;
	const char *bound;

	if (d->netns && !dw_streq(d->netns, "host"))
		return dw_arena_printf(a, "netns %s", dw_cells_escape(d->netns, a));
	if (d->kind == DW_KIND_SLEEPING)
		return sleep_text(&d->starter);
	bound = bound_reach(d, a);
	if (!f || (f->kind == DW_FILTERED_ANYONE && dw_streq(f->words, "anyone")))
		return bound;
	if (f->kind == DW_FILTERED_UNKNOWN)
		return dw_arena_printf(a, "%s?", bound);
	return dw_cells_escape(f->words, a);
}

/* "in.telnetd" and "telnet", "postgres" and "postgresql": the program says no more than the service. */
static bool says_the_same(const char *service, const char *program)
{
	size_t n, m;

	if (dw_starts_with(program, "in."))
		program += 3;
	n = strcspn(service, "?");
	m = strlen(program);
	return m >= 2 && strncmp(service, program, DW_MIN(n, m)) == 0;
}

/* The column of the service says the program too, where there is none for it. */
static const char *service_or_program(const char *service, const char *program, struct dw_arena *a)
{
	if (dw_streq(service, "-"))
		return program;
	if (dw_streq(program, "-") || dw_streq(program, "?") || says_the_same(service, program))
		return service;
	return dw_arena_printf(a, "%s: %s", service, program);
}

void dw_cells_fill(struct dw_row *row, const struct dw_table_how *how, struct dw_arena *a)
{
	const struct dw_report_door *r = row->first;
	const struct dw_door *d = r->door;
	bool keeps = dw_streq0(r->verdict, "keep");

	row->cells[DW_CELL_SERVICE] = dw_cells_service(r, a);
	row->cells[DW_CELL_PROGRAM] = dw_cells_program(d, how->wide, a);
	/* the holder of a socket unit's door is systemd: that says nothing of the service */
	if (!how->program && (!r->service || d->starter.kind != DW_STARTER_SYSTEMD_SOCKET))
		row->cells[DW_CELL_SERVICE] = service_or_program(row->cells[DW_CELL_SERVICE],
								 row->cells[DW_CELL_PROGRAM], a);
	row->cells[DW_CELL_USER] = user_text(d, a);
	row->cells[DW_CELL_STARTER] = dw_cells_starter(d, a);
	row->cells[DW_CELL_REACH] = dw_cells_reach(d, a);
	if (how->verdict)
		row->cells[DW_CELL_VERDICT] = r->verdict;
	if (how->why && (!keeps || !how->merge))
		row->cells[DW_CELL_WHY] =
			r->n_reasons ? dw_cells_escape(r->reasons[0].text, a) : "";
	if (!how->wide)
		return;
	row->cells[DW_CELL_PACKAGE] = package_text(d, a);
	row->cells[DW_CELL_PIDS] = pids_text(d, a);
	row->cells[DW_CELL_SOURCE] =
		d->starter.source ? dw_cells_escape(d->starter.source, a) : "-";
}

const char *dw_cells_where(const struct dw_endpoint *e, struct dw_arena *a)
{
	const char *address = dw_cells_escape(dw_endpoint_address(a, e), a);
	const char *device = "";

	if (e->family == DW_FAMILY_UNKNOWN)
		return "?";
	if (e->ifname && e->family != DW_FAMILY_PACKET && !strchr(address, '%'))
		device = dw_arena_printf(a, "%%%s", dw_cells_escape(e->ifname, a));
	if (e->family == DW_FAMILY_DUAL && dw_endpoint_is_any(e))
		return dw_arena_printf(a, "*%s", device);
	if (e->family == DW_FAMILY_IPV6 || e->family == DW_FAMILY_DUAL)
		return dw_arena_printf(a, "[%s%s]", address, device);
	return dw_arena_printf(a, "%s%s", address, device);
}

const char *dw_cells_door(const struct dw_door *d, struct dw_arena *a)
{
	struct dw_report_door one = { .door = d };
	struct dw_row row = { .first = &one,
			      .where = dw_cells_where(&d->at, a),
			      .port = d->at.port,
			      .port_last = DW_MAX(d->at.port, d->port_last) };

	return dw_row_door(&row, a);
}

const char *dw_row_door(const struct dw_row *row, struct dw_arena *a)
{
	const struct dw_endpoint *e = &row->first->door->at;
	const char *protocol = dw_protocol_name(e->protocol);

	if (e->protocol == DW_PROTOCOL_UNKNOWN)
		return "not known yet";
	if (!e->has_port && dw_streq(row->where, "?"))
		return dw_arena_printf(a, "?/%s", protocol);
	if (!e->has_port)
		return dw_arena_printf(a, "%s/%s", row->where, protocol);
	if (e->protocol == DW_PROTOCOL_RAW && dw_ip_protocol_name(e->port))
		return dw_arena_printf(a, "%s:%s/%s", row->where, dw_ip_protocol_name(e->port),
				       protocol);
	if (row->port_last > row->port)
		return dw_arena_printf(a, "%s:%u-%u/%s", row->where, row->port, row->port_last,
				       protocol);
	return dw_arena_printf(a, "%s:%u/%s", row->where, row->port, protocol);
}
