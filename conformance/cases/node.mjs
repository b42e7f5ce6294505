// The real kubelet lives on kubelet.conf, and the API server reaches it as apiserver-kubelet-client.
import { join } from 'node:path';
import {
  CONTROL_PLANE_PROGRAMS,
  credentialsOf,
  startApiServer,
  withControlPlane,
} from '../control-plane.mjs';
import { ask } from '../https.mjs';
import { createLedger } from '../ledger.mjs';
import { checkDelegating, credentialsOfHost } from '../matrix.mjs';
import { startNode } from '../node.mjs';
import { NAMESPACE } from '../namespace.mjs';
import { mustRunOurs } from '../processes.mjs';
import { KUBERNETES_VERSION } from '../programs.mjs';

async function isReady({ kubectl, name }) {
  const ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
  return kubectl('admin.conf', ['get', 'node', name, '--ignore-not-found', '-o', ready]) === 'True';
}

/** What an API server hears of the kubelet that shows it a client certificate of another cluster. */
async function proxyAsStranger(host) {
  const { folder, address, daemons, trust, conf, name } = host;
  const certDir = join(folder, 'other', 'pki');
  mustRunOurs(['init', '--host-ip', address, '--cert-dir', certDir, '--key-algorithm', 'ECDSA-P256']);
  const daemon = 'kube-apiserver-stranger';
  const server = await startApiServer(host, {
    etcd: ['127.0.0.1'],
    port: 6444,
    args: [
      `--kubelet-client-certificate=${join(certDir, 'apiserver-kubelet-client.crt')}`,
      `--kubelet-client-key=${join(certDir, 'apiserver-kubelet-client.key')}`,
    ],
    daemon,
  });
  const { cert, key } = credentialsOf(conf('admin.conf'));
  const { status, body } = await ask({
    url: `${server}/api/v1/nodes/${name}/proxy/healthz`,
    ca: trust,
    cert,
    key,
  });
  await daemons.stop(daemon);
  return `${status} ${body}`;
}

/** Whoever may do everything, and the API server by its grant. */
const MAY_ASK_KUBELETS = ['apiserver-kubelet-client.crt', 'admin.conf', 'super-admin.conf'];

async function checkNode(host, ledger, profile) {
  const { kubectl, daemons, name, address } = host;
  host.grant();
  await startNode(host);
  await daemons.waitFor('a ready node', () => isReady(host), 120);
  const version = 'jsonpath={.status.nodeInfo.kubeletVersion}';
  ledger.expect(
    'the kubelet',
    kubectl('admin.conf', ['get', 'node', name, '-o', version]),
    `v${KUBERNETES_VERSION}`,
  );

  const { output } = host.tryKubectl('admin.conf', ['get', '--raw', `/api/v1/nodes/${name}/proxy/healthz`]);
  ledger.expect('the API server at the kubelet', output, 'ok');
  const stranger = await proxyAsStranger(host);
  // In these words the kubelet refuses; the API server would send a Status.
  ledger.expect('an API server of another cluster at the kubelet', stranger.trim(), '401 Unauthorized');

  await checkDelegating(ledger, credentialsOfHost(host), {
    url: `https://${address}:10250/pods`,
    profile,
    allowed: MAY_ASK_KUBELETS,
    anonymous: 401,
  });
}

export const cases = [
  { profile: 'requirements', algorithm: 'RSA-2048' },
  { profile: 'requirements', algorithm: 'Ed25519' },
  { profile: 'kubeadm', algorithm: 'ECDSA-P256' },
  { profile: 'hardened', algorithm: 'ECDSA-P384' },
  { profile: 'hardened', algorithm: 'ECDSA-P256', rootCa: true },
].map((options) => ({
  id: `node: ${options.profile}, ${options.algorithm}${options.rootCa ? ', below a root CA' : ''}`,
  needs: [...CONTROL_PLANE_PROGRAMS, `kubelet-${KUBERNETES_VERSION}`],
  requires: [NAMESPACE, 'containerd'],
  run: (context) =>
    withControlPlane(context, options, async (host) => {
      const ledger = createLedger();
      await checkNode(host, ledger, options.profile);
      return ledger.outcome();
    }),
}));
