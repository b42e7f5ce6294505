import type { Finding } from '../finding.ts';
import type { DesiredRow } from '../resolve/desired.ts';
import { describeKey } from '../x509/keys.ts';
import {
  bitLength,
  type EcFault,
  ecFaultOf,
  findSharedFactors,
  fingerprintsOf,
  greatestCommonDivisor,
  hasClosePrimes,
  isRocaModulus,
  type RsaNumbers,
  rsaNumbersOf,
  smallFactorOf,
} from '../x509/weak-keys.ts';
import { type Check, type CheckContext, type Hit, listText } from './check.ts';
import { type Evidence, isSameDer, keysOf, type RowEvidence } from './evidence.ts';
import { AUDIT_INCOMPLETE } from './limits.ts';
import { REPLACE_KEY } from './remedies.ts';

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

/** Of so many keys that share primes it is said with which: a bundle made for the purpose may hold thousands. */
const MAXIMUM_PARTNERS = 50;

/** Five hundred keys of 2048 bits, where a PKI has thirty. What comparing takes grows faster than they do. */
const MAXIMUM_COMPARED_BITS = 512 * 2048;

interface PlacedModulus {
  readonly path: string;
  readonly modulus: bigint;
}

function moduliIn(evidence: Evidence): readonly PlacedModulus[] {
  return [...evidence.values()].flatMap(keysOf).flatMap(({ path, spkiDer }) => {
    const { modulus } = rsaNumbersOf(spkiDer) ?? {};
    return modulus === undefined || bitLength(modulus) > MAXIMUM_RSA_BITS ? [] : [{ path, modulus }];
  });
}

/** Those that are compared with one another: of more than are compared, the first. */
function comparedOf(keys: readonly PlacedModulus[]): ReadonlySet<bigint> {
  let bits = 0;
  const distinct = [...new Set(keys.map(({ modulus }) => modulus))];
  return new Set(
    distinct.filter((modulus) => {
      bits += bitLength(modulus);
      return bits <= MAXIMUM_COMPARED_BITS;
    }),
  );
}

/** Says where there are more RSA keys than are compared: whoever adds enough of them could hide that two share a prime. */
export function checkComparison(evidence: Evidence): readonly Finding[] {
  const keys = moduliIn(evidence);
  const compared = comparedOf(keys);
  const left = keys.find(({ modulus }) => !compared.has(modulus));
  if (left === undefined) return [];
  const { code, severity, remedy } = AUDIT_INCOMPLETE;
  const message = 'is among more RSA keys than are searched for shared primes: some were left out';
  return [{ code, severity, remedy, path: left.path, message, found: `${compared.size} were compared` }];
}

/** The moduli among all that is there which have a prime in common with another, each with the files of those others. */
export function sharedModuliIn(evidence: Evidence): ReadonlyMap<bigint, readonly string[]> {
  const keys = moduliIn(evidence);
  const shared = findSharedFactors([...comparedOf(keys)]);
  const partners = new Map([...shared.keys()].map((modulus) => [modulus, new Set<string>()]));
  const placed = keys.filter(({ modulus }) => shared.has(modulus)).slice(0, MAXIMUM_PARTNERS);
  for (const [index, one] of placed.entries())
    for (const other of placed.slice(index + 1)) {
      if (one.modulus === other.modulus) continue;
      // What two have in common each has in common with all: mostly one prime, which is quickly compared.
      const [factor = 1n, otherFactor = 1n] = [one, other].map(({ modulus }) => shared.get(modulus));
      if (greatestCommonDivisor(factor, otherFactor) === 1n) continue;
      partners.get(one.modulus)?.add(other.path);
      partners.get(other.modulus)?.add(one.path);
    }
  return new Map([...partners].map(([modulus, paths]) => [modulus, [...paths]]));
}

const EC_FAULTS: Readonly<Record<EcFault, string>> = {
  'not-on-curve': 'has a key that is no point of its curve',
  'base-point': 'has the key whose private key is 1',
};

function spkiOf({ certificates, key, publicKeys }: RowEvidence): Uint8Array | undefined {
  return certificates[0]?.spkiDer ?? key?.spkiDer ?? publicKeys[0];
}

/** The kinds of row whose key is used in handshakes. */
const HANDSHAKING: readonly DesiredRow['kind'][] = ['certificate', 'kubeconfig'];

/** Whether a key is one of RSA whose length alone is wrong with it, in a row of this kind. */
export function isOddRsaLength(spkiDer: Uint8Array, kind: DesiredRow['kind']): boolean {
  const bits = bitLength(rsaNumbersOf(spkiDer)?.modulus ?? 0n);
  return bits > 1 && (bits < MINIMUM_RSA_BITS || (bits > MAXIMUM_RSA_BITS && HANDSHAKING.includes(kind)));
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
      remedy: REPLACE_KEY,
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
      remedy: `${REPLACE_KEY}; until then a small exponent forgives no mistake of whoever signs or verifies`,
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
      remedy: `find out what made it, and ${REPLACE_KEY}`,
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
      remedy: REPLACE_KEY,
      appliesTo: HANDSHAKING,
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
      remedy: `take everything that it protected for known, and ${REPLACE_KEY}`,
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
      remedy: `find out what made it, and ${REPLACE_KEY}`,
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
      remedy: `use the chip that made it for nothing any more, and ${REPLACE_KEY}`,
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
      remedy: `for each of the keys, on a host with enough entropy, since both can be computed: ${REPLACE_KEY}`,
    },
    (spkiDer, { audit }) => {
      const paths = audit?.sharedModuli?.get(rsaNumbersOf(spkiDer)?.modulus ?? 0n);
      if (paths === undefined) return undefined;
      const message = 'shares a prime with another key here';
      return paths.length === 0 ? { message } : { message, found: `a prime of ${listText(paths)}` };
    },
  ),
  ownCheck(
    {
      code: 'ec-key-broken',
      severity: 'error',
      says: 'The point of an EC key lies on its curve, and is not the base point of the curve',
      citation: 'RFC 5480 2.2, NIST SP 800-56A 5.6.2.3',
      remedy: `find out what made it, and ${REPLACE_KEY}`,
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
      remedy: `take everything that it protected for known, and ${REPLACE_KEY}`,
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
    remedy: `for one of the two: ${REPLACE_KEY}`,
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
