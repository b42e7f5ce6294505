import { hostname, networkInterfaces } from 'node:os';
import type { HostFacts } from '../cluster/parse.ts';

/** What this machine says of itself: its name, and its addresses other than loopback and link-local ones. */
export function readHost(): HostFacts {
  const addresses = Object.values(networkInterfaces())
    .flatMap((interfaces) => interfaces ?? [])
    .filter(({ internal, address }) => !internal && !address.toLowerCase().startsWith('fe80:'))
    .map(({ address }) => address);
  return { hostname: hostname(), addresses };
}
