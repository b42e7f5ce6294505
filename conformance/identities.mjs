// Who each client certificate makes its holder, as R3, R6 and kubeadm.md 1.1 have it. Said here again on purpose: the
// table is what is on trial.

const MASTERS = ['system:masters'];
const ADMINS = ['kubeadm:cluster-admins'];

/** By what the profile calls its file: the user and the groups that the API server is to see. `kubeadm`: of 1.37. */
export const IDENTITIES = Object.freeze({
  'apiserver-kubelet-client.crt': {
    user: 'kube-apiserver-kubelet-client',
    groups: { requirements: MASTERS, kubeadm: [], hardened: [] },
  },
  'admin.conf': {
    user: 'kubernetes-admin',
    groups: { requirements: MASTERS, kubeadm: ADMINS, hardened: ADMINS },
  },
  // The requirements profile has none.
  'super-admin.conf': {
    user: 'kubernetes-super-admin',
    groups: { kubeadm: MASTERS, hardened: MASTERS },
  },
  'kubelet.conf': {
    user: 'system:node:cp1',
    groups: { requirements: ['system:nodes'], kubeadm: ['system:nodes'], hardened: ['system:nodes'] },
  },
  'controller-manager.conf': {
    user: 'system:kube-controller-manager',
    groups: { requirements: [], kubeadm: [], hardened: [] },
  },
  'scheduler.conf': {
    user: 'system:kube-scheduler',
    groups: { requirements: [], kubeadm: [], hardened: [] },
  },
});

/** Those of a profile: `{ file, user, groups }`. */
export function identitiesOf(profile) {
  return Object.entries(IDENTITIES).flatMap(([file, { user, groups }]) =>
    groups[profile] === undefined ? [] : [{ file, user, groups: groups[profile] }],
  );
}
