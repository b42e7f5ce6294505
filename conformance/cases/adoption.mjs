// Each takes up what the other made: nothing that is there changes, and what is missing is made to fit it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateClusterPki, PROFILES, writeClusterPki } from '../../dist/index.js';
import { hasChange, parseKubernetesVersion } from '../../dist/table/versions.js';
import { pooledKeyPair } from '../keys.mjs';
import { layOut, runPhases } from '../kubeadm.mjs';
import { mustRun, mustRunOurs, run, runOurs } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { algorithmsOf, argumentsOf, optionsOf } from '../requests.mjs';
import { checkExpiration, checkRenewal } from '../renewal.mjs';
import { changesOf, readTree } from '../trees.mjs';

const REQUEST = { hostname: 'cp1', advertiseAddress: '192.0.2.10' };
const CA_KEYS = ['ca.key', 'front-proxy-ca.key', 'etcd/ca.key', 'root-ca.key'];
const [NEWEST] = KUBEADM_VERSIONS;
const [OLDEST] = KUBEADM_VERSIONS.toReversed();

/** kubeadm on a directory of ours, with the CA keys and then without them. */
async function adoptOurs({ folder, kubeadm, version, options }) {
  const place = layOut(folder, {
    request: { ...REQUEST, keyAlgorithm: options.keyAlgorithm },
    version,
    isRoot: true,
  });
  const pki = await generateClusterPki({ ...options, generateKeyPair: pooledKeyPair });
  await writeClusterPki(pki, join(place.directory, 'pki'));

  const before = readTree(place.directory);
  runPhases(kubeadm, place);
  // A profile without super-admin.conf gets kubeadm's own beside its files.
  const failures = changesOf(before, readTree(place.directory)).map((text) => `the phases: ${text}`);
  failures.push(
    ...checkExpiration(kubeadm, place.config, { version }),
    ...(await checkRenewal(kubeadm, place, version)),
  );

  for (const path of CA_KEYS) rmSync(join(place.directory, 'pki', path), { force: true });
  const external = readTree(place.directory);
  runPhases(kubeadm, place);
  const changes = changesOf(external, readTree(place.directory), { isWhole: true });
  failures.push(...changes.map((text) => `the phases without CA keys: ${text}`));
  return failures;
}

/** All of the newest; of the others what takes no time, since keys of 3072 and 4096 bits say nothing else there. */
function adoptedAlgorithms(version) {
  const algorithms = algorithmsOf(version);
  return version === NEWEST
    ? algorithms
    : algorithms.filter((id) => id === 'RSA-2048' || !id.startsWith('RSA'));
}

function ourCase(profile, version) {
  return {
    id: `adoption: kubeadm ${version} on the ${profile} profile's directory`,
    needs: [`kubeadm-${version}`],
    requires: ['root'],
    run: async ({ makeFolder, program }) => {
      const failures = [];
      const requests = adoptedAlgorithms(version).map((keyAlgorithm) => ({ keyAlgorithm }));
      // Up to 1.30 kubeadm wants exactly ca.crt in a kubeconfig, where the root belongs beside it (kubernetes#123102).
      if (profile !== 'kubeadm' && hasChange(parseKubernetesVersion(version), '1.31'))
        requests.push({ keyAlgorithm: 'ECDSA-P256', rootCa: true });
      for (const request of requests) {
        const options = { ...optionsOf({ ...REQUEST, ...request }, version), profile };
        const kubeadm = program(`kubeadm-${version}`);
        const texts = await adoptOurs({ folder: makeFolder(), kubeadm, version, options });
        failures.push(...texts.map((text) => `${JSON.stringify(request)}: ${text}`));
      }
      return { checks: requests.length, failures };
    },
  };
}

/** `init` with the same request on a directory of kubeadm's. */
function keepTheirs(directory, options) {
  const before = readTree(directory);
  const { status, output } = runOurs([
    'init',
    ...argumentsOf({ ...options, certDir: join(directory, 'pki') }),
  ]);
  const changes = changesOf(before, readTree(directory), { isWhole: true });
  if (status === 0) return changes;
  // Without the notices before them.
  return [...changes, `init ended with ${status}: ${output.slice(output.indexOf('error:'))}`];
}

const ENDPOINT = { keyAlgorithm: 'ECDSA-P256', controlPlaneEndpoint: 'lb.example.com:8443' };

/** The gate that decides which server kubelet.conf names, set as it is not by default (kubeadm.md 2.1). */
function switchedGates(version) {
  const [isKnown, isDefault, isLocked] = ['1.31', '1.33', '1.35'].map((since) =>
    hasChange(parseKubernetesVersion(version), since),
  );
  return isKnown && !isLocked ? [{ ControlPlaneKubeletLocalMode: !isDefault }] : [];
}

function theirCase(version) {
  return {
    id: `adoption: init on the directory of kubeadm ${version}`,
    needs: [`kubeadm-${version}`],
    requires: ['root'],
    run: async ({ makeFolder, program }) => {
      const failures = [];
      const kubeadm = program(`kubeadm-${version}`);
      const requests = [
        ...adoptedAlgorithms(version).map((keyAlgorithm) => ({ keyAlgorithm })),
        ENDPOINT,
        ...switchedGates(version).map((featureGates) => ({ ...ENDPOINT, featureGates })),
      ];
      for (const asked of requests) {
        const request = { ...REQUEST, ...asked };
        const place = layOut(makeFolder(), { request, version, isRoot: true });
        runPhases(kubeadm, place);
        const options = optionsOf(request, version);
        const texts = keepTheirs(place.directory, options);
        mustRun(kubeadm, ['certs', 'renew', 'all', ...place.config]);
        texts.push(...keepTheirs(place.directory, options).map((text) => `renewed: ${text}`));
        failures.push(...texts.map((text) => `${JSON.stringify(asked)}: ${text}`));
      }
      return { checks: 2 * requests.length, failures };
    },
  };
}

/** kubeadm keeps the kubelet.conf that is there and only warns of its server (kubeadm.md 2.3). */
const upgradedCase = {
  id: `adoption: init on the directory of kubeadm ${NEWEST} with the kubelet.conf of ${OLDEST}`,
  needs: [`kubeadm-${NEWEST}`, `kubeadm-${OLDEST}`],
  requires: ['root'],
  run: async ({ makeFolder, program }) => {
    const folder = makeFolder();
    // Up to 1.30 the keys in kubeconfigs are RSA, whatever the others are (kubeadm.md 9).
    const request = { ...REQUEST, ...ENDPOINT, keyAlgorithm: 'RSA-2048' };
    const { flags } = layOut(folder, { request, version: OLDEST, isRoot: true });
    const initPhase = (...phase) => mustRun(program(`kubeadm-${OLDEST}`), ['init', 'phase', ...phase]);
    initPhase('certs', 'ca', ...flags.certs);
    initPhase('kubeconfig', 'kubelet', ...flags.kubeconfig);

    const place = layOut(folder, { request, version: NEWEST, isRoot: true });
    runPhases(program(`kubeadm-${NEWEST}`), place);
    return { checks: 1, failures: keepTheirs(place.directory, optionsOf(request, NEWEST)) };
  },
};

const CFSSL = 'cfssl-1.6.5';
const OPENSSL_CONFIG = `[req]
prompt = no
distinguished_name = subject
x509_extensions = ca
[subject]
CN = kubernetes-ca
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`;

function makeOpensslCa({ folder, key, certificate, ask }) {
  const config = join(folder, 'openssl.cnf');
  writeFileSync(config, OPENSSL_CONFIG);
  const files = ['-config', config, '-keyout', key, '-out', certificate];
  mustRun('openssl', ['req', '-x509', '-nodes', '-days', '3650', ...files, ...ask]);
}

function makeCfsslCa({ key, certificate, ask, program }) {
  const input = JSON.stringify({ CN: 'kubernetes-ca', key: ask });
  const made = JSON.parse(mustRun(program(CFSSL), ['gencert', '-initca', '-'], { input }).stdout);
  writeFileSync(key, made.key, { mode: 0o600 });
  writeFileSync(certificate, made.cert);
}

/** `keys`: how `make` asks for a key of each algorithm. */
const FOREIGN_CAS = [
  {
    maker: 'openssl',
    needs: [],
    make: makeOpensslCa,
    keys: {
      'RSA-2048': ['-newkey', 'rsa:2048'],
      'ECDSA-P384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
      Ed25519: ['-newkey', 'ed25519'],
    },
  },
  {
    maker: 'cfssl',
    needs: [CFSSL],
    make: makeCfsslCa,
    // No Ed25519: cfssl 1.6.5 labels that key `Ed25519 PRIVATE KEY`, which Go, openssl and this project do not read.
    keys: {
      'RSA-2048': { algo: 'rsa', size: 2048 },
      'ECDSA-P256': { algo: 'ecdsa', size: 256 },
      'ECDSA-P384': { algo: 'ecdsa', size: 384 },
    },
  },
];

function keepForeignCa(folder, { kubeadm, keyAlgorithm, makeCa }) {
  const { directory, config } = layOut(folder, { request: REQUEST, version: NEWEST, isRoot: true });
  const pki = join(directory, 'pki');
  mkdirSync(pki, { mode: 0o755 });
  const certificate = join(pki, 'ca.crt');
  makeCa({ folder, key: join(pki, 'ca.key'), certificate });

  const before = readTree(pki);
  mustRunOurs([
    'init',
    ...argumentsOf({ hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm, certDir: pki }),
  ]);
  const leaves = ['apiserver.crt', 'apiserver-kubelet-client.crt'].map((name) => join(pki, name));
  const verified = run('openssl', ['verify', '-x509_strict', '-CAfile', certificate, ...leaves]);
  return [
    ...changesOf(before, readTree(pki)),
    ...(verified.status === 0 ? [] : [`openssl verify: ${verified.output}`]),
    // Only kubeadm's phases, which did not run here, make one beside the requirements profile's files.
    ...checkExpiration(kubeadm, config, { version: NEWEST, missing: ['super-admin.conf'] }),
  ];
}

function foreignCase({ maker, needs, make, keys }) {
  return {
    id: `adoption: init on a CA that ${maker} made`,
    needs: [`kubeadm-${NEWEST}`, ...needs],
    requires: ['root', 'openssl'],
    run: async ({ makeFolder, program }) => {
      const kubeadm = program(`kubeadm-${NEWEST}`);
      const failures = Object.entries(keys).flatMap(([keyAlgorithm, ask]) => {
        const makeCa = (files) => make({ ...files, ask, program });
        const texts = keepForeignCa(makeFolder(), { kubeadm, keyAlgorithm, makeCa });
        return texts.map((text) => `${keyAlgorithm}: ${text}`);
      });
      return { checks: Object.keys(keys).length, failures };
    },
  };
}

export const cases = [
  ...KUBEADM_VERSIONS.flatMap((version) => PROFILES.map((profile) => ourCase(profile, version))),
  ...KUBEADM_VERSIONS.map(theirCase),
  upgradedCase,
  ...FOREIGN_CAS.map(foreignCase),
];
