/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of a container, "docker:ID" or "podman:ID", by the engine's API socket. podman speaks Docker's API beside
 * its own. State: "running POLICY" or "stopped POLICY", POLICY being the restart policy ("on-failure:3" with its
 * limit).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dw_http.h"
#include "dw_json.h"
#include "dw_str.h"
#include "switch.h"

#define ANSWER_MAX ((size_t)4 * 1024 * 1024)
#define ASK_MS     20000U
#define POLICY_MAX 64

struct engine {
	const char *name, *socket;
};

static const struct engine engines[] = {
	{ "docker", "/run/docker.sock" },
	{ "podman", "/run/podman/podman.sock" },
};

const char *dw_switch_container_socket(const char *object)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(engines); i++) {
		size_t n = strlen(engines[i].name);

		if (strncmp(object, engines[i].name, n) == 0 && object[n] == ':')
			return engines[i].socket;
	}
	return NULL;
}

struct container {
	struct dw_switch *s;
	const struct engine *engine;
	const char *object, *id;
};

struct answer {
	unsigned status;
	struct dw_bytes body;
};

static int parse(struct dw_switch *s, const char *object, struct container *ret, struct dw_error *e)
{
	const char *id = strchr(object, ':');
	size_t n = id ? strlen(id + 1) : 0;

	*ret = (struct container){ .s = s, .object = object, .id = id ? id + 1 : NULL };
	for (size_t i = 0; id && i < DW_ARRAY_SIZE(engines); i++)
		if (strlen(engines[i].name) == (size_t)(id - object) &&
		    dw_starts_with(object, engines[i].name))
			ret->engine = &engines[i];
	/* as the engines allow them, names and ids: it goes into a path */
	if (!ret->engine || n == 0 || n > 255 || ret->id[0] == '.' ||
	    strspn(ret->id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") !=
		    n) {
		(void)dw_error_set(e, -EINVAL, "%.100s is no ENGINE:ID of a container", object);
		return -EINVAL;
	}
	return 0;
}

static int ask(struct container *c, const char *method, const char *path, const char *body,
	       unsigned timeout_ms, struct answer *ret, struct dw_error *e)
{
	const struct dw_http h = {
		.socket = c->engine->socket,
		.method = method,
		.path = path,
		.body = body,
		.timeout_ms = timeout_ms,
		.max = ANSWER_MAX,
	};

	*ret = (struct answer){ 0 };
	return dw_http_call(c->s->sys, &h, c->s->arena, &ret->status, &ret->body, e);
}

static int call(struct container *c, const char *method, const char *action, const char *body,
		unsigned timeout_ms, struct answer *ret, struct dw_error *e)
{
	return ask(c, method, dw_arena_printf(c->s->arena, "/containers/%s/%s", c->id, action),
		   body, timeout_ms, ret, e);
}

/* {"message": "..."} is how both engines say what is wrong. */
static int refused(struct container *c, const char *what, const struct answer *a,
		   struct dw_error *e)
{
	struct dw_json_value *v = NULL;
	const char *text = NULL;

	if (a->body.data && dw_json_parse(a->body.data, a->body.n, &v, NULL) == 0)
		text = dw_json_text(dw_json_get(v, "message", NULL));
	(void)dw_error_set(e, -EIO, "%s: %s refused to %s it (%u)%s%s", c->object, c->engine->name,
			   what, a->status, text ? ": " : "",
			   text ? dw_escape_terminal(c->s->arena, text, strnlen(text, (size_t)200))
				: "");
	dw_json_free(v);
	return -EIO;
}

/* --- the state ------------------------------------------------------------------------------------ */

static bool is_policy(const char *name)
{
	size_t n = strlen(name);

	return n < POLICY_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == n;
}

/* NULL: it is none that we know. */
static const char *policy_of(struct dw_arena *a, const struct dw_json_value *v)
{
	const struct dw_json_value *policy = dw_json_get(v, "HostConfig", "RestartPolicy", NULL);
	const char *name = dw_json_text(dw_json_get(policy, "Name", NULL));
	int64_t limit = 0;

	if (!name || !*name)
		return "no";
	if (!is_policy(name))
		return NULL;
	(void)dw_json_number(dw_json_get(policy, "MaximumRetryCount", NULL), &limit);
	if (limit > 0)
		return dw_arena_printf(a, "%s:%" PRId64, name, limit);
	return dw_arena_strdup(a, name);
}

static int read_answer(struct container *c, const struct answer *a, struct dw_state *ret,
		       struct dw_error *e)
{
	struct dw_json_value *v = NULL;
	const struct dw_json_value *now;
	const char *policy;
	bool runs;
	int r = dw_json_parse(a->body.data ? a->body.data : "", a->body.n, &v, e);

	if (r < 0)
		return r;
	now = dw_json_get(v, "State", NULL);
	policy = policy_of(c->s->arena, v);
	/* between two starts of a restart policy, Running is false for a moment */
	runs = dw_json_true(dw_json_get(now, "Running", NULL)) ||
	       dw_json_true(dw_json_get(now, "Restarting", NULL));
	if (now && policy)
		*ret = dw_switch_word(dw_arena_printf(c->s->arena, "%s %s",
						      runs ? "running" : "stopped", policy));
	else
		r = dw_error_set(e, -EBADMSG, "%s: %s says nothing of its state", c->object,
				 c->engine->name);
	dw_json_free(v);
	return r;
}

static int look(struct container *c, struct dw_state *ret, struct dw_error *e)
{
	struct answer a;
	int r;

	if (!dw_sys_is_running(c->s->sys)) {
		*ret = dw_switch_word("absent");
		return 0;
	}
	r = call(c, "GET", "json", NULL, ASK_MS, &a, e);
	if (r < 0)
		return r;
	if (a.status == 404) {
		*ret = dw_switch_word("absent");
		return 0;
	}
	return a.status == 200 ? read_answer(c, &a, ret, e) : refused(c, "describe", &a, e);
}

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	struct container c;
	int r = parse(s, object, &c, e);

	return r < 0 ? r : look(&c, ret, e);
}

/* --- what the engine is able to ------------------------------------------------------------------- */

/* podman's API has taken a restart policy since 5.1; Docker's always has. */
static bool is_able(const struct container *c, const struct dw_json_value *v)
{
	const char *version = dw_json_text(dw_json_get(v, "Version", NULL)), *dot;
	uint64_t major, minor;

	if (!dw_streq(c->engine->name, "podman"))
		return true;
	dot = version ? strchr(version, '.') : NULL;
	if (!dot || !dw_parse_u64n(version, (size_t)(dot - version), 10, 1000, &major) ||
	    !dw_parse_u64n(dot + 1, strcspn(dot + 1, ".-+"), 10, 1000, &minor))
		return false;
	return major > 5 || (major == 5 && minor >= 1);
}

int dw_switch_container_ability(struct dw_switch *s, const char *object,
				struct dw_container_ability *ret, struct dw_error *e)
{
	struct container c;
	struct answer a = { 0 }, version = { 0 };
	struct dw_json_value *v = NULL;
	const char *id;
	int r = parse(s, object, &c, e);

	if (r == 0)
		r = call(&c, "GET", "json", NULL, ASK_MS, &a, e);
	if (r == 0 && a.status != 200)
		r = refused(&c, "describe", &a, e);
	if (r == 0)
		r = ask(&c, "GET", "/version", NULL, ASK_MS, &version, e);
	if (r == 0 && version.status != 200)
		r = refused(&c, "tell its version, asked for", &version, e);
	if (r == 0)
		r = dw_json_parse(a.body.data ? a.body.data : "", a.body.n, &v, e);
	if (r < 0)
		return r;
	id = dw_json_text(dw_json_get(v, "Id", NULL));
	*ret = (struct dw_container_ability){ .id = id ? dw_arena_strdup(s->arena, id) : NULL };
	dw_json_free(v);
	v = NULL;
	r = dw_json_parse(version.body.data ? version.body.data : "", version.body.n, &v, e);
	ret->policy = r == 0 && is_able(&c, v);
	dw_json_free(v);
	return r;
}

/* --- changing it ---------------------------------------------------------------------------------- */

struct wish {
	bool running;
	const char *policy; /* with its limit */
};

static bool parse_state(const char *text, struct wish *ret)
{
	const char *blank = text ? strchr(text, ' ') : NULL;
	const char *colon = blank ? strchr(blank, ':') : NULL;
	uint64_t limit;

	if (!blank || !blank[1])
		return false;
	*ret = (struct wish){ .running = dw_starts_with(text, "running "), .policy = blank + 1 };
	return (ret->running || dw_starts_with(text, "stopped ")) &&
	       strspn(ret->policy, "abcdefghijklmnopqrstuvwxyz-:0123456789") ==
		       strlen(ret->policy) &&
	       (!colon || dw_parse_u64(colon + 1, 10, INT32_MAX, &limit));
}

/* The name and the number are of letters and digits only: nothing has to be escaped. */
static int set_policy(struct container *c, const char *policy, struct dw_error *e)
{
	size_t n = strcspn(policy, ":");
	const char *body = dw_arena_printf(
		c->s->arena, "{\"RestartPolicy\":{\"Name\":\"%.*s\",\"MaximumRetryCount\":%s}}",
		(int)n, policy, policy[n] ? policy + n + 1 : "0");
	struct answer a;
	int r = call(c, "POST", "update", body, ASK_MS, &a, e);

	if (r < 0)
		return r;
	return a.status == 200 ? 0 : refused(c, "change the restart policy of", &a, e);
}

/* 304: it is so already. The engine ends what does not stop by itself within t seconds. */
static int set_running(struct container *c, bool running, struct dw_error *e)
{
	unsigned grace = dw_switch_grace(c->s);
	const char *action =
		running ? "start"
			: dw_arena_printf(c->s->arena, "stop?t=%u", DW_MAX(grace / 1000, 1U));
	struct answer a;
	int r = call(c, "POST", action, NULL, grace + ASK_MS, &a, e);

	if (r < 0)
		return r;
	if (a.status == 204 || a.status == 304 || a.status == 200)
		return 0;
	return refused(c, running ? "start" : "stop", &a, e);
}

/* The policy first: one that is to stay down must not be restarted behind its stop. */
static int change(struct container *c, const struct wish *now, const struct wish *wish,
		  struct dw_error *e)
{
	int r = 0;

	if (!dw_streq(now->policy, wish->policy))
		r = set_policy(c, wish->policy, e);
	if (r == 0 && now->running != wish->running)
		r = set_running(c, wish->running, e);
	return r;
}

static int set(struct dw_switch *s, const char *object, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	struct wish now = { 0 }, wish = { 0 };
	struct dw_state here = { 0 };
	struct dw_error why = { 0 };
	struct container c;
	int r = parse(s, object, &c, e);

	if (r < 0)
		return r;
	if (!dw_switch_is(want, "absent") && (!want || !parse_state(want->text, &wish)))
		return dw_switch_unknown(object, want, e);
	r = look(&c, &here, e);
	if (r < 0 || dw_streq0(here.text, want->text))
		return r;
	if (!wish.policy)
		return dw_error_set(e, -ENOTSUP, "%s: containers are not removed", object);
	if (!parse_state(here.text, &now))
		return dw_error_set(e, -ENOTSUP, "%s: there is no such container", object);
	r = change(&c, &now, &wish, &why);
	/* the engine goes on with it though nobody waits for its answer any more */
	if (r == -ETIMEDOUT && dw_switch_wait(s, &dw_switch_container, object, want->text,
					      dw_switch_patience(s), NULL) == 1)
		return 0;
	return r < 0 ? dw_error_set(e, r, "%s", why.message) : 0;
}

const struct dw_switch_ops dw_switch_container = { .name = "container",
						   .state = state,
						   .set = set };
