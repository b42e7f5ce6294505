import { dirname, join } from 'node:path';
import type { Directories } from '../cluster/directories.ts';
import { PkiError } from '../errors.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { pendingSentence } from '../library/pending.ts';
import { knownPlaces, presentFiles } from '../present.ts';
import type { RollbackReport } from '../report/rollback.ts';
import { resolveReload } from '../resolve/reload.ts';
import {
  changedSince,
  findSnapshot,
  isWrittenWith,
  listSnapshots,
  readSnapshot,
  type Snapshot,
  storePlaces,
} from '../snapshot.ts';
import { surveyDestinations } from '../store/destinations.ts';
import { type FileState, readFileBytes, readFiles } from '../store/files.ts';
import { inspectPending, openStore, type PendingTransaction, type Store } from '../store/store.ts';
import { type Verification, verifyPki } from '../verify.ts';
import { placedError } from './placed.ts';
import { printMessages } from './terminal.ts';
import { type Fates, type LogicalFile, recoverySentence, writeChange } from './write.ts';

/** What `rollback` takes. */
export interface RollbackOptions {
  readonly directories: Directories;
  /** Absent: the newest. */
  readonly name?: string | undefined;
  readonly keep: number;
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
}

/** What is to be done for everything to be as it was. */
interface Way extends Required<Fates> {
  readonly files: readonly LogicalFile[];
}

function wayTo(snapshot: Snapshot, directories: Directories): Way {
  const files: LogicalFile[] = [];
  const replaced: string[] = [];
  const beside: string[] = [];
  const presentAt = (path: string): ReturnType<typeof readFileBytes> =>
    readFileBytes(absolutePath(path, directories));
  for (const { path, mode, bytes } of readSnapshot(snapshot)) {
    const present = presentAt(path);
    const isSame =
      present.kind === 'file' && present.mode === mode && Buffer.compare(present.bytes, bytes) === 0;
    if (isSame) beside.push(path);
    else files.push({ path, mode, contents: bytes });
    if (!isSame && present.kind !== 'absent') replaced.push(path);
  }
  const removed = snapshot.created.filter((path) => presentAt(path).kind !== 'absent');
  return { files, replaced, removed, beside };
}

/** What is there afterwards. */
async function auditAfter(
  { files, removed }: Pick<Way, 'files' | 'removed'>,
  directories: Directories,
  states: ReadonlyMap<string, FileState>,
): Promise<Verification> {
  const changed = new Set([...files.map(({ path }) => path), ...removed]);
  const staying = presentFiles(knownPlaces(directories), states).filter(({ path }) => !changed.has(path));
  const back = files.map(({ path, mode, contents }) => ({
    path,
    mode,
    contents: Buffer.from(contents).toString('utf8'),
  }));
  const request = { files: [...staying, ...back], options: {}, readFrom: directories };
  return verifyPki({ ...request, now: new Date(), warnWithinSeconds: 0 });
}

/** A snapshot that an earlier release has taken may hold a certificate without its key, and that may be another one by now. */
function assertWhole({ files }: Snapshot, { findings, evidence }: Verification): void {
  const held = new Set(files.map(({ path }) => path));
  const torn = findings.filter(({ row = '', code }) => {
    const present = evidence.get(row)?.files.map(({ path }) => path) ?? [];
    const isPart = present.some((path) => held.has(path)) && present.some((path) => !held.has(path));
    return code === 'pair-mismatch' && isPart;
  });
  if (torn.length === 0) return;
  throw new PkiError('ERR_REFUSED', 'the snapshot holds certificates whose keys are others by now', {
    detail: { findings: torn, wouldKeep: [] },
    hint: 'nothing was changed: go back to the newer snapshots first, one after the other from the newest on',
  });
}

async function planRollback(
  snapshot: Snapshot,
  directories: Directories,
  read: (paths: readonly string[]) => Promise<ReadonlyMap<string, FileState>>,
): Promise<{ readonly way: Way; readonly report: Omit<RollbackReport, 'outcome'> }> {
  const pathOf = (path: string): string => absolutePath(path, directories);
  const way = wayTo(snapshot, directories);
  const audited = await auditAfter(way, directories, await read([...knownPlaces(directories).values()]));
  await placedError(pathOf, async () => assertWhole(snapshot, audited));
  // Nobody can take up what goes; what belongs to it comes back.
  const restored = way.files.map(({ path }) => path);
  return {
    way,
    report: {
      from: snapshot.directory,
      restored: restored.map(pathOf),
      removed: way.removed.map(pathOf),
      ...(restored.length === 0 ? {} : { reload: resolveReload(audited.spec, restored) }),
      pathOf,
    },
  };
}

const noticeOf = (sentence: string): string => `notice: ${sentence}`;

const isChanging = ({ files, removed }: Way): boolean => files.length + removed.length > 0;

/**
 * @throws {PkiError} `ERR_STORE` where an earlier run is going to be finished: the newest snapshot is that of what it changes, and
 * where it was a rollback, there is nothing more to do.
 */
function assertNoneToFinish(pending: readonly PendingTransaction[]): void {
  const first = pending.find(({ outcome }) => outcome === 'finish');
  if (first === undefined) return;
  throw new PkiError('ERR_STORE', pendingSentence(first), {
    detail: { path: first.path, operation: 'plan a rollback' },
    hint: 'what there is to go back to shows once it is finished: run k8s-pki rollback without --dry-run, or any other command that writes, first',
  });
}

async function dryRun({ directories, name }: RollbackOptions): Promise<RollbackReport> {
  const pending = await inspectPending(targetDirectories(directories), { self: process });
  assertNoneToFinish(pending);
  printMessages(pending.map(pendingSentence).map(noticeOf));
  const { way, report } = await planRollback(findSnapshot(directories, name), directories, readFiles);
  const place = (path: string, replace: boolean) => ({ path: absolutePath(path, directories), replace });
  surveyDestinations(
    [
      ...way.files.map(({ path }) => place(path, way.replaced.includes(path))),
      ...way.removed.map((path) => place(path, true)),
    ],
    targetDirectories(directories),
  );
  return { ...report, outcome: isChanging(way) ? 'planned' : 'unchanged' };
}

/**
 * What a rollback had to report that was interrupted after its commit, and that opening the store has finished; undefined where
 * there was none, or none of that name. To go back from its own snapshot, the newest one now, would undo it.
 */
async function finishedRollback(
  { directories, name }: RollbackOptions,
  store: Store,
): Promise<RollbackReport | undefined> {
  const finished = store.recovered.flatMap(({ kind, files }) => (kind === 'finished' ? files : []));
  const snapshot = listSnapshots(directories).find((one) => isWrittenWith(one, finished));
  if (snapshot?.restores === undefined || (name ?? snapshot.restores) !== snapshot.restores) return undefined;
  const pathOf = (path: string): string => absolutePath(path, directories);
  const states = await store.read([...knownPlaces(directories).values()]);
  const { spec } = await auditAfter({ files: [], removed: [] }, directories, states);
  const restored = changedSince(snapshot, directories);
  const removed = snapshot.files.filter(({ path }) => readFileBytes(pathOf(path)).kind === 'absent');
  return {
    outcome: 'restored',
    from: join(dirname(snapshot.directory), snapshot.restores),
    restored: restored.map(pathOf),
    removed: removed.map(({ path }) => pathOf(path)),
    snapshot: snapshot.directory,
    ...(restored.length === 0 ? {} : { reload: resolveReload(spec, restored) }),
    pathOf,
  };
}

/**
 * Brings back what was there before a change: its files as they were, and nothing of what it has created. What is there until then
 * is kept as by any other change.
 *
 * @throws {PkiError} `ERR_USAGE` where there is no such snapshot; `ERR_REFUSED` where a certificate would come to lie beside a key
 * that is not its own; whatever the store has to say.
 */
export async function rollback(options: RollbackOptions): Promise<RollbackReport> {
  if (options.isDryRun) return dryRun(options);
  const { directories, name, keep, signal } = options;
  const store = await openStore(targetDirectories(directories), {
    self: process,
    ...storePlaces(directories),
  });
  try {
    printMessages(store.recovered.map(recoverySentence).map(noticeOf));
    const finished = await finishedRollback(options, store);
    if (finished !== undefined) return finished;
    const snapshot = findSnapshot(directories, name);
    const { way, report } = await planRollback(snapshot, directories, (paths) => store.read(paths));
    if (!isChanging(way)) return { ...report, outcome: 'unchanged' };
    const { files, ...fates } = way;
    const restores = snapshot.name;
    const writing = { directories, command: 'rollback', now: new Date(), signal, keep, restores };
    const written = await writeChange(store, files, { ...writing, ...fates });
    return { ...report, outcome: 'restored', ...written };
  } finally {
    await store.close();
  }
}
