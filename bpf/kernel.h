/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few kernel structs and members that the programs read, by name only: offsets are put in when a program
 * is loaded (CO-RE), so the order and the size of members here mean nothing, and no BTF of the machine that
 * builds is needed. Names with ___ are variants of other kernel versions (the part from ___ on is ignored).
 */
#ifndef DW_KERNEL_H
#define DW_KERNEL_H

#include <linux/types.h>

typedef _Bool bool;
#define true  1
#define false 0

/*
 * Structs that have always been as they are here, and those of the iterators, which are an interface. To look
 * up a type costs the loader a walk over all types of the kernel, so what need not be fitted is not.
 */
struct pid_namespace;
struct seq_file;
struct task_struct;

struct list_head {
	struct list_head *next;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

/* The first word of a node is its next pointer, with the lowest bit set at the end of a list. */
struct hlist_nulls_node {
	struct hlist_nulls_node *next;
};

struct hlist_nulls_head {
	struct hlist_nulls_node *first;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct sock_fprog_kern {
	__u16 len;
	void *filter;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* --- files ------------------------------------------------------------------------------------- */

struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
};

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	void *i_private;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode;
	const void *f_op;
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;
};

struct files_struct {
	struct fdtable *fdt;
};

/* --- tasks ------------------------------------------------------------------------------------- */

struct ns_common {
	const struct proc_ns_operations *ops;
	unsigned int inum;
};

struct proc_ns_operations {
	const char *name;
};

struct pid_namespace {
	struct ns_common ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct tty_driver {
	int major, minor_start;
};

struct tty_struct {
	int index;
	struct tty_driver *driver;
};

struct signal_struct {
	struct pid *pids[4];
	struct tty_struct *tty;
};

struct mm_struct {
	struct file *exe_file;
};

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

/* two __u32, the low word first, up to 6.2; one __u64 since: the same bytes on little-endian machines */
typedef struct {
	__u64 val;
} kernel_cap_t;

struct cred {
	kuid_t uid, euid;
	kgid_t gid, egid;
	kernel_cap_t cap_effective, cap_bset;
};

struct net;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
};

struct seccomp {
	int mode;
};

struct task_struct {
	unsigned int flags;
	struct mm_struct *mm;
	unsigned long atomic_flags;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	__u64 start_boottime;
	const struct cred *real_cred, *cred;
	char comm[16];
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kuid_t loginuid;
	struct seccomp seccomp;
	struct css_set *cgroups;
};

/* --- io_uring ---------------------------------------------------------------------------------- */

/* 6.13 and later */
struct io_rsrc_node {
	unsigned long file_ptr;
};

struct io_rsrc_data {
	unsigned int nr;
	struct io_rsrc_node **nodes;
};

struct io_file_table {
	struct io_rsrc_data data;
};

struct io_ring_ctx {
	struct io_file_table file_table;
};

/* before: a table of file pointers with flags in the low bits, and the number of them beside it */
struct io_fixed_file {
	unsigned long file_ptr;
};

struct io_file_table___flat {
	struct io_fixed_file *files;
};

struct io_ring_ctx___flat {
	struct io_file_table___flat file_table;
	unsigned int nr_user_files;
};

/* --- sockets ----------------------------------------------------------------------------------- */

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	__u8 bytes[16];
};

struct inet_listen_hashbucket {
	union {
		struct hlist_head head;
		struct hlist_nulls_head nulls_head;
	};
};

struct inet_hashinfo {
	unsigned int lhash2_mask;
	struct inet_listen_hashbucket *lhash2;
};

struct udp_hslot {
	struct hlist_head head;
};

struct udp_table {
	struct udp_hslot *hash;
	unsigned int mask;
};

struct raw_hashinfo {
	struct hlist_head ht[256];
};

struct proto {
	union {
		struct inet_hashinfo *hashinfo;
		struct udp_table *udp_table;
		struct raw_hashinfo *raw_hash;
	} h;
};

struct sock_common {
	__be32 skc_rcv_saddr;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_reuseport : 1;
	unsigned char skc_ipv6only : 1;
	int skc_bound_dev_if;
	struct proto *skc_prot;
	possible_net_t skc_net;
	struct in6_addr skc_v6_rcv_saddr;
	struct {
		__s64 counter;
	} skc_cookie;
	struct hlist_node skc_node;
};

struct bpf_prog {
	struct sock_fprog_kern *orig_prog;
};

struct sk_filter {
	struct bpf_prog *prog;
};

struct wait_queue_entry {
	void *private;
	struct list_head entry;
};

struct wait_queue_head {
	struct list_head head;
};

struct socket_wq {
	struct wait_queue_head wait;
};

struct proto_ops {
	int family;
};

struct socket {
	enum { /* not an int: the loader compares the kinds of types */
		SS_FREE, SS_UNCONNECTED, SS_CONNECTING, SS_CONNECTED, SS_DISCONNECTING
	} state;
	short type;
	struct file *file;
	struct sock *sk;
	const struct proto_ops *ops;
};

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

struct sock {
	struct sock_common __sk_common;
	struct sk_filter *sk_filter;
	struct socket_wq *sk_wq;
	void *sk_data_ready;
	struct socket *sk_socket;
	kuid_t sk_uid;
	__u16 sk_protocol;
	__u16 sk_type;
};

struct inet_connection_sock {
	void *icsk_ulp_data;
	struct hlist_node icsk_listen_portaddr_node; /* until 5.18 */
};

struct tcp_sock {
	bool is_mptcp;
};

struct mptcp_subflow_context {
	struct sock *conn;
};

struct udp_sock {
	void *encap_rcv;
};

struct packet_sock {
	int ifindex;
	__be16 num;
};

struct sockaddr_vm {
	unsigned int svm_port, svm_cid;
};

struct vsock_sock {
	struct sockaddr_vm local_addr;
};

struct smc_sock {
	struct socket *clcsock;
};

struct l2cap_chan {
	__le16 psm, scid;
};

struct l2cap_pinfo {
	struct l2cap_chan *chan;
};

struct rfcomm_pinfo {
	__u8 channel;
};

struct netns_packet {
	struct hlist_head sklist;
};

struct inet_timewait_death_row {
	struct inet_hashinfo *hashinfo;
};

struct netns_ipv4 {
	struct inet_timewait_death_row tcp_death_row;
	struct udp_table *udp_table; /* since 6.2 */
};

struct net {
	struct list_head list;
	struct ns_common ns;
	struct sock *rtnl;
	struct netns_packet packet;
	struct netns_ipv4 ipv4;
};

/* --- iterators --------------------------------------------------------------------------------- */

struct seq_file {
	unsigned long size, count;
};

#pragma clang attribute pop

#endif
