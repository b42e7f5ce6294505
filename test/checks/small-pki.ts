import { type ClusterOptions, type ClusterPki, generateClusterPki } from '../../src/index.ts';

/** When the small PKI was made. */
export const NOW: Date = new Date('2026-11-23T12:00:00Z');

/** A PKI whose keys take no time. */
export function smallPki(options: ClusterOptions & { readonly now?: Date } = {}): Promise<ClusterPki> {
  const host = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' } as const;
  return generateClusterPki({ ...host, now: NOW, ...options });
}
