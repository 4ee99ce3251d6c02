/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroup paths of container runtimes, with the systemd driver (docker-ID.scope) and the cgroupfs driver
 * (docker/ID). See systemd's src/basic/cgroup-util.c and each runtime's documentation.
 */
#include "container.h"

#include <ctype.h>

#include "dw_str.h"

struct part {
	const char *s;
	size_t n;
};

static bool is_id(const char *s, size_t n)
{
	if (n < 12 || n > 64)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

static bool part_is(struct part p, const char *s)
{
	return p.n == strlen(s) && memcmp(p.s, s, p.n) == 0;
}

/* What stands between prefix and suffix. */
static bool between(struct part p, const char *prefix, const char *suffix, struct part *ret)
{
	size_t a = strlen(prefix), b = strlen(suffix);

	if (p.n <= a + b || memcmp(p.s, prefix, a) != 0 || memcmp(p.s + p.n - b, suffix, b) != 0)
		return false;
	*ret = (struct part){ p.s + a, p.n - a - b };
	return true;
}

/* systemd escapes bytes in unit names as \xNN. */
static void set_key(struct dw_container_ref *ret, struct part p)
{
	size_t n = 0;

	for (size_t i = 0; i < p.n && n + 1 < sizeof(ret->key); i++) {
		uint64_t byte;

		if (p.s[i] == '\\' && i + 3 < p.n && p.s[i + 1] == 'x' &&
		    dw_parse_u64n(p.s + i + 2, 2, 16, 255, &byte) && byte && byte != '/') {
			ret->key[n++] = (char)byte;
			i += 3;
		} else {
			ret->key[n++] = p.s[i];
		}
	}
	ret->key[n] = '\0';
}

static const struct {
	const char *runtime, *prefix, *suffix;
	bool id, supervisor;
} forms[] = {
	{ "docker", "docker-", ".scope", true, false },
	{ "podman", "libpod-conmon-", ".scope", true, true },
	{ "podman", "libpod-conmon-", "", true, true },
	{ "podman", "libpod-payload-", "", true, false },
	{ "podman", "libpod-", ".scope", true, false },
	{ "podman", "libpod-", "", true, false },
	{ "containerd", "cri-containerd-", ".scope", true, false },
	{ "containerd", "nerdctl-", ".scope", true, false },
	{ "cri-o", "crio-conmon-", ".scope", true, true },
	{ "cri-o", "crio-", ".scope", true, false },
	{ "lxc", "lxc.payload.", "", false, false },
	{ "lxc", "lxc.monitor.", "", false, true },
	{ "nspawn", "machine-", ".scope", false, false },
	{ "nspawn", "systemd-nspawn@", ".service", false, false },
};

/* libvirt registers its guests with machined too: a qemu is no container, its lxc is another runtime. */
static bool is_foreign_machine(struct part key)
{
	return (key.n > 8 && memcmp(key.s, "qemu\\x2d", 8) == 0) ||
	       (key.n > 7 && memcmp(key.s, "lxc\\x2d", 7) == 0);
}

static bool parse_part(struct part p, struct part before, bool kube, struct dw_container_ref *ret)
{
	struct part key;

	for (size_t i = 0; i < DW_ARRAY_SIZE(forms); i++) {
		if (!between(p, forms[i].prefix, forms[i].suffix, &key) ||
		    (forms[i].id && !is_id(key.s, key.n)))
			continue;
		if (dw_streq(forms[i].prefix, "machine-") &&
		    (!part_is(before, "machine.slice") || is_foreign_machine(key)))
			return false;
		ret->runtime = forms[i].runtime;
		ret->supervisor = forms[i].supervisor;
		set_key(ret, key);
		return true;
	}
	if (part_is(before, "docker") && is_id(p.s, p.n))
		ret->runtime = "docker";
	else if (part_is(before, "lxc") && p.n)
		ret->runtime = "lxc";
	else if (kube && is_id(p.s, p.n) && p.n == 64)
		ret->runtime = "containerd";
	else
		return false;
	ret->supervisor = false;
	set_key(ret, p);
	return true;
}

bool dw_container_parse_cgroup(const char *cgroup, struct dw_container_ref *ret)
{
	struct part before = { "", 0 };
	bool kube = false, found = false;

	*ret = (struct dw_container_ref){ 0 };
	if (!cgroup || dw_starts_with(cgroup, "/.."))
		return false;
	for (const char *c = cgroup; *c;) {
		struct part p;

		c += strspn(c, "/");
		p = (struct part){ c, strcspn(c, "/") };
		if (!p.n)
			break;
		if (p.n >= 8 && memcmp(p.s, "kubepods", 8) == 0)
			kube = true;
		if (parse_part(p, before, kube, ret))
			found = true;
		else if (found &&
			 part_is(p, "supervisor")) /* systemd-nspawn(1) puts itself there */
			ret->supervisor = true;
		before = p;
		c += p.n;
	}
	return found;
}
