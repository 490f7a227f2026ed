/*
 * reuseport.h - which of the sockets that listen at one address (SO_REUSEPORT) gets what comes.
 */
#pragma once

/**
 * Of the sockets that share the address of @p fd (one of them, TCP), give new connections to the
 * @p n that listened first; with 0 to all. Where the kernel can't do that nothing changes.
 */
void reuseport_use_first(int fd, unsigned n);
