import { posix } from 'node:path';
import { knownPaths } from '../resolve/paths.ts';

const CERTIFICATES = 'pki/';

/** A directory in which known files lie where they would in a certificate directory, and how many. */
interface Candidate {
  readonly directory: string;
  readonly fits: number;
}

/** The directories for which a path would be one of the known ones: `a/pki/etcd/ca.crt` fits `a/pki` and `a/pki/etcd`. */
function directoriesFor(path: string, suffixes: readonly string[]): readonly string[] {
  return suffixes
    .filter((suffix) => path === suffix || path.endsWith(`/${suffix}`))
    .map((suffix) => path.slice(0, -suffix.length - 1) || '.');
}

function candidatesBy(paths: readonly string[], suffixes: readonly string[]): readonly Candidate[] {
  const fits = new Map<string, number>();
  for (const directory of paths.flatMap((path) => directoriesFor(path, suffixes))) {
    fits.set(directory, (fits.get(directory) ?? 0) + 1);
  }
  return [...fits].map(([directory, number]) => ({ directory, fits: number }));
}

const isInside = (path: string, directory: string): boolean =>
  directory === '.' ? path !== '.' : path.startsWith(`${directory}/`);

/**
 * The directories of a list of files that look like certificate directories, the one where most fits first: those where at
 * least half as much fits, and those that are called so. What lies inside of another and fits less is a part of that.
 */
export function certificateDirectories(paths: readonly string[]): readonly string[] {
  const known = knownPaths();
  const certificates = known.filter((path) => path.startsWith(CERTIFICATES));
  const all = candidatesBy(
    paths,
    certificates.map((path) => path.slice(CERTIFICATES.length)),
  ).toSorted((a, b) => b.fits - a.fits);
  const most = all[0]?.fits ?? 0;
  const found = all
    .filter(({ fits, directory }) => fits * 2 >= most || posix.basename(directory) === 'pki')
    .filter(
      ({ fits, directory }) =>
        !all.some((other) => other.fits > fits && isInside(directory, other.directory)),
    );
  if (found.length > 0) return found.map(({ directory }) => directory);
  // A host that has kubeconfigs alone: its certificate directory would lie beside them.
  const kubeconfigs = known.filter((path) => !path.includes('/'));
  return candidatesBy(paths, kubeconfigs)
    .toSorted((a, b) => b.fits - a.fits)
    .map(({ directory }) => posix.join(directory, 'pki'));
}
