/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that this process tries and that are refused are counted; those that are accepted are not. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_refused.h"
#include "dw_test.h"

/* A port of 127.0.0.1 that is bound and does not listen (or does). */
static int bound(bool listening, uint16_t *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	DW_CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	DW_CHECK(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	DW_CHECK(!listening || listen(fd, 8) == 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static int try_connect(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? 0 : -errno;
}

static const struct dw_refusal_seen *find(const struct dw_refusal_seen *v, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].port == port && v[i].family == AF_INET)
			return &v[i];
	return NULL;
}

DW_TEST(refused_connections_are_counted)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_refusals *w = NULL;
	struct dw_error e = { 0 };
	const struct dw_refusal_seen *one;
	struct dw_refusal_seen *v = NULL;
	uint16_t shut, open;
	_cleanup_fd_ int a_fd = bound(false, &shut), b_fd = bound(true, &open);
	size_t n = 0;

	DW_CHECK(dw_sys_open(NULL, &s, &e) == 0);
	if (dw_refusals_open(s, &w, &e) < 0) {
		printf("SKIPPED: %s\n", e.message);
		return;
	}
	DW_CHECK(try_connect(shut) == -ECONNREFUSED);
	DW_CHECK(try_connect(shut) == -ECONNREFUSED);
	DW_CHECK(try_connect(open) == 0);
	DW_CHECK(dw_refusals_read(w, a, &v, &n, &e) == 0);
	one = find(v, n, shut);
	DW_CHECK(one && one->times == 2);
	if (one) {
		const uint8_t loopback[4] = { 127, 0, 0, 1 };

		DW_CHECK(memcmp(one->address, loopback, 4) == 0);
		DW_CHECK_STR(one->comm, "test-refused");
	}
	DW_CHECK(!find(v, n, open));
	dw_refusals_close(w);
	(void)a_fd;
	(void)b_fd;
}

DW_TEST(a_system_that_does_not_run_refuses_nobody)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_refusals *w = NULL;
	struct dw_error e = { 0 };

	DW_CHECK(dw_sys_open("/tmp", &s, &e) == 0);
	DW_CHECK(dw_refusals_open(s, &w, &e) == -ENOTSUP);
	dw_refusals_close(w);
}

DW_TEST(own_addresses)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error e = { 0 };
	const uint8_t loopback[16] = { 127, 0, 0, 1 }, foreign[16] = { 192, 0, 2, 77 };
	uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	DW_CHECK(dw_sys_open(NULL, &s, &e) == 0);
	DW_CHECK(dw_sys_is_own_address(s, AF_INET, loopback));
	DW_CHECK(!dw_sys_is_own_address(s, AF_INET, foreign));
	six[15] = 77;
	DW_CHECK(!dw_sys_is_own_address(s, AF_INET6, six));
}

DW_TEST_MAIN
