/*
 * encryption.h - authorities asked encrypted: where they answer so (RFC 9539), or in no other way.
 *
 * Purpose    Opportunistic: who has answered encrypted lately is asked so, and by plain DNS as soon
 *            as that would be missed, the same server at once; whichever answer comes first counts.
 *            Who has just answered by plain DNS is tried, beside. Nothing of it is told of the
 *            server, of the zone, or of the name: only that the address does not answer by that
 *            way, once it has shown that it does by plain DNS.
 *            Strict, for zones that are listed: their servers are never asked by plain DNS, nor
 *            is anybody for a name below them.
 * Limits     JOB_PROBES_MAX tries for a question; servers are tried that have answered it.
 */
#pragma once

#include <tern/message.h>

#include "resolver/machine.h"

/** Why a job asks a server by plain DNS that it has asked encrypted. */
enum plain_reason {
	PLAIN_UNLESS_FOUND, /* it has not */
	PLAIN_AS_SILENT,    /* no answer came in time, */
	PLAIN_AS_OPENING,   /* nor the session that it needs, */
	PLAIN_AS_UNREACHED, /* there is nobody, or nobody who speaks TLS, */
	PLAIN_AS_WRONG,     /* or the answer was no good */
	PLAIN_BY_US,        /* that was a shortage here, or the server table knows already */
};

/**
 * How many labels of the frame's name may be shown to its servers? Those above a listed zone see
 * where that is, and no more.
 */
unsigned encryption_labels_max(const struct job *job, const struct frame *f);

/**
 * Is what is sent but a step to find out where a listed zone is? Its own name is then asked for
 * with QMIN_TYPE, whatever is wanted of it: the servers above may be its own, and answer.
 */
bool encryption_is_step(const struct job *job, const struct frame *f);

/**
 * The zone that the servers' behaviour is told of, lower case: the one that they are asked for, or
 * the listed one below it, whose names they are asked encrypted while others pay nothing for it.
 */
const uint8_t *encryption_account(const struct job *job, const struct frame *f);

/** Is @p name (lower case) in a zone that is listed? */
bool encryption_is_listed(const struct job *job, const uint8_t *name);

/**
 * Choose the transport by which the frame's server is asked, once the labels are chosen; some
 * encryption of the options is on.
 */
void encryption_choose(const struct job *job, struct frame *f, const struct infra_server *infra);

/** @p to, an authority's address, becomes that where it is asked encrypted. */
void encryption_set_way(const struct job *job, struct endpoint *to);

/**
 * The frame's server has answered for its zone with @p m; as encryption_choose(). @p sound: as an
 * authority does.
 */
void encryption_note_answer(struct job *job, struct frame *f, const struct tern_message *m,
			    bool sound);

/** Ask the frame's server the same by plain DNS: that it was asked otherwise costs nobody. */
struct turn encryption_give_up(struct job *job, struct frame *f, enum plain_reason reason,
			       const char *why);

/** What follows when no message came for an opportunistic question. */
struct turn encryption_read_event(struct job *job, struct frame *f);
