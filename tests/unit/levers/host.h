/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A made-up host, a door of it, and its levers as lines that can be compared. */
#ifndef TEST_LEVERS_HOST_H
#define TEST_LEVERS_HOST_H

#include "made-host.h"
#include "dw_levers.h"
#include "dw_str.h"
#include "dw_test.h"
#include "registry.h"

/* bus/units.json of the host. */
static inline void host_bus(struct host *h, const char *json)
{
	host_file(h, "/../bus/units.json", 0644, json);
}

struct asked {
	struct dw_starters_set *set;
	struct dw_switch sw;
	struct dw_levers *levers;
	const char *text;
};

static void add_file_text(struct dw_str *out, const struct dw_state *s)
{
	if (!s->text) {
		dw_str_add(out, "?");
	} else if (!dw_starts_with(s->text, "file ")) {
		/* whoever runs the test owns what it made */
		dw_str_addn(out, s->text, strcspn(s->text, s->text[0] == 'd' ? ":" : "\n"));
	} else {
		dw_str_addf(out, "%.9s '", s->text);
		for (size_t i = 0; i < s->data.n; i++) {
			if (s->data.data[i] == '\n')
				dw_str_add(out, "|");
			else
				dw_str_addc(out, s->data.data[i]);
		}
		dw_str_add(out, "'");
	}
}

/* "BOOT file /path absent -> link /dev/null". An edit shows only the lines that change: "3 a => b". */
static void add_lever(struct dw_str *out, const struct dw_lever *v)
{
	static const char *const phases[] = { "?", "GUARD", "STOP", "BOOT", "LEFT" };

	dw_str_addf(out, "%s %s %s ", phases[v->phase], v->manager, v->object);
	if (v->n_edits) {
		for (size_t i = 0; i < v->n_edits; i++)
			dw_str_addf(out, "[%u %s => %s]", v->edits[i].line,
				    v->edits[i].old ? v->edits[i].old : "-",
				    v->edits[i].fresh ? v->edits[i].fresh : "-");
	} else {
		add_file_text(out, &v->now);
		dw_str_add(out, " -> ");
		add_file_text(out, &v->off);
	}
	if (v->group)
		dw_str_addf(out, " group=%s/%u", v->group, v->order);
	if (v->takes)
		dw_str_addf(out, " takes=%s", v->takes);
	if (v->unless_used)
		dw_str_addf(out, " unless=%s/%u", v->unless_used, v->active);
	if (v->notify)
		dw_str_addf(out, " notify=%s", v->notify);
	dw_str_addf(out, "%s%s%s\n", v->no_undo ? " no-undo" : "", v->if_left ? " if-left" : "",
		    v->taken_along ? " along" : "");
}

/* Opens the host and asks for the levers of the door; text: a line each, then "cannot: ..." if it is said. */
static inline struct asked host_ask_more(struct host *h, const char *init, bool running,
					 const struct dw_door *d, unsigned more)
{
	struct asked k = { 0 };
	struct dw_str out;
	struct dw_error e = { 0 };
	char root[128];

	(void)snprintf(root, sizeof(root), "%s/root", h->dir);
	if ((running ? dw_sys_open_fake(h->dir, &h->sys, &e) : dw_sys_open(root, &h->sys, &e)) <
	    0) {
		printf("%s\n", e.message);
		exit(1);
	}
	h->facts = dw_facts_new();
	h->loaded = -1;
	h->s = (struct dw_starters){
		.sys = h->sys, .facts = h->facts, .arena = h->facts->arena, .init = init
	};
	if (running)
		h->s.procs = dw_procs_new(h->sys, h->facts->arena);
	k.set = dw_starters_load(&h->s);
	k.sw = (struct dw_switch){ .sys = h->sys, .arena = h->s.arena };
	k.levers = dw_levers_close(&h->s, &k.sw, d, NULL, more, NULL);
	out = (struct dw_str){ .arena = h->s.arena };
	dw_str_add(&out, "");
	for (size_t i = 0; i < k.levers->n; i++)
		add_lever(&out, &k.levers->v[i]);
	if (k.levers->cannot)
		dw_str_addf(&out, "cannot: %s\n", k.levers->cannot);
	k.text = out.s;
	return k;
}

static inline struct asked host_ask(struct host *h, const char *init, bool running,
				    const struct dw_door *d)
{
	return host_ask_more(h, init, running, d, 0);
}

static inline void asked_close(struct asked *k, struct host *h)
{
	dw_switch_close(&k->sw);
	dw_starters_unload(k->set);
	host_free(h);
}

#endif
