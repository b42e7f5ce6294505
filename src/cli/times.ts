import type { Arguments } from 'yargs';
import { isDay } from '../cluster/days.ts';
import { parseDuration } from '../cluster/durations.ts';
import type { SpecIssue } from '../errors.ts';
import { assertNoIssues } from './issues.ts';
import { textOf } from './words.ts';

/** A date alone is midnight in UTC; a time without a zone would be local, and is refused, as is a day that no month has. */
function isMoment(text: string): boolean {
  const [, day] = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text) ?? [];
  return day !== undefined && isDay(day) && !Number.isNaN(Date.parse(text));
}

/**
 * The moment that is asked about, and the period before an end that is worth a warning.
 *
 * @throws {PkiError} `ERR_CONFIG` with what is wrong with either.
 */
export async function timesOf(
  parsed: Arguments,
): Promise<{ readonly at: Date; readonly warnWithinSeconds: number }> {
  const issues: SpecIssue[] = [];
  const text = textOf(parsed, 'at');
  const at = text === undefined ? new Date() : new Date(text);
  if (text !== undefined && !isMoment(text)) {
    issues.push({
      option: 'at',
      value: text,
      rule: 'must be a date or a time with its zone (RFC 3339)',
      hint: 'for example 2027-01-01 or 2027-01-01T12:00:00Z',
    });
  }
  const period = textOf(parsed, 'warn-within') ?? '0';
  const within = parseDuration(period);
  if ('rule' in within) issues.push({ option: 'warn-within', value: period, ...within });
  assertNoIssues(issues);
  return { at, warnWithinSeconds: 'value' in within ? within.value : 0 };
}
