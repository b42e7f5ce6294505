import { readChunks } from '../store/chunks.ts';
import { interruptedBy } from '../store/interrupt.ts';

/** The signals that end a run. SIGHUP: the terminal has gone, as when a connection breaks. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborted by the first of them. A process has one set of signals, and what reads may be far from the command. */
export const stopping: AbortController = new AbortController();

/** The bytes of a file or of standard input, until a signal comes: whoever has to bring them may never do. */
export function readInput(path?: string): AsyncGenerator<Uint8Array> {
  return readChunks(path, stopping.signal);
}

/** The same in one piece; of what is larger than `maximumBytes` so much that this shows. It need not be read to its end. */
export async function readSmallInput(maximumBytes: number, path?: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of readInput(path)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maximumBytes) break;
  }
  return Buffer.concat(chunks);
}

/** @throws {PkiError} `ERR_INTERRUPTED` where the run has been stopped meanwhile. */
export function assertWanted(signal: AbortSignal): void {
  if (signal.aborted) throw interruptedBy(String(signal.reason));
}
