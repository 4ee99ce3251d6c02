/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As whom a script starts its daemon: start-stop-daemon(8), su(1), runuser(1), `daemon` of Red Hat's functions. */
#include <string.h>

#include "directives.h"
#include "dw_str.h"

#define VARIABLES_MAX 4 /* one that is another's value, and so on */

enum style { OPTION, FIRST_WORD };

/* Commands that start others as somebody else, and where they name them. */
static const struct starter {
	const char *command;
	const char *options[3]; /* the word behind one of them; "--x" also as --x=NAME */
	enum style style;       /* FIRST_WORD: else the first word that is no option */
	const char *takes;      /* letters of options that have a word of their own */
	bool openrc;            /* of OpenRC alone: elsewhere the option means something else */
} starters[] = {
	{ "start-stop-daemon", { "-c", "--chuid" }, OPTION, "", false },
	{ "start-stop-daemon", { "-u", "--user" }, OPTION, "", true },
	{ "daemon", { "--user" }, OPTION, "", false },
	{ "runuser", { "-u", "--user" }, FIRST_WORD, "cgGs", false },
	{ "su", { NULL }, FIRST_WORD, "cgGs", false },
	{ "chpst", { "-u" }, OPTION, "", false },
	{ "setuidgid", { NULL }, FIRST_WORD, "", false },
	{ "setpriv", { "--reuid" }, OPTION, "", false },
};

static bool stops(const char *word)
{
	static const char *const words[] = { "--stop", "-K", "--status", "-T" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		if (dw_streq(word, words[i]))
			return true;
	return false;
}

/* What stands behind "--chuid=", or NULL. */
static const char *joined(const char *word, const char *option)
{
	size_t n = strlen(option);

	return n > 2 && strncmp(word, option, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

/* Words from that command on; NULL: it names nobody. */
static const char *named_by(const struct starter *s, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *w = words[i];

		if (s->style == OPTION && stops(w))
			return NULL;
		for (size_t k = 0; k < DW_ARRAY_SIZE(s->options) && s->options[k]; k++) {
			if (dw_streq(w, s->options[k]))
				return i + 1 < n ? words[i + 1] : NULL;
			if (joined(w, s->options[k]))
				return joined(w, s->options[k]);
		}
		if (s->style == FIRST_WORD && w[0] != '-')
			return w;
		if (s->style == FIRST_WORD && w[0] == '-' && w[1] && !w[2] &&
		    strchr(s->takes, w[1]))
			i++;
	}
	return NULL;
}

#define WORDS_MAX 64

/* A word with its quotes; what they hold is one, blanks and all. NULL: the end. */
static char *next_word(char **p, struct dw_arena *a)
{
	struct dw_str word = { .arena = a };
	char quote = '\0';

	*p += strspn(*p, " \t;&|()`");
	if (!**p || **p == '#')
		return NULL;
	for (; **p && (quote || !strchr(" \t;&|()`", **p)); (*p)++) {
		if (quote ? **p == quote : **p == '"' || **p == '\'')
			quote = quote ? '\0' : **p;
		else
			dw_str_addc(&word, **p);
	}
	return word.s ? dw_arena_strdup(a, word.s) : dw_arena_strdup(a, "");
}

static const char *named_in(struct dw_arena *a, char *line, bool openrc)
{
	char *words[WORDS_MAX];
	size_t n = 0;

	while (n < WORDS_MAX && (words[n] = next_word(&line, a)))
		n++;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < DW_ARRAY_SIZE(starters); k++) {
			const struct starter *s = &starters[k];
			const char *user = NULL;

			if ((openrc || !s->openrc) && dw_streq(dw_basename(words[i]), s->command))
				user = named_by(s, words + i + 1, n - i - 1);
			if (user && *user)
				return user;
		}
	return NULL;
}

/* "$NAME", "${NAME}", "${NAME:-else}"; *ret_else NULL: none. False: it is none, or more than one. */
static bool variable_of(struct dw_arena *a, const char *value, const char **ret_name,
			const char **ret_else)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	bool braces = value[0] == '$' && value[1] == '{';
	const char *at = value + 1 + braces, *end = at + strspn(at, letters);

	*ret_else = NULL;
	if (value[0] != '$' || end == at)
		return false;
	*ret_name = dw_arena_strndup(a, at, (size_t)(end - at));
	if (!braces)
		return !*end;
	if (end[0] == ':' && end[1] == '-')
		*ret_else = dw_arena_strndup(a, end + 2, strcspn(end + 2, "}"));
	return strchr(end, '}') && !strchr(end, '}')[1];
}

const char *dw_confine_script_value(struct dw_arena *a, const struct dw_bytes *texts, size_t n,
				    const char *value)
{
	for (unsigned depth = 0; value && strchr(value, '$'); depth++) {
		const char *name, *other, *set = NULL;
		unsigned line;

		if (depth == VARIABLES_MAX || !variable_of(a, value, &name, &other))
			return NULL;
		/* a file that the script reads has the last word */
		for (size_t i = n; i-- > 0 && !set;)
			set = dw_confine_envvar(a, &texts[i], name, &line);
		value = set ? set : other;
	}
	return value && *value ? value : NULL;
}

/* Of "user:group", where either may be a variable: "${U:-x}:$G". */
static size_t first_part(const char *value)
{
	const char *close = value[0] == '$' && value[1] == '{' ? strchr(value, '}') : NULL;
	size_t skipped = close ? (size_t)(close - value) : 0;

	return skipped + strcspn(value + skipped, ":");
}

static bool is_name(const char *s, size_t n)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	return n > 0 && s[0] != '-' && strspn(s, letters) >= n;
}

const char *dw_confine_script_user(struct dw_arena *a, const struct dw_bytes *texts, size_t n,
				   bool openrc, unsigned *ret_line)
{
	struct dw_lines it = dw_lines_of(&texts[0]);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, a)) != NULL) {
		struct dw_str whole = { .arena = a };
		unsigned number = it.number;
		const char *user;

		if (*line == '#')
			continue;
		dw_str_add(&whole, line);
		while (whole.n && whole.s[whole.n - 1] == '\\') {
			whole.s[whole.n - 1] = ' ';
			line = dw_lines_next_trimmed(&it, a);
			dw_str_add(&whole, line ? line : "");
			if (!line)
				break;
		}
		user = named_in(a, whole.s, openrc);
		if (user && *user == '$')
			user = dw_confine_script_value(a, texts, n,
						       dw_arena_strndup(a, user, first_part(user)));
		if (!user || !is_name(user, strcspn(user, ":")))
			continue;
		*ret_line = number;
		user = dw_arena_strndup(a, user, strcspn(user, ":"));
		return dw_streq(user, "0") ? "root" : user;
	}
	return NULL;
}
