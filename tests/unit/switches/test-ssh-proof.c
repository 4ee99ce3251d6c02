/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a new connection gets, against servers that stop, say too much, or say nothing; read in a sandbox. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <nettle/sha2.h>
#include <unistd.h>

#include "dw_str.h"
#include "dw_test.h"
#include "ssh-proof.h"
#include "ssh-wire.h"

#define BANNER "SSH-2.0-made_up\r\n"

struct server {
	char place[32];
	int fd, pid;
};

static void add_packet(struct dw_str *b, const void *payload, size_t n)
{
	const uint32_t length = htonl((uint32_t)(n + 1 + 4));

	dw_str_addn(b, (const char *)&length, 4);
	dw_str_addc(b, 4);
	dw_str_addn(b, payload, n);
	dw_str_addn(b, "\0\0\0\0", 4);
}

static void serve(int fd, const char *bytes, size_t n)
{
	for (;;) {
		char rest[4096];
		int c = accept(fd, NULL, NULL);

		if (c < 0)
			_exit(1);
		(void)!write(c, bytes, n);
		while (n && read(c, rest, sizeof(rest)) > 0)
			;
		(void)close(c);
	}
}

/* says NULL: the child (pid 0) returns as well, and serves by itself. */
static struct server start(const struct dw_str *says)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	struct server s = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	DW_CHECK(bind(s.fd, (struct sockaddr *)&at, n) == 0 && listen(s.fd, 5) == 0 &&
		 getsockname(s.fd, (struct sockaddr *)&at, &n) == 0);
	(void)snprintf(s.place, sizeof(s.place), "127.0.0.1:%u", ntohs(at.sin_port));
	s.pid = fork();
	if (s.pid == 0 && says)
		serve(s.fd, says->s ? says->s : "", says->n);
	return s;
}

static void stop(const struct server *s)
{
	(void)close(s->fd);
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
}

static void reaches(const struct dw_str *says, enum ssh_stage want)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct server s = start(says);
	struct dw_error e = { 0 };

	DW_CHECK(dw_sys_open(NULL, &sys, NULL) == 0);
	DW_CHECK_INT(ssh_proof(sys, s.place, 1000, &e), want);
	DW_CHECK_STR(e.message, "");
	stop(&s);
}

DW_TEST(each_stage)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str says = { .arena = a }, offer = { .arena = a };
	static const char zeroes[16];

	reaches(&says, SSH_NOTHING);
	dw_str_add(&says, "Welcome to this host\r\n");
	reaches(&says, SSH_NOTHING);
	dw_str_add(&says, BANNER);
	reaches(&says, SSH_BANNER);
	dw_str_addc(&offer, 20);
	dw_str_addn(&offer, zeroes, sizeof(zeroes));
	dw_str_addn(&offer,
		    "\0\0\0\x11"
		    "curve25519-sha256",
		    21);
	add_packet(&says, offer.s, offer.n);
	reaches(&says, SSH_OFFER);
	add_packet(&says, "\x02ignore", 7);
	add_packet(&says,
		   "\x1f"
		   "signed",
		   7);
	reaches(&says, SSH_PROVEN);
}

DW_TEST(what_is_no_packet)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str says = { .arena = a };

	dw_str_add(&says, BANNER);
	dw_str_addn(&says, "\xff\xff\xff\xff\xff\xff", 6);
	reaches(&says, SSH_BANNER);
	says.n = 0;
	for (int i = 0; i < 2000; i++)
		dw_str_add(&says, "line after line\n");
	dw_str_add(&says, BANNER);
	reaches(&says, SSH_NOTHING);
}

/* Without a sandbox nothing is read, and so nothing is proven. */
DW_TEST(each_call_may_fail)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct dw_str says = { .arena = a };
	struct dw_error e = { 0 };
	struct server s;
	unsigned calls;

	dw_str_add(&says, BANNER);
	s = start(&says);
	DW_CHECK(dw_sys_open(NULL, &sys, NULL) == 0);
	DW_CHECK_INT(ssh_proof(sys, s.place, 200, &e), SSH_BANNER);
	calls = dw_sys_calls(sys);
	DW_CHECK(calls > 1 && calls < 50);
	for (unsigned n = 1; n <= calls; n++) {
		dw_sys_fail_at(sys, n, EPERM);
		DW_CHECK_INT(ssh_proof(sys, s.place, 200, &e), SSH_NOTHING);
	}
	stop(&s);
}

/* --- a server with whom one logs in ------------------------------------------------------------------------- */

/* The public half of a key of our own: what both share is that number, for the client's half is the base point. */
#define HALF                                                                                       \
	"\x80"                                                                                     \
	"2345678901234567890123456789012"
#define USER "ann"

struct rules {
	const char *way, *cipher, *mac; /* what it has */
	const char *methods;            /* NULL: whoever comes is in */
	const char *takes;              /* the kind of key that it takes; NULL: none */
	bool forged;                    /* its packets are not summed right */
};

static void reply(struct ssh_talk *t, struct dw_arena *a, int type, const char *rest, size_t n)
{
	struct dw_str b = { .arena = a };

	dw_str_addc(&b, (char)type);
	dw_str_addn(&b, rest, n);
	if (!ssh_say_packet(t, a, &b))
		_exit(1);
}

static void reply_text(struct ssh_talk *t, struct dw_arena *a, int type, const char *text)
{
	struct dw_str b = { .arena = a };

	ssh_put(&b, text, strlen(text));
	dw_str_addc(&b, '\0');
	reply(t, a, type, b.s, b.n);
}

static const struct ssh_suite *suite_named(const struct rules *r)
{
	const struct ssh_suite *x;

	for (size_t i = 0; (x = ssh_suite_at(i)) != NULL; i++)
		if (dw_streq(x->cipher, r->cipher) && (!*x->mac || dw_streq(x->mac, r->mac)))
			return x;
	return NULL;
}

/* RFC 5656, 4, from the other side; ours and theirs are the two offers. */
static void seal(struct ssh_talk *t, struct dw_arena *a, const struct rules *r,
		 const struct dw_str *theirs, const struct dw_str *ours, const struct dw_str *value)
{
	struct dw_str all = { .arena = a }, secret = { .arena = a };
	uint8_t hash[SSH_HASH];
	struct sha256_ctx h;

	/* an mpint: the first byte has its highest bit set */
	ssh_put(&secret, "\0" HALF, 33);
	ssh_put(&all, t->hello.s, t->hello.n);
	ssh_put(&all, "SSH-2.0-made_up", 15);
	ssh_put(&all, theirs->s, theirs->n);
	ssh_put(&all, ours->s, ours->n);
	ssh_put(&all, "host key", 8);
	ssh_put(&all, value->s, value->n);
	ssh_put(&all, HALF, 32);
	dw_str_addn(&all, secret.s, secret.n);
	sha256_init(&h);
	sha256_update(&h, all.n, (const uint8_t *)all.s);
	sha256_digest(&h, sizeof(hash), hash);
	hash[0] ^= r->forged;
	ssh_seal_start(&t->out, suite_named(r), &secret, hash, 1);
	hash[0] ^= r->forged;
	ssh_seal_start(&t->in, suite_named(r), &secret, hash, 0);
}

static void take_keys(struct ssh_talk *t, struct dw_arena *a, const struct rules *r)
{
	const char *const lists[] = { r->way, "ssh-ed25519", r->cipher, r->cipher, r->mac,
				      r->mac, "none",        "none",    "",        "" };
	struct dw_str ours = { .arena = a }, theirs = { .arena = a }, value = { .arena = a };
	struct dw_str half = { .arena = a };
	const uint8_t *p, *part;
	size_t n, length;

	dw_str_addc(&ours, 20);
	dw_str_addn(&ours, "a cookie of ours", 16);
	for (size_t i = 0; i < DW_ARRAY_SIZE(lists); i++)
		ssh_put(&ours, lists[i], strlen(lists[i]));
	dw_str_addn(&ours, "\0\0\0\0\0", 5);
	(void)ssh_say_packet(t, a, &ours);
	n = ssh_hear_packet(t, &p);
	dw_str_addn(&theirs, (const char *)p, n);
	n = ssh_hear_packet(t, &p);
	if (!n-- || *p++ != 30 || !ssh_get(&p, &n, &part, &length))
		_exit(1);
	dw_str_addn(&value, (const char *)part, length);
	ssh_put(&half, "host key", 8);
	ssh_put(&half, HALF, 32);
	ssh_put(&half, "signed", 6);
	reply(t, a, 31, half.s, half.n);
	reply(t, a, 21, "", 0);
	if (ssh_hear_packet(t, &p) != 1 || *p != 21)
		_exit(1);
	seal(t, a, r, &theirs, &ours, &value);
}

/* "none" or "publickey", of USER; *ret: the kind of key. */
static const char *asked(struct dw_arena *a, const uint8_t *p, size_t n, const char **ret)
{
	const uint8_t *part[4];
	size_t length[4];

	for (int i = 0; i < 3; i++)
		if (!ssh_get(&p, &n, &part[i], &length[i]))
			_exit(1);
	if (length[0] != strlen(USER) || memcmp(part[0], USER, length[0]) != 0)
		_exit(1);
	if (n > 0 && (p++, n--, ssh_get(&p, &n, &part[3], &length[3])))
		*ret = dw_arena_strndup(a, (const char *)part[3], length[3]);
	return dw_arena_strndup(a, (const char *)part[2], length[2]);
}

static void answer(struct ssh_talk *t, struct dw_arena *a, const struct rules *r)
{
	const char *type = "", *method;
	const uint8_t *p;
	size_t n = ssh_hear_packet(t, &p);

	if (n == 0 || *p != 5)
		return;
	reply(t, a, 2, "ignore this", 11);
	reply_text(t, a, 6, "ssh-userauth");
	while ((n = ssh_hear_packet(t, &p)) > 0) {
		method = asked(a, p + 1, n - 1, &type);
		reply_text(t, a, 53, "Welcome");
		if (!r->methods)
			reply(t, a, 52, "", 0);
		else if (dw_streq(method, "publickey") && r->takes && dw_streq(type, r->takes))
			reply_text(t, a, 60, type);
		else
			reply_text(t, a, 51, r->methods);
	}
}

static void let_in(int fd, const struct rules *r)
{
	struct dw_arena *a = dw_arena_new();
	struct ssh_talk *t = dw_new(a, struct ssh_talk);

	t->end = UINT64_MAX;
	t->fd = accept(fd, NULL, NULL);
	if (!ssh_say(t, BANNER, strlen(BANNER)) || !ssh_hear_hello(t, a))
		_exit(1);
	take_keys(t, a, r);
	answer(t, a, r);
	_exit(0);
}

static void may(const struct rules *r, unsigned want)
{
	static const uint8_t blob[] = "\0\0\0\x0bssh-ed25519 and so on";
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct dw_error e = { 0 };
	struct dw_authkeys keys = { 0 };
	struct server s = start(NULL);

	if (s.pid == 0)
		let_in(s.fd, r);
	*dw_vec_add(a, &keys.v) =
		(struct dw_authkey){ .type = "ssh-ed25519" }; /* does not let in */
	*dw_vec_add(a, &keys.v) = (struct dw_authkey){
		.state = DW_AUTHKEY_YES, .type = "ssh-rsa", .blob = blob, .n = sizeof(blob)
	};
	*dw_vec_add(a, &keys.v) = (struct dw_authkey){
		.state = DW_AUTHKEY_YES, .type = "ssh-ed25519", .blob = blob, .n = sizeof(blob)
	};
	DW_CHECK(dw_sys_open(NULL, &sys, NULL) == 0);
	DW_CHECK_INT(ssh_methods(sys, s.place, 20000, USER, &keys, &e), want);
	DW_CHECK_STR(e.message, "");
	stop(&s);
}

DW_TEST(what_one_may_log_in_by)
{
	struct rules r = { .way = "curve25519-sha256",
			   .cipher = "aes128-ctr",
			   .mac = "hmac-sha2-256" };

	may(&r, SSH_ANSWERED | SSH_TAKES_ANYBODY);
	r.methods = "";
	may(&r, SSH_ANSWERED);
	r.methods = "password";
	r.takes = "ssh-ed25519"; /* which nobody shows it */
	may(&r, SSH_ANSWERED | SSH_TAKES_PASSWORDS);
	r.methods = "gssapi-with-mic,publickey";
	may(&r, SSH_ANSWERED | SSH_TAKES_KEYS | SSH_TAKES_OTHERS | SSH_TOOK_KEY);
	r.takes = "rsa-sha2-512";
	may(&r, SSH_ANSWERED | SSH_TAKES_KEYS | SSH_TAKES_OTHERS | SSH_TOOK_KEY);
	r.takes = "ssh-rsa"; /* SHA-1 */
	may(&r, SSH_ANSWERED | SSH_TAKES_KEYS | SSH_TAKES_OTHERS);
	r.forged = true;
	may(&r, 0);
}

DW_TEST(each_suite)
{
	const struct ssh_suite *x;
	struct rules r = { .way = "curve25519-sha256@libssh.org",
			   .methods = "publickey,keyboard-interactive",
			   .takes = "ssh-ed25519" };

	for (size_t i = 0; (x = ssh_suite_at(i)) != NULL; i++) {
		r.cipher = x->cipher;
		r.mac = *x->mac ? x->mac : "umac-64@openssh.com";
		may(&r, SSH_ANSWERED | SSH_TAKES_KEYS | SSH_TAKES_PASSWORDS | SSH_TOOK_KEY);
	}
}

DW_TEST_MAIN
