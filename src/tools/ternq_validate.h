/*
 * ternq_validate.h - +validate: is the answer authentic? Judged here, not by the server.
 */
#pragma once

#include "tools/ternq_net.h"
#include "tools/ternq_options.h"

/**
 * Ask @p l's server for the answer and for every DNSKEY and DS that it takes,
 * from the trust anchors down, and print the chain, the verdict and the answer.
 * @p r is overwritten.
 *
 * @return EXIT_REPLY when it is secure or proven to be unsigned, EXIT_BOGUS,
 *         or why there is no verdict
 */
enum exit_code validate_run(struct options *o, const struct net *net, const struct lookup *l,
			    const uint8_t *qname, struct reply *r);
