import type { ClusterSpec } from '../cluster/spec.ts';
import type { ArgumentRow, Component, Row } from '../table/row.ts';
import { ROWS } from '../table/rows.ts';
import { choose } from './choose.ts';
import { existingRows, serverTrust } from './rows.ts';
import { fillText } from './text.ts';

/** One argument of one component, with the value it has in this cluster. */
export interface ComponentArgument {
  readonly component: Component;
  readonly flag: string;
  readonly value: string;
  /** The requirement row that asks for it; absent for the others of kubeadm.md 8. */
  readonly requirement?: string;
  /** The value is a placeholder for something that the operator has. */
  readonly isPlaceholder: boolean;
}

export interface ArgumentOptions {
  /** Maps a logical path to the one that the component is to open. */
  readonly pathOf: (logicalPath: string) => string;
  /** The ids of the CAs whose key is not on this host (R2.6): arguments that take such a key are left out. */
  readonly keyless?: readonly string[];
}

function valueOf(
  row: Row,
  argument: ArgumentRow,
  spec: ClusterSpec,
  rows: readonly Row[],
): string | { path: string } {
  const { takes } = argument;
  if (typeof takes === 'object') return fillText(takes.text, spec);
  if (takes === 'commonName' && 'commonName' in row) return fillText(choose(row.commonName, spec), spec);
  if (takes === 'trust') {
    const trust = serverTrust(row.id, rows).row;
    if (trust.kind === 'bundle') return { path: trust.file };
    if (trust.kind === 'ca') return { path: trust.certificate };
  }
  if (takes === 'certificate' && 'certificate' in row) return { path: row.certificate };
  if (takes === 'key' && 'key' in row) return { path: row.key };
  if (takes === 'publicKey' && 'publicKey' in row) return { path: row.publicKey };
  if (takes === 'file' && 'file' in row) return { path: row.file };
  throw new RangeError(`row ${row.id} has no ${takes} for ${argument.flag}`);
}

/**
 * The arguments that hand this cluster's PKI to its components (R5, kubeadm.md 8), in the order of the table. A CA whose
 * key is elsewhere cannot sign here: kube-controller-manager gets neither of its signing arguments then.
 */
export function resolveArguments(spec: ClusterSpec, options: ArgumentOptions): readonly ComponentArgument[] {
  const rows = existingRows(spec);
  const resolved: ComponentArgument[] = [];
  for (const row of ROWS) {
    const isAbsent = !rows.includes(row);
    const lacksKey = options.keyless?.includes(row.id) === true;
    for (const argument of row.arguments) {
      const { component, flag, requirement, externalEtcd, needsSigningKey } = argument;
      if (isAbsent && externalEtcd === undefined) continue;
      if (lacksKey && needsSigningKey === true) continue;
      const value = isAbsent ? `<${externalEtcd}>` : valueOf(row, argument, spec, rows);
      resolved.push({
        component,
        flag,
        value: typeof value === 'string' ? value : options.pathOf(value.path),
        ...(requirement === undefined ? {} : { requirement }),
        isPlaceholder: isAbsent,
      });
    }
  }
  return resolved;
}
