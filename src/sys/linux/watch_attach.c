/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attaching to the root of the cgroups and to system calls' tracepoints. Their file systems need not be mounted, nor
 * where one expects them: a mount of our own, which nobody else sees, is asked for (fsopen(2), Linux 5.2).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf_private.h"
#include "watch_private.h"

/* The root directory of a file system that has one instance. */
static int root_of(const char *type)
{
	_cleanup_fd_ int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int r;

	if (context < 0)
		return -errno;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	r = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	return r < 0 ? -errno : r;
}

int dw_watch_attach_cgroup(int program, unsigned type)
{
	_cleanup_fd_ int root = root_of("cgroup2");
	union bpf_attr attr;

	if (root < 0)
		return root;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_fd = (uint32_t)root;
	attr.link_create.attach_type = type;
	return dw_bpf_call(BPF_LINK_CREATE, &attr);
}

/* event: "syscalls/sys_exit_listen". */
static int number_of(const char *event, uint64_t *ret)
{
	_cleanup_fd_ int root = root_of("tracefs"), fd = -1;
	char name[128], text[32] = "";
	ssize_t n;

	if (root < 0)
		return root;
	(void)snprintf(name, sizeof(name), "events/%s/id", event);
	fd = openat(root, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[strcspn(text, "\n")] = '\0';
	return dw_parse_u64(text, 10, UINT64_MAX, ret) ? 0 : -EBADMSG;
}

int dw_watch_attach_tracepoint(int program, const char *event)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT,
					.size = sizeof(attr),
					.sample_period = 1 };
	uint64_t id = 0;
	int fd, r = number_of(event, &id);

	if (r < 0)
		return r;
	attr.config = id;
	/* of whatever processor: programs hang on the tracepoint itself */
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program) == 0 &&
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int dw_watch_map_put(int outer, int inner)
{
	uint32_t first = 0;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)outer;
	attr.key = (uint64_t)(uintptr_t)&first;
	attr.value = (uint64_t)(uintptr_t)&inner;
	return dw_bpf_call(BPF_MAP_UPDATE_ELEM, &attr);
}

int dw_watch_map_take(int outer)
{
	uint32_t first = 0;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)outer;
	attr.key = (uint64_t)(uintptr_t)&first;
	return dw_bpf_call(BPF_MAP_DELETE_ELEM, &attr);
}

uint32_t dw_watch_pidns(void)
{
	struct stat st;

	/* PROC_PID_INIT_INO of the kernel: the inode of the first one is fixed */
	if (stat("/proc/self/ns/pid", &st) < 0 || st.st_ino == 0xEFFFFFFCU)
		return 0;
	return (uint32_t)st.st_ino;
}

int dw_watch_types(unsigned without, struct dw_error *e)
{
	if (!(without & DW_WATCH_HOOK_BTF) && access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		return 0;
	(void)dw_error_set(e, -ENOTSUP,
			   "the kernel does not show its types (BTF): it is too old, "
			   "or was built without CONFIG_DEBUG_INFO_BTF");
	return -ENOTSUP;
}
