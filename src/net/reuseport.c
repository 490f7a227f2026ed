/* reuseport.c - see reuseport.h. */
#include "net/reuseport.h"

#include <linux/filter.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/compiler.h"

#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif

void reuseport_use_first(int fd, unsigned n)
{
	struct sock_filter code[] = {
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)},
		{BPF_ALU | BPF_MOD | BPF_K, 0, 0, n},
		{BPF_RET | BPF_A, 0, 0, 0},
	};
	struct sock_fprog program = {.len = ARRAY_LEN(code), .filter = code};

	/* Without it a handshake that is under way when a socket closes is begun anew. */
	if (n > 0)
		(void)!setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
				  sizeof program);
	else
		(void)!setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &(int){0}, sizeof(int));
}
