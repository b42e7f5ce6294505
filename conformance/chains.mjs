// Real certification paths with the keys of everybody in them, so that a changed certificate can be signed as it was: what
// this project, the real kubeadm and openssl made. Keys and serial numbers are the same in every run.
import { createECDH, createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateClusterPki, KEY_ALGORITHM_IDS, PROFILES } from '../dist/index.js';
import { KEY_ALGORITHMS } from '../dist/x509/algorithms.js';
import { parsePrivateKey } from '../dist/x509/keys.js';
import { parsePemBlocks } from '../dist/x509/pem.js';
import { mustRun } from './processes.mjs';
import { KUBEADM_VERSIONS } from './programs.mjs';
import { randomOf } from './random.mjs';
import { algorithmsOf } from './requests.mjs';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures');
const KUBEADM_TREES = join(FIXTURES, 'kubeadm');

/** When everything is looked at: all of kubeadm's trees are valid then. */
export const LOOKED_AT = new Date('2026-12-01T00:00:00Z');
const ISSUED_AT = new Date('2026-11-01T00:00:00Z');

function bytesOf(random, length) {
  return Uint8Array.from({ length }, () => Math.floor(256 * random()));
}

/** RSA keys are not drawn but lie there. */
function readRsaPems(bits) {
  const keys = join(FIXTURES, 'keys');
  const names = readdirSync(keys).filter((name) => name.startsWith(`rsa-${bits}`) && name.endsWith('.key'));
  const pki = join(KUBEADM_TREES, 'v1.37.2-default', 'pki');
  const issued = readdirSync(pki, { recursive: true }).filter((name) => name.endsWith('.key'));
  const paths = [
    ...names.map((name) => join(keys, name)),
    ...(bits === 2048 ? issued.map((name) => join(pki, name)) : []),
  ];
  return paths.map((path) => readFileSync(path, 'utf8'));
}
const rsaPems = new Map([2048, 3072, 4096].map((bits) => [bits, readRsaPems(bits)]));

function ellipticPem({ namedCurve, bits }, random) {
  const ecdh = createECDH(namedCurve);
  const size = Math.ceil(bits / 8);
  // Below the order of each curve, whatever is drawn.
  const d = Buffer.from([0, ...bytesOf(random, size - 1)]);
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey().subarray(1);
  const jwk = {
    kty: 'EC',
    crv: { 256: 'P-256', 384: 'P-384', 521: 'P-521' }[bits],
    d: d.toString('base64url'),
    x: point.subarray(0, size).toString('base64url'),
    y: point.subarray(size).toString('base64url'),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'sec1', format: 'pem' });
}

function edwardsPem(random) {
  // RFC 8410 section 7.
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytesOf(random, 32)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    type: 'pkcs8',
    format: 'pem',
  });
}

/** Hands out keys, as `generateClusterPki` takes them; the same ones in the same order each time. */
function keySource(random) {
  const given = new Map();
  return async (algorithm) => {
    const row = KEY_ALGORITHMS[algorithm];
    if (row.family === 'ec') return parsePrivateKey(ellipticPem(row, random));
    if (row.family === 'ed25519') return parsePrivateKey(edwardsPem(random));
    const count = given.get(algorithm) ?? 0;
    given.set(algorithm, count + 1);
    const pems = rsaPems.get(row.bits);
    return parsePrivateKey(pems[count % pems.length]);
  };
}

function certificatesIn(pem) {
  return parsePemBlocks(pem)
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ der }) => der);
}

/** What stands in the files of a cluster: a server and a client below its first CA, and what is trusted. */
const LEAVES = [
  { file: 'pki/apiserver', purpose: 'serverAuth', host: 'kubernetes.default.svc' },
  { file: 'pki/apiserver-kubelet-client', purpose: 'clientAuth' },
];

/**
 * The paths in the files of a cluster.
 *
 * @param options What `verify` is asked for beside the files.
 */
function chainsOfTree(name, files, options) {
  const textOf = (path) => files.find((file) => file.path === path)?.contents;
  const holderOf = (file) => ({
    der: certificatesIn(textOf(`${file}.crt`))[0],
    key: createPrivateKey(textOf(`${file}.key`)),
  });
  const roots = ['root-ca/root-ca', 'pki/root-ca'].filter((file) => textOf(`${file}.key`) !== undefined);
  return LEAVES.map(({ file, purpose, host }) => ({
    name: `${name}, ${purpose}`,
    purpose,
    host,
    at: LOOKED_AT,
    certificates: [file, 'pki/ca', ...roots.slice(0, 1)].map(holderOf),
    tree: { files, options, leafPath: `${file}.crt` },
  }));
}

export async function ourChains() {
  const random = randomOf(1);
  const requests = PROFILES.flatMap((profile) =>
    (profile === 'kubeadm' ? algorithmsOf(KUBEADM_VERSIONS[0]) : KEY_ALGORITHM_IDS).flatMap((keyAlgorithm) =>
      (profile === 'kubeadm' ? [false] : [false, true]).map((rootCa) => ({ profile, keyAlgorithm, rootCa })),
    ),
  );
  const chains = [];
  // One after the other, so that each is given the keys that it was given before.
  for (const request of requests) {
    const host = { hostIp: ['192.0.2.10', '2001:db8::10'], hostname: 'cp1', caValidity: '87600h' };
    const { files } = await generateClusterPki({
      ...request,
      ...host,
      now: ISSUED_AT,
      randomBytes: (length) => bytesOf(random, length),
      generateKeyPair: keySource(random),
    });
    const name = [request.profile, request.keyAlgorithm, ...(request.rootCa ? ['a single root'] : [])];
    chains.push(...chainsOfTree(name.join(', '), files, { profile: request.profile }));
  }
  return chains;
}

/** The files of a tree that the real kubeadm wrote, as `readClusterPki` would give them. */
export function kubeadmTree(name) {
  const folder = join(KUBEADM_TREES, name);
  // git keeps only the run bit.
  const modes = readFileSync(join(folder, 'modes.txt'), 'utf8').trim().split('\n');
  return modes
    .map((line) => line.split(' '))
    .filter(([, path]) => /^(?:pki\/.*[^/]|[a-z-]+\.conf)$/.test(path))
    .map(([mode, path]) => ({
      path,
      mode: Number.parseInt(mode, 8),
      contents: readFileSync(join(folder, path), 'utf8'),
    }));
}

export const KUBEADM_TREE_NAMES = readdirSync(KUBEADM_TREES).filter((name) => name.startsWith('v'));

export function kubeadmChains() {
  return KUBEADM_TREE_NAMES.flatMap((name) =>
    chainsOfTree(`kubeadm ${name.slice(1)}`, kubeadmTree(name), {
      profile: 'kubeadm',
      kubernetesVersion: /\d+\.\d+\.\d+/.exec(name)[0],
    }),
  );
}

const CA = ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, keyCertSign, cRLSign'];
const KEY_IDENTIFIERS = ['subjectKeyIdentifier = hash', 'authorityKeyIdentifier = keyid'];
const SERVER = [
  'basicConstraints = critical, CA:FALSE',
  'keyUsage = critical, digitalSignature',
  'extendedKeyUsage = serverAuth, clientAuth',
  'subjectAltName = DNS:api.example.com, IP:192.0.2.10',
];
const CONSTRAINTS = [
  'permitted;DNS:example.com',
  'permitted;IP:192.0.2.0/255.255.255.0',
  'excluded;DNS:bad.example.com',
  'excluded;IP:192.0.2.128/255.255.255.128',
];

/** From the leaf upwards: extensions, key, and what else of the command line. */
const OPENSSL_CHAINS = {
  'three levels': [
    { extensions: SERVER, key: 'ECDSA-P256' },
    { extensions: ['basicConstraints = critical, CA:TRUE, pathlen:0', CA[1]], key: 'ECDSA-P384' },
    { extensions: CA, key: 'RSA-2048' },
  ],
  'name constraints': [
    { extensions: SERVER, key: 'ECDSA-P256' },
    { extensions: [...CA, `nameConstraints = critical, ${CONSTRAINTS.join(', ')}`], key: 'Ed25519' },
    { extensions: CA, key: 'ECDSA-P256' },
  ],
  policies: [
    {
      extensions: [
        ...SERVER,
        'certificatePolicies = 1.2.3.4, 1.2.3.5',
        'authorityInfoAccess = OCSP;URI:http://ocsp.example.com',
        'crlDistributionPoints = URI:http://crl.example.com/ca.crl',
      ],
      key: 'ECDSA-P256',
    },
    { extensions: [...CA, 'certificatePolicies = 1.2.3.4'], key: 'ECDSA-P256' },
    { extensions: CA, key: 'ECDSA-P256' },
  ],
  'four levels, PSS': [
    { extensions: SERVER, key: 'RSA-3072' },
    { extensions: CA, key: 'RSA-2048' },
    { extensions: ['basicConstraints = critical, CA:TRUE, pathlen:1', CA[1]], key: 'ECDSA-P521' },
    {
      extensions: CA,
      key: 'RSA-4096',
      args: ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'],
    },
  ],
};

export async function opensslChains({ makeFolder }) {
  const keysOf = keySource(randomOf(2));
  const chains = [];
  for (const [name, rows] of Object.entries(OPENSSL_CHAINS)) {
    const folder = makeFolder();
    const at = (index, file) => join(folder, `${index}.${file}`);
    for (const [index, { key, extensions, args = [] }] of [...rows.entries()].toReversed()) {
      writeFileSync(at(index, 'key'), (await keysOf(key)).privateKeyPem);
      const config = ['[req]', 'distinguished_name = none', '[none]', '[extensions]', ...extensions];
      writeFileSync(at(index, 'cnf'), [...config, ...KEY_IDENTIFIERS].join('\n'));
      const isRoot = index === rows.length - 1;
      const signer = isRoot ? [] : ['-CA', at(index + 1, 'crt'), '-CAkey', at(index + 1, 'key')];
      const about = [
        '-subj',
        `/O=openssl/CN=${name} ${index}`,
        '-days',
        '3650',
        '-set_serial',
        `0x71${index}5eed`,
      ];
      const to = ['-key', at(index, 'key'), '-config', at(index, 'cnf'), '-extensions', 'extensions'];
      const { stdout } = mustRun('openssl', ['req', '-x509', '-new', ...to, ...about, ...signer, ...args]);
      writeFileSync(at(index, 'crt'), stdout);
    }
    const certificates = rows.map((_, index) => ({
      der: certificatesIn(readFileSync(at(index, 'crt'), 'utf8'))[0],
      key: createPrivateKey(readFileSync(at(index, 'key'))),
    }));
    const { validFrom } = new X509Certificate(certificates[0].der);
    chains.push({
      name: `openssl, ${name}`,
      purpose: 'serverAuth',
      host: 'api.example.com',
      at: new Date(new Date(validFrom).getTime() + 86_400_000),
      certificates,
    });
  }
  return chains;
}
