// The trees without a fault, by the names and usages of the Kubernetes documentation (docs/reference), made with openssl alone.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { encodeFields, encodeSigned, fieldsOf, pemOf } from './der.mjs';

/** The moment that is asked about. */
export const AT = '2027-06-01T00:00:00Z';
const FROM = '20270101000000Z';
const LEAF_UNTIL = '20280101000000Z';
const CA_UNTIL = '20361229000000Z';

const CA = {
  basicConstraints: 'critical, CA:TRUE',
  keyUsage: 'critical, digitalSignature, keyCertSign, cRLSign',
  subjectKeyIdentifier: 'hash',
};
const LEAF = {
  basicConstraints: 'critical, CA:FALSE',
  keyUsage: 'critical, digitalSignature',
  subjectKeyIdentifier: 'hash',
  authorityKeyIdentifier: 'keyid',
};
const CLIENT = { ...LEAF, extendedKeyUsage: 'clientAuth' };
const HOST = 'DNS:cp1, IP:192.0.2.10';
const SERVICE = ['', '.default', '.default.svc', '.default.svc.cluster', '.default.svc.cluster.local'];
export const APISERVER_NAMES = [
  ...SERVICE.map((suffix) => `DNS:kubernetes${suffix}`),
  'IP:10.96.0.1',
  HOST,
].join(', ');
const ETCD = {
  ...LEAF,
  extendedKeyUsage: 'serverAuth, clientAuth',
  subjectAltName: `${HOST}, DNS:localhost, IP:127.0.0.1`,
};

const authority = (subject) => ({ subject, extensions: CA, notAfter: CA_UNTIL });
const leaf = (subject, extensions, signer) => ({ subject, extensions, signer, notAfter: LEAF_UNTIL });

/** What is certified, by path without its ending; a signer stands before what it signs. */
const CERTIFICATES = {
  'pki/root-ca': authority('/CN=kubernetes-root-ca'),
  'pki/ca': authority('/CN=kubernetes-ca'),
  'pki/front-proxy-ca': authority('/CN=kubernetes-front-proxy-ca'),
  'pki/etcd/ca': authority('/CN=etcd-ca'),
  'pki/apiserver': leaf(
    '/CN=kube-apiserver',
    { ...LEAF, extendedKeyUsage: 'serverAuth', subjectAltName: APISERVER_NAMES },
    'pki/ca',
  ),
  'pki/apiserver-kubelet-client': leaf(
    '/O=system:masters/CN=kube-apiserver-kubelet-client',
    CLIENT,
    'pki/ca',
  ),
  'pki/front-proxy-client': leaf('/CN=front-proxy-client', CLIENT, 'pki/front-proxy-ca'),
  'pki/etcd/server': leaf('/CN=kube-etcd', ETCD, 'pki/etcd/ca'),
  'pki/etcd/peer': leaf('/CN=kube-etcd-peer', ETCD, 'pki/etcd/ca'),
  'pki/etcd/healthcheck-client': leaf('/CN=kube-etcd-healthcheck-client', CLIENT, 'pki/etcd/ca'),
  'pki/apiserver-etcd-client': leaf('/O=system:masters/CN=kube-apiserver-etcd-client', CLIENT, 'pki/etcd/ca'),
};

const KUBECONFIGS = {
  'admin.conf': { subject: '/O=system:masters/CN=kubernetes-admin', user: 'default-admin' },
  'kubelet.conf': { subject: '/O=system:nodes/CN=system:node:cp1', user: 'default-auth' },
  'controller-manager.conf': {
    subject: '/CN=system:kube-controller-manager',
    user: 'default-controller-manager',
  },
  'scheduler.conf': { subject: '/CN=system:kube-scheduler', user: 'default-scheduler' },
};

const base64 = (text) => Buffer.from(text).toString('base64');

/** What kubeadm wrote for a host of the same name and address (fixtures/manifests). */
const MANIFESTS = join(import.meta.dirname, '../../fixtures/manifests/v1.37.2-default');

/** The static pod of that name, with what each pair matches replaced by its text. */
function manifest(path, ...replaced) {
  const text = readFileSync(join(MANIFESTS, basename(path)), 'utf8');
  return replaced.reduce((before, [from, to]) => {
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${path} has no ${from}`);
    return after;
  }, text);
}

/** A kubeconfig; of `cluster` and `user` what is undefined is left out. */
function kubeconfigText({ cluster, user, names }) {
  const fields = (values) =>
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`    ${name}: ${value}`]));
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `- name: ${names.cluster}`,
    '  cluster:',
    ...fields(cluster),
    'users:',
    `- name: ${names.user}`,
    '  user:',
    ...fields(user),
    'contexts:',
    `- name: ${names.context}`,
    '  context:',
    `    cluster: ${names.cluster}`,
    `    user: ${names.user}`,
    `current-context: ${names.context}`,
    '',
  ].join('\n');
}

/**
 * What makes files that fit a tree (text by path): `isRooted` says whether its CAs have a root above them. Nothing of the
 * tree is changed.
 */
export function openMaker(openssl, tree, isRooted) {
  const pairOf = (stem) => ({ certificate: tree.get(`${stem}.crt`), key: tree.get(`${stem}.key`) });

  /** The certificate of a row once more, with what is given otherwise. Its key and its signer are those of the tree. */
  function certificate(
    stem,
    { extensions = {}, signer: given, key = tree.get(`${stem}.key`), ...change } = {},
  ) {
    const row = CERTIFICATES[stem];
    const above = isRooted && row.signer === undefined && stem !== 'pki/root-ca' ? 'pki/root-ca' : row.signer;
    const signer = given === undefined && above !== undefined ? pairOf(above) : (given ?? undefined);
    const under = signer === undefined ? {} : { authorityKeyIdentifier: 'keyid' };
    return openssl.certificate({
      notBefore: FROM,
      ...row,
      ...change,
      key,
      signer,
      extensions: { ...row.extensions, ...under, ...extensions },
    });
  }

  /** A certificate of the tree with some of its fields otherwise, signed again by whoever signed it. */
  function edited(stem, edit, { key, digest, pem = tree.get(`${stem}.crt`) } = {}) {
    const fields = fieldsOf(pem);
    const { signatureAlgorithm, ...changed } = { ...fields, ...edit(fields) };
    const tbs = encodeFields(changed);
    const signer = key ?? tree.get(`${CERTIFICATES[stem].signer ?? stem}.key`);
    const signature = openssl.signature(tbs, signer, digest);
    return pemOf('CERTIFICATE', encodeSigned(tbs, signatureAlgorithm ?? changed.algorithm, signature));
  }

  function kubeconfig(
    name,
    { cluster, user, names, certificate: change = {}, key = openssl.key(), files = tree } = {},
  ) {
    const row = KUBECONFIGS[name];
    const trust = ['pki/ca.crt', ...(isRooted ? ['pki/root-ca.crt'] : [])].map((path) => files.get(path));
    const client = openssl.certificate({
      notBefore: FROM,
      notAfter: LEAF_UNTIL,
      subject: row.subject,
      extensions: CLIENT,
      key,
      signer: pairOf('pki/ca'),
      ...change,
    });
    return kubeconfigText({
      cluster: {
        'certificate-authority-data': base64(trust.join('')),
        server: 'https://192.0.2.10:6443',
        ...cluster,
      },
      user: { 'client-certificate-data': base64(client), 'client-key-data': base64(key), ...user },
      names: { cluster: 'default-cluster', context: 'default-system', user: row.user, ...names },
    });
  }

  /** A CA of the tree with another key or another name, and its certificates under it. */
  function branch(stem, change = {}, { key = openssl.key(), edit } = {}) {
    const plain = certificate(stem, { ...change, key });
    const own = edit === undefined ? plain : edited(stem, edit, { key, pem: plain });
    const leaves = Object.keys(CERTIFICATES).filter((other) => CERTIFICATES[other].signer === stem);
    const signer = { certificate: plain, key };
    return {
      [`${stem}.crt`]: own,
      [`${stem}.key`]: key,
      ...Object.fromEntries(leaves.map((other) => [`${other}.crt`, certificate(other, { signer })])),
    };
  }

  return { ...openssl, fieldsOf, tree, certificate, edited, kubeconfig, branch, manifest };
}

/** A whole tree without a fault. */
export function makeClean(openssl, isRooted) {
  const tree = new Map();
  const maker = openMaker(openssl, tree, isRooted);
  for (const [stem, { extensions, signer }] of Object.entries(CERTIFICATES)) {
    if (stem === 'pki/root-ca' && !isRooted) continue;
    tree.set(`${stem}.key`, openssl.key());
    const own = maker.certificate(stem);
    // What serves carries its intermediate.
    const isServer = extensions.extendedKeyUsage?.includes('serverAuth');
    tree.set(`${stem}.crt`, isRooted && isServer ? own + tree.get(`${signer}.crt`) : own);
  }
  tree.set('pki/sa.key', openssl.key());
  tree.set('pki/sa.pub', openssl.publicKey(tree.get('pki/sa.key')));
  if (isRooted) tree.set('pki/ca-chain.crt', tree.get('pki/ca.crt') + tree.get('pki/root-ca.crt'));
  for (const name of Object.keys(KUBECONFIGS)) tree.set(name, maker.kubeconfig(name));
  return tree;
}
