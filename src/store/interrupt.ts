import { PkiError } from '../errors.ts';

/** What stops a run from outside, by the name of the signal, before anything is written. */
export function interruptedBy(name: string): PkiError<'ERR_INTERRUPTED'> {
  return new PkiError('ERR_INTERRUPTED', `stopped by ${name} before anything was written`, {
    detail: { signal: name },
  });
}

/**
 * What work comes to that cannot be stopped, unless nobody waits for its end any more.
 *
 * @throws {PkiError} `ERR_INTERRUPTED` where the signal comes first; the work is left alone then.
 */
export async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(interruptedBy(String(signal.reason)));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
