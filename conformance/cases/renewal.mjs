// Each renews what the other made, over and over: subjects, names, usages, keys' kinds and whatever else is in a kubeconfig
// stay what they were, and what is renewed is new.
import { appendFileSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import { generateClusterPki, writeClusterPki } from '../../dist/index.js';
import { hasChange, parseKubernetesVersion } from '../../dist/table/versions.js';
import { loadForeignReader } from '../../dist/x509/certificate-reader.js';
import { describeKey } from '../../dist/x509/keys.js';
import { parsePemBlocks } from '../../dist/x509/pem.js';
import { pooledKeyPair } from '../keys.mjs';
import { layOut, runPhases } from '../kubeadm.mjs';
import { mustRun, mustRunOurs } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { optionsOf } from '../requests.mjs';
import { readTree } from '../trees.mjs';

const REQUEST = {
  hostname: 'cp1',
  advertiseAddress: '192.0.2.10',
  controlPlaneEndpoint: 'lb.example.com:8443',
};
const ROUNDS = 3;
const [NEWEST] = KUBEADM_VERSIONS;
const reader = await loadForeignReader();

const SIGNED_BY = [
  [/^pki\/etcd\//, 'pki/etcd/ca.crt'],
  [/^pki\/apiserver-etcd-client/, 'pki/etcd/ca.crt'],
  [/^pki\/front-proxy-client/, 'pki/front-proxy-ca.crt'],
  [/./, 'pki/ca.crt'],
];

/** What must not drift, of one certificate. */
function identityOf(pem) {
  const [{ der }] = parsePemBlocks(pem);
  const {
    subject,
    subjectAltName = [],
    extKeyUsage,
    keyUsage,
    spkiDer,
    basicConstraints,
  } = reader.parse(der);
  return {
    subject: subject.attributes,
    names: subjectAltName.map(({ kind, value }) => `${kind}:${value}`).toSorted(),
    extKeyUsage,
    isCa: basicConstraints?.isCa === true,
    // kubeadm writes keyEncipherment for every key, the requirements for RSA alone (docs/differences.md).
    keyUsage: keyUsage.filter((usage) => usage !== 'keyEncipherment'),
    key: describeKey(spkiDer),
  };
}

const SECRETS = ['client-certificate-data', 'client-key-data'];

/** What must not drift, of a kubeconfig: all of it but its credential and whom it trusts, of the credential its identity. */
function kubeconfigIdentity(text) {
  const { preferences: _, ...config } = parse(withoutTrust(text));
  const [{ user }] = config.users;
  const pem = Buffer.from(user['client-certificate-data'], 'base64').toString();
  const others = Object.entries(user).filter(([name]) => !SECRETS.includes(name));
  // A renewal by kubeadm up to 1.30 gives these keys the algorithm of the others (kubeadm.md 9).
  const { key: __, ...client } = identityOf(pem);
  return { ...config, users: [{ ...config.users[0], user: Object.fromEntries(others) }], client };
}

const TRUST = /(?<=certificate-authority-data: )\S+/;
const withoutTrust = (text) => text.replace(TRUST, '');

/** Which certificates of ca.crt a kubeconfig trusts: all, the first, or something else. */
function trustIn(text, ca) {
  const trust = Buffer.from(TRUST.exec(text)[0], 'base64').toString();
  if (trust === ca) return 'all';
  return ca.startsWith(trust) && parsePemBlocks(trust).length === 1 ? 'the first' : trust;
}

const isLeaf = (path) => /^pki\/.*\.crt$/.test(path) && !/(?:ca|ca-chain)\.crt$/.test(path);
const isKubeconfig = (path) => /^[a-z-]+\.conf$/.test(path);

/** The identities in a tree; what is neither a leaf nor a kubeconfig stands as it is. */
function identitiesIn(tree) {
  return new Map(
    [...tree]
      .filter(([path]) => !path.endsWith('/') && !path.startsWith('pki-backups/'))
      .map(([path, { contents, mode }]) => {
        if (isLeaf(path)) return [path, JSON.stringify({ mode, ...identityOf(contents) })];
        if (isKubeconfig(path)) return [path, JSON.stringify({ mode, ...kubeconfigIdentity(contents) })];
        const isLeafKey = path.endsWith('.key') && !/(?:ca|sa)\.key$/.test(path);
        return [path, isLeafKey ? mode : contents];
      }),
  );
}

/** What both replace: all leaves, and the kubeconfigs that the release knows, but kubelet.conf. */
function isRenewed(path, version) {
  if (path === 'super-admin.conf') return hasChange(parseKubernetesVersion(version), '1.29');
  return isLeaf(path) || (isKubeconfig(path) && path !== 'kubelet.conf');
}

/** Where two texts begin to differ. */
function firstDifference(expected, found = 'nothing') {
  const at = [...expected].findIndex((character, index) => character !== found[index]);
  return `…${expected.slice(Math.max(0, at - 40), at + 60)} is now …${found.slice(Math.max(0, at - 40), at + 60)}`;
}

function failuresOf(first, before, after, version) {
  const expected = identitiesIn(first);
  const found = identitiesIn(after);
  return [
    ...[...expected].flatMap(([path, identity]) =>
      found.get(path) === identity
        ? []
        : [`${path} has drifted: ${firstDifference(identity, found.get(path))}`],
    ),
    ...[...found.keys()].filter((path) => !expected.has(path)).map((path) => `${path} is new`),
    ...[...before.keys()].flatMap((path) => {
      const isSame = before.get(path).contents === after.get(path)?.contents;
      if (!isLeaf(path) && !isKubeconfig(path)) return [];
      return isSame === isRenewed(path, version) ? [`${path} was ${isSame ? 'left' : 'renewed'}`] : [];
    }),
  ];
}

/**
 * Whom kubeconfigs trust that were renewed: kubeadm takes the first certificate of ca.crt for all of them (kubeadm.md 4.2), and
 * kubelet.conf keeps what it had.
 */
function trustFailures(before, after, { who, version }) {
  const { contents: ca } = after.get('pki/ca.crt');
  const isSingle = parsePemBlocks(ca).length === 1;
  return [...after.keys()].filter(isKubeconfig).flatMap((path) => {
    const [was, is] = [before, after].map((tree) => trustIn(tree.get(path).contents, ca));
    const renewed = who === 'ours' || isSingle ? 'all' : 'the first';
    const wanted = isRenewed(path, version) ? renewed : was;
    return is === wanted ? [] : [`${path} trusts ${is} of ca.crt, expected ${wanted}`];
  });
}

function opensslFailures(directory, tree) {
  return [...tree.keys()].filter(isLeaf).flatMap((path) => {
    const [, ca] = SIGNED_BY.find(([pattern]) => pattern.test(path));
    const { output } = mustRun('openssl', ['verify', '-CAfile', join(directory, ca), join(directory, path)]);
    return output.endsWith(': OK') ? [] : [output];
  });
}

/** What `verify` finds that is more than a notice. */
function findingsIn(directory) {
  const { findings } = JSON.parse(mustRunOurs(['verify', directory, '-o', 'json']).stdout);
  return findings
    .filter(({ severity }) => severity !== 'notice')
    .map(({ code, path }) => `${code} ${relative(directory, path)}`);
}

function renewInTurns({ directory, config }, { kubeadm, version, known }) {
  const turns = {
    ours: () => mustRunOurs(['certs', 'renew', 'all', '--cert-dir', join(directory, 'pki')]),
    kubeadm: () => mustRun(kubeadm, ['certs', 'renew', 'all', ...config]),
  };
  const first = readTree(directory);
  const failures = [];
  let before = first;
  let checks = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [who, renew] of Object.entries(turns)) {
      renew();
      const after = readTree(directory);
      checks += identitiesIn(after).size;
      const found = findingsIn(directory).join(', ');
      const texts = [
        ...failuresOf(first, before, after, version),
        ...trustFailures(before, after, { who, version }),
        ...opensslFailures(directory, after),
        ...(found === known ? [] : [`verify finds ${found}`]),
      ];
      failures.push(...texts.map((text) => `round ${round}, ${who}: ${text}`));
      before = after;
    }
  }
  const { output } = mustRun(kubeadm, ['certs', 'check-expiration', ...config]);
  if (/!MISSING!(?! +super-admin\.conf)|<invalid>/.test(output)) failures.push(`check-expiration: ${output}`);
  return { checks, failures };
}

/** @param options `make` makes the directory, of which `verify` finds what is `known` and nothing else. */
function renewalCase({ id, version, algorithms, known = '', make }) {
  return {
    id: `renewal: ${id}`,
    needs: [`kubeadm-${version}`],
    requires: ['root'],
    run: async ({ makeFolder, program }) => {
      const kubeadm = program(`kubeadm-${version}`);
      const all = { checks: 0, failures: [] };
      for (const keyAlgorithm of algorithms) {
        const request = { ...REQUEST, keyAlgorithm };
        const place = layOut(makeFolder(), { request, version, isRoot: true });
        await make({ place, kubeadm, request, version, makeFolder });
        const { checks, failures } = renewInTurns(place, { kubeadm, version, known });
        all.checks += checks;
        all.failures.push(...failures.map((text) => `${keyAlgorithm}: ${text}`));
      }
      return all;
    },
  };
}

/** While a CA is replaced, the next one stands behind it; each host already trusts both. */
function addAuthority({ directory }, makeFolder) {
  const other = join(makeFolder(), 'pki');
  mustRunOurs(['init', '--cert-dir', other, '--host-ip', '192.0.2.99', '--key-algorithm', 'ECDSA-P256']);
  appendFileSync(join(directory, 'pki/ca.crt'), readFileSync(join(other, 'ca.crt')));
}

/** RSA says no more of the others. */
const quickAlgorithms = (version) => (version === NEWEST ? ['RSA-2048', 'ECDSA-P256'] : ['ECDSA-P256']);

async function makeOurs({ place, request, version, profile }) {
  const options = { ...optionsOf(request, version), profile };
  const pki = await generateClusterPki({ ...options, generateKeyPair: pooledKeyPair });
  await writeClusterPki(pki, join(place.directory, 'pki'));
}

export const cases = [
  ...KUBEADM_VERSIONS.map((version) =>
    renewalCase({
      id: `the directory of kubeadm ${version}, in turns with it`,
      version,
      algorithms: quickAlgorithms(version),
      make: async ({ place, kubeadm }) => runPhases(kubeadm, place),
    }),
  ),
  renewalCase({
    id: `the directory of kubeadm ${NEWEST} with two CAs in ca.crt, in turns with it`,
    version: NEWEST,
    algorithms: ['ECDSA-P256'],
    known: 'authority-surplus pki/ca.crt',
    make: async ({ place, kubeadm, makeFolder }) => {
      runPhases(kubeadm, place);
      addAuthority(place, makeFolder);
    },
  }),
  ...['requirements', 'kubeadm', 'hardened'].map((profile) =>
    renewalCase({
      id: `the ${profile} profile's directory, in turns with kubeadm ${NEWEST}`,
      version: NEWEST,
      algorithms: ['ECDSA-P256'],
      make: (made) => makeOurs({ ...made, profile }),
    }),
  ),
];
