/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard ports: 23/tcp, 5900-5910/tcp, 953/tcp local. */
#include "dw_str.h"
#include "entry.h"

#define PORTS_MAX 64 /* of one entry */

/* A packet socket has no port, and the numbers of vsock and Bluetooth are no standard ones. */
static bool has_ports(enum dw_protocol p)
{
	return p >= DW_PROTOCOL_TCP && p <= DW_PROTOCOL_RAW;
}

static bool parse_numbers(const char *s, size_t n, struct dw_service_port *ret)
{
	const char *dash = memchr(s, '-', n);
	size_t first = dash ? (size_t)(dash - s) : n;
	uint64_t from, to;

	if (!dw_parse_u64n(s, first, 10, UINT16_MAX, &from))
		return false;
	to = from;
	if (dash && !dw_parse_u64n(dash + 1, n - first - 1, 10, UINT16_MAX, &to))
		return false;
	if (to < from || (dash && to == from))
		return false;
	ret->first = (uint16_t)from;
	ret->last = (uint16_t)to;
	return true;
}

static bool parse_port(struct dw_arena *a, const char *s, struct dw_service_port *ret)
{
	const char *slash = strchr(s, '/');
	size_t n;

	if (!slash || !parse_numbers(s, (size_t)(slash - s), ret))
		return false;
	n = strcspn(slash + 1, " ");
	ret->local = dw_streq(slash + 1 + n, " local");
	if (slash[1 + n] && !ret->local)
		return false;
	ret->protocol = dw_protocol_parse(dw_arena_strndup(a, slash + 1, n));
	if (!has_ports(ret->protocol))
		return false;
	/* protocol 0 (hop-by-hop) cannot be told from nothing, and port 0 is none */
	return ret->first > 0;
}

bool dw_value_ports(struct reading *r, const struct dw_yaml *v, void *at)
{
	struct dw_service_port *list;
	bool good = true;
	size_t n, i = 0;

	if (!dw_value_is_list(r, v, &n))
		return false;
	if (n > PORTS_MAX)
		return dw_entry_wrong(r, v->line, "%s: more than %d members", r->key, PORTS_MAX);
	list = dw_arena_array(r->arena, n + 1, sizeof(*list));
	for (const struct dw_yaml *m = v->first; m; m = m->next) {
		if (m->kind == DW_YAML_TEXT && parse_port(r->arena, m->text, &list[i]))
			i++;
		else
			good = dw_entry_wrong(
				r, m->line,
				"%s: %.60s is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
				"expected",
				r->key, m->kind == DW_YAML_TEXT ? m->text : dw_yaml_kind_name(m));
	}
	*(const struct dw_service_port **)at = list;
	return good;
}
