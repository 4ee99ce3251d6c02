/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of offsets that the last run found (bpf_fields.c), which a pass over all types of the kernel takes two
 * milliseconds to make. It holds for one build of the kernel, by the build id in its ELF notes, for the modules that
 * are loaded, by theirs, and for one list of members.
 *
 * It is trusted as the answers about packages beside it are: it is root's own, mode 0600, in a directory of mode 0700.
 * A wrong offset makes the program read what is not there, which the kernel lets fail, and a wrong number of a type
 * makes a program that it refuses; it can harm nothing.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bpf_private.h"
#include "dw_bpf_fields.h"

#define MAGIC     "doorward-offset1"
#define FILE_NAME "offsets"
#define TEMPORARY "." FILE_NAME ".new"

/* As it lies in the file. */
struct table {
	struct dw_bpf_kernel kernel;
	uint32_t at[DW_K_COUNT];
	uint64_t sum; /* of what stands before: a disk may lie, too */
};

static uint64_t add_up(const void *p, size_t n)
{
	const unsigned char *b = p;
	uint64_t v = 0xcbf29ce484222325U; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		v = (v ^ b[i]) * 0x100000001b3U;
	return v;
}

static uint64_t sum_of(const struct table *t)
{
	return add_up(t, offsetof(struct table, sum));
}

/* --- which kernel --------------------------------------------------------------------------------- */

/* Notes of an ELF file: is the build id among them? */
static bool has_build_id(const unsigned char *notes, size_t n)
{
	Elf64_Nhdr h;

	for (size_t at = 0; n - at >= sizeof(h);) {
		size_t name, value;

		memcpy(&h, notes + at, sizeof(h));
		name = ((size_t)h.n_namesz + 3) & ~(size_t)3;
		value = ((size_t)h.n_descsz + 3) & ~(size_t)3;
		at += sizeof(h);
		if (name > n - at || value > n - at - name)
			return false;
		if (h.n_type == NT_GNU_BUILD_ID && name == 4 && memcmp(notes + at, "GNU", 4) == 0 &&
		    h.n_descsz > 0)
			return true;
		at += name + value;
	}
	return false;
}

static bool read_notes(const char *path, struct dw_bpf_notes *ret)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret->bytes, sizeof(ret->bytes));

	ret->n = n > 0 ? (uint64_t)n : 0;
	return n > 0 && (size_t)n < sizeof(ret->bytes) && has_build_id(ret->bytes, (size_t)n);
}

int dw_bpf_kernel_of(struct dw_bpf_kernel *ret)
{
	unsigned present = dw_bpf_modules();
	char path[96];

	memset(ret, 0, sizeof(*ret));
	memcpy(ret->magic, MAGIC, sizeof(ret->magic));
	(void)snprintf(ret->digest, sizeof(ret->digest), "%s", dw_bpf_digest());
	ret->fields = dw_bpf_fields_sum();
	ret->modules = present;
	if (!read_notes("/sys/kernel/notes", &ret->notes[0]))
		return -ENOTSUP;
	for (unsigned i = 0; i < DW_BPF_MODULES; i++) {
		(void)snprintf(path, sizeof(path), "/sys/module/%s/notes/.note.gnu.build-id",
			       dw_bpf_module_name(i));
		if ((present & 1U << i) && !read_notes(path, &ret->notes[i + 1]))
			return -ENOTSUP;
	}
	return 0;
}

/* --- the file ------------------------------------------------------------------------------------- */

static bool is_ours(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	       (st.st_mode & 0077) == 0;
}

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && !is_ours(fd, S_IFDIR)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

bool dw_bpf_offsets_read(const char *directory, const struct dw_bpf_kernel *kernel, uint32_t *at)
{
	_cleanup_fd_ int dir = open_directory(directory);
	_cleanup_fd_ int fd = -1;
	struct table t;
	char more;

	if (dir >= 0)
		fd = openat(dir, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || !is_ours(fd, S_IFREG) || read(fd, &t, sizeof(t)) != (ssize_t)sizeof(t) ||
	    read(fd, &more, 1) != 0)
		return false;
	if (memcmp(&t.kernel, kernel, sizeof(*kernel)) != 0 || t.sum != sum_of(&t))
		return false;
	memcpy(at, t.at, sizeof(t.at));
	return true;
}

/* Written beside and renamed: a reader sees the old file or the new one, whole. */
void dw_bpf_offsets_write(const char *directory, const struct dw_bpf_kernel *kernel,
			  const uint32_t *at)
{
	_cleanup_fd_ int dir = -1;
	_cleanup_fd_ int fd = -1;
	struct table t;

	memset(&t, 0, sizeof(t));
	t.kernel = *kernel;
	memcpy(t.at, at, sizeof(t.at));
	t.sum = sum_of(&t);
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return;
	dir = open_directory(directory);
	if (dir < 0)
		return;
	(void)unlinkat(dir, TEMPORARY, 0); /* of a run that was killed */
	fd = openat(dir, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	/* No fsync: after a crash the sum makes the file worthless, and that is all. */
	if (write(fd, &t, sizeof(t)) != (ssize_t)sizeof(t) ||
	    renameat(dir, TEMPORARY, dir, FILE_NAME) < 0)
		(void)unlinkat(dir, TEMPORARY, 0);
}

int dw_bpf_offsets_find(uint32_t *at, struct dw_error *e)
{
	struct dw_bpf_kernel kernel;
	bool known = geteuid() == 0 && dw_bpf_kernel_of(&kernel) == 0;
	int r;

	if (known && dw_bpf_offsets_read(DW_BPF_OFFSETS_DIR, &kernel, at))
		return 0;
	r = dw_bpf_fields_find(at, e);
	if (r == 0 && known)
		dw_bpf_offsets_write(DW_BPF_OFFSETS_DIR, &kernel, at);
	return r;
}
