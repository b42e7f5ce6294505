import type { SpecIssue } from '../errors.ts';

const FIELD = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

/**
 * The values of a flag that takes several, as kubeadm takes them apart: by commas, and one with a comma in it in quotes.
 */
export function valuesOf(
  option: string,
  given: readonly string[],
): { readonly values: readonly string[]; readonly issues: readonly SpecIssue[] } {
  const values: string[] = [];
  const issues: SpecIssue[] = [];
  for (const text of given) {
    FIELD.lastIndex = 0;
    for (let isLast = false; !isLast; ) {
      const [whole, quoted, plain = '', end] = FIELD.exec(text) ?? [];
      if (whole === undefined) {
        const hint = `quotes go around a whole value, and are doubled in it: '"a, b"'`;
        issues.push({ option, value: text, rule: 'has a quote where none may be', hint });
        break;
      }
      values.push(quoted?.replaceAll('""', '"') ?? plain);
      isLast = end === '';
    }
  }
  return { values, issues };
}
