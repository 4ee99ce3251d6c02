/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

#include "dw_bus.h"
#include "dw_str.h"

#define NETNS "4026531840"

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void make_parents(const char *path)
{
	char copy[512];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			fail(copy);
		*p = '/';
	}
}

static void put(const struct world *w, const char *relative, const char *text, size_t n)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, relative);
	make_parents(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		fail(path);
	(void)close(fd);
}

static void point(const struct world *w, const char *relative, const char *target)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, relative);
	make_parents(path);
	if (unlink(path) < 0 && errno != ENOENT)
		fail(path);
	if (symlink(target, path) < 0)
		fail(path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_tree(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		fail(path);
}

void world_file(struct world *w, const char *path, const char *text)
{
	char relative[256];

	(void)snprintf(relative, sizeof(relative), "root%s", path);
	put(w, relative, text, strlen(text));
}

void world_link(struct world *w, const char *path, const char *target)
{
	char relative[256];

	(void)snprintf(relative, sizeof(relative), "root%s", path);
	point(w, relative, target);
}

void world_remove(struct world *w, const char *path)
{
	char full[256];

	(void)snprintf(full, sizeof(full), "%s/root%s", w->dir, path);
	if (remove(full) < 0)
		fail(full);
}

void world_clock(struct world *w, unsigned long long now)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%llu 1699990000\n", now);

	put(w, "clock", text, (size_t)n);
}

/* --- what runs ------------------------------------------------------------------------------------ */

static void put_process(const struct world *w, int pid, const char *name, const char *cgroup)
{
	char path[128], text[512], exe[96];
	int n;

	(void)snprintf(exe, sizeof(exe), pid == 1 ? "/usr/lib/systemd/systemd" : "/usr/sbin/%s",
		       name);
	n = snprintf(text, sizeof(text),
		     "%d (%s) S %d %d %d 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0 0\n", pid,
		     name, pid != 1, pid, pid, pid * 10);
	(void)snprintf(path, sizeof(path), "proc/%d/stat", pid);
	put(w, path, text, (size_t)n);
	(void)snprintf(path, sizeof(path), "proc/%d/status", pid);
	n = snprintf(text, sizeof(text), "Name:\t%s\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n", name);
	put(w, path, text, (size_t)n);
	(void)snprintf(path, sizeof(path), "proc/%d/loginuid", pid);
	put(w, path, "4294967295", 10);
	(void)snprintf(path, sizeof(path), "proc/%d/cmdline", pid);
	put(w, path, exe, strlen(exe) + 1);
	(void)snprintf(path, sizeof(path), "proc/%d/environ", pid);
	put(w, path, "", 0);
	(void)snprintf(path, sizeof(path), "proc/%d/mountinfo", pid);
	put(w, path, "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", 36);
	(void)snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	n = snprintf(text, sizeof(text), "0::%s\n", cgroup);
	put(w, path, text, (size_t)n);
	(void)snprintf(path, sizeof(path), "proc/%d/exe", pid);
	point(w, path, exe);
	(void)snprintf(path, sizeof(path), "proc/%d/ns/net", pid);
	point(w, path, "net:[" NETNS "]");
	(void)snprintf(path, sizeof(path), "proc/%d/ns/mnt", pid);
	point(w, path, "mnt:[4026531841]");
	(void)snprintf(path, sizeof(path), "proc/%d/ns/pid", pid);
	point(w, path, "pid:[4026531836]");
	(void)snprintf(path, sizeof(path), "proc/%d/fd/0", pid);
	point(w, path, "/dev/null");
	(void)snprintf(path, sizeof(path), "proc/%d/fdinfo/.keep", pid);
	put(w, path, "", 0);
}

static void hold(const struct world *w, int pid, unsigned port)
{
	char path[64], target[64];

	(void)snprintf(path, sizeof(path), "proc/%d/fd/%u", pid, port);
	(void)snprintf(target, sizeof(target), "socket:[%u]", port);
	point(w, path, target);
}

static void show_process(struct world *w, const struct world_unit *u)
{
	const struct world_unit *also = u->also ? world_unit(w, u->also) : NULL;
	char path[128], cgroup[96], name[48];

	if (u->pid == 0)
		return;
	if (u->pid == 1) {
		(void)snprintf(path, sizeof(path), "%s/proc/1/fd/%u", w->dir, u->port);
		if (u->active)
			hold(w, 1, u->port);
		else if (unlink(path) < 0 && errno != ENOENT)
			fail(path);
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/proc/%d", w->dir, u->pid);
	remove_tree(path);
	if (!u->active)
		return;
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(u->name, "."), u->name);
	(void)snprintf(cgroup, sizeof(cgroup), "/system.slice/%s", u->name);
	put_process(w, u->pid, name, cgroup);
	if (u->port)
		hold(w, u->pid, u->port);
	if (also)
		hold(w, u->pid, also->port);
}

/* A service that got the socket of another unit keeps it open when only that unit is stopped. */
static bool is_open(struct world *w, unsigned port)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct world_unit *u = &w->units[i];
		const struct world_unit *also = u->also ? world_unit(w, u->also) : NULL;

		if (u->active && (u->port == port || (also && also->port == port)))
			return true;
	}
	return false;
}

static void show_sockets(struct world *w)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text), "  sl  local_address rem_address   st\n");

	for (size_t i = 0; i < w->n; i++)
		if (w->units[i].port && is_open(w, w->units[i].port))
			n += (size_t)snprintf(
				text + n, sizeof(text) - n,
				"%4zu: 00000000:%04X 00000000:0000 0A 00000000:00000000 "
				"00:00000000 00000000     0        0 %u 1 0000000000000000 100 0 0 "
				"10 0\n",
				i, w->units[i].port, w->units[i].port);
	put(w, "proc/1/net/tcp", text, n);
}

static void show_units(struct world *w)
{
	char text[8192];
	size_t n = (size_t)snprintf(text, sizeof(text), "{\"units\": [");
	bool some = false;

	for (size_t i = 0; i < w->n; i++) {
		const struct world_unit *u = &w->units[i];

		if (u->made && !u->active)
			continue;
		n += (size_t)snprintf(
			text + n, sizeof(text) - n,
			"%s{\"name\": \"%s\", \"load_state\": \"loaded\", \"active_state\": "
			"\"%s\", \"sub_state\": \"%s\"%s%s%s, \"properties\": {\"FragmentPath\": "
			"\"/usr/lib/systemd/system/%s\", \"TriggeredBy\": [%s%s%s]}}",
			some ? ",\n" : "", u->name, u->active ? "active" : "inactive",
			u->active ? "running" : "dead", u->refuses ? ", \"refuses\": \"" : "",
			u->refuses ? u->refuses : "", u->refuses ? "\"" : "", u->name,
			u->also ? "\"" : "", u->also ? u->also : "", u->also ? "\"" : "");
		some = true;
	}
	n += (size_t)snprintf(text + n, sizeof(text) - n,
			      "], \"system_state\": \"running\", \"features\": "
			      "\"+BPF_FRAMEWORK\"}\n");
	put(w, "bus/units.json", text, n);
}

static void show(struct world *w)
{
	show_units(w);
	show_sockets(w);
	for (size_t i = 0; i < w->n; i++)
		show_process(w, &w->units[i]);
}

struct world_unit *world_unit(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (dw_streq(w->units[i].name, name))
			return &w->units[i];
	return NULL;
}

static struct world_unit *add(struct world *w, const char *name, unsigned port, int pid)
{
	struct world_unit *u = &w->units[w->n++];

	if (w->n > DW_ARRAY_SIZE(w->units))
		abort();
	*u = (struct world_unit){ .port = port, .pid = pid, .active = true };
	(void)snprintf(u->name, sizeof(u->name), "%s", name);
	return u;
}

static void move(struct world *w, const char *unit, bool active)
{
	struct world_unit *u = world_unit(w, unit);

	if (!u) {
		u = add(w, unit, 0, 0);
		u->made = true;
	}
	u->active = active;
}

void world_set(struct world *w, const char *unit, bool active)
{
	move(w, unit, active);
	show(w);
}

static void on_unit(void *data, const char *unit, bool active)
{
	struct world *w = data;

	if (w->on_switch)
		w->on_switch(w->on_switch_data, unit, active);
	world_set(w, unit, active);
}

/* --- the change's inside -------------------------------------------------------------------------- */

static void opened(void *data, struct dw_sys *sys, struct dw_store *store)
{
	struct world *w = data;

	if (!sys || !store) /* no change: a baseline, a scan */
		return;
	dw_sys_fake_on_unit(sys, on_unit, w);
	dw_sys_fail_at(sys, w->sys.at, (int)w->sys.code);
	if (store) /* a look alone has none */
		dw_store_fail_at(store, w->store.at, (int)w->store.code);
	w->looks = 0;
}

static void closing(void *data, struct dw_sys *sys, struct dw_store *store)
{
	struct world *w = data;

	if (!sys || !store)
		return;
	w->sys.calls = dw_sys_calls(sys);
	if (store)
		w->store.calls = dw_store_calls(store);
}

static void look(void *data, struct dw_audit_options *o)
{
	struct world *w = data;

	w->looks++;
	if (w->moves && w->looks == w->moves_at)
		world_set(w, w->moves, w->moves_to);
	if (w->look.at && w->looks == w->look_at) {
		o->fail_at = w->look.at;
		o->fail_code = (int)w->look.code;
	}
}

static void looked(void *data, unsigned calls)
{
	struct world *w = data;

	if (w->looks == w->look_at)
		w->look.calls = calls;
}

void world_no_faults(struct world *w)
{
	w->sys = w->store = w->look = (struct world_fault){ 0 };
	w->moves = NULL;
}

/* --- made and taken down -------------------------------------------------------------------------- */

#define UNITS "/usr/lib/systemd/system/"

static void put_files(struct world *w)
{
	world_file(w, "/etc/hostname", "made-up\n");
	world_file(w, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	world_file(w, "/run/systemd/system/.keep", "");
	world_file(w, "/usr/lib/systemd/systemd", "");
	world_link(w, "/sbin/init", "/usr/lib/systemd/systemd");
	world_file(w, UNITS "multi-user.target", "[Unit]\nRequires=basic.target\n");
	world_file(w, UNITS "basic.target", "[Unit]\nRequires=sockets.target timers.target\n");
	world_file(w, UNITS "sockets.target", "[Unit]\n");
	world_file(w, UNITS "timers.target", "[Unit]\n");
	world_link(w, UNITS "default.target", "multi-user.target");
	world_file(w, UNITS "ssh.service",
		   "[Service]\nExecStart=/usr/sbin/ssh\n[Install]\nWantedBy=multi-user.target\n");
	world_file(w, UNITS "toy.service",
		   "[Service]\nExecStart=/usr/sbin/toy\n[Install]\nWantedBy=multi-user.target\n");
	world_file(w, UNITS "bell.socket",
		   "[Socket]\nListenStream=7070\n[Install]\nWantedBy=sockets.target\n");
	world_file(w, UNITS "bell.service", "[Service]\nExecStart=/usr/sbin/bell\n");
	world_file(w, UNITS "hut.service", "[Service]\nExecStart=/usr/sbin/hut\n");
	world_link(w, "/etc/systemd/system/multi-user.target.wants/ssh.service",
		   UNITS "ssh.service");
	world_link(w, "/etc/systemd/system/multi-user.target.wants/toy.service",
		   UNITS "toy.service");
	world_link(w, "/etc/systemd/system/sockets.target.wants/bell.socket", UNITS "bell.socket");
	world_file(w, "/usr/sbin/ssh", "");
	world_file(w, "/usr/sbin/toy", "");
	world_file(w, "/usr/sbin/bell", "");
	world_file(w, "/usr/sbin/hut", "");
	world_file(w, "/proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
}

/* In memory where that can be had: the journal waits for its disk at every step. */
static const char *place(void)
{
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		fail("calloc");
	(void)snprintf(w->dir, sizeof(w->dir), "%s/dw-world-XXXXXX", place());
	if (!mkdtemp(w->dir))
		fail(w->dir);
	(void)snprintf(w->state, sizeof(w->state), "%s/journal", w->dir);
	world_clock(w, 1700000000);
	put_files(w);
	put_process(w, 1, "systemd", "/init.scope");
	(void)add(w, "ssh.service", 22, 100);
	(void)add(w, "toy.service", 2323, 101);
	(void)add(w, "bell.socket", 7070, 1);
	add(w, "bell.service", 0, 102)->also = "bell.socket";
	(void)add(w, "hut.service", 8080, 103);
	show(w);
	w->d = doorward_new();
	dw_facade_set_fake(w->d, w->dir);
	dw_facade_set_hooks(w->d, &(struct dw_facade_hooks){ .opened = opened,
							     .closing = closing,
							     .look = look,
							     .looked = looked,
							     .data = w });
	doorward_set_state_directory(w->d, w->state);
	if (doorward_set_method(w->d, "proc") < 0)
		abort();
	return w;
}

void world_free(struct world *w)
{
	doorward_free(w->d);
	remove_tree(w->dir);
	free(w);
}

void world_forget(struct world *w)
{
	remove_tree(w->state);
}
