/*
 * explain.h - why a client is answered as it is, without asking anybody.
 */
#pragma once

#include <jansson.h>

#include "base/address.h"

struct server;

/**
 * Tell @p tell, which takes the objects over, each step that decides about (@p name in lower case,
 * @p type) for @p client: members "step" and "text", and what else there is to it. Memory that is
 * short leaves steps out.
 */
void explain(struct server *s, const struct address *client, const uint8_t *name, uint16_t type,
	     void (*tell)(void *context, json_t *line), void *context);
