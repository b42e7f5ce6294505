import { relative } from 'node:path';
import type { Breach, Parsed } from '../cluster/parsed.ts';
import type { AuditFinding } from '../finding.ts';

/** The form of `verify -o json` that holds what a later audit can be compared with. */
export const VERIFY_SCHEMA = 'k8s-pki/verify/v1';

/** What a former audit found. What was waived then is not known: it was accepted for a time. */
export type Baseline = readonly Pick<AuditFinding, 'fingerprint' | 'waiver'>[];

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string';

const HINT = 'k8s-pki verify -o json writes one';

/** Whether something can be the findings of a former audit. */
export function isBaseline(value: unknown): value is Baseline {
  return Array.isArray(value) && value.every((one) => isFields(one) && isText(one['fingerprint']));
}

/** How the directories lie to each other, wherever they lie. */
function layoutOf([first = '', ...others]: readonly string[]): string {
  return others.map((directory) => relative(first, directory)).join(' ');
}

function fieldsOf(text: string): Parsed<Fields> {
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return { value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { rule: 'must be a report in JSON', hint: HINT };
}

/** What a former audit said that a later one needs. */
export interface FormerAudit {
  readonly directories: readonly string[];
  readonly findings: Baseline;
}

/** Reads what `verify -o json` wrote. */
export function parseFormerAudit(text: string): Parsed<FormerAudit> {
  const fields = fieldsOf(text);
  if ('rule' in fields) return fields;
  const { schema, directories, findings } = fields.value;
  if (schema !== VERIFY_SCHEMA) {
    const found = isText(schema) ? schema : 'none';
    return { rule: `must be of the form ${VERIFY_SCHEMA}, found ${found}`, hint: HINT };
  }
  if (Array.isArray(directories) && directories.every(isText) && isBaseline(findings))
    return { value: { directories, findings } };
  return { rule: 'must have directories, and findings with their fingerprints', hint: HINT };
}

/** Why a former audit is of something else than what is audited now: its directories lie to each other in another way. */
export function breachOfLayout(former: FormerAudit, directories: readonly string[]): Breach | undefined {
  if (layoutOf(former.directories) === layoutOf(directories)) return undefined;
  return {
    rule: 'must be of directories that lie to each other as those that are audited',
    hint: `it is of ${former.directories.join(' and ')}`,
  };
}
