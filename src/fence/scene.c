/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include "before.h"
#include "dw_scratch.h"
#include "dw_sysctl.h"

#define OBSTACLES_MAX 256u
#define SENTINEL      "dwsentinel"

struct dw_obstacle *dw_scene_obstacle(struct dw_scene *scene, uint32_t ifindex, const char *fmt,
				      ...)
{
	struct dw_obstacle *o;
	va_list ap;

	/* the last one is in everybody's way */
	if (scene->obstacles.n >= OBSTACLES_MAX)
		return NULL;
	o = dw_vec_add(scene->arena, &scene->obstacles);
	if (scene->obstacles.n == OBSTACLES_MAX) {
		*o = (struct dw_obstacle){ .words = "there is more in the way than is told" };
		return NULL;
	}
	*o = (struct dw_obstacle){ .ifindex = ifindex };
	va_start(ap, fmt);
	o->words = dw_arena_vprintf(scene->arena, fmt, ap);
	va_end(ap);
	return o;
}

struct dw_scene_link *dw_scene_link(const struct dw_scene *scene, uint32_t ifindex)
{
	for (size_t i = 0; i < scene->links.n; i++)
		if (scene->links.v[i].ifindex == ifindex)
			return &scene->links.v[i];
	return NULL;
}

/* --- settings ----------------------------------------------------------------------------------- */

/*
 * Those by which the kernel decides whether a packet may come in, and where it goes:
 * Documentation/networking/ip-sysctl.rst
 */
static const char *const of_v4[] = { "forwarding",
				     "rp_filter",
				     "accept_local",
				     "route_localnet",
				     "accept_source_route",
				     "src_valid_mark",
				     "ignore_routes_with_linkdown" };
static const char *const of_v6[] = { "forwarding", "accept_source_route",
				     "ignore_routes_with_linkdown", "disable_ipv6" };

/* In a copy nobody asks for routers or for twins of an address, and nothing is written to the kernel's log. */
static const struct {
	const char *path, *value;
} quiet[] = {
	{ "/proc/sys/net/ipv6/conf/default/accept_ra", "0" },
	{ "/proc/sys/net/ipv6/conf/default/accept_dad", "0" },
	{ "/proc/sys/net/ipv6/conf/default/dad_transmits", "0" },
	{ "/proc/sys/net/ipv6/conf/default/autoconf", "0" },
	{ "/proc/sys/net/ipv6/conf/default/router_solicitations", "0" },
	{ "/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1" },
	/* traces of iptables-legacy go to NFLOG */
	{ "/proc/sys/net/netfilter/nf_log/2", "nfnetlink_log" },
	{ "/proc/sys/net/netfilter/nf_log/10", "nfnetlink_log" },
};

struct setting {
	const char *path, *value; /* NULL: it has none */
	uint32_t ifindex;
	bool is_there;
};

struct settings {
	struct dw_scene *scene;
	DW_VEC(struct setting) list;
};

static void want(struct settings *w, uint32_t ifindex, const char *path)
{
	const struct setting one = { .path = path, .ifindex = ifindex };

	dw_vec_push(w->scene->arena, &w->list, one);
}

static void want_of(struct settings *w, uint32_t ifindex, const char *name)
{
	struct dw_arena *a = w->scene->arena;

	for (size_t i = 0; i < DW_ARRAY_SIZE(of_v4); i++)
		want(w, ifindex,
		     dw_arena_printf(a, "/proc/sys/net/ipv4/conf/%s/%s", name, of_v4[i]));
	for (size_t i = 0; i < DW_ARRAY_SIZE(of_v6); i++)
		want(w, ifindex,
		     dw_arena_printf(a, "/proc/sys/net/ipv6/conf/%s/%s", name, of_v6[i]));
}

/* A setting that is not there (no IPv6, an older kernel) is not in the copy, either. */
static int read_settings(void *arg, struct dw_error *e)
{
	struct settings *w = arg;

	for (size_t i = 0; i < w->list.n; i++) {
		struct setting *one = &w->list.v[i];
		int r = dw_sysctl_read(w->scene->sys, one->path, w->scene->arena, &one->value, e);

		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

/* /proc/sys may be read-only (a container): then it is an obstacle when the copy's own value is another. */
static int write_settings(void *arg, struct dw_error *e)
{
	struct settings *w = arg;
	struct dw_scene *scene = w->scene;

	(void)e;
	for (size_t i = 0; i < w->list.n; i++) {
		const struct setting *one = &w->list.v[i];
		const char *now = NULL;

		if (!one->value)
			continue;
		if (dw_sysctl_read(scene->sys, one->path, scene->arena, &now, NULL) == 0 &&
		    strcmp(now, one->value) == 0)
			continue;
		if (dw_sysctl_write(scene->sys, one->path, one->value, NULL) < 0)
			dw_scene_obstacle(scene, one->ifindex,
					  "%s is %s here and cannot be set so for a rehearsal",
					  one->path, one->value);
	}
	return 0;
}

static int be_quiet(void *arg, struct dw_error *e)
{
	struct dw_scene *scene = arg;

	(void)e;
	for (size_t i = 0; i < DW_ARRAY_SIZE(quiet); i++)
		(void)dw_sysctl_write(scene->sys, quiet[i].path, quiet[i].value, NULL);
	return 0;
}

int dw_scene_settings(struct dw_scene *scene, bool of_links, struct dw_error *e)
{
	struct settings w = { .scene = scene };
	int r;

	if (!of_links) {
		want(&w, 0, "/proc/sys/net/ipv4/ip_forward");
		want_of(&w, 0, "all");
		want_of(&w, 0, "default");
	}
	for (size_t i = 0; of_links && i < scene->links.n; i++)
		want_of(&w, scene->links.v[i].ifindex, scene->links.v[i].name);
	r = dw_netns_run(scene->sys, &scene->original, read_settings, &w, e);
	if (r == 0)
		r = dw_netns_run(scene->sys, &scene->copy, write_settings, &w, e);
	if (r == 0 && !of_links)
		r = dw_netns_run(scene->sys, &scene->copy, be_quiet, scene, e);
	return r;
}

/* --- the whole ---------------------------------------------------------------------------------- */

/* NULL: there was no descriptor. */
static struct dw_scene *new_scene(struct dw_sys *s, struct dw_arena *a, const struct dw_netns *ns,
				  struct dw_error *e)
{
	struct dw_scene *scene = dw_new(a, struct dw_scene);

	*scene = (struct dw_scene){ .sys = s,
				    .arena = a,
				    .original = { .fd = -1 },
				    .copy = { .fd = -1 },
				    .raw = { -1, -1 },
				    .sentinel_fd = -1 };
	if (ns)
		scene->original.inode = ns->inode;
	if (ns && ns->fd >= 0) {
		scene->original.fd = fcntl(ns->fd, F_DUPFD_CLOEXEC, 0);
		if (scene->original.fd < 0) {
			dw_error_errno(e, -errno, "network namespace %u", ns->inode);
			return NULL;
		}
	}
	return scene;
}

typedef int reader(struct dw_scene *scene, struct dw_error *e);

static int read_scene(struct dw_sys *s, struct dw_arena *a, const struct dw_netns *ns,
		      reader *const *readers, size_t n, struct dw_scene **ret, struct dw_error *e)
{
	struct dw_scene *scene = new_scene(s, a, ns, e);
	int r = scene ? 0 : -EMFILE;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = readers[i](scene, e);
	if (r < 0) {
		dw_scene_close(scene);
		return r;
	}
	*ret = scene;
	return 0;
}

int dw_scene_read(struct dw_sys *s, struct dw_arena *a, const struct dw_netns *ns,
		  struct dw_scene **ret, struct dw_error *e)
{
	static reader *const all[] = { dw_scene_read_links, dw_scene_read_addresses,
				       dw_scene_read_routes, dw_before_read };

	return read_scene(s, a, ns, all, DW_ARRAY_SIZE(all), ret, e);
}

int dw_scene_read_beside(struct dw_sys *s, struct dw_arena *a, const struct dw_netns *ns,
			 struct dw_scene **ret, struct dw_error *e)
{
	static reader *const some[] = { dw_scene_read_links, dw_scene_read_rules, dw_before_read };

	return read_scene(s, a, ns, some, DW_ARRAY_SIZE(some), ret, e);
}

/* Its packets go to the detector before any rule; it has an index that none of the others wants. */
static int make_sentinel(struct dw_scene *scene, struct dw_error *e)
{
	struct dw_tun t = { .name = SENTINEL, .ifindex = 1 };
	int r;

	for (size_t i = 0; i < scene->links.n; i++)
		t.ifindex = DW_MAX(t.ifindex, scene->links.v[i].ifindex);
	scene->sentinel = t.ifindex = t.ifindex < INT32_MAX ? t.ifindex + 1 : 0;
	r = dw_tun_open(scene->sys, &scene->copy, &t, &scene->sentinel_fd, e);
	return r < 0 ? r : dw_scene_raise(scene, SENTINEL, e);
}

static int make_sockets(struct dw_scene *scene, struct dw_error *e)
{
	int r = dw_raw_open(scene->sys, &scene->copy, AF_INET, &scene->raw[0], e);

	if (r == 0)
		r = dw_raw_open(scene->sys, &scene->copy, AF_INET6, &scene->raw[1], e);
	return r == -EAFNOSUPPORT ? 0 : r;
}

int dw_scene_make(struct dw_scene *scene, struct dw_error *e)
{
	static int (*const steps[])(struct dw_scene * scene, struct dw_error * e) = {
		dw_scene_make_links,
		make_sentinel,
	};
	int r = dw_scratch_open(scene->sys, &scene->copy, e);

	if (r == 0)
		r = dw_netns_must_be_other(scene->sys, &scene->copy, e);
	if (r == 0)
		r = dw_scene_settings(scene, false, e);
	for (size_t i = 0; r == 0 && i < DW_ARRAY_SIZE(steps); i++)
		r = steps[i](scene, e);
	if (r == 0)
		r = dw_scene_settings(scene, true, e);
	if (r == 0)
		r = dw_scene_make_addresses(scene, e);
	if (r == 0)
		r = dw_scene_make_routes(scene, e);
	if (r == 0)
		r = dw_scene_await_addresses(scene, e);
	if (r == 0)
		r = make_sockets(scene, e);
	scene->is_made = r == 0;
	return r;
}

void dw_scene_close(struct dw_scene *scene)
{
	if (!scene)
		return;
	for (size_t i = 0; i < scene->links.n; i++)
		dw_cleanup_fd(&scene->links.v[i].fd);
	for (size_t i = 0; i < DW_ARRAY_SIZE(scene->raw); i++)
		dw_cleanup_fd(&scene->raw[i]);
	dw_cleanup_fd(&scene->sentinel_fd);
	dw_scratch_close(&scene->copy);
	dw_cleanup_fd(&scene->original.fd);
}
