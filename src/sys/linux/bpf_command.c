/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines of the processes that a walk told of, added to its records. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "bpf_private.h"
#include "dw_bpf_records.h"

/* The head of the record at `at`, checked; false at the end or when the rest is no record. */
bool dw_bpf_head_at(const struct dw_bytes *b, size_t at, struct dw_bpf_head *ret)
{
	if (b->n - at < sizeof(*ret))
		return false;
	memcpy(ret, b->data + at, sizeof(*ret));
	return ret->size >= sizeof(*ret) && ret->size <= b->n - at;
}

#define COMMAND_MAX ((size_t)16 * 1024) /* a longer command line is read when it is needed */

void dw_bpf_add_bytes(struct dw_bpf_stream *to, const void *p, size_t n)
{
	if (to->bytes.n + n + 1 > to->cap) {
		size_t cap = DW_MAX(to->cap * 2, to->bytes.n + n + 1);

		to->bytes.data = dw_arena_grow(to->arena, to->bytes.data, to->cap, cap);
		to->cap = cap;
	}
	if (n > 0)
		memcpy(to->bytes.data + to->bytes.n, p, n);
	to->bytes.n += n;
	to->bytes.data[to->bytes.n] = '\0';
}

static ssize_t read_command(int proc, uint32_t tgid, char *text)
{
	char path[32];
	_cleanup_fd_ int fd = -1;

	(void)snprintf(path, sizeof(path), "%u/cmdline", tgid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : read(fd, text, COMMAND_MAX);
}

/*
 * The same out of the process's memory, which is one call where /proc takes three and makes an inode. Arguments that
 * end with a NUL are what /proc shows; those that do not, were changed by the process (setproctitle(3)), and
 * get_mm_cmdline() of the kernel knows how. -1: ask /proc. *denied: not even root may (Yama), nor try again.
 */
static ssize_t peek_command(const struct dw_bpf_arguments *at, char *text, bool *denied)
{
	struct iovec here = { text, 0 }, there = { 0 };
	ssize_t n;

	if (*denied || at->start == 0 || at->end <= at->start || at->end - at->start >= COMMAND_MAX)
		return -1;
	here.iov_len = there.iov_len = (size_t)(at->end - at->start);
	there.iov_base = (void *)(uintptr_t)at->start;
	n = process_vm_readv((pid_t)at->tgid, &here, 1, &there, 1, 0);
	*denied = n < 0 && (errno == EPERM || errno == ENOSYS);
	return n == (ssize_t)here.iov_len && text[n - 1] == '\0' ? n : -1;
}

static void add_command(struct dw_bpf_stream *to, int proc, const struct dw_bpf_arguments *at,
			bool *denied)
{
	struct dw_bpf_command head = { .head = { .type = DW_BPF_COMMAND }, .tgid = at->tgid };
	char text[COMMAND_MAX + 8]; /* not cleared: it is longer than most lines by far */
	ssize_t n = peek_command(at, text, denied);

	if (n < 0)
		n = read_command(proc, at->tgid, text);
	if (n <= 0 || (size_t)n == COMMAND_MAX)
		return;
	memset(text + n, 0, 8);
	head.head.n = (uint32_t)n;
	head.head.size = (uint16_t)(sizeof(head) + (((size_t)n + 7) & ~(size_t)7));
	dw_bpf_add_bytes(to, &head, sizeof(head));
	dw_bpf_add_bytes(to, text, head.head.size - sizeof(head));
}

void dw_bpf_add_commands(struct dw_bpf_stream *to, int proc)
{
	size_t end = to->bytes.n;
	struct dw_bpf_head head;
	bool denied = false;

	if (proc < 0)
		return;
	for (size_t at = 0; at < end && dw_bpf_head_at(&to->bytes, at, &head); at += head.size) {
		struct dw_bpf_arguments a;

		if (head.type != DW_BPF_ARGUMENTS || head.size < sizeof(a))
			continue;
		memcpy(&a, to->bytes.data + at, sizeof(a));
		add_command(to, proc, &a, &denied);
	}
}
