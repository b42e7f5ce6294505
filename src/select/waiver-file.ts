import { parseYaml } from '../cluster/yaml.ts';
import type { SpecIssue } from '../errors.ts';
import { checkWaivers, type GivenWaiver, type Waiver } from './waivers.ts';

/** What a file of waivers holds, or everything that is wrong with it, each with its line and column. */
export interface ParsedWaivers {
  readonly waivers: readonly Waiver[];
  readonly faults: readonly Omit<SpecIssue, 'option'>[];
}

/** Reads a file of waivers: a list in YAML, each with `code`, `subject`, `reason` and `until`. A file with nothing in it has none. */
export async function parseWaiverFile(text: string): Promise<ParsedWaivers> {
  const { value, faults, placeOf, placeOfValue } = await parseYaml(text);
  if (faults.length > 0) {
    return {
      waivers: [],
      faults: faults.map(({ message, ...place }) => ({ line: 1, column: 1, ...place, rule: message })),
    };
  }
  if (value === null) return { waivers: [], faults: [] };
  if (!Array.isArray(value)) {
    return { waivers: [], faults: [{ line: 1, column: 1, rule: 'must be a list of waivers' }] };
  }
  const given = value.map((one: unknown, index): GivenWaiver => {
    const place = placeOf([index]);
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return { place, fields: undefined };
    return {
      place,
      fields: Object.entries(one).map(([name, field]) => ({
        name,
        value: field,
        placeOfName: placeOf([index, name]),
        placeOfValue: placeOfValue([index, name]),
      })),
    };
  });
  return checkWaivers(given);
}
