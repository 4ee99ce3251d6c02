/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_cli.h"

int main(int argc, char **argv)
{
	return dw_cli_main(argc, argv);
}
