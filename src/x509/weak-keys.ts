import { createPublicKey } from 'node:crypto';

/** The numbers of an RSA public key. */
export interface RsaNumbers {
  readonly modulus: bigint;
  readonly exponent: bigint;
}

function numberOf(base64url: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(base64url ?? '', 'base64url').toString('hex') || '0'}`);
}

/** The numbers of an RSA key; undefined for a key of another kind or one that cannot be read. */
export function rsaNumbersOf(spkiDer: Uint8Array): RsaNumbers | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType !== 'rsa') return undefined;
    const { n, e } = key.export({ format: 'jwk' });
    return { modulus: numberOf(n), exponent: numberOf(e) };
  } catch {
    return undefined;
  }
}

export function bitLength(number: bigint): number {
  return number.toString(2).length;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

/** Whether a modulus has a prime in common with one of the others: whoever sees both can compute both private keys. */
export function hasSharedFactor(modulus: bigint, others: readonly bigint[]): boolean {
  const product = others.reduce((all, other) => (all * other) % modulus, 1n);
  // Two keys with one modulus are one key, which is another matter.
  return others.length > 0 && product !== 0n && greatestCommonDivisor(modulus, product) !== 1n;
}

const ROCA_GENERATOR = 65_537n;
const ROCA_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
  109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
].map(BigInt);

function powersModulo(prime: bigint): ReadonlySet<bigint> {
  const powers = new Set<bigint>();
  for (let power = 1n; !powers.has(power); power = (power * ROCA_GENERATOR) % prime) powers.add(power);
  return powers;
}

/**
 * Whether a modulus carries the fingerprint of Infineon's faulty key generation, CVE-2017-15361 ("The Return of
 * Coppersmith's Attack", Nemec and others, 2017, section 5): modulo each small prime it is a power of 65537. A sound
 * modulus does so by chance once in more than a hundred million.
 */
export function isRocaModulus(modulus: bigint): boolean {
  return ROCA_PRIMES.every((prime) => powersModulo(prime).has(modulus % prime));
}
