/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drop-ins of systemd's units: other addresses for a socket (systemd.socket(5)), networks that may talk to a unit, a
 * port that it may not bind (systemd.resource-control(5)).
 */
#include "levers-restrict.h"
#include "systemd.h"

#define DIR_OF_UNITS "/etc/systemd/system"

/* --- the file -------------------------------------------------------------------------------------- */

/*
 * The drop-in's path. Those of all directories are read in the order of their names, and each may add to the lists of
 * those before: ours is behind all that count.
 */
static const char *path_of(struct dw_arena *a, const struct dw_sd_unit *u)
{
	const char *name = "doorward.conf";

	for (size_t i = 0; i < u->settings.n; i++) {
		const char *file = u->settings.v[i].file;

		if (file && dw_ends_with(file, ".conf") && strcmp(dw_basename(file), name) > 0 &&
		    !dw_ends_with(file, "/zzz-doorward.conf"))
			return dw_arena_printf(a, DIR_OF_UNITS "/%s.d/zzz-doorward.conf", u->name);
	}
	return dw_arena_printf(a, DIR_OF_UNITS "/%s.d/%s", u->name, name);
}

static void add_drop_in(struct restricting *r, const struct dw_sd_unit *u, const char *content,
			const char *why, const char *notify)
{
	struct levering *l = &r->l;
	const char *path = path_of(l->arena, u);
	const char *dir =
		dw_arena_strndup(l->arena, path, strlen(path) - strlen(dw_basename(path)) - 1);
	struct lever_words w = {
		.label = dw_arena_printf(l->arena, "a drop-in of %s", u->name),
		.why = why,
		.source = u->fragment,
		.notify = notify,
	};
	struct lever_words d = { .label = w.label, .why = "It is where the drop-in goes." };
	size_t before;

	if (!dw_sys_file_exists(l->sw->sys, dir))
		(void)dw_levers_entry(l, dir, "directory 0755 0:0", &d);
	before = l->ret->n;
	dw_levers_make_file(l, path, content, &w);
	if (l->ret->n > before)
		l->ret->v[before].order = 1;
}

/* --- addresses of a socket unit -------------------------------------------------------------------- */

static const char *listen_name(enum dw_sd_key key)
{
	return key == DW_SD_LISTEN_STREAM     ? "ListenStream"
	       : key == DW_SD_LISTEN_DATAGRAM ? "ListenDatagram"
					      : "ListenSequentialPacket";
}

struct addresses {
	struct restricting *r;
	struct dw_str out;
	struct dw_strings lines;
	unsigned narrowed;
};

static void put_line(struct addresses *t, enum dw_sd_key key, const char *value)
{
	const char *line = dw_arena_printf(t->out.arena, "%s=%s\n", listen_name(key), value);

	for (size_t i = 0; i < t->lines.n; i++)
		if (dw_streq(t->lines.v[i], line))
			return;
	dw_vec_push(t->out.arena, &t->lines, line);
	dw_str_add(&t->out, line);
}

/* Addresses of loopback for each family that the line was for; one that is narrow already stays. */
static void put_listen(struct addresses *t, struct dw_sd_manager *m, const struct dw_sd_unit *u,
		       const struct dw_sd_setting *s)
{
	struct dw_sd_listen l = { 0 };
	const char *value = dw_sd_expand(m, u, s->value);
	struct dw_arena *a = t->out.arena;
	bool bad, both;

	if (!dw_sd_listen_parse(a, value, &l, &bad) || l.at.family == DW_FAMILY_VSOCK ||
	    l.at.port != t->r->l.door->at.port || dw_endpoint_bound(&l.at) == DW_BOUND_LOOPBACK) {
		put_line(t, s->key, s->value);
		return;
	}
	/* [::] takes IPv4 as well unless the unit says otherwise */
	both = l.at.family == DW_FAMILY_DUAL ||
	       (l.at.family == DW_FAMILY_IPV6 && dw_endpoint_is_any(&l.at) &&
		!dw_streq(dw_sd_value(u, DW_SD_IPV6_ONLY), "ipv6-only"));
	t->narrowed++;
	if (l.at.family == DW_FAMILY_IPV4 || both)
		put_line(t, s->key, dw_arena_printf(a, "127.0.0.1:%u", l.at.port));
	if (l.at.family != DW_FAMILY_IPV4 && t->r->v6)
		put_line(t, s->key, dw_arena_printf(a, "[::1]:%u", l.at.port));
}

static size_t begin_of(const struct dw_sd_unit *u)
{
	static const enum dw_sd_key keys[] = { DW_SD_LISTEN_STREAM, DW_SD_LISTEN_DATAGRAM,
					       DW_SD_LISTEN_SEQPACKET, DW_SD_LISTEN_OTHER };
	size_t begin = 0;

	/* an empty Listen*= of any kind resets all of them (config_parse_socket_listen) */
	for (size_t i = 0; i < DW_ARRAY_SIZE(keys); i++)
		begin = DW_MAX(begin, dw_sd_list_begin(u, keys[i]));
	return begin;
}

static const char *addresses_of(struct restricting *r, struct dw_sd_manager *m,
				const struct dw_sd_unit *u)
{
	struct addresses t = { .r = r, .out = { .arena = r->l.arena } };

	dw_str_add(&t.out, "# Written by doorward: the socket listens on loopback alone. `doorward "
			   "undo` takes this away.\n[Socket]\nListenStream=\n");
	for (size_t i = begin_of(u); i < u->settings.n; i++) {
		const struct dw_sd_setting *s = &u->settings.v[i];

		if (s->key == DW_SD_LISTEN_OTHER && *s->value)
			return NULL;
		if (s->key == DW_SD_LISTEN_STREAM || s->key == DW_SD_LISTEN_DATAGRAM ||
		    s->key == DW_SD_LISTEN_SEQPACKET)
			put_listen(&t, m, u, s);
	}
	/* loopback's addresses are on no other device */
	if (*dw_sd_value(u, DW_SD_BIND_TO_DEVICE))
		dw_str_add(&t.out, "BindToDevice=\n");
	return t.narrowed ? t.out.s : "";
}

static struct dw_sd_manager *manager_of(struct restricting *r)
{
	return r->l.s->systemd ? r->l.s->systemd->system : NULL;
}

static const char *restart_of(struct restricting *r, const char *socket, const char *service)
{
	if (service && strstr(service, "@."))
		service = NULL;
	return dw_arena_printf(r->l.arena, "restart %s%s%s", socket ? socket : "",
			       socket && service ? " " : "", service ? service : "");
}

void dw_restrict_socket(struct restricting *r, const char *unit)
{
	struct dw_sd_manager *m = manager_of(r);
	struct dw_sd_unit *u = m ? dw_sd_unit_get(m, unit) : NULL;
	const char *content, *service;

	if (!u || !dw_sd_unit_exists(u)) {
		dw_restrict_fence(r, "The unit %s cannot be read", unit);
		return;
	}
	content = addresses_of(r, m, u);
	if (!content || !*content) {
		dw_restrict_fence(r,
				  content ? "No line of %s asks for this door"
					  : "%s listens on more than sockets",
				  unit);
		return;
	}
	service = dw_sd_socket_service(m, u);
	add_drop_in(r, u, content,
		    "The socket unit holds the door: on loopback no network reaches it.",
		    restart_of(r, unit, service));
	r->l.ret->narrowed = DW_NARROWED_BOUND;
	dw_levers_remark(&r->l,
			 "%s and %s start again, so that it counts: who is connected is cut off "
			 "once.",
			 unit, service);
}

/* --- networks -------------------------------------------------------------------------------------- */

/* Why systemd could not enforce it here; NULL: it can. Programs for control groups are of cgroup v2 alone. */
static const char *no_bpf(struct restricting *r)
{
	if (!r->l.running)
		return NULL;
	if (!dw_sys_file_exists(r->l.sw->sys, "/sys/fs/cgroup/cgroup.controllers"))
		return "this host has no unified control groups (cgroup v2)";
	if (dw_sys_file_exists(r->l.sw->sys, "/run/systemd/container"))
		return "in a container systemd may not load the program that would do it";
	return NULL;
}

static bool may_cut(struct restricting *r, const char *unit)
{
	const char *why = no_bpf(r);

	if (!manager_of(r))
		dw_restrict_fence(r, "The units of systemd cannot be read");
	else if (why)
		dw_restrict_fence(r, "%s could say who may talk to %s, but %s", "systemd", unit,
				  why);
	else if (r->service &&
		 r->service->traits & (DW_TRAIT_ASKS | DW_TRAIT_CLIENT | DW_TRAIT_LAUNCHER))
		dw_restrict_fence(r,
				  "%s has to talk to other hosts itself, so %s cannot be cut off "
				  "from them",
				  r->service->title, unit);
	return !r->l.ret->cannot;
}

static bool has_key(const struct dw_sd_unit *u, enum dw_sd_key key)
{
	for (size_t i = 0; i < u->settings.n; i++)
		if (u->settings.v[i].key == key && *u->settings.v[i].value)
			return true;
	return false;
}

static const char *networks_of(struct restricting *r, const char *section)
{
	struct dw_str out = { .arena = r->l.arena };

	dw_str_addf(&out,
		    "# Written by doorward: none but these may talk to it. `doorward undo` takes "
		    "this away.\n[%s]\nIPAddressDeny=any\nIPAddressAllow=localhost\n",
		    section);
	for (size_t i = 0; i < r->from->n; i++)
		if (!strpbrk(r->from->v[i], "\n\r"))
			dw_str_addf(&out, "IPAddressAllow=%s\n", r->from->v[i]);
	return out.s;
}

static void cut(struct restricting *r, const char *unit, const char *section, const char *notify)
{
	struct dw_sd_unit *u = dw_sd_unit_get(manager_of(r), unit);

	if (has_key(u, DW_SD_IP_ALLOW)) {
		dw_restrict_fence(r, "%s has a list of networks that may talk to it already", unit);
		return;
	}
	add_drop_in(
		r, u, networks_of(r, section),
		"No setting of the service says it, so systemd lets none but these networks talk "
		"to it.",
		notify);
}

/* Either may be NULL. On a socket unit it counts for what listens, on the service for what was accepted. */
void dw_restrict_networks(struct restricting *r, const char *socket, const char *service)
{
	const char *notify = restart_of(r, socket, service);

	if (!may_cut(r, socket ? socket : service))
		return;
	if (socket)
		cut(r, socket, "Socket", notify);
	if (service && !r->l.ret->cannot)
		cut(r, service, "Service", notify);
	if (r->l.ret->cannot)
		return;
	dw_levers_remark(&r->l, "%s",
			 "The socket stays bound to all addresses: systemd drops what comes from "
			 "other networks, by a program of the kernel (cgroup v2, BPF).");
	dw_levers_remark(
		&r->l, "It holds for every door of %s, and for what it asks of other hosts itself.",
		service ? service : socket);
}

/* --- a port that is not to be bound ----------------------------------------------------------------- */

void dw_restrict_bind(struct restricting *r, const char *service)
{
	const struct dw_endpoint *at = &r->l.door->at;
	const char *protocol = dw_protocol_name(at->protocol);
	struct dw_sd_manager *m = manager_of(r);
	const char *why = no_bpf(r);

	/* these programs are loaded by libbpf: without, systemd reads the setting, warns and goes on */
	if (m && !why && r->l.running &&
	    !dw_sd_has_feature(r->l.s, r->l.s->systemd, "BPF_FRAMEWORK"))
		why = "this systemd was built without what does it (BPF_FRAMEWORK)";
	if (!m || why) {
		dw_restrict_fence(r, "systemd could keep %s from the port, but %s", service,
				  why ? why : "its units cannot be read");
		return;
	}
	if (at->protocol != DW_PROTOCOL_TCP && at->protocol != DW_PROTOCOL_UDP) {
		dw_restrict_fence(r, "systemd keeps nobody from a port of %s", protocol);
		return;
	}
	add_drop_in(
		r, dw_sd_unit_get(m, service),
		dw_arena_printf(r->l.arena,
				"# Written by doorward: it may not open this port. `doorward undo` "
				"takes this away.\n[Service]\nSocketBindDeny=%s:%u\n",
				protocol, at->port),
		"The program holds another door that is needed; this one it may not open.",
		restart_of(r, NULL, service));
	dw_levers_remark(
		&r->l, "A program that cannot do without the port does not start: then all is put "
		       "back.");
	r->l.ret->narrowed = DW_NARROWED_GONE;
}
