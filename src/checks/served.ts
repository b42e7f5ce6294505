import type { Finding } from '../finding.ts';
import { type Listener, listenerText } from '../resolve/listeners.ts';
import type { Certificate } from '../x509/model.ts';
import { PATH_RULES } from '../x509/path-rules.ts';
import { validatePath } from '../x509/path.ts';
import { isGoodForHost } from '../x509/host-name.ts';
import { type CheckRow, type Hit, listText } from './check.ts';
import { type Evidence, isSameDer, type RowEvidence } from './evidence.ts';
import { generalNameText, nameText } from './text.ts';
import { timeText } from './time.ts';

/** What came of asking a listener for its certificate. */
export type ServedOutcome =
  /** The chain as it was shown, the leaf first. */
  | { readonly kind: 'served'; readonly certificates: readonly Certificate[] }
  /** Nobody answers: `ECONNREFUSED`, `no answer within 3 s`. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** Somebody answers, and it comes to no handshake. */
  | { readonly kind: 'no-handshake'; readonly reason: string }
  /** A certificate that cannot be read. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** A listener with what it showed. */
export interface Served {
  readonly listener: Listener;
  readonly outcome: ServedOutcome;
}

interface ServedContext {
  readonly evidence: Evidence;
  readonly now: Date;
}

type Fault = Omit<Hit, 'path' | 'field'>;

/** One rule over what a listener shows. */
interface ServedCheck extends CheckRow {
  readonly find: (served: Served, context: ServedContext) => Fault | undefined;
}

/** What tells one certificate from its successor. */
function identityText({ serialHex, notAfter }: Certificate): string {
  return `serial number ${serialHex}, ends ${timeText(notAfter)}`;
}

function onDisk({ listener: { row } }: Served, evidence: Evidence): RowEvidence | undefined {
  return row === undefined ? undefined : evidence.get(row);
}

/** A rule over the leaf that was shown; not called where none was. */
function leafCheck(
  row: CheckRow,
  find: (leaf: Certificate, served: Served, context: ServedContext) => Fault | undefined,
): ServedCheck {
  return {
    ...row,
    find: (served, context) => {
      const [leaf] = served.outcome.kind === 'served' ? served.outcome.certificates : [];
      return leaf === undefined ? undefined : find(leaf, served, context);
    },
  };
}

/** A rule over a connection that did not come to a certificate. */
function outcomeCheck(row: CheckRow, kind: ServedOutcome['kind'], message: string): ServedCheck {
  return {
    ...row,
    find: ({ outcome }) =>
      outcome.kind === kind && 'reason' in outcome ? { message, found: outcome.reason } : undefined,
  };
}

/** Whether what is on disk is what is shown, and whether clients take it. */
export const SERVED_CHECKS: readonly ServedCheck[] = Object.freeze([
  outcomeCheck(
    {
      code: 'listener-silent',
      severity: 'warning',
      says: 'Where a component listens somebody answers',
      citation: 'kubernetes.io, Ports and Protocols',
      remedy:
        'start the component, or ask from where it can be reached; --live-address names another address',
    },
    'unreachable',
    'does not answer',
  ),
  outcomeCheck(
    {
      code: 'listener-without-tls',
      severity: 'error',
      says: 'Whoever listens speaks TLS',
      citation: 'R1, RFC 8446 4',
      remedy:
        'give the component its certificate and key (show arguments), and no address that starts with http:',
    },
    'no-handshake',
    'answers and comes to no TLS handshake',
  ),
  outcomeCheck(
    {
      code: 'served-unreadable',
      severity: 'error',
      says: 'What is shown is a certificate',
      citation: 'RFC 5280 4.1',
      remedy: 'find out who answers at this address',
    },
    'unreadable',
    'shows a certificate that cannot be read',
  ),
  leafCheck(
    {
      code: 'served-differs',
      severity: 'error',
      says: 'A component shows the certificate that is on disk: one that was renewed and not loaded ends as if it had not been',
      citation: 'R5',
      remedy: 'restart the component, or find out from which file it reads',
    },
    (leaf, served, { evidence }) => {
      const [own] = onDisk(served, evidence)?.certificates ?? [];
      if (served.listener.isShared || own === undefined || isSameDer(own.der, leaf.der)) return undefined;
      const isOlder = leaf.notBefore.getTime() < own.notBefore.getTime();
      return {
        message: isOlder
          ? 'still shows the certificate from before that on disk'
          : 'shows another certificate than that on disk',
        expected: identityText(own),
        found: identityText(leaf),
      };
    },
  ),
  leafCheck(
    {
      code: 'served-chain-differs',
      severity: 'warning',
      says: 'A component shows the certificates of its CAs that stand in its file',
      citation: 'RFC 8446 4.4.2',
      remedy: 'restart the component, or find out from which file it reads',
    },
    (leaf, served, { evidence }) => {
      const [own, ...chain] = onDisk(served, evidence)?.certificates ?? [];
      if (served.outcome.kind !== 'served' || own === undefined || !isSameDer(own.der, leaf.der))
        return undefined;
      const shown = served.outcome.certificates.slice(1);
      const isSame =
        shown.length === chain.length &&
        chain.every(({ der }, index) => isSameDer(der, shown[index]?.der ?? new Uint8Array()));
      if (isSame) return undefined;
      const names = (certificates: readonly Certificate[]): string =>
        listText(certificates.map(({ subject }) => nameText(subject)));
      return {
        message: 'shows other certificates behind its own than its file has',
        expected: names(chain),
        found: names(shown),
      };
    },
  ),
  leafCheck(
    {
      code: 'served-expired',
      severity: 'error',
      says: 'What is shown is valid now',
      citation: 'RFC 5280 4.1.2.5',
      remedy: 'renew the certificate, and restart the component if it does not load it by itself',
    },
    ({ notBefore, notAfter }, _, { now }) => {
      // RFC 5280 4.1.2.5: the last second belongs to the validity period.
      const isOver = now.getTime() >= notAfter.getTime() + 1000;
      if (!isOver && now.getTime() >= notBefore.getTime()) return undefined;
      return {
        message: isOver
          ? 'shows a certificate that has expired'
          : 'shows a certificate that is not valid yet',
        expected: `valid at ${timeText(now)}`,
        found: `from ${timeText(notBefore)} to ${timeText(notAfter)}`,
      };
    },
  ),
  leafCheck(
    {
      code: 'served-untrusted',
      severity: 'error',
      says: 'From what is shown a path leads to the CA of its role',
      citation: 'RFC 5280 6.1, R3',
      remedy:
        'find out who answers at this address; where it is the component, give it the certificate of its row',
    },
    (leaf, served, { evidence, now }) => {
      const desired = onDisk(served, evidence)?.desired;
      const signer =
        desired !== undefined && 'certificate' in desired ? desired.certificate.signer : undefined;
      const anchors = evidence.get(signer ?? '')?.certificates ?? [];
      if (anchors.length === 0 || served.outcome.kind !== 'served') return undefined;
      const intermediates = served.outcome.certificates.slice(1);
      const { valid, others } = validatePath(leaf, {
        anchors,
        intermediates,
        at: now,
        purpose: 'serverAuth',
      });
      const isGood = valid?.problems.every(({ rule }) => !PATH_RULES[rule].isRefusedByGo) === true;
      // That it has expired has a check of its own.
      const problem = [...(valid?.problems ?? []), ...(others[0]?.problems ?? [])].find(
        ({ rule }) => rule !== 'validity' && PATH_RULES[rule].isRefusedByGo,
      );
      if (isGood || problem === undefined) return undefined;
      return {
        message: `shows a certificate that does not lead to ${signer ?? ''}`,
        expected: `signed by ${listText(anchors.map(({ subject }) => `"${nameText(subject)}"`))}`,
        found: problem.message,
      };
    },
  ),
  leafCheck(
    {
      code: 'served-name',
      severity: 'error',
      says: 'What is shown is good for the address under which it is reached',
      citation: 'RFC 9525 6.3, R3',
      remedy: 'have the certificate issued anew with this address, or have it reached under one that it has',
    },
    (leaf, { listener: { host, row } }) => {
      if (row === undefined || isGoodForHost(leaf, host)) return undefined;
      return {
        message: `shows a certificate that is not good for ${host}`,
        expected: host,
        found: listText((leaf.subjectAltName ?? []).map(generalNameText)),
      };
    },
  ),
  leafCheck(
    {
      code: 'served-self-signed',
      severity: 'notice',
      says: 'What a component shows that makes its own certificate nobody can verify',
      citation: 'kubernetes-sigs/metrics-server#67, kubeadm.md 8',
      remedy: 'give the component a certificate (--tls-cert-file), or a kubelet serverTLSBootstrap',
    },
    (leaf, { listener: { row }, outcome }, { evidence }) => {
      const top = (outcome.kind === 'served' ? outcome.certificates.at(-1) : undefined) ?? leaf;
      const isOurs = [...evidence.values()].some(
        ({ desired, certificates }) =>
          desired.kind === 'ca' && certificates.some(({ der }) => isSameDer(der, top.der)),
      );
      // Go signs the certificate of such a component with a CA made for the purpose, and shows both.
      if (row !== undefined || isOurs || !isSameDer(top.issuer.der, top.subject.der)) return undefined;
      return { message: 'shows a certificate that it signed itself', found: nameText(leaf.subject) };
    },
  ),
]);

/** How a listener is called in a finding that belongs to no file. */
function servedPath({ name, ...listener }: Listener): string {
  return `${name}://${listenerText(listener)}`;
}

/** Holds what listeners showed against what is on disk. */
export function checkServed(all: readonly Served[], context: ServedContext): readonly Finding[] {
  return all.flatMap((served) =>
    SERVED_CHECKS.flatMap(({ code, severity, remedy, find }): readonly Finding[] => {
      const fault = find(served, context);
      if (fault === undefined) return [];
      const { row } = served.listener;
      return [
        {
          code,
          severity,
          ...(row === undefined ? {} : { row }),
          path: servedPath(served.listener),
          ...fault,
          remedy,
        },
      ];
    }),
  );
}
