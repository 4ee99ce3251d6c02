/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a legacy table: getsockopt(2) with IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES. */
#include "dw_xtables.h"

#include <errno.h>
#include <net/if.h> /* these two before their twins of linux/ */
#include <netinet/in.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#include "dw_ask.h"

#define TABLE_MAX ((size_t)64 * 1024 * 1024) /* bytes of one table's entries */
#define NAMES_MAX 4096
#define TRIES_MAX 3

/* ipt_getinfo and ip6t_getinfo, ipt_get_entries and ip6t_get_entries have the same layout. */
static int read_once(struct dw_sys *s, const struct dw_netns *ns, bool six, const char *name,
		     struct dw_arena *a, struct dw_xtables *ret, struct dw_error *e)
{
	int family = six ? AF_INET6 : AF_INET, level = six ? IPPROTO_IPV6 : IPPROTO_IP;
	struct ipt_getinfo info = { 0 };
	size_t head = offsetof(struct ipt_get_entries, entrytable), size = sizeof(info);
	struct ipt_get_entries request = { 0 };
	uint8_t *blob;
	int code;

	if (strlen(name) >= sizeof(info.name))
		return dw_error_errno(e, -ENAMETOOLONG, "legacy table %s", name);
	memcpy(info.name, name, strlen(name));
	code = dw_netns_getsockopt(s, ns, family, level, six ? IP6T_SO_GET_INFO : IPT_SO_GET_INFO,
				   &info, &size, e);
	if (code < 0)
		return code;
	if (size < sizeof(info) || info.size > TABLE_MAX)
		return dw_error_errno(e, -EFBIG, "legacy table %s", name);
	size = head + info.size;
	blob = dw_arena_alloc(a, size);
	memcpy(request.name, name, strlen(name));
	request.size = info.size;
	memcpy(blob, &request, DW_MIN(head, sizeof(request)));
	code = dw_netns_getsockopt(s, ns, family, level,
				   six ? IP6T_SO_GET_ENTRIES : IPT_SO_GET_ENTRIES, blob, &size, e);
	if (code < 0)
		return code;
	*ret = (struct dw_xtables){ .six = six,
				    .name = dw_arena_strdup(a, name),
				    .valid_hooks = info.valid_hooks,
				    .n_entries = info.num_entries,
				    .entries = blob + head,
				    .n = size > head ? size - head : 0 };
	memcpy(ret->hook_entry, info.hook_entry, sizeof(ret->hook_entry));
	memcpy(ret->underflow, info.underflow, sizeof(ret->underflow));
	return 0;
}

int dw_xtables_read(struct dw_sys *s, const struct dw_netns *ns, bool six, const char *name,
		    struct dw_arena *a, struct dw_xtables *ret, struct dw_error *e)
{
	int code = -EAGAIN;

	/* -EAGAIN: the table grew between the two questions */
	for (unsigned i = 0; code == -EAGAIN && i < TRIES_MAX; i++)
		code = read_once(s, ns, six, name, a, ret, e);
	return code;
}

struct asking {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct dw_bytes *ret;
	bool six;
};

static int names_here(void *arg, struct dw_error *e)
{
	const struct asking *x = arg;

	return dw_sys_file_read(x->sys,
				x->six ? "/proc/thread-self/net/ip6_tables_names"
				       : "/proc/thread-self/net/ip_tables_names",
				NAMES_MAX, x->arena, x->ret, e);
}

int dw_xtables_names(struct dw_sys *s, const struct dw_netns *ns, bool six, struct dw_arena *a,
		     struct dw_bytes *ret, struct dw_error *e)
{
	struct dw_bytes names = { 0 };
	struct asking x = { s, a, &names, six };
	int code = dw_netns_run(s, ns, names_here, &x, e);

	if (code < 0 && code != -ENOENT)
		return code;
	*ret = names;
	return 0;
}
