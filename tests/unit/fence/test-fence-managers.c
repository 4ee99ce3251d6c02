/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who else is at the packet filter: found in files and in the kernel, and what is said of it. */
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_managers.h"
#include "dw_str.h"
#include "dw_test.h"

static const struct dw_netns here = { .fd = -1 };

static void shell(const char *script, const char *word)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-e", "-c", script, "sh", word, (char *)NULL);
		_exit(127);
	}
	DW_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

/* What is found below a root that the script makes. */
static struct dw_managers look(struct dw_arena *a, const char *script)
{
	char root[] = "/tmp/doorward-managers-XXXXXX";
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_managers m = { 0 };

	DW_CHECK(mkdtemp(root) != NULL);
	shell(dw_arena_printf(
		      a,
		      "cd \"$1\"; w=etc/systemd/system/multi-user.target.wants; mkdir -p $w "
		      "etc/systemd/system/sysinit.target.wants etc/ufw usr/sbin; %s",
		      script),
	      root);
	DW_CHECK_INT(dw_sys_open(root, &s, NULL), 0);
	dw_managers_look(s, &here, a, &m);
	shell("rm -r \"$1\"", root);
	return m;
}

static const char *style_of(const struct dw_managers *m)
{
	const char *why = NULL;
	enum dw_fence_style style = dw_managers_style(m, &why);

	DW_CHECK(why && *why);
	return dw_fence_style_name(style);
}

DW_TEST(files_tell_who_runs_the_filter)
{
	static const struct {
		const char *script, *style;
	} hosts[] = {
		{ ":", "nft" },
		{ "echo 'ENABLED=no' >etc/ufw/ufw.conf", "nft" },
		{ "printf '# x\\nENABLED=yes\\n' >etc/ufw/ufw.conf", "ufw" },
		{ "ln -s /x $w/firewalld.service; echo ENABLED=yes >etc/ufw/ufw.conf",
		  "firewalld" },
		{ "ln -s /x $w/netfilter-persistent.service", "iptables" },
		{ "ln -s /x etc/systemd/system/sysinit.target.wants/nftables.service", "nft" },
		{ ": >usr/sbin/iptables", "iptables" },
		{ ": >usr/sbin/iptables; : >usr/sbin/nft", "nft" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(hosts); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_managers m = look(a, hosts[i].script);

		DW_CHECK_STR(style_of(&m), hosts[i].style);
	}
}

DW_TEST(a_file_that_flushes_is_seen)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *enabled = "ln -s /x etc/systemd/system/sysinit.target.wants/nftables.service;";
	struct dw_managers m =
		look(a, dw_arena_printf(a,
					"%s printf '#!/usr/sbin/nft -f\\n\\n  flush ruleset\\n' "
					">etc/nftables.conf",
					enabled));

	DW_CHECK(m.nftables && m.nftables_flushes);
	m = look(a, dw_arena_printf(a, "%s echo '# flush ruleset' >etc/nftables.conf", enabled));
	DW_CHECK(m.nftables && !m.nftables_flushes);
	m = look(a, "echo 'flush ruleset' >etc/nftables.conf");
	DW_CHECK(!m.nftables && !m.nftables_flushes);
}

static const char *said(struct dw_arena *a, const struct dw_managers *m, enum dw_fence_style style)
{
	struct dw_strings list = { 0 };
	struct dw_str s = { .arena = a };

	dw_str_add(&s, "");
	dw_managers_conflicts(a, m, style, &list);
	for (size_t i = 0; i < list.n; i++)
		dw_str_addf(&s, "%s\n", list.v[i]);
	return s.s;
}

DW_TEST(who_stands_in_the_way_is_said)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_managers m = { .ufw = true,
				 .firewalld = true,
				 .nftables = true,
				 .nftables_flushes = true,
				 .persistent = true,
				 .docker = true };

	dw_vec_push(a, &m.legacy, "filter");
	for (unsigned i = 0; i < 12; i++)
		dw_vec_push(a, &m.tables, dw_arena_printf(a, "ip t%u", i));
	DW_CHECK(strstr(said(a, &m, DW_FENCE_NFT), "ufw disable") != NULL);
	DW_CHECK(strstr(said(a, &m, DW_FENCE_NFT), "disable --now firewalld") != NULL);
	DW_CHECK(strstr(said(a, &m, DW_FENCE_NFT), "takes this table away") != NULL);
	DW_CHECK(strstr(said(a, &m, DW_FENCE_NFT), "ip t9 and 2 more") != NULL);
	DW_CHECK(strstr(said(a, &m, DW_FENCE_NFT), "iptables-legacy are in the kernel (filter)") !=
		 NULL);
	DW_CHECK(strstr(said(a, &m, DW_FENCE_NFT), "docker") != NULL);
	DW_CHECK(strstr(said(a, &m, DW_FENCE_UFW), "ufw disable") == NULL);
	DW_CHECK(strstr(said(a, &m, DW_FENCE_FIREWALLD), "now firewalld") == NULL);
	DW_CHECK(strstr(said(a, &m, DW_FENCE_IPTABLES), "netfilter-persistent save") != NULL);
	m = (struct dw_managers){ 0 };
	DW_CHECK_STR(said(a, &m, DW_FENCE_NFT), "");
	DW_CHECK_STR(said(a, &m, DW_FENCE_IPTABLES), "");
	DW_CHECK(strstr(said(a, &m, DW_FENCE_UFW), "not enabled") != NULL);
	DW_CHECK(strstr(said(a, &m, DW_FENCE_FIREWALLD), "not enabled") != NULL);
	m.blind = true;
	DW_CHECK(strstr(said(a, &m, DW_FENCE_NFT), "takes root") != NULL);
}

DW_TEST(tables_of_the_kernel_are_seen)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_managers m = { 0 };

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0 || access("/usr/sbin/nft", X_OK) != 0) {
		printf("(not root, no namespaces, or no nft: not run)\n");
		return;
	}
	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	dw_managers_look(s, &here, a, &m);
	DW_CHECK(!m.blind);
	DW_CHECK_INT(m.tables.n, 0);
	shell("nft 'table inet doorward { }; table inet filter { }; table ip6 doorward { }; table "
	      "bridge b { }'",
	      "");
	dw_managers_look(s, &here, a, &m);
	DW_CHECK(!m.blind);
	DW_CHECK_INT(m.tables.n, 3);
	DW_CHECK(dw_strings_has(&m.tables, "inet filter") &&
		 dw_strings_has(&m.tables, "ip6 doorward") &&
		 dw_strings_has(&m.tables, "bridge b"));
}

/* Asked by anybody, the kernel makes the legacy tables, empty: no rules are in force. */
DW_TEST(empty_tables_of_iptables_legacy_are_none)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_managers m = { 0 };

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0 ||
	    access("/usr/sbin/iptables-legacy", X_OK) != 0) {
		printf("(not root, no namespaces, or no iptables-legacy: not run)\n");
		return;
	}
	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	shell("iptables-legacy-save >/dev/null; ip6tables-legacy-save >/dev/null", "");
	dw_managers_look(s, &here, a, &m);
	DW_CHECK_INT(m.legacy.n, 0);
	shell("ip6tables-legacy -P INPUT DROP; iptables-legacy -t nat -A PREROUTING -j ACCEPT", "");
	dw_managers_look(s, &here, a, &m);
	DW_CHECK_INT(m.legacy.n, 2);
	DW_CHECK(dw_strings_has(&m.legacy, "nat") && dw_strings_has(&m.legacy, "IPv6 filter"));
}

DW_TEST_MAIN
