import type { ClusterSpec } from '../cluster/spec.ts';
import { choose } from './choose.ts';
import { existingRows } from './rows.ts';
import { fillText } from './text.ts';

/** A ClusterRoleBinding of `rbac.authorization.k8s.io/v1`, as the API takes it. */
export interface ClusterRoleBinding {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1';
  readonly kind: 'ClusterRoleBinding';
  readonly metadata: { readonly name: string };
  readonly roleRef: {
    readonly apiGroup: 'rbac.authorization.k8s.io';
    readonly kind: 'ClusterRole';
    readonly name: string;
  };
  readonly subjects: readonly {
    readonly apiGroup: 'rbac.authorization.k8s.io';
    readonly kind: 'Group' | 'User';
    readonly name: string;
  }[];
}

/**
 * The bindings that the identities of this profile and release need, because Kubernetes grants them nothing by itself.
 * Components and nodes are not among them: the API server binds those at its start.
 */
export function resolveBindings(spec: ClusterSpec): readonly ClusterRoleBinding[] {
  const bindings = new Map<string, ClusterRoleBinding>();
  for (const row of existingRows(spec)) {
    if (!('grant' in row) || row.grant === undefined) continue;
    const grant = choose(row.grant, spec);
    if (grant === null) continue;
    const [organization] = row.organization === undefined ? [] : choose(row.organization, spec);
    const toGroup = grant.to === 'organization' && organization !== undefined;
    bindings.set(grant.binding, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: grant.binding },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: grant.clusterRole },
      subjects: [
        {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: toGroup ? 'Group' : 'User',
          name: toGroup ? organization : fillText(choose(row.commonName, spec), spec),
        },
      ],
    });
  }
  return [...bindings.values()];
}
