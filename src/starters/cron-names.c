/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A watchdog: a job of cron's that starts again what somebody closed. */
#include <ctype.h>
#include <string.h>

#include "crontab.h"
#include "dw_str.h"

#define WORD_MIN 3 /* shorter names are words of many a command */

static bool goes_on(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '@';
}

/* The word by itself, or as the beginning of NAME.service. */
static bool names(const char *command, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = command; (p = strstr(p, word)) != NULL; p += n) {
		const char *behind = p + n;

		if (dw_starts_with(behind, ".service"))
			behind += strlen(".service");
		if ((p == command || !goes_on(p[-1])) && !goes_on(*behind) && *behind != '.')
			return true;
	}
	return false;
}

const char *dw_starters_cron_names(struct dw_sys *sys, const char *word, struct dw_arena *a)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_starters s = { .sys = sys, .facts = f, .arena = f->arena };
	struct dw_cron_jobs jobs = { 0 };
	const char *found = NULL;

	if (strlen(word) >= WORD_MIN && dw_crontab_read_all(&s, &jobs) == 0)
		for (size_t i = 0; i < jobs.n && !found; i++)
			if (!jobs.v[i].reboot && names(jobs.v[i].command, word))
				found = dw_arena_printf(a, "%s:%u", jobs.v[i].file, jobs.v[i].line);
	dw_facts_free(f);
	return found;
}
