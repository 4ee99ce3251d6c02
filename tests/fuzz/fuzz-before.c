/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands beside a packet filter's rules, as the kernel tells it: queueing disciplines and filters of tc,
 * policies of IPsec, functions at the hooks. One message after the other.
 */
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>

#include "before.h"

static const struct nlmsghdr *message_at(const char *data, size_t size, size_t at)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)(data + at);

	if (at > size || size - at < NLMSG_HDRLEN)
		return NULL;
	return m->nlmsg_len >= NLMSG_HDRLEN && m->nlmsg_len <= size - at ? m : NULL;
}

static void check(const struct dw_scene *scene)
{
	for (size_t i = 0; i < scene->obstacles.n; i++)
		if (!scene->obstacles.v[i].words || !scene->obstacles.v[i].words[0])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_scene_link bridge = {
		.ifindex = 2, .name = "br0", .kind = "bridge", .fd = -1
	};
	struct dw_scene scene = { .arena = a };
	const char *copy = dw_arena_memdup(a, data, size);
	const struct nlmsghdr *m;
	unsigned hook = 0;

	dw_vec_push(a, &scene.links, bridge);
	for (size_t at = 0; (m = message_at(copy, size, at)); at += NLMSG_ALIGN(m->nlmsg_len)) {
		struct dw_before_qdisc q;

		(void)dw_before_qdisc(m, &q);
		(void)dw_before_filter(a, m);
		dw_before_policy(&scene, m);
		dw_before_default(&scene, m);
		dw_before_hook(&scene, hook++ % 5, m);
	}
	check(&scene);
	return 0;
}
