import { anyOf } from '../cluster/choices.ts';
import type { SpecIssue } from '../errors.ts';
import { HOST_ROLES, type HostRole } from '../table/row.ts';
import { type Baseline, isBaseline } from './baseline.ts';
import { parseExpression } from './expression.ts';
import type { Selection } from './select.ts';
import { checkWaivers, takeWaivers, type Waiver } from './waivers.ts';

/** What of an audit is wanted, as a program says it; undefined counts as not given. */
export interface SelectionOptions {
  /** The kind of host that the files are from; `auto`, as where it is not given: found from what is there. */
  readonly role?: HostRole | 'auto' | undefined;
  /** Only findings that this regular expression matches, in the text `code row path`. */
  readonly focus?: string | undefined;
  /** No findings that this one matches. */
  readonly skip?: string | undefined;
  /** What is accepted: marked in its findings. One that is over or waives nothing is a finding itself. */
  readonly waivers?: readonly Waiver[] | undefined;
  /** The findings of a former audit: those that are known from it are left out. */
  readonly baseline?: Baseline | undefined;
}

/** The same, understood, with everything that is wrong with it. */
export interface TakenSelection {
  readonly role?: HostRole;
  readonly selection: Selection;
  readonly issues: readonly SpecIssue[];
}

interface Taken<T> {
  readonly value?: T;
  readonly issues: readonly SpecIssue[];
}

const NOTHING = { issues: [] };

function takeExpression(option: 'focus' | 'skip', source: unknown): Taken<RegExp> {
  if (source === undefined) return NOTHING;
  if (typeof source !== 'string') return { issues: [{ option, rule: 'must be a string' }] };
  const parsed = parseExpression(source);
  return 'rule' in parsed ? { issues: [{ option, value: source, ...parsed }] } : { ...parsed, issues: [] };
}

function takeRole(role: unknown): Taken<HostRole> {
  if (role === undefined || role === 'auto') return NOTHING;
  const value = HOST_ROLES.find((one) => one === role);
  if (value !== undefined) return { value, issues: [] };
  return {
    issues: [
      {
        option: 'role',
        value: typeof role === 'string' ? role : typeof role,
        rule: `must be ${anyOf([...HOST_ROLES, 'auto'])}`,
      },
    ],
  };
}

function takeAllWaivers(waivers: unknown): Taken<readonly Waiver[]> {
  if (waivers === undefined) return NOTHING;
  const given = takeWaivers(waivers);
  if (given === undefined) return { issues: [{ option: 'waivers', rule: 'must be a list of waivers' }] };
  const { waivers: value, faults } = checkWaivers(given);
  return { value, issues: faults.map((fault) => ({ option: 'waivers', ...fault })) };
}

function takeBaseline(baseline: unknown): Taken<Baseline> {
  if (baseline === undefined) return NOTHING;
  if (isBaseline(baseline)) return { value: baseline, issues: [] };
  return { issues: [{ option: 'baseline', rule: 'must be a list of findings with their fingerprints' }] };
}

/** Takes what is wanted of an audit as it comes, from a program that no compiler may have looked at. */
export function takeSelection(options: SelectionOptions): TakenSelection {
  const role = takeRole(options.role);
  const taken = {
    focus: takeExpression('focus', options.focus),
    skip: takeExpression('skip', options.skip),
    waivers: takeAllWaivers(options.waivers),
    baseline: takeBaseline(options.baseline),
  };
  const selection: Selection = Object.fromEntries(
    Object.entries(taken).flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])),
  );
  return {
    ...(role.value === undefined ? {} : { role: role.value }),
    selection,
    issues: [role, ...Object.values(taken)].flatMap(({ issues }) => issues),
  };
}
