import type { SpecIssue } from '../errors.ts';
import { nearest } from './nearest.ts';
import { type ClusterOptions, OPTIONS, type OptionKey, type OptionRow } from './options.ts';
import type { Breach } from './parsed.ts';

/** One option that was given. */
export interface RawOption {
  /** What was given, for people to read. */
  readonly shown: string;
  /** Its values, lists taken apart, none of them empty; none where there is an issue. */
  readonly texts: readonly string[];
  /** Whether it is a switch that is on. */
  readonly isOn: boolean;
}

type Content = { readonly texts: readonly string[] } | { readonly isOn: boolean } | Breach;

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function show(value: unknown): string {
  if (Array.isArray(value))
    return value.map((element) => (isText(element) ? element : typeof element)).join(',');
  return isText(value) || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : typeof value;
}

function breachOfText(text: string, { isList, name }: OptionRow): Breach | undefined {
  if (text.trim() === '') {
    return isList
      ? { rule: 'must not have an empty element', hint: 'leave out the comma too many' }
      : { rule: 'must not be empty', hint: `leave --${name} out` };
  }
  if (text === text.trim()) return undefined;
  return { rule: 'must not have white space around it', hint: `did you mean ${text.trim()}` };
}

function contentOf(row: OptionRow, value: unknown): Content {
  if (row.valueName === undefined) {
    return typeof value === 'boolean' ? { isOn: value } : { rule: 'must be true or false, and given once' };
  }
  const given = row.takesNumber === true && typeof value === 'number' ? String(value) : value;
  const elements: unknown = isText(given) ? [given] : given;
  if (!Array.isArray(elements) || !elements.every(isText)) {
    return { rule: `must be a string${row.isList ? ' or a list of strings' : ''}` };
  }
  if (!row.isList && !isText(given)) return { rule: 'must be given once, and as one value' };
  const texts = row.isList ? elements.flatMap((text) => text.split(',')) : elements;
  return texts.map((text) => breachOfText(text, row)).find((breach) => breach !== undefined) ?? { texts };
}

function unknownOption(key: string): SpecIssue {
  const meant = nearest(
    key,
    OPTIONS.map((row) => row.key),
  );
  return {
    option: key,
    rule: 'is no option',
    ...(meant === undefined ? {} : { hint: `did you mean ${meant}` }),
  };
}

/**
 * Takes options as they come, from a command line or from a program that no compiler has looked at. Finds unknown
 * names, wrong types and empty values; does not look at what the values mean. An empty list counts as not given.
 */
export function parseRawOptions(options: ClusterOptions): {
  readonly raw: ReadonlyMap<OptionKey, RawOption>;
  readonly issues: readonly SpecIssue[];
} {
  const whole: unknown = options;
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) {
    return { raw: new Map(), issues: [{ option: 'options', value: show(whole), rule: 'must be an object' }] };
  }
  const raw = new Map<OptionKey, RawOption>();
  const issues: SpecIssue[] = [];
  for (const [key, value] of Object.entries(whole)) {
    if (value === undefined) continue;
    const row = OPTIONS.find((candidate) => candidate.key === key);
    if (row === undefined) {
      issues.push(unknownOption(key));
      continue;
    }
    const shown = show(value);
    const content = contentOf(row, value);
    if ('rule' in content) issues.push({ option: row.name, value: shown, ...content });
    if ('texts' in content && content.texts.length === 0) continue;
    raw.set(row.key, { shown, texts: [], isOn: false, ...('rule' in content ? {} : content) });
  }
  return { raw, issues };
}
