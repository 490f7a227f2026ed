/*
 * additional.h - what goes with an answer although nobody asked for it.
 *
 * Who asks for SVCB or HTTPS asks for the addresses of its target next. So they go
 * into the additional section when they are in the cache; nothing is asked for them.
 *
 * Standards  RFC 9460 4.1 and 4.2, RFC 9462 4, RFC 4035 3.2.3 (AD says nothing of this section).
 * Limits     limits.md row 48.
 */
#pragma once

struct job;

/**
 * Fill the additional section of the job's result from the cache: the sets that an
 * AliasMode target leads to, and the addresses of the targets of ServiceMode. A set
 * is taken when it is secure, or trusted as the answer is. One that was made from a
 * wildcard is left out, because it is proven only together with a denial. Leaves
 * the section empty when the question is about something else.
 *
 * Records of ours that tell of this resolver (at _dns.NAME, RFC 9461) go with the addresses that
 * names of our own have for the target, or else with their own hints as such: others may know the
 * target by addresses at which nobody is listening.
 */
void additional_from_cache(struct job *job);
