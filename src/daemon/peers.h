/*
 * peers.h - servers that are asked encrypted, over a change of the configuration.
 *
 * Connections and tickets are kept for a peer (net/tls.h). A load makes new ones; those that show
 * the same to the same trust as one in force are that one, so that its connections stay warm.
 */
#pragma once

struct config; /* config/config.h */

/** Put peers of @p before, held once more, in the place of those of @p fresh that are the same. */
void peers_share(struct config *fresh, const struct config *before);
