import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Directories, Places } from './cluster/directories.ts';
import { CERTIFICATES, NODES, ROOT_CA, standsForItself } from './resolve/paths.ts';

type DirectoryOf = (places: Places) => string | undefined;

const PREFIXES: readonly (readonly [prefix: string, of: DirectoryOf])[] = [
  [CERTIFICATES, ({ certDir }) => certDir],
  [ROOT_CA, ({ rootCaDir, certDir }) => rootCaDir ?? certDir],
  [NODES, ({ nodesDir }) => nodesDir],
];

/**
 * The absolute path under which a logical path of the table lies on this host. What is none stands for itself: an absolute
 * path, an address.
 */
export function absolutePath(logicalPath: string, places: Places): string {
  if (standsForItself(logicalPath)) return logicalPath;
  const [prefix, directoryOf] = PREFIXES.find(([start]) => logicalPath.startsWith(start)) ?? [
    '',
    () => undefined,
  ];
  const directory = directoryOf(places);
  if (directory === undefined) return join(places.kubeconfigDir, logicalPath);
  return join(directory, logicalPath.slice(prefix.length));
}

/** The directories themselves, each once, the one that holds the certificates first. */
export function targetDirectories(directories: Directories): readonly string[] {
  const { certDir, kubeconfigDir, rootCaDir } = directories;
  return [...new Set([certDir, kubeconfigDir, ...(rootCaDir === undefined ? [] : [rootCaDir])])];
}

/** The same, and where what other nodes need is put. */
export function writtenDirectories(places: Places): readonly string[] {
  const { nodesDir } = places;
  return [...new Set([...targetDirectories(places), ...(nodesDir === undefined ? [] : [nodesDir])])];
}

/** Where kubeadm has everything, whatever the directories are called in which it lies now. */
export const USUAL_DIRECTORIES: Directories = Object.freeze({
  certDir: '/etc/kubernetes/pki',
  kubeconfigDir: '/etc/kubernetes',
});

/** The root of the host that the directories are of, where they are called as on one: `/mnt` of `/mnt/etc/kubernetes`. */
export function hostRootOf({ kubeconfigDir }: Directories): string | undefined {
  const { kubeconfigDir: usual } = USUAL_DIRECTORIES;
  return kubeconfigDir.endsWith(usual) ? kubeconfigDir.slice(0, -usual.length) || '/' : undefined;
}

function isWithin(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

/** The logical path of what lies at an absolute path; undefined where that is in none of the directories. */
function logicalPathOf(path: string, directories: Directories): string | undefined {
  const candidates = [...PREFIXES, ['', ({ kubeconfigDir }: Directories) => kubeconfigDir] as const].flatMap(
    ([prefix, directoryOf]) => {
      const directory = directoryOf(directories);
      if (directory === undefined || !isWithin(path, directory)) return [];
      return [join(prefix, path.slice(directory.length)).replace(/^\//, '')];
    },
  );
  return candidates.find((candidate) => absolutePath(candidate, directories) === path);
}

/** The directories as they may have been called before they were mounted, copied or unpacked: without a beginning. */
function shifted(directories: Directories): readonly Directories[] {
  const { certDir, kubeconfigDir } = directories;
  const parts = kubeconfigDir.split('/').slice(1);
  // `/srv/k8s` of `/mnt/srv/k8s`, but not `/k8s`: one word is found anywhere.
  return parts
    .map((_, index) => `/${parts.slice(0, index).join('/')}`)
    .filter((beginning, index) => parts.length - index >= 2 && isWithin(certDir, beginning))
    .map((beginning) => {
      const without = (path: string): string => (beginning === '/' ? path : path.slice(beginning.length));
      return { certDir: without(certDir), kubeconfigDir: without(kubeconfigDir) };
    });
}

/** A file that a kubeconfig names, by its logical path. */
export interface NamedPath {
  readonly path: string;
  /** Otherwise only its usual name speaks for it. */
  readonly isCertain: boolean;
}

/**
 * What a kubeconfig means by the name of a file. A relative one goes from the kubeconfig's own directory, as in client-go. An
 * absolute one is that of the host which is audited: it is looked for in the directories as they are called, then as they are
 * called without the place where they are mounted (`/etc/kubernetes/pki/ca.crt` in `/mnt/etc/kubernetes`), then in those that
 * kubeadm has. Undefined: outside of all of them, and so not to be opened.
 */
export function namedPath(file: string, kubeconfig: string, directories: Directories): NamedPath | undefined {
  if (!isAbsolute(file)) {
    const path = logicalPathOf(resolve(dirname(absolutePath(kubeconfig, directories)), file), directories);
    return path === undefined ? undefined : { path, isCertain: true };
  }
  const absolute = resolve(file);
  const [path] = [directories, ...shifted(directories)].flatMap((as) => logicalPathOf(absolute, as) ?? []);
  if (path !== undefined) return { path, isCertain: true };
  const usual = logicalPathOf(absolute, USUAL_DIRECTORIES);
  return usual === undefined ? undefined : { path: usual, isCertain: false };
}
