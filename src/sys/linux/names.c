/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* getaddrinfo(3), and its like for hosts that do not run. */
#include "dw_names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_route.h"
#include "dw_str.h"
#include "sys_private.h"

/* A name of more addresses than this is somebody's joke. */
#define ADDRESSES_MAX 1024u

static bool has(const struct dw_sys_addresses *list, const struct dw_sys_address *a)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].family == a->family && list->v[i].scope == a->scope &&
		    memcmp(list->v[i].bytes, a->bytes, sizeof(a->bytes)) == 0)
			return true;
	return false;
}

static bool from_sockaddr(const struct sockaddr *sa, struct dw_sys_address *ret)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	*ret = (struct dw_sys_address){ 0 };
	if (!sa)
		return false;
	ret->family = sa->sa_family;
	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		memcpy(ret->bytes, &v4.sin_addr, sizeof(v4.sin_addr));
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(&v6, sa, sizeof(v6));
	memcpy(ret->bytes, &v6.sin6_addr, sizeof(v6.sin6_addr));
	ret->scope = IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) ? v6.sin6_scope_id : 0;
	return true;
}

static void add(struct dw_arena *a, struct dw_sys_addresses *list,
		const struct dw_sys_address *address)
{
	if (list->n < ADDRESSES_MAX && !has(list, address))
		dw_vec_push(a, list, *address);
}

/* --- names -------------------------------------------------------------------------------------- */

static int live_resolve(struct dw_sys *s, const char *name, int family, struct dw_arena *a,
			struct dw_sys_addresses *ret, struct dw_error *e)
{
	const struct addrinfo hints = { .ai_family = family ? family : AF_UNSPEC,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	struct dw_sys_address address;
	int r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "%s", name);
	r = getaddrinfo(name, NULL, &hints, &list);
	if (r == EAI_SYSTEM)
		return dw_error_errno(e, -errno, "%s", name);
	if (r != 0)
		return dw_error_set(e, r == EAI_AGAIN ? -EAGAIN : -ENOENT, "%s: %s", name,
				    gai_strerror(r));
	for (const struct addrinfo *i = list; i; i = i->ai_next)
		if (from_sockaddr(i->ai_addr, &address))
			add(a, ret, &address);
	freeaddrinfo(list);
	return 0;
}

static bool parse_address(const char *text, struct dw_sys_address *ret)
{
	*ret = (struct dw_sys_address){ .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	return inet_pton(ret->family, text, ret->bytes) == 1;
}

static int hosts_resolve(struct dw_sys *s, const char *name, int family, struct dw_arena *a,
			 struct dw_sys_addresses *ret, struct dw_error *e)
{
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	int r = dw_sys_file_read(s, "/etc/hosts", DW_FILE_MAX, a, &text, e);

	if (r < 0)
		return r;
	lines = dw_lines_of(&text);
	for (char *line; (line = dw_lines_next_trimmed(&lines, a)) != NULL;) {
		struct dw_sys_address address;
		const char *word;
		bool named = false;

		line[strcspn(line, "#")] = '\0';
		word = dw_word_next(&line);
		if (!word || !parse_address(word, &address))
			continue;
		while ((word = dw_word_next(&line)) != NULL)
			named |= strcasecmp(word, name) == 0;
		if (named && (family == 0 || family == address.family))
			add(a, ret, &address);
	}
	return 0;
}

int dw_sys_resolve(struct dw_sys *s, const char *name, int family, struct dw_arena *a,
		   struct dw_sys_addresses *ret, struct dw_error *e)
{
	struct dw_sys_addresses found = { 0 };
	int r = s->kind == DW_SYS_LIVE ? live_resolve(s, name, family, a, &found, e)
				       : hosts_resolve(s, name, family, a, &found, e);

	if (r < 0)
		return r;
	if (found.n == 0)
		return dw_error_set(e, -ENOENT, "%s: this name has no%s address", name,
				    family == AF_INET    ? " IPv4"
				    : family == AF_INET6 ? " IPv6"
							 : "");
	*ret = found;
	return 0;
}

uint32_t dw_sys_interface(struct dw_sys *s, const char *name)
{
	uint64_t number = 0;

	if (dw_parse_u64(name, 10, INT32_MAX, &number))
		return (uint32_t)number;
	if (s->kind != DW_SYS_LIVE || dw_sys_fault(s) < 0)
		return 0;
	return if_nametoindex(name);
}

/* --- networks ----------------------------------------------------------------------------------- */

static const struct dw_link *link_of(const struct dw_link *links, size_t n, uint32_t ifindex)
{
	for (size_t i = 0; i < n; i++)
		if (links[i].ifindex == ifindex)
			return &links[i];
	return NULL;
}

static void add_live(const struct dw_link_network *from, const struct dw_link *link,
		     struct dw_arena *a, struct dw_sys_networks *ret)
{
	struct dw_sys_network n = { .address.family = from->address.family,
				    .bits = from->bits,
				    .ifindex = from->ifindex,
				    .ifname = dw_arena_strdup(a, link->name),
				    .loopback = link->type == DW_LINK_LOOPBACK,
				    .up = link->is_up };
	struct in6_addr six;

	memcpy(n.address.bytes, from->address.bytes, sizeof(n.address.bytes));
	memcpy(&six, from->address.bytes, sizeof(six));
	if (from->address.family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&six))
		n.address.scope = from->ifindex;
	dw_vec_push(a, ret, n);
}

static int live_networks(struct dw_sys *s, struct dw_arena *a, struct dw_sys_networks *ret,
			 struct dw_error *e)
{
	struct dw_link_network *list = NULL;
	struct dw_link *links = NULL;
	size_t n = 0, n_links = 0;
	int r = dw_links_read(s, a, &links, &n_links, e);

	if (r == 0)
		r = dw_networks_read(s, NULL, a, &list, &n, e);
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct dw_link *link = link_of(links, n_links, list[i].ifindex);

		if (link) /* else it went away between the two */
			add_live(&list[i], link, a, ret);
	}
	return r;
}

static void add_recorded(char *line, struct dw_arena *a, struct dw_sys_networks *ret)
{
	const char *name = dw_word_next(&line);
	char *address = dw_word_next(&line);
	char *slash = address ? strchr(address, '/') : NULL;
	struct dw_sys_network n = { .ifname = name, .up = true };
	uint64_t bits = 0;

	if (!slash || !dw_parse_u64(slash + 1, 10, 128, &bits))
		return;
	*slash = '\0';
	if (!parse_address(address, &n.address))
		return;
	n.bits = (unsigned)bits;
	n.ifindex = (uint32_t)ret->n + 1;
	n.loopback = dw_streq(name, "lo");
	dw_vec_push(a, ret, n);
}

static int fake_networks(struct dw_sys *s, struct dw_arena *a, struct dw_sys_networks *ret,
			 struct dw_error *e)
{
	_cleanup_fd_ int fd = -1;
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	int r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "the networks of this host");
	fd = dw_fake_open(s, "networks", NULL);
	if (fd < 0)
		return 0; /* a host without a network */
	r = dw_fd_read_all(fd, DW_FILE_MAX, a, &text);
	if (r < 0)
		return dw_error_errno(e, r, "networks");
	lines = dw_lines_of(&text);
	for (char *line; (line = dw_lines_next_trimmed(&lines, a)) != NULL;)
		add_recorded(line, a, ret);
	return 0;
}

int dw_sys_networks(struct dw_sys *s, struct dw_arena *a, struct dw_sys_networks *ret,
		    struct dw_error *e)
{
	struct dw_sys_networks found = { 0 };
	int r = 0;

	if (s->kind == DW_SYS_LIVE)
		r = live_networks(s, a, &found, e);
	else if (s->kind == DW_SYS_FAKE)
		r = fake_networks(s, a, &found, e);
	if (r == 0)
		*ret = found;
	return r;
}

/* --- files -------------------------------------------------------------------------------------- */

int dw_sys_given_read(struct dw_sys *s, const char *name, size_t max, struct dw_arena *a,
		      struct dw_bytes *ret, struct dw_error *e)
{
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_fault(s);

	if (r == 0 && dw_streq(name, "-")) {
		r = dw_fd_read_all(STDIN_FILENO, max, a, ret);
		return r < 0 ? dw_error_errno(e, r, "standard input") : 0;
	}
	if (r == 0) {
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		r = fd < 0 ? -errno : dw_fd_read_all(fd, max, a, ret);
	}
	return r < 0 ? dw_error_errno(e, r, "%s", name) : 0;
}

static int write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, data, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		data += done;
		n -= (size_t)done;
	}
	return 0;
}

static int replace(struct dw_sys *s, const char *name, const char *data, size_t n, bool sync,
		   struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	char *temporary = dw_arena_printf(a, "%s.XXXXXX", name);
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_fault(s);

	if (r == 0) {
		fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
		r = fd < 0 ? -errno : write_all(fd, data, n);
	}
	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && rename(temporary, name) < 0)
		r = -errno;
	if (r < 0 && fd >= 0)
		(void)unlink(temporary);
	return r < 0 ? dw_error_errno(e, r, "%s", name) : 0;
}

int dw_sys_given_replace(struct dw_sys *s, const char *name, const char *data, size_t n,
			 struct dw_error *e)
{
	return replace(s, name, data, n, true, e);
}

int dw_sys_given_renew(struct dw_sys *s, const char *name, const char *data, size_t n,
		       struct dw_error *e)
{
	return replace(s, name, data, n, false, e);
}

void dw_sys_given_remove(struct dw_sys *s, const char *name)
{
	if (dw_sys_fault(s) == 0)
		(void)unlink(name);
}
