import { join, resolve } from 'node:path';
import type { Arguments } from 'yargs';
import type { PresentFile } from '../checks/evidence.ts';
import type { Directories } from '../cluster/directories.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { parseDirectories } from '../cluster/parse.ts';
import { parseNodeName } from '../cluster/names.ts';
import { isPkiError, PkiError, type SpecIssue } from '../errors.ts';
import type { ReturnedFile } from '../csr/returned.ts';
import { absolutePath } from '../layout.ts';
import { obstacleOf, placesWithRequests, presentFiles, resolveDirectories } from '../present.ts';
import { type FileState, readFileBytes, readFiles } from '../store/files.ts';
import { issuesOfNodes } from '../library/assert.ts';
import { listTree } from '../store/tree.ts';
import { assertNoIssues } from './issues.ts';

/** The words that were given for a flag or a place that takes several. */
export function wordsOf(parsed: Arguments, name: string): readonly string[] {
  const given: unknown = parsed[name] ?? [];
  return Array.isArray(given) ? given.map(String) : [String(given)];
}

/** The nodes that `--node` names. */
export function nodesOf(parsed: Arguments): readonly string[] {
  const given = wordsOf(parsed, 'node');
  assertNoIssues(issuesOfNodes(given));
  const names = given.map(parseNodeName).flatMap((name) => ('value' in name ? [name.value] : []));
  return [...new Set(names)];
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

/** A thousand certificates are far less: a directory with more of it was named by mistake. */
const MAXIMUM_GIVEN_BYTES = 64 * 1024 * 1024;

function readGiven(path: string): Uint8Array | SpecIssue['rule'] {
  const state = readFileBytes(path);
  if (state.kind === 'file') return state.bytes;
  return state.kind === 'absent' ? 'is not there' : obstacleOf(state);
}

/**
 * Reads the files that were named, and those in directories that were.
 *
 * @throws {PkiError} `ERR_CONFIG` with each that cannot be read.
 */
export function readGivenFiles(option: string, words: readonly string[]): readonly GivenFile[] {
  const issues: SpecIssue[] = [];
  let left = MAXIMUM_GIVEN_BYTES;
  const files = words.flatMap((word): readonly GivenFile[] => {
    const path = resolve(word);
    const bytes = readGiven(path);
    if (bytes === 'is a directory') {
      return listTree(path).files.flatMap((relative): readonly GivenFile[] => {
        const inside = left > 0 ? readGiven(join(path, relative)) : '';
        if (typeof inside === 'string') return [];
        left -= inside.length;
        if (left <= 0)
          issues.push({ option, value: word, rule: 'holds more than 64 MiB: name the files themselves' });
        const name = join(word, relative);
        return [{ name, path: join(path, relative), relative, bytes: inside, isNamed: false }];
      });
    }
    if (typeof bytes !== 'string')
      return [{ name: word, path, relative: path.replace(/^.*\//, ''), bytes, isNamed: true }];
    issues.push({ option, value: word, rule: bytes });
    return [];
  });
  const [first] = issues;
  if (first === undefined) return files;
  throw new PkiError('ERR_CONFIG', `${first.value}: ${first.rule}`, { detail: { issues } });
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
