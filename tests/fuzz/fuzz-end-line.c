/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of /proc/net/tcp or, when the first byte is odd, of tcp6: an end of a connection. */
#include <stdlib.h>
#include <string.h>

#include "netcol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_end end;
	char *line;
	bool v6;

	if (size < 1)
		return 0;
	line = malloc(size); /* not terminated: a line is as long as it is said to be */
	if (!line)
		return 0;
	memcpy(line, data + 1, size - 1);
	v6 = data[0] & 1;
	if (dw_end_parse_line(v6, line, size - 1, &end) &&
	    (end.state > 255 || (!v6 && !dw_inet_is_v4(&end.local)) ||
	     (!v6 && !dw_inet_is_v4(&end.remote))))
		__builtin_trap();
	free(line);
	return 0;
}
