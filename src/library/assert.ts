import { types } from 'node:util';
import { parseNodeName } from '../cluster/names.ts';
import { PkiError, type SpecIssue } from '../errors.ts';
import { isNodePath } from '../resolve/nodes.ts';
import { knownPaths } from '../resolve/paths.ts';
import { knownRequestPaths } from '../resolve/requests.ts';
import { isStringArray } from '../store/json.ts';

/** An issue of `option` for each of `paths` that no row has. */
export function unknownPaths(option: string, paths: readonly string[]): readonly SpecIssue[] {
  const known = [...knownPaths(), ...knownRequestPaths()];
  const hint = `one of ${known.slice(0, 4).join(', ')} …`;
  return paths
    .filter((path) => !known.includes(path) && !isNodePath(path))
    .map((path) => ({ option, value: path, rule: 'is no path of the table', hint }));
}

/** The names of nodes, each once: two files of one path would be made of two. An issue for each that no node can be called. */
export function readNodes(nodes: unknown): {
  readonly names: readonly string[];
  readonly issues: readonly SpecIssue[];
} {
  if (!isStringArray(nodes))
    return { names: [], issues: [{ option: 'nodes', rule: 'must be a list of names of nodes' }] };
  const names = new Set<string>();
  const issues: SpecIssue[] = [];
  for (const value of nodes) {
    const name = parseNodeName(value);
    if ('rule' in name) issues.push({ option: 'node', value, ...name });
    else names.add(name.value);
  }
  return { names: [...names], issues };
}

/** @throws {PkiError} `ERR_CONFIG` with all of `issues`, if there are any; its message is about the first. */
export function assertNone(issues: readonly SpecIssue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  throw new PkiError(
    'ERR_CONFIG',
    `${first.option}${first.value === undefined ? '' : ` ${first.value}`}: ${first.rule}`,
    {
      detail: { issues },
    },
  );
}

/** The periods among times, by the flags that they are spoken of as. */
const PERIODS: Readonly<Record<string, string>> = {
  warnWithinSeconds: 'warn-within',
  withinSeconds: 'if-expiring',
};

/** Compared with what is no moment or no number, nothing has expired, and an audit finds nothing. */
export function issuesOfTimes(times: {
  readonly now?: unknown;
  readonly at?: unknown;
  readonly warnWithinSeconds?: unknown;
  readonly withinSeconds?: unknown;
}): readonly SpecIssue[] {
  return Object.entries(times).flatMap(([name, value]): readonly SpecIssue[] => {
    const period = PERIODS[name];
    if (period !== undefined)
      return typeof value === 'number' && value >= 0
        ? []
        : [{ option: period, rule: 'must be a number of seconds, and not negative' }];
    const isMoment = types.isDate(value) && !Number.isNaN(value.getTime());
    return isMoment ? [] : [{ option: name, rule: 'must be a Date that is a moment' }];
  });
}
