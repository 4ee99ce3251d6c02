/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks the local file systems for set-UID and set-GID programs and those with capabilities. Some threads share it: who
 * meets a directory while another has nothing to do gives it away, open.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>

#include "dw_around.h"
#include "dw_str.h"
#include "sys_private.h"

#define DEPTH_MAX      128
#define PATH_BYTES_MAX 8192
#define CAP_MAX        64 /* struct vfs_ns_cap_data has 24 bytes */
#define TIME_EVERY     1024
#define WORKERS_MAX    4
#define GIFTS_MAX      32
#define BUFFER_BYTES   32768

/* Magic numbers of linux/magic.h and of the modules that are not in it: what has programs on it, and is here. */
static const long local_types[] = {
	0xEF53,     /* ext2, ext3, ext4 */
	0x58465342, /* xfs */
	0x9123683E, /* btrfs */
	0x01021994, /* tmpfs */
	0x794C7630, /* overlayfs */
	0xF2F52010, /* f2fs */
	0x2FC12FC1, /* zfs */
	0xCA451A4E, /* bcachefs */
	0x73717368, /* squashfs */
	0xE0F5E1E2, /* erofs */
	0x52654973, /* reiserfs */
	0x3153464A, /* jfs */
	0x858458F6, /* ramfs: a root that was never switched */
};

/* A directory that is given away: open, and its path. */
struct gift {
	int fd;
	dev_t device;
	unsigned depth;
	char path[PATH_BYTES_MAX];
	size_t length;
};

struct crew {
	size_t max_files;
	int64_t end_ms;
	unsigned n; /* workers */
	atomic_size_t seen;
	atomic_bool cut;
	atomic_uint wanted; /* workers with nothing to do, less the gifts that wait for them */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	struct gift *gifts[GIFTS_MAX];
	size_t n_gifts;
	unsigned idle;
	bool done;
};

/* One thread's. */
struct walk {
	struct crew *crew;
	struct dw_arena *a;
	struct dw_privileged_list list;
	char path[PATH_BYTES_MAX];
	size_t length;
	unsigned depth;
	char *buffers[DEPTH_MAX + 1]; /* of the directories on the way, made when first needed */
};

static int64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_local(int fd)
{
	struct statfs st = { 0 };

	if (fstatfs(fd, &st) < 0 || (st.f_flags & ST_NOSUID))
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(local_types); i++)
		if ((long)st.f_type == local_types[i])
			return true;
	return false;
}

/* A file has them by an attribute; a link at its end is not followed, and none is met before it. */
static const char *capability_of(const struct walk *w, int fd, const char *name)
{
	static const char digits[] = "0123456789abcdef";
	char path[sizeof("/proc/self/fd//") + 10 + NAME_MAX];
	unsigned char bytes[CAP_MAX];
	char *text;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", fd, name);
	n = lgetxattr(path, "security.capability", bytes, sizeof(bytes));
	if (n <= 0)
		return NULL;
	text = dw_arena_alloc(w->a, 2 * (size_t)n + 1);
	for (ssize_t i = 0; i < n; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return text;
}

static void note_writable(struct walk *w, const struct stat *st)
{
	struct dw_writables *all = &w->list.writable;

	if (!(st->st_mode & S_IWOTH) || (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)))
		return;
	all->more = all->n >= DW_WRITABLE_MAX;
	if (!all->more)
		dw_vec_push(w->a, all,
			    ((struct dw_writable){
				    .path = dw_arena_strndup(w->a, w->path, w->length),
				    .mode = st->st_mode & 07777,
				    .uid = st->st_uid,
				    .gid = st->st_gid,
				    .directory = S_ISDIR(st->st_mode),
			    }));
}

static void look_at(struct walk *w, int fd, const char *name, const struct stat *st)
{
	const char *capability = st->st_mode & 0111 ? capability_of(w, fd, name) : NULL;

	note_writable(w, st);
	if (!(st->st_mode & (S_ISUID | S_ISGID)) && !capability)
		return;
	dw_vec_push(
		w->a, &w->list,
		((struct dw_privileged){
			.path = dw_arena_strndup(w->a, w->path, w->length),
			.mode = st->st_mode & 07777,
			.uid = st->st_uid,
			.gid = st->st_gid,
			.size = (uint64_t)st->st_size,
			.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
			.inode = st->st_ino,
			.capability = capability,
		}));
}

static bool is_over(struct walk *w)
{
	struct crew *c = w->crew;
	size_t seen = atomic_fetch_add_explicit(&c->seen, 1, memory_order_relaxed) + 1;

	if (seen > c->max_files || (seen % TIME_EVERY == 0 && now_ms() > c->end_ms))
		atomic_store_explicit(&c->cut, true, memory_order_relaxed);
	return atomic_load_explicit(&c->cut, memory_order_relaxed);
}

/* False: everybody has something to do. Else the descriptor is another's. */
static bool give_away(struct walk *w, int fd, dev_t device)
{
	struct crew *c = w->crew;
	struct gift *g;
	bool given;

	if (atomic_load_explicit(&c->wanted, memory_order_relaxed) == 0)
		return false;
	g = malloc(sizeof(*g));
	if (!g)
		return false;
	g->fd = fd;
	g->device = device;
	g->depth = w->depth;
	g->length = w->length;
	memcpy(g->path, w->path, w->length + 1);
	(void)pthread_mutex_lock(&c->lock);
	given = c->n_gifts < c->idle && c->n_gifts < GIFTS_MAX;
	if (given) {
		c->gifts[c->n_gifts++] = g;
		atomic_store_explicit(&c->wanted, c->idle - (unsigned)c->n_gifts,
				      memory_order_relaxed);
		(void)pthread_cond_signal(&c->changed);
	}
	(void)pthread_mutex_unlock(&c->lock);
	if (!given)
		free(g);
	return given;
}

static void walk_directory(struct walk *w, int fd, dev_t device);

static void enter(struct walk *w, int at, const char *name, dev_t device)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
	struct stat st;

	if (fd < 0 && errno == EPERM) /* O_NOATIME is for the owner alone */
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		w->list.blind = w->list.blind || errno != ENOENT;
		return;
	}
	if (fstat(fd, &st) < 0 || (st.st_dev != device && !is_local(fd))) {
		(void)close(fd);
		return;
	}
	note_writable(w, &st);
	w->depth++;
	if (w->depth > DEPTH_MAX) {
		w->list.blind = true;
		(void)close(fd);
	} else if (!give_away(w, fd, st.st_dev)) {
		walk_directory(w, fd, st.st_dev);
	}
	w->depth--;
}

static void walk_entry(struct walk *w, int fd, const char *name, unsigned char type, dev_t device)
{
	struct stat st;

	if (type == DT_DIR) {
		enter(w, fd, name, device);
		return;
	}
	if (type != DT_REG && type != DT_UNKNOWN)
		return;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		w->list.blind = w->list.blind || errno != ENOENT;
		return;
	}
	if (S_ISREG(st.st_mode))
		look_at(w, fd, name, &st);
	else if (S_ISDIR(st.st_mode))
		enter(w, fd, name, device);
}

/* getdents64(2): what one read of a directory brought. */
static void walk_names(struct walk *w, int fd, const char *buffer, long n, dev_t device)
{
	size_t length = w->length;

	for (long at = 0; at < n;) {
		const struct dirent64 *d = (const struct dirent64 *)(const void *)(buffer + at);
		size_t name = strlen(d->d_name);

		at += d->d_reclen;
		if (dw_streq(d->d_name, ".") || dw_streq(d->d_name, ".."))
			continue;
		if (is_over(w))
			return;
		if (length + name + 2 > sizeof(w->path)) {
			w->list.blind = true;
			continue;
		}
		w->path[length] = '/';
		memcpy(w->path + length + 1, d->d_name, name + 1);
		w->length = length + 1 + name;
		walk_entry(w, fd, d->d_name, d->d_type, device);
		w->length = length;
		w->path[length] = '\0';
	}
}

/*
 * Takes the descriptor over. Not by readdir(3): fdopendir(3) asks the descriptor three things and makes a buffer, for
 * each directory.
 */
static void walk_directory(struct walk *w, int fd, dev_t device)
{
	char **buffer = &w->buffers[w->depth];
	long n = 0;

	if (!*buffer && !(*buffer = malloc(BUFFER_BYTES)))
		dw_oom();
	while (!atomic_load_explicit(&w->crew->cut, memory_order_relaxed) &&
	       (n = syscall(SYS_getdents64, fd, *buffer, BUFFER_BYTES)) > 0)
		walk_names(w, fd, *buffer, n, device);
	/* ENOENT: it was removed meanwhile */
	w->list.blind = w->list.blind || (n < 0 && errno != ENOENT);
	(void)close(fd);
}

/* The next directory that somebody gives away; NULL: nobody has one any more. */
static struct gift *next_gift(struct crew *c)
{
	struct gift *g = NULL;

	(void)pthread_mutex_lock(&c->lock);
	c->idle++;
	c->done = c->done || (c->idle == c->n && c->n_gifts == 0);
	if (c->done)
		(void)pthread_cond_broadcast(&c->changed);
	atomic_store_explicit(&c->wanted, c->idle - (unsigned)c->n_gifts, memory_order_relaxed);
	while (!c->done && c->n_gifts == 0)
		(void)pthread_cond_wait(&c->changed, &c->lock);
	if (c->n_gifts > 0) {
		g = c->gifts[--c->n_gifts];
		c->idle--;
	}
	(void)pthread_mutex_unlock(&c->lock);
	return g;
}

static void *work(void *data)
{
	struct walk *w = data;
	struct gift *g;

	while ((g = next_gift(w->crew))) {
		w->depth = g->depth;
		w->length = g->length;
		memcpy(w->path, g->path, g->length + 1);
		walk_directory(w, g->fd, g->device);
		free(g);
	}
	return NULL;
}

static int by_path(const void *x, const void *y)
{
	const struct dw_privileged *a = x, *b = y;

	return strcmp(a->path, b->path);
}

static int by_its_path(const void *x, const void *y)
{
	const struct dw_writable *a = x, *b = y;

	return strcmp(a->path, b->path);
}

static void gather(struct dw_arena *a, struct dw_privileged_list *ret, const struct walk *w)
{
	for (size_t i = 0; i < w->list.n; i++) {
		struct dw_privileged p = w->list.v[i];

		p.path = dw_arena_strdup(a, p.path);
		p.capability = p.capability ? dw_arena_strdup(a, p.capability) : NULL;
		dw_vec_push(a, ret, p);
	}
	for (size_t i = 0; i < w->list.writable.n; i++) {
		struct dw_writable x = w->list.writable.v[i];

		x.path = dw_arena_strdup(a, x.path);
		dw_vec_push(a, &ret->writable, x);
	}
	ret->writable.more = ret->writable.more || w->list.writable.more;
	ret->blind = ret->blind || w->list.blind;
}

static void put_in_order(struct dw_privileged_list *ret)
{
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_path);
	if (ret->writable.n)
		qsort(ret->writable.v, ret->writable.n, sizeof(*ret->writable.v), by_its_path);
	if (ret->writable.n > DW_WRITABLE_MAX) {
		ret->writable.n = DW_WRITABLE_MAX;
		ret->writable.more = true;
	}
}

/* Takes the descriptor of the root over. */
static void run(struct crew *c, int root, dev_t device, struct dw_arena *a,
		struct dw_privileged_list *ret)
{
	unsigned most = c->n;
	_cleanup_free_ struct walk *workers = calloc(most, sizeof(*workers));
	pthread_t threads[WORKERS_MAX];
	bool started[WORKERS_MAX] = { false };

	if (!workers)
		dw_oom();
	for (unsigned i = 0; i < most; i++) {
		workers[i].crew = c;
		workers[i].a = dw_arena_new();
	}
	for (unsigned i = 1; i < most; i++) {
		started[i] = pthread_create(&threads[i], NULL, work, &workers[i]) == 0;
		if (started[i])
			continue;
		/* nobody waits for who never came */
		(void)pthread_mutex_lock(&c->lock);
		c->n--;
		(void)pthread_mutex_unlock(&c->lock);
	}
	walk_directory(&workers[0], root, device);
	(void)work(&workers[0]);
	for (unsigned i = 0; i < most; i++) {
		if (started[i])
			(void)pthread_join(threads[i], NULL);
		gather(a, ret, &workers[i]);
		for (unsigned k = 0; k <= DEPTH_MAX; k++)
			free(workers[i].buffers[k]);
		dw_arena_free(workers[i].a);
	}
	ret->cut = c->cut;
	put_in_order(ret);
}
int dw_sys_privileged(struct dw_sys *s, size_t max_files, unsigned max_ms, struct dw_arena *a,
		      struct dw_privileged_list *ret, struct dw_error *e)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct crew c = {
		.max_files = max_files,
		.end_ms = now_ms() + max_ms,
		.n = (unsigned)DW_MIN(DW_MAX(cpus, 1L), (long)WORKERS_MAX),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	struct stat st;
	int fd, r = dw_sys_fault(s);

	*ret = (struct dw_privileged_list){ 0 };
	if (r < 0)
		return dw_error_errno(e, r, "the root directory");
	fd = openat(s->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		dw_cleanup_fd(&fd);
		return dw_error_errno(e, r, "the root directory");
	}
	run(&c, fd, st.st_dev, a, ret);
	return 0;
}
