import { join } from 'node:path';
import type { Directories } from './cluster/directories.ts';

const PREFIXES: readonly (readonly [prefix: string, of: (directories: Directories) => string])[] = [
  ['pki/', ({ certDir }) => certDir],
  ['root-ca/', ({ rootCaDir, certDir }) => rootCaDir ?? certDir],
];

/**
 * The absolute path under which a logical path of the table lies on this host. What is none stands for itself: an absolute
 * path, an address.
 */
export function absolutePath(logicalPath: string, directories: Directories): string {
  if (/^(?:\/|[a-z-]+:\/\/)/.test(logicalPath)) return logicalPath;
  const found = PREFIXES.find(([prefix]) => logicalPath.startsWith(prefix));
  if (found === undefined) return join(directories.kubeconfigDir, logicalPath);
  const [prefix, directoryOf] = found;
  return join(directoryOf(directories), logicalPath.slice(prefix.length));
}

/** The directories themselves, each once, the one that holds the certificates first. */
export function targetDirectories(directories: Directories): readonly string[] {
  const { certDir, kubeconfigDir, rootCaDir } = directories;
  return [...new Set([certDir, kubeconfigDir, ...(rootCaDir === undefined ? [] : [rootCaDir])])];
}
