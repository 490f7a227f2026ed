/*
 * stream.h - DNS messages over one connection, both ends (RFC 1035 4.2.2,
 * RFC 7766).
 *
 * Purpose    frames messages by their two-octet length or another framing, queues
 *            what can't be written yet, and closes on its own when the peer stalls.
 *
 *	socket <-> codec: octets (none, TLS) <-> framing: messages (length, HTTP) <-> owner
 *
 * Memory     2 KiB of buffer inside; a longer message or an unread answer gets
 *            malloc'd memory up to STREAM_UNSENT_MAX.
 * Threads    the loop's own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/address.h"
#include "base/compiler.h"
#include "net/loop.h"

#define STREAM_BUFFER     2050   /* octets: a length and a message of usual size */
#define STREAM_GATHER_MAX 16384  /* octets that are written at once */
#define STREAM_UNSENT_MAX 131072 /* octets waiting for the peer; then nothing more is read */
#define STREAM_STALL_MS   5000   /* no octet taken for so long: closed (limits.md row 54) */
#define STREAM_MESSAGE_MS 5000   /* a message begun must be complete by then (row 53) */

enum stream_end {
	STREAM_CLOSED_BY_PEER,
	STREAM_RESET,
	STREAM_STALLED, /* unread answers or a half-sent message */
	STREAM_IDLE,
	STREAM_NO_MEMORY,
};

struct stream_chunk;
struct stream;

enum codec_state {
	CODEC_OPEN,        /* messages may pass */
	CODEC_WANTS_READ,  /* it waits for octets of the peer, */
	CODEC_WANTS_WRITE, /* or for room for its own, */
	CODEC_WANTS_TURN,  /* or for stream_go_on() */
	CODEC_FAILED,
};

/**
 * What octets pass through between a stream and its socket: encryption, say. NULL is none. A codec
 * reads and writes the socket itself (stream->watch.fd), never blocks, and keeps its state in
 * stream->codec_state.
 */
struct stream_codec {
	/** Go on with what has to come before messages: a handshake. */
	enum codec_state (*open)(struct stream *s);
	/** As recv(2): octets, 0 at their end, or -1 and errno, EAGAIN for none right now. */
	ssize_t (*read)(struct stream *s, uint8_t *to, size_t max);
	/**
	 * As writev(2): octets taken, one at least, or -1 and errno, EAGAIN for no room right now:
	 * the same octets come again then, maybe with more behind them. One that takes none and
	 * gives no reason is broken, and the stream ends.
	 */
	ssize_t (*write)(struct stream *s, const struct iovec *iov, int n);
	/** Octets that read() could give without the socket having any. */
	bool (*pending)(const struct stream *s);
	/** The stream is closed: free what is kept for it. */
	void (*close)(struct stream *s);
};

/**
 * How messages are marked in the octets. NULL: each has its length in two octets before it. One of
 * another kind keeps its state in stream->framing_state.
 */
struct stream_framing {
	/** Take @p n octets that came: messages in them go to stream_deliver(). False ends the
	 * stream, unless it has ended by then. */
	bool (*take)(struct stream *s, const uint8_t *octets, size_t n);
	/** Give @p octets as the answer to the message with @p tag, by stream_put(). False as
	 * stream_send(). */
	bool (*send)(struct stream *s, uint32_t tag, const uint8_t *octets, size_t len);
	/** No answer comes to the message with @p tag any more, if none has come. */
	void (*settle)(struct stream *s, uint32_t tag);
	/** It is the turn that was wanted by stream_want(). False as take(). */
	bool (*go_on)(struct stream *s);
	/** The stream is closed: free what is kept for it. */
	void (*close)(struct stream *s);
};

/**
 * What is written to the socket of one stream while messages of it are read, to be written at
 * once: fewer system calls. One for all streams of a loop.
 */
struct stream_gather {
	const struct stream *owner; /* who gathers right now; NULL for nobody */
	uint32_t n;
	uint8_t octets[STREAM_GATHER_MAX];
};

struct stream {
	struct watch watch;
	struct timer timer;
	struct loop *loop;
	const struct stream_codec *codec; /* set it before octets pass; NULL: plain */
	void *codec_state;                /* the codec's own */
	struct stream_gather *gather; /* set it as codec; NULL: each message is written by itself */
	const struct stream_framing *framing;
	void *framing_state;
	/**
	 * What stands before all else, the codec's octets too: how many octets it has, as far as
	 * the @p n that are there tell; 0 ends the stream. NULL: nothing stands there, or it was
	 * read. Set it as codec.
	 */
	size_t (*prelude)(struct stream *s, const uint8_t *octets, size_t n);
	/** A whole message without its length; may close the stream (then returns false). */
	bool (*message)(struct stream *s, const uint8_t *octets, size_t len);
	/** The stream was closed; the owner may free it. Not called by stream_close(). */
	void (*ended)(struct stream *s, enum stream_end why);
	struct stream_chunk *unsent; /* oldest first */
	struct stream_chunk *unsent_last;
	uint8_t *raw; /* octets, the codec's if there is one, that the socket has not taken; NULL:
			 none */
	uint32_t raw_at;
	uint32_t raw_n;
	uint8_t *large; /* a message longer than the buffer, being received */
	uint32_t unsent_octets;
	uint32_t rx_n; /* octets in buffer or large; with a framing: of a message begun */
	uint32_t tag;  /* of the message that is being delivered: its answer has the same */
	const struct address
		*behind;   /* on whose behalf the peer sends that message; NULL: its own */
	uint32_t idle_ms;  /* without a message in either direction */
	uint32_t events;   /* watched for now */
	uint64_t since_ms; /* last whole message or progress */
	uint16_t owed; /* answers that the owner still owes: the stream is not idle, half-closed or
			  not */
	bool asks;     /* we connected: once the peer has closed its side no answer can come */
	bool connecting;
	bool opening;      /* connected, but the codec is not ready */
	bool codec_writes; /* the codec waits for room, */
	bool codec_turn;   /* or for its turn */
	bool paused;       /* not reading: too much unsent, or the owner asked */
	bool owner_paused;
	bool gathering;     /* messages are being read, and what is sent is gathered */
	bool framing_holds; /* the framing reads nothing right now, */
	bool framing_turn;  /* or wants to go on */
	bool heard;         /* the framing has delivered a message */
	bool withheld;      /* the framing has octets that the peer does not let go */
	bool read_end;      /* the peer has closed its side */
	bool mute;          /* nothing can be sent any more: the connection is broken */
	bool closed;
	uint8_t buffer[STREAM_BUFFER];
};

/** Are there octets that the peer has yet to take? */
static inline bool stream_is_sending(const struct stream *s)
{
	return s->unsent || s->raw || s->withheld || (s->gathering && s->gather->n > 0);
}

/** Serve an accepted, non-blocking @p fd; the stream owns it. False: no memory. */
MUST_USE bool stream_accept(struct stream *s, struct loop *loop, int fd, uint32_t idle_ms);

/** Connect to @p server without waiting. False and errno when that fails at once. */
MUST_USE bool stream_connect(struct stream *s, struct loop *loop, const struct address *server,
			     uint32_t idle_ms);

/**
 * Let all octets pass through @p codec with its @p state. Call it right after stream_accept() or
 * stream_connect(); messages that are sent meanwhile wait. The codec's close() is called when the
 * stream closes.
 */
void stream_set_codec(struct stream *s, const struct stream_codec *codec, void *state);

/** Mark messages by @p framing with its @p state. Call it as stream_set_codec(). */
void stream_set_framing(struct stream *s, const struct stream_framing *framing, void *state);

/**
 * A stream without a connection of TCP: @p framing, with its @p state, carries its messages by
 * means of its own, QUIC say, and nothing passes before it calls stream_opened(). Of the framing
 * take() and go_on() are never called.
 */
void stream_adopt(struct stream *s, struct loop *loop, const struct stream_framing *framing,
		  void *state, uint32_t idle_ms);

/** For the framing of stream_adopt(): messages can pass from here on. */
void stream_opened(struct stream *s);

/** For a framing: the stream is over, and its owner hears of that. Harmless when closed. */
void stream_end(struct stream *s, enum stream_end why);

/**
 * Send a message, as the answer to the one with @p tag, which is 0 where messages have none; false
 * when memory or STREAM_UNSENT_MAX don't allow it. Never ends the stream.
 */
bool stream_send(struct stream *s, uint32_t tag, const uint8_t *octets, size_t len);

/** For a framing: a whole message with @p tag. False when the owner has closed the stream. */
MUST_USE bool stream_deliver(struct stream *s, uint32_t tag, const uint8_t *octets, size_t len);

/** For a framing: octets to be written, in @p n parts. As stream_send(). */
bool stream_put(struct stream *s, const struct iovec *iov, int n);

/** For a codec: as writev(2), on the socket of @p s. */
ssize_t stream_write_socket(struct stream *s, const struct iovec *iov, int n);

/** For a framing: read nothing while @p hold; call go_on() in the next turn, if @p turn. */
void stream_want(struct stream *s, bool hold, bool turn);

/** What is put from here on is written by stream_uncork(), if it is gathered at all: false. */
MUST_USE bool stream_cork(struct stream *s);
/** False when memory is short. */
MUST_USE bool stream_uncork(struct stream *s);

/** No answer comes to the message with @p tag any more. */
void stream_settle(struct stream *s, uint32_t tag);

/** It is the turn of a codec that waits for that. May end the stream. */
void stream_go_on(struct stream *s);

/** Has the peer's system what was sent? What nobody takes any more is lost on the way, mostly. */
bool stream_is_heard(const struct stream *s);

/** Read no further messages until stream_resume(); what is in flight is the owner's to count. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/** Read no message any more, as if the peer had closed its side. */
void stream_hear_no_more(struct stream *s);

/** Change the idle time, from now. 0: it ends in this turn or the next, whatever it is doing. */
void stream_set_idle(struct stream *s, uint32_t idle_ms);

/** Close at once, without calling ended(). Harmless when closed. */
void stream_close(struct stream *s);

/** A listening TCP socket with SO_REUSEPORT and IP_FREEBIND, or -1 and errno. */
MUST_USE int stream_listen(const struct address *at);
