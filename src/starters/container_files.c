/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the container runtimes write about their containers. */
#include "container.h"

#include <errno.h>

#include "bolt.h"
#include "dw_json.h"
#include "dw_str.h"
#include "lineage.h"

enum { JSON_MAX = 4 * 1024 * 1024, CONTAINERS_MAX = 4096 };

static void note_unreadable(struct dw_starters *s, const char *path, int r,
			    const struct dw_error *e)
{
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		dw_facts_incomplete(s->facts, "unreadable", path, 0, true, "%s", e->message);
}

static struct dw_json_value *read_json(struct dw_starters *s, const char *path)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_json_value *v = NULL;
	struct dw_error e = { 0 };
	struct dw_bytes text;
	int r = dw_sys_file_read(s->sys, path, JSON_MAX, scratch, &text, &e);

	if (r < 0) {
		note_unreadable(s, path, r, &e);
		return NULL;
	}
	if (dw_json_parse(text.data, text.n, &v, &e) < 0)
		dw_facts_incomplete(s->facts, "bad-line", path, 0, false, "%s: %s", path,
				    e.message);
	return v;
}

static const char *copy(struct dw_starters *s, const char *text)
{
	return text && *text ? dw_arena_strdup(s->arena, text) : NULL;
}

/* The home directory of a user, the usual one: where a rootless runtime keeps its files. */
static const char *home_of(struct dw_starters *s, uint32_t uid)
{
	const char *user = uid && uid != UINT32_MAX ? dw_sys_user_name(s->sys, uid) : NULL;

	return user ? dw_arena_printf(s->arena, "/home/%s", user) : NULL;
}

/* --- docker --------------------------------------------------------------------------------------- */

bool dw_container_parse_port(const char *text, uint32_t *ret_port, enum dw_protocol *ret_protocol)
{
	const char *slash = strchr(text, '/');
	uint64_t port;

	if (!dw_parse_u64n(text, slash ? (size_t)(slash - text) : strlen(text), 10, 65535, &port))
		return false;
	*ret_protocol = slash ? dw_protocol_parse(slash + 1) : DW_PROTOCOL_TCP;
	*ret_port = (uint32_t)port;
	return *ret_protocol != DW_PROTOCOL_UNKNOWN;
}

/* {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}, in NetworkSettings.Ports and PortBindings alike */
static void add_ports(struct dw_starters *s, struct dw_container *c,
		      const struct dw_json_value *ports)
{
	for (size_t i = 0; i < dw_json_count(ports); i++) {
		struct dw_container_port port = { 0 };
		const char *key = NULL;
		const struct dw_json_value *bindings = dw_json_at(ports, i, &key);

		if (!key || !dw_container_parse_port(key, &port.inside, &port.protocol))
			continue;
		for (size_t k = 0; k < dw_json_count(bindings); k++) {
			const struct dw_json_value *b = dw_json_at(bindings, k, NULL);
			const char *outside = dw_json_text(dw_json_get(b, "HostPort", NULL));
			uint64_t number;

			if (!outside || !dw_parse_u64(outside, 10, 65535, &number))
				continue;
			port.outside = (uint32_t)number;
			port.address = copy(s, dw_json_text(dw_json_get(b, "HostIp", NULL)));
			dw_vec_push(s->arena, &c->ports, port);
		}
	}
}

static void add_address(struct dw_starters *s, struct dw_container *c, const char *address)
{
	if (address && *address)
		dw_vec_push(s->arena, &c->addresses, dw_arena_strdup(s->arena, address));
}

static void read_docker_config(struct dw_starters *s, struct dw_container *c,
			       const struct dw_json_value *v)
{
	const char *name = dw_json_text(dw_json_get(v, "Name", NULL));
	const struct dw_json_value *networks = dw_json_get(v, "NetworkSettings", "Networks", NULL);
	const char *compose = dw_json_text(dw_json_get(
		v, "Config", "Labels", "com.docker.compose.project.config_files", NULL));

	if (name && *name)
		c->name = dw_arena_strdup(s->arena, *name == '/' ? name + 1 : name);
	if (compose)
		c->also = dw_arena_printf(s->arena, "compose file %s", compose);
	for (size_t i = 0; i < dw_json_count(networks); i++) {
		const struct dw_json_value *n = dw_json_at(networks, i, NULL);

		add_address(s, c, dw_json_text(dw_json_get(n, "IPAddress", NULL)));
		add_address(s, c, dw_json_text(dw_json_get(n, "GlobalIPv6Address", NULL)));
	}
	add_ports(s, c, dw_json_get(v, "NetworkSettings", "Ports", NULL));
}

/* docker starts containers of "always" and "unless-stopped" when it starts itself; "on-failure" it does not. */
static void read_docker_policy(struct dw_starters *s, struct dw_container *c,
			       const struct dw_json_value *host, bool stopped_by_hand)
{
	static const char *const docker[] = { "docker", NULL };
	const char *policy = dw_json_text(dw_json_get(host, "RestartPolicy", "Name", NULL));
	bool always = policy && (dw_streq(policy, "always") ||
				 (dw_streq(policy, "unless-stopped") && !stopped_by_hand));

	if (!policy)
		return;
	c->restarts = always || dw_streq(policy, "on-failure") ? DW_YES : DW_NO;
	c->enabled = always && dw_lineage_at_boot(s, docker) != DW_NO ? DW_YES : DW_NO;
	if (!c->ports.n)
		add_ports(s, c, dw_json_get(host, "PortBindings", NULL));
}

/* /etc/docker/daemon.json may move it. */
static const char *docker_root(struct dw_starters *s)
{
	struct dw_json_value *v = read_json(s, "/etc/docker/daemon.json");
	const char *root = copy(s, dw_json_text(dw_json_get(v, "data-root", NULL)));

	dw_json_free(v);
	return root && *root == '/' ? root : "/var/lib/docker";
}

void dw_container_read_docker(struct dw_starters *s, struct dw_container *c, uint32_t uid)
{
	const char *home = home_of(s, uid);
	const char *root = docker_root(s);
	const char *dir = dw_arena_printf(s->arena, "%s/containers/%s", root, c->key);
	struct dw_json_value *config, *host;

	if (home && !dw_sys_file_exists(s->sys, dir))
		dir = dw_arena_printf(s->arena, "%s/.local/share/docker/containers/%s", home,
				      c->key);
	config = read_json(s, dw_arena_printf(s->arena, "%s/config.v2.json", dir));
	if (!config)
		return;
	c->source = dw_arena_printf(s->arena, "%s/config.v2.json", dir);
	read_docker_config(s, c, config);
	host = read_json(s, dw_arena_printf(s->arena, "%s/hostconfig.json", dir));
	read_docker_policy(s, c, host,
			   dw_json_true(dw_json_get(config, "HasBeenManuallyStopped", NULL)));
	dw_json_free(host);
	dw_json_free(config);
}

void dw_container_list_docker(struct dw_starters *s, struct dw_strings *ret)
{
	const char *dir = dw_arena_printf(s->arena, "%s/containers", docker_root(s));
	struct dw_strings names = { 0 };
	struct dw_error e = { 0 };

	note_unreadable(s, dir, dw_sys_dir_list(s->sys, dir, s->arena, &names, &e), &e);
	for (size_t i = 0; i < names.n && i < CONTAINERS_MAX; i++)
		dw_vec_push(s->arena, ret, names.v[i]);
}

/* --- podman --------------------------------------------------------------------------------------- */

static const char *const podman_files[] = { "overlay-containers/containers.json",
					    "overlay-containers/volatile-containers.json",
					    "vfs-containers/containers.json",
					    "btrfs-containers/containers.json" };

static const struct dw_json_value *podman_entry(const struct dw_json_value *list, const char *id)
{
	for (size_t i = 0; i < dw_json_count(list); i++) {
		const struct dw_json_value *v = dw_json_at(list, i, NULL);
		const char *its = dw_json_text(dw_json_get(v, "id", NULL));

		if (its && dw_streq(its, id))
			return v;
	}
	return NULL;
}

/* podman writes the container's addresses into the hosts file that it mounts into it. */
static void read_podman_hosts(struct dw_starters *s, struct dw_container *c)
{
	const char *path = dw_arena_printf(
		s->arena, "/run/containers/storage/overlay-containers/%s/userdata/hosts", c->key);
	struct dw_error e = { 0 };
	struct dw_bytes text;
	struct dw_lines it;
	char *line;
	int r = dw_sys_file_read(s->sys, path, (size_t)64 * 1024, s->arena, &text, &e);

	note_unreadable(s, path, r, &e);
	if (r < 0)
		return;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, s->arena))) {
		char *address = dw_word_next(&line), *name;

		if (!address || *address == '#')
			continue;
		while ((name = dw_word_next(&line)))
			if (dw_streq(name, c->name) ||
			    (strlen(name) == 12 && dw_starts_with(c->key, name))) {
				add_address(s, c, address);
				break;
			}
	}
}

/* [{"host_ip": "", "container_port": 80, "host_port": 8080, "range": 1, "protocol": "tcp,udp"}] */
static void add_podman_ports(struct dw_starters *s, struct dw_container *c,
			     const struct dw_json_value *list)
{
	static const enum dw_protocol protocols[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP,
						      DW_PROTOCOL_SCTP };

	for (size_t i = 0; i < dw_json_count(list); i++) {
		const struct dw_json_value *v = dw_json_at(list, i, NULL);
		const char *names = dw_json_text(dw_json_get(v, "protocol", NULL));
		int64_t inside, outside, range = 1;

		if (!dw_json_number(dw_json_get(v, "container_port", NULL), &inside) ||
		    !dw_json_number(dw_json_get(v, "host_port", NULL), &outside) || inside < 0 ||
		    outside < 1)
			continue;
		(void)dw_json_number(dw_json_get(v, "range", NULL), &range);
		for (int64_t k = 0;
		     k < DW_MAX(range, 1) && inside + k < 65536 && outside + k < 65536; k++)
			for (size_t p = 0; p < DW_ARRAY_SIZE(protocols); p++)
				if (strstr(names ? names : "tcp", dw_protocol_name(protocols[p])))
					*dw_vec_add(s->arena,
						    &c->ports) = (struct dw_container_port){
						.protocol = protocols[p],
						.inside = (uint32_t)(inside + k),
						.outside = (uint32_t)(outside + k),
						.address = copy(s, dw_json_text(dw_json_get(
									   v, "host_ip", NULL))),
					};
	}
}

static bool is_skipped(struct dw_starters *s, const struct dw_container *c)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const char *path = dw_arena_printf(scratch,
					   "/etc/systemd/system/" DW_PODMAN_RESTARTER
					   ".d/" DW_PODMAN_SKIP_FILE "%.12s.conf",
					   c->key);
	struct dw_bytes text;

	return dw_sys_file_read(s->sys, path, DW_FILE_MAX, scratch, &text, NULL) == 0 &&
	       strstr(text.data,
		      dw_arena_printf(scratch, "\nEnvironment=" DW_PODMAN_SKIP_NAME "%s=1\n",
				      c->key)) != NULL;
}

/* podman-restart.service starts those of "always"; others come back where a unit of their own runs them. */
static void read_podman_config(struct dw_starters *s, struct dw_container *c,
			       const struct dw_json_value *v, bool of_root)
{
	static const char *const restarter[] = { "podman-restart", NULL };
	const char *policy = dw_json_text(dw_json_get(v, "restart_policy", NULL));
	const char *unit = dw_json_text(dw_json_get(v, "labels", "PODMAN_SYSTEMD_UNIT", NULL));
	bool always = policy && dw_streq(policy, "always");

	add_podman_ports(s, c, dw_json_get(v, "newPortMappings", NULL));
	c->restarts = always || (policy && dw_starts_with(policy, "on-failure")) ||
				      (policy && dw_streq(policy, "unless-stopped"))
			      ? DW_YES
			      : DW_NO;
	if (!of_root)
		return; /* a user's own manager would start it: not looked into here */
	c->enabled = always && dw_lineage_at_boot(s, restarter) == DW_YES && !is_skipped(s, c)
			     ? DW_YES
			     : DW_NO;
	if (unit && dw_ends_with(unit, ".service")) {
		const char *const names[] = { dw_arena_strndup(s->arena, unit, strlen(unit) - 8),
					      NULL };

		c->also = dw_arena_strdup(s->arena, unit);
		if (dw_lineage_at_boot(s, names) == DW_YES)
			c->enabled = DW_YES;
	}
}

/* podman before 5 keeps its own side of things in a bbolt database (bucket ctr, bucket ID, key config). */
static void read_podman_state(struct dw_starters *s, struct dw_container *c, const char *root,
			      bool of_root)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const char *const path[] = { "ctr", c->key, "config", NULL };
	const char *file = dw_arena_printf(scratch, "%s/libpod/bolt_state.db", root);
	struct dw_json_value *v = NULL;
	struct dw_bytes db, config;

	if (dw_sys_file_read(s->sys, file, DW_FILE_MAX, scratch, &db, NULL) < 0)
		return;
	if (dw_bolt_get(&db, path, &config) && dw_json_parse(config.data, config.n, &v, NULL) == 0)
		read_podman_config(s, c, v, of_root);
	dw_json_free(v);
}

void dw_container_read_podman(struct dw_starters *s, struct dw_container *c, uint32_t uid)
{
	const char *home = home_of(s, uid);
	const char *root =
		home ? dw_arena_printf(s->arena, "%s/.local/share/containers/storage", home)
		     : "/var/lib/containers/storage";

	for (size_t i = 0; i < DW_ARRAY_SIZE(podman_files) && !c->source; i++) {
		const char *path = dw_arena_printf(s->arena, "%s/%s", root, podman_files[i]);
		struct dw_json_value *list = read_json(s, path);
		const struct dw_json_value *v = podman_entry(list, c->key);
		const struct dw_json_value *names = dw_json_get(v, "names", NULL);
		const char *name =
			dw_json_count(names) ? dw_json_text(dw_json_at(names, 0, NULL)) : NULL;

		if (v)
			c->source = path;
		if (name && *name)
			c->name = dw_arena_strdup(s->arena, name);
		dw_json_free(list);
	}
	read_podman_state(s, c, root, !home);
	read_podman_hosts(s, c);
}

void dw_container_list_podman(struct dw_starters *s, struct dw_strings *ret)
{
	for (size_t k = 0; k < DW_ARRAY_SIZE(podman_files); k++) {
		const char *path = dw_arena_printf(s->arena, "/var/lib/containers/storage/%s",
						   podman_files[k]);
		struct dw_json_value *list = read_json(s, path);

		for (size_t i = 0; i < dw_json_count(list) && i < CONTAINERS_MAX; i++) {
			const char *id =
				dw_json_text(dw_json_get(dw_json_at(list, i, NULL), "id", NULL));

			if (id && *id)
				dw_vec_push(s->arena, ret, dw_arena_strdup(s->arena, id));
		}
		dw_json_free(list);
	}
}

/* --- the others ----------------------------------------------------------------------------------- */

void dw_container_read_containerd(struct dw_starters *s, struct dw_container *c)
{
	static const char *const spaces[] = { "k8s.io", "default", "moby" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(spaces) && !c->source; i++) {
		const char *path = dw_arena_printf(
			s->arena, "/run/containerd/io.containerd.runtime.v2.task/%s/%s/config.json",
			spaces[i], c->key);
		struct dw_json_value *v = read_json(s, path);
		const char *pod = dw_json_text(
			dw_json_get(v, "annotations", "io.kubernetes.cri.sandbox-name", NULL));
		const char *name = dw_json_text(
			dw_json_get(v, "annotations", "io.kubernetes.cri.container-name", NULL));

		if (v)
			c->source = path;
		if (!name)
			name = dw_json_text(dw_json_get(v, "annotations", "nerdctl/name", NULL));
		if (name && pod)
			c->name = dw_arena_printf(s->arena, "%s/%s", pod, name);
		else if (name)
			c->name = dw_arena_strdup(s->arena, name);
		dw_json_free(v);
	}
}

void dw_container_read_lxc(struct dw_starters *s, struct dw_container *c)
{
	const char *path = dw_arena_printf(s->arena, "/var/lib/lxc/%s/config", c->key);
	struct dw_bytes text;
	struct dw_lines it;
	char *line;

	if (dw_sys_file_read(s->sys, path, DW_FILE_MAX, s->arena, &text, NULL) < 0)
		return;
	c->source = path;
	c->enabled = DW_NO;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, s->arena))) {
		char *value = strchr(line, '=');

		if (!value || !dw_starts_with(line, "lxc.start.auto"))
			continue;
		c->enabled = dw_streq(dw_trim(value + 1), "1") ? DW_YES : DW_NO;
		c->source = dw_starters_source(s, path, it.number);
	}
}

void dw_container_read_nspawn(struct dw_starters *s, struct dw_container *c)
{
	const char *const files[] = {
		dw_arena_printf(s->arena, "/etc/systemd/nspawn/%s.nspawn", c->key),
		dw_arena_printf(s->arena, "/var/lib/machines/%s.nspawn", c->key),
		dw_arena_printf(s->arena, "/var/lib/machines/%s", c->key),
	};
	const char *const unit[] = { dw_arena_printf(s->arena, "systemd-nspawn@%s", c->key), NULL };

	for (size_t i = 0; i < DW_ARRAY_SIZE(files) && !c->source; i++)
		if (dw_sys_file_exists(s->sys, files[i]))
			c->source = files[i];
	c->enabled = dw_lineage_wanted(s, unit) ? DW_YES : DW_NO;
}
