// What kubeadm says of certificates that end, and what it makes of them where it renews them.
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { hasChange, parseKubernetesVersion } from '../dist/table/versions.js';
import { loadForeignReader } from '../dist/x509/certificate-reader.js';
import { attributeValues, COMMON_NAME_OID } from '../dist/x509/model.js';
import { parsePemBlocks } from '../dist/x509/pem.js';
import { describeKeyFile, describePrivateKey } from './pairs.mjs';
import { mustRun } from './processes.mjs';
import { readTree } from './trees.mjs';

const reader = await loadForeignReader();

/** What renewing replaces: all but the CAs, kubelet.conf and what the release does not know (kubeadm.md 4.2). */
function isRenewed(path, version) {
  if (path === 'super-admin.conf') return hasChange(parseKubernetesVersion(version), '1.29');
  if (path.endsWith('.conf')) return path !== 'kubelet.conf';
  return path.endsWith('.crt') && !/(?:ca|ca-chain)\.crt$/.test(path);
}

const CERTIFICATES = [
  'admin.conf',
  'apiserver',
  'apiserver-etcd-client',
  'apiserver-kubelet-client',
  'controller-manager.conf',
  'etcd-healthcheck-client',
  'etcd-peer',
  'etcd-server',
  'front-proxy-client',
  'scheduler.conf',
];
const AUTHORITIES = ['ca', 'etcd-ca', 'front-proxy-ca'];
/** The rows of `certs check-expiration` (kubeadm.md 4.1). */
function expirationsOf(version) {
  const superAdmin = hasChange(parseKubernetesVersion(version), '1.29') ? ['super-admin.conf'] : [];
  return [...CERTIFICATES, ...superAdmin, ...AUTHORITIES];
}

/** `certs check-expiration` shows a date for every certificate but those of `missing`, and for every CA. */
export function checkExpiration(kubeadm, config, { version, missing = [] }) {
  const { output } = mustRun(kubeadm, ['certs', 'check-expiration', ...config]);
  const rows = [
    ...output.matchAll(
      /^(!MISSING! )?([a-z][a-z-]*(?:\.conf)?) +(\w{3} \d\d, \d{4} \d\d:\d\d UTC +\d+\w)?/gm,
    ),
  ];
  const found = rows.map(([, isMissing, name, date]) => {
    if (isMissing !== undefined) return `${name} missing`;
    return `${name} ${date === undefined ? 'without a date' : 'dated'}`;
  });
  const expected = expirationsOf(version).map(
    (name) => `${name} ${missing.includes(name) ? 'missing' : 'dated'}`,
  );
  return isDeepStrictEqual(found, expected)
    ? []
    : [`check-expiration: ${found.join(', ')}; expected ${expected.join(', ')}; ${output}`];
}

/** Where renewing writes the O that kubeadm's own table has, for once (kubernetes#121841, kubeadm.md 4.2). */
function hasOwnOrganization(path, version) {
  return /^pki\/apiserver-(?:etcd|kubelet)-client\.crt$/.test(path) && /^1\.(?:29|30)\./.test(version);
}

function isSameSubject(was, is, hasOtherOrganization) {
  const nameOf = ({ subject }) => attributeValues(subject, COMMON_NAME_OID);
  return hasOtherOrganization
    ? isDeepStrictEqual(nameOf(was), nameOf(is))
    : Buffer.compare(was.subject.der, is.subject.der) === 0;
}

function certificateIn(path, contents) {
  const pem = path.endsWith('.conf') ? readKubeconfig(contents).certificate : contents;
  return reader.parse(parsePemBlocks(pem)[0].der);
}

/** The texts of a kubeconfig's client: its certificate and its key. */
function readKubeconfig(contents) {
  const { user } = parse(contents).users[0];
  const [certificate, key] = ['certificate', 'key'].map((half) =>
    Buffer.from(user[`client-${half}-data`], 'base64').toString(),
  );
  return { certificate, key };
}

function fitsItsKey(path, tree) {
  const contentsOf = (name) => tree.get(name)?.contents;
  if (!path.endsWith('.conf')) return describeKeyFile(path.replace(/crt$/, 'key'), contentsOf).fits;
  const { certificate, key } = readKubeconfig(contentsOf(path));
  return describePrivateKey(key, certificate).fits;
}

const namesIn = ({ subjectAltName = [] }) =>
  subjectAltName.map(({ kind, value }) => `${kind}:${value}`).toSorted((a, b) => a.localeCompare(b));

/** What a certificate that was renewed has no longer of the one before. */
async function checkRenewed(path, { before, after, version }) {
  const [was, is] = [before, after].map((tree) => certificateIn(path, tree.get(path).contents));
  const authority = [...after].find(
    ([name, { contents }]) =>
      name.endsWith('ca.crt') &&
      Buffer.compare(certificateIn(name, contents).subject.der, is.issuer.der) === 0,
  );
  const isSigned =
    authority !== undefined &&
    (await reader.isSignedBy(is, certificateIn(authority[0], authority[1].contents).spkiDer));
  const checks = {
    subject: isSameSubject(was, is, hasOwnOrganization(path, version)),
    issuer: Buffer.compare(was.issuer.der, is.issuer.der) === 0 && isSigned,
    subjectAltName: isDeepStrictEqual(namesIn(was), namesIn(is)),
    extKeyUsage: isDeepStrictEqual(was.extKeyUsage, is.extKeyUsage),
    key: fitsItsKey(path, after),
  };
  return Object.entries(checks)
    .filter(([, isSame]) => !isSame)
    .map(([field]) => `certs renew all gave ${path} another ${field}`);
}

/** What `certs renew all` left, replaced and made otherwise than it should. */
export async function checkRenewal(kubeadm, { directory, config }, version) {
  const before = readTree(directory);
  mustRun(kubeadm, ['certs', 'renew', 'all', ...config]);
  const after = readTree(directory);
  const paths = [...before.keys()].filter((path) => !path.endsWith('/') && !path.endsWith('.key'));
  const checked = paths.map(async (path) => {
    const isSame = before.get(path).contents === after.get(path)?.contents;
    if (isSame === isRenewed(path, version))
      return [`certs renew all ${isSame ? 'left' : 'replaced'} ${path}`];
    return isSame ? [] : checkRenewed(path, { before, after, version });
  });
  return (await Promise.all(checked)).flat();
}
