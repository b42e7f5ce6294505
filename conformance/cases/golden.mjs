// What the real kubeadm wrote once (fixtures/kubeadm) against what the kubeadm profile of its version makes for the same:
// more releases than are built here, and no program to run.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { generateClusterPki } from '../../dist/index.js';
import { loadForeignReader } from '../../dist/x509/certificate-reader.js';
import { parsePrivateKey } from '../../dist/x509/keys.js';
import { parsePemBlocks } from '../../dist/x509/pem.js';
import { compareTrees } from '../shapes.mjs';

const GOLDEN = join(import.meta.dirname, '..', '..', 'fixtures', 'kubeadm');
const CA_VALIDITY_MS = 87_600 * 3_600_000;
const reader = await loadForeignReader();

/** The options of `init` that mean what kubeadm's configuration means. */
function optionsOf(folder) {
  const documents = parseAllDocuments(readFileSync(join(folder, 'kubeadm.yaml'), 'utf8'));
  const [init, cluster] = documents.map((document) => document.toJS());
  return {
    profile: 'kubeadm',
    kubernetesVersion: cluster.kubernetesVersion,
    apiserverAdvertiseAddress: init.localAPIEndpoint.advertiseAddress,
    hostname: init.nodeRegistration.name,
    keyAlgorithm: cluster.encryptionAlgorithm,
    clusterName: cluster.clusterName,
    controlPlaneEndpoint: cluster.controlPlaneEndpoint,
    apiserverCertExtraSans: cluster.apiServer?.certSANs,
    etcdServerCertExtraSans: cluster.etcd?.local?.serverCertSANs,
    etcdPeerCertExtraSans: cluster.etcd?.local?.peerCertSANs,
    serviceDnsDomain: cluster.networking?.dnsDomain,
    serviceCidr: cluster.networking?.serviceSubnet,
    externalEtcd: cluster.etcd?.external !== undefined,
  };
}

/** As `readTree` gives it. Modes come from modes.txt: git keeps only the run bit. */
function readGolden(folder) {
  const lines = readFileSync(join(folder, 'modes.txt'), 'utf8').trim().split('\n');
  const files = lines
    .map((line) => line.split(' '))
    .filter(([, path]) => /^(?:pki\/.*[^/]|[a-z-]+\.conf)$/.test(path))
    .map(([mode, path]) => [
      path,
      { mode: mode.replace(/^0/, ''), contents: readFileSync(join(folder, path), 'utf8') },
    ]);
  return new Map(files);
}

/** kubeadm's own keys, that of its CA first: the first one that is asked for is the CA's, and so has to look the same. */
function keySourceOf(tree) {
  const pems = [...tree].flatMap(([path, { contents }]) => {
    if (path.endsWith('.key')) return [contents];
    if (!path.endsWith('.conf')) return [];
    return [Buffer.from(parse(contents).users[0].user['client-key-data'], 'base64').toString()];
  });
  const caPem = tree.get('pki/ca.key').contents;
  const keys = [caPem, ...pems.filter((pem) => pem !== caPem)].map(parsePrivateKey);
  return () => {
    let next = 0;
    return async () => keys[next++ % keys.length];
  };
}

/** Undefined where there is no such file, which {@link compareTrees} says. */
function certificateIn(tree, path) {
  const [block] = parsePemBlocks(tree.get(path)?.contents ?? '');
  return block === undefined ? undefined : reader.parse(block.der);
}

function readCase(name) {
  const folder = join(GOLDEN, name);
  const tree = readGolden(folder);
  const options = optionsOf(folder);
  const { notAfter } = certificateIn(tree, 'pki/ca.crt');
  return { tree, options, makeKeys: keySourceOf(tree), now: new Date(notAfter.getTime() - CA_VALIDITY_MS) };
}

const read = new Map();
/** kubeadm's side, which stays as it is. */
function goldenOf(name) {
  if (!read.has(name)) read.set(name, readCase(name));
  return read.get(name);
}

/** What both have, and where they differ. */
async function compare(name, more = {}) {
  const { tree, options, makeKeys, now } = goldenOf(name);
  const { files } = await generateClusterPki({ ...options, ...more, now, generateKeyPair: makeKeys() });
  const ours = new Map(files.map(({ path, contents, mode }) => [path, { contents, mode: mode.toString(8) }]));
  const issuedAt = { certificates: now.getTime(), kubeconfigs: now.getTime() };
  return { ...compareTrees({ tree, issuedAt }, { tree: ours, issuedAt }, options), tree, ours };
}

/** One key, so one identifier: how it is made from the key is another matter since 1.35 (kubeadm.md 1.2). */
function compareIdentifiers({ tree, ours }) {
  const [theirs, own] = [tree, ours].map((each) => certificateIn(each, 'pki/ca.crt')?.subjectKeyIdentifier);
  return own === theirs ? [] : [`pki/ca.crt subjectKeyIdentifier: kubeadm ${theirs}, here ${own}`];
}

const OTHER_ADDRESS = '192.0.2.77';

/** kubeadm knows one address of a host: a second one is in what is served, behind the first, and nowhere else. */
async function compareWithOtherAddress(name) {
  const advertised = goldenOf(name).options.apiserverAdvertiseAddress;
  const { unlisted, tree, ours } = await compare(name, { hostIp: [OTHER_ADDRESS, advertised] });
  const namesIn = (files, path) =>
    certificateIn(files, path)?.subjectAltName?.map(({ value }) => value) ?? [];
  const served = [...tree.keys()].filter(
    (path) => path.endsWith('.crt') && namesIn(tree, path).includes(advertised),
  );
  const failures = unlisted.filter(
    (text) => !served.some((path) => text.startsWith(`${path} subjectAltName:`)),
  );
  for (const path of served) {
    const own = namesIn(ours, path).join(' ');
    const expected = namesIn(tree, path)
      .flatMap((value) => (value === advertised ? [value, OTHER_ADDRESS] : [value]))
      .join(' ');
    if (own !== expected) failures.push(`${path} subjectAltName: ${expected} expected, found ${own}`);
  }
  return failures.map((text) => `with another address ${text}`);
}

const names = readdirSync(GOLDEN).filter((name) => name.startsWith('v'));

export const cases = names.map((name) => ({
  id: `golden: kubeadm ${name.slice(1)}`,
  needs: [],
  run: async () => {
    const compared = await compare(name);
    const failures = [
      ...compared.unlisted,
      ...compareIdentifiers(compared),
      ...(await compareWithOtherAddress(name)),
    ];
    return { checks: 2 * compared.tree.size, differences: [...compared.listed, 'host-addresses'], failures };
  },
}));
