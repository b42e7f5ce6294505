import type { ClusterSpec } from '../cluster/spec.ts';
import type { ArgumentRow, Component, ExternalEtcdFile, Row } from '../table/row.ts';
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
  /** The files of an etcd that is elsewhere, where its operator has said which. */
  readonly externalEtcd?: { readonly [File in ExternalEtcdFile]?: string } | undefined;
}

/** One argument that this cluster wants of a component, with nothing left to decide. */
export interface DesiredArgument {
  readonly argument: ArgumentRow;
  /** The row whose file or value it takes. */
  readonly row: Row;
  /** A logical path, a text, or what the operator has and this cluster knows nothing about. */
  readonly value:
    | { readonly path: string }
    | { readonly text: string }
    | { readonly placeholder: string; readonly file: ExternalEtcdFile };
}

function valueOf(
  row: Row,
  argument: ArgumentRow,
  spec: ClusterSpec,
  rows: readonly Row[],
): DesiredArgument['value'] {
  const { takes } = argument;
  if (typeof takes === 'object') return { text: fillText(takes.text, spec) };
  if (takes === 'commonName' && 'commonName' in row) {
    return { text: fillText(choose(row.commonName, spec), spec) };
  }
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

/** The arguments that this cluster wants of its components, in the order of the table; `keyless` as in {@link ArgumentOptions}. */
export function desiredArguments(
  spec: ClusterSpec,
  keyless: readonly string[] = [],
): readonly DesiredArgument[] {
  const rows = existingRows(spec);
  return ROWS.flatMap((row) =>
    row.arguments.flatMap((argument): readonly DesiredArgument[] => {
      const { externalEtcd, needsSigningKey } = argument;
      if (needsSigningKey === true && keyless.includes(row.id)) return [];
      if (rows.includes(row)) return [{ argument, row, value: valueOf(row, argument, spec, rows) }];
      if (externalEtcd === undefined) return [];
      const { says: placeholder, file } = externalEtcd;
      return [{ argument, row, value: { placeholder, file } }];
    }),
  );
}

function valueText(value: DesiredArgument['value'], options: ArgumentOptions): string {
  if ('path' in value) return options.pathOf(value.path);
  if ('text' in value) return value.text;
  return options.externalEtcd?.[value.file] ?? `<${value.placeholder}>`;
}

/**
 * The arguments that hand this cluster's PKI to its components (R5, kubeadm.md 8), in the order of the table. A CA whose
 * key is elsewhere cannot sign here: kube-controller-manager gets neither of its signing arguments then.
 */
export function resolveArguments(spec: ClusterSpec, options: ArgumentOptions): readonly ComponentArgument[] {
  return desiredArguments(spec, options.keyless).map(({ argument, value }) => {
    const { component, flag, requirement } = argument;
    return {
      component,
      flag,
      value: valueText(value, options),
      ...(requirement === undefined ? {} : { requirement }),
      isPlaceholder: 'placeholder' in value && options.externalEtcd?.[value.file] === undefined,
    };
  });
}
