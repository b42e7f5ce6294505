import { deepFreeze } from './freeze.ts';
import type { KubeconfigRow } from './row.ts';

/**
 * What the kubeconfig of one more user has (kubeadm.md 2.5). Whom it makes its holder, whoever asks for it says; no cluster
 * has it of itself, so it is no row. The names inside are kubeadm's in every profile: several of them may be merged.
 */
export const USER: Pick<
  KubeconfigRow,
  'kind' | 'purpose' | 'usage' | 'lifetime' | 'signer' | 'context' | 'server'
> = deepFreeze({
  kind: 'kubeconfig',
  purpose: 'one more user of the cluster',
  usage: 'client',
  lifetime: 'leaf',
  signer: 'ca',
  context: { always: '{user}@{clusterName}' },
  server: {
    requirements: 'controlPlaneOrHost',
    kubeadm: 'controlPlaneOrAdvertise',
    hardened: 'controlPlaneOrHost',
  },
} as const);
