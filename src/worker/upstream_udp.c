/*
 * upstream_udp.c - questions over UDP: a fresh socket for each.
 *
 * A reply counts when address and port (the socket is connected), id, opcode
 * and the question, letter for letter, match. Anything else is dropped and
 * changes nothing: the socket stays open until the exchange ends.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "worker/upstream_private.h"

static bool is_plausible(const uint8_t *octets, size_t len)
{
	return len > TERN_HEADER_LEN && (octets[2] & 0xf8) == 0x80 && get_u16(octets + 4) == 1;
}

/* True when the exchange has ended. */
static bool take_datagram(struct exchange *x, uint8_t *octets, size_t len)
{
	struct worker *w = x->worker;
	struct upstream_reply reply = {.event = UPSTREAM_ANSWERED,
				       .transport = TRANSPORT_UDP,
				       .octets = octets,
				       .len = len,
				       .rtt_ms = upstream_elapsed_ms(x),
				       .mixed = x->mixed,
				       .resent = x->resent};

	switch (upstream_match(x, octets, len)) {
	case REPLY_MATCHES:
		upstream_undo_case(x, octets, len);
		if (unlikely(len > UPSTREAM_UDP_SIZE))
			tally_add(&w->tally.upstream_oversized);
		upstream_end(x, &reply);
		return true;
	case REPLY_OTHER_CASE: upstream_end_with(x, UPSTREAM_CASE); return true;
	case REPLY_IS_FOREIGN: break;
	}
	tally_add(&w->tally.upstream_mismatched);
	/* What is not even a reply to a question can't be somebody's guess at ours. */
	if (!is_plausible(octets, len) || ++x->mismatches < MISMATCHES_MAX)
		return false;
	upstream_end_with(x, UPSTREAM_SUSPECT);
	return true;
}

#define READS_PER_EVENT 8

static void on_readable(struct watch *watch, uint32_t events)
{
	struct exchange *x = CONTAINER_OF(watch, struct exchange, watch);
	struct worker *w = x->worker;

	(void)events;
	for (unsigned i = 0; i < READS_PER_EVENT; i++) {
		ssize_t n = recv(x->watch.fd, w->reply, sizeof w->reply, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			upstream_end_with(x, UPSTREAM_UNREACHABLE);
			return;
		}
		if (take_datagram(x, w->reply, (size_t)n))
			return;
	}
}

static void count(const struct exchange *x)
{
	tally_add(&x->worker->tally.upstream_udp);
	if (!x->recurse)
		tally_add(&x->worker->tally.authority_plain);
}

bool upstream_udp_ask(struct exchange *x, enum upstream_event *event)
{
	struct worker *w = x->worker;
	int fd = udp_ask_socket(&x->to.address, &w->random);

	/* Out of descriptors or memory is our trouble, no route is the server's. */
	*event = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM ||
				 errno == EADDRINUSE
			 ? UPSTREAM_NO_RESOURCE
			 : UPSTREAM_UNREACHABLE;
	if (fd < 0)
		return false;
	x->watch = (struct watch){fd, on_readable};
	if (send(fd, x->wire, x->wire_len, MSG_DONTWAIT) == x->wire_len &&
	    loop_add(&w->loop, &x->watch, EPOLLIN)) {
		count(x);
		return true;
	}
	*event = UPSTREAM_UNREACHABLE;
	close(fd);
	return false;
}

bool upstream_udp_again(struct exchange *x, const struct upstream_query *q)
{
	struct worker *w = x->worker;

	if (!upstream_rewrite(x, q) ||
	    send(x->watch.fd, x->wire, x->wire_len, MSG_DONTWAIT) != x->wire_len)
		return false;
	x->sent_ns = w->loop.now.mono_ns;
	x->resent = true;
	count(x);
	return true;
}
