// The real kubelet on Debian's containerd, without a network for pods: what it takes for a node to turn Ready.
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

/** What a kubelet does beside its PKI. JSON is YAML. */
function kubeletConfiguration(folder, endpoint) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: endpoint,
    // It runs no pods, and is to run also where cgroups are of version 1 and not its own.
    failCgroupV1: false,
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    podLogsDir: join(folder, 'logs'),
    volumePluginDir: join(folder, 'plugins'),
  };
}

function containerdConfiguration(folder) {
  const text = (...path) => JSON.stringify(join(folder, ...path));
  return `version = 2
root = ${text('root')}
state = ${text('state')}
[grpc]
  address = ${text('containerd.sock')}
[plugins."io.containerd.grpc.v1.cri".cni]
  conf_dir = ${text('cni')}
`;
}

// Names a network, which is all that containerd looks for until there is a pod.
const CNI = { cniVersion: '0.4.0', name: 'none', plugins: [{ type: 'loopback' }] };

/** Where the kubelet of a node keeps the certificate that it renews, below the folder of the node. */
export const ROTATED = join('kubelet', 'pki', 'kubelet-client-current.pem');

async function isListening(path) {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * Starts containerd and the kubelet on the host of a control plane, with what `show arguments` says for it.
 *
 * @param options `settings`: of the kubelet, beside those that it has here.
 */
export async function startNode({ name, address, folder, daemons, start }, { settings = {} } = {}) {
  const home = join(folder, 'containerd');
  const root = join(folder, 'kubelet');
  for (const path of [join(home, 'cni'), root]) mkdirSync(path, { recursive: true });
  writeFileSync(join(home, 'config.toml'), containerdConfiguration(home));
  writeFileSync(join(home, 'cni', 'none.conflist'), JSON.stringify(CNI));
  daemons.start('containerd', 'containerd', ['--config', join(home, 'config.toml')]);
  // The socket of one that was killed lies there still, and a kubelet that is refused on it ends.
  const socket = join(home, 'containerd.sock');
  await daemons.waitFor('containerd', () => isListening(socket));

  const configuration = { ...kubeletConfiguration(root, `unix://${socket}`), ...settings };
  writeFileSync(join(root, 'config.yaml'), JSON.stringify(configuration));
  start('kubelet', [
    `--config=${join(root, 'config.yaml')}`,
    `--hostname-override=${name}`,
    `--node-ip=${address}`,
    `--root-dir=${root}`,
    `--cert-dir=${join(root, 'pki')}`,
  ]);
}
