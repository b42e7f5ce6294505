import { inspectPending, type PendingTransaction } from '../store/store.ts';

/** What an interrupted run has left, and what comes of it. */
export function pendingSentence({ outcome, path, heldBy, why }: PendingTransaction): string {
  if (heldBy !== undefined) return `${path}: another run is at work (${heldBy})`;
  switch (outcome) {
    case 'finish':
      return `${path}: an earlier run was interrupted; the next run that writes will finish it first`;
    case 'roll-back':
      return `${path}: an earlier run was interrupted; the next run that writes will take it back first`;
    case 'unclear':
      return `${path}: ${why}; the next run that writes will refuse`;
  }
}

/** What interrupted runs have left in the directories, a sentence each, for commands that only read and do nothing about it. */
export async function pendingSentences(directories: readonly string[]): Promise<readonly string[]> {
  return (await inspectPending(directories, { self: process })).map(pendingSentence);
}
