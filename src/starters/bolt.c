/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bolt.h"

#include <string.h>

enum {
	PAGE_HEAD = 16, /* id u64, flags u16, count u16, overflow u32 */
	ELEMENT =
		16, /* of a leaf: flags, pos, ksize, vsize; of a branch: pos, ksize u32, page u64 */
	BUCKET_HEAD = 16, /* root page u64, sequence u64 */
	FLAG_BRANCH = 1,
	FLAG_LEAF = 2,
	FLAG_BUCKET = 1, /* of a leaf's element */
	DEPTH_MAX = 32,
};
#define META_MAGIC 0xED0CDAEDU

struct bolt {
	const char *p;
	size_t n;
	uint64_t page_size;
};

/* Part of the file; every access is checked against it. */
struct span {
	size_t at, n;
};

static bool get(const struct bolt *b, size_t at, void *ret, size_t n)
{
	if (at > b->n || n > b->n - at)
		return false;
	memcpy(ret, b->p + at, n);
	return true;
}

/* The newer of the two meta pages; *ret_root is the page of the root bucket. */
static bool read_meta(struct bolt *b, uint64_t *ret_root)
{
	uint64_t newest = 0, size = 4096; /* until the first meta page tells */
	bool found = false;

	for (int i = 0; i < 2; i++) {
		size_t at = (size_t)i * size + PAGE_HEAD;
		uint32_t head[4]; /* magic, version, page size, flags */
		uint64_t rest[5]; /* root, sequence, freelist, high water mark, transaction */

		if (!get(b, at, head, sizeof(head)) ||
		    !get(b, at + sizeof(head), rest, sizeof(rest)) || head[0] != META_MAGIC ||
		    head[1] != 2 || head[2] < 512 || head[2] > 1024 * 1024)
			continue;
		size = head[2];
		if (found && rest[4] <= newest)
			continue;
		newest = rest[4];
		b->page_size = head[2];
		*ret_root = rest[0];
		found = true;
	}
	return found;
}

static int compare(const struct bolt *b, struct span key, const char *want)
{
	size_t n = strlen(want), m = key.n < n ? key.n : n;
	int r = memcmp(b->p + key.at, want, m);

	return r ? r : (key.n > n) - (key.n < n);
}

/* Element i of the page at `page`. A leaf's value stands behind its key. */
static bool element(const struct bolt *b, size_t page, unsigned i, bool leaf, struct span *ret_key,
		    struct span *ret_value, uint32_t *ret_flags, uint64_t *ret_page)
{
	size_t at = page + PAGE_HEAD + (size_t)i * ELEMENT;
	uint32_t f[4];

	if (!get(b, at, f, sizeof(f)))
		return false;
	*ret_flags = leaf ? f[0] : 0;
	memcpy(ret_page, &f[2], sizeof(*ret_page));
	*ret_key = (struct span){ at + (leaf ? f[1] : f[0]), leaf ? f[2] : f[1] };
	*ret_value = (struct span){ ret_key->at + ret_key->n, leaf ? f[3] : 0 };
	return ret_key->at <= b->n && ret_key->n <= b->n - ret_key->at &&
	       ret_value->n <= b->n - ret_value->at;
}

static bool find_key(const struct bolt *b, size_t page, const char *want, struct span *ret,
		     bool *ret_bucket)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		uint64_t next = 0, child;
		struct span key, value;
		uint16_t head[2]; /* flags, count */
		uint32_t flags;
		bool leaf;

		if (!get(b, page + 8, head, sizeof(head)) || !(head[0] & (FLAG_LEAF | FLAG_BRANCH)))
			return false;
		leaf = head[0] & FLAG_LEAF;
		for (unsigned i = 0; i < head[1]; i++) {
			int r;

			if (!element(b, page, i, leaf, &key, &value, &flags, &child))
				return false;
			r = compare(b, key, want);
			if (leaf && r == 0) {
				*ret = value;
				*ret_bucket = flags & FLAG_BUCKET;
				return true;
			}
			if (r <= 0) /* keys are sorted: the last that is not greater leads on */
				next = child;
		}
		if (leaf || !next || next > b->n / b->page_size)
			return false;
		page = (size_t)(next * b->page_size);
	}
	return false;
}

bool dw_bolt_get(const struct dw_bytes *db, const char *const *path, struct dw_bytes *ret)
{
	struct bolt b = { .p = db->data, .n = db->n };
	uint64_t root;
	struct span value;
	bool bucket;
	size_t page;

	if (!read_meta(&b, &root) || root > b.n / b.page_size)
		return false;
	page = (size_t)(root * b.page_size);
	for (; *path; path++) {
		if (!find_key(&b, page, *path, &value, &bucket) || bucket != (path[1] != NULL))
			return false;
		if (!bucket) {
			*ret = (struct dw_bytes){ .data = db->data + value.at, .n = value.n };
			return true;
		}
		if (!get(&b, value.at, &root, sizeof(root)) || root > b.n / b.page_size)
			return false;
		/* a small bucket lies inside its value, behind its head */
		page = root ? (size_t)(root * b.page_size) : value.at + BUCKET_HEAD;
	}
	return false;
}
