/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stable identity of a door: what is the same after a restart of its service and after a reboot. Network
 * namespace (by its name, or by the container that it belongs to), protocol, address, port or interface, starter,
 * program. Never a pid, an inode, a handle. Pure.
 */
#ifndef DW_DOOR_KEY_H
#define DW_DOOR_KEY_H

#include "dw_model.h"

/*
 * As one line of text, its parts separated by blanks, each escaped: "host tcp 0.0.0.0 22 systemd-service:ssh.service
 * /usr/sbin/sshd". Equal keys are equal texts. In the arena. A door that the kernel gave its port (a client of UDP) has
 * "*" for it when `ephemeral`.
 */
const char *dw_door_key(struct dw_arena *a, const struct dw_door *d, bool ephemeral);
/* The same without starter and program: the place. Two doors of one place are one that changed. */
const char *dw_door_place(struct dw_arena *a, const struct dw_door *d, bool ephemeral);

#endif
