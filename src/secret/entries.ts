import { ROWS } from '../table/rows.ts';
import type { ExternalEtcdFile, Row } from '../table/row.ts';
import { CERTIFICATE_SECRET } from '../table/secrets.ts';

/** A value of the Secret, and the file that it is. */
export interface SecretEntry {
  /** The key of the Secret's data. */
  readonly key: string;
  /** Logical path. Of a file for an external etcd the usual one, wherever the configuration has it. */
  readonly path: string;
  /** The id of its row. */
  readonly row: string;
  /** Whether hosts can join without it: the key of a CA may be elsewhere, and an etcd without TLS. */
  readonly mayBeAbsent: boolean;
}

function pathTaken(row: Row, takes: unknown): string | undefined {
  if (takes === 'certificate' && 'certificate' in row) return row.certificate;
  return takes === 'key' && 'key' in row ? row.key : undefined;
}

/** Where a file for an external etcd lies in a certificate directory, if it does: kubeadm's guide has it put there. */
export function usualPath(file: ExternalEtcdFile): string {
  const paths = ROWS.flatMap((row) =>
    row.arguments
      .filter(({ externalEtcd }) => externalEtcd?.file === file)
      .flatMap(({ takes }) => pathTaken(row, takes) ?? []),
  );
  const [path] = paths;
  if (path === undefined) throw new RangeError(`"file" expected one that an argument takes, got ${file}`);
  return path;
}

function entryOf(key: string, path: string): Omit<SecretEntry, 'mayBeAbsent'> & { readonly of: Row } {
  const of = ROWS.find(
    (row) =>
      ('certificate' in row && row.certificate === path) ||
      ('key' in row && row.key === path) ||
      ('publicKey' in row && row.publicKey === path),
  );
  if (of === undefined) throw new RangeError(`"path" expected one of the table, got ${path}`);
  return { key, path, row: of.id, of };
}

const ownEntries = (keys: Readonly<Record<string, string>>): readonly SecretEntry[] =>
  Object.entries(keys).map(([name, path]) => {
    const { of, ...entry } = entryOf(name, path);
    return { ...entry, mayBeAbsent: of.kind === 'ca' && of.key === path };
  });

/** The values for an external etcd. */
export const EXTERNAL_ETCD_ENTRIES: readonly SecretEntry[] = Object.freeze(
  Object.entries(CERTIFICATE_SECRET.externalEtcd).map(([name, file]) => {
    const { of: _, ...entry } = entryOf(name, usualPath(file));
    return { ...entry, mayBeAbsent: true };
  }),
);

const SHARED = ownEntries(CERTIFICATE_SECRET.keys);
const STACKED_ETCD = ownEntries(CERTIFICATE_SECRET.stackedEtcd);

/** Every value that the Secret of a cluster has, in kubeadm's words. */
export function entriesOf(etcd: 'stacked' | 'external'): readonly SecretEntry[] {
  return [...SHARED, ...(etcd === 'stacked' ? STACKED_ETCD : EXTERNAL_ETCD_ENTRIES)];
}
