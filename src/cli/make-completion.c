/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs at build time: make-completion bash|zsh writes the completion to standard output. */
#include <string.h>

#include "dw_cli.h"

int main(int argc, char **argv)
{
	if (argc != 2)
		return DW_EXIT_USAGE;
	if (strcmp(argv[1], "bash") == 0)
		dw_complete_bash(stdout);
	else if (strcmp(argv[1], "zsh") == 0)
		dw_complete_zsh(stdout);
	else
		return DW_EXIT_USAGE;
	return fflush(stdout) == 0 ? DW_EXIT_NOTHING : DW_EXIT_USAGE;
}
