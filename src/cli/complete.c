/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completions for shells, made of the table at build time. */
#include <string.h>

#include "dw_cli.h"

static void put_names(FILE *out)
{
	for (const struct dw_command *c = dw_commands; c->name; c++)
		(void)fprintf(out, "%s%s", c == dw_commands ? "" : " ", c->name);
}

static void put_flags(FILE *out, const struct dw_command *c)
{
	const char *between = "";

	for (const struct dw_option *o = dw_options; o->name; o++) {
		if (!dw_command_takes(c, o->id))
			continue;
		(void)fprintf(out, "%s--%s", between, o->name);
		between = " ";
		if (o->letter)
			(void)fprintf(out, " -%c", o->letter);
	}
}

/* "@" in a list of choices stands for the commands' names. */
static void put_choices(FILE *out, const char *choices)
{
	if (choices[0] == '@') {
		put_names(out);
		choices++;
	}
	(void)fputs(choices, out);
}

static bool is_file(const struct dw_command *c)
{
	return strcmp(c->operand_choices, ".") == 0;
}

static void put_bash_arguments(FILE *out)
{
	for (const struct dw_option *o = dw_options; o->name; o++) {
		if (!o->argument || !o->choices)
			continue;
		if (strcmp(o->choices, "/") == 0)
			(void)fprintf(out,
				      "\t--%s) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); "
				      "return ;;\n",
				      o->name);
		else if (strcmp(o->choices, ".") == 0)
			(void)fprintf(out,
				      "\t--%s) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); "
				      "return ;;\n",
				      o->name);
		else
			(void)fprintf(out,
				      "\t--%s) mapfile -t COMPREPLY < <(compgen -W '%s' -- "
				      "\"$cur\"); return ;;\n",
				      o->name, o->choices);
	}
}

void dw_complete_bash(FILE *out)
{
	(void)fputs("# bash completion of doorward; made from its table of commands\n"
		    "_doorward()\n{\n"
		    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} "
		    "files= command=",
		    out);
	(void)fprintf(out, "%s word words\n", dw_commands[0].name);
	(void)fputs(
		"\tCOMPREPLY=()\n"
		"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n\t\tcase $word in\n\t\t",
		out);
	for (const struct dw_command *c = dw_commands; c->name; c++)
		(void)fprintf(out, "%s%s", c == dw_commands ? "" : " | ", c->name);
	(void)fputs(") command=$word; break ;;\n\t\tesac\n\tdone\n\tcase $prev in\n", out);
	put_bash_arguments(out);
	(void)fputs("\tesac\n\tcase $command in\n", out);
	for (const struct dw_command *c = dw_commands; c->name; c++) {
		(void)fprintf(out, "\t%s) words='", c->name);
		put_flags(out, c);
		if (c->operand_choices[0] && !is_file(c)) {
			(void)fputc(' ', out);
			put_choices(out, c->operand_choices);
		}
		(void)fputs(is_file(c) ? "' files=yes ;;\n" : "' ;;\n", out);
	}
	(void)fputs("\tesac\n\t((COMP_CWORD == 1)) && words+=' ", out);
	put_names(out);
	(void)fputs("'\n\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		    "\t[[ -z $files || $cur == -* ]] || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < "
		    "<(compgen "
		    "-f -- \"$cur\")\n}\n"
		    "complete -o filenames -F _doorward doorward\n",
		    out);
}

/* [ ] : ' are special in the words of _arguments. */
static void put_zsh_text(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\'') {
			(void)fputs("'\\''", out);
			continue;
		}
		if (strchr("[]:\\", *s))
			(void)fputc('\\', out);
		(void)fputc(*s, out);
	}
}

static void put_zsh_option(FILE *out, const struct dw_option *o)
{
	bool may = o->argument && o->argument[0] == '['; /* its argument may be left out */

	if (o->letter)
		(void)fprintf(out, "\t\t'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter, o->name,
			      o->letter, o->argument ? "+" : "", o->name, o->argument ? "=" : "");
	else
		(void)fprintf(out, "\t\t'--%s%s[", o->name, may ? "=-" : o->argument ? "=" : "");
	put_zsh_text(out, o->help);
	(void)fputc(']', out);
	if (o->argument && o->choices && strcmp(o->choices, "/") == 0)
		(void)fprintf(out, ":%s:_files -/", o->argument);
	else if (o->argument && o->choices && strcmp(o->choices, ".") == 0)
		(void)fprintf(out, ":%s:_files", o->argument);
	else if (may && o->argument)
		(void)fprintf(out, "::%.*s: ", (int)strcspn(o->argument + 1, "]"), o->argument + 1);
	else if (o->argument)
		(void)fprintf(out, ":%s:(%s)", o->argument, o->choices ? o->choices : "");
	(void)fputs("'\n", out);
}

void dw_complete_zsh(FILE *out)
{
	(void)fputs("#compdef doorward\n# zsh completion of doorward; made from its table of "
		    "commands\n\n"
		    "_doorward() {\n\tlocal -a commands arguments\n\tcommands=(\n",
		    out);
	for (const struct dw_command *c = dw_commands; c->name; c++) {
		(void)fprintf(out, "\t\t'%s:", c->name);
		put_zsh_text(out, c->summary);
		(void)fputs("'\n", out);
	}
	(void)fputs("\t)\n\tif ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n"
		    "\t\t_describe -t commands 'doorward command' commands\n\t\treturn\n\tfi\n"
		    "\tcase $words[2] in\n",
		    out);
	/* the first command is also the one that is meant when none is named: it comes last, as the rest */
	for (const struct dw_command *c = dw_commands + 1;; c++) {
		if (!c->name)
			c = dw_commands;
		(void)fprintf(out, "\t%s) arguments=(\n", c == dw_commands ? "*" : c->name);
		for (const struct dw_option *o = dw_options; o->name; o++)
			if (dw_command_takes(c, o->id))
				put_zsh_option(out, o);
		if (is_file(c)) {
			(void)fputs("\t\t':file:_files'\n", out);
		} else if (c->operand_choices[0]) {
			(void)fprintf(out, "\t\t':%s:(", "word");
			put_choices(out, c->operand_choices);
			(void)fputs(")'\n", out);
		}
		(void)fputs("\t\t) ;;\n", out);
		if (c == dw_commands)
			break;
	}
	(void)fputs("\tesac\n"
		    "\t[[ $words[2] == -* ]] || { shift words; ((CURRENT--)) }\n"
		    "\t_arguments -s $arguments\n}\n\n_doorward \"$@\"\n",
		    out);
}
