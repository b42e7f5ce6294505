import type { Document, Node, Pair } from 'yaml';

/** Where something stands in a text, both counted from 1. */
export interface YamlPlace {
  readonly line: number;
  readonly column: number;
}

/** What keeps a text from being read. Says nothing of what stands there: that may be a key. */
export interface YamlFault extends YamlPlace {
  /** One sentence part: `is not YAML`. */
  readonly message: string;
}

/** A way into a document: keys of mappings and places in lists. */
export type YamlPath = readonly (string | number)[];

/** A text that was read; `value` means nothing where there are faults. */
export interface ParsedYaml {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** Where the key, or the item of a list, stands that ends the path. */
  readonly placeOf: (path: YamlPath) => YamlPlace;
}

/**
 * What configuration has of words and punctuation, a hundred clusters in one kubeconfig included. Some of the library's time
 * grows with the square of it: a mebibyte of tags takes it minutes.
 */
const MAXIMUM_TOKENS = 10_000;
/** Configuration written by hand has none; without a bound a few lines of them expand without end. */
const MAXIMUM_ALIASES = 100;

const START: YamlPlace = { line: 1, column: 1 };

function unreadable(message: string, place: YamlPlace = START): ParsedYaml {
  return { value: undefined, faults: [{ message, ...place }], placeOf: () => START };
}

const MESSAGES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'has a field twice',
  MULTIPLE_DOCS: 'has several documents',
};

/**
 * Reads a text as YAML 1.2 with the merge keys of 1.1, as Go does, in bounded time and memory. Never throws, and never says
 * what stands at a fault.
 */
export async function parseYaml(text: string): Promise<ParsedYaml> {
  const { Lexer, LineCounter, parseDocument } = await import('yaml');
  let tokens = 0;
  for (const _ of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MAXIMUM_TOKENS) return unreadable('is larger than any configuration');
  }
  const lineCounter = new LineCounter();
  const placeAt = (offset: number): YamlPlace => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const parsed = parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      logLevel: 'error',
      merge: true,
    });
    const faults = parsed.errors.map(({ code, pos: [offset] }) => ({
      message: MESSAGES[code] ?? 'is not YAML',
      ...placeAt(offset),
    }));
    if (faults.length > 0) return { value: undefined, faults, placeOf: () => START };
    return {
      value: parsed.toJS({ maxAliasCount: MAXIMUM_ALIASES }),
      faults,
      placeOf: (path) => placeAt(offsetOf(parsed, path)),
    };
  } catch (error) {
    // The library's own for too many aliases, the engine's for a nesting that is deeper than its stack.
    if (error instanceof ReferenceError) return unreadable('expands aliases without end');
    if (error instanceof RangeError) return unreadable('is nested too deeply');
    throw error;
  }
}

function offsetOf(parsed: Document, path: YamlPath): number {
  const last = path.at(-1);
  const parent: unknown = path.length > 1 ? parsed.getIn(path.slice(0, -1), true) : parsed.contents;
  const items: readonly unknown[] = hasItems(parent) ? parent.items : [];
  const item =
    typeof last === 'number'
      ? items[last]
      : items.filter(isPair).find(({ key }) => keyText(key) === last)?.key;
  return isNode(item) ? (item.range?.[0] ?? 0) : 0;
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
  return typeof value === 'string' ? value : undefined;
}
