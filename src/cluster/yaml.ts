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
  /** Where the value stands that ends the path; undefined where it is no text of its own: a list, an alias, merged in. */
  readonly scalarAt: (path: YamlPath) => YamlScalar | undefined;
}

/** The place of a scalar in its text, as offsets: what stands between them can be written anew. */
export interface YamlScalar {
  readonly start: number;
  readonly end: number;
  /** Whether what is written there needs quotes whatever it is. */
  readonly isQuoted: boolean;
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
const NOWHERE = { placeOf: () => START, placeOfValue: () => START, scalarAt: () => undefined };

const MESSAGES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'has a field twice',
  TAB_AS_INDENT: 'is indented with a tab, where YAML takes spaces alone',
};

function unreadable(message: string): ParsedYaml {
  return { value: undefined, faults: [{ message }], ...NOWHERE };
}

/** What an exception of the library or the engine says of the text; any other goes through. */
function faultOf(error: unknown): ParsedYaml {
  // The library's own for too many aliases, and for one that leads to nothing; the engine's for a nesting deeper than its stack.
  if (error instanceof ReferenceError) return unreadable('has aliases that cannot be followed');
  if (error instanceof RangeError) return unreadable('is nested too deeply');
  throw error;
}

type PlaceAt = (offset: number) => YamlPlace;

/** What stands in a document; a field that stands there twice may be a fault, and the last one counts. */
function readDocument(parsed: Document, text: string, placeAt: PlaceAt): ParsedYaml {
  const faults = parsed.errors.map(({ code, pos: [offset] }) => ({
    message: MESSAGES[code] ?? 'is not YAML',
    ...placeAt(offset),
  }));
  if (!parsed.errors.every(({ code }) => code === 'DUPLICATE_KEY')) {
    return { value: undefined, faults, ...NOWHERE };
  }
  try {
    return {
      value: parsed.toJS({ maxAliasCount: MAXIMUM_ALIASES }),
      faults,
      placeOf: (path) => placeAt(offsetOf(parsed, path, 'key')),
      placeOfValue: (path) => placeAt(offsetOf(parsed, path, 'value')),
      scalarAt: (path) => scalarIn(parsed, path, text),
    };
  } catch (error) {
    return faultOf(error);
  }
}

/** Every document of a text with the place where it begins. */
async function readDocuments(
  text: string,
  bounds: YamlBounds,
): Promise<readonly (ParsedYaml & { readonly start: YamlPlace })[]> {
  const { Lexer, LineCounter, parseAllDocuments } = await import('yaml');
  const whole = (parsed: ParsedYaml) => [{ ...parsed, start: START }];
  let tokens = 0;
  for (const _ of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > bounds.maximumTokens) return whole(unreadable('is larger than anything of its kind'));
  }
  const lineCounter = new LineCounter();
  const placeAt: PlaceAt = (offset) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      logLevel: 'error',
      merge: true,
      uniqueKeys: !bounds.takesDuplicates,
    });
    // Without a document there is one with nothing in it, whose type has no place in a list.
    const list: readonly Document[] = 'empty' in documents ? [] : documents;
    return list.map((parsed) => ({
      ...readDocument(parsed, text, placeAt),
      start: placeAt(parsed.range?.[0] ?? 0),
    }));
  } catch (error) {
    return whole(faultOf(error));
  }
}

/**
 * Reads every document of a text as YAML 1.2 with the merge keys of 1.1, as Go does, in bounded time and memory; those that hold
 * nothing are left out. Never throws, and never says what stands at a fault.
 */
export async function parseYamlDocuments(
  text: string,
  bounds: Partial<YamlBounds> = {},
): Promise<readonly ParsedYaml[]> {
  const documents = await readDocuments(text, { ...CONFIGURATION, ...bounds });
  return documents.filter(
    ({ value, faults }) => (value !== null && value !== undefined) || faults.length > 0,
  );
}

/** As {@link parseYamlDocuments}, of a text of one document, or of none, which is `null`. */
export async function parseYaml(text: string): Promise<ParsedYaml> {
  const [parsed, second] = await readDocuments(text, CONFIGURATION);
  if (parsed === undefined) return { ...unreadable(''), value: null, faults: [] };
  if (second === undefined) return parsed;
  return { ...parsed, faults: [...parsed.faults, { message: 'has several documents', ...second.start }] };
}

/** Where in a text a path leads; what is written without a place, as a field without a value, stands where its key does. */
function offsetOf(parsed: Document, path: YamlPath, part: 'key' | 'value'): number {
  const last = path.at(-1);
  if (last === undefined) return startOf(parsed.contents) ?? 0;
  const parent: unknown = path.length > 1 ? parsed.getIn(path.slice(0, -1), true) : parsed.contents;
  const items: readonly unknown[] = hasItems(parent) ? parent.items : [];
  if (typeof last === 'number') return startOf(items[last]) ?? 0;
  const pair = items.filter(isPair).findLast(({ key }) => keyText(key) === last);
  return startOf(pair?.[part]) ?? startOf(pair?.key) ?? 0;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function scalarIn(parsed: Document, path: YamlPath, text: string): YamlScalar | undefined {
  const node: unknown = parsed.getIn(path, true);
  const parent: unknown = parsed.getIn(path.slice(0, -1), true);
  if (!isNode(node) || !('type' in node) || typeof node.type !== 'string' || 'items' in node)
    return undefined;
  // What an alias elsewhere repeats would change with it.
  if (!Array.isArray(node.range) || ('anchor' in node && node.anchor !== undefined)) return undefined;
  const [start, end] = node.range;
  const isInFlow = hasItems(parent) && 'flow' in parent && parent.flow === true;
  return {
    start,
    // A block scalar (YAML 1.2 8.1) has the end of its last line.
    end: text[end - 1] === '\n' ? end - 1 : end,
    isQuoted: isInFlow || node.type.startsWith('QUOTE'),
  };
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
