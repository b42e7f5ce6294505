import { dirname, join, basename } from 'node:path';
import { resolveDirectory } from '../store/directories.ts';
import { surveyDestinations } from '../store/destinations.ts';
import { openStore } from '../store/store.ts';
import { printMessages } from './terminal.ts';
import { recoverySentence } from './write.ts';

/** What only its owner may read. */
const SECRET_MODE = 0o600;

/** Where a new file comes to lie: its directory without symbolic links. */
export async function placeOf(path: string): Promise<string> {
  return join(await resolveDirectory(dirname(path)), basename(path));
}

/**
 * Looks for what would keep a file from being written at a place.
 *
 * @throws {PkiError} `ERR_OBSTACLE` where something is there.
 */
export function assertFree(place: string): void {
  surveyDestinations([{ path: place, replace: false }], [dirname(place)]);
}

/**
 * Writes a file that holds a secret where nothing is, readable by its owner alone from its first byte.
 *
 * @throws {PkiError} `ERR_OBSTACLE`, `ERR_LOCKED`, `ERR_INTERRUPTED`, `ERR_STORE`.
 */
export async function writeSecret(
  place: string,
  contents: string | Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const store = await openStore([dirname(place)], { self: process });
  try {
    printMessages(store.recovered.map((recovery) => `notice: ${recoverySentence(recovery)}`));
    await store.commit([{ path: place, contents, mode: SECRET_MODE, replace: false }], { signal });
  } finally {
    await store.close();
  }
}
