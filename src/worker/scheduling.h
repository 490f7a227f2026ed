/*
 * scheduling.h - what a worker asks of the kernel's scheduler. All of this is a wish: who is
 * refused serves all the same.
 */
#pragma once

/** For the calling thread: where it begins, and how soon it runs when something has come in. */
void scheduling_begin(int cpu);
