import { randomBytes } from 'node:crypto';
import { type GeneratedPki, generatePki, type PkiEnvironment, type PlannedPki } from '../pki.ts';
import { unlessStopped } from '../store/interrupt.ts';
import { generateKeyPair } from '../x509/keys.ts';
import { startProgress } from './terminal.ts';

/** The work itself, stopped short by a signal: generating cannot be undone, but nobody has to wait for its end. */
export function generate(planned: PlannedPki, now: Date, signal: AbortSignal): Promise<GeneratedPki> {
  return interruptible(signal, (onKeyGenerated) =>
    generatePki(planned, { now, randomBytes, generateKeyPair, onKeyGenerated }),
  );
}

/** Work that makes keys, with its progress on a terminal, stopped short by a signal. */
export async function interruptible<T>(
  signal: AbortSignal,
  work: (onKeyGenerated: NonNullable<PkiEnvironment['onKeyGenerated']>) => Promise<T>,
): Promise<T> {
  const progress = startProgress('generating keys');
  try {
    return await unlessStopped(work(progress.update), signal);
  } finally {
    progress.stop();
  }
}
