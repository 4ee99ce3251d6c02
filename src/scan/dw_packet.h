/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Probes as bytes, and answers from bytes. Pure. What is read comes from strangers: every length is checked, fragments
 * are refused, and nothing is an answer that does not repeat what only we and those on the way could know:
 *
 *   TCP    sequence number = cookie; the answer acknowledges cookie + 1
 *   SCTP   initiate tag = dw_packet_tag(cookie); the answer has it as its verification tag
 *   echo   identifier = our port, sequence = upper half of the cookie, and the cookie in the data
 *   UDP    our source port; two bytes of the payload where the protocol repeats them (id_at)
 *   ICMP   errors: the same in what they quote; of UDP, the lower half of the cookie in IPv4's identification
 *          (RFC 6864), its lower 20 bits in IPv6's flow label (RFC 6437: delivered unchanged)
 *
 * Checksums of answers are not looked at: the kernel hands out frames of local devices before their checksum is made.
 */
#ifndef DW_PACKET_H
#define DW_PACKET_H

#include "dw_cookie.h"
#include "dw_scan.h"

#define DW_PACKET_MAX         1514u /* bytes of a frame */
#define DW_PACKET_PAYLOAD_MAX 1400u /* longer ones are cut */
#define DW_PACKET_HEADERS_MAX 62u   /* Ethernet, IPv6, UDP: before a payload */
#define DW_PACKET_ROUNDS      32u   /* our ports: that many, from the first */

struct dw_packet_probe {
	bool ethernet; /* else the frame begins with IP */
	uint8_t mac_from[6], mac_to[6];
	enum dw_protocol protocol; /* TCP, UDP, SCTP; RAW: echo request */
	const struct dw_address *source, *target;
	uint16_t sport, dport;
	uint32_t cookie;
	const uint8_t *payload; /* of UDP */
	uint16_t n_payload;
	uint16_t
		id_at; /* 1 + offset in the payload of 2 bytes for the cookie's upper half; 0: none */
	bool reset;    /* TCP: RST with sequence number cookie + 1, in place of SYN with cookie */
};

/* What the probe's cookie is. */
uint32_t dw_packet_cookie(const struct dw_cookie_key *k, const struct dw_address *target,
			  uint16_t sport, uint16_t dport);
/* RFC 9260 3.3.2: an initiate tag is never 0. */
static inline uint32_t dw_packet_tag(uint32_t cookie)
{
	return cookie != 0 ? cookie : 1;
}
/* Writes the frame, DW_PACKET_MAX bytes of room; returns its length. */
size_t dw_packet_make(const struct dw_packet_probe *p, uint8_t *frame);
/* IP's number of a probe's protocol. */
uint8_t dw_packet_protocol(enum dw_protocol p, enum dw_family f);
/* CRC32c (RFC 9260 appendix A), as it lies in the packet. */
uint32_t dw_packet_crc32c(const uint8_t *bytes, size_t n);

/* What was asked. */
struct dw_packet_asked {
	bool ethernet;
	enum dw_protocol protocol;
	enum dw_family family;
	struct dw_cookie_key key;
	uint16_t source_port; /* first of DW_PACKET_ROUNDS */
};

struct dw_packet_seen {
	struct dw_address host; /* whom the probe went to; scope 0 */
	struct dw_address from; /* family 0: the host itself */
	uint16_t sport, port;   /* the probe's */
	uint8_t round;          /* sport's number */
	uint8_t ttl;
	enum dw_scan_why why;
	bool is_bare;           /* SYN-ACK with window 0 or without any option */
	const uint8_t *payload; /* UDP reply: what of it was captured */
	size_t n_payload;
};

/*
 * 1: an answer. 0: nothing of ours. -EBADMSG: it is for one of our ports, and is damaged, forged, or of others. The
 * frame may be cut short.
 */
int dw_packet_read(const struct dw_packet_asked *asked, const uint8_t *frame, size_t n,
		   struct dw_packet_seen *ret);
/* A UDP reply repeats the probe's two bytes. id_at as above; true for 0. */
bool dw_packet_repeats_id(const struct dw_packet_asked *asked, const struct dw_packet_seen *seen,
			  uint16_t id_at);

#endif
