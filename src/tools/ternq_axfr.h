/*
 * ternq_axfr.h - AXFR and IXFR: a zone, or what changed in it, record by record.
 */
#pragma once

#include "tools/ternq_net.h"
#include "tools/ternq_options.h"

/**
 * Transfer the zone @p qname and print each message's records as they come.
 * @p r is overwritten.
 *
 * @return EXIT_NO_REPLY also when what came is no whole transfer (told)
 */
enum exit_code axfr_run(struct options *o, const struct net *net, const struct lookup *l,
			const uint8_t *qname, struct reply *r);
