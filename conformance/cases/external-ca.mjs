// Certificates that are signed elsewhere, across tools: the requests of each, signed by the others, are what both keep.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateClusterPki, writeClusterPki } from '../../dist/index.js';
import { strictReader } from '../../dist/x509/certificate-reader.js';
import { describeKey } from '../../dist/x509/keys.js';
import { parsePemBlocks } from '../../dist/x509/pem.js';
import { isProofOfPossession } from '../../dist/x509/request.js';
import { pooledKeyPair } from '../keys.mjs';
import { layOut, runPhases } from '../kubeadm.mjs';
import { mustRun, mustRunOurs, runOurs } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { argumentsOf, hasChoices, optionsOf } from '../requests.mjs';
import { changesOf, readTree } from '../trees.mjs';

const CFSSL = 'cfssl-1.6.5';
const REQUEST = {
  hostname: 'cp1',
  advertiseAddress: '192.0.2.10',
  controlPlaneEndpoint: 'lb.example.com:8443',
  apiserverCertExtraSans: ['api.example.com', '192.0.2.99'],
};
const AUTHORITIES = { ca: 'ca', 'etcd-ca': 'etcd/ca', 'front-proxy-ca': 'front-proxy-ca' };
const SIGNED_BY = [
  [/^pki\/etcd\/|^pki\/apiserver-etcd-client/, 'etcd-ca'],
  [/^pki\/front-proxy-client/, 'front-proxy-ca'],
  [/./, 'ca'],
];

const requestIn = (pem) => strictReader.parseRequest(parsePemBlocks(pem)[0].der);
const requestsIn = (tree) => [...tree].filter(([path]) => path.endsWith('.csr'));

/** What a request asks for, without the usages, for which kubeadm does not ask (kubeadm.md 4.3). */
function askedBy(pem) {
  const { subject, subjectAltName = [], spkiDer } = requestIn(pem);
  return JSON.stringify({
    subject: Buffer.from(subject.der).toString('hex'),
    names: subjectAltName.map(({ kind, value }) => `${kind}:${value}`).toSorted(),
    key: describeKey(spkiDer),
  });
}

/** Which server kubelet.conf names is another matter: kubeadm asks for the endpoint here whatever its phase does. */
const withoutKey = (text) => text.replace(/client-key-data: .*/, '');

function compare(theirs, ours) {
  const only = (tree, other) => [...tree.keys()].filter((path) => !other.has(path));
  const differing = [...only(theirs, ours), ...only(ours, theirs)];
  if (differing.length > 0) return [`made by one alone: ${differing.join(' ')}`];
  return [...theirs].flatMap(([path, { contents, mode }]) => {
    if (path.endsWith('/')) return [];
    const own = ours.get(path);
    const failures = own.mode === mode ? [] : [`${path} has mode ${own.mode}, kubeadm's ${mode}`];
    if (path.endsWith('.csr')) {
      if (askedBy(own.contents) !== askedBy(contents))
        failures.push(`${path} asks for ${askedBy(own.contents)}, kubeadm's for ${askedBy(contents)}`);
      if (!isProofOfPossession(requestIn(contents)))
        failures.push(`${path} of kubeadm is not signed by its key`);
    } else if (path.endsWith('.conf') && path !== 'kubelet.conf') {
      if (withoutKey(own.contents) !== withoutKey(contents)) failures.push(`${path} has another text`);
    }
    return failures;
  });
}

/** CAs alone, in a folder of their own. */
async function makeAuthorities(folder, options) {
  const directory = join(folder, 'authority', 'pki');
  mkdirSync(directory, { recursive: true });
  const { files } = await generateClusterPki({ ...options, generateKeyPair: pooledKeyPair });
  await writeClusterPki({ files: files.filter(({ path }) => /ca\.(?:crt|key)$/.test(path)) }, directory);
  return directory;
}

/** How each signer answers the requests of a tree, into a folder. */
const SIGNERS = {
  'certs sign': ({ directory, authority, into, options }) => {
    const asked = argumentsOf({ ...options, certDir: authority });
    mustRunOurs(['certs', 'sign', directory, '--output-dir', into, ...asked]);
  },
  openssl: ({ directory, authority, into }) => {
    for (const [path] of requestsIn(readTree(directory))) {
      const ca = join(authority, AUTHORITIES[signerOf(path)]);
      const files = ['-in', join(directory, path), '-out', join(into, `${path.replaceAll('/', '-')}.pem`)];
      const by = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-days', '300'];
      mustRun('openssl', ['x509', '-req', ...files, ...by, '-copy_extensions', 'copy']);
    }
  },
  cfssl: ({ directory, authority, into, program }) => {
    for (const [path, { contents }] of requestsIn(readTree(directory))) {
      const ca = join(authority, AUTHORITIES[signerOf(path)]);
      const { extKeyUsage } = requestIn(contents);
      const usages = ['digital signature', ...extKeyUsage.map((usage) => usage.replace('Auth', ' auth'))];
      const config = join(into, 'config.txt');
      writeFileSync(config, JSON.stringify({ signing: { default: { expiry: '7200h', usages } } }));
      const by = [`-ca=${ca}.crt`, `-ca-key=${ca}.key`, `-config=${config}`, '-loglevel=4'];
      const { stdout } = mustRun(program(CFSSL), ['sign', ...by, join(directory, path)]);
      writeFileSync(join(into, `${path.replaceAll('/', '-')}.pem`), JSON.parse(stdout).cert);
    }
  },
};
const signerOf = (path) => SIGNED_BY.find(([pattern]) => pattern.test(path))[1];

/** Has the requests of a directory answered, takes the answers, and sees whether ours and kubeadm find all of it complete. */
function signAndKeep({ place, authority, into, options, signer, kubeadm, program }) {
  mkdirSync(into, { recursive: true });
  const { directory } = place;
  SIGNERS[signer]({ directory, authority, into, options, program });
  const certDir = ['--cert-dir', join(directory, 'pki')];
  const named = Object.entries(AUTHORITIES).flatMap(([id, path]) => [
    '--ca',
    `${id}=${join(authority, `${path}.crt`)}`,
  ]);
  const taken = runOurs(['certs', 'import', into, ...certDir, ...named]);
  if (taken.status !== 0) return [`certs import ended with ${taken.status}: ${taken.output}`];
  // The service account pair, which no CA signs.
  mustRunOurs(['init', ...argumentsOf({ ...options, certDir: certDir[1] })]);
  const failures = [];
  const complete = readTree(directory);
  const again = runOurs(['init', ...argumentsOf({ ...options, certDir: certDir[1] })]);
  if (!again.output.includes('nothing to do: all')) failures.push(`init: ${again.output}`);
  const status = runOurs(['certs', 'status', ...certDir]);
  if (status.status !== 0) failures.push(`certs status: ${status.output}`);
  runPhases(kubeadm, place);
  failures.push(
    ...changesOf(complete, readTree(directory), { isWhole: true }).map((text) => `kubeadm: ${text}`),
  );
  if ([...complete.keys()].some((path) => path.endsWith('ca.key'))) failures.push('a CA key came along');
  return failures;
}

function externalCase(version) {
  return {
    id: `external CA: requests of kubeadm ${version} and ours, signed by ours, openssl and cfssl`,
    needs: [`kubeadm-${version}`, CFSSL],
    requires: ['root', 'openssl'],
    run: async ({ makeFolder, program }) => {
      const kubeadm = program(`kubeadm-${version}`);
      const failures = [];
      let checks = 0;
      for (const keyAlgorithm of hasChoices(version) ? ['RSA-2048', 'ECDSA-P256'] : ['RSA-2048']) {
        const request = { ...REQUEST, keyAlgorithm };
        const options = optionsOf(request, version);
        const authority = await makeAuthorities(makeFolder(), options);
        const told = (what, texts) =>
          failures.push(...texts.map((text) => `${keyAlgorithm}, ${what}: ${text}`));

        const their = makeFolder();
        const place = layOut(their, { request, version, isRoot: true });
        mustRun(kubeadm, ['certs', 'generate-csr', ...place.flags.kubeconfig]);
        const theirs = readTree(place.directory);
        const base = { authority, options, kubeadm, program };
        for (const [index, signer] of Object.keys(SIGNERS).entries()) {
          const folder = makeFolder();
          const own = layOut(folder, { request, version, isRoot: true });
          mustRunOurs([
            'certs',
            'generate-csr',
            ...argumentsOf({ ...options, certDir: join(own.directory, 'pki') }),
          ]);
          if (index === 0) told('files', compare(theirs, readTree(own.directory)));
          told(
            `ours by ${signer}`,
            signAndKeep({ ...base, place: own, into: join(folder, 'signed'), signer }),
          );
          checks += 1;
        }
        const into = join(their, 'signed');
        told("kubeadm's by certs sign", signAndKeep({ ...base, place, into, signer: 'certs sign' }));
        checks += 1;
        rmSync(authority, { recursive: true });
      }
      return { checks, failures };
    },
  };
}

export const cases = KUBEADM_VERSIONS.map(externalCase);
