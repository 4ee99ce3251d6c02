/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is behind an open port. We connect (ordinary sockets, so that nothing of the kernel's is disturbed) and hand the
 * connected descriptor to a child that has dropped everything (no capabilities, no files, seccomp): it talks, reads
 * what the stranger says, and answers with a record of capped fields, which is checked again on this side.
 *
 * Protocols and their payloads, TCP and UDP, come from knowledge/probes (compiled in); an nmap-service-probes file
 * can be read as well.
 */
#ifndef DW_IDENTIFY_H
#define DW_IDENTIFY_H

#include "dw_scan.h"
#include "dw_vec.h"
#include "dw_wire.h"

struct dw_sys;
struct dw_identify;

#define DW_NMAP_PROBES "/usr/share/nmap/nmap-service-probes"

struct dw_identify_options {
	const char *
		nmap_probes; /* file, as the user named it; NULL: DW_NMAP_PROBES when it is there; "": none */
	unsigned parallel;        /* connections at once, 0: 64; to one host: at most 4 */
	unsigned timeout_ms;      /* of one connection; 0: 5000 */
	const char *const *names; /* unused names for SNI: none; reserved */
};

int dw_identify_open(struct dw_sys *s, const struct dw_identify_options *o,
		     struct dw_identify **ret, struct dw_error *e);
void dw_identify_free(struct dw_identify *i); /* ends the child; NULL allowed */

/* Queues an open port; tag comes back. name: the host's name for TLS and HTTP, NULL: none. Copied. */
int dw_identify_add(struct dw_identify *i, const struct dw_address *address, enum dw_protocol p,
		    uint16_t port, const char *name, uint64_t tag, struct dw_error *e);
/*
 * Works for at most that many milliseconds (0: what can be done at once). tell: for each that is finished, service
 * NULL: it said nothing (UDP: and did not answer again). Its memory is gone after the call: copy. Returns how many
 * are left.
 */
int dw_identify_work(struct dw_identify *i, unsigned wait_ms,
		     void (*tell)(void *data, uint64_t tag, bool answered,
				  const struct dw_scan_service *service),
		     void *data, struct dw_error *e);

/*
 * What could not be done, one sentence each, for the notes of the scan: lines of the other file that were left out, no
 * TLS here, how often the reader died of what it was told (it was started again, and what killed it left alone).
 */
void dw_identify_notes(const struct dw_identify *i, struct dw_arena *a, struct dw_strings *ret);

/*
 * Payloads for a UDP port, static memory: its own, or, where it has none, the common ones. n 0: an empty datagram
 * (ports whose service would take anything else for real, see dw_identify_silent).
 */
struct dw_wire_payloads dw_identify_payloads(uint16_t port);
/*
 * Why no answer can be expected of that port: its service answers no stranger (UDP), or it is left alone (printers,
 * controllers of machines): nothing is ever said to it. NULL: it is asked. Static.
 */
const char *dw_identify_silent(enum dw_protocol p, uint16_t port);
/* Id in the knowledge base of a protocol of our table, be it inside TLS from the start ("http", true: "https"). */
const char *dw_identify_service(const char *protocol, bool tls);
/* UDP ports that have a payload of their own, sorted; static. */
const uint16_t *dw_identify_udp_ports(size_t *ret_n);

#endif
