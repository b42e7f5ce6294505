// The API server hands requests on to an extension server as front-proxy-client, with the user's name in the headers.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { CONTROL_PLANE_PROGRAMS, credentialsOf, withControlPlane } from '../control-plane.mjs';
import { ask } from '../https.mjs';
import { identitiesOf } from '../identities.mjs';
import { createLedger } from '../ledger.mjs';
import { credentialsOfHost } from '../matrix.mjs';
import { GUEST_ADDRESS, NAMESPACE } from '../namespace.mjs';
import { mustRun } from '../processes.mjs';

const GROUP = 'conformance.example.com';
const NAME = 'extension.default.svc';
const PORT = 4443;

/** What the API server tells every extension server of whom to believe: its own arguments, handed on. */
function proxySettings({ kubectl }) {
  const get = ['get', 'configmap', 'extension-apiserver-authentication', '-n', 'kube-system', '-o', 'json'];
  const { data } = JSON.parse(kubectl('admin.conf', get));
  const list = (name) => JSON.parse(data[`requestheader-${name}`]);
  const [userHeader] = list('username-headers');
  const [groupHeader] = list('group-headers');
  return {
    authority: new X509Certificate(data['requestheader-client-ca-file']),
    allowedNames: list('allowed-names'),
    userHeader: userHeader.toLowerCase(),
    groupHeader: groupHeader.toLowerCase(),
  };
}

/** Answers who asks, as an extension API server finds it out, and 401 to whom it does not know. */
function answerTo({ authority, allowedNames, userHeader, groupHeader }, { headers, socket, url }) {
  const { raw, subject } = socket.getPeerCertificate();
  const isProxy =
    raw !== undefined &&
    new X509Certificate(raw).verify(authority.publicKey) &&
    allowedNames.includes(subject.CN);
  if (!isProxy) return { status: 401, body: {} };
  if (url.endsWith('/whoami'))
    return { status: 200, body: { user: headers[userHeader], groups: headers[groupHeader] } };
  return {
    status: 200,
    body: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${GROUP}/v1`, resources: [] },
  };
}

/** An extension server with a certificate of its own making, and the objects that register it. */
async function startExtension(host) {
  const [certificate, key] = ['extension.crt', 'extension.key'].map((file) => join(host.folder, file));
  const newKey = `-nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout ${key}`;
  const subject = `-subj /CN=${NAME} -addext subjectAltName=DNS:${NAME}`;
  mustRun('openssl', `req -x509 ${newKey} ${subject} -out ${certificate}`.split(' '));
  const [cert, settings] = [readFileSync(certificate), proxySettings(host)];
  const options = { cert, key: readFileSync(key), requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (incoming, outgoing) => {
    const { status, body } = answerTo(settings, incoming);
    outgoing.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }).listen(PORT, GUEST_ADDRESS);
  await once(server, 'listening');

  const metadata = { name: 'extension', namespace: 'default' };
  const labels = { 'kubernetes.io/service-name': 'extension' };
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { ports: [{ name: 'https', port: 443, targetPort: PORT }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels },
      addressType: 'IPv4',
      ports: [{ name: 'https', port: PORT }],
      endpoints: [{ addresses: [GUEST_ADDRESS], conditions: { ready: true } }],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v1.${GROUP}` },
      spec: {
        group: GROUP,
        version: 'v1',
        service: metadata,
        caBundle: cert.toString('base64'),
        groupPriorityMinimum: 1000,
        versionPriority: 10,
      },
    },
  ];
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  host.kubectl('admin.conf', ['create', '-f', '-'], { input: JSON.stringify(list) });
  return server;
}

async function checkAggregation(host, ledger, profile) {
  const { kubectl, daemons, conf, server, trust } = host;
  const available = 'jsonpath={.status.conditions[?(@.type=="Available")].status}';
  await daemons.waitFor(
    'the extension server to be available',
    () => kubectl('admin.conf', ['get', 'apiservice', `v1.${GROUP}`, '-o', available]) === 'True',
  );
  const path = `/apis/${GROUP}/v1/whoami`;
  const { cert: adminCert, key: adminKey } = credentialsOf(conf('admin.conf'));
  // Not through kubectl, which would be waited for while the extension server is to answer.
  const seenFor = async (headers) => {
    const { body } = await ask({
      url: `${server}${path}`,
      ca: trust,
      cert: adminCert,
      key: adminKey,
      headers,
    });
    const { user, groups = '' } = JSON.parse(body);
    return { user, groups: groups.split(', ') };
  };
  const { user, groups } = identitiesOf(profile).find(({ file }) => file === 'admin.conf');
  const authenticated = 'system:authenticated';
  const asAlice = { 'Impersonate-User': 'alice', 'Impersonate-Group': 'system:masters' };
  ledger.expect('whom the extension server sees', await seenFor({}), {
    user,
    groups: [...groups, authenticated],
  });
  ledger.expect('whom it sees for another', await seenFor(asAlice), {
    user: 'alice',
    groups: ['system:masters', authenticated],
  });

  const headers = { 'X-Remote-User': 'mallory' };
  for (const { file, cert, key } of credentialsOfHost(host)) {
    const url = `https://${GUEST_ADDRESS}:${PORT}${path}`;
    const { status } = await ask({ url, cert, key, headers });
    ledger.expect(`${file} at the extension server`, status, file === 'front-proxy-client.crt' ? 200 : 401);
  }
}

export const cases = [
  { profile: 'requirements', algorithm: 'RSA-2048' },
  { profile: 'kubeadm', algorithm: 'ECDSA-P256' },
  { profile: 'hardened', algorithm: 'ECDSA-P256', rootCa: true },
].map((options) => ({
  id: `aggregation: ${options.profile}, ${options.algorithm}${options.rootCa ? ', below a root CA' : ''}`,
  needs: CONTROL_PLANE_PROGRAMS,
  requires: [NAMESPACE, 'openssl'],
  run: (context) =>
    withControlPlane(context, options, async (host) => {
      host.grant();
      const ledger = createLedger();
      const server = await startExtension(host);
      try {
        await checkAggregation(host, ledger, options.profile);
      } finally {
        server.closeAllConnections();
        server.close();
      }
      return ledger.outcome();
    }),
}));
