/*
 * outgoing.h - what is held back of an answer on its way to the client.
 *
 * Every answer that is not copied rendered comes through here: fresh, out of the cache, expired.
 * What is held back leaves an empty answer, which is never AD and tells why (RFC 8914, Filtered).
 *
 *   1. addresses that count as none beside NAT64, RFC 6147 5.1.4;
 *   2. types that are filtered, but of names of our own, of lists, and what was made for NAT64;
 *   3. addresses inside, for who asked for a public name: rebinding.h.
 */
#pragma once

#include "resolver/job.h"

/** Hold back what is not to be told of @p r. */
void outgoing_pass(struct job *job, struct result *r);

/** Is @p set, which nobody asked for, to be left out beside the job's result? */
bool outgoing_withholds(const struct job *job, const struct tern_rrset *set);
