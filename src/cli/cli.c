/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doorward/doorward.h"
#include "dw_arena.h"
#include "dw_cli.h"
#include "dw_str.h"

/*
 * A closed 0, 1 or 2 would be given to the first file that is opened, and output would go into that. So they
 * are filled, with something that cannot be written: a lost output is an error, not silence.
 */
static void fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null",
			  O_RDONLY); /* kept over exec on purpose: nothing is executed */
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

static enum dw_exit unknown_command(const char *name)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *near = dw_command_nearest(name),
		   *shown = dw_escape_terminal(a, name, strlen(name));

	(void)fprintf(stderr, "doorward: there is no command \"%s\"", shown);
	/* a door where the command belongs: 22, 22/tcp, [::1]:22 */
	if (name[0] && strspn(name, "0123456789./:[]*") >= 2)
		(void)fprintf(stderr, "; did you mean doorward why %s?", shown);
	else if (near)
		(void)fprintf(stderr, "; did you mean %s?", near);
	(void)fputs("\nTry: doorward help\n", stderr);
	return DW_EXIT_USAGE;
}

static enum dw_exit run(const struct dw_command *c, bool named, int argc, char **argv)
{
	struct dw_arguments args;

	if (!dw_arguments_parse(c, argc, argv, &args, stderr))
		return DW_EXIT_USAGE;
	if (args.values[DW_OPTION_VERSION]) {
		(void)printf("doorward %s\n", doorward_version());
		return DW_EXIT_NOTHING;
	}
	if (args.values[DW_OPTION_HELP]) {
		if (named)
			dw_help_command(stdout, c);
		else
			dw_help_all(stdout);
		return DW_EXIT_NOTHING;
	}
	return c->run(&args);
}

/* Whoever reads the output must be able to rely on having all of it (full disk, closed pipe). */
static enum dw_exit close_output(enum dw_exit status)
{
	bool failed = ferror(stdout) != 0;
	int why = failed ? errno : 0;

	if (fclose(stdout) != 0) {
		failed = true;
		why = why ? why : errno;
	}
	if (!failed)
		return status;
	/* `doorward | head` is no mistake that needs words */
	if (why != EPIPE)
		(void)fprintf(stderr, "doorward: standard output could not be written: %s\n",
			      why ? strerror(why) : "unknown error");
	return DW_EXIT_USAGE;
}

/*
 * /proc/self/exe is the loader where the program was started through one (ld.so PROGRAM), so the word it was called by
 * counts, and PATH where that is a name alone.
 */
static const char *find_program(const char *name)
{
	static char found[PATH_MAX];
	char path[PATH_MAX];

	if (!name || !*name)
		return NULL;
	if (strchr(name, '/'))
		return realpath(name, found);
	for (const char *p = getenv("PATH"); p && *p; p += strcspn(p, ":"), p += *p == ':') {
		int n = snprintf(path, sizeof(path), "%.*s/%s", (int)strcspn(p, ":"), p, name);

		if (*p == '/' && n > 0 && (size_t)n < sizeof(path) && access(path, X_OK) == 0)
			return realpath(path, found);
	}
	return NULL;
}

static const char *program;
static struct dw_str typed;

const char *dw_cli_program(void)
{
	return program;
}

const char *dw_cli_typed(void)
{
	return typed.s;
}

/* "doorward close telnet", before the parser moves the words about. */
static void remember(int argc, char **argv)
{
	program = find_program(argc > 0 ? argv[0] : NULL);
	dw_str_add(&typed, "doorward");
	for (int i = 1; i < argc && typed.n < 4096; i++)
		dw_str_addf(&typed, " %.1024s", argv[i]);
}

int dw_cli_main(int argc, char **argv)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	bool named = argc > 1 && argv[1][0] != '-';
	const struct dw_command *c = named ? dw_command_find(argv[1]) : dw_commands;
	int skip = argc > 0 ? 1 + named : 0;

	typed = (struct dw_str){ .arena = a };
	remember(argc, argv);
	fill_descriptors();
	(void)setlocale(LC_CTYPE, ""); /* wcwidth(3): how wide a name is on this terminal */
	(void)signal(SIGPIPE, SIG_IGN);
	if (!c)
		return unknown_command(argv[1]);
	return close_output(run(c, named, argc - skip, argv + skip));
}
