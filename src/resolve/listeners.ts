import type { ClusterSpec } from '../cluster/spec.ts';
import { LISTENERS } from '../table/listeners.ts';

/** Where a component of this cluster listens, with nothing left to decide. */
export interface Listener {
  /** As the table calls it: `kube-apiserver`, `etcd-peer`. */
  readonly name: string;
  /** The id of the row whose certificate is shown there. */
  readonly row?: string;
  /** An IP address in canonical text, or a DNS name. */
  readonly host: string;
  readonly port: number;
  /** Another host may answer there, with a certificate of its own. */
  readonly isShared: boolean;
}

/** `192.0.2.10:6443`, `[2001:db8::1]:6443`. */
export function listenerText({ host, port }: Pick<Listener, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Where the components of this host listen, in the order of the table, and the endpoint of the control plane behind the
 * API server's own address.
 *
 * @param isThisHost Whether loopback is that of the host. On another one, other programs answer there, and it is left out.
 */
export function resolveListeners(spec: ClusterSpec, isThisHost: boolean): readonly Listener[] {
  const loopback = spec.advertiseAddress.includes(':') ? '::1' : '127.0.0.1';
  return LISTENERS.flatMap(({ name, row, port, addresses }): readonly Listener[] => {
    const common = { name, ...(row === undefined ? {} : { row }) };
    const own = addresses
      .filter((address) => isThisHost || address !== 'loopback')
      .map((address) => ({
        ...common,
        host: address === 'loopback' ? loopback : spec.advertiseAddress,
        port: port === 'bindPort' ? spec.bindPort : port,
        isShared: false,
      }));
    const endpoint = port === 'bindPort' ? spec.controlPlaneEndpoint : undefined;
    if (endpoint === undefined) return own;
    return [...own, { ...common, host: endpoint.host, port: endpoint.port ?? spec.bindPort, isShared: true }];
  });
}
