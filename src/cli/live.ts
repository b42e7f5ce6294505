import type { Served } from '../checks/served.ts';
import { PkiError } from '../errors.ts';
import { readServed } from '../live/served.ts';
import { type Listener, resolveListeners } from '../resolve/listeners.ts';
import { LISTENERS } from '../table/listeners.ts';
import type { Audited } from '../verify.ts';
import { readHost } from './host.ts';
import type { LiveOptions } from './live-options.ts';

function listenersOf({ spec, evidence }: Audited, { addresses }: LiveOptions): readonly Listener[] {
  const own = readHost().addresses ?? [];
  const isThisHost = spec.hostAddresses.some((address) => own.includes(address));
  const found = resolveListeners(spec, isThisHost)
    // Of what is not here nothing can be held against what is shown: an external etcd, the API server of a worker.
    .filter(({ row }) => row === undefined || (evidence.get(row)?.files.length ?? 0) > 0);
  const replaced = LISTENERS.flatMap(({ name, row }): readonly Listener[] =>
    (addresses.get(name) ?? []).map(({ host, port }) => ({
      name,
      ...(row === undefined ? {} : { row }),
      host,
      port,
      isShared: false,
    })),
  );
  return [...found.filter(({ name }) => !addresses.has(name)), ...replaced];
}

/**
 * Asks the components for the certificates that they show. Connects to nobody else, and offers no credential.
 *
 * @throws {PkiError} `ERR_INTERRUPTED`.
 */
export async function readListeners(
  audited: Audited,
  options: LiveOptions,
  signal: AbortSignal,
): Promise<readonly Served[]> {
  const { timeoutMilliseconds } = options;
  const served = await readServed(listenersOf(audited, options), { timeoutMilliseconds, signal });
  if (signal.aborted) {
    throw new PkiError('ERR_INTERRUPTED', `stopped by ${String(signal.reason)}`, {
      detail: { signal: String(signal.reason) },
    });
  }
  return served;
}
