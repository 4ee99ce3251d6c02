/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_managers.h"

#include <netinet/in.h> /* before linux/in.h, which then steps back */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "dw_nfattr.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "legacy.h"

#define FILE_MAX   ((size_t)1024 * 1024)
#define TABLES_MAX 1000

/* --- looking ------------------------------------------------------------------------------------------ */

struct tables {
	struct dw_arena *a;
	struct dw_strings *names;
};

static int on_table(const struct nlmsghdr *m, void *arg)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(m);
	struct tables *t = arg;
	const struct nlattr *attr;

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*head)) || t->names->n >= TABLES_MAX)
		return 0;
	mnl_attr_for_each(attr, m, sizeof(*head))
	{
		const char *name = mnl_attr_get_payload(attr);

		if (mnl_attr_get_type(attr) != NFTA_TABLE_NAME)
			continue;
		name = dw_arena_strndup(t->a, name, mnl_attr_get_payload_len(attr));
		if (head->nfgen_family != NFPROTO_INET || !dw_streq(name, "doorward"))
			dw_vec_push(t->a, t->names,
				    dw_arena_printf(t->a, "%s %s",
						    dw_nf_family_name(head->nfgen_family), name));
	}
	return 0;
}

static void forget(void *arg)
{
	((struct tables *)arg)->names->n = 0;
}

static bool look_at_tables(struct dw_sys *s, const struct dw_netns *ns, struct tables *t)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg body;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
			    .nlmsg_flags = NLM_F_DUMP },
		.body = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 },
	};
	int r = dw_netlink_request(s, ns, NETLINK_NETFILTER, &request.header, on_table, forget, t,
				   NULL);

	/* a kernel without nf_tables has no table */
	return r == 0 || r == -ENOENT || r == -EOPNOTSUPP || r == -EPROTONOSUPPORT || r == -EINVAL;
}

static bool has_line(struct dw_sys *s, struct dw_arena *a, const char *file, const char *begin)
{
	struct dw_bytes bytes = { 0 };
	struct dw_lines lines;
	const char *line;
	size_t n;

	if (dw_sys_file_read(s, file, FILE_MAX, a, &bytes, NULL) < 0)
		return false;
	lines = dw_lines_of(&bytes);
	while (dw_lines_next(&lines, &line, &n)) {
		while (n > 0 && (*line == ' ' || *line == '\t')) {
			line++;
			n--;
		}
		if (n >= strlen(begin) && memcmp(line, begin, strlen(begin)) == 0)
			return true;
	}
	return false;
}

/* Names of the tables that iptables-legacy made, a line each; the file is there when its module is. */
static void look_at_legacy(struct dw_sys *s, struct dw_arena *a, const char *file,
			   const char *before, struct dw_strings *ret)
{
	struct dw_bytes bytes = { 0 };
	struct dw_lines lines;
	const char *line;
	size_t n;

	if (dw_sys_file_read(s, file, FILE_MAX, a, &bytes, NULL) < 0)
		return;
	lines = dw_lines_of(&bytes);
	while (ret->n < TABLES_MAX && dw_lines_next(&lines, &line, &n))
		if (n > 0)
			dw_vec_push(a, ret,
				    dw_arena_printf(a, "%s%.*s", before, (int)DW_MIN(n, (size_t)64),
						    line));
}

/*
 * Tables in which there is something. iptables-legacy-save alone makes all of them, empty, and nothing takes them away
 * again. False: only their names can be had.
 */
static bool look_at_rules(struct dw_sys *s, const struct dw_netns *ns, struct dw_arena *a,
			  struct dw_strings *ret)
{
	struct dw_ruleset *r = dw_rs_new();
	const struct dw_rs_copy *c = r->copy;
	bool seen = !dw_sys_is_fake(s) && dw_sys_is_running(s) &&
		    dw_legacy_read(s, ns, r->copy, NULL) == 0;

	for (size_t i = 0; seen && i < c->legacy.n; i++) {
		const struct dw_legacy *t = c->legacy.v[i];

		if (dw_legacy_acts(t))
			dw_vec_push(a, ret,
				    dw_arena_printf(a, "%s%s", t->blob.six ? "IPv6 " : "",
						    t->blob.name));
	}
	dw_ruleset_free(r);
	return seen;
}

static bool is_enabled(struct dw_sys *s, struct dw_arena *a, const char *unit)
{
	static const char *const targets[] = { "multi-user", "sysinit", "basic", "network-pre" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(targets); i++) {
		struct dw_strings names = { 0 };

		if (dw_sys_dir_list(
			    s,
			    dw_arena_printf(a, "/etc/systemd/system/%s.target.wants/", targets[i]),
			    a, &names, NULL) == 0 &&
		    dw_strings_has(&names, unit))
			return true;
	}
	return false;
}

static bool has_program(struct dw_sys *s, const char *usr, const char *plain)
{
	return dw_sys_file_exists(s, usr) || dw_sys_file_exists(s, plain);
}

void dw_managers_look(struct dw_sys *s, const struct dw_netns *ns, struct dw_arena *a,
		      struct dw_managers *ret)
{
	struct dw_managers m = {
		.ufw = has_line(s, a, "/etc/ufw/ufw.conf", "ENABLED=yes"),
		.firewalld = is_enabled(s, a, "firewalld.service"),
		.nftables = is_enabled(s, a, "nftables.service"),
		.persistent = is_enabled(s, a, "netfilter-persistent.service") ||
			      is_enabled(s, a, "iptables.service"),
		.docker = is_enabled(s, a, "docker.service"),
		.has_nft = has_program(s, "/usr/sbin/nft", "/sbin/nft"),
		.has_iptables = has_program(s, "/usr/sbin/iptables", "/sbin/iptables"),
	};
	struct tables t = { .a = a, .names = &m.tables };

	m.nftables_flushes = m.nftables && has_line(s, a, "/etc/nftables.conf", "flush ruleset");
	m.blind = !look_at_tables(s, ns, &t);
	if (!look_at_rules(s, ns, a, &m.legacy)) {
		look_at_legacy(s, a, "/proc/net/ip_tables_names", "", &m.legacy);
		look_at_legacy(s, a, "/proc/net/ip6_tables_names", "IPv6 ", &m.legacy);
	}
	*ret = m;
}

/* --- what it means -------------------------------------------------------------------------------------- */

enum dw_fence_style dw_managers_style(const struct dw_managers *m, const char **ret_why)
{
	if (m->firewalld || dw_strings_has(&m->tables, "inet firewalld")) {
		*ret_why = "firewalld runs this host's packet filter";
		return DW_FENCE_FIREWALLD;
	}
	if (m->ufw) {
		*ret_why = "ufw is enabled (/etc/ufw/ufw.conf)";
		return DW_FENCE_UFW;
	}
	if (m->persistent || m->legacy.n > 0) {
		*ret_why = m->persistent ? "rules of iptables are loaded at each boot"
					 : "rules of iptables-legacy are in force";
		return DW_FENCE_IPTABLES;
	}
	if (!m->has_nft && m->has_iptables) {
		*ret_why = "iptables is installed, and nft is not";
		return DW_FENCE_IPTABLES;
	}
	*ret_why = "no other manager of the packet filter was found";
	return DW_FENCE_NFT;
}

static const char *list(struct dw_arena *a, const struct dw_strings *names)
{
	struct dw_str s = { .arena = a };
	size_t shown = DW_MIN(names->n, (size_t)10);

	dw_str_add(&s, "");
	for (size_t i = 0; i < shown; i++)
		dw_str_addf(&s, "%s%s", i ? ", " : "", names->v[i]);
	if (names->n > shown)
		dw_str_addf(&s, " and %zu more", names->n - shown);
	return s.s;
}

static void say(struct dw_arena *a, struct dw_strings *ret, bool is, const char *text)
{
	if (is)
		dw_vec_push(a, ret, text);
}

static void say_of_tables(struct dw_arena *a, const struct dw_managers *m,
			  enum dw_fence_style style, struct dw_strings *ret)
{
	say(a, ret, m->blind,
	    "the tables of the packet filter could not be read (that takes root): other rules than "
	    "these may stand in the way");
	if (m->tables.n > 0 && (style == DW_FENCE_NFT || style == DW_FENCE_IPTABLES))
		dw_vec_push(a, ret,
			    dw_arena_printf(a,
					    "other tables stand here (%s), and stay: what one of "
					    "them drops, these rules do not let in",
					    list(a, &m->tables)));
	if (m->legacy.n > 0 && style != DW_FENCE_IPTABLES)
		dw_vec_push(
			a, ret,
			dw_arena_printf(a,
					"rules of iptables-legacy are in the kernel (%s), which "
					"nft does not list: a packet has to pass them too",
					list(a, &m->legacy)));
}

void dw_managers_conflicts(struct dw_arena *a, const struct dw_managers *m,
			   enum dw_fence_style style, struct dw_strings *ret)
{
	bool own = style == DW_FENCE_NFT || style == DW_FENCE_IPTABLES;

	say(a, ret, m->ufw && style != DW_FENCE_UFW,
	    "ufw is enabled: a packet has to pass its rules too, and what ufw does not allow stays "
	    "shut; use --style ufw, or first \"ufw disable\"");
	say(a, ret, m->firewalld && style != DW_FENCE_FIREWALLD,
	    "firewalld is enabled: a packet has to pass its zones too, and they shut what they do "
	    "not "
	    "allow; use --style firewalld, or first \"systemctl disable --now firewalld\"");
	say(a, ret, m->nftables_flushes && style == DW_FENCE_NFT,
	    "nftables.service is enabled, and /etc/nftables.conf begins by flushing all rules: "
	    "each "
	    "start of it takes this table away");
	say(a, ret, m->nftables_flushes && style != DW_FENCE_NFT,
	    "nftables.service is enabled, and /etc/nftables.conf flushes all rules, those of other "
	    "managers too, whenever it is started");
	say(a, ret, m->persistent && style != DW_FENCE_IPTABLES,
	    "rules of iptables are loaded at each boot (netfilter-persistent): they count beside "
	    "these");
	say(a, ret, m->persistent && style == DW_FENCE_IPTABLES,
	    "rules are loaded from files at each boot: save these there too (netfilter-persistent "
	    "save), or they are gone then");
	say(a, ret, m->docker && own,
	    "docker makes rules of its own for the ports that it publishes; they stay, and only "
	    "what "
	    "the policy does not keep is denied before them");
	say(a, ret, style == DW_FENCE_UFW && !m->ufw,
	    "ufw is not enabled here: the last command does that");
	say(a, ret, style == DW_FENCE_FIREWALLD && !m->firewalld,
	    "firewalld is not enabled here: start it first, or the commands do nothing");
	say_of_tables(a, m, style, ret);
}
