/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ssh-seal.h"

#include <errno.h>
#include <nettle/ctr.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>

#define PACKET_MAX 35000 /* RFC 4253, 6.1 */
#define PLAIN      8     /* to which packets are padded before there are keys */
#define TAG_MAX    64
#define KEY_MAX    64

/* Each has what sshd of the last ten years takes by default; what only has ChaCha20 is not spoken with. */
static const struct ssh_suite suites[] = {
	{ "aes128-gcm@openssh.com", "", 16, 0, 16, true, true },
	{ "aes256-gcm@openssh.com", "", 32, 0, 16, true, true },
	{ "aes128-ctr", "hmac-sha2-256-etm@openssh.com", 16, 32, 32, false, true },
	{ "aes256-ctr", "hmac-sha2-256-etm@openssh.com", 32, 32, 32, false, true },
	{ "aes192-ctr", "hmac-sha2-256-etm@openssh.com", 24, 32, 32, false, true },
	{ "aes128-ctr", "hmac-sha2-512-etm@openssh.com", 16, 64, 64, false, true },
	{ "aes256-ctr", "hmac-sha2-512-etm@openssh.com", 32, 64, 64, false, true },
	{ "aes192-ctr", "hmac-sha2-512-etm@openssh.com", 24, 64, 64, false, true },
	{ "aes128-ctr", "hmac-sha2-256", 16, 32, 32, false, false },
	{ "aes256-ctr", "hmac-sha2-256", 32, 32, 32, false, false },
	{ "aes192-ctr", "hmac-sha2-256", 24, 32, 32, false, false },
	{ "aes128-ctr", "hmac-sha2-512", 16, 64, 64, false, false },
	{ "aes256-ctr", "hmac-sha2-512", 32, 64, 64, false, false },
	{ "aes192-ctr", "hmac-sha2-512", 24, 64, 64, false, false },
};

const struct ssh_suite *ssh_suite_at(size_t i)
{
	return i < DW_ARRAY_SIZE(suites) ? &suites[i] : NULL;
}

/* --- keys -------------------------------------------------------------------------------------------------- */

/* RFC 4253, 7.2: HASH(K || H || letter || session), and HASH(K || H || that) behind it. */
static void derive(const struct dw_str *secret, const uint8_t hash[SSH_HASH], char letter,
		   uint8_t ret[KEY_MAX])
{
	struct sha256_ctx h;

	sha256_init(&h);
	sha256_update(&h, secret->n, (const uint8_t *)secret->s);
	sha256_update(&h, SSH_HASH, hash);
	sha256_update(&h, 1, (const uint8_t *)&letter);
	sha256_update(&h, SSH_HASH, hash);
	sha256_digest(&h, SSH_HASH, ret);
	sha256_update(&h, secret->n, (const uint8_t *)secret->s);
	sha256_update(&h, SSH_HASH, hash);
	sha256_update(&h, SSH_HASH, ret);
	sha256_digest(&h, SSH_HASH, ret + SSH_HASH);
}

void ssh_seal_start(struct ssh_seal *s, const struct ssh_suite *suite, const struct dw_str *secret,
		    const uint8_t hash[SSH_HASH], int way)
{
	uint8_t iv[KEY_MAX], key[KEY_MAX], mac[KEY_MAX];

	derive(secret, hash, way ? 'B' : 'A', iv);
	derive(secret, hash, way ? 'D' : 'C', key);
	derive(secret, hash, way ? 'F' : 'E', mac);
	s->suite = suite;
	memcpy(s->iv, iv, sizeof(s->iv));
	if (suite->gcm && suite->key == 16)
		gcm_aes128_set_key(&s->key.gcm128, key);
	else if (suite->gcm)
		gcm_aes256_set_key(&s->key.gcm256, key);
	else if (suite->key == 16)
		aes128_set_encrypt_key(&s->key.aes128, key);
	else if (suite->key == 24)
		aes192_set_encrypt_key(&s->key.aes192, key);
	else
		aes256_set_encrypt_key(&s->key.aes256, key);
	if (suite->mac_key == 32)
		hmac_sha256_set_key(&s->mac.sha256, suite->mac_key, mac);
	else if (suite->mac_key)
		hmac_sha512_set_key(&s->mac.sha512, suite->mac_key, mac);
}

/* --- one packet -------------------------------------------------------------------------------------------- */

static void put32(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
}

/* Counter mode is its own inverse. */
static void crypt_ctr(struct ssh_seal *s, uint8_t *p, size_t n)
{
	nettle_cipher_func *const f = s->suite->key == 16   ? (nettle_cipher_func *)aes128_encrypt
				      : s->suite->key == 24 ? (nettle_cipher_func *)aes192_encrypt
							    : (nettle_cipher_func *)aes256_encrypt;

	ctr_crypt(&s->key, f, SSH_BLOCK, s->iv, n, p, p);
}

/* RFC 5647, 7: the length is summed and not encrypted; behind each packet the last 8 bytes of the 12 count up. */
#define CRYPT_GCM(bits, how)                                                                       \
	do {                                                                                       \
		gcm_aes##bits##_set_iv(&s->key.gcm##bits, 12, s->iv);                              \
		gcm_aes##bits##_update(&s->key.gcm##bits, 4, p);                                   \
		gcm_aes##bits##_##how(&s->key.gcm##bits, n - 4, p + 4, p + 4);                     \
		gcm_aes##bits##_digest(&s->key.gcm##bits, s->suite->tag, ret_tag);                 \
	} while (0)

static void crypt_gcm(struct ssh_seal *s, bool encrypt, uint8_t *p, size_t n, uint8_t *ret_tag)
{
	if (s->suite->key == 16 && encrypt)
		CRYPT_GCM(128, encrypt);
	else if (s->suite->key == 16)
		CRYPT_GCM(128, decrypt);
	else if (encrypt)
		CRYPT_GCM(256, encrypt);
	else
		CRYPT_GCM(256, decrypt);
	for (int i = 11; i >= 4 && ++s->iv[i] == 0; i--)
		;
}

/* Of the number, which is nowhere else, and the packet. */
static void sum(struct ssh_seal *s, const uint8_t *p, size_t n, uint8_t *ret)
{
	uint8_t number[4];

	put32(number, s->number);
	if (s->suite->mac_key == 32) {
		hmac_sha256_update(&s->mac.sha256, sizeof(number), number);
		hmac_sha256_update(&s->mac.sha256, n, p);
		hmac_sha256_digest(&s->mac.sha256, s->suite->tag, ret);
	} else {
		hmac_sha512_update(&s->mac.sha512, sizeof(number), number);
		hmac_sha512_update(&s->mac.sha512, n, p);
		hmac_sha512_digest(&s->mac.sha512, s->suite->tag, ret);
	}
}

void ssh_seal_put(struct ssh_seal *s, const void *payload, size_t n, struct dw_str *ret)
{
	const struct ssh_suite *suite = s->suite;
	/* what is readable is not padded for: RFC 5647, 7.2, and PROTOCOL of OpenSSH, 1.5 */
	size_t block = suite ? SSH_BLOCK : PLAIN, head = suite && suite->etm ? 1 : 5;
	size_t pad = block - (head + n) % block, all, at = ret->n;
	static const char zeroes[2 * SSH_BLOCK];
	uint8_t first[5], tag[TAG_MAX], *p;

	pad += pad < 4 ? block : 0;
	all = 5 + n + pad;
	put32(first, (uint32_t)(all - 4));
	first[4] = (uint8_t)pad;
	dw_str_addn(ret, (const char *)first, sizeof(first));
	dw_str_addn(ret, payload, n);
	dw_str_addn(ret, zeroes, pad);
	p = (uint8_t *)ret->s + at;
	if (suite && suite->gcm) {
		crypt_gcm(s, true, p, all, tag);
	} else if (suite) {
		if (!suite->etm)
			sum(s, p, all, tag);
		crypt_ctr(s, p + (suite->etm ? 4 : 0), all - (suite->etm ? 4 : 0));
		if (suite->etm)
			sum(s, p, all, tag);
	}
	if (suite)
		dw_str_addn(ret, (const char *)tag, suite->tag);
	s->number++;
}

/* All of it is there: the rest decrypted, and its sum right. */
static bool is_whole(struct ssh_seal *s, uint8_t *p, size_t n)
{
	const struct ssh_suite *suite = s->suite;
	uint8_t tag[TAG_MAX];

	if (!suite)
		return true;
	if (suite->gcm) {
		crypt_gcm(s, false, p, n, tag);
	} else if (suite->etm) {
		sum(s, p, n, tag);
		crypt_ctr(s, p + 4, n - 4);
	} else {
		crypt_ctr(s, p + SSH_BLOCK, n - SSH_BLOCK);
		sum(s, p, n, tag);
	}
	return memeql_sec(tag, p + n, suite->tag);
}

int ssh_seal_take(struct ssh_seal *s, uint8_t *p, size_t n, size_t *done, const uint8_t **ret,
		  size_t *ret_n)
{
	const struct ssh_suite *suite = s->suite;
	bool hidden = suite && !suite->etm;
	size_t head = hidden ? SSH_BLOCK : 6, length, all;

	if (n < head)
		return 0;
	if (hidden && !*done)
		crypt_ctr(s, p, SSH_BLOCK); /* the length is in the first block */
	*done = 1;
	length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	all = 4 + length;
	if (length < 2 || length > PACKET_MAX || all < head ||
	    (suite && (hidden ? all : length) % SSH_BLOCK))
		return -EBADMSG;
	if (n < all + (suite ? suite->tag : 0))
		return 0;
	if (!is_whole(s, p, all) || (size_t)p[4] + 1 >= length)
		return -EBADMSG;
	s->number++;
	*ret = p + 5;
	*ret_n = length - 1 - p[4];
	return (int)(all + (suite ? suite->tag : 0));
}
