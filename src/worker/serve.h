/*
 * serve.h - a query's way to an answer out of the cache, or to client.h.
 *
 * Threads  the worker's own.
 * Memory   none: a hit is copied into the buffer that is sent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/name.h>

#include "cache/answers.h"
#include "net/loop.h"
#include "worker/request.h"
#include "worker/route_back.h"

struct worker;

/** A query of the batch being served. */
struct served {
	struct request request;
	struct address client;
	struct answer_key key; /* its name is `lower` */
	uint64_t hash;
	size_t len;            /* of the answer */
	const uint8_t *octets; /* the query, if an error is the answer */
	size_t octets_len;
	enum request_verdict parsed;
	uint32_t keepalive_ms; /* TCP */
	uint8_t listener;      /* where it came in */
	bool refresh;          /* answered, but about to expire */
	uint8_t lower[TERN_NAME_MAX + 1];
};

/** A listener's UDP socket is readable: serve some batches of what is there. */
void serve_udp_ready(struct watch *watch, uint32_t events);

/**
 * Answer a query that came by TCP.
 *
 * @param may_hand_over  false if another worker has handed it over already
 * @return true when the answer comes later
 */
bool serve_query(struct worker *w, const uint8_t *octets, size_t len, const struct route_back *back,
		 bool may_hand_over);
