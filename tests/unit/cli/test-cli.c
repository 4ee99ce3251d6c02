/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_arena.h"
#include "dw_cli.h"
#include "dw_macros.h"
#include "dw_test.h"

/* Parses words for the command; what it said goes to *ret_words (to be freed, or NULL: not wanted). */
static bool parse(const char *command, char **argv, struct dw_arguments *ret, char **ret_words)
{
	char *words = NULL;
	size_t n;
	FILE *out = open_memstream(&words, &n);
	int argc = 0;
	bool good;

	while (argv[argc])
		argc++;
	good = dw_arguments_parse(dw_command_find(command), argc, argv, ret, out);
	(void)fclose(out);
	DW_CHECK(good == (n == 0)); /* words exactly when it is wrong */
	if (ret_words)
		*ret_words = words;
	else
		free(words);
	return good;
}

#define WORDS(...)                                                                                 \
	(char *[])                                                                                 \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

DW_TEST(options_and_their_arguments)
{
	struct dw_arguments a;

	DW_CHECK(parse("audit", WORDS((char *)"--json", (char *)"--root", (char *)"/x"), &a, NULL));
	DW_CHECK_STR(a.values[DW_OPTION_JSON], "");
	DW_CHECK_STR(a.values[DW_OPTION_ROOT], "/x");
	DW_CHECK_STR(a.values[DW_OPTION_WIDE], NULL);
	DW_CHECK(parse("audit", WORDS((char *)"--root=--json", (char *)"-qw"), &a, NULL));
	DW_CHECK_STR(a.values[DW_OPTION_ROOT], "--json");
	DW_CHECK_STR(a.values[DW_OPTION_JSON], NULL);
	DW_CHECK_STR(a.values[DW_OPTION_QUIET], "");
	DW_CHECK_STR(a.values[DW_OPTION_WIDE], "");
	DW_CHECK(parse("audit", WORDS((char *)"--no-color"), &a, NULL));
	DW_CHECK_STR(a.values[DW_OPTION_NO_COLOUR], "");
	DW_CHECK(parse("audit", WORDS((char *)"--method", (char *)"netlink"), &a, NULL));
	DW_CHECK_STR(a.values[DW_OPTION_METHOD], "netlink");
}

DW_TEST(operands)
{
	struct dw_arguments a;

	DW_CHECK(parse("help", WORDS((char *)"-q", (char *)"audit", (char *)"--"), &a, NULL));
	DW_CHECK_INT(a.n_operands, 1);
	DW_CHECK_STR(a.operands[0], "audit");
	DW_CHECK(parse("help", WORDS((char *)"--", (char *)"--json"), &a, NULL));
	DW_CHECK_STR(a.operands[0], "--json");
	DW_CHECK(!parse("help", WORDS((char *)"audit", (char *)"audit"), &a, NULL));
	DW_CHECK(!parse("audit", WORDS((char *)"22/tcp"), &a, NULL));
}

static void check_words(const char *command, char **argv, const char *part)
{
	struct dw_arguments a;
	char *words = NULL;

	DW_CHECK(!parse(command, argv, &a, &words));
	if (!strstr(words, part)) {
		dw_test_failures++;
		printf("\"%s\" does not say \"%s\"\n", words, part);
	}
	free(words);
}

DW_TEST(wrong_usage_is_explained)
{
	check_words("audit", WORDS((char *)"--jsno"), "did you mean --json?");
	check_words("audit", WORDS((char *)"--hid"), "did you mean --hidden?");
	check_words("audit", WORDS((char *)"--zzzzzzz"), "has no option --zzzzzzz\n");
	check_words("audit", WORDS((char *)"-z"), "has no option -z");
	check_words("audit", WORDS((char *)"--root"), "--root needs an argument: --root DIR");
	check_words("audit", WORDS((char *)"--json=1"), "--json takes no argument");
	check_words("audit", WORDS((char *)"--method", (char *)"bp"),
		    "one of: auto bpf netlink proc");
	check_words("audit", WORDS((char *)"--method="), "one of: auto bpf netlink proc");
	check_words("help", WORDS((char *)"--json"), "help has no option --json");
	check_words("audit", WORDS((char *)"--\x1b[31m"), "\\x1b[31m");
	check_words("audit", WORDS((char *)"\x1b]0;x"), "\\x1b]0;x");
}

DW_TEST(suggestions_are_near)
{
	char longer[200];

	DW_CHECK_STR(dw_command_nearest("audti"), "audit");
	DW_CHECK_STR(dw_command_nearest("au"), "audit");
	DW_CHECK_STR(dw_command_nearest("hlep"), "help");
	DW_CHECK_STR(dw_command_nearest("tui"), "review");
	DW_CHECK_STR(dw_command_nearest("ui"), "review");
	DW_CHECK_STR(dw_command_nearest("html"), "report");
	DW_CHECK_STR(dw_command_nearest("policy"), "check-policy");
	DW_CHECK_STR(dw_command_nearest("zebra"), NULL);
	DW_CHECK_STR(dw_command_nearest(""), NULL);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	DW_CHECK_STR(dw_command_nearest(longer), NULL);
	DW_CHECK_STR(dw_option_nearest(dw_command_find("audit"), "no-colours"), "no-colour");
	DW_CHECK_STR(dw_option_nearest(dw_command_find("help"), "jsonl"), NULL);
}

DW_TEST(the_table_is_sound)
{
	bool letters[256] = { false };

	for (int i = 0; i < DW_OPTION_COUNT; i++) {
		const struct dw_option *o = &dw_options[i];
		unsigned char letter = (unsigned char)o->letter;

		DW_CHECK_INT(o->id, i);
		DW_CHECK(o->name && o->help);
		DW_CHECK(!letter || !letters[letter]);
		DW_CHECK(!o->choices || o->argument);
		letters[letter] = true;
	}
	for (const struct dw_command *c = dw_commands; c->name; c++)
		DW_CHECK(c->run && c->summary && c->description && dw_command_find(c->name) == c);
}

/* All that put(out) writes; to be freed. */
static char *text_of(void (*put)(FILE *out))
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	put(out);
	(void)fclose(out);
	return text;
}

DW_TEST(help_and_completions_name_everything)
{
	char *texts[] = { text_of(dw_help_all), text_of(dw_complete_bash),
			  text_of(dw_complete_zsh) };

	for (size_t i = 0; i < DW_ARRAY_SIZE(texts); i++) {
		for (const struct dw_command *c = dw_commands; c->name; c++)
			DW_CHECK(strstr(texts[i], c->name) != NULL);
		/* the help of all commands has no option of a single one */
		for (const struct dw_option *o = dw_options; i > 0 && o->name; o++) {
			char flag[64];

			(void)snprintf(flag, sizeof(flag), "--%s", o->name);
			DW_CHECK(strstr(texts[i], flag) != NULL);
		}
		free(texts[i]);
	}
}

DW_TEST(help_fits_a_terminal)
{
	char *text = text_of(dw_help_all), *line = text;

	for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
		DW_CHECK(end - line <= 100);
	free(text);
}

DW_TEST(who_is_not_root_could_not_look_whatever_was_found)
{
	DW_CHECK_INT(dw_cli_exit(0), DW_EXIT_NOTHING);
	DW_CHECK_INT(dw_cli_exit(DOORWARD_TO_DO), DW_EXIT_TO_DO);
	DW_CHECK_INT(dw_cli_exit(DOORWARD_BLIND), DW_EXIT_BLIND);
	DW_CHECK_INT(dw_cli_exit(DOORWARD_TO_DO | DOORWARD_BLIND), DW_EXIT_TO_DO);
	DW_CHECK_INT(dw_cli_exit(DOORWARD_TO_DO | DOORWARD_BLIND | DOORWARD_NOT_ROOT),
		     DW_EXIT_BLIND);
}

DW_TEST_MAIN
