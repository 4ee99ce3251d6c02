/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bolt.h"
#include "container.h"
#include "world.h"

#define WEB "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DB  "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void cgroup(const char *path, const char *runtime, const char *key, bool supervisor)
{
	struct dw_container_ref ref;
	bool found = dw_container_parse_cgroup(path, &ref);

	DW_CHECK_INT(found, runtime != NULL);
	if (!found || !runtime)
		return;
	DW_CHECK_STR(ref.runtime, runtime);
	DW_CHECK_STR(ref.key, key);
	DW_CHECK_INT(ref.supervisor, supervisor);
}

DW_TEST(cgroups_of_runtimes)
{
	cgroup("/system.slice/docker-" WEB ".scope", "docker", WEB, false);
	cgroup("/docker/" WEB, "docker", WEB, false);
	cgroup("/docker/" WEB "/init.scope", "docker", WEB, false);
	cgroup("/system.slice/docker.service", NULL, NULL, false);
	cgroup("/machine.slice/libpod-" WEB ".scope/container", "podman", WEB, false);
	cgroup("/machine.slice/libpod-conmon-" WEB ".scope", "podman", WEB, true);
	cgroup("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" WEB ".scope",
	       "podman", WEB, false);
	cgroup("/system.slice/web.service/libpod-payload-" WEB, "podman", WEB, false);
	cgroup("/kubepods.slice/kubepods-pod1.slice/cri-containerd-" WEB ".scope", "containerd",
	       WEB, false);
	cgroup("/kubepods/besteffort/pod1/" WEB, "containerd", WEB, false);
	cgroup("/kubepods.slice/crio-" WEB ".scope", "cri-o", WEB, false);
	cgroup("/lxc.payload.web/system.slice/ssh.service", "lxc", "web", false);
	cgroup("/lxc.monitor.web", "lxc", "web", true);
	cgroup("/lxc/web", "lxc", "web", false);
	cgroup("/machine.slice/machine-build\\x2d1.scope/payload", "nspawn", "build-1", false);
	cgroup("/machine.slice/machine-build.scope/supervisor", "nspawn", "build", true);
	cgroup("/machine.slice/systemd-nspawn@b.service/payload/system.slice/x.service", "nspawn",
	       "b", false);
	/* the innermost one counts */
	cgroup("/machine.slice/machine-b.scope/payload/docker/" WEB, "docker", WEB, false);
	cgroup("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", NULL, NULL, false);
	cgroup("/user.slice/machine-x.scope", NULL, NULL, false);
	cgroup("/../docker-" WEB ".scope", NULL, NULL, false);
	cgroup("/machine.slice/machine-a\\x2fb.scope", "nspawn", "a\\x2fb", false);
	cgroup("/system.slice/ssh.service", NULL, NULL, false);
	cgroup("/", NULL, NULL, false);
	cgroup(NULL, NULL, NULL, false);
}

static void add_docker(struct world *w, const char *id, const char *name, const char *address,
		       const char *policy, const char *ports)
{
	char path[256], text[2048];

	snprintf(path, sizeof(path), "/var/lib/docker/containers/%s/config.v2.json", id);
	snprintf(text, sizeof(text),
		 "{\"ID\":\"%s\",\"Name\":\"/"
		 "%s\",\"HasBeenManuallyStopped\":false,\"Config\":{\"Labels\":{}},"
		 "\"NetworkSettings\":{\"Networks\":{\"bridge\":{\"IPAddress\":\"%s\"}},\"Ports\":%"
		 "s}}",
		 id, name, address, ports);
	world_file(w, path, text);
	snprintf(path, sizeof(path), "/var/lib/docker/containers/%s/hostconfig.json", id);
	snprintf(text, sizeof(text), "{\"PortBindings\":%s,\"RestartPolicy\":{\"Name\":\"%s\"}}",
		 ports, policy);
	world_file(w, path, text);
}

static struct world lab(void)
{
	struct world w = world_new();

	world_process(&w, &(struct world_process){
				  .pid = 1, .argv = { "init" }, .cgroup = "/init.scope" });
	add_docker(&w, WEB, "web", "172.17.0.2", "always",
		   "{\"80/"
		   "tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"},{\"HostIp\":\"::\","
		   "\"HostPort\":\"8080\"}],"
		   "\"53/udp\":null,\"x\":[{}]}");
	add_docker(&w, DB, "db", "172.17.0.3", "no",
		   "{\"5432/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"5432\"}]}");
	return w;
}

static struct dw_starter ask(struct world *w, int pid, uint32_t port)
{
	return world_claim(w, &dw_starter_container, pid,
			   world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", port));
}

DW_TEST(docker)
{
	struct world w = lab();
	struct dw_starter got;

	world_process(&w,
		      &(struct world_process){ .pid = 10,
					       .ppid = 1,
					       .exe = "/usr/sbin/nginx",
					       .argv = { "nginx" },
					       .cgroup = "/system.slice/docker-" WEB ".scope" });
	world_process(&w,
		      &(struct world_process){ .pid = 11,
					       .ppid = 9,
					       .exe = "/usr/bin/docker-proxy",
					       .argv = { "/usr/bin/docker-proxy", "-host-port",
							 "5432", "-container-ip", "172.17.0.3" },
					       .cgroup = "/system.slice/docker.service" });
	world_process(&w, &(struct world_process){ .pid = 12,
						   .ppid = 9,
						   .exe = "/usr/bin/docker-proxy",
						   .argv = { "/usr/bin/docker-proxy",
							     "-container-ip", "172.17.0.9" } });
	world_process(&w, &(struct world_process){ .pid = 13,
						   .ppid = 1,
						   .exe = "/usr/bin/dockerd",
						   .argv = { "dockerd" },
						   .cgroup = "/system.slice/docker.service" });
	DW_CHECK_INT(world_load(&w, &dw_starter_container, "systemd", NULL), 0);
	DW_CHECK_STR(dw_container_of(&w.s, dw_procs_get(w.s.procs, 10)), "docker:web");
	DW_CHECK_STR(dw_container_of(&w.s, dw_procs_get(w.s.procs, 11)), NULL);
	got = ask(&w, 10, 80);
	DW_CHECK_INT(got.kind, DW_STARTER_CONTAINER);
	DW_CHECK_STR(got.id, "docker:web");
	DW_CHECK_STR(got.source, "/var/lib/docker/containers/" WEB "/config.v2.json");
	DW_CHECK(got.enabled == DW_YES && got.restarts == DW_YES &&
		 got.confidence == DW_CONFIDENCE_CERTAIN);
	got = ask(&w, 11, 5432);
	DW_CHECK_STR(got.id, "docker:db");
	DW_CHECK(got.enabled == DW_NO && got.restarts == DW_NO &&
		 got.confidence == DW_CONFIDENCE_CERTAIN);
	got = ask(&w, 12, 8080); /* the address is gone, the port is known */
	DW_CHECK_STR(got.id, "docker:web");
	DW_CHECK_INT(got.confidence, DW_CONFIDENCE_LIKELY);
	DW_CHECK_STR(ask(&w, 12, 9999).id, "docker:172.17.0.9");
	DW_CHECK_INT(ask(&w, 13, 2375).kind, DW_STARTER_UNKNOWN);
	world_free(&w);
}

DW_TEST(dnat_targets)
{
	struct world w = lab();
	struct dw_redirect_fact r = { .kind = DW_KIND_FORWARDED, .target = "172.17.0.2:80" };
	struct dw_starter got = { 0 };

	DW_CHECK_INT(world_load(&w, &dw_starter_container, "systemd", NULL), 0);
	DW_CHECK(dw_container_claim_redirect(&w.s, &r, &got));
	DW_CHECK_STR(got.id, "docker:web");
	r.target = "172.17.0.4:80";
	DW_CHECK(!dw_container_claim_redirect(&w.s, &r, &got));
	r.target = "[::1]:80";
	DW_CHECK(!dw_container_claim_redirect(&w.s, &r, &got));
	r.target = NULL;
	DW_CHECK(!dw_container_claim_redirect(&w.s, &r, &got));
	world_free(&w);
}

DW_TEST(published_ports_of_containers_that_come_back_sleep)
{
	struct world w = lab();

	DW_CHECK_INT(world_load(&w, &dw_starter_container, NULL, NULL), 0);
	DW_CHECK_INT(dw_starter_container.list(&w.s, w.state, NULL), 0);
	DW_CHECK_INT(w.facts->sleepers.n, 2);
	for (size_t i = 0; i < w.facts->sleepers.n; i++) {
		DW_CHECK_STR(w.facts->sleepers.v[i].starter.id, "docker:web");
		DW_CHECK_INT(w.facts->sleepers.v[i].at.port, 8080);
	}
	world_free(&w);
}

DW_TEST(podman)
{
	struct world w = lab();
	struct dw_redirect_fact r = { .kind = DW_KIND_FORWARDED, .target = "10.88.0.7:80" };
	struct dw_starter got;

	world_file(&w, "/var/lib/containers/storage/overlay-containers/containers.json",
		   "[{\"id\":\"" DB "\",\"names\":[]},{\"id\":\"" WEB "\",\"names\":[\"web\"]},7]");
	world_file(&w, "/run/containers/storage/overlay-containers/" WEB "/userdata/hosts",
		   "127.0.0.1 localhost\n10.88.0.7\t0123456789ab web\n");
	world_process(&w, &(struct world_process){
				  .pid = 20,
				  .ppid = 1,
				  .exe = "/usr/bin/conmon",
				  .argv = { "/usr/bin/conmon", "-c", WEB, "-n", "web" } });
	world_process(&w,
		      &(struct world_process){ .pid = 21,
					       .ppid = 20,
					       .exe = "/srv",
					       .argv = { "srv" },
					       .cgroup = "/machine.slice/libpod-" DB ".scope" });
	world_process(&w, &(struct world_process){
				  .pid = 22,
				  .ppid = 20,
				  .exe = "/usr/bin/conmon",
				  .argv = { "/usr/bin/conmon", "-c", "../../etc", "-n", "x" } });
	DW_CHECK_INT(world_load(&w, &dw_starter_container, "systemd", NULL), 0);
	got = ask(&w, 20, 80);
	DW_CHECK_STR(got.id, "podman:web");
	DW_CHECK_STR(got.source, "/var/lib/containers/storage/overlay-containers/containers.json");
	DW_CHECK_STR(ask(&w, 21, 80).id, "podman:fedcba987654"); /* no name: the short id */
	DW_CHECK_INT(ask(&w, 22, 80).kind, DW_STARTER_UNKNOWN);
	DW_CHECK(dw_container_claim_redirect(&w.s, &r, &got));
	DW_CHECK_STR(got.id, "podman:web");
	world_free(&w);
}

/* The database of a real podman 4.3: "web" publishes 8080, both containers come back at boot. */
DW_TEST(podmans_database_in_a_root_that_does_not_run)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_starters s = { .facts = f, .arena = f->arena };
	void *state = NULL;

	DW_CHECK_INT(dw_sys_open(DW_TEST_PATH("roots/container-podman"), &s.sys, NULL), 0);
	DW_CHECK_INT(dw_starter_container.load(&s, &state, NULL), 0);
	DW_CHECK_INT(dw_starter_container.list(&s, state, NULL), 0);
	DW_CHECK_INT(f->sleepers.n, 1);
	if (f->sleepers.n == 1) {
		const struct dw_sleeper_fact *l = &f->sleepers.v[0];

		DW_CHECK_STR(l->starter.id, "podman:web");
		DW_CHECK(l->starter.enabled == DW_YES && l->starter.restarts == DW_YES);
		DW_CHECK(l->at.protocol == DW_PROTOCOL_TCP && l->at.port == 8080);
	}
	dw_sys_free(s.sys);
	dw_facts_free(f);
}

static bool bolt_has(struct dw_bytes *db, const char *a, const char *b, struct dw_bytes *ret)
{
	const char *const path[] = { a, b, NULL };

	return dw_bolt_get(db, path, ret);
}

DW_TEST(databases_that_make_no_sense)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_sys *sys = NULL;
	struct dw_bytes db, value;

	DW_CHECK_INT(dw_sys_open(DW_TEST_PATH("roots/container-podman"), &sys, NULL), 0);
	DW_CHECK_INT(dw_sys_file_read(sys, "/var/lib/containers/storage/libpod/bolt_state.db",
				      DW_FILE_MAX, a, &db, NULL),
		     0);
	DW_CHECK(!bolt_has(&db, "ctr", "nobody", &value));
	DW_CHECK(!bolt_has(&db, "nothing", "x", &value));
	/* every length of it is survived, and so is every byte of its first pages turned over */
	for (size_t n = 0; n < db.n; n += 509) {
		struct dw_bytes cut = { .data = dw_arena_memdup(a, db.data, n + 1), .n = n };

		(void)bolt_has(&cut, "ctr", "config", &value);
	}
	for (size_t i = 0; i < 5 * 4096; i++) {
		db.data[i] = (char)~db.data[i];
		if (bolt_has(&db, "runtime-config", "static-dir", &value))
			DW_CHECK(value.data >= db.data &&
				 value.n <= db.n - (size_t)(value.data - db.data));
		db.data[i] = (char)~db.data[i];
	}
	DW_CHECK(bolt_has(&db, "runtime-config", "static-dir", &value));
	dw_sys_free(sys);
}

DW_TEST(rootless_helpers_are_told_by_the_namespace_they_serve)
{
	static const char path[] = "/run/user/1000/netns/netns-1";
	struct world w = lab();
	struct stat st;
	char full[256];

	world_process(
		&w, &(struct world_process){ .pid = 30,
					     .ppid = 1,
					     .exe = "/usr/bin/slirp4netns",
					     .argv = { "slirp4netns", "-c",
						       "/run/user/1000/netns/netns-1", "tap0" } });
	world_process(&w, &(struct world_process){ .pid = 31,
						   .ppid = 1,
						   .exe = "/srv",
						   .argv = { "srv" },
						   .cgroup = "/user.slice/libpod-" WEB ".scope" });
	world_write(&w, "proc/30/root/run/user/1000/netns/netns-1", "", 0, 0644);
	snprintf(full, sizeof(full), "%s/proc/30/root%s", w.dir, path);
	DW_CHECK_INT(stat(full, &st), 0);
	DW_CHECK_INT(world_load(&w, &dw_starter_container, "systemd", (const int[]){ 31, 0 }), 0);
	DW_CHECK_STR(ask(&w, 30, 8080).id, "podman:unknown");
	*dw_vec_add(w.s.arena, &w.facts->sockets) =
		(struct dw_socket_fact){ .at = { .netns = (uint32_t)st.st_ino } };
	*dw_vec_add(w.s.arena, &w.facts->holds) =
		(struct dw_hold_fact){ .socket = 0, .process = 0 };
	DW_CHECK_STR(ask(&w, 30, 8080).id, "podman:0123456789ab");
	world_free(&w);
}

DW_TEST(our_own_container_is_none)
{
	struct world w = lab();

	world_process(&w, &(struct world_process){ .pid = 40,
						   .ppid = 1,
						   .argv = { "a" },
						   .cgroup = "/docker/" WEB
							     "/system.slice/ssh.service" });
	world_process(&w, &(struct world_process){ .pid = 41,
						   .ppid = 1,
						   .argv = { "b" },
						   .cgroup = "/docker/" WEB "/docker/" DB });
	world_write(&w, "proc/1/cgroup", "0::/docker/" WEB "\n", 75, 0644);
	DW_CHECK_INT(world_load(&w, &dw_starter_container, "systemd", NULL), 0);
	DW_CHECK_STR(dw_container_of(&w.s, dw_procs_get(w.s.procs, 40)), NULL);
	DW_CHECK_INT(ask(&w, 40, 22).kind, DW_STARTER_UNKNOWN);
	DW_CHECK_STR(dw_container_of(&w.s, dw_procs_get(w.s.procs, 41)), "docker:db");
	world_free(&w);
}

DW_TEST(lxc_and_nspawn)
{
	struct world w = lab();
	struct dw_starter got;

	world_file(&w, "/var/lib/lxc/old/config",
		   "# x\nlxc.rootfs.path = dir:/x\nlxc.start.auto = 1\n");
	world_file(&w, "/etc/systemd/nspawn/build.nspawn", "");
	world_link(&w, "root/etc/systemd/system/machines.target.wants/systemd-nspawn@build.service",
		   "/lib/systemd/system/systemd-nspawn@.service");
	world_process(&w, &(struct world_process){ .pid = 50,
						   .ppid = 1,
						   .argv = { "a" },
						   .cgroup = "/lxc.payload.old/x" });
	world_process(
		&w,
		&(struct world_process){
			.pid = 51,
			.ppid = 1,
			.argv = { "a" },
			.cgroup =
				"/machine.slice/systemd-nspawn@build.service/payload/init.scope" });
	DW_CHECK_INT(world_load(&w, &dw_starter_container, "systemd", NULL), 0);
	got = ask(&w, 50, 22);
	DW_CHECK_STR(got.id, "lxc:old");
	DW_CHECK_STR(got.source, "/var/lib/lxc/old/config:3");
	DW_CHECK_INT(got.enabled, DW_YES);
	got = ask(&w, 51, 22);
	DW_CHECK_STR(got.id, "nspawn:build");
	DW_CHECK_STR(got.source, "/etc/systemd/nspawn/build.nspawn");
	DW_CHECK_INT(got.enabled, DW_YES);
	world_free(&w);
}

DW_TEST(broken_files_of_docker_are_survived)
{
	struct world w = lab();

	world_file(&w, "/var/lib/docker/containers/" WEB "/config.v2.json", "{\"Name\": [1,2");
	world_file(&w, "/var/lib/docker/containers/" DB "/config.v2.json",
		   "{\"Name\": [1], \"NetworkSettings\": 3}");
	DW_CHECK_INT(world_load(&w, &dw_starter_container, "systemd", NULL), 0);
	DW_CHECK_INT(dw_starter_container.list(&w.s, w.state, NULL), 0);
	DW_CHECK_INT(w.facts->incomplete.n, 1);
	DW_CHECK_STR(w.facts->incomplete.v[0].file,
		     "/var/lib/docker/containers/" WEB "/config.v2.json");
	world_free(&w);
}

DW_TEST_MAIN
