import { randomBytes } from 'node:crypto';
import { type GeneratedPki, generatePki, type PlannedPki } from '../pki.ts';
import { generateKeyPair } from '../x509/keys.ts';
import { interruptedBy } from './interrupt.ts';
import { startProgress } from './terminal.ts';

/** The work itself, stopped short by a signal: generating cannot be undone, but nobody has to wait for its end. */
export async function generate(planned: PlannedPki, now: Date, signal: AbortSignal): Promise<GeneratedPki> {
  const progress = startProgress('generating keys');
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(interruptedBy(String(signal.reason)));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    const generated = generatePki(planned, {
      now,
      randomBytes,
      generateKeyPair,
      onKeyGenerated: progress.update,
    });
    return await Promise.race([generated, interrupted]);
  } finally {
    progress.stop();
  }
}
