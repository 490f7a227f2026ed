/*
 * config.h - the YAML configuration, read and checked into plain structs.
 *
 * Purpose    The only place that knows YAML. Everything below takes its own
 *            options struct; daemon/main fills those from this one.
 * Memory     one `struct config` owns all strings and lists; config_destroy().
 * Errors     config_load() collects "FILE:LINE: KEY: what is wrong and what was
 *            expected" in its error text and gives no config. One line each,
 *            '\n' between them and none at the end; what does not fit is counted
 *            in a last line "and N more".
 * Table      every key, default and limit is in schema.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/log.h"

enum config_qmin { CONFIG_QMIN_STRICT, CONFIG_QMIN_RELAXED, CONFIG_QMIN_OFF };
enum config_validation {
	CONFIG_VALIDATION_ON,
	CONFIG_VALIDATION_OFF,
	CONFIG_VALIDATION_PERMISSIVE
};
enum config_unset_clock { CONFIG_UNSET_CLOCK_ACCEPT, CONFIG_UNSET_CLOCK_REFUSE };
enum config_sha1 { CONFIG_SHA1_VALIDATE, CONFIG_SHA1_INSECURE };

/** A forward zone or a stub zone. */
struct config_zone {
	uint8_t name[255]; /* uncompressed wire format, lower case */
	struct address *addresses;
	unsigned addresses_n; /* at least 1; ports are set: 53, with tls 853 if none was given */
	bool tls;             /* forward zones only */
	bool first;           /* forward zones only: iterate when the forwarders fail */
};

struct config {
	struct {
		struct address *listen;
		unsigned listen_n;
		unsigned workers; /* 0: one per CPU of the affinity mask */
		char *user;       /* "" keeps the current one */
		char *identity;   /* answer to CH TXT id.server; "" refuses */
		char *version;    /* answer to CH TXT version.bind; "" refuses */
	} server;
	struct {
		char *root_hints; /* "" for the built-in ones */
		enum config_qmin qname_minimization;
		bool ipv4;
		bool ipv6;
		bool do_not_query_localhost;
	} resolver;
	struct {
		uint64_t size; /* octets */
		uint32_t min_ttl_s;
		uint32_t max_ttl_s;
		uint32_t max_negative_ttl_s;
		bool prefetch;
		bool serve_stale;
		uint32_t stale_max_age_s;
		uint32_t stale_ttl_s;
		uint32_t stale_client_timeout_ms;
		bool aggressive_nsec;
		char *snapshot; /* "" for none */
	} cache;
	struct {
		enum config_validation validation;
		char **trust_anchors;
		unsigned trust_anchors_n;
		char **negative_trust_anchors;
		unsigned negative_trust_anchors_n;
		enum config_sha1 sha1;
		enum config_unset_clock unset_clock;
		char *trust_anchor_file; /* "auto": in systemd's state folder; "" for none */
		bool trust_anchor_signaling;
		uint32_t nta_recheck_s; /* 0: never */
	} dnssec;
	struct config_zone *forward_zones;
	unsigned forward_zones_n;
	struct config_zone *stub_zones;
	unsigned stub_zones_n;
	struct {
		struct prefix *allow;
		unsigned allow_n;
		bool drop; /* access.deny-action: drop instead of refuse */
	} access;
	struct {
		char *socket; /* "" turns the control socket off */
	} control;
	struct {
		enum log_level level;
	} logging;
};

/**
 * Read @p path, or only the defaults when it is NULL.
 *
 * @param error      gets the reasons, one per line, when NULL is returned
 * @return the configuration, owned by the caller, or NULL
 */
MUST_USE struct config *config_load(const char *path, char *error, size_t error_max);

/** The same from memory (tests, fuzzing); @p name stands for the file in errors. */
MUST_USE struct config *config_parse(const char *text, size_t len, const char *name, char *error,
				     size_t error_max);

/** Free everything; NULL is allowed. */
void config_destroy(struct config *config);
