/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of a unit's commands a process comes from. A service may run many, systemd.service(5): several
 * ExecStart= where it is a oneshot, ExecStartPre= and ExecStartPost=, and drop-ins that add more. The one that
 * has to be edited so that a door stays shut is the one whose words the process shows.
 */
#include "match.h"
#include "systemd.h"

#define ANCESTORS_MAX 16 /* processes of one unit above the one in question */

/* In the order of preference between lines that match as well. */
static const enum dw_sd_key commands[] = { DW_SD_EXEC_START, DW_SD_EXEC_START_POST,
					   DW_SD_EXEC_START_PRE };

struct choice {
	const struct dw_sd_setting *setting;
	unsigned score;
};

static struct choice choose(struct dw_sd_manager *m, const struct dw_sd_unit *u,
			    const struct dw_procinfo *p, bool deep)
{
	const struct dw_match_process words = dw_match_process(m->s->arena, p);
	struct choice best = { 0 };

	for (size_t k = 0; k < DW_ARRAY_SIZE(commands); k++)
		for (size_t i = dw_sd_list_begin(u, commands[k]); i < u->settings.n; i++) {
			const struct dw_sd_setting *s = &u->settings.v[i];
			struct dw_match match;
			const char *line;

			if (s->key != commands[k])
				continue;
			/* what ExecStartPre= leaves behind is killed before the next command runs */
			if (s->key == DW_SD_EXEC_START_PRE && best.score)
				continue;
			line = dw_sd_expand(m, u, s->value + strspn(s->value, DW_SD_EXEC_PREFIXES));
			match = deep ? dw_match_line_deep(m->s->sys, m->s->arena, &words, line)
				     : dw_match_line(m->s->sys, m->s->arena, &words, line);
			if (match.score > best.score)
				best = (struct choice){ .setting = s, .score = match.score };
		}
	return best;
}

static size_t count_commands(const struct dw_sd_unit *u)
{
	size_t n = 0;

	for (size_t k = 0; k < DW_ARRAY_SIZE(commands); k++)
		for (size_t i = dw_sd_list_begin(u, commands[k]); i < u->settings.n; i++)
			n += u->settings.v[i].key == commands[k] && *u->settings.v[i].value;
	return n;
}

static const struct dw_sd_setting *search(struct dw_sd_manager *m, const struct dw_sd_unit *u,
					  const struct dw_procinfo *p)
{
	const struct dw_procinfo *up = p;

	for (unsigned i = 0; up && up->pid > 1 && i < ANCESTORS_MAX; i++) {
		struct choice c;

		if (i && !dw_streq0(up->cgroup, p->cgroup))
			break;
		c = choose(m, u, up, false);
		if (c.setting)
			return c.setting;
		up = dw_procs_get(m->s->procs, up->ppid);
	}
	/* a script that started it and ended: no process shows its name any more */
	return choose(m, u, p, true).setting;
}

const struct dw_sd_setting *dw_sd_command_of(struct dw_sd_manager *m, struct dw_sd_unit *u,
					     const struct dw_procinfo *p)
{
	struct dw_sd_command *last = &u->command;
	const struct dw_sd_setting *start = NULL;

	(void)dw_sd_program(m, u, &start);
	if (count_commands(u) < 2)
		return start;
	/* the hundred workers of one server ask the same */
	if (!last->asked || last->ppid != p->ppid || !dw_streq0(last->exe, p->exe) ||
	    !dw_streq0(last->command, p->command)) {
		*last = (struct dw_sd_command){
			.asked = true, .ppid = p->ppid, .exe = p->exe, .command = p->command
		};
		last->setting = search(m, u, p);
	}
	return last->setting ? last->setting : start;
}
