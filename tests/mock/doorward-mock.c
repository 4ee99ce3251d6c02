/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real command line before an audit made by hand: see mock-audit.c. */
#include "dw_cli.h"

int main(int argc, char **argv)
{
	return dw_cli_main(argc, argv);
}
