import type { Certificate } from '../x509/model.ts';
import { type Check, type CheckContext, listText } from './check.ts';
import { isSameDer, type RowEvidence } from './evidence.ts';
import { nameText } from './text.ts';

const NAME_CONSTRAINTS_OID = '2.5.29.30';

/** The rows that a CA signs, itself or through the CAs that it signs. */
function descendants(id: string, evidence: CheckContext['evidence']): readonly RowEvidence[] {
  return [...evidence.values()]
    .filter((row) => 'certificate' in row.desired && row.desired.certificate.signer === id)
    .flatMap((row) => [row, ...descendants(row.desired.id, evidence)]);
}

/** A check over the certificate that a CA signs with. */
function authorityCheck(
  check: Omit<Check, 'run' | 'appliesTo'>,
  find: (
    authority: Certificate,
    row: RowEvidence,
    context: CheckContext,
  ) =>
    | {
        readonly field?: string;
        readonly message: string;
        readonly expected?: string;
        readonly found?: string;
      }
    | undefined,
): Check {
  return {
    ...check,
    appliesTo: ['ca'],
    run: (row, context) => {
      const hit = row.authority === undefined ? undefined : find(row.authority, row, context);
      return hit === undefined ? [] : [{ path: row.files[0]?.path ?? '', ...hit }];
    },
  };
}

/** The other CA that signs with this key, in words, if there is one. */
function ownerOf(spkiDer: Uint8Array, own: string, evidence: CheckContext['evidence']): string | undefined {
  const owner = [...evidence.values()].find(
    ({ desired, authority }) =>
      desired.kind === 'ca' &&
      desired.id !== own &&
      authority !== undefined &&
      isSameDer(authority.spkiDer, spkiDer),
  )?.desired;
  return owner && `${owner.id} (${owner.purpose})`;
}

/** Whether each CA is that of its role alone, and able to do what its role does. */
export const AUTHORITY_CHECKS: readonly Check[] = [
  {
    code: 'shared-authority',
    severity: 'error',
    says: 'No CA has the key of another, and no CA file holds the certificate of another: it would let in whom that one signed',
    citation: 'R2, SECURITY.md',
    remedy: 'take the other CA out of the file; a bundle that ends at a root is ca-chain.crt',
    appliesTo: ['ca'],
    run: ({ desired, certificates, files }, { evidence }) =>
      certificates.flatMap(({ spkiDer, subject }) => {
        const owner = ownerOf(spkiDer, desired.id, evidence);
        if (owner === undefined) return [];
        const found = `"${nameText(subject)}", which is ${owner}`;
        return [
          {
            path: files[0]?.path ?? '',
            message: 'holds another CA of this cluster',
            expected: `${desired.id} alone`,
            found,
          },
        ];
      }),
  },
  {
    code: 'authority-surplus',
    severity: 'warning',
    says: 'A CA file holds one certificate, but for the time of a rotation: whoever a further one signed is let in as well',
    citation: 'R5, docs/reference',
    remedy:
      'take the further certificates out unless a rotation is under way; kube-controller-manager signs nothing meanwhile, and ends where it is restarted',
    appliesTo: ['ca'],
    run: ({ desired, certificates, files }, { evidence }) => {
      // Of one that is another CA of the cluster, `shared-authority` says it.
      const further = certificates
        .slice(1)
        .filter(({ spkiDer }) => ownerOf(spkiDer, desired.id, evidence) === undefined);
      if (further.length === 0) return [];
      const found = listText(further.map(({ subject }) => `"${nameText(subject)}"`));
      return [{ path: files[0]?.path ?? '', message: 'holds further certificates', found }];
    },
  },
  authorityCheck(
    {
      code: 'path-length-short',
      severity: 'error',
      says: 'A CA that signs other CAs is allowed to by its path length',
      citation: 'RFC 5280 4.2.1.9',
      remedy: 'bring a root that may have CAs below it',
    },
    (authority, { desired }, { evidence }) => {
      const isAbove = descendants(desired.id, evidence).some((row) => row.desired.kind === 'ca');
      if (!isAbove || authority.basicConstraints?.pathLength !== 0) return undefined;
      return {
        field: 'basicConstraints',
        message: 'may have no CA below it',
        expected: 'a path length of 1 or none',
        found: '0',
      };
    },
  ),
  authorityCheck(
    {
      code: 'authority-usage',
      severity: 'error',
      says: 'A CA that is limited to extended key usages has those of everything that it signs',
      citation: 'RFC 5280 4.2.1.12, golang.org/issue/19860',
      remedy: 'bring a CA without extended key usage, or with all that are expected',
    },
    (authority, { desired }, { evidence }) => {
      const limits = authority.extKeyUsage;
      if (limits === undefined || limits.includes('anyExtendedKeyUsage')) return undefined;
      const wanted = descendants(desired.id, evidence).flatMap((row) =>
        'certificate' in row.desired ? row.desired.certificate.extKeyUsage : [],
      );
      if (wanted.every((usage) => limits.includes(usage))) return undefined;
      return {
        field: 'extKeyUsage',
        message: 'does not allow what its certificates are for',
        expected: listText([...new Set(wanted)]),
        found: listText(limits),
      };
    },
  ),
  authorityCheck(
    {
      code: 'name-constraints',
      severity: 'error',
      says: 'A CA has no name constraints: whether they let the names of a cluster through is not worked out here',
      citation: 'RFC 5280 4.2.1.10',
      remedy: 'bring a CA without name constraints',
    },
    ({ extensions }) =>
      extensions.some(({ oid }) => oid === NAME_CONSTRAINTS_OID)
        ? { field: 'nameConstraints', message: 'has name constraints', expected: 'none', found: 'some' }
        : undefined,
  ),
  {
    code: 'root-key-beside',
    severity: 'warning',
    says: 'The key of a root that is kept apart is not left beside what it signs',
    citation: 'R2.5',
    remedy: 'move the key to where the root is kept',
    appliesTo: ['ca'],
    run: ({ strays }) =>
      strays.map(({ path }) => ({ path, message: 'is the key of a root that is to be kept apart' })),
  },
];
