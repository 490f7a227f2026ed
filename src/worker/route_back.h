/*
 * route_back.h - where an answer goes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "net/udp.h"

struct query_letter;
struct tcp_client;

/** Where an answer goes. */
struct route_back {
	uint32_t tcp_serial;
	uint32_t tag;     /* TCP: of the query, on its connection */
	uint16_t worker;  /* whose TCP client it is */
	uint8_t listener; /* where it came in; UDP: which socket */
	bool tcp;
	bool encrypted;        /* TCP: nobody on the way can read */
	uint32_t keepalive_ms; /* TCP: how long the connection may be idle */
	struct tcp_client *tcp_client;
	struct query_letter *envelope; /* TCP: another worker's, with which the answer goes back */
	struct udp_peer peer;          /* UDP */
	struct address client;
};
