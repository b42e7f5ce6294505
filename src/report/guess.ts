import type { Guess } from '../reading.ts';
import type { HostRole } from '../table/row.ts';

const KINDS: Readonly<Record<HostRole, string>> = {
  'control-plane': 'a control plane',
  etcd: 'a member of an external etcd',
  worker: 'a worker',
};

/**
 * That rows are left out of which nobody has said that they are not here; a line or none.
 *
 * @param otherwise The flags that say otherwise, where the command has them.
 */
export function guessLines(
  { role, isEtcdElsewhere }: Guess,
  otherwise: { readonly role?: string; readonly etcd?: string } = {},
): readonly string[] {
  const [kind, flag] =
    role === undefined
      ? ['a control plane with an external etcd', otherwise.etcd]
      : [KINDS[role], otherwise.role];
  if (role === undefined && isEtcdElsewhere !== true) return [];
  return [
    `notice: taken for ${kind}, as what is there shows${flag === undefined ? '' : `; ${flag} says otherwise`}`,
  ];
}
