import { PkiError, type SpecIssue } from '../errors.ts';
import { type ClusterOptions, OPTIONS, type OptionKey } from './options.ts';
import type { Breach, Parsed } from './parsed.ts';
import { parseRawOptions } from './raw.ts';

/** The options of one request. What is wrong with them is gathered here, to be reported together. */
export interface GivenOptions {
  /** Whether there is a value, right or wrong. */
  readonly has: (key: OptionKey) => boolean;
  /** Whether nothing was found wrong with these so far, so that what depends on them can be looked at. */
  readonly areSound: (...keys: readonly OptionKey[]) => boolean;
  /** The value; undefined where there is none or it is wrong. */
  readonly one: <T>(key: OptionKey, parse: (text: string) => Parsed<T>) => T | undefined;
  /** The values that are not wrong. */
  readonly list: <T>(key: OptionKey, parse: (text: string) => Parsed<T>) => readonly T[];
  readonly flag: (key: OptionKey) => boolean;
  /** Notes a breach that is seen only beside another option. */
  readonly refuse: (key: OptionKey, breach: Breach) => void;
  /** A breach with its option and, unless one is named, the value as it was given. */
  readonly issueOf: (key: OptionKey, breach: Breach, value?: string) => SpecIssue;
  /** @throws {PkiError} `ERR_CONFIG` with everything that was found wrong. */
  readonly assertSound: () => void;
}

const NAMES: ReadonlyMap<OptionKey, string> = new Map(OPTIONS.map((row) => [row.key, row.name]));

function messageOf(issues: readonly SpecIssue[]): string {
  return issues
    .map(
      ({ option, value, rule }) =>
        `${option}${value === undefined ? '' : ` ${JSON.stringify(value)}`}: ${rule}`,
    )
    .join('; ');
}

/** Takes options as they come, unknown names and wrong types included; nothing is thrown before `assertSound`. */
export function takeOptions(options: ClusterOptions): GivenOptions {
  const { raw, issues: rawIssues } = parseRawOptions(options);
  const issues = [...rawIssues];

  const issueOf: GivenOptions['issueOf'] = (key, breach, value = raw.get(key)?.shown) => ({
    option: NAMES.get(key) ?? key,
    ...(value === undefined ? {} : { value }),
    ...breach,
  });
  const list: GivenOptions['list'] = (key, parse) =>
    (raw.get(key)?.texts ?? []).flatMap((text) => {
      const parsed = parse(text);
      if ('value' in parsed) return [parsed.value];
      issues.push(issueOf(key, parsed, text));
      return [];
    });

  return {
    has: (key) => raw.has(key),
    areSound: (...keys) => !keys.some((key) => issues.some(({ option }) => option === NAMES.get(key))),
    one: (key, parse) => list(key, parse)[0],
    list,
    flag: (key) => raw.get(key)?.isOn === true,
    refuse: (key, breach) => void issues.push(issueOf(key, breach)),
    issueOf,
    assertSound: () => {
      if (issues.length > 0) throw new PkiError('ERR_CONFIG', messageOf(issues), { detail: { issues } });
    },
  };
}
