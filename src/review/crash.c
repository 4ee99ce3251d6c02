/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal is given back on the way into a crash, by what may be called there (signal-safety(7)). */
#include "crash.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "dw_macros.h"

static const int crashes[] = { SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE };
static struct sigaction before[DW_ARRAY_SIZE(crashes)];
static struct termios settings;
static bool has_settings, watching;
static int input = -1, output = -1;

/* Mouse, number pad, colours, the other screen, the cursor (console_codes(4), xterm's control sequences). */
static const char reset[] =
	"\x1b[?1000l\x1b[?1002l\x1b[?1006l\x1b[?1l\x1b>\x1b[m\x1b[?1049l\x1b[?25h";

/* What was to happen without us (the end, or a sanitizer's report) happens then. */
static void on_crash(int number)
{
	(void)signal(SIGTTOU, SIG_IGN); /* in the background tcsetattr(3) would stop us */
	(void)!write(output, reset, sizeof(reset) - 1);
	if (has_settings)
		(void)tcsetattr(input, TCSANOW, &settings);
	for (size_t i = 0; i < DW_ARRAY_SIZE(crashes); i++)
		(void)sigaction(crashes[i], &before[i], NULL);
	(void)raise(number);
}

void review_crash_watch(int in, int out)
{
	/* SA_NODEFER: raise() takes effect at once */
	struct sigaction ask = { .sa_handler = on_crash, .sa_flags = SA_NODEFER };

	if (watching)
		return;
	input = in;
	output = out;
	has_settings = tcgetattr(in, &settings) == 0;
	for (size_t i = 0; i < DW_ARRAY_SIZE(crashes); i++)
		(void)sigaction(crashes[i], &ask, &before[i]);
	watching = true;
}

void review_crash_release(void)
{
	if (!watching)
		return;
	for (size_t i = 0; i < DW_ARRAY_SIZE(crashes); i++)
		(void)sigaction(crashes[i], &before[i], NULL);
	watching = false;
}
