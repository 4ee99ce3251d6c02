/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "dw_state.h"
#include "dw_str.h"

struct world *world;

static const char inetd[] = "# services\ndaytime stream tcp nowait root internal\n"
			    "telnet stream tcp nowait root /usr/sbin/in.telnetd\n"
			    "ftp stream tcp nowait root /usr/sbin/in.ftpd\n";
static const char inetd_closed[] = "# services\ndaytime stream tcp nowait root internal\n"
				   "#telnet stream tcp nowait root /usr/sbin/in.telnetd\n"
				   "#ftp stream tcp nowait root /usr/sbin/in.ftpd\n";

static void fill(struct world_file *f, const char *text)
{
	f->there = true;
	f->mode = 0644;
	f->n = strlen(text);
	memcpy(f->content, text, f->n);
}

void world_new(void)
{
	if (!world)
		world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(world, 0, sizeof(*world));
	fill(&world->now.files[0], inetd);
	fill(&world->now.files[1], "link\n");
	memcpy(world->now.believed, world->now.files, sizeof(world->now.files));
	world->now.units[0] = world->now.units[1] = world->now.units[2] = true;
	world->now.process = true;
}

void world_closed(struct world_state *ret)
{
	memset(ret, 0, sizeof(*ret));
	fill(&ret->files[0], inetd_closed);
	fill(&ret->files[2], "mask\n");
	memcpy(ret->believed, ret->files, sizeof(ret->files));
}

static bool same_file(const struct world_file *x, const struct world_file *y)
{
	return x->there == y->there && (!x->there || (x->n == y->n && x->mode == y->mode &&
						      memcmp(x->content, y->content, x->n) == 0));
}

bool world_same(const struct world_state *x, const struct world_state *y)
{
	for (size_t i = 0; i < WORLD_FILES; i++)
		if (!same_file(&x->files[i], &y->files[i]) ||
		    !same_file(&x->believed[i], &y->believed[i]))
			return false;
	return memcmp(x->units, y->units, sizeof(x->units)) == 0;
}

static void log_word(const char *what, const char *object)
{
	size_t n = strlen(world->log);

	(void)snprintf(world->log + n, sizeof(world->log) - n, "%s%s:%s", n ? " " : "", what,
		       object);
}

static int count(struct dw_error *e)
{
	world->calls++;
	if (world->kill_at == 2 * world->calls - 1)
		(void)raise(SIGKILL);
	if (world->fail_at && world->calls >= world->fail_at &&
	    world->calls <= DW_MAX(world->fail_at, world->fail_to))
		return dw_error_set(e, -EIO, "call %u was to fail", world->calls);
	return 0;
}

static int end(void)
{
	if (world->kill_at && world->kill_at == 2 * world->calls)
		(void)raise(SIGKILL);
	return 0;
}

struct dw_state world_file(struct dw_arena *a, const struct world_file *f)
{
	struct dw_state s = { .text = "absent" };

	if (!f->there)
		return s;
	s.data.data = dw_arena_strndup(a, f->content, f->n);
	s.data.n = f->n;
	s.text = dw_state_file_text(a, f->mode, 0, 0, &s.data, NULL);
	return s;
}

struct dw_state world_content(struct dw_arena *a, const char *text)
{
	struct world_file f = { 0 };

	fill(&f, text);
	return world_file(a, &f);
}

static size_t index_of(const char *object)
{
	return (size_t)(object[1] - '0');
}

static int file_state(struct dw_switch *s, const char *object, struct dw_state *ret,
		      struct dw_error *e)
{
	*ret = world_file(s->arena, &world->now.files[index_of(object)]);
	return 0;
}

/* As on a disk: whole or not at all. */
static int file_set(struct dw_switch *s, const char *object, const struct dw_state *from,
		    const struct dw_state *want, struct dw_error *e)
{
	struct world_file *f = &world->now.files[index_of(object)], fresh = { 0 };
	struct dw_state now = world_file(s->arena, f);
	int r = count(e);

	if (r < 0)
		return r;
	if (!dw_streq(now.text, from->text))
		return dw_error_set(e, -ESTALE, "%s is not as it was read", object);
	log_word(dw_streq(want->text, "absent") ? "remove" : "write", object);
	if (!dw_streq(want->text, "absent")) {
		fresh.there = true;
		fresh.mode = 0644;
		if (dw_starts_with(want->text, "file 0600 "))
			fresh.mode = 0600;
		fresh.n = want->data.n;
		memcpy(fresh.content, want->data.data, fresh.n);
	}
	if (!world->stubborn)
		*f = fresh;
	return end();
}

/* "u0 u1": a group. */
static int units_state(struct dw_switch *s, const char *object, struct dw_state *ret,
		       struct dw_error *e)
{
	struct dw_str b = { .arena = s->arena };

	for (const char *p = object; *p; p += p[2] ? 3 : 2)
		dw_str_addf(&b, "%s%s", b.n ? " " : "",
			    world->now.units[index_of(p)] ? "active" : "inactive");
	*ret = (struct dw_state){ .text = b.s };
	return 0;
}

/* One after the other, each a call: a crash finds some of them switched. A masked unit (file 2) does not start. */
static int units_set(struct dw_switch *s, const char *object, const struct dw_state *from,
		     const struct dw_state *want, struct dw_error *e)
{
	const char *word = want->text;

	for (const char *p = object; *p; p += p[2] ? 3 : 2) {
		bool on = dw_starts_with(word, "active");
		bool *unit = &world->now.units[index_of(p)];
		int r = *unit == on ? 0 : count(e);

		if (r < 0)
			return r;
		if (*unit != on && on && world->now.believed[2].there)
			return dw_error_set(e, -EIO, "%s is masked", object);
		if (*unit != on) {
			log_word(on ? "start" : "stop", dw_arena_strndup(s->arena, p, 2));
			*unit = on || (world->missed && index_of(p) == 2 &&
				       !world->now.believed[2].there);
			(void)end();
		}
		word += strcspn(word, " ");
		word += *word == ' ';
	}
	return 0;
}

static int process_state(struct dw_switch *s, const char *object, struct dw_state *ret,
			 struct dw_error *e)
{
	*ret = (struct dw_state){ .text = world->now.process ? "running" : "gone" };
	return 0;
}

static int process_set(struct dw_switch *s, const char *object, const struct dw_state *from,
		       const struct dw_state *want, struct dw_error *e)
{
	int r = count(e);

	if (r < 0)
		return r;
	if (!dw_streq(want->text, "gone"))
		return dw_error_set(e, -ENOTSUP, "nothing brings %s back", object);
	r = s->save ? s->save(s->save_data, object, "maps", "m", 1, e) : 0;
	if (r < 0)
		return r;
	log_word("end", object);
	world->now.process = false;
	return end();
}

static const struct dw_switch_ops switches[] = {
	{ .name = "file", .state = file_state, .set = file_set },
	{ .name = "systemd", .state = units_state, .set = units_set },
	{ .name = "process", .state = process_state, .set = process_set },
};

const struct dw_switch_ops *world_find(const char *name)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(switches); i++)
		if (dw_streq(switches[i].name, name))
			return &switches[i];
	return NULL;
}

int world_notify(struct dw_switch *s, const char *who, struct dw_error *e)
{
	int r = count(e);

	if (r < 0)
		return r;
	log_word("tell", who);
	world->reloads++;
	memcpy(world->now.believed, world->now.files, sizeof(world->now.files));
	return end();
}

static struct dw_step files(struct dw_arena *a, const char *object, struct dw_state want)
{
	return (struct dw_step){ .phase = DW_PHASE_BOOT,
				 .manager = "file",
				 .object = object,
				 .expect = world_file(a, &world->now.files[index_of(object)]),
				 .want = want,
				 .notify = "systemd",
				 .label = object };
}

struct dw_run world_run(struct dw_arena *a)
{
	static const struct dw_state on2 = { .text = "active active" },
				     off2 = { .text = "inactive inactive" },
				     on = { .text = "active" }, off = { .text = "inactive" },
				     here = { .text = "running" }, gone = { .text = "gone" };
	struct dw_run run = { .kind = "close", .command = "doorward close", .started = 1 };
	struct dw_step steps[] = {
		{ .phase = DW_PHASE_STOP,
		  .manager = "systemd",
		  .object = "u0 u1",
		  .expect = on2,
		  .want = off2,
		  .label = "u0 u1" },
		{ .phase = DW_PHASE_STOP,
		  .manager = "systemd",
		  .object = "u2",
		  .expect = on,
		  .want = off,
		  .label = "u2" },
		files(a, "f0", world_content(a, inetd_closed)),
		files(a, "f1", (struct dw_state){ .text = "absent" }),
		files(a, "f2", world_content(a, "mask\n")),
		{ .phase = DW_PHASE_LEFT,
		  .manager = "systemd",
		  .object = "u2",
		  .expect = on,
		  .want = off,
		  .label = "u2 again",
		  .if_left = true },
		{ .phase = DW_PHASE_LEFT,
		  .manager = "process",
		  .object = "612/99",
		  .expect = here,
		  .want = gone,
		  .label = "in.talkd (612)",
		  .why = "it was started by hand",
		  .undo_command = "/usr/sbin/in.talkd",
		  .no_undo = true,
		  .if_left = true },
	};

	run.n_steps = DW_ARRAY_SIZE(steps);
	run.steps = dw_arena_array(a, run.n_steps, sizeof(*run.steps));
	for (size_t i = 0; i < run.n_steps; i++)
		run.steps[i].step = steps[i];
	return run;
}
