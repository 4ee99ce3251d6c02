/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much is lost. What is known of a host: ports that answered a later round did not answer the ones before, and
 * controls (ports known to answer, asked again) answer or not. Few are known of a host that is mostly silent: then the
 * other hosts' loss counts as some hundred probes more, unless the host's own contradict it.
 */
#include "engine.h"

#define PRIOR 300.0 /* probes that the others' loss counts as */
#define PRIOR_SHARE                                                                                \
	0.005 /* loss where nothing is known at all: with PRIOR, five rounds for a silent host alone */
#define Z 2.0

static double root(double x)
{
	double r = x > 1 ? x : 1;

	/* Newton's method: no mathematical library for one root */
	for (int i = 0; i < 40; i++)
		r = 0.5 * (r + x / r);
	return x <= 0 ? 0 : r;
}

/* Wilson, "Probable inference, the law of succession, and statistical inference", 1927. */
static double wilson(double heard, double lost, double sign)
{
	double n = heard + lost, p, middle, spread;

	if (n <= 0)
		return sign > 0 ? 1 : 0;
	p = lost / n;
	middle = p + Z * Z / (2 * n);
	spread = Z * root(p * (1 - p) / n + Z * Z / (4 * n * n));
	return (middle + sign * spread) / (1 + Z * Z / n);
}

double dw_engine_loss_bound(double heard, double lost)
{
	return wilson(heard, lost, 1);
}

double dw_engine_loss_low(double heard, double lost)
{
	return wilson(heard, lost, -1);
}

static double bound(double heard, double lost, double prior, double weight)
{
	if (weight > 0 && dw_engine_loss_low(heard, lost) > prior)
		weight = 0;
	return dw_engine_loss_bound(heard + weight * (1 - prior), lost + weight * prior);
}

double dw_engine_loss_missed(const struct dw_engine *g, const struct dw_engine_host_run *h,
			     unsigned rounds)
{
	double n = (double)g->pool.heard + g->pool.lost;
	double prior = n >= PRIOR ? g->pool.lost / n : PRIOR_SHARE;
	double own = (double)h->first_round.heard + h->first_round.lost, first, later, missed;
	double later_prior = prior;

	first = bound(h->first_round.heard, h->first_round.lost, prior, PRIOR);
	/* What the first round says of the later ones, unless it was too fast. */
	if (own >= PRIOR)
		later_prior = DW_MIN(h->first_round.lost / own, DW_MAX(prior, 0.3));
	later = bound(h->later.heard, h->later.lost, later_prior,
		      own >= PRIOR ? DW_MIN(own, 5000.0) : PRIOR);
	missed = rounds > 0 ? first : 1;
	for (unsigned i = 1; i < rounds; i++)
		missed *= later;
	return missed;
}
