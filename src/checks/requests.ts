import type { Finding } from '../finding.ts';
import { requestFileOf } from '../resolve/requests.ts';
import type { DesiredCertificate, DesiredRow } from '../resolve/desired.ts';
import { EXTENSION_OIDS } from '../x509/extensions.ts';
import {
  type Certificate,
  type CertificateRequest,
  COMMON_NAME_OID,
  KEY_USAGES,
  ORGANIZATION_OID,
} from '../x509/model.ts';
import { isProofOfPossession } from '../x509/request.ts';
import { type Check, type CheckContext, type Hit, listText } from './check.ts';
import { type Evidence, isSameDer, type RowEvidence } from './evidence.ts';
import { KEY_CHECKS } from './keys.ts';
import { ROLE_CHECKS } from './role.ts';
import { oidText } from './text.ts';
import { sharedModuliIn, WEAKNESS_CHECKS } from './weakness.ts';

const ASK_ANEW = 'move the request away and run k8s-pki certs generate-csr: it asks anew, with the same key';

/** The checks of what a certificate says by itself: a request says as much. */
const IDENTITY_CHECKS: readonly Check[] = [
  ...ROLE_CHECKS,
  ...KEY_CHECKS.filter(({ code }) => code === 'key-algorithm'),
].filter(({ severity, code }) => severity !== 'notice' && code !== 'critical-extension-unknown');

const NEVER = new Date(0);

/** The certificate that a CA would make of a request which adds nothing to it but what the row leaves to the CA. */
function certificateOf(request: CertificateRequest, desired: DesiredCertificate): Certificate {
  return {
    keyUsage: desired.keyUsage,
    // kubeadm asks for neither (kubeadm.md 4.3).
    extKeyUsage: desired.extKeyUsage,
    ...request,
    version: 3,
    serialHex: '01',
    issuer: request.subject,
    notBefore: NEVER,
    notAfter: NEVER,
  };
}

/** What a CA would let through: a usage of its own, and an extension that makes a CA of it. */
function surplusUsages(
  { keyUsage = [] }: CertificateRequest,
  desired: DesiredCertificate,
): readonly string[] {
  // Many ask for it whatever the key can do; it gives nobody more than the key does (RFC 8813 3).
  return keyUsage.filter((usage) => !desired.keyUsage.includes(usage) && usage !== 'keyEncipherment');
}

const SUBJECT_OIDS: ReadonlySet<string> = new Set([COMMON_NAME_OID, ORGANIZATION_OID]);

/** Those of the table, and the identifiers of keys, which every CA computes itself. */
const REQUESTED_OIDS: ReadonlySet<string> = new Set(Object.values(EXTENSION_OIDS));

/** A part of a request that no row has, whatever it holds: a CA that copies would let it through. */
function foreignParts({ subject, extensions }: CertificateRequest): readonly Omit<Hit, 'path'>[] {
  const foreign = (
    field: string,
    what: string,
    oids: readonly string[],
    known: ReadonlySet<string>,
  ): readonly Omit<Hit, 'path'>[] => {
    const surplus = [...new Set(oids)].filter((oid) => !known.has(oid));
    if (surplus.length === 0) return [];
    return [
      {
        field,
        message: `has ${what} that are not of its row`,
        expected: listText([...known].map(oidText)),
        found: listText(surplus.map(oidText)),
      },
    ];
  };
  const oidsOf = (parts: readonly { readonly oid: string }[]): readonly string[] =>
    parts.map(({ oid }) => oid);
  return [
    ...foreign('subject', 'attributes in its subject', oidsOf(subject.attributes), SUBJECT_OIDS),
    ...foreign('extensions', 'extensions', oidsOf(extensions), REQUESTED_OIDS),
  ];
}

/** What only whoever makes requests can find. */
export const REQUEST_IMPOSSIBLE: Omit<Check, 'run'> = Object.freeze({
  code: 'request-impossible',
  only: 'plan',
  severity: 'error',
  says: 'What is there of a row whose certificate is asked for has its private key: the request is signed with it',
  citation: 'RFC 2986 3',
  remedy: 'bring the key, embedded in a kubeconfig, or move away what is there to have all of it made anew',
  appliesTo: ['certificate', 'kubeconfig'] as const,
});

export type Asking = RowEvidence & { readonly request: CertificateRequest };

function isAsking(row: RowEvidence): row is Asking {
  return row.request !== undefined && 'certificate' in row.desired;
}

/** A row with nothing there but a request. */
export function requestAlone(desired: DesiredRow, request: CertificateRequest): Asking {
  return {
    desired,
    files: [],
    unreadable: [],
    certificates: [],
    others: [],
    publicKeys: [],
    trust: [],
    named: [],
    otherUsers: [],
    strays: [],
    signedBy: [],
    request,
  };
}

/** A row with nothing there but the certificate that is asked for. */
function answered({ desired, request }: Asking, certificate: DesiredCertificate): RowEvidence {
  const path = requestFileOf(desired)?.path ?? '';
  const certificates = [certificateOf(request, certificate)];
  return { ...requestAlone(desired, request), files: [{ path }], certificates };
}

/** What is said of a certificate, as it is said of a request for it. */
const WORDINGS: readonly (readonly [of: RegExp, said: string])[] = [
  [/^has names that were not asked for$/, 'asks for names that are not of its row'],
  [/^has /, 'asks for '],
  [/^lacks /, 'does not ask for '],
  [/^is a CA certificate$/, 'asks to be a CA'],
  [/^may also be used as /, 'asks to be used also as '],
  [/^may not be used as /, 'does not ask to be used as '],
];

function asksFor(message: string): string {
  const [pattern, said] = WORDINGS.find(([of]) => of.test(message)) ?? [];
  return pattern === undefined || said === undefined ? message : message.replace(pattern, said);
}

/** How what a request asks for differs from what the row of the table wants, less and more alike. */
function identityHits(row: Asking, context: CheckContext): readonly Hit[] {
  if (!('certificate' in row.desired)) return [];
  const path = requestFileOf(row.desired)?.path ?? '';
  const { certificate: desired } = row.desired;
  const asked = answered(row, desired);
  const surplus = surplusUsages(row.request, desired);
  return [
    ...IDENTITY_CHECKS.filter(({ appliesTo }) => appliesTo.includes(row.desired.kind)).flatMap((check) =>
      check.run(asked, context),
    ),
    ...foreignParts(row.request).map((hit) => ({ path, ...hit })),
    ...(surplus.length === 0
      ? []
      : [
          {
            path,
            field: 'keyUsage',
            message: 'has key usages that are not of its row',
            expected: listText(desired.keyUsage),
            found: listText(KEY_USAGES.filter((usage) => surplus.includes(usage))),
          },
        ]),
  ].map((hit) => ({ ...hit, message: asksFor(hit.message) }));
}

function requestCheck(
  check: Omit<Check, 'run' | 'appliesTo' | 'severity' | 'only'>,
  find: (row: Asking, context: CheckContext) => readonly (Omit<Hit, 'path'> & { readonly path?: string })[],
): Check {
  return {
    ...check,
    severity: 'error',
    only: 'plan',
    appliesTo: ['certificate', 'kubeconfig'],
    run: (row, context) => {
      const path = requestFileOf(row.desired)?.path ?? '';
      return isAsking(row) ? find(row, context).map((hit) => ({ path, ...hit })) : [];
    },
  };
}

/** Whether the requests are such as the CA of their row can sign. They are asked for by themselves: a request that is done with lies about. */
export const REQUEST_CHECKS: readonly Check[] = [
  {
    code: 'request-unreadable',
    only: 'plan',
    severity: 'error',
    says: 'A request is one of PKCS #10 in PEM',
    citation: 'RFC 2986, RFC 7468 7',
    remedy: ASK_ANEW,
    appliesTo: ['certificate', 'kubeconfig'],
    run: ({ unreadable }) =>
      unreadable.filter(({ what }) => what === 'request').map(({ path, message }) => ({ path, message })),
  },
  requestCheck(
    {
      code: 'request-unproven',
      says: 'A request is signed with the key that it is for: who asks holds the key',
      citation: 'RFC 2986 3, kubeadm.md 4.3',
      remedy: ASK_ANEW,
    },
    ({ request }) =>
      isProofOfPossession(request)
        ? []
        : [{ field: 'signature', message: 'is not signed with the key that it is for' }],
  ),
  requestCheck(
    {
      code: 'request-without-key',
      says: 'A request has its private key beside it: its certificate would be of no use',
      citation: 'RFC 2986 3',
      remedy: 'bring the key back, or move the request away to have both made anew',
    },
    ({ key, unreadable }) =>
      key !== undefined || unreadable.some(({ what }) => what === 'key' || what === 'kubeconfig')
        ? []
        : [{ message: 'is there without its private key' }],
  ),
  requestCheck(
    {
      code: 'request-key-mismatch',
      says: 'A request is for the key beside it',
      citation: 'RFC 2986 4.1',
      remedy: ASK_ANEW,
    },
    ({ key, request }) =>
      key === undefined || isSameDer(key.spkiDer, request.spkiDer)
        ? []
        : [{ field: 'subjectPublicKey', message: 'is for another key than the one beside it' }],
  ),
  requestCheck(
    {
      code: 'request-differs',
      says: 'A request asks for what its row is, no less and no more: subject, names, usages, extensions and the kind of key',
      citation: 'R3, R4, R6',
      remedy: ASK_ANEW,
    },
    identityHits,
  ),
];

/** What an audit finds of a key by what is seen of it. */
const KEY_WEAKNESSES = WEAKNESS_CHECKS.filter(({ code }) => code !== 'shared-key');

/** What is wrong with the keys of a row, be they asked for or there. */
export function checkKeys(row: RowEvidence, context: CheckContext): readonly Finding[] {
  return findingsOf(KEY_WEAKNESSES, row, context);
}

/** Holds the requests among the evidence against their rows, and their keys to what an audit holds keys to. */
export function checkRequests(context: CheckContext): readonly Finding[] {
  const sharedModuli = sharedModuliIn(context.evidence);
  const audited = { ...context, audit: { warnWithinSeconds: 0, sharedModuli } };
  return [...context.evidence.values()].flatMap((row) => checkRequest(row, audited));
}

/** The same of one row. */
export function checkRequest(row: RowEvidence, context: CheckContext): readonly Finding[] {
  const found = findingsOf(REQUEST_CHECKS, row, context);
  if (!isAsking(row) || !('certificate' in row.desired)) return found;
  return [...found, ...checkKeys(answered(row, row.desired.certificate), context)];
}

/** What else has the key that a request is for: each key stands for one thing. */
export function checkRequestedKey(
  row: RowEvidence,
  others: Evidence,
  context: CheckContext,
): readonly Finding[] {
  if (!isAsking(row) || !('certificate' in row.desired)) return [];
  const asked = answered(row, row.desired.certificate);
  const different = [...others].filter(([, { desired }]) => desired.id !== row.desired.id);
  const evidence = new Map([...different, [row.desired.id, asked]]);
  return findingsOf(SHARED_KEY, asked, { ...context, evidence });
}

const SHARED_KEY = WEAKNESS_CHECKS.filter(({ code }) => code === 'shared-key');

function findingsOf(checks: readonly Check[], row: RowEvidence, context: CheckContext): readonly Finding[] {
  return checks
    .filter(({ appliesTo }) => appliesTo.includes(row.desired.kind))
    .flatMap(({ code, severity, remedy, run }) =>
      run(row, context).map((hit) => ({ code, severity, row: row.desired.id, ...hit, remedy })),
    );
}
