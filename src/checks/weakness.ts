import { describeKey } from '../x509/keys.ts';
import {
  bitLength,
  type EcFault,
  ecFaultOf,
  findSharedFactors,
  fingerprintsOf,
  hasClosePrimes,
  isRocaModulus,
  type RsaNumbers,
  rsaNumbersOf,
  smallFactorOf,
} from '../x509/weak-keys.ts';
import type { Check, CheckContext, Hit } from './check.ts';
import { type Evidence, isSameDer, keysOf, type RowEvidence } from './evidence.ts';

const WITH_KEY = ['ca', 'certificate', 'keyPair', 'kubeconfig'] as const;
const MINIMUM_RSA_BITS = 2048;
/** What Go takes in a handshake (CVE-2023-29409); beyond, the arithmetic of an attempt would cost more than it tells. */
const MAXIMUM_RSA_BITS = 8192;
const USUAL_EXPONENT = 65_537n;

type Found = Omit<Hit, 'path'> | undefined;

/** A check over each key of a row, those of its bundle and its public key file included. */
function keyCheck(
  check: Omit<Check, 'only' | 'appliesTo' | 'run'> & Pick<Partial<Check>, 'appliesTo'>,
  find: (spkiDer: Uint8Array, context: CheckContext) => Found,
): Check {
  return {
    only: 'audit',
    appliesTo: WITH_KEY,
    ...check,
    run: (row, context) =>
      keysOf(row).flatMap(({ path, spkiDer }) => {
        const hit = find(spkiDer, context);
        return hit === undefined ? [] : [{ path, field: 'subjectPublicKey', ...hit }];
      }),
  };
}

/** The same where a key is judged by itself: once, however often an audit asks, which tries one profile after the other. */
function ownCheck(check: Parameters<typeof keyCheck>[0], find: (spkiDer: Uint8Array) => Found): Check {
  const judged = new WeakMap<Uint8Array, { readonly hit: Found }>();
  return keyCheck(check, (spkiDer) => {
    const { hit } = judged.get(spkiDer) ?? { hit: find(spkiDer) };
    judged.set(spkiDer, { hit });
    return hit;
  });
}

/** The same over RSA keys; not called for another kind of key. */
function rsaCheck(check: Parameters<typeof keyCheck>[0], find: (numbers: RsaNumbers) => Found): Check {
  return ownCheck(check, (spkiDer) => {
    const numbers = rsaNumbersOf(spkiDer);
    return numbers && find(numbers);
  });
}

/** The same over moduli that are worth an attempt. */
function modulusCheck(check: Parameters<typeof keyCheck>[0], find: (modulus: bigint) => Found): Check {
  return rsaCheck(check, ({ modulus }) =>
    bitLength(modulus) > MAXIMUM_RSA_BITS ? undefined : find(modulus),
  );
}

/** The moduli among all that is there which have a prime in common with another. */
export function sharedModuliIn(evidence: Evidence): ReadonlySet<bigint> {
  const moduli = [...evidence.values()]
    .flatMap(keysOf)
    .flatMap(({ spkiDer }) => rsaNumbersOf(spkiDer)?.modulus ?? [])
    .filter((modulus) => bitLength(modulus) <= MAXIMUM_RSA_BITS);
  return findSharedFactors(moduli);
}

const EC_FAULTS: Readonly<Record<EcFault, string>> = {
  'not-on-curve': 'has a key that is no point of its curve',
  'base-point': 'has the key whose private key is 1',
};

function spkiOf({ certificates, key, publicKeys }: RowEvidence): Uint8Array | undefined {
  return certificates[0]?.spkiDer ?? key?.spkiDer ?? publicKeys[0];
}

/** An exponent without an inverse, or that is its own. */
function isBroken(exponent: bigint): boolean {
  return exponent < 2n || (exponent & 1n) === 0n;
}

/** Whether keys can be broken by what is seen of them, and whether each stands for one thing. */
export const WEAKNESS_CHECKS: readonly Check[] = [
  rsaCheck(
    {
      code: 'rsa-too-short',
      severity: 'error',
      says: 'An RSA key has 2048 bits or more',
      citation: 'NIST SP 800-57 part 1, 5.6.1',
      remedy: 'have it made anew with a longer key; of a CA, everything below it, too',
    },
    ({ modulus }) => {
      const bits = bitLength(modulus);
      if (bits >= MINIMUM_RSA_BITS) return undefined;
      return {
        message: 'has an RSA key that can be broken',
        expected: '2048 bits or more',
        found: `${bits} bits`,
      };
    },
  ),
  rsaCheck(
    {
      code: 'rsa-exponent',
      severity: 'warning',
      says: 'The public exponent of an RSA key is 65537 or larger',
      citation: 'FIPS 186-5 5.1',
      remedy: 'have it made anew: a small exponent forgives no mistake of whoever signs or verifies',
    },
    ({ exponent }) =>
      exponent >= USUAL_EXPONENT || isBroken(exponent)
        ? undefined
        : { message: 'has a small public exponent', expected: '65537', found: String(exponent) },
  ),
  rsaCheck(
    {
      code: 'rsa-exponent-broken',
      severity: 'error',
      says: 'The public exponent of an RSA key is odd and not 1: what is signed or encrypted is its own result otherwise, or cannot be undone',
      citation: 'RFC 8017 3.1',
      remedy: 'have it made anew, and find out what made it',
    },
    ({ exponent }) =>
      isBroken(exponent)
        ? {
            message: 'has a public exponent that protects nothing',
            expected: '65537',
            found: bitLength(exponent) > 64 ? 'an even number' : String(exponent),
          }
        : undefined,
  ),
  rsaCheck(
    {
      code: 'rsa-too-long',
      severity: 'error',
      says: 'An RSA key has 8192 bits or fewer: Go ends the handshake over a longer one',
      citation: 'CVE-2023-29409',
      remedy: 'have it made anew with a shorter key',
      appliesTo: ['certificate', 'kubeconfig'],
    },
    ({ modulus }) => {
      const bits = bitLength(modulus);
      if (bits <= MAXIMUM_RSA_BITS) return undefined;
      return {
        message: 'has an RSA key that Go refuses',
        expected: '8192 bits or fewer',
        found: `${bits} bits`,
      };
    },
  ),
  modulusCheck(
    {
      code: 'rsa-close-primes',
      severity: 'error',
      says: "The two primes of an RSA key lie far apart: close ones are found at once by Fermat's method",
      citation: 'CVE-2022-26320, FIPS 186-5 A.1.3',
      remedy: 'have it made anew with another program, and take everything that it protected for known',
    },
    (modulus) =>
      hasClosePrimes(modulus) ? { message: 'has primes so close that both are found at once' } : undefined,
  ),
  modulusCheck(
    {
      code: 'rsa-small-factor',
      severity: 'error',
      says: 'No small prime divides an RSA modulus: one that does comes of a faulty generator or of spoilt bytes',
      citation: 'NIST SP 800-89 5.3.3, CA/B BR 6.1.6',
      remedy: 'have it made anew with another program',
    },
    (modulus) => {
      const factor = smallFactorOf(modulus);
      return factor === undefined
        ? undefined
        : { message: 'has a modulus that a small prime divides', found: `divisible by ${factor}` };
    },
  ),
  modulusCheck(
    {
      code: 'rsa-roca',
      severity: 'error',
      says: 'No RSA key carries the fingerprint of the generator whose keys can be factored (ROCA)',
      citation: 'CVE-2017-15361',
      remedy: 'have it made anew outside of the chip that made it',
    },
    (modulus) =>
      isRocaModulus(modulus) ? { message: 'has a key of the ROCA kind, which can be factored' } : undefined,
  ),
  keyCheck(
    {
      code: 'rsa-shared-factor',
      severity: 'error',
      says: 'No two RSA keys have a prime in common',
      citation: 'Heninger and others, Mining Your Ps and Qs, 2012',
      remedy: 'have both made anew on a host with enough entropy: each can be computed from the other',
    },
    (spkiDer, { audit }) =>
      audit?.sharedModuli?.has(rsaNumbersOf(spkiDer)?.modulus ?? 0n) === true
        ? { message: 'shares a prime with another key here' }
        : undefined,
  ),
  ownCheck(
    {
      code: 'ec-key-broken',
      severity: 'error',
      says: 'The point of an EC key lies on its curve, and is not the base point of the curve',
      citation: 'RFC 5480 2.2, NIST SP 800-56A 5.6.2.3',
      remedy: 'have it made anew with another program',
    },
    (spkiDer) => {
      const fault = ecFaultOf(spkiDer);
      return fault === undefined ? undefined : { message: EC_FAULTS[fault], found: describeKey(spkiDer) };
    },
  ),
  keyCheck(
    {
      code: 'key-listed-weak',
      severity: 'error',
      says: 'No key is in a list of those whose private key is known, where --weak-keys gives one',
      citation: 'CVE-2008-0166',
      remedy: 'have it made anew, and take everything that it protected for known',
    },
    (spkiDer, { audit }) => {
      const weakKeys = audit?.weakKeys;
      const print = weakKeys && fingerprintsOf(spkiDer).find((text) => weakKeys.has(text));
      return print === undefined
        ? undefined
        : { message: 'has a key whose private key is known', found: `${print} in a list of weak keys` };
    },
  ),
  {
    code: 'shared-key',
    only: 'audit',
    severity: 'warning',
    says: 'Each certificate has a key of its own, so that losing one is not losing another',
    citation: 'R3, NIST SP 800-57 part 1, 5.2',
    remedy: 'have one of them made anew',
    appliesTo: WITH_KEY,
    run: (row, { evidence }) => {
      const spkiDer = spkiOf(row);
      if (spkiDer === undefined) return [];
      const rows = [...evidence.values()];
      const earlier = rows.slice(0, rows.indexOf(row)).find((other) => {
        const own = spkiOf(other);
        // CAs with one key are `shared-authority`.
        const areCas = other.desired.kind === 'ca' && row.desired.kind === 'ca';
        return own !== undefined && !areCas && isSameDer(own, spkiDer);
      });
      if (earlier === undefined) return [];
      const path = row.files[0]?.path ?? '';
      const found = `the ${describeKey(spkiDer)} key of ${earlier.desired.id}`;
      return [{ path, field: 'subjectPublicKey', message: 'has the key of something else', found }];
    },
  },
];
