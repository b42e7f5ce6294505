import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Form, formOf, HEAD_BYTES } from './form.ts';
import { unreadableSource } from './source.ts';

/** Bytes, all at once or as they come. */
export type Bytes = Uint8Array | AsyncIterable<Uint8Array>;

const MEBIBYTE = 1024 * 1024;

/** What is larger, unpacked, is not read to its end: /etc/kubernetes has less than 1 MiB, a bomb has no end. */
const MAXIMUM_MEBIBYTES: Readonly<Record<'tar' | 'text', number>> = { tar: 256, text: 32 };

const HINTS: Readonly<Record<'tar' | 'text', string>> = {
  tar: 'archive what belongs to the PKI alone: tar -czf evidence.tar.gz -C / etc/kubernetes',
  text: 'give the Secrets of one namespace: kubectl get secrets --namespace NAME -o json',
};

interface Opened {
  readonly form: Form | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

async function* chunksOf(bytes: Bytes): AsyncGenerator<Uint8Array> {
  if (bytes instanceof Uint8Array) yield bytes;
  else yield* bytes;
}

/** The form of what comes, with all that comes. */
async function peek(source: AsyncIterable<Uint8Array>): Promise<Opened> {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let isAtEnd = false;
  while (head.length < HEAD_BYTES && !isAtEnd) {
    const { done = false, value } = await iterator.next();
    isAtEnd = done;
    if (!isAtEnd) head = Buffer.concat([head, value]);
  }
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield head;
      if (!isAtEnd) yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      await iterator.return?.();
    }
  };
  return { form: formOf(head), chunks: chunks() };
}

function gunzip(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // Whoever reads what comes out is told what goes wrong; the callback is there so that nobody else is.
  return pipeline(Readable.from(chunks), createGunzip(), () => undefined);
}

async function* bounded(
  name: string,
  form: 'tar' | 'text',
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const maximum = MAXIMUM_MEBIBYTES[form];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maximum * MEBIBYTE) {
      throw unreadableSource(name, `holds more than ${maximum} MiB, and was not read to its end`, {
        hint: HINTS[form],
      });
    }
    yield chunk;
  }
}

/** Whether reading failed because the compressed bytes are damaged or end too early. */
function isBrokenCompression(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && String(error.code).startsWith('Z_')
  );
}

/** What comes before the compressed bytes turn out to be damaged, or end too early. */
export async function* untilBroken(
  chunks: AsyncIterable<Uint8Array>,
  onBroken: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (!isBrokenCompression(error)) throw error;
    onBroken();
  }
}

/**
 * What the bytes are, decompressed where they came in gzip. Reads no more than it must to tell.
 *
 * @throws {PkiError} `ERR_SOURCE` for what is not read here, with what to type instead.
 */
export async function openBytes(
  name: string,
  bytes: Bytes,
): Promise<{ readonly form: 'tar' | 'text'; readonly chunks: AsyncIterable<Uint8Array> }> {
  const outer = await peek(chunksOf(bytes));
  const { form, chunks } = outer.form?.form === 'gzip' ? await peekCompressed(name, outer.chunks) : outer;
  if (form?.form === 'tar' || form?.form === 'text') {
    return { form: form.form, chunks: bounded(name, form.form, chunks) };
  }
  const isEmpty = await closed(chunks);
  if (form?.form === 'unread') {
    throw unreadableSource(name, `is compressed with ${form.name}, which is not read here`, {
      hint:
        form.command === undefined
          ? 'unpack it, and name the directory'
          : `${form.command} FILE | k8s-pki verify -`,
    });
  }
  throw unreadableSource(name, isEmpty ? 'is empty' : 'is no tar archive and no YAML or JSON', {
    hint: 'name a directory, an archive of it (.tar, .tar.gz), or what kubectl get secrets -o yaml prints',
  });
}

/** Gives back what the bytes come from: a generator that was never asked for anything would not. Says whether it was empty. */
async function closed(chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  const iterator = chunks[Symbol.asyncIterator]();
  const { value } = await iterator.next();
  await iterator.return?.();
  return value?.length === 0;
}

async function peekCompressed(name: string, chunks: AsyncIterable<Uint8Array>): Promise<Opened> {
  try {
    return await peek(gunzip(chunks));
  } catch (error) {
    if (!isBrokenCompression(error)) throw error;
    throw unreadableSource(name, 'is no whole gzip file: nothing of it can be read', { cause: error });
  }
}

/**
 * The text of all that comes.
 *
 * @throws {PkiError} `ERR_SOURCE` where it came in gzip and is damaged.
 */
export async function readText(name: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  try {
    for await (const chunk of chunks) parts.push(chunk);
  } catch (error) {
    if (!isBrokenCompression(error)) throw error;
    throw unreadableSource(name, 'is no whole gzip file', { cause: error });
  }
  return Buffer.concat(parts).toString('utf8');
}
