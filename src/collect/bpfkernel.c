/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which part of the kernel a socket of its own belongs to. */
#include <string.h>

#include "bpfview.h"
#include "dw_str.h"

/* Functions that a subsystem puts into its sockets: sk->sk_data_ready or udp_sk(sk)->encap_rcv. By prefix. */
static const struct {
	const char *prefix, *subsystem;
} functions[] = {
	{ "svc_", "sunrpc" },          /* net/sunrpc/svcsock.c: nfsd, lockd, NFS callbacks */
	{ "wg_receive", "wireguard" }, /* drivers/net/wireguard/socket.c */
	{ "vxlan_", "vxlan" },         /* drivers/net/vxlan/vxlan_core.c */
	{ "geneve_", "geneve" },       /* drivers/net/geneve.c */
	{ "l2tp_", "l2tp" },           /* net/l2tp/l2tp_core.c */
	{ "gtp_", "gtp" },             /* drivers/net/gtp.c */
	{ "gtp0_", "gtp" },
	{ "gtp1u_", "gtp" },
	{ "bareudp_", "bareudp" }, /* drivers/net/bareudp.c */
	{ "fou_", "fou" },         /* net/ipv4/fou_core.c */
	{ "gue_", "fou" },
	{ "tipc_udp_", "tipc" }, /* net/tipc/udp_media.c */
	{ "tipc_", "tipc" },
	{ "rxe_", "rdma_rxe" },        /* drivers/infiniband/sw/rxe/rxe_net.c */
	{ "siw_", "siw" },             /* drivers/infiniband/sw/siw/siw_cm.c */
	{ "rds_tcp_", "rds" },         /* net/rds/tcp_listen.c */
	{ "rxrpc_", "rxrpc" },         /* net/rxrpc/io_thread.c: AFS */
	{ "lowcomms_", "dlm" },        /* fs/dlm/lowcomms.c */
	{ "o2net_", "ocfs2" },         /* fs/ocfs2/cluster/tcp.c */
	{ "nvmet_tcp_", "nvmet-tcp" }, /* drivers/nvme/target/tcp.c */
	{ "iscsi_", "iscsi-target" },  /* drivers/target/iscsi */
	{ "iscsit_", "iscsi-target" },
	{ "smc_", "smc" },   /* net/smc/af_smc.c */
	{ "ovpn_", "ovpn" }, /* drivers/net/ovpn */
	{ "pfcp_", "pfcp" }, /* drivers/net/pfcp.c */
	{ "batadv_", "batman-adv" },
	{ "drbd_", "drbd" },
	{ "ip_vs_", "ipvs" }, /* synchronisation of connections */
	{ "cifs_", "cifs" },
	{ "ksmbd_", "ksmbd" },
	{ "xfrm4_", "ipsec" }, /* ESP in UDP, for a socket of a key daemon */
	{ "xfrm6_", "ipsec" },
	{ "mptcp_", "mptcp" },
	{ "subflow_", "mptcp" }, /* net/mptcp/subflow.c: the endpoint of the path manager */
	{ "espintcp_", "ipsec" },
	{ "sctp_", "sctp" }, /* net/sctp/protocol.c: SCTP in UDP */
	{ "kcm_", "kcm" },
	{ "vs_", "ipvs" },
};

/* Kernel threads that wait in accept() on sockets with nobody's functions in them. By prefix. */
static const struct {
	const char *prefix, *subsystem;
} threads[] = {
	{ "ksmbd", "ksmbd" },     { "iscsi_np", "iscsi-target" }, { "nfsd", "nfsd" },
	{ "lockd", "lockd" },     { "NFSv4 callback", "nfs" },    { "dlm_", "dlm" },
	{ "drbd", "drbd" },       { "rxe", "rdma_rxe" },          { "ipvs-", "ipvs" },
	{ "nvmet", "nvmet-tcp" }, { "krxrpc", "rxrpc" },          { "tipc", "tipc" },
};

/* "name [module]": the text of the module, in the arena; NULL: built in. */
static const char *module_of(struct dw_arena *a, const char *symbol)
{
	const char *open = strchr(symbol, '['), *close = open ? strchr(open, ']') : NULL;

	return close && close > open + 1 ? dw_arena_strndup(a, open + 1, (size_t)(close - open - 1))
					 : NULL;
}

static const char *of_function(struct dw_arena *a, const char *symbol)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(functions); i++)
		if (dw_starts_with(symbol, functions[i].prefix))
			return functions[i].subsystem;
	/* a module that we never heard of has a name, too */
	return module_of(a, symbol);
}

const char *dw_bpf_subsystem(struct dw_arena *a, const struct dw_bpf_symbol *s)
{
	char data_ready[sizeof(s->data_ready) + 1] = { 0 },
						encap_rcv[sizeof(s->encap_rcv) + 1] = { 0 };
	char waiter[sizeof(s->waiter) + 1] = { 0 };
	const char *found;

	memcpy(data_ready, s->data_ready, sizeof(s->data_ready));
	memcpy(encap_rcv, s->encap_rcv, sizeof(s->encap_rcv));
	memcpy(waiter, s->waiter, sizeof(s->waiter));
	found = of_function(a, encap_rcv);
	if (!found)
		found = of_function(a, data_ready);
	for (size_t i = 0; !found && i < DW_ARRAY_SIZE(threads); i++)
		if (dw_starts_with(waiter, threads[i].prefix))
			found = threads[i].subsystem;
	return found;
}
