/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of /proc that the descriptor walk reads, as plain functions on bytes. */
#include <string.h>

#include "dw_fds.h"

bool dw_fds_parse_link(const char *link, size_t n, const char *prefix, uint64_t *ret)
{
	size_t m = strlen(prefix);

	if (n < m + 4 || memcmp(link, prefix, m) != 0 || link[m] != ':' || link[m + 1] != '[' ||
	    link[n - 1] != ']')
		return false;
	return dw_parse_u64n(link + m + 2, n - m - 3, 10, UINT64_MAX, ret);
}

/* What older kernels print in place of socket:[N]: the name of the protocol (the dentry's). */
static bool is_protocol(const char *s, size_t n)
{
	static const char *const names[] = { "TCP",       "TCPv6",  "UDP",     "UDPv6", "UDP-Lite",
					     "UDPLITEv6", "MPTCP",  "MPTCPv6", "SCTP",  "SCTPv6",
					     "DCCP",      "DCCPv6", "RAW",     "RAWv6", "PACKET",
					     "AF_VSOCK",  "L2CAP",  "RFCOMM" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == n && memcmp(names[i], s, n) == 0)
			return true;
	return false;
}

bool dw_fds_parse_ring_line(const char *line, size_t n, int *ret_slot, uint64_t *ret_inode)
{
	const char *colon, *end = line + n;
	uint64_t slot;

	while (line < end && *line == ' ')
		line++;
	colon = memchr(line, ':', (size_t)(end - line));
	if (!colon || !dw_parse_u64n(line, (size_t)(colon - line), 10, INT32_MAX, &slot))
		return false;
	line = colon + 1;
	while (line < end && *line == ' ')
		line++;
	*ret_inode = 0;
	if (!dw_fds_parse_link(line, (size_t)(end - line), "socket", ret_inode) &&
	    !is_protocol(line, (size_t)(end - line)))
		return false;
	*ret_slot = (int)slot;
	return true;
}

/* Field `want` (from 3, the state) of the n bytes behind the last ')'. */
static bool field(const char *p, const char *end, unsigned want, uint64_t *ret)
{
	const char *stop;

	for (unsigned i = 3; i < want; i++) {
		p = memchr(p, ' ', (size_t)(end - p));
		if (!p)
			return false;
		p++;
	}
	for (stop = p; stop < end && *stop != ' ' && *stop != '\n'; stop++)
		;
	return dw_parse_u64n(p, (size_t)(stop - p), 10, UINT64_MAX, ret);
}

bool dw_fds_parse_stat(const char *text, size_t n, struct dw_fds_process *p)
{
	const char *open = memchr(text, '(', n), *close = memrchr(text, ')', n), *end = text + n;
	uint64_t pid, ppid, started;

	/* "17 (name) S 1 ...": the name may hold anything, so the last parenthesis counts. */
	if (!open || !close || close < open || open == text || end - close < 2 ||
	    !dw_parse_u64n(text, (size_t)(open - text) - 1, 10, INT32_MAX, &pid) ||
	    (int)pid != p->pid || !field(close + 2, end, 4, &ppid) ||
	    !field(close + 2, end, 22, &started))
		return false;
	p->ppid = (int)DW_MIN(ppid, (uint64_t)INT32_MAX);
	p->started_ticks = started;
	memset(p->comm, 0, sizeof(p->comm));
	memcpy(p->comm, open + 1, DW_MIN((size_t)(close - open - 1), sizeof(p->comm) - 1));
	return true;
}
