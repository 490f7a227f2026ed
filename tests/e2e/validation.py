"""Asking a validating tern, and what verdict its answer is."""
import os

import dns.flags

from harness import *


def anchors():
    with open(os.environ['LAB_ROOT_ANCHOR']) as f:
        return [line.strip() for line in f if line.strip()]


def validating(sections=None, **dnssec):
    """A ternd that trusts the lab's root; further @sections of the configuration, and keys of `dnssec`."""
    return Tern(dnssec={'validation': 'on', 'trust-anchors': anchors(), **dnssec}, **(sections or {}))


def query(name, rtype='A', **how):
    """With DO, by TCP so that nothing is truncated."""
    return ask(name, rtype, **{'do': True, 'tcp': True, **how})


def is_ad(answer):
    return bool(answer.flags & dns.flags.AD)


def secure(name, rtype='A', code='NOERROR', **how):
    answer = expect(query(name, rtype, **how), code)
    check(is_ad(answer), f'{name} {rtype}: no AD')
    return answer


def insecure(name, rtype='A', code='NOERROR', **how):
    answer = expect(query(name, rtype, **how), code)
    check(not is_ad(answer), f'{name} {rtype}: AD')
    return answer


def bogus(name, rtype='A', codes=(), **how):
    answer = expect(query(name, rtype, **how), 'SERVFAIL')
    check(not is_ad(answer), f'{name} {rtype}: AD in a failure')
    got = [code for code, _ in ede(answer)]
    check(got and (not codes or set(got) & set(codes)), f'{name} {rtype}: extended errors {ede(answer)}, wanted {codes}')
    return answer
