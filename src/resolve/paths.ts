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

/** The logical path of every file that any profile and release knows, in the order of the table. */
export function knownPaths(): readonly string[] {
  return ROWS.flatMap(pathsOf);
}
