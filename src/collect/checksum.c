/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests of files, several at a time: MD5 runs at about 0.6 GB/s, and a few big programs would dominate an audit. */
#include <errno.h>
#include <fcntl.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "packages.h"

#define FILE_MAX     ((off_t)512 * 1024 * 1024)
#define BLOCK        ((size_t)128 * 1024)
#define THREADS_MAX  4
#define WORTH_THREAD ((off_t)2 * 1024 * 1024) /* bytes of work before a second thread pays */

static const size_t sizes[] = { [DW_DIGEST_NONE] = 0,
				[DW_DIGEST_MD5] = MD5_DIGEST_SIZE,
				[DW_DIGEST_SHA1] = SHA1_DIGEST_SIZE,
				[DW_DIGEST_SHA256] = SHA256_DIGEST_SIZE,
				[DW_DIGEST_SHA512] = SHA512_DIGEST_SIZE };

size_t dw_digest_size(enum dw_digest_kind k)
{
	return (size_t)k < DW_ARRAY_SIZE(sizes) ? sizes[k] : 0;
}

bool dw_digest_equal(const struct dw_digest *a, const struct dw_digest *b)
{
	return a->kind == b->kind && a->kind != DW_DIGEST_NONE &&
	       memcmp(a->bytes, b->bytes, dw_digest_size(a->kind)) == 0;
}

bool dw_digest_parse(enum dw_digest_kind k, const char *hex, size_t n, struct dw_digest *ret)
{
	struct dw_digest d = { .kind = k };

	if (k == DW_DIGEST_NONE || n != 2 * dw_digest_size(k))
		return false;
	for (size_t i = 0; i < n / 2; i++) {
		uint64_t byte;

		if (!dw_parse_u64n(hex + 2 * i, 2, 16, 255, &byte))
			return false;
		d.bytes[i] = (uint8_t)byte;
	}
	*ret = d;
	return true;
}

/* --- one file ------------------------------------------------------------------------------------- */

union context {
	struct md5_ctx md5;
	struct sha1_ctx sha1;
	struct sha256_ctx sha256;
	struct sha512_ctx sha512;
};

static void start(enum dw_digest_kind k, union context *c)
{
	switch (k) {
	case DW_DIGEST_MD5:
		md5_init(&c->md5);
		break;
	case DW_DIGEST_SHA1:
		sha1_init(&c->sha1);
		break;
	case DW_DIGEST_SHA256:
		sha256_init(&c->sha256);
		break;
	case DW_DIGEST_SHA512:
		sha512_init(&c->sha512);
		break;
	case DW_DIGEST_NONE:
		break;
	}
}

static void update(enum dw_digest_kind k, union context *c, const uint8_t *p, size_t n)
{
	switch (k) {
	case DW_DIGEST_MD5:
		md5_update(&c->md5, n, p);
		break;
	case DW_DIGEST_SHA1:
		sha1_update(&c->sha1, n, p);
		break;
	case DW_DIGEST_SHA256:
		sha256_update(&c->sha256, n, p);
		break;
	case DW_DIGEST_SHA512:
		sha512_update(&c->sha512, n, p);
		break;
	case DW_DIGEST_NONE:
		break;
	}
}

static void finish(enum dw_digest_kind k, union context *c, uint8_t *out)
{
	switch (k) {
	case DW_DIGEST_MD5:
		md5_digest(&c->md5, MD5_DIGEST_SIZE, out);
		break;
	case DW_DIGEST_SHA1:
		sha1_digest(&c->sha1, SHA1_DIGEST_SIZE, out);
		break;
	case DW_DIGEST_SHA256:
		sha256_digest(&c->sha256, SHA256_DIGEST_SIZE, out);
		break;
	case DW_DIGEST_SHA512:
		sha512_digest(&c->sha512, SHA512_DIGEST_SIZE, out);
		break;
	case DW_DIGEST_NONE:
		break;
	}
}

/* read(2) and not mmap(2): a file that is cut short meanwhile must not kill us with SIGBUS. */
static bool hash_fd(int fd, enum dw_digest_kind k, uint8_t *block, struct dw_digest *ret)
{
	struct dw_digest d = { .kind = k };
	union context c;
	off_t done = 0;
	ssize_t got;

	start(k, &c);
	while ((got = read(fd, block, BLOCK)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		done += got;
		if (got < 0 || done > FILE_MAX)
			return false;
		update(k, &c, block, (size_t)got);
	}
	finish(k, &c, d.bytes);
	*ret = d;
	return true;
}

/* --- many files ----------------------------------------------------------------------------------- */

struct job {
	int fd;
	enum dw_digest_kind kind;
	struct dw_package_query *query;
};

struct work {
	struct job *jobs;
	size_t n;
	atomic_size_t next;
};

/* Descriptors were opened by the one thread that owns the dw_sys; here they are only read. */
static void *worker(void *arg)
{
	struct work *w = arg;
	_cleanup_free_ uint8_t *block = malloc(BLOCK);

	if (!block)
		dw_oom();
	for (;;) {
		size_t i = atomic_fetch_add(&w->next, 1);

		if (i >= w->n)
			return NULL;
		(void)hash_fd(w->jobs[i].fd, w->jobs[i].kind, block, &w->jobs[i].query->actual);
	}
}

static void run(struct work *w, off_t bytes)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t want = bytes < WORTH_THREAD || cpus < 2
			      ? 0
			      : DW_MIN((size_t)cpus, (size_t)THREADS_MAX) - 1;
	pthread_t threads[THREADS_MAX];
	size_t started = 0;

	while (started < want && started + 1 < w->n &&
	       pthread_create(&threads[started], NULL, worker, w) == 0)
		started++;
	(void)worker(w);
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
}

static enum dw_digest_kind kind_wanted(const struct dw_package_query *q)
{
	for (size_t i = 0; i < q->owners.n; i++)
		if (q->owners.v[i].digest.kind != DW_DIGEST_NONE)
			return q->owners.v[i].digest.kind;
	return DW_DIGEST_NONE;
}

static int open_job(struct dw_sys *s, struct dw_facts *f, const struct dw_package_query *q)
{
	struct dw_error e = { 0 };
	int fd;

	if (q->st.st_size > FILE_MAX) {
		dw_facts_incomplete(f, "too-big", q->path, 0, false,
				    "not compared with its package: more than 512 MiB");
		return -EFBIG;
	}
	fd = dw_sys_file_open(s, q->path, O_RDONLY | O_NONBLOCK, &e);
	if (fd < 0)
		dw_facts_incomplete(f, "unreadable", q->path, 0, false,
				    "not compared with its package: %s", e.message);
	return fd;
}

/* A few at a time, so that many programs do not need as many descriptors. */
#define BATCH 64

void dw_checksums(struct dw_sys *s, struct dw_facts *f, struct dw_package_query *q, size_t n)
{
	for (size_t at = 0; at < n;) {
		struct job jobs[BATCH];
		struct work w = { .jobs = jobs };
		off_t bytes = 0;

		for (; at < n && w.n < BATCH; at++) {
			enum dw_digest_kind k = kind_wanted(&q[at]);
			int fd;

			if (q[at].answered || !q[at].exists || k == DW_DIGEST_NONE ||
			    q[at].actual.kind == k)
				continue;
			fd = open_job(s, f, &q[at]);
			if (fd < 0)
				continue;
			jobs[w.n++] = (struct job){ .fd = fd, .kind = k, .query = &q[at] };
			bytes += q[at].st.st_size;
		}
		run(&w, bytes);
		for (size_t i = 0; i < w.n; i++)
			(void)close(jobs[i].fd);
	}
}
