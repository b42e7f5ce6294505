import { fileThatHolds } from '../resolve/desired.ts';
import type { Check, CheckContext, CheckRow, Hit } from './check.ts';
import type { Unreadable } from './contents.ts';
import { isSameDer, type PresentFile, type RowEvidence } from './evidence.ts';
import { isOddRsaLength } from './weakness.ts';
import { holdsPrivateKey } from '../x509/pem-form.ts';

const ALL = ['ca', 'certificate', 'keyPair', 'kubeconfig', 'bundle'] as const;

// A file may have ten thousand blocks that cannot be read; the first few say what is wrong with it.
const MAXIMUM_UNREADABLE = 10;

function unreadableCheck(
  what: Unreadable['what'],
  check: Pick<Check, 'code' | 'says' | 'remedy' | 'citation'>,
  isSaid: (row: RowEvidence, context: CheckContext) => boolean = () => true,
): Check {
  return {
    ...check,
    severity: 'error',
    appliesTo: ALL,
    run: (row, context) => {
      const parts = isSaid(row, context) ? row.unreadable.filter((part) => part.what === what) : [];
      const hits = parts
        .slice(0, MAXIMUM_UNREADABLE)
        .map(({ path, field, message }) => ({ path, ...(field === undefined ? {} : { field }), message }));
      const [last] = parts.slice(MAXIMUM_UNREADABLE);
      const left = parts.length - hits.length;
      return last === undefined
        ? hits
        : [...hits, { path: last.path, message: `cannot be read in ${left} further places` }];
    },
  };
}

function presentFile(row: RowEvidence, holds: Parameters<typeof fileThatHolds>[1]): PresentFile | undefined {
  const wanted = fileThatHolds(row.desired, holds);
  return row.files.find((file) => file.path === wanted?.path);
}

/** Permission bits as chmod(1) takes them. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function modeHits(
  row: RowEvidence,
  message: string,
  isWrong: (mode: number, wanted: number) => boolean,
): readonly Hit[] {
  return row.desired.files.flatMap(({ path, mode }) => {
    const found = row.files.find((file) => file.path === path)?.mode;
    if (found === undefined || !isWrong(found, mode)) return [];
    return [{ path, field: 'mode', message, expected: octal(mode), found: octal(found) }];
  });
}

function isReadableByOthers(mode: number, wanted: number): boolean {
  return (wanted & 0o077) === 0 && (mode & 0o004) !== 0;
}

const isWritableByOthers = (mode: number): boolean => (mode & 0o002) !== 0;

/** What an audit calls an error by itself. */
function isOpenToOthers(mode: number, wanted: number): boolean {
  return isReadableByOthers(mode, wanted) || isWritableByOthers(mode);
}

/** Looked for in the files of a row, and in those that no row has. */
export const KEY_READABLE: CheckRow = Object.freeze({
  code: 'key-readable',
  severity: 'error',
  says: 'A file that holds a private key can be read by nobody but its owner and its group',
  citation: 'kubeadm.md 1.6, CIS Kubernetes Benchmark 1.1.21',
  remedy: 'chmod 600 the file, and take the key for known to every user of this host: have it made anew',
});

/** Whether the files of each row are there in the form they should be. */
export const FILE_CHECKS: readonly Check[] = [
  unreadableCheck('file', {
    code: 'file-unreadable',
    says: 'Where a file should be there is a file that can be read',
    citation: 'R5',
    remedy: 'run as a user who may read it, or move away what stands in its place',
  }),
  unreadableCheck('certificate', {
    code: 'certificate-unreadable',
    says: 'A certificate file holds certificates in PEM',
    citation: 'RFC 7468 5, RFC 5280 4.1',
    remedy: 'bring back the file from a copy, or remove certificate and key to have both made anew',
  }),
  unreadableCheck(
    'key',
    {
      code: 'key-unreadable',
      says: 'A key file holds a private key that Kubernetes can read',
      citation: 'kubeadm.md 1.5',
      remedy:
        'bring the key in a form that Kubernetes reads: not encrypted (openssl pkey decrypts it), RSA, ECDSA or Ed25519',
    },
    // An audit says of an RSA key that it is too short or too long.
    ({ desired, foreignKey }, { audit }) =>
      audit === undefined || foreignKey === undefined || !isOddRsaLength(foreignKey, desired.kind),
  ),
  unreadableCheck('publicKey', {
    code: 'public-key-unreadable',
    says: 'A public key file holds public keys in PEM',
    citation: 'kubeadm.md 1.5',
    remedy:
      'remove the file and run k8s-pki init again: it is taken from the private key, as openssl pkey -pubout does',
  }),
  unreadableCheck('kubeconfig', {
    code: 'kubeconfig-unreadable',
    says: 'A kubeconfig is YAML with a complete current context',
    citation: 'kubeadm.md 2.3',
    remedy: 'bring back the file from a copy, or remove it to have it made anew',
  }),
  {
    code: 'half-pair',
    severity: 'error',
    says: 'A certificate and its key, a private and its public key, are there together or not at all',
    citation: 'R5',
    remedy: 'bring back the missing half, or remove the other to have both made anew',
    appliesTo: ['ca', 'certificate', 'keyPair'],
    isOfAbsence: true,
    run: (row) => {
      const key = presentFile(row, 'key');
      const other =
        presentFile(row, 'certificate') ?? presentFile(row, 'copy') ?? presentFile(row, 'publicKey');
      // A public key is derived from its private key; a CA without its key is an external CA (R2.6).
      const isEnough =
        row.desired.kind === 'keyPair' ? key !== undefined : row.desired.kind === 'ca' && other !== undefined;
      if (isEnough || (key === undefined) === (other === undefined)) return [];
      const path = (key ?? other)?.path ?? '';
      const isKey = key !== undefined;
      const missing = row.desired.kind === 'keyPair' ? 'private key' : isKey ? 'certificate' : 'key';
      return [{ path, message: `is there without its ${missing}` }];
    },
  },
  {
    code: 'private-key-exposed',
    severity: 'error',
    says: 'A file that others may read holds no private key',
    citation: 'kubeadm.md 1.6',
    remedy:
      'take the private key out of the file, and take it for known: have what it signs or stands for made anew',
    appliesTo: ALL,
    run: (row) => {
      const open = row.desired.files.filter(({ holds }) => holds !== 'key' && holds !== 'kubeconfig');
      return row.files
        .filter(
          ({ path, contents = '' }) => open.some((file) => file.path === path) && holdsPrivateKey(contents),
        )
        .map(({ path }) => ({ path, message: 'holds a private key' }));
    },
  },
  {
    ...KEY_READABLE,
    only: 'audit',
    appliesTo: ALL,
    run: (row) => modeHits(row, 'can be read by others', isReadableByOthers),
  },
  {
    code: 'file-writable',
    only: 'audit',
    severity: 'error',
    says: 'Nobody but its owner and its group writes to a file of the PKI: whoever may puts another CA or another key in the place of this one',
    citation: 'kubeadm.md 1.6, CIS Kubernetes Benchmark 1.1.20',
    remedy: 'chmod the file to the expected mode, and see that it holds what it held',
    appliesTo: ALL,
    run: (row) => modeHits(row, 'can be written by others', isWritableByOthers),
  },
  {
    code: 'mode-too-open',
    severity: 'warning',
    says: 'No file may be read or written by more than its mode in the table allows',
    citation: 'kubeadm.md 1.6, acl(5)',
    remedy:
      'chmod the file to the expected mode; bits of the group may stand for an access list (getfacl), whose entries show there',
    appliesTo: ALL,
    // The mode bits that are there and should not be. What an audit calls an error is not also a warning.
    run: (row, { audit }) =>
      modeHits(
        row,
        'is open to more than it should be',
        (mode, wanted) =>
          (mode & 0o777 & ~wanted) !== 0 && !(audit !== undefined && isOpenToOthers(mode, wanted)),
      ),
  },
  {
    code: 'mode-stricter',
    severity: 'notice',
    says: 'A file with fewer permissions than the table gives may be closed to somebody who needs it',
    citation: 'kubeadm.md 1.6',
    remedy: 'chmod the file to the expected mode where somebody else is to read it',
    appliesTo: ALL,
    run: (row) =>
      modeHits(
        row,
        'is open to fewer than usual',
        (mode, wanted) => (mode & 0o777 & ~wanted) === 0 && (mode & 0o777) !== wanted,
      ),
  },
  {
    code: 'copy-differs',
    severity: 'error',
    says: 'Both places of the root certificate hold the same certificate',
    citation: 'R2.5',
    remedy: 'find out which of the two signed the other CAs, and remove the other',
    appliesTo: ['ca'],
    run: (row) => {
      const [own] = row.certificates;
      const [copy] = row.copy ?? [];
      const path = fileThatHolds(row.desired, 'copy')?.path;
      if (own === undefined || copy === undefined || path === undefined || isSameDer(own.der, copy.der))
        return [];
      return [{ path, message: 'is another certificate than the one beside the CAs that it signed' }];
    },
  },
];
