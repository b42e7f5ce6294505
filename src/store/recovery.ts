import { PkiError } from '../errors.ts';
import { surveyDestinations } from './destinations.ts';
import { createDirectories } from './directories.ts';
import { errnoOf } from './failure.ts';
import { entryAt, readFileBytes, readFileState } from './files.ts';
import type { Journal, JournalFile } from './journal.ts';
import { followersOf, leaderOf, parseJournal, parseMarker, stagedPath, stagingPaths } from './journal.ts';
import { parseJson } from './json.ts';
import type { StepListener } from './staging.ts';
import { removeStaging } from './staging.ts';
import { finish, rollBack, sha256Hex } from './transaction.ts';

/** Some 100,000 files fit into a journal of this size; a larger one is not ours. */
const MAXIMUM_BYTES = 64 * 1024 * 1024;

const DAMAGED = 'is damaged, or was written for another directory';

/** What a run that did not end has left in a directory. */
export type Leftover =
  | { readonly outcome: 'finish' | 'roll-back'; readonly journal: Journal }
  /** A staging folder that stands for nothing: its run had not begun, or was through. */
  | { readonly outcome: 'discard'; readonly directory: string }
  | { readonly outcome: 'unclear'; readonly path: string; readonly why: string };

/** What was done about a run that did not end. */
export interface Recovery {
  readonly kind: 'finished' | 'rolled-back';
  /** The absolute paths of all files of that run. */
  readonly files: readonly string[];
}

function unclear(path: string, why: string): Leftover {
  return { outcome: 'unclear', path, why };
}

/** Why an entry may have been put there by somebody else. Without `uid` the owner is not looked at. */
function distrust(entry: { readonly uid: number; readonly mode: number }, uid?: number): string | undefined {
  if (uid !== undefined && entry.uid !== uid && entry.uid !== 0) return `belongs to the user ${entry.uid}`;
  return (entry.mode & 0o022) === 0 ? undefined : 'can be written by others than its owner';
}

/** What `parse` makes of a record; undefined where there is none. */
function readRecord(
  path: string,
  uid: number | undefined,
  parse: (text: string) => Leftover,
): Leftover | undefined {
  const state = readFileState(path, MAXIMUM_BYTES);
  if (state.kind === 'absent') return undefined;
  if (state.kind === 'unreadable') return unclear(path, `cannot be read (${state.errno})`);
  if (state.kind !== 'file' || state.isLink) return unclear(path, 'is no file that this program wrote');
  const why = distrust(state, uid);
  return why === undefined ? parse(state.contents) : unclear(path, why);
}

/** What the journal in a directory says. */
function findJournal(directory: string, uid: number | undefined): Leftover | undefined {
  const paths = stagingPaths(directory);
  const committed = readRecord(paths.journal, uid, (text) => {
    const journal = parseJournal(text, directory);
    return journal === undefined ? unclear(paths.journal, DAMAGED) : { outcome: 'finish', journal };
  });
  if (committed !== undefined) return committed;
  return readRecord(paths.intent, uid, (text) => {
    // It is on the disk before anything that it lists: one that was cut short stands for nothing.
    if (parseJson(text) === undefined) return { outcome: 'discard', directory };
    const journal = parseJournal(text, directory);
    return journal === undefined ? unclear(paths.intent, DAMAGED) : { outcome: 'roll-back', journal };
  });
}

/** What the journal says that a marker in a directory points to. */
function findMarked(directory: string, uid: number | undefined): Leftover | undefined {
  const { marker: path } = stagingPaths(directory);
  return readRecord(path, uid, (text) => {
    // As with the intent: nothing is staged beside it before it is on the disk.
    if (parseJson(text) === undefined) return { outcome: 'discard', directory };
    const marker = parseMarker(text);
    if (marker === undefined) return unclear(path, DAMAGED);
    const found = findJournal(marker.leader, uid);
    if (found?.outcome === 'unclear') return found;
    const isKnown =
      found !== undefined &&
      'journal' in found &&
      found.journal.id === marker.id &&
      followersOf(found.journal).includes(directory);
    return isKnown ? found : unclear(path, `stands for a run whose journal is not in ${marker.leader}`);
  });
}

/**
 * What is left in a directory of a run that did not end, wherever its journal lies; undefined where there is nothing.
 * Changes nothing. Records that belong to neither root nor `uid` are not believed; without `uid` the owner does not matter.
 */
export function findLeftover(directory: string, uid?: number): Leftover | undefined {
  const { folder } = stagingPaths(directory);
  try {
    const entry = entryAt(folder);
    if (entry === undefined) return undefined;
    if (!entry.isDirectory()) return unclear(folder, 'is not a directory');
    const why = distrust(entry, uid);
    if (why !== undefined) return unclear(folder, why);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return unclear(folder, `cannot be read (${errno})`);
  }
  return findJournal(directory, uid) ?? findMarked(directory, uid) ?? { outcome: 'discard', directory };
}

type RawState = ReturnType<typeof readFileBytes>;

function holds(
  state: RawState,
  { sha256Hex: expected }: JournalFile,
): state is RawState & { readonly kind: 'file' } {
  return state.kind === 'file' && !state.isLink && sha256Hex(state.bytes) === expected;
}

/** Whether what a file of a committed transaction stands for is done, also where nothing waits for it any more. */
function isDone(file: JournalFile): boolean {
  const present = readFileBytes(file.path, MAXIMUM_BYTES);
  return file.removes === true ? present.kind === 'absent' : holds(present, file);
}

/** Whether what waits can still be done: it is whole, and what is to be removed is still the file that it was. */
function isWhole(waiting: RawState, file: JournalFile): boolean {
  if (!holds(waiting, file) || waiting.mode !== file.mode) return false;
  return file.removes !== true || isDone(file) || holds(readFileBytes(file.path, MAXIMUM_BYTES), file);
}

/** Which files of a committed transaction are still staged; the others must be in place. */
function findStaged(journal: Journal): ReadonlySet<JournalFile> {
  const staged = new Set<JournalFile>();
  const damaged: string[] = [];
  for (const [index, file] of journal.files.entries()) {
    const waiting = readFileBytes(stagedPath(journal, index), MAXIMUM_BYTES);
    const isStaged = waiting.kind !== 'absent';
    if (!(isStaged ? isWhole(waiting, file) : isDone(file))) damaged.push(file.path);
    else if (isStaged) staged.add(file);
  }
  const [first] = damaged.toSorted();
  if (first === undefined) return staged;
  const { folder } = stagingPaths(leaderOf(journal));
  const folders = [leaderOf(journal), ...followersOf(journal)].map((site) => stagingPaths(site).folder);
  throw new PkiError(
    'ERR_STORE',
    `${folder}: an interrupted run cannot be finished, ${damaged.length} of its ${journal.files.length} files are gone or were changed since, the first is ${first}`,
    {
      detail: { path: folder, operation: 'finish an interrupted run' },
      hint: `to give that run up, with what is in place of it staying there: rm -r ${folders.join(' ')}`,
    },
  );
}

/**
 * Finishes what is committed, undoes what is not, and touches nothing where that cannot be told. The caller holds the
 * locks of all directories of the transaction.
 *
 * @returns Undefined where nothing had been staged.
 * @throws {PkiError} `ERR_STORE`, `ERR_OBSTACLE`.
 */
export async function recover(leftover: Leftover, onStep: StepListener): Promise<Recovery | undefined> {
  switch (leftover.outcome) {
    case 'unclear': {
      const { path, why } = leftover;
      throw new PkiError('ERR_STORE', `${path}: an interrupted run was found, but this ${why}`, {
        detail: { path, operation: 'recover an interrupted run' },
        hint: 'see what the folder holds and where it comes from, and remove it if nothing in it is wanted',
      });
    }
    case 'discard':
      await removeStaging(leftover.directory);
      return undefined;
    case 'roll-back': {
      const { journal } = leftover;
      onStep(`roll back ${leaderOf(journal)}`);
      await rollBack(journal);
      return { kind: 'rolled-back', files: journal.files.map((file) => file.path) };
    }
    case 'finish': {
      const { journal } = leftover;
      const staged = findStaged(journal);
      surveyDestinations([...staged], journal.directories);
      onStep(`finish ${leaderOf(journal)}`);
      // Empty ones may have been removed since.
      createDirectories(journal.created, journal.secluded);
      await finish(journal, { staged, onStep });
      return { kind: 'finished', files: journal.files.map((file) => file.path) };
    }
  }
}
