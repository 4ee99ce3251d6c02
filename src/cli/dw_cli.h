/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line: one table of commands and options, from which come the parser, --help, the completions
 * and the check of the man page.
 */
#ifndef DW_CLI_H
#define DW_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "doorward/doorward.h"
#include "dw_str.h"

/* The contract of docs/json.md and doorward(1). */
enum dw_exit {
	DW_EXIT_NOTHING = 0, /* nothing to do */
	DW_EXIT_TO_DO = 1,   /* something should be closed, restricted or investigated */
	DW_EXIT_USAGE = 2,   /* usage, bad input; or the output could not be written */
	DW_EXIT_BLIND = 3,   /* could not look everywhere */
	DW_EXIT_FAILED = 4,  /* a change failed and was put back, or could not begin */
};

/* Words that plan and close take. */
#define DW_DOORS_MAX 4096
/* Documents that compare takes. */
#define DW_DOCUMENTS_MAX 4096
/* And scan. */
#define DW_TARGETS_MAX 1000000

enum dw_option_id {
	DW_OPTION_JSON = 0,
	DW_OPTION_JSONL,
	DW_OPTION_CSV,
	DW_OPTION_WIDE,
	DW_OPTION_ALL,
	DW_OPTION_ONLY,
	DW_OPTION_SORT,
	DW_OPTION_HIDDEN,
	DW_OPTION_ROOT,
	DW_OPTION_METHOD,
	DW_OPTION_POLICY,
	DW_OPTION_ROLE,
	DW_OPTION_OUTPUT,
	DW_OPTION_FORMAT,
	DW_OPTION_WITHOUT,
	DW_OPTION_YES,
	DW_OPTION_DRY_RUN,
	DW_OPTION_FOR,
	DW_OPTION_UNTIL_CONFIRMED,
	DW_OPTION_ONE_AT_A_TIME,
	DW_OPTION_PAUSE,
	DW_OPTION_RESTRICT,
	DW_OPTION_EVEN_MY_SESSION,
	DW_OPTION_REMOVE_PACKAGE,
	DW_OPTION_DISABLE_PROGRAM,
	DW_OPTION_FORCE,
	DW_OPTION_EXPIRED,
	DW_OPTION_WAIT,
	DW_OPTION_AT_BOOT,
	DW_OPTION_SCANNER,
	DW_OPTION_SCAN,
	DW_OPTION_EXPECT,
	DW_OPTION_ADDRESS,
	DW_OPTION_STATE,
	DW_OPTION_AROUND,
	DW_OPTION_IDLE,
	DW_OPTION_SINCE,
	DW_OPTION_CONFIRM_WITHIN,
	DW_OPTION_STYLE,
	DW_OPTION_PORTS,
	DW_OPTION_UDP,
	DW_OPTION_SCTP,
	DW_OPTION_EXCLUDE,
	DW_OPTION_IPV4,
	DW_OPTION_IPV6,
	DW_OPTION_ASSUME_UP,
	DW_OPTION_NO_IDENTIFY,
	DW_OPTION_ALL_STATES,
	DW_OPTION_AUTHORISED_BY,
	DW_OPTION_MAX_LOAD,
	DW_OPTION_RATE,
	DW_OPTION_UDP_TIME,
	DW_OPTION_SOURCE_RANGE,
	DW_OPTION_WINDOW,
	DW_OPTION_SENDER,
	DW_OPTION_NMAP_PROBES,
	DW_OPTION_SEED,
	DW_OPTION_SHARD,
	DW_OPTION_RESUME,
	DW_OPTION_STATE_FILE,
	DW_OPTION_OUTPUT_XML,
	DW_OPTION_OUTPUT_GREPABLE,
	DW_OPTION_OUTPUT_LIST,
	DW_OPTION_LOG,
	DW_OPTION_JOURNAL,
	DW_OPTION_SYSLOG,
	DW_OPTION_EXEC,
	DW_OPTION_WEBHOOK,
	DW_OPTION_INTERVAL,
	DW_OPTION_ENFORCE,
	DW_OPTION_STATUS,
	DW_OPTION_PIN,
	DW_OPTION_UNPIN,
	DW_OPTION_QUIET,
	DW_OPTION_NO_COLOUR,
	DW_OPTION_HELP,
	DW_OPTION_VERSION,
	DW_OPTION_COUNT
};

struct dw_option {
	enum dw_option_id id;
	const char *name; /* without the dashes */
	char letter;      /* '\0': none */
	/* as --help shows it; NULL: takes none; "[PORTS]": may be left out, and is taken from the next word when
	   that could be one (ports are digits, commas and dashes, or "all", "known", "payloads") */
	const char *argument;
	const char *
		choices; /* the arguments there are, with blanks between; "/" a directory, "." a file; NULL: any */
	const char *help; /* one line */
};

/* What the user gave: values[id] is NULL when the option is not there, "" for one without argument. */
struct dw_arguments {
	const char *values[DW_OPTION_COUNT];
	char **operands; /* borrowed from argv */
	int n_operands;
};

/* As the help of all commands groups them, in this order. */
enum dw_command_group {
	DW_COMMANDS_SEE,
	DW_COMMANDS_DECIDE,
	DW_COMMANDS_CLOSE,
	DW_COMMANDS_GUARD,
	DW_COMMANDS_OUTSIDE,
	DW_COMMANDS_WATCH,
	DW_COMMANDS_HELP,
	DW_COMMANDS_GROUPS,
};

struct dw_command {
	const char *name;
	enum dw_command_group group;
	const char *operands; /* as --help shows them; "" none */
	int operands_max;
	const char *
		operand_choices; /* for the completion; "" none, "@" the commands' names, "." a file */
	const char *summary;     /* one line */
	const char *description; /* a paragraph or more, lines broken */
	const enum dw_option_id
		*options; /* beside those of every command; ends with DW_OPTION_COUNT */
	enum dw_exit (*run)(const struct dw_arguments *args);
};

/* Both end with a NULL name. The first command is the one that runs when none is named. */
extern const struct dw_command dw_commands[];
extern const struct dw_option dw_options[DW_OPTION_COUNT + 1];
/* Options that every command takes; ends with DW_OPTION_COUNT. */
extern const enum dw_option_id dw_options_everywhere[];

const struct dw_command *dw_command_find(const char *name); /* NULL: there is none */
bool dw_command_takes(const struct dw_command *c, enum dw_option_id id);
/* The command whose name is nearest; NULL when none is near. */
const char *dw_command_nearest(const char *name);
/* The option of the command whose name is nearest; NULL when none is near. */
const char *dw_option_nearest(const struct dw_command *c, const char *name);

/*
 * argv[0] is the first argument behind the command's name. False: the usage is wrong, and a sentence that says
 * what to do was written to `words`.
 */
bool dw_arguments_parse(const struct dw_command *c, int argc, char **argv, struct dw_arguments *ret,
			FILE *words);

/* Of the table, where they stand beside their command. */
extern const enum dw_option_id dw_baseline_options[], dw_diff_options[], dw_usage_options[],
	dw_host_options[], dw_scan_options[], dw_confine_options[], dw_watch_options[],
	dw_report_options[];
extern const char dw_host_description[], dw_confine_description[];

/* Texts made of the table. */
void dw_help_all(FILE *out);
void dw_help_command(FILE *out, const struct dw_command *c);
void dw_help_fields(FILE *out);
void dw_complete_bash(FILE *out);
void dw_complete_zsh(FILE *out);

enum dw_exit dw_cmd_audit(const struct dw_arguments *args);
enum dw_exit dw_cmd_check_policy(const struct dw_arguments *args);
enum dw_exit dw_cmd_init(const struct dw_arguments *args);
enum dw_exit dw_cmd_why(const struct dw_arguments *args);
enum dw_exit dw_cmd_help(const struct dw_arguments *args);
enum dw_exit dw_cmd_plan(const struct dw_arguments *args);
enum dw_exit dw_cmd_close(const struct dw_arguments *args);
enum dw_exit dw_cmd_undo(const struct dw_arguments *args);
enum dw_exit dw_cmd_confirm(const struct dw_arguments *args);
enum dw_exit dw_cmd_verify(const struct dw_arguments *args);
enum dw_exit dw_cmd_review(const struct dw_arguments *args);
enum dw_exit dw_cmd_scan(const struct dw_arguments *args);
enum dw_exit dw_cmd_fence(const struct dw_arguments *args);
enum dw_exit dw_cmd_host(const struct dw_arguments *args);
enum dw_exit dw_cmd_compare(const struct dw_arguments *args);
enum dw_exit dw_cmd_baseline(const struct dw_arguments *args);
enum dw_exit dw_cmd_diff(const struct dw_arguments *args);
enum dw_exit dw_cmd_usage(const struct dw_arguments *args);
enum dw_exit dw_cmd_scan_assist(const struct dw_arguments *args);
enum dw_exit dw_cmd_watch(const struct dw_arguments *args);
enum dw_exit dw_cmd_confine(const struct dw_arguments *args);
enum dw_exit dw_cmd_report(const struct dw_arguments *args);
enum dw_exit dw_cmd_history(const struct dw_arguments *args);

bool dw_cli_given(const struct dw_arguments *args, enum dw_option_id id);
/* Two options that make no sense together, and why. */
struct dw_cli_pair {
	enum dw_option_id a, b;
	const char *why;
};
/* False: both of a pair were given, which was told. */
bool dw_cli_sensible(const struct dw_arguments *args, const struct dw_cli_pair *pairs, size_t n);
struct doorward_style dw_cli_style(const struct dw_arguments *args);
enum doorward_format dw_cli_format(const struct dw_arguments *args);
/* Adds a blank and the word, as somebody would type it for a shell. */
void dw_cli_quote(struct dw_str *text, const char *word);
/* The words of a list with commas (or blanks) between, in the arena; NULL: none. */
struct dw_strings dw_cli_list(struct dw_arena *a, const char *words);
/* The exit status for a negative code of a comparison. */
enum dw_exit dw_cli_compare_failed(int r);
/* "doorward: TEXT" on standard error, escaped. */
void dw_cli_complain(const char *text);
/* The options of a look, into the context. Negative: one of them is wrong, which was told. */
int dw_cli_set_up(struct doorward *d, const struct dw_arguments *args);
/* Looks, with progress on a terminal. NULL: it failed, that was told, *ret_status is set. */
struct doorward_audit *dw_cli_audit(struct doorward *d, const struct dw_arguments *args,
				    enum dw_exit *ret_status);
/* Of DOORWARD_* bits. */
enum dw_exit dw_cli_exit(unsigned outcome);
/* The file of this program, absolute; NULL: not known. And the command line as it was typed. */
const char *dw_cli_program(void);
const char *dw_cli_typed(void);

/* Tells standard error all that is wrong with the policy (as doorward_set_policy() takes it); false: nothing is. */
bool dw_cli_tell_policy(struct doorward *d, const char *file);

/*
 * All of main(): finds the command, runs it, sees to it that standard output was written. argv as main() has
 * it.
 */
int dw_cli_main(int argc, char **argv);

#endif
