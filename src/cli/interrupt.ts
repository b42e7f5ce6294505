import { PkiError } from '../errors.ts';

/** What stops a run from outside, by the name of the signal, before anything is written. */
export function interruptedBy(name: string): PkiError<'ERR_INTERRUPTED'> {
  return new PkiError('ERR_INTERRUPTED', `stopped by ${name} before anything was written`, {
    detail: { signal: name },
  });
}

/** @throws {PkiError} `ERR_INTERRUPTED` where the run has been stopped meanwhile. */
export function assertWanted(signal: AbortSignal): void {
  if (signal.aborted) throw interruptedBy(String(signal.reason));
}
