/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of targets (@FILE), once as targets and once as what is excluded: nothing of it is left then. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dw_macros.h"
#include "dw_spec.h"
#include "dw_str.h"
#include "dw_sys.h"

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("targets", MFD_CLOEXEC);

	if (fd < 0 || (size > 0 && write(fd, data, size) != (ssize_t)size))
		__builtin_trap();
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_spec_targets all = { 0 }, none = { 0 };
	struct dw_strings notes = { 0 };
	struct dw_error e = { 0 };
	const char *word;
	int fd, r;

	/* files in files: the fuzzer would find the machine's. A root that has no /etc/hosts: no name is looked up */
	if (size > 16384 || (size > 0 && memchr(data, '@', size)) ||
	    dw_sys_open("/proc/self/fdinfo", &s, NULL) < 0)
		return 0;
	fd = file_of(data, size);
	word = dw_arena_printf(a, "@/proc/self/fd/%d", fd);
	r = dw_spec_targets_read(s, &word, 1, NULL, 0, 0, a, &all, &notes, &e);
	if (r < 0 && !e.message[0])
		__builtin_trap();
	if (r == 0 && (!dw_spec_targets_are_sound(&all) ||
		       dw_spec_targets_read(s, &word, 1, &word, 1, 0, a, &none, &notes, &e) < 0 ||
		       none.hosts != 0))
		__builtin_trap();
	(void)close(fd);
	return 0;
}
