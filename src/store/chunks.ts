import { createReadStream } from 'node:fs';
import { storeError } from './failure.ts';
import { unlessStopped } from './interrupt.ts';

const STANDARD_INPUT = 0;

/**
 * The bytes of a file or, where no path is given, of standard input, as they come. A pipe is read to its end, which may
 * be far: whoever takes the bytes stops where it is enough.
 *
 * @throws {PkiError} `ERR_STORE` where the file system refuses; `ERR_INTERRUPTED` where the signal comes first.
 */
export async function* readChunks(path?: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const stream =
    path === undefined
      ? createReadStream('', { fd: STANDARD_INPUT, autoClose: false })
      : createReadStream(path);
  const chunks: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = chunks.next();
      // A read of a pipe cannot be taken back, and may last for ever.
      const { done, value } = await (signal === undefined ? next : unlessStopped(next, signal));
      if (done === true) return;
      if (value instanceof Uint8Array) yield value;
    }
  } catch (error) {
    throw storeError(error, {
      path: path ?? 'standard input',
      operation: 'read',
      hint: 'run as a user who may read it',
    });
  } finally {
    stream.destroy();
  }
}
