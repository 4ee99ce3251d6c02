/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ports are asked, from words: "22,80,8000-8100,http,-,all,known". */
#include <errno.h>
#include <string.h>

#include "dw_knowledge.h"
#include "dw_parse.h"
#include "dw_spec.h"
#include "dw_str.h"
#include "dw_sys.h"

#define PORTS 65536u

struct ports {
	struct dw_sys *sys;
	const struct dw_knowledge *knowledge;
	enum dw_protocol protocol;
	struct dw_arena *arena;
	uint8_t bits[PORTS / 8];
};

static void add(struct ports *p, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last && i < PORTS; i++)
		p->bits[i / 8] |= (uint8_t)(1u << i % 8);
}

static bool add_service(struct ports *p, const struct dw_service *s)
{
	bool any = false;

	for (const struct dw_service_port *at = s->ports; at->protocol; at++)
		if (at->protocol == p->protocol) {
			add(p, at->first, at->last);
			any = true;
		}
	return any;
}

static void add_known(struct ports *p)
{
	for (size_t i = 0; p->knowledge && i < p->knowledge->n_services; i++)
		(void)add_service(p, &p->knowledge->services[i]);
	for (uint32_t port = 1; port < 1024 && p->protocol == DW_PROTOCOL_TCP; port++)
		add(p, port, port);
}

static int no_port(const struct ports *p, const char *word, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_nearest near = { 0 };

	for (size_t i = 0; p->knowledge && i < p->knowledge->n_services; i++)
		if (p->knowledge->services[i].ports->protocol)
			dw_nearest_try(&near, word, p->knowledge->services[i].name);
	return dw_error_set(e, -EINVAL,
			    "\"%.60s\" is no %s port, range (1-1024) or service that is known%s",
			    word, dw_protocol_name(p->protocol), dw_nearest_text(&near, a, ""));
}

static int add_name(struct ports *p, const char *word, struct dw_error *e)
{
	const struct dw_service *s = p->knowledge ? dw_knowledge_service(p->knowledge, word) : NULL;
	uint16_t port = 0;
	bool any = s && add_service(p, s);

	if (dw_sys_service_port(p->sys, word, dw_protocol_name(p->protocol), &port)) {
		add(p, port, port);
		any = true;
	}
	if (any)
		return 0;
	if ((strncasecmp(word, "T:", 2) == 0 || strncasecmp(word, "U:", 2) == 0) && word[2]) {
		(void)dw_error_set(
			e, -EINVAL,
			"\"%.60s\": TCP ports are given with --ports, UDP ports with --udp", word);
		return -EINVAL;
	}
	return no_port(p, word, e);
}

/* "80", "1-1024", "-1024", "60000-", "-". 0: done; 1: it is none of these. */
static int add_numbers(struct ports *p, const char *word, struct dw_error *e)
{
	const char *dash = strchr(word, '-');
	uint64_t first = 1, last = PORTS - 1;
	size_t n = dash ? (size_t)(dash - word) : strlen(word);

	if (word[strspn(word, "0123456789-")] != '\0' || (dash && strchr(dash + 1, '-')))
		return 1;
	if ((n > 0 && !dw_parse_u64n(word, n, 10, PORTS - 1, &first)) ||
	    (dash && dash[1] && !dw_parse_u64(dash + 1, 10, PORTS - 1, &last))) {
		(void)dw_error_set(e, -EINVAL, "\"%.60s\": ports are numbers up to 65535", word);
		return -EINVAL;
	}
	if (!dash)
		last = first;
	if (last < first) {
		(void)dw_error_set(e, -EINVAL, "\"%.60s\": it ends before it begins", word);
		return -EINVAL;
	}
	add(p, (uint32_t)first, (uint32_t)last);
	return 0;
}

static int add_word(struct ports *p, const char *word, struct dw_error *e)
{
	int r;

	if (!*word) {
		(void)dw_error_set(e, -EINVAL, "a port is missing: 22,80,8000-8100 are ports");
		return -EINVAL;
	}
	if (dw_streq(word, "all")) {
		add(p, 1, PORTS - 1);
		return 0;
	}
	if (dw_streq(word, "known")) {
		add_known(p);
		return 0;
	}
	r = add_numbers(p, word, e);
	return r == 1 ? add_name(p, word, e) : r;
}

int dw_spec_ports_read(struct dw_sys *s, const struct dw_knowledge *k, enum dw_protocol protocol,
		       const char *text, struct dw_arena *a, struct dw_spec_ports *ret,
		       struct dw_error *e)
{
	struct ports *p = dw_new(a, struct ports);
	struct dw_spec_ports out = { 0 };
	int r;

	*p = (struct ports){ .sys = s, .knowledge = k, .protocol = protocol, .arena = a };
	for (const char *word = text;; word++) {
		size_t n = strcspn(word, ",");

		r = add_word(p, dw_trim(dw_arena_strndup(a, word, n)), e);
		if (r < 0)
			return r;
		word += n;
		if (!*word)
			break;
	}
	for (uint32_t i = 0; i < PORTS; i++)
		out.n += p->bits[i / 8] >> i % 8 & 1;
	out.list = dw_arena_array(a, out.n, sizeof(*out.list));
	for (uint32_t i = 0, at = 0; i < PORTS; i++)
		if (p->bits[i / 8] >> i % 8 & 1)
			out.list[at++] = (uint16_t)i;
	*ret = out;
	return 0;
}

const char *dw_spec_ports_text(const struct dw_spec_ports *p, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };

	for (uint32_t i = 0, last; i < p->n; i = last + 1) {
		for (last = i; last + 1 < p->n && p->list[last + 1] == p->list[last] + 1;)
			last++;
		dw_str_addf(&text, "%s%u", i ? "," : "", p->list[i]);
		if (last > i)
			dw_str_addf(&text, "-%u", p->list[last]);
	}
	return text.s ? text.s : "";
}
