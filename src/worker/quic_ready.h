/*
 * quic_ready.h - clients by QUIC (net/quic.h).
 *
 * Threads  the worker's own.
 */
#pragma once

#include "net/loop.h"

struct letter;
struct worker;

/** Make the worker's front; before there are datagrams. */
void quic_start(struct worker *w);

/** Write what is to be said to clients and servers. */
void quic_flush_all(struct worker *w);

/** A listener of QUIC has datagrams. */
void quic_udp_ready(struct watch *watch, uint32_t events);

/** Another worker has got a datagram of a connection of ours. Frees the letter. */
void quic_read_letter(struct worker *w, struct letter *letter);
