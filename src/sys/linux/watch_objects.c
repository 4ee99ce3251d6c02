/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The watching programs, as their light skeletons carry them: loaded and attached one object at a time. */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "watch_private.h"

/* Generated, with the habits of its generator. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wwrite-strings"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "watch_cgroup.lskel.h"
#include "watch_connect.lskel.h"
#include "watch_filter.lskel.h"
#include "watch_packet.lskel.h"
#include "watch_raw.lskel.h"
#include "watch_release.lskel.h"
#include "watch_syscalls.lskel.h"
#include "watch_tcp.lskel.h"
#include "watch_udp.lskel.h"
#include "watch_vsock.lskel.h"
#pragma GCC diagnostic pop

/*
 * NAME_load(): opens, lets `prepare` set what the program reads, loads, gives it the ring, and attaches. A program is
 * attached last: from then on it may write.
 */
#define OBJECT(name, prepare, attach)                                                              \
	static void name##_free(void *k)                                                           \
	{                                                                                          \
		dw_watch_##name##__destroy(k);                                                     \
	}                                                                                          \
                                                                                                   \
	static int name##_load(int ring, unsigned opens, struct dw_watch_object *ret)              \
	{                                                                                          \
		struct dw_watch_##name *k = dw_watch_##name##__open();                             \
		struct dw_watch_object o = { .skeleton = k, .destroy = name##_free };              \
		int r;                                                                             \
                                                                                                   \
		if (!k)                                                                            \
			return -ENOMEM;                                                            \
		prepare(k, opens);                                                                 \
		k->rodata->dw_pidns = dw_watch_pidns();                                            \
		r = dw_watch_##name##__load(k);                                                    \
		if (r >= 0)                                                                        \
			r = dw_watch_map_put(k->maps.dw_ring.map_fd, ring);                        \
		if (r >= 0)                                                                        \
			r = attach(k, &o);                                                         \
		if (r < 0) {                                                                       \
			dw_watch_object_close(&o);                                                 \
			return r;                                                                  \
		}                                                                                  \
		o.lost = (const uint64_t *)&k->bss->dw_lost;                                       \
		*ret = o;                                                                          \
		return 0;                                                                          \
	}

#define NOTHING(k, opens)  (void)(opens)
#define WANTS(opens, kind) (((opens) >> (kind)) & 1u)

static void state_free(void *states)
{
	dw_watch_states_leave(states, DW_WATCH_STATES_WATCH);
}

/* Counting may use the same program, or does so already. */
static int state_load(int ring, unsigned opens, struct dw_watch_object *ret)
{
	struct dw_watch_object o = { .destroy = state_free };
	struct dw_watch_states *states = NULL;
	int r = dw_watch_states_join(DW_WATCH_STATES_WATCH, ring, WANTS(opens, DW_WATCH_TCP),
				     &states, &o.lost);

	if (r < 0)
		return r;
	o.skeleton = states;
	*ret = o;
	return 0;
}

static void cgroup_prepare(struct dw_watch_cgroup *k, unsigned opens)
{
	k->rodata->udp = WANTS(opens, DW_WATCH_UDP);
	k->rodata->raw = WANTS(opens, DW_WATCH_RAW);
}

static void syscalls_prepare(struct dw_watch_syscalls *k, unsigned opens)
{
	k->rodata->packet = WANTS(opens, DW_WATCH_PACKET);
	k->rodata->vsock = WANTS(opens, DW_WATCH_VSOCK);
}

/* The descriptor of a link goes into the n-th place; 0, or -errno. */
static int keep(struct dw_watch_object *o, size_t n, int fd)
{
	if (fd < 0)
		return fd;
	o->links[n] = fd;
	return 0;
}

static int cgroup_attach(struct dw_watch_cgroup *k, struct dw_watch_object *o)
{
	const struct {
		int program;
		unsigned type;
	} to[] = {
		{ k->progs.dw_bind4.prog_fd, BPF_CGROUP_INET4_BIND },
		{ k->progs.dw_bind6.prog_fd, BPF_CGROUP_INET6_BIND },
		{ k->progs.dw_bound4.prog_fd, BPF_CGROUP_INET4_POST_BIND },
		{ k->progs.dw_bound6.prog_fd, BPF_CGROUP_INET6_POST_BIND },
		{ k->progs.dw_made.prog_fd, BPF_CGROUP_INET_SOCK_CREATE },
		{ k->progs.dw_released.prog_fd, BPF_CGROUP_INET_SOCK_RELEASE },
	};
	int r = 0;

	_Static_assert(DW_ARRAY_SIZE(to) <= DW_ARRAY_SIZE(o->links), "room for each");
	for (size_t i = 0; i < DW_ARRAY_SIZE(to) && r == 0; i++)
		r = keep(o, i, dw_watch_attach_cgroup(to[i].program, to[i].type));
	return r;
}

static int syscalls_attach(struct dw_watch_syscalls *k, struct dw_watch_object *o)
{
	const struct {
		int program;
		const char *event;
	} to[] = {
		{ k->progs.dw_socket.prog_fd, "syscalls/sys_exit_socket" },
		{ k->progs.dw_bind.prog_fd, "syscalls/sys_exit_bind" },
		{ k->progs.dw_listen.prog_fd, "syscalls/sys_exit_listen" },
		{ k->progs.dw_option.prog_fd, "syscalls/sys_exit_setsockopt" },
	};
	int r = 0;

	_Static_assert(DW_ARRAY_SIZE(to) <= DW_ARRAY_SIZE(o->links), "room for each");
	for (size_t i = 0; i < DW_ARRAY_SIZE(to) && r == 0; i++)
		r = keep(o, i, dw_watch_attach_tracepoint(to[i].program, to[i].event));
	return r;
}

#define ITSELF(name)                                                                               \
	static int name##_attach(struct dw_watch_##name *k, struct dw_watch_object *o)             \
	{                                                                                          \
		return dw_watch_##name##__attach(k);                                               \
	}

ITSELF(tcp)
ITSELF(udp)
ITSELF(connect)
ITSELF(raw)
ITSELF(packet)
ITSELF(filter)
ITSELF(vsock)
ITSELF(release)

OBJECT(tcp, NOTHING, tcp_attach)
OBJECT(udp, NOTHING, udp_attach)
OBJECT(connect, NOTHING, connect_attach)
OBJECT(raw, NOTHING, raw_attach)
OBJECT(packet, NOTHING, packet_attach)
OBJECT(filter, NOTHING, filter_attach)
OBJECT(vsock, NOTHING, vsock_attach)
OBJECT(release, NOTHING, release_attach)
OBJECT(cgroup, cgroup_prepare, cgroup_attach)
OBJECT(syscalls, syscalls_prepare, syscalls_attach)

int dw_watch_object_load(enum dw_watch_object_id id, int ring, unsigned opens,
			 struct dw_watch_object *ret)
{
	static int (*const load[DW_WATCH_OBJECTS])(int, unsigned, struct dw_watch_object *) = {
		[DW_WATCH_O_TCP] = tcp_load,           [DW_WATCH_O_STATE] = state_load,
		[DW_WATCH_O_UDP] = udp_load,           [DW_WATCH_O_CONNECT] = connect_load,
		[DW_WATCH_O_RAW] = raw_load,           [DW_WATCH_O_PACKET] = packet_load,
		[DW_WATCH_O_FILTER] = filter_load,     [DW_WATCH_O_VSOCK] = vsock_load,
		[DW_WATCH_O_RELEASE] = release_load,   [DW_WATCH_O_CGROUP] = cgroup_load,
		[DW_WATCH_O_SYSCALLS] = syscalls_load,
	};

	return load[id](ring, opens, ret);
}

void dw_watch_object_close(struct dw_watch_object *o)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(o->links); i++)
		if (o->links[i] > 0)
			close(o->links[i]);
	if (o->skeleton)
		o->destroy(o->skeleton);
	*o = (struct dw_watch_object){ 0 };
}
