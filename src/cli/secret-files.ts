import { resolve } from 'node:path';
import type { PresentFile } from '../checks/evidence.ts';
import type { ExternalEtcd } from '../cluster/config.ts';
import type { Directories } from '../cluster/directories.ts';
import { absolutePath } from '../layout.ts';
import { knownPlaces, presentFiles } from '../present.ts';
import { usualPath } from '../secret/entries.ts';
import type { FileState } from '../store/files.ts';
import { CERTIFICATE_SECRET } from '../table/secrets.ts';

/** Where the files for an external etcd lie that the configuration names, by their usual logical path. */
export type EtcdPlaces = ReadonlyMap<string, string>;

export function etcdPlacesOf(etcd: ExternalEtcd | undefined): EtcdPlaces {
  const files = Object.values(CERTIFICATE_SECRET.externalEtcd);
  return new Map(
    files.flatMap((file) => {
      const named = etcd?.[file];
      return named === undefined ? [] : [[usualPath(file), resolve(named)] as const];
    }),
  );
}

/** Where a file lies. */
export function placeIn(directories: Directories, places: EtcdPlaces): (path: string) => string {
  return (path) => places.get(path) ?? absolutePath(path, directories);
}

/**
 * What is there, by logical path: of the certificate directory, and of what the configuration names for an external etcd.
 *
 * @param isNamed Whether a configuration says which files there are for it: what it does not name is not looked for.
 */
export async function readHandover(
  directories: Directories,
  { places, isNamed }: { readonly places: EtcdPlaces; readonly isNamed: boolean },
  read: (paths: readonly string[]) => Promise<ReadonlyMap<string, FileState>>,
): Promise<readonly PresentFile[]> {
  const ofEtcd = new Set(Object.values(CERTIFICATE_SECRET.externalEtcd).map(usualPath));
  const known = [...knownPlaces(directories)].filter(([path]) => !isNamed || !ofEtcd.has(path));
  const all = new Map([...known, ...places]);
  return presentFiles(all, await read([...all.values()]));
}
