/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Socket units: what they listen on, systemd.socket(5), and what they start. */
#include <arpa/inet.h>

#include "systemd.h"

/* "PORT" of the n bytes; 0 is no port to listen on. */
static bool port_of(const char *s, size_t n, uint64_t max, uint32_t *ret)
{
	uint64_t v;

	if (!dw_parse_u64n(s, n, 10, max, &v) || v == 0)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* "%eth0" behind an address: its name; "" is none. */
static bool take_scope(struct dw_arena *a, struct dw_endpoint *at, const char *scope)
{
	uint64_t index;

	if (!*scope)
		return true;
	if (*scope != '%' || !scope[1] || strlen(scope) > 16)
		return false;
	if (dw_parse_u64(scope + 1, 10, UINT32_MAX, &index))
		at->ifindex = (uint32_t)index;
	else
		at->ifname = dw_arena_strdup(a, scope + 1);
	return true;
}

/* [ADDRESS]:PORT, [ADDRESS]:PORT%SCOPE, [ADDRESS%SCOPE]:PORT */
static bool parse_bracketed(struct dw_arena *a, const char *s, struct dw_endpoint *at)
{
	const char *close = strchr(s, ']'), *scope;
	char *address, *inner;

	if (!close || close[1] != ':')
		return false;
	address = dw_arena_strndup(a, s + 1, (size_t)(close - s - 1));
	inner = strchr(address, '%');
	if (inner && !take_scope(a, at, inner))
		return false;
	if (inner)
		*inner = '\0';
	scope = close + 2 + strcspn(close + 2, "%");
	at->family = DW_FAMILY_IPV6;
	at->has_port = true;
	if (inet_pton(AF_INET6, address, at->address) != 1)
		return false;
	dw_endpoint_unmap(at);
	return port_of(close + 2, (size_t)(scope - close - 2), UINT16_MAX, &at->port) &&
	       take_scope(a, at, scope);
}

static bool parse_ipv4(struct dw_arena *a, const char *s, struct dw_endpoint *at)
{
	const char *colon = strchr(s, ':');

	if (!colon)
		return false;
	at->family = DW_FAMILY_IPV4;
	at->has_port = true;
	return inet_pton(AF_INET, dw_arena_strndup(a, s, (size_t)(colon - s)), at->address) == 1 &&
	       port_of(colon + 1, strlen(colon + 1), UINT16_MAX, &at->port);
}

/* vsock:CID:PORT; the CID may be left out: any (VMADDR_CID_ANY). */
static bool parse_vsock(const char *s, struct dw_endpoint *at)
{
	const char *colon = strchr(s, ':');
	uint32_t cid = UINT32_MAX;
	uint64_t v;

	if (!colon)
		return false;
	if (colon != s) {
		if (!dw_parse_u64n(s, (size_t)(colon - s), 10, UINT32_MAX, &v))
			return false;
		cid = (uint32_t)v;
	}
	memcpy(at->address, &cid, sizeof(cid));
	at->protocol = DW_PROTOCOL_VSOCK;
	at->family = DW_FAMILY_VSOCK;
	at->has_port = true;
	return port_of(colon + 1, strlen(colon + 1), UINT32_MAX, &at->port);
}

bool dw_sd_listen_parse(struct dw_arena *a, const char *value, struct dw_sd_listen *ret,
			bool *ret_bad)
{
	static const char *const vsock[] = { "vsock:", "vsock-stream:", "vsock-dgram:",
					     "vsock-seqpacket:" };
	struct dw_endpoint *at = &ret->at;
	bool ok;

	*ret_bad = false;
	if (*value == '/' || *value == '@' || !*value)
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(vsock); i++) {
		if (!dw_starts_with(value, vsock[i]))
			continue;
		ok = parse_vsock(value + strlen(vsock[i]), at);
		*ret_bad = !ok;
		return ok;
	}
	if (*value == '[') {
		ok = parse_bracketed(a, value, at);
	} else if (strchr(value, ':')) {
		ok = parse_ipv4(a, value, at);
	} else {
		at->family = DW_FAMILY_DUAL;
		at->has_port = true;
		ret->any_family = true;
		ok = port_of(value, strlen(value), UINT16_MAX, &at->port);
	}
	*ret_bad = !ok;
	return ok;
}

static enum dw_protocol protocol_of(const struct dw_sd_unit *u, enum dw_sd_key key)
{
	const char *wanted = dw_sd_value(u, DW_SD_SOCKET_PROTOCOL);

	/* mptcp shows as tcp */
	if (dw_streq(wanted, "sctp") && key != DW_SD_LISTEN_DATAGRAM)
		return DW_PROTOCOL_SCTP;
	if (key == DW_SD_LISTEN_DATAGRAM)
		return dw_streq(wanted, "udplite") ? DW_PROTOCOL_UDPLITE : DW_PROTOCOL_UDP;
	return key == DW_SD_LISTEN_SEQPACKET ? DW_PROTOCOL_SCTP : DW_PROTOCOL_TCP;
}

/* An IPv6 wildcard takes IPv4 too unless the unit or net.ipv6.bindv6only says no. */
static enum dw_family family_of(struct dw_sd_manager *m, const struct dw_sd_unit *u,
				const struct dw_sd_listen *l)
{
	const char *only = dw_sd_value(u, DW_SD_IPV6_ONLY);
	struct dw_bytes text = { 0 };

	if (l->at.family != DW_FAMILY_DUAL &&
	    !(l->at.family == DW_FAMILY_IPV6 && dw_endpoint_is_any(&l->at)))
		return l->at.family;
	if (dw_streq(only, "ipv6-only"))
		return DW_FAMILY_IPV6;
	if (!dw_streq(only, "both") && dw_sys_is_running(m->s->sys) &&
	    dw_sys_file_read(m->s->sys, "/proc/sys/net/ipv6/bindv6only", 16, m->s->arena, &text,
			     NULL) == 0 &&
	    text.n && text.data[0] == '1')
		return DW_FAMILY_IPV6;
	return DW_FAMILY_DUAL;
}

static bool is_listen(enum dw_sd_key key)
{
	return key == DW_SD_LISTEN_STREAM || key == DW_SD_LISTEN_DATAGRAM ||
	       key == DW_SD_LISTEN_SEQPACKET;
}

void dw_sd_socket_read(struct dw_sd_manager *m, struct dw_sd_unit *u)
{
	/* an empty Listen*= of any kind resets all of them (config_parse_socket_listen) */
	size_t begin = DW_MAX(dw_sd_list_begin(u, DW_SD_LISTEN_STREAM),
			      DW_MAX(dw_sd_list_begin(u, DW_SD_LISTEN_DATAGRAM),
				     dw_sd_list_begin(u, DW_SD_LISTEN_SEQPACKET)));

	if (u->listens_read)
		return;
	u->listens_read = true;
	for (size_t i = begin; i < u->settings.n; i++) {
		const struct dw_sd_setting *s = &u->settings.v[i];
		struct dw_sd_listen l = { .file = s->file, .line = s->line };
		const char *value, *device = dw_sd_value(u, DW_SD_BIND_TO_DEVICE);
		bool bad;

		if (!is_listen(s->key))
			continue;
		value = dw_sd_expand(m, u, s->value);
		if (!dw_sd_listen_parse(m->s->arena, value, &l, &bad)) {
			if (bad)
				dw_facts_incomplete(m->s->facts, "bad-line", s->file, s->line,
						    false, "%s:%u: no address to listen on",
						    s->file, s->line);
			continue;
		}
		if (l.at.protocol == DW_PROTOCOL_UNKNOWN)
			l.at.protocol = protocol_of(u, s->key);
		l.at.family = family_of(m, u, &l);
		if (*device)
			l.at.ifname = dw_sd_expand(m, u, device);
		dw_vec_push(m->s->arena, &u->listens, l);
	}
}

static bool families_fit(const struct dw_sd_listen *l, const struct dw_endpoint *at)
{
	if (l->at.family == at->family)
		return true;
	/* what was asked for as "::" shows by what the kernel made of it */
	if (l->at.family == DW_FAMILY_DUAL || l->at.family == DW_FAMILY_IPV6)
		return at->family == DW_FAMILY_DUAL || at->family == DW_FAMILY_IPV6 ||
		       (l->any_family && at->family == DW_FAMILY_IPV4);
	return false;
}

static bool listen_fits(const struct dw_sd_listen *l, const struct dw_endpoint *at)
{
	if (l->at.protocol != at->protocol || !at->has_port || l->at.port != at->port ||
	    !families_fit(l, at))
		return false;
	if (l->at.ifname && at->ifname && !dw_streq(l->at.ifname, at->ifname))
		return false;
	return memcmp(l->at.address, at->address, sizeof(at->address)) == 0;
}

const struct dw_sd_listen *dw_sd_socket_match(struct dw_sd_manager *m, struct dw_sd_unit *u,
					      const struct dw_endpoint *at)
{
	const struct dw_sd_listen *loose = NULL;

	dw_sd_socket_read(m, u);
	for (size_t i = 0; i < u->listens.n; i++) {
		const struct dw_sd_listen *l = &u->listens.v[i];

		if (!listen_fits(l, at))
			continue;
		/* 0.0.0.0:111 and [::]:111 in one unit: the line of the very family */
		if (l->at.family == at->family)
			return l;
		loose = loose ? loose : l;
	}
	return loose;
}

const char *dw_sd_socket_service(struct dw_sd_manager *m, const struct dw_sd_unit *u)
{
	const struct dw_sd_setting *s = dw_sd_last(u, DW_SD_SERVICE);
	struct dw_sd_name n;

	if (s)
		return dw_sd_expand(m, u, s->value);
	if (dw_sd_is_true(dw_sd_value(u, DW_SD_ACCEPT)) &&
	    dw_sd_name_split(m->s->arena, u->name, &n))
		return dw_arena_printf(m->s->arena, "%s@.service", n.prefix);
	return dw_sd_name_change(m->s->arena, u->name, ".service");
}

static void add_socket(struct dw_sd_manager *m, const char *name)
{
	struct dw_sd_unit *u = dw_sd_unit_get(m, name);

	for (size_t i = 0; i < m->sockets.n; i++)
		if (m->sockets.v[i] == u)
			return;
	if (!dw_sd_unit_exists(u))
		return;
	u->serves = dw_sd_socket_service(m, u);
	dw_vec_push(m->s->arena, &m->sockets, u);
}

static void add_off(struct dw_sd_manager *m, const char *name)
{
	struct dw_sd_unit *u = dw_sd_unit_get(m, name);

	for (size_t i = 0; i < m->sockets.n; i++)
		if (m->sockets.v[i] == u)
			return;
	for (size_t i = 0; i < m->sockets_off.n; i++)
		if (m->sockets_off.v[i] == u)
			return;
	if (dw_sd_unit_exists(u))
		dw_vec_push(m->s->arena, &m->sockets_off, u);
}

/* Every socket unit on the disk. */
static void each_socket(struct dw_sd_manager *m, void (*add)(struct dw_sd_manager *, const char *))
{
	for (size_t i = 0; i < m->dirs.n; i++)
		for (size_t k = 0; k < m->dirs.v[i].names.n; k++) {
			const char *name = m->dirs.v[i].names.v[k];

			if (dw_ends_with(name, ".socket") && !dw_ends_with(name, "@.socket"))
				add(m, name);
		}
}

void dw_sd_sockets(struct dw_sd_manager *m)
{
	if (m->sockets_read)
		return;
	m->sockets_read = true;
	dw_sd_close(m);
	for (size_t i = 0; i < m->pulled.n; i++)
		if (dw_ends_with(m->pulled.v[i]->name, ".socket"))
			add_socket(m, m->pulled.v[i]->name);
	(void)dw_sd_is_active(m, "");
	for (size_t i = 0; i < m->active.n; i++)
		if (dw_ends_with(m->active.v[i], ".socket"))
			add_socket(m, m->active.v[i]);
	/* a manager that does not write down what is active */
	if (!m->active_known && dw_sys_is_running(m->s->sys))
		each_socket(m, add_socket);
}

void dw_sd_sockets_off(struct dw_sd_manager *m)
{
	dw_sd_sockets(m);
	if (m->sockets_off_read)
		return;
	m->sockets_off_read = true;
	each_socket(m, add_off);
}
