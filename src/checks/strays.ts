import type { Finding } from '../finding.ts';
import { knownPaths } from '../resolve/paths.ts';
import type { CheckRow } from './check.ts';
import type { PresentFile } from './evidence.ts';

/** What there is to find in files that no row of the table has. */
const FILE_UNKNOWN: CheckRow = Object.freeze({
  code: 'file-unknown',
  severity: 'notice',
  says: 'Every file in the certificate directory belongs to something',
  citation: 'R5',
  remedy: 'find out whose it is: a forgotten key is a key that nobody renews and nobody misses',
});

export const STRAY_CHECKS: readonly CheckRow[] = Object.freeze([FILE_UNKNOWN]);

/** Looks at the files that belong to no row. */
export function checkStrays(files: readonly PresentFile[]): readonly Finding[] {
  const known = new Set(knownPaths());
  const { code, severity, remedy } = FILE_UNKNOWN;
  return files
    .filter(({ path }) => !known.has(path))
    .map(({ path }) => ({
      code,
      severity,
      path,
      message: 'belongs to nothing that the table has',
      remedy,
    }));
}
