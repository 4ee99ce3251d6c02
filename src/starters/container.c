/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers: what runs in one, and what holds a published port outside of it (docker-proxy, conmon,
 * rootlessport, pasta, slirp4netns; a DNAT rule with no holder at all). starter.id is "docker:NAME",
 * "podman:NAME", "lxc:NAME", "nspawn:NAME" ...; starter.source the runtime's file about it.
 */
#include "container.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include "dw_str.h"
#include "lineage.h"
#include "registry.h"

struct dw_containers *dw_containers_of(struct dw_starters *s)
{
	const struct dw_procinfo *init;

	if (s->containers)
		return s->containers;
	s->containers = dw_new(s->arena, struct dw_containers);
	/*
	 * Without a cgroup namespace of its own a container sees itself below docker/ID: PID 1 (of our pid
	 * namespace) tells. Other containers than that one are containers to us.
	 */
	init = s->procs ? dw_procs_get(s->procs, 1) : NULL;
	if (init)
		(void)dw_container_parse_cgroup(init->cgroup, &s->containers->own);
	return s->containers;
}

static bool is_own(const struct dw_containers *all, const struct dw_container_ref *ref)
{
	return all->own.runtime && dw_streq(all->own.runtime, ref->runtime) &&
	       dw_streq(all->own.key, ref->key);
}

/* --- finding -------------------------------------------------------------------------------------- */

const struct dw_container *dw_container_find(struct dw_starters *s, const char *runtime,
					     const char *key, uint32_t uid)
{
	struct dw_containers *all = dw_containers_of(s);
	struct dw_container *c;
	bool id = strlen(key) == strspn(key, "0123456789abcdefABCDEF") && strlen(key) > 12;

	for (size_t i = 0; i < all->known.n; i++)
		if (dw_streq(all->known.v[i]->runtime, runtime) &&
		    dw_streq(all->known.v[i]->key, key))
			return all->known.v[i];
	c = dw_new(s->arena, struct dw_container);
	c->runtime = runtime;
	c->key = dw_arena_strdup(s->arena, key);
	c->name = id ? dw_arena_strndup(s->arena, key, 12) : c->key;
	if (dw_streq(runtime, "docker"))
		dw_container_read_docker(s, c, uid);
	else if (dw_streq(runtime, "podman"))
		dw_container_read_podman(s, c, uid);
	else if (dw_streq(runtime, "containerd") || dw_streq(runtime, "cri-o"))
		dw_container_read_containerd(s, c);
	else if (dw_streq(runtime, "lxc"))
		dw_container_read_lxc(s, c);
	else
		dw_container_read_nspawn(s, c);
	dw_vec_push(s->arena, &all->known, c);
	return c;
}

void dw_containers_read_all(struct dw_starters *s)
{
	struct dw_containers *all = dw_containers_of(s);
	struct dw_strings docker = { 0 }, podman = { 0 };

	if (all->all_docker)
		return;
	all->all_docker = all->all_podman = true;
	dw_container_list_docker(s, &docker);
	for (size_t i = 0; i < docker.n; i++)
		(void)dw_container_find(s, "docker", docker.v[i], 0);
	dw_container_list_podman(s, &podman);
	for (size_t i = 0; i < podman.n; i++)
		(void)dw_container_find(s, "podman", podman.v[i], 0);
}

const char *dw_container_of(struct dw_starters *s, const struct dw_procinfo *p)
{
	struct dw_container_ref ref;

	if (!p || !dw_container_parse_cgroup(p->cgroup, &ref) || ref.supervisor ||
	    is_own(dw_containers_of(s), &ref))
		return NULL;
	return dw_arena_printf(s->arena, "%s:%s", ref.runtime,
			       dw_container_find(s, ref.runtime, ref.key, p->uid)->name);
}

/* --- published ports ------------------------------------------------------------------------------ */

static bool same_address(const char *x, const char *y)
{
	uint8_t a[16], b[16];

	if (inet_pton(AF_INET, x, a) == 1 && inet_pton(AF_INET, y, b) == 1)
		return memcmp(a, b, 4) == 0;
	return inet_pton(AF_INET6, x, a) == 1 && inet_pton(AF_INET6, y, b) == 1 &&
	       memcmp(a, b, 16) == 0;
}

static const struct dw_container *by_address(struct dw_starters *s, const char *address)
{
	struct dw_containers *all = dw_containers_of(s);

	dw_containers_read_all(s);
	for (size_t i = 0; address && i < all->known.n; i++)
		for (size_t k = 0; k < all->known.v[i]->addresses.n; k++)
			if (same_address(all->known.v[i]->addresses.v[k], address))
				return all->known.v[i];
	return NULL;
}

static const struct dw_container *by_port(struct dw_starters *s, enum dw_protocol protocol,
					  uint32_t port)
{
	struct dw_containers *all = dw_containers_of(s);

	dw_containers_read_all(s);
	for (size_t i = 0; i < all->known.n; i++)
		for (size_t k = 0; k < all->known.v[i]->ports.n; k++) {
			const struct dw_container_port *p = &all->known.v[i]->ports.v[k];

			if (p->protocol == protocol && p->outside == port)
				return all->known.v[i];
		}
	return NULL;
}

static const char *id_of(struct dw_starters *s, const struct dw_container *c)
{
	return dw_arena_printf(s->arena, "%s:%s", c->runtime, c->name);
}

static void answer(struct dw_starters *s, const struct dw_container *c, enum dw_confidence how_sure,
		   const char *evidence, struct dw_starter *ret)
{
	*ret = (struct dw_starter){
		.kind = DW_STARTER_CONTAINER,
		.id = id_of(s, c),
		.source = c->source,
		.enabled = c->enabled,
		.running = DW_YES,
		.restarts = c->restarts,
		.confidence = how_sure,
		.evidence = evidence,
		.also = c->also,
	};
}

/* Splits "172.17.0.2:80" and "[fd00::2]:80"; the address alone goes to buf. */
static bool split_target(const char *target, char *buf, size_t size)
{
	const char *start = target, *end = strrchr(target, ':');

	if (*target == '[') {
		start = target + 1;
		end = strchr(start, ']');
	} else if (end && strchr(target, ':') != end) {
		end = NULL; /* IPv6 without brackets has no port */
	}
	if (!end)
		end = start + strlen(start);
	if (end == start || (size_t)(end - start) >= size)
		return false;
	memcpy(buf, start, (size_t)(end - start));
	buf[end - start] = '\0';
	return true;
}

bool dw_container_claim_redirect(struct dw_starters *s, const struct dw_redirect_fact *r,
				 struct dw_starter *ret)
{
	const struct dw_container *c;
	char address[64];

	if (r->kind != DW_KIND_FORWARDED || !r->target ||
	    !split_target(r->target, address, sizeof(address)))
		return false;
	c = by_address(s, address);
	if (!c)
		return false;
	answer(s, c, DW_CONFIDENCE_CERTAIN,
	       dw_arena_printf(s->arena, "the rule leads to %s, the address of that container",
			       address),
	       ret);
	return true;
}

/* --- holders outside of the container ------------------------------------------------------------- */

static const char *option(const struct dw_procinfo *p, const char *name)
{
	for (size_t i = 1; i + 1 < p->argc; i++)
		if (dw_streq(p->argv[i], name))
			return p->argv[i + 1];
	return NULL;
}

/* docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80 */
static int claim_docker_proxy(struct dw_starters *s, const struct dw_claim *q,
			      struct dw_starter *ret)
{
	const char *inside = option(q->process, "-container-ip");
	const struct dw_container *c = by_address(s, inside);

	if (c) {
		answer(s, c, DW_CONFIDENCE_CERTAIN,
		       "docker-proxy's command line names the container's address", ret);
		return 1;
	}
	c = by_port(s, q->at->protocol, q->at->port);
	if (c) {
		answer(s, c, DW_CONFIDENCE_LIKELY,
		       "docker-proxy holds a port that the container publishes", ret);
		return 1;
	}
	*ret = (struct dw_starter){
		.kind = DW_STARTER_CONTAINER,
		.id = dw_arena_printf(s->arena, "docker:%s", inside ? inside : "unknown"),
		.running = DW_YES,
		.confidence = DW_CONFIDENCE_LIKELY,
		.evidence = "docker-proxy holds it for a container that no file of docker names"
	};
	return 1;
}

static bool is_hex_id(const char *id)
{
	return id && strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

/* conmon -c ID -u ID -n NAME ...: podman lets it hold the published ports, so that nobody else takes them. */
static int claim_conmon(struct dw_starters *s, const struct dw_claim *q, struct dw_starter *ret)
{
	const char *id = option(q->process, "-c"), *name = option(q->process, "-n");
	const struct dw_container *c;

	if (!is_hex_id(id))
		return 0;
	c = dw_container_find(s, "podman", id, q->process->uid);
	answer(s, c, DW_CONFIDENCE_CERTAIN, "conmon's command line names the container", ret);
	if (name && !c->source)
		ret->id = dw_arena_printf(s->arena, "podman:%s", name);
	return 1;
}

/* The network namespace that a rootless helper serves: the last word that is a path of one. */
static uint32_t namespace_served(struct dw_starters *s, const struct dw_procinfo *p)
{
	for (size_t i = p->argc; i > 1; i--) {
		const char *word = p->argv[i - 1];
		_cleanup_fd_ int fd = -1;
		struct stat st;

		if (word[0] != '/' || !strstr(word, "/netns"))
			continue;
		/* the path is one of the helper's own mount namespace */
		fd = dw_procs_openat(s->procs, p->pid, dw_arena_printf(s->arena, "root%s", word),
				     O_PATH, NULL);
		if (fd >= 0 && fstat(fd, &st) == 0)
			return (uint32_t)st.st_ino;
	}
	return 0;
}

/* Whatever else holds a socket in that namespace and sits in a container tells which one it is. */
static const struct dw_container *container_in(struct dw_starters *s, uint32_t netns)
{
	for (size_t i = 0; netns && i < s->facts->holds.n; i++) {
		const struct dw_hold_fact *h = &s->facts->holds.v[i];
		const struct dw_procinfo *p;
		struct dw_container_ref ref;

		if (s->facts->sockets.v[h->socket].at.netns != netns)
			continue;
		p = dw_procs_get(s->procs, s->facts->processes.v[h->process].pid);
		if (p && dw_container_parse_cgroup(p->cgroup, &ref) && !ref.supervisor)
			return dw_container_find(s, ref.runtime, ref.key, p->uid);
	}
	return NULL;
}

static int claim_rootless(struct dw_starters *s, const struct dw_claim *q, struct dw_starter *ret)
{
	const struct dw_container *c = container_in(s, namespace_served(s, q->process));

	if (c) {
		answer(s, c, DW_CONFIDENCE_CERTAIN,
		       "it carries traffic into the container's network namespace", ret);
		return 1;
	}
	*ret = (struct dw_starter){ .kind = DW_STARTER_CONTAINER,
				    .id = "podman:unknown",
				    .running = DW_YES,
				    .confidence = DW_CONFIDENCE_LIKELY };
	ret->evidence = dw_arena_printf(s->arena, "%s publishes ports of rootless containers",
					q->process->comm);
	return 1;
}

static const struct {
	const char *program;
	int (*claim)(struct dw_starters *s, const struct dw_claim *q, struct dw_starter *ret);
} helpers[] = {
	{ "docker-proxy", claim_docker_proxy },
	{ "rootlesskit-docker-proxy", claim_docker_proxy },
	{ "conmon", claim_conmon },
	{ "rootlessport", claim_rootless },
	{ "rootlessport-child", claim_rootless },
	{ "slirp4netns", claim_rootless },
	{ "pasta", claim_rootless },
	{ "pasta.avx2", claim_rootless },
};

/* --- ops ------------------------------------------------------------------------------------------ */

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	*ret_state = dw_containers_of(s);
	return 0;
}

static int claim(struct dw_starters *s, void *state, const struct dw_claim *q,
		 struct dw_starter *ret)
{
	const struct dw_procinfo *p = q->process;
	struct dw_container_ref ref;
	const char *program;

	if (!p)
		return 0;
	if (dw_container_parse_cgroup(p->cgroup, &ref) && !is_own(state, &ref)) {
		const struct dw_container *c = dw_container_find(s, ref.runtime, ref.key, p->uid);

		answer(s, c, DW_CONFIDENCE_CERTAIN,
		       dw_arena_printf(s->arena, "its cgroup is that of the %s container %s",
				       c->runtime, c->key),
		       ret);
		return 1;
	}
	program = dw_basename(p->exe ? p->exe : p->comm);
	for (size_t i = 0; i < DW_ARRAY_SIZE(helpers); i++)
		if (dw_streq(program, helpers[i].program))
			return helpers[i].claim(s, q, ret);
	return 0;
}

static void add_sleeper(struct dw_starters *s, const struct dw_container *c,
			const struct dw_container_port *p)
{
	struct dw_sleeper_fact *f = dw_vec_add(s->arena, &s->facts->sleepers);

	f->at = dw_starters_endpoint(p->protocol, DW_FAMILY_DUAL, p->outside);
	if (p->address && inet_pton(AF_INET, p->address, f->at.address) == 1)
		f->at.family = DW_FAMILY_IPV4;
	else if (p->address && inet_pton(AF_INET6, p->address, f->at.address) == 1)
		f->at.family = DW_FAMILY_IPV6;
	dw_endpoint_unmap(&f->at);
	answer(s, c, DW_CONFIDENCE_CERTAIN,
	       "the runtime's files say that the container publishes the port", &f->starter);
	f->starter.running = DW_UNKNOWN;
}

static int list(struct dw_starters *s, void *state, struct dw_error *e)
{
	struct dw_containers *all = state;

	dw_containers_read_all(s);
	for (size_t i = 0; i < all->known.n; i++)
		for (size_t k = 0;
		     all->known.v[i]->enabled == DW_YES && k < all->known.v[i]->ports.n; k++)
			if (all->known.v[i]->ports.v[k].outside)
				add_sleeper(s, all->known.v[i], &all->known.v[i]->ports.v[k]);
	return 0;
}

const struct dw_starter_ops dw_starter_container = {
	.name = "container", .knows_foreign = true, .load = load, .list = list, .claim = claim
};
