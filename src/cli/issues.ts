import { isPkiError, PkiError, type SpecIssue } from '../errors.ts';

/** @throws {PkiError} `ERR_CONFIG` with all of the issues, if there are any. */
export function assertNoIssues(issues: readonly SpecIssue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  throw new PkiError('ERR_CONFIG', `--${first.option}: ${first.rule}`, { detail: { issues } });
}

/**
 * Waits for all, and reports together what is wrong with what was asked for.
 *
 * @throws {PkiError} `ERR_CONFIG` with the issues of all; before it any other error of one of them.
 */
export async function allSound<T extends readonly unknown[]>(
  tasks: {
    readonly [Index in keyof T]: Promise<T[Index]>;
  },
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  const errors: readonly unknown[] = (await Promise.allSettled(tasks)).flatMap((result): unknown[] =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  const issues = errors.flatMap((error) => (isPkiError(error, 'ERR_CONFIG') ? error.detail.issues : []));
  const other = errors.find((error) => !isPkiError(error, 'ERR_CONFIG'));
  if (other !== undefined) throw other;
  assertNoIssues(issues);
  return Promise.all(tasks);
}
