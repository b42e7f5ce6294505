// What the real kubeadm binds to its identities, asked by a server that takes everything, against what `show rbac` prints.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseClusterSpec } from '../../dist/cluster/parse.js';
import { resolveBindings } from '../../dist/resolve/rbac.js';
import { layOut, runPhases } from '../kubeadm.mjs';
import { ADDRESSES, NAMESPACE } from '../namespace.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';

const REQUEST = { hostname: 'cp1', advertiseAddress: ADDRESSES[0], keyAlgorithm: 'ECDSA-P256' };
const PATH = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const NOT_FOUND = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 });
/** Those of joining by bootstrap tokens, which are no part of a PKI. */
const OF_TOKENS = /^kubeadm:(?:get-nodes|kubelet-bootstrap|node-autoapprove-.*)$/;

/** The fields of a protobuf message that are messages or texts, each as its number and its bytes. */
function* fieldsOf(bytes) {
  let at = 0;
  const readVarint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const length = readVarint();
    if ((tag & 7) !== 2) continue;
    yield [tag >> 3, bytes.subarray(at, at + length)];
    at += length;
  }
}

const fieldOf = (bytes, number) => [...fieldsOf(bytes)].find(([found]) => found === number)[1];
const textOf = (bytes, number) => fieldOf(bytes, number).toString();

/** `name role kind subject` of a ClusterRoleBinding as it is sent: JSON up to 1.32, protobuf since (kubernetes api/rbac/v1). */
function sentBinding(body) {
  if (body[0] === 0x7b) {
    const { metadata, roleRef, subjects } = JSON.parse(body);
    return subjects.map(({ kind, name }) => `${metadata.name} ${roleRef.name} ${kind} ${name}`);
  }
  // "k8s" and a zero, then an envelope whose second field is the object.
  const binding = fieldOf(body.subarray(4), 2);
  const subjects = [...fieldsOf(binding)].filter(([number]) => number === 2);
  const head = `${textOf(fieldOf(binding, 1), 1)} ${textOf(fieldOf(binding, 3), 3)}`;
  return subjects.map(([, subject]) => `${head} ${textOf(subject, 1)} ${textOf(subject, 3)}`);
}

/** An API server that keeps what bindings are sent to it, and answers as if all were well. */
async function startServer({ cert, key }) {
  const bindings = [];
  const server = createServer({ cert, key }, async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    if (request.method !== 'POST')
      return response.writeHead(404, { 'Content-Type': 'application/json' }).end(NOT_FOUND);
    if (request.url.startsWith(PATH)) bindings.push(...sentBinding(body));
    return response.writeHead(201, { 'Content-Type': request.headers['content-type'] }).end(body);
  });
  server.listen(6443, REQUEST.advertiseAddress);
  await once(server, 'listening');
  return { server, bindings };
}

async function askKubeadm({ makeFolder, program }, version) {
  const kubeadm = program(`kubeadm-${version}`);
  const place = layOut(makeFolder(), { request: REQUEST, version, isRoot: true });
  runPhases(kubeadm, place);
  const [cert, key] = ['apiserver.crt', 'apiserver.key'].map((name) =>
    readFileSync(join(place.directory, 'pki', name)),
  );
  const { server, bindings } = await startServer({ cert, key });
  try {
    await promisify(execFile)(kubeadm, ['init', 'phase', 'bootstrap-token', ...place.config]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
  return bindings.filter((text) => !OF_TOKENS.test(text.split(' ')[0]));
}

const asked = new Map();
/** kubeadm says the same each time. */
function kubeadmBindings(context, version) {
  if (!asked.has(version)) asked.set(version, askKubeadm(context, version));
  return asked.get(version);
}

function ourBindings(options) {
  const { spec } = parseClusterSpec({ hostIp: '192.0.2.10', hostname: 'cp1', ...options }, {});
  return resolveBindings(spec).flatMap(({ metadata, roleRef, subjects }) =>
    subjects.map(({ kind, name }) => `${metadata.name} ${roleRef.name} ${kind} ${name}`),
  );
}

function compareTexts(expected, found) {
  return [
    ...expected.filter((text) => !found.includes(text)).map((text) => `${text} is missing`),
    ...found.filter((text) => !expected.includes(text)).map((text) => `${text} is there and should not be`),
  ];
}

function kubeadmCase({ id, profile, version }) {
  return {
    id: `grants: ${id}`,
    needs: [`kubeadm-${version}`],
    requires: [NAMESPACE],
    run: async (context) => {
      const theirs = await kubeadmBindings(context, version);
      const ours = ourBindings({ profile, kubernetesVersion: version });
      // Each, and that there is no other.
      return { checks: theirs.length + 1, failures: compareTexts(theirs, ours), note: theirs.join('; ') };
    },
  };
}

const [NEWEST] = KUBEADM_VERSIONS;
const kubeadmCases = KUBEADM_VERSIONS.map((version) =>
  kubeadmCase({ id: `as kubeadm ${version} binds its identities`, profile: 'kubeadm', version }),
);
// The same identities.
const hardenedCase = kubeadmCase({
  id: 'hardened, as the newest kubeadm',
  profile: 'hardened',
  version: NEWEST,
});

const requirementsCase = {
  // R3 and R6: whoever needs more than Kubernetes binds by itself is in system:masters.
  id: 'grants: requirements, which needs none',
  needs: [],
  run: async () => ({ checks: 1, failures: compareTexts([], ourBindings({ profile: 'requirements' })) }),
};

export const cases = [...kubeadmCases, hardenedCase, requirementsCase];
