// The other profile and the other shape of a PKI against the profile `requirements` without a root, which the documentation
// holds: only what is listed here may differ.
import { generateClusterPki, PROFILES, resolveArguments } from '../../dist/index.js';
import { REQUESTS } from '../documentation.mjs';
import { compareFacts, factsOf } from '../facts.mjs';
import { pooledKeyPair } from '../keys.mjs';

async function make(options) {
  const { files, spec } = await generateClusterPki({ ...options, generateKeyPair: pooledKeyPair });
  const values = resolveArguments(spec, { pathOf: (path) => path }).map(({ component, flag, value }) => [
    `${component} ${flag}`,
    { value },
  ]);
  return new Map([...(await factsOf(files)), ...values]);
}

/** What `hardened` takes away, beside what its name says: no more power or purpose than the role needs. */
const HARDENED = [
  {
    // A CA signs certificates and lists, nothing else, and no CA below itself.
    of: ({ isCa }) => isCa,
    is: { keyUsage: ['keyCertSign', 'cRLSign'], pathLength: 0 },
  },
  {
    // The one CA that signs others.
    of: (_, path) => path.endsWith('root-ca.crt'),
    is: { pathLength: 1 },
  },
  {
    // A client only signs, whatever its key (R4 asks for more): no TLS encrypts to a client.
    of: ({ extKeyUsage }) => extKeyUsage?.join() === 'clientAuth',
    is: { keyUsage: ['digitalSignature'] },
  },
  {
    // etcd gives O no meaning; the API server's rights on kubelets come from a binding (kubernetes#120521, #138957).
    of: (_, path) => /apiserver-(?:etcd|kubelet)-client\.crt$/.test(path),
    is: { organization: [] },
  },
  {
    // A group that can be taken back, unlike system:masters (kubernetes#121305).
    of: (_, path) => path === 'admin.conf',
    is: { organization: ['kubeadm:cluster-admins'] },
  },
];
/** The way back in, which the administrator of every day has no longer. */
const SUPER_ADMIN = {
  commonNames: ['kubernetes-super-admin'],
  organization: ['system:masters'],
  user: 'default-super-admin',
};

function hardened(requirements) {
  const entries = [...requirements].map(([path, facts]) => {
    const departures = HARDENED.filter(({ of }) => of(facts, path)).map(({ is }) => is);
    return [path, Object.assign({}, facts, ...departures)];
  });
  const expected = new Map(entries);
  const admin = expected.get('admin.conf');
  const contextOf = { ...admin.contextOf, user: SUPER_ADMIN.user };
  return expected.set('super-admin.conf', { ...admin, ...SUPER_ADMIN, contextOf });
}

const hardenedCases = REQUESTS.flatMap(({ options }) =>
  [false, true].map((rootCa) => ({
    id: `hardened: requirements but for what is listed, ${options.keyAlgorithm}${rootCa ? ', a single root' : ''}`,
    needs: [],
    run: async () => {
      const expected = hardened(await make({ ...options, rootCa }));
      const found = await make({ ...options, rootCa, profile: 'hardened' });
      return { checks: expected.size, failures: compareFacts(expected, found) };
    },
  })),
);

const ROOT = 'kubernetes-root-ca';
const SERVED = ['pki/apiserver.crt', 'pki/etcd/server.crt', 'pki/etcd/peer.crt'];
/** Of the root: where it lies beside what it signs, and where it is kept apart. */
const ROOT_PLACES = {
  beside: { certificates: ['pki/root-ca.crt'], key: 'pki/root-ca.key' },
  apart: { certificates: ['pki/root-ca.crt', 'root-ca/root-ca.crt'], key: 'root-ca/root-ca.key' },
};

/** R2.5 over a PKI without a root: who signs, what is served, and what servers are verified against. */
function underRoot(plain, place, profile) {
  const { commonNames: clusterCa, ...ca } = plain.get('pki/ca.crt');
  const chain = [...clusterCa, ROOT];
  const root = { ...ca, commonNames: [ROOT], signedBy: ROOT };
  // It signs CAs that sign leaves (RFC 5280 4.2.1.9).
  if (profile === 'hardened') root.pathLength = 1;
  const entries = [...plain].map(([path, facts]) => {
    if (facts.isCa) return [path, { ...facts, signedBy: ROOT }];
    // Peers hold the end of the chain alone.
    if (SERVED.includes(path))
      return [path, { ...facts, commonNames: [...facts.commonNames, facts.signedBy] }];
    if (path.endsWith('.conf')) return [path, { ...facts, trust: chain }];
    return [path, facts];
  });
  return new Map([
    ...entries,
    ...ROOT_PLACES[place].certificates.map((path) => [path, root]),
    [ROOT_PLACES[place].key, plain.get('pki/ca.key')],
    ['pki/ca-chain.crt', { mode: '644', commonNames: chain }],
    // Whose clients are let in is the role's own CA still: the root would let in those of its siblings.
    ['kube-controller-manager --root-ca-file', { value: 'pki/ca-chain.crt' }],
  ]);
}

const rootCases = PROFILES.flatMap((profile) =>
  Object.entries({ beside: undefined, apart: '/media/vault' }).map(([place, rootCaDir]) => ({
    id: `a single root: ${profile}, its key ${place}`,
    needs: [],
    run: async () => {
      const options = { hostname: 'cp1', hostIp: '192.0.2.10', keyAlgorithm: 'ECDSA-P256', profile };
      const expected = underRoot(await make(options), place, profile);
      const found = await make({ ...options, rootCa: true, rootCaDir });
      return { checks: expected.size, failures: compareFacts(expected, found) };
    },
  })),
);

export const cases = [...hardenedCases, ...rootCases];
