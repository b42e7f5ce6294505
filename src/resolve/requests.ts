import type { Row } from '../table/row.ts';
import { ROWS } from '../table/rows.ts';
import { MODES } from '../table/rules.ts';
import { type DesiredRow, fileThatHolds } from './desired.ts';

/** The request beside a key: `apiserver.csr` of `apiserver.key`, `admin.conf.csr` of `admin.conf` (kubeadm.md 4.3). */
export const besideKey = (path: string): string => `${path.replace(/\.key$/, '')}.csr`;

/** Where the request for the certificate of a row lies, and its mode; undefined for what none is asked for. */
export function requestFileOf(row: DesiredRow): { readonly path: string; readonly mode: number } | undefined {
  if (row.kind !== 'certificate' && row.kind !== 'kubeconfig') return undefined;
  const holder = fileThatHolds(row, row.kind === 'kubeconfig' ? 'kubeconfig' : 'key');
  return holder === undefined ? undefined : { path: besideKey(holder.path), mode: MODES.request };
}

function requestPathOf(row: Row): readonly string[] {
  if (row.kind === 'certificate') return [besideKey(row.key)];
  return row.kind === 'kubeconfig' ? [besideKey(row.file)] : [];
}

/** The logical path of every request that any profile and release knows, in the order of the table. */
export function knownRequestPaths(): readonly string[] {
  return ROWS.flatMap(requestPathOf);
}
