/*
 * doubt.h - what a configuration asks for and will not get, or hardly means.
 *
 * A doubt is no error: the daemon runs with it, and what is doubtful here and today may be right
 * on the machine, or at the time, that the configuration is for.
 */
#pragma once

#include "config/config.h"

#define DOUBTS_MAX 100 /* told; nobody reads more */

/** Takes one doubt: "KEY: what", and where the key is written (line 0: nowhere). */
typedef void doubt_tell(void *context, struct place place, const char *text);

/**
 * Tell everything that is doubtful about @p config on this host: its addresses, its memory. Reads a
 * few small files of proc and sys, and asks the kernel for the addresses.
 */
void doubt_all(const struct config *config, doubt_tell *tell, void *context);
