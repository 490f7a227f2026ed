/*
 * schema.h - the one table of configuration keys.
 *
 * Purpose    Every key with its kind, default, limits and place in struct
 *            config. Reading, defaults, error texts, suggestions, freeing and
 *            the test that compares the manual page all walk this table; a new
 *            option is one line here and one member in config.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEMA_KEYS_MAX 32  /* of one mapping; sizes the reader's line table */
#define SCHEMA_WHY_MAX  256 /* octets of one reason */
#define SCHEMA_PATH_MAX 256 /* octets of "forward-zones[123].addresses[4]" */

enum schema_kind {
	SCHEMA_SECTION,   /**< a mapping; its keys are in @c keys, or as @c plain says */
	SCHEMA_INCLUDE,   /**< no member: paths of files to read as well; one or a list */
	SCHEMA_BOOL,      /**< bool: true or false, unquoted */
	SCHEMA_STRING,    /**< char *: at most @c max octets, no control characters */
	SCHEMA_WORD,      /**< enum or bool: one of @c words */
	SCHEMA_WORKERS,   /**< unsigned: "auto" (0) or 1..@c max */
	SCHEMA_NUMBER,    /**< unsigned: @c min..@c max */
	SCHEMA_SIZE,      /**< uint64_t octets: plain or with KiB, MiB, GiB; @c min..@c max */
	SCHEMA_SECONDS,   /**< uint32_t seconds: with ms, s, m, h, d; @c min..@c max */
	SCHEMA_MILLIS,    /**< uint32_t milliseconds: with ms, s, m, h, d; @c min..@c max */
	SCHEMA_LISTEN,    /**< struct address: ours; port 0 when none was written */
	SCHEMA_SERVER,    /**< struct route_server: port 0 when none was written, "" for no name */
	SCHEMA_CLIENTS,   /**< struct prefix: a network, or `connected`, see policy/access.h */
	SCHEMA_MEMBER,    /**< struct view_client: a network, or a client that DHCP knows */
	SCHEMA_SCHEDULE,  /**< struct schedule_range: days and hours, see policy/schedule.h */
	SCHEMA_NETWORK,   /**< struct prefix: of IPv6 addresses; mapped ones as those of IPv4 */
	SCHEMA_NAT64,     /**< struct prefix: as policy/nat64.h wants it; "" is none, family 0 */
	SCHEMA_TYPE,      /**< uint16_t: of records that there may be */
	SCHEMA_ZONE,      /**< uint8_t *: name in lower-case wire format */
	SCHEMA_NAME_TEXT, /**< char *: a name, kept as text */
	SCHEMA_ANCHOR,    /**< char *: a DS or DNSKEY record, kept as text */
};

/** A word that a key accepts and the number it stands for. */
struct schema_word {
	const char *text; /**< NULL ends the list */
	unsigned value;
};

/** What a mapping as a whole has wrong. */
struct schema_fault {
	const char *key; /**< the key of that mapping to blame */
	char why[SCHEMA_WHY_MAX];
};

struct schema_key {
	const char *name; /**< NULL ends the table */
	enum schema_kind kind;
	bool list;           /**< a sequence of @c kind */
	bool required;       /**< must be written */
	bool optional;       /**< may be left out, and is zero then */
	size_t offset;       /**< in the struct that the mapping fills */
	size_t size;         /**< octets of the member, or of one element of a list */
	size_t count_offset; /**< lists: where the unsigned count is */
	unsigned items_min;  /**< lists */
	unsigned items_max;  /**< lists; 0 for no limit but the file's size */
	uint64_t min;        /**< sizes and seconds */
	uint64_t max;        /**< sizes, seconds, workers; strings: octets */
	const char *initial; /**< default, as written in the file; a list's items apart by spaces */
	const struct schema_word *words;
	const struct schema_key *keys;
	const struct schema_key *plain; /**< lists of mappings: an item that is one value is the
					     value of this key */
	bool routes;                    /**< the mappings fill struct route: no zone twice */
	/**
	 * Called with the filled struct when all keys of the mapping were good: completes what
	 * depends on several keys. False and @p fault when they contradict each other.
	 */
	bool (*finish)(void *mapping, struct schema_fault *fault);
};

/** The keys of the document itself; they fill a struct config. */
extern const struct schema_key schema_root[];

/** The key called @p name (@p len octets), or NULL. */
const struct schema_key *schema_find(const struct schema_key *keys, const char *name, size_t len);

/** Is @p path ("server.memory", "forward-zones[0].url") a key that another version may know? */
bool schema_is_planned(const char *path);

/**
 * Full path of the key that @p name (@p len octets) was most likely meant to be. False when
 * none is like it.
 *
 * @param keys  of the mapping where it stood; preferred to those of other mappings
 * @param at    path of that mapping, "" for the document
 */
bool schema_nearest(const struct schema_key *keys, const char *at, const char *name, size_t len,
		    char out[SCHEMA_PATH_MAX]);

/**
 * Add a zeroed element to the list member of @p key in @p mapping.
 * @return the element, valid until the next call, or NULL when out of memory
 */
void *schema_list_add(const struct schema_key *key, void *mapping);

/** Elements in the list member of @p key. */
unsigned schema_list_len(const struct schema_key *key, const void *mapping);

/** Element @p i of the list member of @p key. */
const void *schema_list_item(const struct schema_key *key, const void *mapping, unsigned i);

/** Release all elements and the list itself. */
void schema_list_clear(const struct schema_key *key, void *mapping);

/** Release what a mapping's struct owns, not the struct. Zeroed structs are fine. */
void schema_free(const struct schema_key *keys, void *mapping);
