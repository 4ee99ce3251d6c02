/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors and levers made by hand, and a plan as text. */
#ifndef DW_TEST_PLAN_WORLD_H
#define DW_TEST_PLAN_WORLD_H

#include "dw_plan.h"
#include "dw_state.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"

#define INETD "echo x\ntelnet a\nftp b\ntalk c\nend\n"
#define CONF  "/etc/inetd.conf"
#define CLOSE DW_INTENT_CLOSE
#define NONE  DW_INTENT_NONE

enum { DOORS = 32 };

struct world {
	struct dw_arena *a;
	struct dw_door d[DOORS];
	struct dw_levers l[DOORS];
	struct dw_plan_door p[DOORS];
	size_t n;
	bool even;
};

static inline struct world *world_new(void)
{
	struct dw_arena *a = dw_arena_new();
	struct world *w = dw_new(a, struct world);

	w->a = a;
	return w;
}

static inline void world_free(struct world **w)
{
	dw_arena_free((*w)->a);
}
#define _cleanup_world_ _cleanup_(world_free)

/* 0.0.0.0:PORT/tcp of a unit, kept, closed or left. */
static inline size_t add_door(struct world *w, unsigned port, const char *unit, const char *verdict,
			      enum dw_intent intent)
{
	size_t i = w->n++;

	w->d[i] = (struct dw_door){
		.at = { .protocol = DW_PROTOCOL_TCP,
			.family = DW_FAMILY_IPV4,
			.has_port = true,
			.port = port },
		.netns = "host",
		.kind = DW_KIND_LISTENER,
		.starter = { .kind = DW_STARTER_SYSTEMD_SERVICE, .id = unit, .enabled = DW_YES },
	};
	w->p[i] = (struct dw_plan_door){ .door = &w->d[i], .verdict = verdict, .intent = intent };
	if (intent != DW_INTENT_NONE)
		w->p[i].levers = &w->l[i];
	return i;
}

static inline struct dw_lever *add_lever(struct world *w, size_t i, struct dw_lever l)
{
	*dw_vec_add(w->a, &w->l[i]) = l;
	return &w->l[i].v[w->l[i].n - 1];
}

static inline struct dw_lever *add_unit(struct world *w, size_t i, const char *unit,
					const char *group, unsigned order)
{
	return add_lever(w, i,
			 (struct dw_lever){
				 .phase = DW_PHASE_STOP,
				 .manager = "systemd",
				 .object = unit,
				 .now.text = "active",
				 .off.text = "inactive",
				 .group = group,
				 .order = order,
				 .label = unit,
				 .why = "The unit opens the door at every start.",
				 .command = dw_arena_printf(w->a, "systemctl stop %s", unit),
				 .undo_command = dw_arena_printf(w->a, "systemctl start %s", unit),
			 });
}

static inline struct dw_lever *add_link(struct world *w, size_t i, const char *path,
					const char *target, const char *notify)
{
	return add_lever(w, i,
			 (struct dw_lever){ .phase = DW_PHASE_BOOT,
					    .manager = "file",
					    .object = path,
					    .now.text = dw_arena_printf(w->a, "link %s", target),
					    .off.text = "absent",
					    .notify = notify,
					    .label = path,
					    .why = "The boot starts it." });
}

static inline struct dw_lever *add_edit(struct world *w, size_t i, const char *path,
					const char *content, unsigned line, const char *old,
					const char *fresh)
{
	struct dw_edit *e = dw_new(w->a, struct dw_edit);
	struct dw_bytes before = { (char *)content, strlen(content) }, after = { 0 };
	const char *text = dw_state_file_text(w->a, 0644, 0, 0, &before, NULL);

	*e = (struct dw_edit){ line, old, fresh };
	DW_CHECK(dw_edits_apply(w->a, &before, e, 1, &after, NULL));
	return add_lever(
		w, i,
		(struct dw_lever){
			.phase = DW_PHASE_BOOT,
			.manager = "file",
			.object = path,
			.now = { .text = text, .data = before },
			.off = { .text = dw_state_file_with(w->a, text, &after), .data = after },
			.edits = e,
			.n_edits = 1,
			.notify = dw_arena_printf(w->a, "inetd %s", path),
			.label = dw_arena_printf(w->a, "line %u", line),
			.why = "This line opens the door.",
			.source = dw_arena_printf(w->a, "%s:%u", path, line),
			.command = dw_arena_printf(w->a, "sed -i '%us/^/#/' %s", line, path),
			.undo_command = dw_arena_printf(w->a, "sed -i '%us/^#//' %s", line, path),
			.takes = dw_arena_printf(w->a, "inetd %s", path),
		});
}

static inline struct dw_lever *add_process(struct world *w, size_t i, int pid, bool if_left)
{
	return add_lever(w, i,
			 (struct dw_lever){ .phase = DW_PHASE_LEFT,
					    .manager = "process",
					    .object = dw_arena_printf(w->a, "%d/%d", pid, pid * 10),
					    .now.text = "running",
					    .off.text = "gone",
					    .label = dw_arena_printf(w->a, "process %d", pid),
					    .why = "It holds the door now.",
					    .command = dw_arena_printf(w->a, "kill %d", pid),
					    .no_undo = true,
					    .if_left = if_left });
}

static inline void add_owner(struct world *w, size_t i, int pid, const char *cgroup)
{
	struct dw_owner *o = dw_arena_array(w->a, w->d[i].n_owners + 1, sizeof(*o));

	if (w->d[i].n_owners)
		memcpy(o, w->d[i].owners, w->d[i].n_owners * sizeof(*o));
	o[w->d[i].n_owners] = (struct dw_owner){ .pid = pid,
						 .started_ticks = (uint64_t)pid * 10,
						 .cgroup = cgroup };
	w->d[i].owners = o;
	w->d[i].n_owners++;
}

/* A line of inetd.conf, and the daemon when none is left. */
static inline size_t add_line(struct world *w, unsigned line, const char *old, unsigned active)
{
	size_t i = add_door(w, line, old, "close", DW_INTENT_CLOSE);
	struct dw_lever *l;

	add_edit(w, i, "/etc/inetd.conf", "echo x\ntelnet a\nftp b\ntalk c\nend\n", line, old,
		 NULL);
	l = add_unit(w, i, "inetd.service", "inetd.service", 1);
	l->unless_used = "inetd "
			 "/etc/inetd.conf";
	l->active = active;
	return i;
}

static inline struct dw_plan_request *request_of(struct world *w)
{
	struct dw_plan_request *r = dw_new(w->a, struct dw_plan_request);

	*r = (struct dw_plan_request){ w->p, w->n, "systemd", w->even };
	return r;
}

static inline struct dw_plan *plan_of(struct world *w)
{
	return dw_plan_make(request_of(w), w->a);
}

static inline void write_steps(const struct dw_steps *s, FILE *out)
{
	static const char *const phases[] = { "?", "guard", "stop", "boot", "left" };

	for (size_t i = 0; i < s->n; i++) {
		const struct dw_step *v = &s->v[i];

		(void)fprintf(out, "%s %s %s (%s)%s%s: %s -> %s\n", phases[v->phase], v->manager,
			      v->object, v->label, v->if_left ? " if left" : "",
			      v->no_undo ? " no undo" : "", v->expect.text, v->want.text);
		(void)fprintf(out, "  %s for %s of %zu%s%s%s%s\n", v->why, v->door, v->n_doors,
			      v->notify ? ", tells " : "", v->notify ? v->notify : "",
			      v->source ? ", see " : "", v->source ? v->source : "");
		(void)fprintf(out, "  do   %s\n  undo %s\n", v->command ? v->command : "-",
			      v->undo_command ? v->undo_command : "-");
		if (v->diff)
			(void)fputs(v->diff, out);
	}
	for (size_t i = 0; i < s->n_remarks; i++)
		(void)fprintf(out, "note %s\n", s->remarks[i]);
}

static inline void write_doors(struct world *w, const char *word,
			       const struct dw_plan_door *const *v, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%s %s\n", word, dw_endpoint_text(w->a, &v[i]->door->at));
}

static inline void write_plan(struct world *w, const struct dw_plan *p, FILE *out)
{
	write_steps(&p->steps, out);
	write_doors(w, "closes", p->closes, p->n_closes, out);
	write_doors(w, "also", p->also, p->n_also, out);
	for (size_t i = 0; i < p->n_refused; i++)
		(void)fprintf(out, "refused %s %s: %s\n",
			      dw_endpoint_text(w->a, &p->refused[i].door->at), p->refused[i].id,
			      p->refused[i].text);
	for (size_t i = 0; i < p->needed_by.n; i++)
		(void)fprintf(out, "needed by %s\n", p->needed_by.v[i]);
}

static inline const char *text_of(struct world *w, const struct dw_plan *p)
{
	char *text = NULL;
	const char *ret;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	write_plan(w, p, out);
	(void)fclose(out);
	ret = dw_arena_strdup(w->a, text);
	free(text);
	return ret;
}

/* The id by which the door is refused; NULL: it is not. */
static inline const char *refused(const struct world *w, const struct dw_plan *p, size_t i)
{
	for (size_t k = 0; k < p->n_refused; k++)
		if (p->refused[k].door == &w->d[i])
			return p->refused[k].id;
	return NULL;
}

static inline bool among(const struct world *w, const struct dw_plan_door *const *v, size_t n,
			 size_t i)
{
	for (size_t k = 0; k < n; k++)
		if (v[k] == &w->p[i])
			return true;
	return false;
}

#endif
