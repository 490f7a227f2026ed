/*
 * status.h - how every operation of libtern says what went wrong.
 *
 * Outputs are written only when a function returns TERN_OK, unless its own
 * comment says otherwise.
 */
#pragma once

/** Makes ignoring a status a compiler warning. */
#define TERN_MUST_USE __attribute__((warn_unused_result))

/**
 * Around the declarations of each public header: C names also for C++, and the
 * only names that the library shows.
 */
#ifdef __cplusplus
#define TERN_DECLS_BEGIN                                                                           \
	extern "C" {                                                                               \
	_Pragma("GCC visibility push(default)")
#define TERN_DECLS_END                                                                             \
	_Pragma("GCC visibility pop")                                                              \
	}
#else
#define TERN_DECLS_BEGIN _Pragma("GCC visibility push(default)")
#define TERN_DECLS_END   _Pragma("GCC visibility pop")
#endif

TERN_DECLS_BEGIN

enum tern_status {
	TERN_OK = 0,
	TERN_ETRUNCATED, /**< the octets end inside a header, name or record */
	TERN_ETRAILING,  /**< octets after the last record */
	TERN_ECOUNT,   /**< section counts can't fit into the octets, or into the caller's index */
	TERN_EQDCOUNT, /**< a QUERY without exactly one question (RFC 9619) */
	TERN_EOPCODE,  /**< opcode other than QUERY: header and OPT only are meaningful */
	TERN_ELABEL,   /**< label type or label longer than 63 octets */
	TERN_ENAME,    /**< name longer than 255 octets */
	TERN_EPOINTER, /**< compression pointer forwards, to itself, or too many */
	TERN_ERDATA,   /**< rdata does not have the layout of its type */
	TERN_EOPT,     /**< second OPT, OPT not at the root, bad options (RFC 6891) */
	TERN_ETEXT,    /**< presentation format not understood */
	TERN_ESPACE,   /**< the caller's output buffer is too small */
	TERN_EFULL,    /**< a fixed-size table or pool has no place left */
	TERN_ENOMEM,   /**< the allocator refused */
};

/** English text for @p status, lower case, never NULL, static storage. */
const char *tern_status_text(enum tern_status status);

TERN_DECLS_END
