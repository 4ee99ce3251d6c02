/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The beginning of an SSH connection, up to the server's proof that it has its host keys and can exchange keys with
 * whoever comes. Nothing has to be computed for that: any valid public value of ours makes the server answer, and what
 * it signs is not looked at. Our half is the base point of the curve, or a fixed number.
 */
#include "ssh-proof.h"

#include <arpa/inet.h>
#include <errno.h>

#include "dw_sandbox.h"
#include "dw_str.h"
#include "dw_talk.h"

#define BANNER_MAX 8192  /* RFC 4253, 4.2: lines before the banner may come */
#define PACKET_MAX 35000 /* RFC 4253, 6.1 */
#define SHIELD     8     /* least size of a cipher's block, to which packets are padded */

enum {
	MSG_DISCONNECT = 1,
	MSG_IGNORE = 2,
	MSG_DEBUG = 4,
	MSG_KEXINIT = 20,
	MSG_INIT = 30,
	MSG_REPLY = 31
};

/* The base points: RFC 7748, 4.1 (u = 9), and SEC 2, 2.4.2 (uncompressed). */
static const uint8_t curve25519[32] = { 9 };
static const uint8_t nistp256[65] = {
	0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
	0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
	0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
	0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
	0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};
static const uint8_t modp[255] = { [0 ... 254] =
					   0x5a }; /* below the prime of 2048 bits (RFC 3526, 3) */

static const struct {
	const char *name;
	const uint8_t *value;
	size_t n;
} ways[] = {
	{ "curve25519-sha256", curve25519, sizeof(curve25519) },
	{ "curve25519-sha256@libssh.org", curve25519, sizeof(curve25519) },
	{ "ecdh-sha2-nistp256", nistp256, sizeof(nistp256) },
	{ "diffie-hellman-group14-sha256", modp, sizeof(modp) },
};

struct talk {
	int fd;
	uint64_t end; /* dw_talk_now() */
	uint8_t data[PACKET_MAX + 4];
	size_t n; /* bytes of data that are there */
};

/* --- bytes ----------------------------------------------------------------------------------------------- */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool wait_for(const struct talk *t, short what)
{
	struct pollfd p = { .fd = t->fd, .events = what };
	uint64_t now = dw_talk_now();

	return now < t->end && dw_talk_poll(&p, 1, (unsigned)(t->end - now)) > 0;
}

static bool say(const struct talk *t, const void *data, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = dw_talk_write(t->fd, (const char *)data + done, n - done);

		if (r < 0 && r != -EAGAIN)
			return false;
		if (r > 0)
			done += (size_t)r;
		else if (!wait_for(t, POLLOUT))
			return false;
	}
	return true;
}

static bool hear(struct talk *t)
{
	for (;;) {
		ssize_t r = t->n < sizeof(t->data)
				    ? dw_talk_read(t->fd, t->data + t->n, sizeof(t->data) - t->n)
				    : 0;

		if (r > 0)
			t->n += (size_t)r;
		if (r != -EAGAIN)
			return r > 0;
		if (!wait_for(t, POLLIN))
			return false;
	}
}

static void drop(struct talk *t, size_t n)
{
	memmove(t->data, t->data + n, t->n - n);
	t->n -= n;
}

/* --- packets (RFC 4253, 6), before there are keys --------------------------------------------------------- */

static void put_string(struct dw_str *b, const void *p, size_t n)
{
	const char length[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

	dw_str_addn(b, length, 4);
	dw_str_addn(b, p, n);
}

static bool say_packet(const struct talk *t, struct dw_arena *a, const struct dw_str *payload)
{
	size_t pad = SHIELD - (5 + payload->n) % SHIELD, n = 1 + payload->n;
	struct dw_str b = { .arena = a };
	const uint32_t length = htonl((uint32_t)(n + (pad < 4 ? pad + SHIELD : pad)));
	static const char zeroes[2 * SHIELD];

	pad = pad < 4 ? pad + SHIELD : pad;
	dw_str_addn(&b, (const char *)&length, 4);
	dw_str_addc(&b, (char)pad);
	dw_str_addn(&b, payload->s, payload->n);
	dw_str_addn(&b, zeroes, pad);
	return say(t, b.s, b.n);
}

/* The payload of the next packet that means something; 0: there is none. It lies in t->data until the next call. */
static size_t hear_packet(struct talk *t, const uint8_t **ret, size_t *used)
{
	for (;;) {
		uint32_t length;

		drop(t, *used);
		*used = 0;
		while (t->n < 6)
			if (!hear(t))
				return 0;
		length = be32(t->data);
		if (length < 2 || length > PACKET_MAX || t->data[4] >= length - 1)
			return 0;
		while (t->n < 4 + (size_t)length)
			if (!hear(t))
				return 0;
		*used = 4 + (size_t)length;
		*ret = t->data + 5;
		if (**ret != MSG_IGNORE && **ret != MSG_DEBUG)
			return length - 1 - t->data[4];
	}
}

static bool hear_banner(struct talk *t)
{
	for (size_t seen = 0; seen < BANNER_MAX;) {
		const uint8_t *end = memchr(t->data, '\n', t->n);
		bool found = end && t->n >= 8 && memcmp(t->data, "SSH-2.0-", 8) == 0;

		if (!end && !hear(t))
			return false;
		if (!end)
			continue;
		seen += (size_t)(end - t->data) + 1;
		drop(t, (size_t)(end - t->data) + 1);
		if (found)
			return true;
	}
	return false;
}

/* --- the exchange ------------------------------------------------------------------------------------------ */

static bool has(const uint8_t *list, size_t n, const char *name)
{
	size_t length = strlen(name);

	for (size_t at = 0; at < n;) {
		const uint8_t *comma = memchr(list + at, ',', n - at);
		size_t one = comma ? (size_t)(comma - list) - at : n - at;

		if (one == length && memcmp(list + at, name, length) == 0)
			return true;
		at += one + 1;
	}
	return false;
}

int ssh_way(const uint8_t *payload, size_t n)
{
	uint32_t length;

	/* type, cookie, then the first list: ways to exchange keys */
	if (n < 21 || payload[0] != MSG_KEXINIT)
		return -1;
	length = be32(payload + 17);
	if (length > n - 21)
		return -1;
	for (size_t i = 0; i < DW_ARRAY_SIZE(ways); i++)
		if (has(payload + 21, length, ways[i].name))
			return (int)i;
	return -1;
}

static bool offer(const struct talk *t, struct dw_arena *a, int way)
{
	static const char keys[] =
		"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
		"rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-dss";
	static const char ciphers[] =
		"chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,"
		"aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-cbc,aes256-cbc,3des-cbc";
	static const char macs[] =
		"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,"
		"hmac-sha2-512,umac-128-etm@openssh.com,umac-128@openssh.com,"
		"umac-64-etm@openssh.com,umac-64@openssh.com,hmac-sha1-etm@openssh.com,hmac-sha1";
	static const char packing[] = "none,zlib@openssh.com,zlib";
	const char *const lists[] = { ways[way].name, keys,    ciphers, ciphers, macs,
				      macs,           packing, packing, "",      "" };
	static const char cookie[16] = "doorward proof", rest[5] = { 0 };
	struct dw_str b = { .arena = a };

	dw_str_addc(&b, MSG_KEXINIT);
	dw_str_addn(&b, cookie, sizeof(cookie));
	for (size_t i = 0; i < DW_ARRAY_SIZE(lists); i++)
		put_string(&b, lists[i], strlen(lists[i]));
	dw_str_addn(&b, rest, sizeof(rest));
	return say_packet(t, a, &b);
}

static enum ssh_stage exchange(struct talk *t, struct dw_arena *a)
{
	struct dw_str b = { .arena = a };
	const uint8_t *payload = NULL;
	size_t used = 0, n = hear_packet(t, &payload, &used);
	int way;

	if (n == 0 || payload[0] != MSG_KEXINIT)
		return SSH_BANNER;
	way = ssh_way(payload, n);
	if (way < 0 || !offer(t, a, way)) /* it has other ways alone: so far it is well */
		return SSH_OFFER;
	dw_str_addc(&b, MSG_INIT);
	put_string(&b, ways[way].value, ways[way].n);
	if (!say_packet(t, a, &b))
		return SSH_OFFER;
	n = hear_packet(t, &payload, &used);
	return n > 0 && payload[0] == MSG_REPLY ? SSH_PROVEN : SSH_OFFER;
}

/* --- the connection ---------------------------------------------------------------------------------------- */

bool ssh_place(const char *place, bool *ret_v6, uint8_t ret[16], uint16_t *ret_port)
{
	const char *colon = strrchr(place, ':');
	size_t n = colon ? (size_t)(colon - place) : 0;
	char address[INET6_ADDRSTRLEN];
	uint64_t port;

	*ret_v6 = place[0] == '[';
	if (*ret_v6 && (n < 2 || colon[-1] != ']'))
		return false;
	if (*ret_v6) {
		place++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(address) || !dw_parse_u64(colon + 1, 10, UINT16_MAX, &port) ||
	    port == 0)
		return false;
	memcpy(address, place, n);
	address[n] = '\0';
	*ret_port = (uint16_t)port;
	return inet_pton(*ret_v6 ? AF_INET6 : AF_INET, address, ret) == 1;
}

/* What listens everywhere is asked on this host's own loopback. */
static void on_loopback(bool v6, uint8_t address[16])
{
	static const uint8_t none[16];

	if (v6 && memcmp(address, none, 16) == 0)
		address[15] = 1;
	else if (!v6 && memcmp(address, none, 4) == 0)
		memcpy(address, (const uint8_t[]){ 127, 0, 0, 1 }, 4);
}

/* --- the child ---------------------------------------------------------------------------------------------- */

#define GRACE_MS     1000 /* for a child whose time is over to say how far it got */
#define CHILD_MEMORY ((size_t)32 * 1024 * 1024)

struct proof {
	uint32_t *stage; /* shared */
	uint64_t end;
};

/* All that comes from the network is read here: what is broken into has one connection, and a number to write. */
static int read_in_child(void *data, const int *fds)
{
	static const char banner[] = "SSH-2.0-doorward\r\n";
	const struct proof *p = data;
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct talk *t = dw_new(a, struct talk);

	t->fd = fds[0];
	t->end = p->end;
	if (say(t, banner, sizeof(banner) - 1) && hear_banner(t))
		dw_shared_set(p->stage, (uint32_t)exchange(t, a));
	return 0;
}

static int ask_in_child(struct dw_sys *s, int fd, struct proof *p, struct dw_error *e)
{
	_cleanup_sandbox_ struct dw_sandbox *child = NULL;
	const struct dw_sandbox_options o = {
		.name = "the reader of what sshd says",
		.run = read_in_child,
		.data = p,
		.fds = &fd,
		.n_fds = 1,
		.calls = DW_SANDBOX_SEND | DW_SANDBOX_RECEIVE | DW_SANDBOX_POLL | DW_SANDBOX_CLOCK |
			 DW_SANDBOX_MEMORY | DW_SANDBOX_FUTEX,
		.memory = CHILD_MEMORY,
	};
	uint64_t now = dw_talk_now();
	struct dw_error why = { 0 };
	struct pollfd ended;
	int r = dw_sandbox_start(s, &o, &child, e);

	if (r < 0)
		return r;
	ended = (struct pollfd){ .fd = dw_sandbox_fd(child), .events = POLLIN };
	/* it ends by itself then; one that was killed did something it may not */
	(void)dw_talk_poll(&ended, 1, (now < p->end ? (unsigned)(p->end - now) : 0) + GRACE_MS);
	r = dw_sandbox_check(child, &why);
	return r == -ESRCH ? 0
			   : dw_error_set(e, r ? r : -ETIMEDOUT, "%s",
					  r ? why.message : "it does not end");
}

enum ssh_stage ssh_proof(struct dw_sys *s, const char *place, unsigned ms, struct dw_error *e)
{
	uint8_t address[16] = { 0 };
	struct proof p = { .end = dw_talk_now() + ms };
	uint32_t stage = SSH_NOTHING;
	struct talk t = { .end = p.end };
	uint16_t port;
	void *shared = NULL;
	bool v6;

	if (!ssh_place(place, &v6, address, &port) ||
	    dw_shared_map(s, "what sshd says", sizeof(*p.stage), &shared, e) < 0)
		return SSH_NOTHING;
	p.stage = shared;
	on_loopback(v6, address);
	t.fd = dw_talk_connect(s, false, v6, address, 0, port, NULL);
	if (t.fd >= 0 && wait_for(&t, POLLOUT) && dw_talk_connected(t.fd) == 0 &&
	    ask_in_child(s, t.fd, &p, e) == 0)
		stage = dw_shared_get(p.stage);
	dw_talk_close(t.fd);
	dw_shared_unmap(shared, sizeof(*p.stage));
	return stage <= SSH_PROVEN ? (enum ssh_stage)stage : SSH_NOTHING;
}
