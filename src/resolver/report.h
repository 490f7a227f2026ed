/*
 * report.h - telling the operators of a zone what is wrong with it: DNS error reporting, RFC 9567.
 *
 * A zone's servers name an agent in their replies. When a name of the zone fails, another name
 * that says so is asked for below the agent's: whoever serves that reads it in the query.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/message.h>
#include <tern/name.h>

struct frame;
struct job;

/**
 * Note which agent the server that @p m is from names, for the zone that it was asked as, if that
 * is the one of the client's question.
 *
 * @param referred_to  the zone that @p m refers to; NULL for none
 */
void report_note_agent(struct job *job, const struct frame *f, const struct tern_message *m,
		       const uint8_t *referred_to);

/**
 * The name to ask for (TXT) when @p job, which has failed, is to be reported: false when nobody
 * wants to know, the failure was only remembered or is our own, a report failed, the agent is in a
 * forward or stub zone, or there is no room in a name.
 */
bool report_name(const struct job *job, uint8_t out[TERN_NAME_MAX]);
