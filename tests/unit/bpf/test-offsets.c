/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kept table of offsets is believed for the kernel it was made for, and where nobody else can have written it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dw_bpf_fields.h"
#include "dw_offsets.h"
#include "dw_test.h"

struct room {
	char dir[32], file[64];
	struct dw_bpf_kernel kernel;
	uint32_t at[DW_K_COUNT];
};

static void open_room(struct room *r)
{
	*r = (struct room){ .dir = "/tmp/dw-test-XXXXXX" };
	DW_CHECK(mkdtemp(r->dir) != NULL);
	(void)snprintf(r->file, sizeof(r->file), "%s/offsets", r->dir);
	memset(r->kernel.digest, 'd', 8);
	r->kernel.notes[0].n = 3;
	for (uint32_t i = 0; i < DW_K_COUNT; i++)
		r->at[i] = i * 8 + 1;
	dw_bpf_offsets_write(r->dir, &r->kernel, r->at);
}

static void close_room(const struct room *r)
{
	(void)unlink(r->file);
	(void)rmdir(r->dir);
}

static bool is_believed(const struct room *r, const struct dw_bpf_kernel *kernel)
{
	uint32_t at[DW_K_COUNT] = { 0 };

	return dw_bpf_offsets_read(r->dir, kernel, at) && memcmp(at, r->at, sizeof(at)) == 0;
}

DW_TEST(offsets_are_of_one_kernel)
{
	struct room r;
	struct dw_bpf_kernel other;

	open_room(&r);
	DW_CHECK(is_believed(&r, &r.kernel));
	other = r.kernel;
	other.notes[0].bytes[2]++;
	DW_CHECK(!is_believed(&r, &other));
	other = r.kernel;
	other.notes[DW_BPF_MODULES].n++;
	DW_CHECK(!is_believed(&r, &other));
	other = r.kernel;
	other.fields++;
	DW_CHECK(!is_believed(&r, &other));
	close_room(&r);
}

static void flip(const char *file, off_t where)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);
	unsigned char c = 0;

	DW_CHECK(fd >= 0 && pread(fd, &c, 1, where) == 1);
	c ^= 0x10;
	DW_CHECK(pwrite(fd, &c, 1, where) == 1);
	(void)close(fd);
}

DW_TEST(damaged_offsets_are_not_believed)
{
	struct room r;
	struct stat st;

	open_room(&r);
	DW_CHECK(stat(r.file, &st) == 0 && (st.st_mode & 07777) == 0600);
	for (off_t i = 0; i < st.st_size; i += st.st_size / 41 + 1) {
		flip(r.file, i);
		DW_CHECK(!is_believed(&r, &r.kernel));
		flip(r.file, i);
	}
	DW_CHECK(is_believed(&r, &r.kernel));
	DW_CHECK(truncate(r.file, st.st_size - 1) == 0 && !is_believed(&r, &r.kernel));
	DW_CHECK(truncate(r.file, st.st_size + 1) == 0 && !is_believed(&r, &r.kernel));
	close_room(&r);
}

DW_TEST(offsets_of_others_are_not_believed)
{
	struct room r;
	char moved[80];

	open_room(&r);
	DW_CHECK(chmod(r.file, 0640) == 0 && !is_believed(&r, &r.kernel));
	DW_CHECK(chmod(r.file, 0600) == 0 && is_believed(&r, &r.kernel));
	DW_CHECK(chmod(r.dir, 0750) == 0 && !is_believed(&r, &r.kernel));
	DW_CHECK(chmod(r.dir, 0700) == 0 && is_believed(&r, &r.kernel));
	/* a link to what was written is not followed, and is replaced, not written through */
	(void)snprintf(moved, sizeof(moved), "%s/moved", r.dir);
	DW_CHECK(rename(r.file, moved) == 0 && symlink(moved, r.file) == 0);
	DW_CHECK(!is_believed(&r, &r.kernel));
	dw_bpf_offsets_write(r.dir, &r.kernel, r.at);
	DW_CHECK(is_believed(&r, &r.kernel));
	(void)unlink(moved);
	close_room(&r);
}

/* What was kept and what is found anew are the same, on the kernel that this runs on. */
DW_TEST(offsets_are_those_of_the_types)
{
	uint32_t found[DW_K_COUNT], kept[DW_K_COUNT];
	struct dw_bpf_kernel kernel;
	struct room r;

	if (dw_bpf_fields_find(found, NULL) < 0 || dw_bpf_kernel_of(&kernel) < 0) {
		printf("SKIPPED: this kernel shows no types, or has no build id\n");
		return;
	}
	open_room(&r);
	dw_bpf_offsets_write(r.dir, &kernel, found);
	DW_CHECK(dw_bpf_offsets_read(r.dir, &kernel, kept));
	DW_CHECK(memcmp(found, kept, sizeof(kept)) == 0);
	close_room(&r);
}

DW_TEST_MAIN
