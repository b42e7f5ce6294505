import { basename, join, resolve } from 'node:path';
import type { Arguments } from 'yargs';
import type { PresentFile } from '../checks/evidence.ts';
import type { Directories } from '../cluster/directories.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { parseDirectories } from '../cluster/parse.ts';
import { parseNodeName } from '../cluster/names.ts';
import { isPkiError, PkiError, type SpecIssue } from '../errors.ts';
import type { ReturnedFile, UnreadFile } from '../csr/returned.ts';
import { absolutePath } from '../layout.ts';
import { obstacleOf, placesWithRequests, presentFiles, resolveDirectories } from '../present.ts';
import { type FileState, readFileBytes, readFiles } from '../store/files.ts';
import { readNodes } from '../library/assert.ts';
import { followLinks, isInside } from '../store/directories.ts';
import { listTree, type Tree } from '../store/tree.ts';
import { assertNoIssues } from './issues.ts';

/** The words that were given for a flag or a place that takes several. */
export function wordsOf(parsed: Arguments, name: string): readonly string[] {
  const given: unknown = parsed[name] ?? [];
  return Array.isArray(given) ? given.map(String) : [String(given)];
}

/** The nodes that `--node` names. */
export function nodesOf(parsed: Arguments): readonly string[] {
  const { names, issues } = readNodes(wordsOf(parsed, 'node'));
  assertNoIssues(issues);
  return names;
}

/** The nodes of which something is here already. */
function nodesIn({ kubeconfigDir }: Directories): readonly string[] {
  return [...listTree(join(kubeconfigDir, 'nodes')).directories.keys()].filter(
    (name) => name !== '' && !name.includes('/') && 'value' in parseNodeName(name),
  );
}

/** Where a PKI lies, and what else belongs to it. */
export interface PendingTarget {
  readonly directories: Directories;
  readonly nodes: readonly string[];
  /** The options without the directories. */
  readonly options: ClusterOptions;
}

/** The target of a command; the nodes of which there is something belong to it unasked. */
export async function pendingTarget(
  cluster: ClusterOptions,
  nodes: readonly string[],
): Promise<PendingTarget> {
  const { certDir, kubeconfigDir, rootCaDir, ...options } = cluster;
  const { rootCa } = options;
  const asked = parseDirectories({ certDir, kubeconfigDir, rootCa, rootCaDir }, process.cwd());
  const directories = await resolveDirectories(asked);
  return { directories, options, nodes: [...new Set([...nodes, ...nodesIn(directories)])] };
}

type Read = (paths: readonly string[]) => Promise<ReadonlyMap<string, FileState>>;

/** What is there of a target, requests included. */
export async function readTarget(
  { directories, nodes }: PendingTarget,
  read: Read = readFiles,
): Promise<readonly PresentFile[]> {
  const places = placesWithRequests(directories, nodes);
  return presentFiles(places, await read([...places.values()]));
}

/** A file that was named, or lies in a directory that was. */
export interface GivenFile extends ReturnedFile {
  readonly path: string;
  /** What it is called below what was named. */
  readonly relative: string;
  /** Whether it was named by itself. */
  readonly isNamed: boolean;
}

/** What was read of what was named, and what lies in the directories among it and was not. */
export interface GivenFiles {
  readonly files: readonly GivenFile[];
  readonly unread: readonly UnreadFile[];
}

/** A thousand certificates are far less: a directory with more of it was named by mistake. */
const MAXIMUM_GIVEN_BYTES = 64 * 1024 * 1024;

type Given = { readonly bytes: Uint8Array } | { readonly why: string; readonly isDirectory: boolean };

function readGiven(path: string): Given {
  const state = readFileBytes(path);
  if (state.kind === 'file') return { bytes: state.bytes };
  return { why: obstacleOf(state), isDirectory: state.kind === 'directory' };
}

/** What of a directory was not even listed, and why. */
function unlisted(word: string, { directories, isCut }: Tree): readonly UnreadFile[] {
  const closed = [...directories].flatMap(([relative, { errno }]) =>
    errno === undefined ? [] : [{ name: join(word, relative), why: `cannot be read (${errno})` }],
  );
  if (!isCut) return closed;
  return [...closed, { name: word, why: 'holds more files, or deeper ones, than are looked at' }];
}

/** Reads what lies in a directory; `take` counts bytes and says whether there is room for them. */
function readDirectory(word: string, path: string, take: (bytes: Uint8Array) => boolean): GivenFiles {
  const tree = listTree(path);
  const files: GivenFile[] = [];
  const unread = [...unlisted(word, tree)];
  for (const relative of tree.files) {
    const place = join(path, relative);
    const name = join(word, relative);
    const given = readGiven(place);
    if ('why' in given) {
      // What a link inside leads to inside is read where it lies, as where a Secret is mounted.
      if (!given.isDirectory || !isInside(followLinks(place), followLinks(path)))
        unread.push({ name, why: given.isDirectory ? 'is a link to a directory elsewhere' : given.why });
    } else if (!take(given.bytes)) break;
    else files.push({ name, path: place, relative, bytes: given.bytes, isNamed: false });
  }
  return { files, unread };
}

/** The first of those that are the same. */
function distinct<T>(all: readonly T[], keyOf: (one: T) => string): readonly T[] {
  return [...new Map(all.toReversed().map((one) => [keyOf(one), one])).values()].toReversed();
}

/**
 * Reads the files that were named, and those in directories that were; each once.
 *
 * @throws {PkiError} `ERR_CONFIG` with each that was named and cannot be read.
 */
export function readGivenFiles(option: string, words: readonly string[]): GivenFiles {
  const issues: SpecIssue[] = [];
  let left = MAXIMUM_GIVEN_BYTES;
  const given = distinct(words, (word) => resolve(word)).map((word): GivenFiles => {
    const path = resolve(word);
    const named = readGiven(path);
    if ('bytes' in named) {
      const file = { name: word, path, relative: basename(path), bytes: named.bytes, isNamed: true };
      return { files: [file], unread: [] };
    }
    if (named.isDirectory && left > 0)
      return readDirectory(word, path, ({ length }) => {
        left -= length;
        if (left <= 0)
          issues.push({ option, value: word, rule: 'holds more than 64 MiB: name the files themselves' });
        return left > 0;
      });
    if (!named.isDirectory) issues.push({ option, value: word, rule: named.why });
    return { files: [], unread: [] };
  });
  const [first] = issues;
  if (first !== undefined)
    throw new PkiError('ERR_CONFIG', `${first.value}: ${first.rule}`, { detail: { issues } });
  const files = given.flatMap((one) => one.files).toSorted((a, b) => Number(b.isNamed) - Number(a.isNamed));
  return {
    files: distinct(files, ({ path }) => path),
    unread: given.flatMap(({ unread }) => unread),
  };
}

/**
 * Reads one file that was named.
 *
 * @throws {PkiError} `ERR_CONFIG` where it cannot be read, or is a directory.
 */
export function readGivenFile(option: string, value: string, word: string): ReturnedFile {
  const given = readGiven(resolve(word));
  if ('bytes' in given) return { name: word, bytes: given.bytes };
  const rule = given.isDirectory ? 'is a directory: name the one file that is meant' : given.why;
  throw new PkiError('ERR_CONFIG', `${word}: ${rule}`, { detail: { issues: [{ option, value, rule }] } });
}

/** The same refusal, with the files as they are called here. */
export function placed(error: unknown, directories: Directories): unknown {
  if (!isPkiError(error, 'ERR_REFUSED')) return error;
  const findings = error.detail.findings.map((finding) => ({
    ...finding,
    path: absolutePath(finding.path, directories),
  }));
  return new PkiError('ERR_REFUSED', error.message, {
    detail: { ...error.detail, findings },
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}
