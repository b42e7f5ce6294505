// etcd, kube-apiserver, kube-controller-manager and kube-scheduler live on what `init` wrote, by `show arguments`.
import { createPublicKey, generateKeyPairSync, sign, verify, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEY_ALGORITHM_IDS } from '../../dist/index.js';
import { CONTROL_PLANE_PROGRAMS, withControlPlane } from '../control-plane.mjs';
import { createLedger } from '../ledger.mjs';
import { checkMatrix, whoAmI } from '../matrix.mjs';
import { NAMESPACE } from '../namespace.mjs';
import { mustRun, run } from '../processes.mjs';

const NEW_KEY = '-nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256';

/** What each may do and may not: user, answer, and what `kubectl auth can-i` is asked. */
const RIGHTS = [
  ['admin.conf', 'yes', '* *'],
  ['scheduler.conf', 'yes', 'create pods --subresource=binding'],
  ['scheduler.conf', 'yes', 'update leases.coordination.k8s.io/kube-scheduler -n kube-system'],
  ['scheduler.conf', 'no', 'update leases.coordination.k8s.io/cp1 -n kube-node-lease'],
  ['scheduler.conf', 'no', 'create serviceaccounts --subresource=token'],
  ['scheduler.conf', 'no', 'list secrets'],
  ['controller-manager.conf', 'yes', 'create serviceaccounts --subresource=token'],
  [
    'controller-manager.conf',
    'yes',
    'update leases.coordination.k8s.io/kube-controller-manager -n kube-system',
  ],
  ['controller-manager.conf', 'no', 'update leases.coordination.k8s.io/cp1 -n kube-node-lease'],
  ['controller-manager.conf', 'no', 'create pods --subresource=binding'],
  ['kubelet.conf', 'yes', 'create nodes'],
  ['kubelet.conf', 'yes', 'update leases.coordination.k8s.io/cp1 -n kube-node-lease'],
  ['kubelet.conf', 'no', 'update leases.coordination.k8s.io/cp2 -n kube-node-lease'],
  ['kubelet.conf', 'no', 'create pods --subresource=binding'],
  ['kubelet.conf', 'no', 'list secrets'],
];

/** The profiles that bind their administrators by RBAC give them nothing before, and everything after. */
function checkGrants(host, ledger, profile) {
  const mayAll = () => host.tryKubectl('admin.conf', ['auth', 'can-i', '*', '*']).stdout.trim();
  const before = mayAll();
  const isBound = host.grant();
  ledger.expect('admin.conf before show rbac is applied', before, isBound ? 'no' : 'yes');
  ledger.expect('show rbac is needed', isBound, profile !== 'requirements');
  ledger.expect('admin.conf', mayAll(), 'yes');
}

function checkRights(host, ledger) {
  for (const [user, answer, question] of RIGHTS) {
    const { stdout } = host.tryKubectl(user, ['auth', 'can-i', ...question.split(' ')]);
    // A refusal may go on with its reason.
    const [word] = stdout.trim().split(' ');
    ledger.expect(`${user} may ${question}`, word, answer);
  }
}

const nodeNamed = (name) => JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name } });

/** NodeRestriction knows a kubelet by its common name. */
function checkNodeRestriction(host, ledger) {
  const create = (name) =>
    host.tryKubectl('kubelet.conf', ['create', '-f', '-'], { input: nodeNamed(name) }).output;
  ledger.expectMatch(
    'kubelet.conf makes another node',
    create('cp2'),
    /"cp1" is not allowed to modify node "cp2"/,
  );
  ledger.expect('kubelet.conf makes its node', create('cp1'), 'node/cp1 created');
}

/** Each lives by its own kubeconfig: only the holder of a lease renews it. */
async function checkLeases({ kubectl, daemons }, ledger) {
  for (const name of ['kube-scheduler', 'kube-controller-manager']) {
    const get = ['get', 'lease', name, '-n', 'kube-system', '--ignore-not-found'];
    const holder = await daemons.waitFor(`the lease of ${name}`, () => {
      const text = kubectl('admin.conf', [...get, '-o', 'jsonpath={.spec.holderIdentity}']);
      return text !== '' && text;
    });
    ledger.expectMatch(`the lease of ${name} has a holder`, holder, /./);
  }
}

const JWT_HASHES = { RS256: 'sha256', ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' };
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

/** A token of the API server is signed by sa.key, holds against sa.pub, and is believed; another pair's is not. */
async function checkTokens(host, ledger) {
  const { at, kubectl, daemons, server, trust } = host;
  await daemons.waitFor(
    'a default service account',
    () => kubectl('admin.conf', ['get', 'sa', 'default', '--ignore-not-found', '-o', 'name']) !== '',
  );
  const token = kubectl('admin.conf', ['create', 'token', 'default']);
  const [header, payload, signature] = token.split('.');
  const hash = JWT_HASHES[decode(header).alg];
  const dsaEncoding = 'ieee-p1363';
  const key = createPublicKey(readFileSync(at('sa.pub')));
  const isSigned = verify(
    hash,
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding },
    Buffer.from(signature, 'base64url'),
  );
  ledger.expect('a token holds against sa.pub', isSigned, true);
  ledger.expect('its issuer', decode(payload).iss, 'https://kubernetes.default.svc.cluster.local');

  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const { modulusLength, namedCurve } = details;
  const other = generateKeyPairSync(type, { modulusLength, namedCurve });
  const forged = sign(hash, Buffer.from(`${header}.${payload}`), { key: other.privateKey, dsaEncoding });
  const seen = (text) => whoAmI({ server, trust }, { headers: { Authorization: `Bearer ${text}` } });
  const { user } = await seen(token);
  ledger.expect('the API server believes it', user, 'system:serviceaccount:default:default');
  ledger.expect(
    'it believes one that another pair signed',
    await seen(`${header}.${payload}.${forged.toString('base64url')}`),
    401,
  );
}

/** The controller manager hands pods what verifies the API server. */
async function checkRootCaFile({ kubectl, daemons, argumentsOf }, ledger) {
  const published = await daemons.waitFor('kube-root-ca.crt', () => {
    const get = [
      'get',
      'configmap',
      'kube-root-ca.crt',
      '--ignore-not-found',
      '-o',
      'jsonpath={.data.ca\\.crt}',
    ];
    return kubectl('admin.conf', get) || undefined;
  });
  const [file] = argumentsOf('kube-controller-manager')
    .filter((argument) => argument.startsWith('--root-ca-file='))
    .map((argument) => argument.slice('--root-ca-file='.length));
  ledger.expect('kube-root-ca.crt', published, readFileSync(file, 'utf8').trim());
}

/** The CA key is elsewhere: the controller manager is told of none, says so and goes on. */
async function checkNoSigning({ daemons, argumentsOf }, ledger) {
  const isSaid = () =>
    daemons
      .logOf('kube-controller-manager')
      .includes('Skipping CSR signer controller because no csr cert/key was specified');
  await daemons.waitFor('a controller manager that signs nothing', isSaid);
  const signing = argumentsOf('kube-controller-manager').filter((argument) =>
    argument.startsWith('--cluster-signing'),
  );
  ledger.expect('the signing arguments', signing, []);
}

/** A kubelet's request for a certificate, approved, is signed with ca.key. */
async function checkSigning({ folder, at, kubectl, daemons }, ledger) {
  const [request, key] = [join(folder, 'node.csr'), join(folder, 'node.key')];
  const subject = '/O=system:nodes/CN=system:node:cp9';
  mustRun('openssl', [...`req -new ${NEW_KEY} -keyout ${key} -out ${request}`.split(' '), '-subj', subject]);
  const csr = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'cp9' },
    spec: {
      request: readFileSync(request).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    },
  };
  kubectl('admin.conf', ['create', '-f', '-'], { input: JSON.stringify(csr) });
  kubectl('admin.conf', ['certificate', 'approve', 'cp9']);
  const encoded = await daemons.waitFor('the certificate of a node', () => {
    const get = ['get', 'csr', 'cp9', '-o', 'jsonpath={.status.certificate}'];
    return kubectl('admin.conf', get) || undefined;
  });
  const certificate = join(folder, 'node.crt');
  writeFileSync(certificate, Buffer.from(encoded, 'base64'));
  const verification = `verify -partial_chain -purpose sslclient -CAfile ${at('ca.crt')} ${certificate}`;
  const verified = run('openssl', verification.split(' '));
  ledger.expect('openssl verifies what it signed', verified.output, `${certificate}: OK`);
  const issued = new X509Certificate(readFileSync(certificate));
  ledger.expect('its subject', issued.subject, 'O=system:nodes\nCN=system:node:cp9');
}

const PROXY_HEADERS = {
  'X-Remote-User': 'alice',
  'X-Remote-Group': 'wonderland',
  'X-Remote-Extra-Via': 'looking-glass',
};

/** Whom the API server lets speak for others: front-proxy-client, with the headers of its arguments, and nobody else. */
async function checkFrontProxy(host, ledger) {
  const { at } = host;
  const shown = (certificate, key) =>
    whoAmI(host, { cert: readFileSync(certificate), key: readFileSync(key), headers: PROXY_HEADERS });
  const proxied = await shown(at('front-proxy-client.crt'), at('front-proxy-client.key'));
  ledger.expect('front-proxy-client speaks for alice', proxied, {
    user: 'alice',
    groups: ['wonderland', 'system:authenticated'],
    extra: { via: ['looking-glass'] },
  });
  const kubelet = await shown(at('apiserver-kubelet-client.crt'), at('apiserver-kubelet-client.key'));
  ledger.expect('apiserver-kubelet-client speaks for itself', kubelet.user, 'kube-apiserver-kubelet-client');
}

/** Of the front-proxy CA, but no name that --requestheader-allowed-names has: speaks for nobody. */
async function checkOtherProxy(host, ledger) {
  const { at, folder } = host;
  const [certificate, key] = ['other-proxy.crt', 'other-proxy.key'].map((name) => join(folder, name));
  const authority = `-CA ${at('front-proxy-ca.crt')} -CAkey ${at('front-proxy-ca.key')}`;
  const extensions = '-addext extendedKeyUsage=clientAuth -addext basicConstraints=critical,CA:FALSE';
  const issuing = `req -x509 ${NEW_KEY} -subj /CN=other-proxy ${extensions} ${authority}`;
  mustRun('openssl', `${issuing} -keyout ${key} -out ${certificate}`.split(' '));
  const seen = await whoAmI(host, {
    cert: readFileSync(certificate),
    key: readFileSync(key),
    headers: PROXY_HEADERS,
  });
  ledger.expect('another client of the front-proxy CA', seen, 401);
}

function controlPlaneCase({ id, isKeyless = false, ...options }) {
  return {
    id: `control plane: ${id}`,
    needs: CONTROL_PLANE_PROGRAMS,
    requires: [NAMESPACE],
    run: (context) =>
      withControlPlane(context, options, async (host) => {
        const ledger = createLedger();
        checkGrants(host, ledger, options.profile);
        checkRights(host, ledger);
        checkNodeRestriction(host, ledger);
        await checkLeases(host, ledger);
        await checkTokens(host, ledger);
        await checkRootCaFile(host, ledger);
        await (isKeyless ? checkNoSigning : checkSigning)(host, ledger);
        await checkFrontProxy(host, ledger);
        if (!isKeyless) await checkOtherProxy(host, ledger);
        await checkMatrix(host, ledger, options.profile);
        return ledger.outcome();
      }),
  };
}

const CA_KEYS = ['ca.key', 'front-proxy-ca.key', 'etcd/ca.key'];

export const cases = [
  ...KEY_ALGORITHM_IDS.map((algorithm) => ({ profile: 'requirements', algorithm })),
  { profile: 'kubeadm', algorithm: 'RSA-2048' },
  { profile: 'kubeadm', algorithm: 'ECDSA-P256' },
  ...KEY_ALGORITHM_IDS.map((algorithm) => ({ profile: 'hardened', algorithm })),
  { profile: 'requirements', algorithm: 'RSA-2048', rootCa: true, as: 'below a root CA' },
  { profile: 'hardened', algorithm: 'ECDSA-P256', rootCa: true, as: 'below a root CA' },
  {
    profile: 'requirements',
    algorithm: 'ECDSA-P256',
    removed: CA_KEYS,
    isKeyless: true,
    as: 'CA keys elsewhere',
  },
].map(({ as, ...options }) =>
  controlPlaneCase({
    id: [options.profile, options.algorithm, ...(as === undefined ? [] : [as])].join(', '),
    ...options,
  }),
);
