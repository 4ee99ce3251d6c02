/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Behind all others is priority INT_MAX - 1: at INT_MAX connection tracking confirms its entries. The table has
 * an owner (NFT_TABLE_F_OWNER, Linux 5.12): who flushes the copy's rules does not flush it.
 */
#include "detector.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <netinet/in.h>
#include <string.h>

#include "dw_str.h"
#include "nfmake.h"
#include "ruleset.h"

#define GROUP  54023u /* of NFLOG; nobody else's, and the prefix is looked at as well */
#define ARRIVE "doorward arrives"
#define LEAVE  "doorward leaves"
#define WATCH  "doorward sentinel"
#define MET    "met "
#define TRACE  "TRACE: " /* net/ipv4/netfilter/ip_tables.c, trace_packet() */

#define TRACE_GROUP 0u /* of what has no group of its own */

#define FIRST_SEQ     (1u << 30) /* of batches; below: requests */
#define LOOPBACK      1u         /* its index is that in each namespace */
#define QUEUE_BYTES   ((size_t)64 << 20)
#define ANSWER_BYTES  ((size_t)256 * 1024)
#define COPY_BYTES    128u
#define MESSAGE_BYTES (32u * 1024)
#define WAIT_MS       200

enum { TCP_FLAGS_AT = 13, TCP_RST = 0x04 };

/* The groups: our own, of rules in doubt, of traces. */
enum which_log { DW_LOG_OWN = 0, DW_LOG_MET, DW_LOG_TRACE, DW_LOG_COUNT };

struct dw_detector {
	struct dw_sys *sys;
	struct dw_listener *log, *control;
	uint32_t sentinel;
	uint32_t seq; /* of messages on `control` */
	bool traced;
	/* while reading */
	dw_detector_cb *cb;
	void *data;
	bool lost;
	uint32_t sentinel_id;        /* of those sent last: some of those before may come late */
	unsigned sentinels;          /* seen of them */
	uint32_t next[DW_LOG_COUNT]; /* number of the message that comes next, of each group */
	bool counts[DW_LOG_COUNT];   /* `next` is known */
};

/* --- the table ---------------------------------------------------------------------------------- */

static void add_chain(struct dw_nfmake *b, const char *name, uint32_t hook, int32_t priority)
{
	dw_nfmake_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_INET);
	dw_nfmake_chain(b, DW_DETECTOR_TABLE, name, hook, priority);
}

static void add_rule(struct dw_nfmake *b, const char *chain)
{
	dw_nfmake_message(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NFPROTO_INET);
	dw_nfmake_rule(b, DW_DETECTOR_TABLE, chain);
}

static void add_sentinel(struct dw_nfmake *b, uint32_t ifindex)
{
	add_chain(b, "sentinel", NF_INET_PRE_ROUTING, INT_MIN);
	add_rule(b, "sentinel");
	dw_nfmake_meta(b, NFT_META_IIF);
	dw_nfmake_is(b, NFT_CMP_EQ, &ifindex, sizeof(ifindex));
	dw_nfmake_log(b, GROUP, WATCH);
	dw_nfmake_verdict(b, NF_DROP);
}

static void add_arrivals(struct dw_nfmake *b)
{
	add_chain(b, "arrives", NF_INET_LOCAL_IN, INT_MAX - 1);
	add_rule(b, "arrives");
	dw_nfmake_log(b, GROUP, ARRIVE);
	dw_nfmake_verdict(b, NF_DROP);
}

static void drop_answers(struct dw_nfmake *b)
{
	static const uint8_t icmp[] = { IPPROTO_ICMP, IPPROTO_ICMPV6 };
	static const uint8_t tcp = IPPROTO_TCP, rst = TCP_RST, none;

	for (size_t i = 0; i < DW_ARRAY_SIZE(icmp); i++) {
		add_rule(b, "leaves");
		dw_nfmake_meta(b, NFT_META_L4PROTO);
		dw_nfmake_is(b, NFT_CMP_EQ, &icmp[i], 1);
		dw_nfmake_verdict(b, NF_DROP);
	}
	add_rule(b, "leaves");
	dw_nfmake_meta(b, NFT_META_L4PROTO);
	dw_nfmake_is(b, NFT_CMP_EQ, &tcp, 1);
	dw_nfmake_transport(b, TCP_FLAGS_AT, 1);
	dw_nfmake_mask(b, &rst, 1);
	dw_nfmake_is(b, NFT_CMP_NEQ, &none, 1);
	dw_nfmake_verdict(b, NF_DROP);
}

/* What goes to this host itself by the loopback comes in again, and is looked at there. */
static void add_departures(struct dw_nfmake *b)
{
	static const uint32_t loopback = LOOPBACK;

	add_chain(b, "leaves", NF_INET_POST_ROUTING, INT_MAX - 1);
	add_rule(b, "leaves");
	dw_nfmake_meta(b, NFT_META_OIF);
	dw_nfmake_is(b, NFT_CMP_EQ, &loopback, sizeof(loopback));
	dw_nfmake_verdict(b, NF_ACCEPT);
	drop_answers(b);
	add_rule(b, "leaves");
	dw_nfmake_log(b, GROUP, LEAVE);
	dw_nfmake_verdict(b, NF_DROP);
}

static int make_table(struct dw_detector *d, uint32_t flags, struct dw_error *e)
{
	struct dw_nfmake b;

	dw_nfmake_begin(&b, &d->seq);
	dw_nfmake_message(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, NFPROTO_INET);
	dw_nfmake_table(&b, DW_DETECTOR_TABLE, flags);
	add_sentinel(&b, d->sentinel);
	add_arrivals(&b);
	add_departures(&b);
	return dw_nfmake_send(&b, d->control, e);
}

int dw_detector_renew(struct dw_detector *d, struct dw_error *e)
{
	struct dw_error error = { 0 };
	int r = make_table(d, NFT_TABLE_F_OWNER, &error);

	if (r == -EOPNOTSUPP || r == -EINVAL) /* before Linux 5.12 */
		r = make_table(d, 0, &error);
	if (r == -EEXIST)
		return 0;
	if (r == 0)
		d->traced = false;
	else if (e)
		*e = error;
	return r;
}

int dw_detector_trace(struct dw_detector *d, bool on, struct dw_error *e)
{
	static const struct {
		const char *name;
		uint32_t hook;
	} chains[] = { { "trace", NF_INET_PRE_ROUTING }, { "trace_own", NF_INET_LOCAL_OUT } };
	struct dw_nfmake b;
	int r;

	if (on == d->traced)
		return 0;
	dw_nfmake_begin(&b, &d->seq);
	for (size_t i = 0; i < DW_ARRAY_SIZE(chains); i++) {
		if (on) {
			add_chain(&b, chains[i].name, chains[i].hook, INT_MIN);
			add_rule(&b, chains[i].name);
			dw_nfmake_meta_set(&b, NFT_META_NFTRACE, 1);
			continue;
		}
		dw_nfmake_message(&b, NFT_MSG_DELRULE, 0, NFPROTO_INET);
		mnl_attr_put_strz(b.m, NFTA_RULE_TABLE, DW_DETECTOR_TABLE);
		mnl_attr_put_strz(b.m, NFTA_RULE_CHAIN, chains[i].name);
		dw_nfmake_message(&b, NFT_MSG_DELCHAIN, 0, NFPROTO_INET);
		mnl_attr_put_strz(b.m, NFTA_CHAIN_TABLE, DW_DETECTOR_TABLE);
		mnl_attr_put_strz(b.m, NFTA_CHAIN_NAME, chains[i].name);
	}
	r = dw_nfmake_send(&b, d->control, e);
	if (r < 0)
		return r;
	d->traced = on;
	return 0;
}

/* A delete that names none is for all of them; without the kernel's part for it there are none, either. */
int dw_detector_forget(struct dw_detector *d, struct dw_error *e)
{
	char buffer[64] = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head;
	int r;

	m->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->nfgen_family = AF_UNSPEC;
	head->version = NFNETLINK_V0;
	r = dw_listener_ask(d->control, m, e);
	return r == -EINVAL || r == -EOPNOTSUPP || r == -ENOENT ? 0 : r;
}

/* --- the log ------------------------------------------------------------------------------------ */

static int bind_group(struct dw_detector *d, uint16_t group, uint32_t batch, struct dw_error *e)
{
	char buffer[256] = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	const struct nfulnl_msg_config_cmd command = { .command = NFULNL_CFG_CMD_BIND };
	const struct nfulnl_msg_config_mode mode = { .copy_range = htonl(COPY_BYTES),
						     .copy_mode = NFULNL_COPY_PACKET };
	struct nfgenmsg *head;
	int r;

	m->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->nfgen_family = AF_UNSPEC;
	head->version = NFNETLINK_V0;
	head->res_id = htons(group);
	mnl_attr_put(m, NFULA_CFG_CMD, sizeof(command), &command);
	mnl_attr_put(m, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(m, NFULA_CFG_QTHRESH, htonl(batch));
	mnl_attr_put_u32(m, NFULA_CFG_NLBUFSIZ, htonl(batch > 1 ? MESSAGE_BYTES : 1024));
	mnl_attr_put_u16(m, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
	r = dw_listener_ask(d->log, m, e);
	if (r == -EINVAL || r == -EOPNOTSUPP || r == -ENOENT)
		return dw_error_set(e, -ENOTSUP,
				    "this kernel does not log packets (NFLOG): no rehearsal");
	return r;
}

struct logged {
	unsigned hook;
	uint32_t in, out, seq;
	bool has_seq;
	const char *prefix;
	const uint8_t *bytes;
	size_t n;
};

static void take_attribute(const struct nlattr *t, struct logged *l)
{
	const void *p = mnl_attr_get_payload(t);
	size_t n = mnl_attr_get_payload_len(t);
	uint32_t v = 0;

	if (n >= sizeof(v))
		memcpy(&v, p, sizeof(v));
	switch (mnl_attr_get_type(t)) {
	case NFULA_PACKET_HDR:
		if (n >= sizeof(struct nfulnl_msg_packet_hdr))
			l->hook = ((const struct nfulnl_msg_packet_hdr *)p)->hook;
		break;
	case NFULA_IFINDEX_INDEV:
		l->in = ntohl(v);
		break;
	case NFULA_IFINDEX_OUTDEV:
		l->out = ntohl(v);
		break;
	case NFULA_SEQ:
		l->seq = ntohl(v);
		l->has_seq = n >= sizeof(v);
		break;
	case NFULA_PREFIX:
		l->prefix = n > 0 && ((const char *)p)[n - 1] == '\0' ? p : NULL;
		break;
	case NFULA_PAYLOAD:
		l->bytes = p;
		l->n = n;
		break;
	}
}

static void count_up(struct dw_detector *d, enum which_log which, const struct logged *l)
{
	if (!l->has_seq)
		return;
	if (d->counts[which] && d->next[which] != l->seq)
		d->lost = true;
	d->next[which] = l->seq + 1;
	d->counts[which] = true;
}

static bool names_rule(const struct logged *l, struct dw_detected *ret)
{
	uint64_t id;

	if (!l->prefix || strncmp(l->prefix, MET, strlen(MET)) != 0 ||
	    !dw_parse_u64(l->prefix + strlen(MET), 10, UINT32_MAX, &id))
		return false;
	ret->met = true;
	ret->rule = (uint32_t)id;
	return true;
}

static void see_own(struct dw_detector *d, const struct logged *l, struct dw_detected *seen)
{
	if (dw_streq(l->prefix, WATCH)) {
		d->sentinels += seen->packet.id == d->sentinel_id;
		return;
	}
	seen->forwarded = dw_streq(l->prefix, LEAVE);
	if (seen->forwarded || dw_streq(l->prefix, ARRIVE))
		d->cb(d->data, seen);
}

static void see_packet(struct dw_detector *d, enum which_log which, const struct logged *l)
{
	struct dw_detected seen = { .in = l->in, .out = l->out };

	if (!l->bytes || !l->prefix || !dw_rehearse_packet_read(l->bytes, l->n, &seen.packet))
		return;
	if (which == DW_LOG_OWN)
		see_own(d, l, &seen);
	if (which == DW_LOG_MET && names_rule(l, &seen))
		d->cb(d->data, &seen);
	if (which == DW_LOG_TRACE && strncmp(l->prefix, TRACE, strlen(TRACE)) == 0) {
		seen.trace = l->prefix + strlen(TRACE);
		d->cb(d->data, &seen);
	}
}

static int see_message(const struct nlmsghdr *m, void *arg)
{
	struct dw_detector *d = arg;
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(m);
	struct logged l = { 0 };
	const struct nlattr *t;
	enum which_log which = DW_LOG_OWN;

	if (m->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) ||
	    m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return 0;
	mnl_attr_for_each(t, m, sizeof(*head))
	{
		take_attribute(t, &l);
	}
	if (ntohs(head->res_id) != GROUP)
		which = ntohs(head->res_id) == DW_MET_GROUP ? DW_LOG_MET : DW_LOG_TRACE;
	count_up(d, which, &l);
	see_packet(d, which, &l);
	return 0;
}

struct dw_detector *dw_detector_deaf(dw_detector_cb *cb, void *data)
{
	struct dw_detector *d = calloc(1, sizeof(*d));

	if (!d)
		dw_oom();
	d->cb = cb;
	d->data = data;
	return d;
}

void dw_detector_message(struct dw_detector *d, const struct nlmsghdr *m)
{
	(void)see_message(m, d);
}

uint32_t dw_detector_sentinel(struct dw_detector *d)
{
	d->sentinel_id = d->sentinel_id >= UINT32_MAX - 1 ? DW_SENTINEL_ID : d->sentinel_id + 1;
	return d->sentinel_id;
}

/*
 * Messages of the group come when DW_DETECTOR_SENTINELS are together, so after so many sentinels there is one among
 * those that came, and all that was logged before it.
 */
int dw_detector_read(struct dw_detector *d, dw_detector_cb *cb, void *data, bool *ret_complete,
		     struct dw_error *e)
{
	d->cb = cb;
	d->data = data;
	d->lost = false;
	d->sentinels = 0;
	for (unsigned tries = 0; tries < 10 && d->sentinels == 0; tries++) {
		bool lost = false;
		int r = dw_listener_read(d->log, WAIT_MS, see_message, d, &lost, e);

		if (r < 0)
			return r;
		d->lost |= lost;
		if (r == 0 && tries > 0)
			break;
	}
	*ret_complete = d->sentinels > 0 && !d->lost;
	return 0;
}

void dw_detector_free(struct dw_detector *d)
{
	if (!d)
		return;
	dw_listener_free(d->log);
	dw_listener_free(d->control);
	free(d);
}

static void free_detector(struct dw_detector **d)
{
	dw_detector_free(*d);
}

int dw_detector_open(struct dw_sys *s, const struct dw_netns *n, uint32_t sentinel,
		     struct dw_detector **ret, struct dw_error *e)
{
	_cleanup_(free_detector) struct dw_detector *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		dw_oom();
	d->sys = s;
	d->sentinel = sentinel;
	d->seq = FIRST_SEQ;
	d->sentinel_id = DW_SENTINEL_ID;
	r = dw_netns_must_be_other(s, n, e);
	if (r == 0)
		r = dw_listener_open(s, n, NETLINK_NETFILTER, QUEUE_BYTES, &d->log, e);
	if (r == 0)
		r = dw_listener_open(s, n, NETLINK_NETFILTER, ANSWER_BYTES, &d->control, e);
	if (r == 0)
		r = bind_group(d, GROUP, DW_DETECTOR_SENTINELS, e);
	if (r == 0)
		r = bind_group(d, DW_MET_GROUP, 1, e);
	if (r == 0)
		r = bind_group(d, TRACE_GROUP, 1, e);
	if (r == 0)
		r = dw_detector_renew(d, e);
	if (r < 0)
		return r;
	*ret = dw_steal_ptr(d);
	return 0;
}
