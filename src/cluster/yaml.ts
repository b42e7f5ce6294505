import type { Document, Node, Pair } from 'yaml';

/** Where something stands in a text, both counted from 1. */
export interface YamlPlace {
  readonly line: number;
  readonly column: number;
}

/** What keeps a text from being read, and where if it is in one place. Says nothing of what stands there: that may be a key. */
export interface YamlFault extends Partial<YamlPlace> {
  /** One sentence part: `is not YAML`. */
  readonly message: string;
}

/** A fault in words: `is not YAML, see line 3`. */
export function faultText({ message, line }: YamlFault): string {
  return line === undefined ? message : `${message}, see line ${line}`;
}

/** A way into a document: keys of mappings and places in lists. */
export type YamlPath = readonly (string | number)[];

/** A text that was read; `value` means nothing where there are faults. */
export interface ParsedYaml {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** Where the key, or the item of a list, stands that ends the path. */
  readonly placeOf: (path: YamlPath) => YamlPlace;
  /** Where the value stands to which the path leads. */
  readonly placeOfValue: (path: YamlPath) => YamlPlace;
}

/** What bounds the reading of a text. */
export interface YamlBounds {
  /** Of words and punctuation. */
  readonly maximumTokens: number;
  /** Of two fields of one name the last counts, as in JSON; otherwise they are a fault. */
  readonly takesDuplicates: boolean;
}

/**
 * What configuration has, a hundred clusters in one kubeconfig included. Some of the library's time grows with the square of
 * it: a mebibyte of tags takes it minutes. Where fields may stand twice it grows with the number alone.
 */
const CONFIGURATION: YamlBounds = { maximumTokens: 10_000, takesDuplicates: false };
/** Configuration written by hand has none; without a bound a few lines of them expand without end. */
const MAXIMUM_ALIASES = 100;

const START: YamlPlace = { line: 1, column: 1 };

const MESSAGES: Readonly<Record<string, string>> = { DUPLICATE_KEY: 'has a field twice' };

/** The documents of a text, or what is wrong with it. */
interface Documents {
  readonly documents: readonly Document[];
  readonly faults: readonly YamlFault[];
  readonly placeAt: (offset: number) => YamlPlace;
}

function refused(message: string): Documents {
  return { documents: [], faults: [{ message }], placeAt: () => START };
}

async function readDocuments(text: string, bounds: YamlBounds): Promise<Documents> {
  const { Lexer, LineCounter, parseAllDocuments } = await import('yaml');
  let tokens = 0;
  for (const _ of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > bounds.maximumTokens) return refused('is larger than anything of its kind');
  }
  const lineCounter = new LineCounter();
  const placeAt = (offset: number): YamlPlace => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      logLevel: 'error',
      merge: true,
      uniqueKeys: !bounds.takesDuplicates,
    });
    const documents = Array.isArray(parsed) ? parsed : [];
    const faults = documents.flatMap(({ errors }) =>
      errors.map(({ code, pos: [offset] }) => ({
        message: MESSAGES[code] ?? 'is not YAML',
        ...placeAt(offset),
      })),
    );
    return { documents, faults, placeAt };
  } catch (error) {
    // The engine's own, for a nesting that is deeper than its stack.
    if (error instanceof RangeError) return refused('is nested too deeply');
    throw error;
  }
}

/** What a document says in plain values, or why that cannot be told. */
function valueOf(parsed: Document): { readonly value: unknown } | YamlFault {
  try {
    return { value: parsed.toJS({ maxAliasCount: MAXIMUM_ALIASES }) };
  } catch (error) {
    // The library's own for too many aliases, and for one that leads to nothing.
    if (error instanceof ReferenceError) return { message: 'has aliases that cannot be followed' };
    if (error instanceof RangeError) return { message: 'is nested too deeply' };
    throw error;
  }
}

/**
 * Reads every document of a text as YAML 1.2 with the merge keys of 1.1, as Go does, in bounded time and memory. Never throws,
 * and never says what stands at a fault.
 */
export async function parseYamlDocuments(
  text: string,
  bounds: Partial<YamlBounds> = {},
): Promise<{ readonly values: readonly unknown[]; readonly faults: readonly YamlFault[] }> {
  const { documents, faults } = await readDocuments(text, { ...CONFIGURATION, ...bounds });
  if (faults.length > 0) return { values: [], faults };
  const values = documents.map(valueOf);
  return {
    values: values.flatMap((one) => ('value' in one ? [one.value] : [])),
    faults: values.flatMap((one) => ('value' in one ? [] : [one])),
  };
}

/** As {@link parseYamlDocuments}, of a text of one document, or of none, which is `null`. */
export async function parseYaml(text: string): Promise<ParsedYaml> {
  const { documents, faults, placeAt } = await readDocuments(text, CONFIGURATION);
  const [parsed, second] = documents;
  const found = parsed === undefined || faults.length > 0 ? { value: null } : valueOf(parsed);
  const all = [
    ...faults,
    ...(second === undefined
      ? []
      : [{ message: 'has several documents', ...placeAt(second.range?.[0] ?? 0) }]),
    ...('value' in found ? [] : [found]),
  ];
  const placeOf = (path: YamlPath, part: 'key' | 'value'): YamlPlace =>
    parsed === undefined ? START : placeAt(offsetOf(parsed, path, part));
  return {
    value: 'value' in found ? found.value : undefined,
    faults: all,
    placeOf: (path) => placeOf(path, 'key'),
    placeOfValue: (path) => placeOf(path, 'value'),
  };
}

/** Where in a text a path leads; what is written without a place, as a field without a value, stands where its key does. */
function offsetOf(parsed: Document, path: YamlPath, part: 'key' | 'value'): number {
  const last = path.at(-1);
  const parent: unknown = path.length > 1 ? parsed.getIn(path.slice(0, -1), true) : parsed.contents;
  const items: readonly unknown[] = hasItems(parent) ? parent.items : [];
  if (typeof last === 'number') return startOf(items[last]) ?? 0;
  const pair = items.filter(isPair).find(({ key }) => keyText(key) === last);
  return startOf(pair?.[part]) ?? startOf(pair?.key) ?? 0;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function hasItems(value: unknown): value is { readonly items: readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items);
}

function isPair(value: unknown): value is Pair {
  return typeof value === 'object' && value !== null && 'key' in value;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}

function keyText(key: unknown): string | undefined {
  const value = typeof key === 'object' && key !== null && 'value' in key ? key.value : key;
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}
