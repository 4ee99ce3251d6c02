/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sshd_config(5): a keyword and its arguments a line, the first value of a keyword counts, Include puts files in at its
 * place, and a Match block ends with the next one or with its file.
 */
#include <ctype.h>

#include "sshd.h"

#define DEPTH_MAX 16 /* servconf.c: SERVCONF_MAX_DEPTH */
#define LINES_MAX 20000
/* Files that include each other more than once are read as often as there are ways to them: 3 lines, 3^16 times. */
#define FILES_MAX 1000

struct reading {
	struct dw_arena *a;
	const struct sshd_opener *opener;
	struct sshd_file *out;
	unsigned depth;
};

static char *lower(char *s)
{
	for (char *p = s; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return s;
}

/* Words with one blank between, quotes taken off; a word that begins with # ends it. */
static const char *value_of(struct dw_arena *a, const char *rest)
{
	struct dw_strings words = { 0 };
	struct dw_str text = { .arena = a };

	(void)dw_split_quoted(a, rest, &words);
	dw_str_add(&text, "");
	for (size_t i = 0; i < words.n && words.v[i][0] != '#'; i++)
		dw_str_addf(&text, "%s%s", i ? " " : "", words.v[i]);
	return text.s;
}

static void read_text(struct reading *r, const char *name, const struct dw_bytes *text,
		      const char *match);

static void include(struct reading *r, const char *value, const char *match)
{
	char *rest = dw_arena_strdup(r->a, value), *word;

	/* what is said before the drop-ins would win over them */
	if (!match && r->depth == 0 && r->out->lines.n == 0 &&
	    strstr(value, "sshd_config.d/*.conf"))
		r->out->drop_ins = true;
	while ((word = dw_word_next(&rest)) != NULL) {
		const char *pattern =
			*word == '/' ? word : dw_arena_printf(r->a, "/etc/ssh/%s", word);
		struct dw_bytes *texts = NULL;
		const char **names = NULL;
		size_t n = 0;

		if (r->depth + 1 >= DEPTH_MAX || r->out->files.n >= FILES_MAX || !r->opener ||
		    !r->opener->open(r->opener->data, r->a, pattern, &names, &texts, &n)) {
			r->out->partly = true;
			continue;
		}
		r->depth++;
		for (size_t i = 0; i < n; i++)
			read_text(r, names[i], &texts[i], match);
		r->depth--;
	}
}

/* "Match all" says nothing that is not said for everybody; within another block that one goes on to count. */
static const char *matched(struct reading *r, const char *value, const char *outer)
{
	bool all = strcasecmp(value, "all") == 0;

	if (outer)
		return all ? outer : dw_arena_printf(r->a, "%s, %s", outer, value);
	return all ? NULL : value;
}

static void read_text(struct reading *r, const char *name, const struct dw_bytes *text,
		      const char *outer)
{
	struct dw_lines it = dw_lines_of(text);
	const char *match = outer;
	char *line;

	if (r->out->files.n >= FILES_MAX || r->out->lines.n >= LINES_MAX) {
		r->out->partly = true;
		return;
	}
	dw_vec_push(r->a, &r->out->files, name);
	while (r->out->lines.n < LINES_MAX && (line = dw_lines_next_trimmed(&it, r->a)) != NULL) {
		size_t n = strcspn(line, " \t=");
		char *key = lower(dw_arena_strndup(r->a, line, n));
		const char *value;

		if (!*key || *key == '#')
			continue;
		line += n;
		line += strspn(line, " \t");
		line += *line == '=';
		value = value_of(r->a, line);
		if (dw_streq(key, "match"))
			match = matched(r, value, outer);
		else if (dw_streq(key, "include"))
			include(r, value, match);
		else
			*dw_vec_add(r->a, &r->out->lines) = (struct sshd_line){ .file = name,
										.line = it.number,
										.key = key,
										.value = value,
										.match = match };
	}
	r->out->partly = r->out->partly || r->out->lines.n >= LINES_MAX;
}

void sshd_parse(struct dw_arena *a, const char *name, const struct dw_bytes *text,
		const struct sshd_opener *opener, struct sshd_file *ret)
{
	struct reading r = { .a = a, .opener = opener, .out = ret };

	read_text(&r, name, text, NULL);
}

void sshd_parse_stated(struct dw_arena *a, const struct dw_bytes *text, struct sshd_case *ret)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while (ret->pairs.n < LINES_MAX && (line = dw_lines_next_trimmed(&it, a)) != NULL) {
		size_t n = strcspn(line, " \t");

		if (n)
			*dw_vec_add(a, &ret->pairs) = (struct sshd_pair){
				.key = lower(dw_arena_strndup(a, line, n)),
				.value = line + n + strspn(line + n, " \t"),
			};
	}
}

const char *sshd_value(const struct sshd_case *c, const char *key)
{
	for (size_t i = 0; i < c->pairs.n; i++)
		if (dw_streq(c->pairs.v[i].key, key))
			return c->pairs.v[i].value;
	return NULL;
}

const struct sshd_line *sshd_line_of(const struct host_sshd *s, const char *key)
{
	for (size_t i = 0; i < s->file.lines.n; i++)
		if (!s->file.lines.v[i].match && dw_streq(s->file.lines.v[i].key, key))
			return &s->file.lines.v[i];
	return NULL;
}
