import type { PlannedBundle } from '../bundle.ts';
import { nameText } from '../checks/text.ts';
import { timeText } from '../checks/time.ts';
import { printable } from './columns.ts';
import { certificateJson } from './init.ts';

/** What a run of `export bundle` did or would do. */
export interface BundleReport {
  readonly outcome: 'created' | 'planned';
  readonly plan: PlannedBundle;
  /** Where the bundle lies or would. */
  readonly path: string;
  /** Where the certificate was. */
  readonly source: string;
  readonly isLegacy: boolean;
}

/** The report as people read it. */
export function bundleText({ outcome, plan, path }: BundleReport): readonly string[] {
  const { certificate, chain, friendlyName } = plan;
  const above = chain.map(({ subject }) => `"${printable(nameText(subject))}"`);
  const what = `bundle ${JSON.stringify(printable(friendlyName))} of ${printable(nameText(certificate.subject))}`;
  const behind = above.length === 0 ? '' : ` with ${above.join(' and ')}`;
  const day = timeText(certificate.notAfter).slice(0, 10);
  return [
    outcome === 'created'
      ? `${what}${behind}: created ${path}; it expires on ${day}`
      : `${what}${behind}: would be created in ${path}; it expires on ${day}; nothing was changed (--dry-run)`,
  ];
}

/** The report for programs; docs/json.md describes it. */
export function bundleJson({ outcome, plan, path, source, isLegacy }: BundleReport): object {
  return {
    schema: 'k8s-pki/bundle/v1',
    outcome,
    path,
    source,
    friendlyName: plan.friendlyName,
    isLegacy,
    certificate: certificateJson(plan.certificate),
    chain: plan.chain.map(certificateJson),
    notices: plan.notices,
  };
}
