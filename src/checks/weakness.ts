import { describeKey } from '../x509/keys.ts';
import {
  bitLength,
  hasSharedFactor,
  isRocaModulus,
  type RsaNumbers,
  rsaNumbersOf,
} from '../x509/weak-keys.ts';
import type { Check, Hit } from './check.ts';
import { type Evidence, isSameDer, type RowEvidence } from './evidence.ts';

const WITH_KEY = ['ca', 'certificate', 'keyPair', 'kubeconfig'] as const;
const MINIMUM_RSA_BITS = 2048;
const USUAL_EXPONENT = 65_537n;

function spkiOf({ certificates, key, publicKeys }: RowEvidence): Uint8Array | undefined {
  return certificates[0]?.spkiDer ?? key?.spkiDer ?? publicKeys[0];
}

/** A check over the RSA key of a row; not called for another kind of key. */
function rsaCheck(
  check: Omit<Check, 'only' | 'appliesTo' | 'run'>,
  find: (numbers: RsaNumbers, row: RowEvidence, evidence: Evidence) => Omit<Hit, 'path'> | undefined,
): Check {
  return {
    only: 'audit',
    appliesTo: WITH_KEY,
    ...check,
    run: (row, { evidence }) => {
      const spkiDer = spkiOf(row);
      const numbers = spkiDer === undefined ? undefined : rsaNumbersOf(spkiDer);
      const hit = numbers === undefined ? undefined : find(numbers, row, evidence);
      return hit === undefined ? [] : [{ path: row.files[0]?.path ?? '', field: 'subjectPublicKey', ...hit }];
    },
  };
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
      exponent >= USUAL_EXPONENT
        ? undefined
        : { message: 'has a small public exponent', expected: '65537', found: String(exponent) },
  ),
  rsaCheck(
    {
      code: 'rsa-roca',
      severity: 'error',
      says: 'No RSA key carries the fingerprint of the generator whose keys can be factored (ROCA)',
      citation: 'CVE-2017-15361',
      remedy: 'have it made anew outside of the chip that made it',
    },
    ({ modulus }) =>
      isRocaModulus(modulus) ? { message: 'has a key of the ROCA kind, which can be factored' } : undefined,
  ),
  rsaCheck(
    {
      code: 'rsa-shared-factor',
      severity: 'error',
      says: 'No two RSA keys have a prime in common',
      citation: 'Heninger and others, Mining Your Ps and Qs, 2012',
      remedy: 'have both made anew on a host with enough entropy: each can be computed from the other',
    },
    ({ modulus }, row, evidence) => {
      const others = [...evidence.values()].flatMap((other) => {
        const spkiDer = other === row ? undefined : spkiOf(other);
        const numbers = spkiDer === undefined ? undefined : rsaNumbersOf(spkiDer);
        return numbers === undefined || numbers.modulus === modulus ? [] : [numbers.modulus];
      });
      return hasSharedFactor(modulus, others)
        ? { message: 'shares a prime with another key here' }
        : undefined;
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
