/* SPDX-License-Identifier: LGPL-2.1-or-later OR GPL-2.0-only */
/*
 * Every member of a kernel struct that the program reads. Where it lies differs from kernel to kernel: the
 * loader looks it up in the types that the kernel shows (/sys/kernel/btf) and hands the program a table. The
 * kernel would do that itself (CO-RE), but walks over all its types for each struct that is named: half of the
 * time that loading took.
 *
 * X(identifier, kind, struct, member): NEED must be there; MAY may be absent; BIT may be absent and is counted in
 * bits; SIZE is the size of the struct. A member within a struct within is written with dots; a pointer on the way
 * makes it absent. NUMBER is the number of the struct among the kernel's types, FUNCTION that of a function that
 * programs may call or be attached to; both may be absent.
 */
#ifndef DW_BPF_FIELDS_H
#define DW_BPF_FIELDS_H

#define DW_BPF_ABSENT 0xffffffffU

#define DW_BPF_FIELDS(X)                                                                           \
	X(SEQ_SIZE, NEED, "seq_file", "size")                                                      \
	X(SEQ_COUNT, NEED, "seq_file", "count")                                                    \
	X(SB_DEV, NEED, "super_block", "s_dev")                                                    \
	X(SB_MAGIC, NEED, "super_block", "s_magic")                                                \
	X(INODE_MODE, NEED, "inode", "i_mode")                                                     \
	X(INODE_SB, NEED, "inode", "i_sb")                                                         \
	X(INODE_INO, NEED, "inode", "i_ino")                                                       \
	X(INODE_NLINK, NEED, "inode", "i_nlink")                                                   \
	X(INODE_PRIVATE, NEED, "inode", "i_private")                                               \
	X(DENTRY_NAME, NEED, "dentry", "d_name.name")                                              \
	X(FILE_MODE, NEED, "file", "f_mode")                                                       \
	X(FILE_OP, NEED, "file", "f_op")                                                           \
	X(FILE_PRIVATE, NEED, "file", "private_data")                                              \
	X(FILE_INODE, NEED, "file", "f_inode")                                                     \
	X(FILE_DENTRY, NEED, "file", "f_path.dentry")                                              \
	X(FILE_PATH, NEED, "file", "f_path")                                                       \
	X(FDT_MAX, NEED, "fdtable", "max_fds")                                                     \
	X(FDT_FD, NEED, "fdtable", "fd")                                                           \
	X(FDT_OPEN, NEED, "fdtable", "open_fds")                                                   \
	X(FILES_FDT, NEED, "files_struct", "fdt")                                                  \
	X(NS_OPS, NEED, "ns_common", "ops")                                                        \
	X(NS_INUM, NEED, "ns_common", "inum")                                                      \
	X(NS_OPS_NAME, NEED, "proc_ns_operations", "name")                                         \
	X(PIDNS_INUM, NEED, "pid_namespace", "ns.inum")                                            \
	X(MNTNS_INUM, NEED, "mnt_namespace", "ns.inum")                                            \
	X(PID_LEVEL, NEED, "pid", "level")                                                         \
	X(PID_NUMBERS, NEED, "pid", "numbers")                                                     \
	X(TTY_DRIVER_MAJOR, NEED, "tty_driver", "major")                                           \
	X(TTY_DRIVER_MINOR, NEED, "tty_driver", "minor_start")                                     \
	X(TTY_INDEX, NEED, "tty_struct", "index")                                                  \
	X(TTY_DRIVER, NEED, "tty_struct", "driver")                                                \
	X(SIGNAL_PIDS, NEED, "signal_struct", "pids")                                              \
	X(SIGNAL_TTY, NEED, "signal_struct", "tty")                                                \
	X(MM_EXE, NEED, "mm_struct", "exe_file")                                                   \
	X(MM_ARG_START, MAY, "mm_struct", "arg_start")                                             \
	X(MM_ARG_END, MAY, "mm_struct", "arg_end")                                                 \
	X(CRED_UID, NEED, "cred", "uid")                                                           \
	X(CRED_EUID, NEED, "cred", "euid")                                                         \
	X(CRED_GID, NEED, "cred", "gid")                                                           \
	X(CRED_EGID, NEED, "cred", "egid")                                                         \
	X(CRED_EFFECTIVE, NEED, "cred", "cap_effective")                                           \
	X(CRED_BOUNDING, NEED, "cred", "cap_bset")                                                 \
	X(NSPROXY_MNT, NEED, "nsproxy", "mnt_ns")                                                  \
	X(NSPROXY_NET, NEED, "nsproxy", "net_ns")                                                  \
	X(TASK_FLAGS, NEED, "task_struct", "flags")                                                \
	X(TASK_MM, NEED, "task_struct", "mm")                                                      \
	X(TASK_ATOMIC, NEED, "task_struct", "atomic_flags")                                        \
	X(TASK_TGID, NEED, "task_struct", "tgid")                                                  \
	X(TASK_PARENT, NEED, "task_struct", "real_parent")                                         \
	X(TASK_LEADER, NEED, "task_struct", "group_leader")                                        \
	X(TASK_PID, NEED, "task_struct", "thread_pid")                                             \
	X(TASK_START, NEED, "task_struct", "start_boottime")                                       \
	X(TASK_CRED, NEED, "task_struct", "real_cred")                                             \
	X(TASK_COMM, NEED, "task_struct", "comm")                                                  \
	X(TASK_FILES, NEED, "task_struct", "files")                                                \
	X(TASK_NSPROXY, NEED, "task_struct", "nsproxy")                                            \
	X(TASK_SIGNAL, NEED, "task_struct", "signal")                                              \
	X(TASK_LOGINUID, MAY, "task_struct", "loginuid")                                           \
	X(TASK_SECCOMP, MAY, "task_struct", "seccomp.mode")                                        \
	X(TASK_CGROUPS, MAY, "task_struct", "cgroups")                                             \
	/* registered files of io_uring: 6.13 and later, and before */                             \
	X(RING_NR, MAY, "io_ring_ctx", "file_table.data.nr")                                       \
	X(RING_NODES, MAY, "io_ring_ctx", "file_table.data.nodes")                                 \
	X(RING_NODE_FILE, MAY, "io_rsrc_node", "file_ptr")                                         \
	X(RING_OLD_NR, MAY, "io_ring_ctx", "nr_user_files")                                        \
	X(RING_OLD_FILES, MAY, "io_ring_ctx", "file_table.files")                                  \
	X(SOCKET_STATE, NEED, "socket", "state")                                                   \
	X(SOCKET_TYPE, NEED, "socket", "type")                                                     \
	X(SOCKET_FILE, NEED, "socket", "file")                                                     \
	X(SOCKET_SK, NEED, "socket", "sk")                                                         \
	X(SOCKET_OPS, NEED, "socket", "ops")                                                       \
	X(SOCKET_INO, NEED, "socket_alloc", "vfs_inode.i_ino")                                     \
	X(OPS_FAMILY, NEED, "proto_ops", "family")                                                 \
	X(SK_RCV_SADDR, NEED, "sock_common", "skc_rcv_saddr")                                      \
	X(SK_NUM, NEED, "sock_common", "skc_num")                                                  \
	X(SK_FAMILY, NEED, "sock_common", "skc_family")                                            \
	X(SK_STATE, NEED, "sock_common", "skc_state")                                              \
	X(SK_REUSEPORT, BIT, "sock_common", "skc_reuseport")                                       \
	X(SK_V6ONLY, BIT, "sock_common", "skc_ipv6only")                                           \
	X(SK_BOUND_IF, NEED, "sock_common", "skc_bound_dev_if")                                    \
	X(SK_PROT, NEED, "sock_common", "skc_prot")                                                \
	X(SK_NET, MAY, "sock_common", "skc_net")                                                   \
	X(SK_V6_RCV_SADDR, MAY, "sock_common", "skc_v6_rcv_saddr")                                 \
	X(SK_COOKIE, NEED, "sock_common", "skc_cookie")                                            \
	X(SK_NODE, NEED, "sock_common", "skc_node")                                                \
	X(SK_FILTER, NEED, "sock", "sk_filter")                                                    \
	X(SK_WQ, NEED, "sock", "sk_wq")                                                            \
	X(SK_DATA_READY, NEED, "sock", "sk_data_ready")                                            \
	X(SK_SOCKET, NEED, "sock", "sk_socket")                                                    \
	X(SK_UID, NEED, "sock", "sk_uid")                                                          \
	X(SK_PROTOCOL, NEED, "sock", "sk_protocol")                                                \
	X(SK_TYPE, NEED, "sock", "sk_type")                                                        \
	X(SK_CGROUP, MAY, "sock", "sk_cgrp_data.cgroup")                                           \
	X(CGROUP_NODE, MAY, "cgroup", "kn")                                                        \
	X(NODE_ID, MAY, "kernfs_node", "id")                                                       \
	X(FILTER_PROG, NEED, "sk_filter", "prog")                                                  \
	X(PROG_ORIGINAL, NEED, "bpf_prog", "orig_prog")                                            \
	X(WQ_FIRST, NEED, "socket_wq", "wait.head.next")                                           \
	X(WAIT_PRIVATE, NEED, "wait_queue_entry", "private")                                       \
	X(WAIT_ENTRY, NEED, "wait_queue_entry", "entry")                                           \
	X(CONNECTION_ULP, NEED, "inet_connection_sock", "icsk_ulp_data")                           \
	X(CONNECTION_NODE, MAY, "inet_connection_sock", "icsk_listen_portaddr_node") /* to 5.18 */ \
	X(TCP_MPTCP, MAY, "tcp_sock", "is_mptcp")                                                  \
	X(SUBFLOW_CONN, MAY, "mptcp_subflow_context", "conn")                                      \
	X(UDP_ENCAP, NEED, "udp_sock", "encap_rcv")                                                \
	X(PACKET_IFINDEX, MAY, "packet_sock", "ifindex")                                           \
	X(PACKET_NUM, MAY, "packet_sock", "num")                                                   \
	X(VSOCK_PORT, MAY, "vsock_sock", "local_addr.svm_port")                                    \
	X(VSOCK_CID, MAY, "vsock_sock", "local_addr.svm_cid")                                      \
	X(SMC_CLC, MAY, "smc_sock", "clcsock")                                                     \
	X(L2CAP_CHAN, MAY, "l2cap_pinfo", "chan")                                                  \
	X(L2CAP_PSM, MAY, "l2cap_chan", "psm")                                                     \
	X(RFCOMM_CHANNEL, MAY, "rfcomm_pinfo", "channel")                                          \
	X(PROTO_TABLES, NEED, "proto", "h")                                                        \
	X(LISTEN_MASK, NEED, "inet_hashinfo", "lhash2_mask")                                       \
	X(LISTEN_BUCKETS, NEED, "inet_hashinfo", "lhash2")                                         \
	X(LISTEN_HEAD, NEED, "inet_listen_hashbucket", "nulls_head")                               \
	X(LISTEN_SIZE, SIZE, "inet_listen_hashbucket", "")                                         \
	X(UDP_BUCKETS, NEED, "udp_table", "hash")                                                  \
	X(UDP_MASK, NEED, "udp_table", "mask")                                                     \
	X(UDP_HEAD, NEED, "udp_hslot", "head")                                                     \
	X(UDP_SIZE, SIZE, "udp_hslot", "")                                                         \
	X(RAW_HEADS, NEED, "raw_hashinfo", "ht")                                                   \
	X(NET_LIST, NEED, "net", "list")                                                           \
	X(NET_INUM, NEED, "net", "ns.inum")                                                        \
	X(NET_RTNL, NEED, "net", "rtnl")                                                           \
	X(NET_PACKETS, MAY, "net", "packet.sklist")                                                \
	X(NET_TCP, MAY, "net", "ipv4.tcp_death_row.hashinfo") /* a pointer on the way: no table */ \
	X(NET_UDP, MAY, "net", "ipv4.udp_table")              /* since 6.2 */                      \
	X(WORDS, NUMBER, "timespec64", "")       /* begins with 64 bits that are no pointer */     \
	X(CAST, FUNCTION, "bpf_rdonly_cast", "") /* since 6.2 */                                   \
	X(ITER, FUNCTION, "bpf_iter_task", "")   /* what the program is attached to */

enum dw_bpf_field {
#define DW_BPF_FIELD_ID(id, kind, type, member) DW_K_##id,
	DW_BPF_FIELDS(DW_BPF_FIELD_ID)
#undef DW_BPF_FIELD_ID
		DW_K_COUNT
};

#endif
