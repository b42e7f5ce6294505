import type { Policy } from '../cluster/policy.ts';
import { describeKey } from '../x509/keys.ts';
import type { Certificate } from '../x509/model.ts';
import { signatureHashOf } from '../x509/signature.ts';
import { type Check, type Hit, listText } from './check.ts';
import { keysOf, type RowEvidence } from './evidence.ts';
import { REPLACE_KEY } from './remedies.ts';

const WITH_CERTIFICATE = ['ca', 'certificate', 'kubeconfig'] as const;

/** A check that holds what is there against the policy that was given; not called without one. */
function policyCheck(
  check: Omit<Check, 'only' | 'severity' | 'run'>,
  find: (row: RowEvidence, policy: Policy) => readonly Hit[],
): Check {
  return {
    only: 'audit',
    severity: 'error',
    ...check,
    run: (row, { audit }) => (audit?.policy === undefined ? [] : find(row, audit.policy)),
  };
}

/** The certificates of a row: of a CA all that are trusted under its name, of a leaf its own, and those of other users. */
function certificatesOf({ desired, certificates, otherUsers }: RowEvidence): readonly Certificate[] {
  const own = desired.kind === 'ca' ? certificates : certificates.slice(0, 1);
  return [...own, ...otherUsers.flatMap((user) => user.certificates)];
}

/** One hit for each certificate that is not as it should be. */
function certificateHits(
  row: RowEvidence,
  find: (certificate: Certificate) => Omit<Hit, 'path'> | undefined,
): readonly Hit[] {
  const path = row.files[0]?.path ?? '';
  return certificatesOf(row).flatMap((certificate) => {
    const hit = find(certificate);
    return hit === undefined ? [] : [{ path, ...hit }];
  });
}

function daysText(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const rest = Math.round(seconds - days * 86_400);
  return rest === 0 ? `${days} days` : `${days} days and ${rest} ${rest === 1 ? 'second' : 'seconds'}`;
}

/**
 * Whether what is there is what the policy of --policy lets pass. What the policy does not name does not pass, and neither does
 * what cannot be told.
 */
export const POLICY_CHECKS: readonly Check[] = [
  policyCheck(
    {
      code: 'policy-key-algorithm',
      says: 'Every key is of an algorithm and a size that the policy names',
      citation: 'docs/policy.md',
      remedy: `ask for an algorithm that the policy names (--key-algorithm), and ${REPLACE_KEY}`,
      appliesTo: [...WITH_CERTIFICATE, 'keyPair'],
    },
    (row, { keyAlgorithms }) =>
      keyAlgorithms === undefined
        ? []
        : keysOf(row)
            .map(({ path, spkiDer }) => ({ path, found: describeKey(spkiDer) }))
            .filter(({ found }) => !keyAlgorithms.includes(found))
            .map(({ path, found }) => ({
              path,
              field: 'subjectPublicKey',
              message: 'has a key that the policy does not name',
              expected: listText(keyAlgorithms),
              found,
            })),
  ),
  policyCheck(
    {
      code: 'policy-signature-hash',
      says: 'Every certificate is signed over a hash that the policy names',
      citation: 'docs/policy.md',
      remedy: 'have the certificate issued anew; the hash goes by the key of its CA',
      appliesTo: WITH_CERTIFICATE,
    },
    (row, { signatureHashes }) =>
      signatureHashes === undefined
        ? []
        : certificateHits(row, (certificate) => {
            const hash = signatureHashOf(certificate);
            if (signatureHashes.some((name) => name === hash)) return undefined;
            return {
              field: 'signatureAlgorithm',
              message: 'is signed over a hash that the policy does not name',
              expected: listText(signatureHashes),
              found: hash ?? `unknown (${certificate.signatureAlgorithmOid})`,
            };
          }),
  ),
  policyCheck(
    {
      code: 'policy-validity',
      says: 'No certificate is valid for longer than the policy lets it be',
      citation: 'docs/policy.md, RFC 5280 4.1.2.5',
      remedy: 'have the certificate issued anew with a shorter validity',
      appliesTo: WITH_CERTIFICATE,
    },
    (row, { maximumValiditySeconds }) =>
      certificateHits(row, ({ notBefore, notAfter }) => {
        const maximum = maximumValiditySeconds[row.desired.kind === 'ca' ? 'ca' : 'certificate'];
        // RFC 5280 4.1.2.5: the last second belongs to the validity period.
        const seconds = (notAfter.getTime() - notBefore.getTime()) / 1000 + 1;
        if (maximum === undefined || seconds <= maximum) return undefined;
        return {
          field: 'notAfter',
          message: 'is valid for longer than the policy lets it be',
          expected: `${daysText(maximum)} or less`,
          found: daysText(seconds),
        };
      }),
  ),
];
