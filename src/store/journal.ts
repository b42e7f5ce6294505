import { join } from 'node:path';
import { isInside, isResolved } from './directories.ts';
import { isRecord, isStringArray, parseJson } from './json.ts';

/** The folder for what a transaction has not put in place yet; mode 0700. */
const STAGING = '.k8s-pki.staging';

/** One file of a transaction. */
export interface JournalFile {
  /** Where it goes. */
  readonly path: string;
  /** The directory in whose staging folder it waits. */
  readonly site: string;
  readonly sha256Hex: string;
  readonly mode: number;
  /** Whether a file that is at `path` makes room for it. */
  readonly replace: boolean;
  /** Whether it is removed: what waits is a further name of the file that is there. */
  readonly removes?: boolean;
}

/** Everything about a transaction but the contents of its files. */
export interface Journal {
  readonly version: 1;
  readonly id: string;
  /** The target directories, in order. The journal lies in the first one. */
  readonly directories: readonly [string, ...string[]];
  /** Directories below these that the transaction creates, the outermost first. */
  readonly created: readonly string[];
  /** Those of them that are open to their owner alone. */
  readonly secluded?: readonly string[];
  /** The place in this list is the file's name in its staging folder. */
  readonly files: readonly JournalFile[];
}

/** What lies in the other staging folders of a transaction: where its journal is. */
export interface Marker {
  readonly version: 1;
  readonly id: string;
  readonly leader: string;
}

/** The paths of what a staging folder holds beside the staged files. */
export interface StagingPaths {
  readonly folder: string;
  /** The journal while nothing is decided: a transaction with only this one is rolled back. */
  readonly intent: string;
  /** The same file under this name: the transaction is committed, and is finished. */
  readonly journal: string;
  readonly marker: string;
}

export function stagingPaths(directory: string): StagingPaths {
  const folder = join(directory, STAGING);
  return {
    folder,
    intent: join(folder, 'intent.json'),
    journal: join(folder, 'journal.json'),
    marker: join(folder, 'marker.json'),
  };
}

/** Where the file waits that stands at `index` in the journal. */
export function stagedPath({ files }: Journal, index: number): string {
  const file = files[index];
  if (file === undefined) throw new RangeError(`"index" expected less than ${files.length}, got ${index}`);
  return join(file.site, STAGING, String(index));
}

/** The directory that holds the journal. */
export function leaderOf({ directories: [leader] }: Journal): string {
  return leader;
}

/** The directories other than the leader in which the transaction has a staging folder. */
export function followersOf(journal: Journal): readonly string[] {
  const sites = new Set(journal.files.map((file) => file.site));
  sites.delete(leaderOf(journal));
  return [...sites];
}

function isJournalFile(value: unknown): value is JournalFile {
  if (!isRecord(value)) return false;
  const { path, site, sha256Hex, mode, replace, removes } = value;
  return (
    typeof path === 'string' &&
    typeof site === 'string' &&
    typeof sha256Hex === 'string' &&
    typeof mode === 'number' &&
    typeof replace === 'boolean' &&
    (removes === undefined || typeof removes === 'boolean')
  );
}

function isJournal(value: unknown): value is Journal {
  if (!isRecord(value) || value['version'] !== 1) return false;
  const { id, directories, created, secluded, files } = value;
  return (
    typeof id === 'string' &&
    isStringArray(directories) &&
    directories.length > 0 &&
    isStringArray(created) &&
    (secluded === undefined || isStringArray(secluded)) &&
    Array.isArray(files) &&
    files.every(isJournalFile)
  );
}

/**
 * The journal found in `leader`; undefined where the text is none, was written for another directory, or names a path
 * outside of the directories that it lists.
 */
export function parseJournal(text: string, leader: string): Journal | undefined {
  const journal = parseJson(text);
  if (!isJournal(journal) || leaderOf(journal) !== leader) return undefined;
  const { directories, created, files } = journal;
  const isBelow = (path: string): boolean =>
    isResolved(path) && directories.some((directory) => isInside(path, directory));
  const isSite = (path: string): boolean => directories.includes(path) || isBelow(path);
  const isSound =
    directories.every(isResolved) &&
    created.every(isBelow) &&
    files.every(({ path, site }) => isBelow(path) && isSite(site) && isInside(path, site));
  return isSound ? journal : undefined;
}

/** The marker of a text; undefined where it is none. */
export function parseMarker(text: string): Marker | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || value['version'] !== 1) return undefined;
  const { id, leader } = value;
  return typeof id === 'string' && typeof leader === 'string' && isResolved(leader)
    ? { version: 1, id, leader }
    : undefined;
}
