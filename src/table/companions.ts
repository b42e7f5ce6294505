import { deepFreeze } from './freeze.ts';

/** A file that no row has and that is known all the same. */
export interface CompanionRow {
  /** Of the logical path. */
  readonly path: RegExp;
  /** What it is and what it is good for, a verb phrase. */
  readonly says: string;
  /** A key in it is meant to be there. */
  readonly mayHoldKey?: true;
  /** It is there by itself, in any number, and not worth a word. */
  readonly isUsual?: true;
}

/** What others put beside the files of the table. The first that fits counts. */
const COMPANIONS: readonly CompanionRow[] = deepFreeze<readonly CompanionRow[]>([
  {
    // kubelet --bootstrap-kubeconfig; kubeadm join removes it in the end.
    path: /(?:^|\/)bootstrap-kubelet\.conf$/,
    says: 'is the kubeconfig with which a node joins, and of no use once it has: whoever holds its token can have a node join',
  },
  {
    // kubelet --cert-dir with --rotate-certificates: a file for each certificate, and a link to the newest.
    path: /(?:^|\/)kubelet-(?:client|server)-(?:current|\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)\.pem$/,
    says: 'is a certificate with its key that a kubelet renews itself',
    mayHoldKey: true,
  },
  {
    path: /(?:^|\/)kubelet\.(?:crt|key)$/,
    says: 'is what a kubelet shows to the API server, signed by itself',
    mayHoldKey: true,
  },
  {
    path: /\.csr$/,
    says: 'is a certificate signing request, and of no use once it is signed',
  },
  {
    path: /\.srl$/,
    says: 'is where openssl keeps the serial number that comes next',
  },
  {
    path: /^pki-backups\//,
    says: 'is what a run of this program replaced, for k8s-pki rollback',
    mayHoldKey: true,
    isUsual: true,
  },
  {
    path: /(?:^|\/)\.k8s-pki\./,
    says: 'is what an interrupted run of this program left: the next one that writes finishes it or takes it back',
    mayHoldKey: true,
  },
]);

/** The first that a logical path fits. */
export function companionOf(logicalPath: string): CompanionRow | undefined {
  return COMPANIONS.find(({ path }) => path.test(logicalPath));
}
