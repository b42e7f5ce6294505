import type { CheckRow } from '../checks/check.ts';
import type { PresentDirectory, PresentFile } from '../checks/evidence.ts';
import type { Directories } from '../cluster/directories.ts';
import { PkiError } from '../errors.ts';
import type { Finding } from '../finding.ts';

/** What is audited, wherever it comes from. */
export interface Source {
  readonly files: readonly PresentFile[];
  /** The directories that hold them, where there are some. */
  readonly places?: readonly PresentDirectory[];
  /** Where they were read, where that is a place. */
  readonly readFrom?: Directories;
  /** Whether the directory of the kubeconfigs was named, so that some are missed where it has none. */
  readonly wantsKubeconfigs?: boolean;
  /** What is wrong with what the files came in, beside what is wrong with them. */
  readonly findings: readonly Finding[];
  /** What it is called, what holds the certificates first. */
  readonly directories: readonly string[];
  /** What a logical path is called where the files come from. */
  readonly pathOf: (logicalPath: string) => string;
  /** What was noticed on the way, a sentence each. */
  readonly notices: readonly string[];
  /** The logical paths of which something should be there; absent: all that the cluster has. */
  readonly expected?: readonly string[];
  /** Whether some of it is lost: what is absent may have been there, and tells nothing of the host. */
  readonly isPartial?: true;
}

/** The path of a finding about the whole of what was read, not about a file in it. */
export const WHOLE = '';

interface Refusal {
  /** What to say instead: directories in an archive, clusters in Secrets. */
  readonly choices?: readonly string[];
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Why something cannot be audited at all. */
export function unreadableSource(
  name: string,
  message: string,
  { choices = [], hint, cause }: Refusal = {},
): PkiError<'ERR_SOURCE'> {
  return new PkiError('ERR_SOURCE', `${name}: ${message}`, {
    detail: { source: name, choices },
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

const ARCHIVE_DAMAGED: CheckRow = Object.freeze({
  code: 'archive-damaged',
  severity: 'error',
  says: 'An archive is whole: what is behind the damage was not looked at, and may seem to be missing',
  citation: 'POSIX.1-2017 pax, RFC 1952 2.2',
  remedy: 'make or fetch the archive again, and compare its checksum with the one where it was made',
});

const ARCHIVED_TWICE: CheckRow = Object.freeze({
  code: 'archived-twice',
  severity: 'notice',
  says: 'Every file is in an archive once: of several the last one counts, as where tar unpacks them',
  citation: 'POSIX.1-2017 pax',
  remedy: 'find out which of them is meant',
});

const SECRET_ENCRYPTED: CheckRow = Object.freeze({
  code: 'secret-encrypted',
  severity: 'notice',
  says: 'What kubeadm encrypted with the certificate key cannot be looked at without it',
  citation: 'kubeadm.md 5',
  remedy: 'audit the directory that it was made from',
});

/** What there is to find in what files come in. */
export const SOURCE_CHECKS: readonly CheckRow[] = Object.freeze([
  ARCHIVE_DAMAGED,
  ARCHIVED_TWICE,
  SECRET_ENCRYPTED,
]);

type Found = Pick<Finding, 'path' | 'message' | 'found'>;

const findingOf = ({ code, severity, remedy }: CheckRow, found: Found): Finding => ({
  code,
  severity,
  ...found,
  remedy,
});

export const damaged = (found: Found): Finding => findingOf(ARCHIVE_DAMAGED, found);
export const archivedTwice = (found: Found): Finding => findingOf(ARCHIVED_TWICE, found);
export const encrypted = (found: Found): Finding => findingOf(SECRET_ENCRYPTED, found);
