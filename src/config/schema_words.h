/*
 * schema_words.h - the words that keys of schema_table.c accept, and what they stand for.
 */
#pragma once

#include "config/config.h"
#include "config/schema.h"

static const struct schema_word qmin_words[] = {
	{"strict", QMIN_STRICT},
	{"relaxed", QMIN_RELAXED},
	{"off", QMIN_OFF},
	{NULL, 0},
};

static const struct schema_word encryption_words[] = {
	{"off", false},
	{"opportunistic", true},
	{NULL, 0},
};

static const struct schema_word validation_words[] = {
	{"on", VALIDATION_ON},
	{"off", VALIDATION_OFF},
	{"permissive", VALIDATION_PERMISSIVE},
	{NULL, 0},
};

static const struct schema_word sha1_words[] = {
	{"validate", true},
	{"insecure", false},
	{NULL, 0},
};

static const struct schema_word unset_clock_words[] = {
	{"accept", true},
	{"refuse", false},
	{NULL, 0},
};

static const struct schema_word validate_words[] = {
	{"auto", VALIDATE_AUTO},
	{"require", VALIDATE_REQUIRE},
	{"off", VALIDATE_OFF},
	{NULL, 0},
};

static const struct schema_word transport_words[] = {
	{"dns", TRANSPORT_UDP},
	{"tls", TRANSPORT_TLS},
	{"https", TRANSPORT_HTTPS},
	{"quic", TRANSPORT_QUIC},
	{NULL, 0},
};

/* Servers of HTTPS are no authorities. */
static const struct schema_word stub_transport_words[] = {
	{"dns", TRANSPORT_UDP},
	{"tls", TRANSPORT_TLS},
	{NULL, 0},
};

static const struct schema_word listen_words[] = {
	{"dns", TRANSPORT_UDP},
	{"tls", TRANSPORT_TLS},
	{"https", TRANSPORT_HTTPS},
	{"quic", TRANSPORT_QUIC},
	{"http3", TRANSPORT_HTTP3},
	{"http", TRANSPORT_HTTP},
	{NULL, 0},
};

static const struct schema_word authentication_words[] = {
	{"strict", false},
	{"opportunistic", true},
	{NULL, 0},
};

static const struct schema_word tls_words[] = {
	{"true", TRANSPORT_TLS},
	{"false", TRANSPORT_UDP},
	{NULL, 0},
};

static const struct schema_word deny_words[] = {{"refuse", false}, {"drop", true}, {NULL, 0}};

static const struct schema_word policy_action_words[] = {
	{"given", RPZ_GIVEN},
	{"nxdomain", RPZ_NXDOMAIN},
	{"nodata", RPZ_NODATA},
	{"passthru", RPZ_PASSTHRU},
	{"drop", RPZ_DROP},
	{"tcp-only", RPZ_TCP_ONLY},
	{NULL, 0},
};

static const struct schema_word policy_words[] = {
	{"fastest", ROUTE_FASTEST},
	{"ordered", ROUTE_ORDERED},
	{"parallel", ROUTE_PARALLEL},
	{NULL, 0},
};

static const struct schema_word behaviour_words[] = {
	{"static", ZONE_STATIC},
	{"transparent", ZONE_TRANSPARENT},
	{"typetransparent", ZONE_TYPETRANSPARENT},
	{"redirect", ZONE_REDIRECT},
	{"refuse", ZONE_REFUSE},
	{"deny", ZONE_DENY},
	{"inform", ZONE_INFORM},
	{"inform-deny", ZONE_INFORM_DENY},
	{"noview", ZONE_NOVIEW},
	{"always-nxdomain", ZONE_ALWAYS_NXDOMAIN},
	{"always-nodata", ZONE_ALWAYS_NODATA},
	{"always-null", ZONE_ALWAYS_NULL},
	{NULL, 0},
};

static const struct schema_word lease_words[] = {
	{"dnsmasq", LEASE_DNSMASQ}, {"isc", LEASE_ISC},           {"kea", LEASE_KEA},
	{"odhcpd", LEASE_ODHCPD},   {"networkd", LEASE_NETWORKD}, {NULL, 0},
};

static const struct schema_word safe_search_words[] = {
	{"false", SAFE_SEARCH_OFF},
	{"true", SAFE_SEARCH_ON},
	{"moderate", SAFE_SEARCH_MODERATE},
	{NULL, 0},
};

static const struct schema_word level_words[] = {
	{"error", LOG_LEVEL_ERROR}, {"warning", LOG_LEVEL_WARNING}, {"notice", LOG_LEVEL_NOTICE},
	{"info", LOG_LEVEL_INFO},   {"debug", LOG_LEVEL_DEBUG},     {NULL, 0},
};
