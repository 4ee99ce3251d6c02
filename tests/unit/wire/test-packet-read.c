/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames that come back: true ones, forged ones, and hostile bytes. */
#include <errno.h>
#include <string.h>

#include "dw_test.h"
#include "made.h"

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t x = a[i];

		a[i] = b[i];
		b[i] = x;
	}
}

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* The probe's way back: addresses and ports change places. */
static uint8_t *turn(struct made *m, bool v4)
{
	uint8_t *ip = m->frame + 14, *t = ip + (v4 ? 20 : 40);

	if (v4)
		swap(ip + 12, ip + 16, 4);
	else
		swap(ip + 8, ip + 24, 16);
	if (m->probe.protocol != DW_PROTOCOL_RAW)
		swap(t, t + 2, 2);
	return t;
}

/* What the target would answer when the port is open. */
static void answer(struct made *m, bool v4)
{
	uint8_t *t = turn(m, v4);

	if (m->probe.protocol == DW_PROTOCOL_TCP) {
		put32(t + 4, 0x11223344);
		put32(t + 8, m->probe.cookie + 1);
		t[13] = 0x12;
	} else if (m->probe.protocol == DW_PROTOCOL_SCTP) {
		put32(t + 4, dw_packet_tag(m->probe.cookie));
		t[12] = 2;
	} else if (m->probe.protocol == DW_PROTOCOL_RAW) {
		t[0] = v4 ? 0 : 129;
	}
}

static int read_it(const struct made *m, bool v4, struct dw_packet_seen *seen)
{
	struct dw_packet_asked a = asked(m->probe.protocol, v4);

	*seen = (struct dw_packet_seen){ 0 };
	return dw_packet_read(&a, m->frame, m->n, seen);
}

DW_TEST(answers)
{
	static const enum dw_scan_why why[] = { DW_SCAN_WHY_SYN_ACK, DW_SCAN_WHY_REPLY,
						DW_SCAN_WHY_INIT_ACK, DW_SCAN_WHY_ECHO };

	for (unsigned i = 0; i < 8; i++) {
		bool v4 = i % 2 == 0;
		struct dw_packet_seen seen;
		struct made m;

		make(&m, protocols[i / 2], v4, FIRST + 9, i / 2 == 3 ? 0 : 443);
		DW_CHECK_INT(read_it(&m, v4, &seen), 0); /* our own probe is none */
		answer(&m, v4);
		DW_CHECK_INT(read_it(&m, v4, &seen), 1);
		DW_CHECK_INT(seen.why, why[i / 2]);
		DW_CHECK_INT(seen.port, i / 2 == 3 ? 0 : 443);
		DW_CHECK_INT(seen.round, 9);
		DW_CHECK_INT(seen.ttl, 64);
		DW_CHECK(dw_address_compare(&seen.host, &m.target) == 0);
		DW_CHECK(seen.from.family == DW_FAMILY_UNKNOWN && !seen.is_bare);
	}
}

DW_TEST(tcp_flags)
{
	static const struct {
		uint8_t flags;
		int want;
		enum dw_scan_why why;
	} cases[] = {
		{ 0x12, 1, DW_SCAN_WHY_SYN_ACK },
		{ 0x52, 1, DW_SCAN_WHY_SYN_ACK }, /* with ECN */
		{ 0x14, 1, DW_SCAN_WHY_RESET },
		{ 0x04, -EBADMSG, 0 },
		{ 0x02, -EBADMSG, 0 },
		{ 0x10, -EBADMSG, 0 },
		{ 0x16, -EBADMSG, 0 },
		{ 0x00, -EBADMSG, 0 },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct dw_packet_seen seen;
		struct made m;

		make(&m, DW_PROTOCOL_TCP, true, FIRST, 22);
		answer(&m, true);
		m.frame[34 + 13] = cases[i].flags;
		DW_CHECK_INT(read_it(&m, true, &seen), cases[i].want);
		DW_CHECK_INT(seen.why, cases[i].why);
	}
}

DW_TEST(bare_answers)
{
	struct dw_packet_seen seen;
	struct made m;

	make(&m, DW_PROTOCOL_TCP, true, FIRST, 22);
	answer(&m, true);
	m.frame[34 + 14] = m.frame[34 + 15] = 0; /* window */
	DW_CHECK(read_it(&m, true, &seen) == 1 && seen.is_bare);
	m.frame[34 + 14] = 1;
	DW_CHECK(read_it(&m, true, &seen) == 1 && !seen.is_bare);
	m.frame[34 + 12] = 0x50; /* no options */
	DW_CHECK(read_it(&m, true, &seen) == 1 && seen.is_bare);
}

/* Each bit of what must be repeated, and ports that are not ours. */
DW_TEST(forged_answers)
{
	static const struct {
		size_t at, n;
	} cookie[] = { { 8, 4 }, { 0, 0 }, { 4, 4 }, { 6, 6 } };

	for (unsigned i = 0; i < 8; i++) {
		bool v4 = i % 2 == 0;
		size_t t = v4 ? 34 : 54;
		struct dw_packet_seen seen;
		struct made m;

		make(&m, protocols[i / 2], v4, FIRST + 31, i / 2 == 3 ? 0 : 443);
		answer(&m, v4);
		for (size_t bit = 0; bit < 8 * cookie[i / 2].n; bit++) {
			uint8_t *byte = &m.frame[t + cookie[i / 2].at + bit / 8];

			*byte ^= (uint8_t)(1U << bit % 8);
			DW_CHECK_INT(read_it(&m, v4, &seen), -EBADMSG);
			*byte ^= (uint8_t)(1U << bit % 8);
		}
		DW_CHECK_INT(read_it(&m, v4, &seen), 1);
		m.frame[t + (i / 2 == 3 ? 5 : 3)] ^= 0x40; /* another port of ours */
		DW_CHECK_INT(read_it(&m, v4, &seen), 0);
	}
}

DW_TEST(udp_identifiers)
{
	static const uint8_t payload[20];
	struct dw_packet_asked a = asked(DW_PROTOCOL_UDP, true);
	struct dw_packet_seen seen;
	struct made m;

	make(&m, DW_PROTOCOL_UDP, true, FIRST, 53);
	m.probe.payload = payload;
	m.probe.n_payload = sizeof(payload);
	m.probe.id_at = 3;
	m.n = dw_packet_make(&m.probe, m.frame);
	(void)turn(&m, true);
	DW_CHECK_INT(read_it(&m, true, &seen), 1);
	DW_CHECK_INT(seen.n_payload, sizeof(payload));
	DW_CHECK(dw_packet_repeats_id(&a, &seen, 3) && dw_packet_repeats_id(&a, &seen, 0));
	DW_CHECK(!dw_packet_repeats_id(&a, &seen, 4));
	DW_CHECK(!dw_packet_repeats_id(&a, &seen, 20) && !dw_packet_repeats_id(&a, &seen, 65535));
	m.frame[34 + 8 + 2] ^= 1;
	DW_CHECK(read_it(&m, true, &seen) == 1 && !dw_packet_repeats_id(&a, &seen, 3));
}

/* --- ICMP --------------------------------------------------------------------------------------- */

/* An error about the probe, from `from`; quoting at most that many bytes behind the inner IP header. */
static void wrap(struct made *m, bool v4, const char *from, uint8_t type, uint8_t code,
		 size_t quoted)
{
	struct dw_address a = net_address(from);
	uint8_t inner[DW_PACKET_MAX], *ip = m->frame + 14;
	size_t header = v4 ? 20 : 40, n = m->n - 14;

	if (n > header + quoted)
		n = header + quoted;
	memcpy(inner, ip, n);
	memset(ip + header, 0, 8);
	ip[header] = type;
	ip[header + 1] = code;
	memcpy(ip + header + 8, inner, n);
	memcpy(ip + (v4 ? 16 : 24), m->source.bytes, v4 ? 4 : 16);
	memcpy(ip + (v4 ? 12 : 8), a.bytes, v4 ? 4 : 16);
	ip[v4 ? 9 : 6] = v4 ? 1 : 58;
	ip[v4 ? 2 : 4] = (uint8_t)((n + 8 + (v4 ? 20 : 0)) >> 8);
	ip[v4 ? 3 : 5] = (uint8_t)(n + 8 + (v4 ? 20 : 0));
	m->n = 14 + header + 8 + n;
}

static const struct {
	bool v4, by_host;
	uint8_t type, code;
	enum dw_scan_why why;
} errors[] = {
	{ true, true, 3, 3, DW_SCAN_WHY_PORT_UNREACHABLE },
	{ true, false, 3, 3, DW_SCAN_WHY_PROHIBITED },
	{ true, true, 3, 9, DW_SCAN_WHY_PROHIBITED },
	{ true, true, 3, 10, DW_SCAN_WHY_PROHIBITED },
	{ true, false, 3, 13, DW_SCAN_WHY_PROHIBITED },
	{ true, false, 3, 0, DW_SCAN_WHY_UNREACHABLE },
	{ true, false, 3, 1, DW_SCAN_WHY_UNREACHABLE },
	{ true, true, 3, 2, DW_SCAN_WHY_UNREACHABLE },
	{ true, false, 11, 0, DW_SCAN_WHY_UNREACHABLE },
	{ true, false, 3, 4, DW_SCAN_WHY_UNKNOWN },
	{ true, false, 11, 1, DW_SCAN_WHY_UNKNOWN },
	{ true, false, 5, 0, DW_SCAN_WHY_UNKNOWN },
	{ false, true, 1, 4, DW_SCAN_WHY_PORT_UNREACHABLE },
	{ false, false, 1, 4, DW_SCAN_WHY_PROHIBITED },
	{ false, true, 1, 1, DW_SCAN_WHY_PROHIBITED },
	{ false, true, 1, 5, DW_SCAN_WHY_PROHIBITED },
	{ false, false, 1, 6, DW_SCAN_WHY_PROHIBITED },
	{ false, false, 1, 0, DW_SCAN_WHY_UNREACHABLE },
	{ false, false, 1, 3, DW_SCAN_WHY_UNREACHABLE },
	{ false, false, 3, 0, DW_SCAN_WHY_UNREACHABLE },
	{ false, true, 4, 1, DW_SCAN_WHY_UNREACHABLE },
	{ false, false, 4, 0, DW_SCAN_WHY_UNKNOWN },
	{ false, false, 2, 0, DW_SCAN_WHY_UNKNOWN },
};

static void one_error(size_t i, enum dw_protocol p, size_t quoted)
{
	bool v4 = errors[i].v4;
	const char *other = v4 ? "203.0.113.5" : "2001:db8:2::5";
	const char *host = v4 ? "198.51.100.7" : "2001:db8:1::7";
	struct dw_address from = net_address(other);
	struct dw_packet_seen seen;
	struct made m;

	make(&m, p, v4, FIRST + 3, p == DW_PROTOCOL_RAW ? 0 : 161);
	wrap(&m, v4, errors[i].by_host ? host : other, errors[i].type, errors[i].code, quoted);
	DW_CHECK_INT(read_it(&m, v4, &seen), errors[i].why != DW_SCAN_WHY_UNKNOWN);
	DW_CHECK_INT(seen.why, errors[i].why);
	if (seen.why == DW_SCAN_WHY_UNKNOWN)
		return;
	DW_CHECK(dw_address_compare(&seen.host, &m.target) == 0);
	DW_CHECK_INT(seen.port, p == DW_PROTOCOL_RAW ? 0 : 161);
	DW_CHECK_INT(seen.round, 3);
	DW_CHECK(errors[i].by_host ? seen.from.family == DW_FAMILY_UNKNOWN
				   : dw_address_compare(&seen.from, &from) == 0);
}

DW_TEST(icmp_errors)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(errors); i++)
		for (size_t p = 0; p < 4; p++) {
			one_error(i, protocols[p], 1000);
			one_error(i, protocols[p], 8);
		}
}

/* The quoted cookie is another: nothing is believed. */
DW_TEST(forged_icmp_errors)
{
	static const struct {
		enum dw_protocol p;
		size_t at; /* in the quoted packet, IPv4 */
	} cases[] = { { DW_PROTOCOL_TCP, 20 + 4 },   { DW_PROTOCOL_TCP, 20 + 7 },
		      { DW_PROTOCOL_UDP, 4 },        { DW_PROTOCOL_UDP, 5 },
		      { DW_PROTOCOL_SCTP, 20 + 16 }, { DW_PROTOCOL_RAW, 20 + 6 },
		      { DW_PROTOCOL_RAW, 4 },        { DW_PROTOCOL_UDP, 16 } };

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct dw_packet_seen seen;
		struct made m;

		make(&m, cases[i].p, true, FIRST, cases[i].p == DW_PROTOCOL_RAW ? 0 : 161);
		wrap(&m, true, "198.51.100.7", 3, 3, 1000);
		m.frame[14 + 20 + 8 + cases[i].at] ^= 0x10;
		DW_CHECK_INT(read_it(&m, true, &seen), -EBADMSG);
	}
}

/* --- layers ------------------------------------------------------------------------------------- */

DW_TEST(vlan_tags)
{
	struct dw_packet_seen seen;
	struct made m;

	make(&m, DW_PROTOCOL_TCP, true, FIRST, 22);
	answer(&m, true);
	for (unsigned tags = 1; tags <= 3; tags++) {
		memmove(m.frame + 16, m.frame + 12, m.n - 12);
		memcpy(m.frame + 12, tags == 2 ? "\x88\xa8\x00\x07" : "\x81\x00\x00\x05", 4);
		m.n += 4;
		DW_CHECK_INT(read_it(&m, true, &seen), tags <= 2);
	}
}

DW_TEST(frames_without_ethernet)
{
	struct dw_packet_asked a = asked(DW_PROTOCOL_TCP, false);
	struct dw_packet_seen seen = { 0 };
	struct made m;

	make(&m, DW_PROTOCOL_TCP, false, FIRST, 22);
	answer(&m, false);
	a.ethernet = false;
	DW_CHECK_INT(dw_packet_read(&a, m.frame + 14, m.n - 14, &seen), 1);
	m.probe.ethernet = false;
	DW_CHECK_INT(dw_packet_make(&m.probe, m.frame), m.n - 14);
	DW_CHECK_INT(m.frame[0] >> 4, 6);
}

/* Hop-by-hop, routing and destination options are walked through; nine of them, and fragments, are not. */
DW_TEST(extension_headers)
{
	static const struct {
		uint8_t type;
		unsigned times;
		int want;
	} cases[] = { { 0, 1, 1 },  { 43, 1, 1 }, { 60, 7, 1 },
		      { 60, 9, 0 }, { 44, 1, 0 }, { 51, 1, 0 } };

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct dw_packet_seen seen;
		struct made m;

		make(&m, DW_PROTOCOL_TCP, false, FIRST, 22);
		answer(&m, false);
		for (unsigned k = 0; k < cases[i].times; k++) {
			uint8_t *t = m.frame + 54;

			memmove(t + 8, t, m.n - 54);
			memset(t, 0, 8);
			t[0] = m.frame[14 + 6];
			m.frame[14 + 6] = cases[i].type;
			m.frame[14 + 5] = (uint8_t)(m.frame[14 + 5] + 8);
			m.n += 8;
		}
		DW_CHECK_INT(read_it(&m, false, &seen), cases[i].want);
	}
}

DW_TEST(fragments_are_refused)
{
	struct dw_packet_seen seen;
	struct made m;

	make(&m, DW_PROTOCOL_UDP, true, FIRST, 53);
	(void)turn(&m, true);
	DW_CHECK_INT(read_it(&m, true, &seen), 1);
	m.frame[14 + 6] = 0x40; /* don't fragment: none */
	DW_CHECK_INT(read_it(&m, true, &seen), 1);
	m.frame[14 + 6] = 0x20; /* more follow */
	DW_CHECK_INT(read_it(&m, true, &seen), 0);
	m.frame[14 + 6] = 0;
	m.frame[14 + 7] = 1; /* not the first */
	DW_CHECK_INT(read_it(&m, true, &seen), 0);
}

/* --- hostile bytes ------------------------------------------------------------------------------ */

/* On the heap, as large as it says: the sanitizers see a step beyond its end. */
static int read_exact(const struct dw_packet_asked *a, const uint8_t *frame, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	struct dw_packet_seen seen = { 0 };
	int r;

	if (!copy)
		abort();
	memcpy(copy, frame, n);
	r = dw_packet_read(a, copy, n, &seen);
	if (r == 1 && seen.n_payload > 0)
		r = seen.payload >= copy && seen.payload + seen.n_payload <= copy + n ? 1 : -ERANGE;
	free(copy);
	return r;
}

DW_TEST(cut_and_damaged_frames)
{
	uint32_t x = 1;

	for (unsigned i = 0; i < 16; i++) {
		bool v4 = i % 2 == 0;
		struct dw_packet_asked a = asked(protocols[i / 2 % 4], v4);
		struct made m;

		make(&m, protocols[i / 2 % 4], v4, FIRST, i / 2 % 4 == 3 ? 0 : 7);
		if (i < 8)
			answer(&m, v4);
		else
			wrap(&m, v4, v4 ? "198.51.100.7" : "2001:db8:1::7", v4 ? 3 : 1, v4 ? 3 : 4,
			     1000);
		DW_CHECK_INT(read_exact(&a, m.frame, m.n), 1);
		for (size_t n = 0; n < (v4 ? 14U + 28 : 14U + 48); n++)
			DW_CHECK(read_exact(&a, m.frame, n) <= 0);
		for (unsigned k = 0; k < 20000; k++) {
			struct made d = m;

			for (unsigned hit = 0; hit < 1 + k % 3; hit++) {
				x = x * 1664525 + 1013904223;
				d.frame[(x >> 8) % d.n] ^= (uint8_t)(1U << (x >> 5) % 8);
			}
			DW_CHECK(read_exact(&a, d.frame, d.n - (x >> 24) % d.n) >= -EBADMSG);
		}
	}
}

DW_TEST_MAIN
