import type { CheckRow } from '../checks/check.ts';
import type { AuditFinding, Finding } from '../finding.ts';
import { pathsOf } from '../resolve/paths.ts';
import { ROWS } from '../table/rows.ts';
import { endOfWaiver, type Waiver } from './waivers.ts';

const WAIVER_UNUSED: CheckRow = Object.freeze({
  code: 'waiver-unused',
  severity: 'warning',
  says: 'A waiver waives something: one that does not would hide what comes later and was never accepted',
  citation: 'docs/selection.md',
  remedy: 'take the waiver out of the file',
});

const WAIVER_EXPIRED: CheckRow = Object.freeze({
  code: 'waiver-expired',
  severity: 'warning',
  says: 'A waiver is not over: what is accepted is accepted for a time',
  citation: 'docs/selection.md',
  remedy: 'mend what it waived, or have somebody accept it again until another day',
});

/** What there is to find in waivers themselves. */
export const WAIVER_CHECKS: readonly CheckRow[] = Object.freeze([WAIVER_UNUSED, WAIVER_EXPIRED]);

function waives({ code, subject }: Waiver, finding: Finding): boolean {
  return finding.code === code && (finding.row === subject || finding.path === subject);
}

/** A finding about a waiver, at whatever it waives. */
function findingOn(
  { code, subject, reason, until }: Waiver,
  { code: own, severity, remedy }: CheckRow,
  message: string,
): Finding {
  const row = ROWS.find((one) => one.id === subject || pathsOf(one).includes(subject));
  return {
    code: own,
    severity,
    ...(row === undefined ? {} : { row: row.id }),
    path: row?.id === subject ? (pathsOf(row)[0] ?? subject) : subject,
    field: code,
    message,
    found: `until ${until}: ${reason}`,
    remedy,
  };
}

/**
 * Marks what is waived, and adds what there is to find in the waivers. One that is over waives nothing.
 *
 * @param at The moment that is asked about.
 */
export function waive(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
  at: Date,
): readonly (Finding & Pick<AuditFinding, 'waiver'>)[] {
  const isOver = (waiver: Waiver): boolean => at >= endOfWaiver(waiver);
  const holding = waivers.filter((waiver) => !isOver(waiver));
  const marked = findings.map((finding) => {
    const waiver = holding.find((one) => waives(one, finding));
    return waiver === undefined
      ? finding
      : { ...finding, waiver: { reason: waiver.reason, until: waiver.until } };
  });
  const unused = holding.filter((waiver) => !findings.some((finding) => waives(waiver, finding)));
  return [
    ...marked,
    ...unused.map((waiver) =>
      findingOn(waiver, WAIVER_UNUSED, `has a waiver of ${waiver.code}, which was not found`),
    ),
    ...waivers
      .filter(isOver)
      .map((waiver) => findingOn(waiver, WAIVER_EXPIRED, `has a waiver of ${waiver.code} that is over`)),
  ];
}
