import {
  checkPrimeSync,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { generateClusterPki, type PkiFile, verifyClusterPki } from '../../src/index.ts';
import { hasSharedFactor, isRocaModulus, rsaNumbersOf } from '../../src/x509/weak-keys.ts';
import { parsePrivateKey } from '../../src/x509/keys.ts';

const randomBelow = (bits: number): bigint => BigInt(`0x${randomBytes(bits / 8).toString('hex')}`);

function prime(bits: number): bigint {
  for (;;) {
    const candidate = randomBelow(bits) | (3n << BigInt(bits - 2)) | 1n;
    if (checkPrimeSync(candidate)) return candidate;
  }
}

function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, factor] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}

/** A prime as the faulty chip made them for keys of 2048 bits: a multiple of the first 126 primes and a power of 65537. */
function rocaPrime(): bigint {
  const primorial = Array.from({ length: 701 }, (_, number) => BigInt(number))
    .filter((number) => number > 1n && checkPrimeSync(number))
    .reduce((product, number) => product * number, 1n);
  for (;;) {
    const candidate = randomBelow(48) * primorial + powerModulo(65_537n, randomBelow(64), primorial);
    if (checkPrimeSync(candidate)) return candidate;
  }
}

const base64url = (number: bigint): string => {
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
};

function inverse(number: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [number % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a % b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

function keyOf(p: bigint, q: bigint): KeyObject {
  const d = inverse(65_537n, (p - 1n) * (q - 1n));
  const parts = { n: p * q, e: 65_537n, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const jwk = Object.fromEntries(Object.entries(parts).map(([name, number]) => [name, base64url(number)]));
  return createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' });
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('a key', () => {
  test('of a sound generator is of no weak kind', () => {
    for (let count = 0; count < 5; count++) {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const numbers = rsaNumbersOf(publicKey.export({ type: 'spki', format: 'der' }));
      expect(numbers?.exponent).toBe(65_537n);
      expect(isRocaModulus(numbers?.modulus ?? 0n)).toBe(false);
    }
    const { publicKey } = generateKeyPairSync('ed25519');
    expect(rsaNumbersOf(publicKey.export({ type: 'spki', format: 'der' }))).toBeUndefined();
  });

  test('of the faulty chip is known by its modulus', () => {
    expect(isRocaModulus(rocaPrime() * rocaPrime())).toBe(true);
  });

  test('shares a prime or not', () => {
    const [a, b, c, d] = [prime(512), prime(512), prime(512), prime(512)];
    expect(hasSharedFactor(a * b, [c * d])).toBe(false);
    expect(hasSharedFactor(a * b, [c * d, a * c])).toBe(true);
    expect(hasSharedFactor(a * b, [])).toBe(false);
  });
});

const HOST = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'RSA-2048' } as const;

/** What an audit says of a service account pair, beside what it says of everything else. */
async function foundOf(privatePem: string, publicPem: string): Promise<readonly string[]> {
  const { files } = await generateClusterPki({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
  const changed: Readonly<Record<string, string>> = { 'pki/sa.key': privatePem, 'pki/sa.pub': publicPem };
  const others = files.map((file): PkiFile => ({ ...file, contents: changed[file.path] ?? file.contents }));
  const { findings } = await verifyClusterPki({ files: others });
  return findings.filter(({ row }) => row === 'sa').map(({ code }) => code);
}

describe('an audit', () => {
  test.each([
    ['of the ROCA kind', () => keyOf(rocaPrime(), rocaPrime()), ['rsa-roca']],
    ['with 1024 bits', () => keyOf(prime(512), prime(512)), ['rsa-too-short']],
  ])('finds a key %s', async (_, make, codes) => {
    const key = make();
    const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
    expect(await foundOf(pemOf(key), publicPem)).toEqual(expect.arrayContaining(codes));
  });

  test('finds a small exponent', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await foundOf(pemOf(privateKey), publicPem)).toContain('rsa-exponent');
  });

  test('finds two keys that share a prime', async () => {
    const shared = prime(1024);
    let count = 0;
    const { files } = await generateClusterPki({
      ...HOST,
      generateKeyPair: async () =>
        parsePrivateKey(pemOf(keyOf(count++ < 2 ? shared : prime(1024), prime(1024)))),
    });
    const { findings } = await verifyClusterPki({ files });
    expect(findings.map(({ code }) => code)).toEqual(['rsa-shared-factor', 'rsa-shared-factor']);
  }, 120_000);

  test('finds one key under two certificates', async () => {
    const { files } = await generateClusterPki({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
    const contentsOf = (path: string): string => files.find((file) => file.path === path)?.contents ?? '';
    const swapped = files.map((file): PkiFile => {
      const isClient = file.path.includes('etcd/healthcheck-client.');
      return isClient
        ? { ...file, contents: contentsOf(file.path.replace('healthcheck-client', 'peer')) }
        : file;
    });
    const { findings } = await verifyClusterPki({ files: swapped });
    expect(findings.map(({ code, path }) => `${code} ${path}`)).toContain(
      'shared-key pki/etcd/healthcheck-client.crt',
    );
  });
});
