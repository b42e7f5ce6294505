// The real programs: in each folder of programs/, go.mod and go.sum pin a version and every checksum. One is the suite's own.

/** Of the control plane and the node that are started. */
export const KUBERNETES_VERSION = '1.37.2';
export const ETCD_VERSION = '3.6.16';

/** What of a folder makes the executable what it is, where the code comes from elsewhere. */
const PINS = ['go.mod', 'go.sum'];

function kubernetes(command, version, folder = `${command}-${version}`) {
  const [, minor] = version.split('.');
  const set = (name, value) => `-X k8s.io/component-base/version.${name}=${value}`;
  return {
    name: `${command}-${version}`,
    folder,
    command: `k8s.io/kubernetes/cmd/${command}`,
    // A module build knows no git tag: without these kubeadm takes itself for v0.0.0 and refuses every cluster version.
    linkFlags: [set('gitVersion', `v${version}`), set('gitMajor', '1'), set('gitMinor', minor)],
    sources: PINS,
  };
}

/** A program that needs no flags to know itself. `folder`: where its version is pinned. */
function plain(name, folder, command) {
  return { name, folder, command, linkFlags: [], sources: PINS };
}

/** A program of the suite's own, of Go's standard library alone. */
function own(name) {
  return { name, folder: name, command: '.', linkFlags: [], sources: ['go.mod', 'main.go'] };
}

/** The kubeadm releases of the default set, the newest first. */
export const KUBEADM_VERSIONS = Object.freeze(['1.37.2', '1.35.4', '1.33.13', '1.30.4', '1.29.6', '1.24.17']);

const CLUSTER = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kubelet'];

export const PROGRAMS = Object.freeze([
  ...KUBEADM_VERSIONS.map((version) => kubernetes('kubeadm', version)),
  ...CLUSTER.map((command) => kubernetes(command, KUBERNETES_VERSION, `kubernetes-${KUBERNETES_VERSION}`)),
  plain(`etcd-${ETCD_VERSION}`, `etcd-${ETCD_VERSION}`, 'go.etcd.io/etcd/server/v3'),
  plain(`etcdctl-${ETCD_VERSION}`, `etcd-${ETCD_VERSION}`, 'go.etcd.io/etcd/etcdctl/v3'),
  {
    ...plain('zlint-3.7.3', 'zlint-3.7.3', 'github.com/zmap/zlint/v3/cmd/zlint'),
    // What it is tested with, kept beside it.
    data: { module: 'github.com/zmap/zlint/v3', folder: 'testdata' },
  },
  plain('cfssl-1.6.5', 'cfssl-1.6.5', 'github.com/cloudflare/cfssl/cmd/cfssl'),
  own('go-crypto'),
]);
