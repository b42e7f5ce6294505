import type { Phase, Row } from '../table/row.ts';
import { ROWS } from '../table/rows.ts';

/** kubeadm's word for everything that a phase makes. */
export const WHOLE_PHASE = 'all';

/** What `k8s-pki init phase` is asked for: one step of kubeadm, or a part of it. */
export interface PhaseRequest {
  readonly phase: Phase;
  /** {@link WHOLE_PHASE} or the name of a row. */
  readonly name: string;
}

/** The rows that a phase makes in some cluster, in the order of the table. */
export function rowsOfPhase({ phase, name }: PhaseRequest): readonly Row[] {
  return ROWS.filter((row) => row.phase?.[0] === phase && (name === WHOLE_PHASE || row.phase[1] === name));
}
