/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_news.h"

#include "dw_str.h"

const char *dw_news_kind_name(enum dw_news_kind k)
{
	static const char *const names[DW_NEWS_KINDS] = {
		[DW_NEWS_NONE] = "none",       [DW_NEWS_OPENED] = "opened",
		[DW_NEWS_CHANGED] = "changed", [DW_NEWS_MOVED] = "moved",
		[DW_NEWS_SHUT] = "shut",       [DW_NEWS_FLEETING] = "short-lived",
		[DW_NEWS_LOST] = "lost",
	};

	return k < DW_NEWS_KINDS ? names[k] : "none";
}

static void put_door(struct dw_json *j, const char *key, const struct dw_known_door *d)
{
	if (d)
		dw_json_raw(j, key, d->json, strlen(d->json));
	else
		dw_json_null(j, key);
}

static void put(struct dw_json *j, const struct dw_news *n)
{
	dw_json_object(j, NULL);
	dw_json_uint(j, "id", (uint64_t)n->id);
	dw_json_uint(j, "time", n->time);
	dw_json_string(j, "event", dw_news_kind_name(n->kind));
	dw_json_string(j, "host", n->host);
	dw_json_string(j, "key", n->door ? n->door->key : NULL);
	dw_json_string(j, "summary", n->door ? n->door->summary : NULL);
	dw_json_string(j, "verdict", n->verdict);
	dw_json_bool(j, "while_away", n->away);
	dw_json_uint(j, "times", n->times);
	dw_json_uint(j, "lost", n->lost);
	put_door(j, "was", n->was);
	put_door(j, "door", n->door);
	dw_json_end_object(j);
}

const char *dw_news_json(struct dw_arena *a, const struct dw_news *n)
{
	char *text = NULL, *copy;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct dw_json *j;

	if (!out)
		dw_oom();
	j = dw_json_new(out, false);
	put(j, n);
	if (dw_json_close(j, NULL) < 0 || fclose(out) != 0)
		dw_oom();
	copy = dw_arena_strndup(a, text, size);
	free(text);
	for (char *end = copy + strlen(copy); end > copy && end[-1] == '\n';)
		*--end = '\0';
	return copy;
}

const char *dw_news_lost_line(struct dw_arena *a, uint64_t lost)
{
	return dw_arena_printf(a,
			       "lost: %llu piece%s of news could not be kept until they were told; "
			       "doorward audit shows what is open now",
			       (unsigned long long)lost, lost == 1 ? "" : "s");
}

const char *dw_news_lost_json(struct dw_arena *a, int64_t id, uint64_t time, const char *host,
			      uint64_t lost)
{
	struct dw_news n = {
		.id = id, .time = time, .kind = DW_NEWS_LOST, .host = host, .lost = lost
	};

	return dw_news_json(a, &n);
}

static const char *escaped(struct dw_arena *a, const char *s)
{
	return dw_escape_terminal(a, s, strlen(s));
}

const char *dw_news_line(struct dw_arena *a, const struct dw_news *n)
{
	struct dw_str line = { .arena = a };

	if (!n->door)
		return dw_news_lost_line(a, n->lost);
	dw_str_addf(&line, "%s: %s", dw_news_kind_name(n->kind), escaped(a, n->door->summary));
	if (n->was)
		dw_str_addf(&line, " (was: %s)", escaped(a, n->was->summary));
	if (n->times > 1)
		dw_str_addf(&line, " (%u times)", n->times);
	if (n->away)
		dw_str_add(&line, " (while nobody watched)");
	if (n->verdict)
		dw_str_addf(&line, "; %s", n->verdict);
	if (n->verdict && n->reason)
		dw_str_addf(&line, ": %s", escaped(a, n->reason));
	return line.s;
}
