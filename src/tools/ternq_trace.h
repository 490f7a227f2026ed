/*
 * ternq_trace.h - +trace: follow the delegations from the root, without a resolver.
 */
#pragma once

#include "tools/ternq_net.h"
#include "tools/ternq_options.h"

/**
 * Ask the root servers (the built-in ones, or @p l's server as one of them),
 * then those that each referral names, and print every reply.
 */
enum exit_code trace_run(const struct options *o, const struct net *net, const struct lookup *l,
			 const uint8_t *qname);
