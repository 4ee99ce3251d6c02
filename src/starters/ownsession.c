/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * By which connection whoever runs doorward came in: that of the nearest ancestor that holds one (sshd, telnetd,
 * rlogind, cockpit ...). Where the chain is cut (a screen's server belongs to process 1) or may not be looked
 * into, what sshd left in the environment, and then the login session's far end, each only if such a
 * connection really is there.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "dw_fds.h"
#include "session.h"

#define GENERATIONS_MAX 64
#define SOCKETS_MAX     4096 /* of one process */

/* A socket of an ancestor; the lower the rank, the likelier it is the one: generation, then descriptor. */
struct held {
	uint64_t inode;
	unsigned generation, fd;
};

struct ancestry {
	struct dw_starters *s;
	struct dw_arena *scratch;
	const struct dw_procinfo *chain[GENERATIONS_MAX]; /* ourselves first */
	unsigned n;
	DW_VEC(struct held) held; /* by inode */
};

static void trace(struct ancestry *k)
{
	const struct dw_procinfo *p = dw_procs_get(k->s->procs, dw_procs_self(k->s->procs));

	while (p && k->n < GENERATIONS_MAX) {
		const struct dw_procinfo *parent;

		k->chain[k->n++] = p;
		parent = p->ppid > 1 ? dw_procs_get(k->s->procs, p->ppid) : NULL;
		/* younger than its child: a pid that was given out again */
		p = parent && parent->started_ticks <= p->started_ticks ? parent : NULL;
	}
}

static void add_socket(struct ancestry *k, unsigned generation, int dir, const char *name)
{
	char target[64];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));
	uint64_t inode, fd;

	if (n > 0 && (size_t)n < sizeof(target) && dw_parse_u64(name, 10, INT32_MAX, &fd) &&
	    dw_fds_parse_link(target, (size_t)n, "socket", &inode))
		dw_vec_push(k->scratch, &k->held,
			    ((struct held){ inode, generation, (unsigned)fd }));
}

static void add_sockets(struct ancestry *k, unsigned generation)
{
	int fd = dw_procs_openat(k->s->procs, k->chain[generation]->pid, "fd",
				 O_RDONLY | O_DIRECTORY, NULL);
	size_t before = k->held.n;
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(dir)) && k->held.n - before < SOCKETS_MAX)
		add_socket(k, generation, fd, entry->d_name);
	(void)closedir(dir);
}

static int by_inode(const void *x, const void *y)
{
	const struct held *a = x, *b = y;

	return (a->inode > b->inode) - (a->inode < b->inode);
}

static bool is_nearer(const struct held *a, const struct held *b)
{
	return a->generation != b->generation ? a->generation < b->generation : a->fd < b->fd;
}

static const struct held *held_by_us(const struct ancestry *k, uint64_t inode)
{
	const struct held key = { .inode = inode }, *h, *best;

	if (inode == 0 || k->held.n == 0)
		return NULL;
	h = best = bsearch(&key, k->held.v, k->held.n, sizeof(key), by_inode);
	while (h && h > k->held.v && h[-1].inode == inode)
		h--;
	/* a parent and its child share it (sshd's two do): the nearest counts */
	for (; h && h < k->held.v + k->held.n && h->inode == inode; h++)
		if (is_nearer(h, best))
			best = h;
	return best;
}

/* A server's first descriptor is what it was made for; what it takes for others (ssh -R) comes later. */
static struct dw_connection_fact *by_ancestor(struct ancestry *k)
{
	struct dw_facts *f = k->s->facts;
	struct dw_connection_fact *best = NULL;
	struct held rank = { 0 };

	for (unsigned i = 0; i < k->n; i++)
		add_sockets(k, i);
	if (k->held.n > 1)
		qsort(k->held.v, k->held.n, sizeof(*k->held.v), by_inode);
	for (size_t i = 0; i < f->connections.n; i++) {
		const struct held *h = held_by_us(k, f->connections.v[i].inode);

		if (!h || (best && !is_nearer(h, &rank)))
			continue;
		best = &f->connections.v[i];
		rank = *h;
	}
	return best;
}

/* --- by addresses ----------------------------------------------------------------------------- */

struct place {
	enum dw_family family;
	uint8_t address[16];
};

/* Mapped IPv4 is IPv4; a scope (%eth0) is left out. */
static bool parse_address(struct dw_arena *a, const char *text, struct place *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const char *plain = dw_arena_strndup(a, text, strcspn(text, "%"));
	uint8_t raw[16];

	*ret = (struct place){ .family = DW_FAMILY_IPV4 };
	if (inet_pton(AF_INET, plain, ret->address) == 1)
		return true;
	if (inet_pton(AF_INET6, plain, raw) != 1)
		return false;
	if (memcmp(raw, mapped, sizeof(mapped)) == 0) {
		memcpy(ret->address, raw + 12, 4);
		return true;
	}
	ret->family = DW_FAMILY_IPV6;
	memcpy(ret->address, raw, sizeof(raw));
	return true;
}

static bool is_from(const struct dw_connection_fact *c, const struct place *peer)
{
	return c->at.family == peer->family && memcmp(c->peer, peer->address, 16) == 0;
}

/* "192.0.2.1 50022 10.0.0.1 22", ssh(1) */
static struct dw_connection_fact *by_words(struct ancestry *k, const char *value)
{
	char *words = dw_arena_strdup(k->scratch, value), *word[4];
	struct dw_facts *f = k->s->facts;
	uint64_t peer_port, port;
	struct place peer, local;

	for (size_t i = 0; i < DW_ARRAY_SIZE(word); i++) {
		word[i] = dw_word_next(&words);
		if (!word[i])
			return NULL;
	}
	if (!parse_address(k->scratch, word[0], &peer) ||
	    !parse_address(k->scratch, word[2], &local) ||
	    !dw_parse_u64(word[1], 10, UINT16_MAX, &peer_port) ||
	    !dw_parse_u64(word[3], 10, UINT16_MAX, &port))
		return NULL;
	for (size_t i = 0; i < f->connections.n; i++) {
		struct dw_connection_fact *c = &f->connections.v[i];

		if (c->at.protocol == DW_PROTOCOL_TCP && c->at.port == port &&
		    c->peer_port == peer_port && is_from(c, &peer) &&
		    memcmp(c->at.address, local.address, 16) == 0)
			return c;
	}
	return NULL;
}

/* sudo washes our own environment, so that of those above us counts too. */
static struct dw_connection_fact *by_environment(struct ancestry *k)
{
	struct dw_connection_fact *found = NULL;

	for (unsigned i = 0; i < k->n && !found; i++) {
		const char *v = dw_procs_env(k->s->procs, k->chain[i], "SSH_CONNECTION");

		if (v)
			found = by_words(k, v);
	}
	return found;
}

/* The audit session, which sudo and screen leave as it is, is logind's too (pam_systemd(8)). */
static const char *far_end(struct ancestry *k)
{
	const struct dw_procinfo *self = k->chain[0];
	const char *tty = dw_session_tty(k->scratch, self->tty_nr);
	_cleanup_fd_ int fd = -1;
	struct dw_bytes text = { 0 };
	struct dw_session v;

	if (self->loginuid != UINT32_MAX)
		fd = dw_procs_openat(k->s->procs, self->pid, "sessionid", O_RDONLY, NULL);
	if (fd >= 0 && dw_fd_read_all(fd, 64, k->scratch, &text) == 0 &&
	    dw_session_read(k->s, dw_trim(text.data), &v) && v.host)
		return v.host;
	return tty && dw_session_at(k->s, tty, &v) ? v.host : NULL;
}

/* From there, and by one port only: with two nobody can say by which. */
static struct dw_connection_fact *by_login(struct ancestry *k)
{
	struct dw_facts *f = k->s->facts;
	const char *host = far_end(k);
	struct dw_connection_fact *found = NULL;
	struct place peer;

	if (!host || !parse_address(k->scratch, host, &peer))
		return NULL;
	for (size_t i = 0; i < f->connections.n; i++) {
		struct dw_connection_fact *c = &f->connections.v[i];

		if (c->at.protocol != DW_PROTOCOL_TCP || !is_from(c, &peer))
			continue;
		if (found && found->at.port != c->at.port)
			return NULL;
		found = c;
	}
	return found;
}

void dw_starters_session(struct dw_starters *s)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct ancestry k = { .s = s, .scratch = scratch };
	struct dw_connection_fact *found;

	if (!s->procs || s->facts->connections.n == 0)
		return;
	trace(&k);
	if (k.n == 0)
		return;
	found = by_ancestor(&k);
	if (!found)
		found = by_environment(&k);
	if (!found)
		found = by_login(&k);
	if (found)
		found->session = true;
}
