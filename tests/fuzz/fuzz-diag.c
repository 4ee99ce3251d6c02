/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers of sock_diag(7) and rtnetlink(7): the first byte chooses the parser, the rest is the
 * payload.
 */
#include <stdlib.h>
#include <string.h>

#include "netcol.h"

static void seen(void *arg, const struct dw_socket_fact *s)
{
	struct dw_arena *a = arg;

	(void)dw_endpoint_text(a, &s->at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_diag_packet p;
	struct dw_arena *a;
	struct nlmsghdr *m;
	const char *name;
	uint32_t index;
	size_t n;

	if (size < 1 || size > 65536)
		return 0;
	/* exactly as large as it says, so that a step beyond the end is seen */
	m = malloc(NLMSG_HDRLEN + size - 1);
	if (!m)
		return 0;
	*m = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size - 1),
				.nlmsg_type = 16 };
	memcpy(m + 1, data + 1, size - 1);
	a = dw_arena_new();
	if (data[0] % 4 == 0)
		(void)dw_diag_parse_inet(m, (enum dw_protocol)(data[0] / 4 % DW_PROTOCOL_COUNT),
					 seen, a);
	else if (data[0] % 4 == 1)
		(void)dw_diag_parse_vsock(m, seen, a);
	else if (data[0] % 4 == 2 && dw_diag_parse_packet(m, &p) == 0)
		(void)dw_packet_text(a, p.ethertype, p.filter, p.n_filter);
	else if (dw_diag_parse_link(m, &index, &name, &n) == 0)
		(void)dw_arena_strndup(a, name, n);
	dw_arena_free(a);
	free(m);
	return 0;
}
