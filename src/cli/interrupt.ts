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

/** @throws {PkiError} `ERR_INTERRUPTED` where the run has been stopped meanwhile. */
export function assertWanted(signal: AbortSignal): void {
  if (signal.aborted) throw interruptedBy(String(signal.reason));
}
