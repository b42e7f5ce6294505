import { isDay } from '../cluster/days.ts';
import { nearest } from '../cluster/nearest.ts';
import type { Breach } from '../cluster/parsed.ts';
import type { SpecIssue } from '../errors.ts';

/** Says that a finding is known and accepted, by whom reads the reason, and not for ever. */
export interface Waiver {
  /** The code of the finding: `key-readable`. */
  readonly code: string;
  /** Whose finding: the id of a row (`ca`), or a logical path (`pki/ca.key`). */
  readonly subject: string;
  readonly reason: string;
  /** The last day, in UTC, on which it holds: `2027-06-30`. */
  readonly until: string;
}

/** Where something stands in a file, both from 1 on; in no file it is empty. */
export type Place = Pick<SpecIssue, 'line' | 'column'>;

/** What may be a field of a waiver, not looked at yet. */
interface GivenField {
  readonly name: unknown;
  readonly value: unknown;
  readonly placeOfName: Place;
  readonly placeOfValue: Place;
}

/** What may be a waiver: its fields, or undefined for what has none. */
export interface GivenWaiver {
  readonly place: Place;
  readonly fields: readonly GivenField[] | undefined;
}

/** A breach with the place of what breaks the rule. */
type Placed = Breach & Place;

const DAY_MILLISECONDS = 86_400_000;

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** The moment after which a waiver is over. */
export function endOfWaiver({ until }: Waiver): Date {
  return new Date(Date.parse(`${until}T00:00:00Z`) + DAY_MILLISECONDS);
}

const TEXT: Breach = { rule: 'must be a text that is not empty' };

/** What each field of a waiver has to be; all of them are mandatory. */
const FIELDS: Readonly<Record<keyof Waiver, (value: unknown) => Breach | undefined>> = {
  code: (value) => (isText(value) ? undefined : TEXT),
  subject: (value) => (isText(value) ? undefined : TEXT),
  reason: (value) => (isText(value) ? undefined : TEXT),
  until: (value) =>
    isText(value) && isDay(value) ? undefined : { rule: 'must be a day', hint: 'for example 2027-06-30' },
};

const NAMES: readonly string[] = Object.keys(FIELDS);

const isField = (name: unknown): name is keyof Waiver => typeof name === 'string' && NAMES.includes(name);

function unknownField(name: unknown, place: Place): Placed {
  const meant = typeof name === 'string' ? nearest(name, NAMES) : undefined;
  return {
    ...place,
    rule: `${typeof name === 'string' ? name : 'what is no text'} is no field of a waiver`,
    hint: meant === undefined ? `its fields are ${NAMES.join(', ')}` : `did you mean ${meant}`,
  };
}

function faultsOf({ place, fields }: GivenWaiver): readonly Placed[] {
  if (fields === undefined) return [{ ...place, rule: `must have the fields ${NAMES.join(', ')}` }];
  const wrong = fields.flatMap((field): readonly Placed[] => {
    if (!isField(field.name)) return [unknownField(field.name, field.placeOfName)];
    const breach = FIELDS[field.name](field.value);
    if (breach === undefined) return [];
    return [{ ...field.placeOfValue, ...breach, rule: `${field.name} ${breach.rule}` }];
  });
  const absent = NAMES.filter((name) => !fields.some((field) => field.name === name));
  return absent.length === 0 ? wrong : [...wrong, { ...place, rule: `lacks ${absent.join(', ')}` }];
}

function waiverOf({ fields = [] }: GivenWaiver): Waiver {
  const textOf = (name: keyof Waiver): string => String(fields.find((field) => field.name === name)?.value);
  return {
    code: textOf('code'),
    subject: textOf('subject'),
    // It may be folded over several lines.
    reason: textOf('reason').trim().replaceAll(/\s+/g, ' '),
    until: textOf('until'),
  };
}

/** Takes waivers as they were given. Finds everything that is wrong with them, two for the same among it. */
export function checkWaivers(given: readonly GivenWaiver[]): {
  readonly waivers: readonly Waiver[];
  readonly faults: readonly Placed[];
} {
  const seen = new Map<string, number>();
  const waivers: Waiver[] = [];
  const faultsAt = (one: GivenWaiver, number: number): readonly Placed[] => {
    const own = faultsOf(one);
    if (own.length > 0) return own;
    const waiver = waiverOf(one);
    const key = JSON.stringify([waiver.code, waiver.subject]);
    const earlier = seen.get(key);
    if (earlier !== undefined)
      return [
        { ...one.place, rule: `waives the same as waiver ${earlier}`, hint: 'leave one of the two out' },
      ];
    seen.set(key, number);
    waivers.push(waiver);
    return [];
  };
  const faults = given.flatMap((one, index) =>
    faultsAt(one, index + 1).map((fault) => ({ ...fault, rule: `waiver ${index + 1}: ${fault.rule}` })),
  );
  return { waivers, faults };
}

/** What a program gave, which no compiler may have looked at. */
export function takeWaivers(value: unknown): readonly GivenWaiver[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((one: unknown) => ({
    place: {},
    fields:
      typeof one === 'object' && one !== null && !Array.isArray(one)
        ? Object.entries(one).map(([name, field]) => ({
            name,
            value: field,
            placeOfName: {},
            placeOfValue: {},
          }))
        : undefined,
  }));
}
