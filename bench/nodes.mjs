// Directories of nodes, as the library makes and audits them.
// Usage: node bench/nodes.mjs make|audit FOLDER ALGORITHM COUNT; `audit` prints milliseconds and how much was found, as JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateClusterPki, readClusterPki, verifyClusterPki } from '../dist/index.js';
import { generateKeyPair } from '../dist/x509/keys.js';

const DISTINCT = 50;
const [verb, folder, keyAlgorithm, count] = process.argv.slice(2);
const directories = Array.from({ length: Number(count) }, (_, index) => join(folder, `node-${index}`));

/** Keys that are handed out again: of each cluster that is made here, one file is kept. */
async function keySource() {
  const keys = await Promise.all(Array.from({ length: DISTINCT }, () => generateKeyPair(keyAlgorithm)));
  let given = 0;
  return async () => keys[given++ % DISTINCT];
}

async function nodeFiles(ca, generate, index) {
  const { files } = await generateClusterPki({
    hostIp: `192.0.2.${100 + index}`,
    hostname: `node-${index}`,
    controlPlaneEndpoint: '192.0.2.10:6443',
    profile: 'kubeadm',
    externalEtcd: true,
    keyAlgorithm,
    existing: ca,
    generateKeyPair: generate,
  });
  return [...ca, ...files].filter(({ path }) => path === 'pki/ca.crt' || path === 'kubelet.conf');
}

async function make() {
  const { files } = await generateClusterPki({
    hostIp: '192.0.2.10',
    hostname: 'cp1',
    profile: 'kubeadm',
    keyAlgorithm,
  });
  const ca = files.filter(({ path }) => path === 'pki/ca.crt' || path === 'pki/ca.key');
  const generate = await keySource();
  const nodes = [];
  for (let index = 0; index < DISTINCT; index += 1) nodes.push(await nodeFiles(ca, generate, index));
  for (const [index, directory] of directories.entries()) {
    mkdirSync(join(directory, 'pki'), { recursive: true });
    for (const { path, contents, mode } of nodes[index % DISTINCT])
      writeFileSync(join(directory, path), contents, { mode });
  }
}

async function audit() {
  const begin = performance.now();
  let found = 0;
  for (const directory of directories) {
    const files = await readClusterPki(join(directory, 'pki'));
    found += (await verifyClusterPki({ files, role: 'worker' })).findings.length;
  }
  console.log(JSON.stringify({ milliseconds: performance.now() - begin, found }));
}

await { make, audit }[verb]();
