import type * as Yaml from 'yaml';
import type { SpecIssue } from '../errors.ts';
import { checkWaivers, type GivenWaiver, type Place, type Waiver } from './waivers.ts';

/** What stands in a document, by the library's own nodes; an alias is no value here. */
function takeDocument(
  { isMap, isNode, isScalar, isSeq }: typeof Yaml,
  contents: unknown,
  placeOf: (offset: number) => Place,
): readonly GivenWaiver[] | undefined {
  if (contents === null || (isScalar(contents) && contents.value === null)) return [];
  if (!isSeq(contents)) return undefined;
  const placeOfNode = (node: unknown, otherwise: Place): Place =>
    isNode(node) && node.range ? placeOf(node.range[0]) : otherwise;
  const valueOf = (node: unknown): unknown => (isScalar(node) ? node.value : undefined);
  const start = placeOfNode(contents, {});
  return contents.items.map((item) => {
    const place = placeOfNode(item, start);
    if (!isMap(item)) return { place, fields: undefined };
    return {
      place,
      fields: item.items.map(({ key, value }) => {
        const placeOfName = placeOfNode(key, place);
        return {
          name: valueOf(key),
          value: valueOf(value),
          placeOfName,
          placeOfValue: placeOfNode(value, placeOfName),
        };
      }),
    };
  });
}

/**
 * Reads a file of waivers: a list in YAML, each with `code`, `subject`, `reason` and `until`. A file with nothing in it has
 * none.
 *
 * @returns The waivers, or everything that is wrong, each with its line and column.
 */
export async function parseWaiverFile(
  text: string,
): Promise<{ readonly waivers: readonly Waiver[]; readonly faults: readonly Omit<SpecIssue, 'option'>[] }> {
  const yaml = await import('yaml');
  const lineCounter = new yaml.LineCounter();
  const parsed = yaml.parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const placeOf = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  if (parsed.errors.length > 0) {
    const faults = parsed.errors.map(({ message, pos: [offset] }) => ({
      ...placeOf(offset),
      rule: `must be YAML: ${message.replace(/[;\n].*$/s, '')}`,
    }));
    return { waivers: [], faults };
  }
  const given = takeDocument(yaml, parsed.contents, placeOf);
  if (given !== undefined) return checkWaivers(given);
  return { waivers: [], faults: [{ line: 1, column: 1, rule: 'must be a list of waivers' }] };
}
