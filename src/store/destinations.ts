import { dirname } from 'node:path';
import { PkiError } from '../errors.ts';
import { isInside, isResolved } from './directories.ts';
import { attempt } from './failure.ts';
import { entryAt } from './files.ts';

/** Where a file is to be put. */
export interface Destination {
  readonly path: string;
  /** Whether a regular file that is at `path` makes room for it. A link, directory or anything else never does. */
  readonly replace: boolean;
}

type Kind = 'a regular file' | 'a directory' | 'a symbolic link' | 'a FIFO, socket or device';

function kindOf(path: string): Kind | undefined {
  const entry = attempt({ path, operation: 'look at it' }, () => entryAt(path));
  if (entry === undefined) return undefined;
  if (entry.isFile()) return 'a regular file';
  if (entry.isDirectory()) return 'a directory';
  return entry.isSymbolicLink() ? 'a symbolic link' : 'a FIFO, socket or device';
}

/** The parents of `path` below the target directories, the innermost first. */
function parentsBelow(path: string, directories: readonly string[]): readonly string[] {
  const parent = dirname(path);
  return directories.includes(parent) ? [] : [parent, ...parentsBelow(parent, directories)];
}

function assertDestinations(destinations: readonly Destination[], directories: readonly string[]): void {
  const seen = new Set<string>();
  for (const { path } of destinations) {
    if (!isResolved(path) || !directories.some((directory) => isInside(path, directory))) {
      throw new RangeError(
        `"files" expected a resolved path inside ${directories.join(' or ')}, got ${path}`,
      );
    }
    if (seen.has(path)) throw new RangeError(`"files" expected each path once, got ${path} again`);
    seen.add(path);
  }
}

/**
 * Looks at where files are to be put, changing nothing. Links are not followed: not at a destination, and not on the way
 * to it below the target directory.
 *
 * @returns The directories that are missing for it, the outermost first.
 * @throws {PkiError} `ERR_OBSTACLE` with everything that is in the way.
 */
export function surveyDestinations(
  destinations: readonly Destination[],
  directories: readonly string[],
): readonly string[] {
  assertDestinations(destinations, directories);
  const parents = new Set(destinations.flatMap(({ path }) => parentsBelow(path, directories)));
  const nested = destinations.find(({ path }) => parents.has(path));
  if (nested !== undefined) {
    throw new RangeError(`"files" expected no file inside another, got ${nested.path}`);
  }

  const missing: string[] = [];
  const obstacles: { path: string; expected: string; found: string }[] = [];
  for (const path of parents) {
    const found = kindOf(path);
    if (found === undefined) missing.push(path);
    else if (found !== 'a directory') obstacles.push({ path, expected: 'a directory', found });
  }
  const blocked = obstacles.map(({ path }) => path);
  for (const { path, replace } of destinations) {
    if (blocked.some((parent) => isInside(path, parent))) continue;
    const found = kindOf(path);
    const expected = replace ? 'a regular file' : 'nothing';
    if (found !== undefined && found !== expected) obstacles.push({ path, expected, found });
  }
  if (obstacles.length === 0) return missing.toSorted();

  const inOrder = obstacles.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const says = inOrder.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`);
  // What a link leads to may be what is wanted, and lies where nothing is locked or brought back.
  const hint = inOrder.some(({ found }) => found === 'a symbolic link')
    ? 'put what a link leads to in its place, move whatever else is named away, then run again'
    : 'move these away, then run again';
  throw new PkiError('ERR_OBSTACLE', says.join('; '), { detail: { obstacles: inOrder }, hint });
}
