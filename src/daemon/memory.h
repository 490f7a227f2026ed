/*
 * memory.h - how much memory there is for this process.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/**
 * Octets of memory of the machine, or the lowest limit of the control groups that the process is
 * in (cgroups v1 and v2) when that is less; 0 when neither can be read.
 *
 * @param root      "" for the system's own files, else a folder that has proc and sys in it
 * @param of_group  gets whether a control group sets the limit
 */
uint64_t memory_limit(const char *root, bool *of_group);
