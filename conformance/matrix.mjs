// Every certificate of a host against every server of it, and no certificate at all: who is let in, and as whom.
import { readdirSync } from 'node:fs';
import { credentialsOf } from './control-plane.mjs';
import { ask } from './https.mjs';
import { identitiesOf } from './identities.mjs';
import { readTree } from './trees.mjs';

// Which alert it is depends on the release of Go that etcd is built with.
const SHUT_OUT = / alert (?:bad certificate|unknown ca|certificate required|handshake failure):/;
const SELF_REVIEW = {
  path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  method: 'POST',
  body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
};

/** Whose CA signs a certificate by the requirements (R3), whatever the table and the certificate say. */
function signerOf(file) {
  if (file.startsWith('etcd/') || file === 'apiserver-etcd-client.crt') return 'etcd/ca.crt';
  return file === 'front-proxy-client.crt' ? 'front-proxy-ca.crt' : 'ca.crt';
}

/**
 * What a host can show a server: each leaf by itself and, below a root, with its whole chain; at last nothing at all.
 *
 * @returns `{ file, signer, cert, key }`, of which all but `file` are absent for nothing.
 */
export function credentialsOfHost({ folder, at, conf }) {
  const tree = readTree(at('.'));
  const contentsOf = (path) => tree.get(path)?.contents ?? '';
  const leaves = [...tree.keys()].filter(
    (path) => path.endsWith('.crt') && !/ca(?:-chain)?\.crt$/.test(path),
  );
  const kubeconfigs = readdirSync(folder).filter((path) => path.endsWith('.conf'));
  const single = [
    ...leaves.map((file) => ({
      file,
      cert: contentsOf(file),
      key: contentsOf(file.replace(/crt$/, 'key')),
    })),
    ...kubeconfigs.map((file) => ({ file, ...credentialsOf(conf(file)) })),
  ].map(({ file, cert, key }) => ({ file, signer: signerOf(file), cert, key }));
  const root = contentsOf('root-ca.crt');
  const whole =
    root === '' ? [] : single.map((one) => ({ ...one, cert: one.cert + contentsOf(one.signer) + root }));
  return [...single, ...whole, { file: 'no certificate' }];
}

/** etcd lets in whom its CA signed, and cuts everybody else off before a word is said. */
async function checkEtcd({ address, at }, ledger, credentials) {
  const tree = readTree(at('.'));
  const { contents: ca } = tree.get('root-ca.crt') ?? tree.get('etcd/ca.crt');
  for (const [url, said] of [
    [`https://${address}:2379/version`, /etcdserver/],
    [`https://${address}:2380/members`, /peerURLs/],
  ])
    for (const { file, signer, cert, key } of credentials) {
      const { status, body, refusal } = await ask({ url, ca, cert, key });
      const what = `${file} at ${url}`;
      if (signer === 'etcd/ca.crt') ledger.expectMatch(what, `${status} ${body}`, said);
      else ledger.expectMatch(what, refusal ?? `${status} ${body}`, SHUT_OUT);
    }
}

/** The user and the groups that the API server sees, or the code with which it refuses. */
export async function whoAmI({ server, trust }, { cert, key, headers }) {
  const { path, ...review } = SELF_REVIEW;
  const { status, body } = await ask({ url: `${server}${path}`, ca: trust, cert, key, headers, ...review });
  if (status !== 201) return status;
  const { username, groups, extra } = JSON.parse(body).status.userInfo;
  return { user: username, groups, extra };
}

/** The API server knows whom the cluster CA signed as a client, by R3 and R6, and nobody else. */
async function checkApiServer(host, ledger, credentials, profile) {
  const identities = new Map(identitiesOf(profile).map(({ file, user, groups }) => [file, { user, groups }]));
  for (const one of credentials) {
    const seen = await whoAmI(host, one);
    const found = typeof seen === 'number' ? seen : { user: seen.user, groups: seen.groups };
    const identity = identities.get(one.file);
    // Whoever shows nothing is system:anonymous, who may not ask.
    const refused = one.cert === undefined ? 403 : 401;
    const wanted =
      identity === undefined
        ? refused
        : { user: identity.user, groups: [...identity.groups, 'system:authenticated'] };
    ledger.expect(`${one.file} at the API server`, found, wanted);
  }
  const files = new Set(credentials.map(({ file }) => file));
  for (const file of identities.keys()) ledger.expect(`there is ${file}`, files.has(file), true);
}

/**
 * A server that asks the API server who may do what: kubelet, kube-controller-manager, kube-scheduler. Those of
 * `allowed` get through, other clients of the cluster CA are known and may not, the rest is not known.
 */
export async function checkDelegating(ledger, credentials, { url, profile, allowed, anonymous = 403 }) {
  const clients = new Set(identitiesOf(profile).map(({ file }) => file));
  for (const { file, cert, key } of credentials) {
    const { status, refusal } = await ask({ url, cert, key });
    const known = allowed.includes(file) ? 200 : 403;
    const unknown = cert === undefined ? anonymous : 401;
    ledger.expect(`${file} at ${url}`, status ?? refusal, clients.has(file) ? known : unknown);
  }
}

/** Who may read metrics without a grant of its own: whoever may do everything. */
function administrators(profile) {
  const groups = ['system:masters', 'kubeadm:cluster-admins'];
  return identitiesOf(profile)
    .filter((identity) => identity.groups.some((group) => groups.includes(group)))
    .map(({ file }) => file);
}

/** The whole matrix of a running control plane, to which `show rbac` has been applied. */
export async function checkMatrix(host, ledger, profile) {
  const credentials = credentialsOfHost(host);
  await checkEtcd(host, ledger, credentials);
  await checkApiServer(host, ledger, credentials, profile);
  for (const port of [10257, 10259]) {
    const url = `https://${host.address}:${port}/metrics`;
    await checkDelegating(ledger, credentials, { url, profile, allowed: administrators(profile) });
  }
}
