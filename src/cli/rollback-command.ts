import type { Arguments } from 'yargs';
import { parseDirectories } from '../cluster/parse.ts';
import { PkiError } from '../errors.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { resolveDirectories } from '../present.ts';
import {
  rollbackJson,
  type RollbackReport,
  rollbackText,
  snapshotsJson,
  snapshotsText,
} from '../report/rollback.ts';
import { storePlaces, listSnapshots, readSnapshot, type Snapshot } from '../snapshot.ts';
import type { Directories } from '../cluster/directories.ts';
import { readFileBytes } from '../store/files.ts';
import { surveyDestinations } from '../store/destinations.ts';
import { openStore } from '../store/store.ts';
import { clusterOptionsOf } from './options.ts';
import { keptSnapshots } from './snapshot-options.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';
import { type LogicalFile, recoverySentence, writeChange } from './write.ts';

function chosen(directories: Directories, name: string | undefined): Snapshot {
  const snapshots = listSnapshots(directories);
  const found = name === undefined ? snapshots[0] : snapshots.find((snapshot) => snapshot.name === name);
  if (found === undefined) {
    throw new PkiError(
      'ERR_USAGE',
      name === undefined ? 'there is no snapshot' : `there is no snapshot ${name}`,
      {
        detail: {},
        hint: 'k8s-pki rollback --list lists them',
      },
    );
  }
  if (found.certDir === directories.certDir && found.kubeconfigDir === directories.kubeconfigDir)
    return found;
  throw new PkiError('ERR_USAGE', `the snapshot ${found.name} is of other directories`, {
    detail: {},
    hint: `--cert-dir ${found.certDir} --kubeconfig-dir ${found.kubeconfigDir}`,
  });
}

/** What is not as the snapshot has it. */
function changedSince(
  snapshot: Snapshot,
  directories: Directories,
): {
  readonly files: readonly LogicalFile[];
  readonly replaced: readonly string[];
} {
  const files: LogicalFile[] = [];
  const replaced: string[] = [];
  for (const { path, mode, bytes } of readSnapshot(snapshot)) {
    const present = readFileBytes(absolutePath(path, directories));
    if (
      present.kind === 'file' &&
      !present.isLink &&
      present.mode === mode &&
      Buffer.compare(present.bytes, bytes) === 0
    )
      continue;
    files.push({ path, mode, contents: bytes });
    if (present.kind !== 'absent') replaced.push(path);
  }
  return { files, replaced };
}

function reportOf(
  snapshot: Snapshot,
  directories: Directories,
  rest: Pick<RollbackReport, 'outcome' | 'restored' | 'snapshot'>,
): RollbackReport {
  const placeOf = (path: string): string => absolutePath(path, directories);
  return {
    ...rest,
    from: snapshot.directory,
    restored: rest.restored.map(placeOf),
    left: snapshot.created.map(placeOf).filter((place) => readFileBytes(place).kind !== 'absent'),
  };
}

async function roll(
  parsed: Arguments,
  directories: Directories,
  signal: AbortSignal,
): Promise<RollbackReport> {
  const name = textOf(parsed, 'snapshot');
  if (parsed['dry-run'] === true) {
    const snapshot = chosen(directories, name);
    const { files, replaced } = changedSince(snapshot, directories);
    surveyDestinations(
      files.map(({ path }) => ({ path: absolutePath(path, directories), replace: replaced.includes(path) })),
      targetDirectories(directories),
    );
    const restored = files.map(({ path }) => path);
    return reportOf(snapshot, directories, {
      outcome: files.length === 0 ? 'unchanged' : 'planned',
      restored,
    });
  }
  const keep = keptSnapshots(parsed);
  const store = await openStore(targetDirectories(directories), {
    self: process,
    ...storePlaces(directories),
  });
  try {
    printMessages(store.recovered.map((recovery) => `notice: ${recoverySentence(recovery)}`));
    const snapshot = chosen(directories, name);
    const { files, replaced } = changedSince(snapshot, directories);
    if (files.length === 0) return reportOf(snapshot, directories, { outcome: 'unchanged', restored: [] });
    const written = await writeChange(store, files, {
      directories,
      command: 'rollback',
      now: new Date(),
      signal,
      keep,
      replaced,
    });
    const restored = files.map(({ path }) => path);
    return reportOf(snapshot, directories, { outcome: 'restored', restored, ...written });
  } finally {
    await store.close();
  }
}

/** `k8s-pki rollback`. */
export async function runRollback(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const { certDir, kubeconfigDir } = clusterOptionsOf(parsed);
  const directories = await resolveDirectories(parseDirectories({ certDir, kubeconfigDir }, process.cwd()));
  const isJson = parsed['output'] === 'json';
  if (parsed['list'] === true) {
    const snapshots = listSnapshots(directories);
    printData(isJson ? [JSON.stringify(snapshotsJson(snapshots), null, 2)] : snapshotsText(snapshots));
    return EXIT.done;
  }
  const report = await roll(parsed, directories, signal);
  printMessages(report.left.map((place) => `notice: ${place}: was created by what is taken back, and stays`));
  printData(isJson ? [JSON.stringify(rollbackJson(report), null, 2)] : rollbackText(report));
  return EXIT.done;
}
