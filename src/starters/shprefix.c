/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands in front of a command: "exec", "chpst -u user", "ip netns exec NAME". */
#include "shwords.h"

#include <string.h>

#include "dw_str.h"

/*
 * Commands that run the command in their arguments (ip(8) has rules of its own); all their options are skipped,
 * with a value where they have one.
 */
static const struct {
	const char *name, *with_value;
	unsigned words; /* further words before the command */
} prefixes[] = {
	{ "exec", "a", 0 },
	{ "nohup", "", 0 },
	{ "setsid", "", 0 },
	{ "command", "", 0 },
	{ "env", "uCS", 0 },
	{ "nice", "n", 0 },
	{ "ionice", "cnp", 0 },
	{ "chpst", "uUbenpdroslmftPC/012", 0 },
	{ "setuidgid", "", 1 },
	{ "envuidgid", "", 1 },
	{ "softlimit", "adfmrstclopx", 0 },
	{ "setlock", "", 1 },
	{ "s6-setuidgid", "", 1 },
	{ "s6-softlimit", "adfmrstclop", 0 },
	{ "envdir", "", 1 },
	{ "s6-envdir", "", 1 },
	{ "eval", "", 0 },
	{ "chrt", "", 1 },
	{ "taskset", "c", 1 },
	{ "gosu", "", 1 },
	{ "nsenter", "tSGW", 0 },
	{ "unshare", "RwSGl", 0 },
	{ "setpriv", "", 0 },
	{ "stdbuf", "ioe", 0 },
	{ "timeout", "ks", 1 },
	{ "chroot", "", 1 },
};

/* chpst's -P, -0, -1, -2 and -v take no value; its others do. */
static bool option_has_value(const char *command, const char *with_value, char c)
{
	if (dw_streq(command, "chpst") && c && strchr("Pv012", c))
		return false;
	return c && strchr(with_value, c);
}

/* ip(8): "ip [-OPTION [VALUE]] netns exec NAME COMMAND", and vrf; objects and verbs may be cut short. */
static size_t skip_ip_exec(const struct dw_sh_word *w, size_t n)
{
	size_t i = 1;

	for (; i < n && w[i].n > 1 && w[i].s[0] == '-'; i++)
		if (dw_sh_word_is(&w[i], "-n") || dw_sh_word_is(&w[i], "-netns"))
			i++;
	if (i + 3 >= n || !(dw_sh_word_is(&w[i], "netns") || dw_sh_word_is(&w[i], "net") ||
			    dw_sh_word_is(&w[i], "vrf")))
		return 0;
	if (w[i + 1].n == 0 || w[i + 1].n > 4 || memcmp(w[i + 1].s, "exec", w[i + 1].n) != 0)
		return 0;
	return i + 3;
}

size_t dw_sh_skip_prefix(const char *command, const struct dw_sh_word *w, size_t n)
{
	if (dw_streq(command, "ip"))
		return skip_ip_exec(w, n);
	for (size_t k = 0; k < DW_ARRAY_SIZE(prefixes); k++) {
		size_t i = 1;

		if (!dw_streq(prefixes[k].name, command))
			continue;
		for (; i < n && w[i].n > 1 && w[i].s[0] == '-'; i++)
			if (w[i].n == 2 &&
			    option_has_value(command, prefixes[k].with_value, w[i].s[1]))
				i++;
		return i + prefixes[k].words;
	}
	return 0;
}
