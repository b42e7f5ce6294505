import { createReadStream } from 'node:fs';
import { storeError } from './failure.ts';

const STANDARD_INPUT = 0;

/**
 * The bytes of a file or, where no path is given, of standard input, as they come. A pipe is read to its end, which may
 * be far: whoever takes the bytes stops where it is enough.
 *
 * @throws {PkiError} `ERR_STORE` where the file system refuses.
 */
export async function* readChunks(path?: string): AsyncGenerator<Uint8Array> {
  const stream =
    path === undefined
      ? createReadStream('', { fd: STANDARD_INPUT, autoClose: false })
      : createReadStream(path);
  try {
    for await (const chunk of stream) {
      if (chunk instanceof Uint8Array) yield chunk;
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
