import { createHash } from 'node:crypto';
import { decodeBitString, decodeInteger, DerError, DerFields, parseDer, TAG } from './der.ts';
import { decodeAlgorithmOid } from './outline.ts';
import { publicKeyOf } from './signature.ts';

/** The numbers of an RSA public key. */
export interface RsaNumbers {
  readonly modulus: bigint;
  readonly exponent: bigint;
}

const RSA_OID = '1.2.840.113549.1.1.1';
const EC_OID = '1.2.840.10045.2.1';

// What a key is made of is asked by several checks for each profile that an audit tries. Keyed by the bytes themselves, so
// that it lives as long as they do.
const known = new WeakMap<Uint8Array, RsaNumbers | 'none'>();

/** The numbers of an RSA key; undefined for a key of another kind or one that cannot be read. */
export function rsaNumbersOf(spkiDer: Uint8Array): RsaNumbers | undefined {
  const numbers = known.get(spkiDer) ?? parseRsaNumbers(spkiDer) ?? 'none';
  known.set(spkiDer, numbers);
  return numbers === 'none' ? undefined : numbers;
}

/** By hand: OpenSSL takes longer, and refuses keys that have to be told about. */
function parseRsaNumbers(spkiDer: Uint8Array): RsaNumbers | undefined {
  try {
    const spki = new DerFields(parseDer(spkiDer));
    if (decodeAlgorithmOid(spki.required(TAG.sequence)) !== RSA_OID) return undefined;
    const key = new DerFields(parseDer(decodeBitString(spki.required(TAG.bitString))));
    return { modulus: decodeNumber(key), exponent: decodeNumber(key) };
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function decodeNumber(fields: DerFields): bigint {
  const bytes = decodeInteger(fields.required(TAG.integer));
  if ((bytes[0] ?? 0) > 0x7f) throw new DerError('a number of a key is negative');
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

export function bitLength(number: bigint): number {
  const hex = number.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex.charAt(0), 16)) - 28);
}

/** Of two numbers that are not negative, by Euclid. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

/**
 * Those of the moduli that have a prime in common with another of them, each with what it has in common with all others
 * together: whoever sees both can compute both private keys.
 * Two keys with one modulus are one key, which is another matter. By Bernstein's product and remainder trees ("How to find
 * smooth parts of integers", 2004), so that thousands of keys take little longer than themselves.
 */
export function findSharedFactors(moduli: readonly bigint[]): ReadonlyMap<bigint, bigint> {
  const distinct = [...new Set(moduli)].filter((modulus) => modulus > 1n);
  const levels: (readonly bigint[])[] = [];
  for (let level = distinct; level.length > 1; level = productsOfPairs(level)) levels.push(level);
  const product = levels.at(-1)?.reduce((all, part) => all * part, 1n) ?? 1n;
  const remainders = levels.reduceRight<readonly bigint[]>(
    (above, level) => level.map((part, index) => (above[index >> 1] ?? 0n) % (part * part)),
    [product],
  );
  if (levels.length === 0) return new Map();
  const factors = distinct.map(
    (modulus, index) =>
      [modulus, greatestCommonDivisor(modulus, (remainders[index] ?? 0n) / modulus)] as const,
  );
  return new Map(factors.filter(([, factor]) => factor !== 1n));
}

function productsOfPairs(level: readonly bigint[]): bigint[] {
  return level.flatMap((part, index) => (index % 2 === 0 ? [part * (level[index + 1] ?? 1n)] : []));
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

/** The whole part of a square root (Newton's method, from above). */
function squareRoot(number: bigint): bigint {
  if (number < 2n) return number;
  let root = 1n << BigInt(Math.ceil(bitLength(number) / 2));
  for (;;) {
    const next = (root + number / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

const SQUARES_MODULO_64 = new Set(Array.from({ length: 64 }, (_, number) => (number * number) % 64));

function isSquare(number: bigint): boolean {
  // Five of six numbers are known not to be squares by their last bits.
  if (!SQUARES_MODULO_64.has(Number(BigInt.asUintN(6, number)))) return false;
  const root = squareRoot(number);
  return root * root === number;
}

/** As many as zlint tries (e_rsa_fermat_factorization), and more than every faulty generator that is known needs. */
const FERMAT_ROUNDS = 100;

/**
 * Whether the two primes of a modulus are so close that Fermat's method finds them at once, CVE-2022-26320. By chance they are
 * not: of sound primes the upper halves differ.
 */
export function hasClosePrimes(modulus: bigint): boolean {
  const root = squareRoot(modulus);
  let middle = root * root === modulus ? root : root + 1n;
  for (let round = 0; round < FERMAT_ROUNDS; round++, middle += 1n) {
    if (isSquare(middle * middle - modulus)) return true;
  }
  return false;
}

/** CA/B Baseline Requirements 6.1.6. Nine of ten moduli that are random or spoilt are divisible by one of these. */
const SMALL_PRIMES = Array.from({ length: 752 }, (_, number) => number).filter(
  (number) =>
    number > 1 &&
    !Array.from({ length: 26 }, (_, root) => root + 2).some((root) => root < number && number % root === 0),
);
const PRODUCT_OF_SMALL_PRIMES = SMALL_PRIMES.reduce((product, prime) => product * BigInt(prime), 1n);

/** The smallest prime below 752 that divides a modulus. */
export function smallFactorOf(modulus: bigint): number | undefined {
  const rest = modulus % PRODUCT_OF_SMALL_PRIMES;
  return SMALL_PRIMES.find((prime) => rest % BigInt(prime) === 0n);
}

/** x of the base point of each curve (SEC 2 2.4.2, 2.5.1, 2.6.1), by the length of an uncompressed point. */
const BASE_POINTS: ReadonlyMap<number, string> = new Map([
  [65, '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'],
  [97, 'aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7'],
  [
    133,
    '00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66',
  ],
]);

/** What is wrong with the point of an EC key. */
export type EcFault = 'not-on-curve' | 'base-point';

/**
 * What is wrong with the point of a key on P-256, P-384 or P-521: it lies on no curve, which Go does not read, or it is the
 * base point of the curve, up to its sign, whose private key is 1. Undefined for a sound key and for one of another kind.
 */
export function ecFaultOf(spkiDer: Uint8Array): EcFault | undefined {
  const point = ecPointOf(spkiDer);
  if (point === undefined) return undefined;
  const base = BASE_POINTS.get(point.length);
  const x = Buffer.from(point.subarray(1, (point.length + 1) / 2)).toString('hex');
  if (x === base) return 'base-point';
  if (base === undefined || point[0] !== 4) return undefined;
  return publicKeyOf(spkiDer) === undefined ? 'not-on-curve' : undefined;
}

function ecPointOf(spkiDer: Uint8Array): Uint8Array | undefined {
  try {
    const spki = new DerFields(parseDer(spkiDer));
    if (decodeAlgorithmOid(spki.required(TAG.sequence)) !== EC_OID) return undefined;
    return decodeBitString(spki.required(TAG.bitString));
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/**
 * The texts under which lists have a public key, in lower-case hex: the last 20 digits of the SHA-1 of what `openssl rsa
 * -modulus` prints, as Debian's openssl-blacklist has RSA keys (openssl-vulnkey(1)), and the SHA-256 of the DER of
 * SubjectPublicKeyInfo, as pwnedkeys.com has any.
 */
export function fingerprintsOf(spkiDer: Uint8Array): readonly string[] {
  const numbers = rsaNumbersOf(spkiDer);
  const ofSpki = createHash('sha256').update(spkiDer).digest('hex');
  if (numbers === undefined) return [ofSpki];
  const printed = `Modulus=${numbers.modulus.toString(16).toUpperCase()}\n`;
  return [createHash('sha1').update(printed).digest('hex').slice(20), ofSpki];
}
