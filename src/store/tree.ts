import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from './failure.ts';

/** More entries, or deeper ones, than any PKI has: what lies there is something else. */
const MAXIMUM_ENTRIES = 10_000;
const MAXIMUM_DEPTH = 8;

/**
 * The path of everything below a directory that is no directory itself, relative to it, sorted. Follows no symbolic link.
 * Passes over what cannot be read, and stops at 10,000 entries or eight levels.
 */
export function listTree(directory: string): readonly string[] {
  const found: string[] = [];
  const visit = (relative: string, depth: number): void => {
    for (const entry of entriesOf(join(directory, relative))) {
      if (found.length >= MAXIMUM_ENTRIES) return;
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (!entry.isDirectory()) found.push(path);
      else if (depth < MAXIMUM_DEPTH) visit(path, depth + 1);
    }
  };
  visit('', 1);
  return found.toSorted();
}

function entriesOf(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}
