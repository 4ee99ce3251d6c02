/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --name, --name=value, --name value, -x, -xy, -- : against the table. */
#include <string.h>

#include "dw_arena.h"
#include "dw_cli.h"
#include "dw_macros.h"
#include "dw_str.h"

struct parser {
	const struct dw_command *command;
	int argc, at;
	char **argv;
	struct dw_arguments *ret;
	FILE *words;
};

/* What the user typed, fit to be shown. */
static const char *shown(struct dw_arena *a, const char *s, size_t n)
{
	return dw_escape_terminal(a, s, n);
}

static void see_help(const struct parser *p)
{
	(void)fprintf(p->words, "Try: doorward help %s\n", p->command->name);
}

static const struct dw_option *option_of(const struct dw_command *c, const char *name, size_t n)
{
	/* the other spelling of the one word that has two */
	if (n == strlen("no-color") && memcmp(name, "no-color", n) == 0)
		return &dw_options[DW_OPTION_NO_COLOUR];
	for (const struct dw_option *o = dw_options; o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0 &&
		    dw_command_takes(c, o->id))
			return o;
	return NULL;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	if (!choices || strcmp(choices, "/") == 0 || strcmp(choices, ".") == 0)
		return true;
	for (const char *p = choices; n > 0 && *p; p += strspn(p, " ")) {
		size_t length = strcspn(p, " ");

		if (length == n && memcmp(p, value, n) == 0)
			return true;
		p += length;
	}
	return false;
}

/* "A,..." in the help: several of the choices, with commas between. */
static bool is_choices(const struct dw_option *o, const char *value)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	if (!o->argument || !strchr(o->argument, ','))
		return is_choice(o->choices, value);
	for (;; value++) {
		size_t n = strcspn(value, ",");

		if (!is_choice(o->choices, dw_arena_strndup(a, value, n)))
			return false;
		value += n;
		if (!*value)
			return true;
	}
}

/* A word that can be nothing but ports; a host's name or address is none. */
static bool is_ports(const char *word)
{
	static const char *const words[] = { "all", "known", "payloads" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return *word && !word[strspn(word, "0123456789,-")];
}

static bool set_value(struct parser *p, const struct dw_option *o, const char *value)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	/* the last one would win, and the first be asked all the same */
	if ((o->id == DW_OPTION_EXCLUDE || o->id == DW_OPTION_ADDRESS ||
	     o->id == DW_OPTION_EXPECT) &&
	    p->ret->values[o->id]) {
		(void)fprintf(p->words, "doorward: --%s is given twice: use commas%s\n", o->name,
			      o->id == DW_OPTION_EXCLUDE ? ", or @FILE" : "");
		return false;
	}

	if (!is_choices(o, value)) {
		(void)fprintf(p->words, "doorward: --%s %s: it must be one of: %s\n", o->name,
			      shown(a, value, strlen(value)), o->choices);
		return false;
	}
	p->ret->values[o->id] = value;
	return true;
}

static bool take_argument(struct parser *p, const struct dw_option *o)
{
	if (o->argument[0] == '[') {
		if (p->at + 1 < p->argc && is_ports(p->argv[p->at + 1]))
			return set_value(p, o, p->argv[++p->at]);
		return set_value(p, o, "");
	}
	if (p->at + 1 >= p->argc) {
		(void)fprintf(p->words, "doorward: --%s needs an argument: --%s %s\n", o->name,
			      o->name, o->argument);
		see_help(p);
		return false;
	}
	return set_value(p, o, p->argv[++p->at]);
}

/* An option of other commands: theirs it is. */
static void tell_who_takes(const struct parser *p, const char *name)
{
	const char *between = ": it is of ";

	for (const struct dw_command *c = dw_commands; c->name; c++) {
		if (!option_of(c, name, strlen(name)))
			continue;
		(void)fprintf(p->words, "%s%s", between, c->name);
		between = ", ";
	}
}

static bool unknown_option(const struct parser *p, const char *name, size_t n)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *near = dw_option_nearest(p->command, dw_arena_strndup(a, name, n));

	(void)fprintf(p->words, "doorward: %s has no option --%s", p->command->name,
		      shown(a, name, n));
	if (near)
		(void)fprintf(p->words, "; did you mean --%s?", near);
	else
		tell_who_takes(p, dw_arena_strndup(a, name, n));
	(void)fputc('\n', p->words);
	see_help(p);
	return false;
}

static bool parse_long(struct parser *p, const char *text)
{
	size_t n = strcspn(text, "=");
	const struct dw_option *o = option_of(p->command, text, n);

	if (!o)
		return unknown_option(p, text, n);
	if (o->argument)
		return text[n] == '=' ? set_value(p, o, text + n + 1) : take_argument(p, o);
	if (text[n] == '=') {
		(void)fprintf(p->words, "doorward: --%s takes no argument\n", o->name);
		see_help(p);
		return false;
	}
	return set_value(p, o, "");
}

/* What people type who come from nmap. */
static const struct {
	const char *letters;
	enum dw_option_id id;
} borrowed[] = { { "oX", DW_OPTION_OUTPUT_XML }, { "oG", DW_OPTION_OUTPUT_GREPABLE } };

static const struct dw_option *short_of(const struct dw_command *c, char letter)
{
	for (const struct dw_option *o = dw_options; o->name; o++)
		if (o->letter == letter && dw_command_takes(c, o->id))
			return o;
	return NULL;
}

/* -x, -xy, -p22 and -p 22. */
static bool parse_short(struct parser *p, const char *letters)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	for (size_t i = 0; i < DW_ARRAY_SIZE(borrowed); i++)
		if (strcmp(letters, borrowed[i].letters) == 0 &&
		    dw_command_takes(p->command, borrowed[i].id))
			return take_argument(p, &dw_options[borrowed[i].id]);
	for (const char *l = letters; *l; l++) {
		const struct dw_option *o = short_of(p->command, *l);

		if (!o) {
			(void)fprintf(p->words, "doorward: %s has no option -%s\n",
				      p->command->name, shown(a, l, 1));
			see_help(p);
			return false;
		}
		if (o->argument)
			return l[1] ? set_value(p, o, l + 1) : take_argument(p, o);
		p->ret->values[o->id] = "";
	}
	return true;
}

static bool parse_operand(struct parser *p, char *text)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	if (p->ret->n_operands < p->command->operands_max) {
		p->ret->operands[p->ret->n_operands++] = text;
		return true;
	}
	(void)fprintf(p->words, "doorward: %s takes %s: what is \"%s\"?\n", p->command->name,
		      p->command->operands_max ? "no more words" : "no further word",
		      shown(a, text, strlen(text)));
	if (p->command == dw_commands && dw_command_find(text))
		(void)fprintf(p->words, "The command comes first: doorward %s\n", text);
	see_help(p);
	return false;
}

bool dw_arguments_parse(const struct dw_command *c, int argc, char **argv, struct dw_arguments *ret,
			FILE *words)
{
	struct parser p = { .command = c, .argc = argc, .argv = argv, .ret = ret, .words = words };
	bool options = true;

	/* operands move to the front of argv, over words that were read already */
	*ret = (struct dw_arguments){ .operands = argv };
	for (; p.at < argc; p.at++) {
		char *text = argv[p.at];
		bool good;

		/* a command's own options are the command's */
		if (ret->values[DW_OPTION_AROUND] && ret->n_operands)
			options = false;
		if (options && strcmp(text, "--") == 0) {
			options = false;
			continue;
		}
		if (options && text[0] == '-' && text[1] == '-')
			good = parse_long(&p, text + 2);
		else if (options && text[0] == '-' && text[1])
			good = parse_short(&p, text + 1);
		else
			good = parse_operand(&p, text);
		if (!good)
			return false;
	}
	return true;
}
