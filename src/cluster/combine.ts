import { isPkiError, type SpecIssue } from '../errors.ts';
import type { Configuration } from './config.ts';
import { type ClusterOptions, type OptionKey, OPTIONS } from './options.ts';
import { type HostFacts, parseClusterSpec, parseRequest } from './parse.ts';

/** With what a configuration is combined. */
export interface CombineOptions {
  /** What was given beside the file. */
  readonly flags: ClusterOptions;
  readonly host: HostFacts;
  /** Against which directories are resolved; an absolute path. */
  readonly cwd: string;
  /** Stand in where neither the file nor a flag says it, and are not among what comes out. */
  readonly standIns: ClusterOptions;
  /** The directories are a matter of the caller's. */
  readonly withoutDirectories: boolean;
}

export interface Combined {
  readonly options: ClusterOptions;
  readonly issues: readonly SpecIssue[];
}

const DIRECTORIES: readonly OptionKey[] = ['certDir', 'kubeconfigDir', 'rootCaDir'];

const given = (options: ClusterOptions): ClusterOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

const withoutDirectories = (options: ClusterOptions): ClusterOptions =>
  Object.fromEntries(Object.entries(options).filter(([key]) => !DIRECTORIES.some((name) => name === key)));

function issuesOf(parse: () => unknown): readonly SpecIssue[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (isPkiError(error, 'ERR_CONFIG')) return error.detail.issues;
    throw error;
  }
}

/** Enough of everything else for any one option to be looked at by itself. */
const BASE: ClusterOptions = {
  hostIp: '192.0.2.1',
  hostname: 'host',
  kubeconfigDir: '/kubernetes',
  rootCa: true,
  rootCaDir: '/root-ca',
};

/** What one option comes to by itself; its own text where it is wrong. */
function meaningOf(key: OptionKey, value: unknown, { host, cwd }: CombineOptions): string {
  const options: ClusterOptions = { ...BASE, ...Object.fromEntries([[key, value]]) };
  try {
    const { spec, directories } = parseRequest(options, { host, cwd });
    return JSON.stringify({ spec, directories });
  } catch (error) {
    if (isPkiError(error, 'ERR_CONFIG')) return JSON.stringify(value);
    throw error;
  }
}

function contradictions(configuration: Configuration, combine: CombineOptions): readonly SpecIssue[] {
  return OPTIONS.flatMap(({ key, name }): readonly SpecIssue[] => {
    const place = configuration.places.get(key);
    const flag = combine.flags[key];
    if (place === undefined || flag === undefined) return [];
    if (meaningOf(key, flag, combine) === meaningOf(key, place.value, combine)) return [];
    const where = `${configuration.name}, line ${place.line}, column ${place.column}`;
    return [
      {
        option: name,
        ...(typeof flag === 'boolean' ? {} : { value: String(flag) }),
        rule: `contradicts ${place.field} ${JSON.stringify(place.text ?? place.value)} of ${where}`,
        hint: 'leave the flag out, or change the file',
      },
    ];
  });
}

/** An issue of an option that stands in the file, as one of the file; any other as it is. */
function placeIssue(configuration: Configuration, flags: ClusterOptions, issue: SpecIssue): SpecIssue {
  const key = OPTIONS.find(({ name }) => name === issue.option)?.key;
  const place = key === undefined || flags[key] !== undefined ? undefined : configuration.places.get(key);
  if (place === undefined) return issue;
  const { value: found, option: _, rule, ...rest } = issue;
  const item = Array.isArray(place.value) ? place.value.indexOf(found) : -1;
  const { line, column } = place.items[item] ?? place;
  return {
    ...rest,
    option: 'config',
    value: configuration.name,
    line,
    column,
    rule: `${place.field}${found === undefined ? '' : ` ${JSON.stringify(found)}`}: ${rule}`,
  };
}

/**
 * What is odd about options, as of the file where they stand in it. That a key algorithm needs a feature gate is nothing to say
 * of a file that has the gate.
 */
export function placeWarnings(
  configuration: Configuration,
  flags: ClusterOptions,
  warnings: readonly SpecIssue[],
): readonly SpecIssue[] {
  return warnings
    .map((warning) => placeIssue(configuration, flags, warning))
    .filter(({ option, rule }) => option !== 'config' || !rule.startsWith('featureGates.'));
}

/**
 * The options of a configuration together with what was given beside it. What contradicts it, and everything that is wrong
 * with either, is among the issues.
 */
export function combineOptions(configuration: Configuration, combine: CombineOptions): Combined {
  const { host, cwd, standIns } = combine;
  const flags = given(combine.flags);
  const options = { ...configuration.options, ...flags };
  const asked = { ...standIns, ...options };
  const found = issuesOf(() =>
    combine.withoutDirectories
      ? parseClusterSpec(withoutDirectories(asked), host)
      : parseRequest(asked, { host, cwd }),
  );
  const issues = [
    ...configuration.issues,
    ...contradictions(configuration, { ...combine, flags }),
    ...found.map((issue) => placeIssue(configuration, flags, issue)),
  ];
  // A configuration says which address the host has: what else a file may hold is surplus.
  const { apiserverAdvertiseAddress: hostIp } = options;
  return { options: hostIp === undefined ? options : { hostIp, ...options }, issues: inOrder(issues) };
}

/** Those of the file in its order, then the others. */
function inOrder(issues: readonly SpecIssue[]): readonly SpecIssue[] {
  const lineOf = ({ line = Number.POSITIVE_INFINITY }: SpecIssue): number => line;
  return issues.toSorted((a, b) => {
    if (lineOf(a) !== lineOf(b)) return lineOf(a) < lineOf(b) ? -1 : 1;
    return (a.column ?? 0) - (b.column ?? 0);
  });
}
