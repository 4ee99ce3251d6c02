/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of /proc/net and of Bluetooth's debugfs, as plain functions on bytes. See proc(5) and the
 * seq_show functions.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

#include "netcol.h"

#define BT_LISTEN 4 /* enum of net/bluetooth/bluetooth.h: connected 1, open 2, bound 3 */

struct word {
	const char *s;
	size_t n;
};

/* At most max words; the rest of the line is left alone. */
static size_t split(const char *line, size_t n, struct word *words, size_t max)
{
	const char *p = line, *end = line + n;
	size_t count = 0;

	while (count < max) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p == end)
			break;
		words[count].s = p;
		while (p < end && *p != ' ' && *p != '\t')
			p++;
		words[count].n = (size_t)(p - words[count].s);
		count++;
	}
	return count;
}

static bool number(const struct word *w, unsigned base, uint64_t max, uint64_t *ret)
{
	return dw_parse_u64n(w->s, w->n, base, max, ret);
}

/*
 * "0100007F:0277", or 32 digits for IPv6: each group of 8 is an u32 of the address as it lies in
 * memory, printed in host order.
 */
static bool inet_address(const struct word *w, bool v6, uint32_t out[4], uint64_t *ret_port)
{
	size_t groups = v6 ? 4 : 1;

	if (w->n != groups * 8 + 5 || w->s[groups * 8] != ':')
		return false;
	for (size_t i = 0; i < groups; i++) {
		uint64_t v;

		if (!dw_parse_u64n(w->s + i * 8, 8, 16, UINT32_MAX, &v))
			return false;
		out[i] = (uint32_t)v;
	}
	return dw_parse_u64n(w->s + groups * 8 + 1, 4, 16, UINT16_MAX, ret_port);
}

/* sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ... */
static int inet_line(bool v6, enum dw_protocol protocol, const char *line, size_t n, dw_sock_cb *cb,
		     void *arg)
{
	struct dw_socket_fact s = { .at = { .protocol = protocol, .has_port = true },
				    .seen = DW_SEEN_PROC };
	struct word w[10];
	uint64_t port, state, uid, inode;
	uint32_t address[4];

	if (split(line, n, w, 10) < 10 || w[0].s[w[0].n - 1] != ':' ||
	    !inet_address(&w[1], v6, address, &port) || !number(&w[3], 16, 255, &state) ||
	    !number(&w[7], 10, UINT32_MAX, &uid) || !number(&w[9], 10, UINT64_MAX, &inode))
		return -EBADMSG;
	s.at.port = (uint32_t)port;
	s.uid = (uint32_t)uid;
	s.inode = inode;
	if (protocol == DW_PROTOCOL_RAW)
		s.kind = DW_KIND_RAW;
	else if (protocol == DW_PROTOCOL_TCP && state == TCP_LISTEN)
		s.kind = DW_KIND_LISTENER;
	else if (protocol != DW_PROTOCOL_TCP && state == TCP_CLOSE)
		s.kind = DW_KIND_DATAGRAM;
	else
		return 0;
	/* What IPV6_V6ONLY says is not told here: see dual_or_not() in procnet.c. */
	dw_endpoint_set_inet(&s.at, v6, address, false);
	cb(arg, &s);
	return 0;
}

bool dw_end_parse_line(bool v6, const char *line, size_t n, struct dw_end *ret)
{
	struct word w[10];
	uint64_t port, remote_port, state, inode;
	uint32_t address[4], remote[4];

	if (split(line, n, w, 10) < 10 || w[0].s[w[0].n - 1] != ':' ||
	    !inet_address(&w[1], v6, address, &port) ||
	    !inet_address(&w[2], v6, remote, &remote_port) || !number(&w[3], 16, 255, &state) ||
	    !number(&w[9], 10, UINT64_MAX, &inode))
		return false;
	*ret = (struct dw_end){ .local_port = (uint16_t)port,
				.remote_port = (uint16_t)remote_port,
				.inode = inode,
				.state = (unsigned)state };
	dw_inet_from(&ret->local, v6, address);
	dw_inet_from(&ret->remote, v6, remote);
	return true;
}

/* sk RefCnt Type Proto Iface R Rmem User Inode */
static int packet_line(const char *line, size_t n, dw_sock_cb *cb, void *arg)
{
	struct dw_socket_fact s = { .at = { .protocol = DW_PROTOCOL_PACKET,
					    .family = DW_FAMILY_PACKET },
				    .kind = DW_KIND_SNIFFER,
				    .seen = DW_SEEN_PROC };
	uint64_t proto, ifindex, uid, inode;
	struct word w[9];

	if (split(line, n, w, 9) < 9 || !number(&w[3], 16, UINT16_MAX, &proto) ||
	    !number(&w[4], 10, INT32_MAX, &ifindex) || !number(&w[7], 10, UINT32_MAX, &uid) ||
	    !number(&w[8], 10, UINT64_MAX, &inode))
		return -EBADMSG;
	s.at.ifindex = (uint32_t)ifindex;
	s.uid = (uint32_t)uid;
	s.inode = inode;
	/* The callback makes words of it: no other field of the fact has room for an ethertype. */
	s.at.port = (uint32_t)proto;
	cb(arg, &s);
	return 0;
}

static bool sctp_address(const struct word *w, struct dw_endpoint *at)
{
	char text[INET6_ADDRSTRLEN];
	size_t skip = w->n > 0 && w->s[0] == '*' ? 1 : 0; /* marks the primary address */
	uint8_t raw[16];

	if (w->n - skip >= sizeof(text))
		return false;
	memcpy(text, w->s + skip, w->n - skip);
	text[w->n - skip] = '\0';
	memset(at->address, 0, sizeof(at->address));
	if (inet_pton(AF_INET, text, raw) == 1)
		dw_endpoint_set_inet(at, false, raw, false);
	else if (inet_pton(AF_INET6, text, raw) == 1)
		dw_endpoint_set_inet(at, true, raw, false);
	else
		return false;
	return true;
}

/* ENDPT SOCK STY SST HBKT LPORT UID INODE LADDRS... (sctp_eps_seq_show) */
static int sctp_line(const char *line, size_t n, dw_sock_cb *cb, void *arg)
{
	struct dw_socket_fact s = { .at = { .protocol = DW_PROTOCOL_SCTP, .has_port = true },
				    .kind = DW_KIND_LISTENER,
				    .seen = DW_SEEN_PROC };
	uint64_t state, port, uid, inode;
	struct word w[64];
	size_t count = split(line, n, w, DW_ARRAY_SIZE(w));

	if (count < 9 || !number(&w[3], 10, 255, &state) || !number(&w[5], 10, UINT16_MAX, &port) ||
	    !number(&w[6], 10, UINT32_MAX, &uid) || !number(&w[7], 10, UINT64_MAX, &inode))
		return -EBADMSG;
	if (state != TCP_LISTEN)
		return 0;
	s.at.port = (uint32_t)port;
	s.uid = (uint32_t)uid;
	s.inode = inode;
	for (size_t i = 8; i < count; i++) {
		if (!sctp_address(&w[i], &s.at))
			return -EBADMSG;
		cb(arg, &s);
	}
	return 0;
}

/* "00:11:22:33:44:55": stored least significant byte first, as bdaddr_t is. */
static bool bd_address(const struct word *w, uint8_t out[16])
{
	if (w->n != 17)
		return false;
	for (size_t i = 0; i < 6; i++) {
		uint64_t v;

		if ((i < 5 && w->s[i * 3 + 2] != ':') ||
		    !dw_parse_u64n(w->s + i * 3, 2, 16, 255, &v))
			return false;
		out[5 - i] = (uint8_t)v;
	}
	return true;
}

/*
 * debugfs, l2cap:  SRC (TYPE) DST (TYPE) STATE PSM(0x..) SCID ...
 *          rfcomm: SRC DST STATE CHANNEL
 */
static int bluetooth_line(bool l2cap, const char *line, size_t n, dw_sock_cb *cb, void *arg)
{
	struct dw_socket_fact s = { .at = { .protocol = DW_PROTOCOL_BLUETOOTH,
					    .family = DW_FAMILY_BLUETOOTH,
					    .has_port = true },
				    .kind = DW_KIND_LISTENER,
				    .uid = UINT32_MAX,
				    .seen = DW_SEEN_PROC };
	size_t at_state = l2cap ? 4 : 2, count;
	uint64_t state, port;
	struct word w[6];

	count = split(line, n, w, at_state + 2);
	if (count < at_state + 2 || !bd_address(&w[0], s.at.address) ||
	    !number(&w[at_state], 10, 255, &state))
		return -EBADMSG;
	if (l2cap && w[5].n > 2 && w[5].s[0] == '0' && w[5].s[1] == 'x') {
		w[5].s += 2;
		w[5].n -= 2;
	}
	if (!number(&w[at_state + 1], l2cap ? 16 : 10, UINT16_MAX, &port))
		return -EBADMSG;
	if (state != BT_LISTEN)
		return 0;
	s.at.port = (uint32_t)port;
	cb(arg, &s);
	return 0;
}

bool dw_protocols_parse(const char *line, size_t n, const char *name, uint64_t *ret)
{
	struct word w[3];

	return split(line, n, w, 3) == 3 && w[0].n == strlen(name) &&
	       memcmp(w[0].s, name, w[0].n) == 0 && number(&w[2], 10, UINT32_MAX, ret);
}

int dw_procline_parse(enum dw_procfile f, enum dw_protocol protocol, const char *line, size_t n,
		      dw_sock_cb *cb, void *arg)
{
	switch (f) {
	case DW_PROCFILE_INET4:
	case DW_PROCFILE_INET6:
		return inet_line(f == DW_PROCFILE_INET6, protocol, line, n, cb, arg);
	case DW_PROCFILE_PACKET:
		return packet_line(line, n, cb, arg);
	case DW_PROCFILE_SCTP:
		return sctp_line(line, n, cb, arg);
	case DW_PROCFILE_L2CAP:
	case DW_PROCFILE_RFCOMM:
		return bluetooth_line(f == DW_PROCFILE_L2CAP, line, n, cb, arg);
	}
	return -EBADMSG;
}
