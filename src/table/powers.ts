import { deepFreeze } from './freeze.ts';

/** A name or a group that Kubernetes or kubeadm gives power to, whoever has it in a certificate. */
export interface PowerRow {
  readonly of: 'commonName' | 'organization';
  readonly is: RegExp;
  /** What it is, a verb phrase. */
  readonly says: string;
  /** No binding gives the power, so that none takes it back before the certificate ends. */
  readonly isAboveRbac?: true;
  readonly citation: string;
}

const RESERVED = 'Kubernetes documentation, Using RBAC Authorization: the prefix system: is reserved';

/** By what a subject is somebody of Kubernetes' own. The first that fits says it. */
export const POWERS: readonly PowerRow[] = deepFreeze<readonly PowerRow[]>([
  {
    of: 'organization',
    is: /^system:masters$/,
    says: 'may do everything, above RBAC: nobody can take it back before the certificate ends',
    isAboveRbac: true,
    citation: 'kubernetes/kubernetes#121305; users.md',
  },
  {
    of: 'organization',
    is: /^kubeadm:cluster-admins$/,
    says: 'may do everything where kubeadm has bound it to cluster-admin',
    citation: 'kubeadm.md 2.6',
  },
  { of: 'organization', is: /^system:nodes$/, says: 'is the group of the kubelets', citation: RESERVED },
  { of: 'organization', is: /^system:/, says: 'is a group of Kubernetes itself', citation: RESERVED },
  { of: 'commonName', is: /^system:node:/, says: 'is the name of a kubelet', citation: RESERVED },
  { of: 'commonName', is: /^system:/, says: 'is a name of Kubernetes itself', citation: RESERVED },
]);
