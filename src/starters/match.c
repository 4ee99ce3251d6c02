/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "match.h"

#include <ctype.h>
#include <string.h>

#include "dw_str.h"
#include "shwords.h"

enum {
	WORDS_MAX = 512,         /* words of one line that are looked at */
	SCRIPT_MAX = 256 * 1024, /* a bigger script is not read */
	SCRIPTS_DEEP = 2,        /* crontab -> script -> script */
	QUOTES_DEEP = 3,         /* sh -c 'sh -c "..."' */
	BUDGET = 32,             /* scripts read for one line or text */
	EXPAND_MAX = 256 * 1024, /* bytes of values put in, for one line or script */
	CWD_MAX = 4096,          /* PATH_MAX */
	SCORE_PATH = 400,
	SCORE_NAME = 200,
	SCORE_ARGS = 100, /* at most */
};

/* --- one command ---------------------------------------------------------------------------------- */

struct word {
	char *s;
	bool vague;
};

/* A text of shell while it is read, line by line. */
struct reading {
	struct dw_sys *sys; /* NULL: no file is looked at */
	struct dw_arena *arena;
	const struct dw_match_process *p;
	struct dw_sh sh; /* what its variables hold */
	const char *cwd; /* where its cd has led; NULL: not known */
	int deep;        /* scripts below this one that may be read */
	int *budget;     /* of all of them together */
};

static struct dw_sh new_shell(struct dw_arena *a)
{
	return (struct dw_sh){ .arena = a, .spent = DW_SH_SPEND_MAX - EXPAND_MAX };
}

static bool is_name(char c)
{
	return c == '_' || isalnum((unsigned char)c);
}

static const struct dw_sh_var *variable(const struct dw_sh *sh, const char *name, size_t n)
{
	for (size_t i = 0; i < sh->vars.n; i++)
		if (strncmp(sh->vars.v[i].name, name, n) == 0 && !sh->vars.v[i].name[n])
			return &sh->vars.v[i];
	return NULL;
}

/* Every expansion in the word is $NAME or ${NAME} of a variable that the text itself has set to one thing. */
static bool is_settled(const struct dw_sh *sh, const char *word)
{
	const struct dw_sh_var *v;

	for (const char *c = word; *c; c++) {
		size_t n = 0;
		bool brace;

		if (strchr("*?`\\'\"", *c))
			return false;
		if (*c != '$')
			continue;
		brace = c[1] == '{';
		c += brace ? 2 : 1;
		while (is_name(c[n]))
			n++;
		if (n == 0 || (brace && c[n] != '}'))
			return false;
		v = variable(sh, c, n);
		if (!v || v->tainted || v->values.n != 1)
			return false;
		c += brace ? n : n - 1;
	}
	return true;
}

/* As dw_shell_next(), with the variables whose values are known put in. */
static enum dw_shell_token next_word(struct reading *r, const char **line, struct word *ret)
{
	enum dw_shell_token t = dw_shell_next(r->arena, line, &ret->s, &ret->vague);
	const char *value;

	if (t == DW_SHELL_WORD && ret->vague && is_settled(&r->sh, ret->s)) {
		struct dw_sh_word w = { .s = ret->s, .n = strlen(ret->s) };

		value = dw_sh_expand_one(&r->sh, &w);
		/* The shell would make several words of it, or none. */
		if (value && *value && !strpbrk(value, " \t"))
			*ret = (struct word){ .s = dw_arena_strdup(r->arena, value) };
	}
	return t;
}

/* NAME=value */
static bool take_assignment(struct reading *r, const struct word *w)
{
	struct dw_strings values = { 0 };
	size_t n = 0;

	while (is_name(w->s[n]))
		n++;
	if (n == 0 || isdigit((unsigned char)w->s[0]) || w->s[n] != '=')
		return false;
	if (!w->vague)
		dw_vec_push(r->arena, &values, w->s + n + 1);
	dw_sh_assign(&r->sh, dw_arena_strndup(r->arena, w->s, n), &values);
	return true;
}

/* The path that a word means where the text is now; NULL: not known, or the word has no path. */
static const char *path_of(const struct reading *r, const struct word *w)
{
	if (w->vague)
		return NULL;
	if (w->s[0] == '/')
		return w->s;
	if (!r->cwd || !strchr(w->s, '/'))
		return NULL;
	return dw_arena_printf(r->arena, "%s/%s", r->cwd,
			       dw_starts_with(w->s, "./") ? w->s + 2 : w->s);
}

static void take_cd(struct reading *r, const struct word *to)
{
	if (to->vague || to->s[0] == '-')
		r->cwd = NULL;
	else if (to->s[0] == '/')
		r->cwd = to->s;
	else if (r->cwd && strlen(r->cwd) + strlen(to->s) >= CWD_MAX)
		r->cwd = NULL;
	else if (r->cwd)
		r->cwd = dw_arena_printf(r->arena, "%s/%s", r->cwd, to->s);
}

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

static struct dw_match match_source(struct reading *r,
				    const struct word *file); /* below, with scripts */

/* Words that may stand before a command of the same list. */
static bool is_reserved(const char *word)
{
	static const char *const words[] = { "if", "then", "else", "elif", "while",  "until",
					     "do", "{",    "!",    "time", "export", "readonly" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		if (dw_streq(words[i], word))
			return true;
	return false;
}

static struct dw_match match_command(struct reading *r, const struct word *words, size_t n)
{
	struct dw_match best = match_words(r->sys, r->arena, r->p, words, n);
	size_t i = 0;

	while (i < n && (is_reserved(words[i].s) || take_assignment(r, &words[i])))
		i++;
	if (i + 1 >= n || words[i].vague)
		return best;
	if (dw_streq(words[i].s, "cd"))
		take_cd(r, &words[i + 1]);
	else if (dw_streq(words[i].s, ".") || dw_streq(words[i].s, "source"))
		best = better(best, match_source(r, &words[i + 1]));
	return best;
}

static struct dw_match match_line(struct reading *r, const char *line, int quotes)
{
	struct word *words = dw_arena_array(r->arena, 64, sizeof(*words));
	struct dw_match best = { 0 };
	enum dw_shell_token t = DW_SHELL_BREAK;
	size_t n = 0, seen = 0;

	while (t != DW_SHELL_END && seen++ < WORDS_MAX) {
		struct word w = { 0 };

		t = next_word(r, &line, &w);
		if (t == DW_SHELL_WORD && n < 64) {
			words[n++] = w;
			/* sh -c 'command': the command is one word */
			if (quotes > 0 && strpbrk(w.s, " ;&|"))
				best = better(best, match_line(r, w.s, quotes - 1));
		}
		if (t != DW_SHELL_WORD || n == 64) {
			best = better(best, match_command(r, words, n));
			n = 0;
		}
	}
	return best;
}

struct dw_match dw_match_line(struct dw_sys *sys, struct dw_arena *a,
			      const struct dw_match_process *p, const char *line)
{
	struct reading r = { .sys = sys, .arena = a, .p = p, .sh = new_shell(a) };

	return match_line(&r, line, QUOTES_DEEP);
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

static struct dw_match match_scripts_of(struct reading *r, const char *line);

static struct dw_match match_text(struct reading *r, const struct dw_bytes *text,
				  unsigned *ret_line)
{
	struct dw_lines it = dw_lines_of(text);
	struct dw_match best = { 0 };
	unsigned number;
	char *line;

	while ((line = logical_line(&it, r->arena, &number))) {
		const char *cwd = r->cwd;
		struct dw_match m = match_line(r, line, QUOTES_DEEP);

		if (!m.score && r->deep > 0) {
			r->cwd = cwd;
			m = match_scripts_of(r, line);
		}
		if (m.score > best.score) {
			best = m;
			*ret_line = number;
		}
	}
	return best;
}

static bool may_read(const struct reading *r)
{
	return r->sys && r->deep > 0 && *r->budget > 0;
}

/* false: it cannot be read, or is none. may_read() has been asked. */
static bool read_script(struct reading *r, const char *path, struct dw_bytes *ret)
{
	if (!path)
		return false;
	(*r->budget)--;
	return dw_sys_file_read(r->sys, path, SCRIPT_MAX, r->arena, ret, NULL) == 0 &&
	       is_script(ret);
}

/* ". FILE": its lines are lines of the same shell, which has its variables and its directory from then on. */
static struct dw_match match_source(struct reading *r, const struct word *file)
{
	struct dw_match m;
	struct dw_bytes text;
	unsigned number = 0;

	if (!may_read(r) || !read_script(r, path_of(r, file), &text))
		return (struct dw_match){ 0 };
	r->deep--;
	m = match_text(r, &text, &number);
	r->deep++;
	return m;
}

/* The script named in the line that names the program best; r->deep - 1 more levels below it are read. */
static struct dw_match match_scripts_of(struct reading *r, const char *line)
{
	struct dw_match best = { 0 };
	enum dw_shell_token t = DW_SHELL_BREAK;
	bool behind_cd = false;

	while (t != DW_SHELL_END && may_read(r)) {
		struct reading child = { .sys = r->sys, .arena = r->arena, .p = r->p };
		struct word w = { 0 };
		struct dw_match m;
		struct dw_bytes text;
		unsigned number = 0;

		t = next_word(r, &line, &w);
		if (t == DW_SHELL_WORD && behind_cd)
			take_cd(r, &w);
		else if (t == DW_SHELL_WORD && read_script(r, path_of(r, &w), &text)) {
			child.sh = new_shell(r->arena);
			child.cwd = r->cwd;
			child.deep = r->deep - 1;
			child.budget = r->budget;
			m = match_text(&child, &text, &number);
			if (m.score > best.score) {
				best = m;
				best.script = path_of(r, &w);
				best.script_line = number;
			}
		}
		behind_cd = t == DW_SHELL_WORD && dw_streq(w.s, "cd");
	}
	return best;
}

struct dw_match dw_match_line_deep(struct dw_sys *sys, struct dw_arena *a,
				   const struct dw_match_process *p, const char *line)
{
	int budget = BUDGET;
	struct reading r = {
		.sys = sys, .arena = a, .p = p, .sh = new_shell(a), .budget = &budget
	};
	struct dw_match m = match_line(&r, line, QUOTES_DEEP);

	if (m.score)
		return m;
	r = (struct reading){ .sys = sys, .arena = a, .p = p, .sh = new_shell(a) };
	r.deep = SCRIPTS_DEEP;
	r.budget = &budget;
	return match_scripts_of(&r, line);
}

struct dw_match dw_match_text(struct dw_sys *sys, struct dw_arena *a,
			      const struct dw_match_process *p, const struct dw_bytes *text,
			      unsigned *ret_line)
{
	int budget = BUDGET;
	struct reading r = {
		.sys = sys, .arena = a, .p = p, .sh = new_shell(a), .deep = 1, .budget = &budget
	};

	return match_text(&r, text, ret_line);
}
