/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a legacy table: getsockopt(2) with IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES. Asking for a
 * table that is not there makes the kernel load its module and hook it in, so
 * /proc/net/ip_tables_names is asked first.
 */
#include <errno.h>
#include <net/if.h> /* these two before their twins of linux/ */
#include <netinet/in.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#include "dw_ask.h"
#include "dw_str.h"
#include "iptables.h"

#define TABLE_MAX ((size_t)64 * 1024 * 1024) /* bytes of one table's entries */
#define NAMES_MAX 4096

struct reading {
	struct dw_forwards *out;
	const struct dw_netns *ns;
	const char *names_file;
	struct dw_bytes names;
	enum dw_family family;
	int socket_family, level, info, entries;
};

/* ipt_getinfo and ip6t_getinfo, ipt_get_entries and ip6t_get_entries have the same layout. */
static int read_table(const struct reading *r, const char *name, struct dw_iptables *ret,
		      struct dw_error *e)
{
	struct dw_sys *s = r->out->collect->sys;
	struct ipt_getinfo info = { 0 };
	size_t head = offsetof(struct ipt_get_entries, entrytable), size = sizeof(info);
	struct ipt_get_entries request = { 0 };
	uint8_t *blob;
	int code;

	memcpy(info.name, name, strlen(name));
	code = dw_netns_getsockopt(s, r->ns, r->socket_family, r->level, r->info, &info, &size, e);
	if (code < 0)
		return code;
	if (size < sizeof(info) || info.size > TABLE_MAX)
		return dw_error_errno(e, -EFBIG, "legacy table %s", name);
	size = head + info.size;
	blob = dw_arena_alloc(r->out->scratch, size);
	memcpy(request.name, name, strlen(name));
	request.size = info.size;
	memcpy(blob, &request, DW_MIN(head, sizeof(request)));
	code = dw_netns_getsockopt(s, r->ns, r->socket_family, r->level, r->entries, blob, &size,
				   e);
	if (code < 0)
		return code;
	*ret = (struct dw_iptables){
		.family = r->family,
		.table = name,
		.valid_hooks = info.valid_hooks,
		.entries = blob + head,
		.n = size > head ? size - head : 0,
	};
	memcpy(ret->hook_entry, info.hook_entry, sizeof(ret->hook_entry));
	memcpy(ret->underflow, info.underflow, sizeof(ret->underflow));
	return 0;
}

static int names_here(void *arg, struct dw_error *e)
{
	struct reading *r = arg;

	return dw_sys_file_read(r->out->collect->sys, r->names_file, NAMES_MAX, r->out->scratch,
				&r->names, e);
}

static void one_table(const struct reading *r, const char *name)
{
	struct dw_iptables t;
	struct dw_error why = { 0 };
	int code = 0;

	/* -EAGAIN: the table grew between the two questions */
	for (unsigned i = 0; i < 3; i++) {
		code = read_table(r, name, &t, &why);
		if (code != -EAGAIN)
			break;
	}
	if (code == 0 && dw_iptables_filters(&t))
		dw_forwards_filtered(r->out);
	if (code == 0)
		dw_iptables_walk(r->out, &t);
	else
		dw_facts_incomplete(r->out->collect->facts, "iptables", NULL, 0, true,
				    "the table %s of iptables-legacy could not be read: %s", name,
				    why.message);
}

static int one_family(struct reading *r, struct dw_error *e)
{
	/* mangle: TPROXY; filter and raw: whether there is a packet filter at all */
	static const char *const tables[] = { "nat", "mangle", "filter", "raw" };
	struct dw_lines lines;
	const char *line;
	size_t n;
	int code = dw_netns_run(r->out->collect->sys, r->ns, names_here, r, e);

	if (code == -ENOENT) /* no such thing in this kernel */
		return 0;
	if (code < 0)
		return code;
	lines = dw_lines_of(&r->names);
	while (dw_lines_next(&lines, &line, &n))
		for (size_t i = 0; i < DW_ARRAY_SIZE(tables); i++)
			if (n == strlen(tables[i]) && memcmp(line, tables[i], n) == 0)
				one_table(r, tables[i]);
	return 0;
}

int dw_iptables_collect(struct dw_forwards *out, const struct dw_netns *ns, struct dw_error *e)
{
	struct reading four = { .out = out,
				.ns = ns,
				.family = DW_FAMILY_IPV4,
				.socket_family = AF_INET,
				.level = IPPROTO_IP,
				.info = IPT_SO_GET_INFO,
				.entries = IPT_SO_GET_ENTRIES,
				.names_file = "/proc/thread-self/net/ip_tables_names" };
	struct reading six = { .out = out,
			       .ns = ns,
			       .family = DW_FAMILY_IPV6,
			       .socket_family = AF_INET6,
			       .level = IPPROTO_IPV6,
			       .info = IP6T_SO_GET_INFO,
			       .entries = IP6T_SO_GET_ENTRIES,
			       .names_file = "/proc/thread-self/net/ip6_tables_names" };
	int r = one_family(&four, e);

	return r < 0 ? r : one_family(&six, e);
}
