/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "match.h"

#include "dw_str.h"

enum {
	WORDS_MAX = 512,         /* words of one line that are looked at */
	SCRIPT_MAX = 256 * 1024, /* a bigger script is not read */
	SCRIPTS_DEEP = 2,        /* crontab -> script -> script */
	QUOTES_DEEP = 3,         /* sh -c 'sh -c "..."' */
	SCORE_PATH = 400,
	SCORE_NAME = 200,
	SCORE_ARGS = 100, /* at most */
};

/* --- words of shell ------------------------------------------------------------------------------- */

static bool is_break(char c)
{
	return strchr(";&|()`\n", c) && c != '\0';
}

static const char *quoted(const char *p, char quote, struct dw_str *word, bool *ret_vague)
{
	for (p++; *p && *p != quote; p++) {
		if (quote == '"' && *p == '\\' && p[1])
			p++;
		else if (quote == '"' && (*p == '$' || *p == '`'))
			*ret_vague = true;
		dw_str_addc(word, *p);
	}
	return *p ? p + 1 : p;
}

enum dw_shell_token dw_shell_next(struct dw_arena *a, const char **p, char **ret_word,
				  bool *ret_vague)
{
	struct dw_str word = { .arena = a };
	const char *c = *p + strspn(*p, " \t\r"), *start;

	*ret_vague = false;
	if (*c == '\0' || *c == '#') {
		*p = c + strlen(c);
		return DW_SHELL_END;
	}
	if (is_break(*c)) {
		*p = c + 1;
		return DW_SHELL_BREAK;
	}
	/* The & of 2>&1 ends no command. */
	for (start = c; *c && !strchr(" \t\r", *c) &&
			(!is_break(*c) || (*c == '&' && c > start && strchr("<>", c[-1])));) {
		if (*c == '\'' || *c == '"') {
			c = quoted(c, *c, &word, ret_vague);
			continue;
		}
		if (*c == '\\' && c[1])
			c++;
		else if (*c == '$' || *c == '*' || *c == '?')
			*ret_vague = true;
		dw_str_addc(&word, *c++);
	}
	dw_str_add(&word, "");
	*ret_word = word.s;
	*p = c;
	return DW_SHELL_WORD;
}

/* --- the process ---------------------------------------------------------------------------------- */

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

		while (words.n < WORDS_MAX && (word = dw_word_next(&rest)))
			dw_vec_push(a, &words, word);
		m.args = words.v;
		m.n_args = words.n;
	} else if (p->argc > script + 1) {
		m.args = &p->argv[script + 1];
		m.n_args = p->argc - script - 1;
	}
	return m;
}

/* --- one command ---------------------------------------------------------------------------------- */

struct word {
	char *s;
	bool vague;
};

static unsigned names_program(struct dw_sys *sys, struct dw_arena *a,
			      const struct dw_match_process *p, const char *word)
{
	char *real = NULL;
	unsigned best = 0;

	for (const char *const *name = p->names; *name; name++) {
		if (word[0] == '/' && dw_streq(word, *name))
			return SCORE_PATH;
		if (dw_streq(dw_basename(word), dw_basename(*name)) && *dw_basename(word))
			best = SCORE_NAME;
	}
	if (word[0] != '/' || !sys)
		return best;
	/* Another directory, and not a link either: another program. */
	if (dw_sys_file_real(sys, word, a, &real, NULL) < 0)
		return best;
	for (const char *const *name = p->names; *name; name++) {
		char *mine = NULL;

		if (**name == '/' && dw_sys_file_real(sys, *name, a, &mine, NULL) == 0 &&
		    dw_streq(mine, real))
			return SCORE_PATH;
	}
	return best;
}

/* A redirection, as one word (2>&1) or the start of two (> file). */
static bool is_redirection(const char *w)
{
	w += strspn(w, "0123456789");
	return *w == '<' || *w == '>';
}

static struct dw_match compare_args(const struct dw_match_process *p, const struct word *words,
				    size_t n)
{
	size_t literals = 0, found = 0, next = 0, extra;
	bool vague = false;
	struct dw_match m = { 0 };

	for (size_t i = 0; i < n; i++) {
		size_t at;

		if (is_redirection(words[i].s)) {
			/* "2>&1" and ">file" are whole; a bare ">" takes the next word with it */
			if (dw_ends_with(words[i].s, ">") || dw_ends_with(words[i].s, "<"))
				i++;
			continue;
		}
		if (words[i].vague) {
			vague = true;
			continue;
		}
		literals++;
		for (at = next; at < p->n_args && !dw_streq(p->args[at], words[i].s); at++)
			;
		if (at < p->n_args) {
			found++;
			next = at + 1;
		}
	}
	extra = vague ? 0 : p->n_args - found;
	m.args = found == literals;
	m.whole = m.args && !extra;
	m.score = literals ? (unsigned)(SCORE_ARGS * found / literals) : SCORE_ARGS / 2;
	m.score -= (unsigned)DW_MIN(extra * 5, (size_t)m.score / 2);
	if (m.whole)
		m.score = SCORE_ARGS;
	if (p->needs_args && !found)
		m.score = 0;
	return m;
}

static struct dw_match better(struct dw_match x, struct dw_match y)
{
	return y.score > x.score ? y : x;
}

static struct dw_match match_words(struct dw_sys *sys, struct dw_arena *a,
				   const struct dw_match_process *p, const struct word *words,
				   size_t n)
{
	struct dw_match best = { 0 };

	for (size_t i = 0; i < n; i++) {
		unsigned named = words[i].vague ? 0 : names_program(sys, a, p, words[i].s);
		struct dw_match m;

		if (!named)
			continue;
		m = compare_args(p, words + i + 1, n - i - 1);
		if (!m.score && p->needs_args)
			continue;
		m.score += named;
		m.path = named == SCORE_PATH;
		best = better(best, m);
	}
	return best;
}

static struct dw_match match_line(struct dw_sys *sys, struct dw_arena *a,
				  const struct dw_match_process *p, const char *line, int deep)
{
	struct word *words = dw_arena_array(a, 64, sizeof(*words));
	struct dw_match best = { 0 };
	enum dw_shell_token t = DW_SHELL_BREAK;
	size_t n = 0, seen = 0;

	while (t != DW_SHELL_END && seen++ < WORDS_MAX) {
		struct word w = { 0 };

		t = dw_shell_next(a, &line, &w.s, &w.vague);
		if (t == DW_SHELL_WORD && n < 64) {
			words[n++] = w;
			/* sh -c 'command': the command is one word */
			if (deep > 0 && strpbrk(w.s, " ;&|"))
				best = better(best, match_line(sys, a, p, w.s, deep - 1));
		}
		if (t != DW_SHELL_WORD || n == 64) {
			best = better(best, match_words(sys, a, p, words, n));
			n = 0;
		}
	}
	return best;
}

struct dw_match dw_match_line(struct dw_sys *sys, struct dw_arena *a,
			      const struct dw_match_process *p, const char *line)
{
	return match_line(sys, a, p, line, QUOTES_DEEP);
}

/* --- scripts -------------------------------------------------------------------------------------- */

/* The next line with those that continue it; NULL at the end. */
static char *logical_line(struct dw_lines *it, struct dw_arena *a, unsigned *ret_number)
{
	struct dw_str line = { .arena = a };
	const char *text;
	size_t n;
	bool more = true;

	*ret_number = it->number + 1;
	while (more && dw_lines_next(it, &text, &n)) {
		if (n && text[n - 1] == '\r')
			n--;
		more = n && text[n - 1] == '\\';
		dw_str_addn(&line, text, strnlen(text, more ? n - 1 : n));
		dw_str_addc(&line, ' ');
	}
	return line.s;
}

static bool is_script(const struct dw_bytes *b)
{
	/* No NUL in its head: text. An ELF file has some right behind its magic number. */
	return b->n > 0 && !memchr(b->data, '\0', DW_MIN(b->n, (size_t)512));
}

static struct dw_match match_scripts_of(struct dw_sys *sys, struct dw_arena *a,
					const struct dw_match_process *p, const char *line,
					int deep, int *budget);

static struct dw_match match_text(struct dw_sys *sys, struct dw_arena *a,
				  const struct dw_match_process *p, const struct dw_bytes *text,
				  unsigned *ret_line, int deep, int *budget)
{
	struct dw_lines it = dw_lines_of(text);
	struct dw_match best = { 0 };
	unsigned number;
	char *line;

	while ((line = logical_line(&it, a, &number))) {
		struct dw_match m = dw_match_line(sys, a, p, line);

		if (!m.score && deep > 0)
			m = match_scripts_of(sys, a, p, line, deep, budget);
		if (m.score > best.score) {
			best = m;
			*ret_line = number;
		}
	}
	return best;
}

/* The first script named in the line that names the program; `deep` more levels below it are read. */
static struct dw_match match_scripts_of(struct dw_sys *sys, struct dw_arena *a,
					const struct dw_match_process *p, const char *line,
					int deep, int *budget)
{
	struct dw_match best = { 0 };
	enum dw_shell_token t = DW_SHELL_BREAK;

	while (sys && t != DW_SHELL_END && *budget > 0) {
		struct dw_match m;
		struct dw_bytes text;
		unsigned number = 0;
		char *word = NULL;
		bool vague;

		t = dw_shell_next(a, &line, &word, &vague);
		if (t != DW_SHELL_WORD || vague || word[0] != '/')
			continue;
		(*budget)--;
		if (dw_sys_file_read(sys, word, SCRIPT_MAX, a, &text, NULL) < 0 ||
		    !is_script(&text))
			continue;
		m = match_text(sys, a, p, &text, &number, deep - 1, budget);
		if (m.score > best.score) {
			best = m;
			best.script = word;
			best.script_line = number;
		}
	}
	return best;
}

struct dw_match dw_match_line_deep(struct dw_sys *sys, struct dw_arena *a,
				   const struct dw_match_process *p, const char *line)
{
	struct dw_match m = dw_match_line(sys, a, p, line);
	int budget = 32; /* scripts read for one line */

	return m.score ? m : match_scripts_of(sys, a, p, line, SCRIPTS_DEEP, &budget);
}

struct dw_match dw_match_text(struct dw_sys *sys, struct dw_arena *a,
			      const struct dw_match_process *p, const struct dw_bytes *text,
			      unsigned *ret_line)
{
	int budget = 32;

	return match_text(sys, a, p, text, ret_line, 1, &budget);
}
