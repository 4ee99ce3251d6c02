/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc: the first byte chooses the file. */
#include <stdlib.h>
#include <string.h>

#include "netcol.h"

static void seen(void *arg, const struct dw_socket_fact *s)
{
	(void)dw_endpoint_text(arg, &s->at);
}

static void other_lines(struct dw_arena *a, unsigned which, const char *line, size_t n)
{
	struct dw_fds_process p = { .pid = 17 };
	const char *point;
	uint64_t inode;
	uint32_t netns;
	int slot;

	switch (which) {
	case 0:
		(void)dw_mountinfo_netns(a, line, n, &netns, &point);
		break;
	case 1:
		(void)dw_fds_parse_ring_line(line, n, &slot, &inode);
		break;
	case 2:
		(void)dw_fds_parse_stat(line, n, &p);
		break;
	case 3:
		(void)dw_fds_parse_link(line, n, "socket", &inode);
		break;
	default:
		(void)dw_protocols_parse(line, n, "MPTCP", &inode);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_arena *a;
	char *line;

	if (size < 1)
		return 0;
	line = malloc(size); /* not terminated: a line is as long as it is said to be */
	if (!line)
		return 0;
	memcpy(line, data + 1, size - 1);
	a = dw_arena_new();
	if (data[0] % 12 <= DW_PROCFILE_RFCOMM)
		(void)dw_procline_parse((enum dw_procfile)(data[0] % 12),
					(enum dw_protocol)(data[0] / 12 % DW_PROTOCOL_COUNT), line,
					size - 1, seen, a);
	else
		other_lines(a, data[0] % 12 - DW_PROCFILE_RFCOMM - 1, line, size - 1);
	dw_arena_free(a);
	free(line);
	return 0;
}
