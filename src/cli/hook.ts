import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Arguments } from 'yargs';
import type { Directories } from '../cluster/directories.ts';
import { isPkiError } from '../errors.ts';
import { count } from '../report/columns.ts';
import { reloadJson } from '../report/reload.ts';
import type { RenewReport } from '../report/renew.ts';
import { changedSince, listSnapshots, noteTold } from '../snapshot.ts';
import { unless } from '../store/failure.ts';
import { printMessages } from './terminal.ts';
import { textOf } from './words.ts';

/**
 * Runs a command by the shell with a text on its stdin. What it prints goes to stderr: on stdout is data.
 *
 * @returns Why it failed, as it follows its name; undefined where it did not.
 */
async function runHook(command: string, input: string, signal: AbortSignal): Promise<string | undefined> {
  // In a process group of its own: what the shell has started is stopped with it, and a terminal interrupts it by us alone.
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 2, 2], detached: true });
  const { pid } = child;
  const stop = (): void => {
    if (pid !== undefined) unless(['ESRCH'], () => process.kill(-pid, 'SIGTERM'));
  };
  signal.addEventListener('abort', stop, { once: true });
  // One that has read enough, or reads nothing, is no failure.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  try {
    await once(child, 'close');
    const { exitCode, signalCode } = child;
    if (exitCode === 0) return undefined;
    return signalCode === null ? `ended with ${exitCode}` : `was ended by ${signalCode}`;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** What earlier runs have changed and told nobody: the hook had failed, or the run was interrupted. */
export interface Untold {
  /** The directories of the snapshots of that. */
  readonly snapshots: readonly string[];
  /** The logical paths of what is still as those runs have left it, or was changed again since. */
  readonly paths: readonly string[];
}

export const NOTHING_UNTOLD: Untold = Object.freeze({ snapshots: [], paths: [] });

export function findUntold(directories: Directories): Untold {
  const untold = listSnapshots(directories).filter(({ isTold }) => !isTold);
  return {
    snapshots: untold.map(({ directory }) => directory),
    paths: [...new Set(untold.flatMap((snapshot) => changedSince(snapshot, directories)))],
  };
}

export function untoldLines({ paths, snapshots }: Untold): readonly string[] {
  if (paths.length === 0) return [];
  return [
    `notice: what has to take up ${count(paths.length, 'file')} that an earlier run has changed was told to nobody, or the hook has failed: it is told with this run (${snapshots.join(', ')})`,
  ];
}

/** What a run has changed, and who has to be told. */
export interface Announcement extends Pick<RenewReport, 'reload' | 'pathOf' | 'snapshot'> {
  /** The snapshots of earlier runs of which `reload` tells as well. */
  readonly untold?: readonly string[];
}

async function callHook(
  command: string,
  { reload, pathOf }: Announcement,
  signal: AbortSignal,
): Promise<boolean> {
  if (reload === undefined) return true;
  const input = `${JSON.stringify(reloadJson(reload, pathOf), null, 2)}\n`;
  const failure = await runHook(command, input, signal);
  if (failure !== undefined)
    printMessages([
      `error: the hook ${failure}; the files are replaced all the same, and the next certs renew or init --reissue tells of them again`,
    ]);
  return failure === undefined;
}

/**
 * Runs the hook that was asked for, where there is something to tell; whoever asked for none has it printed. As long as it
 * fails, later runs tell it again. A dry run tells nobody.
 *
 * @returns Whether the hook did what it had to; that it did not, is said, and changes nothing about what was changed.
 */
export async function announce(
  parsed: Arguments,
  announcement: Announcement,
  signal: AbortSignal,
): Promise<boolean> {
  if (parsed['dry-run'] === true) return true;
  const hook = textOf(parsed, 'hook');
  if (hook !== undefined && !(await callHook(hook, announcement, signal))) return false;
  const { snapshot, untold = [] } = announcement;
  try {
    noteTold([...untold, ...(snapshot === undefined ? [] : [snapshot])]);
  } catch (error) {
    if (!isPkiError(error, 'ERR_STORE')) throw error;
    printMessages([`warning: ${error.message}; the next run tells the same again`]);
  }
  return true;
}
