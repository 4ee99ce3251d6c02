/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of a policy: problems, and names that are near. */
#include <stdarg.h>
#include <string.h>

#include "dw_str.h"
#include "private.h"

#define SHOWN_MAX 60

void policy_problem(struct policy_reader *r, bool warning, unsigned line, unsigned column,
		    const char *fmt, ...)
{
	struct dw_policy_problem *p;
	va_list ap;

	r->failed |= !warning;
	if (r->problems->n > POLICY_PROBLEMS_MAX)
		return;
	p = dw_vec_add(r->a, r->problems);
	*p = (struct dw_policy_problem){
		.warning = warning,
		.file = r->open ? r->open->name : r->policy.file,
		.line = line,
		.column = column,
	};
	if (r->problems->n > POLICY_PROBLEMS_MAX) {
		p->warning = false;
		p->text = "more problems than are worth telling: the rest was left out";
		r->failed = true;
		return;
	}
	va_start(ap, fmt);
	p->text = dw_arena_vprintf(r->a, fmt, ap);
	va_end(ap);
}

const char *policy_place(const struct policy_reader *r, const char *file, unsigned line)
{
	if (r->open && dw_streq(r->open->name, file))
		return dw_arena_printf(r->a, "line %u", line);
	return dw_arena_printf(r->a, "%s:%u", file, line);
}

const char *policy_shown(const struct policy_reader *r, const char *text)
{
	size_t n = strlen(text), cut = SHOWN_MAX;

	if (n <= SHOWN_MAX)
		return text;
	while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;
	return dw_arena_printf(r->a, "%.*s...", (int)cut, text);
}

/* Names are lower case: what differs in case alone is near. */
struct policy_near policy_near_to(const struct policy_reader *r, const char *given)
{
	char *lower = dw_arena_strdup(r->a, given);

	for (char *c = lower; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return (struct policy_near){ .given = lower, .distance = (unsigned)-1 };
}

void policy_near_try(struct policy_near *n, const char *name)
{
	unsigned d = dw_str_apart(n->given, name);

	if (d < n->distance) {
		n->distance = d;
		n->best = name;
	}
}

const char *policy_near_text(const struct policy_reader *r, const struct policy_near *n)
{
	return n->best ? dw_arena_printf(r->a, "; did you mean \"%s\"?", n->best) : "";
}
