/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Classic BPF programs for packet sockets. Offsets are from the frame's beginning; the kernel has taken VLAN tags
 * off. What they let in is parsed again, bytes for bytes, by who reads it: they only keep the rest away. A load
 * beyond the end of a frame drops it.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "packet_private.h"

#define ETHER 14U

enum { ECHO_REPLY4 = 0, UNREACHABLE4 = 3, EXCEEDED4 = 11 };
enum { UNREACHABLE6 = 1, EXCEEDED6 = 3, PARAMETER6 = 4, ECHO_REPLY6 = 129 };
enum { SOLICITATION6 = 135, ADVERTISEMENT6 = 136 };

static unsigned add(struct packet_code *c, uint16_t op, uint32_t k)
{
	c->code[c->n] = (struct sock_filter)BPF_STMT(op, k);
	return c->n++;
}

static void load_byte(struct packet_code *c, uint32_t at)
{
	(void)add(c, BPF_LD | BPF_B | BPF_ABS, at);
}

static void drop(struct packet_code *c)
{
	(void)add(c, BPF_RET | BPF_K, 0);
}

static void keep(struct packet_code *c)
{
	(void)add(c, BPF_RET | BPF_K, DW_PACKET_CUT);
}

/* Goes on when A is k, else drops. */
static void demand(struct packet_code *c, uint32_t k)
{
	c->code[c->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 1, 0);
	drop(c);
}

/* A part for when A is k: what is added between here and end_if(), which must end in keep or drop. */
static unsigned begin_if(struct packet_code *c, uint32_t k)
{
	return add(c, BPF_JMP | BPF_JEQ | BPF_K, k);
}

static void end_if(struct packet_code *c, unsigned at)
{
	c->code[at].jf = (uint8_t)(c->n - at - 1);
}

/* The half word in A is one of our ports: kept, else dropped. */
static void end_by_port(struct packet_code *c, const struct dw_packet_filter *f)
{
	/* unsigned: a port below the first is far above */
	(void)add(c, BPF_ALU | BPF_SUB | BPF_K, f->first);
	c->code[c->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, f->n, 1, 0);
	keep(c);
	drop(c);
}

static bool is_echo(const struct dw_packet_filter *f)
{
	return f->protocol == (f->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* A is the ICMP type. at: of the ICMP message; with X (IPv4's header length) when x. quoted: the inner header's
   length. */
static void icmp(struct packet_code *c, const struct dw_packet_filter *f, uint32_t at,
		 uint16_t mode, uint32_t quoted)
{
	uint32_t inner = at + 8, port = is_echo(f) ? 4 : 0;

	if (is_echo(f)) {
		unsigned reply = begin_if(c, f->family == AF_INET ? ECHO_REPLY4 : ECHO_REPLY6);

		(void)add(c, (uint16_t)(BPF_LD | BPF_H | mode), at + 4);
		end_by_port(c, f);
		end_if(c, reply);
	}
	/* three types that tell of an error, the third of IPv6 only */
	c->code[c->n++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, f->family == AF_INET ? UNREACHABLE4 : UNREACHABLE6, 3,
		0);
	c->code[c->n++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, f->family == AF_INET ? EXCEEDED4 : EXCEEDED6, 2, 0);
	c->code[c->n++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, f->family == AF_INET ? UNREACHABLE4 : PARAMETER6, 1, 0);
	drop(c);
	/* we send no options and no extension headers: what is ours has its ports right behind */
	(void)add(c, (uint16_t)(BPF_LD | BPF_B | mode), inner + (f->family == AF_INET ? 9 : 6));
	demand(c, f->protocol);
	(void)add(c, (uint16_t)(BPF_LD | BPF_H | mode), inner + quoted + port);
	end_by_port(c, f);
}

static void answers4(struct packet_code *c, const struct dw_packet_filter *f, uint32_t ip)
{
	unsigned part;

	/* no fragments */
	(void)add(c, BPF_LD | BPF_H | BPF_ABS, ip + 6);
	c->code[c->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 0, 1);
	drop(c);
	(void)add(c, BPF_LDX | BPF_B | BPF_MSH, ip);
	load_byte(c, ip + 9);
	if (!is_echo(f)) {
		part = begin_if(c, f->protocol);
		(void)add(c, BPF_LD | BPF_H | BPF_IND, ip + 2);
		end_by_port(c, f);
		end_if(c, part);
	}
	demand(c, IPPROTO_ICMP);
	(void)add(c, BPF_LD | BPF_B | BPF_IND, ip);
	icmp(c, f, ip, BPF_IND, 20);
}

static void answers6(struct packet_code *c, const struct dw_packet_filter *f, uint32_t ip)
{
	static const uint8_t extensions[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS };
	unsigned part;

	load_byte(c, ip + 6);
	if (!is_echo(f)) {
		part = begin_if(c, f->protocol);
		(void)add(c, BPF_LD | BPF_H | BPF_ABS, ip + 42);
		end_by_port(c, f);
		end_if(c, part);
	}
	/* rare: the reader walks through them */
	for (size_t i = 0; i < DW_ARRAY_SIZE(extensions); i++) {
		part = begin_if(c, extensions[i]);
		keep(c);
		end_if(c, part);
	}
	demand(c, IPPROTO_ICMPV6);
	load_byte(c, ip + 40);
	icmp(c, f, ip + 40, BPF_ABS, 40);
}

void dw_packet_code_answers(const struct dw_packet_filter *f, struct packet_code *ret)
{
	uint32_t ip = f->ethernet ? ETHER : 0;

	*ret = (struct packet_code){ 0 };
	if (f->family == AF_INET)
		answers4(ret, f, ip);
	else
		answers6(ret, f, ip);
}

void dw_packet_code_neighbours(int family, struct packet_code *ret)
{
	*ret = (struct packet_code){ 0 };
	if (family == AF_INET) { /* RFC 826: ar$op, 2 is a reply */
		(void)add(ret, BPF_LD | BPF_H | BPF_ABS, ETHER + 6);
		demand(ret, 2);
		keep(ret);
		return;
	}
	load_byte(ret, ETHER + 6);
	demand(ret, IPPROTO_ICMPV6);
	load_byte(ret, ETHER + 40);
	demand(ret, ADVERTISEMENT6);
	keep(ret);
}

void dw_packet_code_questions(int family, struct packet_code *ret)
{
	unsigned part;

	*ret = (struct packet_code){ 0 };
	if (family == AF_INET) {
		keep(ret);
		return;
	}
	load_byte(ret, ETHER + 6);
	demand(ret, IPPROTO_ICMPV6);
	load_byte(ret, ETHER + 40);
	part = begin_if(ret, SOLICITATION6);
	keep(ret);
	end_if(ret, part);
	demand(ret, ADVERTISEMENT6);
	keep(ret);
}
