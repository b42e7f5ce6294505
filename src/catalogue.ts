import type { CheckRow } from './checks/check.ts';
import { HOST_CHECKS } from './checks/hosts.ts';
import { COMPONENT_CHECKS } from './checks/components.ts';
import { DUPLICATE_SERIAL, HYGIENE_RULES } from './checks/hygiene.ts';
import { REQUEST_CHECKS, REQUEST_IMPOSSIBLE } from './checks/requests.ts';
import { CHECKS } from './checks/run.ts';
import { CIS_CHECKS } from './checks/cis.ts';
import { DIRECTORY_CHECKS } from './checks/directories.ts';
import { SERVED_CHECKS } from './checks/served.ts';
import { STRAY_CHECKS } from './checks/strays.ts';
import { AUTHORITY_UNKNOWN } from './checks/sub-authorities.ts';
import { NOT_ISSUABLE, NOT_RENEWABLE, VALIDITY_CAPPED } from './plan.ts';
import { WAIVER_CHECKS } from './select/waive.ts';
import { SOURCE_CHECKS } from './sources/source.ts';

/** What every report, the documents and the tests say of a check, whoever looks for it. */
export interface CatalogueRow extends CheckRow {
  /** What it is looked for on, in words. */
  readonly on: string;
  readonly only?: 'audit' | 'plan' | 'requests';
  /** The lints of zlint that report the same. */
  readonly zlint?: readonly string[];
}

function on<T extends CheckRow>(what: string, rows: readonly T[]): readonly (T & { readonly on: string })[] {
  return rows.map((row) => ({ ...row, on: what }));
}

/** Everything that can be found, each code once. */
export const CATALOGUE: readonly CatalogueRow[] = Object.freeze([
  ...[...CHECKS, VALIDITY_CAPPED, NOT_RENEWABLE, NOT_ISSUABLE].map((check) => ({
    ...check,
    on: check.appliesTo.join(', '),
  })),
  ...[...REQUEST_CHECKS, REQUEST_IMPOSSIBLE].map((check) => ({
    ...check,
    on: 'the request of a certificate or kubeconfig',
    only: 'requests' as const,
  })),
  ...on('what a component shows', SERVED_CHECKS).map((row) => ({ ...row, only: 'audit' as const })),
  ...on('any file', [...STRAY_CHECKS, AUTHORITY_UNKNOWN, ...DIRECTORY_CHECKS, ...CIS_CHECKS]).map((row) => ({
    ...row,
    only: 'audit' as const,
  })),
  ...on('any file of the table', HOST_CHECKS).map((row) => ({ ...row, only: 'audit' as const })),
  ...on('any waiver', WAIVER_CHECKS).map((row) => ({ ...row, only: 'audit' as const })),
  ...on('what starts components', COMPONENT_CHECKS).map((row) => ({ ...row, only: 'audit' as const })),
  ...on('what the files come in', SOURCE_CHECKS).map((row) => ({ ...row, only: 'audit' as const })),
  ...on('every certificate', [...HYGIENE_RULES, DUPLICATE_SERIAL]).map((row) => ({
    ...row,
    only: 'audit' as const,
  })),
]);
