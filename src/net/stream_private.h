/*
 * stream_private.h - the parts of stream.h.
 *
 *   stream.c        the life of a connection, and what it receives
 *   stream_write.c  what it sends
 */
#pragma once

#include "net/stream.h"

/* stream.c */

/** No message can pass yet. */
bool stream_is_beginning(const struct stream *s);

/** Have the loop watch for what the stream waits for. */
void stream_watch_for(struct stream *s);

/** Its timer is set no later than what it waits for allows. */
void stream_arm(struct stream *s);

/** The peer has taken something, or was sent something. */
void stream_note_progress(struct stream *s);

/* stream_write.c */

/** Write what waits, as far as the socket takes it; false when the connection is broken. */
MUST_USE bool stream_write_unsent(struct stream *s);

/** Nothing can be sent any more: what waits is thrown away. */
void stream_drop_unsent(struct stream *s);
