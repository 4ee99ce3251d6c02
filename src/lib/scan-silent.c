/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses where nobody answered. On our own link that is proof, as far as nothing was lost: who has an address there
 * must answer ARP or neighbour discovery. Beyond it silence proves nothing: a filter may keep all from it that was
 * asked.
 */
#include "dw_macros.h"
#include "dw_str.h"
#include "scan-private.h"

#define NAMED_MAX  16u
#define MISSED_MAX 1e-3F /* above, the link loses too much for silence to mean something */

/* Its neighbours were asked: by us, or by the kernel, which then says that there is no way. */
static bool is_asked_on_link(const struct dw_scan_target *t)
{
	return t->on_link && (t->up == DW_SCAN_UP_NO || t->up_why == DW_SCAN_WHY_UNREACHABLE);
}

void dw_scanning_is_silent(struct dw_scanning *s, const struct dw_scan_target *t)
{
	const struct dw_spec_targets *alone = s->targets.alone;
	bool is_proven = is_asked_on_link(t) && t->missed <= MISSED_MAX;

	bool was_asked = t->up != DW_SCAN_UP_NO || t->up_why != DW_SCAN_WHY_UNKNOWN;

	if (s->stop || !was_asked) /* an address of all, named by itself */
		return;
	s->scan->hosts_silent++;
	if (is_proven)
		s->scan->hosts_missed = DW_MAX(s->scan->hosts_missed, t->missed);
	else
		s->scan->hosts_unproven++;
	if (!alone || !dw_spec_targets_have(alone, &t->at.address))
		return;
	if (s->n_silent++ < NAMED_MAX)
		dw_vec_push(s->a, &s->silent,
			    t->name ? dw_arena_printf(s->a, "%s (%s)",
						      dw_address_text(s->a, &t->at.address),
						      t->name)
				    : dw_address_text(s->a, &t->at.address));
}

void dw_scanning_tell_silent(struct dw_scanning *s)
{
	struct dw_str text = { .arena = s->a };

	if (s->n_silent == 0)
		return;
	for (size_t i = 0; i < s->silent.n; i++)
		dw_str_addf(&text, "%s%s", i ? ", " : "", s->silent.v[i]);
	if (s->n_silent > s->silent.n)
		dw_str_addf(&text, " and %ju more", (uintmax_t)(s->n_silent - s->silent.n));
	dw_scanning_note(s, "nothing answered at %s, so its ports were not asked%s", text.s,
			 s->scan->hosts_unproven && !s->o.assume_up
				 ? "; --assume-up asks whoever is silent"
				 : "");
}
