/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every network namespace that a process, a mount or (found later, by the walk over descriptors) a
 * descriptor or a socket keeps alive. The inode of /proc/PID/ns/net names it:
 * network_namespaces(7).
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "dw_fds.h"
#include "dw_str.h"
#include "netcol.h"

#define MOUNTINFO_MAX ((size_t)32 * 1024 * 1024)
#define LINKS_MAX     65536 /* interfaces of one namespace */

size_t dw_netns_find(const struct dw_collect *c, uint32_t inode)
{
	for (size_t i = 0; i < c->facts->netns.n; i++)
		if (c->facts->netns.v[i].inode == inode)
			return i;
	return DW_NONE;
}

size_t dw_netns_add(struct dw_collect *c, uint32_t inode, int fd, const char *name, int pid)
{
	struct dw_facts *f = c->facts;
	size_t i = dw_netns_find(c, inode);
	struct dw_netns_state *state;

	if (i == DW_NONE) {
		i = f->netns.n;
		*dw_vec_add(f->arena, &f->netns) = (struct dw_netns_fact){ .inode = inode };
		*dw_vec_add(f->arena, &c->netns) = (struct dw_netns){ .inode = inode, .fd = -1 };
	}
	if (!f->netns.v[i].name)
		f->netns.v[i].name = name;
	if (c->netns.v[i].fd < 0)
		c->netns.v[i].fd = fd;
	else if (fd >= 0)
		(void)close(fd);
	state = dw_netns_state(c, i);
	if (state->pid == 0)
		state->pid = pid;
	return i;
}

bool dw_netns_reachable(struct dw_collect *c, size_t netns)
{
	uint32_t inode = c->netns.v[netns].inode;

	return c->netns.v[netns].fd >= 0 || dw_sys_is_fake(c->sys) ||
	       inode == dw_netns_self(c->sys);
}

/* --- processes ------------------------------------------------------------------------------- */

uint32_t dw_netns_link(int dir, const char *name, const char *prefix)
{
	char target[64];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));
	uint64_t inode;

	if (n <= 0 || n == sizeof(target) ||
	    !dw_fds_parse_link(target, (size_t)n, prefix, &inode) || inode > UINT32_MAX)
		return 0;
	return (uint32_t)inode;
}

static uint32_t netns_of(struct dw_collect *c, int dir)
{
	uint32_t inode = dw_netns_link(dir, "ns/net", "net");

	if (inode != 0)
		return inode;
	return dw_netns_stand_in(c, dir);
}

uint32_t dw_netns_of(struct dw_collect *c, int pid)
{
	_cleanup_fd_ int dir = dw_procs_openat(c->procs, pid, ".", O_PATH | O_DIRECTORY, NULL);

	return dir < 0 ? 0 : netns_of(c, dir);
}

/*
 * An nsfs descriptor of the namespace a process is in: O_RDONLY on the magic link. The process may
 * have gone elsewhere since, so what was opened is looked at.
 */
static int open_netns(struct dw_collect *c, int dir, uint32_t inode)
{
	int fd = dw_sys_is_fake(c->sys) ? -1 : openat(dir, "ns/net", O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_ino != inode)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

struct mount_namespaces {
	DW_VEC(uint32_t) inode;
	DW_VEC(int) pid; /* one process of each */
};

static void note_mntns(struct dw_arena *a, struct mount_namespaces *m, uint32_t inode, int pid)
{
	if (inode == 0)
		return;
	/* Processes of one service follow each other: from the end. */
	for (size_t i = m->inode.n; i-- > 0;)
		if (m->inode.v[i] == inode)
			return;
	dw_vec_push(a, &m->inode, inode);
	dw_vec_push(a, &m->pid, pid);
}

static void from_process(struct dw_collect *c, int pid, struct dw_arena *a,
			 struct mount_namespaces *mounts)
{
	_cleanup_fd_ int dir = dw_procs_openat(c->procs, pid, ".", O_PATH | O_DIRECTORY, NULL);
	uint32_t inode = dir < 0 ? 0 : dw_netns_link(dir, "ns/net", "net");

	if (inode == 0)
		return;
	note_mntns(a, mounts, dw_netns_link(dir, "ns/mnt", "mnt"), pid);
	if (dw_netns_find(c, inode) == DW_NONE && c->netns.n < DW_NETNS_MAX)
		(void)dw_netns_add(c, inode, open_netns(c, dir, inode), NULL, pid);
}

/* The host's own: that of process 1; where nothing tells of that one, ours. */
void dw_netns_host(struct dw_collect *c)
{
	_cleanup_fd_ int dir = dw_procs_openat(c->procs, 1, ".", O_PATH | O_DIRECTORY, NULL);
	uint32_t inode = dir < 0 ? 0 : netns_of(c, dir);

	if (inode != 0)
		(void)dw_netns_add(c, inode, open_netns(c, dir, inode), "host", 1);
	else
		(void)dw_netns_add(c, dw_netns_self(c->sys), -1, "host", 0);
}

/* --- mounts ---------------------------------------------------------------------------------- */

/* "\040" and its like, see proc_pid_mountinfo(5). In place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

bool dw_mountinfo_netns(struct dw_arena *a, const char *line, size_t n, uint32_t *ret_inode,
			const char **ret_point)
{
	char *at, *word[5] = { NULL };
	uint64_t inode;

	/* cheap test first: of thousands of mounts hardly one is an nsfs */
	if (n > 8192 || !memmem(line, n, " - nsfs ", 8))
		return false;
	at = dw_arena_strndup(a, line, n);
	for (unsigned i = 0; i < 5; i++) {
		word[i] = dw_word_next(&at);
		if (!word[i])
			return false;
	}
	if (!dw_fds_parse_link(word[3], strlen(word[3]), "net", &inode) || inode == 0 ||
	    inode > UINT32_MAX)
		return false;
	unescape(word[4]);
	*ret_inode = (uint32_t)inode;
	*ret_point = word[4];
	return true;
}

/* /run/netns/NAME (ip-netns(8)) -> NAME, docker's -> docker/NAME. */
static const char *name_of(struct dw_arena *a, const char *point)
{
	static const struct {
		const char *below, *prefix;
	} places[] = {
		{ "/run/netns/", "" },
		{ "/var/run/netns/", "" },
		{ "/run/docker/netns/", "docker/" },
		{ "/var/run/docker/netns/", "docker/" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++)
		if (dw_starts_with(point, places[i].below))
			return dw_arena_printf(a, "%s%s", places[i].prefix,
					       point + strlen(places[i].below));
	return NULL;
}

/* The mount may have been changed since: what was opened is looked at. */
static int open_mount(struct dw_collect *c, int pid, const char *point, uint32_t inode)
{
	_cleanup_fd_ int root = -1;
	struct stat st;
	int fd;

	if (dw_sys_is_fake(c->sys))
		return -1;
	while (*point == '/')
		point++;
	root = dw_procs_openat(c->procs, pid, "root", O_PATH | O_DIRECTORY, NULL);
	if (root < 0)
		return -1;
	fd = openat(root, point, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_ino != inode)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* A process that has gone has none; of others' who is not root is told little, and that is noted elsewhere. */
static void note_mounts(struct dw_collect *c, const char *path, int r)
{
	if (r == -ENOENT || r == -ESRCH ||
	    ((r == -EACCES || r == -EPERM) && dw_sys_euid(c->sys) != 0))
		return;
	dw_facts_incomplete(c->facts, "unreadable", path, 0, true,
			    "%s could not be read: network namespaces that are mounted there may "
			    "be missing, or their names",
			    path);
}

void dw_netns_mounts(struct dw_collect *c, int pid)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const char *path = dw_arena_printf(scratch, "/proc/%d/mountinfo", pid);
	_cleanup_fd_ int fd = dw_procs_openat(c->procs, pid, "mountinfo", O_RDONLY, NULL);
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	const char *line, *point;
	uint32_t inode;
	size_t n;

	if (fd < 0) {
		note_mounts(c, path, fd);
		return;
	}
	if (dw_fd_read_all(fd, MOUNTINFO_MAX, scratch, &text) < 0) {
		dw_facts_incomplete(c->facts, "unreadable", path, 0, true, "%s could not be read",
				    path);
		return;
	}
	lines = dw_lines_of(&text);
	while (dw_lines_next(&lines, &line, &n)) {
		const char *name;
		size_t known;

		if (!dw_mountinfo_netns(scratch, line, n, &inode, &point))
			continue;
		name = name_of(c->facts->arena, point);
		known = dw_netns_find(c, inode);
		if (known == DW_NONE && c->netns.n >= DW_NETNS_MAX)
			continue;
		if (known != DW_NONE && c->netns.v[known].fd >= 0)
			(void)dw_netns_add(c, inode, -1, name, 0);
		else
			(void)dw_netns_add(c, inode, open_mount(c, pid, point, inode), name, 0);
	}
}

static void note_unreachable(struct dw_collect *c)
{
	size_t n = 0;

	/*
	 * Of those with a process in them /proc shows the sockets, and that note is for the
	 * holders' part.
	 */
	for (size_t i = 0; i < c->netns.n; i++)
		n += !dw_netns_reachable(c, i) && dw_netns_state(c, i)->pid == 0;
	if (n > 0)
		dw_facts_incomplete(c->facts, "netns-closed", NULL, 0, true,
				    "%zu network namespace%s cannot be entered%s", n,
				    n == 1 ? "" : "s",
				    dw_sys_euid(c->sys) == 0 ? "" : ": run as root");
	if (c->netns.n >= DW_NETNS_MAX)
		dw_facts_incomplete(c->facts, "too-many", NULL, 0, true,
				    "only the first %d network namespaces were looked at",
				    DW_NETNS_MAX);
}

int dw_collect_netns(struct dw_collect *c, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct mount_namespaces mounts = { 0 };
	size_t n = 0;
	int *pids = NULL, r;

	r = dw_procs_list(c->procs, scratch, &pids, &n, e);
	if (r < 0)
		return r;
	dw_netns_host(c);
	for (size_t i = 0; i < n; i++)
		from_process(c, pids[i], scratch, &mounts);
	for (size_t i = 0; i < mounts.pid.n; i++)
		dw_netns_mounts(c, mounts.pid.v[i]);
	if (!dw_sys_is_fake(c->sys))
		dw_netns_closed(c, pids, n);
	note_unreachable(c);
	return 0;
}

/* --- interfaces ------------------------------------------------------------------------------ */

struct links {
	struct dw_collect *c;
	size_t netns;
};

static int one_link(const struct nlmsghdr *m, void *arg)
{
	const struct links *l = arg;
	struct dw_netns_state *state = dw_netns_state(l->c, l->netns);
	const char *name;
	uint32_t index;
	size_t n;

	if (dw_diag_parse_link(m, &index, &name, &n) == 0 && state->links.n < LINKS_MAX)
		dw_vec_push(l->c->facts->arena, &state->links,
			    ((struct dw_ifname){ index,
						 dw_arena_strndup(l->c->facts->arena, name, n) }));
	return 0;
}

static void links_again(void *arg)
{
	const struct links *l = arg;

	dw_netns_state(l->c, l->netns)->links.n = 0;
}

static void read_links(struct dw_collect *c, size_t netns)
{
	_Alignas(struct nlmsghdr) char buffer[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct links l = { .c = c, .netns = netns };
	struct dw_error why = { 0 };
	struct rtgenmsg *g;

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	g = mnl_nlmsg_put_extra_header(request, sizeof(*g));
	g->rtgen_family = AF_UNSPEC;
	if (dw_netlink_request(c->sys, &c->netns.v[netns], NETLINK_ROUTE, request, one_link,
			       links_again, &l, &why) < 0)
		dw_facts_incomplete(c->facts, "no-interfaces", NULL, 0, false,
				    "names of the interfaces could not be read: %s", why.message);
}

static const char *known_name(struct dw_collect *c, size_t netns, uint32_t ifindex)
{
	const struct dw_netns_state *state = dw_netns_state(c, netns);

	for (size_t i = 0; i < state->links.n; i++)
		if (state->links.v[i].index == ifindex)
			return state->links.v[i].name;
	return NULL;
}

/* 0: its name; -ENXIO: there is none of that number; else it cannot be asked for alone. */
static int ask_name(struct dw_collect *c, size_t netns, uint32_t ifindex, const char **ret)
{
	struct dw_netns_state *state = dw_netns_state(c, netns);
	char name[IF_NAMESIZE];
	int r;

	if (dw_sys_is_fake(c->sys) || state->links.n >= LINKS_MAX)
		return -ENOTSUP;
	r = dw_netns_link_name(c->sys, &c->netns.v[netns], ifindex, name, NULL);
	if (r < 0)
		return r;
	*ret = dw_arena_strdup(c->facts->arena, name);
	dw_vec_push(c->facts->arena, &state->links, ((struct dw_ifname){ ifindex, *ret }));
	return 0;
}

const char *dw_netns_ifname(struct dw_collect *c, size_t netns, uint32_t ifindex)
{
	struct dw_netns_state *state = dw_netns_state(c, netns);
	const char *name;
	int r;

	if (ifindex == 0 || !dw_netns_reachable(c, netns))
		return NULL;
	name = known_name(c, netns, ifindex);
	if (name || state->links_read)
		return name;
	r = ask_name(c, netns, ifindex, &name);
	if (r == 0 || r == -ENXIO)
		return name;
	state->links_read = true;
	read_links(c, netns);
	return known_name(c, netns, ifindex);
}
