/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sinks that are told at once, by the loop itself: the caller, the journal, syslog. */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "dw_daemon.h"
#include "dw_journal.h"
#include "dw_str.h"
#include "watch-private.h"

int dw_watch_tell_caller(struct watching *w, const struct dw_watch_news *n, struct dw_error *e)
{
	int r = w->o.tell(w->o.data, (long long)n->id, n->summary, n->json);

	if (r == -EPIPE)
		w->ended = true;
	return r < 0 ? dw_error_errno(e, r, "%s", w->o.tell_name) : 0;
}

bool dw_watch_caller_has(struct watching *w, const struct dw_watch_news *n)
{
	return w->o.has(w->o.data, (long long)n->id, n->summary, n->json) > 0;
}

static const char *member(struct dw_arena *a, const struct dw_json_value *v, const char *one,
			  const char *two)
{
	const struct dw_json_value *m =
		two ? dw_json_get(v, one, two, NULL) : dw_json_get(v, one, NULL);
	uint64_t number;

	if (dw_json_text(m))
		return dw_arena_strdup(a, dw_json_text(m));
	return dw_json_unsigned(m, &number) ? dw_arena_printf(a, "%llu", (unsigned long long)number)
					    : "";
}

static int priority_of(const struct dw_watch_news *n, const char *verdict)
{
	if (dw_streq(n->event, "shut"))
		return LOG_INFO;
	if (dw_streq(verdict, "investigate") || dw_streq(verdict, "close"))
		return LOG_WARNING;
	return dw_streq(n->event, "lost") ? LOG_ERR : LOG_NOTICE;
}

int dw_watch_tell_journal(struct watching *w, const struct dw_watch_news *n, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_json_value *v = NULL;
	const char *verdict;
	int r;

	if (dw_json_parse(n->json, strlen(n->json), &v, NULL) < 0)
		v = NULL;
	verdict = member(a, v, "verdict", NULL);
	{
		const struct dw_journal_field fields[] = {
			{ "MESSAGE", n->summary },
			{ "MESSAGE_ID", DW_NEWS_MESSAGE_ID },
			{ "PRIORITY", dw_arena_printf(a, "%d", priority_of(n, verdict)) },
			{ "SYSLOG_IDENTIFIER", "doorward" },
			{ "DOORWARD_ID", dw_arena_printf(a, "%lld", (long long)n->id) },
			{ "DOORWARD_EVENT", n->event },
			{ "DOORWARD_VERDICT", verdict },
			{ "DOORWARD_KEY", member(a, v, "key", NULL) },
			{ "DOORWARD_PROTOCOL", member(a, v, "door", "protocol") },
			{ "DOORWARD_ADDRESS", member(a, v, "door", "address") },
			{ "DOORWARD_PORT", member(a, v, "door", "port") },
			{ "DOORWARD_NETNS", member(a, v, "door", "netns") },
			{ "DOORWARD_PROGRAM", member(a, v, "door", "program") },
			{ "DOORWARD_JSON", n->json },
		};

		r = dw_daemon_journal(w->sys, fields, DW_ARRAY_SIZE(fields), e);
	}
	dw_json_free(v);
	return r;
}

/* The whole object, for numbers begin anew where the state was lost. */
bool dw_watch_journal_has(struct watching *w, const struct dw_watch_news *n)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *const fields[] = {
		"MESSAGE_ID=" DW_NEWS_MESSAGE_ID,
		dw_arena_printf(a, "DOORWARD_ID=%lld", (long long)n->id),
		dw_arena_printf(a, "DOORWARD_JSON=%s", n->json),
	};
	bool found = false;

	return dw_journal_has(w->sys, fields, DW_ARRAY_SIZE(fields), &found, NULL) == 0 && found;
}

int dw_watch_tell_syslog(struct watching *w, const struct dw_watch_news *n, struct dw_error *e)
{
	return dw_daemon_syslog(w->sys, priority_of(n, ""), n->summary, e);
}
