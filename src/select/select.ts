import type { AuditFinding, Finding } from '../finding.ts';
import type { Baseline } from './baseline.ts';
import { isMatched } from './expression.ts';
import { withFingerprints } from './fingerprint.ts';
import { waive } from './waive.ts';
import type { Waiver } from './waivers.ts';

/** What of the findings is shown, and what of that counts. Absent: all of it. */
export interface Selection {
  readonly waivers?: readonly Waiver[];
  /** Only what was not found formerly. */
  readonly baseline?: Baseline;
  /** Only what matches. */
  readonly focus?: RegExp;
  /** Not what matches. */
  readonly skip?: RegExp;
}

/** The findings that are shown, and how many are not. */
export interface Selected {
  readonly findings: readonly AuditFinding[];
  /** How many `focus` and `skip` have left out. */
  readonly leftOut: number;
  /** Where there was one: how many are known from it, and how many of it were not found again. */
  readonly baseline?: { readonly known: number; readonly gone: number };
}

/**
 * Chooses what is shown: marks what is waived, sets aside what is known, and leaves out what nobody asked for, in this order,
 * so that no waiver is unused and nothing gone because something was left out.
 *
 * @param at The moment that is asked about.
 */
export function selectFindings(findings: readonly Finding[], selection: Selection, at: Date): Selected {
  const { waivers = [], baseline, focus, skip } = selection;
  const all = withFingerprints(waive(findings, waivers, at));
  const former = new Set(
    (baseline ?? []).filter(({ waiver }) => waiver === undefined).map(({ fingerprint }) => fingerprint),
  );
  const fresh = all.filter(({ fingerprint }) => !former.has(fingerprint));
  const known = all.length - fresh.length;
  const shown = fresh.filter(
    (finding) =>
      (focus === undefined || isMatched(focus, finding)) && !(skip !== undefined && isMatched(skip, finding)),
  );
  return {
    findings: shown,
    leftOut: fresh.length - shown.length,
    ...(baseline === undefined ? {} : { baseline: { known, gone: former.size - known } }),
  };
}
