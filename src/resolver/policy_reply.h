/*
 * policy_reply.h - what policy zones say of an answer: of the addresses in it, and of the servers
 * that it came from.
 */
#pragma once

#include "resolver/job.h"

/** Make of @p r what the first rule that fits says. */
void policy_reply(struct job *job, struct result *r);
