/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The beginning of an SSH connection, up to the server's proof that it has its host keys and can exchange keys with
 * whoever comes. Nothing has to be computed for that: any valid public value of ours makes the server answer, and what
 * it signs is not looked at. Our half is the base point of the curve, or a fixed number.
 */
#include "ssh-proof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <nettle/sha2.h>

#include "dw_sandbox.h"
#include "dw_str.h"
#include "dw_talk.h"
#include "ssh-wire.h"

#define KEYS_MAX                                                                                   \
	3 /* that are shown: sshd counts those that it does not take as tries (MaxAuthTries) */

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

/* The i-th list of the server's algorithms: behind type and cookie. */
static bool list_of(const uint8_t *payload, size_t n, size_t i, const uint8_t **ret, size_t *ret_n)
{
	const uint8_t *p = payload + 17;

	if (n < 17 || payload[0] != SSH_MSG_KEXINIT)
		return false;
	n -= 17;
	for (size_t k = 0; k <= i; k++)
		if (!ssh_get(&p, &n, ret, ret_n))
			return false;
	return true;
}

static bool offers(const uint8_t *payload, size_t n, size_t i, const char *name)
{
	const uint8_t *list;
	size_t length;

	return list_of(payload, n, i, &list, &length) && has(list, length, name);
}

int ssh_way(const uint8_t *payload, size_t n)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(ways); i++)
		if (offers(payload, n, 0, ways[i].name))
			return (int)i;
	return -1;
}

const struct ssh_suite *ssh_suite_of(const uint8_t *payload, size_t n)
{
	const struct ssh_suite *x;

	for (size_t i = 0; (x = ssh_suite_at(i)) != NULL; i++)
		if (offers(payload, n, 2, x->cipher) && offers(payload, n, 3, x->cipher) &&
		    (!*x->mac || (offers(payload, n, 4, x->mac) && offers(payload, n, 5, x->mac))))
			return x;
	return NULL;
}

/* With one suite that we speak, where it has one; else with all names that there are, to see that it takes one. */
static void offer(struct dw_str *b, int way, const struct ssh_suite *x)
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
	const char *cipher = x ? x->cipher : ciphers, *mac = x && *x->mac ? x->mac : macs;
	const char *pack = x ? "none" : packing;
	const char *const lists[] = { ways[way].name, keys, cipher, cipher, mac, mac,
				      pack,           pack, "",     "" };
	static const char cookie[16] = "doorward proof", rest[5] = { 0 };

	dw_str_addc(b, SSH_MSG_KEXINIT);
	dw_str_addn(b, cookie, sizeof(cookie));
	for (size_t i = 0; i < DW_ARRAY_SIZE(lists); i++)
		ssh_put(b, lists[i], strlen(lists[i]));
	dw_str_addn(b, rest, sizeof(rest));
}

/* What was said so far: both sides hash it, and their keys come from that. */
struct exchanged {
	int way;
	const struct ssh_suite *suite;
	struct dw_str theirs, ours; /* offers */
	struct dw_str key, value;   /* the host key, and the server's half */
};

static enum ssh_stage exchange(struct ssh_talk *t, struct dw_arena *a, struct exchanged *x)
{
	struct dw_str b = { .arena = a };
	const uint8_t *payload = NULL, *part;
	size_t n = ssh_hear_packet(t, &payload), length;

	*x = (struct exchanged){ .theirs = { .arena = a },
				 .ours = { .arena = a },
				 .key = { .arena = a },
				 .value = { .arena = a } };
	if (n == 0 || payload[0] != SSH_MSG_KEXINIT)
		return SSH_BANNER;
	dw_str_addn(&x->theirs, (const char *)payload, n);
	x->way = ssh_way(payload, n);
	if (x->way < 0) /* it has other ways alone: so far it is well */
		return SSH_OFFER;
	x->suite = ssh_suite_of(payload, n);
	offer(&x->ours, x->way, x->suite);
	dw_str_addc(&b, SSH_MSG_KEX_INIT);
	ssh_put(&b, ways[x->way].value, ways[x->way].n);
	if (!ssh_say_packet(t, a, &x->ours) || !ssh_say_packet(t, a, &b))
		return SSH_OFFER;
	n = ssh_hear_packet(t, &payload);
	if (n == 0 || payload[0] != SSH_MSG_KEX_REPLY)
		return SSH_OFFER;
	payload++;
	n--;
	if (ssh_get(&payload, &n, &part, &length))
		dw_str_addn(&x->key, (const char *)part, length);
	if (ssh_get(&payload, &n, &part, &length))
		dw_str_addn(&x->value, (const char *)part, length);
	return SSH_PROVEN;
}

/* --- keys --------------------------------------------------------------------------------------------------- */

/*
 * Our half is the base point, so what both share is the server's own half: whoever listens can read the connection. It
 * carries the name of an account and public keys. The number is hashed as an mpint (RFC 4251, 5).
 */
static bool secret_of(const struct exchanged *x, struct dw_str *ret)
{
	const char *name = ways[x->way].name, *p = x->value.s;
	struct dw_str number = { .arena = ret->arena };
	size_t n = 32;

	if (dw_starts_with(name, "curve25519") && x->value.n == 32)
		;
	else if (dw_streq(name, "ecdh-sha2-nistp256") && x->value.n == 65 && p[0] == 4)
		p++; /* the point's first half */
	else
		return false;
	while (n > 0 && *p == 0) {
		p++;
		n--;
	}
	if (n > 0 && (uint8_t)*p & 0x80)
		dw_str_addc(&number, '\0');
	dw_str_addn(&number, p, n);
	ssh_put(ret, number.s ? number.s : "", number.n);
	return n > 0;
}

/* RFC 5656, 4; RFC 8731, 3: HASH(V_C || V_S || I_C || I_S || K_S || Q_C || Q_S || K). */
static bool seal(struct ssh_talk *t, struct dw_arena *a, const struct exchanged *x)
{
	struct dw_str all = { .arena = a }, secret = { .arena = a };
	uint8_t hash[SSH_HASH];
	struct sha256_ctx h;

	if (!x->suite || !secret_of(x, &secret))
		return false;
	ssh_put(&all, SSH_VERSION, strlen(SSH_VERSION));
	ssh_put(&all, t->hello.s, t->hello.n);
	ssh_put(&all, x->ours.s, x->ours.n);
	ssh_put(&all, x->theirs.s, x->theirs.n);
	ssh_put(&all, x->key.s ? x->key.s : "", x->key.n);
	ssh_put(&all, ways[x->way].value, ways[x->way].n);
	ssh_put(&all, x->value.s, x->value.n);
	dw_str_addn(&all, secret.s, secret.n);
	sha256_init(&h);
	sha256_update(&h, all.n, (const uint8_t *)all.s);
	sha256_digest(&h, sizeof(hash), hash);
	ssh_seal_start(&t->out, x->suite, &secret, hash, 0);
	ssh_seal_start(&t->in, x->suite, &secret, hash, 1);
	return true;
}

/* Each side says so in its last readable packet. */
static bool take_keys(struct ssh_talk *t, struct dw_arena *a, const struct exchanged *x)
{
	struct dw_str b = { .arena = a };
	const uint8_t *payload;
	size_t n;

	dw_str_addc(&b, SSH_MSG_NEWKEYS);
	if (!ssh_say_packet(t, a, &b))
		return false;
	n = ssh_hear_packet(t, &payload);
	return n == 1 && payload[0] == SSH_MSG_NEWKEYS && seal(t, a, x);
}

/* --- logging in (RFC 4252) ---------------------------------------------------------------------------------- */

unsigned ssh_methods_read(const uint8_t *payload, size_t n)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = { { "publickey", SSH_TAKES_KEYS },
		      { "password", SSH_TAKES_PASSWORDS },
		      { "keyboard-interactive", SSH_TAKES_PASSWORDS },
		      { "gssapi-with-mic", SSH_TAKES_OTHERS },
		      { "hostbased", SSH_TAKES_OTHERS } };
	const uint8_t *p = payload + 1, *list;
	unsigned methods = SSH_ANSWERED;
	size_t length;

	if (n < 1 || payload[0] != SSH_MSG_AUTH_FAILURE)
		return 0;
	n--;
	if (!ssh_get(&p, &n, &list, &length))
		return 0;
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (has(list, length, known[i].name))
			methods |= known[i].bit;
	return methods;
}

static void begin_request(struct dw_str *b, const char *user, const char *method)
{
	dw_str_addc(b, SSH_MSG_AUTH_REQUEST);
	ssh_put(b, user, strlen(user));
	ssh_put(b, "ssh-connection", strlen("ssh-connection"));
	ssh_put(b, method, strlen(method));
}

static size_t ask(struct ssh_talk *t, struct dw_arena *a, const struct dw_str *b,
		  const uint8_t **ret)
{
	size_t n = ssh_say_packet(t, a, b) ? ssh_hear_packet(t, ret) : 0;

	while (n > 0 && **ret == SSH_MSG_AUTH_BANNER)
		n = ssh_hear_packet(t, ret);
	return n;
}

/* Section 7: would it take a signature of that key? What is accepted so is no try. */
static bool takes_key(struct ssh_talk *t, struct dw_arena *a, const char *user,
		      const struct dw_authkey *k)
{
	/* RFC 8332: an RSA key is the same by all of its algorithms */
	const char *by = dw_streq(k->type, "ssh-rsa") ? "rsa-sha2-512" : k->type;
	struct dw_str b = { .arena = a };
	const uint8_t *payload;
	size_t n;

	begin_request(&b, user, "publickey");
	dw_str_addc(&b, 0);
	ssh_put(&b, by, strlen(by));
	ssh_put(&b, k->blob, k->n);
	n = ask(t, a, &b, &payload);
	return n > 0 && payload[0] == SSH_MSG_AUTH_KEY_OK;
}

static unsigned log_in(struct ssh_talk *t, struct dw_arena *a, const char *user,
		       const struct dw_authkeys *keys)
{
	struct dw_str service = { .arena = a }, none = { .arena = a };
	const uint8_t *payload;
	unsigned methods = 0, shown = 0;
	size_t n;

	dw_str_addc(&service, SSH_MSG_SERVICE_REQUEST);
	ssh_put(&service, "ssh-userauth", strlen("ssh-userauth"));
	n = ask(t, a, &service, &payload);
	if (n == 0 || payload[0] != SSH_MSG_SERVICE_ACCEPT)
		return 0;
	begin_request(&none, user, "none");
	n = ask(t, a, &none, &payload);
	if (n == 0)
		return 0;
	if (payload[0] == SSH_MSG_AUTH_SUCCESS)
		return SSH_ANSWERED | SSH_TAKES_ANYBODY;
	methods = ssh_methods_read(payload, n);
	for (size_t i = 0; keys && methods & SSH_TAKES_KEYS && i < keys->v.n && shown < KEYS_MAX;
	     i++) {
		if (keys->v.v[i].state != DW_AUTHKEY_YES)
			continue;
		shown++;
		if (takes_key(t, a, user, &keys->v.v[i]))
			return methods | SSH_TOOK_KEY;
	}
	return methods;
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

struct shared {
	uint32_t stage, methods;
};

struct proof {
	struct shared *shared;
	uint64_t end;
	const char *user; /* NULL: nobody wants in */
	const struct dw_authkeys *keys;
};

/* All that comes from the network is read here: what is broken into has one connection, and a number to write. */
static int read_in_child(void *data, const int *fds)
{
	static const char hello[] = SSH_VERSION "\r\n";
	const struct proof *p = data;
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct ssh_talk *t = dw_new(a, struct ssh_talk);
	struct exchanged x;
	enum ssh_stage stage;

	t->fd = fds[0];
	t->end = p->end;
	if (!ssh_say(t, hello, sizeof(hello) - 1) || !ssh_hear_hello(t, a))
		return 0;
	stage = exchange(t, a, &x);
	dw_shared_set(&p->shared->stage, (uint32_t)stage);
	if (p->user && stage == SSH_PROVEN && take_keys(t, a, &x))
		dw_shared_set(&p->shared->methods, log_in(t, a, p->user, p->keys));
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

static void connect_and_ask(struct dw_sys *s, const char *place, struct proof *p, unsigned ms,
			    struct shared *ret, struct dw_error *e)
{
	struct ssh_talk wait = { .end = dw_talk_now() + ms };
	uint8_t address[16] = { 0 };
	uint16_t port;
	void *shared = NULL;
	bool v6;

	*ret = (struct shared){ 0 };
	if (!ssh_place(place, &v6, address, &port) ||
	    dw_shared_map(s, "what sshd says", sizeof(*p->shared), &shared, e) < 0)
		return;
	p->shared = shared;
	p->end = wait.end;
	on_loopback(v6, address);
	wait.fd = dw_talk_connect(s, false, v6, address, 0, port, NULL);
	if (wait.fd >= 0 && ssh_wait(&wait, POLLOUT) && dw_talk_connected(wait.fd) == 0 &&
	    ask_in_child(s, wait.fd, p, e) == 0) {
		ret->stage = dw_shared_get(&p->shared->stage);
		ret->methods = dw_shared_get(&p->shared->methods);
	}
	dw_talk_close(wait.fd);
	dw_shared_unmap(shared, sizeof(*p->shared));
}

enum ssh_stage ssh_proof(struct dw_sys *s, const char *place, unsigned ms, struct dw_error *e)
{
	struct proof p = { 0 };
	struct shared said;

	connect_and_ask(s, place, &p, ms, &said, e);
	return said.stage <= SSH_PROVEN ? (enum ssh_stage)said.stage : SSH_NOTHING;
}

unsigned ssh_methods(struct dw_sys *s, const char *place, unsigned ms, const char *user,
		     const struct dw_authkeys *keys, struct dw_error *e)
{
	struct proof p = { .user = user, .keys = keys };
	struct shared said;

	connect_and_ask(s, place, &p, ms, &said, e);
	return said.methods & SSH_ANSWERED ? said.methods & SSH_METHODS_ALL : 0;
}
