// RSA keys that openssl does not make: it is too careful.
import { checkPrimeSync, createPrivateKey, generatePrimeSync, randomBytes } from 'node:crypto';

const EXPONENT = 65_537n;

function powerModulo(base, exponent, modulus) {
  let [result, factor] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}

/** By Euclid. */
function inverseOf(number, modulus) {
  let [a, b, x, y] = [number % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a % b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

function base64url(number) {
  const digits = number.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex').toString('base64url');
}

const random = (bits) => BigInt(`0x${randomBytes(bits / 8).toString('hex')}`);

export const prime = () => generatePrimeSync(1024, { bigint: true });

/** The next prime behind one, as far as is known. */
export function nextPrime(number) {
  let candidate = number + 2n;
  while (!checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

/** A prime as the faulty chip made them for keys of 2048 bits (CVE-2017-15361): k M + 65537^a mod M. */
export function rocaPrime() {
  const primorial = Array.from({ length: 702 }, (_, number) => BigInt(number))
    .filter((number) => number > 1n && checkPrimeSync(number))
    .reduce((product, number) => product * number, 1n);
  for (;;) {
    // The highest bits set, so that two of them make 2048.
    const multiple = (3n << 51n) | random(48);
    const candidate = multiple * primorial + powerModulo(EXPONENT, random(64), primorial);
    if (candidate.toString(2).length === 1024 && checkPrimeSync(candidate)) return candidate;
  }
}

/** The key of two primes as PEM of PKCS#8. */
export function rsaKey(p, q) {
  const d = inverseOf(EXPONENT, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverseOf(q, p) };
  const jwk = Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, base64url(number)]));
  return createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' }).export({
    type: 'pkcs8',
    format: 'pem',
  });
}
