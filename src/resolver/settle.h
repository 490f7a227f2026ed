/*
 * settle.h - PROVE has its verdict: the cache learns it, and the frame is done.
 */
#pragma once

#include "resolver/machine.h"

/** Does the frame end with a denial? */
bool is_denial(const struct frame *f);

/** Everything is proven: keep it in the cache with its verdict and give the outcome. */
struct turn settle(struct job *job, struct frame *f);
