import type { Row } from '../table/row.ts';
import { ROWS } from '../table/rows.ts';

/** The logical path of every file that a row may have. */
export function pathsOf(row: Row): readonly string[] {
  switch (row.kind) {
    case 'ca':
      return [
        row.certificate,
        row.key,
        ...(row.apart === undefined ? [] : [row.apart.certificate, row.apart.key]),
      ];
    case 'certificate':
      return [row.certificate, row.key];
    case 'keyPair':
      return [row.key, row.publicKey];
    case 'bundle':
    case 'kubeconfig':
      return [row.file];
  }
}

/** Logical paths of what other nodes need begin with this, and the name of the node. */
export const NODES = 'nodes/';
/** Those of what lies in the certificate directory begin with this, */
export const CERTIFICATES = 'pki/';
/** and those of what lies in the directory of the root that is kept apart with this. */
export const ROOT_CA = 'root-ca/';

/** Whether it is no logical path: an absolute path, an address. */
export function standsForItself(path: string): boolean {
  return /^(?:\/|[a-z-]+:\/\/)/.test(path);
}

/** Whether a logical path is of a directory beside that of the certificates, as a copy or a backup of it is. */
export function isCopyPath(logicalPath: string): boolean {
  return (
    logicalPath.includes('/') &&
    !standsForItself(logicalPath) &&
    ![CERTIFICATES, ROOT_CA, NODES].some((prefix) => logicalPath.startsWith(prefix))
  );
}

/** The logical path of a file that another node has under `path`. */
export function pathOnNode(nodeName: string, path: string): string {
  return `${NODES}${nodeName}/${path}`;
}

/** The logical path that such a file has on the node itself. */
export function pathThere(nodeName: string, path: string): string {
  return path.slice(pathOnNode(nodeName, '').length);
}

/** The logical path of every file that any profile and release knows, in the order of the table. */
export function knownPaths(): readonly string[] {
  return ROWS.flatMap(pathsOf);
}

/** Whether something is there of the rows that a cluster has only under a condition: then it holds for this one. */
export function showsAny(when: NonNullable<Row['when']>, isThere: (path: string) => boolean): boolean {
  return ROWS.some((row) => row.when === when && pathsOf(row).some(isThere));
}
