// Certificates of many makers, each with a name to report it by: what zlint is tested with, and what this project, kubeadm,
// cfssl and openssl make.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { generateClusterPki, KEY_ALGORITHM_IDS, PROFILES } from '../dist/index.js';
import { parsePemBlocks } from '../dist/x509/pem.js';
import { dataOf } from './build.mjs';
import { pooledKeyPair } from './keys.mjs';
import { mustRun } from './processes.mjs';
import { KUBEADM_VERSIONS, PROGRAMS } from './programs.mjs';
import { algorithmsOf } from './requests.mjs';
import { readTree } from './trees.mjs';

const ZLINT = 'zlint-3.7.3';
const [NEWEST] = KUBEADM_VERSIONS;

const certificatesIn = (pem) => parsePemBlocks(pem).filter(({ label }) => label === 'CERTIFICATE');

/** Each certificate of a PKI directory with the kubeconfigs beside it. */
function certificatesOf(files) {
  return files.flatMap(({ path, contents }) => {
    const pem = path.endsWith('.conf')
      ? Buffer.from(parse(contents).users[0].user['client-certificate-data'] ?? '', 'base64').toString()
      : contents;
    return /\.(?:crt|conf)$/.test(path) ? certificatesIn(pem).map(({ der }) => ({ name: path, der })) : [];
  });
}

export function zlintCertificates() {
  const folder = dataOf(PROGRAMS.find(({ name }) => name === ZLINT));
  return [...readTree(folder)].flatMap(([name, { contents = '' }]) => {
    // zlint reads the first block of a file; the others are revocation lists and OCSP responses.
    const [first] = name.endsWith('.pem') ? parsePemBlocks(contents) : [];
    return first?.label === 'CERTIFICATE' ? [{ name, der: first.der }] : [];
  });
}

export async function ourCertificates() {
  const requests = PROFILES.flatMap((profile) =>
    // The kubeadm profile takes what kubeadm takes.
    (profile === 'kubeadm' ? algorithmsOf(NEWEST) : KEY_ALGORITHM_IDS).flatMap((keyAlgorithm) =>
      [false, true].map((rootCa) => ({ profile, keyAlgorithm, rootCa })),
    ),
  );
  const pkis = await Promise.all(
    requests.map(async (request) => {
      const host = { hostIp: ['192.0.2.10', '2001:db8::10'], hostname: 'cp1' };
      const { files } = await generateClusterPki({ ...host, ...request, generateKeyPair: pooledKeyPair });
      return certificatesOf(files).map(({ name, der }) => ({
        name: `${JSON.stringify(request)} ${name}`,
        der,
      }));
    }),
  );
  return pkis.flat();
}

export function kubeadmCertificates() {
  const fixtures = join(import.meta.dirname, '..', 'fixtures', 'kubeadm');
  return certificatesOf([...readTree(fixtures)].map(([path, { contents = '' }]) => ({ path, contents })));
}

// https://kubernetes.io/docs/tasks/administer-cluster/certificates/#cfssl
const CFSSL_USAGES = {
  kubernetes: ['signing', 'key encipherment', 'server auth', 'client auth'],
  client: ['signing', 'client auth'],
  agreement: ['signing', 'key agreement', 'server auth'],
};

export function cfsslCertificates({ makeFolder, program }) {
  const folder = makeFolder();
  const file = (name, contents) => {
    writeFileSync(join(folder, name), contents);
    return join(folder, name);
  };
  const gencert = (args, request) =>
    JSON.parse(
      mustRun(program('cfssl-1.6.5'), ['gencert', ...args, '-'], { input: JSON.stringify(request) }).stdout,
    );
  const profiles = Object.entries(CFSSL_USAGES).map(([name, usages]) => [name, { usages, expiry: '8760h' }]);
  const config = file('config.json', JSON.stringify({ signing: { profiles: Object.fromEntries(profiles) } }));
  return [
    { algo: 'rsa', size: 2048 },
    { algo: 'ecdsa', size: 256 },
  ].flatMap((key) => {
    const names = [{ C: 'DE', ST: 'Berlin', L: 'Berlin', O: 'Kubernetes', OU: 'System' }];
    const ca = gencert(['-initca'], { CN: 'kubernetes', key, names });
    const signer = [
      `-ca=${file('ca.crt', ca.cert)}`,
      `-ca-key=${file('ca.key', ca.key)}`,
      `-config=${config}`,
    ];
    const hosts = ['127.0.0.1', '192.0.2.10', 'kubernetes.default.svc.cluster.local'];
    const leaves = Object.keys(CFSSL_USAGES).map((profile) =>
      gencert([...signer, `-profile=${profile}`], { CN: 'kubernetes', key, names, hosts }),
    );
    return [ca, ...leaves].map(({ cert }, index) => ({
      name: `cfssl ${key.algo} ${index}`,
      der: certificatesIn(cert)[0].der,
    }));
  });
}

const OPENSSL_KEYS = {
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ec: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ed25519: ['-algorithm', 'ED25519'],
};

const CA = ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, keyCertSign, cRLSign'];
const SERVER = [
  'basicConstraints = critical, CA:FALSE',
  'keyUsage = critical, digitalSignature',
  'extendedKeyUsage = serverAuth',
  'subjectAltName = DNS:kubernetes',
];

/** What openssl is asked for: extensions, and whatever is not as usual. Without a `signer` it is self-signed. */
const OPENSSL_REQUESTS = [
  { extensions: CA },
  { extensions: CA, key: 'rsa', args: ['-sha1'] },
  { extensions: CA, key: 'rsa', args: ['-md5'] },
  { extensions: CA, args: ['-set_serial', '0'] },
  { extensions: ['basicConstraints = CA:TRUE, pathlen:0'] },
  { extensions: ['basicConstraints = critical, CA:TRUE', 'keyUsage = digitalSignature, cRLSign'] },
  { extensions: [...CA, 'nameConstraints = permitted;DNS:example.com'] },
  {
    extensions: ['basicConstraints = critical, CA:TRUE', 'keyUsage = keyCertSign, keyEncipherment'],
    key: 'rsa',
  },
  { extensions: SERVER },
  ...[
    {},
    { key: 'rsa' },
    { key: 'ed25519' },
    { key: 'rsa', args: ['-sigopt', 'rsa_padding_mode:pss'] },
    { args: ['-sha1'] },
    { args: ['-md5'] },
    { args: ['-set_serial', '1'] },
    { args: ['-set_serial', '-7'] },
    { args: ['-set_serial', `0x${'7f'.repeat(21)}`] },
    { args: ['-days', '20000'] },
    { subject: '/' },
    { subject: '/CN=api.example.com' },
    { subject: '/CN=a/CN=b' },
    { subject: `/O=${'o'.repeat(64)}/CN=${'n'.repeat(64)}` },
    { subject: '/C=DE/CN=b\u00fccher' },
    { subject: '/CN=*.example.com' },
  ].map((request) => ({ extensions: SERVER, signer: true, ...request })),
  ...[
    // https://kubernetes.io/docs/tasks/administer-cluster/certificates/#openssl
    [
      'authorityKeyIdentifier = keyid, issuer:always',
      'basicConstraints = CA:FALSE',
      'keyUsage = keyEncipherment, dataEncipherment',
      'extendedKeyUsage = serverAuth, clientAuth',
      'subjectAltName = DNS:kubernetes, IP:192.0.2.10',
    ],
    // github.com/kelseyhightower/kubernetes-the-hard-way, ca.conf
    [
      'basicConstraints = CA:FALSE',
      'extendedKeyUsage = clientAuth, serverAuth',
      'keyUsage = critical, digitalSignature, keyEncipherment',
      'nsCertType = client',
      'subjectAltName = DNS:cp1, IP:127.0.0.1',
      'subjectKeyIdentifier = hash',
    ],
    ['keyUsage = critical, keyCertSign, cRLSign'],
    ['keyUsage = critical, keyAgreement, encipherOnly', 'extendedKeyUsage = serverAuth'],
    ['keyUsage = critical, nonRepudiation', 'extendedKeyUsage = codeSigning, emailProtection'],
    ['basicConstraints = CA:FALSE, pathlen:1', 'extendedKeyUsage = clientAuth'],
    ['subjectKeyIdentifier = critical, hash', 'authorityKeyIdentifier = critical, keyid'],
    ['subjectAltName = critical, DNS:kubernetes'],
    ['subjectAltName = DNS:192.0.2.10, DNS:10.96.0.1'],
    ['subjectAltName = DNS:a.*.example.com, DNS:*'],
    ['subjectAltName = DNS:.example.com, DNS:a b'],
    ['subjectAltName = DER:30:00', '2.5.29.37 = DER:30:00'],
    ['2.5.29.15 = critical, DER:03:02:00:80'],
    ['2.5.29.19 = critical, DER:30:03:01:01:00'],
  ].flatMap((extensions) => ['rsa', 'ec'].map((key) => ({ extensions, key, signer: true }))),
];

export function opensslCertificates({ makeFolder }) {
  const folder = makeFolder();
  const at = (name) => join(folder, name);
  for (const [name, args] of Object.entries(OPENSSL_KEYS))
    mustRun('openssl', ['genpkey', ...args, '-out', at(`${name}.key`)]);
  const issue = ({ extensions, key = 'ec', subject = '/CN=made by openssl', signer, args = [] }) => {
    const config = ['[req]', 'distinguished_name = none', '[none]', '[extensions]', ...extensions];
    writeFileSync(at('openssl.cnf'), config.join('\n'));
    const ca = signer === undefined ? [] : ['-CA', at('ca.crt'), '-CAkey', at('rsa.key')];
    const to = ['-config', at('openssl.cnf'), '-extensions', 'extensions', '-utf8', '-subj', subject];
    return mustRun('openssl', ['req', '-x509', '-new', '-key', at(`${key}.key`), ...to, ...ca, ...args])
      .stdout;
  };
  writeFileSync(at('ca.crt'), issue({ extensions: CA, key: 'rsa', subject: '/CN=ca' }));
  const pems = OPENSSL_REQUESTS.map(issue);
  const [key, config] = [at('rsa.key'), at('openssl.cnf')];
  const request = mustRun('openssl', ['req', '-new', '-key', key, '-subj', '/CN=cp1', '-config', config]);
  // Without -extfile: of version 1 up to OpenSSL 3.3.
  const sign = ['x509', '-req', '-CA', at('ca.crt'), '-CAkey', key, '-CAcreateserial'];
  pems.push(mustRun('openssl', sign, { input: request.stdout }).stdout);
  return pems.map((pem, index) => ({ name: `openssl ${index}`, der: certificatesIn(pem)[0].der }));
}
