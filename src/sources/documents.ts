import { faultText, parseYamlDocuments } from '../cluster/yaml.ts';
import { unreadableSource } from './source.ts';

/** A Secret with what of it is looked at. */
export interface Secret {
  readonly namespace: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly type: string;
  /** By key; undefined where the value is no text, or is not base64. */
  readonly data: ReadonlyMap<string, Uint8Array | undefined>;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function textsOf(value: unknown): readonly (readonly [string, string])[] {
  return Object.entries(fieldsOf(value)).flatMap(([key, text]) =>
    typeof text === 'string' ? [[key, text] as const] : [],
  );
}

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

function valuesOf(
  value: unknown,
  decode: (text: string) => Uint8Array | undefined,
): readonly (readonly [string, Uint8Array | undefined])[] {
  return Object.entries(fieldsOf(value)).map(([key, text]) => {
    // As in the API server, whose Go takes null for no bytes.
    if (text === null) return [key, Buffer.alloc(0)];
    return [key, typeof text === 'string' ? decode(text) : undefined];
  });
}

function secretOf(document: Fields): Secret {
  const metadata = fieldsOf(document['metadata']);
  const data = valuesOf(document['data'], (text) =>
    BASE64.test(text) ? Buffer.from(text, 'base64') : undefined,
  );
  // As in the API server: what is in stringData takes the place of what is in data.
  const texts = valuesOf(document['stringData'], (text) => Buffer.from(text));
  return {
    namespace: textOf(metadata['namespace']) || 'default',
    name: textOf(metadata['name']),
    labels: new Map(textsOf(metadata['labels'])),
    type: textOf(document['type']),
    data: new Map([...data, ...texts]),
  };
}

/** A list may hold lists: `kubectl get` of several kinds, or documents that were put together. */
function objectsIn(document: unknown, depth = 0): readonly Fields[] {
  if (!isFields(document)) return [];
  const { items } = document;
  return Array.isArray(items) && depth < 2 ? items.flatMap((item) => objectsIn(item, depth + 1)) : [document];
}

/** A Secret has about a hundred words and marks. JSON needs no such bound. */
const MAXIMUM_TOKENS = 300_000;

async function parseDocuments(name: string, text: string): Promise<readonly unknown[]> {
  if (text.trimStart().startsWith('{')) {
    try {
      return [JSON.parse(text)];
    } catch (error) {
      // It may be YAML all the same, whose reader knows the line.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const bounds = { maximumTokens: MAXIMUM_TOKENS, takesDuplicates: true };
  const documents = await parseYamlDocuments(text, bounds);
  const [fault] = documents.flatMap(({ faults }) => faults);
  if (fault === undefined) return documents.map(({ value }) => value);
  throw unreadableSource(name, faultText(fault), {
    hint: 'have it printed as JSON: kubectl get secrets --all-namespaces -o json',
  });
}

/**
 * The Secrets in what kubectl prints: a list, a single one, or several documents, as YAML or JSON. What is no Secret is passed
 * over.
 *
 * @throws {PkiError} `ERR_SOURCE` where it is not YAML, or there is no Secret in it. Never quotes what it holds.
 */
export async function parseSecretDocuments(name: string, text: string): Promise<readonly Secret[]> {
  const objects = (await parseDocuments(name, text)).flatMap((document) => objectsIn(document));
  const secrets = objects.filter(({ kind }) => kind === 'Secret');
  if (secrets.length > 0) return secrets.map(secretOf);
  const [kind] = objects
    .map((object) => textOf(object['kind']))
    .filter((word) => /^[A-Z][A-Za-z]*$/.test(word));
  throw unreadableSource(
    name,
    `expected Secrets, found ${kind === undefined ? 'none' : `an object of kind ${kind}`}`,
    { hint: 'kubectl get secrets --all-namespaces -o yaml prints what is read here' },
  );
}
