import { basename, dirname, join, resolve } from 'node:path';
import type { Arguments } from 'yargs';
import type { PresentFile } from '../checks/evidence.ts';
import type { Directories } from '../cluster/directories.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { PkiError } from '../errors.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { knownPlaces, presentFiles, resolveDirectories } from '../present.ts';
import type { VerifyReport } from '../report/verify.ts';
import { VERSION } from '../release.ts';
import { entryAt, readFiles } from '../store/files.ts';
import { listTree } from '../store/tree.ts';
import { verifyPki } from '../verify.ts';
import { clusterOptionsOf } from './options.ts';
import { pendingSentences } from './pending.ts';
import { printMessages } from './terminal.ts';

/** The directories of what is to be audited: `directory` is the certificate directory, or the one that holds a `pki`. */
function directoriesOf(directory: string, options: ClusterOptions): Directories {
  const named = resolve(options.certDir ?? directory);
  const isParent = entryAt(join(named, 'pki'))?.isDirectory() === true;
  const certDir = isParent ? join(named, 'pki') : named;
  // A certificate directory of any other name may hold the kubeconfigs as well.
  const beside = basename(certDir) === 'pki' ? dirname(certDir) : certDir;
  return {
    certDir,
    kubeconfigDir: options.kubeconfigDir === undefined ? beside : resolve(options.kubeconfigDir),
    ...(options.rootCaDir === undefined ? {} : { rootCaDir: resolve(options.rootCaDir) }),
  };
}

function assertThere(directory: string): void {
  const entry = entryAt(directory);
  if (entry?.isDirectory() === true || entry?.isSymbolicLink() === true) return;
  throw new PkiError(
    'ERR_STORE',
    `${directory}: expected a directory, found ${entry === undefined ? 'nothing' : 'a file'}`,
    {
      detail: { path: directory, operation: 'read' },
      hint: 'name the certificate directory, or the one that holds it: /etc/kubernetes/pki',
    },
  );
}

/** Everything that lies in the directories: what the table knows with its contents, the rest by name. */
async function readDirectories(directories: Directories): Promise<readonly PresentFile[]> {
  const places = knownPlaces(directories);
  const known = presentFiles(places, await readFiles([...places.values()]));
  const taken = new Set(places.values());
  const others = listTree(directories.certDir)
    .filter((path) => !taken.has(join(directories.certDir, path)))
    .map((path) => ({ path: `pki/${path}` }));
  return [...known, ...others];
}

/** What was said for a word or a flag that takes one text. */
export function textOf(parsed: Arguments, name: string): string | undefined {
  const value: unknown = parsed[name];
  return typeof value === 'string' ? value : undefined;
}

/** Reads the directories that the words name, and holds what is there against the table. Changes nothing. */
export async function audit(
  parsed: Arguments,
  { at, warnWithinSeconds }: { readonly at: Date; readonly warnWithinSeconds: number },
): Promise<VerifyReport> {
  const options = clusterOptionsOf(parsed);
  const asked = directoriesOf(textOf(parsed, 'dir') ?? '/etc/kubernetes/pki', options);
  assertThere(asked.certDir);
  const directories = await resolveDirectories(asked);
  printMessages((await pendingSentences(targetDirectories(directories))).map((text) => `notice: ${text}`));
  const { certDir: _, kubeconfigDir: __, rootCaDir: ___, ...cluster } = options;
  const verification = await verifyPki({
    files: await readDirectories(directories),
    options: cluster,
    now: at,
    warnWithinSeconds,
  });
  return {
    verification,
    directories: targetDirectories(directories),
    at,
    version: VERSION,
    isProfileGiven: options.profile !== undefined,
    pathOf: (path) => absolutePath(path, directories),
  };
}
