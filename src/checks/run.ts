import { AUTHORITY_CHECKS } from './authorities.ts';
import type { Check, CheckContext } from './check.ts';
import { FILE_CHECKS } from './files.ts';
import { FORM_CHECKS } from './forms.ts';
import type { Finding, Severity } from '../finding.ts';
import { KEY_CHECKS } from './keys.ts';
import { LINK_CHECKS } from './links.ts';
import { PATH_CHECKS } from './paths.ts';
import { POLICY_CHECKS } from './policy.ts';
import { PRESENCE_CHECKS } from './presence.ts';
import { KUBECONFIG_CHECKS } from './kubeconfigs.ts';
import { ROLE_CHECKS } from './role.ts';
import { SIGNATURE_CHECKS } from './signatures.ts';
import { TIME_CHECKS } from './time.ts';
import { WEAKNESS_CHECKS } from './weakness.ts';

/** Every check there is: the one comparison between what is there and what should be. */
export const CHECKS: readonly Check[] = Object.freeze([
  ...PRESENCE_CHECKS,
  ...FILE_CHECKS,
  ...FORM_CHECKS,
  ...LINK_CHECKS,
  ...KEY_CHECKS,
  ...WEAKNESS_CHECKS,
  ...POLICY_CHECKS,
  ...SIGNATURE_CHECKS,
  ...PATH_CHECKS,
  ...AUTHORITY_CHECKS,
  ...ROLE_CHECKS,
  ...TIME_CHECKS,
  ...KUBECONFIG_CHECKS,
]);

const WORST_FIRST: readonly Severity[] = ['error', 'warning', 'notice'];

/**
 * Holds everything that is there against its row. What is absent is a finding only in an audit. Findings come by row, in the order of the table, the worst of each row first.
 */
export function runChecks(context: CheckContext): readonly Finding[] {
  return [...context.evidence.values()].flatMap((row) =>
    CHECKS.filter((check) => check.appliesTo.includes(row.desired.kind))
      .filter(({ only }) => only === undefined || only === (context.audit === undefined ? 'plan' : 'audit'))
      .filter(({ isOfAbsence = false }) => !isOfAbsence || context.audit?.isPartial !== true)
      .flatMap((check) =>
        check.run(row, context).map(
          (hit): Finding => ({
            code: check.code,
            severity: check.severity,
            row: row.desired.id,
            ...hit,
            remedy: check.remedy,
          }),
        ),
      )
      .toSorted((a, b) => WORST_FIRST.indexOf(a.severity) - WORST_FIRST.indexOf(b.severity)),
  );
}
