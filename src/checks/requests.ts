import type { Finding } from '../finding.ts';
import { requestFileOf } from '../resolve/requests.ts';
import type { DesiredCertificate } from '../resolve/desired.ts';
import { type Certificate, type CertificateRequest, KEY_USAGES } from '../x509/model.ts';
import { isProofOfPossession } from '../x509/request.ts';
import { type Check, type CheckContext, type Hit, listText } from './check.ts';
import { isSameDer, type RowEvidence } from './evidence.ts';
import { KEY_CHECKS } from './keys.ts';
import { ROLE_CHECKS } from './role.ts';

const ASK_ANEW = 'move the request away and run k8s-pki certs generate-csr: it asks anew, with the same key';

/** The checks of what a certificate says by itself: a request says as much. */
const IDENTITY_CHECKS: readonly Check[] = [
  ...ROLE_CHECKS,
  ...KEY_CHECKS.filter(({ code }) => code === 'key-algorithm'),
].filter(({ severity }) => severity !== 'notice');

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

type Asking = RowEvidence & { readonly request: CertificateRequest };

function isAsking(row: RowEvidence): row is Asking {
  return row.request !== undefined && 'certificate' in row.desired;
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
  const asked = { ...row, files: [{ path }], certificates: [certificateOf(row.request, desired)] };
  const surplus = surplusUsages(row.request, desired);
  return [
    ...IDENTITY_CHECKS.filter(({ appliesTo }) => appliesTo.includes(row.desired.kind)).flatMap((check) =>
      check.run(asked, context),
    ),
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
      says: 'A request asks for what its row is, no less and no more: subject, names, usages and the kind of key',
      citation: 'R3, R4, R6',
      remedy: ASK_ANEW,
    },
    identityHits,
  ),
];

/** Holds the requests among the evidence against their rows. */
export function checkRequests(context: CheckContext): readonly Finding[] {
  return [...context.evidence.values()].flatMap((row) => checkRequest(row, context));
}

/** The same of one row. */
export function checkRequest(row: RowEvidence, context: CheckContext): readonly Finding[] {
  return REQUEST_CHECKS.filter(({ appliesTo }) => appliesTo.includes(row.desired.kind)).flatMap(
    ({ code, severity, remedy, run }) =>
      run(row, context).map((hit) => ({ code, severity, row: row.desired.id, ...hit, remedy })),
  );
}
