/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names by which a line may call a running program, and the arguments that it would give it. */
#include <string.h>

#include "dw_str.h"
#include "match.h"

enum { TITLE_WORDS_MAX = 512 };

static bool is_interpreter(const char *exe)
{
	static const char *const names[] = { "sh",   "dash", "bash", "ksh", "zsh",  "env",   "java",
					     "node", "gawk", "mawk", "awk", "mono", "dotnet" };
	static const char *const prefixes[] = { "python", "perl",   "ruby",  "php", "lua",
						"tclsh",  "nodejs", "guile", "wish" };
	const char *name = dw_basename(exe);

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(name, names[i]))
			return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(prefixes); i++)
		if (dw_starts_with(name, prefixes[i]))
			return true;
	return false;
}

/* Index of the script in the arguments of an interpreter; 0: none (-c CODE, -m MODULE, -jar FILE). */
static size_t script_of(const struct dw_procinfo *p)
{
	static const char *const code[] = { "-c", "-e", "-m", "-jar", "-cp", "-r", "-E" };

	for (size_t i = 1; i < p->argc; i++) {
		if (p->argv[i][0] != '-')
			return i;
		for (size_t k = 0; k < DW_ARRAY_SIZE(code); k++)
			if (dw_streq(p->argv[i], code[k]))
				return 0;
	}
	return 0;
}

struct dw_match_process dw_match_process(struct dw_arena *a, const struct dw_procinfo *p)
{
	struct dw_match_process m = { 0 };
	size_t n = 0, script = 0;
	bool interpreter = p->exe && is_interpreter(p->exe);

	if (interpreter || (p->argc > 1 && dw_streq(dw_basename(p->argv[0]), "busybox")))
		script = script_of(p);
	if (script) {
		m.names[n++] = p->argv[script];
	} else {
		m.needs_args = interpreter;
		if (p->exe)
			m.names[n++] = p->exe;
		/* A login shell's name starts with a minus. */
		if (p->argc && p->argv[0][0] && p->argv[0][0] != '-')
			m.names[n++] = p->argv[0];
		if (!n)
			m.names[n++] = p->comm;
	}
	if (!script && p->argc && strchr(p->argv[0], ' ')) {
		/* setproctitle(3): "nginx: master process /usr/sbin/nginx -c /etc/x", all in one */
		struct dw_strings words = { 0 };
		char *rest = dw_arena_strdup(a, p->argv[0]), *word;

		while (words.n < TITLE_WORDS_MAX && (word = dw_word_next(&rest)))
			dw_vec_push(a, &words, word);
		m.args = words.v;
		m.n_args = words.n;
	} else if (p->argc > script + 1) {
		m.args = &p->argv[script + 1];
		m.n_args = p->argc - script - 1;
	}
	return m;
}
