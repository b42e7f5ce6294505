import { hostname, networkInterfaces } from 'node:os';
import type { HostFacts } from '../cluster/parse.ts';
import { readFileState } from '../store/files.ts';

const isLinkLocal = (address: string): boolean => /^(?:fe80:|169\.254\.)/i.test(address);

/** What this machine says of itself: its name, and its addresses other than loopback and link-local ones. */
export function readHost(): HostFacts {
  const addresses = Object.values(networkInterfaces())
    .flatMap((interfaces) => interfaces ?? [])
    .filter(({ internal, address }) => !internal && !isLinkLocal(address))
    .map(({ address }) => address);
  return { hostname: hostname(), addresses };
}

/** Where the kernel shows its routes, and which columns say where one goes and by which interface (proc(5)). */
const ROUTES = [
  {
    path: '/proc/net/route',
    family: 'IPv4',
    to: 1,
    by: 0,
    everywhere: /^0{8}$/,
    via: 2,
    needsGateway: false,
  },
  {
    path: '/proc/net/ipv6_route',
    family: 'IPv6',
    to: 0,
    by: 9,
    everywhere: /^0{32}$/,
    via: 4,
    needsGateway: true,
  },
] as const;

/** An address of this host, and the interface that has it. */
export interface HostAddress {
  readonly address: string;
  readonly interfaceName: string;
}

/**
 * The address that kubeadm takes where none is given: the first of an interface to which a default route leads, IPv4 before
 * IPv6 (kubeadm.md 7.2; k8s.io/apimachinery, util/net). Undefined where there is none.
 */
export function defaultAddress(): HostAddress | undefined {
  const interfaces = networkInterfaces();
  for (const { path, family, to, by, everywhere, via, needsGateway } of ROUTES) {
    const state = readFileState(path);
    const lines = state.kind === 'file' ? state.contents.split('\n') : [];
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      const isDefault = everywhere.test(fields[to] ?? '');
      // What has no gateway there is the kernel's own, which rejects.
      if (!isDefault || (needsGateway && everywhere.test(fields[via] ?? ''))) continue;
      const interfaceName = fields[by] ?? '';
      const found = interfaces[interfaceName]?.find(
        (each) => each.family === family && !each.internal && !isLinkLocal(each.address),
      );
      if (found !== undefined) return { address: found.address, interfaceName };
    }
  }
  return undefined;
}
