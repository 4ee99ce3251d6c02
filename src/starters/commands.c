/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"

#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "systemd.h"

#define DEPTH_MAX 2 /* scripts that start scripts */

struct listing {
	struct dw_starters *s;
	const struct dw_starter *as;
	bool at_boot;
};

/* --- clients --------------------------------------------------------------------------------------- */

/* Programs that could listen, and mostly do not: the letter of an option or the word by which they are told to. */
static const struct {
	const char *name, *letters, *word;
} clients[] = {
	{ "ssh", "LD", NULL },
	{ "nc", "l", "--listen" },
	{ "nc.openbsd", "l", NULL },
	{ "nc.traditional", "l", NULL },
	{ "ncat", "l", "--listen" },
	{ "netcat", "l", "--listen" },
	{ "socat", NULL, "LISTEN" },
	{ "rsync", NULL, "--daemon" },
	{ "exim", NULL, "-bd" },
	{ "exim4", NULL, "-bd" },
	{ "sendmail", NULL, "-bd" },
	/* these wait for answers to their own questions alone */
	{ "ntpdate", NULL, NULL },
	{ "sntp", NULL, NULL },
	{ "dig", NULL, NULL },
	{ "host", NULL, NULL },
	{ "nslookup", NULL, NULL },
	{ "ping", NULL, NULL },
	{ "traceroute", NULL, NULL },
};

/* Has an option of one dash one of the letters? */
static bool has_letter(const char *line, const char *letters)
{
	for (const char *p = line; (p = strstr(p, " -")) != NULL; p += 2)
		if (p[2] != '-' && strcspn(p + 2, letters) < strcspn(p + 2, " \t\n"))
			return true;
	return false;
}

static bool is_client(const char *program, const char *line)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(clients); i++)
		if (dw_streq(clients[i].name, dw_basename(program)))
			return !(clients[i].letters && has_letter(line, clients[i].letters)) &&
			       !(clients[i].word && strcasestr(line, clients[i].word));
	return false;
}

/* The line of the script that names it; of a command line all of it. */
static const char *line_of(struct dw_arena *a, const struct dw_script *script,
			   const struct dw_program *p)
{
	const char *at = script->text, *end;

	for (unsigned n = 1; !script->line && n < p->line && (end = strchr(at, '\n')); n++)
		at = end + 1;
	return dw_arena_strndup(a, at, script->line ? strlen(at) : strcspn(at, "\n"));
}

/* --- programs -------------------------------------------------------------------------------------- */

/* As dw_elf_may_listen; of what runs something else nobody can tell. */
static int may_listen(struct listing *l, const struct dw_program *p)
{
	if (p->interpreter || dw_program_is_interpreter(p->real))
		return -ENOTSUP;
	return dw_elf_may_listen(l->s->sys, p->real);
}

static void add(struct listing *l, const char *source, const char *program, int may)
{
	struct dw_starters *s = l->s;
	struct dw_sleeper_fact f = { .program = program, .starter = *l->as };

	f.starter.source = source;
	f.starter.running = DW_NO;
	f.starter.confidence = l->at_boot && may > 0 ? DW_CONFIDENCE_LIKELY : DW_CONFIDENCE_GUESS;
	for (size_t i = 0; i < s->facts->sleepers.n; i++) {
		const struct dw_sleeper_fact *o = &s->facts->sleepers.v[i];

		if (o->starter.kind == f.starter.kind && dw_streq0(o->starter.source, source) &&
		    dw_streq0(o->program, program))
			return;
	}
	*dw_vec_add(s->arena, &s->facts->sleepers) = f;
}

/* What is not told is a door that may be missing. */
static void note(const struct listing *l, const char *source)
{
	const char *colon = strrchr(source, ':');
	uint64_t line = 0;

	if (!l->at_boot)
		return;
	if (colon)
		(void)dw_parse_u64(colon + 1, 10, UINT32_MAX, &line);
	dw_facts_incomplete(l->s->facts, "unread-command",
			    dw_arena_strndup(l->s->arena, source,
					     line ? (size_t)(colon - source) : strlen(source)),
			    (unsigned)line, true,
			    "%s: what this line starts cannot be told without running it; whether "
			    "it opens a door is not known",
			    source);
}

static void list_script(struct listing *l, struct dw_script *script, const char *source,
			unsigned depth);

static void list_program(struct listing *l, const struct dw_script *script, struct dw_program *p,
			 const char *source, unsigned depth)
{
	struct dw_starters *s = l->s;
	struct dw_script inner;
	int may;

	dw_program_resolve(s->sys, s->arena, p);
	if (!p->exists)
		return;
	if (p->interpreter && dw_program_is_shell(p->interpreter)) {
		if (depth < DEPTH_MAX &&
		    dw_script_read_shell(s->sys, s->arena, p->real, &inner, NULL) == 0)
			list_script(l, &inner, source, depth + 1);
		else
			note(l, source);
		return;
	}
	/* sh -c '...' has been read; of sh FILE nothing has */
	if (dw_program_is_shell(p->real)) {
		if (script->programs.n == 1)
			note(l, source);
		return;
	}
	may = may_listen(l, p);
	if (may > 0 || (may < 0 && l->at_boot))
		if (!is_client(p->path, line_of(s->arena, script, p)))
			add(l, source, p->path, may);
}

/* source NULL: each line is its own. */
static void list_script(struct listing *l, struct dw_script *script, const char *source,
			unsigned depth)
{
	struct dw_arena *a = l->s->arena;

	for (size_t i = 0; i < script->programs.n; i++) {
		struct dw_program *p = &script->programs.v[i];

		list_program(l, script, p, source ? source : dw_script_source(a, script, p), depth);
	}
	if (script->unclear)
		note(l,
		     source ? source : dw_arena_printf(a, "%s:%u", script->path, script->unclear));
}

void dw_commands_list(struct dw_starters *s, struct dw_script *script, const struct dw_starter *as,
		      bool at_boot)
{
	struct listing l = { .s = s, .as = as, .at_boot = at_boot };

	list_script(&l, script, as->source, 0);
}
