import type { ClusterSpec } from '../cluster/spec.ts';
import type { Choice, Eras } from '../table/row.ts';
import { hasChange } from '../table/versions.ts';

/** What of a cluster the choices of the table depend on. */
export type Ruling = Pick<ClusterSpec, 'profile' | 'kubernetesVersion'>;

function hasEras<T>(value: T | Eras<T>): value is Eras<T> {
  return typeof value === 'object' && value !== null && 'eras' in value;
}

/** The value that a choice of the table has for this profile and release. */
export function choose<T>(choice: Choice<T>, ruling: Ruling): T {
  if ('always' in choice) return choice.always;
  const value: T | Eras<T> = choice[ruling.profile];
  if (!hasEras(value)) return value;
  const era = value.eras.findLast(([since]) => hasChange(ruling.kubernetesVersion, since));
  if (era === undefined) throw new RangeError(`no era of the table reaches ${ruling.kubernetesVersion.text}`);
  return era[1];
}
