"""Keys and signatures for the bench: quick to make, worthless as secrets, and as dear to check as any others.

ECDSA: private keys are consecutive numbers, so that the next public key is one addition away, and every signature has
the same nonce. RSA: a modulus is the product of 32 short primes out of a pool. Whoever checks sees points, numbers and
lengths like those of good keys. The same keys come out of the same seed.
"""
import functools
import hashlib
import random

RSASHA256, ECDSAP256 = 8, 13
KSK, ZSK = 257, 256

# P-256
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)

RSA_PRIMES = 32
RSA_PRIME_BITS = 64
RSA_POOL = 256
RSA_EXPONENT = 65537
SHA256_INFO = bytes.fromhex('3031300d060960864801650304020105000420')    # RFC 8017 9.2


def add_points(a, b):
    """Neither is the point at infinity, nor are they each other's opposite."""
    (ax, ay), (bx, by) = a, b
    if a == b:
        slope = (3 * ax * ax - 3) * pow(2 * ay, -1, P) % P
    else:
        slope = (by - ay) * pow(bx - ax, -1, P) % P
    x = (slope * slope - ax - bx) % P
    return x, (slope * (ax - x) - ay) % P


def multiply_point(k, point):
    result = None
    while k:
        if k & 1:
            result = add_points(result, point) if result else point
        point = add_points(point, point)
        k >>= 1
    return result


class Key:
    """@p rdata: of the DNSKEY; sign(octets) is the signature as in an RRSIG."""

    def __init__(self, flags, algorithm, public):
        self.flags, self.algorithm = flags, algorithm
        self.rdata = flags.to_bytes(2, 'big') + bytes([3, algorithm]) + public
        total = sum(octet << 8 if i % 2 == 0 else octet for i, octet in enumerate(self.rdata))
        self.tag = (total + (total >> 16)) & 0xffff

    def ds(self, owner_wire):
        """(key tag, algorithm, digest type, digest) as text."""
        return f'{self.tag} {self.algorithm} 2 {hashlib.sha256(owner_wire + self.rdata).hexdigest()}'


class EcdsaKey(Key):
    NONCE = 0x7465726e
    R = multiply_point(NONCE, G)[0] % N
    NONCE_INVERSE = pow(NONCE, -1, N)

    def __init__(self, flags, secret, point):
        super().__init__(flags, ECDSAP256, point[0].to_bytes(32, 'big') + point[1].to_bytes(32, 'big'))
        self.r_secret = self.R * secret % N

    def sign(self, octets):
        z = int.from_bytes(hashlib.sha256(octets).digest(), 'big')
        s = self.NONCE_INVERSE * (z + self.r_secret) % N
        return self.R.to_bytes(32, 'big') + s.to_bytes(32, 'big')


class RsaKey(Key):
    """@p primes: [(prime, private exponent for it)]"""

    def __init__(self, flags, primes):
        self.modulus = 1
        for p, _ in primes:
            self.modulus *= p
        self.size = (self.modulus.bit_length() + 7) // 8
        exponent = RSA_EXPONENT.to_bytes(3, 'big')
        super().__init__(flags, RSASHA256, bytes([len(exponent)]) + exponent + self.modulus.to_bytes(self.size, 'big'))
        # Chinese remainders: each prime's share of the result
        self.parts = []
        for p, d in primes:
            rest = self.modulus // p
            self.parts.append((p, d, rest * pow(rest, -1, p)))

    def sign(self, octets):
        info = SHA256_INFO + hashlib.sha256(octets).digest()
        padded = b'\0\1' + b'\xff' * (self.size - 3 - len(info)) + b'\0' + info
        m = int.from_bytes(padded, 'big')
        return (sum(pow(m % p, d, p) * share for p, d, share in self.parts) % self.modulus).to_bytes(self.size, 'big')


def is_prime(n, rng):
    if any(n % p == 0 for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1

    def is_witness(a):
        x = pow(a, odd, n)
        if x in (1, n - 1):
            return False
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                return False
        return True
    return not any(is_witness(rng.randrange(2, n)) for _ in range(12))


@functools.lru_cache(maxsize=1)
def make_primes(seed):
    """Each so near to a power of two that the product of RSA_PRIMES has all its bits."""
    rng = random.Random(f'{seed} primes')
    primes = {}
    while len(primes) < RSA_POOL:
        p = rng.getrandbits(RSA_PRIME_BITS) | 63 << (RSA_PRIME_BITS - 6) | 1
        if p % RSA_EXPONENT != 1 and is_prime(p, rng):
            primes[p] = pow(RSA_EXPONENT, -1, p - 1)
    return list(primes.items())


class KeyMaker:
    """Makes keys one after another, all different: @p first says where the row of this maker begins."""

    def __init__(self, seed, first):
        self.primes = make_primes(seed)
        self.rng = random.Random(f'{seed} {first}')
        self.secret = 2**200 + first
        self.point = multiply_point(self.secret, G)

    def make(self, algorithm, flags):
        if algorithm == RSASHA256:
            return RsaKey(flags, self.rng.sample(self.primes, RSA_PRIMES))
        key = EcdsaKey(flags, self.secret, self.point)
        self.secret, self.point = self.secret + 1, add_points(self.point, G)
        return key
