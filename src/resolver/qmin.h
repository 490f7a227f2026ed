/*
 * qmin.h - how much of a name to tell a server (RFC 9156 2.3).
 */
#pragma once

#define QMIN_STEPS_MAX 10 /* queries spent on minimisation per name, MAX_MINIMISE_COUNT */
#define QMIN_STEPS_ONE 4  /* of these, the first ones that add one label, MINIMISE_ONE_LAB */

/**
 * Type of the questions on the way. RFC 9156 2.1 leaves it open; NS is what zone
 * cuts are made of, and never brings along an address that nobody wanted.
 */
#define QMIN_TYPE TERN_TYPE_NS

/**
 * Labels of the name to ask next.
 *
 * @param known  labels known to exist: the zone cut, or the last name asked
 * @param full   labels of the whole name
 * @param steps  minimised queries sent so far for this name
 */
unsigned qmin_next_labels(unsigned known, unsigned full, unsigned steps);
