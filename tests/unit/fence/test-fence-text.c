/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wants as text: tests/golden/fence/NAME.STYLE, and what no style can say in NAME.cannot. Root has the tools read
 * them, each in a network namespace of its own.
 */
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_str.h"
#include "golden.h"
#include "wants.h"

#define GOLDEN(a, name, ending)                                                                    \
	dw_arena_printf((a), DW_TEST_PATH("golden/fence/%s.%s"), name, ending)

/* Exit status of the script in a namespace of its own; -1: there is none to be had here. */
static int in_namespace(const char *script, const char *file)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
			_exit(77);
		(void)execl("/bin/sh", "sh", "-c", script, "sh", file, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 127;
	return WEXITSTATUS(status) == 77 ? -1 : WEXITSTATUS(status);
}

static bool can_run(const char *program)
{
	const char *script = dw_streq(program, "nft")
				     ? "command -v nft >/dev/null && nft list tables"
				     : "command -v iptables-restore >/dev/null && "
				       "command -v ip6tables-restore >/dev/null && "
				       "iptables -S >/dev/null && ip6tables -S >/dev/null";

	if (geteuid() == 0 && in_namespace(script, "") == 0)
		return true;
	printf("(not root, no namespaces, or no %s: not loaded)\n", program);
	return false;
}

DW_TEST(each_want_in_each_style)
{
	for (const struct named_want *n = named_wants; n->name; n++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_str cannot = { .arena = a };

		dw_str_add(&cannot, "");
		for (unsigned s = 0; s < DW_FENCE_STYLE_COUNT; s++) {
			const char *style = dw_fence_style_name((enum dw_fence_style)s);
			struct dw_strings list = { 0 }, again = { 0 };
			const char *text =
				dw_fence_text(a, &n->want, (enum dw_fence_style)s, &list);

			dw_golden_check(GOLDEN(a, n->name, style), text);
			for (size_t i = 0; i < list.n; i++)
				dw_str_addf(&cannot, "%s: %s\n", style,
					    dw_escape_terminal(a, list.v[i], strlen(list.v[i])));
			/* the same want, the same bytes */
			DW_CHECK_STR(dw_fence_text(a, &n->want, (enum dw_fence_style)s, &again),
				     text);
			DW_CHECK_INT(again.n, list.n);
		}
		dw_golden_check(GOLDEN(a, n->name, "cannot"), cannot.s);
	}
}

/* Nothing of a name may get out of its place: text is printable, and only as many lines long as it should be. */
DW_TEST(hostile_words_stay_where_they_are)
{
	const struct named_want *n = named_wants;

	while (!dw_streq(n->name, "hostile"))
		n++;
	for (unsigned s = 0; s < DW_FENCE_STYLE_COUNT; s++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_strings list = { 0 };
		const char *text = dw_fence_text(a, &n->want, (enum dw_fence_style)s, &list);

		for (const char *c = text; *c; c++)
			DW_CHECK((unsigned char)*c >= ' ' || *c == '\n' || *c == '\t');
		DW_CHECK(strstr(text, "eth*") == NULL && strstr(text, "eth+") == NULL);
		DW_CHECK(strstr(text, "flush ruleset") == NULL);
		DW_CHECK(strstr(text, "\n*filter\n#  k") == NULL);
		DW_CHECK(list.n >= 9);
	}
}

/*
 * Loaded twice it is what it was after the first time; tables of others stay as they are, byte for byte, also when
 * ours is taken away; and what nft lists can be loaded again.
 */
static const char nft_script[] =
	"set -e\n"
	"d=$(mktemp -d); trap 'rm -r \"$d\"' EXIT\n"
	"nft 'table ip other { chain input { type filter hook input priority 10; policy drop; tcp "
	"dport 7 "
	"accept; }; set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }; }; table "
	"inet x { }'\n"
	"nft list ruleset >$d/before\n"
	"nft -c -f \"$1\"; nft list ruleset | cmp - $d/before\n"
	"nft -f \"$1\"; nft -s list ruleset >$d/once; nft -f \"$1\"; nft -s list ruleset | cmp - "
	"$d/once\n"
	"nft list table inet doorward >$d/listed; nft delete table inet doorward\n"
	"nft list ruleset | cmp - $d/before\n"
	"nft -f $d/listed; nft -s list ruleset | cmp - $d/once\n";

/* Both documents are understood, alone; run twice, each built-in chain leads to ours once, and others' rules stay. */
static const char iptables_script[] =
	"set -e\n"
	"d=$(mktemp -d); trap 'rm -r \"$d\"' EXIT\n"
	"sed -n \"/^iptables-restore/,/^END/p\" \"$1\" | sed '1d;$d' >$d/v4\n"
	"sed -n \"/^ip6tables-restore/,/^END/p\" \"$1\" | sed '1d;$d' >$d/v6\n"
	"test -s $d/v4; test -s $d/v6\n"
	"iptables-restore --test --noflush $d/v4; ip6tables-restore --test --noflush $d/v6\n"
	"iptables -A INPUT -p tcp --dport 7 -j DROP\n"
	"sh -e \"$1\"; iptables-save | grep -v '^#' >$d/once; sh -e \"$1\"\n"
	"iptables-save | grep -v '^#' | cmp - $d/once\n"
	"test $(iptables -S INPUT | grep -c DOORWARD-INPUT) = 1\n"
	"test $(ip6tables -S INPUT | grep -c DOORWARD-INPUT) = 1\n"
	"iptables -S INPUT | grep -q -- '--dport 7 -j DROP'\n";

/* Commands are words of a shell, one command a line, and a line is no more than one. */
static const char commands_script[] =
	"set -e\n"
	"f=$(mktemp); trap 'rm \"$f\"' EXIT\n"
	"command_of_the_style() { n=$((n + 1)); }\n"
	"sed -E 's/^(ufw|firewall-cmd) /command_of_the_style /' \"$1\" >\"$f\"\n"
	"n=0; . \"$f\"\n"
	"test $n = $(grep -c '^command_of_the_style ' \"$f\")\n";

/*
 * The real ufw understands each command. --dry-run enable writes ENABLED=yes all the same, so it is given copies of its
 * files, which go with the mount namespace.
 */
static const char ufw_script[] =
	"set -e\n"
	"mount --make-rprivate /\n"
	"d=$(mktemp -d); mount -t tmpfs tmpfs \"$d\"\n"
	"trap 'umount \"$d\"; rmdir \"$d\"' EXIT\n"
	"for f in /etc/ufw /etc/default/ufw; do\n"
	"\tc=$d/$(echo $f | tr / _); cp -a $f \"$c\"; mount --bind \"$c\" $f\n"
	"done\n"
	"ufw() { command ufw --dry-run \"$@\" >/dev/null 2>\"$d/said\" || { "
	"echo \"ufw $*\"; cat \"$d/said\"; exit 1; }; }\n"
	". \"$1\"\n"
	"umount /etc/ufw /etc/default/ufw\n";

static void load_all(const char *style, const char *script)
{
	for (const struct named_want *n = named_wants; n->name; n++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		int status = in_namespace(script, GOLDEN(a, n->name, style));

		if (status != 0)
			printf("%s.%s:\n", n->name, style);
		DW_CHECK_INT(status, 0);
	}
}

DW_TEST(nft_loads_each)
{
	if (can_run("nft"))
		load_all("nft", nft_script);
}

DW_TEST(iptables_restore_loads_each)
{
	if (can_run("iptables"))
		load_all("iptables", iptables_script);
}

DW_TEST(commands_are_words_of_a_shell)
{
	if (geteuid() != 0) {
		printf("(not root: not run)\n");
		return;
	}
	load_all("ufw", commands_script);
	load_all("firewalld", commands_script);
}

DW_TEST(ufw_takes_each_command)
{
	static const char *const names[] = { "hostile", "places", "protocols" };
	struct stat before = { 0 }, after = { 0 };

	if (geteuid() != 0 ||
	    in_namespace("command -v ufw >/dev/null && ufw --dry-run status >/dev/null 2>&1", "") !=
		    0) {
		printf("(not root, no namespaces, or no ufw: not run)\n");
		return;
	}
	DW_CHECK_INT(stat("/etc/ufw/ufw.conf", &before), 0);
	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();

		DW_CHECK_INT(in_namespace(ufw_script, GOLDEN(a, names[i], "ufw")), 0);
	}
	DW_CHECK(stat("/etc/ufw/ufw.conf", &after) == 0 && after.st_mtime == before.st_mtime &&
		 after.st_ino == before.st_ino);
}

DW_TEST_MAIN
