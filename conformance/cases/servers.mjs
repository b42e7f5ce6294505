// Which server a kubelet.conf that is there may name: its own, and where a gate of kubeadm's decides, the other one.
import { generateClusterPki } from '../../dist/index.js';
import { pooledKeyPair } from '../keys.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { createLedger } from '../ledger.mjs';

const ENDPOINT = 'https://lb.example.com:8443';
const HOST = 'https://192.0.2.10:6443';
const ADVERTISED = 'https://192.0.2.11:6443';

const REQUEST = {
  hostIp: ['192.0.2.10', '192.0.2.11'],
  apiserverAdvertiseAddress: '192.0.2.11',
  hostname: 'cp1',
  keyAlgorithm: 'ECDSA-P256',
  generateKeyPair: pooledKeyPair,
};

/** Said here again on purpose (kubeadm.md 2.1): the table is what is on trial. `alone`: where there is no endpoint. */
const ACCEPTED = [
  { profile: 'requirements', servers: [ENDPOINT], alone: [HOST] },
  { profile: 'hardened', servers: [ENDPOINT], alone: [HOST] },
  ...KUBEADM_VERSIONS.map((kubernetesVersion) => ({
    profile: 'kubeadm',
    kubernetesVersion,
    servers: Number(kubernetesVersion.split('.')[1]) < 31 ? [ENDPOINT] : [ENDPOINT, ADVERTISED],
    alone: [ADVERTISED],
  })),
];

async function isKept(options, existing) {
  try {
    await generateClusterPki({ ...options, existing });
    return true;
  } catch (error) {
    if (error.code === 'ERR_REFUSED') return false;
    throw error;
  }
}

async function checkServers(options, accepted, ledger) {
  const { files } = await generateClusterPki(options);
  for (const server of [ENDPOINT, HOST, ADVERTISED]) {
    const existing = files.map((file) =>
      file.path === 'kubelet.conf'
        ? { ...file, contents: file.contents.replace(/(?<=server: ).*/, server) }
        : file,
    );
    const what = `kubelet.conf that names ${server} is kept`;
    ledger.expect(what, await isKept(options, existing), accepted.includes(server));
  }
}

export const cases = ACCEPTED.map(({ servers, alone, ...ruling }) => ({
  id: `servers: of kubelet.conf, ${Object.values(ruling).join(' ')}`,
  needs: [],
  run: async () => {
    const ledger = createLedger();
    const options = { ...REQUEST, ...ruling };
    await checkServers({ ...options, controlPlaneEndpoint: 'lb.example.com:8443' }, servers, ledger);
    await checkServers(options, alone, ledger);
    return ledger.outcome();
  },
}));
