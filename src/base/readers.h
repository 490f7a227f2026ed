/*
 * readers.h - the threads that read what others replace: one RCU for everything.
 *
 * Purpose    The cache, the rule set and whatever else is shared follow the same
 *            rule: what a reader found stays valid until that reader rests.
 * Threads    every thread that reads is a reader: readers_enter() to readers_leave().
 *            A reader that waits for something sleeps, so that it holds nobody up.
 * RCU        urcu-qsbr.
 */
#pragma once

/** Join and leave the readers. A reader starts awake. */
void readers_enter(void);
void readers_leave(void);

/** Nothing found so far is used from here on. Once per loop turn. */
void readers_rest(void);

/**
 * Wait until every reader has rested: what was unpublished before is free to go. The
 * caller, if it is a reader, rests too.
 */
void readers_wait(void);

/** Around a sleep. */
void readers_sleep(void);
void readers_wake(void);

/* What happens before a reader's rest happens before what waited for it: this tells the
 * thread sanitizer, which can't see into liburcu. */
extern const char readers_grace;
