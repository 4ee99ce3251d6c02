/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan-send drop IFACE                  drops all that comes, at XDP, until standard input ends
 * scan-send WIRE IFACE MAC LOT SECONDS  sends SYNs to 10.9.1.0/24 by that wire, as fast as it can, LOT in one send();
 *                                       prints how many left, how many failed, and seconds
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "dw_sys.h"
#include "dw_wire.h"

#define HOSTS 64u
#define PORTS 65535u
#define SLOTS (1u << 20)

static long call(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int drop(const char *interface)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	long fd;
	char c;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insn_cnt = DW_ARRAY_SIZE(program);
	attr.insns = (uint64_t)(uintptr_t)program;
	attr.license = (uint64_t)(uintptr_t) "GPL";
	fd = call(BPF_PROG_LOAD, &attr);
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)fd;
	attr.link_create.target_ifindex = if_nametoindex(interface);
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	if (fd < 0 || call(BPF_LINK_CREATE, &attr) < 0) {
		perror(interface);
		return 1;
	}
	puts("ready");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}

static int open_wire(const char *name, struct dw_sys *s, uint32_t ifindex, struct dw_wire **ret,
		     struct dw_error *e)
{
	if (strcmp(name, "live") == 0)
		return dw_wire_live_open(s, ifindex, ret, e);
#ifdef DW_HAVE_PACKET_WIRE
	if (strcmp(name, "packet") == 0)
		return dw_wire_packet_open(s, ifindex, ret, e);
#endif
	return dw_error_set(e, -EINVAL, "no wire \"%s\" in this build", name);
}

static void choose_hosts(struct dw_wire_host *hosts, uint32_t ifindex, const char *mac)
{
	unsigned m[6] = { 0 };

	(void)sscanf(mac, "%x:%x:%x:%x:%x:%x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5]);
	for (uint32_t i = 0; i < HOSTS; i++) {
		hosts[i] = (struct dw_wire_host){ .ifindex = ifindex };
		hosts[i].address.family = hosts[i].source.family = DW_FAMILY_IPV4;
		memcpy(hosts[i].address.bytes, (const uint8_t[]){ 10, 9, 1, (uint8_t)i }, 4);
		memcpy(hosts[i].source.bytes, (const uint8_t[]){ 10, 9, 0, 1 }, 4);
		for (size_t k = 0; k < 6; k++)
			hosts[i].mac[k] = (uint8_t)m[k];
	}
}

static int blast(struct dw_wire *w, const struct dw_wire_block *b, size_t lot, double seconds,
		 struct dw_error *e)
{
	uint32_t *slots = calloc(SLOTS, sizeof(*slots));
	uint64_t begun, now;
	size_t at = 0;
	int r = w->ops->begin(w, b, e);

	/* out of order, as a scan has them */
	for (uint32_t i = 0; slots && i < SLOTS; i++)
		slots[i] = (uint32_t)(i * 2654435761ULL % ((uint64_t)HOSTS * PORTS));
	begun = now = w->ops->now(w);
	while (r == 0 && slots && now - begun < (uint64_t)(seconds * 1e6)) {
		size_t sent = 0;

		r = w->ops->send(w, slots + at, DW_MIN(lot, SLOTS - at), 0, &sent, e);
		at = (at + sent) % SLOTS;
		now = w->ops->now(w);
	}
	printf("%llu %llu %.6f\n", (unsigned long long)w->counts.sent,
	       (unsigned long long)w->counts.failed, (double)(now - begun) / 1e6);
	free(slots);
	return r;
}

int main(int argc, char **argv)
{
	static uint16_t ports[PORTS];
	struct dw_wire_host hosts[HOSTS];
	struct dw_wire_block b = { .protocol = DW_PROTOCOL_TCP,
				   .hosts = hosts,
				   .n_hosts = HOSTS,
				   .ports = ports,
				   .n_ports = PORTS,
				   .key = { 1, 2 },
				   .source_port = 61000 };
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_wire *w = NULL;
	struct dw_error e = { 0 };
	int r;

	if (argc == 3 && strcmp(argv[1], "drop") == 0)
		return drop(argv[2]);
	if (argc != 6) {
		(void)fprintf(stderr, "scan-send: see its first lines\n");
		return 2;
	}
	for (uint32_t i = 0; i < PORTS; i++)
		ports[i] = (uint16_t)(i + 1);
	choose_hosts(hosts, if_nametoindex(argv[2]), argv[3]);
	r = dw_sys_open(NULL, &s, &e);
	if (r == 0)
		r = open_wire(argv[1], s, if_nametoindex(argv[2]), &w, &e);
	if (r == 0)
		r = blast(w, &b, strtoul(argv[4], NULL, 10), strtod(argv[5], NULL), &e);
	dw_wire_free(w);
	if (r < 0)
		(void)fprintf(stderr, "scan-send: %s\n", e.message);
	return r < 0;
}
