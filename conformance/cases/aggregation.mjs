// The API server hands requests on to an extension server as front-proxy-client, with the user's name in the headers.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { CONTROL_PLANE_PROGRAMS, credentialsOf, withControlPlane } from '../control-plane.mjs';
import { makeExtensionPair, registerExtension } from '../extension.mjs';
import { ask } from '../https.mjs';
import { identitiesOf } from '../identities.mjs';
import { createLedger } from '../ledger.mjs';
import { credentialsOfHost } from '../matrix.mjs';
import { GUEST_ADDRESS, NAMESPACE } from '../namespace.mjs';

const GROUP = 'conformance.example.com';
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

/** An extension server with a certificate of its own making, registered. */
async function startExtension(host) {
  const pair = makeExtensionPair(host.folder);
  const settings = proxySettings(host);
  const options = { ...pair, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (incoming, outgoing) => {
    const { status, body } = answerTo(settings, incoming);
    outgoing.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }).listen(PORT, GUEST_ADDRESS);
  await once(server, 'listening');

  registerExtension(host, { group: GROUP, port: PORT, caBundle: pair.cert });
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
