// The real programs: one folder of programs/ each, in which go.mod and go.sum pin the version and every checksum.

function kubernetes(command, version) {
  const [, minor] = version.split('.');
  const set = (name, value) => `-X k8s.io/component-base/version.${name}=${value}`;
  return {
    name: `${command}-${version}`,
    command: `k8s.io/kubernetes/cmd/${command}`,
    // A module build knows no git tag: without these kubeadm takes itself for v0.0.0 and refuses every cluster version.
    linkFlags: [set('gitVersion', `v${version}`), set('gitMajor', '1'), set('gitMinor', minor)],
  };
}

/** The kubeadm releases of the default set, the newest first. */
export const KUBEADM_VERSIONS = Object.freeze(['1.37.2', '1.35.4', '1.33.13', '1.30.4', '1.29.6', '1.24.17']);

export const PROGRAMS = Object.freeze([
  ...KUBEADM_VERSIONS.map((version) => kubernetes('kubeadm', version)),
  { name: 'zlint-3.7.3', command: 'github.com/zmap/zlint/v3/cmd/zlint', linkFlags: [] },
]);
